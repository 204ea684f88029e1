//! Backup and restore: the same journal, hash for hash; nothing is overwritten and nothing unsound is handed on. Holds G7.
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
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use journal::sqlite::restore;
use journal::{Checkpoint, Journal, SqliteJournal, VerifyOptions, blob_hash};
use rusqlite::Connection;
use world::{at, create, entries, fill, key, one, open, verify, with_key};

fn filled(path: &Path) -> SqliteJournal {
    let mut journal = create(path);
    fill(&mut journal);
    journal
}

#[test]
fn a_restore_is_the_same_hash_for_hash() {
    let folder = tempfile::tempdir().unwrap();
    let [path, backup, restored] =
        ["live.db", "backup.db", "restored.db"].map(|name| folder.path().join(name));
    let mut journal = filled(&path);
    let report = journal.backup_to(&backup).unwrap();
    assert!(report.is_sound());
    assert_eq!(report.head, journal.head());
    restore(&backup, &restored, &with_key()).unwrap();
    let mut again = open(&restored).unwrap();
    assert_eq!(again.head(), journal.head());
    assert_eq!(again.origin(), journal.origin());
    assert_eq!(entries(&mut again), entries(&mut journal));
    assert_eq!(again.outbox(None, 100).unwrap(), journal.outbox(None, 100).unwrap());
    assert_eq!(again.blob(&blob_hash(&[1; 300])).unwrap(), Some(vec![1; 300]));
    let snapshot = again.latest_snapshot(&key().verifying_key()).unwrap();
    assert_eq!(snapshot, journal.latest_snapshot(&key().verifying_key()).unwrap());
    assert_eq!(again.verify(&with_key()).unwrap(), journal.verify(&with_key()).unwrap());
    assert_eq!(again.append(&one(50)).unwrap(), journal.append(&one(50)).unwrap());
}

#[test]
fn a_backup_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = filled(&folder.path().join("live.db"));
    let kept = folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    journal.backup_to(&kept.join("backup.db")).unwrap();
    let names: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["backup.db"]);
    assert!(verify(&kept.join("backup.db"), &with_key()).unwrap().is_sound());
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = filled(&folder.path().join("live.db"));
    let there = folder.path().join("there.db");
    fs::write(&there, "precious").unwrap();
    assert_eq!(journal.backup_to(&there).unwrap_err().code(), "journal-exists");
    let backup = folder.path().join("backup.db");
    journal.backup_to(&backup).unwrap();
    assert_eq!(restore(&backup, &there, &with_key()).unwrap_err().code(), "journal-exists");
    assert_eq!(fs::read_to_string(&there).unwrap(), "precious");
    let dangling = folder.path().join("dangling.db");
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).unwrap();
    assert_eq!(journal.backup_to(&dangling).unwrap_err().code(), "journal-exists");
}

#[test]
fn a_log_left_over_from_another_journal_is_not_replayed_into_a_restored_one() {
    let folder = tempfile::tempdir().unwrap();
    let [path, backup, target] = ["live.db", "backup.db", "target.db"].map(|name| folder.path().join(name));
    let mut journal = filled(&path);
    journal.backup_to(&backup).unwrap();
    journal.append(&one(11)).unwrap();
    // The operator deletes the damaged database and forgets its log.
    let left = folder.path().join("target.db-wal");
    fs::copy(folder.path().join("live.db-wal"), &left).unwrap();
    let error = restore(&backup, &target, &with_key()).unwrap_err();
    assert_eq!(error.code(), "journal-exists");
    assert!(error.to_string().contains("target.db-wal"), "{error}");
    fs::remove_file(left).unwrap();
    restore(&backup, &target, &with_key()).unwrap();
}

#[test]
fn only_the_owner_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let mut journal = filled(&path);
    journal.backup_to(&folder.path().join("backup.db")).unwrap();
    for name in ["live.db", "live.db-wal", "live.db-shm", "backup.db"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(folder.path().join(name)).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_unsound_journal_is_not_handed_on() {
    let folder = tempfile::tempdir().unwrap();
    let [path, backup, target] = ["live.db", "backup.db", "target.db"].map(|name| folder.path().join(name));
    filled(&path).backup_to(&backup).unwrap();
    for file in [&path, &backup] {
        let raw = Connection::open(file).unwrap();
        raw.execute("UPDATE overt SET body = x'00' WHERE seq = 3", []).unwrap();
    }
    let error = restore(&backup, &target, &with_key()).unwrap_err();
    assert_eq!(error.code(), "journal-copy-unsound");
    assert!(error.to_string().contains("overt entry 3"), "{error}");
    assert_eq!(open(&path).unwrap().backup_to(&target).unwrap_err().code(), "journal-copy-unsound");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().starts_with("target.db")),
        "left behind: {left:?}"
    );
}

#[test]
fn an_old_backup_is_told_from_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let [path, backup, target] = ["live.db", "backup.db", "target.db"].map(|name| folder.path().join(name));
    let mut journal = filled(&path);
    journal.backup_to(&backup).unwrap();
    let head = journal.append(&one(99)).unwrap();
    let expected = Some(Checkpoint::sign(&key(), head, at(1)));
    let options = VerifyOptions { expected, ..with_key() };
    assert_eq!(restore(&backup, &target, &options).unwrap_err().code(), "journal-copy-unsound");
    restore(&backup, &target, &with_key()).unwrap();
}

#[test]
fn a_backup_beside_a_writer_is_of_one_instant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let mut writer = filled(&path);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut nth = 100;
            while !stop.load(Ordering::Relaxed) {
                writer.append(&one(nth)).unwrap();
                nth += 1;
            }
        });
        for nth in 0..5 {
            let mut reader = SqliteJournal::open_read_only(&path).unwrap();
            let report = reader.backup_to(&folder.path().join(format!("backup{nth}.db"))).unwrap();
            assert!(report.is_sound(), "{:?}", report.problems);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(writer.verify(&with_key()).unwrap().is_sound());
}
