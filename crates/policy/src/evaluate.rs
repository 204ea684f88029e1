//! Evaluation: which forbid, permits and limits concern a transfer. Keeps G1, and says no on every error.
//!
//! Called by `overt` at submission and release, and by explain. Rules are indexed by vault, group and destination, so that the
//! cost grows with the rules that match and not with those that exist.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use types::{
    ActorId, ForbidId, GroupId, LimitId, ListId, MoneyError, PermitId, Target, Timestamp, Value, VaultId,
};

use crate::model::{DestinationRule, Forbid, LimitBy, Permit};
use crate::policy::{Parts, Policy, actors};

/// One output of a transfer, valued.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutputFacts {
    /// Where to.
    pub target: Target,
    /// How much, in the organisation's currency.
    pub value: Value,
}

/// What evaluation needs to know of a transfer.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// From which vault.
    pub vault: &'a VaultId,
    /// Submitted by whom.
    pub initiator: &'a ActorId,
    /// Submitted when.
    pub at: Timestamp,
    /// Outputs that are not change, plus the approved maximum fee.
    pub value: Value,
    /// The outputs; change is not among them.
    pub outputs: &'a [OutputFacts],
    /// The approved maximum fee.
    pub fee: Value,
}

/// What evaluation needs to know of the past.
pub trait History {
    /// When this vault first paid this address (the instant of the first signed or confirmed transfer), if not after `not_after`.
    fn first_paid(&self, vault: &VaultId, address: &str, not_after: Timestamp) -> Option<Timestamp>;
}

/// A past in which nothing was ever paid.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl History for NoHistory {
    fn first_paid(&self, _: &VaultId, _: &str, _: Timestamp) -> Option<Timestamp> {
        None
    }
}

/// Whose window a submission is counted in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Counter {
    /// One for each vault.
    Vault(VaultId),
    /// One for each initiator.
    Initiator(ActorId),
    /// One for each destination.
    Destination(Target),
    /// One for all.
    Organisation,
}

/// What a submission uses of a limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Charge {
    /// Which limit.
    pub limit: LimitId,
    /// Which of its counters.
    pub counter: Counter,
    /// How much.
    pub value: Value,
}

impl Policy {
    /// The first forbid (in the order of the files) that matches any output, if any.
    #[must_use]
    pub fn forbidden(&self, facts: &Facts<'_>) -> Option<&ForbidId> {
        let index = &self.index;
        let vault = index.vault(facts.vault);
        let groups = index.groups_of(facts.initiator).unwrap_or(&[]);
        let mut first: Option<u16> = None;
        let mut consider = |bucket: Option<&Vec<u16>>| {
            for at in bucket.into_iter().flatten().copied() {
                let earlier = first.is_none_or(|first| at < first);
                let matches =
                    || self.forbids().get(usize::from(at)).is_some_and(|f| self.forbids_it(f, facts));
                if earlier && matches() {
                    first = Some(at);
                }
            }
        };
        for output in facts.outputs {
            index.keys_of(&output.target, |key| consider(index.forbids_by_destination.get(&key)));
        }
        consider(vault.and_then(|vault| index.forbids_by_vault.get(&vault)));
        for group in groups {
            consider(index.forbids_by_group.get(group));
        }
        consider(Some(&index.forbids_of_all));
        first.and_then(|at| self.forbids().get(usize::from(at))).map(|forbid| &forbid.id)
    }

    /// Whether one forbid matches, all its conditions together.
    #[must_use]
    pub fn forbids_it(&self, forbid: &Forbid, facts: &Facts<'_>) -> bool {
        let vault = forbid.vaults.as_ref().is_none_or(|vaults| vaults.contains(facts.vault));
        let initiator = forbid
            .initiators
            .as_ref()
            .is_none_or(|groups| groups.iter().any(|group| self.in_group(facts.initiator, group)));
        let destination = forbid
            .destination
            .as_ref()
            .is_none_or(|rule| facts.outputs.iter().any(|output| self.is_destination(rule, &output.target)));
        vault && initiator && destination && forbid.amount.contains(facts.value)
    }

