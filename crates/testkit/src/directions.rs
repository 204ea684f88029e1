//! What the product says of every change in a world, and a check of it from the data alone (G5): whatever it calls equal or a
//! tightening must allow nothing that was not allowed before. Draws transfers, approvals and histories; shares no code with `policy`.
//!
//! Called by `world`.

use policy::Direction;

use crate::org::{Actor, By, Forbid, Goes, LISTS, Limit, Permit, Policy};
use crate::prng::Chance;
use crate::readings::resolve;
use crate::story::To;
use crate::world::Version;

const HOUR: u64 = 3600;
/// How many transfers are drawn for each change.
const TRANSFERS: usize = 60;
/// How many sets of approvers for each of them.
const SETS: usize = 12;
/// Sums at and around every bound that worlds use, in cents.
const CENTS: [u128; 9] = [100, 50_000, 50_001, 100_000, 200_001, 400_001, 500_000, 600_001, 5_000_000];

/// For each version in force and each one proposed, the direction of the change.
///
/// # Panics
/// When a change that allows more is called equal or a tightening.
#[must_use]
pub fn table(versions: &[Version]) -> Vec<Vec<Direction>> {
    let policies: Vec<policy::Policy> =
        versions.iter().filter_map(|version| policy::load(&version.sources).policy).collect();
    assert_eq!(policies.len(), versions.len(), "a version does not load");
    let mut chance = Chance::new(versions.len() as u64, 7);
    let direction = |old: usize, new: usize, chance: &mut Chance| {
        let direction = policy::compare(&policies[old], &policies[new]).direction;
        if direction.is_immediate() && old != new {
            let more = allows_more(&versions[old], &versions[new], chance);
            let texts = || told(&versions[old], &versions[new]);
            assert!(more.is_none(), "G5 broken: {direction:?}, but {more:?}\n{}", texts());
        }
        direction
    };
    (0..versions.len())
        .map(|old| (0..versions.len()).map(|new| direction(old, new, &mut chance)).collect())
        .collect()
}

/// Two versions and what the product says of them, for people.
#[must_use]
pub fn told(old: &Version, new: &Version) -> String {
    let policies = [old, new].map(|version| policy::load(&version.sources).policy);
    let [Some(before), Some(after)] = policies else { return "a version does not load".to_owned() };
    let text = policy::compare(&before, &after).text(policy::Language::En);
    format!("{text}{}\n-----\n{}", old.sources[0].text, new.sources[0].text)
}

/// One transfer with its circumstances.
#[derive(Debug)]
struct Drawn {
    vault: usize,
    initiator: Actor,
    value: u128,
    targets: Vec<To>,
    /// How long ago the vault first paid these addresses.
    known: Option<u64>,
    office_hours: bool,
    posture: u8,
}

/// Something that the new version allows and the old one does not.
fn allows_more(old: &Version, new: &Version, chance: &mut Chance) -> Option<String> {
    if let Some(what) = authority(old, new) {
        return Some(what.to_owned());
    }
    (0..TRANSFERS).find_map(|_| {
        let drawn = draw(&new.policy, chance);
        let sooner = released_sooner(old, new, &drawn, chance);
        let admitted = fits_only(&old.policy, &new.policy, &drawn, chance);
        (sooner || admitted).then(|| format!("{drawn:?} (sooner: {sooner})"))
    })
}

fn authority(old: &Version, new: &Version) -> Option<&'static str> {
    let wait = |version: &Version| version.policy.change_hold.max(version.policy.longest_hold());
    let (was, is) = (&old.policy, &new.policy);
    let everybody = 1usize << is.people.len();
    let easier = |more: &crate::assignments::Met, less: &crate::assignments::Met, sooner: bool| {
        (0..everybody).any(|set| more.by(set) && (sooner || !less.by(set)))
    };
    let quorums = [
        (easier(&new.change, &old.change, wait(new) < wait(old)), "the policy changes more easily"),
        (easier(&new.tighten, &old.tighten, false), "it tightens more easily"),
        (easier(&new.lift, &old.lift, is.lift_after < was.lift_after), "stops are lifted more easily"),
        (easier(&new.clear, &old.clear, is.clear_hold < was.clear_hold), "incidents are closed more easily"),
        (is.look_back < was.look_back, "acts are looked at less far back"),
        (is.price_max_age > was.price_max_age, "older prices count"),
    ];
    quorums.into_iter().find(|(more, _)| *more).map(|(_, what)| what)
}

