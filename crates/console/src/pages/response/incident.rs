//! What the responders' pages say of an incident in a few words: whom it concerns, what the last sign was, where it stands (G8, G9).
//!
//! Titles of signs, levels and kinds are those of the crate `response`, as on the command line and in the police pack.

use api::{Incident, Register};
use maud::{Markup, html};
use response::{Level, Sign, Status};
use serde_json::Value;
use types::{PersonId, Timestamp};

use crate::ask::{Api, Ask, read};
use crate::parts::act::{Kind, choice, field};
use crate::parts::{Tone, badge, time};
use crate::t;
use crate::words::Language;

/// The language in the words of the crate `response`.
pub const fn spoken(ask: &Ask) -> response::Language {
    match ask.language {
        Language::English => response::Language::En,
        Language::French => response::Language::Fr,
    }
}

/// Whether it is a drill.
pub fn is_exercise(incident: &Incident) -> bool {
    incident.status == "exercise"
}

/// How sure it is.
pub fn level(incident: &Incident) -> Level {
    if incident.level == "verify" { Level::Verify } else { Level::Confirmed }
}

/// Real or a drill, in the words of the crate `response`.
pub fn status(incident: &Incident) -> Status {
    if is_exercise(incident) { Status::Exercise } else { Status::Actual }
}

/// The people concerned, by pseudonym.
pub fn people(incident: &Incident) -> String {
    names(incident.subjects.iter().map(|subject| subject.person.as_str()))
}

/// Names with commas between them.
pub fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// What the last sign was; the word itself for a kind that this version does not know.
pub fn sign(ask: &Ask, incident: &Incident) -> String {
    let Some(last) = incident.signals.last() else { return t!(ask, "response-sign-none") };
    sign_title(ask, &last.kind)
}

/// What a kind of sign is called.
pub fn sign_title(ask: &Ask, kind: &str) -> String {
    let word = if kind == "exercise" { "drill" } else { kind };
    let known = serde_json::from_value::<Sign>(Value::from(word)).ok();
    known.map_or_else(|| kind.to_owned(), |sign| sign.title(spoken(ask)).to_owned())
}

/// How sure it is, or that it is an exercise.
pub fn level_badge(ask: &Ask, incident: &Incident) -> Markup {
    match (status(incident), level(incident)) {
        (Status::Exercise, _) => badge(Tone::Going, &t!(ask, "response-exercise")),
        (Status::Actual, Level::Verify) => badge(Tone::Warn, &t!(ask, "response-verify")),
        (Status::Actual, Level::Confirmed) => badge(Tone::Bad, &t!(ask, "response-confirmed")),
    }
}

/// Who has taken charge, in one word.
pub fn charge_badge(ask: &Ask, incident: &Incident) -> Markup {
    let answered = incident.escalation.as_ref().is_some_and(|escalation| escalation.answered.is_some());
    match incident.acknowledged.len() {
        _ if incident.closed.is_some() => badge(Tone::Quiet, &t!(ask, "response-closed")),
        0 => badge(Tone::Bad, &t!(ask, "response-nobody")),
        _ if answered => badge(Tone::Good, &t!(ask, "response-two-places")),
        _ => badge(Tone::Warn, &t!(ask, "response-one-place")),
    }
}

/// A moment that has passed, with how long ago.
pub fn since(ask: &Ask, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-since { (time::text(ask, at)) } }
}

/// A moment by which something is to be done, with how long until then or since then.
pub fn due(ask: &Ask, at: Timestamp) -> Markup {
    html! { time datetime=(at) data-due { (time::text(ask, at)) } }
}

/// Six digits in two groups, as they are read out.
pub fn code(code: &str) -> String {
    match (code.get(..3), code.get(3..)) {
        (Some(first), Some(second)) if code.len() == 6 => format!("{first} {second}"),
        _ => code.to_owned(),
    }
}

/// Names that responders choose from.
pub struct Names {
    /// Everybody with a credential.
    pub people: Vec<PersonId>,
    /// Every place.
    pub places: Vec<String>,
}

/// The register's names; none when it cannot be read, and then they are typed.
pub async fn register(api: &dyn Api) -> Names {
    match read::<Register>(api, "/v1/policy/register").await {
        Ok(register) => Names {
            people: register.people.into_iter().map(|person| person.person).collect(),
            places: register.places,
        },
        Err(_) => Names { people: Vec::new(), places: Vec::new() },
    }
}

/// A choice of people, or a field where none are known. `first` stand first.
pub fn person_field(name: &str, label: &str, first: &[PersonId], others: &[PersonId]) -> Markup {
    let rest = others.iter().filter(|person| !first.contains(person));
    let options: Vec<(String, String)> =
        first.iter().chain(rest).map(|person| (person.to_string(), person.to_string())).collect();
    match options.is_empty() {
        true => field(name, Kind::Text, label, "", ""),
        false => choice(name, label, &options, ""),
    }
}

/// Where somebody is: one of the places, or the own home.
pub fn place_field(ask: &Ask, places: &[String]) -> Markup {
    let home = (String::new(), t!(ask, "response-my-home"));
    let options: Vec<(String, String)> =
        std::iter::once(home).chain(places.iter().map(|place| (place.clone(), place.clone()))).collect();
    choice("from", &t!(ask, "response-where-from"), &options, "")
}
