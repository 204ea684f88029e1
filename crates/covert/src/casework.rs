//! What responders write down while they work on an incident, and the log that writes itself (G4: no clear without a call-back of one's own).
//!
//! Called by `decide` and `state`. Texts are bounded so that each note fits into one slot of the covert chain.

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{PersonId, PlaceId, Timestamp};

use crate::calls::Call;
use crate::command::{Command, Refusal};
use crate::incident::{Incident, Status};
use crate::signal::SignalId;
use crate::state::State;

/// The longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 600;
/// The longest name of a step, in bytes.
pub const STEP_BYTES_MAX: usize = 40;
/// The longest name of somebody who was called, in bytes.
pub const CALLEE_BYTES_MAX: usize = 60;
/// The most entries in one incident's log. Later ones are not kept; signals and acknowledgements are kept elsewhere as well.
pub const LOG_ENTRIES_MAX: usize = 20_000;
/// The most steps that may be ticked.
pub const STEPS_MAX: usize = 256;

/// What kind of attack it is, as far as responders know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// Attackers in the home.
    HomeInvasion,
    /// Somebody was taken away.
    Abduction,
    /// A relative was taken, the holder is free.
    RelativeTaken,
    /// Threats from afar.
    RemoteExtortion,
    /// The attackers came to somebody else.
    WrongAddress,
}

impl Procedure {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::HomeInvasion, Self::Abduction, Self::RelativeTaken, Self::RemoteExtortion, Self::WrongAddress];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HomeInvasion => "home-invasion",
            Self::Abduction => "abduction",
            Self::RelativeTaken => "relative-taken",
            Self::RemoteExtortion => "remote-extortion",
            Self::WrongAddress => "wrong-address",
        }
    }

    /// From its name on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|procedure| procedure.as_str() == text)
    }
}

/// Whom a responder called. People make calls; the time is written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callee {
    /// 17, 112, or a liaison.
    Police,
    /// Somebody of the organisation.
    Person(PersonId),
    /// Anybody else.
    Other(String),
}

/// A call-back with a person concerned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallBack {
    /// Who called.
    pub by: PersonId,
    /// Whom.
    pub person: PersonId,
    /// When it was written down.
    pub at: Timestamp,
    /// How many signals there were then.
    pub signals: u32,
    /// Whether the person gave the all-clear.
    pub all_clear: bool,
    /// Whether the person could speak alone.
    pub private: bool,
}

/// One line of an incident's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened in an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum What {
    /// A signal.
    Signal(SignalId),
    /// A call was handed over to a channel; `at` is when.
    Handed {
        /// Which.
        call: Call,
        /// When.
        at: Timestamp,
    },
    /// Somebody who was called replied; unproven.
    Replied(PersonId),
    /// A responder acted.
    Acted {
        /// Who.
        by: PersonId,
        /// How. Endorsements of an end to a stop and reports are no part of a log.
        command: Command,
    },
    /// It was closed.
    Closed,
}

impl Incident {
    /// Adds a line.
    pub(crate) fn note(&mut self, at: Timestamp, what: What) {
        if self.log.len() < LOG_ENTRIES_MAX {
            self.log.push(Entry { at, what });
        }
    }

    /// What a responder's act changes, beside cover and clearing.
    pub(crate) fn work(&mut self, person: &PersonId, at: Timestamp, command: &Command) {
        match command {
            Command::Acknowledge { from, .. } => {
                self.acknowledged.push((person.clone(), at));
                if let Some(place) = from {
                    self.whereabouts.insert(person.clone(), place.clone());
                }
                self.lead.get_or_insert_with(|| person.clone());
            }
            Command::Follow { procedure, .. } => self.procedure = Some(*procedure),
            Command::Step { step, done: true, .. } => {
                self.steps.insert(step.clone(), (person.clone(), at));
            }
            Command::Step { step, done: false, .. } => drop(self.steps.remove(step)),
            Command::CalledBack { person: called, all_clear, private, .. } => {
                let (by, person) = (person.clone(), called.clone());
                let (all_clear, private, signals) = (*all_clear, *private, self.ordinal);
                self.call_backs.push(CallBack { by, person, at, signals, all_clear, private });
            }
            Command::HandOver { to, .. } => self.lead = Some(to.clone()),
            Command::Await { until, .. } => self.awaits = Some(*until),
            Command::EndDrill { .. } => self.closed = Some(at),
            _ => {}
        }
    }

