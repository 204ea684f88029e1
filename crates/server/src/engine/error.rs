//! Why the engine does not take a command, and why it does not start. Each with a stable code.

use gate::RecordError;
use journal::JournalError;
use thiserror::Error;

/// Why a command was not carried out. What the gate refuses is not among it: a refusal is an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EngineError {
    /// Too many commands wait.
    #[error("too many commands are waiting: try again in a moment")]
    Overloaded,
    /// Nothing can be written. The reason is the code of a journal error, or a word of the engine.
    #[error("commands cannot be written down at present ({0}): nothing was done, try again later")]
    Unavailable(&'static str),
    /// The server is ending.
    #[error("the server is stopping: try again when it is back")]
    Stopping,
}

impl EngineError {
    /// The writer has ended without being asked to.
    pub(crate) const ENDED: Self = Self::Unavailable("engine-ended");

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::Unavailable(_) => "unavailable",
            Self::Stopping => "stopping",
        }
    }
}

/// Why the engine does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record that does not open.
    #[error("record {seq} cannot be read back ({why}): check that the secrets belong to this journal")]
    Record {
        /// Its number.
        seq: u64,
        /// What is wrong with it.
        why: RecordError,
    },
    /// A slot that does not open.
    #[error(
        "slot {seq} of the covert chain cannot be read back ({why}): check that the secrets belong to this journal"
    )]
    Slot {
        /// Its number.
        seq: u64,
        /// What is wrong with it.
        why: RecordError,
    },
    /// An inbox that does not open.
    #[error(
        "the inbox of the covert chain cannot be read back ({why}): check that the secrets belong to this journal, and run `rempart journal verify`"
    )]
    Inbox {
        /// What is wrong with it.
        why: RecordError,
    },
    /// The records that were read do not end where the journal says.
    #[error("the journal ends at record {expected}, its records at {found}: run `rempart journal verify`")]
    Head {
        /// Where the journal says that it ends.
        expected: u64,
        /// Where the records end.
        found: u64,
    },
    /// No thread to be had.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
    /// A thread of the start ended early.
    #[error("reading the journal back was interrupted: start again, and report it if it happens again")]
    Interrupted,
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Journal(error) => error.code(),
            Self::Record { .. } => "start-record",
            Self::Slot { .. } => "start-slot",
            Self::Inbox { .. } => "start-inbox",
            Self::Head { .. } => "start-head",
            Self::Thread(_) => "start-thread",
            Self::Interrupted => "start-interrupted",
        }
    }
}
