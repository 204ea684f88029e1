//! What the sealed text says of itself: whose it is and which revision. Whoever opens it compares that with what was asked for (G9).

use serde::{Deserialize, Serialize};
use types::{PersonId, Timestamp};

/// Of whom, for whom, which one, when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// The organisation's name.
    pub organisation: String,
    /// Whose packet it is.
    pub person: PersonId,
    /// Its number, from 1.
    pub revision: u32,
    /// When it was sealed, by the clock of whoever sealed it.
    pub sealed_at: Timestamp,
}

/// What was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The organisation's name, if it is known.
    pub organisation: Option<String>,
    /// Whose packet.
    pub person: PersonId,
    /// Which revision, if the server said.
    pub revision: Option<u32>,
    /// When the server got it, if it said.
    pub kept_at: Option<Timestamp>,
}

/// Why a packet may not be the one that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Another organisation's.
    Organisation,
    /// Another person's.
    Person(PersonId),
    /// Sealed as another revision.
    Revision(u32),
    /// Sealed long before, or after, it was handed in.
    Time(Timestamp),
}

/// How far the clocks of a sealer and of the server may be apart, and how long sealing and handing in may take.
const APART_MAX_MILLIS: i64 = 48 * 3600 * 1000;

impl Binding {
    /// What does not agree with what was asked for.
    #[must_use]
    pub fn doubts(&self, expected: &Expected) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if expected.organisation.as_ref().is_some_and(|name| *name != self.organisation) {
            doubts.push(Doubt::Organisation);
        }
        if expected.person != self.person {
            doubts.push(Doubt::Person(self.person.clone()));
        }
        if expected.revision.is_some_and(|revision| revision != self.revision) {
            doubts.push(Doubt::Revision(self.revision));
        }
        let apart = |at: Timestamp| at.as_millis().abs_diff(self.sealed_at.as_millis());
        if expected.kept_at.is_some_and(|at| apart(at) > APART_MAX_MILLIS.unsigned_abs()) {
            doubts.push(Doubt::Time(self.sealed_at));
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_is_doubted() {
        let at = Timestamp::parse("2026-11-20T09:30:00Z").unwrap();
        let alice = PersonId::parse("alice").unwrap();
        let bob = PersonId::parse("bob").unwrap();
        let binding = Binding { organisation: "X".into(), person: alice.clone(), revision: 3, sealed_at: at };
        let expected = Expected {
            organisation: Some("X".into()),
            person: alice.clone(),
            revision: Some(3),
            kept_at: Some(Timestamp::from_millis(at.as_millis() + APART_MAX_MILLIS)),
        };
        assert!(binding.doubts(&expected).is_empty());
        let other = Expected {
            organisation: Some("Y".into()),
            person: bob,
            revision: Some(4),
            kept_at: Some(Timestamp::from_millis(at.as_millis() - APART_MAX_MILLIS - 1)),
        };
        let doubts = binding.doubts(&other);
        assert_eq!(doubts, [Doubt::Organisation, Doubt::Person(alice), Doubt::Revision(3), Doubt::Time(at)]);
    }
}
