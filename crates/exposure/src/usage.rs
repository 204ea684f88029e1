//! What an organisation does every day, and how long it waits for it: what a change of the rules would cost (G2).
//!
//! A recorded history, or an example where nobody has one. Each transfer of it is let through the rules again: it is submitted when the
//! limits have room, approved as quickly as people approved before, and waits for its hold. Called by `advice`.

use std::collections::{BTreeMap, HashMap, VecDeque};

use policy::{
    Charge, Counter, DestinationRule, Facts, History, HistoryFile, OutputFacts, Permit, Policy, Quorum,
};
use types::{ActorId, LimitId, PersonId, Span, Target, Timestamp, Value, VaultId};

/// How long an approval takes where nothing is recorded.
pub const APPROVAL_TAKES: Span = Span::from_hours(1);
/// The most transfers of a history that count: the newest.
pub const USAGE_TRANSFERS_MAX: usize = 2_000;
/// How often the example uses each permit from each vault, an hour apart.
const USES: u64 = 4;
/// How far apart the example uses different permits: longer than any usual window.
const APART: Span = Span::from_hours(60 * 24);
/// When the example begins: a Monday morning.
const BEGINS_MILLIS: i64 = 1_799_658_000_000;
const SECOND_NANOS: i64 = 1_000_000_000;

/// A transfer that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastTransfer {
    /// From which vault.
    pub vault: VaultId,
    /// By whom.
    pub initiator: ActorId,
    /// When it was submitted.
    pub at: Timestamp,
    /// Where to and how much, in the organisation's currency.
    pub outputs: Vec<OutputFacts>,
    /// The approved maximum fee.
    pub fee: Value,
    /// Who approved, and when.
    pub approvals: Vec<(ActorId, Timestamp)>,
    /// Whether it was paid, so that its addresses are known from then on.
    pub paid: bool,
}

/// What an organisation does every day.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    transfers: Vec<PastTransfer>,
    first_paid: HashMap<VaultId, HashMap<String, Timestamp>>,
    left_out: usize,
    is_example: bool,
}

impl History for Usage {
    fn first_paid(&self, vault: &VaultId, address: &str, not_after: Timestamp) -> Option<Timestamp> {
        self.first_paid.get(vault)?.get(address).copied().filter(|at| *at <= not_after)
    }
}

impl Usage {
    /// From transfers that were recorded. Only the newest [`USAGE_TRANSFERS_MAX`] count.
    #[must_use]
    pub fn of(mut transfers: Vec<PastTransfer>) -> Self {
        let mut first_paid: HashMap<VaultId, HashMap<String, Timestamp>> = HashMap::new();
        for transfer in transfers.iter().filter(|transfer| transfer.paid) {
            let known = first_paid.entry(transfer.vault.clone()).or_default();
            for output in &transfer.outputs {
                if let Target::Address(address) = &output.target {
                    let first = known.entry(address.clone()).or_insert(transfer.at);
                    *first = transfer.at.min(*first);
                }
            }
        }
        transfers.sort_by_key(|transfer| transfer.at);
        let left_out = transfers.len().saturating_sub(USAGE_TRANSFERS_MAX);
        transfers.drain(..left_out);
        Self { transfers, first_paid, left_out, is_example: false }
    }

    /// From a history file, as `policy explain` reads it. What was declined, expired or cancelled waits for nothing.
    #[must_use]
    pub fn recorded(policy: &Policy, files: &[HistoryFile]) -> Self {
        let counting = files.iter().filter(|file| file.status.counts());
        let transfers: Vec<PastTransfer> = counting.clone().filter_map(|file| valued(policy, file)).collect();
        let unvalued = counting.count() - transfers.len();
        let mut usage = Self::of(transfers);
        usage.left_out += unvalued;
        usage
    }

    /// Every permit used four times from each of its vaults, an hour apart, together for what the least limit or the balance lets through
    /// (less where the permit does not admit so much).
    #[must_use]
    pub fn example(policy: &Policy) -> Self {
        let mut transfers = Vec::new();
        let mut at = Timestamp::from_millis(BEGINS_MILLIS);
        for permit in policy.permits() {
            for vault in &permit.vaults {
                transfers.extend(uses(policy, permit, vault, opened(policy, permit, at)));
                at = at.after(APART);
            }
        }
        let mut usage = Self::of(transfers);
        let long_ago = Timestamp::from_millis(0);
        usage.first_paid.values_mut().flat_map(HashMap::values_mut).for_each(|first| *first = long_ago);
        usage.is_example = true;
        usage
    }

