//! Which coins pay (G6: within the approved fee). Integers, deterministic for a given entropy, no panic.
//!
//! Three ways are tried and the one that wastes least is taken: branch and bound for a set that leaves no change, a single random draw,
//! and the largest first. Coins whose recovery path comes near are used first, since spending them renews the rest (G10). All inputs of
//! a vault weigh the same, which is why this is short. (`bdk_coin_select` counts in 32-bit floats, and asserts about them: with the
//! amounts of a treasury it panics.) Called by `compose`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bitcoin::OutPoint;
use bitcoin::hashes::{Hash, HashEngine, sha256};

use crate::fees::{FeeRule, per_kvb};
use crate::size::{Size, TRANSACTION_WEIGHT_MAX, number};
use crate::verify::INPUTS_MAX;

/// Steps that branch and bound takes before it gives up: some milliseconds.
const STEPS_MAX: usize = 100_000;
/// What a random draw leaves as change at least, in satoshis, so that no crumbs are made.
const CHANGE_DRAWN_SATS: u64 = 50_000;
/// What spending an output is taken to cost later, in satoshis per 1000 virtual bytes. Change that is worth less is not made.
pub const LATER_SATS_PER_KVB: u64 = 5_000;

/// A coin that may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub outpoint: OutPoint,
    pub value: u64,
    /// Whether its recovery path comes near.
    pub due: bool,
}

/// What is to be reached.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What the outputs are worth.
    pub wanted: u64,
    /// How many inputs there are in any case, and what they are worth.
    pub fixed: u64,
    pub fixed_value: u64,
    pub rule: FeeRule,
    pub max_fee: u64,
    pub plain: Size,
    pub with_change: Size,
    /// The least that change may be.
    pub dust: u64,
    /// Whether there is no output but change.
    pub only_change: bool,
}

/// What the network is paid, and what comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled {
    pub fee: u64,
    pub change: u64,
}

/// The coins taken beside those that are there in any case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    pub coins: Vec<OutPoint>,
    pub settled: Settled,
}

impl Goal {
    pub fn fee(&self, inputs: u64, change: bool) -> u64 {
        let size = if change { &self.with_change } else { &self.plain };
        self.rule.needed(size.vsize(inputs))
    }

    /// Whether a transaction that is checked and relayed may have so many inputs.
    pub fn takes(&self, inputs: u64) -> bool {
        inputs <= number(INPUTS_MAX) && self.with_change.weight(inputs) <= TRANSACTION_WEIGHT_MAX
    }

    /// How a number of inputs worth `value` adds up, if it does.
    pub fn settle(&self, inputs: u64, value: u64) -> Option<Settled> {
        let left = value.checked_sub(self.wanted)?;
        if inputs == 0 || !self.takes(inputs) {
            return None;
        }
        let fee = self.fee(inputs, true);
        let change = left.checked_sub(fee).filter(|change| *change >= self.dust && fee <= self.max_fee);
        let with_change = change.map(|change| Settled { fee, change });
        let affordable = left >= self.fee(inputs, false) && left <= self.max_fee;
        let without = (affordable && !self.only_change).then_some(Settled { fee: left, change: 0 });
        match with_change {
            Some(settled) if self.only_change || settled.change > self.change_costs_later() => Some(settled),
            _ => without.or(with_change),
        }
    }

    fn change_costs_later(&self) -> u64 {
        per_kvb(LATER_SATS_PER_KVB, self.plain.input_vsize())
    }

    /// What change costs now and later: so much may go to the network instead.
    fn change_costs(&self, inputs: u64) -> u64 {
        let now = self.fee(inputs, true).saturating_sub(self.fee(inputs, false));
        now.saturating_add(self.change_costs_later().max(self.dust))
    }

    /// What is lost by taking these inputs now rather than later, and by change or by leaving a rest to the network.
    fn waste(&self, inputs: u64, settled: Settled) -> i128 {
        let now = self.rule.at_rate(self.plain.input_vsize());
        let early = i128::from(now) - i128::from(self.change_costs_later());
        let rest = match settled.change {
            0 => settled.fee.saturating_sub(self.fee(inputs, false)),
            _ => self.change_costs(inputs),
        };
        i128::from(inputs) * early + i128::from(rest)
    }

    /// With these coins there in any case.
    fn with(&self, coins: &[Candidate]) -> Self {
        let value = coins.iter().map(|coin| coin.value).fold(self.fixed_value, u64::saturating_add);
        let fixed = self.fixed.saturating_add(number(coins.len()));
        Self { fixed, fixed_value: value, ..self.clone() }
    }
}

/// Chooses coins. `draw` is used for the random draw alone.
///
/// Where what is there in any case suffices, nothing is added: a further transaction of a transfer ties up no more than it must.
pub fn choose(goal: &Goal, candidates: &[Candidate], draw: &mut Draw) -> Option<Chosen> {
    if let Some(settled) = goal.settle(goal.fixed, goal.fixed_value) {
        return Some(Chosen { coins: Vec::new(), settled });
    }
    let worth_it = goal.rule.at_rate(goal.plain.input_vsize()).saturating_add(1);
    let mut coins: Vec<Candidate> = candidates.iter().copied().filter(|coin| coin.value > worth_it).collect();
    coins.sort_by_key(|coin| (Reverse(coin.value), coin.outpoint));
    let (due, rest): (Vec<Candidate>, Vec<Candidate>) = coins.iter().partition(|coin| coin.due);
    let among = |coins: &[Candidate], draw: &mut Draw| best(goal, coins, draw);
    if let Some(chosen) = among(&due, draw) {
        return Some(chosen);
    }
    if !due.is_empty()
        && let Some(mut chosen) = best(&goal.with(&due), &rest, draw)
    {
        chosen.coins.extend(due.iter().map(|coin| coin.outpoint));
        return Some(chosen);
    }
    among(&coins, draw)
}

