//! Motions: what only a quorum may do, after a wait that any one person can end (G5): lifting a stop, lowering the posture,
//! changing the policy or a credential.

use std::fmt;

use policy::{Direction, Posture, Source};
use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, Span, Timestamp};

use crate::act::Act;
use crate::credential::NewCredential;
use crate::stop::StopId;

/// How long a motion may wait for its quorum.
pub const MOTION_EXPIRES: Span = Span::from_hours(30 * 24);

/// The hash of a motion's content and of the record that proposed it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MotionId(pub Hash);

impl fmt::Display for MotionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for MotionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What is proposed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proposal {
    /// To lift a stop.
    Lift(StopId),
    /// To lower the posture.
    Lower(Posture),
    /// To put another policy in force.
    Change(Vec<Source>),
    /// To add to somebody's credential, or to replace it.
    Credential {
        /// Whose.
        actor: ActorId,
        /// What it is to have.
        new: Box<NewCredential>,
    },
    /// To leave somebody's devices nothing but stopping.
    Revoke {
        /// Whose.
        actor: ActorId,
    },
}

/// Where a motion stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MotionStatus {
    /// Waits for endorsements or for its hold.
    Pending,
    /// In force.
    Passed,
    /// Not passed at the moment of decision.
    Declined,
    /// Its time ran out.
    Expired,
    /// Ended by a person.
    Ended,
    /// It was in force and is not any more: a tightening that nobody of another home joined.
    Lapsed,
}

impl MotionStatus {
    /// Whether it was put in force, whatever became of it since.
    #[must_use]
    pub const fn has_passed(self) -> bool {
        matches!(self, Self::Passed | Self::Lapsed)
    }
}

/// One motion.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Motion {
    /// What is proposed.
    pub proposal: Proposal,
    /// By whom and when.
    pub proposed: Act,
    /// Who endorsed it, in order.
    pub endorsements: Vec<Act>,
    /// When its quorum was last continuously met.
    pub met_since: Option<Timestamp>,
    /// The moment of decision as things stand.
    pub ready_at: Option<Timestamp>,
    /// Where it stands.
    pub status: MotionStatus,
    /// When it was decided; `None` while it is pending.
    pub settled: Option<Timestamp>,
    /// For a change: how it stands to the policy in force, or stood to the one that it replaced.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// Since when it is judged by the quorum by which it is judged.
    pub judged_from: Timestamp,
    /// For a tightening in force that people of one home made: when it lapses.
    #[serde(default)]
    pub lapses_at: Option<Timestamp>,
    /// Who ended it.
    #[serde(default)]
    pub ended: Option<Act>,
    /// Who wants to end it and cannot alone any more.
    #[serde(default)]
    pub opposed: Vec<Act>,
}
