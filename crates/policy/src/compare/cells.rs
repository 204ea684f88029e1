//! The finitely many cases into which transfers fall: one target, value, instant and initiator stand for all that no rule of
//! either policy tells apart. Called by `transfers` and `windows`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;
use types::{ActorId, Span, Target, Timestamp, Value, VaultId};

use super::Pair;
use super::people::rule_groups;
use crate::calendar::{Calendar, CivilEnd};
use crate::evaluate::{Facts, OutputFacts};
use crate::model::{Destination, DestinationRule, LimitBy, Permit};
use crate::policy::Policy;

/// The first day of the week in which witnesses take place: a Monday.
const MONDAY: Date = date(2027, 1, 4);
/// When witnesses take place that no calendar concerns.
const NOON: Time = Time::constant(12, 0, 0, 0);
/// An address that a vault has known for longer than any rule asks, at most.
const EVER: Span = Span::from_hours(10 * 365 * 24);

/// One target and, for an address, how long before it was first paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Spot {
    pub target: Target,
    /// At least that long; never when absent.
    pub known_for: Option<Span>,
    /// When a witness pays it first: in the same case, and as far back as that allows.
    pub paid_before: Option<Span>,
    /// Spots of one place are the same target.
    pub place: usize,
    /// Its place among the spots.
    pub number: usize,
}

/// All cases of two policies, vaults and values apart.
pub(super) struct Cells {
    pub spots: Vec<Spot>,
    pub instants: Vec<Timestamp>,
    pub actors: Vec<Vec<ActorId>>,
    /// Two more addresses that no rule knows.
    pub elsewhere: String,
}

impl Cells {
    pub(super) fn new(pair: &Pair<'_>) -> Self {
        let (less, more) = (pair.less, pair.more);
        let addresses: BTreeSet<&str> = [less, more].into_iter().flat_map(addresses).collect();
        Self {
            spots: spots(pair, &addresses),
            instants: instants(less, more),
            actors: actors(pair),
            elsewhere: unknown(&addresses, "another-address-on-no-list"),
        }
    }
}

fn addresses(policy: &Policy) -> impl Iterator<Item = &str> {
    let known = policy.destinations().iter().map(|known: &Destination| known.address.as_str());
    known.chain(policy.vaults().iter().flat_map(|vault| vault.addresses.iter().map(String::as_str)))
}

fn unknown(addresses: &BTreeSet<&str>, name: &str) -> String {
    let mut name = name.to_owned();
    while addresses.contains(name.as_str()) {
        name.push('-');
    }
    name
}

/// Whether a policy knows a target: it does unless it is a vault that it does not have.
pub(super) fn knows(policy: &Policy, target: &Target) -> bool {
    match target {
        Target::Vault(vault) => policy.vault(vault).is_some(),
        Target::Address(_) => true,
    }
}

pub(super) fn vault_of(policy: &Policy, target: &Target) -> Option<VaultId> {
    match policy.resolve(target) {
        Target::Vault(vault) => Some(vault),
        Target::Address(_) => None,
    }
}

/// What a policy's rules make of a target: every rule that it satisfies, and which vault it is.
fn look(
    policy: &Policy,
    rules: &BTreeSet<&DestinationRule>,
    target: &Target,
) -> (bool, Option<VaultId>, Vec<bool>) {
    let satisfied = rules.iter().map(|rule| policy.is_destination(rule, target)).collect();
    (knows(policy, target), vault_of(policy, target), satisfied)
}

fn destination_rules(policy: &Policy) -> BTreeSet<&DestinationRule> {
    let permits = policy.permits().iter().map(|permit| &permit.destination);
    permits.chain(policy.forbids().iter().filter_map(|forbid| forbid.destination.as_ref())).collect()
}

