//! The loss of a small organisation by trying everything: every submission at every hour, in every order that can matter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use exposure::Mode;

use super::{By, Forbid, Goes, HOMES, Leaf, Permit, Small};

/// More states than this and the search is given up.
const STATES_MAX: usize = 25_000;

/// Where an output goes: a listed address, a new address, or a vault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum To {
    Listed(usize),
    New,
    Vault(usize),
}

#[derive(Clone, Debug)]
struct Action {
    vault: usize,
    who: usize,
    outputs: Vec<(To, u32)>,
    /// What goes back to its own vault.
    padding: u32,
    hold: u32,
    known_for: Option<u32>,
    hours: Option<(u32, u32)>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    now: u32,
    /// By vault: what cannot be recovered by the end, and what can.
    stuck: Vec<u32>,
    sunk: Vec<u32>,
    /// Release, action and nothing else.
    pending: Vec<(u32, usize)>,
    /// Submission and action.
    past: Vec<(u32, usize)>,
    /// By vault: when it first paid someone outside.
    paid: Vec<Option<u32>>,
    lost: u32,
}

/// Everyone coerced, and whether the co-signer is held.
pub fn coalition(small: &Small, homes: &[usize]) -> (BTreeSet<usize>, bool) {
    let taken: BTreeSet<usize> =
        small.people.iter().enumerate().filter(|(_, p)| homes.contains(&p.home)).map(|(n, _)| n).collect();
    let mut all = taken.clone();
    all.extend(taken.iter().filter_map(|number| small.people[*number].of));
    if let Some((of, home)) = small.relative
        && homes.contains(&home)
    {
        all.insert(of);
    }
    let cosigner = small.cosigner.is_some_and(|home| homes.contains(&home));
    let hosts = all.iter().any(|number| small.people[*number].hosts);
    (all, cosigner || hosts)
}

/// Whether distinct people among these can be given to the leaves.
fn met(small: &Small, leaves: &[Leaf], people: &BTreeSet<usize>) -> bool {
    let people: Vec<usize> = people.iter().copied().collect();
    let choices = (leaves.len() as u64 + 1).pow(u32::try_from(people.len()).unwrap());
    (0..choices).any(|mut code| {
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); leaves.len() + 1];
        for person in &people {
            parts[(code % (leaves.len() as u64 + 1)) as usize].push(*person);
            code /= leaves.len() as u64 + 1;
        }
        leaves.iter().zip(&parts).all(|(leaf, part)| {
            let members: Vec<&usize> =
                part.iter().filter(|number| small.people[**number].groups.contains(&leaf.group)).collect();
            let homes: BTreeSet<usize> = members.iter().map(|number| small.people[**number].home).collect();
            if leaf.apart { homes.len() >= leaf.at_least } else { members.len() >= leaf.at_least }
        })
    })
}

/// The worst of all ways to take so many homes. `None` when there are too many strategies.
pub fn worst(small: &Small, k: usize, horizon: u32, mode: Mode) -> Option<u32> {
    // The home of the person who keeps the groups alive has no keys and nobody else: it is taken too.
    let mut worst = 0;
    for code in 0..1usize << HOMES {
        let homes: Vec<usize> = (0..HOMES).filter(|home| code >> home & 1 == 1).collect();
        if homes.len() == k.min(HOMES) {
            worst = worst.max(lost(small, &homes, horizon, mode)?);
        }
    }
    Some(worst)
}

/// What these homes can be forced to move, beginning at the worst hour of the day. `None` when there are too many strategies.
///
/// Whole hours are enough: whatever is rounded down to the hour stays within hours, at least as far apart, and in time.
pub fn lost(small: &Small, homes: &[usize], horizon: u32, mode: Mode) -> Option<u32> {
    let has_hours = small.permits.iter().any(|permit| permit.hours.is_some());
    let begins = if has_hours { 0..24 } else { 0..1 };
    begins
        .map(|begins| lost_from(small, homes, (begins, horizon), mode))
        .try_fold(0, |worst, lost| Some(worst.max(lost?)))
}

