//! `rempart alarm drills`: how long the exercises took, against what the policy says.

use std::io::Write;

use anyhow::{Result, bail};
use api::{Duty, Incident, Rules};
use response::{Drill, DrillInput, HandedOver, Missed, Status, Taken, drill_report};
use types::Span;

use super::room::{Room, acknowledged, status};
use super::{DrillsArgs, spoken};
use crate::language::Language;

/// What the policy says where its file says nothing.
const REACTION_USUAL: Span = Span::from_hours(2);

/// Prints the report.
pub fn run(args: &DrillsArgs, language: Language, out: &mut dyn Write) -> Result<u8> {
    let room = Room::enter(&args.connection, language)?;
    let mut exercises = room.incidents()?;
    exercises.retain(|incident| status(&incident.status) == Status::Exercise);
    exercises.sort_by_key(|incident| incident.opened);
    let (reaction, time_zone) = written(&room)?;
    let mut drills: Vec<Drill> = exercises.iter().map(drill).collect();
    if let (Some(last), Some(exercise)) = (drills.last_mut(), exercises.last()) {
        last.acknowledged = acknowledged(&room.facts(exercise.id)?);
        last.missed = silent(&room, exercise)?;
    }
    let reaction = args.reaction.or(reaction).unwrap_or(REACTION_USUAL);
    let report = drill_report(&DrillInput { drills, reaction, time_zone });
    if args.connection.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        write!(out, "{}", report.text(spoken(language)))?;
    }
    Ok(0)
}

/// One exercise, as the report needs it; the demo makes the same report.
pub fn drill(incident: &Incident) -> Drill {
    let told = incident.told.iter();
    let handed =
        told.map(|told| HandedOver { channel: told.channel.clone(), to: told.to.clone(), at: told.first });
    let taken = incident.acknowledged.iter();
    let taken = taken.map(|taken| Taken { by: taken.by.clone(), at: taken.at, from: None });
    Drill {
        incident: incident.id,
        who: incident.subjects.iter().map(|subject| subject.person.clone()).collect(),
        started: incident.opened,
        ended: incident.closed,
        handed_over: handed.collect(),
        missed: Vec::new(),
        acknowledged: taken.collect(),
        two_places: incident.escalation.as_ref().and_then(|escalation| escalation.answered),
    }
}

/// Channels by which nothing was handed over.
fn silent(room: &Room, exercise: &Incident) -> Result<Vec<Missed>> {
    let duty: Duty = room.read("/v1/response/duty")?.read()?;
    let is_silent =
        |state: &api::ChannelState| !exercise.told.iter().any(|told| told.channel == state.channel);
    let silent = duty.channels.into_iter().filter(is_silent);
    Ok(silent.map(|state| Missed { channel: state.channel, to: None }).collect())
}

/// `response.reaction` and the time zone, from the rules that everybody may read.
fn written(room: &Room) -> Result<(Option<Span>, String)> {
    let rules: Rules = room.read("/v1/policy/rules")?.read()?;
    let (mut reaction, mut time_zone) = (None, "UTC".to_owned());
    for source in &rules.sources {
        let Ok(table) = source.text.parse::<toml::Table>() else {
            bail!("the rules that the server sent cannot be read");
        };
        let text = |section: &str, key: &str| table.get(section)?.get(key)?.as_str().map(str::to_owned);
        reaction = reaction.or(text("response", "reaction").and_then(|text| Span::parse(&text).ok()));
        time_zone = text("organisation", "time_zone").unwrap_or(time_zone);
    }
    Ok((reaction, time_zone))
}