    /// How many transfers count.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transfers.len()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transfers.is_empty()
    }

    /// How many do not: too old, or of a value that no price gives.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether this is the example and not what was recorded.
    #[must_use]
    pub fn is_example(&self) -> bool {
        self.is_example
    }

    /// How long each transfer waits under a policy; nothing for those that it never lets through.
    pub(crate) fn waits(&self, policy: &Policy) -> Vec<Option<u64>> {
        let mut room = Room::of(policy);
        self.transfers.iter().map(|transfer| self.wait(policy, &mut room, transfer)).collect()
    }

    fn wait(&self, policy: &Policy, room: &mut Room, transfer: &PastTransfer) -> Option<u64> {
        let sums = transfer.outputs.iter().map(|output| output.value.minor());
        let value = sums.fold(transfer.fee.minor(), u128::saturating_add);
        let facts = Facts {
            vault: &transfer.vault,
            initiator: &transfer.initiator,
            at: transfer.at,
            value: Value::from_minor(value),
            outputs: &transfer.outputs,
            fee: transfer.fee,
        };
        if policy.forbidden(&facts).is_some() {
            return None;
        }
        let matching = policy.matching(&facts, self);
        let soonest = matching.iter().filter_map(|permit| waits_for(policy, permit, transfer)).min()?;
        let at = seconds(transfer.at);
        let submitted = room.submitted(&policy.charges(&facts).ok()?, at)?;
        Some(submitted.abs_diff(at).saturating_add(soonest))
    }
}

/// What the second policy adds to the waiting under the first: in all, and how many transfers it no longer lets through.
pub(crate) fn added(before: &[Option<u64>], after: &[Option<u64>]) -> (Span, u32) {
    let (mut sum, mut blocked) = (0u64, 0u32);
    for (before, after) in before.iter().zip(after) {
        match (before, after) {
            (Some(before), Some(after)) => sum = sum.saturating_add(after.saturating_sub(*before)),
            (Some(_), None) => blocked = blocked.saturating_add(1),
            (None, _) => {}
        }
    }
    (Span::from_seconds(sum), blocked)
}

fn seconds(at: Timestamp) -> i64 {
    at.as_nanos().div_euclid(SECOND_NANOS)
}

fn valued(policy: &Policy, file: &HistoryFile) -> Option<PastTransfer> {
    let transfer = &file.transfer;
    let value = |amount| policy.value(amount, &transfer.prices, transfer.at).ok();
    let mut outputs = Vec::with_capacity(transfer.outputs.len());
    for output in &transfer.outputs {
        outputs.push(OutputFacts { target: policy.resolve(&output.target), value: value(output.amount)? });
    }
    Some(PastTransfer {
        vault: transfer.vault.clone(),
        initiator: transfer.initiator.clone(),
        at: transfer.at,
        outputs,
        fee: transfer.fee.map_or(Some(Value::ZERO), value)?,
        approvals: transfer.approvals.iter().map(|approval| (approval.by.clone(), approval.at)).collect(),
        paid: file.status.paid(),
    })
}

/// How long a transfer waits under one permit, once it is submitted; nothing when it expires before.
fn waits_for(policy: &Policy, permit: &Permit, transfer: &PastTransfer) -> Option<u64> {
    let met = match &permit.approve {
        Some(quorum) => met_after(policy, quorum, transfer),
        None => 0,
    };
    let wait = met.saturating_add(permit.hold.seconds());
    (permit.hold <= permit.expires && wait <= permit.expires.seconds()).then_some(wait)
}

/// When a quorum is met: by the approvals that are recorded as far as they go, then by one more each hour.
fn met_after(policy: &Policy, quorum: &Quorum, transfer: &PastTransfer) -> u64 {
    let mut approvals: Vec<&(ActorId, Timestamp)> = transfer.approvals.iter().collect();
    approvals.sort_by_key(|(_, at)| *at);
    let mut people: Vec<&PersonId> = Vec::new();
    let mut last = 0;
    for (by, at) in approvals {
        let Some(person) = policy.person_of(by).filter(|_| *by != transfer.initiator) else { continue };
        people.push(&person.id);
        last = seconds(*at).saturating_sub(seconds(transfer.at)).max(0).unsigned_abs();
        if policy.met(quorum, &people, &[]) {
            return last;
        }
    }
    let lacks = needed(quorum).saturating_sub(people.len() as u64).max(1);
    last.saturating_add(lacks.saturating_mul(APPROVAL_TAKES.seconds()))
}

/// How many people a quorum asks for at least.
fn needed(quorum: &Quorum) -> u64 {
    match quorum {
        Quorum::AtLeast { at_least, .. } => u64::from(*at_least),
        Quorum::All(parts) => parts.iter().map(needed).fold(0, u64::saturating_add),
        Quorum::Any(parts) => parts.iter().map(needed).min().unwrap_or(0),
    }
}

/// One window: what is in it, and what may be.
#[derive(Default)]
struct Window {
    entries: VecDeque<(i64, u128)>,
    sum: u128,
}

/// The limits while a history goes by. First come, first served: what has to wait for room is submitted before what comes later.
struct Room {
    limits: HashMap<LimitId, (i64, Option<u128>, Option<u32>)>,
    windows: BTreeMap<(LimitId, Counter), Window>,
}

impl Room {
    fn of(policy: &Policy) -> Self {
        let limit = |limit: &policy::Limit| {
            let per = i64::try_from(limit.per.seconds()).unwrap_or(i64::MAX / 4);
            (limit.id.clone(), (per, limit.amount.map(Value::minor), limit.count))
        };
        Self { limits: policy.limits().iter().map(limit).collect(), windows: BTreeMap::new() }
    }

