//! The moves of one game as a linear program, and from a proposal of the solver a bound in exact integers (G2).
//!
//! Any prices that are not negative prove a bound (weak duality): what the limits are worth at these prices, plus what a move still
//! gains beyond its price, as often as it can be made. The solver proposes prices in floating point; they are rounded to fractions
//! with a small denominator and the proof is done in integers. So a wrong proposal can cost tightness, never soundness.
//! Called by `plan`.

use crate::game::{ENDLESS, Game, Goal, Ground};
use crate::simplex::{Found, Linear, part_cells};
use crate::windows::{Instants, Window};

mod reduce;

use reduce::reduce;

/// Sums from here on are without bound.
pub(crate) const ENDLESS_FROM: u128 = 1 << 90;
/// Denominators of prices that are tried.
const DENOMINATORS: [i128; 5] = [1, 2, 6, 60, 1 << 16];

/// What a variable stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Variable {
    /// How much a move sends to a goal at an instant.
    Sum { one: usize, goal: Goal, time: usize },
    /// How many transfers of a move are submitted at an instant.
    Count { one: usize, time: usize },
}

#[derive(Clone, Debug)]
struct Row {
    terms: Vec<(usize, i128)>,
    limit: i128,
    /// Whether it counts transfers, not money.
    counts: bool,
}

/// A linear program over whole numbers.
pub(crate) struct Program {
    pub variables: Vec<Variable>,
    /// By variable: others that no row tells apart from it. It stands for them all.
    pub alike: Vec<Vec<Variable>>,
    gain: Vec<bool>,
    rows: Vec<Row>,
    /// The most that each variable can be, if anything says so.
    most: Vec<Option<i128>>,
    scale: f64,
}

/// A bound on one whole variable, on the way to whole numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    pub variable: usize,
    pub at_most: Option<i128>,
    pub at_least: Option<i128>,
}

/// What the program says.
pub(crate) struct Proposal {
    /// No strategy loses more. Proven.
    pub upper: u128,
    /// A solution in fractions, if there is one.
    pub values: Option<Vec<f64>>,
}

struct Build<'g> {
    game: &'g Game,
    instants: &'g Instants,
    /// By move: how much one transfer can be worth.
    most: Vec<u128>,
    /// By move: the numbers of its variables at each instant.
    sums: Vec<Vec<Vec<usize>>>,
    counts: Vec<Vec<Option<usize>>>,
    program: Program,
}

impl Program {
    /// The program of a game, made small. `open` says whether a move may be submitted from one second to another.
    pub(crate) fn of(
        ground: &Ground<'_>,
        game: &Game,
        windows: &[Window],
        instants: &Instants,
        open: &dyn Fn(usize, u64, u64) -> bool,
    ) -> Self {
        let mut program = Self::whole(ground, game, windows, instants, open);
        let most: Vec<u128> = game.moves.iter().map(|one| ground.most(game, one)).collect();
        reduce(&mut program, &most);
        program
    }

    fn whole(
        ground: &Ground<'_>,
        game: &Game,
        windows: &[Window],
        instants: &Instants,
        open: &dyn Fn(usize, u64, u64) -> bool,
    ) -> Self {
        let most: Vec<u128> = game.moves.iter().map(|one| ground.most(game, one)).collect();
        let finite = |value: &u128| *value < ENDLESS_FROM;
        let amounts = windows.iter().filter_map(|window| window.amount);
        let largest = most.iter().copied().chain(amounts).filter(finite).max().unwrap_or(1).max(1);
        let program = Self {
            variables: Vec::new(),
            alike: Vec::new(),
            gain: Vec::new(),
            rows: Vec::new(),
            most: Vec::new(),
            scale: largest as f64 / 16.0,
        };
        let mut build = Build { game, instants, most, sums: Vec::new(), counts: Vec::new(), program };
        build.variables(windows, open);
        for window in windows {
            build.window(window);
        }
        for vault in 0..game.stores.len() {
            build.store(vault);
        }
        let mut program = build.program;
        program.alike = vec![Vec::new(); program.variables.len()];
        program
    }

    /// How large the solver's tables are, together and the largest.
    pub(crate) fn cells(&self) -> (usize, usize) {
        let rows: Vec<Vec<usize>> =
            self.rows.iter().map(|row| row.terms.iter().map(|(at, _)| *at).collect()).collect();
        part_cells(self.variables.len(), &rows)
    }

