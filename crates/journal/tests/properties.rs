//! Random histories against a plain model, a log cut anywhere, and what a reader of the file may learn. Holds G7 and G9.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::fs;
use std::path::Path;

use journal::{
    Batch, CovertSlot, Head, Journal, NewOutboxItem, OutboxId, OvertRecord, SLOT_BYTES, SqliteJournal,
    VerifyOptions,
};
use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::Connection;
use types::Timestamp;
use world::{create, entries, item, key, one, open, record, slot, snapshot, verify, with_key};

fn batches() -> impl Strategy<Value = Batch> {
    let record = (any::<i64>(), vec(any::<u8>(), 0..600))
        .prop_map(|(at, body)| OvertRecord { at: Timestamp::from_nanos(at), body });
    let slot = (any::<i64>(), any::<u8>())
        .prop_map(|(at, fill)| CovertSlot { at: Timestamp::from_nanos(at), sealed: [fill; SLOT_BYTES] });
    let items = vec((any::<prop::sample::Index>(), "[a-z]{1,8}", vec(any::<u8>(), 0..50)), 0..4);
    let done = vec((1..30_u64, 0..3_u32).prop_map(|(seq, part)| OutboxId { seq, part }), 0..4);
    (vec(record, 0..6), prop::option::of(slot), items, done).prop_map(|(overt, slot, items, done)| {
        let named = |(after, kind, body): (prop::sample::Index, String, Vec<u8>)| NewOutboxItem {
            after: after.index(overt.len()),
            kind,
            body,
        };
        let outbox = if overt.is_empty() { Vec::new() } else { items.into_iter().map(named).collect() };
        Batch { overt, slot, outbox, done, ..Batch::default() }
    })
}

/// What the outbox should hold: ids and contents, in order.
fn model_outbox(history: &[Batch]) -> Vec<(OutboxId, String, Vec<u8>)> {
    let (mut waiting, mut seq) = (Vec::new(), 0);
    for batch in history {
        for (nth, _) in batch.overt.iter().enumerate() {
            let of_record = batch.outbox.iter().filter(|item| item.after == nth);
            let id = |part| OutboxId { seq: seq + 1, part };
            waiting.extend(
                (0_u32..).zip(of_record).map(|(part, item)| (id(part), item.kind.clone(), item.body.clone())),
            );
            seq += 1;
        }
        waiting.retain(|(id, _, _)| !batch.done.contains(id));
    }
    waiting
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_history_comes_back_as_it_was(history in vec(batches(), 1..12), reopen_after in 0..12_usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.db");
        let mut journal = create(&path);
        for (nth, batch) in history.iter().enumerate() {
            if nth == reopen_after {
                drop(journal);
                journal = open(&path).unwrap();
            }
            journal.append(batch).unwrap();
        }
        let bodies: Vec<Vec<u8>> = entries(&mut journal).into_iter().map(|entry| entry.1).collect();
        let appended: Vec<Vec<u8>> = history.iter().flat_map(|batch| &batch.overt).map(|record| record.body.clone()).collect();
        prop_assert_eq!(bodies, appended);
        let slots = history.iter().filter(|batch| batch.slot.is_some()).count();
        let report = journal.verify(&VerifyOptions { pages: true, ..with_key() }).unwrap();
        prop_assert!(report.is_sound(), "{:?}", report.problems);
        prop_assert_eq!(report.covert_slots, slots as u64);
        let waiting: Vec<_> = journal.outbox(None, 1000).unwrap().into_iter().map(|item| (item.id, item.kind, item.body)).collect();
        prop_assert_eq!(waiting, model_outbox(&history));
    }
}

/// After a loss of power the log may end anywhere behind the last flush. Whatever is cut off, whole batches go, never parts.
#[test]
fn a_log_cut_anywhere_loses_whole_batches_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let mut journal = create(&path);
    let mut heads = vec![journal.head()];
    for nth in 0..6 {
        let overt = (0..3).map(|part| record(nth * 3 + part, 700)).collect();
        heads.push(
            journal
                .append(&Batch { overt, outbox: vec![item(1, "x")], slot: Some(slot(1)), ..Batch::default() })
                .unwrap(),
        );
    }
    let (database, log) = (fs::read(&path).unwrap(), fs::read(folder.path().join("live.db-wal")).unwrap());
    let mut met = vec![false; heads.len()];
    // 4096 + 24 bytes a frame: a step that meets every part of a frame.
    for kept in (0..=log.len()).rev().step_by(1009) {
        let cut = folder.path().join("cut.db");
        fs::write(&cut, &database).unwrap();
        fs::write(folder.path().join("cut.db-wal"), &log[..kept]).unwrap();
        let _ = fs::remove_file(folder.path().join("cut.db-shm"));
        let mut journal = open(&cut).unwrap();
        assert!(journal.verify(&with_key()).unwrap().is_sound(), "cut to {kept}");
        let nth = heads.iter().position(|head| *head == journal.head()).expect("part of a batch survived");
        met[nth] = true;
        assert_eq!(journal.outbox(None, 100).unwrap().len(), nth);
        journal.append(&one(99)).unwrap();
    }
    assert!(met.iter().all(|met| *met), "not every place was tried: {met:?}");
}

