//! Vaults on the wire: what they hold, and addresses to receive at.

use serde::{Deserialize, Serialize};
use types::{Amount, VaultId};
use utoipa::ToSchema;

use crate::money::AssetUnits;

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
