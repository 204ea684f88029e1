//! Rows as values, still unchecked: which columns there are and in what order, in one place. Keeps G7: a column of another type or size is
//! an error, never a guess. Used by replay and by verification.

use rusqlite::Row;
use types::{Hash, Timestamp};

use super::fault::unsigned;
use crate::{
    Attached, Checkpoint, CovertEntry, Head, JournalError, Link, OutboxId, OutboxItem, OvertEntry,
    SLOT_BYTES, Snapshot,
};

pub(super) const OVERT: &str =
    "SELECT seq, at, items, blobs, hash, body FROM overt WHERE seq > ?1 ORDER BY seq";

pub(super) const COVERT: &str =
    "SELECT seq, after_overt, at, hash, sealed FROM covert WHERE seq > ?1 ORDER BY seq";

pub(super) const OUTBOX: &str =
    "SELECT o.seq, o.part, o.kind, o.body, e.items FROM outbox o LEFT JOIN overt e ON e.seq = o.seq
     WHERE (o.seq, o.part) > (?1, ?2) ORDER BY o.seq, o.part LIMIT ?3";

pub(super) const BLOBS: &str = "SELECT hash, body FROM blob ORDER BY rowid";

pub(super) const CHECKPOINTS: &str =
    "SELECT overt_seq, covert_seq, overt_hash, covert_hash, at, key, signature
     FROM checkpoint ORDER BY overt_seq, covert_seq";

pub(super) const SNAPSHOTS: &str =
    "SELECT overt_seq, covert_seq, overt_hash, covert_hash, key, signature, overt_state, covert_state
     FROM snapshot ORDER BY overt_seq DESC, covert_seq DESC";

/// A hash column.
pub(super) fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    row.get::<_, [u8; 32]>(column).map(Hash)
}

fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], JournalError> {
    let value = row.get_ref(column)?;
    value.as_blob().map_err(|_| JournalError::Damaged { what: format!("column {column} is not bytes") })
}

/// An entry of [`OVERT`] and what it vouches for.
pub(super) fn overt<'a>(row: &'a Row<'_>) -> Result<(OvertEntry<'a>, Attached<'a>), JournalError> {
    let entry = OvertEntry {
        seq: unsigned(row.get(0)?)?,
        at: Timestamp::from_nanos(row.get(1)?),
        body: bytes(row, 5)?,
        hash: hash(row, 4)?,
    };
    Ok((entry, Attached { items: bytes(row, 2)?, blobs: bytes(row, 3)? }))
}

/// A slot of [`COVERT`].
pub(super) fn covert<'a>(row: &'a Row<'_>) -> Result<CovertEntry<'a>, JournalError> {
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

/// An outbox item, and whether its overt entry vouches for it.
pub(super) struct ItemRow {
    pub(super) item: OutboxItem,
    pub(super) fits: bool,
}

/// An item of [`OUTBOX`].
pub(super) fn item(row: &Row<'_>) -> Result<ItemRow, JournalError> {
    let id = OutboxId { seq: unsigned(row.get(0)?)?, part: row.get(1)? };
    let item = OutboxItem { id, kind: row.get(2)?, body: row.get(3)? };
    let digests: Option<Vec<u8>> = row.get(4)?;
    let nth = usize::try_from(id.part).unwrap_or(usize::MAX);
    let written = digests.as_deref().unwrap_or_default().chunks(32).nth(nth);
    let fits = written == Some(Link::item(&item.kind, &item.body).0.as_slice());
    Ok(ItemRow { item, fits })
}

/// A checkpoint of [`CHECKPOINTS`].
pub(super) fn checkpoint(row: &Row<'_>) -> Result<Checkpoint, JournalError> {
    let head = head(row)?;
    Ok(Checkpoint { head, at: Timestamp::from_nanos(row.get(4)?), key: row.get(5)?, signature: row.get(6)? })
}

/// The first four columns of [`CHECKPOINTS`] and [`SNAPSHOTS`].
fn head(row: &Row<'_>) -> Result<Head, JournalError> {
    Ok(Head {
        overt_seq: unsigned(row.get(0)?)?,
        covert_seq: unsigned(row.get(1)?)?,
        overt_hash: hash(row, 2)?,
        covert_hash: hash(row, 3)?,
    })
}

/// A snapshot with the key it names and its signature.
pub(super) struct SignedSnapshot {
    pub(super) snapshot: Snapshot,
    pub(super) key: [u8; 32],
    pub(super) signature: [u8; 64],
}

/// A snapshot of [`SNAPSHOTS`].
pub(super) fn snapshot(row: &Row<'_>) -> Result<SignedSnapshot, JournalError> {
    let Head { overt_seq, overt_hash, covert_seq, covert_hash } = head(row)?;
    let (overt_state, covert_state) = (row.get(6)?, row.get(7)?);
    let snapshot = Snapshot { overt_seq, overt_hash, covert_seq, covert_hash, overt_state, covert_state };
    Ok(SignedSnapshot { snapshot, key: row.get(4)?, signature: row.get(5)? })
}
