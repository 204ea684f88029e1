//! A real Bitcoin node for tests: bitcoind on a chain of its own, with coins to give away (G6, G10). Never shipped.
//!
//! [`Node::start`] starts one in a temporary folder on free ports; it is killed when dropped. A test reads like this:
//!
//! ```no_run
//! # fn main() -> Result<(), regtest::NodeError> {
//! use bitcoin::{Amount, ScriptBuf};
//! let node = regtest::Node::funded()?;
//! let coin = node.deposit(&ScriptBuf::new_op_return([]), Amount::from_sat(50_000))?;
//! assert_eq!(node.rpc("gettxout", &[coin.txid.to_string().into(), coin.vout.into()])?["confirmations"], 1);
//! # Ok(()) }
//! ```
//!
//! Where things are: which program runs, `place`; how it is started, [`Options`]; killed and restarted, `node`; any call, `rpc`; blocks,
//! mempool and reorganisations, `chain`; coins, `purse`; servers over it, `electrum` and `esplora`. The program is built once by `cargo xtask bitcoind`
//! (`docs/adr/0010-real-node.md`); where it is missing a test fails and says so.

mod chain;
mod electrum;
mod error;
mod esplora;
mod node;
mod options;
mod place;
mod purse;
mod rpc;

pub use chain::Verdict;
pub use electrum::{Certificate, ElectrumX};
pub use error::NodeError;
pub use esplora::EsploraBridge;
pub use node::Node;
pub use options::{Auth, Options};
