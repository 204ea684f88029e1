//! A small linear-program solver: the simplex method with bounded variables, in floating point. Nothing rests on its precision: what
//! it finds is only a proposal, which `program` turns into a bound in exact integers (G2).
//!
//! Rows and variables that have nothing to do with each other are solved apart. A variable's own bound is no row: at its bound it is
//! counted from there downwards. Called by `program`.
#![expect(clippy::indexing_slicing, reason = "indices into a table whose size is fixed when it is made")]

#[cfg(test)]
mod dense;
mod parts;
#[cfg(test)]
mod tests;

pub(crate) use parts::part_cells;

/// Smaller than this is nothing.
const TINY: f64 = 1e-9;
/// More pivots than this many times rows and columns together end the search.
const PIVOTS_PER_LINE_MAX: usize = 6;

/// `max gain · x` subject to `rows · x <= limits`, `0 <= x <= most`.
#[derive(Debug)]
pub(crate) struct Linear {
    pub gain: Vec<f64>,
    pub rows: Vec<Vec<(usize, f64)>>,
    pub limits: Vec<f64>,
    /// Infinite where nothing bounds a variable.
    pub most: Vec<f64>,
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

/// What ends a step upwards.
enum Stop {
    /// The entering variable reaches its own bound.
    Own,
    /// The variable of a row reaches nothing, or its bound.
    Row { row: usize, at_most: bool },
}

/// Each row says `own variable + cells · others = limit`; the others stand at nothing.
struct Table {
    cells: Vec<f64>,
    limits: Vec<f64>,
    /// The variable of each row and of each column. Slacks are numbered after the columns, the auxiliary one after them.
    own: Vec<usize>,
    others: Vec<usize>,
    most: Vec<f64>,
    /// By variable: whether it is counted downwards from its bound.
    down: Vec<bool>,
    barred: Option<usize>,
}

impl Linear {
    pub(crate) fn solve(&self) -> Found {
        parts::solve(self)
    }

    fn solve_whole(&self) -> Found {
        let mut table = Table::of(self);
        if !table.make_possible() {
            return Found::GaveUp;
        }
        if table.missing() > 1e-6 {
            return Found::Impossible;
        }
        table.bar_auxiliary();
        let mut gain = table.gains(&self.gain);
        if !table.climb(&mut gain) {
            return Found::GaveUp;
        }
        table.answer(self, &gain)
    }
}

impl Table {
    fn of(linear: &Linear) -> Self {
        let (columns, height) = (linear.gain.len(), linear.rows.len());
        let needs_help = linear.limits.iter().any(|limit| *limit < 0.0);
        let width = columns + usize::from(needs_help);
        let mut cells = vec![0.0; width * height];
        for (row, terms) in linear.rows.iter().enumerate() {
            for (column, factor) in terms {
                cells[row * width + column] += factor;
            }
            if needs_help {
                cells[row * width + columns] = -1.0;
            }
        }
        let mut most = linear.most.clone();
        most.resize(columns + height + 1, f64::INFINITY);
        let auxiliary = columns + height;
        Self {
            cells,
            limits: linear.limits.clone(),
            own: (columns..auxiliary).collect(),
            others: (0..columns).chain(needs_help.then_some(auxiliary)).collect(),
            down: vec![false; most.len()],
            most,
            barred: None,
        }
    }

    fn width(&self) -> usize {
        self.others.len()
    }

    const fn auxiliary(&self) -> usize {
        self.most.len() - 1
    }

    /// Finds a corner to begin from, with an auxiliary variable that takes up what is missing.
    fn make_possible(&mut self) -> bool {
        let width = self.width();
        if self.others.last() != Some(&self.auxiliary()) {
            return true;
        }
        let mut gain = vec![0.0; width];
        gain[width - 1] = -1.0;
        let lowest = (0..self.limits.len()).min_by(|a, b| self.limits[*a].total_cmp(&self.limits[*b]));
        if let Some(row) = lowest {
            self.pivot(row, width - 1, &mut gain);
        }
        self.climb(&mut gain)
    }

    fn missing(&self) -> f64 {
        let at = self.own.iter().position(|own| *own == self.auxiliary());
        at.map_or(0.0, |row| self.limits[row])
    }

    /// The auxiliary variable stands at nothing from now on.
    fn bar_auxiliary(&mut self) {
        let auxiliary = self.auxiliary();
        if let Some(row) = self.own.iter().position(|own| *own == auxiliary) {
            let width = self.width();
            let line = &self.cells[row * width..(row + 1) * width];
            let column = (0..width).max_by(|a, b| line[*a].abs().total_cmp(&line[*b].abs()));
            if let Some(column) = column.filter(|column| line[*column].abs() > TINY) {
                self.pivot(row, column, &mut vec![0.0; width]);
            }
        }
        self.barred = self.others.iter().position(|other| *other == auxiliary);
    }

    /// What one more unit of each column's variable gains, from here.
    fn gains(&self, gain: &[f64]) -> Vec<f64> {
        let of = |variable: usize| {
            let gain = gain.get(variable).copied().unwrap_or(0.0);
            if self.down[variable] { -gain } else { gain }
        };
        let width = self.width();
        let mut gains: Vec<f64> = self.others.iter().map(|other| of(*other)).collect();
        for (row, own) in self.own.iter().enumerate() {
            let worth = of(*own);
            if worth != 0.0 {
                let line = &self.cells[row * width..(row + 1) * width];
                gains.iter_mut().zip(line).for_each(|(gain, cell)| *gain -= worth * cell);
            }
        }
        gains
    }

