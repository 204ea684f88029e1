//! Check-ins on the wire: one's own schedule, which says nothing that its author did not do (G3, G8).

use serde::{Deserialize, Serialize};
use types::{Span, Timestamp};
use utoipa::ToSchema;

/// Your own check-ins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckIns {
    /// Your schedule; absent if you have none.
    pub schedule: Option<Schedule>,
}

/// A schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// The time between two appointments.
    #[schema(value_type = String, example = "24h")]
    pub every: Span,
    /// The next appointment. A check-in is for the one that it is nearest to.
    #[schema(value_type = String, format = DateTime)]
    pub next: Timestamp,
    /// How late you may be.
    #[schema(value_type = String, example = "1h")]
    pub grace: Span,
    /// When you last checked in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
}

/// To be missed when you do not check in. Takes the place of your earlier schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    /// The time between two appointments: 15m to 31d.
    #[schema(value_type = String, example = "24h")]
    pub every: Span,
    /// The first appointment, at most 31d from now.
    #[schema(value_type = String, format = DateTime)]
    pub next: Timestamp,
    /// How late you may be: 5m to 48h.
    #[schema(value_type = String, example = "1h")]
    pub grace: Span,
}

/// To check in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {}

/// To be missed no more.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSchedule {}
