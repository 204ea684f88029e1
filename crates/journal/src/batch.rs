//! What one durable commit holds: overt records, at most one covert slot, outbox items, blobs, a checkpoint. Keeps G7 (all or nothing) and the
//! bounds of everything that goes in. Built by the server's engine.

use types::{Hash, Timestamp};

use crate::chain::blob_hash;
use crate::{Checkpoint, JournalError};

/// Size of a sealed covert slot, always.
pub const SLOT_BYTES: usize = 1024;
/// Largest body of one overt record.
pub const OVERT_BODY_BYTES_MAX: usize = 1 << 20;
/// Most overt records in one batch.
pub const BATCH_RECORDS_MAX: usize = 4096;
/// Most outbox items added by one batch, and most ended by one.
pub const BATCH_OUTBOX_MAX: usize = 16_384;
/// Largest body of one outbox item.
pub const OUTBOX_BODY_BYTES_MAX: usize = 1 << 20;
/// Longest kind of an outbox item.
pub const OUTBOX_KIND_BYTES_MAX: usize = 64;
/// Most blobs in one batch.
pub const BATCH_BLOBS_MAX: usize = 4096;
/// Largest blob.
pub const BLOB_BYTES_MAX: usize = 16 << 20;
/// The longest change of a wallet, in bytes: a first scan of a large one.
pub const WALLET_CHANGE_BYTES_MAX: usize = 256 << 20;

/// One durable commit. Group commit is several records in one batch. An empty batch changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Commands, in their order.
    pub overt: Vec<OvertRecord>,
    /// The slot of this tick; it comes after every overt record of the batch.
    pub slot: Option<CovertSlot>,
    /// Effects to execute once this batch is durable.
    pub outbox: Vec<NewOutboxItem>,
    /// Effects that have been executed; unknown ids are ignored, so that a repeat is harmless.
    pub done: Vec<OutboxId>,
    /// Large immutable contents, each with its [`blob_hash`]; the last overt record of the batch vouches for them, so there must be one.
    pub blobs: Vec<(Hash, Vec<u8>)>,
    /// A checkpoint of the head as it was before this batch.
    pub checkpoint: Option<Checkpoint>,
    /// What the inbox holds from now on, sealed. Of one size, whatever it is.
    pub inbox: Option<[u8; SLOT_BYTES]>,
    /// What watch-only wallets learnt from the chain, so that it is never ahead of or behind the records of this batch.
    pub wallets: Vec<WalletChange>,
}

/// What a watch-only wallet learnt. Not part of the chains: it can be learnt again from the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletChange {
    /// Which wallet: the caller's name for it.
    pub wallet: Hash,
    /// Its encoding; opaque here.
    pub body: Vec<u8>,
    /// Whether it takes the place of everything before it, being all of that in one.
    pub replaces: bool,
}

/// A command as it goes into the overt chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OvertRecord {
    /// When it was decided.
    pub at: Timestamp,
    /// Its encoding; opaque here.
    pub body: Vec<u8>,
}

/// The sealed slot of one tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CovertSlot {
    /// The tick's time, which must not depend on what is inside.
    pub at: Timestamp,
    /// Always this size, sealed by the caller.
    pub sealed: [u8; SLOT_BYTES],
}

/// An effect of an overt record of the same batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutboxItem {
    /// Index in [`Batch::overt`] of the record that caused it.
    pub after: usize,
    /// What executes it, such as `notice`.
    pub kind: String,
    /// Its encoding; opaque here.
    pub body: Vec<u8>,
}

/// Names an outbox item: the overt entry that caused it and the item's place among that entry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId {
    /// Sequence number of the overt entry.
    pub seq: u64,
    /// 0 for its first item.
    pub part: u32,
}

/// An effect that has not been marked as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its name, for [`Batch::done`] and as idempotency key.
    pub id: OutboxId,
    /// What executes it.
    pub kind: String,
    /// Its encoding.
    pub body: Vec<u8>,
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.overt.is_empty()
            && self.slot.is_none()
            && self.outbox.is_empty()
            && self.done.is_empty()
            && self.blobs.is_empty()
            && self.checkpoint.is_none()
            && self.wallets.is_empty()
            && self.inbox.is_none()
    }

    /// Checks every bound. Back-ends call it before they touch the disk.
    ///
    /// # Errors
    /// [`JournalError::TooLarge`], [`JournalError::OutboxAfter`], [`JournalError::BlobAlone`] or [`JournalError::BlobAddress`].
    pub fn check(&self) -> Result<(), JournalError> {
        within("overt records in one batch", self.overt.len(), BATCH_RECORDS_MAX)?;
        within("outbox items in one batch", self.outbox.len(), BATCH_OUTBOX_MAX)?;
        within("outbox items done in one batch", self.done.len(), BATCH_OUTBOX_MAX)?;
        within("blobs in one batch", self.blobs.len(), BATCH_BLOBS_MAX)?;
        for record in &self.overt {
            within("bytes in an overt record", record.body.len(), OVERT_BODY_BYTES_MAX)?;
        }
        for item in &self.outbox {
            within("bytes in the kind of an outbox item", item.kind.len(), OUTBOX_KIND_BYTES_MAX)?;
            within("bytes in an outbox item", item.body.len(), OUTBOX_BODY_BYTES_MAX)?;
            if item.after >= self.overt.len() {
                return Err(JournalError::OutboxAfter { after: item.after, records: self.overt.len() });
            }
        }
        if self.overt.is_empty() && !self.blobs.is_empty() {
            return Err(JournalError::BlobAlone);
        }
        for change in &self.wallets {
            within("bytes in a wallet's change", change.body.len(), WALLET_CHANGE_BYTES_MAX)?;
        }
        for (hash, body) in &self.blobs {
            within("bytes in a blob", body.len(), BLOB_BYTES_MAX)?;
            if blob_hash(body) != *hash {
                return Err(JournalError::BlobAddress { given: *hash });
            }
        }
        Ok(())
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), JournalError> {
    if found > limit { Err(JournalError::TooLarge { what, found, limit }) } else { Ok(()) }
}
