//! The files as rows of checked cells: every value already has its form, and remembers its place.
//!
//! Made by `read.rs`; used by `references.rs` and `build.rs`, and by the warnings for the places that they name.

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use types::{Amount, Span};

use crate::calendar::CivilEnd;
use crate::codes::Code;
use crate::keys::Kind;
use crate::model::DestinationRule;
use crate::quorum::Quorum;

/// A place in the files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct At {
    pub file: u16,
    /// In bytes.
    pub offset: u32,
}

/// A problem at a place.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub at: At,
    pub code: Code,
    pub message: String,
}

/// A value that has its form.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Something was wrong with it, and was reported.
    Bad,
    Text(String),
    Texts(Vec<(At, String)>),
    Count(u64),
    Span(Span),
    Money(Amount),
    Time(CivilEnd),
    Days(Vec<Weekday>),
    Rule(DestinationRule),
    Quorum(Quorum),
    Row(Row),
}

/// A table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// Where the table begins.
    pub at: At,
    /// The cells, each with the place of its value.
    pub cells: BTreeMap<&'static str, (At, Cell)>,
}

impl Row {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.cells.contains_key(key)
    }

    /// The place of a key's value, or of the table.
    pub(crate) fn place(&self, key: &str) -> At {
        self.cells.get(key).map_or(self.at, |(at, _)| *at)
    }

    fn cell(&self, key: &str) -> Option<&Cell> {
        self.cells.get(key).map(|(_, cell)| cell)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.cell(key)? {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, key: &str) -> &[(At, String)] {
        match self.cell(key) {
            Some(Cell::Texts(texts)) => texts,
            _ => &[],
        }
    }

    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        match self.cell(key)? {
            Cell::Count(count) => Some(*count),
            _ => None,
        }
    }

    pub(crate) fn span(&self, key: &str) -> Option<Span> {
        match self.cell(key)? {
            Cell::Span(span) => Some(*span),
            _ => None,
        }
    }

    pub(crate) fn money(&self, key: &str) -> Option<Amount> {
        match self.cell(key)? {
            Cell::Money(amount) => Some(*amount),
            _ => None,
        }
    }

    pub(crate) fn time(&self, key: &str) -> Option<CivilEnd> {
        match self.cell(key)? {
            Cell::Time(time) => Some(*time),
            _ => None,
        }
    }

    pub(crate) fn days(&self, key: &str) -> Option<&[Weekday]> {
        match self.cell(key)? {
            Cell::Days(days) => Some(days),
            _ => None,
        }
    }

    pub(crate) fn rule(&self, key: &str) -> Option<&DestinationRule> {
        match self.cell(key)? {
            Cell::Rule(rule) => Some(rule),
            _ => None,
        }
    }

    pub(crate) fn quorum(&self, key: &str) -> Option<&Quorum> {
        match self.cell(key)? {
            Cell::Quorum(quorum) => Some(quorum),
            _ => None,
        }
    }

    pub(crate) fn row(&self, key: &str) -> Option<&Row> {
        match self.cell(key)? {
            Cell::Row(row) => Some(row),
            _ => None,
        }
    }
}

/// A name that was met in the files.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub at: At,
    pub kind: Kind,
    pub name: String,
}

/// All rows of all files, and the names that they define and use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub sections: BTreeMap<&'static str, Vec<Row>>,
    pub definitions: Vec<Named>,
    pub labels: Vec<Named>,
    pub references: Vec<Named>,
    pub money: Vec<(At, Amount)>,
}

impl Rows {
    /// All tables of an array of tables.
    pub(crate) fn all(&self, section: &str) -> &[Row] {
        self.sections.get(section).map_or(&[], Vec::as_slice)
    }

    /// The one table of this name.
    pub(crate) fn one(&self, section: &str) -> Option<&Row> {
        self.all(section).first()
    }
}