fn lost_from(small: &Small, homes: &[usize], (begins, horizon): (u32, u32), mode: Mode) -> Option<u32> {
    let (people, cosigner) = coalition(small, homes);
    let can = |leaf: &Leaf| met(small, std::slice::from_ref(leaf), &people);
    let stopped = mode == Mode::Stopped && !can(&small.lift);
    let signalled = mode == Mode::Signalled && !can(&small.clear);
    let reach = if stopped { horizon.min(small.reaction) } else { horizon };
    let proposer = |who: &usize| {
        let others = people.iter().copied().filter(|other| other != who).collect();
        met(small, std::slice::from_ref(&small.change), &others)
    };
    let longest = small.permits.iter().map(|permit| permit.hold).max().unwrap_or(0);
    let wait = small.change_hold.max(longest);
    let changes = !signalled && people.iter().any(proposer) && wait <= reach;
    let signs = |vault: usize| small.vaults[vault].keys.is_none_or(|keys| people.len() >= keys);
    let mut fixed = 0;
    let mut world = World {
        now: 0,
        stuck: Vec::new(),
        sunk: Vec::new(),
        pending: Vec::new(),
        past: Vec::new(),
        paid: vec![None; small.vaults.len()],
        lost: 0,
    };
    // By vault: the last hour at which what comes in is lost by itself.
    let mut sinks: Vec<Option<u32>> = Vec::new();
    for (number, vault) in small.vaults.iter().enumerate() {
        let recovers = vault.recovery.filter(|(keys, _)| people.len() >= *keys).map(|(_, hours)| hours);
        let old = recovers.is_some_and(|hours| hours.saturating_sub(vault.age.unwrap_or(0)) <= horizon);
        let whole = signs(number) && (cosigner || changes);
        if whole || old {
            fixed += vault.balance;
            world.stuck.push(0);
        } else {
            world.stuck.push(vault.balance);
        }
        world.sunk.push(0);
        let matured = recovers.and_then(|hours| horizon.checked_sub(hours));
        sinks.push(if whole { Some(horizon) } else { matured });
    }
    let usable =
        |permit: &Permit| permit.hold <= permit.expires && !(signalled && permit.hold >= small.quiet);
    let actions = actions(small, &people, &|permit, vault| usable(permit) && signs(vault), reach);
    let mut search = Search { small, actions, sinks, reach, begins, seen: HashMap::new() };
    let moved = search.best(&world, 0)?;
    Some(fixed + moved)
}

fn actions(
    small: &Small,
    people: &BTreeSet<usize>,
    usable: &dyn Fn(&Permit, usize) -> bool,
    reach: u32,
) -> Vec<Action> {
    let total: u32 = small.vaults.iter().map(|vault| vault.balance).sum();
    let mut actions: Vec<Action> = Vec::new();
    let service =
        small.service.as_ref().filter(|(_, by)| by.iter().any(|operator| people.contains(operator)));
    let robot = small.people.len();
    let initiators = people.iter().copied().chain(service.map(|_| robot));
    for who in initiators {
        let groups = if who == robot { &service.unwrap().0 } else { &small.people[who].groups };
        let everybody: BTreeSet<usize> = (0..small.people.len()).collect();
        let asked = if small.deceived { &everybody } else { people };
        let approvers: BTreeSet<usize> = asked.iter().copied().filter(|other| *other != who).collect();
        for permit in
            small.permits.iter().filter(|permit| groups.contains(&permit.group) && permit.hold <= reach)
        {
            if !met(small, &permit.approve, &approvers) {
                continue;
            }
            for vault in permit.vaults.iter().copied().filter(|vault| usable(permit, *vault)) {
                let forbids: Vec<&Forbid> = small
                    .forbids
                    .iter()
                    .filter(|f| {
                        f.vault.is_none_or(|v| v == vault) && f.group.is_none_or(|g| groups.contains(&g))
                    })
                    .collect();
                let allowed = |value: u32| {
                    let within = |over: Option<u32>, up_to: Option<u32>| {
                        over.is_none_or(|over| value > over) && up_to.is_none_or(|up_to| value <= up_to)
                    };
                    within(permit.over, permit.up_to) && !forbids.iter().any(|f| within(f.over, f.up_to))
                };
                for outputs in outputs(small, permit, vault, total) {
                    let sum: u32 = outputs.iter().map(|(_, value)| value).sum();
                    let most = if permit.goes == Goes::Any { total } else { 0 };
                    let Some(padding) = (0..=most).find(|padding| allowed(sum + padding)) else { continue };
                    let known_for = match permit.goes {
                        Goes::Known(hours) => Some(hours),
                        _ => None,
                    };
                    let hours = permit.hours;
                    actions.push(Action {
                        vault,
                        who,
                        outputs,
                        padding,
                        hold: permit.hold,
                        known_for,
                        hours,
                    });
                }
            }
        }
    }
    // Known destinations last: what was paid in the same hour counts.
    actions.sort_by_key(|action| action.known_for.is_some());
    actions
}

