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

/// The strategy behind one figure, as a timeline; for auditors and responders only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Witness {
    /// The figure.
    pub figure: ExposureFigure,
    /// How an attacker would reach it, step by step.
    pub steps: Vec<WitnessStep>,
    /// A moment at which it would begin, where a calendar matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub begins: Option<Timestamp>,
    /// What is taken as given because nobody says, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumes: Vec<String>,
    /// How many further steps there are that are not shown.
    #[serde(default)]
    pub more: u64,
}

/// One step of a strategy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct WitnessStep {
    /// Seconds after the taking.
    pub at_seconds: u64,
    /// What happens, one sentence.
    pub text: String,
    /// How much it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<CurrencyMinor>,
    /// Seconds after the taking at which it takes effect.
    pub effect_seconds: u64,
}

/// What a deterrence certificate would say now; for auditors and responders only. It is signed on another machine, by
/// `rempart certificate make`: the key that signs certificates is not on the server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CertificateDraft {
    /// What it would say; empty when none would be made.
    pub figures: Vec<CertificateFigure>,
    /// Why none would be made, and what to do; absent when one would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The policy that it would be of.
    #[schema(value_type = String)]
    pub policy: Hash,
    /// For how long it would be valid.
    pub lifetime_seconds: u64,
    /// The command that makes it.
    pub command: String,
}

/// One figure of a certificate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CertificateFigure {
    /// How many homes are taken.
    pub k: u8,
    /// For how long, in seconds.
    pub horizon_seconds: u64,
    /// At most so much, rounded up: a share such as `5 %`, or a sum.
    pub at_most: String,
}

/// The attacks on record, replayed against the policy in force; for auditors and responders only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DrillReplay {
    /// How many attacks were replayed.
    pub replayed: u64,
    /// How many are on record.
    pub rows: u64,
    /// What the vaults hold.
    pub held: CurrencyMinor,
    /// What wallets that a phone and a password open would have lost in all.
    pub wallet_total: CurrencyMinor,
    /// What would have been lost in all: nobody signals, nobody acts.
    pub silent: CurrencyMinor,
    /// The same, with panic phrases from the first act.
    pub signalled: CurrencyMinor,
    /// The same, when free people stop everything openly in time.
    pub stopped: CurrencyMinor,
    /// The figure: an SVG image of its own, to be shown as an image; its words are `text`.
    pub svg: String,
    /// The report in words.
    pub text: String,
}
