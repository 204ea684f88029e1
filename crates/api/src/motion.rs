//! Stops, posture and motions on the wire: one person blocks at once, a quorum lifts, lowers and changes (G5, G9).

use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, Timestamp, VaultId};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::credential::CredentialProposal;

/// What a stop blocks. JSON: `{"transfer": id}`, `{"vault": name}`, `{"person": name}` or `"organisation"`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One transfer.
    Transfer(Hash),
    /// Everything from one vault.
    Vault(VaultId),
    /// Everything that one person or service submitted or approved.
    Person(ActorId),
    /// Everything.
    Organisation,
}

/// The schema of [`Scope`], whose contents are text.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the JSON of `Scope`")]
enum ScopeText {
    Transfer(String),
    Vault(String),
    Person(String),
    Organisation,
}

impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        ScopeText::schema()
    }
}

impl ToSchema for Scope {}

/// To block something at once, until a quorum lifts it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStop {
    /// What.
    pub scope: Scope,
    /// Why, in your own words. Everybody reads it.
    #[serde(default)]
    pub reason: String,
}

/// A stop, as one person sees it. Never who placed it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stop {
    /// Its number.
    pub id: u64,
    /// What it blocks.
    pub scope: Scope,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why, in the words of who placed it.
    pub reason: String,
    /// Whether you placed it.
    pub yours: bool,
    /// When it was lifted; `null` while it is in force.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lifted_at: Option<Timestamp>,
}

/// All stops, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StopList {
    /// Those in force and those lifted.
    pub stops: Vec<Stop>,
}

/// To propose that a stop be lifted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftStop {}

/// The organisation's alertness.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostureWord {
    /// Every day.
    Normal,
    /// Something is wrong somewhere.
    Elevated,
    /// Nothing moves but what is marked for it.
    Lockdown,
}

/// The posture now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Posture {
    /// It.
    pub posture: PostureWord,
}

/// To raise the posture at once, or to propose that it be lowered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPosture {
    /// To what.
    pub to: PostureWord,
}

/// A policy file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceText {
    /// Its name, as diagnostics show it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// To propose another policy: all its files, or those that are to change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    /// Rules and register.
    pub sources: Vec<SourceText>,
    /// Whether the files in force that are not named among `sources` stay as they are, so that who sees only the rules can change them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_others: bool,
}

/// What is proposed. The text of a change is not shown here: it may contain the register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProposalWord {
    /// To lift the stop with this number.
    Lift(u64),
    /// To lower the posture.
    Lower(PostureWord),
    /// To put another policy in force.
    Change,
    /// To add to somebody's credential, or to replace it.
    Credential(CredentialProposal),
    /// To leave somebody's devices nothing but stopping.
    #[schema(value_type = String)]
    Revoke(ActorId),
}

/// A motion, as one person sees it. Never who endorsed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Motion {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Hash,
    /// What is proposed.
    pub proposal: ProposalWord,
    /// What a pending change would put in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeText>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: Timestamp,
    /// `pending`, `passed`, `declined`, `expired`, `ended` or `lapsed`.
    pub status: String,
    /// Whether you proposed it.
    pub yours: bool,
    /// Whether you endorsed it.
    pub endorsed_by_you: bool,
    /// Whether its quorum is met.
    pub met: bool,
    /// When its wait ends, as things stand.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ready_at: Option<Timestamp>,
    /// Of a change: `tightens`, `loosens`, `mixed` or `equal`, against the policy in force while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Of a tightening in force that somebody of another home must still endorse: when it lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lapses_at: Option<Timestamp>,
}

/// What a change would put in force, as far as everybody may read it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeText {
    /// SHA-256 over the length-prefixed domain `rempart/sources/v1` and the canonical JSON of all its files, register included: who has
    /// the files can see that they are these.
    #[schema(value_type = String)]
    pub hash: Hash,
    /// The files that hold rules only.
    pub rules: Vec<SourceText>,
}

/// All motions, in the order in which they were proposed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MotionList {
    /// They.
    pub motions: Vec<Motion>,
}

/// To endorse a motion.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndorseMotion {}

/// To end a motion.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndMotion {}
