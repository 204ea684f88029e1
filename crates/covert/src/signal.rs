//! Signals: single signs of coercion. Every one is delivered, also one on a command that was refused or repeated (G8).

use serde::{Deserialize, Serialize};
use types::{PanelId, PersonId, ProtectedId, Timestamp};

use crate::incident::IncidentId;

/// What carried the signal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum SignalId {
    /// The record of the overt chain with this number.
    Record(u64),
    /// The covert chain; counted from 1.
    Slot(u64),
}

/// What kind of sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    /// A panic phrase at sign-in: may be a slip, so a call-back comes first.
    SignIn,
    /// A panic phrase on an act.
    Act,
    /// A responder's own judgement.
    Judgement,
    /// A code word that a responder heard.
    CodeWord,
    /// A protected person's alarm.
    Relative,
    /// A check-in that its own author had scheduled and missed: responders ask first.
    MissedCheckIn,
    /// A hold-up button, or another system.
    Panel,
}

/// Who gave a sign for somebody else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Teller {
    /// A responder, and when it was heard or seen.
    Responder {
        /// Who.
        by: PersonId,
        /// When.
        heard: Timestamp,
    },
    /// A protected person.
    Protected(ProtectedId),
    /// An alarm panel, or another system.
    Panel(PanelId),
}

/// One signal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Which incident it belongs to.
    pub incident: IncidentId,
    /// Who is in danger; the first of those concerned when there are several.
    pub who: PersonId,
    /// What kind.
    pub kind: SignalKind,
    /// When.
    pub at: Timestamp,
    /// The how-many-eth of its incident, from 1.
    pub ordinal: u32,
    /// Who gave it; `None` when it was the person's own.
    pub told_by: Option<Teller>,
}

impl Signal {
    /// Whether a responder reported it.
    #[must_use]
    pub fn is_told_by(&self, responder: &PersonId) -> bool {
        matches!(&self.told_by, Some(Teller::Responder { by, .. }) if by == responder)
    }
}
