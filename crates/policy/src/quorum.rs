//! Quorums: monotone expressions over approvals by distinct people. Keeps G1 (distinct people) and G5 (different homes).
//!
//! One person counts once in the whole expression: `all` needs *disjoint* sets of people for its parts. `apart` binds the people
//! counted *in its own part*: no two of them share a home (or any place), and who has none does not count there. Two parts that
//! each say `apart` may still count one person each from the same home; to forbid that, write one part.
//!
//! Called by `overt` at every approval and release, by `covert` for clears, and by the checks and explain of this crate.

use serde::Serialize;
use types::{GroupId, PersonId};

use crate::policy::Policy;
use crate::search::Search;

/// What no two of those counted may share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Apart {
    /// A home.
    Home,
    /// Any place.
    Place,
}

/// An expression over approvals by distinct people.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Quorum {
    /// So many of a group.
    AtLeast {
        /// How many.
        at_least: u32,
        /// Of which group.
        of: GroupId,
        /// What no two of those counted here may share.
        apart: Option<Apart>,
    },
    /// Every part, by disjoint sets of people.
    All(Vec<Quorum>),
    /// Any part.
    Any(Vec<Quorum>),
}

impl Quorum {
    /// Every group that the expression names, in order, repeats included.
    #[must_use]
    pub fn groups(&self) -> Vec<&GroupId> {
        match self {
            Self::AtLeast { of, .. } => vec![of],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::groups).collect(),
        }
    }
}

impl Policy {
    /// Whether these people's approvals meet a quorum. `excluded` never count (the initiator, a person cleared).
    ///
    /// Exact. People whom the policy does not know do not count; neither does a person named twice count twice.
    #[must_use]
    pub fn met(&self, quorum: &Quorum, approvers: &[&PersonId], excluded: &[&PersonId]) -> bool {
        Search::new(self, approvers, excluded).met(quorum)
    }

    /// Whether all people of the register together, without `excluded`, meet a quorum.
    #[must_use]
    pub fn satisfiable(&self, quorum: &Quorum, excluded: &[&PersonId]) -> bool {
        Search::new(self, &self.people().map(|person| &person.id).collect::<Vec<_>>(), excluded).met(quorum)
    }
}