    /// Whether a responder has called a person back since the last signal, in private, and got the all-clear.
    #[must_use]
    pub fn is_called_back(&self, by: &PersonId, person: &PersonId) -> bool {
        let is_late = |call: &CallBack| call.signals == self.ordinal;
        let says_so = |call: &&CallBack| call.by == *by && call.person == *person && is_late(call);
        // The last word counts: somebody who was fine and is not any more has not given the all-clear.
        let last = self.call_backs.iter().rev().find(says_so);
        last.is_some_and(|call| call.all_clear && call.private)
    }
}

impl State {
    /// Whether a responder may write this down in an open incident.
    pub(crate) fn decide_casework(
        policy: &Policy,
        incident: &Incident,
        at: Timestamp,
        command: &Command,
    ) -> Result<(), Refusal> {
        match command {
            Command::Step { step, .. } => {
                let is_new = !incident.steps.contains_key(step);
                if is_new && incident.steps.len() >= STEPS_MAX {
                    return Err(Refusal::TooMany);
                }
                plain(step, STEP_BYTES_MAX)
            }
            Command::Note { text, .. } => plain(text, NOTE_BYTES_MAX),
            Command::Called { whom, note, .. } => {
                if let Callee::Other(name) = whom {
                    plain(name, CALLEE_BYTES_MAX)?;
                }
                if note.is_empty() { Ok(()) } else { plain(note, NOTE_BYTES_MAX) }
            }
            Command::CalledBack { person, .. } => {
                let is_subject = incident.subjects.contains_key(person);
                if is_subject { Ok(()) } else { Err(Refusal::NoSuchPerson(person.clone())) }
            }
            Command::HandOver { to, .. } => {
                let may = Self::may_see(policy, to, incident);
                if may { Ok(()) } else { Err(Refusal::NotForThem(to.clone())) }
            }
            Command::Await { until, .. } => {
                let within = *until > at && *until <= at.after(crate::calls::AWAIT_MAX);
                if within { Ok(()) } else { Err(Refusal::Time("12 h")) }
            }
            Command::EndDrill { .. } if incident.status == Status::Actual => Err(Refusal::NoExercise),
            Command::Acknowledge { from: Some(place), .. } if !is_place(policy, place) => {
                Err(Refusal::NotFound)
            }
            _ => Ok(()),
        }
    }

    /// Nobody endorses a clear without having called back everybody concerned who is still in the register.
    pub(crate) fn called_everybody_back(
        policy: &Policy,
        incident: &Incident,
        person: &PersonId,
    ) -> Result<(), Refusal> {
        let mut subjects = incident.subjects.keys().filter(|subject| policy.person(subject).is_some());
        match subjects.find(|subject| !incident.is_called_back(person, subject)) {
            Some(subject) => Err(Refusal::NotCalledBack(subject.clone())),
            None => Ok(()),
        }
    }
}

fn is_place(policy: &Policy, place: &PlaceId) -> bool {
    policy.places().iter().any(|known| known.id == *place)
}

/// A text of one to so many bytes; lines may end.
fn plain(text: &str, longest: usize) -> Result<(), Refusal> {
    let is_plain = |c: char| !c.is_control() || c == '\n';
    let fits = (1..=longest).contains(&text.len()) && text.chars().all(is_plain);
    if fits { Ok(()) } else { Err(Refusal::Text) }
}
