//! Who could be forced to what, and how: the coalition behind one figure, its strategy as a timeline, and what would lower it. For auditors
//! and responders only (G9). Called by the page of exposure.

use api::{Exposure, ExposureAdvice, ExposureFigure, Language, Witness, WitnessStep};
use maud::{Markup, html};

use super::figures::find;
use super::words::{after, how_long, how_many, mode_name, with_code};
use crate::ask::Ask;
use crate::parts::{fact, money, nothing, table, time};
use crate::t;

/// What is shown when nothing was chosen: one home for a day, with nobody giving an alarm.
const USUAL: (u8, u64, &str) = (1, 24 * 3600, "silent");

/// The figure whose way is shown.
#[derive(Clone, Copy)]
pub struct Chosen<'e> {
    /// It.
    pub figure: &'e ExposureFigure,
}

impl<'e> Chosen<'e> {
    /// What the query names, if it is one of the figures; else the usual one.
    pub fn of(ask: &Ask, exposure: &'e Exposure) -> Option<Self> {
        let asked = || {
            let k = ask.query("k").parse().ok()?;
            let seconds = ask.query("horizon").parse().ok()?;
            find(exposure, k, seconds, ask.query("mode"))
        };
        let usual = || find(exposure, USUAL.0, USUAL.1, USUAL.2).or(exposure.figures.first());
        asked().or_else(usual).map(|figure| Self { figure })
    }

    /// Where its way is read.
    pub fn operation(&self) -> String {
        let ExposureFigure { k, horizon_seconds, mode, .. } = self.figure;
        format!("/v1/exposure/witness?k={k}&horizon_seconds={horizon_seconds}&mode={mode}")
    }

    fn name(&self, ask: &Ask) -> String {
        let ExposureFigure { k, horizon_seconds, mode, .. } = self.figure;
        format!("{}, {}, {}", how_many(ask, *k), how_long(ask, *horizon_seconds), mode_name(ask, mode))
    }
}

/// The section.
pub fn section(ask: &Ask, chosen: Chosen<'_>, witness: &Witness) -> Markup {
    let figure = &witness.figure;
    html! {
        section id="worst" tabindex="-1" {
            h2 { (t!(ask, "exposure-worst")) }
            p { strong { (chosen.name(ask)) } }
            div.columns {
                div {
                    (timeline(ask, witness))
                    @if witness.more > 0 { p.soft { (t!(ask, "exposure-more-steps", n = witness.more)) } }
                }
                div {
                    dl {
                        (fact(&t!(ask, "exposure-amount"), &money::value(ask, figure.amount)))
                        (fact(&t!(ask, "exposure-homes-taken"), &names(ask, figure.taken.iter().map(String::as_str))))
                        (fact(&t!(ask, "exposure-coalition"), &names(ask, figure.coalition.iter().map(types::ActorId::as_str))))
                        @if let Some(begins) = witness.begins { (fact(&t!(ask, "exposure-begins"), &time::moment(ask, begins))) }
                    }
                    @if !witness.assumes.is_empty() {
                        h3 { (t!(ask, "exposure-assumes")) }
                        ul { @for assumed in &witness.assumes { li { (with_code(assumed)) } } }
                    }
                    (lowered(ask, chosen.figure.advice.as_ref().or(figure.advice.as_ref())))
                }
            }
        }
    }
}

fn names<'n>(ask: &Ask, names: impl Iterator<Item = &'n str>) -> Markup {
    let names: Vec<&str> = names.collect();
    html! { @if names.is_empty() { (t!(ask, "exposure-nobody")) } @else { (names.join(", ")) } }
}

fn timeline(ask: &Ask, witness: &Witness) -> Markup {
    html! {
        @if witness.steps.is_empty() { (nothing(&t!(ask, "exposure-no-steps"))) } @else {
            ol.timeline { @for one in &witness.steps { li { (step(ask, one)) } } }
        }
    }
}

fn step(ask: &Ask, step: &WitnessStep) -> Markup {
    html! {
        p.soft { (after(ask, step.at_seconds)) }
        p {
            (with_code(&step.text))
            @if let Some(amount) = step.amount { " " strong { (money::value(ask, amount)) } }
            @if step.effect_seconds > step.at_seconds {
                " " span.soft { (t!(ask, "exposure-takes-effect", when = after(ask, step.effect_seconds))) }
            }
        }
    }
}

// ---- what would lower it ----

fn lowered(ask: &Ask, advice: Option<&ExposureAdvice>) -> Markup {
    let Some(advice) = advice else { return html! {} };
    html! {
        h3 { (t!(ask, "exposure-lowered")) }
        p { (change(ask, advice)) }
        dl { (fact(&t!(ask, "exposure-lowered-to"), &money::value(ask, advice.amount))) }
        p.soft { (cost(ask, advice)) }
        p { a.button.quiet href="/policy/edit" { (t!(ask, "exposure-edit-link")) } }
    }
}

fn change(ask: &Ask, advice: &ExposureAdvice) -> Markup {
    with_code(match ask.language {
        Language::English => &advice.change_en,
        Language::French => &advice.change_fr,
    })
}

fn cost(ask: &Ask, advice: &ExposureAdvice) -> String {
    let wait = match advice.added_wait_seconds {
        0 => t!(ask, "exposure-no-wait"),
        seconds => t!(ask, "exposure-added-wait", length = how_long(ask, seconds)),
    };
    match advice.blocked_transfers {
        0 => wait,
        blocked => format!("{wait} {}", t!(ask, "exposure-blocked", n = blocked)),
    }
}

/// What would lower the figures for one home, each change once, with the figure that it lowers most in proportion to what it is.
pub fn all_advice(ask: &Ask, exposure: &Exposure) -> Markup {
    let mut seen: Vec<(&ExposureFigure, &ExposureAdvice)> = Vec::new();
    for figure in exposure.figures.iter().filter(|figure| figure.k == 1) {
        let Some(advice) = &figure.advice else { continue };
        if !seen.iter().any(|(_, other)| other.change_en == advice.change_en) {
            seen.push((figure, advice));
        }
    }
    let heads = [
        t!(ask, "exposure-advised"),
        t!(ask, "exposure-figure"),
        t!(ask, "exposure-from-to"),
        t!(ask, "exposure-cost"),
    ];
    let rows = html! {
        @for (figure, advice) in &seen {
            tr {
                th.wrap scope="row" { (change(ask, advice)) }
                td { (how_many(ask, figure.k)) ", " (how_long(ask, figure.horizon_seconds)) br; span.soft { (mode_name(ask, &figure.mode)) } }
                td { (money::value(ask, figure.amount)) " → " (money::value(ask, advice.amount)) }
                td { (cost(ask, advice)) }
            }
        }
    };
    html! {
        @if !seen.is_empty() {
            section { h2 { (t!(ask, "exposure-advice")) } p { (t!(ask, "exposure-advice-lead")) } (table(&t!(ask, "exposure-advice"), &heads, &rows)) }
        }
    }
}
