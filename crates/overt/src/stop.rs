//! Stops: one person blocks at once, a quorum lifts (G5).

use serde::{Deserialize, Serialize};
use types::{ActorId, Timestamp, TransferId, VaultId};

use crate::act::Act;
use crate::motion::MotionId;
use crate::transfer::Transfer;

/// The number of the record that placed the stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopId(pub u64);

/// What a stop blocks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One transfer.
    Transfer(TransferId),
    /// Everything from one vault.
    Vault(VaultId),
    /// Everything that one person or service submitted or approved.
    Person(ActorId),
    /// Everything.
    Organisation,
}

/// One stop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// What it blocks.
    pub scope: Scope,
    /// By whom and when.
    pub placed: Act,
    /// Why, when the system placed it or its author says so.
    pub reason: String,
    /// When it was lifted, and by which motion.
    pub lifted: Option<(Timestamp, MotionId)>,
}

impl Stop {
    /// Whether the scope reaches a transfer, whatever became of the stop.
    #[must_use]
    pub fn reaches(&self, id: TransferId, transfer: &Transfer) -> bool {
        if transfer.payload.refresh {
            return false; // It moves nothing away, and one person must not be able to keep it from happening (G10).
        }
        match &self.scope {
            Scope::Organisation => true,
            Scope::Transfer(stopped) => *stopped == id,
            Scope::Vault(vault) => *vault == transfer.payload.vault,
            Scope::Person(person) => {
                transfer.payload.initiator == *person
                    || transfer.approvals.iter().any(|act| act.is_by(person.as_str()))
            }
        }
    }
}
