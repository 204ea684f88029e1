//! The policy on the wire: as sentences, as the register that few may read, and what a change of it would do (G2, G5, G9).

use serde::{Deserialize, Serialize};
use types::{Hash, PersonId};
use utoipa::ToSchema;

use crate::exposure::Exposure;
use crate::motion::SourceText;

/// The rules in force as sentences: groups only, no person and no place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyText {
    /// The hash of rules and register together.
    #[schema(value_type = String)]
    pub hash: Hash,
    /// By subject.
    pub sections: Vec<PolicySection>,
}

/// What the rules say of one subject.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicySection {
    /// The subject.
    pub title: String,
    /// One for each rule.
    pub sentences: Vec<String>,
}

/// The register in force; for auditors and responders only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Register {
    /// All files of the policy, rules included.
    pub sources: Vec<SourceText>,
    /// Everybody with a credential.
    pub people: Vec<RegisterPerson>,
    /// All places.
    pub places: Vec<String>,
    /// All services.
    pub services: Vec<String>,
    /// Protected people.
    pub protected: Vec<RegisterProtected>,
}

/// A person of the register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RegisterPerson {
    /// The pseudonym.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Member of.
    pub groups: Vec<String>,
    /// Where this person can be taken, homes included.
    pub places: Vec<String>,
    /// The names of the signing keys that this person can be made to use.
    pub keys: Vec<String>,
}

/// A protected person of the register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RegisterProtected {
    /// The pseudonym.
    pub id: String,
    /// Whose relative.
    #[schema(value_type = Vec<String>)]
    pub of: Vec<PersonId>,
}

/// What a change of the policy would do. Nothing is proposed by asking.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyPreview {
    /// What is wrong or dangerous in the files, gravest first.
    pub findings: Vec<Finding>,
    /// `tightens`, `loosens`, `mixed` or `equal`; absent when the files are no policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// What only one of the two policies allows; where that would name people, groups stand for them unless you may read the register.
    pub differences: Vec<Difference>,
    /// Exposure under the policy in force.
    pub before: Exposure,
    /// Exposure under the proposed one; absent when the files are no policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Exposure>,
}

/// A problem in a policy file, with its place and the fix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `error`: the files are no policy; `warning`: legal, but dangerous or useless.
    pub severity: String,
    /// A stable code; `docs/policy.md` lists them.
    pub code: String,
    /// What is wrong and what to do, in English.
    pub message: String,
    /// What the code means, in the language asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The file's name.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// Something that only one of two policies allows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// In words.
    pub text: String,
    /// `loosens`: the proposed policy allows it, or a stop is lost; `tightens`: only the one in force allows it.
    pub direction: String,
}
