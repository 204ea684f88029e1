//! Verification: everything recomputed from the entries, every stored hash, signature and address compared. Keeps G7. Called by
//! `rempart journal verify` and on every copy.

use ed25519_dalek::VerifyingKey;
use rusqlite::{Connection, Row};
use types::Hash;

use super::read::{self, BEFORE_ALL_ITEMS, Chain};
use super::rows::{self, ItemRow};
use super::schema;
use crate::{
    Attached, Checkpoint, Head, JournalError, Link, Origin, Place, VerifyOptions, VerifyReport, blob_hash,
    genesis,
};

/// Problems that SQLite's own check lists at most.
const PAGE_PROBLEMS_MAX: u32 = 100;

/// Verifies within one read transaction, so that a server may write meanwhile.
pub(super) fn run(
    connection: &mut Connection,
    options: &VerifyOptions,
) -> Result<VerifyReport, JournalError> {
    let transaction = connection.transaction()?;
    let origin = schema::origin(&transaction)?;
    let report = VerifyReport::new(read::head(&transaction)?);
    let mut check = Check { connection: &transaction, origin, options, report };
    let parts = [
        Check::schema,
        Check::pages,
        Check::overt,
        Check::covert,
        Check::inbox,
        Check::outbox,
        Check::blobs,
        Check::checkpoints,
        Check::snapshots,
        Check::expected,
    ];
    for part in parts {
        // Damage ends one part and is a problem, not an error: the others may still tell more.
        if let Err(error) = part(&mut check) {
            check.report.add(Place::Store, error.to_string());
        }
    }
    Ok(check.report)
}

struct Check<'a> {
    connection: &'a Connection,
    origin: Origin,
    options: &'a VerifyOptions,
    report: VerifyReport,
}

/// How far the walk along one chain has come.
struct Walk {
    last: u64,
    /// None after an entry that could not be read: the next one's predecessor is unknown.
    previous: Option<Hash>,
}

impl Walk {
    /// Notes the entry and says what is wrong with it.
    fn step(&mut self, seq: u64, stored: Hash, computed: impl Fn(Link) -> Hash) -> Option<String> {
        let (expected, previous) = (self.last + 1, self.previous);
        (self.last, self.previous) = (seq, Some(stored));
        if seq != expected {
            return Some(format!("entries {expected} to {} are missing", seq.saturating_sub(1)));
        }
        let previous = previous?;
        (computed(Link { previous, seq }) != stored)
            .then(|| "it is not as it was written, or the entry before it is not".to_owned())
    }

    /// Goes on after an entry that cannot be read; its number, if that at least is one.
    fn unreadable(&mut self, row: &Row<'_>) -> Option<u64> {
        let seq = row.get(0).ok().and_then(|seq: i64| u64::try_from(seq).ok())?;
        (self.last, self.previous) = (seq, None);
        Some(seq)
    }
}

