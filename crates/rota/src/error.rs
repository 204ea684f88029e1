//! Why a file is no call plan, with its place and what to do next. Serves G8: what is not understood is never guessed.
//!
//! Made by `read.rs` and `tables.rs`; shown by whoever reads the file. A message never repeats an address (G9).

use std::ops::Range;

use thiserror::Error;

/// The longest message, in characters.
const MESSAGE_CHARS_MAX: usize = 400;
/// The longest piece of the user's text in a message, in characters.
const SHOWN_CHARS_MAX: usize = 64;

/// The first problem of a call plan. Display: `FILE:LINE:COL: error[CODE]: message`.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{file}:{line}:{column}: error[{code}]: {message}")]
pub struct PlanError {
    /// The file's name as it was given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Stable, searchable; listed in `docs/calls.md`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// A file that is being read.
pub(crate) struct Source<'t> {
    pub(crate) name: &'t str,
    pub(crate) text: &'t str,
}

impl Source<'_> {
    /// A problem at a place.
    pub(crate) fn problem(
        &self,
        at: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
    ) -> PlanError {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        PlanError {
            file: self.name.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            code,
            message: plain(&message.into(), MESSAGE_CHARS_MAX),
        }
    }
}

/// The user's text, short and on one line.
pub(crate) fn shown(text: &str) -> String {
    plain(text, SHOWN_CHARS_MAX)
}

fn plain(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
