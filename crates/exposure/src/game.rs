//! What one coalition can move by when, under one question (G2): every move that the gate would let through, and what is lost without
//! the gate. No strategy yet: that is `plan`'s. Called by `search`.

use std::collections::{BTreeMap, HashMap};

use policy::{Chain, DestinationRule, Forbid, Limit, LimitBy, Permit, Policy};
use types::{ActorId, ListId, Target, VaultId};

use crate::bound::{Holdings, Mode, Way};
use crate::power::{Power, Team};

/// More than any real sum, and sums of a thousand of them still fit in 128 bits: stands for "without bound".
pub(crate) const ENDLESS: u128 = 1 << 100;
/// The most outputs of one transfer.
pub(crate) const OUTPUTS_MAX: u128 = types::PAYLOAD_OUTPUTS_MAX as u128;
/// A block, in seconds.
const BLOCK_SECONDS: u64 = 600;

/// Where an output goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Goal {
    /// To an address of the attacker's own, as many as it likes.
    New,
    /// To addresses that the policy knows, by their kind.
    Listed(usize),
    /// To another vault.
    Inside(usize),
}

/// A kind of transfer that the gate lets through.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Move {
    pub permit: usize,
    pub vault: usize,
    /// Who may submit it, by number of the team.
    pub team: usize,
    /// What one transfer may be worth.
    pub least: u128,
    pub most: u128,
    /// Where its outputs may go; one transfer may have several.
    pub goals: Vec<Goal>,
    pub hold: u64,
    /// Only to addresses paid before, so long ago.
    pub known_for: Option<u64>,
    /// What the whole may be worth when an output back to its own vault, which limits do not count, fills it up; none when it cannot.
    pub padded: Vec<(u128, u128)>,
}

/// A vault at the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Store {
    /// What moves can take out.
    pub content: u128,
    /// What arrives until then is lost by itself.
    pub sink_until: Option<u64>,
}

/// What is lost without a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Sure {
    pub vault: usize,
    pub way: Way,
    pub at: u64,
    pub amount: u128,
}

/// One coalition under one question.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Game {
    /// Nothing that passes the gate takes effect later than this.
    pub reach: u64,
    pub stores: Vec<Store>,
    pub sure: Vec<Sure>,
    pub teams: Vec<Vec<ActorId>>,
    pub moves: Vec<Move>,
}

/// The lists that an address is in, and whether it counts as listed.
type AddressKind = (Vec<ListId>, bool);

/// What does not depend on the coalition.
pub(crate) struct Ground<'p> {
    pub policy: &'p Policy,
    pub holdings: &'p Holdings,
    /// Addresses that no rule tells apart.
    pub addresses: Vec<Vec<String>>,
    lists: Vec<AddressKind>,
    /// By limit: its vaults.
    pub limited: Vec<Vec<bool>>,
    /// By permit: its vaults, by number.
    pub permit_vaults: Vec<Vec<usize>>,
    /// By vault: whether a permit can fill it from another.
    pub fed: Vec<bool>,
    /// By permit: the most that one transfer can be worth from any of its vaults.
    pub permit_most: Vec<u128>,
    /// By vault: the limits that bear on it.
    pub vault_limits: Vec<Vec<usize>>,
    /// The longest wait that a change has.
    pub change_wait: u64,
}

