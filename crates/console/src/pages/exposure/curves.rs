//! Loss over the time that people are held, one chart for each mode. Called by the page of exposure.
//!
//! Between two horizons that were worked out the later one holds: a bound never falls with time.

use api::{CurrencyMinor, Exposure};
use maud::{Markup, html};

use super::figures::{MODES, find, horizons, numbers};
use super::words::{brief, how_long, how_long_brief, how_many, mode_name};
use crate::ask::Ask;
use crate::parts::chart::{Between, Chart, Curve, draw};
use crate::parts::money;
use crate::t;

/// The section.
pub fn over_time(ask: &Ask, exposure: &Exposure) -> Markup {
    let horizons = horizons(exposure);
    html! {
        @if horizons.len() > 1 {
            section {
                h2 { (t!(ask, "exposure-curves")) }
                p { (t!(ask, "exposure-curves-lead")) }
                div.cards {
                    @for mode in MODES { (of_mode(ask, exposure, &horizons, mode)) }
                }
            }
        }
    }
}

fn of_mode(ask: &Ask, exposure: &Exposure, horizons: &[u64], mode: &str) -> Markup {
    let curve = |k: u8| {
        let sum = |seconds: &u64| find(exposure, k, *seconds, mode).map(|figure| figure.amount.minor.minor());
        let points = horizons.iter().map(|seconds| (*seconds, sum(seconds))).collect();
        Curve { name: how_many(ask, k), points }
    };
    let curves: Vec<Curve> = numbers(exposure).into_iter().map(curve).collect();
    let marks: Vec<(u64, String)> =
        horizons.iter().map(|seconds| (*seconds, how_long_brief(ask, *seconds))).collect();
    let Some(currency) = exposure.figures.first().map(|figure| figure.amount.currency) else {
        return html! {};
    };
    let words: Vec<String> =
        numbers(exposure).into_iter().filter_map(|k| said(ask, exposure, horizons, (k, mode))).collect();
    let name = mode_name(ask, mode);
    let chart = Chart {
        id: &format!("curve-{mode}"),
        title: &t!(ask, "exposure-curve-title", mode = name.as_str()),
        words: &words.join(" "),
        marks: &marks,
        between: Between::Later,
        curves: &curves,
        brief: &|minor| brief(ask, minor, currency),
    };
    html! { figure.card { figcaption { (name) } (draw(&chart)) } }
}

/// A curve in words: what it begins and ends with.
fn said(ask: &Ask, exposure: &Exposure, horizons: &[u64], (k, mode): (u8, &str)) -> Option<String> {
    let (first, last) = (*horizons.first()?, *horizons.last()?);
    let sum = |seconds| {
        let CurrencyMinor { currency, minor } = find(exposure, k, seconds, mode)?.amount;
        Some(money::text(ask.language, minor.in_currency(currency)))
    };
    Some(t!(
        ask,
        "exposure-curve-words",
        homes = how_many(ask, k),
        first = how_long(ask, first),
        less = sum(first)?,
        last = how_long(ask, last),
        more = sum(last)?
    ))
}