fn draw(policy: &Policy, chance: &mut Chance) -> Drawn {
    let targets = [0, 1, 2, 3, 4].map(To::Address).into_iter().chain([To::Vault(0), To::Vault(1)]);
    let targets: Vec<To> = targets.collect();
    let count = chance.of(&[1, 1, 2]);
    let person = chance.below(policy.people.len());
    Drawn {
        vault: chance.below(2),
        initiator: if chance.percent(15) { Actor::Service } else { Actor::Person(person) },
        value: chance.of(&CENTS),
        targets: (0..count).map(|_| chance.of(&targets)).collect(),
        known: chance.of(&[None, Some(0), Some(HOUR), Some(48 * HOUR)]),
        office_hours: chance.percent(50),
        posture: chance.of(&[0, 0, 1, 2]),
    }
}

fn goes(policy: &Policy, goes: &Goes, to: To, known: Option<u64>) -> bool {
    let list = |address: usize| LISTS.get(address).copied();
    let names = |forbid: &Forbid, list: &str| matches!(forbid.goes, Some(Goes::List(named)) if named == list);
    let forbidden = |list: &str| policy.forbids.iter().any(|forbid| names(forbid, list));
    match (goes, resolve(to)) {
        (Goes::Any, _) => true,
        (Goes::Vault(vault), to) => to == To::Vault(*vault),
        (Goes::Known(ago), To::Address(_)) => known.is_some_and(|known| known >= *ago),
        (Goes::List(wanted), To::Address(address)) => list(address) == Some(*wanted),
        (Goes::Listed, To::Address(address)) => list(address).is_some_and(|list| !forbidden(list)),
        _ => false,
    }
}

fn forbids(policy: &Policy, forbid: &Forbid, drawn: &Drawn) -> bool {
    let groups = policy.groups_of(drawn.initiator);
    forbid.vault.is_none_or(|vault| vault == drawn.vault)
        && forbid.initiator.is_none_or(|group| groups.contains(&group))
        && forbid.over.is_none_or(|over| drawn.value > over)
        && forbid.goes.as_ref().is_none_or(|to| drawn.targets.iter().any(|at| goes(policy, to, *at, None)))
}

fn permits(policy: &Policy, permit: &Permit, drawn: &Drawn) -> bool {
    let groups = policy.groups_of(drawn.initiator);
    permit.vaults.contains(&drawn.vault)
        && permit.initiators.iter().any(|group| groups.contains(group))
        && permit.over.is_none_or(|over| drawn.value > over)
        && permit.up_to.is_none_or(|up_to| drawn.value <= up_to)
        && (!permit.office_hours || drawn.office_hours)
        && drawn.posture <= permit.posture
        && drawn.targets.iter().all(|to| goes(policy, &permit.goes, *to, drawn.known))
}

/// When a transfer is ready if this set approves so long after its submission, and whether it is quick.
fn ready(version: &Version, drawn: &Drawn, set: usize, delay: u64) -> Vec<(u64, bool)> {
    let policy = &version.policy;
    if policy.forbids.iter().any(|forbid| forbids(policy, forbid, drawn)) {
        return Vec::new();
    }
    let set = if let Actor::Person(person) = drawn.initiator { set & !(1 << person) } else { set };
    let each = policy.permits.iter().zip(&version.approve);
    let met = each
        .filter(|(permit, met)| permits(policy, permit, drawn) && met.as_ref().is_none_or(|met| met.by(set)));
    met.map(|(permit, met)| (permit.hold + if met.is_some() { delay } else { 0 }, permit))
        .filter(|(at, permit)| *at <= permit.expires)
        .map(|(at, permit)| (at, permit.hold < policy.quiet))
        .collect()
}

