//! Sets of people that suffice: is there a set that meets one policy's quorum and none of another's? Keeps G5.
//!
//! Quorums are monotone, so it is enough to look at sets that are no larger than what the quorum asks for. People who can
//! be swapped without anything changing in either policy stand for one another. The search is bounded; beyond the bound the
//! answer is [`Answer::Undecided`]. Called by `transfers` and `authority`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use types::{GroupId, PersonId, PlaceId};

use super::implied::implied;
use crate::bits::Bits;
use crate::policy::Policy;
use crate::quorum::Quorum;
use crate::search::Search;

/// The most sets that one question looks at.
const SETS_MAX: u32 = 20_000;
/// The most sets that one comparison looks at.
const SETS_IN_ALL_MAX: u32 = 200_000;

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// Whoever suffices for the one suffices for the other.
    Implied,
    /// These people suffice for the one only.
    Found(Vec<PersonId>),
    /// Too large to be searched.
    Undecided,
}

/// One person of either register.
#[derive(Clone, Copy)]
pub(super) struct Someone<'p> {
    pub id: &'p PersonId,
    /// The number in each register.
    pub less: Option<u16>,
    pub more: Option<u16>,
    /// Those with one number can be swapped.
    alike: u32,
}

/// A set of people, in the numbers of both registers.
#[derive(Clone, Default)]
pub(super) struct Chosen {
    pub less: Bits,
    pub more: Bits,
    ids: Vec<PersonId>,
}

impl Chosen {
    fn with(&self, someone: &Someone<'_>) -> Self {
        let mut next = self.clone();
        if let Some(number) = someone.less {
            next.less.insert(number);
        }
        if let Some(number) = someone.more {
            next.more.insert(number);
        }
        next.ids.push(someone.id.clone());
        next
    }
}

/// People who do not count, in each register.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Without {
    pub less: Bits,
    pub more: Bits,
}

/// Everybody of both registers.
pub(super) struct People<'p> {
    less: &'p Policy,
    more: &'p Policy,
    all: Vec<Someone<'p>>,
    /// Whether both registers say the same of everybody, as far as quorums go.
    same: bool,
    /// How many sets may still be looked at.
    left: RefCell<u32>,
}

