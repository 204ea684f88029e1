//! The responders' side on the wire. Whoever is no responder finds nothing under these paths, not even that they exist (G3, G9).

use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, PersonId, ProtectedId, Timestamp, VaultId};
use utoipa::ToSchema;

use crate::casework::{CallBack, Escalation, StepDone, Told};

/// Incidents that a responder sees.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentList {
    /// Oldest first.
    pub incidents: Vec<Incident>,
}

/// An incident, or an exercise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// Its number. It is drawn, and says nothing of how many there are.
    pub id: u32,
    /// `actual` or `exercise`.
    pub status: String,
    /// Who is concerned.
    pub subjects: Vec<Subject>,
    /// When its first signal came.
    #[schema(value_type = String, format = DateTime)]
    pub opened: Timestamp,
    /// `verify` or `confirmed`.
    pub level: String,
    /// What it keeps from being released.
    pub cover: Cover,
    /// The code by which a caller and a responder know each other.
    pub call_back: String,
    /// Who has taken charge, and when.
    pub acknowledged: Vec<Endorsed>,
    /// Who endorsed the narrower cover under discussion.
    pub narrowing: Vec<Endorsed>,
    /// The narrower cover under discussion.
    pub narrowing_to: Option<Cover>,
    /// Who endorsed the clear that is under way.
    pub clearing: Vec<Endorsed>,
    /// Since when the clear's quorum is met.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub clearing_met_since: Option<Timestamp>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed: Option<Timestamp>,
    /// Protected people whose alarms it holds.
    #[schema(value_type = Vec<String>)]
    pub callers: Vec<ProtectedId>,
    /// Its signals, oldest first.
    pub signals: Vec<SignalEntry>,
    /// How the escalation stands; absent for somebody who sees nothing but their own reports.
    pub escalation: Option<Escalation>,
    /// What was handed over, over which channel and to whom.
    pub told: Vec<Told>,
    /// `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` or `wrong-address`, once somebody has said so.
    pub procedure: Option<String>,
    /// Steps of the procedure that are done.
    pub steps: Vec<StepDone>,
    /// Who leads.
    #[schema(value_type = Option<String>)]
    pub lead: Option<PersonId>,
    /// Until when nobody wants to be called again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub awaits: Option<Timestamp>,
    /// Call-backs with people concerned.
    pub call_backs: Vec<CallBack>,
    /// What went through, or has its approvals, only by acts that this incident discounts. To undo it, propose so openly after the clear.
    pub lost: Lost,
}

/// What has lost its force through an incident.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Lost {
    /// Ids of transfers.
    #[schema(value_type = Vec<String>)]
    pub transfers: Vec<Hash>,
    /// Motions: changes and credentials, also those in force; lifts and lowerings of the posture.
    pub motions: Vec<LostMotion>,
}

/// A motion that has lost its force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LostMotion {
    /// Its id.
    #[schema(value_type = String)]
    pub id: Hash,
    /// `lift`, `lower`, `change`, `credential` or `revoke`.
    pub kind: String,
    /// Whether it is in force.
    pub passed: bool,
}

/// A person concerned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// When it was found.
    #[schema(value_type = String, format = DateTime)]
    pub found: Timestamp,
    /// Acts later than this do not count.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
}

/// Who endorsed something, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Endorsed {
    /// Who.
    #[schema(value_type = String)]
    pub by: PersonId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// One signal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignalEntry {
    /// Who is in danger.
    #[schema(value_type = String)]
    pub who: PersonId,
    /// `sign-in`, `act`, `judgement`, `code-word`, `protected-person`, `missed-check-in` or `panel`.
    pub kind: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The responder who reported it, the protected person who called, or the panel.
    #[schema(value_type = Option<String>)]
    pub told_by: Option<ActorId>,
    /// When that responder heard or saw it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard: Option<Timestamp>,
}

/// Stops that protected people asked for, as a responder sees them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PauseList {
    /// Those in force.
    pub pauses: Vec<Pause>,
}

/// A stop that a protected person asked for: slow matters in which these people take part are declined while it lasts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// Who asked.
    #[schema(value_type = String)]
    pub protected: ProtectedId,
    /// Whose matters.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<PersonId>,
    /// When it was asked for last.
    #[schema(value_type = String, format = DateTime)]
    pub asked: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Who endorsed ending it earlier.
    pub ending: Vec<Endorsed>,
}

/// To endorse that a protected person's stop ends before its time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndPause {}

/// What an incident covers. JSON: `"organisation"` or `{"narrowed": {"vaults", "people"}}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Cover {
    /// Everything.
    Organisation,
    /// What concerns these.
    Narrowed {
        /// Everything from these vaults.
        #[schema(value_type = Vec<String>)]
        vaults: Vec<VaultId>,
        /// Everything in which one of these took part.
        #[schema(value_type = Vec<String>)]
        people: Vec<PersonId>,
    },
}

/// To open an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Who is in danger.
    #[schema(value_type = String)]
    pub who: PersonId,
    /// `judgement` or `code-word`.
    pub kind: String,
    /// When you heard or saw it; now if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard: Option<Timestamp>,
}

/// To add a person who was found not to have been free.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Implicate {
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// To endorse a narrower cover.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Narrow {
    /// To what.
    pub cover: Cover,
}

/// To endorse closing an incident, after a call-back with the person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clear {}

/// To end a clear that is under way.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndClear {}

/// The checklists of responders, and what a caller reads to the police.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Procedures {
    /// One for each kind of attack.
    pub procedures: Vec<Procedure>,
    /// For each kind of attack and number to call, filled with what the incident asked for says; none without `incident`.
    pub scripts: Vec<Script>,
    /// What is wrong with the organisation's own `procedures.toml`, so that the built-in ones are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A checklist.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Procedure {
    /// `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` or `wrong-address`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its steps, in the order in which they are due.
    pub steps: Vec<ProcedureStep>,
}

/// A step of a checklist.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProcedureStep {
    /// Its id, for good.
    pub id: String,
    /// What to do.
    pub text: String,
    /// Why.
    pub why: String,
    /// Who does it, for people.
    pub who: String,
    /// Within which time of the first sign; absent for what follows once the person is safe.
    pub within_seconds: Option<u64>,
}

/// What a caller reads to the police, word for word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Script {
    /// Of which kind of attack: the id of its procedure.
    pub procedure: String,
    /// Which number is called: `17` or `112`.
    pub number: String,
    /// Its name for people.
    pub name: String,
    /// The words; what is in brackets is done or found out, not read.
    pub text: String,
}
