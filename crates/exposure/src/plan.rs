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
use crate::windows::{Instants, Window, coarse, instants, windows, without_idle};

/// The most branches that are looked at, and the most cells of a program's table that they may go through together.
const BRANCHES_MAX: usize = 400;
const CELLS_MAX: usize = 40_000_000;
/// A program with more cells is not tried: what a coarser one says stands, and its gap is told.
const PROGRAM_CELLS_MAX: usize = 1_000_000;
/// How many instants the coarse programs have that are tried first.
const COARSE: [usize; 2] = [12, 50];

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
    let mut best = Planned { upper: ENDLESS, strategy: Strategy::new(ground, game), begins: start.at };
    if game.moves.is_empty() {
        best.upper = 0;
        return best;
    }
    let all = windows(ground, game);
    let kept = without_idle(ground, game, &all, true);
    let fine = instants(game, &kept, start.openings);
    best.upper = most_moved(ground, game);
    if greedily(game, &fine, start, &mut best) {
        return best;
    }
    let attempt = |windows: &[Window], times: &Instants, branches: usize, best: &mut Planned<'g>| {
        let open = |one: usize, from: u64, to: u64| start.may_open(ground, game, one, (from, to));
        let program = Program::of(ground, game, windows, times, &open);
        let (together, largest) = program.cells();
        if largest > PROGRAM_CELLS_MAX {
            return false;
        }
        let search = Search { ground, game, program: &program, times, fine: &fine, start };
        search.improve(best, branches.min(CELLS_MAX / together.max(1)).max(1));
        best.strategy.lost >= best.upper
    };
    let tight = without_idle(ground, game, &all, false);
    let mut before = 0;
    for most in COARSE {
        let times = coarse(game, &tight, most);
        let finer = times.times.len() > before && (!fine.all || times.times.len() < fine.times.len());
        before = times.times.len();
        if finer && attempt(&tight, &times, 1, &mut best) {
            return best;
        }
    }
    // A strategy that ends because it may only be so long: finer programs do not make it shorter.
    if best.strategy.is_full() {
        return best;
    }
    if attempt(&kept, &fine, 1, &mut best) || (kept.len() == all.len() && !fine.all) {
        return best;
    }
    attempt(&tight, &instants(game, &tight, start.openings), BRANCHES_MAX, &mut best);
    best
}

/// What a game can lose at most, by closed form and a coarse program. No strategy is looked for.
pub(crate) fn proven(ground: &Ground<'_>, game: &Game) -> u128 {
    let upper = most_moved(ground, game);
    if upper == 0 || game.moves.is_empty() {
        return 0;
    }
    let tight = without_idle(ground, game, &windows(ground, game), false);
    let start = Start { at: None, openings: &[] };
    let open = |one: usize, from: u64, to: u64| start.may_open(ground, game, one, (from, to));
    let program = Program::of(ground, game, &tight, &coarse(game, &tight, COARSE[0]), &open);
    if program.cells().1 > PROGRAM_CELLS_MAX {
        return upper;
    }
    program.propose(&[]).map_or(upper, |proposal| proposal.upper.min(upper))
}

