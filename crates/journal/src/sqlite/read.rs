//! Reading back: replay with the chain checked on the way, the outbox, blobs and snapshots. Keeps G7: nothing is handed out that was altered.

use std::ops::ControlFlow;

use ed25519_dalek::VerifyingKey;
use rusqlite::{Connection, OptionalExtension, params};
use types::Hash;

use super::fault::{signed, unsigned};
use super::rows::{self, ItemRow};
use crate::{
    CovertEntry, Head, JournalError, LatestSnapshot, Link, Origin, OutboxId, OutboxItem, OvertEntry, Place,
    Problem, SLOT_BYTES, Snapshot, blob_hash, genesis,
};

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    Overt,
    Covert,
}

impl Chain {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Overt => "overt",
            Self::Covert => "covert",
        }
    }

    /// Where this chain stands according to a head.
    pub(super) fn end(self, head: &Head) -> (u64, Hash) {
        match self {
            Self::Overt => (head.overt_seq, head.overt_hash),
            Self::Covert => (head.covert_seq, head.covert_hash),
        }
    }
}

/// The stored head.
pub(super) fn head(connection: &Connection) -> Result<Head, JournalError> {
    let mut select = connection
        .prepare_cached("SELECT overt_seq, overt_hash, covert_seq, covert_hash FROM head WHERE id = 1")?;
    let mut rows = select.query([])?;
    let Some(row) = rows.next()? else {
        return Err(JournalError::Damaged { what: "the row of the head is gone".to_owned() });
    };
    Ok(Head {
        overt_seq: unsigned(row.get(0)?)?,
        overt_hash: rows::hash(row, 1)?,
        covert_seq: unsigned(row.get(2)?)?,
        covert_hash: rows::hash(row, 3)?,
    })
}

/// The stored hash at a place of a chain, or none beyond its end.
pub(super) fn hash_at(
    connection: &Connection,
    origin: &Origin,
    chain: Chain,
    seq: u64,
) -> Result<Option<Hash>, JournalError> {
    if seq == 0 {
        return Ok(Some(genesis(&origin.organisation, origin.created_at)));
    }
    // No entry has a number that the column cannot hold.
    let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
    let sql = match chain {
        Chain::Overt => "SELECT hash FROM overt WHERE seq = ?1",
        Chain::Covert => "SELECT hash FROM covert WHERE seq = ?1",
    };
    let found = connection.prepare_cached(sql)?.query_row([seq], |row| rows::hash(row, 0)).optional()?;
    Ok(found)
}

