//! The best strategy of one game: a bound that is proven, and a strategy that reaches it where that can be found (G2).
//!
//! First what the limits alone say in closed form; then a linear program over the instants that matter; then, where whole transfers
//! and whole cents make a difference, branches on them. Each step only lowers the bound or raises the strategy, and the search ends
//! when they meet. Called by `search`.

use std::collections::BinaryHeap;

use types::Timestamp;

use crate::game::{ENDLESS, Game, Goal, Ground, Move};
use crate::program::{Branch, ENDLESS_FROM, Program, Variable};
use crate::relax::most_moved;
use crate::strategy::Strategy;
use crate::windows::{Instants, Window, instants, windows, without_idle};

/// The most branches that are looked at, and the most cells of a program's table that they may go through together.
const BRANCHES_MAX: usize = 400;
const CELLS_MAX: usize = 40_000_000;
/// A program with more cells is not tried: the closed form stands, and says its gap.
const PROGRAM_CELLS_MAX: usize = 250_000;

/// What is known of one game.
pub(crate) struct Planned<'g> {
    /// Without what is lost for sure.
    pub upper: u128,
    pub strategy: Strategy<'g>,
    /// When to begin, where a calendar matters.
    pub begins: Option<Timestamp>,
}

/// The best plan from one instant on.
pub(crate) fn plan<'g>(ground: &'g Ground<'g>, game: &'g Game, start: Start<'_>) -> Planned<'g> {
    let all = windows(ground, game);
    let mut best = Planned { upper: ENDLESS, strategy: Strategy::new(ground, game), begins: start.at };
    if game.moves.is_empty() {
        best.upper = 0;
        return best;
    }
    best.upper = most_moved(ground, game);
    if greedily(ground, game, &all, start, &mut best) {
        return best;
    }
    for loosely in [true, false] {
        let kept = without_idle(ground, game, &all, loosely);
        let times = instants(game, &kept, start.openings);
        let open = |one: usize, at: u64| start.is_open(ground, game, one, at);
        let program = Program::of(ground, game, &kept, &times, &open);
        let cells = program.cells();
        if cells > PROGRAM_CELLS_MAX {
            break;
        }
        let search = Search { ground, game, program: &program, times: &times, open: &open };
        search.improve(&mut best, if loosely { 1 } else { BRANCHES_MAX.min(CELLS_MAX / cells.max(1)) });
        let same = kept.len() == all.len();
        if best.strategy.lost >= best.upper || (same && loosely && times.step > 0) {
            break;
        }
    }
    best
}

/// As much as there is room for as early as there is, first without and then with what other vaults can send. Says whether that
/// reaches the bound.
fn greedily<'g>(
    ground: &'g Ground<'g>,
    game: &'g Game,
    all: &[Window],
    start: Start<'_>,
    best: &mut Planned<'g>,
) -> bool {
    let kept = without_idle(ground, game, all, true);
    let times = instants(game, &kept, start.openings);
    let open = |one: usize, at: u64| start.is_open(ground, game, one, at);
    let fed = game.moves.iter().any(|one| matches!(one.goals.first(), Some(Goal::Inside(_))));
    for inside in [false, true] {
        if best.strategy.lost >= best.upper || (inside && !fed) {
            break;
        }
        let mut strategy = Strategy::new(ground, game);
        if inside {
            fill(game, &times, &open, &mut strategy, |_, one| {
                matches!(one.goals.first(), Some(Goal::Inside(_)))
            });
        }
        fill(game, &times, &open, &mut strategy, |at, one| exits(game, at, one));
        if strategy.lost > best.strategy.lost {
            best.strategy = strategy;
        }
    }
    best.strategy.lost >= best.upper
}

/// Whether what is moved at an instant is lost.
fn exits(game: &Game, at: u64, one: &Move) -> bool {
    match one.goals.first() {
        Some(Goal::Inside(into)) => game.is_lost_at(*into, at + one.hold),
        _ => true,
    }
}

fn fill(
    game: &Game,
    times: &Instants,
    open: &dyn Fn(usize, u64) -> bool,
    strategy: &mut Strategy<'_>,
    wanted: impl Fn(u64, &Move) -> bool,
) {
    for at in &times.times {
        for (number, one) in game.moves.iter().enumerate() {
            if wanted(*at, one) && at + one.hold <= game.reach && open(number, *at) {
                strategy.place_all(number, *at, ENDLESS);
            }
        }
    }
}

/// When the coalition begins, on the wall clock, and which instants after that open a calendar.
#[derive(Clone, Copy)]
pub(crate) struct Start<'s> {
    pub at: Option<Timestamp>,
    pub openings: &'s [u64],
}

