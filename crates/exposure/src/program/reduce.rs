//! A program made smaller without losing anything (G2): moves that another replaces under the same rows are left out, counts that
//! nothing else counts become bounds, variables that no row tells apart become one, rows that nothing can break are left out. Any
//! proof about the small program is one about the large. Called by `program`.

use std::collections::HashMap;

use super::{Program, Row, Variable};

/// A column: its rows and factors.
type Column = Vec<(usize, i128)>;
/// What a move stands in but its link: its sums, with whether they gain, and its count.
type Standing = (Vec<(bool, Column)>, Column);
/// What variables have in common that become one: whether they count, whether they gain, their column.
type Alike<'c> = (bool, bool, &'c [(usize, i128)]);

/// `by_move` says how much one transfer of a move can be worth.
pub(super) fn reduce(program: &mut Program, by_move: &[u128]) {
    without_weaker(program);
    bounds(program);
    bound_counts(program);
    without_idle(program);
    without_counts(program);
    bounds(program);
    merge(program, by_move);
    bounds(program);
    without_idle(program);
    without_doubles(&mut program.rows);
}

const fn is_count(variable: &Variable) -> bool {
    matches!(variable, Variable::Count { .. })
}

fn columns(program: &Program) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![Vec::new(); program.variables.len()];
    for (number, row) in program.rows.iter().enumerate() {
        for (at, factor) in &row.terms {
            if let Some(column) = columns.get_mut(*at) {
                column.push((number, *factor));
            }
        }
    }
    columns
}

/// The row that says what so many transfers can be worth: sums, less a count as often as its worth.
struct Link {
    row: usize,
    count: usize,
    worth: i128,
    sums: Vec<usize>,
}

fn links(program: &Program) -> Vec<Link> {
    let counts = |at: usize| program.variables.get(at).is_some_and(is_count);
    let link = |(row, terms): (usize, &Row)| {
        let (count, factor) = terms.terms.iter().find(|(at, factor)| *factor < 0 && counts(*at))?;
        let sums = terms.terms.iter().filter(|(at, factor)| *factor > 0 && !counts(*at)).map(|(at, _)| *at);
        Some(Link { row, count: *count, worth: -factor, sums: sums.collect() })
    };
    program.rows.iter().enumerate().filter_map(link).collect()
}

/// Of moves that stand in the same rows but for what one transfer can be worth, the one that can be worth most.
fn without_weaker(program: &mut Program) {
    let all = columns(program);
    let links = links(program);
    let without = |at: usize, row: usize| -> Column {
        let column = all.get(at).map_or(&[][..], Vec::as_slice);
        column.iter().filter(|(number, _)| *number != row).copied().collect()
    };
    let is_least = |(row, factor): &(usize, i128)| {
        *factor > 1 || program.rows.get(*row).is_some_and(|row| !row.counts && row.terms.len() > 1)
    };
    let mut strongest: HashMap<Standing, &Link> = HashMap::new();
    let key = |link: &Link| -> Standing {
        let own = |at: &usize| (program.gain.get(*at) == Some(&true), without(*at, link.row));
        (link.sums.iter().map(own).collect::<Vec<_>>(), without(link.count, link.row))
    };
    // A least value stands in a second row of the count; such a move stands for itself.
    let plain: Vec<&Link> =
        links.iter().filter(|link| !without(link.count, link.row).iter().any(is_least)).collect();
    for link in &plain {
        let first = strongest.entry(key(link)).or_insert(link);
        if link.worth > first.worth {
            *first = link;
        }
    }
    let mut kept = vec![true; program.variables.len()];
    let mut rows = vec![true; program.rows.len()];
    for link in &plain {
        let Some(first) = strongest.get(&key(link)).filter(|first| first.count != link.count) else {
            continue;
        };
        for (weak, strong) in link.sums.iter().zip(&first.sums) {
            let variable = program.variables.get(*weak).copied();
            if let Some(alike) = program.alike.get_mut(*strong) {
                alike.extend(variable);
            }
        }
        for at in link.sums.iter().chain([&link.count]) {
            if let Some(kept) = kept.get_mut(*at) {
                *kept = false;
            }
        }
        if let Some(row) = rows.get_mut(link.row) {
            *row = false;
        }
    }
    retain_rows(program, &rows);
    retain(program, &kept);
}

fn retain_rows(program: &mut Program, kept: &[bool]) {
    let mut at = 0;
    program.rows.retain(|_| {
        at += 1;
        kept.get(at - 1) == Some(&true)
    });
}

/// Keeps some variables only; the others stand nowhere any more.
fn retain(program: &mut Program, kept: &[bool]) {
    let mut place: Vec<Option<usize>> = Vec::with_capacity(kept.len());
    let mut next = 0;
    for kept in kept {
        place.push(kept.then_some(next));
        next += usize::from(*kept);
    }
    for row in &mut program.rows {
        row.terms.retain_mut(|(at, _)| match place.get(*at).copied().flatten() {
            Some(place) => {
                *at = place;
                true
            }
            None => false,
        });
    }
    let mut keep = kept.iter();
    program.variables.retain(|_| keep.next() == Some(&true));
    let mut keep = kept.iter();
    program.gain.retain(|_| keep.next() == Some(&true));
    let mut keep = kept.iter();
    program.most.retain(|_| keep.next() == Some(&true));
    let mut keep = kept.iter();
    program.alike.retain(|_| keep.next() == Some(&true));
}