    fn linear(&self, branches: &[Branch]) -> Linear {
        let unit = |number: usize| match self.variables.get(number) {
            Some(Variable::Sum { .. }) => self.scale,
            _ => 1.0,
        };
        let own = |row: &Row| if row.counts { 1.0 } else { self.scale };
        let mut rows: Vec<Vec<(usize, f64)>> = Vec::with_capacity(self.rows.len() + branches.len());
        let mut limits = Vec::with_capacity(rows.capacity());
        for row in &self.rows {
            let scale = own(row);
            rows.push(
                row.terms.iter().map(|(at, factor)| (*at, *factor as f64 * unit(*at) / scale)).collect(),
            );
            limits.push(row.limit as f64 / scale);
        }
        for (at, factor, limit) in branches.iter().flat_map(Branch::rows) {
            rows.push(vec![(at, factor as f64)]);
            limits.push(factor_limit(limit, unit(at)));
        }
        let gain = self.gain.iter().map(|gain| if *gain { 1.0 } else { 0.0 }).collect();
        let most = self.most.iter().enumerate();
        let most = most.map(|(at, most)| most.map_or(f64::INFINITY, |most| most as f64 / unit(at))).collect();
        Linear { gain, rows, limits, most }
    }

    /// The bound, and the solution that the solver found.
    pub(crate) fn propose(&self, branches: &[Branch]) -> Option<Proposal> {
        match self.linear(branches).solve() {
            Found::Impossible if !branches.is_empty() => None,
            Found::Best { values, prices } => {
                let upper = self.proven(&prices, branches);
                let unit = |at: usize| match self.variables.get(at) {
                    Some(Variable::Sum { .. }) => self.scale,
                    _ => 1.0,
                };
                let values = values.into_iter().enumerate().map(|(at, value)| value * unit(at)).collect();
                Some(Proposal { upper, values: Some(values) })
            }
            _ => Some(Proposal { upper: ENDLESS, values: None }),
        }
    }

    /// The least bound that the prices prove, over a few ways to round them.
    fn proven(&self, prices: &[f64], branches: &[Branch]) -> u128 {
        let mut rows = self.rows.clone();
        rows.extend(branches.iter().flat_map(Branch::rows).map(|(at, factor, limit)| Row {
            terms: vec![(at, factor)],
            limit,
            counts: matches!(self.variables.get(at), Some(Variable::Count { .. })),
        }));
        let attempts = DENOMINATORS.iter().flat_map(|denominator| {
            [false, true].map(|up| {
                let round = |(price, row): (&f64, &Row)| {
                    let worth = if row.counts { price * self.scale } else { *price };
                    let worth = worth * *denominator as f64;
                    let worth = if up && row.counts { (worth - 1e-6).ceil() } else { worth.round() };
                    worth.max(0.0) as i128
                };
                let prices: Vec<i128> = prices.iter().zip(&rows).map(round).collect();
                self.worth(&rows, &prices, *denominator).unwrap_or(ENDLESS)
            })
        });
        attempts.min().unwrap_or(ENDLESS)
    }

    /// Weak duality in integers. `None` on overflow, or when a move that still gains has no most.
    fn worth(&self, rows: &[Row], prices: &[i128], denominator: i128) -> Option<u128> {
        let mut left: Vec<i128> = self.gain.iter().map(|gain| if *gain { denominator } else { 0 }).collect();
        let mut total: i128 = 0;
        for (row, price) in rows.iter().zip(prices).filter(|(_, price)| **price > 0) {
            total = total.checked_add(price.checked_mul(row.limit)?)?;
            for (at, factor) in &row.terms {
                let left = left.get_mut(*at)?;
                *left = left.checked_sub(price.checked_mul(*factor)?)?;
            }
        }
        for (left, most) in left.iter().zip(&self.most).filter(|(left, _)| **left > 0) {
            total = total.checked_add(left.checked_mul((*most)?)?)?;
        }
        u128::try_from(total.div_euclid(denominator)).ok()
    }

    /// The variable furthest from a whole number: counts first, then sums.
    pub(crate) fn broken(&self, values: &[f64]) -> Option<(usize, f64)> {
        let distance = |value: f64| (value - value.round()).abs();
        let worst = |counts: bool, least: f64| {
            let of_kind = self.variables.iter().zip(values).enumerate();
            of_kind
                .filter(|(_, (variable, _))| matches!(variable, Variable::Count { .. }) == counts)
                .map(|(at, (_, value))| (at, *value))
                .filter(|(_, value)| distance(*value) > least)
                .max_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))
        };
        worst(true, 1e-5).or_else(|| worst(false, 1e-3))
    }
}

fn factor_limit(limit: i128, unit: f64) -> f64 {
    limit as f64 / unit
}

