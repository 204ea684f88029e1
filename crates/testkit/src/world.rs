//! A random organisation: a policy in several versions, its quorums worked out by brute force, and the gate's state just after
//! its foundation. Shared by many histories. Called by `simulate` and by shrinking.

use credentials::ClassKey;
use gate::{Ask, Command, State};
use policy::{Direction, Source};
use types::{ActorId, Hash, Moment, OutPoint, Timestamp, VaultId};

use crate::assignments::Met;
use crate::directions;
use crate::org::{
    Apart, By, Forbid, GROUPS, Goes, LISTS, Limit, PEOPLE_MAX, PROTECTED, Permit, Person, Policy, Protected,
    Quorum, VAULTS,
};
use crate::prng::Chance;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const PERMIT_NAMES: [&str; 6] = ["small", "partners", "known", "large", "internal", "other"];
/// Coins of the treasury at the start.
pub const COINS: usize = 10;
/// The steady clock at the start, in nanoseconds.
pub const STEADY_START: u64 = 1_000_000_000;

/// One version of the policy, with what brute force says of its quorums.
#[derive(Clone)]
pub struct Version {
    /// As data.
    pub policy: Policy,
    /// As files.
    pub sources: Vec<Source>,
    /// Who can change it.
    pub change: Met,
    /// Who can tighten it at once.
    pub tighten: Met,
    /// Who can lift.
    pub lift: Met,
    /// Who can clear.
    pub clear: Met,
    /// Who can approve under each permit, in order.
    pub approve: Vec<Option<Met>>,
}

impl Version {
    fn new(policy: Policy) -> Self {
        let names = ["rules.toml", "register.toml"];
        let source = |(name, text): (&str, String)| Source { name: name.into(), text };
        let met = |quorum: &Quorum| Met::of(&policy, quorum);
        Self {
            sources: names.into_iter().zip(policy.texts()).map(source).collect(),
            change: met(&policy.change),
            tighten: met(&policy.tighten),
            lift: met(&policy.lift),
            clear: met(&policy.clear),
            approve: policy.permits.iter().map(|permit| permit.approve.as_ref().map(met)).collect(),
            policy,
        }
    }

    /// Whether somebody could still change the policy (without the proposer), lift and clear.
    #[must_use]
    pub fn has_authority(&self) -> bool {
        let everybody = (1 << self.policy.people.len()) - 1;
        let others = |proposer: usize| everybody & !(1 << proposer);
        (0..self.policy.people.len()).any(|proposer| self.change.by(others(proposer)))
            && [&self.lift, &self.clear].iter().all(|met| met.by(everybody))
    }
}

/// A random organisation, founded.
pub struct World {
    /// The first policy and those that may be proposed.
    pub versions: Vec<Version>,
    /// For each version in force and each one proposed, what the product says of the change. Checked when the world is made.
    pub directions: Vec<Vec<Direction>>,
    /// The key of the covert side.
    pub key: ClassKey,
    /// The gate after the foundation.
    pub founded: State,
    /// Civil time of the foundation.
    pub start: Timestamp,
}

