//! Full disk, damaged files, a second writer, other people's files: each a clear error with a code, nothing half-written, never a panic. Holds G7.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use journal::sqlite::Options;
use journal::{Batch, Journal, JournalError, OutboxId, SqliteJournal, VerifyOptions, blob_hash};
use rusqlite::Connection;
use types::Hash;
use world::{create, entries, fill, item, key, one, open, record, slot, snapshot, verify, with_key};

const PAGE_BYTES: usize = 4096;

fn limited(path: &Path, max_pages: Option<u32>) -> SqliteJournal {
    SqliteJournal::open(path, Options { max_pages }).unwrap()
}

/// Appends batches that use everything until the disk is full; returns how many went in and the error.
fn fill_disk(journal: &mut SqliteJournal) -> (u64, JournalError) {
    for nth in 0..1000 {
        let body = vec![u8::try_from(nth % 251).unwrap(); 3000];
        let overt = vec![record(nth * 2, 900), record(nth * 2 + 1, 900)];
        let blobs = vec![(blob_hash(&body), body)];
        let batch =
            Batch { overt, outbox: vec![item(1, "x")], blobs, slot: Some(slot(1)), ..Batch::default() };
        if let Err(error) = journal.append(&batch) {
            return (nth, error);
        }
    }
    panic!("1000 batches fit into the limit");
}

#[test]
fn a_full_disk_leaves_nothing_half_written_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    // Every size on which the limit can fall, so that it falls on each of the tables in turn.
    for max_pages in 30..60 {
        let path = folder.path().join(format!("full-{max_pages}.db"));
        drop(create(&path));
        let mut journal = limited(&path, Some(max_pages));
        let (batches, error) = fill_disk(&mut journal);
        assert_eq!(error.code(), "journal-full", "{error}");
        let head = journal.head();
        assert_eq!((head.overt_seq, head.covert_seq), (batches * 2, batches));
        let report = journal.verify(&VerifyOptions { pages: true, ..with_key() }).unwrap();
        assert!(report.is_sound(), "{:?}", report.problems);
        assert_eq!((report.overt_entries, report.blobs.min(batches)), (batches * 2, batches));
        // Still full: still refused, in the same way (a little less may fit, because blobs that are there are not stored again).
        assert_eq!(fill_disk(&mut journal).1.code(), "journal-full");
        let head = journal.head();
        drop(journal);
        let mut journal = limited(&path, None);
        assert_eq!(journal.head(), head);
        assert_eq!(journal.append(&one(7)).unwrap().overt_seq, head.overt_seq + 1);
        assert!(journal.verify(&with_key()).unwrap().is_sound());
    }
}

#[test]
fn a_full_disk_passes_without_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.db");
    drop(create(&path));
    let mut journal = limited(&path, Some(40));
    fill_disk(&mut journal);
    let head = journal.head();
    // Space comes back inside the store: a waiting effect is done, its page is free again.
    let done = (1..=head.overt_seq).map(|seq| OutboxId { seq, part: 0 }).collect();
    journal.append(&Batch { done, ..Batch::default() }).unwrap();
    let mut small = one(1);
    small.overt[0].body.truncate(1);
    assert_eq!(journal.append(&small).unwrap().overt_seq, head.overt_seq + 1);
    assert!(journal.verify(&with_key()).unwrap().is_sound());
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused_and_the_last_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.db");
    drop(create(&path));
    let mut journal = limited(&path, Some(40));
    journal.append(&one(1)).unwrap();
    let first = snapshot(journal.head(), 1);
    journal.save_snapshot(&first, &key()).unwrap();
    journal.append(&one(2)).unwrap();
    let mut large = snapshot(journal.head(), 2);
    large.overt_state = vec![0; 1 << 20];
    assert_eq!(journal.save_snapshot(&large, &key()).unwrap_err().code(), "journal-full");
    assert_eq!(journal.latest_snapshot(&key().verifying_key()).unwrap().snapshot, Some(first));
    journal.append(&one(3)).unwrap();
}

#[test]
fn a_second_writer_is_told_who_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.db");
    let first = create(&path);
    let error = open(&path).unwrap_err();
    assert_eq!(error.code(), "journal-locked");
    let text = error.to_string();
    assert!(text.contains("one.db") && text.contains(&std::process::id().to_string()), "{text}");
    // Another name of the same file is the same journal.
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(open(&link).unwrap_err().code(), "journal-locked");
    drop(first);
    open(&link).unwrap();
}

#[test]
fn a_writer_that_got_past_the_lock_is_fenced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.db");
    let mut first = create(&path);
    first.append(&one(1)).unwrap();
    fs::remove_file(folder.path().join("one.db.lock")).unwrap();
    let mut second = open(&path).unwrap();
    second.append(&one(2)).unwrap();
    let refused = first.append(&one(3)).unwrap_err();
    assert_eq!(refused.code(), "journal-fenced");
    assert!(second.verify(&with_key()).unwrap().is_sound());
    assert_eq!(second.head().overt_seq, 2);
}

#[test]
fn reading_goes_on_beside_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.db");
    let mut writer = create(&path);
    fill(&mut writer);
    let mut reader = SqliteJournal::open_read_only(&path).unwrap();
    writer.append(&one(11)).unwrap();
    let report = reader.verify(&with_key()).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
    assert_eq!(report.head, writer.head());
    assert_eq!(reader.append(&one(1)).unwrap_err().code(), "journal-read-only");
    assert_eq!(
        reader.save_snapshot(&snapshot(writer.head(), 1), &key()).unwrap_err().code(),
        "journal-read-only"
    );
}

