//! Gradient boosting of stumps: many small steps, each one threshold on one column. Finds what is no straight line.

use crate::random::Chance;

use super::Row;

const ROUNDS: usize = 120;
const RATE: f64 = 0.15;
/// Columns are cut into so many parts of equal number.
const BINS: usize = 32;
const RIDGE: f64 = 5.0;

struct Stump {
    column: usize,
    /// Values up to this one are on the low side.
    threshold: f64,
    low: f64,
    high: f64,
}

/// Trains on the first rows and scores the second.
pub fn scores(train: &[Row], test: &[Row], _chance: &mut Chance) -> Vec<f64> {
    let stumps = trained(train);
    let score = |row: &Row| stumps.iter().map(|stump| stump.step(row.seen[stump.column])).sum();
    test.iter().map(score).collect()
}

impl Stump {
    fn step(&self, value: f64) -> f64 {
        if value <= self.threshold { self.low } else { self.high }
    }
}

struct Binned {
    /// The upper ends of all bins but the last.
    ends: Vec<f64>,
    of_row: Vec<u8>,
}

fn binned(rows: &[Row], column: usize) -> Binned {
    let mut sorted: Vec<f64> = rows.iter().map(|row| row.seen[column]).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut ends: Vec<f64> =
        (1..BINS).filter_map(|bin| sorted.get(bin * rows.len() / BINS).copied()).collect();
    ends.dedup();
    let of_row = rows.iter().map(|row| ends.partition_point(|end| *end < row.seen[column]) as u8).collect();
    Binned { ends, of_row }
}

fn trained(rows: &[Row]) -> Vec<Stump> {
    let width = rows.first().map_or(0, |row| row.seen.len());
    let columns: Vec<Binned> = (0..width).map(|column| binned(rows, column)).collect();
    let mut scores = vec![0.0_f64; rows.len()];
    let mut stumps = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let slopes: Vec<(f64, f64)> = rows
            .iter()
            .zip(&scores)
            .map(|(row, score)| {
                let p = 1.0 / (1.0 + (-score).exp());
                (f64::from(u8::from(row.duress)) - p, p * (1.0 - p))
            })
            .collect();
        let best = columns.iter().enumerate().filter_map(|(index, column)| best_cut(index, column, &slopes));
        let Some((_, stump)) = best.max_by(|a, b| a.0.total_cmp(&b.0)) else { break };
        for (row, score) in rows.iter().zip(&mut scores) {
            *score += stump.step(row.seen[stump.column]);
        }
        stumps.push(stump);
    }
    stumps
}

/// The threshold of a column that gains most, and what it gains.
fn best_cut(column: usize, binned: &Binned, slopes: &[(f64, f64)]) -> Option<(f64, Stump)> {
    let mut sums = [(0.0, 0.0); BINS];
    for (bin, slope) in binned.of_row.iter().zip(slopes) {
        let sum = &mut sums[usize::from(*bin)];
        *sum = (sum.0 + slope.0, sum.1 + slope.1);
    }
    let total = sums.iter().fold((0.0, 0.0), |all, sum| (all.0 + sum.0, all.1 + sum.1));
    let mut below = (0.0, 0.0);
    let mut best: Option<(f64, Stump)> = None;
    for (threshold, sum) in binned.ends.iter().zip(&sums) {
        below = (below.0 + sum.0, below.1 + sum.1);
        let above = (total.0 - below.0, total.1 - below.1);
        let gain = below.0 * below.0 / (below.1 + RIDGE) + above.0 * above.0 / (above.1 + RIDGE);
        if best.as_ref().is_none_or(|(most, _)| gain > *most) {
            let (low, high) = (RATE * below.0 / (below.1 + RIDGE), RATE * above.0 / (above.1 + RIDGE));
            best = Some((gain, Stump { column, threshold: *threshold, low, high }));
        }
    }
    best
}
