//! Exposure on the wire: how much could anyone be forced to move, now and before (G2). Names for auditors and responders only (G9).

use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, Timestamp};
use utoipa::ToSchema;

use crate::money::CurrencyMinor;

/// One figure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExposureFigure {
    /// How many homes are taken.
    pub k: u8,
    /// For how long, in seconds.
    pub horizon_seconds: u64,
    /// `silent`, `signalled` or `stopped`.
    pub mode: String,
    /// The most that can be lost.
    pub amount: CurrencyMinor,
    /// Whether some strategy reaches it; otherwise it may be lower.
    pub exact: bool,
    /// Which homes; for auditors and responders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<String>,
    /// Who is coerced then; for auditors and responders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub coalition: Vec<ActorId>,
}

/// What was worked out before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExposurePast {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// From which policy.
    #[schema(value_type = String)]
    pub policy: Hash,
    /// The amounts in the order of the figures; nothing when nothing bounded the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amounts: Option<Vec<CurrencyMinor>>,
    /// Whether something was higher than before.
    pub rose: bool,
}

/// Exposure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    /// The figures now.
    pub figures: Vec<ExposureFigure>,
    /// Whether nothing bounds the loss, so that there are no figures: a vault whose balance nobody says, and no limit on it.
    pub unbounded: bool,
    /// The figures before, oldest first; for auditors and responders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<ExposurePast>,
}
