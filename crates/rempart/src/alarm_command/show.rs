//! `list`, `show`, `duty` and `script`: what a responder reads.

use std::io::{Read as _, Write};
use std::path::Path;

use anyhow::Result;
use api::{Duty, Incident, IncidentList};
use response::pack::timeline;
use response::{
    Kind, Level, PROCEDURES_BYTES_MAX, Procedures, ScriptFacts, ShownStep, SignedFacts, Situation, Status,
    Zone, checklist, first_screen,
};
use serde_json::json;

use super::room::{Room, level, now, sign, situation, status};
use super::{ScriptArgs, ShowArgs, spoken};
use crate::caller::Connection;
use crate::language::{Language, pick};

const INVALID: u8 = 2;

/// Lists incidents, the open ones first, the newest first.
pub fn list(connection: &Connection, language: Language, out: &mut dyn Write) -> Result<u8> {
    let answer = Room::enter(connection, language)?.read("/v1/response/incidents")?;
    if connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let mut incidents = answer.read::<IncidentList>()?.incidents;
    incidents.sort_by_key(|incident| (incident.closed.is_some(), std::cmp::Reverse(incident.opened)));
    for incident in &incidents {
        writeln!(out, "{}", line(incident, language))?;
    }
    if incidents.is_empty() {
        writeln!(out, "{}", pick(language, "no incident", "aucun incident"))?;
    }
    Ok(0)
}

fn line(incident: &Incident, language: Language) -> String {
    let people: Vec<&str> = incident.subjects.iter().map(|subject| subject.person.as_str()).collect();
    let drill = match status(&incident.status) {
        Status::Exercise => pick(language, "EXERCISE", "EXERCICE"),
        Status::Actual => match level(&incident.level) {
            Level::Verify => pick(language, "VERIFY", "À VÉRIFIER"),
            Level::Confirmed => pick(language, "CONFIRMED", "CONFIRMÉ"),
        },
    };
    let kind = incident.signals.last().and_then(|signal| sign(&signal.kind));
    let kind = kind.map_or("-", |sign| sign.title(spoken(language)));
    let state = match (&incident.closed, incident.acknowledged.len()) {
        (Some(_), _) => pick(language, "closed", "clos").to_owned(),
        (None, 0) => pick(language, "NOBODY HAS TAKEN CHARGE", "PERSONNE N'A PRIS EN CHARGE").to_owned(),
        (None, _) => {
            let lead = incident.lead.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} {lead}", pick(language, "led by", "dirigé par"))
        }
    };
    format!("{:<10} {drill:<10} {}  {}  {kind}  {state}", incident.id, incident.opened, people.join(", "))
}

/// Shows everything.
pub fn show(args: &ShowArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let Some(procedures) = procedures(args.procedures.as_deref(), err)? else { return Ok(INVALID) };
    let connection = &args.one.connection;
    let room = Room::enter(connection, language)?;
    let incident = room.incident(args.one.incident)?;
    let signed = room.facts(args.one.incident)?;
    let situation = situation(&incident, &signed, now());
    let words = spoken(language);
    let screen = first_screen(&situation, &procedures, words);
    let steps = checklist(&situation, &procedures, words);
    if connection.json {
        let shown = json!({ "incident": incident, "first_screen": screen, "checklist": steps, "facts": signed.facts });
        writeln!(out, "{shown}")?;
        return Ok(0);
    }
    write!(out, "{}", screen.text())?;
    events(&signed, language, out)?;
    list_steps(&situation, &steps, language, out)?;
    lost(&incident, language, out)?;
    Ok(0)
}

fn events(signed: &SignedFacts, language: Language, out: &mut dyn Write) -> Result<()> {
    let zone = Zone::named(&signed.facts.time_zone);
    writeln!(out, "\n{} ({})", pick(language, "Timeline", "Chronologie"), signed.facts.time_zone)?;
    for event in timeline(&signed.facts) {
        let at = zone.short(event.at, spoken(language));
        let text = event.text(spoken(language));
        writeln!(out, "  {at}  {:<10} {text}", event.by)?;
    }
    Ok(())
}

fn list_steps(
    situation: &Situation,
    steps: &[ShownStep],
    language: Language,
    out: &mut dyn Write,
) -> Result<()> {
    let kind = situation.procedure.unwrap_or(Kind::HomeInvasion);
    let title = pick(language, "Checklist", "Liste des étapes");
    writeln!(out, "\n{title}: {}", kind.title(spoken(language)))?;
    if situation.procedure.is_none() {
        let choose = pick(language, "not chosen yet; choose:", "pas encore choisie ; choisissez :");
        writeln!(out, "  {choose}")?;
        for kind in Kind::ALL {
            writeln!(out, "    {:<17} {}", kind.as_str(), kind.when(spoken(language)))?;
        }
    }
    for step in steps {
        let mark = if step.done { 'x' } else { ' ' };
        writeln!(out, "  [{mark}] {:<8} {}", step.when, step.text)?;
        writeln!(out, "      {:<8} {} · {} · {}", "", step.why, step.who, step.id)?;
    }
    Ok(())
}

