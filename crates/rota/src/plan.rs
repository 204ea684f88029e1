//! The call plan as values: contacts, schedules, the chain, overrides. Serves G8 and G9: an address is never printed.
//!
//! Built by `read.rs` from `calls.toml`, or [`CallPlan::default`] where there is none. Asked by the covert ledger and by pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{ChannelId, PersonId, ScheduleId, Span, Timestamp};

use crate::limits::OVERRIDE_SECONDS_MAX;
use crate::schedule::Schedule;

/// The file's name in the server's data folder.
pub const CALLS_FILE: &str = "calls.toml";

/// What a step waits when the plan does not say.
pub(crate) const WAIT: Span = Span::from_seconds(5 * 60);
/// How often the chain is gone through when the plan does not say.
pub(crate) const REPEAT: u32 = 3;
/// The silence after which an escalation begins again when the plan does not say.
pub(crate) const PROGRESS: Span = Span::from_seconds(30 * 60);

/// The language in which a person is called. TOML and JSON: `en`, `fr`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

/// How a responder is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub person: PersonId,
    /// In which language.
    pub language: Language,
    /// The address on each channel that reaches this person; never empty.
    pub ways: BTreeMap<ChannelId, String>,
}

/// Addresses are personal data: a log may name the channels only.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { person, language, ways } = self;
        write!(f, "Contact {{ {person}, {language:?}, {:?} }}", ways.keys())
    }
}

/// Whom a step tells. TOML: `everyone`, `person:NAME`, `schedule:NAME`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tell {
    /// All responders.
    Everyone,
    /// One person.
    Person(PersonId),
    /// Whoever is on duty.
    Schedule(ScheduleId),
}

impl fmt::Display for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Person(person) => write!(f, "person:{person}"),
            Self::Schedule(schedule) => write!(f, "schedule:{schedule}"),
        }
    }
}

/// One step of the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Whom; never empty.
    pub tell: Vec<Tell>,
    /// Over these channels; where there are none, over every way of each contact.
    pub by: BTreeSet<ChannelId>,
    /// Until the next step.
    pub wait: Span,
}

impl Step {
    /// The ways over which this step reaches a contact: channel and address.
    pub fn ways<'c>(&self, contact: &'c Contact) -> impl Iterator<Item = (&'c ChannelId, &'c str)> {
        let ways =
            contact.ways.iter().filter(|(channel, _)| self.by.is_empty() || self.by.contains(*channel));
        ways.map(|(channel, address)| (channel, address.as_str()))
    }
}

/// The escalation: step after step until people have acknowledged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// In order; never empty.
    pub steps: Vec<Step>,
    /// How often the whole chain is gone through, at least once.
    pub repeat: u32,
    /// The silence after the end of the escalation after which it begins again.
    pub progress: Span,
}

impl Default for Chain {
    /// Everyone by every way, three times, five minutes apart.
    fn default() -> Self {
        let everyone = Step { tell: vec![Tell::Everyone], by: BTreeSet::new(), wait: WAIT };
        Self { steps: vec![everyone], repeat: REPEAT, progress: PROGRESS }
    }
}

/// Someone stands in: on duty in `[from, until)`, whatever the layers say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Override {
    /// In which schedule.
    pub schedule: ScheduleId,
    /// Who is on duty.
    pub person: PersonId,
    /// From this instant, inclusive.
    pub from: Timestamp,
    /// Until this instant, exclusive.
    pub until: Timestamp,
}

impl Override {
    /// Whether this holds for a schedule at an instant.
    #[must_use]
    pub fn covers(&self, schedule: &ScheduleId, at: Timestamp) -> bool {
        self.schedule == *schedule && self.from <= at && at < self.until
    }
}

/// Why an override cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OverrideError {
    /// The plan has no such schedule.
    #[error("there is no schedule `{0}`: use one that the call plan defines")]
    UnknownSchedule(ScheduleId),
    /// The person has no contact.
    #[error("`{0}` has no contact in the call plan and could not be called: choose someone who has one")]
    UnknownPerson(PersonId),
    /// It ends before it begins.
    #[error("an override must end after it begins: give a later `until`")]
    Empty,
    /// It is longer than [`OVERRIDE_SECONDS_MAX`].
    #[error("an override lasts at most 366 days: change the rotation in the call plan instead")]
    TooLong,
}

/// Whom an alarm is told to, by what, in which order, and who is on duty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallPlan {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) chain: Chain,
}

impl CallPlan {
    /// All contacts, in the order of the file.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter()
    }

    /// The contact of one person.
    #[must_use]
    pub fn contact(&self, person: &PersonId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.person == *person)
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// All schedules, in the order of the file.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.iter()
    }

    /// One schedule.
    #[must_use]
    pub fn schedule(&self, id: &ScheduleId) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.id == *id)
    }

    /// Whom a [`Tell`] means at an instant, in order and without duplicates: `responders` in the order given for everyone, otherwise
    /// one person or nobody. A plan may name somebody who must not be told; leaving them out is for the covert ledger, which knows.
    #[must_use]
    pub fn on_call(
        &self,
        tell: &Tell,
        overrides: &[Override],
        responders: &[PersonId],
        at: Timestamp,
    ) -> Vec<PersonId> {
        match tell {
            Tell::Everyone => {
                let mut seen = BTreeSet::new();
                responders.iter().filter(|person| seen.insert(*person)).cloned().collect()
            }
            Tell::Person(person) => vec![person.clone()],
            Tell::Schedule(schedule) => self.on_duty(schedule, overrides, at).into_iter().cloned().collect(),
        }
    }

    /// Whether an override can be taken: for a schedule and a contact of this plan, and of a length that makes sense.
    ///
    /// # Errors
    /// When it cannot.
    pub fn accepts(&self, asked: &Override) -> Result<(), OverrideError> {
        if self.schedule(&asked.schedule).is_none() {
            return Err(OverrideError::UnknownSchedule(asked.schedule.clone()));
        }
        if self.contact(&asked.person).is_none() {
            return Err(OverrideError::UnknownPerson(asked.person.clone()));
        }
        if asked.until <= asked.from {
            return Err(OverrideError::Empty);
        }
        match asked.until > asked.from.after(Span::from_seconds(OVERRIDE_SECONDS_MAX)) {
            true => Err(OverrideError::TooLong),
            false => Ok(()),
        }
    }
}
