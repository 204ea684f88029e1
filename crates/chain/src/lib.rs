//! What the chain says: a watch-only [`Wallet`] for each vault, and the [`Source`]s that it is told by (G1, G6, G10).
//!
//! A source is Bitcoin Core's RPC, an Esplora index or an Electrum server; [`Sources`] holds one or two and says yes only where they
//! agree. A source blocks while it asks: the server calls it from a thread of its own. The wallet does no input or output: what changed in
//! it is taken as bytes ([`Wallet::take_staged`]) and written in the same transaction as the journal.
//!
//! Nothing here reads a clock to decide anything: the time comes in with [`SyncLimits`] and [`Sources::observe`].
//!
//! To add a back-end, do these four things: implement [`Source`] in a module of its own with bounded answers and bounded waiting; give
//! it a kind in `config`; run `tests/sources.rs` on it; describe it in `docs/chain.md`.
#![deny(missing_docs)]

mod agent;
mod config;
mod core;
mod electrum;
mod error;
mod esplora;
mod gap;
mod rejection;
mod source;
mod sources;
mod stored;
mod view;
mod wallet;

pub use bdk_wallet::Balance;
pub use bdk_wallet::chain::BlockId;

pub use crate::config::{ChainConfig, ConfigError};
pub use crate::core::{Auth, CoreRpc};
pub use crate::electrum::Electrum;
pub use crate::error::ChainError;
pub use crate::esplora::Esplora;
pub use crate::source::{Source, SyncLimits, Synced, Tip};
pub use crate::sources::{Agreement, Observation, Reason, Sources};
pub use crate::view::TxStatus;
pub use crate::wallet::{Wallet, WalletCoin, WalletError};