#[test]
fn nothing_there_and_something_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.db");
    assert_eq!(open(&path).unwrap_err().code(), "journal-missing");
    assert_eq!(SqliteJournal::open_read_only(&path).unwrap_err().code(), "journal-missing");
    assert!(!path.exists(), "opening created a journal");
    drop(create(&path));
    let again = SqliteJournal::create(&path, &world::origin(), Options::default()).unwrap_err();
    assert_eq!(again.code(), "journal-exists");
    let nowhere = folder.path().join("no/such/folder/one.db");
    assert_eq!(
        SqliteJournal::create(&nowhere, &world::origin(), Options::default()).unwrap_err().code(),
        "journal-io"
    );
}

#[test]
fn a_creation_that_was_interrupted_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.db");
    fs::write(folder.path().join("one.db.new"), b"half").unwrap();
    fs::write(folder.path().join("one.db.new-journal"), b"half").unwrap();
    assert!(verify_created(&path));
}

fn verify_created(path: &Path) -> bool {
    let mut journal = create(path);
    fill(&mut journal);
    journal.verify(&with_key()).unwrap().is_sound()
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "no database at all, only a long enough text to be looked at ".repeat(200)).unwrap();
    assert_eq!(open(&text).unwrap_err().code(), "journal-damaged");
    let empty = folder.path().join("empty");
    fs::write(&empty, b"").unwrap();
    assert_eq!(open(&empty).unwrap_err().code(), "journal-foreign");
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert_eq!(open(&other).unwrap_err().code(), "journal-foreign");
    assert_eq!(SqliteJournal::open_read_only(&other).unwrap_err().code(), "journal-foreign");
}

#[test]
fn another_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (version, refused) in [(3, false), (4, true), (0, true), (-1, true)] {
        let path = folder.path().join(format!("version{version}.db"));
        drop(create(&path));
        let raw = Connection::open(&path).unwrap();
        raw.execute("UPDATE meta SET schema = ?1", [version]).unwrap();
        drop(raw);
        for result in [open(&path), SqliteJournal::open_read_only(&path)] {
            assert_eq!(result.is_err(), refused, "{version}");
            if let Err(error) = result {
                assert_eq!(error.code(), "journal-version");
                assert!(error.to_string().contains(&format!("version {version},")), "{error}");
            }
        }
    }
}

#[test]
fn a_journal_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let mut journal = create(&path);
    let head = journal.append(&one(1)).unwrap();
    drop(journal);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("DROP TABLE wallet; DROP TABLE inbox; UPDATE meta SET schema = 1").unwrap();
    drop(raw);
    let mut journal = open(&path).unwrap();
    assert_eq!(journal.head(), head);
    assert!(journal.wallet(&Hash([1; 32])).unwrap().is_empty());
    assert!(journal.inbox().unwrap().is_none());
}

/// Overwrites part of a page of a closed journal.
fn damage(path: &Path, page: usize, offset: usize, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, (page * PAGE_BYTES + offset) as u64).unwrap();
}

/// Any damage is either an error with a code on opening, or found by verification.
fn is_found(path: &Path) -> bool {
    let options = VerifyOptions { pages: true, ..with_key() };
    match verify(path, &options) {
        Ok(report) => !report.is_sound(),
        Err(error) => {
            error.code() == "journal-damaged"
                || error.code() == "journal-foreign"
                || error.code() == "journal-version"
        }
    }
}

#[test]
fn a_damaged_page_is_found_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound.db");
    let mut journal = create(&sound);
    fill(&mut journal);
    for nth in 11..200 {
        journal.append(&one(nth)).unwrap();
    }
    drop(journal);
    let pages = usize::try_from(fs::metadata(&sound).unwrap().len()).unwrap() / PAGE_BYTES;
    assert!(pages > 20, "{pages} pages prove little");
    for page in 0..pages {
        for (offset, bytes) in
            [(0, [0xff_u8; 16].as_slice()), (0, &[0; PAGE_BYTES]), (PAGE_BYTES / 2, &[0xa5; PAGE_BYTES / 2])]
        {
            let copy = folder.path().join("damaged.db");
            fs::copy(&sound, &copy).unwrap();
            damage(&copy, page, offset, bytes);
            if fs::read(&copy).unwrap() == fs::read(&sound).unwrap() {
                continue;
            }
            // The second half of the first page may be unused; a change there harms nothing, and replay tells.
            assert!(is_found(&copy) || same_content(&copy, &sound), "page {page} at {offset}");
            // Opening for writing may or may not notice; it never panics.
            let _ = open(&copy).map(|mut journal| journal.append(&one(1)));
        }
    }
}

/// Whether the damage fell on unused bytes: everything that can be read is as it was.
fn same_content(copy: &Path, sound: &Path) -> bool {
    let read = |path: &Path| {
        let mut journal = SqliteJournal::open_read_only(path).unwrap();
        let outbox = journal.outbox(None, 1000).unwrap();
        (
            entries(&mut journal),
            outbox,
            journal.latest_snapshot(&key().verifying_key()).unwrap(),
            journal.head(),
        )
    };
    read(copy) == read(sound)
}

#[test]
fn a_file_cut_short_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.db");
    let mut journal = create(&path);
    fill(&mut journal);
    drop(journal);
    let whole = fs::metadata(&path).unwrap().len();
    for kept in [whole - 1, whole - 4096, whole / 2, 5000, 4096, 100, 1] {
        let copy = folder.path().join(format!("short-{kept}.db"));
        fs::copy(&path, &copy).unwrap();
        OpenOptions::new().write(true).open(&copy).unwrap().set_len(kept).unwrap();
        assert!(is_found(&copy), "cut to {kept} of {whole} bytes");
    }
}
