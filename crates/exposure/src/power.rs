//! What a coalition is able to do at all, whenever it does it (G2): which quorums it meets, which paths its keys satisfy, and who of it
//! may use which permit. Called by `search`; `game` turns it into what can be moved by when.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use policy::{Chain, KeyQuorum, Person, Policy, Quorum};
use types::{ActorId, KeyId, PersonId};

mod tally;

pub(crate) use tally::{Among, Tally, Target as Counted};

/// Questions about more people than this are not remembered.
const ASKED_PEOPLE_MAX: usize = 64;

/// What does not depend on the horizon or the mode.
#[derive(Clone, Debug)]
pub(crate) struct Power {
    pub cosigner: bool,
    pub change: bool,
    pub clear: bool,
    pub lift: bool,
    /// By vault: whether the coalition's keys satisfy the spending path (always so where someone else signs).
    pub signs: Vec<bool>,
    /// By vault: whether its keys satisfy the recovery path.
    pub recovers: Vec<bool>,
    pub teams: Vec<Team>,
}

/// Initiators who can do the same.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub actors: Vec<ActorId>,
    /// The permits that they can use, by number.
    pub usable: Vec<usize>,
    /// By forbid: whether it speaks of them.
    pub forbids: Vec<bool>,
}

/// A power without names: two coalitions with the same can lose the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Signature {
    flags: [bool; 4],
    signs: Vec<bool>,
    recovers: Vec<bool>,
    teams: Vec<(usize, Vec<usize>, Vec<bool>)>,
}

/// What a power is but for its teams.
pub(crate) type Standing = ([bool; 4], Vec<bool>, Vec<bool>);

impl Power {
    pub(crate) fn standing(&self) -> Standing {
        let flags = [self.cosigner, self.change, self.clear, self.lift];
        (flags, self.signs.clone(), self.recovers.clone())
    }

    pub(crate) fn signature(&self) -> Signature {
        let team = |team: &Team| (team.actors.len(), team.usable.clone(), team.forbids.clone());
        let mut teams: Vec<_> = self.teams.iter().map(team).collect();
        teams.sort_unstable();
        Signature {
            flags: [self.cosigner, self.change, self.clear, self.lift],
            signs: self.signs.clone(),
            recovers: self.recovers.clone(),
            teams,
        }
    }
}

/// Who is coerced, by number: people, services, and whether the co-signer is held.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Members {
    pub people: Vec<usize>,
    pub services: Vec<usize>,
    pub cosigner: bool,
}

/// Keys by number, and how many of them are needed.
type Path = (Vec<usize>, usize);

/// One who may submit.
struct Initiator {
    actor: ActorId,
    /// Permits for which its groups are named.
    may: Vec<usize>,
    forbids: Vec<bool>,
}

/// Every different quorum once, with who may use what, and every question asked before.
pub(crate) struct Rules<'p> {
    policy: &'p Policy,
    quorums: Vec<&'p Quorum>,
    /// By permit: its quorum among them.
    approve: Vec<Option<usize>>,
    change: usize,
    clear: usize,
    lift: usize,
    people: Vec<&'p Person>,
    /// By quorum and person: whether it names a group of theirs.
    counts: Vec<Vec<bool>>,
    initiators: Vec<Initiator>,
    /// By vault: the keys of the spending and of the recovery path, by number, and how many are needed.
    paths: Vec<[Option<Path>; 2]>,
    /// By person: their keys, by number.
    held: Vec<Vec<usize>>,
    keys: usize,
    asked: RefCell<HashMap<(usize, Vec<usize>), bool>>,
}

