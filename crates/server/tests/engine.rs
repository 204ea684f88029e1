//! The engine on real storage: what is acknowledged is durable, what is not durable is not seen, covert things happen at the tick (G3, G6, G7, G8).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use credentials::Class;
use gate::{Ask, Command};
use journal::sqlite::Options;
use journal::{
    Batch, CovertEntry, Head, Journal, JournalError, LatestSnapshot, Origin, OutboxId, OutboxItem,
    OvertEntry, SLOT_BYTES, Snapshot, SqliteJournal, VerifyOptions, VerifyReport,
};
use overt::{Command as Overt, Scope, Status};
use server::clock::SimulatedClock;
use server::engine::{Engine, EngineError, ORDINARY_QUEUE_MAX, SLOT_PERIOD};
use types::{Hash, Span, TransferId};

use world::{
    Bell, PAYMENT, People, QUICK_HOLD, SLOW_HOLD, Site, attach, clock, open_for_work, pass, pass_slot,
    sources, state_hash, transfer, wait_until, word,
};

fn site() -> (tempfile::TempDir, Site, People) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(folder.path());
    let people = People { secrets: Arc::clone(&site.secrets) };
    (folder, site, people)
}

fn submit(engine: &Engine, people: &People, units: u64) -> TransferId {
    let payload = transfer(units);
    let id = payload.id();
    engine.run_blocking(people.free("alice", Overt::Submit(Box::new(payload)))).unwrap().unwrap();
    engine.run_blocking(people.free("bob", Overt::Approve { transfer: id })).unwrap().unwrap();
    id
}

