//! The checklist with its times, and what to read to the police.

use api::{ProcedureStep, StepDone};
use maud::{Markup, html};
use serde_json::json;
use types::{Span, Timestamp};

use super::Room;
use crate::pages::response::incident::due;
use crate::parts::act::{self, Act};
use crate::parts::{Tone, notice, time};
use crate::t;

/// How many open steps are shown at once; the later ones are folded away.
const FIRST_OPEN: usize = 6;

pub fn checklist(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let Some(procedure) = room.procedure() else { return html! {} };
    let (done, open): (Vec<_>, Vec<_>) = procedure.steps.iter().partition(|step| room.is_done(&step.id));
    html! {
        section aria-labelledby="checklist" {
            h2 id="checklist" { (t!(ask, "response-checklist", name = procedure.name.clone())) }
            @if let Some(problem) = &room.procedures.problem { (notice(Tone::Warn, &html! { p { (problem) } })) }
            @if incident.procedure.is_none() && room.is_open() {
                p { (t!(ask, "response-procedure-unchosen")) " " a href={ (room.here()) "?do=procedure" } { (t!(ask, "response-procedure-choose")) } }
            }
            @if room.is_open() && !room.is_acting() { (tick(room, &open)) }
            @else { ul { @for step in &open { li { (words(room, step)) } } } }
            @if !done.is_empty() {
                details open[!room.is_open()] {
                    summary { (t!(ask, "response-steps-done", n = done.len())) }
                    ul.timeline { @for step in &done { li.done { (finished(room, step)) } } }
                    @if room.is_open() { p { a href={ (room.here()) "?do=untick" } { (t!(ask, "response-untick")) } } }
                }
            }
        }
    }
}

/// One form for all steps: one is picked, the device signs that it is done.
fn tick(room: &Room<'_>, open: &[&ProcedureStep]) -> Markup {
    let ask = room.ask;
    if open.is_empty() {
        return html! { p { (t!(ask, "response-steps-all")) } };
    }
    let path = room.operation("step");
    let act = Act {
        id: "tick",
        path: &path,
        command: json!({ "done": true }),
        label: &t!(ask, "response-tick"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    act::open(
        ask,
        &act,
        &html! {
            fieldset.steps {
                legend { (t!(ask, "response-steps-open")) }
                @let shown = if room.shows_all_steps() { open.len() } else { FIRST_OPEN };
                @for step in open.iter().take(shown) { (pick(room, step)) }
                @if open.len() > shown {
                    p { a href={ (room.here()) "?steps=all" } { (t!(ask, "response-steps-later", n = open.len() - shown)) } }
                }
            }
        },
    )
}

fn pick(room: &Room<'_>, step: &ProcedureStep) -> Markup {
    html! {
        label.choice {
            input type="radio" name="step" value=(step.id) data-field="step" required;
            span { (words(room, step)) }
        }
    }
}

fn words(room: &Room<'_>, step: &ProcedureStep) -> Markup {
    html! {
        (step.text) br;
        span.soft { (step.why) " · " (step.who) }
        @if let Some(at) = due_at(room, step) { br; (due(room.ask, at)) }
    }
}

/// When a step is due: so long after the first sign.
fn due_at(room: &Room<'_>, step: &ProcedureStep) -> Option<Timestamp> {
    let within = Span::from_seconds(step.within_seconds?);
    Some(room.incident.opened.after(within))
}

fn finished(room: &Room<'_>, step: &ProcedureStep) -> Markup {
    let done = room.incident.steps.iter().find(|done| done.step == step.id);
    html! {
        (step.text)
        @if let Some(StepDone { by, at, .. }) = done { br; span.soft { (by) ", " (time::moment(room.ask, *at)) } }
    }
}

/// What to read aloud. Lines in brackets are done, not read.
pub fn scripts(room: &Room<'_>) -> Markup {
    let ask = room.ask;
    let Some(procedure) = room.procedure() else { return html! {} };
    let fitting = room.procedures.scripts.iter().filter(|script| script.procedure == procedure.id);
    html! {
        @for script in fitting {
            details.script {
                summary { (t!(ask, "response-scripts", name = script.name.clone())) }
                @for line in script.text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    @if line.starts_with('[') { p.soft { (line) } } @else { p { (line) } }
                }
            }
        }
    }
}
