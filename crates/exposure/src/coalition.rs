//! Who falls together (G2): what an adversary can take, whom that coerces, and which takings are interchangeable.
//!
//! Two homes are interchangeable when swapping their people changes nothing that a rule can see: the same groups, the same other
//! places, the same key paths, the same services, no ties to anyone else. Called by `search`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use policy::{Person, PlaceKind, Policy};
use types::{ActorId, KeyId, PersonId, PlaceId};

use crate::bound::{Adversary, Assumption};

/// One thing that can be taken.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The name of the place or person.
    pub id: String,
    /// Everyone who is coerced by it, by number in the register.
    pub people: BTreeSet<usize>,
    /// Whether the co-signer stands there.
    pub cosigner: bool,
    /// A person without a home, taken as living alone.
    pub homeless: bool,
}

/// What may be taken.
#[derive(Debug)]
pub(crate) struct Takings {
    pub targets: Vec<Target>,
    /// People who administer the co-signer's host.
    pub hosts: BTreeSet<usize>,
}

/// Everyone who is coerced together.
#[derive(Clone, Debug)]
pub(crate) struct Coalition<'p> {
    pub taken: Vec<String>,
    pub people: Vec<&'p Person>,
    pub services: Vec<&'p policy::Service>,
    pub holds_cosigner: bool,
    pub assumes: Vec<Assumption>,
}

impl<'p> Coalition<'p> {
    /// Whoever falls with these targets.
    pub(crate) fn of(policy: &'p Policy, targets: &[&Target]) -> Self {
        let numbers: BTreeSet<usize> = targets.iter().flat_map(|target| &target.people).copied().collect();
        let people: Vec<&Person> =
            policy.people().enumerate().filter(|(at, _)| numbers.contains(at)).map(|(_, p)| p).collect();
        let operated = |service: &&policy::Service| {
            service.operated_by.iter().any(|operator| people.iter().any(|person| person.id == *operator))
        };
        let homeless = targets.iter().filter(|target| target.homeless);
        Self {
            taken: targets.iter().map(|target| target.id.clone()).collect(),
            services: policy.services().iter().filter(operated).collect(),
            holds_cosigner: targets.iter().any(|target| target.cosigner)
                || people.iter().any(|person| person.hosts_cosigner),
            assumes: homeless
                .filter_map(|target| PersonId::parse(&target.id).ok())
                .map(Assumption::LivesAlone)
                .collect(),
            people,
        }
    }

    pub(crate) fn actors(&self) -> Vec<ActorId> {
        let people = self.people.iter().map(|person| ActorId::from(person.id.clone()));
        people.chain(self.services.iter().map(|service| ActorId::from(service.id.clone()))).collect()
    }

    pub(crate) fn ids(&self) -> Vec<&'p PersonId> {
        self.people.iter().map(|person| &person.id).collect()
    }
}

impl Takings {
    pub(crate) fn of(policy: &Policy, adversary: Adversary) -> Self {
        let targets = match adversary {
            Adversary::Homes => places(policy, |kind| kind == PlaceKind::Home),
            Adversary::Places => places(policy, |_| true),
            Adversary::People => people(policy),
        };
        let hosts = policy.people().enumerate().filter(|(_, person)| person.hosts_cosigner);
        Self { targets, hosts: hosts.map(|(at, _)| at).collect() }
    }

    /// Sorts what is worth taking into kinds, of each as many as `k` can need: what is of one kind is interchangeable.
    pub(crate) fn kinds(&self, policy: &Policy, adversary: Adversary, k: usize) -> Vec<Vec<usize>> {
        let (mut alone, mut alike) = classes(policy, adversary, &self.targets);
        if adversary == Adversary::People {
            apart(policy, &self.targets, (&mut alone, &mut alike), k);
        }
        let each = alone.into_iter().map(|target| vec![target]);
        each.chain(alike.into_iter().map(|class| class.into_iter().take(k).collect())).collect()
    }
}

/// For every way to take so many, one that stands for all that are interchangeable with it. `None` when there are more than `most`.
pub(crate) fn representatives(kinds: &[Vec<usize>], k: usize, most: usize) -> Option<Vec<Vec<usize>>> {
    let total: usize = kinds.iter().map(Vec::len).sum();
    let mut found = Vec::new();
    choose(kinds, k.min(total), &mut Vec::new(), &mut found, most).then_some(found)
}

fn choose(
    kinds: &[Vec<usize>],
    left: usize,
    chosen: &mut Vec<usize>,
    found: &mut Vec<Vec<usize>>,
    most: usize,
) -> bool {
    if left == 0 {
        found.push(chosen.clone());
        return found.len() <= most;
    }
    let rest: usize = kinds.iter().map(Vec::len).sum();
    let Some((class, others)) = kinds.split_first().filter(|_| rest >= left) else { return true };
    for count in (0..=left.min(class.len())).rev() {
        let before = chosen.len();
        chosen.extend(class.iter().take(count));
        let fits = choose(others, left - count, chosen, found, most);
        chosen.truncate(before);
        if !fits {
            return false;
        }
    }
    true
}

