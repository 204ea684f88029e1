//! G5 and G8 under load: while two hundred connections sign in without pause, with right and wrong signatures, stops, objections and
//! alarms go through, a person with one request is not kept out by those with many, and nothing that was taken is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod crowd;
mod stage;
mod world;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use credentials::Cost;
use serde_json::json;
use server::alarm_links::{Epochs, link_path};
use server::engine::{Engine, SLOT_PERIOD};
use stage::{Raw, device};
use types::ProtectedId;

const CONNECTIONS: usize = 200;
const CROWD: usize = 40;
/// The longest that a stop may take on a machine that does nothing else but check phrases; half of it on a quiet one is two checks.
const STOP_LONGEST: Duration = Duration::from_secs(5);
/// Likewise an alarm, which waits for no check.
const ALARM_LONGEST: Duration = Duration::from_secs(3);

/// What one of the flood did: whether it was forced, and the answer.
struct Told {
    valid: bool,
    forced: bool,
    raw: Raw,
}

async fn flood(server: SocketAddr, nth: usize, over: Arc<AtomicBool>) -> Vec<Told> {
    let (name, forced, valid) = (crowd::name(nth % CROWD), nth.is_multiple_of(2), nth % 4 != 3);
    let mut told = Vec::new();
    let mut round = 0;
    while !over.load(Ordering::Relaxed) {
        round += 1;
        let mut sending = crowd::sending(&name, forced, "/v1/session", format!("{nth}-{round}"), json!({}));
        if !valid {
            sending.device = device("mallory");
        }
        let (raw, _) = crowd::act(server, nth, sending).await;
        let busy = raw.status() == 503;
        told.push(Told { valid, forced, raw });
        if busy {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    told
}

fn signals(engine: &Engine) -> usize {
    engine.read(|state| state.covert().signals().count())
}

#[test]
fn stops_and_alarms_go_through_while_the_lane_of_sign_ins_is_full() {
    let stage = crowd::stage(CROWD, Cost::new(24 * 1024, 2, 1).unwrap());
    let (server, engine) = (stage.address, stage.engine.clone());
    let link =
        link_path(engine.secrets().alarm(), &Epochs::default(), &ProtectedId::parse("mathilde").unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let flood: Vec<_> =
        (0..CONNECTIONS).map(|nth| runtime.spawn(flood(server, nth, Arc::clone(&over)))).collect();
    std::thread::sleep(Duration::from_millis(300));
    let before = signals(&engine);
    let stops = 4;
    let mut longest = (Duration::ZERO, Duration::ZERO);
    for nth in 0..stops {
        let stop = json!({ "scope": "organisation", "reason": format!("{nth}") });
        let (raw, took) = runtime.block_on(crowd::act(
            server,
            1,
            crowd::sending("bob", false, "/v1/stops", format!("stop-{nth}"), stop),
        ));
        assert_eq!(raw.status(), 202, "{raw:?}");
        longest.0 = longest.0.max(took);
        let (raw, took) = runtime.block_on(crowd::press(server, 2, &link));
        assert_eq!(raw.status(), 200, "{raw:?}");
        longest.1 = longest.1.max(took);
    }
    assert!(longest.0 < STOP_LONGEST && longest.1 < ALARM_LONGEST, "{longest:?}");
    // One request beside hundreds: it waits for its turn, and is not turned away.
    let (raw, _) = runtime.block_on(crowd::act(
        server,
        3,
        crowd::sending("carol", false, "/v1/session", "one".into(), json!({})),
    ));
    assert_eq!(raw.status(), 201, "{raw:?}");
    over.store(true, Ordering::Relaxed);
    let told: Vec<Told> = flood.into_iter().flat_map(|task| runtime.block_on(task).unwrap()).collect();
    check_answers(&told);

    // Everything that was taken is there: each stop, each signal of an answered sign-in, the alarm.
    assert_eq!(engine.read(|state| state.overt().stops().count()), stops);
    let forced = told.iter().filter(|told| told.forced && told.raw.status() == 201).count();
    stage.pass(SLOT_PERIOD);
    let alarms = engine.read(|state| {
        let all = state.covert().signals();
        all.filter(|(_, signal)| signal.kind == covert::SignalKind::Relative).count()
    });
    assert!(alarms >= 1, "the alarm is there");
    assert_eq!(signals(&engine) - alarms, forced, "{before}");
    println!(
        "{} answers to the flood, {forced} forced and taken; a stop took at most {:?}, an alarm {:?}",
        told.len(),
        longest.0,
        longest.1
    );
}

/// Only what the interface says, and a full queue tells nobody anything about anybody.
fn check_answers(told: &[Told]) {
    let mut busy = BTreeSet::new();
    for told in told {
        match told.raw.status() {
            201 => assert!(told.valid),
            401 => assert!(!told.valid, "{:?}", told.raw),
            429 => {}
            503 => drop(busy.insert(told.raw.text())),
            _ => panic!("{:?}", told.raw),
        }
    }
    let count = |status: u16| told.iter().filter(|told| told.raw.status() == status).count();
    assert!(
        count(201) > 20 && count(401) > 20 && count(503) > 20,
        "{} {} {}",
        count(201),
        count(401),
        count(503)
    );
    assert_eq!(busy.len(), 1, "{busy:?}");
    let classes: BTreeSet<bool> =
        told.iter().filter(|told| told.raw.status() == 503).map(|told| told.forced).collect();
    assert_eq!(classes.len(), 2, "both kinds were turned away, with the same bytes");
}