    /// The permits that match a transfer at its submission, in the order of the files.
    pub fn matching<'p>(&'p self, facts: &Facts<'_>, history: &impl History) -> Vec<&'p Permit> {
        let index = &self.index;
        let (Some(vault), Some(groups)) = (index.vault(facts.vault), index.groups_of(facts.initiator)) else {
            return Vec::new();
        };
        let Some(first) = facts.outputs.first() else { return Vec::new() };
        let mut found: Vec<u16> = Vec::new();
        index.keys_of(&first.target, |key| {
            for group in groups {
                let bucket = index.permits_by.get(&(vault, *group, key)).map_or(&[][..], Vec::as_slice);
                let start = bucket.partition_point(|(up_to, _)| *up_to < facts.value);
                let candidates = bucket.iter().skip(start).map(|(_, at)| *at);
                found.extend(candidates.filter(|at| {
                    self.permits().get(usize::from(*at)).is_some_and(|p| self.rest_matches(p, facts, history))
                }));
            }
        });
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.permits().get(usize::from(at))).collect()
    }

    /// All conditions of a permit but vault and initiator.
    fn rest_matches(&self, permit: &Permit, facts: &Facts<'_>, history: &impl History) -> bool {
        permit.amount.contains(facts.value)
            && facts.outputs.iter().all(|output| permit.output_matches(self, facts, output, history))
            && permit
                .calendar
                .as_ref()
                .is_none_or(|calendar| calendar.contains(facts.at, &self.organisation().time_zone))
    }

    /// Whether a permit is quick: its hold is shorter than `response.quiet`.
    #[must_use]
    pub fn is_quick(&self, permit: &Permit) -> bool {
        permit.hold < self.response().quiet
    }

    /// Whether a target satisfies a destination rule, history apart ([`DestinationRule::Known`] is never satisfied here).
    #[must_use]
    pub fn is_destination(&self, rule: &DestinationRule, target: &Target) -> bool {
        if *rule == DestinationRule::Any {
            return true;
        }
        let Some(wanted) = self.index.key(rule) else { return false };
        let mut found = false;
        self.index.keys_of(target, |key| found |= key == wanted && key != DestinationKey::Known);
        found
    }

    /// What a submission uses of every limit that matches.
    ///
    /// Outputs to the same vault do not count; a self-transfer counts its fee only. `by = "destination"` charges each
    /// destination with its own outputs, without the fee.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn charges(&self, facts: &Facts<'_>) -> Result<Vec<Charge>, MoneyError> {
        let Some(limits) = self.index.vault(facts.vault).and_then(|v| self.index.limits_by_vault.get(&v))
        else {
            return Ok(Vec::new());
        };
        let leaving = self.leaving(facts)?;
        let mut charges = Vec::with_capacity(limits.len());
        for limit in limits.iter().filter_map(|at| self.limits().get(usize::from(*at))) {
            let mut charge =
                |counter, value| charges.push(Charge { limit: limit.id.clone(), counter, value });
            match limit.by {
                LimitBy::Vault => charge(Counter::Vault(facts.vault.clone()), leaving),
                LimitBy::Initiator => charge(Counter::Initiator(facts.initiator.clone()), leaving),
                LimitBy::Organisation => charge(Counter::Organisation, leaving),
                LimitBy::Destination => {
                    for (target, value) in self.per_destination(facts)? {
                        charge(Counter::Destination(target), value);
                    }
                }
            }
        }
        Ok(charges)
    }

    fn is_same_vault(&self, facts: &Facts<'_>, target: &Target) -> bool {
        match target {
            Target::Vault(vault) => vault == facts.vault,
            Target::Address(address) => self.index.vault_with_address(address) == Some(facts.vault),
        }
    }

    fn leaving(&self, facts: &Facts<'_>) -> Result<Value, MoneyError> {
        let mut staying = Value::ZERO;
        for output in facts.outputs.iter().filter(|output| self.is_same_vault(facts, &output.target)) {
            staying = staying.plus(output.value)?;
        }
        Ok(facts.value.less(staying))
    }

    fn per_destination(&self, facts: &Facts<'_>) -> Result<Vec<(Target, Value)>, MoneyError> {
        let mut sums: Vec<(Target, Value)> = Vec::with_capacity(facts.outputs.len());
        for output in facts.outputs {
            let target = self.resolve(&output.target);
            let value = if self.is_same_vault(facts, &target) { facts.fee } else { output.value };
            match sums.iter_mut().find(|(known, _)| *known == target) {
                Some((known, sum)) if !self.is_same_vault(facts, known) => *sum = sum.plus(value)?,
                Some(_) => {}
                None => sums.push((target, value)),
            }
        }
        Ok(sums)
    }
}