#[test]
fn a_transfer_is_signed_broadcast_and_confirmed_once() {
    let (_folder, site, people) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    open_for_work(&engine);
    let id = submit(&engine, &people, PAYMENT);
    attach(&engine, &people, id, PAYMENT, "alice");
    pass(&engine, &clock, QUICK_HOLD);
    assert_eq!(word(&engine, id), "ready", "released, and a signature is missing");
    attach(&engine, &people, id, PAYMENT, "carol");
    wait_until("signed", || word(&engine, id) == "signed");
    let hash = engine.read(|state| match state.overt().transfer(id).unwrap().status {
        Status::Signed { txid } => txid,
        _ => Hash::default(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let signed = runtime.block_on(engine.signed_transaction(id)).unwrap().unwrap();
    let signed: vault::bitcoin::Transaction =
        vault::bitcoin::consensus::encode::deserialize(&signed).unwrap();
    assert_eq!(Hash(*AsRef::<[u8; 32]>::as_ref(&signed.compute_txid())), hash);
    let confirmed = Ask::Overt(Overt::NoteConfirmed { transfer: id, txid: hash });
    engine.run_blocking(world::feed(confirmed)).unwrap().unwrap();
    assert_eq!(word(&engine, id), "confirmed");
    assert_eq!(engine.health().outgoing, 0, "nothing is left to be done");
    assert_eq!(engine.book(|book| book.holdings(&world::treasury()).unwrap().coins().count()), 1);
    engine.stop_blocking().unwrap();
}

#[test]
fn a_restart_gives_the_same_state_with_and_without_a_snapshot() {
    let (_folder, site, people) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    open_for_work(&engine);
    let id = submit(&engine, &people, PAYMENT);
    attach(&engine, &people, id, PAYMENT, "alice");
    // A sign that came in a slot, then one that came in a record: read back in another order, the incidents would change places.
    let object = people.act("bob", Class::Duress, Ask::Covert(covert::Command::Object { transfer: id }));
    let objecting = std::thread::spawn({
        let engine = engine.clone();
        move || engine.run_blocking(object)
    });
    wait_until("the objection is noted", || {
        pass_slot(&engine, &clock);
        objecting.is_finished()
    });
    assert!(objecting.join().unwrap().unwrap().is_ok());
    engine.run_blocking(people.act("carol", Class::Duress, Ask::Overt(Overt::Attend))).unwrap().unwrap();
    for _ in 0..3 {
        pass_slot(&engine, &clock);
    }
    let before = engine.read(gate::State::clone);
    assert_eq!(before.covert().signals().count(), 2);
    let report = engine.stop_blocking().unwrap();
    assert!(report.snapshot);
    let expected = std::fs::read_to_string(site.folder.join("checkpoint.txt")).unwrap();
    assert_eq!(expected.parse::<journal::Checkpoint>().unwrap(), report.checkpoint.unwrap());
    drop(engine);
    // With the same run of the clock no record is added, so that hashes can be compared.
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    assert_eq!(state_hash(&engine), before.hash().unwrap());
    assert_eq!(engine.book(|book| book.holdings(&world::treasury()).unwrap().coins().count()), 2);
    engine.stop_blocking().unwrap();
    drop(engine);
    let without = NoSnapshot { inner: site.journal(Options::default()) };
    let engine = Engine::start(site.parts(without, &clock)).unwrap();
    assert_eq!(state_hash(&engine), before.hash().unwrap());
}

#[test]
fn the_same_history_has_the_same_size_whatever_happens_on_the_covert_side() {
    let run = |class: Class, object: bool| {
        let (_folder, site, people) = site();
        let clock = Arc::new(SimulatedClock::new(world::start_time(), [5; 32]));
        let (bell, messages) = Bell::new("bell", 0);
        let mut parts = site.parts(site.journal(Options::default()), &clock);
        parts.channels.push(Box::new(bell));
        let engine = Engine::start(parts).unwrap();
        open_for_work(&engine);
        let id = submit(&engine, &people, 2 * PAYMENT);
        engine.run_blocking(people.act("carol", class, Ask::Overt(Overt::Attend))).unwrap().unwrap();
        let objecting = object.then(|| {
            let ask = Ask::Covert(covert::Command::Object { transfer: id });
            let (command, engine) = (people.act("carol", Class::Free, ask), engine.clone());
            std::thread::spawn(move || engine.run_blocking(command))
        });
        if class == Class::Duress {
            wait_until("delivered", || messages.lock().unwrap().len() == 1);
        }
        // Real time passes so that the objection and the delivery are waiting; nothing may be written for them.
        std::thread::sleep(std::time::Duration::from_millis(100));
        let idle = engine.health().records;
        for _ in 0..4 {
            pass_slot(&engine, &clock);
        }
        if let Some(objecting) = objecting {
            assert!(objecting.join().unwrap().unwrap().is_ok());
        }
        assert_eq!(engine.health().records, idle, "slots are not seen on the overt side");
        let undelivered = engine.read(|state| {
            let bell = types::ChannelId::parse("bell").unwrap();
            state.covert().undelivered(&bell).count()
        });
        assert_eq!(undelivered, 0);
        let overt = engine.read(|state| postcard::to_stdvec(state.overt()).unwrap());
        pass(&engine, &clock, SLOW_HOLD);
        let word = word(&engine, id);
        engine.stop_blocking().unwrap();
        drop(engine);
        let report = site.journal(Options::default()).verify(&VerifyOptions::default()).unwrap();
        assert!(report.is_sound());
        let size = std::fs::metadata(site.path()).unwrap().len();
        (overt, report.overt_entries, report.covert_slots, size, word)
    };
    let free = run(Class::Free, false);
    assert_eq!(free.4, "ready");
    for (class, object) in [(Class::Free, true), (Class::Duress, false), (Class::Duress, true)] {
        let other = run(class, object);
        assert!(other.0 == free.0, "the overt state differs");
        assert_eq!((other.1, other.2, other.3), (free.1, free.2, free.3));
        assert_eq!(other.4, "declined");
    }
}

#[test]
fn slots_are_written_at_every_tick_and_at_no_other_time() {
    let (_folder, site, _) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    open_for_work(&engine);
    let slots = || {
        let mut journal = SqliteJournal::open_read_only(&site.path()).unwrap();
        let mut times = Vec::new();
        let mut each = |entry: CovertEntry<'_>| {
            times.push(entry.at);
            ControlFlow::Continue(())
        };
        journal.replay_covert(0, &mut each).unwrap();
        times
    };
    engine.tick();
    assert!(slots().is_empty(), "a start writes no slot");
    for _ in 0..3 {
        pass_slot(&engine, &clock);
        engine.tick();
    }
    pass(&engine, &clock, Span::from_seconds(1));
    let times = slots();
    assert_eq!(times.len(), 3);
    assert!(times.iter().all(|at| at.as_nanos() % SLOT_PERIOD.nanos() == 0));
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn alarms_survive_a_failing_channel_and_are_not_repeated_after_an_end() {
    let (_folder, site, people) = site();
    let clock = clock();
    let (one, first) = Bell::new("one", 0);
    let (two, second) = Bell::new("two", 1);
    let mut parts = site.parts(site.journal(Options::default()), &clock);
    parts.channels = vec![Box::new(one), Box::new(two)];
    let engine = Engine::start(parts).unwrap();
    assert!(engine.health().channels_suffice);
    open_for_work(&engine);
    let signal = people.act("alice", Class::Duress, Ask::Overt(Overt::Attend));
    engine.run_blocking(signal).unwrap().unwrap();
    wait_until("the first channel", || first.lock().unwrap().len() == 1);
    wait_until("its failure is known", || engine.failing_channels().len() == 1);
    wait_until("the second channel, at its second attempt", || second.lock().unwrap().len() == 1);
    assert!(engine.failing_channels().is_empty());
    let message = first.lock().unwrap()[0].clone();
    assert_eq!((message.who.as_str(), message.code.len()), ("alice", 6));
    let called: Vec<&str> = message.call.iter().map(types::PersonId::as_str).collect();
    assert_eq!(called, ["dora", "emil"]);
    // Every handle is gone: the engine ends by itself, and its last slot says what was delivered.
    drop(engine);
    let (one, again) = Bell::new("one", 0);
    let mut parts = site.parts(reopen(&site), &clock);
    parts.channels = vec![Box::new(one)];
    let engine = Engine::start(parts).unwrap();
    let one = types::ChannelId::parse("one").unwrap();
    assert_eq!(engine.read(|state| state.covert().undelivered(&one).count()), 0);
    let other = people.act("bob", Class::Duress, Ask::Overt(Overt::Attend));
    engine.run_blocking(other).unwrap().unwrap();
    wait_until("a new signal", || !again.lock().unwrap().is_empty());
    let again = again.lock().unwrap();
    assert_eq!((again.len(), again[0].who.as_str()), (1, "bob"));
    assert_ne!(again[0].id, message.id);
}

/// The threads of an engine that was dropped end by themselves, a moment later.
fn reopen(site: &Site) -> SqliteJournal {
    for _ in 0..2_000 {
        match SqliteJournal::open(&site.path(), Options::default()) {
            Ok(journal) => return journal,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    }
    panic!("the journal stays locked");
}

#[test]
fn a_second_engine_on_the_same_file_is_refused() {
    let (_folder, site, _) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    let second = SqliteJournal::open(&site.path(), Options::default()).unwrap_err();
    assert_eq!(second.code(), "journal-locked");
    engine.stop_blocking().unwrap();
    drop(engine);
    SqliteJournal::open(&site.path(), Options::default()).unwrap();
}

#[test]
fn the_wrong_secrets_do_not_start() {
    let (_folder, site, people) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    open_for_work(&engine);
    engine.run_blocking(people.free("alice", Overt::Attend)).unwrap().unwrap();
    engine.stop_blocking().unwrap();
    drop(engine);
    let other = server::keys::Secrets::in_memory(&server::entropy::SeededEntropy::new([8; 32]));
    let wrong = Site { folder: site.folder.clone(), secrets: Arc::new(other) };
    let error = Engine::start(wrong.parts(wrong.journal(Options::default()), &clock)).err().unwrap();
    assert!(matches!(error.code(), "start-slot" | "start-record"), "{error}");
}

#[test]
fn a_full_disk_refuses_and_recovers_with_nothing_half_done() {
    let (_folder, site, people) = site();
    let clock = clock();
    let full = Arc::new(AtomicBool::new(false));
    let journal = Faulty { inner: site.journal(Options::default()), full: Arc::clone(&full) };
    let engine = Engine::start(site.parts(journal, &clock)).unwrap();
    open_for_work(&engine);
    let before = state_hash(&engine);
    full.store(true, Ordering::SeqCst);
    let payload = transfer(PAYMENT);
    let command = people.free("alice", Overt::Submit(Box::new(payload.clone())));
    let refused = engine.run_blocking(command.clone()).unwrap_err();
    assert_eq!(refused, EngineError::Unavailable("journal-full"));
    assert_eq!(state_hash(&engine), before, "readers see nothing of it");
    assert_eq!(engine.health().trouble, Some("journal-full"));
    full.store(false, Ordering::SeqCst);
    engine.run_blocking(command).unwrap().unwrap();
    assert!(engine.health().serving);
    assert_eq!(word(&engine, payload.id()), "pending");
    engine.stop_blocking().unwrap();
    drop(engine);
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    assert_eq!(word(&engine, payload.id()), "pending");
}

#[test]
fn a_failed_disk_ends_the_engine_and_a_restart_reads_back_what_is_there() {
    let (_folder, site, people) = site();
    let clock = clock();
    let failed = Arc::new(AtomicBool::new(false));
    let journal = Failing { inner: site.journal(Options::default()), failed: Arc::clone(&failed) };
    let engine = Engine::start(site.parts(journal, &clock)).unwrap();
    open_for_work(&engine);
    failed.store(true, Ordering::SeqCst);
    let payload = transfer(PAYMENT);
    let command = people.free("alice", Overt::Submit(Box::new(payload.clone())));
    let unavailable = EngineError::Unavailable("journal-io");
    assert_eq!(engine.run_blocking(command.clone()).unwrap_err(), unavailable);
    assert_eq!(word(&engine, payload.id()), "none");
    failed.store(false, Ordering::SeqCst);
    assert_eq!(engine.run_blocking(command.clone()).unwrap_err(), unavailable, "it does not go on by itself");
    assert_eq!(engine.health().trouble, Some("journal-io"));
    assert_eq!(engine.stop_blocking().unwrap_err(), unavailable);
    drop(engine);
    // The batch had reached the disk after all; the same request again is a repetition.
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    assert_eq!(word(&engine, payload.id()), "pending");
    let again = engine.run_blocking(command).unwrap().unwrap();
    assert_eq!(again, overt::Reply::Transfer(payload.id()));
}

#[test]
fn a_quota_of_pages_is_a_full_disk() {
    let (_folder, site, people) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    open_for_work(&engine);
    engine.stop_blocking().unwrap();
    drop(engine);
    let pages = u32::try_from(std::fs::metadata(site.path()).unwrap().len() / 4096).unwrap();
    let limited = site.journal(Options { max_pages: Some(pages + 30) });
    let engine = Engine::start(site.parts(limited, &clock)).unwrap();
    let mut acknowledged = 0;
    let refused = loop {
        match engine.run_blocking(people.free("alice", Overt::Attend)) {
            Ok(outcome) => {
                outcome.unwrap();
                acknowledged += 1;
            }
            Err(error) => break error,
        }
        assert!(acknowledged < 10_000);
    };
    assert_eq!(refused, EngineError::Unavailable("journal-full"));
    let records = engine.health().records;
    drop(engine);
    let engine = Engine::start(site.parts(reopen(&site), &clock)).unwrap();
    assert_eq!(engine.health().records, records, "every acknowledged sign-in is there, and no other");
    engine.run_blocking(people.free("alice", Overt::Attend)).unwrap().unwrap();
}

#[test]
fn a_clock_that_jumps_stops_the_organisation_and_releases_nothing() {
    for hours in [72, -72] {
        let (_folder, site, people) = site();
        let clock = clock();
        let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
        open_for_work(&engine);
        let id = submit(&engine, &people, PAYMENT);
        let start = world::start_time();
        let jumped = match u64::try_from(hours) {
            Ok(hours) => start.after(Span::from_hours(hours)),
            Err(_) => start.before(Span::from_hours(72)),
        };
        let now = engine.now();
        clock.set_wall(jumped);
        engine.tick();
        assert_eq!(engine.now(), now, "the gate's time did not move");
        let stopped = engine.read(|state| {
            state.overt().stops().filter(|(_, stop)| stop.scope == Scope::Organisation).count()
        });
        assert_eq!((stopped, word(&engine, id)), (1, "pending"));
        pass(&engine, &clock, QUICK_HOLD);
        assert_eq!(word(&engine, id), "declined");
    }
}

#[test]
fn a_flood_is_refused_at_once_and_a_stop_still_goes_through() {
    let (_folder, site, people) = site();
    let clock = clock();
    let (gate_sender, gate) = mpsc::channel();
    let closed = Arc::new(AtomicBool::new(false));
    let journal = Slow { inner: site.journal(Options::default()), closed: Arc::clone(&closed), gate };
    let engine = Engine::start(site.parts(journal, &clock)).unwrap();
    open_for_work(&engine);
    closed.store(true, Ordering::SeqCst);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let spawn = |command: Command| {
        let engine = engine.clone();
        runtime.spawn(async move { engine.run(command).await })
    };
    let flood: Vec<_> =
        (0..ORDINARY_QUEUE_MAX + 2000).map(|_| spawn(people.free("alice", Overt::Attend))).collect();
    wait_until("the lane is full", || flood.iter().any(tokio::task::JoinHandle::is_finished));
    let stop = Overt::Stop { scope: Scope::Organisation, reason: "flood".into() };
    let stop = spawn(people.free("bob", stop));
    std::thread::sleep(std::time::Duration::from_millis(50));
    closed.store(false, Ordering::SeqCst);
    gate_sender.send(()).unwrap();
    assert!(runtime.block_on(stop).unwrap().unwrap().is_ok());
    let outcomes: Vec<_> = flood.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(EngineError::Overloaded)).count();
    assert!(refused > 0 && refused < 2001, "{refused}");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Ok(_)) | Err(EngineError::Overloaded))));
}

