//! What a responder does to an incident: one signed act each, with the phrase.

use std::io::Write;

use anyhow::{Result, bail};
use api::{
    Acknowledge, AcknowledgeCode, Await, Called, CalledBack, Callee, Clear, Cover, Drill, EndClear, EndDrill,
    Follow, HandOver, Implicate, Narrow, Note, Override, Report, Step,
};
use serde::Serialize;
use types::PersonId;

use super::room::now;
use super::{
    AckArgs, AlarmCommand, CalledArgs, CalledBackArgs, Ground, NarrowArgs, OneArgs, OverrideArgs, ReportArgs,
};
use crate::caller::{Connection, act};
use crate::language::Language;

/// Runs one.
pub fn run(command: &AlarmCommand, language: Language, out: &mut dyn Write) -> Result<u8> {
    let mut to = Sending { language, out };
    match command {
        AlarmCommand::Ack(args) => acknowledge(args, &mut to),
        AlarmCommand::Procedure(args) => {
            let follow = Follow { procedure: args.kind.as_str().to_owned() };
            to.incident(&args.one, "procedure", &follow)
        }
        AlarmCommand::Done(args) => {
            let step = Step { step: args.step.clone(), done: !args.undo };
            to.incident(&args.one, "step", &step)
        }
        AlarmCommand::Note(args) => to.incident(&args.one, "note", &Note { text: args.text.clone() }),
        AlarmCommand::Called(args) => called(args, &mut to),
        AlarmCommand::CalledBack(args) => called_back(args, &mut to),
        AlarmCommand::HandOver(args) => {
            to.incident(&args.one, "hand-over", &HandOver { to: args.person.clone() })
        }
        AlarmCommand::Wait(args) => to.incident(&args.one, "await", &Await { until: args.until.from(now()) }),
        AlarmCommand::Narrow(args) => narrow(args, &mut to),
        AlarmCommand::Implicate(args) => {
            let implicate = Implicate { person: args.person.clone(), since: args.since };
            to.incident(&args.one, "implicate", &implicate)
        }
        AlarmCommand::Clear(one) => to.incident(one, "clear", &Clear {}),
        AlarmCommand::EndClear(one) => to.incident(one, "end-clear", &EndClear {}),
        AlarmCommand::DrillEnd(one) => to.incident(one, "end-drill", &EndDrill {}),
        AlarmCommand::Report(args) => report(args, &mut to),
        AlarmCommand::Override(args) => take_turn(args, &mut to),
        AlarmCommand::Drill(args) => {
            to.send(&args.connection, "/v1/response/drills", &Drill { who: args.person.clone() })
        }
        _ => bail!("not an act of a responder"),
    }
}

/// How the answer is told.
struct Sending<'a> {
    language: Language,
    out: &'a mut dyn Write,
}

impl Sending<'_> {
    fn send<C: Serialize>(&mut self, connection: &Connection, path: &str, command: &C) -> Result<u8> {
        act(connection, path, command, self.language, self.out)
    }

    fn incident<C: Serialize>(&mut self, one: &OneArgs, what: &str, command: &C) -> Result<u8> {
        let path = format!("/v1/response/incidents/{}/{what}", one.incident);
        self.send(&one.connection, &path, command)
    }
}

fn acknowledge(args: &AckArgs, to: &mut Sending<'_>) -> Result<u8> {
    let from = args.from.clone();
    match (&args.code, args.incident) {
        (Some(code), _) => {
            // As it is read out or shown: in two groups.
            let code = code.chars().filter(|c| !c.is_whitespace()).collect();
            to.send(&args.connection, "/v1/response/acknowledge", &AcknowledgeCode { code, from })
        }
        (None, Some(incident)) => {
            let path = format!("/v1/response/incidents/{incident}/acknowledge");
            to.send(&args.connection, &path, &Acknowledge { from })
        }
        (None, None) => bail!("give the incident's number or `--code`"),
    }
}

fn called(args: &CalledArgs, to: &mut Sending<'_>) -> Result<u8> {
    let whom = match (args.whom.as_str(), args.other) {
        (other, true) => Callee::Other(other.to_owned()),
        ("police", false) => Callee::Police,
        (person, false) => Callee::Person(PersonId::parse(person)?),
    };
    to.incident(&args.one, "called", &Called { whom, note: args.note.clone() })
}

fn called_back(args: &CalledBackArgs, to: &mut Sending<'_>) -> Result<u8> {
    let CalledBackArgs { one, person, all_clear, private } = args;
    let call = CalledBack { person: person.clone(), all_clear: *all_clear, private: *private };
    to.incident(one, "called-back", &call)
}

fn narrow(args: &NarrowArgs, to: &mut Sending<'_>) -> Result<u8> {
    let cover = Cover::Narrowed { vaults: args.vaults.clone(), people: args.people.clone() };
    to.incident(&args.one, "narrow", &Narrow { cover })
}

fn report(args: &ReportArgs, to: &mut Sending<'_>) -> Result<u8> {
    let kind = match args.kind {
        Ground::Judgement => "judgement",
        Ground::CodeWord => "code-word",
    };
    let report = Report { who: args.person.clone(), kind: kind.to_owned(), heard: args.heard };
    to.send(&args.connection, "/v1/response/reports", &report)
}

fn take_turn(args: &OverrideArgs, to: &mut Sending<'_>) -> Result<u8> {
    let now = now();
    let turn = Override {
        schedule: args.schedule.clone(),
        person: args.person.clone(),
        from: args.from.unwrap_or(now),
        until: args.until.from(now),
    };
    to.send(&args.connection, "/v1/response/overrides", &turn)
}