/// Whoever lives with others counts less beside them where people must be apart, and never more. So of each kind of people it is enough
/// to look at `k` who share no home with anyone else who is looked at. A kind of which there are not so many stands alone, by name.
fn apart(
    policy: &Policy,
    targets: &[Target],
    (alone, alike): (&mut Vec<usize>, &mut Vec<Vec<usize>>),
    k: usize,
) {
    let people: Vec<&Person> = policy.people().collect();
    let homes_of = |target: &usize| {
        let coerced = targets.get(*target).into_iter().flat_map(|target| &target.people);
        coerced.filter_map(|number| people.get(*number)).flat_map(|person| &person.homes).collect::<Vec<_>>()
    };
    alike.sort_by_key(Vec::len);
    loop {
        let mut used: BTreeSet<&PlaceId> = alone.iter().flat_map(homes_of).collect();
        let mut kept: Vec<Vec<usize>> = Vec::new();
        let crowded = alike.iter().position(|class| {
            let mut found = Vec::new();
            for target in class {
                let homes = homes_of(target);
                if found.len() < k && !homes.iter().any(|home| used.contains(home)) {
                    used.extend(homes);
                    found.push(*target);
                }
            }
            let enough = found.len() >= k.min(class.len());
            kept.push(found);
            !enough
        });
        match crowded {
            Some(at) => alone.extend(alike.remove(at)),
            None => {
                *alike = kept;
                return;
            }
        }
    }
}

/// By name, so that a thousand people cost a thousand look-ups.
fn numbers(policy: &Policy) -> HashMap<&PersonId, usize> {
    policy.people().enumerate().map(|(at, person)| (&person.id, at)).collect()
}

fn with_coerced(
    policy: &Policy,
    numbers: &HashMap<&PersonId, usize>,
    taken: impl Iterator<Item = usize>,
) -> BTreeSet<usize> {
    let people: Vec<&Person> = policy.people().collect();
    let mut all = BTreeSet::new();
    for at in taken {
        all.insert(at);
        let of = people.get(at).map_or(&[][..], |person| &person.of);
        all.extend(of.iter().filter_map(|id| numbers.get(id)));
    }
    all
}

fn places(policy: &Policy, wanted: impl Fn(PlaceKind) -> bool) -> Vec<Target> {
    let numbers = numbers(policy);
    let mut there: HashMap<&PlaceId, Vec<usize>> = HashMap::new();
    for (at, person) in policy.people().enumerate() {
        for place in &person.places {
            there.entry(place).or_default().push(at);
        }
    }
    let mut relatives: HashMap<&PlaceId, BTreeSet<usize>> = HashMap::new();
    for protected in policy.protected_people() {
        for place in &protected.places {
            let of = protected.of.iter().filter_map(|id| numbers.get(id));
            relatives.entry(place).or_default().extend(of);
        }
    }
    let places = policy.places().iter().filter(|place| wanted(place.kind));
    let mut targets: Vec<Target> = places
        .map(|place| {
            let taken = there.get(&place.id).into_iter().flatten().copied();
            let mut people = with_coerced(policy, &numbers, taken);
            people.extend(relatives.get(&place.id).into_iter().flatten());
            let cosigner = policy.cosigner().places.contains(&place.id);
            Target { id: place.id.to_string(), people, cosigner, homeless: false }
        })
        .collect();
    // Everybody lives somewhere: who has no home in the register could not be taken at all otherwise.
    for (at, person) in policy.people().enumerate().filter(|(_, person)| person.homes.is_empty()) {
        let people = with_coerced(policy, &numbers, std::iter::once(at));
        targets.push(Target { id: person.id.to_string(), people, cosigner: false, homeless: true });
    }
    targets
}

fn people(policy: &Policy) -> Vec<Target> {
    let numbers = numbers(policy);
    let target = |id: String, people| Target { id, people, cosigner: false, homeless: false };
    let mut targets: Vec<Target> = policy
        .people()
        .enumerate()
        .map(|(at, person)| {
            target(person.id.to_string(), with_coerced(policy, &numbers, std::iter::once(at)))
        })
        .collect();
    for protected in policy.protected_people() {
        let coerced = protected.of.iter().filter_map(|id| numbers.get(id)).copied().collect();
        targets.push(target(protected.id.to_string(), coerced));
    }
    targets
}

/// What rules can see of a person, but the name and the home.
type Portrait = (Vec<String>, Vec<PlaceId>, bool, Vec<Vec<(usize, bool)>>, Vec<Vec<String>>);

struct Portraits<'p> {
    /// By key: the paths that name it, and how many people hold it.
    paths: HashMap<&'p KeyId, Vec<(usize, bool)>>,
    holders: HashMap<&'p KeyId, usize>,
    /// People to whom somebody is tied: `of`, or a service with several operators.
    tied: BTreeSet<&'p PersonId>,
    services: HashMap<&'p PersonId, Vec<Vec<String>>>,
}

