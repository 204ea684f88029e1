//! What programs can learn of sessions, and of ten forced attempts. Called by the verdict.

use crate::learned::{FOLDS, Learnt, MODELS, Row, held_out, learn};
use crate::measure::Measured;
use crate::random::Chance;
use crate::session::forced::{ATTEMPTS, Game, PHRASES};
use crate::session::play::Pair;
use crate::statistics::quantile;

/// The upper end of the 95 % interval of the area must not be above this.
pub const AREA_MAX: f64 = 0.52;
/// With at least so many sessions of each class.
pub const SESSIONS_MIN: usize = 22_000;
/// The upper end of the 95 % interval of the advantage must not be above this.
pub const ADVANTAGE_MAX: f64 = 0.05;
/// In the short run, how many standard errors above guessing raise the alarm.
pub const ERRORS_SHORT_MAX: f64 = 6.0;

/// All sessions as a captor sees them: times and sizes of every answer, in order, and the counts of log lines and records.
#[must_use]
pub fn rows(measured: &Measured) -> Vec<Row> {
    let by_chunk = measured.chunks.len() >= FOLDS;
    let mut rows = Vec::new();
    for (number, chunk) in measured.chunks.iter().enumerate() {
        for (index, pair) in chunk.pairs.iter().enumerate() {
            let group = if by_chunk { number } else { index };
            rows.extend((0..2).map(|class| Row { seen: seen(pair, class), duress: class == 1, group }));
        }
    }
    without_constants(&mut rows);
    rows
}

fn seen(pair: &Pair, class: usize) -> Vec<f64> {
    let numbers = pair.nanos[class].iter().chain(&pair.sizes[class]).chain(&pair.counts[class]);
    numbers.map(|number| f64::from(*number)).collect()
}

/// What is the same everywhere teaches nothing and costs time.
fn without_constants(rows: &mut [Row]) {
    let Some(first) = rows.first().map(|row| row.seen.clone()) else { return };
    let mut varies = vec![false; first.len()];
    for row in rows.iter() {
        for ((varies, value), first) in varies.iter_mut().zip(&row.seen).zip(&first) {
            *varies |= value.to_bits() != first.to_bits();
        }
    }
    for row in rows {
        let mut keep = varies.iter();
        row.seen.retain(|_| keep.next().copied().unwrap_or(false));
    }
}

/// The same with a delay of one step of every duress session: the control.
#[must_use]
pub fn delayed(rows: &[Row], column: usize, by: f64) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for row in rows.iter_mut().filter(|row| row.duress) {
        row.seen[column] += by;
    }
    rows
}

/// Why what was learnt raises an alarm, if it does.
#[must_use]
pub fn alarm(learnt: &Learnt, full: bool) -> Option<String> {
    let (low, high) = learnt.area.interval(0.95);
    let errors = learnt.area.errors_above_guessing();
    let raised = if full { high > AREA_MAX } else { errors > ERRORS_SHORT_MAX };
    raised.then(|| format!("{}: area {:.4} ({low:.4} to {high:.4})", learnt.model, learnt.area.value))
}

/// Every model's area over sessions.
#[must_use]
pub fn sessions(rows: &[Row], seed: u64) -> Vec<Learnt> {
    learn(rows, seed)
}

/// How often a model names the true phrase among those of a game.
#[derive(Clone, PartialEq, Debug)]
pub struct Named {
    /// Which model.
    pub model: &'static str,
    /// How many games.
    pub games: usize,
    /// In how many it was right.
    pub right: usize,
}

impl Named {
    /// Above guessing, and the ends of its 95 % interval.
    #[must_use]
    pub fn advantage(&self) -> (f64, f64, f64) {
        let games = self.games.max(1) as f64;
        let share = self.right as f64 / games;
        let error = (share * (1.0 - share) / games).sqrt().max(1.0 / games);
        let (advantage, reach) = (share - 1.0 / PHRASES as f64, quantile(0.975) * error);
        (advantage, advantage - reach, advantage + reach)
    }

    /// Why it raises an alarm, if it does.
    #[must_use]
    pub fn alarm(&self, full: bool) -> Option<String> {
        let (advantage, low, high) = self.advantage();
        let guess = 1.0 / PHRASES as f64;
        let error = (guess * (1.0 - guess) / self.games.max(1) as f64).sqrt();
        let raised = if full { high > ADVANTAGE_MAX } else { advantage > ERRORS_SHORT_MAX * error };
        raised.then(|| {
            format!("{} names the true phrase: advantage {advantage:.3} ({low:.3} to {high:.3})", self.model)
        })
    }
}