#[test]
fn checkpoints_and_snapshots_are_made_while_it_runs() {
    let (_folder, site, people) = site();
    let clock = clock();
    let mut parts = site.parts(site.journal(Options::default()), &clock);
    (parts.settings.snapshot_every, parts.settings.checkpoint_every) = (5, 3);
    let engine = Engine::start(parts).unwrap();
    open_for_work(&engine);
    for _ in 0..5 {
        engine.run_blocking(people.free("alice", Overt::Attend)).unwrap().unwrap();
    }
    engine.tick();
    let exported = std::fs::read_to_string(site.folder.join("checkpoint.txt")).unwrap();
    let exported: journal::Checkpoint = exported.parse().unwrap();
    let public = site.secrets.checkpoint().verifying_key();
    exported.verify(&public).unwrap();
    assert!(exported.head.overt_seq >= 3);
    wait_until("a snapshot in a quiet moment", || {
        let mut reader = SqliteJournal::open_read_only(&site.path()).unwrap();
        let snapshot = reader.latest_snapshot(&public).unwrap().snapshot;
        snapshot.is_some_and(|snapshot| snapshot.overt_seq >= 5)
    });
}

#[test]
fn after_a_stop_nothing_is_taken() {
    let (_folder, site, people) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    open_for_work(&engine);
    let first = engine.stop_blocking().unwrap();
    assert_eq!(engine.stop_blocking().unwrap(), first);
    let refused = engine.run_blocking(people.free("alice", Overt::Attend)).unwrap_err();
    assert_eq!(refused, EngineError::Stopping);
    engine.tick();
}

