//! What the core knows of an on-chain transaction: enough to reserve its inputs and to bind it to an approval, and no more.

use serde::{Deserialize, Serialize};

use crate::{Hash, VaultId};

/// An output of an earlier transaction, which a later one spends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct OutPoint {
    /// The transaction's id, in the byte order of the hash itself.
    pub txid: Hash,
    /// Which output.
    pub index: u32,
}

/// A verified spend, in the core's terms. Only `vault::VerifiedSpend` makes one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpendPlan {
    /// The vault it spends from.
    pub vault: VaultId,
    /// The transaction's id; all inputs are segwit, so signatures do not change it.
    pub txid: Hash,
    /// Every output that it spends.
    pub inputs: Vec<OutPoint>,
    /// Its fee, in units of the asset.
    pub fee: u128,
    /// The address under which the journal keeps the PSBT (`journal::blob_hash`).
    pub psbt: Hash,
    /// Whether the members' signatures in it satisfy the spending path, so that only the co-signer's is missing.
    pub complete: bool,
}
