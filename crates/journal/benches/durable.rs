//! What durability costs here: one bare flush, appends in groups, an open loop at a fixed rate, replay and verification of a million
//! entries, space. Run with `cargo bench -p journal`; figures go to `docs/measurements.md`. Ratios to the bare flush travel; milliseconds do not.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and may stop on any failure"
)]

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use journal::sqlite::Options;
use journal::{
    Batch, CovertSlot, Journal, NewOutboxItem, Origin, OutboxId, OvertRecord, SLOT_BYTES, Snapshot,
    SqliteJournal, VerifyOptions,
};
use types::Timestamp;

/// Size of a typical command as the engine encodes it.
const BODY_BYTES: usize = 300;
const ENTRIES: u64 = 1_000_000;
const RATE_PER_SECOND: u64 = 20_000;
const IN_FLIGHT_MAX: usize = 500;

fn main() {
    // `cargo test --benches` starts this too: then only show that it runs.
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let scale = if measuring { 1 } else { 1000 };
    // One name after `--` runs only that part.
    let chosen =
        |part: &str| std::env::args().skip(1).all(|argument| argument.starts_with('-') || argument == part);
    if chosen("flush") {
        bare_flush(folder.path(), 2000 / scale);
    }
    if chosen("groups") {
        for group in [1, 10, 100, 500] {
            groups(folder.path(), group, 2000 / scale);
        }
    }
    if chosen("loop") {
        open_loop(folder.path(), Duration::from_millis(10_000 / scale));
    }
    if chosen("replay") {
        replay(folder.path(), ENTRIES / scale);
    }
}

fn create(path: &Path) -> SqliteJournal {
    let origin = Origin { organisation: "bench".to_owned(), created_at: Timestamp::from_millis(0) };
    SqliteJournal::create(path, &origin, Options::default()).unwrap()
}

fn record(nth: u64) -> OvertRecord {
    let body = nth.to_le_bytes().into_iter().cycle().take(BODY_BYTES).collect();
    OvertRecord { at: Timestamp::from_millis(nth.cast_signed()), body }
}

/// Every tenth command has an effect, which is done ten commands later.
fn batch(first: u64, group: u64) -> Batch {
    let outbox = (0..group)
        .filter(|nth| (first + nth).is_multiple_of(10))
        .map(|after| NewOutboxItem {
            after: usize::try_from(after).unwrap(),
            kind: "notice".to_owned(),
            body: vec![1; 100],
        })
        .collect();
    let done = (0..group)
        .filter(|nth| (first + nth).is_multiple_of(10) && first + nth > 10)
        .map(|nth| OutboxId { seq: first + nth - 10, part: 0 })
        .collect();
    Batch { overt: (first..first + group).map(record).collect(), outbox, done, ..Batch::default() }
}

fn show(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| {
        times.get((times.len() * share / 1000).min(times.len() - 1)).copied().unwrap_or_default()
    };
    println!(
        "{name:<38} p50 {:>9.3?}  p99 {:>9.3?}  p99.9 {:>9.3?}  max {:>9.3?}",
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}

/// What one flush costs: 4096 bytes written after the others, then `fsync`, as SQLite does it for its log.
fn bare_flush(folder: &Path, rounds: u64) {
    let mut file = File::create(folder.join("flush")).unwrap();
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_all().unwrap();
        times.push(start.elapsed());
    }
    show("bare flush of 4096 bytes", times);
}

fn groups(folder: &Path, group: u64, rounds: u64) {
    let mut journal = create(&folder.join(format!("group{group}.db")));
    let mut times = Vec::new();
    let begin = Instant::now();
    for nth in 0..rounds.max(1) {
        let batch = batch(nth * group + 1, group);
        let start = Instant::now();
        journal.append(&batch).unwrap();
        times.push(start.elapsed());
    }
    let rate = (rounds.max(1) * group) as f64 / begin.elapsed().as_secs_f64();
    show(&format!("append, groups of {group}"), times);
    println!("{:<38} {rate:.0} entries/s", "");
}

/// Commands arrive at a fixed rate whatever happens; each batch takes all that wait, at most as many as may be in flight.
fn open_loop(folder: &Path, length: Duration) {
    let mut journal = create(&folder.join("loop.db"));
    let (mut next, mut times, mut largest) = (0_u64, Vec::new(), 0);
    let begin = Instant::now();
    let arrival = |nth: u64| begin + Duration::from_nanos(nth * 1_000_000_000 / RATE_PER_SECOND);
    while begin.elapsed() < length {
        let arrived = (begin.elapsed().as_nanos() * u128::from(RATE_PER_SECOND) / 1_000_000_000) as u64;
        let group = (arrived - next).min(IN_FLIGHT_MAX as u64);
        if group == 0 {
            std::hint::spin_loop();
            continue;
        }
        journal.append(&batch(next + 1, group)).unwrap();
        let done = Instant::now();
        times.extend((next..next + group).map(|nth| done - arrival(nth)));
        largest = largest.max(group);
        next += group;
    }
    show(&format!("open loop at {RATE_PER_SECOND}/s, arrival to durable"), times);
    println!("{:<38} {next} commands, largest group {largest}", "");
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    println!("{name:<38} {:.3?}", start.elapsed());
    value
}

fn replay(folder: &Path, entries: u64) {
    let path = folder.join("replay.db");
    let mut journal = create(&path);
    let key = SigningKey::from_bytes(&[1; 32]);
    let mut first = 1;
    while first <= entries {
        journal.append(&batch(first, 1000.min(entries - first + 1))).unwrap();
        first += 1000;
        if first % 100_000 == 1 {
            let slot =
                CovertSlot { at: Timestamp::from_millis(first.cast_signed()), sealed: [1; SLOT_BYTES] };
            journal.append(&Batch { slot: Some(slot), ..Batch::default() }).unwrap();
        }
    }
    let head = journal.head();
    let state = Snapshot {
        overt_seq: head.overt_seq,
        overt_hash: head.overt_hash,
        covert_seq: head.covert_seq,
        covert_hash: head.covert_hash,
        overt_state: vec![5; 16 << 20],
        covert_state: vec![5; 1 << 20],
    };
    timed("snapshot of 17 MiB, save", || journal.save_snapshot(&state, &key).unwrap());
    drop(journal);
    let bytes = std::fs::metadata(&path).unwrap().len() - (17 << 20);
    println!("{:<38} {:.1} bytes an entry, body {BODY_BYTES}", "space", bytes as f64 / entries as f64);
    let mut journal = timed("open", || SqliteJournal::open(&path, Options::default()).unwrap());
    for round in ["replay with chain check", "replay with chain check, again"] {
        let mut sum = 0_u64;
        timed(&format!("{round}, {entries}"), || {
            journal
                .replay_overt(0, &mut |entry| {
                    sum = sum.wrapping_add(u64::from(entry.body.first().copied().unwrap_or_default()));
                    ControlFlow::Continue(())
                })
                .unwrap()
        });
        black_box(sum);
    }
    timed("snapshot of 17 MiB, load and check", || {
        journal.latest_snapshot(&key.verifying_key()).unwrap().snapshot.unwrap()
    });
    timed("verify, everything but pages", || {
        assert!(journal.verify(&VerifyOptions::default()).unwrap().is_sound())
    });
    timed("backup, verified with pages", || journal.backup_to(&folder.join("backup.db")).unwrap());
}