/// A history of commands and ticks; only what the slots and the covert state hold depends on `fill`.
fn history(path: &Path, fill: u8) -> Head {
    let mut journal = create(path);
    for nth in 1..=60_u8 {
        let mut sealed = [0; SLOT_BYTES];
        for (place, byte) in (0_u8..=255).cycle().zip(&mut sealed) {
            *byte = place.wrapping_mul(fill).wrapping_add(fill);
        }
        let at = world::at(i64::from(nth) * 60);
        let overt = if nth % 4 == 0 { Vec::new() } else { vec![record(u64::from(nth), 150)] };
        journal.append(&Batch { overt, slot: Some(CovertSlot { at, sealed }), ..Batch::default() }).unwrap();
        if nth % 20 == 0 {
            let mut state = snapshot(journal.head(), 1);
            state.covert_state = vec![fill; 512];
            journal.save_snapshot(&state, &key()).unwrap();
        }
    }
    journal.head()
}

/// The columns that may differ with what slots hold: sealed, hashed or signed, each of one size. All others are in the clear.
const OPAQUE: [&str; 8] = [
    "covert.hash",
    "covert.sealed",
    "head.covert_hash",
    "checkpoint.covert_hash",
    "checkpoint.signature",
    "snapshot.covert_hash",
    "snapshot.covert_state",
    "snapshot.signature",
];

/// Everything that a reader of the file sees: each table from the schema itself, sizes in place of opaque columns.
fn visible(path: &Path) -> Vec<String> {
    let raw = Connection::open(path).unwrap();
    let text = |sql: &str| -> Vec<String> {
        let mut select = raw.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut seen = text("SELECT name || coalesce(sql, '') || rootpage FROM sqlite_schema");
    seen.extend(text(
        "SELECT page_count || ' ' || freelist_count FROM pragma_page_count, pragma_freelist_count",
    ));
    for table in text("SELECT name FROM sqlite_schema WHERE type = 'table'") {
        let shown = |column: String| match OPAQUE.contains(&format!("{table}.{column}").as_str()) {
            true => format!("length({column})"),
            false => format!("quote({column})"),
        };
        let columns: Vec<String> =
            text(&format!("SELECT name FROM pragma_table_info('{table}')")).into_iter().map(shown).collect();
        let rows = text(&format!("SELECT {} FROM {table}", columns.join(" || ' ' || ")));
        seen.extend(rows.into_iter().map(|row| format!("{table} {row}")));
    }
    let file = fs::read(path).unwrap();
    // The header whole: change counter, sizes, free pages.
    seen.push(format!("{} {:?}", file.len(), &file[..100]));
    seen
}

/// How many bytes a page holds, and where content lies in it, must not depend on what slots hold: no byte outside them differs.
fn differing_bytes(one: &Path, other: &Path) -> usize {
    let (one, other) = (fs::read(one).unwrap(), fs::read(other).unwrap());
    one.iter().zip(&other).filter(|(one, other)| one != other).count()
}

#[test]
fn the_file_looks_alike_whatever_the_slots_hold() {
    let folder = tempfile::tempdir().unwrap();
    let [quiet, alarm, longer] = ["quiet.db", "alarm.db", "longer.db"].map(|name| folder.path().join(name));
    let (first, second) = (history(&quiet, 0), history(&alarm, 201));
    assert_eq!(
        (first.overt_seq, first.overt_hash, first.covert_seq),
        (second.overt_seq, second.overt_hash, second.covert_seq)
    );
    assert_ne!(
        first.covert_hash, second.covert_hash,
        "the histories do not differ: this test would prove nothing"
    );
    assert_eq!(visible(&quiet), visible(&alarm));
    // 60 slots with their hashes, two snapshots with state, hash and signature, the head's hash, and stale copies of these where SQLite moved a cell.
    let sealed = 60 * (SLOT_BYTES + 32) + 3 * (512 + 32 + 64) + 32;
    let found = differing_bytes(&quiet, &alarm);
    assert!(found > sealed / 2 && found <= sealed + 8192, "{found} bytes differ, {sealed} are sealed");
    // The control: one more covert act written out of turn is seen.
    history(&longer, 201);
    let mut journal = open(&longer).unwrap();
    journal.append(&Batch { slot: Some(slot(1)), ..Batch::default() }).unwrap();
    drop(journal);
    assert_ne!(visible(&quiet), visible(&longer));
}

#[test]
fn a_read_only_folder_can_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let mut journal = create(&path);
    world::fill(&mut journal);
    let kept = folder.path().join("kept ?#%");
    fs::create_dir(&kept).unwrap();
    journal.backup_to(&kept.join("backup.db")).unwrap();
    let mut permissions = fs::metadata(&kept).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&kept, permissions.clone()).unwrap();
    let report = verify(&kept.join("backup.db"), &with_key());
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&kept, permissions).unwrap();
    assert!(report.unwrap().is_sound());
    assert!(SqliteJournal::open_read_only(&kept.join("backup.db")).is_ok());
}
