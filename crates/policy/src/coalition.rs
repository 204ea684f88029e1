//! Who falls together, and what they can move without a long wait. Serves G2's simple figures; the exact bound is `exposure`'s.
//!
//! Called by the warnings of `check.rs`.

use types::{ActorId, MoneyError, PersonId, PlaceId, Span, Value};

use crate::model::{DestinationRule, Limit, LimitBy, Permit, Vault, actor_of_person};
use crate::policy::Policy;

/// People who are taken together, whom their captors can coerce, and the services that they operate.
#[derive(Clone, Debug)]
pub(crate) struct Coalition<'p> {
    /// For messages.
    pub label: String,
    pub people: Vec<&'p PersonId>,
    pub services: Vec<ActorId>,
}

impl<'p> Coalition<'p> {
    /// One for each home that someone lives in, and one for each person who has none.
    pub(crate) fn homes(policy: &'p Policy) -> Vec<Self> {
        let homes = policy.places().iter().filter(|place| place.kind == crate::model::PlaceKind::Home);
        let mut all: Vec<Self> = homes.map(|place| Self::at(policy, &place.id)).collect();
        all.retain(|coalition| !coalition.people.is_empty());
        let homeless = policy.people().filter(|person| person.homes.is_empty());
        all.extend(homeless.map(|person| Self {
            label: format!("`{}`, who has no home", person.id),
            ..Self::alone(policy, &person.id)
        }));
        all
    }

    /// Everyone at a place, whom their captors can coerce through them, and their services.
    fn at(policy: &'p Policy, place: &PlaceId) -> Self {
        let there = |places: &[PlaceId]| places.contains(place);
        let mut people: Vec<&PersonId> = Vec::new();
        for person in policy.people().filter(|person| there(&person.places)) {
            people.push(&person.id);
            people.extend(&person.of);
        }
        for protected in policy.protected_people().iter().filter(|protected| there(&protected.places)) {
            people.extend(&protected.of);
        }
        Self::of(policy, format!("the home `{place}`"), people)
    }

    /// One person, without those whom the captors could coerce through that person.
    pub(crate) fn alone(policy: &'p Policy, person: &'p PersonId) -> Self {
        Self::of(policy, format!("`{person}`"), vec![person])
    }

    fn of(policy: &'p Policy, label: String, mut people: Vec<&'p PersonId>) -> Self {
        people.sort_unstable();
        people.dedup();
        let operated = policy
            .services()
            .iter()
            .filter(|service| service.operated_by.iter().any(|operator| people.contains(&operator)));
        let services = operated.map(|service| ActorId::from(service.id.clone())).collect();
        Self { label, people, services }
    }

    /// Those of the coalition who may use a permit and are then joined by enough approvals of the others.
    fn initiators(&self, policy: &Policy, permit: &Permit) -> u128 {
        let may = |actor: &ActorId| permit.initiators.iter().any(|group| policy.in_group(actor, group));
        let met = |excluded: &[&PersonId]| {
            permit.approve.as_ref().is_none_or(|quorum| policy.met(quorum, &self.people, excluded))
        };
        let people = self.people.iter().filter(|person| may(&actor_of_person(person)) && met(&[person]));
        let services = self.services.iter().filter(|service| may(service) && met(&[]));
        people.count() as u128 + services.count() as u128
    }

    /// Whether the coalition's keys and the co-signer together satisfy a vault's spending path. Gate-only vaults have none.
    pub(crate) fn can_sign(&self, policy: &Policy, vault: &Vault) -> bool {
        vault.keys.as_ref().is_none_or(|path| self.keys_among(policy, &path.of) >= path.at_least)
    }

    /// How many of these keys the coalition can be made to use.
    pub(crate) fn keys_among(&self, policy: &Policy, keys: &[types::KeyId]) -> u32 {
        let people = || self.people.iter().filter_map(|id| policy.person(id));
        let held = keys.iter().filter(|key| people().any(|person| person.keys.contains(key)));
        u32::try_from(held.count()).unwrap_or(u32::MAX)
    }

    /// An upper bound on the value that permits of one kind let the coalition send outside within a time; `None` without bound.
    ///
    /// Limits bound each vault: a window of `per` admits its amount at the instants 0, `per`, 2 `per` and so on. Balances bound
    /// where no other vault can be emptied into this one. Forbids, calendars and prices are not used: they only lower it.
    pub(crate) fn most(
        &self,
        policy: &Policy,
        within: Span,
        of_kind: impl Fn(&Permit) -> bool,
    ) -> Result<Option<Value>, MoneyError> {
        let usable: Vec<(&Permit, u128)> = policy
            .permits()
            .iter()
            .filter(|permit| of_kind(permit) && permit.hold <= permit.expires && permit.hold <= within)
            .map(|permit| (permit, self.initiators(policy, permit)))
            .filter(|(_, initiators)| *initiators > 0)
            .collect();
        let mut bounds: Vec<(&Vault, Option<Value>)> = Vec::new();
        for vault in policy.vaults().iter().filter(|vault| self.can_sign(policy, vault)) {
            let from: Vec<_> =
                usable.iter().filter(|(permit, _)| permit.vaults.contains(&vault.id)).collect();
            let leaving = from.iter().any(|(permit, _)| leaves(policy, permit));
            if leaving {
                let fed = usable.iter().any(|(permit, _)| feeds(policy, permit, vault));
                bounds.push((vault, vault_bound(policy, vault, &from, fed, within)?));
            }
        }
        total(policy, &bounds, &usable, within)
    }
}

