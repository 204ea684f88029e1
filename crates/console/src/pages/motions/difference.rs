//! What differs between two texts, line by line: the longest common lines stay, the rest goes or is new. Called by the page of a change.

/// The most cells of the table of common lines: texts that need more are shown whole.
const CELLS_MAX: usize = 1_000_000;
/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 2;

/// One line of the difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the first only.
    Gone(&'a str),
    /// In the second only.
    New(&'a str),
    /// So many lines that are in both and far from any change.
    Skipped(usize),
}

/// The difference with a little around each change; nothing where the texts are too long to compare.
pub fn difference<'a>(before: &'a str, after: &'a str) -> Option<Vec<Line<'a>>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let (old, new) = (before.get(head..)?, after.get(head..)?);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (old.get(..old.len() - tail)?, new.get(..new.len() - tail)?);
    if (old.len() + 1).checked_mul(new.len() + 1)? > CELLS_MAX {
        return None;
    }
    let mut lines: Vec<Line<'a>> = before.iter().take(head).map(|line| Line::Same(line)).collect();
    walk(old, new, &mut lines);
    lines.extend(before.iter().skip(before.len() - tail).map(|line| Line::Same(line)));
    Some(folded(&lines))
}

/// `table[i][j]`: how many lines are common to what is left of both from there on.
fn table(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut rows = vec![vec![0u32; new.len() + 1]];
    for line in old.iter().rev() {
        let below = rows.last().map(Vec::as_slice).unwrap_or_default();
        let mut row = vec![0u32; new.len() + 1];
        let mut right = 0;
        for (at, other) in new.iter().enumerate().rev() {
            let cell = if line == other { get(below, at + 1) + 1 } else { get(below, at).max(right) };
            if let Some(place) = row.get_mut(at) {
                *place = cell;
            }
            right = cell;
        }
        rows.push(row);
    }
    rows.reverse();
    rows
}

fn get(row: &[u32], at: usize) -> u32 {
    row.get(at).copied().unwrap_or(0)
}

fn walk<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let table = table(old, new);
    let common = |i: usize, j: usize| table.get(i).map_or(0, |row| get(row, j));
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (Some(one), Some(other)) if one == other => {
                lines.push(Line::Same(one));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other) if other.is_none() || common(i + 1, j) >= common(i, j + 1) => {
                lines.push(Line::Gone(one));
                i += 1;
            }
            (_, Some(other)) => {
                lines.push(Line::New(other));
                j += 1;
            }
            _ => return,
        }
    }
}

/// Leaves out what is far from any change.
fn folded<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let is_change = |line: &Line<'_>| !matches!(line, Line::Same(_));
    let near = |at: usize| {
        let around = lines.get(at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len()));
        around.is_some_and(|around| around.iter().any(is_change))
    };
    let mut shown = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match (near(at), shown.last_mut()) {
            (true, _) => shown.push(*line),
            (false, Some(Line::Skipped(count))) => *count += 1,
            (false, _) => shown.push(Line::Skipped(1)),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Line<'_>]) -> String {
        let line = |line: &Line<'_>| match line {
            Line::Same(line) => format!(" {line}\n"),
            Line::Gone(line) => format!("-{line}\n"),
            Line::New(line) => format!("+{line}\n"),
            Line::Skipped(count) => format!("@{count}\n"),
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn changed_lines_are_found_between_common_ones() {
        let found = difference("a\nb\nc\nd\ne\nf\ng\nh", "a\nb\nc\nd\nE\nf\ng\nh").unwrap();
        assert_eq!(text(&found), "@2\n c\n d\n-e\n+E\n f\n g\n@1\n");
        assert_eq!(text(&difference("a\nb", "b\nc").unwrap()), "-a\n b\n+c\n");
        assert_eq!(text(&difference("", "a").unwrap()), "+a\n");
        assert_eq!(text(&difference("a", "").unwrap()), "-a\n");
        assert_eq!(text(&difference("a\nb\nc\nd", "a\nb\nc\nd").unwrap()), "@4\n");
    }

    /// Whatever the texts, the lines that go and stay are the first, those that stay and come the second.
    #[test]
    fn both_texts_can_be_read_back() {
        let mut seed = 7u32;
        let mut draw = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..200 {
            let mut lines = || (0..draw(12)).map(|_| draw(4).to_string()).collect::<Vec<_>>();
            let (before, after) = (lines(), lines());
            let (old, new): (Vec<&str>, Vec<&str>) =
                (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
            let mut walked = Vec::new();
            walk(&old, &new, &mut walked);
            let side = |wanted: fn(&Line<'_>) -> bool| -> Vec<&str> {
                let kept = walked.iter().filter(|line| wanted(line));
                kept.filter_map(|line| match line {
                    Line::Same(line) | Line::Gone(line) | Line::New(line) => Some(*line),
                    Line::Skipped(_) => None,
                })
                .collect()
            };
            assert_eq!(side(|line| !matches!(line, Line::New(_))), old);
            assert_eq!(side(|line| !matches!(line, Line::Gone(_))), new);
        }
    }

    #[test]
    fn texts_that_are_too_long_are_not_compared() {
        let many = |word: &str| (0..1001).map(|n| format!("{word}{n}\n")).collect::<String>();
        assert!(difference(&many("a"), &many("b")).is_none());
        assert!(difference(&many("a"), &many("a")).is_some());
    }
}