impl Branch {
    fn rows(&self) -> Vec<(usize, i128, i128)> {
        let most = self.at_most.map(|most| (self.variable, 1, most));
        let least = self.at_least.map(|least| (self.variable, -1, -least));
        most.into_iter().chain(least).collect()
    }
}

fn whole(value: u128) -> i128 {
    i128::try_from(value).unwrap_or(i128::MAX)
}

impl Build<'_> {
    fn variables(&mut self, windows: &[Window], open: &dyn Fn(usize, u64, u64) -> bool) {
        let game = self.game;
        for (at, one) in game.moves.iter().enumerate() {
            let counted = windows.iter().any(|window| window.count.is_some() && window.moves.contains(&at));
            let most = self.most.get(at).copied().unwrap_or(0);
            // A transfer without bound is not counted: that only admits more.
            let is_counted = (counted || one.least > 1) && most < ENDLESS_FROM;
            let (mut sums, mut counts) = (Vec::new(), Vec::new());
            for (time, instant) in self.instants.times.iter().enumerate() {
                let in_time = instant.saturating_add(one.hold) <= game.reach;
                if most < one.least || !in_time || !open(at, *instant, self.last_of(one.hold, time)) {
                    sums.push(Vec::new());
                    counts.push(None);
                    continue;
                }
                let arrival = instant + one.hold;
                sums.push(one.goals.iter().map(|goal| self.sum(at, *goal, time, arrival)).collect());
                counts.push(is_counted.then(|| self.add(Variable::Count { one: at, time }, false)));
            }
            self.sums.push(sums);
            self.counts.push(counts);
            if is_counted {
                self.links(at, most, one.least);
            }
        }
    }

    fn add(&mut self, variable: Variable, gain: bool) -> usize {
        self.program.variables.push(variable);
        self.program.gain.push(gain);
        self.program.most.push(None);
        self.program.variables.len() - 1
    }

    fn sum(&mut self, one: usize, goal: Goal, time: usize, arrival: u64) -> usize {
        let gains = match goal {
            Goal::Inside(into) => self.game.is_lost_at(into, arrival),
            _ => true,
        };
        self.add(Variable::Sum { one, goal, time }, gains)
    }

    fn links(&mut self, one: usize, most: u128, least: u128) {
        let times = self.instants.times.len();
        for time in 0..times {
            let Some(Some(count)) = self.counts.get(one).and_then(|counts| counts.get(time)).copied() else {
                continue;
            };
            let sums = self.sums.get(one).and_then(|sums| sums.get(time)).cloned().unwrap_or_default();
            let mut terms: Vec<(usize, i128)> = sums.iter().map(|at| (*at, 1)).collect();
            terms.push((count, -whole(most)));
            self.program.rows.push(Row { terms, limit: 0, counts: false });
            if least > 1 {
                let mut terms: Vec<(usize, i128)> = sums.iter().map(|at| (*at, -1)).collect();
                terms.push((count, whole(least)));
                self.program.rows.push(Row { terms, limit: 0, counts: false });
            }
        }
    }

    fn goal_of(&self, variable: usize) -> Option<Goal> {
        match self.program.variables.get(variable) {
            Some(Variable::Sum { goal, .. }) => Some(*goal),
            _ => None,
        }
    }

    fn window(&mut self, window: &Window) {
        if window.per == 0 {
            return;
        }
        let sums_at = |time: usize| -> Vec<usize> {
            let of_move = |one: &usize| self.sums.get(*one).and_then(|sums| sums.get(time));
            let all = window.moves.iter().filter_map(of_move).flatten().copied();
            all.filter(|at| window.goal.is_none() || self.goal_of(*at) == window.goal).collect()
        };
        // A transfer to several goals counts once at each; which of them it has is left open, which only admits more.
        let counts_at = |time: usize| -> Vec<usize> {
            let whole_move = |one: &&usize| {
                window.goal.is_none() || self.game.moves.get(**one).is_some_and(|one| one.goals.len() == 1)
            };
            let moves = window.moves.iter().filter(whole_move);
            moves
                .filter_map(|one| {
                    self.counts.get(*one).and_then(|counts| counts.get(time)).copied().flatten()
                })
                .collect()
        };
        let mut rows = Vec::new();
        if let Some(amount) = window.amount.filter(|amount| *amount < ENDLESS_FROM) {
            rows.extend(self.sliding(window, sums_at, whole(amount), false));
        }
        if let Some(count) = window.count {
            rows.extend(self.sliding(window, counts_at, whole(count), true));
        }
        for row in rows {
            for (at, _) in &row.terms {
                if let Some(most) = self.program.most.get_mut(*at) {
                    *most = Some(most.map_or(row.limit, |most| most.min(row.limit)));
                }
            }
            self.program.rows.push(row);
        }
    }

    /// The last second of an instant at which a hold is still over in time.
    fn last_of(&self, hold: u64, time: usize) -> u64 {
        self.instants.last_of(time).min(self.game.reach.saturating_sub(hold))
    }

    /// One row for each window that no other contains. Where an instant stands for more than the window, it admits so many windows.
    fn sliding(
        &self,
        window: &Window,
        at: impl Fn(usize) -> Vec<usize>,
        limit: i128,
        counts: bool,
    ) -> Vec<Row> {
        let times = &self.instants.times;
        let found: Vec<Vec<usize>> = (0..times.len()).map(at).collect();
        let holds = window.moves.iter().filter_map(|one| self.game.moves.get(*one)).map(|one| one.hold);
        let shortest = holds.min().unwrap_or(0);
        // From when to when an instant stands, where anything is counted at all.
        let used: Vec<(usize, u64, u64)> = times
            .iter()
            .enumerate()
            .filter(|(time, _)| found.get(*time).is_some_and(|found| !found.is_empty()))
            .map(|(time, from)| (time, *from, self.last_of(shortest, time).max(*from)))
            .collect();
        let row = |inside: &[(usize, u64, u64)], times: u64| {
            let terms = inside.iter().filter_map(|(time, ..)| found.get(*time)).flatten();
            let limit = limit.saturating_mul(i128::from(times));
            Row { terms: terms.map(|at| (*at, 1)).collect(), limit, counts }
        };
        let mut rows = Vec::new();
        let mut covered = 0;
        for (first, (_, from, last)) in used.iter().enumerate() {
            let fits = used.partition_point(|(_, _, last)| *last < from.saturating_add(window.per));
            if fits <= first {
                rows.push(row(used.get(first..=first).unwrap_or_default(), (last - from) / window.per + 1));
            } else if fits > covered {
                rows.push(row(used.get(first..fits).unwrap_or_default(), 1));
            }
            covered = covered.max(fits);
        }
        // All of it at once, where the instants do not fit the window.
        if let (false, Some((_, from, _)), Some((_, _, last))) =
            (self.instants.all, used.first(), used.last())
        {
            rows.push(row(&used, (last - from) / window.per + 1));
        }
        rows
    }

    /// What has left a vault by an instant was there, or had arrived.
    fn store(&mut self, vault: usize) {
        let mut leaving: Vec<(u64, usize)> = Vec::new();
        let mut entering: Vec<(u64, usize)> = Vec::new();
        for (at, variable) in self.program.variables.iter().enumerate() {
            let Variable::Sum { one, goal, time } = variable else { continue };
            let (Some(one), Some(instant)) = (self.game.moves.get(*one), self.instants.times.get(*time))
            else {
                continue;
            };
            let (earliest, latest) = (instant + one.hold, self.last_of(one.hold, *time) + one.hold);
            if one.vault == vault {
                leaving.push((latest, at));
            }
            if *goal == Goal::Inside(vault) && !self.game.is_lost_at(vault, latest) {
                entering.push((earliest, at));
            }
        }
        let content = self.game.stores.get(vault).map_or(0, |store| store.content);
        if leaving.is_empty() || content >= ENDLESS_FROM {
            return;
        }
        leaving.sort_unstable();
        entering.sort_unstable();
        let mut ends: Vec<u64> = leaving.iter().map(|(at, _)| *at).collect();
        ends.dedup();
        let arrived = |end: u64| entering.partition_point(|(at, _)| *at <= end);
        for (position, end) in ends.iter().enumerate() {
            // Later and without anything new, the row says more.
            if ends.get(position + 1).is_some_and(|next| arrived(*next) == arrived(*end)) {
                continue;
            }
            let gone = leaving.iter().take_while(|(at, _)| at <= end).map(|(_, at)| (*at, 1));
            let come = entering.iter().take(arrived(*end)).map(|(_, at)| (*at, -1));
            let row = Row { terms: gone.chain(come).collect(), limit: whole(content), counts: false };
            if arrived(*end) == 0 {
                for (at, _) in &row.terms {
                    if let Some(most) = self.program.most.get_mut(*at) {
                        *most = Some(most.map_or(row.limit, |most| most.min(row.limit)));
                    }
                }
            }
            self.program.rows.push(row);
        }
    }
}

#[cfg(test)]
mod tests;
