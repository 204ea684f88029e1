//! Vaults on the wire: what they hold, where they stand on their chain, addresses to receive at, transactions to sign.

use serde::{Deserialize, Serialize};
use types::{Amount, Timestamp, VaultId};
use utoipa::ToSchema;

use crate::money::{AssetUnits, CurrencyMinor};

/// A vault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Vault {
    /// Its name.
    #[schema(value_type = String)]
    pub id: VaultId,
    /// `bitcoin:regtest` and so on, or `gate-only`.
    pub chain: String,
    /// What it holds as far as the chain was followed; `null` for a gate-only vault.
    #[schema(value_type = Option<AssetUnits>)]
    pub balance: Option<Amount>,
    /// The part of it that is reserved for signed transfers.
    #[schema(value_type = Option<AssetUnits>)]
    pub reserved: Option<Amount>,
}

/// The vaults that you have to do with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultList {
    /// They.
    pub vaults: Vec<Vault>,
}

/// An address to receive at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultAddress {
    /// Which one.
    pub index: u32,
    /// It.
    pub address: String,
}

/// To hand out an address that nobody has seen.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    /// What it is for; people who see the vault read it.
    #[serde(default)]
    pub label: String,
}

/// An address that was handed out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShownAddress {
    /// Which one.
    pub index: u32,
    /// It.
    pub address: String,
    /// What it is for.
    pub label: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub shown_at: Timestamp,
    /// For each of the vault's keys, its fingerprint and the path from it to this address's key.
    pub derivation: Vec<String>,
}

/// Addresses that were handed out, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AddressList {
    /// They.
    pub addresses: Vec<ShownAddress>,
}

/// An output that a vault has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Coin {
    /// `txid:index`, as explorers write it.
    pub outpoint: String,
    /// What it holds.
    #[schema(value_type = AssetUnits)]
    pub amount: Amount,
    /// The block that has it, where the feed said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// How many blocks old it is; by the clock where its block is not known.
    pub age_blocks: u64,
    /// Blocks until the recovery path opens; 0 when it is open.
    pub blocks_to_recovery: u64,
    /// Whether it should be renewed: it is in the last quarter before that.
    pub refresh_due: bool,
    /// Whether it is reserved for a signed transfer.
    pub reserved: bool,
}

/// What a vault has, the oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CoinList {
    /// At most 1000.
    pub coins: Vec<Coin>,
    /// How many there are.
    pub count: usize,
}

/// Where a vault stands on its chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct VaultDetail {
    /// The vault.
    #[serde(flatten)]
    pub vault: Vault,
    /// Its descriptor with checksum, BIP-389: what any other wallet needs to watch it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<String>,
    /// The last block that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The median time of the last eleven blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub median_time: Option<Timestamp>,
    /// Why the chain cannot be relied on now, as a code: released transfers wait meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What is signed and not confirmed.
    pub afloat: CurrencyMinor,
    /// The most that may be, if the policy says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<CurrencyMinor>,
    /// How many outputs should be renewed.
    pub refresh_due: usize,
}

/// A transaction to sign.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// The PSBT, version 0, in base64, without signatures.
    pub psbt: String,
    /// What the network is paid.
    #[schema(value_type = AssetUnits)]
    pub fee: Amount,
    /// The most virtual bytes that it will have when it is signed.
    pub vsize: u64,
    /// Where the rest comes back to, as explorers show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
}

/// A refresh to propose: submit a transfer with `refresh`, these outputs to the vault itself and this maximum fee, then bring the PSBT.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefreshDraft {
    /// What each output holds.
    #[schema(value_type = Vec<AssetUnits>)]
    pub values: Vec<Amount>,
    /// The highest maximum fee.
    #[schema(value_type = AssetUnits)]
    pub max_fee: Amount,
    /// The transaction.
    pub draft: Draft,
    /// Outputs that are due and did not fit: propose another refresh for them.
    pub left: usize,
}
