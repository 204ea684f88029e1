//! Acts: who did what, when. Every fact that needs an author keeps its act, so that a history can be read with any of them left out (G4).

use serde::{Deserialize, Serialize};
use types::{ActorId, Timestamp};

/// The number of the journal record in which an act was committed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActNumber(pub u64);

/// Who acted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// A person or a service of the register.
    Actor(ActorId),
    /// A feed of prices or of the chain, by the name of its key.
    Feed(ActorId),
    /// Rempart itself: time passing, signatures made.
    System,
}

impl Author {
    /// The person or service, when it is one.
    #[must_use]
    pub const fn actor(&self) -> Option<&ActorId> {
        match self {
            Self::Actor(actor) => Some(actor),
            Self::Feed(_) | Self::System => None,
        }
    }
}

/// One act.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Act {
    /// Its number in the journal.
    pub number: ActNumber,
    /// Its author.
    pub by: Author,
    /// When it was committed, by the gate's own clock.
    pub at: Timestamp,
}

impl Act {
    /// Whether this actor is the author.
    #[must_use]
    pub fn is_by(&self, actor: &str) -> bool {
        self.by.actor().is_some_and(|by| by.as_str() == actor)
    }
}

/// Which acts of the history count. The ledger is always kept whole; a reading leaves acts out when it is judged.
pub trait Reading {
    /// Whether an act counts. `settled` is when the matter that it belongs to was decided, `None` while it is undecided.
    fn counts(&self, act: &Act, settled: Option<Timestamp>) -> bool;

    /// Whether every act counts, so that what was computed on arrival need not be computed again.
    fn is_complete(&self) -> bool {
        false
    }
}

/// The first reading: every act counts.
#[derive(Clone, Copy, Debug)]
pub struct AllActs;

impl Reading for AllActs {
    fn counts(&self, _act: &Act, _settled: Option<Timestamp>) -> bool {
        true
    }

    fn is_complete(&self) -> bool {
        true
    }
}
