//! A bound of a coalition in a microsecond or so, from what its permits admit in closed form (G2). Never too low; it only says where
//! to look first. Called by `search`, for thousands of coalitions under each question.

use std::cell::RefCell;
use std::collections::HashMap;

use policy::LimitBy;
use types::Value;

use crate::game::{ENDLESS, Ground};
use crate::power::Power;
use crate::relax::cheapest;

/// What does not depend on the coalition, under one horizon and mode.
pub(crate) struct Quick<'g> {
    ground: &'g Ground<'g>,
    reach: u64,
    quick_only: bool,
    known: RefCell<HashMap<(Scope, u64, u128), u128>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    /// One vault, by the limits that all initiators share.
    Vault(usize),
    /// One vault, by those of one initiator.
    Initiator(usize),
    /// All vaults of a limit together.
    Limit(usize),
}

/// What the permits of a coalition have in common at one vault.
#[derive(Clone, Copy, Default)]
struct Reach {
    shortest: Option<u64>,
    most: u128,
    actors: u128,
}

impl<'g> Quick<'g> {
    pub(crate) fn new(ground: &'g Ground<'g>, (reach, quick_only): (u64, bool)) -> Self {
        Self { ground, reach, quick_only, known: RefCell::default() }
    }

    /// What a coalition can move at most.
    pub(crate) fn moved(&self, power: &Power, contents: &[u128]) -> u128 {
        let mut vaults = vec![Reach::default(); contents.len()];
        for team in &power.teams {
            for number in &team.usable {
                self.widen(&mut vaults, power, *number);
            }
            let mut seen = vec![false; contents.len()];
            for vault in
                team.usable.iter().filter_map(|number| self.ground.permit_vaults.get(*number)).flatten()
            {
                if seen.get(*vault) == Some(&false)
                    && let (Some(reach), Some(seen)) = (vaults.get_mut(*vault), seen.get_mut(*vault))
                {
                    *seen = true;
                    reach.actors += team.actors.len() as u128;
                }
            }
        }
        let total = contents.iter().fold(0u128, |sum, content| sum.saturating_add(*content));
        let by_vault: Vec<u128> = vaults
            .iter()
            .zip(contents)
            .enumerate()
            .map(|(vault, (reach, content))| {
                self.of_vault(
                    vault,
                    reach,
                    if self.ground.fed.get(vault) == Some(&true) { total } else { *content },
                )
            })
            .collect();
        let sum = by_vault.iter().fold(0u128, |sum, value| sum.saturating_add(*value));
        self.by_limits(&vaults, &by_vault, sum.min(total))
    }

    fn widen(&self, vaults: &mut [Reach], power: &Power, number: usize) {
        let Some(permit) = self.ground.policy.permits().get(number) else { return };
        let hold = permit.hold.seconds();
        if hold > self.reach || (self.quick_only && !self.ground.policy.is_quick(permit)) {
            return;
        }
        let most = self.ground.permit_most.get(number).copied().unwrap_or(0);
        for vault in self.ground.permit_vaults.get(number).into_iter().flatten() {
            if power.signs.get(*vault) == Some(&true)
                && let Some(reach) = vaults.get_mut(*vault)
            {
                reach.shortest = Some(reach.shortest.map_or(hold, |shortest| shortest.min(hold)));
                reach.most = reach.most.max(most);
            }
        }
    }

    fn of_vault(&self, vault: usize, reach: &Reach, available: u128) -> u128 {
        let Some(shortest) = reach.shortest else { return 0 };
        let limits = self.ground.vault_limits.get(vault).map_or(&[][..], Vec::as_slice);
        let shared = self.admitted(Scope::Vault(vault), limits, shortest, reach.most);
        let each = self.admitted(Scope::Initiator(vault), limits, shortest, reach.most);
        available.min(shared).min(each.saturating_mul(reach.actors))
    }

    /// Limits with one counter for several vaults bound them together.
    fn by_limits(&self, vaults: &[Reach], by_vault: &[u128], most: u128) -> u128 {
        let mut least = most;
        for (number, (limit, limited)) in
            self.ground.policy.limits().iter().zip(&self.ground.limited).enumerate()
        {
            if limit.by != LimitBy::Organisation {
                continue;
            }
            let mut inside = Reach::default();
            let mut outside = 0u128;
            for ((reach, value), is_limited) in vaults.iter().zip(by_vault).zip(limited) {
                if *is_limited {
                    inside.most = inside.most.max(reach.most);
                    inside.shortest = inside.shortest.into_iter().chain(reach.shortest).min();
                } else {
                    outside = outside.saturating_add(*value);
                }
            }
            let Some(shortest) = inside.shortest else { continue };
            let together = self.admitted(Scope::Limit(number), &[number], shortest, inside.most);
            least = least.min(together.saturating_add(outside));
        }
        least
    }

    fn admitted(&self, scope: Scope, limits: &[usize], shortest: u64, most: u128) -> u128 {
        let key = (scope, shortest, most);
        if let Some(known) = self.known.borrow().get(&key) {
            return *known;
        }
        let bears = |by: LimitBy| match scope {
            Scope::Vault(_) => matches!(by, LimitBy::Vault | LimitBy::Organisation),
            Scope::Initiator(_) => by == LimitBy::Initiator,
            Scope::Limit(_) => true,
        };
        let of = limits.iter().filter_map(|number| self.ground.policy.limits().get(*number));
        let priced: Vec<(u64, u128)> = of
            .filter(|limit| bears(limit.by) && limit.per.seconds() > 0)
            .filter_map(|limit| {
                let counted = limit.count.map(|count| u128::from(count).saturating_mul(most));
                let admits = limit.amount.map(Value::minor).into_iter().chain(counted).min()?;
                Some((limit.per.seconds(), admits))
            })
            .collect();
        let admitted = cheapest(&priced, self.reach.saturating_sub(shortest)).min(ENDLESS);
        self.known.borrow_mut().insert(key, admitted);
        admitted
    }
}
