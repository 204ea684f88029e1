//! What every back-end can be asked, and the bounds of asking (G1, G6).
//!
//! Called by `sources`, and by the server for syncing and broadcasting.

use bitcoin::{BlockHash, FeeRate, Network, OutPoint, Script, Transaction};

use crate::error::ChainError;
use crate::wallet::Wallet;

/// The last block of a source's best chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tip {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// The time in its header, in seconds since 1970.
    pub time: u32,
    /// The median of the times of the last eleven headers: what the chain's rules take for the time.
    pub median_time: u32,
}

/// The bounds of one synchronisation.
#[derive(Clone, Copy)]
pub struct SyncLimits<'a> {
    /// The time, in seconds since 1970: when what is in no block was seen or found missing.
    pub now_seconds: u64,
    /// At most so many blocks at once, where blocks are read; the caller stores what was staged and goes on.
    pub blocks_max: u32,
    /// Asked between two questions; `true` ends with [`ChainError::Stopped`].
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl SyncLimits<'_> {
    /// Blocks at once where nothing else is said.
    pub const BLOCKS_MAX: u32 = 2_000;

    /// Goes on until the end, at this time.
    #[must_use]
    pub const fn at(now_seconds: u64) -> SyncLimits<'static> {
        SyncLimits { now_seconds, blocks_max: Self::BLOCKS_MAX, stop: &|| false }
    }

    pub(crate) fn go_on(&self) -> Result<(), ChainError> {
        if (self.stop)() { Err(ChainError::Stopped) } else { Ok(()) }
    }
}

/// How far a synchronisation got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Synced {
    /// The wallet knows what the source knows.
    Complete,
    /// The limit of blocks was reached, or the chain moved meanwhile: store and call again.
    Partial,
}

/// A place that can be asked about the chain. It may lie, lag and fail; [`crate::Sources`] judges that.
pub trait Source: Send + Sync {
    /// What messages call it.
    fn name(&self) -> &str;

    /// Whether it can serve at all: network, version, blocks since the birthday.
    ///
    /// # Errors
    /// What keeps it from serving.
    fn check(&self, network: Network) -> Result<(), ChainError>;

    /// The last block.
    ///
    /// # Errors
    /// As every method here: the source is absent, or answered nonsense.
    fn tip(&self) -> Result<Tip, ChainError>;

    /// The block of its best chain at a height; `None` beyond the tip.
    ///
    /// # Errors
    /// As [`Source::tip`].
    fn block_hash(&self, height: u32) -> Result<Option<BlockHash>, ChainError>;

    /// Brings a wallet in step: a search over the gap of addresses the first time, what is new after that. What was seen before an error is
    /// kept in the wallet; the next call goes on from there.
    ///
    /// # Errors
    /// As [`Source::tip`]; [`ChainError::Stopped`].
    fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError>;

    /// Whether an output exists with this script, in a block or in the mempool, and nothing that the source knows spends it.
    ///
    /// # Errors
    /// As [`Source::tip`].
    fn unspent(&self, outpoint: &OutPoint, script: &Script) -> Result<bool, ChainError>;

    /// What to pay to be confirmed within so many blocks; `None` when the source cannot say.
    ///
    /// # Errors
    /// As [`Source::tip`].
    fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError>;

    /// Sends a transaction. That it is known already, in the mempool or in a block, is success.
    ///
    /// # Errors
    /// As [`Source::tip`]; [`ChainError::NotTaken`], [`ChainError::FeeTooLow`], [`ChainError::InputsSpent`], [`ChainError::Conflict`].
    fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError>;

    /// Whether the source's mempool would take a transaction, without sending it; `None` when it cannot be asked.
    ///
    /// # Errors
    /// As [`Source::broadcast`].
    fn accepts(&self, transaction: &Transaction) -> Result<Option<()>, ChainError> {
        let _ = transaction;
        Ok(None)
    }
}