fn best(goal: &Goal, coins: &[Candidate], draw: &mut Draw) -> Option<Chosen> {
    let ways = [branch_and_bound(goal, coins), draw_some(goal, coins, draw), largest_first(goal, coins)];
    let settled = ways.into_iter().flatten().filter_map(|way| {
        let (inputs, value) = taken(goal, &way);
        Some((goal.settle(inputs, value)?, inputs, way))
    });
    let (settled, _, way) = settled.min_by_key(|(settled, inputs, _)| goal.waste(*inputs, *settled))?;
    Some(Chosen { coins: way.iter().map(|coin| coin.outpoint).collect(), settled })
}

/// How many inputs there are with these, and what they are worth.
fn taken(goal: &Goal, coins: &[Candidate]) -> (u64, u64) {
    let with = goal.with(coins);
    (with.fixed, with.fixed_value)
}

/// Looks for a set that leaves so little that change would cost more. `coins` are sorted, the largest first.
fn branch_and_bound(goal: &Goal, coins: &[Candidate]) -> Option<Vec<Candidate>> {
    let after = sums_after(coins);
    let (mut path, mut sum, mut next): (Vec<usize>, u64, usize) = (Vec::new(), goal.fixed_value, 0);
    let mut found: Option<(u64, Vec<usize>)> = None;
    for _ in 0..STEPS_MAX {
        let inputs = goal.fixed.saturating_add(number(path.len()));
        let needed = goal.wanted.saturating_add(goal.fee(inputs, false));
        let reachable = sum.saturating_add(after.get(next).copied().unwrap_or(0)) >= needed;
        let over = sum.saturating_sub(needed);
        let enough = sum >= needed && inputs > 0;
        let fits = enough && over <= goal.change_costs(inputs);
        if fits && found.as_ref().is_none_or(|(least, _)| over < *least) {
            found = Some((over, path.clone()));
        }
        match coins.get(next).filter(|_| reachable && !enough) {
            Some(coin) => {
                path.push(next);
                sum = sum.saturating_add(coin.value);
                next += 1;
            }
            None => {
                let Some(last) = path.pop() else { break };
                let value = coins.get(last).map_or(0, |coin| coin.value);
                sum = sum.saturating_sub(value);
                // Leaving one of several equal coins out is leaving any of them out.
                let equal =
                    coins.get(last..).unwrap_or_default().iter().take_while(|coin| coin.value == value);
                next = last.saturating_add(equal.count());
            }
        }
    }
    let (_, path) = found?;
    Some(path.into_iter().filter_map(|index| coins.get(index).copied()).collect())
}

/// What all coins from each place on are worth together.
fn sums_after(coins: &[Candidate]) -> Vec<u64> {
    let mut sums: Vec<u64> = coins
        .iter()
        .rev()
        .scan(0u64, |sum, coin| {
            *sum = sum.saturating_add(coin.value);
            Some(*sum)
        })
        .collect();
    sums.reverse();
    sums
}

/// Coins in random order until there is enough with change; where they are too many, the smallest go.
fn draw_some(goal: &Goal, coins: &[Candidate], draw: &mut Draw) -> Option<Vec<Candidate>> {
    let mut order: Vec<&Candidate> = coins.iter().collect();
    draw.shuffle(&mut order);
    let mut drawn: BinaryHeap<Reverse<(u64, OutPoint)>> = BinaryHeap::new();
    let mut value = goal.fixed_value;
    for coin in order {
        drawn.push(Reverse((coin.value, coin.outpoint)));
        value = value.saturating_add(coin.value);
        while !goal.takes(goal.fixed.saturating_add(number(drawn.len()))) {
            let Reverse((smallest, _)) = drawn.pop()?;
            value = value.saturating_sub(smallest);
        }
        let inputs = goal.fixed.saturating_add(number(drawn.len()));
        let settled = goal.settle(inputs, value);
        if settled.is_some_and(|settled| settled.change >= CHANGE_DRAWN_SATS) {
            let coin = |Reverse((value, outpoint))| Candidate { outpoint, value, due: false };
            return Some(drawn.into_iter().map(coin).collect());
        }
    }
    None
}

/// As few as will do.
fn largest_first(goal: &Goal, coins: &[Candidate]) -> Option<Vec<Candidate>> {
    let (mut inputs, mut value) = (goal.fixed, goal.fixed_value);
    let mut taken = 0;
    while goal.settle(inputs, value).is_none() {
        value = value.saturating_add(coins.get(taken)?.value);
        inputs = inputs.saturating_add(1);
        taken += 1;
    }
    coins.get(..taken).map(<[Candidate]>::to_vec)
}

/// Random numbers from entropy that the caller brings.
pub struct Draw {
    seed: [u8; 32],
    drawn: u64,
}

impl Draw {
    pub const fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Below `end`, or 0 where there is nothing below it.
    pub fn below(&mut self, end: u64) -> u64 {
        let mut engine = sha256::Hash::engine();
        engine.input(b"rempart/draw/v1");
        engine.input(&self.seed);
        engine.input(&self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        let hash = sha256::Hash::from_engine(engine).to_byte_array();
        let number = hash.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        number.checked_rem(end).unwrap_or(0)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(number(last).saturating_add(1));
            items.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }
}