impl Check<'_> {
    fn schema(&mut self) -> Result<(), JournalError> {
        if let Some(what) = schema::stray(self.connection)? {
            self.report.add(Place::Store, what);
        }
        Ok(())
    }

    fn inbox(&mut self) -> Result<(), JournalError> {
        super::read::inbox(self.connection).map(drop)
    }

    fn pages(&mut self) -> Result<(), JournalError> {
        if !self.options.pages {
            return Ok(());
        }
        let mut found = Vec::new();
        self.connection.pragma(None, "integrity_check", PAGE_PROBLEMS_MAX, |row| {
            found.push(row.get::<_, String>(0)?);
            Ok(())
        })?;
        for line in found.into_iter().filter(|line| line != "ok") {
            self.report.add(Place::Store, line);
        }
        Ok(())
    }

    fn start(&self) -> Walk {
        Walk { last: 0, previous: Some(genesis(&self.origin.organisation, self.origin.created_at)) }
    }

    fn overt(&mut self) -> Result<(), JournalError> {
        let mut walk = self.start();
        let mut select = self.connection.prepare(rows::OVERT)?;
        let mut rows = select.query([i64::MIN])?;
        while let Some(row) = rows.next()? {
            self.report.overt_entries += 1;
            let (entry, attached) = match rows::overt(row) {
                Ok(read) => read,
                Err(error) => {
                    let place = walk.unreadable(row).map_or(Place::Store, Place::Overt);
                    self.report.add(place, error.to_string());
                    continue;
                }
            };
            let wrong = walk.step(entry.seq, entry.hash, |link| link.overt(entry.at, attached, entry.body));
            self.note(Place::Overt(entry.seq), wrong);
            self.attached(entry.seq, attached)?;
        }
        self.ends(Chain::Overt, &walk)
    }

    /// Blobs that the entry vouches for must be there; their content is checked with the table of blobs.
    fn attached(&mut self, seq: u64, attached: Attached<'_>) -> Result<(), JournalError> {
        for address in attached.blobs.chunks(32) {
            let mut select = self.connection.prepare_cached("SELECT 1 FROM blob WHERE hash = ?1")?;
            if !select.exists([address])? {
                self.report.add(Place::Overt(seq), format!("its blob {} is missing", hex::encode(address)));
            }
        }
        Ok(())
    }

    fn covert(&mut self) -> Result<(), JournalError> {
        let mut walk = self.start();
        let mut after_overt = 0;
        let mut select = self.connection.prepare(rows::COVERT)?;
        let mut rows = select.query([i64::MIN])?;
        while let Some(row) = rows.next()? {
            self.report.covert_slots += 1;
            let entry = match rows::covert(row) {
                Ok(entry) => entry,
                Err(error) => {
                    let place = walk.unreadable(row).map_or(Place::Store, Place::Covert);
                    self.report.add(place, error.to_string());
                    continue;
                }
            };
            let wrong = walk
                .step(entry.seq, entry.hash, |link| link.covert(entry.after_overt, entry.at, entry.sealed));
            self.note(Place::Covert(entry.seq), wrong);
            if entry.after_overt < after_overt {
                self.report.add(Place::Covert(entry.seq), "it goes back in the order of the overt entries");
            }
            after_overt = entry.after_overt;
        }
        if after_overt > self.report.head.overt_seq {
            self.report.add(Place::Covert(walk.last), "it follows an overt entry that is missing");
        }
        self.ends(Chain::Covert, &walk)
    }

    fn ends(&mut self, chain: Chain, walk: &Walk) -> Result<(), JournalError> {
        let (seq, hash) = chain.end(&self.report.head);
        if walk.last != seq {
            self.report.add(
                Place::Head,
                format!("the {} chain ends at {}, the head says {seq}", chain.name(), walk.last),
            );
        } else if walk.previous.is_some_and(|last| last != hash) {
            self.report.add(
                Place::Head,
                format!("the {} chain ends with another hash than the head says", chain.name()),
            );
        }
        Ok(())
    }

    fn outbox(&mut self) -> Result<(), JournalError> {
        let mut select = self.connection.prepare(rows::OUTBOX)?;
        let mut rows = select.query((BEFORE_ALL_ITEMS.0, BEFORE_ALL_ITEMS.1, i64::MAX))?;
        while let Some(row) = rows.next()? {
            self.report.outbox_items += 1;
            match rows::item(row) {
                Ok(ItemRow { fits: true, .. }) => {}
                Ok(ItemRow { item, .. }) => {
                    let place = Place::Outbox(item.id.seq, u64::from(item.id.part));
                    self.report.add(place, "its overt entry does not vouch for it");
                }
                Err(error) => self.report.add(Place::Store, format!("an outbox item is unreadable: {error}")),
            }
        }
        Ok(())
    }

    fn blobs(&mut self) -> Result<(), JournalError> {
        let mut select = self.connection.prepare(rows::BLOBS)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.report.blobs += 1;
            if !blob_fits(row) {
                self.report.add(Place::Blob(self.report.blobs), "its content does not have its address");
            }
        }
        Ok(())
    }

    fn checkpoints(&mut self) -> Result<(), JournalError> {
        let mut select = self.connection.prepare(rows::CHECKPOINTS)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.report.checkpoints += 1;
            match rows::checkpoint(row) {
                Ok(checkpoint) => {
                    let place = Place::Checkpoint(checkpoint.head.overt_seq, checkpoint.head.covert_seq);
                    self.checkpoint(place, &checkpoint)?;
                }
                Err(error) => self.report.add(Place::Store, format!("a checkpoint is unreadable: {error}")),
            }
        }
        Ok(())
    }

    fn expected(&mut self) -> Result<(), JournalError> {
        match self.options.expected {
            Some(expected) => self.checkpoint(Place::Expected, &expected),
            None => Ok(()),
        }
    }

    fn checkpoint(&mut self, place: Place, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        let verified = self.key(&checkpoint.key).map(|key| checkpoint.verify(&key));
        match verified {
            Some(Ok(())) => {}
            Some(Err(error)) => self.report.add(place, error.to_string()),
            None => self.report.add(place, "the key that it names is no Ed25519 key"),
        }
        self.anchored(place, &checkpoint.head)
    }

    fn snapshots(&mut self) -> Result<(), JournalError> {
        let mut select = self.connection.prepare(rows::SNAPSHOTS)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.report.snapshots += 1;
            match rows::snapshot(row) {
                Ok(signed) => {
                    let head = signed.snapshot.head();
                    let place = Place::Snapshot(head.overt_seq, head.covert_seq);
                    let key = self.key(&signed.key).filter(|key| key.to_bytes() == signed.key);
                    if !key.is_some_and(|key| signed.snapshot.is_signed(&key, &signed.signature)) {
                        self.report.add(place, "it is not signed with this server's key");
                    }
                    self.anchored(place, &head)?;
                }
                Err(error) => self.report.add(Place::Store, format!("a snapshot is unreadable: {error}")),
            }
        }
        Ok(())
    }

    /// The key to check against: the one given, else the one named.
    fn key(&self, named: &[u8; 32]) -> Option<VerifyingKey> {
        self.options.key.or_else(|| VerifyingKey::from_bytes(named).ok())
    }

    fn anchored(&mut self, place: Place, head: &Head) -> Result<(), JournalError> {
        if !read::passes_through(self.connection, &self.origin, head)? {
            self.report.add(place, "the chains do not pass through it: entries were cut off or rewritten");
        }
        Ok(())
    }

    fn note(&mut self, place: Place, wrong: Option<String>) {
        if let Some(what) = wrong {
            self.report.add(place, what);
        }
    }
}

fn blob_fits(row: &Row<'_>) -> bool {
    let (Ok(address), Ok(body)) = (rows::hash(row, 0), row.get_ref(1)) else { return false };
    body.as_blob().is_ok_and(|body| blob_hash(body) == address)
}
