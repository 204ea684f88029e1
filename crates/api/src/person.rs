//! Sign-in, own entry, rules and health on the wire (G9: one's own entry and nobody else's).

use serde::{Deserialize, Serialize};
use types::{Currency, GroupId, Hash, PersonId, PlaceId, Timestamp};
use utoipa::ToSchema;

use crate::credential::DeviceEntry;
use crate::motion::SourceText;

/// To sign in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Whether the token comes as a cookie that no script reads, instead of in the answer: for browsers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookie: bool,
}

/// A session for reading. Acts need device and phrase each time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionGrant {
    /// Send it as `Authorization: Bearer …`. Absent when it came as a cookie.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// One's own sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    /// They, oldest first.
    pub sessions: Vec<SessionEntry>,
}

/// A session of one's own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionEntry {
    /// What it is ended by; no secret.
    #[schema(value_type = String)]
    pub id: Hash,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub begun_at: Timestamp,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The device that signed in.
    #[schema(value_type = String)]
    pub device: Hash,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// One's own entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The pseudonym.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Member of.
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupId>,
    /// Own places.
    #[schema(value_type = Vec<String>)]
    pub places: Vec<PlaceId>,
    /// The own devices.
    pub devices: Vec<DeviceEntry>,
    /// The organisation's name.
    pub organisation: String,
    /// In which sums are counted.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// In which days and hours are counted: an IANA name.
    pub time_zone: String,
    /// Whether you are a responder.
    pub responder: bool,
    /// Whether you are an auditor.
    pub auditor: bool,
}

/// The rules, as they were written. The register is not among them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rules {
    /// The files that hold rules only.
    pub sources: Vec<SourceText>,
}

/// Whether the server works.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Of the program.
    pub version: String,
    /// How many warnings the policy in force gives.
    pub warnings: usize,
}
