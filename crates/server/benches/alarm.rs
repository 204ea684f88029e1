//! From a signal to two channels that have taken it, over real HTTP on loopback: with nothing else to do, and while the lane of sign-ins is
//! full; and how long ten thousand alarms at once take. `cargo bench -p server --bench alarm`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends at the first thing that is wrong"
)]

#[path = "../tests/crowd/mod.rs"]
mod crowd;
#[path = "../tests/receiver/mod.rs"]
mod receiver;
#[path = "../tests/stage/mod.rs"]
mod stage;
#[path = "../tests/world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use credentials::{Class, Cost, Language, Phrase, Verifier};
use gate::Ask;
use overt::Command as Overt;
use receiver::Receiver;
use serde_json::json;
use server::alarm_links::{Epochs, link_path};
use server::clock::Stopwatch;
use server::config::Config;
use server::entropy::{Entropy, SystemEntropy};
use stage::Stage;
use types::{Hash, ProtectedId, hash_parts};
use world::People;

/// Presses of which each is another person's.
const PRESSES: usize = 300;
/// People who sign in without pause.
const FLOOD: usize = 100;
/// Alarms at once: as many people as a policy may have, nearly, each so often.
const AT_ONCE: usize = 10_000;
const PEOPLE: usize = 1_000;
const CHANNELS: [&str; 2] = ["one", "two"];
/// How long anything may take before it counts as lost.
const LONGEST: Duration = Duration::from_secs(300);

fn main() {
    // A test runner asks differently; it is answered with nothing, at once.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    presses(false);
    presses(true);
    at_once();
}

/// People with homes of their own, each with a protected person.
fn register(people: usize, protected: bool) -> String {
    let mut text = String::new();
    for nth in 0..people {
        let name = crowd::name(nth);
        text += &format!(
            "[[place]]\nid = \"home-{name}\"\nkind = \"home\"\n\
             [[person]]\nid = \"{name}\"\ngroups = [\"finance\"]\nplaces = [\"home-{name}\"]\nkeys = []\n"
        );
        if protected {
            text += &format!("[[protected]]\nid = \"of-{name}\"\nof = [\"{name}\"]\n");
        }
    }
    text
}

fn open(people: usize, protected: bool, receivers: &[Receiver; 2]) -> Stage {
    let mut sources = world::sources();
    sources[1].text += &register(people, protected);
    Stage::on(
        |_| Cost::PRODUCTION,
        sources,
        |parts, folder| {
            let mut text = String::new();
            for (receiver, id) in receivers.iter().zip(CHANNELS) {
                std::fs::write(folder.join(format!("{id}.secret")), "ab".repeat(32)).unwrap();
                text += &receiver.config(id);
            }
            let config = Config::parse(std::path::Path::new("rempart.toml"), &text).unwrap();
            parts.channels = config.open_channels(folder, &Arc::default()).unwrap();
        },
    )
}

