//! The overt record on the wire, for auditors: what was done, by whom, when; and whether the record is whole (G3, G7, G9).
//!
//! Nothing here says how a phrase was typed: entries are made from the overt part of a record alone, and so are their hashes.

use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, Timestamp};
use utoipa::ToSchema;

/// A page of the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditList {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// To be given as `before` for the page after this one; absent at the beginning of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// One record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its number in the record, from 1.
    pub number: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Of everything overt in the record up to and with this entry.
    #[schema(value_type = String)]
    pub hash: Hash,
    /// Who acted; nobody for what the clock or the chain brought about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub by: Option<ActorId>,
    /// What kind of act, a word for programs such as `approve`.
    pub kind: String,
    /// What was done, one sentence.
    pub text: String,
    /// The stable code of why it was refused; absent when it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What a check of the whole record found, as `rempart journal verify` does it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditVerification {
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last of them.
    #[schema(value_type = String)]
    pub head: Hash,
    /// Whether every link and every signature holds.
    pub whole: bool,
    /// What is wrong first, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
