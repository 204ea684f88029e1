//! Puts columns on one scale, by what the training rows alone say of them. Called before every model.

use super::Row;
use crate::statistics::percentile;

/// What lies further out is taken for an interruption of the machine and counts as this far.
const FURTHEST: f64 = 6.0;

struct Column {
    middle: f64,
    spread: f64,
}

/// Both sets of rows, each column less the training median and over the training spread. Columns that never vary become zero.
pub fn scaled(train: &[Row], test: &[Row]) -> (Vec<Row>, Vec<Row>) {
    let width = train.first().map_or(0, |row| row.seen.len());
    let columns: Vec<Column> = (0..width).map(|index| column(train, index)).collect();
    let apply = |rows: &[Row]| -> Vec<Row> {
        let one = |row: &Row| {
            let seen = row.seen.iter().zip(&columns).map(|(value, column)| {
                if column.spread > 0.0 {
                    ((value - column.middle) / column.spread).clamp(-FURTHEST, FURTHEST)
                } else {
                    // A column that never varied in training: any difference from it is as telling as can be.
                    (value - column.middle).clamp(-FURTHEST, FURTHEST)
                }
            });
            Row { seen: seen.collect(), ..row.clone() }
        };
        rows.iter().map(one).collect()
    };
    (apply(train), apply(test))
}

fn column(rows: &[Row], index: usize) -> Column {
    let values: Vec<f64> = rows.iter().map(|row| row.seen[index]).collect();
    // From the 16th to the 84th percentile: one standard deviation each way if the noise is normal, and no outlier moves it.
    let (low, high) = (percentile(&values, 0.16), percentile(&values, 0.84));
    Column { middle: percentile(&values, 0.5), spread: (high - low) / 2.0 }
}
