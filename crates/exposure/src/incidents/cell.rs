//! One row of a record: each cell becomes a value, or a problem with line, column and reason. Called by `incidents` only.

use std::collections::BTreeMap;

use csv::StringRecord;
use types::Span;

use super::{CELL_BYTES_MAX, Kind};

/// The longest duration that a record may state.
const HOURS_MAX: u64 = 20_000;
/// The most decimals of a duration.
const HOURS_DECIMALS_MAX: usize = 4;

/// What is wrong with a cell or a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The row has another number of cells than the first line.
    Cells {
        /// So many were found.
        found: usize,
        /// So many columns there are.
        expected: usize,
    },
    /// Nothing stands where something must.
    Missing,
    /// Longer than any cell.
    TooLong,
    /// A line break or another control character: usually a quotation mark that is never closed.
    Control,
    /// Not a whole number from here to there.
    Number {
        /// The least.
        from: u64,
        /// The most.
        to: u64,
    },
    /// Neither 0, 1 nor blank.
    YesNo,
    /// Not one of the words that are known.
    Word(Vec<&'static str>),
    /// Not a number of hours.
    Hours {
        /// The most.
        to: u64,
    },
    /// Not two capital letters.
    Country,
    /// Another row has this name.
    Repeated {
        /// In this line.
        line: u64,
    },
}

/// A cell that is not understood; the whole row is left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowProblem {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column; `None` when the row as a whole is wrong.
    pub column: Option<&'static str>,
    /// What stands there, shortened and without control characters.
    pub found: String,
    /// Why it is not understood.
    pub reason: Reason,
}

/// Text from outside as it can be shown on a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(CELL_BYTES_MAX).map(|c| if c.is_control() { '�' } else { c }).collect();
    if text.chars().count() > CELL_BYTES_MAX {
        shown.push('…');
    }
    shown
}

pub(super) struct Row<'r> {
    record: &'r StringRecord,
    columns: &'r [&'static str],
    line: u64,
    pub problems: Vec<RowProblem>,
}

impl<'r> Row<'r> {
    pub fn new(record: &'r StringRecord, columns: &'r [&'static str]) -> Self {
        let line = record.position().map_or(0, csv::Position::line);
        Self { record, columns, line, problems: Vec::new() }
    }

    /// Whether the row has a cell for every column.
    pub fn is_complete(&mut self) -> bool {
        let (found, expected) = (self.record.len(), self.columns.len());
        if found != expected {
            let first = self.record.get(0).unwrap_or_default();
            let problem = RowProblem {
                line: self.line,
                column: None,
                found: shown(first),
                reason: Reason::Cells { found, expected },
            };
            self.problems.push(problem);
        }
        found == expected
    }

    fn refuse(&mut self, column: &'static str, found: &str, reason: Reason) {
        self.problems.push(RowProblem { line: self.line, column: Some(column), found: shown(found), reason });
    }

    /// The text of a cell; `None` when it is blank, not there, or refused.
    fn text(&mut self, column: &'static str) -> Option<&'r str> {
        let at = self.columns.iter().position(|known| *known == column)?;
        let text = self.record.get(at)?;
        let reason = match text {
            "" => return None,
            _ if text.chars().any(char::is_control) => Reason::Control,
            _ if text.len() > CELL_BYTES_MAX => Reason::TooLong,
            _ => return Some(text),
        };
        self.refuse(column, text, reason);
        None
    }

    /// As [`Self::text`], and a blank cell is a problem.
    fn required(&mut self, column: &'static str) -> Option<&'r str> {
        let before = self.problems.len();
        let text = self.text(column);
        if text.is_none() && self.problems.len() == before {
            self.refuse(column, "", Reason::Missing);
        }
        text
    }

    pub fn id(&mut self, seen: &mut BTreeMap<String, u64>) -> Option<String> {
        let id = self.required("id")?;
        if let Some(line) = seen.get(id).copied() {
            self.refuse("id", id, Reason::Repeated { line });
            return None;
        }
        seen.insert(id.to_owned(), self.line);
        Some(id.to_owned())
    }

    pub fn kind(&mut self) -> Option<Kind> {
        let text = self.required("kind")?;
        let kind = Kind::parse(text);
        if kind.is_none() {
            self.refuse("kind", text, Reason::Word(Kind::NAMES.iter().map(|(name, _)| *name).collect()));
        }
        kind
    }

    pub fn number(&mut self, column: &'static str, from: u64, to: u64) -> Option<u64> {
        let text = self.text(column)?;
        let number = digits(text).filter(|number| (from..=to).contains(number));
        if number.is_none() {
            self.refuse(column, text, Reason::Number { from, to });
        }
        number
    }

    pub fn yes_no(&mut self, column: &'static str) -> Option<bool> {
        match self.text(column)? {
            "0" => Some(false),
            "1" => Some(true),
            other => {
                self.refuse(column, other, Reason::YesNo);
                None
            }
        }
    }

    pub fn word(&mut self, column: &'static str, known: &[&'static str]) {
        if let Some(text) = self.text(column)
            && !known.contains(&text)
        {
            self.refuse(column, text, Reason::Word(known.to_vec()));
        }
    }

    pub fn country(&mut self) -> Option<String> {
        let text = self.text("country")?;
        let valid = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if !valid {
            self.refuse("country", text, Reason::Country);
        }
        valid.then(|| text.to_owned())
    }

    pub fn hours(&mut self) -> Option<Span> {
        let text = self.text("duration_hours")?;
        let hours = hours(text);
        if hours.is_none() {
            self.refuse("duration_hours", text, Reason::Hours { to: HOURS_MAX });
        }
        hours
    }
}

/// Digits only: `parse` alone would let a sign through.
fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Hours with up to four decimals, as whole seconds rounded up: a longer horizon never lowers a bound.
fn hours(text: &str) -> Option<Span> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > HOURS_DECIMALS_MAX {
        return None;
    }
    let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole = digits(whole).filter(|whole| *whole < HOURS_MAX)?;
    let seconds = whole * 3600 + (digits(fraction)? * 3600).div_ceil(parts);
    (seconds > 0).then(|| Span::from_seconds(seconds))
}
