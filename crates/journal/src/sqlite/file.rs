//! Files that appear complete or not at all, and are never overwritten. Keeps G7; used by `create`, `backup` and `restore`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::fault::from_io;
use crate::JournalError;

/// The path with `.suffix` added to its file name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn require(path: &Path) -> Result<(), JournalError> {
    if path.is_file() { Ok(()) } else { Err(JournalError::Missing { path: path.to_path_buf() }) }
}

pub(super) fn refuse_existing(path: &Path) -> Result<(), JournalError> {
    if path.symlink_metadata().is_ok() {
        Err(JournalError::Exists { path: path.to_path_buf() })
    } else {
        Ok(())
    }
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(from_io(error)),
        _ => Ok(()),
    }
}

/// Flushes a finished file and gives it its name, without ever replacing one that is there.
pub(super) fn publish(finished: &Path, name: &Path) -> Result<(), JournalError> {
    File::open(finished).and_then(|file| file.sync_all()).map_err(from_io)?;
    match fs::hard_link(finished, name) {
        Ok(()) => fs::remove_file(finished).map_err(from_io)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(JournalError::Exists { path: name.to_path_buf() });
        }
        // Some file systems of removable media have no links: look, then rename.
        Err(_) => {
            refuse_existing(name)?;
            fs::rename(finished, name).map_err(from_io)?;
        }
    }
    sync_directory(name)
}

/// A new name is durable only once its directory is.
fn sync_directory(path: &Path) -> Result<(), JournalError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(from_io)
}