impl<'p> Ground<'p> {
    pub(crate) fn of(policy: &'p Policy, holdings: &'p Holdings) -> Self {
        let mut kinds: BTreeMap<(Vec<ListId>, bool), Vec<String>> = BTreeMap::new();
        let mut by_address: BTreeMap<&str, Vec<ListId>> = BTreeMap::new();
        for destination in policy.destinations() {
            let lists = by_address.entry(&destination.address).or_default();
            lists.extend(destination.list.clone());
        }
        for (address, mut lists) in by_address {
            let target = Target::Address(address.to_owned());
            if policy.resolve(&target) == target {
                lists.sort();
                let listed = policy.is_destination(&DestinationRule::Listed, &target);
                kinds.entry((lists, listed)).or_default().push(address.to_owned());
            }
        }
        let among = |limit: &Limit| policy.vaults().iter().map(|v| limit.vaults.contains(&v.id)).collect();
        let longest_hold = policy.permits().iter().map(|permit| permit.hold).max().unwrap_or_default();
        let (lists, addresses) = kinds.into_iter().unzip();
        let limited: Vec<Vec<bool>> = policy.limits().iter().map(among).collect();
        let numbers: HashMap<&VaultId, usize> =
            policy.vaults().iter().enumerate().map(|(at, v)| (&v.id, at)).collect();
        let of_permit =
            |permit: &Permit| permit.vaults.iter().filter_map(|id| numbers.get(id)).copied().collect();
        let permit_vaults: Vec<Vec<usize>> = policy.permits().iter().map(of_permit).collect();
        let bear = |vault: usize| {
            let limits = limited.iter().enumerate();
            limits.filter(|(_, vaults)| vaults.get(vault) == Some(&true)).map(|(at, _)| at).collect()
        };
        let vault_limits: Vec<Vec<usize>> = (0..policy.vaults().len()).map(bear).collect();
        let fed = |vault: &policy::Vault| {
            policy.permits().iter().any(|permit| match &permit.destination {
                DestinationRule::Vault(into) => *into == vault.id,
                _ => false,
            })
        };
        let most = |permit: &Permit| permit.amount.up_to.map_or(ENDLESS, |up_to| up_to.minor().min(ENDLESS));
        Self {
            fed: policy.vaults().iter().map(fed).collect(),
            permit_most: policy.permits().iter().map(most).collect(),
            permit_vaults,
            vault_limits,
            policy,
            holdings,
            addresses,
            lists,
            limited,
            change_wait: policy.change().hold.max(longest_hold).seconds(),
        }
    }

    fn content(&self, vault: &policy::Vault) -> u128 {
        self.holdings.of(&vault.id).balance.map_or(ENDLESS, |balance| balance.minor().min(ENDLESS))
    }

    /// Until when the gate lets things happen, and whether only what is quick.
    pub(crate) fn terms(&self, power: &Power, horizon: u64, mode: Mode) -> (u64, bool) {
        let reaction = self.policy.response().reaction.seconds();
        let reach = if mode == Mode::Stopped && !power.lift { horizon.min(reaction) } else { horizon };
        (reach, mode == Mode::Signalled && !power.clear)
    }

    /// The game of a coalition, with its moves.
    pub(crate) fn game(&self, power: &Power, horizon: u64, mode: Mode) -> Game {
        let (mut game, moves) = self.standing(power, horizon, mode);
        if moves {
            let (_, quick_only) = self.terms(power, horizon, mode);
            self.moves(&mut game, power, quick_only);
        }
        game
    }

    /// What is lost without the gate and what is left, and whether there is anything to move.
    pub(crate) fn standing(&self, power: &Power, horizon: u64, mode: Mode) -> (Game, bool) {
        let policy = self.policy;
        let (reach, quick_only) = self.terms(power, horizon, mode);
        let changes = power.change && !quick_only && self.change_wait <= reach;
        let mut game =
            Game { reach, stores: Vec::new(), sure: Vec::new(), teams: Vec::new(), moves: Vec::new() };
        for (at, vault) in policy.vaults().iter().enumerate() {
            let signs = power.signs.get(at) == Some(&true);
            let recovers = power.recovers.get(at) == Some(&true);
            let content = self.content(vault);
            let sure = |way, at_second| Sure { vault: at, way, at: at_second, amount: content };
            let matures = self.matures(vault).filter(|_| recovers);
            let first = match (signs && power.cosigner, signs && changes, matures) {
                (true, ..) => Some((sure(Way::Keys, 0), Some(horizon))),
                (_, _, Some((old, new))) if old <= horizon => {
                    Some((sure(Way::Recovery, old), horizon.checked_sub(new)))
                }
                (_, true, _) => Some((sure(Way::Change, self.change_wait), Some(reach))),
                _ => None,
            };
            let later = matures.and_then(|(_, new)| horizon.checked_sub(new));
            match first {
                Some((sure, sink_until)) => {
                    game.sure.push(sure);
                    game.stores.push(Store { content: 0, sink_until });
                }
                None => game.stores.push(Store { content, sink_until: later }),
            }
        }
        // With the co-signer, or with a policy of its own, the coalition leaves nothing behind that it could sign for.
        (game, !power.cosigner && !changes)
    }