fn outputs(small: &Small, permit: &Permit, vault: usize, total: u32) -> Vec<Vec<(To, u32)>> {
    let single = |to: To| (1..=total).map(|value| vec![(to, value)]).collect::<Vec<_>>();
    match permit.goes {
        // Whatever may go anywhere goes to new addresses: nothing is gained by a detour.
        Goes::Any | Goes::Known(_) => single(To::New),
        Goes::Vault(into) if into == vault => Vec::new(),
        Goes::Vault(into) => single(To::Vault(into)),
        Goes::Listed => {
            let mut all: Vec<Vec<(To, u32)>> =
                (0..small.addresses).flat_map(|number| single(To::Listed(number))).collect();
            if small.addresses > 1 {
                for first in 1..total {
                    for second in 1..=total - first {
                        all.push(vec![(To::Listed(0), first), (To::Listed(1), second)]);
                    }
                }
            }
            all
        }
    }
}

struct Search<'s> {
    small: &'s Small,
    actions: Vec<Action>,
    sinks: Vec<Option<u32>>,
    reach: u32,
    begins: u32,
    seen: HashMap<(World, usize), u32>,
}

impl Search<'_> {
    /// The most that can still be lost, submitting actions from `from` on in this hour.
    fn best(&mut self, world: &World, from: usize) -> Option<u32> {
        let key = (world.clone(), from);
        if let Some(known) = self.seen.get(&key) {
            return Some(*known);
        }
        if self.seen.len() > STATES_MAX {
            return None;
        }
        let mut most = self.next_hour(world)?;
        for number in from..self.actions.len() {
            if let Some(after) = self.submit(world, number) {
                most = most.max(self.best(&after, number)?);
            }
        }
        self.seen.insert(key, most);
        Some(most)
    }

    fn submit(&self, world: &World, number: usize) -> Option<World> {
        let action = &self.actions[number];
        let release = world.now + action.hold;
        if release > self.reach || !self.fits(world, action) {
            return None;
        }
        let hour = (self.begins + world.now) % 24;
        if action.hours.is_some_and(|(from, to)| hour < from || hour >= to) {
            return None;
        }
        if let Some(known_for) = action.known_for {
            let now = self.paid_by(world, action.vault)?;
            (now + known_for <= world.now).then_some(())?;
        }
        // More than there is at all can never be released.
        let sum = |action: &Action| action.outputs.iter().map(|(_, value)| value).sum::<u32>();
        let same = world
            .pending
            .iter()
            .map(|(_, other)| &self.actions[*other])
            .filter(|other| other.vault == action.vault);
        let total: u32 = self.small.vaults.iter().map(|vault| vault.balance).sum();
        (same.map(sum).sum::<u32>() + sum(action) <= total).then_some(())?;
        let mut after = world.clone();
        after.past.push((world.now, number));
        after.past.sort_unstable();
        after.pending.push((release, number));
        after.pending.sort_unstable();
        Some(after)
    }

    /// When a vault first paid someone outside, counting what is released in this hour.
    fn paid_by(&self, world: &World, vault: usize) -> Option<u32> {
        let outside =
            |number: usize| self.actions[number].outputs.iter().any(|(to, _)| !matches!(to, To::Vault(_)));
        let pending = world.pending.iter().filter(|(at, number)| {
            *at <= world.now && self.actions[*number].vault == vault && outside(*number)
        });
        world.paid[vault].into_iter().chain(pending.map(|(at, _)| *at)).min()
    }

    fn fits(&self, world: &World, action: &Action) -> bool {
        self.small.limits.iter().filter(|limit| limit.vaults.contains(&action.vault)).all(|limit| {
            let inside: Vec<&Action> = world
                .past
                .iter()
                .filter(|(at, _)| at + limit.per > world.now)
                .map(|(_, number)| &self.actions[*number])
                .filter(|other| limit.vaults.contains(&other.vault))
                .collect();
            let sum = |action: &Action| action.outputs.iter().map(|(_, value)| value).sum::<u32>();
            let holds = |count: u32, used: u32, value: u32| {
                limit.count.is_none_or(|most| count < most)
                    && limit.amount.is_none_or(|most| used + value <= most)
            };
            let counted = |same: &dyn Fn(&Action) -> bool| {
                let same: Vec<&&Action> = inside.iter().filter(|other| same(other)).collect();
                (same.len() as u32, same.iter().map(|other| sum(other)).sum::<u32>())
            };
            match limit.by {
                By::Vault => {
                    let (count, used) = counted(&|other| other.vault == action.vault);
                    holds(count, used, sum(action))
                }
                By::Organisation => {
                    let (count, used) = counted(&|_| true);
                    holds(count, used, sum(action))
                }
                By::Initiator => {
                    let (count, used) = counted(&|other| other.who == action.who);
                    holds(count, used, sum(action))
                }
                By::Destination => action.outputs.iter().all(|(to, value)| match to {
                    // As many new addresses as it takes; an output of a cent must fit, and 200 outputs are more than any total here.
                    To::New if action.known_for.is_none() => holds(0, 0, 1),
                    to => {
                        let to_it = |other: &&&Action| other.outputs.iter().any(|(o, _)| o == to);
                        let same: Vec<&&Action> = inside.iter().filter(to_it).collect();
                        let used = same.iter().flat_map(|other| &other.outputs).filter(|(o, _)| o == to);
                        holds(same.len() as u32, used.map(|(_, value)| value).sum(), *value)
                    }
                }),
            }
        })
    }

    /// Lets happen what is released in this hour and goes on to the next. Nothing when a vault does not hold what is to leave it.
    fn next_hour(&mut self, world: &World) -> Option<u32> {
        let mut after = world.clone();
        let mut due: Vec<usize> = Vec::new();
        after.pending.retain(|(at, number)| {
            if *at == world.now {
                due.push(*number);
            }
            *at != world.now
        });
        let mut gained = 0;
        while !due.is_empty() {
            let Some(position) = due.iter().position(|number| self.release(&mut after, *number, &mut gained))
            else {
                return Some(0);
            };
            due.remove(position);
        }
        if world.now >= self.reach {
            return Some(gained);
        }
        after.now += 1;
        let longest = self.small.limits.iter().map(|limit| limit.per).max().unwrap_or(0);
        after.past.retain(|(at, _)| at + longest > after.now);
        after.lost = 0;
        Some(gained + self.best(&after, 0)?)
    }

    fn release(&self, world: &mut World, number: usize, gained: &mut u32) -> bool {
        let action = &self.actions[number];
        let sum: u32 = action.outputs.iter().map(|(_, value)| value).sum();
        if world.stuck[action.vault] < sum + action.padding {
            return false;
        }
        world.stuck[action.vault] -= sum;
        for (to, value) in &action.outputs {
            match to {
                To::Vault(into) if self.sinks[*into].is_none_or(|until| world.now > until) => {
                    world.stuck[*into] += value;
                }
                To::Vault(_) => *gained += value,
                _ => {
                    *gained += value;
                    let first = world.paid[action.vault].unwrap_or(world.now).min(world.now);
                    world.paid[action.vault] = Some(first);
                }
            }
        }
        true
    }
}

/// A place for things that only one of the test files needs.
pub type Tally = BTreeMap<&'static str, usize>;
