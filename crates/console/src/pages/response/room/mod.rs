//! `/response/incidents/{id}`: the incident room. Somebody woken at three knows in ten seconds who, what, since when, where it stands and what to
//! do; below that, the checklist and everything that is written down (G8, G9).
//!
//! One act at a time: `?do=NAME` opens its form at the top. A form for each would make the page heavier than a telephone loads at night.

mod acts;
mod now;
mod record;
mod steps;

use api::{Duty, Incident, Procedure, Procedures, VaultList};
use maud::html;
use response::{Facts, SignedFacts};
use types::PersonId;

use super::incident::{self, Names};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::t;

/// Everything that the room shows.
struct Room<'a> {
    ask: &'a Ask,
    incident: Incident,
    /// The signed facts of the police pack: the log, the transfers. Absent while the server cannot sign.
    facts: Option<Facts>,
    procedures: Procedures,
    register: Names,
    /// Responders on duty.
    on_duty: Vec<PersonId>,
    /// Names of vaults.
    vaults: Vec<String>,
}

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let room = enter(ask, api).await?;
        let title = t!(
            ask,
            "response-room",
            id = room.incident.id.to_string(),
            people = incident::people(&room.incident)
        );
        if room.shows_all_steps() {
            let content = html! {
                p { a href=(room.here()) { (t!(ask, "response-back")) } }
                (steps::checklist(&room))
            };
            return Ok(Shown::page(title, content).with_scripts(&["response.js"]));
        }
        let content = html! {
            (now::first_screen(&room))
            (acts::panel(&room))
            div.columns.inside {
                div { (steps::checklist(&room)) (record::timeline(&room)) }
                div { (record::aside(&room)) }
            }
        };
        Ok(Shown::page(title, content).with_scripts(&["response.js"]))
    })
}

async fn enter<'a>(ask: &'a Ask, api: &dyn Api) -> Result<Room<'a>, api::Problem> {
    let id = ask.parameter("id");
    let path = format!("/v1/response/incidents/{id}");
    let incident: Incident = read(api, &path).await?;
    let signed = read::<SignedFacts>(api, &format!("{path}/pack")).await.ok();
    let procedures: Procedures = read(api, &format!("/v1/response/procedures?incident={id}")).await?;
    let register = incident::register(api).await;
    // What helps to choose: without it names are typed.
    let duty = read::<Duty>(api, "/v1/response/duty").await.ok();
    let schedules = duty.map(|duty| duty.schedules).unwrap_or_default();
    let mut on_duty: Vec<PersonId> = schedules.into_iter().flat_map(|on| on.people).collect();
    on_duty.sort();
    on_duty.dedup();
    let vaults = read::<VaultList>(api, "/v1/vaults").await.map(|list| list.vaults).unwrap_or_default();
    let vaults = vaults.into_iter().map(|vault| vault.id.to_string()).collect();
    Ok(Room {
        ask,
        incident,
        facts: signed.map(|signed| signed.facts),
        procedures,
        register,
        on_duty,
        vaults,
    })
}

impl Room<'_> {
    /// The path of the page.
    fn here(&self) -> String {
        format!("/response/incidents/{}", self.incident.id)
    }

    /// The path of one of its operations.
    fn operation(&self, name: &str) -> String {
        format!("/v1/response/incidents/{}/{name}", self.incident.id)
    }

    /// Whether the whole checklist was asked for. By itself it would make the room heavier than a telephone loads at night.
    fn shows_all_steps(&self) -> bool {
        self.ask.query("steps") == "all"
    }

    fn is_open(&self) -> bool {
        self.incident.closed.is_none()
    }

    fn is_exercise(&self) -> bool {
        incident::is_exercise(&self.incident)
    }

    /// Whether an act was picked: then its form is the only one.
    fn is_acting(&self) -> bool {
        !self.ask.query("do").is_empty()
    }

    /// Whether whoever asks has taken charge.
    fn has_acknowledged(&self) -> bool {
        self.incident.acknowledged.iter().any(|one| self.ask.is(one.by.as_str()))
    }

    /// The people concerned.
    fn subjects(&self) -> Vec<PersonId> {
        self.incident.subjects.iter().map(|subject| subject.person.clone()).collect()
    }

    /// The procedure that is followed. Until one is chosen, that of a home invasion: its first steps are right for all.
    fn procedure(&self) -> Option<&Procedure> {
        let chosen = self.incident.procedure.as_deref().unwrap_or("home-invasion");
        self.procedures.procedures.iter().find(|one| one.id == chosen)
    }

    fn is_done(&self, step: &str) -> bool {
        self.incident.steps.iter().any(|done| done.step == step)
    }
}
