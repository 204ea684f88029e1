//! A small journal that uses everything, for the tests beside. Builds only; asserts nothing.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::ops::ControlFlow;
use std::path::Path;

use ed25519_dalek::SigningKey;
use journal::sqlite::Options;
use journal::{
    Batch, Checkpoint, CovertSlot, Head, Journal, JournalError, NewOutboxItem, Origin, OutboxId, OvertRecord,
    SLOT_BYTES, Snapshot, SqliteJournal, VerifyOptions, VerifyReport, WalletChange, blob_hash,
};
use types::{Hash, Timestamp};

pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

pub fn origin() -> Origin {
    Origin { organisation: "exemple".to_owned(), created_at: at(0) }
}

pub fn create(path: &Path) -> SqliteJournal {
    SqliteJournal::create(path, &origin(), Options::default()).unwrap()
}

pub fn open(path: &Path) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open(path, Options::default())
}

pub fn record(nth: u64, bytes: usize) -> OvertRecord {
    let body = nth.to_be_bytes().into_iter().cycle().take(bytes).collect();
    OvertRecord { at: at(i64::try_from(nth).unwrap()), body }
}

pub fn one(nth: u64) -> Batch {
    Batch { overt: vec![record(nth, 200)], ..Batch::default() }
}

pub fn slot(nth: u8) -> CovertSlot {
    CovertSlot { at: at(i64::from(nth) * 60), sealed: [nth; SLOT_BYTES] }
}

pub fn item(after: usize, body: &str) -> NewOutboxItem {
    NewOutboxItem { after, kind: "notice".to_owned(), body: body.as_bytes().to_vec() }
}

pub fn snapshot(head: Head, fill: u8) -> Snapshot {
    let Head { overt_seq, overt_hash, covert_seq, covert_hash } = head;
    let (overt_state, covert_state) = (vec![fill; 700], vec![!fill; 512]);
    Snapshot { overt_seq, overt_hash, covert_seq, covert_hash, overt_state, covert_state }
}

/// 10 entries, 3 slots, 3 waiting items and 1 done, 2 blobs, 2 checkpoints, 2 snapshots.
pub fn fill(journal: &mut SqliteJournal) {
    let learnt = WalletChange { wallet: Hash([7; 32]), body: vec![7; 900], replaces: false };
    let inbox = Some([7; SLOT_BYTES]);
    journal.append(&Batch { wallets: vec![learnt], inbox, ..Batch::default() }).unwrap();
    for nth in 1..=3_u8 {
        let first = u64::from(nth) * 3 - 2;
        let blobs = if nth < 3 { vec![(blob_hash(&[nth; 300]), vec![nth; 300])] } else { Vec::new() };
        let overt = (first..first + 3).map(|nth| record(nth, 40)).collect();
        let outbox = vec![item(0, "first")];
        journal.append(&Batch { overt, slot: Some(slot(nth)), outbox, blobs, ..Batch::default() }).unwrap();
        if nth < 3 {
            journal.save_snapshot(&snapshot(journal.head(), nth), &key()).unwrap();
            let checkpoint = Some(Checkpoint::sign(&key(), journal.head(), at(500 + i64::from(nth))));
            journal.append(&Batch { checkpoint, ..Batch::default() }).unwrap();
        }
    }
    let done = vec![OutboxId { seq: 1, part: 0 }];
    journal.append(&Batch { done, outbox: vec![item(0, "last")], ..one(10) }).unwrap();
}

pub fn with_key() -> VerifyOptions {
    VerifyOptions { key: Some(key().verifying_key()), ..VerifyOptions::default() }
}

pub fn verify(path: &Path, options: &VerifyOptions) -> Result<VerifyReport, JournalError> {
    SqliteJournal::open_read_only(path)?.verify(options)
}

pub fn entries(journal: &mut dyn Journal) -> Vec<(u64, Vec<u8>, Hash)> {
    let mut found = Vec::new();
    journal
        .replay_overt(0, &mut |entry| {
            found.push((entry.seq, entry.body.to_vec(), entry.hash));
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}