    /// When the recovery path opens for what is there, and how long it takes for what comes in.
    fn matures(&self, vault: &policy::Vault) -> Option<(u64, u64)> {
        let recovery = vault.recovery.as_ref().filter(|_| vault.chain != Chain::GateOnly)?;
        let lock = u64::from(recovery.after_blocks) * BLOCK_SECONDS;
        let age = self.holdings.of(&vault.id).oldest_output.map_or(0, types::Span::seconds);
        Some((lock.saturating_sub(age), lock))
    }

    fn moves(&self, game: &mut Game, power: &Power, quick_only: bool) {
        let policy = self.policy;
        for (team, members) in power.teams.iter().enumerate() {
            game.teams.push(members.actors.clone());
            if members.actors.is_empty() {
                continue;
            }
            for number in &members.usable {
                let Some(permit) = policy.permits().get(*number) else { continue };
                let hold = permit.hold.seconds();
                if hold > game.reach || (quick_only && !policy.is_quick(permit)) {
                    continue;
                }
                for vault in self.permit_vaults.get(*number).into_iter().flatten() {
                    if power.signs.get(*vault) == Some(&true) {
                        self.moves_of(game, (*number, permit), *vault, (team, members));
                    }
                }
            }
        }
        game.keep_useful();
        self.keep_strongest(game);
    }

    fn goals(&self, permit: &Permit, vault: usize) -> Vec<Goal> {
        let listed = |wanted: &dyn Fn(&AddressKind) -> bool| -> Vec<Goal> {
            self.lists
                .iter()
                .enumerate()
                .filter(|(_, kind)| wanted(kind))
                .map(|(at, _)| Goal::Listed(at))
                .collect()
        };
        let inside = |other: usize| (other != vault).then_some(Goal::Inside(other));
        match &permit.destination {
            DestinationRule::Any => {
                let others = (0..self.policy.vaults().len()).filter_map(inside);
                std::iter::once(Goal::New).chain(others).collect()
            }
            DestinationRule::Known => vec![Goal::New],
            DestinationRule::Listed => listed(&|(_, listed)| *listed),
            DestinationRule::List(list) => listed(&|(lists, _)| lists.contains(list)),
            DestinationRule::Vault(id) => {
                self.policy.vaults().iter().position(|v| v.id == *id).and_then(inside).into_iter().collect()
            }
        }
    }

    /// Whether a forbid's destination speaks of a goal.
    fn speaks_of(&self, rule: &DestinationRule, goal: Goal) -> bool {
        match (rule, goal) {
            (DestinationRule::Any, _) => true,
            (DestinationRule::Vault(id), Goal::Inside(at)) => {
                self.policy.vaults().get(at).is_some_and(|vault| vault.id == *id)
            }
            (DestinationRule::Listed, Goal::Listed(at)) => {
                self.lists.get(at).is_some_and(|(_, listed)| *listed)
            }
            (DestinationRule::List(list), Goal::Listed(at)) => {
                self.lists.get(at).is_some_and(|(lists, _)| lists.contains(list))
            }
            _ => false,
        }
    }

