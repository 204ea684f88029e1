//! What a responder does in the room: one link for each act, and the form of the one that was picked, with its consequence in a sentence (G4, G5).

use maud::{Markup, html};
use serde_json::{Value, json};
use types::PersonId;

use super::Room;
use super::now::or_none;
use crate::pages::response::incident::{names, person_field};
use crate::parts::act::{self, Act, Kind, choice, field};
use crate::parts::{Tone, time};
use crate::t;

/// One act.
struct Doing {
    /// As it stands in `?do=`.
    word: &'static str,
    /// The operation below the incident's path.
    operation: &'static str,
    label: String,
    tone: Tone,
    /// What follows from it.
    explained: String,
    command: Value,
    fields: Markup,
}

impl Doing {
    fn new(word: &'static str, operation: &'static str, label: String, explained: String) -> Self {
        Self { word, operation, label, tone: Tone::Going, explained, command: json!({}), fields: html! {} }
    }

    fn with(mut self, command: Value, fields: Markup) -> Self {
        (self.command, self.fields) = (command, fields);
        self
    }

    const fn heavy(mut self) -> Self {
        self.tone = Tone::Bad;
        self
    }
}

/// The links, and the form of the one that was picked.
pub fn panel(room: &Room<'_>) -> Markup {
    if !room.is_open() {
        return html! {};
    }
    let ask = room.ask;
    let mut doings = written_down(room);
    doings.extend(if room.is_exercise() { ends_drill(room) } else { decides(room) });
    let chosen = doings.iter().find(|doing| doing.word == ask.query("do"));
    html! {
        section aria-label=(t!(ask, "response-acts")) {
            (underway(room))
            nav.row.doings aria-label=(t!(ask, "response-acts")) {
                @for doing in &doings {
                    a.button.quiet.small href={ (room.here()) "?do=" (doing.word) "#act" }
                        aria-current=[(doing.word == ask.query("do")).then_some("true")] { (doing.label) }
                }
            }
            @if let Some(doing) = chosen { (form(room, doing)) }
        }
    }
}

fn form(room: &Room<'_>, doing: &Doing) -> Markup {
    let (path, here) = (room.operation(doing.operation), room.here());
    let act = Act {
        id: doing.word,
        path: &path,
        command: doing.command.clone(),
        label: &doing.label,
        tone: doing.tone,
        then: Some(&here),
        held: None,
    };
    html! {
        div.card id="act" {
            h2 { (doing.label) }
            p { (doing.explained) }
            (act::open(room.ask, &act, &doing.fields))
            p { a href=(here) { (t!(room.ask, "response-not-now")) } }
        }
    }
}

/// What is being agreed on: a narrower cover, the clear.
fn underway(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let by = |list: &[api::Endorsed]| names(list.iter().map(|one| one.by.as_str()));
    html! {
        @if let Some(cover) = &incident.narrowing_to {
            div.notice.going { p { (t!(ask, "response-narrowing", people = by(&incident.narrowing))) " " (cover_text(room, cover)) } }
        }
        @if !incident.clearing.is_empty() {
            div.notice.going {
                p { (t!(ask, "response-clearing", people = by(&incident.clearing))) }
                @match incident.clearing_met_since {
                    Some(since) => p { (t!(ask, "response-clearing-met")) " " (time::moment(ask, since)) },
                    None => p { (t!(ask, "response-clearing-waits")) },
                }
            }
        }
    }
}

fn cover_text(room: &Room<'_>, cover: &api::Cover) -> String {
    match cover {
        api::Cover::Organisation => t!(room.ask, "response-covers-all"),
        api::Cover::Narrowed { vaults, people } => {
            let vaults = or_none(room, names(vaults.iter().map(types::VaultId::as_str)));
            let people = or_none(room, names(people.iter().map(PersonId::as_str)));
            t!(room.ask, "response-covers-some", vaults = vaults, people = people)
        }
    }
}

fn written_down(room: &Room<'_>) -> Vec<Doing> {
    let ask = room.ask;
    let result = || field("note", Kind::Lines, &t!(ask, "response-result"), "", "");
    let text = |name: &str, label: String| field(name, Kind::Text, &label, "", "");
    let person = |name: &str, label: String, first: &[PersonId]| {
        person_field(name, &label, first, &room.register.people)
    };
    let mut doings = vec![
        Doing::new("note", "note", t!(ask, "response-note"), t!(ask, "response-note-why"))
            .with(json!({}), field("text", Kind::Lines, &t!(ask, "response-note-text"), "", "")),
        Doing::new("police", "called", t!(ask, "response-police"), t!(ask, "response-called-why"))
            .with(json!({ "whom": "police" }), result()),
        Doing::new("colleague", "called", t!(ask, "response-colleague"), t!(ask, "response-called-why"))
            .with(
                json!({}),
                html! { (person("whom.person", t!(ask, "response-whom"), &room.on_duty)) (result()) },
            ),
        Doing::new("other", "called", t!(ask, "response-other"), t!(ask, "response-called-why"))
            .with(json!({}), html! { (text("whom.other", t!(ask, "response-whom"))) (result()) }),
        called_back(room),
        procedure(room),
        Doing::new(
            "hand-over",
            "hand-over",
            t!(ask, "response-hand-over"),
            t!(ask, "response-hand-over-why"),
        )
        .with(json!({}), person("to", t!(ask, "response-hand-over-to"), &present(room))),
        Doing::new("wait", "await", t!(ask, "response-wait"), t!(ask, "response-wait-why"))
            .with(json!({}), field("until", Kind::Moment, &t!(ask, "response-wait-until"), "", "")),
    ];
    // The link stands with the steps that are done.
    if ask.query("do") == "untick" {
        doings.push(untick(room));
    }
    doings
}

