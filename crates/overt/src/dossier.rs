//! A person's own dossier: sealed bytes that the journal keeps and nobody here can read. Revisions only: handing one in takes none away (G5, G9).
//!
//! To whom it must be sealed follows from the policy; what it was sealed to cannot be seen, so the sealer says it, for the reminder alone.

use policy::readers_hash;
use serde::{Deserialize, Serialize};
use types::{Hash, PersonId, Span, Timestamp};

use crate::act::Act;
use crate::command::{Event, Refusal};
use crate::decide::{Decision, done};
use crate::state::State;

/// How many revisions of a person are on hand; older ones stay in the journal.
pub const DOSSIER_REVISIONS_KEPT: usize = 512;
/// The most revisions of a person within [`DOSSIER_DAY`].
pub const DOSSIER_REVISIONS_PER_DAY_MAX: usize = 8;
/// The window in which revisions are counted.
pub const DOSSIER_DAY: Span = Span::from_hours(24);
/// After so long a person is reminded.
pub const DOSSIER_DUE_AFTER: Span = Span::from_hours(182 * 24);

/// What is handed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sealed {
    /// Its number, which also stands in the sealed text: one after the last.
    pub revision: u32,
    /// The address under which the journal keeps the bytes.
    pub content: Hash,
    /// To whom it was sealed, by [`policy::readers_hash`], as its owner says.
    pub readers: Hash,
}

/// One revision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// What was handed in.
    pub sealed: Sealed,
    /// When, by the act of its owner.
    pub act: Act,
}

/// Why a new one is called for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DossierDue {
    /// There is none, and there is somebody to seal it to.
    Missing,
    /// It is older than [`DOSSIER_DUE_AFTER`].
    Old,
    /// The recipients are others than it was sealed to.
    Readers,
}

impl State {
    /// The revisions of a person's dossier that are on hand, oldest first.
    #[must_use]
    pub fn dossier(&self, person: &PersonId) -> &[Kept] {
        self.dossiers.get(person).map_or(&[], Vec::as_slice)
    }

    /// The number that a person's next revision must have.
    #[must_use]
    pub fn next_revision(&self, person: &PersonId) -> u32 {
        self.dossier(person).last().map_or(1, |last| last.sealed.revision.saturating_add(1))
    }

    /// Whether a new one is called for, and why. For its owner alone.
    #[must_use]
    pub fn dossier_due(&self, person: &PersonId) -> Option<DossierDue> {
        let recipients = self.policy()?.dossier_recipients(person);
        let Some(last) = self.dossier(person).last() else {
            return (!recipients.is_empty()).then_some(DossierDue::Missing);
        };
        if last.act.at.after(DOSSIER_DUE_AFTER) < self.clock.now() {
            Some(DossierDue::Old)
        } else if last.sealed.readers != readers_hash(recipients) {
            Some(DossierDue::Readers)
        } else {
            None
        }
    }

    pub(crate) fn decide_dossier(&self, act: &Act, sealed: &Sealed) -> Decision {
        let (person, _) = self.person(act)?;
        let next = self.next_revision(&person);
        if sealed.revision != next {
            return Err(Refusal::Revision { next });
        }
        let recent = |kept: &&Kept| is_recent(kept.act.at, act.at);
        if self.dossier(&person).iter().filter(recent).count() >= DOSSIER_REVISIONS_PER_DAY_MAX {
            return Err(Refusal::TooMany("dossiers of one day"));
        }
        done(Event::DossierKept { person, sealed: *sealed })
    }

    pub(crate) fn dossier_kept(&mut self, act: &Act, person: &PersonId, sealed: &Sealed) {
        let kept = self.dossiers.entry(person.clone()).or_default();
        kept.push(Kept { sealed: *sealed, act: act.clone() });
        let surplus = kept.len().saturating_sub(DOSSIER_REVISIONS_KEPT);
        kept.drain(..surplus);
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at.after(DOSSIER_DAY) > now
}
