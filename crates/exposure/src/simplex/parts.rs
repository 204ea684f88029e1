//! A linear program as the parts that have nothing to do with each other: each is solved alone, in a table of its own size (G2).
//!
//! Called by `simplex` and, to know how large the tables are, by `program`.
#![expect(clippy::indexing_slicing, reason = "indices into lists whose size is fixed when they are made")]

use super::{Found, Linear};

/// Which columns belong together, by the rows that join them.
struct Joined(Vec<usize>);

impl Joined {
    fn of<'r>(columns: usize, rows: impl Iterator<Item = &'r [usize]>) -> Self {
        let mut joined = Self((0..columns).collect());
        for row in rows {
            if let Some((first, rest)) = row.split_first() {
                for column in rest {
                    let (a, b) = (joined.root(*first), joined.root(*column));
                    joined.0[b] = a;
                }
            }
        }
        joined
    }

    fn root(&mut self, mut column: usize) -> usize {
        while self.0[column] != column {
            self.0[column] = self.0[self.0[column]];
            column = self.0[column];
        }
        column
    }
}

/// How many cells the tables of the parts have, together and the largest.
pub(crate) fn part_cells(columns: usize, rows: &[Vec<usize>]) -> (usize, usize) {
    let mut joined = Joined::of(columns, rows.iter().map(Vec::as_slice));
    let mut sizes = vec![(0usize, 0usize); columns];
    for column in 0..columns {
        let root = joined.root(column);
        sizes[root].0 += 1;
    }
    for first in rows.iter().filter_map(|row| row.first()) {
        let root = joined.root(*first);
        sizes[root].1 += 1;
    }
    let cells = sizes.iter().map(|(columns, rows)| columns.saturating_mul(*rows));
    cells.fold((0, 0), |(sum, most), cells| (sum.saturating_add(cells), most.max(cells)))
}

/// Solves each part and puts the answers together.
pub(super) fn solve(linear: &Linear) -> Found {
    let columns = linear.gain.len();
    let rows: Vec<Vec<usize>> =
        linear.rows.iter().map(|row| row.iter().map(|(at, _)| *at).collect()).collect();
    let mut joined = Joined::of(columns, rows.iter().map(Vec::as_slice));
    let mut parts: Vec<(Vec<usize>, Vec<usize>)> = vec![Default::default(); columns];
    for column in 0..columns {
        let root = joined.root(column);
        parts[root].0.push(column);
    }
    for (number, row) in rows.iter().enumerate() {
        match row.first() {
            Some(first) => {
                let root = joined.root(*first);
                parts[root].1.push(number);
            }
            None if linear.limits[number] < 0.0 => return Found::Impossible,
            None => {}
        }
    }
    let (mut values, mut prices) = (vec![0.0; columns], vec![0.0; rows.len()]);
    let mut place = vec![0; columns];
    let mut gave_up = false;
    for (of_part, rows_of) in parts.iter().filter(|(columns, _)| !columns.is_empty()) {
        for (at, column) in of_part.iter().enumerate() {
            place[*column] = at;
        }
        let part = Linear {
            gain: of_part.iter().map(|column| linear.gain[*column]).collect(),
            most: of_part.iter().map(|column| linear.most[*column]).collect(),
            limits: rows_of.iter().map(|row| linear.limits[*row]).collect(),
            rows: rows_of
                .iter()
                .map(|row| linear.rows[*row].iter().map(|(at, factor)| (place[*at], *factor)).collect())
                .collect(),
        };
        match part.solve_whole() {
            Found::Best { values: of_values, prices: of_prices } => {
                of_part.iter().zip(of_values).for_each(|(column, value)| values[*column] = value);
                rows_of.iter().zip(of_prices).for_each(|(row, price)| prices[*row] = price);
            }
            Found::Impossible => return Found::Impossible,
            Found::GaveUp => gave_up = true,
        }
    }
    if gave_up { Found::GaveUp } else { Found::Best { values, prices } }
}