/// Whether a permit can send value outside of the organisation's vaults.
fn leaves(policy: &Policy, permit: &Permit) -> bool {
    match &permit.destination {
        DestinationRule::Vault(_) => false,
        DestinationRule::List(list) => {
            policy.destinations().iter().any(|known| known.list.as_ref() == Some(list))
        }
        DestinationRule::Listed | DestinationRule::Known | DestinationRule::Any => true,
    }
}

fn feeds(policy: &Policy, permit: &Permit, vault: &Vault) -> bool {
    let from_another = permit.vaults.iter().any(|from| *from != vault.id && policy.vault(from).is_some());
    let into = match &permit.destination {
        DestinationRule::Vault(into) => *into == vault.id,
        DestinationRule::Any => true,
        _ => false,
    };
    from_another && into
}

fn vault_bound(
    policy: &Policy,
    vault: &Vault,
    usable: &[&(&Permit, u128)],
    fed: bool,
    within: Span,
) -> Result<Option<Value>, MoneyError> {
    let mut least = if fed { None } else { vault.balance };
    for limit in policy.limits().iter().filter(|limit| limit.vaults.contains(&vault.id)) {
        if let Some(bound) = limit_bound(limit, usable, within)? {
            least = Some(least.map_or(bound, |least: Value| least.min(bound)));
        }
    }
    Ok(least)
}

/// What one limit admits within a time: its windows, times its counters, times its amount (or its count of the largest sums).
fn limit_bound(
    limit: &Limit,
    usable: &[&(&Permit, u128)],
    within: Span,
) -> Result<Option<Value>, MoneyError> {
    let shortest_hold = usable.iter().map(|(permit, _)| permit.hold).min().unwrap_or_default();
    let span = within.seconds().saturating_sub(shortest_hold.seconds());
    let windows = u128::from(span / limit.per.seconds().max(1)) + 1;
    let counters = match limit.by {
        LimitBy::Vault | LimitBy::Organisation => 1,
        LimitBy::Initiator => usable.iter().map(|(_, initiators)| *initiators).sum(),
        // A captor has as many new addresses as it likes.
        LimitBy::Destination => return Ok(None),
    };
    let largest = usable
        .iter()
        .map(|(permit, _)| permit.amount.up_to)
        .try_fold(Value::ZERO, |most, up_to| up_to.map(|up_to| most.max(up_to)));
    let of_count = match (limit.count, largest) {
        (Some(count), Some(largest)) => Some(times(largest, u128::from(count))?),
        (Some(0), None) => Some(Value::ZERO),
        _ => None,
    };
    let window = match (limit.amount, of_count) {
        (Some(amount), Some(of_count)) => Some(amount.min(of_count)),
        (amount, of_count) => amount.or(of_count),
    };
    window.map(|window| times(window, windows.checked_mul(counters).ok_or(MoneyError::Overflow)?)).transpose()
}

/// The sum over vaults; a limit over several vaults with one counter bounds them together.
fn total(
    policy: &Policy,
    bounds: &[(&Vault, Option<Value>)],
    usable: &[(&Permit, u128)],
    within: Span,
) -> Result<Option<Value>, MoneyError> {
    let usable: Vec<_> = usable.iter().collect();
    let sum = |outside: &dyn Fn(&Vault) -> bool| -> Result<Option<Value>, MoneyError> {
        let mut sum = Some(Value::ZERO);
        for (_, bound) in bounds.iter().filter(|(vault, _)| outside(vault)) {
            sum = match (sum, bound) {
                (Some(sum), Some(bound)) => Some(sum.plus(*bound)?),
                _ => None,
            };
        }
        Ok(sum)
    };
    let mut least = sum(&|_| true)?;
    for limit in policy.limits().iter().filter(|limit| limit.by == LimitBy::Organisation) {
        let rest = sum(&|vault| !limit.vaults.contains(&vault.id))?;
        if let (Some(shared), Some(rest)) = (limit_bound(limit, &usable, within)?, rest) {
            let together = shared.plus(rest)?;
            least = Some(least.map_or(together, |least| least.min(together)));
        }
    }
    Ok(least)
}

fn times(value: Value, factor: u128) -> Result<Value, MoneyError> {
    value.minor().checked_mul(factor).map(Value::from_minor).ok_or(MoneyError::Overflow)
}
