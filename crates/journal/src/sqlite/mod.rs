//! The embedded back-end: one SQLite file, WAL, `synchronous=FULL`. Keeps G7. The server's engine owns it on one thread; `rempart journal
//! verify` and `backup` open the same file for reading only while the server runs.

mod append;
mod copy;
mod fault;
mod file;
mod lock;
mod read;
mod rows;
mod schema;
mod verify;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ed25519_dalek::{SigningKey, VerifyingKey};
use rusqlite::Connection;
use types::Hash;

use crate::{
    Batch, CovertEntry, Head, Journal, JournalError, LatestSnapshot, Origin, OutboxId, OutboxItem,
    OvertEntry, SLOT_BYTES, Snapshot, VerifyOptions, VerifyReport,
};

pub use copy::restore;

use lock::Lock;

/// How to open a journal; the default is right for a server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The store may not grow beyond this many pages of 4096 bytes. For tests of a full disk, and for quotas.
    pub max_pages: Option<u32>,
}

/// A journal in one SQLite file.
#[derive(Debug)]
pub struct SqliteJournal {
    connection: Connection,
    path: PathBuf,
    origin: Origin,
    head: Head,
    state: State,
    #[expect(dead_code, reason = "held, not read: the writer's lock lasts as long as this journal")]
    lock: Option<Lock>,
}

/// What this journal may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The only writer.
    Writer,
    /// A writer whose disk failed.
    Stopped,
    Reader,
}

impl SqliteJournal {
    /// Creates a journal for an organisation and opens it for writing. The file appears complete or not at all.
    ///
    /// # Errors
    /// [`JournalError::Exists`], [`JournalError::Locked`], no room, a failed disk.
    pub fn create(path: &Path, origin: &Origin, options: Options) -> Result<Self, JournalError> {
        let lock = Lock::take(path)?;
        file::refuse_existing(path)?;
        let fresh = file::beside(path, "new");
        file::begin(&fresh)?;
        schema::create(&fresh, origin)?;
        file::publish(&fresh, path)?;
        Self::open_locked(path, options, lock)
    }

    /// Opens a journal for writing, brings its schema up to date, and checks that the head row is the last entry of each chain.
    ///
    /// # Errors
    /// [`JournalError::Locked`], [`JournalError::Missing`], [`JournalError::Foreign`], [`JournalError::Version`], [`JournalError::Damaged`].
    pub fn open(path: &Path, options: Options) -> Result<Self, JournalError> {
        file::require(path)?;
        Self::open_locked(path, options, Lock::take(path)?)
    }

    fn open_locked(path: &Path, options: Options, lock: Lock) -> Result<Self, JournalError> {
        let connection = schema::open_writer(path, options)?;
        let journal = Self::assemble(connection, path, State::Writer, Some(lock))?;
        read::ends_at_head(&journal.connection, &journal.origin, journal.head)?;
        Ok(journal)
    }

    /// Opens a journal for reading, whether or not a server is writing to it.
    ///
    /// # Errors
    /// As [`SqliteJournal::open`], but never [`JournalError::Locked`].
    pub fn open_read_only(path: &Path) -> Result<Self, JournalError> {
        file::require(path)?;
        let connection = schema::open_reader(path)?;
        Self::assemble(connection, path, State::Reader, None)
    }

