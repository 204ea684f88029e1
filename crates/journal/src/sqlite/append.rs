//! Writing: one batch, one transaction, one flush. Keeps G7 and G6's single durable step. Called by the engine through [`crate::Journal`].

use ed25519_dalek::SigningKey;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::fault::signed;
use super::read;
use crate::{
    Attached, Batch, Checkpoint, CovertSlot, Head, JournalError, Link, NewOutboxItem, Origin,
    SNAPSHOT_BYTES_MAX, SNAPSHOTS_KEPT, Snapshot, blob_hash,
};

/// Writes the batch after `head` and returns the new head. The transaction rolls back when it is dropped.
pub(super) fn write(connection: &mut Connection, head: Head, batch: &Batch) -> Result<Head, JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    expect_head(&transaction, head)?;
    if let Some(checkpoint) = &batch.checkpoint {
        insert_checkpoint(&transaction, head, checkpoint)?;
    }
    let mut next = head;
    insert_overt(&transaction, &mut next, batch)?;
    if let Some(slot) = &batch.slot {
        insert_slot(&transaction, &mut next, slot)?;
    }
    delete_done(&transaction, batch)?;
    insert_blobs(&transaction, batch)?;
    insert_wallets(&transaction, batch)?;
    write_inbox(&transaction, batch)?;
    if next != head {
        move_head(&transaction, next)?;
    }
    transaction.commit()?;
    Ok(next)
}

fn insert_overt(transaction: &Transaction<'_>, head: &mut Head, batch: &Batch) -> Result<(), JournalError> {
    let mut by_record: Vec<Vec<&NewOutboxItem>> = vec![Vec::new(); batch.overt.len()];
    for item in &batch.outbox {
        if let Some(items) = by_record.get_mut(item.after) {
            items.push(item);
        }
    }
    let addresses: Vec<u8> = batch.blobs.iter().flat_map(|(address, _)| address.0).collect();
    let last = batch.overt.len().saturating_sub(1);
    let mut insert = transaction.prepare_cached(
        "INSERT INTO overt (seq, at, items, blobs, hash, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (nth, (record, items)) in batch.overt.iter().zip(&by_record).enumerate() {
        let link = Link { previous: head.overt_hash, seq: head.overt_seq + 1 };
        let items = insert_items(transaction, link.seq, items)?;
        let blobs: &[u8] = if nth == last { &addresses } else { &[] };
        let hash = link.overt(record.at, Attached { items: &items, blobs }, &record.body);
        insert.execute(params![
            signed(link.seq)?,
            record.at.as_nanos(),
            items,
            blobs,
            hash.0,
            record.body
        ])?;
        (head.overt_seq, head.overt_hash) = (link.seq, hash);
    }
    Ok(())
}

fn insert_items(
    transaction: &Transaction<'_>,
    seq: u64,
    items: &[&NewOutboxItem],
) -> Result<Vec<u8>, JournalError> {
    let mut digests = Vec::with_capacity(items.len() * 32);
    if items.is_empty() {
        return Ok(digests);
    }
    let mut insert =
        transaction.prepare_cached("INSERT INTO outbox (seq, part, kind, body) VALUES (?1, ?2, ?3, ?4)")?;
    for (part, item) in (0_u32..).zip(items) {
        insert.execute(params![signed(seq)?, part, item.kind, item.body])?;
        digests.extend_from_slice(&Link::item(&item.kind, &item.body).0);
    }
    Ok(digests)
}

fn insert_slot(
    transaction: &Transaction<'_>,
    head: &mut Head,
    slot: &CovertSlot,
) -> Result<(), JournalError> {
    let link = Link { previous: head.covert_hash, seq: head.covert_seq + 1 };
    let hash = link.covert(head.overt_seq, slot.at, &slot.sealed);
    transaction
        .prepare_cached(
            "INSERT INTO covert (seq, after_overt, at, hash, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            signed(link.seq)?,
            signed(head.overt_seq)?,
            slot.at.as_nanos(),
            hash.0,
            slot.sealed
        ])?;
    (head.covert_seq, head.covert_hash) = (link.seq, hash);
    Ok(())
}

