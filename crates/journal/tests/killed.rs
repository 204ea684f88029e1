//! A writer killed with SIGKILL at any moment: every acknowledged entry is there and the chain verifies. Holds G7.
//!
//! The test starts its own program again as the writer, which prints each acknowledged sequence number, and kills it at moments spread by
//! a fixed seed. (A kill shows that nothing acknowledged is held in the process; that it is on the disk is `synchronous=FULL`'s part.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use journal::{Batch, Checkpoint, Journal, OutboxId, SqliteJournal, VerifyOptions};
use world::{create, item, key, open, record, slot, snapshot, with_key};

const WRITER: &str = "REMPART_TEST_WRITER";
const ROUNDS: u64 = 25;

/// Not a test of its own: the body of the child, which ends only by being killed.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(WRITER) else { return };
    let mut journal = open(Path::new(&path)).unwrap();
    let mut out = std::io::stdout();
    loop {
        let head = journal.append(&next_batch(&journal)).unwrap();
        writeln!(out, "ack {} {} {}", head.overt_seq, head.overt_hash, head.covert_seq).unwrap();
        out.flush().unwrap();
        if head.covert_seq.is_multiple_of(7) {
            journal.save_snapshot(&snapshot(head, 1), &key()).unwrap();
        }
    }
}

/// Groups of 1 to 40 that use everything.
fn next_batch(journal: &SqliteJournal) -> Batch {
    let head = journal.head();
    let group = head.overt_seq % 40 + 1;
    let overt = (1..=group).map(|nth| record(head.overt_seq + nth, 300)).collect();
    let checkpoint = group.is_multiple_of(5).then(|| Checkpoint::sign(&key(), head, world::at(1)));
    let done = vec![OutboxId { seq: head.overt_seq, part: 0 }];
    let slot = group.is_multiple_of(3).then(|| slot(1));
    Batch {
        overt,
        slot,
        outbox: vec![item(usize::try_from(group - 1).unwrap(), "x")],
        done,
        checkpoint,
        ..Batch::default()
    }
}

fn spawn(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["writer", "--exact", "--nocapture"])
        .env(WRITER, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the writer after some acknowledgements and some microseconds; returns the last acknowledged line in full.
fn killed_after(mut child: Child, acknowledged: u64, wait: Duration) -> Option<(u64, String)> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = None;
    let mut read = |lines: &mut dyn Iterator<Item = std::io::Result<String>>| -> bool {
        let Some(Ok(line)) = lines.next() else { return false };
        last = acknowledgement(&line).or(last.take());
        true
    };
    for _ in 0..acknowledged {
        assert!(read(&mut lines), "the writer ended by itself");
    }
    thread::sleep(wait);
    child.kill().unwrap();
    while read(&mut lines) {}
    child.wait().unwrap();
    last
}

/// The child prints the test runner's own lines too, one of them without an end of line.
fn acknowledgement(line: &str) -> Option<(u64, String)> {
    let (_, fields) = line.split_once("ack ")?;
    let mut fields = fields.split(' ');
    let (seq, hash, covert) = (fields.next()?, fields.next()?, fields.next()?);
    (hash.len() == 64 && !covert.is_empty()).then(|| (seq.parse().unwrap(), hash.to_owned()))
}

#[test]
fn every_acknowledged_entry_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("killed.db");
    drop(create(&path));
    let mut seen = 0;
    for round in 0..ROUNDS {
        // Spread without a clock or randomness: 3 to 9 acknowledgements, then 0 to 7 ms.
        let wait = Duration::from_micros(round * 2_654_435_761 % 7000);
        let (seq, hash) = killed_after(spawn(&path), 3 + round % 7, wait).expect("nothing was acknowledged");
        assert!(seq > seen, "the writer did not go on");
        seen = check(&path, seq, &hash);
    }
}

/// Reads the journal that the killed writer left, first as a reader would, then as the next server.
fn check(path: &Path, acknowledged: u64, hash: &str) -> u64 {
    let options = VerifyOptions { pages: true, ..with_key() };
    let report = SqliteJournal::open_read_only(path).unwrap().verify(&options).unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
    let mut journal = open(path).unwrap();
    assert!(journal.head().overt_seq >= acknowledged, "entry {acknowledged} was acknowledged and is lost");
    let found = world::entries(&mut journal);
    let index = usize::try_from(acknowledged - 1).unwrap();
    assert_eq!(found[index].2.to_string(), hash, "entry {acknowledged} is another one now");
    for (nth, (seq, body, _)) in (1..).zip(&found) {
        assert_eq!((*seq, body), (nth, &record(nth, 300).body));
    }
    journal.head().overt_seq
}
