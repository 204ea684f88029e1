//! Incidents: the case that responders work on, from the first signal until it is closed (G4).

use std::collections::{BTreeMap, BTreeSet};

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, PersonId, PlaceId, ProtectedId, Span, Timestamp, VaultId, hash_parts};

use crate::casework::{CallBack, Entry, Procedure, What};
use crate::command::Command;
use crate::kin::{is_kin, is_kin_of_protected};
use crate::signal::{Signal, SignalId, SignalKind, Teller};
use crate::state::Matter;

/// The lowest and the highest number by which people know an incident.
const NUMBERS: std::ops::RangeInclusive<u32> = 100_000..=999_999_999;

/// The incident's place in the order of their first signals. It would tell how many there are, so people know an incident by its drawn
/// [`Incident::number`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u32);

/// Whether it is real (the words of CAP 1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Actual,
    /// A drill: the same calls and the same work, and nothing is covered or discounted by it.
    Exercise,
}

impl Status {
    /// Since when acts do not count because of a signal: a drill reaches nowhere.
    pub(crate) fn reaches_back(self, signal: &Signal, look_back: Span) -> Timestamp {
        let heard = match &signal.told_by {
            Some(Teller::Responder { heard, .. }) => (*heard).min(signal.at),
            _ => signal.at,
        };
        match self {
            Self::Actual => heard.before(look_back),
            Self::Exercise => signal.at,
        }
    }
}

/// How sure it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A single panic phrase at sign-in, or a missed check-in: call back first.
    Verify,
    /// Anything more.
    Confirmed,
}

impl Level {
    /// With which a first sign of this kind opens an incident.
    pub(crate) const fn of(kind: SignalKind) -> Self {
        match kind {
            SignalKind::SignIn | SignalKind::MissedCheckIn => Self::Verify,
            _ => Self::Confirmed,
        }
    }
}

/// Since when a person was not free.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subject {
    /// When it was found.
    pub found: Timestamp,
    /// Acts later than this do not count.
    pub from: Timestamp,
}

/// What an open incident keeps from being released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cover {
    /// Everything.
    Organisation,
    /// What concerns these.
    Narrowed {
        /// Everything from these vaults.
        vaults: BTreeSet<VaultId>,
        /// Everything in which one of these took part.
        people: BTreeSet<PersonId>,
    },
}

/// A narrower cover that responders are agreeing on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Narrowing {
    /// What it would cover.
    pub cover: Cover,
    /// Who endorsed exactly this, and when.
    pub endorsements: Vec<(PersonId, Timestamp)>,
}

/// A clear under way.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Clearing {
    /// Who endorsed it after a call-back, and when.
    pub endorsements: Vec<(PersonId, Timestamp)>,
    /// Since when its quorum is met.
    pub met_since: Option<Timestamp>,
}

/// One incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// By which people know it.
    pub number: u32,
    /// Real, or a drill.
    pub status: Status,
    /// Who is concerned, and since when they were not free.
    pub subjects: BTreeMap<PersonId, Subject>,
    /// When its first signal came.
    pub opened: Timestamp,
    /// How sure it is.
    pub level: Level,
    /// What it covers while it is open.
    pub cover: Cover,
    /// The code by which a caller and a responder know each other.
    pub call_back: String,
    /// Who has acknowledged it, and when.
    pub acknowledged: Vec<(PersonId, Timestamp)>,
    /// A narrower cover under discussion.
    pub narrowing: Option<Narrowing>,
    /// A clear under way.
    pub clearing: Clearing,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The protected people whose alarms it holds.
    pub callers: BTreeSet<ProtectedId>,
    /// How many signals it has.
    pub ordinal: u32,
    /// What kind of attack it is, as far as responders know.
    pub procedure: Option<Procedure>,
    /// Which steps of the procedure are done, by whom and when.
    pub steps: BTreeMap<String, (PersonId, Timestamp)>,
    /// Who leads.
    pub lead: Option<PersonId>,
    /// Where responders said that they are.
    pub whereabouts: BTreeMap<PersonId, PlaceId>,
    /// Until when nobody wants to be called again.
    pub awaits: Option<Timestamp>,
    /// Call-backs with people concerned.
    pub call_backs: Vec<CallBack>,
    /// What happened, in order.
    pub log: Vec<Entry>,
}