fn delete_done(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), JournalError> {
    let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE seq = ?1 AND part = ?2")?;
    for id in &batch.done {
        // An id beyond the range of the column names nothing.
        if let Ok(seq) = i64::try_from(id.seq) {
            delete.execute(params![seq, id.part])?;
        }
    }
    Ok(())
}

fn insert_blobs(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), JournalError> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO blob (hash, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    for (hash, body) in &batch.blobs {
        insert.execute(params![hash.0, body])?;
    }
    Ok(())
}

fn insert_wallets(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), JournalError> {
    for change in &batch.wallets {
        if change.replaces {
            transaction
                .prepare_cached("DELETE FROM wallet WHERE wallet = ?1")?
                .execute(params![change.wallet.0])?;
        }
        transaction
            .prepare_cached("INSERT INTO wallet (wallet, body) VALUES (?1, ?2)")?
            .execute(params![change.wallet.0, change.body])?;
    }
    Ok(())
}

fn write_inbox(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), JournalError> {
    if let Some(sealed) = &batch.inbox {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO inbox (id, hash, sealed) VALUES (1, ?1, ?2)")?
            .execute(params![blob_hash(sealed).0, sealed])?;
    }
    Ok(())
}

fn insert_checkpoint(
    transaction: &Transaction<'_>,
    head: Head,
    checkpoint: &Checkpoint,
) -> Result<(), JournalError> {
    if checkpoint.head != head {
        return Err(JournalError::Anchor { what: "checkpoint" });
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO checkpoint (overt_seq, covert_seq, overt_hash, covert_hash, at, key, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            signed(head.overt_seq)?,
            signed(head.covert_seq)?,
            head.overt_hash.0,
            head.covert_hash.0,
            checkpoint.at.as_nanos(),
            checkpoint.key,
            checkpoint.signature
        ])?;
    Ok(())
}

/// INVARIANT: entries are added only after the head where this writer left it, so that a second writer that got past the lock is noticed
/// before it does harm.
fn expect_head(transaction: &Transaction<'_>, head: Head) -> Result<(), JournalError> {
    if read::head(transaction)? == head { Ok(()) } else { Err(JournalError::Fenced) }
}

fn move_head(transaction: &Transaction<'_>, to: Head) -> Result<(), JournalError> {
    transaction
        .prepare_cached(
            "UPDATE head SET overt_seq = ?1, overt_hash = ?2, covert_seq = ?3, covert_hash = ?4 WHERE id = 1",
        )?
        .execute(params![signed(to.overt_seq)?, to.overt_hash.0, signed(to.covert_seq)?, to.covert_hash.0])?;
    Ok(())
}

/// Saves a snapshot and drops the oldest beyond [`SNAPSHOTS_KEPT`].
pub(super) fn snapshot(
    connection: &mut Connection,
    origin: &Origin,
    snapshot: &Snapshot,
    key: &SigningKey,
) -> Result<(), JournalError> {
    for state in [&snapshot.overt_state, &snapshot.covert_state] {
        let (found, limit) = (state.len(), SNAPSHOT_BYTES_MAX);
        if found > limit {
            return Err(JournalError::TooLarge { what: "bytes in a snapshot", found, limit });
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !read::passes_through(&transaction, origin, &snapshot.head())? {
        return Err(JournalError::Anchor { what: "snapshot" });
    }
    transaction.execute(
        "INSERT OR REPLACE INTO snapshot (overt_seq, covert_seq, overt_hash, covert_hash, key, signature, overt_state, covert_state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            signed(snapshot.overt_seq)?,
            signed(snapshot.covert_seq)?,
            snapshot.overt_hash.0,
            snapshot.covert_hash.0,
            key.verifying_key().to_bytes(),
            snapshot.sign(key),
            snapshot.overt_state,
            snapshot.covert_state
        ],
    )?;
    let kept = i64::try_from(SNAPSHOTS_KEPT).unwrap_or(i64::MAX);
    transaction.execute(
        "DELETE FROM snapshot WHERE rowid NOT IN
         (SELECT rowid FROM snapshot ORDER BY overt_seq DESC, covert_seq DESC LIMIT ?1)",
        [kept],
    )?;
    transaction.commit()?;
    Ok(())
}
