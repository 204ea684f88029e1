//! What exposure was: the rises that are still warned of, and how the headline came to be. For auditors and responders only (G9).
//! Called by the page of exposure.

use api::{Exposure, ExposurePast, ExposureRise};
use maud::{Markup, html};
use types::Currency;

use super::figures::find;
use super::words::{brief, how_long, how_many, mode_name};
use crate::ask::Ask;
use crate::parts::chart::{Between, Chart, Curve, draw};
use crate::parts::{Tone, badge, money, notice, table, time};
use crate::t;

/// Whose history is drawn: one home for a day and for a week, nobody giving an alarm.
const DRAWN_SECONDS: [u64; 2] = [24 * 3600, 7 * 24 * 3600];
/// How many earlier answers stand in the table, the newest.
const ROWS_MAX: usize = 50;

/// What is still warned of.
pub fn rises(ask: &Ask, exposure: &Exposure) -> Markup {
    html! { @for rise in exposure.rises.iter().filter(|rise| rise.standing) { (risen(ask, rise)) } }
}

fn risen(ask: &Ask, rise: &ExposureRise) -> Markup {
    notice(
        Tone::Warn,
        &html! {
            p { strong { (t!(ask, "exposure-rose")) } " " (time::moment(ask, rise.since)) }
            details {
                summary { (t!(ask, "exposure-rose-figures", n = rise.figures.len())) }
                ul {
                    @for figure in &rise.figures {
                        li {
                            (how_many(ask, figure.k)) ", " (how_long(ask, figure.horizon_seconds)) ", " (mode_name(ask, &figure.mode)) br;
                            (money::value(ask, figure.before)) " → "
                            @match figure.now { Some(now) => (money::value(ask, now)), None => (t!(ask, "exposure-no-bound")) }
                        }
                    }
                }
            }
            p.soft { (t!(ask, "exposure-rose-stands")) }
        },
    )
}

/// How the headline figures came to be what they are.
pub fn history(ask: &Ask, exposure: &Exposure) -> Markup {
    let places: Vec<(u64, usize, Currency)> =
        DRAWN_SECONDS.iter().filter_map(|seconds| place(exposure, *seconds)).collect();
    html! {
        @if exposure.history.len() > 1 && !places.is_empty() {
            section {
                h2 { (t!(ask, "exposure-history")) }
                div.cards { @for place in &places { (drawn(ask, &exposure.history, *place)) } }
                (in_numbers(ask, &exposure.history, &places))
            }
        }
    }
}

/// Where a figure's amounts stand among those of the past.
fn place(exposure: &Exposure, seconds: u64) -> Option<(u64, usize, Currency)> {
    let figure = find(exposure, 1, seconds, "silent")?;
    let place = exposure.figures.iter().position(|other| other == figure)?;
    Some((seconds, place, figure.amount.currency))
}

fn amount(past: &ExposurePast, place: usize) -> Option<u128> {
    Some(past.amounts.as_ref()?.get(place)?.minor.minor())
}

fn drawn(ask: &Ask, history: &[ExposurePast], (seconds, place, currency): (u64, usize, Currency)) -> Markup {
    let at = |past: &ExposurePast| u64::try_from(past.at.as_millis().div_euclid(1000)).unwrap_or(0);
    let points = history.iter().map(|past| (at(past), amount(past, place))).collect();
    let curves = [Curve { name: String::new(), points }];
    let (first, last) = (history.first(), history.last());
    let ends = first.into_iter().chain(last);
    let marks: Vec<(u64, String)> = ends.map(|past| (at(past), time::text(ask, past.at))).collect();
    let title = t!(ask, "exposure-history-of", length = how_long(ask, seconds));
    let chart = Chart {
        id: &format!("history-{seconds}"),
        title: &title,
        words: &t!(ask, "exposure-history-words", n = history.len()),
        marks: &marks,
        between: Between::Earlier,
        curves: &curves,
        brief: &|minor| brief(ask, minor, currency),
    };
    html! { figure.card { figcaption { (title) } (draw(&chart)) } }
}

fn in_numbers(ask: &Ask, history: &[ExposurePast], places: &[(u64, usize, Currency)]) -> Markup {
    let mut heads = vec![t!(ask, "exposure-when")];
    heads.extend(places.iter().map(|(seconds, ..)| how_long(ask, *seconds)));
    heads.push(t!(ask, "exposure-rose-head"));
    let newest = history.iter().rev().take(ROWS_MAX);
    let rows = html! {
        @for past in newest {
            tr {
                th scope="row" { (time::moment(ask, past.at)) }
                @for (_, place, currency) in places {
                    td { @match amount(past, *place) {
                        Some(minor) => (money::amount(ask, types::Value::from_minor(minor).in_currency(*currency))),
                        None => (t!(ask, "exposure-no-bound")),
                    } }
                }
                td { @if past.rose { (badge(Tone::Warn, &t!(ask, "exposure-rose-word"))) } }
            }
        }
    };
    html! {
        details {
            summary { (t!(ask, "exposure-history-table")) }
            (table(&t!(ask, "exposure-history-table"), &heads, &rows))
            @if history.len() > ROWS_MAX { p.soft { (t!(ask, "exposure-history-newest", n = ROWS_MAX)) } }
        }
    }
}
