//! The own check-ins: to be missed when one does not come back (G8). What is shown is what its owner asked for, never what came of it (G3).

use api::{CheckIns, Schedule};
use maud::{Markup, html};
use serde_json::json;
use types::Span;

use crate::ask::Ask;
use crate::parts::act::{Act, choice, folded};
use crate::parts::time::{length, moment, until};
use crate::parts::{Tone, fact};
use crate::t;

/// How often, and how late: what most people choose. The operation takes others too.
const EVERY: [&str; 6] = ["1h", "4h", "8h", "12h", "24h", "7d"];
const EVERY_USUAL: &str = "24h";
const GRACE: [&str; 6] = ["15m", "30m", "1h", "2h", "6h", "12h"];
const GRACE_USUAL: &str = "1h";

/// The section.
pub fn section(ask: &Ask, own: &CheckIns) -> Markup {
    html! {
        section.card id="check-ins" {
            h2 { (t!(ask, "me-check-ins")) }
            @match &own.schedule {
                Some(schedule) => (standing(ask, schedule)),
                None => p { (t!(ask, "me-check-ins-none")) },
            }
            div.row {
                @if own.schedule.is_some() { (now(ask)) }
                (set(ask, own.schedule.is_some()))
                @if own.schedule.is_some() { (end(ask)) }
            }
        }
    }
}

fn standing(ask: &Ask, schedule: &Schedule) -> Markup {
    html! {
        dl {
            (fact(&t!(ask, "me-check-ins-next"), &until(ask, schedule.next)))
            (fact(&t!(ask, "me-check-ins-grace"), &html! { (length(ask, schedule.grace)) }))
            (fact(&t!(ask, "me-check-ins-every"), &html! { (length(ask, schedule.every)) }))
            @if let Some(last) = schedule.last { (fact(&t!(ask, "me-check-ins-last"), &moment(ask, last))) }
        }
        p.hint { (t!(ask, "me-check-ins-hint")) }
    }
}

fn now(ask: &Ask) -> Markup {
    let label = t!(ask, "me-check-in-now");
    let act = Act { label: &label, ..plain("check-in", "/v1/check-ins/now", Tone::Going) };
    folded(ask, &act, "", &html! {})
}

fn end(ask: &Ask) -> Markup {
    let label = t!(ask, "me-check-ins-end");
    let act = Act { label: &label, ..plain("check-ins-end", "/v1/check-ins/end", Tone::Quiet) };
    folded(ask, &act, &t!(ask, "me-check-ins-end-explained"), &html! {})
}

fn set(ask: &Ask, has_one: bool) -> Markup {
    let (label, tone) = if has_one {
        (t!(ask, "me-check-ins-change"), Tone::Quiet)
    } else {
        (t!(ask, "me-check-ins-set"), Tone::Going)
    };
    let act = Act { label: &label, ..plain("check-ins-set", "/v1/check-ins", tone) };
    let fields = html! {
        label { (t!(ask, "me-check-ins-first"))
            input type="datetime-local" required data-field="next" data-kind="moment" autocomplete="off" aria-describedby="check-ins-first"; }
        p.hint id="check-ins-first" { (t!(ask, "me-check-ins-first-hint")) }
        (choice("every", &t!(ask, "me-check-ins-every"), &lengths(ask, &EVERY), EVERY_USUAL))
        (choice("grace", &t!(ask, "me-check-ins-grace"), &lengths(ask, &GRACE), GRACE_USUAL))
    };
    folded(ask, &act, &t!(ask, "me-check-ins-explained"), &fields)
}

fn plain<'a>(id: &'a str, path: &'a str, tone: Tone) -> Act<'a> {
    Act { id, path, command: json!({}), label: "", tone, then: None, held: None }
}

/// The same lengths as a command takes and as people read.
fn lengths(ask: &Ask, spans: &[&str]) -> Vec<(String, String)> {
    let shown = |text: &str| Span::parse(text).map_or_else(|_| text.to_owned(), |span| length(ask, span));
    spans.iter().map(|text| ((*text).to_owned(), shown(text))).collect()
}
