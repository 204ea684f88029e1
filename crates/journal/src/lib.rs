//! The journal: the append-only, hash-chained record from which all state is rebuilt.
//!
//! Keeps **G7** (nothing acknowledged is lost, tampering is found, a restore is the same hash for hash) and its part of **G9** (a reader of
//! the database learns nothing about duress). Called by the server's engine, which owns a journal on one thread, and by `rempart journal
//! verify`, `backup` and `restore`. Only this crate knows SQL.
//!
//! # Two chains
//! The *overt* chain has one entry per command; the *covert* chain has one sealed slot of [`SLOT_BYTES`] per tick of a clock, empty or not. Bodies are
//! opaque bytes here: the caller encodes and seals them.
//!
//! # What must not leak
//! INVARIANT (G9): no table, index, row id, page count or counter depends on what a covert slot holds. Slots have one size and no other
//! column that varies with their content; there is no outbox and no index on the covert side. The caller's half of the bargain: one slot at
//! each tick whatever happens (never an append because something covert happened), sealed so that full and empty look alike, and covert snapshot
//! state padded to fixed buckets. Nothing shown to authenticated people may derive from the covert half of a [`Head`].
//!
//! # To add a back-end
//! 1. Implement [`Journal`] in a module beside [`sqlite`]. 2. Take hashes from [`Link`] and the checks from [`verify`](VerifyReport), so that both back-ends give the same heads.
//! 3. Call [`conformance::run`] from its tests. 4. Add its own fault tests: killed at any moment, full disk, second writer.

mod batch;
mod chain;
mod checkpoint;
mod error;
mod report;
mod snapshot;
mod store;

pub mod conformance;
pub mod sqlite;

pub use batch::{
    BATCH_BLOBS_MAX, BATCH_OUTBOX_MAX, BATCH_RECORDS_MAX, BLOB_BYTES_MAX, Batch, CovertSlot, NewOutboxItem,
    OUTBOX_BODY_BYTES_MAX, OUTBOX_KIND_BYTES_MAX, OVERT_BODY_BYTES_MAX, OutboxId, OutboxItem, OvertRecord,
    SLOT_BYTES, WALLET_CHANGE_BYTES_MAX, WalletChange,
};
pub use chain::{Attached, CovertEntry, Head, Link, OvertEntry, blob_hash, genesis};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use error::JournalError;
pub use report::{PROBLEMS_MAX, Place, Problem, VerifyOptions, VerifyReport};
pub use snapshot::{LatestSnapshot, SNAPSHOT_BYTES_MAX, SNAPSHOTS_KEPT, Snapshot};
pub use sqlite::SqliteJournal;
pub use store::{Journal, Origin};
