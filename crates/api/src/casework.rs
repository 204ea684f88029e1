//! What responders do with an incident, on the wire (G3, G8): acknowledge, write down, hand over, practise; and who is on duty.

use serde::{Deserialize, Serialize};
use types::{ChannelId, PersonId, PlaceId, ScheduleId, Timestamp};
use utoipa::ToSchema;

/// How an escalation stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Escalation {
    /// Which round, from 0: another begins when responders fall silent.
    pub round: u32,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub begun: Timestamp,
    /// Since when responders in two different places have acknowledged.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered: Option<Timestamp>,
    /// When more people are called, or the same again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next: Option<Timestamp>,
}

/// What somebody, or the other end of a channel, was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Told {
    /// Over which channel.
    #[schema(value_type = String)]
    pub channel: ChannelId,
    /// Who; absent where the other end knows by itself whom to tell.
    #[schema(value_type = Option<String>)]
    pub to: Option<PersonId>,
    /// When the channel took the first message.
    #[schema(value_type = String, format = DateTime)]
    pub first: Timestamp,
    /// When it took the last one.
    #[schema(value_type = String, format = DateTime)]
    pub last: Timestamp,
    /// Of how many signals that told.
    pub signals: u32,
}

/// A step that is done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct StepDone {
    /// Which.
    pub step: String,
    /// By whom.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A call-back with a person concerned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallBack {
    /// Who called.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// Whom.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whether the person gave the all-clear.
    pub all_clear: bool,
    /// Whether the person could speak alone.
    pub private: bool,
}

/// To say that somebody has taken charge.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// Where you are; your home if absent. Calls go on until people in two different places have acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<PlaceId>,
}

/// The same, by the call-back code of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeCode {
    /// Six digits.
    pub code: String,
    /// Where you are; your home if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<PlaceId>,
}

/// To say what kind of attack it is, and so which procedure to follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` or `wrong-address`.
    pub procedure: String,
}

/// To tick a step of the procedure, or to take the tick away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which: its short name, at most 40 bytes.
    pub step: String,
    /// Whether it is done.
    pub done: bool,
}

/// To write something down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What; at most 600 bytes.
    pub text: String,
}

/// To write down that somebody was called.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Called {
    /// Who.
    pub whom: Callee,
    /// What came of it; at most 600 bytes.
    #[serde(default)]
    pub note: String,
}

/// Who was called. JSON: `"police"`, `{"person": NAME}` or `{"other": TEXT}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Callee {
    /// 17, 112, or a liaison.
    Police,
    /// Somebody of the organisation.
    #[schema(value_type = String)]
    Person(PersonId),
    /// Anybody else, in at most 60 bytes.
    Other(String),
}

/// To write down that a person concerned was called back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalledBack {
    /// Whom.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Whether the person gave the all-clear.
    pub all_clear: bool,
    /// Whether the person could speak alone.
    pub private: bool,
}

/// To hand the lead over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// To whom.
    #[schema(value_type = String)]
    pub to: PersonId,
}

/// To say that nothing can be done until then, so that nobody is called again before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Await {
    /// Until when; at most 12 h from now.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// To try everything on the same people, as an exercise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Who would be in danger. Neither they nor anybody of their home is called.
    #[schema(value_type = String)]
    pub who: PersonId,
}

/// To end an exercise.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndDrill {}

/// To take somebody's turn on a schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Which schedule.
    #[schema(value_type = String)]
    pub schedule: ScheduleId,
    /// Who is on duty instead.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when, exclusive.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// Who is on duty, as responders see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Duty {
    /// Each schedule.
    pub schedules: Vec<OnDuty>,
    /// Turns that somebody has taken over.
    pub overrides: Vec<Override>,
    /// How the channels do.
    pub channels: Vec<ChannelState>,
    /// What is wrong with the call plan, in the language asked for.
    pub warnings: Vec<String>,
}

/// One schedule now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OnDuty {
    /// Which.
    #[schema(value_type = String)]
    pub schedule: ScheduleId,
    /// Who is on duty.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
    /// When that changes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// How a channel does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelState {
    /// Which.
    #[schema(value_type = String)]
    pub channel: ChannelId,
    /// Whether its other end answers.
    pub alive: bool,
    /// When it last did.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success: Option<Timestamp>,
    /// What is wrong, if something is.
    pub error: Option<String>,
}