    fn assemble(
        connection: Connection,
        path: &Path,
        state: State,
        lock: Option<Lock>,
    ) -> Result<Self, JournalError> {
        let origin = schema::origin(&connection)?;
        let head = read::head(&connection)?;
        Ok(Self { connection, path: path.to_path_buf(), origin, head, state, lock })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn writable(&self) -> Result<(), JournalError> {
        match self.state {
            State::Writer => Ok(()),
            State::Stopped => Err(JournalError::Stopped),
            State::Reader => Err(JournalError::ReadOnly),
        }
    }

    /// After a failed flush the kernel may have dropped the pages while this process still sees them: no promise can be kept any more.
    fn note_failure(&mut self, error: &JournalError) {
        if matches!(error, JournalError::Io(_)) && self.state == State::Writer {
            self.state = State::Stopped;
        }
    }
}

impl Journal for SqliteJournal {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn head(&self) -> Head {
        self.head
    }

    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        self.writable()?;
        batch.check()?;
        if batch.is_empty() {
            return Ok(self.head);
        }
        match append::write(&mut self.connection, self.head, batch) {
            Ok(head) => {
                self.head = head;
                Ok(head)
            }
            Err(error) => {
                self.note_failure(&error);
                Err(error)
            }
        }
    }

    fn replay_overt(
        &mut self,
        after_seq: u64,
        each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        read::overt(&self.connection, &self.origin, after_seq, each)
    }

    fn replay_covert(
        &mut self,
        after_seq: u64,
        each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        read::covert(&self.connection, &self.origin, after_seq, each)
    }

    fn outbox(&mut self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxItem>, JournalError> {
        read::outbox(&self.connection, after, limit)
    }

    fn blob(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, JournalError> {
        read::blob(&self.connection, hash)
    }

    fn inbox(&mut self) -> Result<Option<[u8; SLOT_BYTES]>, JournalError> {
        read::inbox(&self.connection)
    }

    fn wallet(&mut self, wallet: &Hash) -> Result<Vec<Vec<u8>>, JournalError> {
        read::wallet(&self.connection, wallet)
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot, key: &SigningKey) -> Result<(), JournalError> {
        self.writable()?;
        let saved = append::snapshot(&mut self.connection, &self.origin, snapshot, key);
        if let Err(error) = &saved {
            self.note_failure(error);
        }
        saved
    }

    fn latest_snapshot(&mut self, key: &VerifyingKey) -> Result<LatestSnapshot, JournalError> {
        read::latest_snapshot(&self.connection, &self.origin, key)
    }

    fn verify(&mut self, options: &VerifyOptions) -> Result<VerifyReport, JournalError> {
        verify::run(&mut self.connection, options)
    }

    fn backup_to(&mut self, path: &Path) -> Result<VerifyReport, JournalError> {
        copy::backup(&self.connection, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OvertRecord;
    use types::Timestamp;

    fn failed() -> JournalError {
        JournalError::Io("the flush failed".into())
    }

    /// What a failed flush left on the disk is known only after reading it back: no more promises until then.
    #[test]
    fn a_failed_disk_stops_the_writer_until_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.db");
        let origin = Origin { organisation: "exemple".to_owned(), created_at: Timestamp::MIN };
        let batch =
            Batch { overt: vec![OvertRecord { at: Timestamp::MIN, body: vec![1] }], ..Batch::default() };
        let mut journal = SqliteJournal::create(&path, &origin, Options::default()).unwrap();
        journal.append(&batch).unwrap();
        journal.note_failure(&JournalError::Full("no room".into()));
        let head = journal.append(&batch).unwrap();
        journal.note_failure(&failed());
        assert_eq!(journal.append(&batch).unwrap_err().code(), "journal-stopped");
        assert_eq!(SqliteJournal::open(&path, Options::default()).unwrap_err().code(), "journal-locked");
        drop(journal);
        let mut journal = SqliteJournal::open(&path, Options::default()).unwrap();
        assert_eq!(journal.head(), head);
        journal.append(&batch).unwrap();
    }

    #[test]
    fn a_reader_stays_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.db");
        let origin = Origin { organisation: "exemple".to_owned(), created_at: Timestamp::MIN };
        drop(SqliteJournal::create(&path, &origin, Options::default()).unwrap());
        let mut journal = SqliteJournal::open_read_only(&path).unwrap();
        journal.note_failure(&failed());
        assert_eq!(journal.append(&Batch::default()).unwrap_err().code(), "journal-read-only");
    }
}