/// When both have heard of so many signs of each of so many incidents: the time of the later of the two, by incident.
fn heard(receivers: &[Receiver; 2], count: usize, signs: u64) -> BTreeMap<String, Duration> {
    let watch = Stopwatch::start();
    loop {
        let firsts = receivers.each_ref().map(|receiver| {
            let mut first: BTreeMap<String, Duration> = BTreeMap::new();
            let enough =
                |came: &&receiver::Came| came.is_alarm() && came.body["signals"].as_u64() >= Some(signs);
            for came in receiver.came().iter().filter(enough) {
                first.entry(came.text("incident").to_owned()).or_insert(came.at);
            }
            first
        });
        let both: BTreeMap<String, Duration> = firsts[0]
            .iter()
            .filter_map(|(name, at)| Some((name.clone(), (*at).max(*firsts[1].get(name)?))))
            .collect();
        if both.len() == count {
            return both;
        }
        assert!(watch.elapsed() < LONGEST, "lost: {} of {count} came over both", both.len());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A relative presses the button on the alarm page; from the press to the second channel.
fn presses(flooded: bool) {
    let watch = Stopwatch::start();
    let receivers = [Receiver::start(watch), Receiver::start(watch)];
    let stage = open(PRESSES, true, &receivers);
    for nth in 0..FLOOD {
        let name = crowd::name(nth);
        let salt = hash_parts("salt", &[name.as_bytes()]).0[..16].try_into().unwrap();
        let phrase = Phrase::draw(Language::English, &hash_parts("test-phrase", &[name.as_bytes()]).0);
        let verifier =
            Verifier::make(&phrase, stage.engine.secrets().pepper(), salt, Cost::PRODUCTION).unwrap();
        stage::enrol(&stage.engine, &name, Some(verifier));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (over, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flood: Vec<_> = (0..if flooded { 2 * FLOOD } else { 0 })
        .map(|nth| runtime.spawn(flood(stage.address, nth, Arc::clone(&over), Arc::clone(&taken))))
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    let own = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut pressed = Vec::new();
    for nth in 0..PRESSES {
        let protected = ProtectedId::parse(&format!("of-{}", crowd::name(nth))).unwrap();
        let link = link_path(stage.engine.secrets().alarm(), &Epochs::default(), &protected);
        // Against the pace of the scheduler at every phase, and room in the inbox before the next slot.
        if nth % 4 == 0 {
            stage.pass(server::engine::SLOT_PERIOD);
        }
        let at = watch.elapsed();
        let (raw, took) = own.block_on(crowd::press(stage.address, nth, &link));
        assert_eq!(raw.status(), 200, "{raw:?}");
        pressed.push((format!("of-{}", crowd::name(nth)), at, took));
        std::thread::sleep(Duration::from_millis(7 + (nth as u64 * 13) % 50));
    }
    let both = heard(&receivers, PRESSES, 1);
    over.store(true, Ordering::Relaxed);
    flood.into_iter().for_each(|task| runtime.block_on(task).unwrap());
    let by_who: BTreeMap<String, String> = receivers[0]
        .came()
        .into_iter()
        .map(|came| (came.text("who").to_owned(), came.text("incident").to_owned()))
        .collect();
    let since = |answered: bool| {
        let mut all: Vec<Duration> = pressed
            .iter()
            .map(|(who, at, took)| {
                let from = if answered { *at + *took } else { *at };
                both[&by_who[who]].saturating_sub(from)
            })
            .collect();
        all.sort_unstable();
        all
    };
    let what = if flooded { "sign-ins full" } else { "idle" };
    print("pressed to both channels", what, &since(false));
    print("durable to both channels", what, &since(true));
    if flooded {
        println!("    (meanwhile {} sign-ins were taken)", taken.load(Ordering::Relaxed));
    }
}

fn print(what: &str, when: &str, sorted: &[Duration]) {
    let at = |hundredth: usize| {
        sorted[(sorted.len() * hundredth / 100).min(sorted.len() - 1)].as_secs_f64() * 1000.0
    };
    println!(
        "{what}, {when:<14} p50 {:>6.1} ms, p99 {:>6.1} ms, longest {:>6.1} ms, {} alarms, none lost",
        at(50),
        at(99),
        at(100),
        sorted.len()
    );
}

async fn flood(server: std::net::SocketAddr, nth: usize, over: Arc<AtomicBool>, taken: Arc<AtomicUsize>) {
    let mut round = 0;
    while !over.load(Ordering::Relaxed) {
        round += 1;
        let (name, key) = (crowd::name(nth % FLOOD), format!("f-{nth}-{round}"));
        let sending = crowd::sending(&name, false, "/v1/session", key, json!({}));
        let (raw, _) = crowd::act(server, nth, sending).await;
        taken.fetch_add(usize::from(raw.status() == 201), Ordering::Relaxed);
        if raw.status() == 503 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// A thousand people type a panic phrase ten times each, at once; what an act costs before it reaches the engine is left out.
fn at_once() {
    let watch = Stopwatch::start();
    let receivers = [Receiver::start(watch), Receiver::start(watch)];
    let stage = open(PEOPLE, false, &receivers);
    let secrets =
        Arc::new(server::keys::Secrets::in_memory(&server::entropy::SeededEntropy::new(world::seed(7))));
    let started = watch.elapsed();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (engine, secrets) = (stage.engine.clone(), Arc::clone(&secrets));
            scope.spawn(move || {
                let people = People { secrets };
                for nth in (thread..AT_ONCE).step_by(16) {
                    let name = crowd::name(nth % PEOPLE);
                    let mut command = people.act(&name, Class::Duress, Ask::Overt(Overt::Attend));
                    command.idempotency = Some(Hash(SystemEntropy.draw()));
                    engine.run_blocking(command).unwrap().unwrap();
                }
            });
        }
    });
    let given = watch.elapsed();
    let since = |both: &BTreeMap<String, Duration>| {
        let last = both.values().max().copied().unwrap_or_default();
        last.saturating_sub(started).as_secs_f64()
    };
    let first = since(&heard(&receivers, PEOPLE, 1));
    let all = since(&heard(&receivers, PEOPLE, (AT_ONCE / PEOPLE) as u64));
    println!(
        "{AT_ONCE} alarms at once, of {PEOPLE} people: durable after {:.1} s; over both channels each person after {first:.1} s, each sign after {all:.1} s; none lost, {} messages",
        (given - started).as_secs_f64(),
        receivers.iter().map(Receiver::count).sum::<usize>()
    );
}
