//! How fast durable is: an open loop through the engine with every commit flushed, and how long a start takes (G7).
//!
//! `cargo bench -p server`. Everything is measured in one run on one disk, so that ratios mean something on any machine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends at the first thing that is wrong"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Class, DeviceKey};
use gate::{Ask, Command, Event, State};
use journal::sqlite::Options;
use journal::{Batch, Journal, OvertRecord, SqliteJournal};
use overt::Command as Overt;
use server::clock::{Clock, SimulatedClock, Stopwatch, SystemClock};
use server::engine::Engine;
use server::entropy::{Entropy, SystemEntropy};
use tokio::sync::Semaphore;
use types::{Hash, Identified, Moment, Nonce, Payload, Span, TransferId};

use world::{People, Site, open_for_work, sources, transfer};

const RATE_PER_SECOND: u32 = 20_000;
const SECONDS: u32 = 5;
const IN_FLIGHT_MAX: usize = 500;
const ENTRIES: u64 = 1_000_000;
/// Of a thousand entries of the long journal, so many are a submission, as many an approval, as many a cancellation; the rest are sign-ins.
const TRANSFERS_PER_THOUSAND: u64 = 50;

fn main() {
    // A test runner asks differently; it is answered with nothing, at once.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let fsync = bare_fsync(folder.path());
    println!("one bare fsync of 4 KiB here: median {:.2} ms, p99 {:.2} ms", ms(fsync.0), ms(fsync.1));
    open_loop(&folder.path().join("loop"), fsync);
    starts(&folder.path().join("start"));
    one_check();
}

/// Seconds of processor time of this process so far, on all threads: a busy machine stretches time, but not this.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Median and p99.
fn quantiles(mut samples: Vec<Duration>) -> (Duration, Duration) {
    samples.sort_unstable();
    (samples[samples.len() / 2], samples[samples.len() * 99 / 100])
}

fn bare_fsync(folder: &Path) -> (Duration, Duration) {
    let mut file = File::create(folder.join("fsync")).unwrap();
    let samples = (0..300).map(|_| {
        let watch = Stopwatch::start();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_all().unwrap();
        watch.elapsed()
    });
    quantiles(samples.collect())
}

fn payload(number: u64, units: u64) -> Identified {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let payload = Payload { nonce: Nonce(nonce), ..transfer(units).payload().clone() };
    payload.identify().unwrap()
}

/// Sealed beforehand, as the HTTP side does on its own threads: two sign-ins, a submission and an approval, over and over.
fn commands(people: &People, count: u32) -> Vec<Command> {
    let mut last = TransferId(Hash::default());
    let make = |number: u32| match number % 4 {
        0 | 1 => people.act("carol", Class::Free, Ask::Overt(Overt::Attend)),
        2 => {
            let payload = payload(u64::from(number), 40_000_000);
            last = payload.id();
            people.free("alice", Overt::Submit(Box::new(payload)))
        }
        _ => people.free("bob", Overt::Approve { transfer: last }),
    };
    let mut commands: Vec<Command> = (0..count).map(make).collect();
    // A sign-in is no repetition of another.
    for command in &mut commands {
        if command.ask == Ask::Overt(Overt::Attend) {
            command.idempotency = None;
        }
    }
    commands
}

fn open_loop(folder: &Path, fsync: (Duration, Duration)) {
    std::fs::create_dir(folder).unwrap();
    let site = Site::new(folder);
    let mut parts = site.parts(site.journal(Options::default()), &world::clock());
    parts.clock = Arc::new(SystemClock::new(SystemEntropy.draw()));
    let engine = Engine::start(parts).unwrap();
    open_for_work(&engine);
    let commands = commands(&People { secrets: Arc::clone(&site.secrets) }, RATE_PER_SECOND * SECONDS);
    let count = commands.len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let before = processor_seconds();
    let (latencies, refused, took) = runtime.block_on(offer(&engine, commands));
    assert_eq!(refused, 0, "{refused} commands were refused");
    let (median, p99) = quantiles(latencies);
    println!(
        "open loop: {count} commands at {RATE_PER_SECOND}/s, at most {IN_FLIGHT_MAX} in flight, every commit flushed: done in {:.2} s \
         ({:.0}/s, {:.0} µs of processor time each, offering them included)",
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64(),
        (processor_seconds() - before) * 1e6 / count as f64,
    );
    println!(
        "  median {:.2} ms = {:.1} median fsyncs, p99 {:.2} ms = {:.1} p99 fsyncs",
        ms(median),
        median.as_secs_f64() / fsync.0.as_secs_f64(),
        ms(p99),
        p99.as_secs_f64() / fsync.1.as_secs_f64(),
    );
    engine.stop_blocking().unwrap();
}

