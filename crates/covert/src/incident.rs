//! Incidents: the case that responders work on, from the first signal until it is closed (G4).

use std::collections::{BTreeMap, BTreeSet};

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, PersonId, ProtectedId, Timestamp, VaultId};

use crate::kin::{is_kin, is_kin_of_protected};
use crate::signal::Signal;
use crate::signal::SignalKind;
use crate::state::Matter;

/// The incident's number, in the order of their first signals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u32);

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
}

impl Incident {
    /// Whether someone is concerned, shares a home with anybody concerned, or is related: such people are not told and never count (G8).
    #[must_use]
    pub fn is_near(&self, policy: &Policy, someone: &PersonId) -> bool {
        self.subjects.keys().any(|subject| is_kin(policy, subject, someone))
            || self.callers.iter().any(|caller| is_kin_of_protected(policy, caller, someone))
    }

    /// What it would be if nothing were known but what one responder reported and did: all that they see when they are not free (G3).
    #[must_use]
    pub fn as_reported(&self, responder: &PersonId, reported: &[&Signal]) -> Self {
        let own = |acts: &[(PersonId, Timestamp)]| {
            acts.iter().filter(|(by, _)| by == responder).cloned().collect::<Vec<_>>()
        };
        let opened = reported.first().map_or(self.opened, |signal| signal.at);
        let subject = |signal: &&Signal| (signal.who.clone(), Subject { found: signal.at, from: signal.at });
        Self {
            subjects: reported.iter().map(subject).collect(),
            opened,
            level: Level::Confirmed,
            cover: Cover::Organisation,
            call_back: self.call_back.clone(),
            acknowledged: own(&self.acknowledged),
            narrowing: None,
            clearing: Clearing { endorsements: own(&self.clearing.endorsements), met_since: None },
            closed: self.closed,
            callers: BTreeSet::new(),
        }
    }

    /// Whether an act of a person does not count because of this incident, for good.
    ///
    /// Acts later than the signal less the look-back, and acts in matters that were still undecided when it was found.
    /// Acts after the incident was closed count again.
    #[must_use]
    pub fn discounts(&self, person: &str, at: Timestamp, settled: Option<Timestamp>) -> bool {
        let Some(subject) = self.subjects.get(person) else { return false };
        let before_closing = self.closed.is_none_or(|closed| at <= closed);
        let undecided_then = settled.is_none_or(|settled| settled > subject.found);
        // The act that carried the signal is not free either, even where the look-back is nothing and it settled its matter at once.
        before_closing && (at > subject.from || at >= subject.found || undecided_then)
    }

    /// Whether it keeps a matter from being released.
    #[must_use]
    pub fn covers(&self, matter: &Matter<'_>) -> bool {
        if self.closed.is_some() {
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

    /// A six-digit code from the seal that carried the signal: unknown outside, the same after every replay.
    pub(crate) fn call_back_code(seed: Hash) -> String {
        let number = seed.0.iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }
}