impl Start<'_> {
    fn is_open(&self, ground: &Ground<'_>, game: &Game, one: usize, at: u64) -> bool {
        let Some(kind) = game.moves.get(one) else { return false };
        let Some(permit) = ground.policy.permits().get(kind.permit) else { return false };
        if kind.known_for.is_some_and(|known_for| !is_known(game, kind.vault, at, known_for)) {
            return false;
        }
        match (&permit.calendar, self.at) {
            (Some(calendar), Some(start)) => {
                let zone = &ground.policy.organisation().time_zone;
                calendar.contains(start.after(types::Span::from_seconds(at)), zone)
            }
            _ => true,
        }
    }
}

/// Whether some address outside can have been paid so long before an instant.
fn is_known(game: &Game, vault: usize, at: u64, known_for: u64) -> bool {
    let pays = |one: &&Move| {
        one.vault == vault && one.known_for.is_none() && !matches!(one.goals.first(), Some(Goal::Inside(_)))
    };
    game.moves.iter().filter(pays).any(|one| one.hold.saturating_add(known_for) <= at)
}

struct Search<'s, 'g> {
    ground: &'g Ground<'g>,
    game: &'g Game,
    program: &'s Program,
    times: &'s Instants,
    open: &'s dyn Fn(usize, u64) -> bool,
}

struct Node {
    upper: u128,
    branches: Vec<Branch>,
    broken: Option<(usize, f64)>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.upper == other.upper
    }
}
impl Eq for Node {}
impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Node {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.upper, self.branches.len()).cmp(&(other.upper, other.branches.len()))
    }
}

impl<'g> Search<'_, 'g> {
    /// Branches until bound and strategy meet, or it takes too long.
    fn improve(&self, best: &mut Planned<'g>, most: usize) {
        let Some(root) = self.node(Vec::new(), best) else { return };
        let mut open = BinaryHeap::from([root]);
        let mut settled = 0;
        let mut looked = 1;
        while let Some(node) = open.pop() {
            let upper = node.upper.max(settled);
            if upper <= best.strategy.lost || looked >= most {
                open.push(node);
                break;
            }
            let Some((variable, value)) = node.broken else {
                settled = settled.max(node.upper);
                continue;
            };
            let below = Branch { variable, at_most: Some(value.floor() as i128), at_least: None };
            let above = Branch { variable, at_most: None, at_least: Some(value.floor() as i128 + 1) };
            for branch in [below, above] {
                let mut branches = node.branches.clone();
                branches.push(branch);
                looked += 1;
                if let Some(mut child) = self.node(branches, best) {
                    child.upper = child.upper.min(node.upper);
                    open.push(child);
                }
            }
        }
        let left = open.into_iter().map(|node| node.upper).max().unwrap_or(0);
        best.upper = best.upper.min(left.max(settled)).max(best.strategy.lost);
    }

    fn node(&self, branches: Vec<Branch>, best: &mut Planned<'g>) -> Option<Node> {
        let proposal = self.program.propose(&branches)?;
        let mut broken = None;
        if let Some(values) = &proposal.values {
            broken = self.program.broken(values);
            if proposal.upper > best.strategy.lost {
                let strategy = self.realise(values);
                if strategy.lost > best.strategy.lost {
                    best.strategy = strategy;
                }
            }
        }
        Some(Node { upper: proposal.upper, branches, broken })
    }

    /// Whole transfers after a solution in fractions; then whatever else there is room for.
    fn realise(&self, values: &[f64]) -> Strategy<'g> {
        let mut strategy = Strategy::new(self.ground, self.game);
        let mut wanted: Vec<(bool, u64, u64, usize, u128)> = Vec::new();
        for (variable, value) in self.program.variables.iter().zip(values) {
            let Variable::Sum { one, goal, time } = variable else { continue };
            let (Some(kind), Some(at)) = (self.game.moves.get(*one), self.times.times.get(*time)) else {
                continue;
            };
            let sum = (value + 1e-6).floor().max(0.0) as u128;
            if sum > 0 {
                let exits = !matches!(goal, Goal::Inside(_));
                let order = if exits { *at } else { at + kind.hold };
                wanted.push((exits, order, *at, *one, sum));
            }
        }
        wanted.sort_unstable();
        for (_, _, at, one, sum) in wanted {
            strategy.place_all(one, at, sum);
        }
        fill(self.game, self.times, self.open, &mut strategy, |at, one| exits(self.game, at, one));
        strategy
    }
}

/// Whether a sum stands for "without bound".
pub(crate) const fn is_endless(value: u128) -> bool {
    value >= ENDLESS_FROM
}