impl World {
    /// A world from a seed.
    ///
    /// # Panics
    /// When a policy that it writes does not load: a defect of this simulator, or of `policy`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 1);
        let first = loop {
            let version = Version::new(policy(&mut chance));
            if version.has_authority() {
                break version;
            }
        };
        let mut versions = vec![first];
        while versions.len() < 4 {
            let changed = Version::new(changed(&versions[chance.below(versions.len())].policy, &mut chance));
            if changed.has_authority() {
                versions.push(changed);
            }
        }
        // Some day of November 2026, at a whole hour.
        let hours = 490_000 + chance.below(400) as i64 + 8_400;
        // One that tightens the first for certain, and one that only says the same in other words.
        versions.push(Version::new(tightened(&versions[0].policy, &mut chance)));
        versions.push(Version::new(reworded(&versions[0].policy)));
        let (first, tighter, same) = (0, versions.len() - 2, versions.len() - 1);
        if chance.percent(20) {
            let mut nobody = versions[0].policy.clone();
            nobody.lift = Quorum::AtLeast(PEOPLE_MAX + 1, 1, Apart::No);
            versions.push(Version::new(nobody));
        }
        let world = Self::found(versions, Timestamp::from_nanos(hours * 3_600_000_000_000));
        let known = [
            (first, tighter, Direction::Tightens),
            (tighter, first, Direction::Loosens),
            (first, same, Direction::Equal),
            (same, first, Direction::Equal),
        ];
        for (old, new, direction) in known {
            let said = world.directions[old][new];
            let text = || directions::told(&world.versions[old], &world.versions[new]);
            assert_eq!(said, direction, "G5 broken: seed {seed}, {old} to {new}: {}", text());
        }
        world
    }

    /// A world with these policies, the first of them in force.
    ///
    /// # Panics
    /// When the first does not load.
    #[must_use]
    pub fn of(policies: Vec<Policy>, start: Timestamp) -> Self {
        Self::found(policies.into_iter().map(Version::new).collect(), start)
    }

    fn found(versions: Vec<Version>, start: Timestamp) -> Self {
        for version in &versions {
            let loaded = policy::load(&version.sources);
            assert!(loaded.policy.is_some(), "{:?}\n{}", loaded.diagnostics, version.sources[0].text);
        }
        let mut founded = State::default();
        let moment = Moment { wall: start, steady: STEADY_START, boot: 1, entropy: [0; 32] };
        let found = overt::Command::Found { sources: versions[0].sources.clone() };
        let feed = |ask| Command { by: overt::Author::Feed(feed_id()), ..Command::system(ask) };
        let coins = overt::Command::NoteReceived {
            vault: VaultId::parse(VAULTS[1]).expect("a name"),
            transaction: Hash([9; 32]),
            height: None,
            outputs: (0..COINS).map(|number| (coin(number), 50_000_000)).collect(),
        };
        for command in
            [Command::system(Ask::Tick), Command::system(Ask::Overt(found)), feed(Ask::Overt(coins))]
        {
            let (events, outcome) = gate::step(&founded, &command, &moment);
            assert!(outcome.is_ok(), "{outcome:?}");
            events.iter().for_each(|event| founded.apply(event));
        }
        let directions = directions::table(&versions);
        Self { versions, directions, key: ClassKey::from_bytes([7; 32]), founded, start }
    }
}

/// The name of the feed's key.
///
/// # Panics
/// Never: it is a name.
#[must_use]
pub fn feed_id() -> ActorId {
    ActorId::parse("feed").expect("a name")
}

/// The treasury's coins, by number.
#[must_use]
pub const fn coin(number: usize) -> OutPoint {
    OutPoint { txid: Hash([9; 32]), index: number as u32 }
}

fn groups(chance: &mut Chance) -> Vec<usize> {
    (0..GROUPS.len()).filter(|_| chance.percent(55)).collect()
}

fn people(chance: &mut Chance) -> Vec<Person> {
    let count = 3 + chance.below(PEOPLE_MAX - 2);
    let homes_are_shared = chance.percent(40);
    let mut people: Vec<Person> = (0..count)
        .map(|number| {
            let home = if homes_are_shared { chance.below(count) } else { number };
            let mut homes = if chance.percent(92) { vec![home] } else { Vec::new() };
            if chance.percent(5) {
                homes.extend([chance.below(count)].iter().filter(|second| **second != home));
            }
            let of: Vec<usize> = [chance.below(count)].into_iter().filter(|of| *of != number).collect();
            let of = if chance.percent(12) { of } else { Vec::new() };
            Person { groups: groups(chance), homes, office: chance.percent(30), of }
        })
        .collect();
    for group in 0..GROUPS.len() {
        // Nobody alone: a group has at least two members.
        for offset in 0..2 {
            let person = &mut people[(group + offset) % count];
            if !person.groups.contains(&group) {
                person.groups.push(group);
            }
        }
    }
    people
}

