//! How long sign-ins, approvals and alarms take over real HTTP with the production cost of a phrase, for 1, 10 and 100 at a time, and an
//! alarm while the lane of sign-ins is full. `cargo bench -p server --bench load`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends at the first thing that is wrong"
)]

#[path = "../tests/crowd/mod.rs"]
mod crowd;
#[path = "../tests/stage/mod.rs"]
mod stage;
#[path = "../tests/world/mod.rs"]
mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use credentials::Cost;
use serde_json::{Value, json};
use server::alarm_links::{Epochs, link_path};
use server::http::ATTEMPTS_WINDOW;
use stage::{Stage, proposal};
use tokio::runtime::Runtime;
use types::ProtectedId;

/// As many people as act at a time.
const PEOPLE: usize = 100;
/// As many of them approve one transfer: fewer than a transfer takes.
const APPROVERS: usize = 50;
/// How many acts each figure rests on.
const ACTS: usize = 300;
/// Presses on alarm pages: more than one source may send, and few enough for the disk of a small machine.
const PRESSES: usize = 600;
const AT_A_TIME: [usize; 3] = [1, 10, 100];
/// How long somebody waits who is told that the server is busy, as the answer asks.
const BUSY: Duration = Duration::from_secs(1);

fn main() {
    // A test runner asks differently; it is answered with nothing, at once.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let stage = crowd::stage(PEOPLE, Cost::PRODUCTION);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let link = link_path(
        stage.engine.secrets().alarm(),
        &Epochs::default(),
        &ProtectedId::parse("mathilde").unwrap(),
    );
    for at_a_time in AT_A_TIME {
        sign_ins(&stage, &runtime, at_a_time);
    }
    for at_a_time in AT_A_TIME {
        approvals(&stage, &runtime, at_a_time);
    }
    for at_a_time in AT_A_TIME {
        alarms(&stage, &runtime, &link, at_a_time, "alarm accepted");
    }
    for at_a_time in [1, 10] {
        beside_a_flood(&stage, &runtime, &link, at_a_time);
    }
}

/// The windows of attempts follow the simulated clock.
fn breathe(stage: &Stage) {
    stage.pass(ATTEMPTS_WINDOW);
}

fn sign_ins(stage: &Stage, runtime: &Runtime, at_a_time: usize) {
    breathe(stage);
    let acts = if at_a_time == 1 { ACTS / 3 } else { ACTS };
    let server = stage.address;
    measure(runtime, at_a_time, acts, "sign-in", move |nth| async move {
        until_taken(server, nth % PEOPLE, "/v1/session".into(), format!("s{at_a_time}-{nth}"), json!({}))
            .await
    });
}

fn approvals(stage: &Stage, runtime: &Runtime, at_a_time: usize) {
    breathe(stage);
    let acts = if at_a_time == 1 { PEOPLE } else { ACTS };
    // Each person approves a transfer once.
    let ids: Vec<String> = (0..acts.div_ceil(APPROVERS))
        .map(|nth| {
            let nonce = u8::try_from(at_a_time + nth).unwrap();
            let proposed = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", nonce, None));
            proposed.json()["transfer"].as_str().unwrap().to_owned()
        })
        .collect();
    let (server, ids) = (stage.address, Arc::new(ids));
    measure(runtime, at_a_time, acts, "approval", move |nth| {
        let id = ids[nth / APPROVERS].clone();
        async move {
            let command = json!({ "payload_hash": id });
            let path = format!("/v1/transfers/{id}/approve");
            until_taken(server, nth % PEOPLE, path, format!("a{at_a_time}-{nth}"), command).await
        }
    });
}

fn alarms(stage: &Stage, runtime: &Runtime, link: &str, at_a_time: usize, what: &str) {
    breathe(stage);
    let (server, link) = (stage.address, Arc::new(link.to_owned()));
    measure(runtime, at_a_time, PRESSES, what, move |nth| {
        let link = Arc::clone(&link);
        async move {
            let (raw, took) = crowd::press(server, nth, &link).await;
            assert_eq!(raw.status(), 200, "{raw:?}");
            (took, 0)
        }
    });
}

