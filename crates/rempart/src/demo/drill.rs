//! A drill: the same path as a real alarm, marked as an exercise, and the report that anybody can read (G8).

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use api::{Drill, EndDrill, Incident};
use response::{DrillInput, DrillReport, drill_report};
use types::PersonId;

use crate::alarm_command::drills::drill as as_measured;
use crate::alarm_command::room::acknowledged;
use crate::demo::responders::{FIRST, Responders};
use response::SignedFacts;

/// About whom the exercise is; nobody of their home is called.
const ABOUT: &str = "nora";
/// Everybody whom the call plan of the stage names.
const CALLED: [&str; 3] = ["vera", "walid", "xenia"];

/// Starts a drill, lets it be answered, ends it, and makes its report.
pub fn practise(responders: &mut Responders<'_>) -> Result<DrillReport> {
    let who = PersonId::parse(ABOUT)?;
    responders.send(FIRST, "/v1/response/drills", &Drill { who })?;
    let exercise = responders.open_incident("exercise")?;
    responders.until(exercise.id, "the exercise is handed over to everybody", all_told)?;
    responders.take_charge(exercise.id)?;
    let facts: SignedFacts =
        responders.read(FIRST, &format!("/v1/response/incidents/{}/pack", exercise.id))?;
    responders.act(FIRST, exercise.id, "end-drill", &EndDrill::default())?;
    let ended = responders.until(exercise.id, "the exercise has ended", |it| it.closed.is_some())?;
    let mut measured = as_measured(&ended);
    measured.acknowledged = acknowledged(&facts);
    let policy = |state: &gate::State| state.overt().policy().map(|policy| policy.response().reaction);
    let reaction = responders.stage.engine.read(policy).context("there is no policy")?;
    let time_zone = facts.facts.time_zone;
    let report = drill_report(&DrillInput { drills: vec![measured], reaction, time_zone });
    let is_whole = report.drills.iter().all(|drill| drill.two_places.is_some() && drill.missed.is_empty());
    ensure!(is_whole && report.drills.len() == 1, "the drill's report is not whole");
    Ok(report)
}

/// A mail to each, and the alarm centre.
fn all_told(exercise: &Incident) -> bool {
    let people: BTreeSet<&str> =
        exercise.told.iter().filter_map(|told| told.to.as_ref().map(PersonId::as_str)).collect();
    CALLED.iter().all(|name| people.contains(name)) && exercise.told.iter().any(|told| told.to.is_none())
}
