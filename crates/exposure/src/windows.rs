//! The limits as they bear on the moves of one game, and the instants at which it can be best to submit (G2).
//!
//! An instant matters only if nothing can be submitted earlier: at the beginning, when a window opens again (an earlier instant and a
//! period), when a calendar opens, or when what another vault sent has arrived. So the instants are the sums of these, and finitely
//! many. Where they are too many they are taken on a coarser grid that can only admit more. Called by `program`.

use std::collections::BTreeSet;

use policy::LimitBy;
use types::Value;

use crate::game::{Game, Goal, Ground};

/// The most instants in one program.
pub(crate) const INSTANTS_MAX: usize = 400;

/// One counter of one limit, or several alike together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    pub per: u64,
    pub amount: Option<u128>,
    pub count: Option<u128>,
    /// Which moves are counted.
    pub moves: Vec<usize>,
    /// Only what goes there; everything when absent.
    pub goal: Option<Goal>,
}

/// Every counter that bears on the moves.
pub(crate) fn windows(ground: &Ground<'_>, game: &Game) -> Vec<Window> {
    let mut found = Vec::new();
    for (limit, vaults) in ground.policy.limits().iter().zip(&ground.limited) {
        let moves_where = |wanted: &dyn Fn(&crate::game::Move) -> bool| -> Vec<usize> {
            let limited = |one: &crate::game::Move| vaults.get(one.vault) == Some(&true);
            let moves = game.moves.iter().enumerate();
            moves.filter(|(_, one)| limited(one) && wanted(one)).map(|(at, _)| at).collect()
        };
        let (amount, count) = (limit.amount.map(Value::minor), limit.count.map(u128::from));
        let mut push = |moves: Vec<usize>, goal: Option<Goal>, times: u128| {
            if !moves.is_empty() {
                let amount = amount.map(|amount| amount.saturating_mul(times));
                let count = count.map(|count| count.saturating_mul(times));
                found.push(Window { per: limit.per.seconds(), amount, count, moves, goal });
            }
        };
        match limit.by {
            LimitBy::Organisation => push(moves_where(&|_| true), None, 1),
            LimitBy::Vault => {
                for vault in 0..game.stores.len() {
                    push(moves_where(&|one| one.vault == vault), None, 1);
                }
            }
            LimitBy::Initiator => {
                for (team, actors) in game.teams.iter().enumerate() {
                    push(moves_where(&|one| one.team == team), None, actors.len() as u128);
                }
            }
            LimitBy::Destination => {
                let goals: BTreeSet<Goal> = game.moves.iter().flat_map(|one| &one.goals).copied().collect();
                for goal in goals.into_iter().filter(|goal| *goal != Goal::New) {
                    let addresses = match goal {
                        Goal::Listed(at) => ground.addresses.get(at).map_or(0, Vec::len),
                        _ => 1,
                    };
                    push(moves_where(&|one| one.goals.contains(&goal)), Some(goal), addresses as u128);
                }
            }
        }
    }
    found
}

/// Leaves out what another window implies: one over more moves, at least as long, that admits no more. A count that is implied only
/// in value is left out when `loosely`: then more may be admitted than the gate admits, never less.
pub(crate) fn without_idle(
    ground: &Ground<'_>,
    game: &Game,
    windows: &[Window],
    loosely: bool,
) -> Vec<Window> {
    let most = |window: &Window| {
        let moves = window.moves.iter().filter_map(|at| game.moves.get(*at));
        moves.map(|one| ground.most(game, one)).max().unwrap_or(0)
    };
    let most: Vec<u128> = windows.iter().map(most).collect();
    let counted = |at: usize, window: &Window| {
        window.count.map(|count| count.saturating_mul(most.get(at).copied().unwrap_or(0)))
    };
    let mut kept = windows.to_vec();
    for (at, window) in windows.iter().enumerate() {
        let implied = |kept: &[Window], value: u128| {
            kept.iter().enumerate().any(|(other_at, other)| {
                let admits = other.amount.into_iter().chain(counted(other_at, other)).min();
                other_at != at
                    && admits.is_some_and(|admits| admits <= value)
                    && other.goal.is_none()
                    && other.per >= window.per
                    && window.moves.iter().all(|number| other.moves.contains(number))
            })
        };
        let by_count = |value: u128| counted(at, window).is_some_and(|counted| counted <= value);
        let amount_idle = window.amount.is_some_and(|value| implied(&kept, value) || by_count(value));
        let count_idle = loosely && counted(at, window).is_some_and(|value| implied(&kept, value));
        if let Some(one) = kept.get_mut(at) {
            one.amount = one.amount.filter(|_| !amount_idle);
            one.count = one.count.filter(|_| !count_idle);
        }
    }
    kept.retain(|window| window.amount.is_some() || window.count.is_some());
    kept
}

