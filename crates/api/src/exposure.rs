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
    /// The cheapest single change that lowers it, once it has been worked out; for auditors and responders only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<ExposureAdvice>,
}

/// A single change of the policy that lowers a figure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExposureAdvice {
    /// What to change, in English.
    pub change_en: String,
    /// What to change, in French.
    pub change_fr: String,
    /// The figure with it.
    pub amount: CurrencyMinor,
    /// How much longer the transfers on record would have waited, in all.
    pub added_wait_seconds: u64,
    /// How many of them would not have passed as they were.
    pub blocked_transfers: u32,
    /// How many values are edited.
    pub edited_values: u32,
}

/// A figure that rose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExposureRisen {
    /// How many homes are taken.
    pub k: u8,
    /// For how long, in seconds.
    pub horizon_seconds: u64,
    /// `silent`, `signalled` or `stopped`.
    pub mode: String,
    /// What it was.
    pub before: CurrencyMinor,
    /// What it became; absent when nothing bounded it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<CurrencyMinor>,
}

/// A rise of exposure: a warning to auditors and responders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExposureRise {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Under which policy.
    #[schema(value_type = String)]
    pub policy: Hash,
    /// Which figures rose.
    pub figures: Vec<ExposureRisen>,
    /// Whether it is still warned of: some of these is above what it was, and 30 days have not passed.
    pub standing: bool,
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
    /// Warnings, newest first; for auditors and responders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rises: Vec<ExposureRise>,
    /// The figures before, oldest first; for auditors and responders only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<ExposurePast>,
}