impl<'p> Rules<'p> {
    pub(crate) fn of(policy: &'p Policy) -> Self {
        let mut numbers: HashMap<&Quorum, usize> = HashMap::new();
        let mut quorums: Vec<&Quorum> = Vec::new();
        let mut number = |quorum: &'p Quorum| {
            *numbers.entry(quorum).or_insert_with(|| {
                quorums.push(quorum);
                quorums.len() - 1
            })
        };
        let approve =
            policy.permits().iter().map(|permit| permit.approve.as_ref().map(&mut number)).collect();
        let change = number(&policy.change().approve);
        let clear = number(&policy.response().clear);
        let lift = number(&policy.stop().lift);
        let people: Vec<&Person> = policy.people().collect();
        let counts = |quorum: &&Quorum| {
            let groups = quorum.groups();
            people.iter().map(|person| person.groups.iter().any(|group| groups.contains(&group))).collect()
        };
        let counts = quorums.iter().map(counts).collect();
        let mut keys: HashMap<&KeyId, usize> = HashMap::new();
        let named = policy.vaults().iter().flat_map(|vault| {
            vault.keys.iter().flat_map(|path| &path.of).chain(vault.recovery.iter().flat_map(|r| &r.keys.of))
        });
        for key in named {
            let next = keys.len();
            keys.entry(key).or_insert(next);
        }
        let path = |path: Option<&KeyQuorum>| {
            let of = |path: &KeyQuorum| path.of.iter().filter_map(|key| keys.get(key)).copied().collect();
            path.map(|path| (of(path), path.at_least as usize))
        };
        let paths = |vault: &policy::Vault| {
            let spending = vault.keys.as_ref().filter(|_| vault.chain != Chain::GateOnly);
            [path(spending), path(vault.recovery.as_ref().map(|recovery| &recovery.keys))]
        };
        let held = |person: &&Person| person.keys.iter().filter_map(|key| keys.get(key)).copied().collect();
        Self {
            initiators: initiators(policy),
            paths: policy.vaults().iter().map(paths).collect(),
            held: people.iter().map(held).collect(),
            keys: keys.len(),
            policy,
            quorums,
            approve,
            change,
            clear,
            lift,
            people,
            counts,
            asked: RefCell::default(),
        }
    }

    /// Whether these people meet a quorum, without one of them. People of whom it does not speak make no difference.
    fn met(&self, quorum: usize, people: &[usize], without: Option<usize>) -> bool {
        let Some(counts) = self.counts.get(quorum) else { return false };
        let counting = |number: &&usize| counts.get(**number) == Some(&true) && Some(**number) != without;
        let key: Vec<usize> = people.iter().filter(counting).copied().collect();
        if key.is_empty() {
            return false;
        }
        let key = (quorum, key);
        if let Some(known) = self.asked.borrow().get(&key) {
            return *known;
        }
        let ids: Vec<&PersonId> = key.1.iter().filter_map(|at| self.people.get(*at)).map(|p| &p.id).collect();
        let answer = self.quorums.get(quorum).is_some_and(|quorum| self.policy.met(quorum, &ids, &[]));
        if key.1.len() <= ASKED_PEOPLE_MAX {
            self.asked.borrow_mut().insert(key, answer);
        }
        answer
    }

    /// What a coalition can do.
    pub(crate) fn power(&self, members: &Members) -> Power {
        let mut held = vec![false; self.keys];
        for key in members.people.iter().filter_map(|person| self.held.get(*person)).flatten() {
            if let Some(held) = held.get_mut(*key) {
                *held = true;
            }
        }
        let satisfied = |path: &(Vec<usize>, usize)| {
            path.0.iter().filter(|key| held.get(**key) == Some(&true)).count() >= path.1
        };
        let people = &members.people;
        // Whoever proposes never counts, so one of the coalition proposes and the others approve.
        let change = self.met(self.change, people, None)
            && people.iter().any(|proposer| self.met(self.change, people, Some(*proposer)));
        Power {
            cosigner: members.cosigner,
            change,
            clear: self.met(self.clear, people, None),
            lift: self.met(self.lift, people, None),
            signs: self.paths.iter().map(|[spending, _]| spending.as_ref().is_none_or(satisfied)).collect(),
            recovers: self
                .paths
                .iter()
                .map(|[_, recovery]| recovery.as_ref().is_some_and(satisfied))
                .collect(),
            teams: self.teams(members),
        }
    }

    fn teams(&self, members: &Members) -> Vec<Team> {
        let met: Vec<bool> = (0..self.quorums.len()).map(|q| self.met(q, &members.people, None)).collect();
        let mut alike: BTreeMap<(Vec<usize>, &[bool]), Vec<ActorId>> = BTreeMap::new();
        let people = members.people.iter().map(|number| (*number, Some(*number)));
        let services = members.services.iter().map(|number| (self.people.len() + number, None));
        for (number, person) in people.chain(services) {
            let Some(initiator) = self.initiators.get(number) else { continue };
            let approved = |permit: &usize| {
                let Some(Some(quorum)) = self.approve.get(*permit) else { return true };
                let counted =
                    person.is_some_and(|p| self.counts.get(*quorum).and_then(|c| c.get(p)) == Some(&true));
                met.get(*quorum) == Some(&true) && (!counted || self.met(*quorum, &members.people, person))
            };
            let usable: Vec<usize> =
                initiator.may.iter().filter(|permit| approved(permit)).copied().collect();
            if !usable.is_empty() {
                alike.entry((usable, &initiator.forbids)).or_default().push(initiator.actor.clone());
            }
        }
        let team = |((usable, forbids), actors): ((Vec<usize>, &[bool]), Vec<ActorId>)| Team {
            actors,
            usable,
            forbids: forbids.to_vec(),
        };
        alike.into_iter().map(team).collect()
    }
}

/// People first, then services, in the order of the register.
fn initiators(policy: &Policy) -> Vec<Initiator> {
    let people = policy.people().map(|person| ActorId::from(person.id.clone()));
    let services = policy.services().iter().map(|service| ActorId::from(service.id.clone()));
    let initiator = |actor: ActorId| {
        let named = |permit: &policy::Permit| {
            let hold_fits = permit.hold <= permit.expires;
            hold_fits && permit.initiators.iter().any(|group| policy.in_group(&actor, group))
        };
        let permits = policy.permits().iter().enumerate();
        let may = permits.filter(|(_, permit)| named(permit)).map(|(at, _)| at).collect();
        let speaks = |forbid: &policy::Forbid| {
            let groups = forbid.initiators.as_ref();
            groups.is_none_or(|groups| groups.iter().any(|group| policy.in_group(&actor, group)))
        };
        Initiator { may, forbids: policy.forbids().iter().map(speaks).collect(), actor }
    };
    people.chain(services).map(initiator).collect()
}