/// Each command has its instant, whether or not those before it are done; its latency counts from there.
async fn offer(engine: &Engine, commands: Vec<Command>) -> (Vec<Duration>, usize, Duration) {
    let local = tokio::task::LocalSet::new();
    let permits = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let latencies = Rc::new(RefCell::new(Vec::with_capacity(commands.len())));
    let refused = Rc::new(RefCell::new(0));
    let watch = Stopwatch::start();
    local
        .run_until(async {
            let mut running = tokio::task::JoinSet::new();
            for (number, command) in commands.into_iter().enumerate() {
                let due = Duration::from_secs(1) * u32::try_from(number).unwrap() / RATE_PER_SECOND;
                while watch.elapsed() < due {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                let permit = Arc::clone(&permits).acquire_owned().await.unwrap();
                let (engine, latencies, refused) =
                    (engine.clone(), Rc::clone(&latencies), Rc::clone(&refused));
                running.spawn_local(async move {
                    let outcome = engine.run(command).await;
                    drop(permit);
                    latencies.borrow_mut().push(watch.elapsed() - due);
                    *refused.borrow_mut() += usize::from(!matches!(outcome, Ok(Ok(_))));
                });
            }
            while running.join_next().await.is_some() {}
        })
        .await;
    let took = watch.elapsed();
    (latencies.take(), refused.take(), took)
}

fn starts(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let site = Site::new(folder);
    let clock = world::clock();
    let watch = Stopwatch::start();
    write_long_journal(&site, &clock);
    println!("{ENTRIES} entries written in {:.1} s", watch.elapsed().as_secs_f64());
    for name in ["without a snapshot", "with a snapshot"] {
        let (watch, before) = (Stopwatch::start(), processor_seconds());
        let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
        let (took, processor) = (watch.elapsed(), processor_seconds() - before);
        let transfers = engine.read(|state| state.overt().transfers().count());
        println!(
            "start {name}: {:.2} s, {processor:.2} s of processor time on three threads ({} records, {transfers} transfers)",
            took.as_secs_f64(),
            engine.health().records
        );
        let watch = Stopwatch::start();
        engine.stop_blocking().unwrap();
        println!("stop, with a snapshot written: {:.2} s", watch.elapsed().as_secs_f64());
    }
}

/// The gate itself makes the records; only the engine's queue is left out.
fn write_long_journal(site: &Site, clock: &SimulatedClock) {
    let people = People { secrets: Arc::clone(&site.secrets) };
    let mut journal = site.journal(Options::default());
    let mut state = State::default();
    let mut last = TransferId(Hash::default());
    let mut batch = Batch::default();
    let mut number = 0;
    while journal.head().overt_seq < ENTRIES {
        let (wall, steady, boot) = clock.moment_parts();
        let moment = Moment { wall, steady, boot, entropy: [0; 32] };
        let command = if gate::is_due(&state, &moment) {
            Command::system(Ask::Tick)
        } else if state.overt().policy().is_none() {
            Command::system(Ask::Overt(Overt::Found { sources: sources() }))
        } else {
            number += 1;
            long_command(&people, number - 1, &mut last)
        };
        let (events, outcome) = gate::step(&state, &command, &moment);
        outcome.unwrap();
        for event in events {
            state.apply(&event);
            let Event::Recorded(record) = event else { unreachable!() };
            batch.overt.push(OvertRecord { at: record.act.at, body: record.encode().unwrap() });
        }
        let left = ENTRIES - journal.head().overt_seq;
        if batch.overt.len() == 4096 || batch.overt.len() as u64 == left {
            append(&mut journal, &mut batch);
            clock.advance(Span::from_seconds(1));
        }
    }
}

fn append(journal: &mut SqliteJournal, batch: &mut Batch) {
    journal.append(batch).unwrap();
    *batch = Batch::default();
}

fn long_command(people: &People, number: u64, last: &mut TransferId) -> Command {
    let place = number % 1000;
    if place < 3 * TRANSFERS_PER_THOUSAND {
        match place % 3 {
            0 => {
                let payload = payload(number, 40_000_000);
                *last = payload.id();
                return people.free("alice", Overt::Submit(Box::new(payload)));
            }
            1 => return people.free("bob", Overt::Approve { transfer: *last }),
            _ => return people.free("alice", Overt::Cancel { transfer: *last }),
        }
    }
    let mut command = people.act("carol", Class::Free, Ask::Overt(Overt::Attend));
    command.idempotency = None;
    command
}

fn one_check() {
    let key = DeviceKey::from_entropy(SystemEntropy.draw());
    let challenge = Hash(SystemEntropy.draw());
    let (public, signature) = (key.public(), key.sign(&challenge));
    let rounds = 2_000;
    let watch = Stopwatch::start();
    for _ in 0..rounds {
        public.verify(&challenge, &signature).unwrap();
    }
    println!(
        "one check of a device signature (Ed25519), beside: {:.1} µs",
        watch.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    );
}
