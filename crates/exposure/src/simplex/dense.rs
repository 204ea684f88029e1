//! The plain simplex method on one table with a row for every bound: what the solver of `simplex` is checked against, in tests only (G2).

/// Smaller than this is nothing.
const TINY: f64 = 1e-9;
/// More pivots than this many times rows and columns together end the search.
const PIVOTS_PER_LINE_MAX: usize = 6;

/// `max gain · x` subject to `rows · x <= limits`, `x >= 0`.
pub(crate) struct Linear {
    pub gain: Vec<f64>,
    pub rows: Vec<Vec<(usize, f64)>>,
    pub limits: Vec<f64>,
}

/// What was found.
pub(crate) enum Found {
    /// A solution, and what one more unit of each row's limit would be worth.
    Best { values: Vec<f64>, prices: Vec<f64> },
    /// There is none.
    Impossible,
    /// There is no end to it, or the search took too long.
    GaveUp,
}

struct Table {
    cells: Vec<f64>,
    width: usize,
    basis: Vec<usize>,
    /// Columns from here on are artificial.
    real: usize,
}

impl Linear {
    pub(crate) fn solve(&self) -> Found {
        let mut table = Table::of(self);
        let height = table.basis.len();
        if table.width - 1 > table.real {
            let artificial = |column: usize| if column >= table.real { -1.0 } else { 0.0 };
            let gain: Vec<f64> = (0..table.width - 1).map(artificial).collect();
            if !table.climb(&gain, table.width - 1) {
                return Found::GaveUp;
            }
            let missing: f64 =
                (0..height).filter(|row| table.basis[*row] >= table.real).map(|row| table.limit(row)).sum();
            if missing > 1e-6 {
                return Found::Impossible;
            }
            table.drop_artificial();
        }
        let mut gain = self.gain.clone();
        gain.resize(table.width - 1, 0.0);
        if !table.climb(&gain, table.real) {
            return Found::GaveUp;
        }
        let columns = self.gain.len();
        let mut values = vec![0.0; columns];
        for row in 0..height {
            if table.basis[row] < columns {
                values[table.basis[row]] = table.limit(row).max(0.0);
            }
        }
        let prices = (0..height).map(|row| (-table.reduced(&gain, columns + row)).max(0.0)).collect();
        Found::Best { values, prices }
    }
}

impl Table {
    fn of(linear: &Linear) -> Self {
        let (columns, height) = (linear.gain.len(), linear.rows.len());
        let negative: Vec<usize> = (0..height).filter(|row| linear.limits[*row] < 0.0).collect();
        let real = columns + height;
        let width = real + negative.len() + 1;
        let mut table =
            Self { cells: vec![0.0; width * height], width, basis: Vec::with_capacity(height), real };
        for (row, terms) in linear.rows.iter().enumerate() {
            let sign = if linear.limits[row] < 0.0 { -1.0 } else { 1.0 };
            for (column, factor) in terms {
                table.cells[row * width + column] += sign * factor;
            }
            table.cells[row * width + columns + row] = sign;
            table.cells[row * width + width - 1] = sign * linear.limits[row];
            let artificial = negative.iter().position(|other| *other == row).map(|at| real + at);
            if let Some(column) = artificial {
                table.cells[row * width + column] = 1.0;
            }
            table.basis.push(artificial.unwrap_or(columns + row));
        }
        table
    }

    fn limit(&self, row: usize) -> f64 {
        self.cells[row * self.width + self.width - 1]
    }

    fn reduced(&self, gain: &[f64], column: usize) -> f64 {
        let used: f64 = self
            .basis
            .iter()
            .enumerate()
            .map(|(row, basic)| gain[*basic] * self.cells[row * self.width + column])
            .sum();
        gain[column] - used
    }

    /// Raises the gain until nothing raises it any more. False when there is no end to it, or not soon.
    fn climb(&mut self, gain: &[f64], columns: usize) -> bool {
        let mut reduced: Vec<f64> = (0..self.width).map(|_| 0.0).collect();
        for (column, value) in reduced.iter_mut().enumerate().take(self.width - 1) {
            *value = self.reduced(gain, column);
        }
        let most = PIVOTS_PER_LINE_MAX * (self.width + self.basis.len());
        for pivot in 0..most {
            // Bland's rule cannot go round in circles; the steepest one is faster until then.
            let careful = pivot > most / 2;
            let mut entering: Option<usize> = None;
            for column in 0..columns {
                let better = entering.is_none_or(|best| !careful && reduced[column] > reduced[best]);
                if reduced[column] > TINY && better {
                    entering = Some(column);
                }
            }
            let Some(entering) = entering else { return true };
            let Some(leaving) = self.leaving(entering) else { return false };
            self.pivot(leaving, entering, &mut reduced);
        }
        false
    }