impl<'p> Portraits<'p> {
    fn new(policy: &'p Policy) -> Self {
        let mut paths: HashMap<&KeyId, Vec<(usize, bool)>> = HashMap::new();
        for (at, vault) in policy.vaults().iter().enumerate() {
            for key in vault.keys.iter().flat_map(|path| &path.of) {
                paths.entry(key).or_default().push((at, false));
            }
            for key in vault.recovery.iter().flat_map(|path| &path.keys.of) {
                paths.entry(key).or_default().push((at, true));
            }
        }
        let mut holders: HashMap<&KeyId, usize> = HashMap::new();
        policy.people().flat_map(|person| &person.keys).for_each(|key| *holders.entry(key).or_default() += 1);
        let mut tied: BTreeSet<&PersonId> = BTreeSet::new();
        for person in policy.people().filter(|person| !person.of.is_empty()) {
            tied.insert(&person.id);
            tied.extend(&person.of);
        }
        let mut services: HashMap<&PersonId, Vec<Vec<String>>> = HashMap::new();
        for service in policy.services() {
            match service.operated_by.as_slice() {
                [only] => services.entry(only).or_default().push(texts(&service.groups)),
                several => tied.extend(several),
            }
        }
        Self { paths, holders, tied, services }
    }

    /// `None` for someone whom nobody can stand for.
    fn of(&self, person: &'p Person) -> Option<Portrait> {
        let shared_key = person.keys.iter().any(|key| self.holders.get(key).is_some_and(|held| *held > 1));
        if self.tied.contains(&person.id) || person.homes.len() > 1 || shared_key {
            return None;
        }
        let mut keys: Vec<Vec<(usize, bool)>> =
            person.keys.iter().filter_map(|key| self.paths.get(key)).cloned().collect();
        keys.sort();
        let mut places: Vec<PlaceId> =
            person.places.iter().filter(|place| !person.homes.contains(place)).cloned().collect();
        places.sort();
        let mut services = self.services.get(&person.id).cloned().unwrap_or_default();
        services.sort();
        Some((texts(&person.groups), places, person.hosts_cosigner, keys, services))
    }
}

fn texts<T: ToString>(names: &[T]) -> Vec<String> {
    let mut texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    texts.sort();
    texts
}

/// Targets for which no other can stand, and those that are interchangeable but for their homes.
fn classes(policy: &Policy, adversary: Adversary, targets: &[Target]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let portraits = Portraits::new(policy);
    let people: Vec<&Person> = policy.people().collect();
    let related = tied_by_relatives(policy, adversary);
    let mut kinds: BTreeMap<(bool, bool, Vec<Portrait>), Vec<usize>> = BTreeMap::new();
    let mut alone: Vec<usize> = Vec::new();
    for (at, target) in targets.iter().enumerate().filter(|(_, target)| counts(policy, adversary, target)) {
        let portrait = |number: &usize| {
            let person = people.get(*number)?;
            let lives_there =
                adversary == Adversary::People || person.homes.iter().all(|home| home.as_str() == target.id);
            let stands_alone = lives_there && !related.contains(&person.id);
            stands_alone.then(|| portraits.of(person)).flatten()
        };
        // Who has no home does not count where people must be apart.
        let homed = |number: &usize| people.get(*number).is_some_and(|person| !person.homes.is_empty());
        let homeless = target.homeless || !target.people.iter().any(homed);
        let drawn: Option<Vec<Portrait>> = target.people.iter().map(portrait).collect();
        match drawn {
            Some(mut drawn) => {
                drawn.sort();
                kinds.entry((target.cosigner, homeless, drawn)).or_default().push(at);
            }
            None => alone.push(at),
        }
    }
    (alone, kinds.into_values().collect())
}

/// People whom a relative ties to somewhere else than their own home.
fn tied_by_relatives(policy: &Policy, adversary: Adversary) -> BTreeSet<&PersonId> {
    let mut tied = BTreeSet::new();
    for protected in policy.protected_people() {
        let elsewhere = |id: &&PersonId| {
            let homes = policy.person(id).map_or(&[][..], |person| &person.homes);
            protected.places.iter().any(|place| !homes.contains(place))
        };
        match adversary {
            Adversary::People if protected.of.len() > 1 => tied.extend(&protected.of),
            Adversary::People => {}
            _ => tied.extend(protected.of.iter().filter(elsewhere)),
        }
    }
    tied
}

/// Whether taking this could be worth more than taking something else: nobody is gained by an empty home, nor by the relative of one
/// person instead of that person.
fn counts(policy: &Policy, adversary: Adversary, target: &Target) -> bool {
    let is_relative = || policy.protected_people().iter().any(|protected| protected.id.as_str() == target.id);
    let worthless = target.people.is_empty() && !target.cosigner;
    let replaced = adversary == Adversary::People && target.people.len() == 1 && is_relative();
    !worthless && !replaced
}
