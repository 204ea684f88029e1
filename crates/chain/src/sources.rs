//! One or two sources, and what they must agree on before value is released (G1: never on missing information).
//!
//! Called by the server before each release, and for syncing and broadcasting. Every doubt is a [`Reason`]: the release waits, nothing is
//! undone, and the next look may find them agreed.

use bitcoin::{BlockHash, FeeRate, Network, OutPoint, ScriptBuf, Transaction};
use thiserror::Error;

use crate::config::ConfigError;
use crate::error::ChainError;
use crate::source::{Source, SyncLimits, Synced, Tip};
use crate::wallet::Wallet;

/// More add requests, not certainty: two that do not know each other are what one operator can choose with care.
const SOURCES_MAX: usize = 2;
/// A block's time may be this far ahead by the chain's own rules.
const AHEAD_SECONDS_MAX: u64 = 2 * 3600;

/// How close sources must be to each other and to now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// At most so many blocks between their tips.
    pub lag_blocks_max: u32,
    /// The last block at most so old; `None` where blocks come only when somebody makes them.
    pub tip_age_seconds_max: Option<u64>,
}

impl Agreement {
    /// What is right for a network: two blocks, and four hours, which the main network exceeds less than once in a thousand years.
    #[must_use]
    pub const fn for_network(network: Network) -> Self {
        let tip_age_seconds_max = match network {
            Network::Regtest => None,
            _ => Some(4 * 3600),
        };
        Self { lag_blocks_max: 2, tip_age_seconds_max }
    }
}

/// What the sources agree on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observation {
    /// The lower of their tips: both have it.
    pub tip: Tip,
    /// How many agreed.
    pub sources: usize,
}

/// Why nothing is released now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// A source cannot be asked.
    #[error("the chain source `{source_name}` cannot be relied on now: {error}")]
    Absent {
        /// Which.
        source_name: String,
        /// What it said or did not say.
        error: ChainError,
    },
    /// A source is behind the other.
    #[error(
        "the chain source `{source_name}` is {blocks} blocks behind the other: wait, or look what holds it up"
    )]
    Lagging {
        /// Which.
        source_name: String,
        /// By how much.
        blocks: u32,
    },
    /// Two sources name two blocks for one height.
    #[error(
        "the chain sources disagree on block {height}: `{first_name}` has {first}, `{second_name}` has {second}; \
         if this lasts longer than an hour, one of them lies or is cut off"
    )]
    Disagree {
        /// The height.
        height: u32,
        /// The first source.
        first_name: String,
        /// Its block.
        first: BlockHash,
        /// The second.
        second_name: String,
        /// Its block.
        second: BlockHash,
    },
    /// The last block is too old.
    #[error(
        "the last block of `{source_name}` is {age_seconds} s old: the source is cut off from the network"
    )]
    Stale {
        /// Which.
        source_name: String,
        /// How old.
        age_seconds: u64,
    },
    /// The last block is from the future.
    #[error("the last block of `{source_name}` is {seconds} s ahead of this clock: one of the two is wrong")]
    Ahead {
        /// Which.
        source_name: String,
        /// By how much.
        seconds: u64,
    },
    /// A source does not have a coin, or knows that it is spent.
    #[error(
        "the chain source `{source_name}` does not have {outpoint} as unspent: another payment may have used it"
    )]
    CoinGone {
        /// Which.
        source_name: String,
        /// The coin.
        outpoint: OutPoint,
    },
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Absent { error: ChainError::WrongNetwork { .. }, .. } => "source-wrong-network",
            Self::Absent { error: ChainError::Pruned { .. }, .. } => "source-pruned",
            Self::Absent { error: ChainError::NotReady(..), .. } => "source-not-ready",
            Self::Absent { .. } => "source-absent",
            Self::Lagging { .. } => "source-lagging",
            Self::Disagree { .. } => "sources-disagree",
            Self::Stale { .. } => "source-stale",
            Self::Ahead { .. } => "source-ahead",
            Self::CoinGone { .. } => "source-coin-gone",
        }
    }
}

/// One or two sources for the vaults of one network.
pub struct Sources {
    network: Network,
    list: Vec<Box<dyn Source>>,
    agreement: Agreement,
}