#[test]
fn a_content_that_is_not_what_it_is_called_is_refused() {
    let (_folder, site, _) = site();
    let clock = clock();
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    let found = Command::system(Ask::Overt(Overt::Found { sources: sources() }));
    let request = server::engine::Request::new(found, vec![(Hash([1; 32]), vec![1])]);
    assert_eq!(engine.run_blocking(request).unwrap_err(), EngineError::Unavailable("blob-malformed"));
    assert!(engine.read(|state| state.overt().policy().is_none()));
}

/// Passes everything on but what a test takes over.
macro_rules! pass_on {
    () => {
        fn origin(&self) -> &Origin {
            self.inner.origin()
        }
        fn head(&self) -> Head {
            self.inner.head()
        }
        fn replay_overt(
            &mut self,
            after: u64,
            each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
        ) -> Result<u64, JournalError> {
            self.inner.replay_overt(after, each)
        }
        fn replay_covert(
            &mut self,
            after: u64,
            each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
        ) -> Result<u64, JournalError> {
            self.inner.replay_covert(after, each)
        }
        fn outbox(&mut self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxItem>, JournalError> {
            self.inner.outbox(after, limit)
        }
        fn blob(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, JournalError> {
            self.inner.blob(hash)
        }
        fn inbox(&mut self) -> Result<Option<[u8; SLOT_BYTES]>, JournalError> {
            self.inner.inbox()
        }
        fn wallet(&mut self, wallet: &Hash) -> Result<Vec<Vec<u8>>, JournalError> {
            self.inner.wallet(wallet)
        }
        fn save_snapshot(
            &mut self,
            snapshot: &Snapshot,
            key: &ed25519_dalek::SigningKey,
        ) -> Result<(), JournalError> {
            self.inner.save_snapshot(snapshot, key)
        }
        fn verify(&mut self, options: &VerifyOptions) -> Result<VerifyReport, JournalError> {
            self.inner.verify(options)
        }
        fn backup_to(&mut self, path: &Path) -> Result<VerifyReport, JournalError> {
            self.inner.backup_to(path)
        }
    };
}

struct Faulty {
    inner: SqliteJournal,
    full: Arc<AtomicBool>,
}

impl Journal for Faulty {
    pass_on!();

    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        if self.full.load(Ordering::SeqCst) && !batch.is_empty() {
            return Err(JournalError::Full("no space left".into()));
        }
        self.inner.append(batch)
    }

    fn latest_snapshot(&mut self, key: &ed25519_dalek::VerifyingKey) -> Result<LatestSnapshot, JournalError> {
        self.inner.latest_snapshot(key)
    }
}

/// Says that the disk failed, after writing.
struct Failing {
    inner: SqliteJournal,
    failed: Arc<AtomicBool>,
}

impl Journal for Failing {
    pass_on!();

    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        let written = self.inner.append(batch);
        if self.failed.load(Ordering::SeqCst) && !batch.is_empty() {
            return Err(JournalError::Io("the flush failed".into()));
        }
        written
    }

    fn latest_snapshot(&mut self, key: &ed25519_dalek::VerifyingKey) -> Result<LatestSnapshot, JournalError> {
        self.inner.latest_snapshot(key)
    }
}

/// Waits before each commit, as long as it is closed.
struct Slow {
    inner: SqliteJournal,
    closed: Arc<AtomicBool>,
    gate: mpsc::Receiver<()>,
}

impl Journal for Slow {
    pass_on!();

    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        if self.closed.load(Ordering::SeqCst) {
            let _opened = self.gate.recv();
        }
        self.inner.append(batch)
    }

    fn latest_snapshot(&mut self, key: &ed25519_dalek::VerifyingKey) -> Result<LatestSnapshot, JournalError> {
        self.inner.latest_snapshot(key)
    }
}

/// A journal whose snapshots are lost.
struct NoSnapshot {
    inner: SqliteJournal,
}

impl Journal for NoSnapshot {
    pass_on!();

    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        self.inner.append(batch)
    }

    fn latest_snapshot(
        &mut self,
        _key: &ed25519_dalek::VerifyingKey,
    ) -> Result<LatestSnapshot, JournalError> {
        Ok(LatestSnapshot::default())
    }
}
