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

/// What a transaction does for its transfer. Every one that is ever signed for a transfer is one of these (G6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpendKind {
    /// Pays exactly the approved outputs; the rest comes back to the vault.
    #[default]
    Payment,
    /// Spends the change of a payment that waits for a block, back to the vault, so that the pair pays the network more.
    Child,
    /// Takes a payment's place with everything coming back to the vault: the way to end one that never confirms.
    Return,
}

/// A verified spend, in the core's terms. Only `vault::VerifiedSpend` makes one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SpendPlan {
    /// What it does.
    pub kind: SpendKind,
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