impl Incident {
    /// A new one, without anybody concerned.
    pub(crate) fn new(number: u32, status: Status, opened: Timestamp, level: Level, seed: Hash) -> Self {
        Self {
            number,
            status,
            subjects: BTreeMap::new(),
            opened,
            level,
            cover: Cover::Organisation,
            call_back: Self::call_back_code(seed),
            acknowledged: Vec::new(),
            narrowing: None,
            clearing: Clearing::default(),
            closed: None,
            callers: BTreeSet::new(),
            ordinal: 0,
            procedure: None,
            steps: BTreeMap::new(),
            lead: None,
            whereabouts: BTreeMap::new(),
            awaits: None,
            call_backs: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Whether someone is concerned, shares a home with anybody concerned, or is related: such people are not told and never count (G8).
    #[must_use]
    pub fn is_near(&self, policy: &Policy, someone: &PersonId) -> bool {
        self.subjects.keys().any(|subject| is_kin(policy, subject, someone))
            || self.callers.iter().any(|caller| is_kin_of_protected(policy, caller, someone))
    }

    /// What it would be if nothing were known but what one responder reported and did: all that they see when they are not free. Their acts are
    /// gone through again, so that each shows as it would if they were free (G3).
    #[must_use]
    pub fn as_reported(
        &self,
        responder: &PersonId,
        reported: &[(SignalId, &Signal)],
        look_back: Span,
    ) -> Self {
        let opened = reported.first().map_or(self.opened, |(_, signal)| signal.at);
        let mut alone = Self::new(self.number, self.status, opened, Level::Confirmed, Hash::default());
        alone.call_back.clone_from(&self.call_back);
        for entry in &self.log {
            match &entry.what {
                What::Acted { by, command } if by == responder => {
                    alone.work(by, entry.at, command);
                    alone.endorse(by, entry.at, command);
                    alone.log.push(entry.clone());
                }
                What::Signal(id) => {
                    if let Some((_, signal)) = reported.iter().find(|(own, _)| own == id) {
                        alone.hear(signal, self.status.reaches_back(signal, look_back));
                    }
                }
                What::Handed { at, .. } if *at >= opened => alone.log.push(entry.clone()),
                _ => {}
            }
        }
        alone.closed = self.closed;
        alone
    }

    /// A signal of somebody's report, and nothing else.
    fn hear(&mut self, signal: &Signal, from: Timestamp) {
        self.confirm();
        let subject = Subject { found: signal.at, from };
        let known = self.subjects.entry(signal.who.clone()).or_insert(subject);
        known.from = known.from.min(from);
        self.ordinal = self.ordinal.saturating_add(1);
    }

    /// What one responder's act does to cover and clearing when nobody joins in.
    fn endorse(&mut self, person: &PersonId, at: Timestamp, command: &Command) {
        match command {
            Command::Narrow { cover, .. } => self.narrow(cover, (person.clone(), at)),
            Command::Implicate { person, since, .. } => self.implicate(person, at, *since),
            Command::Clear { .. } => self.clearing.endorsements.push((person.clone(), at)),
            Command::EndClear { .. } => self.clearing = Clearing::default(),
            _ => {}
        }
    }

    /// Somebody was found not to have been free. Nobody who endorsed the clear so far has called this person back.
    pub(crate) fn implicate(&mut self, person: &PersonId, at: Timestamp, since: Timestamp) {
        let subject = self.subjects.entry(person.clone()).or_insert(Subject { found: at, from: since });
        subject.from = subject.from.min(since);
        self.clearing = Clearing::default();
    }

    /// An endorsement of a narrower cover joins those of the same, or begins anew.
    pub(crate) fn narrow(&mut self, cover: &Cover, by: (PersonId, Timestamp)) {
        let fresh = || Narrowing { cover: cover.clone(), endorsements: Vec::new() };
        let narrowing = self.narrowing.take().filter(|narrowing| narrowing.cover == *cover);
        let mut narrowing = narrowing.unwrap_or_else(fresh);
        narrowing.endorsements.push(by);
        self.narrowing = Some(narrowing);
    }

    /// Whether an act of a person does not count because of this incident, for good.
    ///
    /// Acts later than the signal less the look-back, and acts in matters that were still undecided when it was found.
    /// Acts after the incident was closed count again.
    #[must_use]
    pub fn discounts(&self, person: &str, at: Timestamp, settled: Option<Timestamp>) -> bool {
        if self.status == Status::Exercise {
            return false;
        }
        let Some(subject) = self.subjects.get(person) else { return false };
        let before_closing = self.closed.is_none_or(|closed| at <= closed);
        let undecided_then = settled.is_none_or(|settled| settled > subject.found);
        // The act that carried the signal is not free either, even where the look-back is nothing and it settled its matter at once.
        before_closing && (at > subject.from || at >= subject.found || undecided_then)
    }

    /// Whether it keeps a matter from being released.
    #[must_use]
    pub fn covers(&self, matter: &Matter<'_>) -> bool {
        if self.closed.is_some() || self.status == Status::Exercise {
            return false;
        }
        match &self.cover {
            Cover::Organisation => true,
            Cover::Narrowed { vaults, people } => {
                let takes_part = |actor: &&ActorId| {
                    people.contains(actor.as_str()) || self.subjects.contains_key(actor.as_str())
                };
                matter.vault.is_some_and(|vault| vaults.contains(vault))
                    || matter.actors.iter().any(takes_part)
            }
        }
    }

    /// A second sign is no slip any more; and nobody who worked towards its end knew of it.
    pub(crate) fn confirm(&mut self) {
        self.level = Level::Confirmed;
        self.cover = Cover::Organisation;
        self.narrowing = None;
        self.clearing = Clearing::default();
    }

    /// A number from the seal that carried the signal: it says nothing of how many incidents there are.
    pub(crate) fn first_number(seed: Hash) -> u32 {
        let drawn = hash_parts("rempart/incident-number/v1", &[&seed.0]);
        let drawn = drawn.0.iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
        let (least, most) = (u64::from(*NUMBERS.start()), u64::from(*NUMBERS.end()));
        u32::try_from(least + drawn % (most - least + 1)).unwrap_or(*NUMBERS.start())
    }

    /// The number after a number that is taken.
    pub(crate) fn next_number(number: u32) -> u32 {
        if number >= *NUMBERS.end() { *NUMBERS.start() } else { number + 1 }
    }

    /// A six-digit code from the seal that carried the signal: unknown outside, the same after every replay.
    pub(crate) fn call_back_code(seed: Hash) -> String {
        let number = seed.0.iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }
}