    fn moves_of(
        &self,
        game: &mut Game,
        (number, permit): (usize, &Permit),
        vault: usize,
        (team, members): (usize, &Team),
    ) {
        let policy = self.policy;
        let Some(id) = policy.vaults().get(vault).map(|vault| &vault.id) else { return };
        let goals = self.goals(permit, vault);
        let forbids: Vec<&Forbid> = policy
            .forbids()
            .iter()
            .zip(&members.forbids)
            .filter(|(forbid, speaks)| {
                **speaks && forbid.vaults.as_ref().is_none_or(|vaults| vaults.contains(id))
            })
            .map(|(forbid, _)| forbid)
            .collect();
        let touched = |goal: &Goal| {
            forbids.iter().any(|f| f.destination.as_ref().is_some_and(|rule| self.speaks_of(rule, *goal)))
        };
        let free: Vec<Goal> = goals.iter().filter(|goal| !touched(goal)).copied().collect();
        let mut sets: Vec<Vec<Goal>> = vec![free.clone()];
        if !free.contains(&Goal::New) {
            sets.extend(goals.iter().filter(|goal| touched(goal)).map(|goal| {
                let mut with = vec![*goal];
                with.extend(&free);
                with
            }));
        }
        for goals in sets.into_iter().filter(|goals| !goals.is_empty()) {
            // Whatever may go to a new address is lost there and then: no detour is better.
            let goals = if goals.contains(&Goal::New) { vec![Goal::New] } else { goals };
            let matters = |forbid: &&&Forbid| {
                let rule = forbid.destination.as_ref();
                rule.is_none_or(|rule| goals.iter().any(|goal| self.speaks_of(rule, *goal)))
            };
            let ranges = allowed(permit, forbids.iter().filter(matters).map(|forbid| &forbid.amount));
            let own = DestinationRule::Vault(id.clone());
            let pads = permit.destination == DestinationRule::Any
                && !forbids.iter().any(|forbid| forbid.destination.as_ref() == Some(&own));
            let padded = if pads { ranges.clone() } else { Vec::new() };
            let highest = ranges.last().copied();
            let ranges = if pads { highest.map(|(_, most)| (1, most)).into_iter().collect() } else { ranges };
            for (least, most) in ranges {
                game.moves.push(Move {
                    permit: number,
                    vault,
                    team,
                    least,
                    most,
                    goals: goals.clone(),
                    hold: permit.hold.seconds(),
                    known_for: (permit.destination == DestinationRule::Known)
                        .then(|| permit.known_for.unwrap_or_default().seconds()),
                    padded: padded.clone(),
                });
            }
        }
    }

    /// The most that one transfer of a kind can be worth, by its limits.
    pub(crate) fn most(&self, game: &Game, one: &Move) -> u128 {
        let fed = game.moves.iter().any(|other| other.goals.contains(&Goal::Inside(one.vault)));
        let within = game.stores.iter().enumerate().filter(|(at, _)| fed || *at == one.vault);
        let total: u128 = within.map(|(_, store)| store.content).fold(0, u128::saturating_add);
        let mut most = one.most.min(total.min(ENDLESS));
        // What would have to be filled up beyond all that there is can never be released.
        if one.padded.first().is_some_and(|(least, _)| *least > total) {
            return 0;
        }
        for (limit, vaults) in self.policy.limits().iter().zip(&self.limited) {
            if vaults.get(one.vault) != Some(&true) {
                continue;
            }
            if limit.count == Some(0) {
                return 0;
            }
            let Some(amount) = limit.amount.map(types::Value::minor) else { continue };
            most = most.min(match limit.by {
                LimitBy::Destination => amount.saturating_mul(self.destinations(&one.goals).min(OUTPUTS_MAX)),
                _ => amount,
            });
        }
        most
    }

    /// How many different destinations a transfer to these goals can have.
    fn destinations(&self, goals: &[Goal]) -> u128 {
        let count = |goal: &Goal| match goal {
            Goal::New => OUTPUTS_MAX,
            Goal::Listed(at) => self.addresses.get(*at).map_or(0, |addresses| addresses.len() as u128),
            Goal::Inside(_) => 1,
        };
        goals.iter().map(count).fold(0, u128::saturating_add)
    }
}

/// The ranges of a permit's amounts that no forbid takes away, in rising order, inclusive.
fn allowed<'f>(permit: &Permit, forbids: impl Iterator<Item = &'f policy::AmountRange>) -> Vec<(u128, u128)> {
    let bounds = |range: &policy::AmountRange| {
        let least = range.over.map_or(0, |over| over.minor().saturating_add(1));
        (least, range.up_to.map_or(ENDLESS, |up_to| up_to.minor().min(ENDLESS)))
    };
    let (least, most) = bounds(&permit.amount);
    let mut ranges = vec![(least.max(1), most)];
    for (from, to) in forbids.map(bounds) {
        let without = |(least, most): (u128, u128)| {
            let before = (least, most.min(from.saturating_sub(1)));
            let after = (least.max(to.saturating_add(1)), most);
            let before = (from > 0).then_some(before);
            let after = (to < ENDLESS).then_some(after);
            before.into_iter().chain(after)
        };
        ranges = ranges.into_iter().flat_map(without).filter(|(least, most)| least <= most).collect();
    }
    ranges.retain(|(least, most)| least <= most);
    ranges.sort_unstable();
    ranges.dedup();
    ranges
}