fn protected(people: usize, chance: &mut Chance) -> Protected {
    let mut of: Vec<usize> = (0..=chance.below(2)).map(|_| chance.below(people)).collect();
    of.dedup();
    let homes = if chance.percent(60) { vec![chance.below(people)] } else { Vec::new() };
    Protected { of, homes }
}

fn apart(chance: &mut Chance) -> Apart {
    chance.of(&[Apart::No, Apart::Home, Apart::Home, Apart::Place])
}

fn leaf(chance: &mut Chance) -> Quorum {
    Quorum::AtLeast(chance.of(&[1, 1, 2, 2, 3]), chance.below(3), apart(chance))
}

fn quorum(chance: &mut Chance, depth: usize) -> Quorum {
    match chance.below(8) {
        0 | 1 if depth > 0 => Quorum::All(vec![quorum(chance, depth - 1), leaf(chance)]),
        2 if depth > 0 => Quorum::Any(vec![quorum(chance, depth - 1), leaf(chance)]),
        _ => leaf(chance),
    }
}

fn permit(name: &'static str, chance: &mut Chance) -> Permit {
    let up_to = chance.of(&[None, Some(100_000), Some(500_000), Some(5_000_000)]);
    Permit {
        name,
        vaults: chance.of(&[&[0][..], &[1], &[0, 1], &[1]]).to_vec(),
        initiators: chance.of(&[&[0][..], &[1], &[0, 1], &[0, 1, 2], &[2]]).to_vec(),
        over: chance.percent(12).then_some(50_000),
        up_to,
        goes: match name {
            "partners" if chance.percent(50) => Goes::Listed,
            "partners" => Goes::List(LISTS[0]),
            "known" => Goes::Known(chance.of(&[0, HOUR, 2 * DAY])),
            "internal" => Goes::Vault(chance.below(2)),
            _ => Goes::Any,
        },
        office_hours: chance.percent(10),
        posture: chance.of(&[0, 0, 1, 2]),
        approve: chance.percent(75).then(|| quorum(chance, 2)),
        hold: chance.of(&[0, 0, HOUR, 4 * HOUR, DAY, 2 * DAY, 2 * DAY]),
        expires: chance.of(&[2 * HOUR, DAY, 3 * DAY, 7 * DAY, 7 * DAY]),
    }
}

fn limit(chance: &mut Chance) -> Limit {
    let amount = chance.percent(80).then(|| chance.of(&[200_000, 600_000, 6_000_000]));
    let count = (amount.is_none() || chance.percent(25)).then(|| chance.of(&[1, 2, 4]));
    Limit {
        vaults: chance.of(&[&[0][..], &[1], &[0, 1]]).to_vec(),
        per: chance.of(&[HOUR, DAY, DAY, 7 * DAY]),
        amount,
        count,
        by: chance.of(&[By::Vault, By::Initiator, By::Destination, By::Organisation]),
    }
}

fn forbid(chance: &mut Chance) -> Forbid {
    match chance.below(4) {
        0 => Forbid { vault: None, initiator: None, goes: None, over: Some(9_000_000) },
        1 => Forbid {
            vault: Some(chance.below(2)),
            initiator: Some(chance.below(3)),
            goes: None,
            over: Some(400_000),
        },
        _ => Forbid { vault: None, initiator: None, goes: Some(Goes::List(LISTS[2])), over: None },
    }
}