fn released_sooner(old: &Version, new: &Version, drawn: &Drawn, chance: &mut Chance) -> bool {
    // What no limit ever lets pass is no right.
    if !fits(&new.policy, drawn, &[]) {
        return false;
    }
    let matching = new.policy.permits.iter().filter(|permit| permits(&new.policy, permit, drawn));
    let delays: Vec<u64> =
        matching.flat_map(|permit| [0, permit.expires.saturating_sub(permit.hold)]).collect();
    let everybody = (1 << new.policy.people.len()) - 1;
    delays.into_iter().any(|delay| {
        (0..SETS).any(|at| {
            let set = if at == 0 { everybody } else { chance.below(everybody + 1) };
            let (was, is) = (ready(old, drawn, set, delay), ready(new, drawn, set, delay));
            is.iter()
                .any(|(at, quick)| !was.iter().any(|(sooner, as_quick)| sooner <= at && as_quick >= quick))
        })
    })
}

/// What a transfer charges to a limit: whose counter, and how much. One output for each target, of equal parts.
fn charges(limit: &Limit, drawn: &Drawn) -> Vec<(String, u128)> {
    if !limit.vaults.contains(&drawn.vault) {
        return Vec::new();
    }
    let part = drawn.value / drawn.targets.len() as u128;
    let stays = |to: &To| resolve(*to) == To::Vault(drawn.vault);
    let leaving = part * drawn.targets.iter().filter(|to| !stays(to)).count() as u128;
    match limit.by {
        By::Vault => vec![(format!("{}", drawn.vault), leaving)],
        By::Initiator => vec![(format!("{:?}", drawn.initiator), leaving)],
        By::Organisation => vec![(String::new(), leaving)],
        By::Destination => {
            let mut sums: Vec<(String, u128)> = Vec::new();
            for to in &drawn.targets {
                let (key, sum) = (format!("{:?}", resolve(*to)), if stays(to) { 0 } else { part });
                match sums.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, so_far)) => *so_far += sum,
                    None => sums.push((key, sum)),
                }
            }
            sums
        }
    }
}

fn fits(policy: &Policy, drawn: &Drawn, history: &[(u64, Drawn)]) -> bool {
    policy.limits.iter().all(|limit| {
        charges(limit, drawn).into_iter().all(|(key, sum)| {
            let within = history.iter().filter(|(age, _)| *age < limit.per);
            let same: Vec<u128> = within
                .flat_map(|(_, past)| charges(limit, past))
                .filter(|(other, _)| *other == key)
                .map(|(_, sum)| sum)
                .collect();
            limit.amount.is_none_or(|most| sum + same.iter().sum::<u128>() <= most)
                && limit.count.is_none_or(|most| same.len() < most as usize)
        })
    })
}

/// Whether a drawn history leaves room for a transfer by the limits of the new version alone, where both would permit it.
fn fits_only(old: &Policy, new: &Policy, drawn: &Drawn, chance: &mut Chance) -> bool {
    if !new.permits.iter().any(|permit| {
        permits(new, permit, drawn) && permit.hold <= permit.expires && permit.approve.is_none()
    }) {
        return false;
    }
    if new.forbids.iter().any(|forbid| forbids(new, forbid, drawn)) {
        return false;
    }
    (0..6).any(|_| {
        let ages = [HOUR - 1, 2 * HOUR, 23 * HOUR, 25 * HOUR];
        let history: Vec<(u64, Drawn)> =
            (0..chance.below(5)).map(|_| (chance.of(&ages), draw(new, chance))).collect();
        fits(new, drawn, &history) && !fits(old, drawn, &history)
    })
}
