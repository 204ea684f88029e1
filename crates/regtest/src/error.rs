//! What goes wrong with a node, so that a test can tell a refusal by the node from a node that is not there.
//!
//! Called by every file of this crate.

use std::path::PathBuf;

use thiserror::Error;

/// Why a node did not do what a test asked for.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The program was not built yet.
    #[error("there is no bitcoind at `{0}`: run `cargo xtask bitcoind`")]
    Missing(PathBuf),
    /// It ended or did not answer in time.
    #[error("bitcoind did not start: {0}")]
    Start(String),
    /// The temporary folder or the process could not be made or ended.
    #[error("{0}: {1}")]
    System(&'static str, std::io::Error),
    /// The node answered with an error.
    #[error("`{method}` was refused: {message} ({code})")]
    Refused {
        /// The call.
        method: String,
        /// The node's number for it.
        code: i64,
        /// The node's words for it.
        message: String,
    },
    /// No answer, or none that is JSON.
    #[error("`{method}` got no answer: {why}")]
    NoAnswer {
        /// The call.
        method: String,
        /// What happened instead.
        why: String,
    },
    /// An answer of another shape than was expected.
    #[error("`{0}` answered something else than expected: {1}")]
    Unexpected(String, String),
    /// The harness has no coins left to give.
    #[error(
        "no mature coins are left for {0} satoshis: mine more blocks with `mine`, a coin matures after 100"
    )]
    NoCoins(u64),
}