    /// When there is room for a submission, which then takes it; nothing when there never is.
    fn submitted(&mut self, charges: &[Charge], at: i64) -> Option<i64> {
        let mut when = at;
        for charge in charges {
            let (_, amount, count) = self.limits.get(&charge.limit)?;
            if amount.is_some_and(|most| charge.value.minor() > most) || *count == Some(0) {
                return None;
            }
        }
        for charge in charges {
            let (per, amount, count) = *self.limits.get(&charge.limit)?;
            let window = self.windows.entry((charge.limit.clone(), charge.counter.clone())).or_default();
            when = window.room_from(when, (per, amount, count), charge.value.minor());
        }
        for charge in charges {
            if let Some(window) = self.windows.get_mut(&(charge.limit.clone(), charge.counter.clone())) {
                window.entries.push_back((when, charge.value.minor()));
                window.sum = window.sum.saturating_add(charge.value.minor());
            }
        }
        Some(when)
    }
}

impl Window {
    /// The first instant from `when` on, not before what is in it, at which a value fits. What has left by then is dropped.
    fn room_from(
        &mut self,
        when: i64,
        (per, amount, count): (i64, Option<u128>, Option<u32>),
        value: u128,
    ) -> i64 {
        let mut when = self.entries.back().map_or(when, |(last, _)| when.max(*last));
        while let Some((entered, sum)) = self.entries.front().copied() {
            let full = amount.is_some_and(|most| self.sum.saturating_add(value) > most)
                || count.is_some_and(|most| self.entries.len() >= most as usize);
            let leaves = entered.saturating_add(per);
            if leaves > when && !full {
                break;
            }
            when = when.max(leaves);
            self.entries.pop_front();
            self.sum = self.sum.saturating_sub(sum);
        }
        when
    }
}

/// When a permit's calendar is open, from an instant on.
fn opened(policy: &Policy, permit: &Permit, from: Timestamp) -> Timestamp {
    let zone = &policy.organisation().time_zone;
    let hours = (0..8 * 24).map(|hour| from.after(Span::from_hours(hour)));
    let open = |at: &Timestamp| permit.calendar.as_ref().is_none_or(|calendar| calendar.contains(*at, zone));
    hours.into_iter().find(open).unwrap_or(from)
}

fn uses(policy: &Policy, permit: &Permit, vault: &VaultId, begins: Timestamp) -> Vec<PastTransfer> {
    let people = policy.people().map(|person| ActorId::from(person.id.clone()));
    let services = policy.services().iter().map(|service| ActorId::from(service.id.clone()));
    let mut may = people.chain(services).filter(|a| permit.initiators.iter().any(|g| policy.in_group(a, g)));
    let (Some(initiator), Some(target)) = (may.next(), a_target(policy, permit)) else { return Vec::new() };
    let limits = policy.limits().iter().filter(|limit| limit.vaults.contains(vault));
    let together = limits.filter_map(|limit| limit.amount).chain(policy.vault(vault).and_then(|v| v.balance));
    let together = together.min().map_or(u128::MAX, Value::minor);
    let least = permit.amount.over.map_or(1, |over| over.minor().saturating_add(1));
    let most = permit.amount.up_to.map_or(together, Value::minor);
    let value = most.min(together.div_ceil(u128::from(USES))).max(least);
    if value > most || value > together {
        return Vec::new();
    }
    let value = Value::from_minor(value);
    let one = |number: u64| PastTransfer {
        vault: vault.clone(),
        initiator: initiator.clone(),
        at: begins.after(Span::from_hours(number)),
        outputs: vec![OutputFacts { target: target.clone(), value }],
        fee: Value::ZERO,
        approvals: Vec::new(),
        paid: true,
    };
    (0..USES).map(one).collect()
}

/// Somewhere that a permit pays.
fn a_target(policy: &Policy, permit: &Permit) -> Option<Target> {
    match &permit.destination {
        DestinationRule::Any | DestinationRule::Known => Some(Target::Address("an-address".to_owned())),
        DestinationRule::Vault(id) => Some(Target::Vault(id.clone())),
        rule => {
            let targets = policy.destinations().iter().map(|d| Target::Address(d.address.clone()));
            targets.into_iter().find(|target| policy.is_destination(rule, target))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_window_makes_the_next_wait() {
        let mut window = Window::default();
        let limit = (100, Some(10), None);
        let mut submit = |at: i64, value: u128| {
            let when = window.room_from(at, limit, value);
            window.entries.push_back((when, value));
            window.sum += value;
            when
        };
        assert_eq!([submit(0, 6), submit(1, 4), submit(2, 6), submit(3, 4)], [0, 1, 100, 101]);
        assert_eq!(submit(500, 10), 500);
    }

    #[test]
    fn a_count_makes_the_next_wait() {
        let mut window = Window::default();
        let mut submit = |at: i64| {
            let when = window.room_from(at, (60, None, Some(2)), 1);
            window.entries.push_back((when, 1));
            window.sum += 1;
            when
        };
        assert_eq!([submit(0), submit(10), submit(20), submit(30)], [0, 10, 60, 70]);
    }
}