/// Rows over one variable say its most.
fn bounds(program: &mut Program) {
    let most = &mut program.most;
    program.rows.retain(|row| match row.terms.as_slice() {
        [] => row.limit < 0,
        [(at, 1)] if row.limit >= 0 => match most.get_mut(*at) {
            Some(most) => {
                *most = Some(most.map_or(row.limit, |most| most.min(row.limit)));
                false
            }
            None => true,
        },
        _ => true,
    });
}

/// More transfers than carry what can be moved are never needed.
fn bound_counts(program: &mut Program) {
    for link in links(program) {
        let most = |at: &usize| program.most.get(*at).copied().flatten();
        let sum = link.sums.iter().map(most).try_fold(0i128, |sum, most| sum.checked_add(most?));
        let Some(needed) = sum.filter(|_| link.worth > 0).map(|sum| sum.div_euclid(link.worth) + 1) else {
            continue;
        };
        if let Some(most) = program.most.get_mut(link.count) {
            *most = Some(most.map_or(needed, |most| most.min(needed)));
        }
    }
}

/// A count that stands in no row but its link: so many transfers can be worth so much.
fn without_counts(program: &mut Program) {
    let all = columns(program);
    let mut kept = vec![true; program.variables.len()];
    let mut idle = Vec::new();
    for link in links(program) {
        if all.get(link.count).is_none_or(|column| column.len() != 1) {
            continue;
        }
        let most = program.most.get(link.count).copied().flatten();
        match most.and_then(|most| most.checked_mul(link.worth)) {
            Some(limit) => {
                if let Some(row) = program.rows.get_mut(link.row) {
                    row.terms.retain(|(at, _)| *at != link.count);
                    row.limit = limit;
                }
            }
            None => idle.push(link.row),
        }
        if let Some(kept) = kept.get_mut(link.count) {
            *kept = false;
        }
    }
    let rows: Vec<bool> = (0..program.rows.len()).map(|row| !idle.contains(&row)).collect();
    retain_rows(program, &rows);
    retain(program, &kept);
}

/// One variable for all that gain the same and stand in the same rows with the same factors. Together they can be what each can be.
fn merge(program: &mut Program, by_move: &[u128]) {
    let all = columns(program);
    let worth = |variable: &Variable| match variable {
        Variable::Sum { one, .. } | Variable::Count { one, .. } => by_move.get(*one).copied().unwrap_or(0),
    };
    let mut groups: HashMap<Alike<'_>, usize> = HashMap::new();
    let mut kept = vec![false; all.len()];
    for (at, column) in all.iter().enumerate() {
        let (Some(variable), Some(gain)) = (program.variables.get(at).copied(), program.gain.get(at)) else {
            continue;
        };
        let first = *groups.entry((is_count(&variable), *gain, column)).or_insert(at);
        if first == at {
            if let Some(kept) = kept.get_mut(at) {
                *kept = true;
            }
            continue;
        }
        let own = program.most.get(at).copied().flatten();
        if let Some(most) = program.most.get_mut(first) {
            *most = most.and_then(|most| most.checked_add(own?));
        }
        let others = program.alike.get_mut(at).map(std::mem::take).unwrap_or_default();
        let (Some(stands), Some(alike)) = (program.variables.get_mut(first), program.alike.get_mut(first))
        else {
            continue;
        };
        let mut weaker = variable;
        if worth(&variable) > worth(stands) {
            std::mem::swap(stands, &mut weaker);
        }
        alike.push(weaker);
        alike.extend(others);
    }
    retain(program, &kept);
}

fn without_idle(program: &mut Program) {
    let most = &program.most;
    program.rows.retain(|row| can_break(row, most));
}

/// Whether variables at their most can go beyond the row's limit.
fn can_break(row: &Row, most: &[Option<i128>]) -> bool {
    let mut sum = 0i128;
    for (at, factor) in row.terms.iter().filter(|(_, factor)| *factor > 0) {
        let term = most.get(*at).copied().flatten().and_then(|most| most.checked_mul(*factor));
        match term.and_then(|term| sum.checked_add(term)) {
            Some(next) => sum = next,
            None => return true,
        }
    }
    sum > row.limit
}

/// Of rows that are alike the least limit.
fn without_doubles(rows: &mut Vec<Row>) {
    let mut least: HashMap<Column, i128> = HashMap::new();
    for row in rows.iter() {
        let limit = least.entry(row.terms.clone()).or_insert(row.limit);
        *limit = (*limit).min(row.limit);
    }
    rows.retain_mut(|row| match least.remove(&row.terms) {
        Some(limit) => {
            row.limit = limit;
            true
        }
        None => false,
    });
}
