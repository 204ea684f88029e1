//! What goes wrong with a source, told apart by what a person has to do about it (G1: whatever is not known holds).
//!
//! Called by every back-end; the server translates the codes.

use std::path::PathBuf;

use bitcoin::{BlockHash, Network};
use thiserror::Error;

/// Why a source did not answer a question.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChainError {
    /// Nobody answers at its address, or the connection broke.
    #[error("`{source_name}` cannot be reached: {why}; check its address and that it runs")]
    Unreachable {
        /// Which source.
        source_name: String,
        /// What the connection said.
        why: String,
    },
    /// It took too long.
    #[error("`{0}` did not answer in time; it may be overloaded, try again later")]
    Timeout(String),
    /// It does not know us.
    #[error("`{0}` refuses our name and password, or the cookie is not its own; check the configuration")]
    Unauthorized(String),
    /// The cookie or password file could not be read.
    #[error("`{0}` cannot be read: {1}; let this program's user read it")]
    Secret(PathBuf, String),
    /// It is on another network.
    #[error("`{source_name}` is on another network than {expected}: its first block is {found}")]
    WrongNetwork {
        /// Which source.
        source_name: String,
        /// The vault's network.
        expected: Network,
        /// The hash of its block 0.
        found: BlockHash,
    },
    /// It has thrown away blocks that we need.
    #[error(
        "`{source_name}` keeps blocks only from height {first_kept}, but the vaults begin at {birthday}: \
         reindex the node without pruning, or use another source for the first scan"
    )]
    Pruned {
        /// Which source.
        source_name: String,
        /// The first height that it still has.
        first_kept: u32,
        /// The first height that is needed.
        birthday: u32,
    },
    /// Too old to be relied on.
    #[error("`{source_name}` has version {found}, at least {needed} is needed: update it")]
    TooOld {
        /// Which source.
        source_name: String,
        /// Its version.
        found: String,
        /// The oldest that will do.
        needed: String,
    },
    /// It has started and does not answer questions yet, or is still downloading the chain.
    #[error("`{0}` is not ready yet: {1}; wait until it has caught up")]
    NotReady(String, String),
    /// An answer above the limit.
    #[error("`{0}` sent more than {1} bytes for one question: it is broken or hostile, use another source")]
    TooLarge(String, u64),
    /// An answer that makes no sense.
    #[error("`{0}` answered what makes no sense: {1}; it is broken or hostile, use another source")]
    Malformed(String, String),
    /// The source said no.
    #[error("`{source_name}` refused: {message} ({code})")]
    Refused {
        /// Which source.
        source_name: String,
        /// Its number for it.
        code: i64,
        /// Its words for it.
        message: String,
    },
    /// The network would not take a transaction.
    #[error("the transaction was not taken: {0}")]
    NotTaken(String),
    /// The fee does not suffice: the mempool is full or asks for more.
    #[error(
        "the transaction's fee is too low for the mempool now: {0}; wait, or replace it with a higher fee"
    )]
    FeeTooLow(String),
    /// It spends what is spent already.
    #[error(
        "an input of the transaction is spent or does not exist: {0}; look for the payment that spent it"
    )]
    InputsSpent(String),
    /// Another transaction that spends the same is in the mempool and is not outbid.
    #[error("another transaction spends the same input and is not outbid: {0}; raise the fee or wait for it")]
    Conflict(String),
    /// Its chain shares no block with what we know.
    #[error("`{0}` has a chain that does not meet the one we know: check that it is on the right network")]
    NoCommonBlock(String),
    /// The caller asked to stop.
    #[error("stopped before the end; what was seen so far is kept")]
    Stopped,
}

impl ChainError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "chain-unreachable",
            Self::Timeout(_) => "chain-timeout",
            Self::Unauthorized(_) => "chain-unauthorized",
            Self::Secret(..) => "chain-secret-unreadable",
            Self::WrongNetwork { .. } => "chain-wrong-network",
            Self::Pruned { .. } => "chain-pruned",
            Self::TooOld { .. } => "chain-too-old",
            Self::NotReady(..) => "chain-not-ready",
            Self::TooLarge(..) => "chain-answer-too-large",
            Self::Malformed(..) => "chain-answer-malformed",
            Self::Refused { .. } => "chain-refused",
            Self::NotTaken(_) => "broadcast-not-taken",
            Self::FeeTooLow(_) => "broadcast-fee-too-low",
            Self::InputsSpent(_) => "broadcast-inputs-spent",
            Self::Conflict(_) => "broadcast-conflict",
            Self::NoCommonBlock(_) => "chain-no-common-block",
            Self::Stopped => "chain-stopped",
        }
    }

    /// Whether the same question may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout(_)
                | Self::NotReady(..)
                | Self::Stopped
                | Self::FeeTooLow(_)
                | Self::Conflict(_)
        )
    }
}

/// At most this many characters of somebody else's words are kept.
const WORDS_CHARS_MAX: usize = 240;

/// Somebody else's words, cut and in one line.
pub fn words(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS_CHARS_MAX).collect()
}