fn spots(pair: &Pair<'_>, addresses: &BTreeSet<&str>) -> Vec<Spot> {
    let policies = [pair.less, pair.more];
    let rules = policies.map(destination_rules);
    let vaults: BTreeSet<&VaultId> =
        policies.into_iter().flat_map(|policy| policy.vaults().iter().map(|vault| &vault.id)).collect();
    let fresh = unknown(addresses, "an-address-on-no-list");
    let targets = std::iter::once(Target::Address(fresh));
    let targets = targets.chain(vaults.into_iter().cloned().map(Target::Vault));
    let targets = targets.chain(addresses.iter().map(|address| Target::Address((*address).to_owned())));
    let mut looks = BTreeSet::new();
    let ages = ages(policies);
    let mut spots = Vec::new();
    for target in targets {
        let [less, more] = [0, 1].map(|at: usize| {
            let (policy, rules) = (policies.get(at)?, rules.get(at)?);
            Some(look(policy, rules, &target))
        });
        if !looks.insert((less, more)) {
            continue;
        }
        let place = spots.len();
        let number = spots.len();
        spots.push(Spot { target: target.clone(), known_for: None, paid_before: None, place, number });
        if matches!(target, Target::Address(_)) {
            let known = (number + 1..).zip(&ages).map(|(number, (from, before))| Spot {
                target: target.clone(),
                known_for: Some(*from),
                paid_before: Some(*before),
                place,
                number,
            });
            spots.extend(known);
        }
    }
    spots
}

/// Every length of time that some permit with `known` asks for, each with the longest that is not the next one.
fn ages(policies: [&Policy; 2]) -> Vec<(Span, Span)> {
    let known = policies.into_iter().flat_map(|policy| policy.permits());
    let known = known.filter(|permit| permit.destination == DestinationRule::Known);
    let asked: BTreeSet<Span> = known.map(|permit| permit.known_for.unwrap_or_default()).collect();
    let next = asked.iter().skip(1).map(|next| Span::from_seconds(next.seconds().saturating_sub(1)));
    let last = asked.last().map(|last| Span::from_seconds(last.seconds() + EVER.seconds()));
    asked.iter().copied().zip(next.chain(last)).collect()
}

/// Whether a permit's destination admits a spot.
pub(super) fn admits(policy: &Policy, permit: &Permit, spot: &Spot) -> bool {
    if !knows(policy, &spot.target) {
        return false;
    }
    if permit.destination != DestinationRule::Known {
        return policy.is_destination(&permit.destination, &spot.target);
    }
    let asked = permit.known_for.unwrap_or_default();
    vault_of(policy, &spot.target).is_none() && spot.known_for.is_some_and(|known| known >= asked)
}

/// Initiators of `more`, those of the same groups together. Of those who can be swapped one is there.
fn actors(pair: &Pair<'_>) -> Vec<Vec<ActorId>> {
    let people = pair.people.one_of_each(|one| one.more.is_some());
    let people = people.iter().map(|one| ActorId::from(one.id.clone()));
    let services = pair.more.services().iter().map(|service| ActorId::from(service.id.clone()));
    let groups = [pair.less, pair.more].map(rule_groups);
    let mut kinds: BTreeMap<_, Vec<ActorId>> = BTreeMap::new();
    for actor in people.chain(services) {
        let of = |policy: &Policy, groups: &BTreeSet<&types::GroupId>| {
            let member = groups.iter().map(|group| policy.in_group(&actor, group)).collect::<Vec<bool>>();
            (policy.actor_exists(&actor), member)
        };
        let [less, more] = &groups;
        kinds.entry((of(pair.less, less), of(pair.more, more))).or_default().push(actor);
    }
    kinds.into_values().collect()
}