/// Whether both chains pass through a head.
pub(super) fn passes_through(
    connection: &Connection,
    origin: &Origin,
    head: &Head,
) -> Result<bool, JournalError> {
    for chain in [Chain::Overt, Chain::Covert] {
        let (seq, hash) = chain.end(head);
        if hash_at(connection, origin, chain, seq)? != Some(hash) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a writer may go on from `head`: it is the last entry of both chains.
pub(super) fn ends_at_head(connection: &Connection, origin: &Origin, head: Head) -> Result<(), JournalError> {
    for chain in [Chain::Overt, Chain::Covert] {
        let (seq, hash) = chain.end(&head);
        let beyond = hash_at(connection, origin, chain, seq + 1)?.is_some();
        if beyond || hash_at(connection, origin, chain, seq)? != Some(hash) {
            return Err(off_head(chain, seq));
        }
    }
    Ok(())
}

fn off_head(chain: Chain, seq: u64) -> JournalError {
    JournalError::ChainBroken { chain: chain.name(), seq, what: "the chain does not end at the stored head" }
}

/// How far a replay has come in one chain.
struct Replay {
    chain: Chain,
    last: u64,
    previous: Hash,
}

impl Replay {
    fn after(connection: &Connection, origin: &Origin, chain: Chain, seq: u64) -> Result<Self, JournalError> {
        let anchor = hash_at(connection, origin, chain, seq)?;
        let previous = anchor.ok_or(JournalError::Anchor { what: "replay" })?;
        Ok(Self { chain, last: seq, previous })
    }

    fn link(&self) -> Link {
        Link { previous: self.previous, seq: self.last + 1 }
    }

    /// Accepts the next entry if it carries the number and the hash that follow from the ones before.
    fn accept(&mut self, seq: u64, stored: Hash, computed: Hash) -> Result<(), JournalError> {
        let expected = self.last + 1;
        let chain = self.chain.name();
        if seq != expected {
            return Err(JournalError::ChainBroken { chain, seq: expected, what: "the entry is missing" });
        }
        if stored != computed {
            return Err(JournalError::ChainBroken { chain, seq, what: "the entry is not as it was written" });
        }
        (self.last, self.previous) = (seq, stored);
        Ok(())
    }

    fn finish(self, connection: &Connection) -> Result<u64, JournalError> {
        if self.chain.end(&head(connection)?) == (self.last, self.previous) {
            return Ok(self.last);
        }
        Err(off_head(self.chain, self.last))
    }
}

/// Replays the overt chain after `after_seq`.
pub(super) fn overt(
    connection: &Connection,
    origin: &Origin,
    after_seq: u64,
    each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
) -> Result<u64, JournalError> {
    let mut replay = Replay::after(connection, origin, Chain::Overt, after_seq)?;
    let mut select = connection.prepare_cached(rows::OVERT)?;
    let mut rows = select.query([signed(after_seq)?])?;
    while let Some(row) = rows.next()? {
        let (entry, attached) = rows::overt(row)?;
        replay.accept(entry.seq, entry.hash, replay.link().overt(entry.at, attached, entry.body))?;
        if each(entry).is_break() {
            return Ok(replay.last);
        }
    }
    replay.finish(connection)
}

/// Replays the covert chain after `after_seq`.
pub(super) fn covert(
    connection: &Connection,
    origin: &Origin,
    after_seq: u64,
    each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
) -> Result<u64, JournalError> {
    let mut replay = Replay::after(connection, origin, Chain::Covert, after_seq)?;
    let mut select = connection.prepare_cached(rows::COVERT)?;
    let mut rows = select.query([signed(after_seq)?])?;
    while let Some(row) = rows.next()? {
        let entry = rows::covert(row)?;
        let computed = replay.link().covert(entry.after_overt, entry.at, entry.sealed);
        replay.accept(entry.seq, entry.hash, computed)?;
        if each(entry).is_break() {
            return Ok(replay.last);
        }
    }
    replay.finish(connection)
}

/// Before any item, those that no writer of ours could have numbered included.
pub(super) const BEFORE_ALL_ITEMS: (i64, i64) = (i64::MIN, 0);

/// The oldest effects that wait, each checked against the digest in the chain.
pub(super) fn outbox(
    connection: &Connection,
    after: Option<OutboxId>,
    limit: usize,
) -> Result<Vec<OutboxItem>, JournalError> {
    let (seq, part) = match after {
        Some(id) => (signed(id.seq)?, i64::from(id.part)),
        None => BEFORE_ALL_ITEMS,
    };
    let mut select = connection.prepare_cached(rows::OUTBOX)?;
    let mut rows = select.query(params![seq, part, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let ItemRow { item, fits } = rows::item(row)?;
        if !fits {
            let (chain, seq) = ("overt", item.id.seq);
            return Err(JournalError::ChainBroken {
                chain,
                seq,
                what: "an outbox item is not as it was written",
            });
        }
        found.push(item);
    }
    Ok(found)
}

/// What a wallet learnt, oldest first.
pub(super) fn wallet(connection: &Connection, wallet: &Hash) -> Result<Vec<Vec<u8>>, JournalError> {
    let mut select = connection.prepare_cached("SELECT body FROM wallet WHERE wallet = ?1 ORDER BY id")?;
    let bodies = select.query_map(params![wallet.0], |row| row.get(0))?;
    Ok(bodies.collect::<Result<_, _>>()?)
}

/// An inbox that nobody has written: no seal looks like this.
pub(super) const INBOX_UNUSED: [u8; SLOT_BYTES] = [0; SLOT_BYTES];

/// The inbox. What is found here is damage, not tampering: whoever opens the seal finds that.
pub(super) fn inbox(connection: &Connection) -> Result<Option<[u8; SLOT_BYTES]>, JournalError> {
    let damaged = |what: &str| JournalError::Damaged { what: what.to_owned() };
    let mut select = connection.prepare_cached("SELECT hash, sealed FROM inbox WHERE id = 1")?;
    let found = select.query_row([], |row| Ok((Hash(row.get(0)?), row.get::<_, [u8; SLOT_BYTES]>(1)?)));
    let (hash, sealed) = found.optional()?.ok_or_else(|| damaged("the inbox is gone"))?;
    if blob_hash(&sealed) != hash {
        return Err(damaged("the inbox is not as it was written"));
    }
    Ok((sealed != INBOX_UNUSED).then_some(sealed))
}

/// A blob by its address.
pub(super) fn blob(connection: &Connection, address: &Hash) -> Result<Option<Vec<u8>>, JournalError> {
    let found: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM blob WHERE hash = ?1")?
        .query_row(params![address.0], |row| row.get(0))
        .optional()?;
    match found {
        Some(body) if blob_hash(&body) != *address => {
            Err(JournalError::Damaged { what: format!("blob {address} is not as it was written") })
        }
        found => Ok(found),
    }
}

/// The newest snapshot that can be believed.
pub(super) fn latest_snapshot(
    connection: &Connection,
    origin: &Origin,
    key: &VerifyingKey,
) -> Result<LatestSnapshot, JournalError> {
    let mut latest = LatestSnapshot::default();
    let mut select = connection.prepare(rows::SNAPSHOTS)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        match believable(connection, origin, key, row)? {
            Ok(snapshot) => {
                latest.snapshot = Some(snapshot);
                break;
            }
            Err(problem) => latest.problems.push(problem),
        }
    }
    Ok(latest)
}

fn believable(
    connection: &Connection,
    origin: &Origin,
    key: &VerifyingKey,
    row: &rusqlite::Row<'_>,
) -> Result<Result<Snapshot, Problem>, JournalError> {
    let signed = match rows::snapshot(row) {
        Ok(signed) => signed,
        Err(error) => {
            return Ok(Err(Problem {
                place: Place::Store,
                what: format!("a snapshot is unreadable: {error}"),
            }));
        }
    };
    let snapshot = signed.snapshot;
    let place = Place::Snapshot(snapshot.overt_seq, snapshot.covert_seq);
    if signed.key != key.to_bytes() || !snapshot.is_signed(key, &signed.signature) {
        return Ok(Err(Problem { place, what: "it is not signed with this server's key".to_owned() }));
    }
    if !passes_through(connection, origin, &snapshot.head())? {
        return Ok(Err(Problem { place, what: "the chains do not pass through it".to_owned() }));
    }
    Ok(Ok(snapshot))
}