    /// Raises the gain until nothing raises it any more. False when there is no end to it, or not soon.
    fn climb(&mut self, gain: &mut [f64]) -> bool {
        let most = PIVOTS_PER_LINE_MAX * (self.width() + self.own.len()) + 16;
        for step in 0..most {
            // Bland's rule cannot go round in circles; the steepest one is faster until then.
            let Some(column) = self.entering(gain, step > most / 2) else { return true };
            match self.stop(column) {
                None => return false,
                Some(Stop::Own) => self.turn(column, gain),
                Some(Stop::Row { row, at_most }) => {
                    if at_most {
                        self.turn_row(row);
                    }
                    self.pivot(row, column, gain);
                }
            }
        }
        false
    }

    fn entering(&self, gain: &[f64], careful: bool) -> Option<usize> {
        let rising = |column: &usize| gain[*column] > TINY && Some(*column) != self.barred;
        let mut columns = (0..self.width()).filter(rising);
        if careful {
            return columns.min_by_key(|column| self.others[*column]);
        }
        let first = columns.next()?;
        Some(columns.fold(first, |best, column| if gain[column] > gain[best] { column } else { best }))
    }

    fn stop(&self, column: usize) -> Option<Stop> {
        let width = self.width();
        let entering = self.others[column];
        let mut best: Option<(f64, usize, Stop)> =
            self.most[entering].is_finite().then(|| (self.most[entering], entering, Stop::Own));
        for (row, own) in self.own.iter().enumerate() {
            let factor = self.cells[row * width + column];
            let (ratio, at_most) = if factor > TINY {
                (self.limits[row] / factor, false)
            } else if factor < -TINY && self.most[*own].is_finite() {
                ((self.most[*own] - self.limits[row]) / -factor, true)
            } else {
                continue;
            };
            let better = best.as_ref().is_none_or(|(least, variable, _)| {
                ratio < least - TINY || (ratio < least + TINY && own < variable)
            });
            if better {
                best = Some((ratio, *own, Stop::Row { row, at_most }));
            }
        }
        best.map(|(_, _, stop)| stop)
    }

    /// The variable of a column goes to its bound and is counted downwards from there.
    fn turn(&mut self, column: usize, gain: &mut [f64]) {
        let width = self.width();
        let variable = self.others[column];
        let most = self.most[variable];
        for (limit, cell) in self.limits.iter_mut().zip(self.cells.iter_mut().skip(column).step_by(width)) {
            *limit -= *cell * most;
            *cell = -*cell;
        }
        gain[column] = -gain[column];
        self.down[variable] = !self.down[variable];
    }

    /// The variable of a row is counted downwards from its bound.
    fn turn_row(&mut self, row: usize) {
        let width = self.width();
        let variable = self.own[row];
        self.cells[row * width..(row + 1) * width].iter_mut().for_each(|cell| *cell = -*cell);
        self.limits[row] = self.most[variable] - self.limits[row];
        self.down[variable] = !self.down[variable];
    }

    fn pivot(&mut self, row: usize, column: usize, gain: &mut [f64]) {
        let width = self.width();
        let factor = self.cells[row * width + column];
        let mut line: Vec<f64> =
            self.cells[row * width..(row + 1) * width].iter().map(|cell| cell / factor).collect();
        line[column] = 1.0 / factor;
        let limit = self.limits[row] / factor;
        let used: Vec<usize> = (0..width).filter(|at| line[*at] != 0.0 && *at != column).collect();
        for other in 0..self.own.len() {
            let times = self.cells[other * width + column];
            if other == row || times == 0.0 {
                continue;
            }
            let cells = &mut self.cells[other * width..(other + 1) * width];
            for at in &used {
                cells[*at] -= times * line[*at];
            }
            cells[column] = -times * line[column];
            self.limits[other] -= times * limit;
        }
        let times = gain[column];
        for at in &used {
            gain[*at] -= times * line[*at];
        }
        gain[column] = -times * line[column];
        self.cells[row * width..(row + 1) * width].copy_from_slice(&line);
        self.limits[row] = limit;
        std::mem::swap(&mut self.own[row], &mut self.others[column]);
    }

    fn answer(&self, linear: &Linear, gain: &[f64]) -> Found {
        let columns = linear.gain.len();
        let height = linear.rows.len();
        let standing = |variable: usize, value: f64| {
            let value = value.max(0.0);
            if self.down[variable] { (self.most[variable] - value).max(0.0) } else { value }
        };
        let mut values = vec![0.0; columns];
        let mut prices = vec![0.0; height];
        for (row, own) in self.own.iter().enumerate().filter(|(_, own)| **own < columns) {
            values[*own] = standing(*own, self.limits[row]);
        }
        for (column, other) in self.others.iter().enumerate() {
            if *other < columns {
                values[*other] = standing(*other, 0.0);
            } else if *other < columns + height {
                prices[*other - columns] = (-gain[column]).max(0.0);
            }
        }
        Found::Best { values, prices }
    }
}
