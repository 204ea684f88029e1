//! Reading back: replay with the chain checked on the way, the outbox, blobs and snapshots. Keeps G7: nothing is handed out that was altered.

use std::ops::ControlFlow;

use ed25519_dalek::VerifyingKey;
use rusqlite::{Connection, OptionalExtension, Row, params};
use types::{Hash, Timestamp};

use super::fault::{signed, unsigned};
use super::schema::hash;
use crate::{
    CovertEntry, Head, JournalError, LatestSnapshot, Link, Origin, OutboxId, OutboxItem, OvertEntry, Place,
    Problem, SLOT_BYTES, Snapshot, blob_hash, genesis,
};

/// The stored head.
pub(super) fn head(connection: &Connection) -> Result<Head, JournalError> {
    let mut select =
        connection.prepare("SELECT overt_seq, overt_hash, covert_seq, covert_hash FROM head WHERE id = 1")?;
    let mut rows = select.query([])?;
    let Some(row) = rows.next()? else {
        return Err(JournalError::Damaged { what: "the row of the head is gone".to_owned() });
    };
    Ok(Head {
        overt_seq: unsigned(row.get(0)?)?,
        overt_hash: hash(row, 1)?,
        covert_seq: unsigned(row.get(2)?)?,
        covert_hash: hash(row, 3)?,
    })
}

/// The hash at a place of a chain, or none beyond its end. `table` is one of our own two.
fn hash_at(
    connection: &Connection,
    table: Chain,
    origin: &Origin,
    seq: u64,
) -> Result<Option<Hash>, JournalError> {
    if seq == 0 {
        return Ok(Some(genesis(&origin.organisation, origin.created_at)));
    }
    let sql = match table {
        Chain::Overt => "SELECT hash FROM overt WHERE seq = ?1",
        Chain::Covert => "SELECT hash FROM covert WHERE seq = ?1",
    };
    let found = connection.prepare_cached(sql)?.query_row([signed(seq)?], |row| hash(row, 0)).optional()?;
    Ok(found)
}

#[derive(Debug, Clone, Copy)]
enum Chain {
    Overt,
    Covert,
}

/// One row of a chain, still unchecked.
pub(super) fn overt_row<'a>(row: &'a Row<'_>) -> Result<(OvertEntry<'a>, &'a [u8]), JournalError> {
    let entry = OvertEntry {
        seq: unsigned(row.get(0)?)?,
        at: Timestamp::from_nanos(row.get(1)?),
        body: bytes(row, 4)?,
        hash: hash(row, 3)?,
    };
    Ok((entry, bytes(row, 2)?))
}

pub(super) const OVERT_ROWS: &str =
    "SELECT seq, at, items, hash, body FROM overt WHERE seq > ?1 ORDER BY seq";

pub(super) const COVERT_ROWS: &str =
    "SELECT seq, after_overt, at, hash, sealed FROM covert WHERE seq > ?1 ORDER BY seq";

/// One slot, still unchecked.
pub(super) fn covert_row<'a>(row: &'a Row<'_>) -> Result<CovertEntry<'a>, JournalError> {
    let sealed: &[u8; SLOT_BYTES] = bytes(row, 4)?
        .try_into()
        .map_err(|_| JournalError::Damaged { what: "a covert slot of another size".to_owned() })?;
    Ok(CovertEntry {
        seq: unsigned(row.get(0)?)?,
        after_overt: unsigned(row.get(1)?)?,
        at: Timestamp::from_nanos(row.get(2)?),
        hash: hash(row, 3)?,
        sealed,
    })
}

fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], JournalError> {
    let value = row.get_ref(column)?;
    value.as_blob().map_err(|_| JournalError::Damaged { what: format!("column {column} is not bytes") })
}

/// Replays the overt chain after `after_seq`.
pub(super) fn overt(
    connection: &Connection,
    origin: &Origin,
    after_seq: u64,
    each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
) -> Result<u64, JournalError> {
    let anchor = hash_at(connection, Chain::Overt, origin, after_seq)?;
    let mut previous = anchor.ok_or(JournalError::Anchor { what: "replay" })?;
    let mut last = after_seq;
    let mut select = connection.prepare_cached(OVERT_ROWS)?;
    let mut rows = select.query([signed(after_seq)?])?;
    while let Some(row) = rows.next()? {
        let (entry, items) = overt_row(row)?;
        let link = Link { previous, seq: last + 1 };
        follows("overt", link, entry.seq, link.overt(entry.at, items, entry.body) == entry.hash)?;
        (previous, last) = (entry.hash, entry.seq);
        if each(entry).is_break() {
            return Ok(last);
        }
    }
    let head = head(connection)?;
    reaches_head("overt", last, head.overt_seq == last && head.overt_hash == previous)?;
    Ok(last)
}