/// The queue of sign-ins is kept full by as many people as there are, twice over.
fn beside_a_flood(stage: &Stage, runtime: &Runtime, link: &str, at_a_time: usize) {
    breathe(stage);
    let (over, server) = (Arc::new(AtomicBool::new(false)), stage.address);
    let taken = Arc::new(AtomicUsize::new(0));
    let flood: Vec<_> = (0..2 * PEOPLE)
        .map(|nth| {
            let (over, taken) = (Arc::clone(&over), Arc::clone(&taken));
            runtime.spawn(async move {
                let mut round = 0;
                while !over.load(Ordering::Relaxed) {
                    round += 1;
                    let key = format!("f{at_a_time}-{nth}-{round}");
                    let name = crowd::name(nth % PEOPLE);
                    let sending = crowd::sending(&name, false, "/v1/session", key, json!({}));
                    let (raw, _) = crowd::act(server, nth, sending).await;
                    taken.fetch_add(usize::from(raw.status() == 201), Ordering::Relaxed);
                    if raw.status() == 503 {
                        tokio::time::sleep(BUSY).await;
                    }
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    let before = taken.load(Ordering::Relaxed);
    let own = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    alarms_beside(stage, &own, link, at_a_time);
    println!("    (meanwhile {} sign-ins were taken)", taken.load(Ordering::Relaxed) - before);
    over.store(true, Ordering::Relaxed);
    for task in flood {
        runtime.block_on(task).unwrap();
    }
}

fn alarms_beside(stage: &Stage, runtime: &Runtime, link: &str, at_a_time: usize) {
    let (server, link) = (stage.address, Arc::new(link.to_owned()));
    measure(runtime, at_a_time, PRESSES, "alarm, sign-ins full", move |nth| {
        let link = Arc::clone(&link);
        async move {
            let (raw, took) = crowd::press(server, nth, &link).await;
            assert_eq!(raw.status(), 200, "{raw:?}");
            (took, 0)
        }
    });
}

/// Sends an act until it is taken; gives how long that took in all, and how often the server was busy.
async fn until_taken(
    server: SocketAddr,
    nth: usize,
    path: String,
    key: String,
    command: Value,
) -> (Duration, usize) {
    let name = crowd::name(nth);
    let (mut in_all, mut busy) = (Duration::ZERO, 0);
    loop {
        let sending = crowd::sending(&name, false, &path, key.clone(), command.clone());
        let (raw, took) = crowd::act(server, nth, sending).await;
        in_all += took;
        match raw.status() {
            201 | 202 => return (in_all, busy),
            503 => {
                busy += 1;
                in_all += BUSY;
                tokio::time::sleep(BUSY).await;
            }
            _ => panic!("{raw:?}"),
        }
    }
}

/// So many acts, so many at a time; prints what they took.
fn measure<F>(
    runtime: &Runtime,
    at_a_time: usize,
    acts: usize,
    what: &str,
    act: impl Fn(usize) -> F + Send + Sync + 'static,
) where
    F: Future<Output = (Duration, usize)> + Send,
{
    let (next, act) = (Arc::new(AtomicUsize::new(0)), Arc::new(act));
    let workers: Vec<_> = (0..at_a_time)
        .map(|_| {
            let (next, act) = (Arc::clone(&next), Arc::clone(&act));
            runtime.spawn(async move {
                let mut took = Vec::new();
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= acts {
                        return took;
                    }
                    took.push(act(nth).await);
                }
            })
        })
        .collect();
    let all: Vec<(Duration, usize)> =
        workers.into_iter().flat_map(|worker| runtime.block_on(worker).unwrap()).collect();
    let mut took: Vec<Duration> = all.iter().map(|(took, _)| *took).collect();
    took.sort_unstable();
    let at = |hundredth: usize| took[took.len() * hundredth / 100].as_secs_f64() * 1000.0;
    let busy: usize = all.iter().map(|(_, busy)| busy).sum();
    println!(
        "{what:<22} {at_a_time:>3} at a time: p50 {:>7.1} ms, p99 {:>7.1} ms, {busy} told to wait",
        at(50),
        at(99)
    );
}