/// Whoever took charge, and whoever is on duty.
fn present(room: &Room<'_>) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = room.incident.acknowledged.iter().map(|one| one.by.clone()).collect();
    people.extend(room.on_duty.iter().cloned());
    people.sort();
    people.dedup();
    people
}

fn called_back(room: &Room<'_>) -> Doing {
    let ask = room.ask;
    Doing::new(
        "called-back",
        "called-back",
        t!(ask, "response-called-back"),
        t!(ask, "response-called-back-why"),
    )
    .with(
        json!({}),
        html! {
            (person_field("person", &t!(ask, "response-whom"), &room.subjects(), &[]))
            (field("private", Kind::Yes, &t!(ask, "response-was-private"), "", ""))
            (field("all_clear", Kind::Yes, &t!(ask, "response-was-clear"), "", ""))
        },
    )
}

fn procedure(room: &Room<'_>) -> Doing {
    let ask = room.ask;
    let options: Vec<(String, String)> =
        room.procedures.procedures.iter().map(|one| (one.id.clone(), one.name.clone())).collect();
    let chosen = room.incident.procedure.as_deref().unwrap_or_default();
    Doing::new("procedure", "procedure", t!(ask, "response-procedure"), t!(ask, "response-procedure-why"))
        .with(json!({}), choice("procedure", &t!(ask, "response-procedure"), &options, chosen))
}

fn untick(room: &Room<'_>) -> Doing {
    let ask = room.ask;
    let text = |id: &str| {
        let steps = room.procedure().map(|one| one.steps.as_slice()).unwrap_or_default();
        steps.iter().find(|step| step.id == id).map_or_else(|| id.to_owned(), |step| step.text.clone())
    };
    let done: Vec<(String, String)> =
        room.incident.steps.iter().map(|done| (done.step.clone(), text(&done.step))).collect();
    Doing::new("untick", "step", t!(ask, "response-untick"), t!(ask, "response-untick-why"))
        .with(json!({ "done": false }), choice("step", &t!(ask, "response-step"), &done, ""))
}

fn decides(room: &Room<'_>) -> Vec<Doing> {
    let Room { ask, incident, .. } = room;
    let mut doings = vec![narrow(room)];
    if let Some(cover) = &incident.narrowing_to {
        let explained = format!("{} {}", t!(ask, "response-narrow-why"), cover_text(room, cover));
        let agree = Doing::new("narrow-too", "narrow", t!(ask, "response-narrow-too"), explained);
        doings.push(agree.with(json!({ "cover": cover }), html! {}));
    }
    let people: Vec<PersonId> =
        room.register.people.iter().filter(|person| !room.subjects().contains(person)).cloned().collect();
    let implicate = Doing::new(
        "implicate",
        "implicate",
        t!(ask, "response-implicate"),
        t!(ask, "response-implicate-why"),
    );
    doings.push(
        implicate
            .with(
                json!({}),
                html! {
                    (person_field("person", &t!(ask, "response-implicate-who"), &[], &people))
                    (field("since", Kind::Moment, &t!(ask, "response-implicate-since"), "", ""))
                },
            )
            .heavy(),
    );
    doings
        .push(Doing::new("clear", "clear", t!(ask, "response-clear"), t!(ask, "response-clear-why")).heavy());
    if !incident.clearing.is_empty() {
        doings.push(Doing::new(
            "end-clear",
            "end-clear",
            t!(ask, "response-end-clear"),
            t!(ask, "response-end-clear-why"),
        ));
    }
    doings
}

fn narrow(room: &Room<'_>) -> Doing {
    let ask = room.ask;
    let nothing = json!({ "cover": { "narrowed": { "vaults": [], "people": [] } } });
    let subjects = names(room.subjects().iter().map(PersonId::as_str));
    let vaults = t!(ask, "response-narrow-vaults-hint", vaults = or_none(room, room.vaults.join(", ")));
    Doing::new("narrow", "narrow", t!(ask, "response-narrow"), t!(ask, "response-narrow-why"))
        .with(nothing, html! {
            (field("cover.narrowed.people", Kind::Names, &t!(ask, "response-narrow-people"), &subjects, ""))
            (field("cover.narrowed.vaults", Kind::Names, &t!(ask, "response-narrow-vaults"), "", &vaults))
        })
        .heavy()
}

fn ends_drill(room: &Room<'_>) -> Vec<Doing> {
    let ask = room.ask;
    vec![Doing::new(
        "end-drill",
        "end-drill",
        t!(ask, "response-end-drill"),
        t!(ask, "response-end-drill-why"),
    )]
}
