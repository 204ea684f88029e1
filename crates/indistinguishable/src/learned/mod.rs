//! Programs that try to learn the difference: they see what a captor sees of a session (times, sizes, counts) and which class it was, and
//! are then asked about sessions of other chunks.
//!
//! Three of different kinds, written small: a straight line (`logistic`), many small steps (`stumps`), and likeness (`neighbours`). What
//! one cannot see another may. To add one: a function from training rows to scores, and its line in [`MODELS`].
//! Called by the verdict.

mod logistic;
mod neighbours;
mod scale;
mod stumps;

use crate::random::Chance;

use crate::statistics::{Area, area, pooled};

/// How many parts the sessions are split into; each is judged by what was learnt from the others.
pub const FOLDS: usize = 5;

/// One session as a captor sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What was seen: of one length throughout.
    pub seen: Vec<f64>,
    /// Whether it was duress.
    pub duress: bool,
    /// Sessions of one group are never in training and test at once.
    pub group: usize,
}

/// Learns from the first rows, scores the second: higher is likelier duress.
pub type Model = fn(&[Row], &[Row], &mut Chance) -> Vec<f64>;

/// All of them.
pub const MODELS: [(&str, Model); 3] = [
    ("logistic regression", logistic::scores),
    ("boosted stumps", stumps::scores),
    ("nearest neighbours", neighbours::scores),
];

/// What a model reached.
#[derive(Clone, PartialEq, Debug)]
pub struct Learnt {
    /// Which.
    pub model: &'static str,
    /// The mean of its areas over the folds.
    pub area: Area,
}

/// Every model's area on sessions that it has not seen.
#[must_use]
pub fn learn(rows: &[Row], seed: u64) -> Vec<Learnt> {
    let learnt = MODELS.iter().enumerate().map(|(number, (name, model))| {
        let mut chance = Chance::new(seed, 1000 + number as u64);
        let areas: Vec<Area> = (0..FOLDS).map(|fold| one_fold(rows, fold, *model, &mut chance)).collect();
        Learnt { model: name, area: pooled(&areas) }
    });
    learnt.collect()
}

fn one_fold(rows: &[Row], fold: usize, model: Model, chance: &mut Chance) -> Area {
    let (test, train): (Vec<Row>, Vec<Row>) = rows.iter().cloned().partition(|row| row.group % FOLDS == fold);
    let (train, test) = scale::scaled(&train, &test);
    let scores = model(&train, &test, chance);
    let of = |duress: bool| -> Vec<f64> {
        scores.iter().zip(&test).filter(|(_, row)| row.duress == duress).map(|(score, _)| *score).collect()
    };
    area(&of(true), &of(false))
}

/// Scores of rows that were held out, without an area: for games in which several attempts are compared.
#[must_use]
pub fn held_out(rows: &[Row], model: Model, chance: &mut Chance) -> Vec<f64> {
    let mut all = vec![0.0; rows.len()];
    for fold in 0..FOLDS {
        let (test, train): (Vec<Row>, Vec<Row>) =
            rows.iter().cloned().partition(|row| row.group % FOLDS == fold);
        let (train, test) = scale::scaled(&train, &test);
        let places = rows.iter().enumerate().filter(|(_, row)| row.group % FOLDS == fold);
        for ((place, _), score) in places.zip(model(&train, &test, chance)) {
            all[place] = score;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    /// Sessions with eight columns; duress is later in one of them, by so many standard deviations.
    fn rows(count: usize, shift: f64) -> Vec<Row> {
        let mut chance = Chance::new(9, 9);
        let row = |index: usize| {
            let duress = index.is_multiple_of(2);
            let mut seen: Vec<f64> = (0..8).map(|_| normal(&mut chance)).collect();
            seen[3] += if duress { shift } else { 0.0 };
            Row { seen, duress, group: index / 20 }
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn every_model_finds_a_shift_and_none_finds_nothing() {
        for learnt in learn(&rows(3000, 0.8), 1) {
            // The best that can be: Phi(0.8 / sqrt 2) = 0.714.
            let least = if learnt.model == "nearest neighbours" { 0.60 } else { 0.68 };
            assert!(learnt.area.value > least && learnt.area.value < 0.74, "{learnt:?}");
        }
        for learnt in learn(&rows(3000, 0.0), 1) {
            assert!(learnt.area.errors_above_guessing().abs() < 4.0, "{learnt:?}");
        }
    }

    #[test]
    fn what_is_no_line_is_found_by_the_others() {
        let mut rows = rows(4000, 0.0);
        for row in &mut rows {
            // Duress is in the middle or far out: no line separates that.
            row.seen[2] = if row.duress { row.seen[2] * 2.0 } else { row.seen[2] };
        }
        let learnt = learn(&rows, 1);
        assert!(learnt[0].area.value < 0.55, "{learnt:?}");
        assert!(learnt[1].area.value > 0.6, "{learnt:?}");
        assert!(learnt[2].area.value > 0.55, "{learnt:?}");
    }

    #[test]
    fn held_out_scores_are_of_rows_that_were_not_learnt_from() {
        // Each group has a mark of its own; a model that saw its own group would know the class by heart.
        let mut chance = Chance::new(2, 2);
        let row = |index: usize| Row {
            seen: vec![(index / 2) as f64, normal(&mut chance)],
            duress: (index / 2).is_multiple_of(2),
            group: index / 2,
        };
        let rows: Vec<Row> = (0..600).map(row).collect();
        let scores = held_out(&rows, MODELS[2].1, &mut Chance::new(1, 1));
        let of = |duress: bool| -> Vec<f64> {
            scores
                .iter()
                .zip(&rows)
                .filter(|(_, row)| row.duress == duress)
                .map(|(score, _)| *score)
                .collect()
        };
        assert!((area(&of(true), &of(false)).value - 0.5).abs() < 0.12);
    }
}