impl<'p> People<'p> {
    pub(super) fn new(less: &'p Policy, more: &'p Policy) -> Self {
        let (in_less, in_more) = (Likeness::new(less), Likeness::new(more));
        let names: BTreeSet<&PersonId> =
            less.people().chain(more.people()).map(|person| &person.id).collect();
        let mut kinds: HashMap<(Option<Look<'p>>, Option<Look<'p>>), u32> = HashMap::new();
        let someone = |id: &'p PersonId| {
            let next = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
            let alike = *kinds.entry((in_less.of(id), in_more.of(id))).or_insert(next);
            Someone { id, less: less.person_index(id), more: more.person_index(id), alike }
        };
        let mut all: Vec<Someone<'p>> = names.into_iter().map(someone).collect();
        all.sort_by_key(|someone| someone.alike);
        Self { less, more, all, same: same_register(less, more), left: RefCell::new(SETS_IN_ALL_MAX) }
    }

    pub(super) fn all(&self) -> &[Someone<'p>] {
        &self.all
    }

    /// One person of each kind, as far as `belongs` goes.
    pub(super) fn one_of_each(&self, belongs: impl Fn(&Someone<'p>) -> bool) -> Vec<Someone<'p>> {
        let mut seen = BTreeSet::new();
        self.all.iter().filter(|one| belongs(one) && seen.insert(one.alike)).copied().collect()
    }

    /// Whether some people meet `more` (nobody is needed when it is `None`) under the one policy and none of `less` under the other.
    pub(super) fn difference(
        &self,
        more: Option<&Quorum>,
        less: &[Option<&Quorum>],
        without: &Without,
    ) -> Answer {
        if less.iter().any(Option::is_none) {
            return Answer::Implied;
        }
        let Some(more) = more else { return Answer::Found(Vec::new()) };
        let less: Vec<&Quorum> = less.iter().copied().flatten().collect();
        if self.same && without.less == without.more && less.contains(&more) {
            return Answer::Implied;
        }
        if less.iter().any(|quorum| implied(self, more, quorum, without)) {
            return Answer::Implied;
        }
        let mut counted = Bits::default();
        for group in more.groups() {
            counted = counted.or(self.more.members(group));
        }
        let counted = counted.minus(&without.more);
        let flags = |one: &Someone<'_>| one.less.is_some_and(|number| without.less.contains(number));
        let candidates: Vec<(Someone<'p>, (u32, bool))> = self
            .all
            .iter()
            .filter(|one| one.more.is_some_and(|number| counted.contains(number)))
            .map(|one| (*one, (one.alike, flags(one))))
            .collect();
        let meets = |policy: &Policy, quorum: &Quorum, set: Bits| Search::among(policy, set).met(quorum);
        let by_more = |chosen: &Chosen| meets(self.more, more, chosen.more.minus(&without.more));
        let by_less = |chosen: &Chosen| {
            let set = chosen.less.minus(&without.less);
            less.iter().any(|quorum| meets(self.less, quorum, set))
        };
        self.hunt(candidates, most_needed(more), &by_more, &by_less)
    }

    /// Looks for a set that `more` accepts and `less` does not. Candidates of one class are interchangeable.
    pub(super) fn hunt<C: Ord + Copy>(
        &self,
        mut candidates: Vec<(Someone<'p>, C)>,
        most: u32,
        more: &dyn Fn(&Chosen) -> bool,
        less: &dyn Fn(&Chosen) -> bool,
    ) -> Answer {
        candidates.sort_by_key(|(_, class)| *class);
        let left = SETS_MAX.min(*self.left.borrow());
        let mut hunt = Hunt { candidates, more, less, left };
        let found = hunt.from(0, &Chosen::default(), most);
        let used = SETS_MAX.min(*self.left.borrow()).saturating_sub(hunt.left);
        *self.left.borrow_mut() -= used;
        match found {
            Some(people) => Answer::Found(people),
            None if hunt.left == 0 => Answer::Undecided,
            None => Answer::Implied,
        }
    }

    pub(super) fn policies(&self) -> (&'p Policy, &'p Policy) {
        (self.less, self.more)
    }
}

struct Hunt<'h, 'p, C> {
    candidates: Vec<(Someone<'p>, C)>,
    more: &'h dyn Fn(&Chosen) -> bool,
    less: &'h dyn Fn(&Chosen) -> bool,
    left: u32,
}

impl<C: Ord + Copy> Hunt<'_, '_, C> {
    /// The first set found that extends `chosen` by candidates from `start` on.
    fn from(&mut self, start: usize, chosen: &Chosen, most: u32) -> Option<Vec<PersonId>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        // Monotone: whatever contains a set that suffices for the other suffices for the other.
        if (self.less)(chosen) {
            return None;
        }
        if (self.more)(chosen) {
            return Some(chosen.ids.clone());
        }
        if most == 0 {
            return None;
        }
        let mut tried: Option<C> = None;
        for at in start..self.candidates.len() {
            let Some((someone, class)) = self.candidates.get(at).copied() else { break };
            if tried == Some(class) {
                continue;
            }
            tried = Some(class);
            let found = self.from(at + 1, &chosen.with(&someone), most - 1);
            if found.is_some() || self.left == 0 {
                return found;
            }
        }
        None
    }
}

/// No minimal set that meets a quorum is larger.
fn most_needed(quorum: &Quorum) -> u32 {
    match quorum {
        Quorum::AtLeast { at_least, .. } => *at_least,
        Quorum::All(parts) => parts.iter().map(most_needed).fold(0, u32::saturating_add),
        Quorum::Any(parts) => parts.iter().map(most_needed).max().unwrap_or(0),
    }
}

/// Whether everybody has the same number, groups and places in both registers.
fn same_register(less: &Policy, more: &Policy) -> bool {
    let said = |policy: &Policy| -> Vec<_> {
        let of = |person: &crate::model::Person| {
            (person.id.clone(), person.groups.clone(), person.places.clone(), person.homes.clone())
        };
        policy.people().map(of).collect()
    };
    said(less) == said(more)
}

/// Every group that a rule names, those of the covert side apart.
pub(super) fn rule_groups(policy: &Policy) -> BTreeSet<&GroupId> {
    let mut groups: BTreeSet<&GroupId> = BTreeSet::new();
    for permit in policy.permits() {
        groups.extend(&permit.initiators);
        groups.extend(permit.approve.iter().flat_map(Quorum::groups));
    }
    groups.extend(policy.forbids().iter().flat_map(|forbid| forbid.initiators.iter().flatten()));
    let single =
        [&policy.change().approve, &policy.change().tighten, &policy.stop().lift, &policy.response().clear];
    groups.extend(single.into_iter().flat_map(Quorum::groups));
    groups
}

/// What a register says of a person, as far as quorums and initiators go. Who looks alike can be swapped.
#[derive(PartialEq, Eq, Hash)]
struct Look<'p> {
    groups: BTreeSet<&'p GroupId>,
    shared: BTreeSet<&'p PlaceId>,
    has_home: bool,
    has_place: bool,
}

struct Likeness<'p> {
    policy: &'p Policy,
    groups: BTreeSet<&'p GroupId>,
    residents: BTreeMap<&'p PlaceId, usize>,
}

impl<'p> Likeness<'p> {
    fn new(policy: &'p Policy) -> Self {
        let mut residents: BTreeMap<&PlaceId, usize> = BTreeMap::new();
        for place in policy.people().flat_map(|person| &person.places) {
            *residents.entry(place).or_default() += 1;
        }
        Self { policy, groups: rule_groups(policy), residents }
    }

    fn of(&self, id: &PersonId) -> Option<Look<'p>> {
        let person = self.policy.person(id)?;
        let shared = |place: &&PlaceId| self.residents.get(place).is_some_and(|residents| *residents > 1);
        Some(Look {
            groups: person.groups.iter().filter(|group| self.groups.contains(group)).collect(),
            shared: person.places.iter().filter(shared).collect(),
            has_home: !person.homes.is_empty(),
            has_place: !person.places.is_empty(),
        })
    }
}