/// Values that stand for all: each bound of a rule that concerns a vault, and one beyond.
pub(super) fn values(policies: [&Policy; 2], vault: &VaultId) -> Vec<u128> {
    let mut bounds: BTreeSet<u128> = BTreeSet::from([1]);
    for policy in policies {
        let permits = policy.permits().iter().filter(|permit| permit.vaults.contains(vault));
        let forbids = policy.forbids().iter();
        let ranges = permits.map(|permit| permit.amount).chain(forbids.map(|forbid| forbid.amount));
        for range in ranges {
            bounds.extend([range.over, range.up_to].into_iter().flatten().map(Value::minor));
        }
        let limits = policy.limits().iter().filter(|limit| limit.vaults.contains(vault));
        bounds.extend(limits.filter_map(|limit| limit.amount).map(Value::minor));
    }
    let beyond = bounds.last().map(|last| last.saturating_add(100));
    // The largest first: they say more to whoever reads a witness.
    beyond.into_iter().chain(bounds.into_iter().rev()).filter(|value| *value > 0).collect()
}

/// Instants that stand for all: one for each set of calendars that hold together.
fn instants(less: &Policy, more: &Policy) -> Vec<Timestamp> {
    let mut seen: BTreeSet<Vec<bool>> = BTreeSet::new();
    let mut instants = Vec::new();
    let zones = [less, more].map(|policy| &policy.organisation().time_zone);
    for zone in zones {
        for at in moments(zone, [less, more]) {
            let holds = [less, more].into_iter().flat_map(|policy| {
                let zone = &policy.organisation().time_zone;
                calendars(policy).map(move |calendar| calendar.contains(at, zone))
            });
            if seen.insert(holds.collect()) {
                instants.push(at);
            }
        }
    }
    instants
}

pub(super) fn calendars(policy: &Policy) -> impl Iterator<Item = &Calendar> {
    policy.permits().iter().filter_map(|permit| permit.calendar.as_ref())
}

/// Noon on a Monday, and every time of day at which a calendar begins or ends, on every day of a week and of one half a year later.
fn moments(zone: &TimeZone, policies: [&Policy; 2]) -> Vec<Timestamp> {
    let mut times = BTreeSet::from([NOON, Time::midnight()]);
    for calendar in policies.into_iter().flat_map(calendars) {
        times.insert(calendar.from);
        if let CivilEnd::At(to) = calendar.to {
            times.insert(to);
        }
    }
    let mut moments = Vec::new();
    let weeks = [MONDAY, MONDAY.saturating_add(26.weeks())];
    for day in weeks.into_iter().flat_map(|monday| (0..7).map(move |day| monday.saturating_add(day.days()))) {
        for time in std::iter::once(NOON).chain(times.iter().copied()) {
            let instant = zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible();
            let nanos = instant.ok().and_then(|instant| i64::try_from(instant.as_nanosecond()).ok());
            moments.extend(nanos.map(Timestamp::from_nanos));
        }
    }
    moments
}

/// Whether a calendar holds always.
pub(super) fn is_always(calendar: &Calendar) -> bool {
    let all_days =
        (0..7).all(|day| Weekday::from_monday_zero_offset(day).is_ok_and(|day| calendar.days.contains(&day)));
    all_days && calendar.from == Time::midnight() && calendar.to == CivilEnd::Midnight
}

/// Whether a policy's forbids match a transfer to one spot.
pub(super) fn is_forbidden(
    policy: &Policy,
    (vault, initiator): (&VaultId, &ActorId),
    (value, at): (u128, Timestamp),
    spot: &Spot,
) -> bool {
    let output = OutputFacts { target: policy.resolve(&spot.target), value: Value::from_minor(value) };
    let outputs = std::slice::from_ref(&output);
    let value = Value::from_minor(value);
    policy.forbidden(&Facts { vault, initiator, at, value, outputs, fee: Value::ZERO }).is_some()
}

/// Whether a transfer that charges `charged` has room in every limit after an empty history.
pub(super) fn fits_alone(policy: &Policy, vault: &VaultId, charged: u128) -> bool {
    let limits = policy.limits().iter().filter(|limit| limit.vaults.contains(vault));
    limits.into_iter().all(|limit| {
        // The outputs to one destination may be the smallest part of a transfer.
        let charged = if limit.by == LimitBy::Destination { charged.min(1) } else { charged };
        limit.amount.is_none_or(|amount| charged <= amount.minor())
            && limit.count.is_none_or(|count| count > 0)
    })
}
