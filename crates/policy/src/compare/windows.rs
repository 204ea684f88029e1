//! Limits of one policy that another's do not imply, with a history that shows it. Keeps G5. Called by `transfers`.
//!
//! A history is any: it may hold what an earlier policy let pass. So a limit is implied by one that counts at least the same
//! submissions for at least as long up to at most the same sum, or by several together. Where no single one does, a history
//! is sought that fills the one and leaves room in the others; where none is found the answer is undecided.

use std::collections::BTreeMap;

use types::{ActorId, Amount, Span, Target, Timestamp, VaultId};

use super::cells::vault_of;
use super::transfers::{Ground, Sample, past};
use super::{Deed, Surplus};
use crate::explain::{HistoryFile, OutputFile, Status};
use crate::model::{Limit, LimitBy};
use crate::policy::Policy;

/// The longest history of a witness.
const HISTORY_MAX: u32 = 1000;

/// One bound of a limit: on value or on number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Value(u128),
    Count(u32),
}

fn bounds(limit: &Limit) -> impl Iterator<Item = Bound> {
    let value = limit.amount.map(|amount| Bound::Value(amount.minor()));
    value.into_iter().chain(limit.count.map(Bound::Count))
}

/// Looks for a transfer that `more` admits and a limit of `less` stops.
pub(super) fn search(ground: &Ground<'_, '_>, samples: &[Sample], surplus: &mut Surplus) {
    if samples.is_empty() {
        return;
    }
    let (less, more) = (ground.pair.less, ground.pair.more);
    let on_vault = |limit: &&Limit| limit.vaults.contains(ground.vault);
    for limit in less.limits().iter().filter(on_vault) {
        for bound in bounds(limit) {
            let implied = |other: &Limit| implies(ground, other, (limit, bound));
            if more.limits().iter().filter(on_vault).any(implied) {
                continue;
            }
            let filled = samples.iter().find_map(|sample| Filling { ground, limit, bound, sample }.deed());
            match filled {
                Some(deed) => return surplus.add(deed),
                None => surplus.doubt(Deed::Undecided { what: "limits" }),
            }
        }
    }
}

/// Over whose submissions a limit counts, from one vault's point of view.
fn counted<'l>(limit: &'l Limit, vault: &'l VaultId) -> &'l [VaultId] {
    match limit.by {
        LimitBy::Vault => std::slice::from_ref(vault),
        LimitBy::Initiator | LimitBy::Destination | LimitBy::Organisation => &limit.vaults,
    }
}

fn implies(ground: &Ground<'_, '_>, mine: &Limit, (other, bound): (&Limit, Bound)) -> bool {
    let same_kind = mine.by == other.by || matches!(mine.by, LimitBy::Vault | LimitBy::Organisation);
    let (wider, narrower) = (counted(mine, ground.vault), counted(other, ground.vault));
    let covers = same_kind && mine.per >= other.per && narrower.iter().all(|vault| wider.contains(vault));
    let lower = match bound {
        // A window that admits one submission holds nothing before it.
        Bound::Value(most) => mine.amount.is_some_and(|amount| amount.minor() <= most),
        Bound::Count(most) => mine.count.is_some_and(|count| count <= most),
    };
    covers && lower && narrower.iter().all(|vault| no_new_address(ground, vault))
}

/// What goes to an address of the same vault is not counted: with a new address there, more escapes.
fn no_new_address(ground: &Ground<'_, '_>, vault: &VaultId) -> bool {
    let before = ground.pair.less.vault(vault).map_or(&[][..], |vault| vault.addresses.as_slice());
    let now = ground.pair.more.vault(vault).map_or(&[][..], |vault| vault.addresses.as_slice());
    now.iter().all(|address| before.contains(address))
}

/// Filling one limit of `less` up to where a transfer does not fit, within the limits of `more`.
struct Filling<'f, 'g, 'p> {
    ground: &'f Ground<'g, 'p>,
    limit: &'f Limit,
    bound: Bound,
    sample: &'f Sample,
}

/// Room that the limits of `more` leave, by the number of the limit.
#[derive(Clone, Copy)]
struct Left {
    value: u128,
    count: u32,
}

/// One submission of the past: from where, by whom, to whom.
struct Region {
    vault: VaultId,
    initiator: ActorId,
    target: Target,
    /// The limits of `more` that count it together with the transfer.
    counting: Vec<usize>,
}

