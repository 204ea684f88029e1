//! One writer per journal: an operating-system lock on a file beside the database. Keeps G6 and G7 against a second server on the same file.
//!
//! Not a lock on the database file itself: closing any handle on that file would drop SQLite's own locks in this process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::fault::from_io;
use super::file::beside;
use crate::JournalError;

/// Held by the writer; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    #[expect(dead_code, reason = "closing the file releases the lock")]
    file: File,
}

impl Lock {
    pub(super) fn take(path: &Path) -> Result<Self, JournalError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(beside(&real_path(path), "lock"))
            .map_err(from_io)?;
        match file.try_lock() {
            Ok(()) => {
                note_holder(&mut file)?;
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => {
                Err(JournalError::Locked { path: path.to_path_buf(), pid: holder(&mut file) })
            }
            Err(TryLockError::Error(error)) => Err(from_io(error)),
        }
    }
}

/// Two names of one database must share one lock.
fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn note_holder(file: &mut File) -> Result<(), JournalError> {
    file.set_len(0).map_err(from_io)?;
    // As long whatever the number: sizes of files are looked at.
    writeln!(file, "{:010}", std::process::id()).map_err(from_io)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