fn lost(incident: &Incident, language: Language, out: &mut dyn Write) -> Result<()> {
    if incident.lost.transfers.is_empty() && incident.lost.motions.is_empty() {
        return Ok(());
    }
    let title = pick(
        language,
        "Done only by acts that do not count; to undo what is in force, propose so openly after the clear",
        "Fait par des actes qui ne comptent pas ; pour défaire ce qui est en vigueur, proposez-le ouvertement après la levée",
    );
    writeln!(out, "\n{title}")?;
    for transfer in &incident.lost.transfers {
        writeln!(out, "  {} {transfer}", pick(language, "transfer", "transfert"))?;
    }
    for motion in &incident.lost.motions {
        let passed = if motion.passed { pick(language, "in force", "en vigueur") } else { "" };
        writeln!(out, "  {} {} {passed}", motion.kind, motion.id)?;
    }
    Ok(())
}

/// The built-in procedures, or those of a file.
fn procedures(file: Option<&Path>, err: &mut dyn Write) -> Result<Option<Procedures>> {
    let Some(path) = file else { return Ok(Some(Procedures::default())) };
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(PROCEDURES_BYTES_MAX as u64 + 1).read_to_string(&mut text));
    let parsed = match read {
        Ok(_) => Procedures::parse(&text).map_err(|error| error.to_string()),
        Err(error) => Err(format!("`{}` cannot be read: {error}", path.display())),
    };
    match parsed {
        Ok(procedures) => Ok(Some(procedures)),
        Err(message) => {
            writeln!(err, "error: {message}")?;
            Ok(None)
        }
    }
}

/// Who is on duty.
pub fn duty(connection: &Connection, language: Language, out: &mut dyn Write) -> Result<u8> {
    let answer = Room::enter(connection, language)?.read("/v1/response/duty")?;
    if connection.json {
        writeln!(out, "{}", answer.body.trim_end())?;
        return Ok(u8::from(!answer.is_success()));
    }
    let duty: Duty = answer.read()?;
    for warning in &duty.warnings {
        writeln!(out, "! {}", response::inert(warning))?;
    }
    for on in &duty.schedules {
        let people: Vec<&str> = on.people.iter().map(types::PersonId::as_str).collect();
        let people = if people.is_empty() {
            pick(language, "NOBODY", "PERSONNE").to_owned()
        } else {
            people.join(", ")
        };
        let until =
            on.until.map(|at| format!("  {} {at}", pick(language, "until", "jusqu'au"))).unwrap_or_default();
        writeln!(out, "{:<18} {people}{until}", on.schedule.to_string())?;
    }
    for turn in &duty.overrides {
        let instead = pick(language, "instead", "à la place");
        writeln!(
            out,
            "{:<18} {instead}: {}  {} – {}",
            turn.schedule.to_string(),
            turn.person,
            turn.from,
            turn.until
        )?;
    }
    for channel in &duty.channels {
        let state =
            if channel.alive { pick(language, "answers", "répond") } else { pick(language, "DEAD", "MORT") };
        let error = response::inert(channel.error.as_deref().unwrap_or_default());
        writeln!(out, "{:<18} {state}  {error}", channel.channel.to_string())?;
    }
    Ok(0)
}

/// What to read to the police.
pub fn script(args: &ScriptArgs, language: Language, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8> {
    let room = Room::enter(&args.one.connection, language)?;
    let signed = room.facts(args.one.incident)?;
    let facts = &signed.facts;
    let personal = match args.opened.read() {
        Ok(people) => people,
        Err(error) => {
            writeln!(err, "error: {error:#}")?;
            return Ok(INVALID);
        }
    };
    let concerned = |person: &response::pack::PersonData| {
        facts.subjects.iter().any(|subject| subject.person == person.person)
    };
    let known = ScriptFacts {
        organisation: facts.organisation.clone(),
        time_zone: facts.time_zone.clone(),
        incident: facts.incident.id,
        status: facts.incident.status,
        level: facts.incident.level,
        sign: facts.signals.last().map(|signal| signal.sign),
        since: facts.incident.opened,
        call_back: facts.incident.call_back.clone(),
        person: personal.into_iter().find(concerned),
    };
    let kind = args.kind.or(facts.incident.procedure).unwrap_or(Kind::HomeInvasion);
    let text = response::script(kind, spoken(language), args.number, &known);
    if args.one.connection.json {
        writeln!(out, "{}", json!({ "kind": kind, "script": text }))?;
    } else {
        write!(out, "{text}")?;
    }
    Ok(0)
}
