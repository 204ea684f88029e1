//! The storage trait: what the engine asks of any back-end. Keeps G7; [`crate::conformance`] holds each back-end to it.

use std::ops::ControlFlow;
use std::path::Path;

use ed25519_dalek::{SigningKey, VerifyingKey};
use types::{Hash, Timestamp};

use crate::{
    Batch, CovertEntry, Head, JournalError, LatestSnapshot, OutboxId, OutboxItem, OvertEntry, SLOT_BYTES,
    Snapshot, VerifyOptions, VerifyReport,
};

/// Whose journal it is. Both chains start from its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The organisation's id, as the caller writes it.
    pub organisation: String,
    /// When the journal was created.
    pub created_at: Timestamp,
}

/// A journal with one writer. Everything that returned `Ok` is on stable storage.
pub trait Journal: Send {
    /// Whose journal it is.
    fn origin(&self) -> &Origin;

    /// Where the chains stand, without touching the store.
    fn head(&self) -> Head;

    /// Writes the whole batch in one transaction; it is durable when this returns. After an error nothing of it is there
    /// ([`JournalError::Io`] and [`JournalError::Stopped`] apart: then only opening again tells).
    ///
    /// # Errors
    /// Bounds, no room, a failed disk, another writer.
    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError>;

    /// Calls `each` with every overt entry after `after_seq`, in order, checking the chain on the way, until it breaks. Returns the last sequence number given.
    ///
    /// # Errors
    /// [`JournalError::ChainBroken`] before the first entry that does not fit is handed out.
    fn replay_overt(
        &mut self,
        after_seq: u64,
        each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError>;

    /// Likewise for the covert slots. `after_overt` of each says where it belongs among the overt entries.
    ///
    /// # Errors
    /// As [`Journal::replay_overt`].
    fn replay_covert(
        &mut self,
        after_seq: u64,
        each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError>;

    /// At most `limit` effects that are not done, oldest first, after the one named.
    ///
    /// # Errors
    /// A store that cannot be read, or an item that is not as it was written.
    fn outbox(&mut self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxItem>, JournalError>;

    /// The content with this address.
    ///
    /// # Errors
    /// A store that cannot be read, or content that does not have its address any more.
    fn blob(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, JournalError>;

    /// What the inbox holds, sealed: signs of the covert side that are durable before the tick whose slot takes them. Not part of the
    /// chains; `None` before it was written for the first time.
    ///
    /// # Errors
    /// A store that cannot be read.
    fn inbox(&mut self) -> Result<Option<[u8; SLOT_BYTES]>, JournalError>;

    /// What a wallet learnt, oldest first. Unlike the chains it is not protected against tampering: a caller that finds it unusable
    /// learns it again from the network.
    ///
    /// # Errors
    /// A store that cannot be read.
    fn wallet(&mut self, wallet: &Hash) -> Result<Vec<Vec<u8>>, JournalError>;

    /// Saves a snapshot, signed with `key`, and drops all but the last [`crate::SNAPSHOTS_KEPT`].
    ///
    /// # Errors
    /// [`JournalError::Anchor`] when the chains do not pass through it; too large; no room.
    fn save_snapshot(&mut self, snapshot: &Snapshot, key: &SigningKey) -> Result<(), JournalError>;

    /// The newest snapshot that `key` signed and the chains pass through.
    ///
    /// # Errors
    /// A store that cannot be read; a bad snapshot is not an error but a reported problem.
    fn latest_snapshot(&mut self, key: &VerifyingKey) -> Result<LatestSnapshot, JournalError>;

    /// Recomputes everything. What is wrong with the content is in the report, not an error.
    ///
    /// # Errors
    /// A store that cannot be read at all.
    fn verify(&mut self, options: &VerifyOptions) -> Result<VerifyReport, JournalError>;

    /// Writes a consistent copy to a new file, verifies it and flushes it.
    ///
    /// # Errors
    /// [`JournalError::Exists`], [`JournalError::CopyUnsound`], no room, a failed disk.
    fn backup_to(&mut self, path: &Path) -> Result<VerifyReport, JournalError>;
}
