//! What can go wrong with a journal, each with a stable code. Keeps G7: damage, a broken chain and a full disk are told apart, and none is a panic.

use std::path::PathBuf;

use thiserror::Error;
use types::Hash;

/// A failure of the store behind a journal; kept opaque so that back-ends share one error type.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a journal refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process, or another journal of this process, writes here.
    #[error("journal `{}` is in use by another server{}; stop that one first", path.display(), pid_text(*pid))]
    Locked {
        /// The database.
        path: PathBuf,
        /// Who holds it, when it said so.
        pid: Option<u32>,
    },
    /// No room left. Nothing of the batch was written; the next append works once there is room.
    #[error("no room left for the journal; nothing of this batch was written: free some space and try again")]
    Full(#[source] Cause),
    /// The disk failed.
    #[error("the disk failed under the journal: {0}; check the disk, then restart the server")]
    Io(#[source] Cause),
    /// A flush failed before, so that what is on the disk is unknown until the journal is opened again.
    #[error(
        "the journal stopped after a failed write to disk; restart the server, which reads back what is there"
    )]
    Stopped,
    /// The database's structure is damaged.
    #[error(
        "the journal is damaged ({what}); stop the server and restore the last backup with `rempart restore`"
    )]
    Damaged {
        /// Where it showed.
        what: String,
    },
    /// An entry does not follow from the one before.
    #[error(
        "the {chain} chain is broken at entry {seq}: {what}; run `rempart journal verify`, then restore the last backup"
    )]
    ChainBroken {
        /// `overt` or `covert`.
        chain: &'static str,
        /// The first entry that does not fit.
        seq: u64,
        /// What does not fit.
        what: &'static str,
    },
    /// Someone else moved the head: this writer has lost its turn.
    #[error("another server has written to this journal; this one must stop")]
    Fenced,
    /// Written by a newer version, or by one too old to migrate.
    #[error(
        "the journal has schema version {found}, this program knows up to {known}; use the version of rempart that wrote it, or a newer one"
    )]
    Version {
        /// In the database.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// A database, but not a journal of Rempart.
    #[error("`{}` is not a journal of rempart", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Nothing there.
    #[error("there is no journal at `{}`; create one with `rempart init`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Something is already there, and nothing is ever overwritten.
    #[error("`{}` exists already and is never overwritten; name another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Opened for reading only.
    #[error("this journal was opened for reading only")]
    ReadOnly,
    /// The store was busy for too long.
    #[error("the journal is busy: {0}; try again")]
    Busy(#[source] Cause),
    /// Above a bound.
    #[error("{found} {what}; at most {limit}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How many.
        found: usize,
        /// The bound.
        limit: usize,
    },
    /// An outbox item names a record that is not in its batch.
    #[error("outbox item after record {after} of a batch of {records}")]
    OutboxAfter {
        /// The index given.
        after: usize,
        /// Records in the batch.
        records: usize,
    },
    /// A blob's content does not have the address given.
    #[error("the blob's content does not have the address {given}")]
    BlobAddress {
        /// The address given.
        given: Hash,
    },
    /// A blob without an overt record that vouches for it.
    #[error("a blob needs an overt record in the same batch")]
    BlobAlone,
    /// A checkpoint, snapshot or replay names a place where the chains do not stand.
    #[error("the {what} does not fit the chains of this journal")]
    Anchor {
        /// `checkpoint`, `snapshot` or `replay`.
        what: &'static str,
    },
    /// A copy did not verify; it was removed.
    #[error("the copy did not verify ({problems} problems, the first: {first}); it was removed")]
    CopyUnsound {
        /// How many problems.
        problems: u64,
        /// The first of them.
        first: String,
    },
    /// Any other failure of the store.
    #[error("the journal's store failed: {0}")]
    Store(#[source] Cause),
}

impl JournalError {
    /// Stable code, listed in the documentation of errors.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "journal-locked",
            Self::Full(_) => "journal-full",
            Self::Io(_) => "journal-io",
            Self::Stopped => "journal-stopped",
            Self::Damaged { .. } => "journal-damaged",
            Self::ChainBroken { .. } => "journal-chain-broken",
            Self::Fenced => "journal-fenced",
            Self::Version { .. } => "journal-version",
            Self::Foreign { .. } => "journal-foreign",
            Self::Missing { .. } => "journal-missing",
            Self::Exists { .. } => "journal-exists",
            Self::ReadOnly => "journal-read-only",
            Self::Busy(_) => "journal-busy",
            Self::TooLarge { .. } => "journal-too-large",
            Self::OutboxAfter { .. } => "journal-outbox-after",
            Self::BlobAddress { .. } => "journal-blob-address",
            Self::BlobAlone => "journal-blob-alone",
            Self::Anchor { .. } => "journal-anchor",
            Self::CopyUnsound { .. } => "journal-copy-unsound",
            Self::Store(_) => "journal-store",
        }
    }
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}