    fn leaving(&self, column: usize) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        for row in 0..self.basis.len() {
            let factor = self.cells[row * self.width + column];
            if factor > TINY {
                let ratio = self.limit(row) / factor;
                let better = best.is_none_or(|(least, at)| {
                    ratio < least - TINY || (ratio < least + TINY && self.basis[row] < self.basis[at])
                });
                if better {
                    best = Some((ratio, row));
                }
            }
        }
        best.map(|(_, row)| row)
    }

    fn pivot(&mut self, row: usize, column: usize, reduced: &mut [f64]) {
        let width = self.width;
        let factor = self.cells[row * width + column];
        let line: Vec<f64> =
            self.cells[row * width..(row + 1) * width].iter().map(|cell| cell / factor).collect();
        let used: Vec<usize> = (0..width).filter(|at| line[*at] != 0.0).collect();
        for other in 0..self.basis.len() {
            let times = self.cells[other * width + column];
            if other != row && times != 0.0 {
                let cells = &mut self.cells[other * width..(other + 1) * width];
                for at in &used {
                    cells[*at] -= times * line[*at];
                }
                cells[column] = 0.0;
            }
        }
        let times = reduced[column];
        for at in &used {
            reduced[*at] -= times * line[*at];
        }
        reduced[column] = 0.0;
        self.cells[row * width..(row + 1) * width].copy_from_slice(&line);
        self.basis[row] = column;
    }

    /// Artificial columns that are still there stand at nothing; they are pushed out where that is possible.
    fn drop_artificial(&mut self) {
        for row in 0..self.basis.len() {
            if self.basis[row] >= self.real {
                let column = (0..self.real).find(|column| self.cells[row * self.width + column].abs() > TINY);
                if let Some(column) = column {
                    let mut nothing = vec![0.0; self.width];
                    self.pivot(row, column, &mut nothing);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(gain: &[f64], rows: &[(&[(usize, f64)], f64)]) -> Option<(f64, Vec<f64>)> {
        let linear = Linear {
            gain: gain.to_vec(),
            rows: rows.iter().map(|(row, _)| row.to_vec()).collect(),
            limits: rows.iter().map(|(_, limit)| *limit).collect(),
        };
        match linear.solve() {
            Found::Best { values, prices } => {
                let total: f64 = values.iter().zip(gain).map(|(value, gain)| value * gain).sum();
                let priced: f64 = prices.iter().zip(rows).map(|(price, (_, limit))| price * limit).sum();
                assert!((total - priced).abs() < 1e-6, "{total} {priced}");
                Some((total, values))
            }
            _ => None,
        }
    }

    #[test]
    fn the_best_corner_is_found_with_its_prices() {
        let rows: [(&[(usize, f64)], f64); 3] =
            [(&[(0, 1.0)], 4.0), (&[(1, 2.0)], 12.0), (&[(0, 3.0), (1, 2.0)], 18.0)];
        let (total, values) = solve(&[3.0, 5.0], &rows).unwrap();
        assert!((total - 36.0).abs() < 1e-9);
        assert!((values[0] - 2.0).abs() < 1e-9 && (values[1] - 6.0).abs() < 1e-9);
    }

    #[test]
    fn lower_bounds_are_rows_too() {
        let rows: [(&[(usize, f64)], f64); 2] = [(&[(0, 1.0), (1, 1.0)], 10.0), (&[(0, -1.0)], -3.0)];
        let (total, values) = solve(&[1.0, 2.0], &rows).unwrap();
        assert!((total - 17.0).abs() < 1e-9, "{total}");
        assert!((values[0] - 3.0).abs() < 1e-9);
        let impossible: [(&[(usize, f64)], f64); 2] = [(&[(0, 1.0)], 2.0), (&[(0, -1.0)], -3.0)];
        assert!(solve(&[1.0], &impossible).is_none());
    }
}
