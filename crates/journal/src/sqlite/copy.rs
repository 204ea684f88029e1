//! Backup and restore: a consistent copy, verified before it gets its name. Keeps G7: a restore has the same heads, hash for hash.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{SqliteJournal, file};
use crate::{Journal, JournalError, VerifyOptions, VerifyReport};

/// Copies the journal at `from` to the new file `to`, having verified it first.
///
/// # Errors
/// [`JournalError::Exists`]; [`JournalError::CopyUnsound`] when the backup itself does not verify.
pub fn restore(from: &Path, to: &Path, options: &VerifyOptions) -> Result<VerifyReport, JournalError> {
    file::refuse_existing(to)?;
    let mut source = SqliteJournal::open_read_only(from)?;
    sound(source.verify(options)?)?;
    backup(&source.connection, to)
}

/// Writes what `source` sees in one read transaction to a new file.
pub(super) fn backup(source: &Connection, path: &Path) -> Result<VerifyReport, JournalError> {
    file::refuse_existing(path)?;
    let partial = Partial::new(path)?;
    copy(source, &partial.path)?;
    let report = sound(
        SqliteJournal::open_read_only(&partial.path)?
            .verify(&VerifyOptions { pages: true, ..VerifyOptions::default() })?,
    )?;
    file::publish(&partial.path, path)?;
    Ok(report)
}

fn copy(source: &Connection, path: &Path) -> Result<(), JournalError> {
    let mut target = Connection::open(path)?;
    target.pragma_update(None, "synchronous", "FULL")?;
    {
        let backup = Backup::new(source, &mut target)?;
        // All pages at once: a writer meanwhile goes on in its log, and the copy is of one instant.
        match backup.step(-1)? {
            StepResult::Done => {}
            other => return Err(JournalError::Busy(format!("the copy stopped: {other:?}").into())),
        }
    }
    // One self-contained file, readable from read-only media.
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))?;
    target.close().map_err(|(_, error)| error.into())
}

fn sound(report: VerifyReport) -> Result<VerifyReport, JournalError> {
    match report.problems.first() {
        None => Ok(report),
        Some(first) => {
            Err(JournalError::CopyUnsound { problems: report.problem_count, first: first.to_string() })
        }
    }
}

/// An unfinished copy; removed unless it was given its name.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn new(target: &Path) -> Result<Self, JournalError> {
        let path = file::beside(target, "partial");
        file::begin(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Nothing more can be done about a file that will not go.
        let _ = file::remove(&self.path);
    }
}
