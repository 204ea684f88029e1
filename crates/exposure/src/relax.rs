//! A bound in closed form: what sliding windows admit when every vault is looked at for itself (G2). Never too low, often exact.
//!
//! One set of submissions under several windows: what can be submitted by an instant is at most what could be a period earlier plus
//! what that window admits. So any mix of windows whose periods together outlast the time gives a bound, and with nothing else in
//! the way the cheapest mix is reached. Called by `search`, to look first where most can be lost.

use crate::game::{ENDLESS, Game, Goal, Ground, Move};
use crate::windows::{Window, windows};

/// The most periods of one window that are mixed with another.
const PERIODS_MIXED_MAX: u64 = 200;

/// What can be moved out at most.
pub(crate) fn most_moved(ground: &Ground<'_>, game: &Game) -> u128 {
    let all = windows(ground, game);
    let total: u128 = game.stores.iter().map(|store| store.content).fold(0, u128::saturating_add);
    let exits = |one: &Move| match one.goals.first() {
        Some(Goal::Inside(into)) => game.is_lost_at(*into, one.hold),
        _ => true,
    };
    let fed = |vault: usize| game.moves.iter().any(|one| one.goals.contains(&Goal::Inside(vault)));
    let exits_of = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
        let moves = game.moves.iter().enumerate();
        moves.filter(|(_, one)| exits(one) && wanted(one.vault)).map(|(at, _)| at).collect()
    };
    let by_vault: Vec<u128> = (0..game.stores.len())
        .map(|vault| {
            let moves = exits_of(&|other| other == vault);
            let content = game.stores.get(vault).map_or(0, |store| store.content);
            let available = if fed(vault) { total } else { content };
            if moves.is_empty() { 0 } else { available.min(admitted(ground, game, &all, &moves)) }
        })
        .collect();
    let sum = |outside: &[bool]| -> u128 {
        let kept = by_vault.iter().enumerate().filter(|(at, _)| outside.get(*at) != Some(&true));
        kept.map(|(_, value)| *value).fold(0, u128::saturating_add)
    };
    let mut least = total.min(sum(&[]));
    for limited in &ground.limited {
        let moves = exits_of(&|vault| limited.get(vault) == Some(&true));
        if !moves.is_empty() {
            least = least.min(admitted(ground, game, &all, &moves).saturating_add(sum(limited)));
        }
    }
    least
}

/// What the windows over all of these moves admit by the end.
fn admitted(ground: &Ground<'_>, game: &Game, all: &[Window], moves: &[usize]) -> u128 {
    let of = |at: &usize| game.moves.get(*at);
    let shortest = moves.iter().filter_map(of).map(|one| one.hold).min().unwrap_or(0);
    let time = game.reach.saturating_sub(shortest);
    let largest = moves.iter().filter_map(of).map(|one| ground.most(game, one)).max().unwrap_or(0);
    let covering = all.iter().filter(|w| w.goal.is_none() && moves.iter().all(|at| w.moves.contains(at)));
    let priced: Vec<(u64, u128)> = covering
        .filter_map(|window| {
            let counted = window.count.map(|count| count.saturating_mul(largest));
            let admits = window.amount.into_iter().chain(counted).min()?;
            (window.per > 0).then_some((window.per, admits))
        })
        .collect();
    cheapest(&priced, time)
}

/// The least that windows cost whose periods together are longer than a time.
pub(crate) fn cheapest(windows: &[(u64, u128)], time: u64) -> u128 {
    let alone = |left: u64| {
        let cost = |(per, admits): &(u64, u128)| admits.saturating_mul(u128::from(left / per) + 1);
        windows.iter().map(cost).min().unwrap_or(ENDLESS)
    };
    let mut least = alone(time);
    for (per, admits) in windows {
        for times in 1..=(time / per).min(PERIODS_MIXED_MAX) {
            let rest = alone(time.saturating_sub(per.saturating_mul(times)));
            least = least.min(admits.saturating_mul(u128::from(times)).saturating_add(rest));
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_different_lengths_are_mixed() {
        // 20 a day, 100 a week, over 8 days and an hour: 100 for the first week, then 2 more days.
        assert_eq!(cheapest(&[(24, 20), (168, 100)], 8 * 24 + 1), 140);
        assert_eq!(cheapest(&[(24, 20)], 23), 20);
        assert_eq!(cheapest(&[(24, 20)], 24), 40);
        assert_eq!(cheapest(&[], 24), ENDLESS);
    }
}
