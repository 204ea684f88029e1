//! What the server tells a responder, and what the first screen is made of.

use std::str::FromStr;

use anyhow::{Context, Result};
use api::{Incident, IncidentList};
use response::{Level, Next, Sign, SignedFacts, Situation, Status, Taken};
use server::clock::{Clock, SystemClock};
use server::entropy::{Entropy, SystemEntropy};
use types::{Span, Timestamp};

use crate::caller::{Caller, Connection, Session};
use crate::language::Language;

/// Now.
pub fn now() -> Timestamp {
    SystemClock::new(SystemEntropy.draw()).moment_parts().0
}

/// A time, or a duration from now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Then.
    At(Timestamp),
    /// After so long.
    In(Span),
}

impl FromStr for When {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(span) = Span::parse(text) {
            return Ok(Self::In(span));
        }
        let wrong = || {
            format!("`{text}` is neither a duration such as `2h` nor a time such as `2026-11-20T09:30:00Z`")
        };
        Timestamp::parse(text).map(Self::At).map_err(|_| wrong())
    }
}

impl When {
    /// The instant.
    pub fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::In(span) => now.after(span),
        }
    }
}

/// One sign-in, and what is read with it.
pub struct Room {
    session: Session,
}

impl Room {
    /// Signs in.
    pub fn enter(connection: &Connection, language: Language) -> Result<Self> {
        Self::of(&Caller::open(connection, language)?)
    }

    /// Signs in as somebody who will also sign.
    pub fn of(caller: &Caller) -> Result<Self> {
        Ok(Self { session: caller.sign_in()? })
    }

    /// Reads something as it came.
    pub fn read(&self, path: &str) -> Result<crate::client::Answer> {
        self.session.read(path)
    }

    /// Everything that this responder sees.
    pub fn incidents(&self) -> Result<Vec<Incident>> {
        Ok(self.session.read("/v1/response/incidents")?.read::<IncidentList>()?.incidents)
    }

    /// One incident.
    pub fn incident(&self, number: u32) -> Result<Incident> {
        self.session.read(&format!("/v1/response/incidents/{number}"))?.read()
    }

    /// Its facts; their signature is checked.
    pub fn facts(&self, number: u32) -> Result<SignedFacts> {
        let signed: SignedFacts =
            self.session.read(&format!("/v1/response/incidents/{number}/pack"))?.read()?;
        signed.check().context("the server's facts are not to be relied on")?;
        Ok(signed)
    }
}

/// How an incident stands.
pub fn situation(incident: &Incident, signed: &SignedFacts, now: Timestamp) -> Situation {
    let facts = &signed.facts;
    Situation {
        incident: incident.id,
        status: facts.incident.status,
        level: facts.incident.level,
        subjects: incident.subjects.iter().map(|subject| subject.person.clone()).collect(),
        callers: incident.callers.clone(),
        sign: facts.signals.last().map(|signal| signal.sign),
        signals: u32::try_from(incident.signals.len()).unwrap_or(u32::MAX),
        since: incident.opened,
        procedure: facts.incident.procedure,
        done: incident.steps.iter().map(|step| step.step.clone()).collect(),
        call_back: incident.call_back.clone(),
        acknowledged: acknowledged(signed),
        lead: incident.lead.clone(),
        next: next(incident),
        closed: incident.closed,
        time_zone: facts.time_zone.clone(),
        now,
    }
}

/// Who has taken charge, with the place that they said.
pub fn acknowledged(signed: &SignedFacts) -> Vec<Taken> {
    let taken = |entry: &response::LogEntry| match (&entry.act, &entry.by) {
        (response::Act::Acknowledged { from }, Some(by)) => {
            Some(Taken { by: by.clone(), at: entry.at, from: from.clone() })
        }
        _ => None,
    };
    signed.facts.log.iter().filter_map(taken).collect()
}

fn next(incident: &Incident) -> Next {
    match &incident.escalation {
        Some(escalation) if escalation.answered.is_some() => Next::Ended,
        Some(api::Escalation { next: Some(at), .. }) => Next::Call { at: *at, whom: Vec::new() },
        _ => Next::Unknown,
    }
}

/// The words of the wire.
pub fn level(word: &str) -> Level {
    if word == "verify" { Level::Verify } else { Level::Confirmed }
}

/// The words of the wire.
pub fn status(word: &str) -> Status {
    if word == "exercise" { Status::Exercise } else { Status::Actual }
}

/// The words of the wire; nothing for a kind that this program does not know.
pub fn sign(word: &str) -> Option<Sign> {
    let word = if word == "exercise" { "drill" } else { word };
    serde_json::from_value(serde_json::Value::from(word)).ok()
}