impl Permit {
    /// Whether this permit matches a transfer at its submission. Posture, quorum and hold are another matter.
    pub fn matches(&self, policy: &Policy, facts: &Facts<'_>, history: &impl History) -> bool {
        self.vaults.contains(facts.vault)
            && self.initiators.iter().any(|group| policy.in_group(facts.initiator, group))
            && !facts.outputs.is_empty()
            && policy.rest_matches(self, facts, history)
    }

    /// Whether one output's target satisfies this permit's destination.
    pub fn output_matches(
        &self,
        policy: &Policy,
        facts: &Facts<'_>,
        output: &OutputFacts,
        history: &impl History,
    ) -> bool {
        if self.destination != DestinationRule::Known {
            return policy.is_destination(&self.destination, &output.target);
        }
        // What belongs to a vault is internal; `known` speaks of addresses outside.
        let Target::Address(address) = &output.target else { return false };
        let not_after = facts.at.before(self.known_for.unwrap_or_default());
        policy.index.vault_with_address(address).is_none()
            && history.first_paid(facts.vault, address, not_after).is_some_and(|first| first <= not_after)
    }
}

/// A destination rule in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum DestinationKey {
    Any,
    Known,
    Listed,
    List(u16),
    Vault(u16),
}

/// Rules by what selects them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    vaults: HashMap<VaultId, u16>,
    permits: HashMap<PermitId, u16>,
    limits: HashMap<LimitId, u16>,
    groups: HashMap<GroupId, u16>,
    lists: HashMap<ListId, u16>,
    actors: HashMap<ActorId, Vec<u16>>,
    vault_addresses: HashMap<String, VaultId>,
    /// The lists of each address, and whether one of them is a list that no forbid names.
    addresses: HashMap<String, (Vec<u16>, bool)>,
    /// In rising order of the highest value.
    permits_by: HashMap<(u16, u16, DestinationKey), Vec<(Value, u16)>>,
    limits_by_vault: HashMap<u16, Vec<u16>>,
    forbids_by_destination: HashMap<DestinationKey, Vec<u16>>,
    forbids_by_vault: HashMap<u16, Vec<u16>>,
    forbids_by_group: HashMap<u16, Vec<u16>>,
    forbids_of_all: Vec<u16>,
}

/// The highest value of a permit without an upper bound.
const UNBOUNDED: Value = Value::from_minor(u128::MAX);

impl Index {
    pub(crate) fn new(parts: &Parts) -> Self {
        let mut index = Self {
            vaults: numbers(parts.vaults.iter().map(|vault| &vault.id)),
            permits: numbers(parts.permits.iter().map(|permit| &permit.id)),
            limits: numbers(parts.limits.iter().map(|limit| &limit.id)),
            ..Self::default()
        };
        for (actor, groups) in actors(parts) {
            let numbered = groups.iter().map(|group| number_of(&mut index.groups, group)).collect();
            index.actors.insert(actor, numbered);
        }
        for vault in &parts.vaults {
            let named = vault.addresses.iter().map(|address| (address.clone(), vault.id.clone()));
            index.vault_addresses.extend(named);
        }
        index.add_destinations(parts);
        index.add_permits(parts);
        index.add_limits(parts);
        index.add_forbids(parts);
        index
    }

    fn add_destinations(&mut self, parts: &Parts) {
        let named_by_forbid = |list: &ListId| {
            parts.forbids.iter().any(|forbid| forbid.destination == Some(DestinationRule::List(list.clone())))
        };
        for destination in &parts.destinations {
            let Some(list) = &destination.list else { continue };
            let number = number_of(&mut self.lists, list);
            let entry = self.addresses.entry(destination.address.clone()).or_default();
            entry.0.push(number);
            entry.1 |= !named_by_forbid(list);
        }
    }