impl Game {
    /// What is lost without the gate.
    pub(crate) fn sure(&self) -> u128 {
        self.sure.iter().map(|sure| sure.amount).fold(0, u128::saturating_add)
    }

    /// Whether what is moved there arrives at a place where it is lost by itself.
    pub(crate) fn is_lost_at(&self, vault: usize, arrival: u64) -> bool {
        self.stores.get(vault).and_then(|store| store.sink_until).is_some_and(|until| arrival <= until)
    }

    /// Drops goals and moves that lead to nothing that can be lost.
    fn keep_useful(&mut self) {
        let count = self.stores.len();
        let mut leads: Vec<bool> = (0..count).map(|at| self.is_lost_at(at, 0)).collect();
        for _ in 0..count {
            for one in &self.moves {
                let out = one.goals.iter().any(|goal| match goal {
                    Goal::Inside(into) => leads.get(*into) == Some(&true),
                    _ => true,
                });
                if let Some(leads) = leads.get_mut(one.vault) {
                    *leads |= out;
                }
            }
        }
        for one in &mut self.moves {
            one.goals.retain(|goal| match goal {
                Goal::Inside(into) => leads.get(*into) == Some(&true),
                _ => true,
            });
        }
        // What nothing can fill is never emptied.
        let mut filled: Vec<bool> = self.stores.iter().map(|store| store.content > 0).collect();
        for _ in 0..count {
            for one in self
                .moves
                .iter()
                .filter(|one| filled.get(one.vault) == Some(&true))
                .cloned()
                .collect::<Vec<_>>()
            {
                for goal in &one.goals {
                    if let Goal::Inside(into) = goal
                        && let Some(filled) = filled.get_mut(*into)
                    {
                        *filled = true;
                    }
                }
            }
        }
        self.moves.retain(|one| !one.goals.is_empty() && filled.get(one.vault) == Some(&true));
    }
}

/// Moves that another makes needless.
impl Ground<'_> {
    fn keep_strongest(&self, game: &mut Game) {
        let by_initiator: Vec<bool> =
            (0..game.stores.len()).map(|vault| self.is_limited_by_initiator(vault)).collect();
        let mut kept: Vec<Move> = Vec::with_capacity(game.moves.len());
        for one in std::mem::take(&mut game.moves) {
            let same_team = by_initiator.get(one.vault) == Some(&true);
            if kept.iter().any(|other| self.replaces(other, &one, same_team)) {
                continue;
            }
            kept.retain(|other| !self.replaces(&one, other, same_team));
            kept.push(one);
        }
        game.moves = kept;
    }

    fn is_limited_by_initiator(&self, vault: usize) -> bool {
        let limits = self.policy.limits().iter().zip(&self.limited);
        limits
            .filter(|(limit, _)| limit.by == LimitBy::Initiator)
            .any(|(_, vaults)| vaults.get(vault) == Some(&true))
    }

    /// Whether whatever `other` does, `one` does as well, as early and to as much effect.
    fn replaces(&self, one: &Move, other: &Move, same_team: bool) -> bool {
        let calendar =
            |number: usize| self.policy.permits().get(number).and_then(|permit| permit.calendar.as_ref());
        let open = calendar(one.permit);
        let goes = one.goals.contains(&Goal::New) || other.goals.iter().all(|goal| one.goals.contains(goal));
        one.vault == other.vault
            && (!same_team || one.team == other.team)
            && one.hold <= other.hold
            && one.most >= other.most
            && one.least <= other.least
            && (one.padded.is_empty() || one.padded == other.padded)
            && (one.known_for.is_none() || one.known_for == other.known_for)
            && (open.is_none() || open == calendar(other.permit))
            && goes
            && !(one.known_for.is_some() && other.known_for.is_none())
    }
}
