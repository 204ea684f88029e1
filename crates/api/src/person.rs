//! Sign-in, own entry, rules and health on the wire (G9: one's own entry and nobody else's).

use serde::{Deserialize, Serialize};
use types::{GroupId, PersonId, PlaceId, Timestamp};
use utoipa::ToSchema;

use crate::credential::DeviceEntry;
use crate::motion::SourceText;

/// To sign in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {}

/// A session for reading. Acts need device and phrase each time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionGrant {
    /// Send it as `Authorization: Bearer …`.
    pub token: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
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
