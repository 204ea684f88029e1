//! The figures: the headline, the table of all, and what they mean in plain words. Called by the page of exposure.

use api::{Exposure, ExposureFigure};
use maud::{Markup, html};

use super::words::{how_long, how_many, mode_name};
use super::worst::Chosen;
use crate::ask::Ask;
use crate::parts::{fact, money, table};
use crate::t;

/// A day and a week: those of the headline.
const HEADLINE_SECONDS: [u64; 2] = [24 * 3600, 7 * 24 * 3600];
/// In the order in which they are explained.
pub const MODES: [&str; 3] = ["silent", "signalled", "stopped"];

/// The figure for so many homes, so long, in a mode.
pub fn find<'e>(exposure: &'e Exposure, k: u8, seconds: u64, mode: &str) -> Option<&'e ExposureFigure> {
    exposure
        .figures
        .iter()
        .find(|figure| (figure.k, figure.horizon_seconds, figure.mode.as_str()) == (k, seconds, mode))
}

/// Every horizon that there is, in order.
pub fn horizons(exposure: &Exposure) -> Vec<u64> {
    distinct(exposure.figures.iter().map(|figure| figure.horizon_seconds))
}

/// Every number of homes that there is, in order.
pub fn numbers(exposure: &Exposure) -> Vec<u8> {
    distinct(exposure.figures.iter().map(|figure| figure.k))
}

fn distinct<T: Ord>(of: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = of.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// One home, for a day and for a week.
pub fn headline(ask: &Ask, exposure: &Exposure) -> Markup {
    html! {
        ul.cards {
            @for seconds in HEADLINE_SECONDS {
                @if let Some(silent) = find(exposure, 1, seconds, "silent") {
                    li.card {
                        p.soft { (t!(ask, "exposure-one-home", length = how_long(ask, seconds))) }
                        p.big { (sum(ask, silent)) }
                        dl {
                            @for mode in ["signalled", "stopped"] {
                                @if let Some(figure) = find(exposure, 1, seconds, mode) {
                                    (fact(&mode_name(ask, mode), &sum(ask, figure)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What cannot be shown to be reached is marked: the true figure may be lower.
fn sum(ask: &Ask, figure: &ExposureFigure) -> Markup {
    html! {
        @if !figure.exact { abbr title=(t!(ask, "exposure-at-most")) { "≤" } "\u{a0}" }
        (money::value(ask, figure.amount))
    }
}

/// Every figure. For those who see names each leads to the way in which it is reached.
pub fn table_of_all(ask: &Ask, exposure: &Exposure, chosen: Option<&Chosen<'_>>) -> Markup {
    let horizons = horizons(exposure);
    let mut heads = vec![t!(ask, "exposure-taken"), t!(ask, "exposure-meanwhile")];
    heads.extend(horizons.iter().map(|seconds| how_long(ask, *seconds)));
    let is_chosen = |figure: &ExposureFigure| chosen.is_some_and(|chosen| chosen.figure == figure);
    let rows = html! {
        @for k in numbers(exposure) {
            @for (at, mode) in MODES.into_iter().enumerate() {
                tr {
                    @if at == 0 { th scope="rowgroup" rowspan=(MODES.len()) { (how_many(ask, k)) } }
                    th.wrap scope="row" { (mode_name(ask, mode)) }
                    @for seconds in &horizons {
                        td { @if let Some(figure) = find(exposure, k, *seconds, mode) { (cell(ask, figure, is_chosen(figure))) } }
                    }
                }
            }
        }
    };
    html! {
        section {
            h2 { (t!(ask, "exposure-all")) }
            @if ask.sees_names() { p { (t!(ask, "exposure-all-lead")) } }
            (table(&t!(ask, "exposure-all"), &heads, &rows))
            @if exposure.figures.iter().any(|figure| !figure.exact) { p.hint { "≤ " (t!(ask, "exposure-at-most")) } }
        }
    }
}

fn cell(ask: &Ask, figure: &ExposureFigure, is_chosen: bool) -> Markup {
    if !ask.sees_names() {
        return sum(ask, figure);
    }
    let path =
        format!("/exposure?k={}&horizon={}&mode={}#worst", figure.k, figure.horizon_seconds, figure.mode);
    html! { a href=(path) aria-current=[is_chosen.then_some("true")] { (sum(ask, figure)) } }
}

/// What the words of this page mean.
pub fn meaning(ask: &Ask) -> Markup {
    let explained = [
        (t!(ask, "exposure-silent"), t!(ask, "exposure-silent-means")),
        (t!(ask, "exposure-signalled"), t!(ask, "exposure-signalled-means")),
        (t!(ask, "exposure-stopped"), t!(ask, "exposure-stopped-means")),
        (t!(ask, "exposure-word-homes"), t!(ask, "exposure-homes-means")),
        (t!(ask, "exposure-word-unbounded"), t!(ask, "exposure-unbounded-means")),
    ];
    html! {
        section {
            h2 { (t!(ask, "exposure-meaning")) }
            dl { @for (word, meaning) in &explained { (fact(word, &html! { (meaning) })) } }
            p.soft { (t!(ask, "exposure-proven")) }
        }
    }
}
