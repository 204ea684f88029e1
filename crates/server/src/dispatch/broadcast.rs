//! Where signed transactions go. A transaction is handed over again until the chain shows it, so handing over must be repeatable (G6).

use thiserror::Error;

/// A way to the network.
pub trait Broadcast: Send + Sync {
    /// Hands over a complete transaction, as the network takes it. Handing over the same one again is no error.
    ///
    /// # Errors
    /// Why it was not taken; it will be handed over again.
    fn broadcast(&self, transaction: &[u8]) -> Result<(), BroadcastError>;
}

/// Why a transaction was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BroadcastError {
    /// Nobody there.
    #[error("the bitcoin node cannot be reached ({0}): check its address")]
    Unreachable(String),
    /// The node does not want it.
    #[error("the bitcoin node refused the transaction ({0})")]
    Refused(String),
}

impl BroadcastError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "broadcast-unreachable",
            Self::Refused(_) => "broadcast-refused",
        }
    }
}

/// No node is attached: the operator takes the transaction from the interface and brings it to any node.
#[derive(Clone, Copy, Debug, Default)]
pub struct HoldForOperator;

impl Broadcast for HoldForOperator {
    fn broadcast(&self, _transaction: &[u8]) -> Result<(), BroadcastError> {
        Ok(())
    }
}
