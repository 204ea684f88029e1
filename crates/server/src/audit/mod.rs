//! What auditors look at: the overt record, entry by entry, and whether it is whole (G7). Never a seal, and nothing that follows from one (G3).
//!
//! The journal is opened for reading beside its writer. Entries are made from `gate::OvertRecord`, which leaves the seal behind, and so is
//! their chain of hashes: two histories that differ in covert things alone have the same. The journal's own chain covers the seals too;
//! [`Reader::verify`] checks it as `rempart journal verify` does, and says nothing of its hashes. Called by `http::routes::audit`.

mod words;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use gate::{OvertRecord, RecordError};
use journal::{Journal, JournalError, Place, SqliteJournal, VerifyOptions};
use thiserror::Error;
use tokio::sync::{Mutex, OwnedMutexGuard};
use types::{Hash, hash_parts};

pub use words::{REFUSED, describe, kind};

/// How many entries lie between two hashes that are kept in memory.
const MARK_EVERY: u64 = 256;

/// Why the record cannot be looked at.
#[derive(Debug, Error)]
pub enum AuditError {
    /// This server does not keep its journal in a file.
    #[error("there is no journal file to be read")]
    NoFile,
    /// The journal cannot be read, or is damaged before the entries that were asked for.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record is not readable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The overt part of the record.
    pub record: OvertRecord,
    /// The hash of everything overt up to and with it.
    pub hash: Hash,
}

/// What a check of everything found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last one.
    pub head: Hash,
    /// What is wrong first.
    pub damage: Option<Damage>,
}

/// Where something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Damage {
    /// At an entry.
    Entry(u64),
    /// Elsewhere in the store.
    Store,
}

/// The record for auditors: one look at a time, whoever looks.
#[derive(Clone, Default)]
pub struct Audit {
    file: Option<PathBuf>,
    known: Arc<Mutex<Known>>,
}

/// What was worked out before.
#[derive(Default)]
struct Known {
    /// The hash of everything up to each multiple of [`MARK_EVERY`].
    marks: Vec<Hash>,
    /// The last check, and how many entries it has seen.
    verified: Option<Verified>,
}

/// Somebody's turn to look. Blocks; ends its work even if whoever asked has gone.
pub struct Reader {
    file: Option<PathBuf>,
    known: OwnedMutexGuard<Known>,
}

impl Audit {
    /// On the journal of a file.
    #[must_use]
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, known: Arc::default() }
    }

    /// Waits for one's turn.
    pub async fn reader(&self) -> Reader {
        Reader { file: self.file.clone(), known: Arc::clone(&self.known).lock_owned().await }
    }
}

impl Reader {
    fn open(&self) -> Result<SqliteJournal, AuditError> {
        let file = self.file.as_ref().ok_or(AuditError::NoFile)?;
        Ok(SqliteJournal::open_read_only(file)?)
    }

    /// At most so many entries before the one with this number, newest first; the newest of all if no number is given.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn entries(&mut self, before: Option<u64>, limit: u64) -> Result<Vec<Entry>, AuditError> {
        let mut journal = self.open()?;
        let last = journal.head().overt_seq;
        let end = before.map_or(last, |before| before.saturating_sub(1).min(last));
        let begin = end.saturating_sub(limit);
        let mut entries = Vec::new();
        self.known.walk(&mut journal, begin, end, &mut |entry| entries.push(entry))?;
        entries.reverse();
        Ok(entries)
    }

    /// Checks everything: both chains, every signature, every content. As long as nothing was added since, the last answer stands.
    ///
    /// # Errors
    /// When the store cannot be read at all. What is wrong with its content is in the answer.
    pub fn verify(&mut self, key: VerifyingKey) -> Result<Verified, AuditError> {
        let mut journal = self.open()?;
        let last = journal.head().overt_seq;
        if let Some(verified) = self.known.verified.as_ref().filter(|verified| verified.entries == last) {
            return Ok(verified.clone());
        }
        let report = journal.verify(&VerifyOptions { key: Some(key), expected: None, pages: false })?;
        let mut head = genesis(&journal);
        // What was damaged ends the walk; how far it came is the head then.
        let walked = self.known.walk(&mut journal, 0, last, &mut |entry| head = entry.hash);
        let mut damage = report.problems.first().map(|problem| match problem.place {
            Place::Overt(number) => Damage::Entry(number),
            _ => Damage::Store,
        });
        if walked.is_err() {
            damage = damage.or(Some(Damage::Store));
        }
        let verified = Verified { entries: last, head, damage };
        self.known.verified = Some(verified.clone());
        Ok(verified)
    }
}

/// What the chain of hashes starts from.
fn genesis(journal: &SqliteJournal) -> Hash {
    let origin = journal.origin();
    let created = origin.created_at.as_nanos().to_be_bytes();
    hash_parts("rempart/audit-genesis/v1", &[origin.organisation.as_bytes(), &created])
}

impl Known {
    /// Gives every entry after `begin` up to `end`, in order.
    fn walk(
        &mut self,
        journal: &mut SqliteJournal,
        begin: u64,
        end: u64,
        give: &mut dyn FnMut(Entry),
    ) -> Result<(), AuditError> {
        if begin >= end {
            return Ok(());
        }
        if self.marks.is_empty() {
            self.marks.push(genesis(journal));
        }
        let newest = u64::try_from(self.marks.len()).unwrap_or(u64::MAX).saturating_sub(1);
        let mark = (begin / MARK_EVERY).min(newest);
        let at = usize::try_from(mark).ok().and_then(|mark| self.marks.get(mark));
        let mut hash = at.copied().unwrap_or_default();
        let mut failed = None;
        journal.replay_overt(mark.saturating_mul(MARK_EVERY), &mut |stored| {
            match OvertRecord::decode(stored.body).and_then(|record| Ok((record.chained(&hash)?, record))) {
                Ok((next, record)) => {
                    hash = next;
                    self.mark(stored.seq, hash);
                    if stored.seq > begin {
                        give(Entry { record, hash });
                    }
                }
                Err(error) => failed = Some(error),
            }
            if failed.is_some() || stored.seq >= end {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn mark(&mut self, number: u64, hash: Hash) {
        let next = u64::try_from(self.marks.len()).unwrap_or(u64::MAX).saturating_mul(MARK_EVERY);
        if number == next {
            self.marks.push(hash);
        }
    }
}
