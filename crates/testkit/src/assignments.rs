//! Quorums by brute force: every set of people, every assignment of them to the parts. Slow, obvious, and not the code under
//! test (G1, G5). Called once for each quorum of each world; the answers are kept in a table.

use crate::org::{PEOPLE_MAX, Policy, Quorum};

const SETS: usize = 1 << PEOPLE_MAX;

/// For each set of approvers, whether it meets a quorum.
#[derive(Clone)]
pub struct Met([bool; SETS]);

impl Met {
    /// Tries everything.
    #[must_use]
    pub fn of(policy: &Policy, quorum: &Quorum) -> Self {
        let exact = exact(policy, quorum);
        let contains = |set: usize| (0..SETS).any(|part| exact[part] && part & set == part);
        Self(std::array::from_fn(contains))
    }

    /// Whether these people, as a set of bits, meet it.
    #[must_use]
    pub const fn by(&self, people: usize) -> bool {
        self.0[people]
    }
}

/// The sets of people that can be counted, each of them once, without one too many.
fn exact(policy: &Policy, quorum: &Quorum) -> [bool; SETS] {
    match quorum {
        Quorum::AtLeast(count, group, apart) => std::array::from_fn(|set| {
            let people: Vec<usize> = (0..PEOPLE_MAX).filter(|person| set >> person & 1 == 1).collect();
            let fits = |person: &usize| {
                *person < policy.people.len()
                    && policy.people[*person].groups.contains(group)
                    && policy.is_placed(*person, *apart)
            };
            let pairs = people.iter().flat_map(|a| people.iter().map(move |b| (*a, *b)));
            people.len() == *count
                && people.iter().all(fits)
                && pairs.into_iter().all(|(a, b)| a == b || !policy.share(a, b, *apart))
        }),
        Quorum::Any(parts) => {
            let parts: Vec<[bool; SETS]> = parts.iter().map(|part| exact(policy, part)).collect();
            std::array::from_fn(|set| parts.iter().any(|part| part[set]))
        }
        Quorum::All(parts) => {
            let mut sets = std::array::from_fn(|set| set == 0);
            for part in parts {
                sets = disjoint_unions(&sets, &exact(policy, part));
            }
            sets
        }
    }
}

fn disjoint_unions(one: &[bool; SETS], other: &[bool; SETS]) -> [bool; SETS] {
    let mut unions = [false; SETS];
    for a in (0..SETS).filter(|a| one[*a]) {
        for b in (0..SETS).filter(|b| other[*b] && a & b == 0) {
            unions[a | b] = true;
        }
    }
    unions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::Apart;
    use crate::world::World;

    #[test]
    fn one_person_counts_once_in_the_whole_expression() {
        let world = World::new(3);
        let mut policy = world.versions[0].policy.clone();
        for person in &mut policy.people {
            person.groups = vec![0, 1];
        }
        let one = |group| Quorum::AtLeast(1, group, Apart::No);
        let met = Met::of(&policy, &Quorum::All(vec![one(0), one(1)]));
        assert!(!met.by(0b001));
        assert!(met.by(0b011));
    }
}