/// As much as there is room for as early as there is, first without and then with what other vaults can send. Says whether that
/// reaches the bound.
fn greedily(game: &Game, times: &Instants, start: Start<'_>, best: &mut Planned<'_>) -> bool {
    let fed = game.moves.iter().any(|one| matches!(one.goals.first(), Some(Goal::Inside(_))));
    for inside in [false, true] {
        if best.strategy.lost >= best.upper || (inside && !fed) {
            break;
        }
        let mut strategy = best.strategy.empty();
        if inside {
            fill(game, times, start, &mut strategy, |_, one| {
                matches!(one.goals.first(), Some(Goal::Inside(_)))
            });
        }
        fill(game, times, start, &mut strategy, |at, one| exits(game, at, one));
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
    start: Start<'_>,
    strategy: &mut Strategy<'_>,
    wanted: impl Fn(u64, &Move) -> bool,
) {
    for at in &times.times {
        for (number, one) in game.moves.iter().enumerate() {
            if wanted(*at, one) && at + one.hold <= game.reach && strategy.is_open(start, number, *at) {
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
    /// Whether a move may be submitted at some time from one second to another. Never says no wrongly.
    pub(crate) fn may_open(
        &self,
        ground: &Ground<'_>,
        game: &Game,
        one: usize,
        (from, to): (u64, u64),
    ) -> bool {
        if from == to {
            return self.is_open(ground, game, one, from);
        }
        let known = |kind: &Move| kind.known_for.is_none_or(|age| is_known(game, kind.vault, to, age));
        game.moves.get(one).is_some_and(known)
    }

    pub(crate) fn is_open(&self, ground: &Ground<'_>, game: &Game, one: usize, at: u64) -> bool {
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
    /// Instants at which a strategy submits.
    fine: &'s Instants,
    start: Start<'s>,
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
                let strategy = self.realise(values, best.upper.min(proposal.upper));
                if strategy.lost > best.strategy.lost {
                    best.strategy = strategy;
                }
            }
        }
        Some(Node { upper: proposal.upper, branches, broken })
    }

    /// Whole transfers after a solution in fractions; then whatever else there is room for.
    fn realise(&self, values: &[f64], upper: u128) -> Strategy<'g> {
        let mut strategy = Strategy::new(self.ground, self.game);
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        let variables = self.program.variables.iter().zip(&self.program.alike);
        for ((variable, alike), value) in variables.zip(values) {
            let Variable::Sum { one, goal, time } = variable else { continue };
            let (Some(kind), Some(at)) = (self.game.moves.get(*one), self.times.times.get(*time)) else {
                continue;
            };
            let sum = (value + 1e-6).floor().max(0.0) as u128;
            if sum > 0 {
                let exits = !matches!(goal, Goal::Inside(_));
                let order = if exits { *at } else { at + kind.hold };
                wanted.push(Wanted { order: (exits, order, *at, *one), first: *variable, alike, sum });
            }
        }
        wanted.sort_unstable_by_key(|wanted| wanted.order);
        if self.times.all {
            for wanted in &wanted {
                self.place(wanted, wanted.sum, wanted.order.2, &mut strategy);
            }
        } else {
            self.place_within(wanted, &mut strategy);
        }
        if strategy.lost < upper {
            fill(self.game, self.fine, self.start, &mut strategy, |at, one| exits(self.game, at, one));
        }
        strategy
    }

    /// What an instant stands for is submitted at the instants from it to the next, as early as there is room.
    fn place_within(&self, mut wanted: Vec<Wanted<'_>>, strategy: &mut Strategy<'g>) {
        for exits in [false, true] {
            for at in &self.fine.times {
                let here = self.times.times.partition_point(|time| time <= at).saturating_sub(1);
                let begins = self.times.times.get(here).copied().unwrap_or(0);
                for one in wanted.iter_mut().filter(|one| one.order.0 == exits && one.order.2 == begins) {
                    one.sum -= self.place(one, one.sum, *at, strategy);
                }
            }
        }
    }

    /// Submits by the move that a variable stands for, then by those that are like it. Says how much it was.
    fn place(&self, wanted: &Wanted<'_>, sum: u128, at: u64, strategy: &mut Strategy<'g>) -> u128 {
        let mut left = sum;
        for variable in std::iter::once(&wanted.first).chain(wanted.alike) {
            let Variable::Sum { one, .. } = variable else { continue };
            if left > 0 && strategy.is_open(self.start, *one, at) {
                left -= strategy.place_all(*one, at, left);
            }
        }
        sum - left
    }
}

/// A sum that a program proposes to submit.
struct Wanted<'p> {
    /// What goes to other vaults first, then by time.
    order: (bool, u64, u64, usize),
    first: Variable,
    alike: &'p [Variable],
    sum: u128,
}

/// Whether a sum stands for "without bound".
pub(crate) const fn is_endless(value: u128) -> bool {
    value >= ENDLESS_FROM
}
