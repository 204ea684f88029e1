//! What stands at the top of the room: who, what sign, since when, whether calls were answered, the code, what to do now, what never to do.

use api::Endorsed;
use maud::{Markup, html};
use response::{Act as Logged, Level};

use super::Room;
use crate::pages::response::incident::{self, charge_badge, code, level_badge, names, since};
use crate::parts::act::{self, Act};
use crate::parts::{Tone, fact, notice, time};
use crate::t;

/// How many steps stand at the top.
const FIRST_STEPS: usize = 3;

pub fn first_screen(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let tone = match (room.is_exercise(), incident::level(incident)) {
        (true, _) => Tone::Going,
        (false, Level::Verify) => Tone::Warn,
        (false, Level::Confirmed) => Tone::Bad,
    };
    html! {
        @if room.is_exercise() { (notice(Tone::Going, &html! { p { strong { (t!(ask, "response-exercise-only")) } } })) }
        section.room aria-label=(t!(ask, "response-now")) {
            div class={ "notice " (tone.class()) } {
                div.spread { strong.big { (incident::people(incident)) } span { (level_badge(ask, incident)) " " (charge_badge(ask, incident)) } }
                p { (incident::sign(ask, incident)) (more_signs(room)) }
                p { (t!(ask, "response-since")) " " (since(ask, incident.opened)) }
                @if may_take_charge(room) { p { a.button href="#acknowledge" { (t!(ask, "response-take-charge")) } } }
            }
            div.columns { (to_do(room)) (stands(room)) }
            @if may_take_charge(room) { (acknowledge(room)) }
        }
    }
}

fn may_take_charge(room: &Room<'_>) -> bool {
    room.is_open() && !room.is_acting() && !room.has_acknowledged()
}

fn more_signs(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let callers = names(incident.callers.iter().map(types::ProtectedId::as_str));
    html! {
        @if incident.signals.len() > 1 { span.soft { " · " (t!(ask, "response-signs", n = incident.signals.len())) } }
        @if !callers.is_empty() { span.soft { " · " (t!(ask, "response-called-by", people = callers)) } }
    }
}

fn to_do(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let steps = room.procedure().map(|procedure| procedure.steps.as_slice()).unwrap_or_default();
    let open = steps.iter().filter(|step| !room.is_done(&step.id)).take(FIRST_STEPS);
    let caution = match incident::level(incident) {
        Level::Verify => t!(ask, "response-never-verify"),
        Level::Confirmed => t!(ask, "response-never-confirmed"),
    };
    html! {
        div {
            @if room.is_open() {
                h2 { (t!(ask, "response-do-now")) }
                ol.first { @for step in open { li { (step.text) } } }
                p.wrong { strong { (caution) } }
                (super::steps::scripts(room))
            } @else if let Some(closed) = incident.closed {
                p { (t!(ask, "response-closed-at")) " " (since(ask, closed)) }
            }
        }
    }
}

/// How it stands: the code first, since it is read out.
fn stands(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let nobody = || t!(ask, "response-nobody-yet");
    html! {
        dl {
            (fact(&t!(ask, "response-code"), &html! { strong.code { (code(&incident.call_back)) } }))
            (fact(&t!(ask, "response-taken"), &taken(room)))
            (fact(&t!(ask, "response-leads"), &html! { @match &incident.lead { Some(lead) => (lead), None => (nobody()) } }))
            @if room.is_open() { (fact(&t!(ask, "response-next"), &next(room))) }
            @if !room.is_exercise() { (fact(&t!(ask, "response-covers"), &covers(room))) }
            (fact(&t!(ask, "response-files"), &html! {
                @for person in room.subjects() { a href={ "/response/dossiers/" (person) } { (t!(ask, "response-dossier-of", person = person.to_string())) } br; }
                a href={ (room.here()) "/pack" } { (t!(ask, "response-pack")) }
            }))
        }
    }
}

fn taken(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    html! {
        @if incident.acknowledged.is_empty() { strong.wrong { (t!(ask, "response-nobody-yet")) } }
        @for (at, one) in incident.acknowledged.iter().enumerate() {
            @if at > 0 { ", " }
            (one.by) @if let Some(place) = place(room, one) { " (" (place) ")" } " " span.soft { (time::moment(ask, one.at)) }
        }
    }
}

/// From where somebody took charge, when they said so.
fn place(room: &Room<'_>, taken: &Endorsed) -> Option<String> {
    let log = &room.facts.as_ref()?.log;
    log.iter().find_map(|entry| match &entry.act {
        Logged::Acknowledged { from: Some(from) } if entry.by.as_ref() == Some(&taken.by) => {
            Some(from.to_string())
        }
        _ => None,
    })
}

fn next(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let Some(escalation) = &incident.escalation else { return html! { "–" } };
    html! {
        @match (escalation.answered, incident.awaits, escalation.next) {
            (_, Some(until), _) => { (t!(ask, "response-next-awaits")) " " (time::until(ask, until)) }
            (Some(_), None, _) => (t!(ask, "response-next-answered")),
            (None, None, Some(at)) => { (t!(ask, "response-next-call")) " " (time::until(ask, at)) }
            (None, None, None) => "–",
        }
    }
}

pub fn covers(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    match &incident.cover {
        api::Cover::Organisation => html! { (t!(ask, "response-covers-all")) },
        api::Cover::Narrowed { vaults, people } => {
            let (vaults, people) = (
                names(vaults.iter().map(types::VaultId::as_str)),
                names(people.iter().map(types::PersonId::as_str)),
            );
            html! { (t!(ask, "response-covers-some", vaults = or_none(room, vaults), people = or_none(room, people))) }
        }
    }
}

/// The names, or that there are none.
pub fn or_none(room: &Room<'_>, names: String) -> String {
    if names.is_empty() { t!(room.ask, "response-none") } else { names }
}

fn acknowledge(room: &Room<'_>) -> Markup {
    let ask = room.ask;
    let path = room.operation("acknowledge");
    let act = Act {
        id: "acknowledge",
        path: &path,
        command: serde_json::json!({}),
        label: &t!(ask, "response-take-charge"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    html! {
        section.card {
            h2 { (t!(ask, "response-take-charge")) }
            p { (t!(ask, "response-take-charge-why")) }
            (act::open(ask, &act, &incident::place_field(ask, &room.register.places)))
        }
    }
}