/// Every model's guesses. `delay` is added to the acts of panic phrases: the control.
#[must_use]
pub fn forced(games: &[Game], seed: u64, delay: f64) -> Vec<Named> {
    let rows = attempts(games, delay);
    let named = MODELS.iter().enumerate().map(|(number, (model, scores))| {
        let scores = held_out(&rows, *scores, &mut Chance::new(seed, 2000 + number as u64));
        let right =
            games.iter().zip(scores.chunks(ATTEMPTS)).filter(|(game, scores)| guess(game, scores) == 0);
        Named { model, games: games.len(), right: right.count() }
    });
    named.collect()
}

/// The phrase whose attempts look least like duress.
fn guess(game: &Game, scores: &[f64]) -> usize {
    let mut sums = [0.0; PHRASES];
    for (phrase, score) in game.phrases.iter().zip(scores) {
        sums[usize::from(*phrase)] += score;
    }
    // Among equals the later number wins, which is never the true one's.
    let least = (0..PHRASES).rev().min_by(|a, b| sums[*a].total_cmp(&sums[*b]));
    least.unwrap_or(PHRASES)
}

/// Each attempt against the others of its game, less what its place in the order costs anyway.
fn attempts(games: &[Game], delay: f64) -> Vec<Row> {
    let value = |game: &Game, at: usize| -> Vec<f64> {
        let mut nanos: Vec<f64> = game.nanos[at].iter().map(|nanos| f64::from(*nanos)).collect();
        if game.phrases[at] != 0 && nanos.len() > 1 {
            nanos[1] += delay;
        }
        nanos.extend(game.sizes[at].iter().map(|size| f64::from(*size)));
        nanos
    };
    let width = games.first().map_or(0, |game| value(game, 0).len());
    let mut place_means = vec![vec![0.0; width]; ATTEMPTS];
    for game in games {
        for (at, means) in place_means.iter_mut().enumerate() {
            for (mean, value) in means.iter_mut().zip(value(game, at)) {
                *mean += value / games.len() as f64;
            }
        }
    }
    let mut rows = Vec::new();
    for (number, game) in games.iter().enumerate() {
        let relative: Vec<Vec<f64>> = (0..ATTEMPTS)
            .map(|at| {
                value(game, at).iter().zip(&place_means[at]).map(|(value, mean)| value - mean).collect()
            })
            .collect();
        let middle: Vec<f64> = (0..width)
            .map(|column| {
                crate::statistics::median(&relative.iter().map(|row| row[column]).collect::<Vec<_>>())
            })
            .collect();
        rows.extend(relative.into_iter().zip(&game.phrases).map(|(row, phrase)| Row {
            seen: row.iter().zip(&middle).map(|(value, middle)| value - middle).collect(),
            duress: *phrase != 0,
            group: number,
        }));
    }
    without_constants(&mut rows);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{normal, shuffle};

    fn games(count: usize) -> Vec<Game> {
        let mut chance = Chance::new(4, 4);
        let mut nanos = |base: f64| (base + 30_000.0 * normal(&mut chance)).max(1.0) as u32;
        let drawn: Vec<Vec<Vec<u32>>> = (0..count)
            .map(|_| {
                (0..ATTEMPTS)
                    .map(|at| vec![nanos(60_000.0), nanos(300_000.0 - 10_000.0 * at as f64)])
                    .collect()
            })
            .collect();
        let mut chance = Chance::new(5, 5);
        let game = |nanos: Vec<Vec<u32>>| {
            let mut phrases: Vec<u8> = (0..ATTEMPTS).map(|at| (at % PHRASES) as u8).collect();
            shuffle(&mut chance, &mut phrases);
            Game { phrases, sizes: vec![vec![100, 200]; ATTEMPTS], nanos }
        };
        drawn.into_iter().map(game).collect()
    }

    #[test]
    fn ten_attempts_without_a_leak_name_nobody_and_a_leak_does() {
        let games = games(400);
        for named in forced(&games, 1, 0.0) {
            assert!(named.advantage().0.abs() < 0.09, "{named:?}");
            assert_eq!(named.alarm(false), None);
        }
        let caught = forced(&games, 1, 60_000.0);
        assert!(caught[0].advantage().0 > 0.5 && caught[0].alarm(false).is_some(), "{caught:?}");
    }
}