/// Replays the covert chain after `after_seq`.
pub(super) fn covert(
    connection: &Connection,
    origin: &Origin,
    after_seq: u64,
    each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
) -> Result<u64, JournalError> {
    let anchor = hash_at(connection, Chain::Covert, origin, after_seq)?;
    let mut previous = anchor.ok_or(JournalError::Anchor { what: "replay" })?;
    let mut last = after_seq;
    let mut select = connection.prepare_cached(COVERT_ROWS)?;
    let mut rows = select.query([signed(after_seq)?])?;
    while let Some(row) = rows.next()? {
        let entry = covert_row(row)?;
        let link = Link { previous, seq: last + 1 };
        let fits = link.covert(entry.after_overt, entry.at, entry.sealed) == entry.hash;
        follows("covert", link, entry.seq, fits)?;
        (previous, last) = (entry.hash, entry.seq);
        if each(entry).is_break() {
            return Ok(last);
        }
    }
    let head = head(connection)?;
    reaches_head("covert", last, head.covert_seq == last && head.covert_hash == previous)?;
    Ok(last)
}

fn follows(chain: &'static str, link: Link, seq: u64, fits: bool) -> Result<(), JournalError> {
    if seq != link.seq {
        return Err(JournalError::ChainBroken { chain, seq: link.seq, what: "the entry is missing" });
    }
    if !fits {
        return Err(JournalError::ChainBroken { chain, seq, what: "the entry is not as it was written" });
    }
    Ok(())
}

fn reaches_head(chain: &'static str, last: u64, fits: bool) -> Result<(), JournalError> {
    if fits {
        return Ok(());
    }
    Err(JournalError::ChainBroken { chain, seq: last + 1, what: "the chain does not end at the stored head" })
}

/// The oldest effects that wait, each checked against the digest in the chain.
pub(super) fn outbox(
    connection: &Connection,
    after: Option<OutboxId>,
    limit: usize,
) -> Result<Vec<OutboxItem>, JournalError> {
    let (seq, part) = match after {
        Some(id) => (signed(id.seq)?, i64::from(id.part)),
        None => (-1, -1),
    };
    let mut select = connection.prepare_cached(
        "SELECT o.seq, o.part, o.kind, o.body, e.items FROM outbox o LEFT JOIN overt e ON e.seq = o.seq
         WHERE (o.seq, o.part) > (?1, ?2) ORDER BY o.seq, o.part LIMIT ?3",
    )?;
    let mut rows = select.query(params![seq, part, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let seq = unsigned(row.get(0)?)?;
        let part: u32 = row.get(1)?;
        let item = OutboxItem { id: OutboxId { seq, part }, kind: row.get(2)?, body: row.get(3)? };
        let items: Option<Vec<u8>> = row.get(4)?;
        if !item_fits(&item, items.as_deref().unwrap_or_default()) {
            return Err(JournalError::ChainBroken {
                chain: "overt",
                seq,
                what: "an outbox item is not as it was written",
            });
        }
        found.push(item);
    }
    Ok(found)
}

/// Whether an item is the one whose digest its overt entry holds.
pub(super) fn item_fits(item: &OutboxItem, digests: &[u8]) -> bool {
    let nth = usize::try_from(item.id.part).unwrap_or(usize::MAX);
    digests.chunks(32).nth(nth) == Some(Link::item(&item.kind, &item.body).0.as_slice())
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

/// Whether both chains pass through the snapshot's anchors.
pub(super) fn anchors(
    connection: &Connection,
    origin: &Origin,
    snapshot: &Snapshot,
) -> Result<bool, JournalError> {
    let overt = hash_at(connection, Chain::Overt, origin, snapshot.overt_seq)?;
    let covert = hash_at(connection, Chain::Covert, origin, snapshot.covert_seq)?;
    Ok(overt == Some(snapshot.overt_hash) && covert == Some(snapshot.covert_hash))
}

pub(super) const SNAPSHOT_ROWS: &str =
    "SELECT overt_seq, covert_seq, overt_hash, covert_hash, signature, overt_state, covert_state
     FROM snapshot ORDER BY overt_seq DESC, covert_seq DESC";

/// A snapshot and its signature, still unchecked.
pub(super) fn snapshot_row(row: &Row<'_>) -> Result<(Snapshot, [u8; 64]), JournalError> {
    let snapshot = Snapshot {
        overt_seq: unsigned(row.get(0)?)?,
        covert_seq: unsigned(row.get(1)?)?,
        overt_hash: hash(row, 2)?,
        covert_hash: hash(row, 3)?,
        overt_state: row.get(5)?,
        covert_state: row.get(6)?,
    };
    Ok((snapshot, row.get(4)?))
}

/// The newest snapshot that can be believed.
pub(super) fn latest_snapshot(
    connection: &Connection,
    origin: &Origin,
    key: &VerifyingKey,
) -> Result<LatestSnapshot, JournalError> {
    let mut latest = LatestSnapshot::default();
    let mut select = connection.prepare(SNAPSHOT_ROWS)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (snapshot, signature) = match snapshot_row(row) {
            Ok(read) => read,
            Err(error) => {
                latest.problems.push(Problem {
                    place: Place::Store,
                    what: format!("a snapshot cannot be read: {error}"),
                });
                continue;
            }
        };
        let place = Place::Snapshot(snapshot.overt_seq, snapshot.covert_seq);
        if !snapshot.is_signed(key, &signature) {
            latest.problems.push(Problem { place, what: "the signature does not fit".to_owned() });
        } else if !anchors(connection, origin, &snapshot)? {
            latest.problems.push(Problem { place, what: "the chains do not pass through it".to_owned() });
        } else {
            latest.snapshot = Some(snapshot);
            break;
        }
    }
    Ok(latest)
}
