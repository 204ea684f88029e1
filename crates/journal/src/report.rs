//! What verification was asked and what it found. Keeps G7: tampering is found and said where. Shown by `rempart journal verify`.

use std::fmt;

use ed25519_dalek::VerifyingKey;

use crate::{Checkpoint, Head};

/// Most problems that are listed; further ones are counted.
pub const PROBLEMS_MAX: usize = 1000;

/// What to verify beyond the chains themselves.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The public key that checkpoints and snapshots must be signed with; without it signatures are checked against the key that each names.
    pub key: Option<VerifyingKey>,
    /// A checkpoint kept outside: the chains must pass through it. Finds a tail that was cut off, or a rewritten history.
    pub expected: Option<Checkpoint>,
    /// Also read every page of the store and cross-check its indexes (slow).
    pub pages: bool,
}

/// Where a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// An overt entry.
    Overt(u64),
    /// A covert slot.
    Covert(u64),
    /// The stored head.
    Head,
    /// A stored checkpoint, by its overt and covert sequence numbers.
    Checkpoint(u64, u64),
    /// The checkpoint kept outside.
    Expected,
    /// A stored snapshot, by its overt and covert sequence numbers.
    Snapshot(u64, u64),
    /// The nth blob.
    Blob(u64),
    /// An outbox item, by its entry and part.
    Outbox(u64, u64),
    /// The origin: organisation and time of creation.
    Origin,
    /// The store's own structure.
    Store,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overt(seq) => write!(f, "overt entry {seq}"),
            Self::Covert(seq) => write!(f, "covert slot {seq}"),
            Self::Head => f.write_str("head"),
            Self::Checkpoint(overt, covert) => write!(f, "checkpoint {overt}/{covert}"),
            Self::Expected => f.write_str("expected checkpoint"),
            Self::Snapshot(overt, covert) => write!(f, "snapshot {overt}/{covert}"),
            Self::Blob(nth) => write!(f, "blob {nth}"),
            Self::Outbox(seq, part) => write!(f, "outbox item {seq}/{part}"),
            Self::Origin => f.write_str("origin"),
            Self::Store => f.write_str("store"),
        }
    }
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Where the chains stand, as recomputed as far as they could be read.
    pub head: Head,
    /// Overt entries read.
    pub overt_entries: u64,
    /// Covert slots read.
    pub covert_slots: u64,
    /// Checkpoints read.
    pub checkpoints: u64,
    /// Snapshots read.
    pub snapshots: u64,
    /// Blobs read.
    pub blobs: u64,
    /// Outbox items that wait.
    pub outbox_items: u64,
    /// At most [`PROBLEMS_MAX`] of the problems.
    pub problems: Vec<Problem>,
    /// All problems, listed or not.
    pub problem_count: u64,
}

impl VerifyReport {
    /// A report that has read nothing yet.
    #[must_use]
    pub fn new(head: Head) -> Self {
        Self {
            head,
            overt_entries: 0,
            covert_slots: 0,
            checkpoints: 0,
            snapshots: 0,
            blobs: 0,
            outbox_items: 0,
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    /// Adds a problem.
    pub fn add(&mut self, place: Place, what: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { place, what: what.into() });
        }
    }
}
