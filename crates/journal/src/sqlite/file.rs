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

/// Files that SQLite keeps beside a database and would apply to any database of that name.
fn companions(path: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// Refuses a name that is taken, also by a log left over from a database that is gone: it would be replayed into the new one.
pub(super) fn refuse_existing(path: &Path) -> Result<(), JournalError> {
    let taken =
        [path.to_path_buf()].into_iter().chain(companions(path)).find(|path| path.symlink_metadata().is_ok());
    taken.map_or(Ok(()), |path| Err(JournalError::Exists { path }))
}

/// Begins a file that only its owner can read; what is left of an earlier attempt goes.
pub(super) fn begin(path: &Path) -> Result<(), JournalError> {
    remove(path)?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ()).map_err(from_io)
}

/// Removes a file and what SQLite may have left beside it.
pub(super) fn remove(path: &Path) -> Result<(), JournalError> {
    companions(path).iter().try_for_each(|path| remove_if_there(path))?;
    remove_if_there(path)
}

fn remove_if_there(path: &Path) -> Result<(), JournalError> {
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