fn policy(chance: &mut Chance) -> Policy {
    let people = people(chance);
    let names: Vec<&'static str> = PERMIT_NAMES.into_iter().filter(|_| chance.percent(70)).collect();
    let mut permits: Vec<Permit> = names.into_iter().map(|name| permit(name, chance)).collect();
    if permits.is_empty() {
        permits.push(permit("other", chance));
    }
    let operators = (0..people.len()).filter(|_| chance.percent(35)).collect();
    let clear_count = chance.of(&[1, 2, 2]);
    let protected = (0..chance.below(PROTECTED.len() + 1)).map(|_| protected(people.len(), chance)).collect();
    Policy {
        people,
        service_groups: groups(chance),
        operators,
        permits,
        limits: (0..chance.below(4)).map(|_| limit(chance)).collect(),
        forbids: (0..chance.below(3)).map(|_| forbid(chance)).collect(),
        change: quorum(chance, 1),
        tighten: if chance.percent(60) {
            Quorum::AtLeast(1, chance.below(3), Apart::No)
        } else {
            leaf(chance)
        },
        change_hold: chance.of(&[HOUR, DAY, 2 * DAY]),
        lift: quorum(chance, 1),
        lift_after: chance.of(&[0, HOUR, DAY]),
        quiet: chance.of(&[2 * HOUR, DAY, DAY]),
        clear: Quorum::AtLeast(clear_count, 3, chance.of(&[Apart::Home, Apart::Home, Apart::No])),
        clear_hold: chance.of(&[0, HOUR, DAY]),
        look_back: chance.of(&[0, HOUR, DAY, 7 * DAY]),
        price_max_age: chance.of(&[HOUR, DAY, 7 * DAY]),
        price_window: 7 * DAY,
        protected,
        relative_expires: chance.of(&[HOUR, 12 * HOUR, 2 * DAY]),
    }
}

/// A forbid that matches what people do every day.
fn biting(chance: &mut Chance) -> Forbid {
    let plain = Forbid { vault: None, initiator: None, goes: None, over: None };
    match chance.below(4) {
        0 => Forbid { goes: Some(Goes::List(LISTS[0])), ..plain },
        1 => Forbid { over: Some(50_000), ..plain },
        2 => Forbid { vault: Some(chance.below(2)), ..plain },
        _ => forbid(chance),
    }
}

/// A policy that somebody may propose: the same with a few rules changed.
fn changed(policy: &Policy, chance: &mut Chance) -> Policy {
    let mut policy = policy.clone();
    for _ in 0..=chance.below(3) {
        let which = chance.below(policy.permits.len());
        match chance.below(13) {
            0 => policy.permits[which].hold = chance.of(&[0, HOUR, DAY]),
            1 => policy.permits[which].approve = chance.percent(70).then(|| quorum(chance, 2)),
            2 => policy.limits.push(limit(chance)),
            3 => policy.limits.clear(),
            4 => policy.forbids.push(biting(chance)),
            5 => policy.forbids.clear(),
            6 => policy.permits[which] = permit(policy.permits[which].name, chance),
            7 if policy.permits.len() > 1 => drop(policy.permits.remove(which)),
            8 => policy.operators = (0..policy.people.len()).filter(|_| chance.percent(35)).collect(),
            9 => policy.lift = quorum(chance, 1),
            10 => policy.tighten = leaf(chance),
            11 => {
                let worse = tightened(&policy, chance);
                policy = worse;
            }
            _ => policy.change = quorum(chance, 1),
        }
    }
    policy
}

/// The same with less room: what nobody could call anything but a tightening.
fn tightened(policy: &Policy, chance: &mut Chance) -> Policy {
    let mut policy = policy.clone();
    match chance.below(3) {
        0 => policy.change_hold += DAY + policy.longest_hold(),
        1 => policy.lift_after += HOUR,
        _ => policy.look_back += HOUR,
    }
    if chance.percent(60) {
        policy.forbids.push(biting(chance));
    }
    if chance.percent(60) {
        policy.limits.push(limit(chance));
    }
    policy
}

/// The same in another order, with a limit said twice.
fn reworded(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    policy.permits.reverse();
    policy.limits.extend(policy.limits.first().cloned());
    policy.forbids.reverse();
    policy
}