impl Sources {
    /// The first fills the wallets; the second, where there is one, must agree with it.
    ///
    /// # Errors
    /// [`ConfigError::Count`].
    pub fn new(
        network: Network,
        list: Vec<Box<dyn Source>>,
        agreement: Agreement,
    ) -> Result<Self, ConfigError> {
        if list.is_empty() || list.len() > SOURCES_MAX {
            return Err(ConfigError::Count(list.len()));
        }
        Ok(Self { network, list, agreement })
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The sources, the first first.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Source> {
        self.list.iter().map(AsRef::as_ref)
    }

    /// What they agree on, at this time in seconds since 1970.
    ///
    /// # Errors
    /// Why nothing may be released now.
    pub fn observe(&self, now_seconds: u64) -> Result<Observation, Reason> {
        let tips = self.iter().map(|source| self.look(source, now_seconds)).collect::<Result<Vec<_>, _>>()?;
        for (source, tip) in self.iter().zip(&tips) {
            let highest = tips.iter().map(|tip| tip.height).max().unwrap_or(tip.height);
            let blocks = highest.saturating_sub(tip.height);
            if blocks > self.agreement.lag_blocks_max {
                return Err(Reason::Lagging { source_name: source.name().to_owned(), blocks });
            }
        }
        let lowest = tips.iter().min_by_key(|tip| tip.height).copied();
        // There is at least one source, so there is a tip.
        let tip = lowest.ok_or_else(|| self.none())?;
        self.compare(&tips, tip.height)?;
        Ok(Observation { tip, sources: tips.len() })
    }

    fn look(&self, source: &dyn Source, now_seconds: u64) -> Result<Tip, Reason> {
        let tip = source.check(self.network).and_then(|()| source.tip());
        let tip = tip.map_err(|error| absent(source, error))?;
        let (source_name, time) = (source.name().to_owned(), u64::from(tip.time));
        let age_seconds = now_seconds.saturating_sub(time);
        let seconds = time.saturating_sub(now_seconds);
        match self.agreement.tip_age_seconds_max {
            Some(most) if age_seconds > most => Err(Reason::Stale { source_name, age_seconds }),
            Some(_) if seconds > AHEAD_SECONDS_MAX => Err(Reason::Ahead { source_name, seconds }),
            _ => Ok(tip),
        }
    }

    fn compare(&self, tips: &[Tip], height: u32) -> Result<(), Reason> {
        let mut first: Option<(&dyn Source, BlockHash)> = None;
        for (source, tip) in self.iter().zip(tips) {
            let hash = if tip.height == height { Some(tip.hash) } else { hash_at(source, height)? };
            // It had a tip above this height a moment ago: its chain has become shorter since.
            let gone = || ChainError::NotReady(source.name().to_owned(), "its chain is changing".to_owned());
            let hash = hash.ok_or_else(|| absent(source, gone()))?;
            match first {
                None => first = Some((source, hash)),
                Some((other, theirs)) if theirs != hash => {
                    return Err(Reason::Disagree {
                        height,
                        first_name: other.name().to_owned(),
                        first: theirs,
                        second_name: source.name().to_owned(),
                        second: hash,
                    });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn none(&self) -> Reason {
        let source_name = self.network.to_string();
        let why = "no source is configured".to_owned();
        Reason::Absent { error: ChainError::NotReady(source_name.clone(), why), source_name }
    }

    /// Whether every source has every one of these coins as unspent.
    ///
    /// # Errors
    /// The first doubt.
    pub fn confirm_unspent(&self, coins: &[(OutPoint, ScriptBuf)]) -> Result<(), Reason> {
        for source in self.iter() {
            for (outpoint, script) in coins {
                let is_there = source.unspent(outpoint, script).map_err(|error| absent(source, error))?;
                if !is_there {
                    let source_name = source.name().to_owned();
                    return Err(Reason::CoinGone { source_name, outpoint: *outpoint });
                }
            }
        }
        Ok(())
    }

    /// Brings a wallet in step with the first source. That the second sees the same is [`Sources::observe`]'s to say.
    ///
    /// # Errors
    /// As [`Source::sync`].
    pub fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        let first = self.iter().next();
        first.map_or(Ok(Synced::Partial), |source| source.sync(wallet, limits))
    }

    /// What to pay; the second is asked when the first does not say.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        let mut last = Ok(None);
        for source in self.iter() {
            last = source.fee_rate(target_blocks);
            if matches!(last, Ok(Some(_))) {
                break;
            }
        }
        last
    }

    /// Sends a transaction to all; one that takes it is enough.
    ///
    /// # Errors
    /// The first source's, when none took it.
    pub fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError> {
        let mut answers: Vec<_> = self.iter().map(|source| source.broadcast(transaction)).collect();
        if answers.iter().any(Result::is_ok) { Ok(()) } else { answers.swap_remove(0) }
    }
}

fn absent(source: &dyn Source, error: ChainError) -> Reason {
    Reason::Absent { source_name: source.name().to_owned(), error }
}

fn hash_at(source: &dyn Source, height: u32) -> Result<Option<BlockHash>, Reason> {
    source.block_hash(height).map_err(|error| absent(source, error))
}