/// Instants at which to submit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Instants {
    pub times: Vec<u64>,
    /// When the last submission can be made.
    pub latest: u64,
    /// Whether these are all that matter. If not, each stands for everything from it until the next, which admits more.
    pub all: bool,
}

impl Instants {
    /// The last second for which an instant stands.
    pub(crate) fn last_of(&self, time: usize) -> u64 {
        let own = self.times.get(time).copied().unwrap_or(0);
        if self.all {
            return own;
        }
        self.times.get(time + 1).map_or(self.latest, |next| next.saturating_sub(1)).max(own)
    }
}

/// The instants that matter, from some that do: sums of periods, and arrivals.
pub(crate) fn instants(game: &Game, windows: &[Window], openings: &[u64]) -> Instants {
    let latest = latest(game);
    let later = arrivals(game);
    let periods: BTreeSet<u64> = windows.iter().map(|window| window.per).filter(|per| *per > 0).collect();
    let mut times: BTreeSet<u64> = BTreeSet::new();
    let mut open: Vec<u64> = openings.iter().copied().chain([0]).filter(|at| *at <= latest).collect();
    while let Some(at) = open.pop() {
        if !times.insert(at) {
            continue;
        }
        if times.len() > INSTANTS_MAX {
            return even(latest);
        }
        open.extend(periods.iter().map(|per| at.saturating_add(*per)).filter(|next| *next <= latest));
        let shifted = |shift: &i128| u64::try_from(i128::from(at) + shift).ok();
        open.extend(later.iter().filter_map(shifted).filter(|next| *next <= latest));
    }
    Instants { times: times.into_iter().collect(), latest, all: true }
}

/// Coarser instants for a first look: the sums of the longest periods only. At most so many, and fewer than some that are known.
pub(crate) fn coarse(game: &Game, windows: &[Window], most: usize) -> Instants {
    let latest = latest(game);
    let periods: BTreeSet<u64> = windows.iter().map(|window| window.per).filter(|per| *per > 0).collect();
    let mut kept = BTreeSet::from([0]);
    let mut used: Vec<u64> = Vec::new();
    for per in periods.into_iter().rev() {
        used.push(per);
        match sums(&used, latest, most) {
            Some(times) => kept = times,
            None => break,
        }
    }
    Instants { times: kept.into_iter().collect(), latest, all: false }
}

fn sums(periods: &[u64], latest: u64, most: usize) -> Option<BTreeSet<u64>> {
    let mut times = BTreeSet::new();
    let mut open = vec![0u64];
    while let Some(at) = open.pop() {
        if times.insert(at) {
            if times.len() > most {
                return None;
            }
            open.extend(periods.iter().map(|per| at.saturating_add(*per)).filter(|next| *next <= latest));
        }
    }
    Some(times)
}

fn latest(game: &Game) -> u64 {
    game.reach.saturating_sub(game.moves.iter().map(|one| one.hold).min().unwrap_or(0))
}

fn even(latest: u64) -> Instants {
    let step = (latest / (INSTANTS_MAX as u64 / 4)).max(1);
    Instants { times: (0..=latest / step).map(|number| number * step).collect(), latest, all: false }
}

/// How much later (or earlier) than one submission another may have to be.
fn arrivals(game: &Game) -> BTreeSet<i128> {
    let mut shifts = BTreeSet::new();
    for one in &game.moves {
        for goal in &one.goals {
            if let Goal::Inside(into) = goal {
                let next = game.moves.iter().filter(|other| other.vault == *into);
                shifts.extend(next.map(|other| i128::from(one.hold) - i128::from(other.hold)));
            }
        }
        let known =
            game.moves.iter().filter(|other| other.vault == one.vault).filter_map(|other| other.known_for);
        shifts.extend(known.map(|known| i128::from(one.hold) + i128::from(known)));
    }
    shifts.remove(&0);
    shifts
}