    fn add_permits(&mut self, parts: &Parts) {
        for (at, permit) in (0u16..).zip(&parts.permits) {
            let Some(key) = self.key(&permit.destination) else { continue };
            let up_to = permit.amount.up_to.unwrap_or(UNBOUNDED);
            for vault in permit.vaults.iter().filter_map(|vault| self.vaults.get(vault)) {
                for group in permit.initiators.iter().filter_map(|group| self.groups.get(group)) {
                    self.permits_by.entry((*vault, *group, key)).or_default().push((up_to, at));
                }
            }
        }
        self.permits_by.values_mut().for_each(|bucket| bucket.sort_unstable());
    }

    fn add_limits(&mut self, parts: &Parts) {
        for (at, limit) in (0u16..).zip(&parts.limits) {
            for vault in limit.vaults.iter().filter_map(|vault| self.vaults.get(vault)) {
                self.limits_by_vault.entry(*vault).or_default().push(at);
            }
        }
    }

    /// Each forbid goes under its most selective condition.
    fn add_forbids(&mut self, parts: &Parts) {
        for (at, forbid) in (0u16..).zip(&parts.forbids) {
            let key = forbid.destination.as_ref().and_then(|rule| self.key(rule));
            if let Some(key) = key.filter(|key| *key != DestinationKey::Any) {
                self.forbids_by_destination.entry(key).or_default().push(at);
            } else if let Some(vaults) = &forbid.vaults {
                for vault in vaults.iter().filter_map(|vault| self.vaults.get(vault)) {
                    self.forbids_by_vault.entry(*vault).or_default().push(at);
                }
            } else if let Some(groups) = &forbid.initiators {
                for group in groups.iter().filter_map(|group| self.groups.get(group)) {
                    self.forbids_by_group.entry(*group).or_default().push(at);
                }
            } else {
                self.forbids_of_all.push(at);
            }
        }
    }

    pub(crate) fn vault(&self, id: &VaultId) -> Option<u16> {
        self.vaults.get(id).copied()
    }

    pub(crate) fn permit(&self, id: &PermitId) -> Option<u16> {
        self.permits.get(id).copied()
    }

    pub(crate) fn limit(&self, id: &LimitId) -> Option<u16> {
        self.limits.get(id).copied()
    }

    pub(crate) fn groups_of(&self, actor: &ActorId) -> Option<&[u16]> {
        self.actors.get(actor).map(Vec::as_slice)
    }

    pub(crate) fn in_group(&self, actor: &ActorId, group: &GroupId) -> bool {
        let number = self.groups.get(group);
        number.is_some_and(|number| self.groups_of(actor).is_some_and(|groups| groups.contains(number)))
    }

    pub(crate) fn vault_with_address(&self, address: &str) -> Option<&VaultId> {
        self.vault_addresses.get(address)
    }

    fn key(&self, rule: &DestinationRule) -> Option<DestinationKey> {
        Some(match rule {
            DestinationRule::Any => DestinationKey::Any,
            DestinationRule::Known => DestinationKey::Known,
            DestinationRule::Listed => DestinationKey::Listed,
            DestinationRule::List(list) => DestinationKey::List(*self.lists.get(list)?),
            DestinationRule::Vault(vault) => DestinationKey::Vault(self.vault(vault)?),
        })
    }

    /// Every key under which a rule could select this target. `Known` is only possible here; history decides.
    fn keys_of(&self, target: &Target, mut each: impl FnMut(DestinationKey)) {
        each(DestinationKey::Any);
        let vault = match target {
            Target::Vault(vault) => Some(vault),
            Target::Address(address) => self.vault_with_address(address),
        };
        if let Some(number) = vault.and_then(|vault| self.vault(vault)) {
            each(DestinationKey::Vault(number));
        }
        let Target::Address(address) = target else { return };
        each(DestinationKey::Known);
        if let Some((lists, listed)) = self.addresses.get(address) {
            lists.iter().for_each(|list| each(DestinationKey::List(*list)));
            if *listed {
                each(DestinationKey::Listed);
            }
        }
    }
}

fn numbers<'a, T: Clone + Eq + std::hash::Hash + 'a>(names: impl Iterator<Item = &'a T>) -> HashMap<T, u16> {
    (0u16..).zip(names).map(|(number, name)| (name.clone(), number)).collect()
}

fn number_of<T: Clone + Eq + std::hash::Hash>(numbers: &mut HashMap<T, u16>, name: &T) -> u16 {
    // The counts of groups and lists are bounded by the loader, far below 2^16.
    let next = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
    *numbers.entry(name.clone()).or_insert(next)
}
