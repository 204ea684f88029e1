//! Who must not be told and never counts: the person concerned, those of the same home, and relatives (G8).

use policy::Policy;
use types::{PersonId, ProtectedId};

/// Whether someone is the person, shares a home with the person, or is related (`of`, in either direction).
#[must_use]
pub fn is_kin(policy: &Policy, subject: &PersonId, someone: &PersonId) -> bool {
    if subject == someone {
        return true;
    }
    let (Some(one), Some(other)) = (policy.person(subject), policy.person(someone)) else { return false };
    let share_a_home = one.homes.iter().any(|home| other.homes.contains(home));
    share_a_home || one.of.contains(someone) || other.of.contains(subject)
}

/// Whether someone shares a home with a protected person or is related to them.
#[must_use]
pub fn is_kin_of_protected(policy: &Policy, protected: &ProtectedId, someone: &PersonId) -> bool {
    let (Some(protected), Some(person)) = (policy.protected(protected), policy.person(someone)) else {
        return false;
    };
    protected.of.contains(someone) || person.homes.iter().any(|home| protected.places.contains(home))
}