impl Filling<'_, '_, '_> {
    fn deed(&self) -> Option<Deed> {
        let (transfer, mut history) = self.ground.written_to(self.sample)?;
        let leaving = if self.is_own() { 0 } else { self.sample.value };
        let at = self.sample.at.before(Span::from_seconds(self.limit.per.seconds().saturating_sub(1)));
        let mut room = self.room(leaving)?;
        let mut regions = self.regions();
        regions.sort_by_key(|region| region.counting.len());
        let filled = match self.bound {
            Bound::Value(most) => {
                self.fill_value((most + 1).saturating_sub(leaving), &regions, &mut room, at)?
            }
            Bound::Count(most) => self.fill_count(most, &regions, &mut room, at)?,
        };
        history.extend(filled);
        self.ground.seen(transfer, history)
    }

    fn is_own(&self) -> bool {
        vault_of(self.ground.pair.more, &self.sample.spot.target).as_ref() == Some(self.ground.vault)
    }

    fn limits(&self) -> impl Iterator<Item = (usize, &Limit)> {
        let limits = self.ground.pair.more.limits().iter().enumerate();
        limits.filter(|(_, limit)| limit.vaults.contains(self.ground.vault))
    }

    /// What each limit of `more` leaves once the transfer itself is counted.
    fn room(&self, leaving: u128) -> Option<BTreeMap<usize, Left>> {
        let left = |(at, limit): (usize, &Limit)| {
            let value = limit.amount.map_or(Some(u128::MAX), |amount| amount.minor().checked_sub(leaving))?;
            let count = limit.count.map_or(Some(u32::MAX), |count| count.checked_sub(1))?;
            Some((at, Left { value, count }))
        };
        self.limits().map(left).collect()
    }

    /// Submissions that the limit counts, one for each way in which the limits of `more` count them.
    fn regions(&self) -> Vec<Region> {
        let initiator = &self.sample.initiator;
        let others = [self.ground.pair.less, self.ground.pair.more].into_iter().flat_map(actors);
        let other = others.into_iter().find(|other| other != initiator);
        let other =
            other.filter(|_| self.limit.by != LimitBy::Initiator).unwrap_or_else(|| initiator.clone());
        let target = &self.sample.spot.target;
        let elsewhere = Target::Address(self.ground.cells.elsewhere.clone());
        let mut regions = Vec::new();
        for vault in counted(self.limit, self.ground.vault) {
            let mut targets = vec![elsewhere.clone()];
            if self.limit.by == LimitBy::Destination {
                targets = vec![target.clone()];
            } else if let Some(known) = self.ground.pair.more.vault(vault) {
                // Paying them takes nothing of the limits of `more`, and something of those of `less`.
                let addresses = known.addresses.iter().cloned().map(Target::Address);
                targets.extend(
                    addresses.filter(|at| vault_of(self.ground.pair.less, at).as_ref() != Some(vault)),
                );
            }
            for target in targets {
                regions.push(self.region((vault, &other), target));
            }
        }
        regions
    }

    fn region(&self, (vault, initiator): (&VaultId, &ActorId), target: Target) -> Region {
        let more = self.ground.pair.more;
        let age = self.limit.per.seconds().saturating_sub(1);
        let own = vault_of(more, &target).as_ref() == Some(vault);
        let counting = self.limits().filter(|(_, limit)| {
            let counts = counted(limit, self.ground.vault).contains(vault);
            let same = match limit.by {
                LimitBy::Vault | LimitBy::Organisation => true,
                LimitBy::Initiator => *initiator == self.sample.initiator,
                LimitBy::Destination => more.resolve(&target) == more.resolve(&self.sample.spot.target),
            };
            counts && same && age < limit.per.seconds() && (!own || limit.count.is_some())
        });
        let counting = counting.map(|(at, _)| at).collect();
        Region { vault: vault.clone(), initiator: initiator.clone(), target, counting }
    }

    fn fill_value(
        &self,
        mut need: u128,
        regions: &[Region],
        room: &mut BTreeMap<usize, Left>,
        at: Timestamp,
    ) -> Option<Vec<HistoryFile>> {
        let mut history = Vec::new();
        for region in regions {
            // What stays in a vault under `more` takes none of its value.
            let free = vault_of(self.ground.pair.more, &region.target).as_ref() == Some(&region.vault);
            let left = || region.counting.iter().filter_map(|at| room.get(at));
            let value =
                if free { u128::MAX } else { left().map(|left| left.value).min().unwrap_or(u128::MAX) };
            let count = left().map(|left| left.count).min().unwrap_or(u32::MAX);
            let units = need.min(value);
            if units == 0 || count == 0 {
                continue;
            }
            history.push(self.entry(region, units, at));
            take(room, region, if free { 0 } else { units });
            need -= units;
        }
        (need == 0).then_some(history)
    }

    /// Submissions within a vault take no value where that is allowed to be.
    fn fill_count(
        &self,
        most: u32,
        regions: &[Region],
        room: &mut BTreeMap<usize, Left>,
        at: Timestamp,
    ) -> Option<Vec<HistoryFile>> {
        if most > HISTORY_MAX {
            return None;
        }
        let mut history = Vec::new();
        for region in regions {
            let inside = Region {
                target: match self.limit.by {
                    LimitBy::Destination => region.target.clone(),
                    _ => Target::Vault(region.vault.clone()),
                },
                vault: region.vault.clone(),
                initiator: region.initiator.clone(),
                counting: region.counting.clone(),
            };
            let units =
                u128::from(vault_of(self.ground.pair.more, &inside.target).as_ref() != Some(&inside.vault));
            while u32::try_from(history.len()).is_ok_and(|so_far| so_far < most) {
                let left = inside.counting.iter().filter_map(|at| room.get(at));
                if left.into_iter().any(|left| left.count == 0 || left.value < units) {
                    break;
                }
                history.push(self.entry(&inside, 1, at));
                take(room, &inside, units);
            }
        }
        u32::try_from(history.len()).is_ok_and(|length| length >= most).then_some(history)
    }

    fn entry(&self, region: &Region, units: u128, at: Timestamp) -> HistoryFile {
        let amount = Amount::new(self.ground.pair.more.organisation().currency, units);
        let output = OutputFile { target: region.target.clone(), amount };
        let transfer = past(region.vault.clone(), region.initiator.clone(), at, output);
        HistoryFile { transfer, status: Status::Pending }
    }
}

fn take(room: &mut BTreeMap<usize, Left>, region: &Region, units: u128) {
    for at in &region.counting {
        if let Some(left) = room.get_mut(at) {
            left.value = left.value.saturating_sub(units);
            left.count = left.count.saturating_sub(1);
        }
    }
}

fn actors(policy: &Policy) -> Vec<ActorId> {
    let people = policy.people().map(|person| ActorId::from(person.id.clone()));
    people.chain(policy.services().iter().map(|service| ActorId::from(service.id.clone()))).collect()
}
