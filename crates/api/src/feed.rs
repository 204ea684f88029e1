//! What feeds report: prices, transactions, confirmations. Signed with the feed's key; no phrase.

use serde::{Deserialize, Serialize};
use types::{Currency, Hash, Rate, Timestamp, VaultId};
use utoipa::ToSchema;

/// A price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrice {
    /// Of which asset.
    #[schema(value_type = String, example = "BTC")]
    pub asset: Currency,
    /// When it was seen.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How much of the organisation's currency one unit is worth, as a decimal.
    #[schema(value_type = String, example = "50000.00")]
    pub rate: Rate,
}

/// A confirmed transaction: one that pays a vault, or one that the co-signer signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransaction {
    /// Which vault it concerns.
    #[schema(value_type = String)]
    pub vault: VaultId,
    /// The transaction, in hexadecimal digits.
    pub transaction: String,
    /// Set when this is the payment of a transfer: which one it confirms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirms: Option<Confirmation>,
}

/// Which transfer a transaction confirms.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The transfer.
    #[schema(value_type = String)]
    pub transfer: Hash,
}
