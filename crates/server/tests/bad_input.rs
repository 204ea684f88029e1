//! What people and attackers send that is no phrase, no time and no moment: over HTTP, with what must hold whatever comes (G3, G5, G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use journal::{
    Batch, CovertEntry, Head, Journal, JournalError, LatestSnapshot, Origin, OutboxId, OutboxItem,
    OvertEntry, SLOT_BYTES, Snapshot, VerifyOptions, VerifyReport,
};
use serde_json::{Value, json};
use server::engine::ORDINARY_QUEUE_MAX;
use stage::{Raw, Stage, envelope, own, panic, proposal};
use types::{Hash, Span};
use world::wait_until;

fn stop() -> Value {
    json!({ "scope": "organisation", "reason": "x" })
}

fn signals(stage: &Stage) -> usize {
    stage.engine.read(|state| state.covert().signals().count())
}

/// How an act with these words is answered.
fn typed(stage: &Stage, words: &str) -> Raw {
    stage.send(&stage.sending("alice", words, "/v1/posture/lower", json!({ "to": "normal" })))
}

#[test]
fn ten_thousand_words_are_refused_before_anything_is_hashed() {
    let stage = Stage::with_cost(|_| credentials::Cost::PRODUCTION);
    let watch = server::clock::Stopwatch::start();
    for _ in 0..20 {
        let answer = typed(&stage, &"zoo ".repeat(10_000));
        assert_eq!((answer.status(), answer.code().as_str()), (422, "phrase-too-long"));
    }
    let long = typed(&stage, &"zebra zoo zone ".repeat(10_000));
    assert_eq!((long.status(), long.code().as_str()), (413, "body-too-large"));
    assert!(watch.elapsed() < Duration::from_secs(5), "nothing was hashed");
    assert_eq!(signals(&stage), 0);
    assert!(!typed(&stage, &"zoo ".repeat(10_000)).text().contains("zoo"));
}

/// The same letters, written otherwise.
fn otherwise(words: &str, how: impl Fn(char) -> String) -> String {
    words.chars().map(how).collect()
}

#[test]
fn look_alikes_get_one_answer_whatever_the_phrase() {
    let stage = Stage::new();
    type Writing = fn(char) -> String;
    let cyrillic: Writing = |c| match c {
        'a' => "а".into(),
        'e' => "е".into(),
        'o' => "о".into(),
        'c' => "с".into(),
        other => other.to_string(),
    };
    let wide: Writing = |c| match c {
        'a'..='z' => char::from_u32(c as u32 - 'a' as u32 + 0xff41).unwrap().to_string(),
        other => other.to_string(),
    };
    let bold: Writing = |c| match c {
        'a'..='z' => char::from_u32(c as u32 - 'a' as u32 + 0x1d41a).unwrap().to_string(),
        other => other.to_string(),
    };
    let writings: [(&str, Writing); 8] = [
        ("cyrillic", cyrillic),
        ("full width", wide),
        ("mathematical bold", bold),
        ("zero-width joiner", |c| format!("{c}\u{200d}")),
        ("right to left", |c| format!("\u{202e}{c}\u{202c}")),
        ("combining enclosure", |c| format!("{c}\u{20dd}")),
        ("capitals", |c| c.to_uppercase().to_string()),
        ("no-break spaces", |c| if c == ' ' { "\u{a0}".into() } else { c.to_string() }),
    ];
    for (name, writing) in writings {
        let before = signals(&stage);
        let (right, other) = (
            typed(&stage, &otherwise(&own("alice"), writing)),
            typed(&stage, &otherwise(&panic("alice"), writing)),
        );
        assert_eq!((right.status(), right.code()), (other.status(), other.code()), "{name}");
        let found = signals(&stage) - before;
        // Either it is no word of the list, and nothing was hashed, or it is read as what it looks like, for both.
        let expected = usize::from(right.status() == 409);
        assert!(matches!(right.status(), 409 | 422), "{name}: {right:?}");
        assert_eq!(found, expected, "{name}");
        stage.pass(Span::from_seconds(61));
    }
    assert_eq!(typed(&stage, &otherwise(&own("alice"), cyrillic)).code(), "phrase-word-unknown");
}

#[test]
fn a_clock_that_jumps_releases_nothing_and_stops_still_work() {
    let stage = Stage::new();
    let id = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None)).json()["transfer"]
        .as_str()
        .unwrap()
        .to_owned();
    stage.post("bob", &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }));
    let status = || {
        let token = stage.token("carol", &own("carol"));
        stage.get(&format!("/v1/transfers/{id}"), Some(&token)).json()["status"].as_str().unwrap().to_owned()
    };
    let now = stage.wall();
    let sending = stage.sending("alice", &own("alice"), "/v1/stops", stop());
    let early = envelope(&sending, stage.nonce("alice"));
    for jump in [Span::from_hours(60), Span::from_hours(2000)] {
        stage.clock.set_wall(now.after(jump));
        stage.engine.tick();
        assert_eq!(status(), "pending", "a hold is elapsed time");
        assert_eq!(stage.get("/health", None).status(), 200);
    }
    assert_eq!(
        stage.send_body(&sending, &early).status(),
        202,
        "elapsed time counts for a nonce too, and a stop is taken"
    );
    // Backwards, before it was proposed, and to the end of all dates.
    for wall in ["2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"] {
        stage.clock.set_wall(types::Timestamp::parse(wall).unwrap());
        stage.engine.tick();
        assert_eq!(stage.post("bob", "/v1/stops", stop()).status(), 202, "{wall}");
        assert_eq!(status(), "pending", "{wall}");
    }
    typed(&stage, &panic("alice"));
    assert_eq!(signals(&stage), 1, "a signal is one at any time of any clock");
}

/// A store that takes nothing until it is let go.
struct Held(Box<dyn Journal>, Arc<(Mutex<bool>, Condvar)>);

impl Journal for Held {
    fn origin(&self) -> &Origin {
        self.0.origin()
    }
    fn head(&self) -> Head {
        self.0.head()
    }
    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        let (held, released) = &*self.1;
        drop(released.wait_while(held.lock().unwrap(), |held| *held).unwrap());
        self.0.append(batch)
    }
    fn replay_overt(
        &mut self,
        after: u64,
        each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        self.0.replay_overt(after, each)
    }
    fn replay_covert(
        &mut self,
        after: u64,
        each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        self.0.replay_covert(after, each)
    }
    fn outbox(&mut self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxItem>, JournalError> {
        self.0.outbox(after, limit)
    }
    fn blob(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, JournalError> {
        self.0.blob(hash)
    }
    fn inbox(&mut self) -> Result<Option<[u8; SLOT_BYTES]>, JournalError> {
        self.0.inbox()
    }
    fn wallet(&mut self, wallet: &Hash) -> Result<Vec<Vec<u8>>, JournalError> {
        self.0.wallet(wallet)
    }
    fn save_snapshot(
        &mut self,
        snapshot: &Snapshot,
        key: &ed25519_dalek::SigningKey,
    ) -> Result<(), JournalError> {
        self.0.save_snapshot(snapshot, key)
    }
    fn latest_snapshot(&mut self, key: &ed25519_dalek::VerifyingKey) -> Result<LatestSnapshot, JournalError> {
        self.0.latest_snapshot(key)
    }
    fn verify(&mut self, options: &VerifyOptions) -> Result<VerifyReport, JournalError> {
        self.0.verify(options)
    }
    fn backup_to(&mut self, path: &Path) -> Result<VerifyReport, JournalError> {
        self.0.backup_to(path)
    }
}

/// However the test ends, the engine is let go, so that it can stop.
struct Release(Arc<(Mutex<bool>, Condvar)>);

impl Drop for Release {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() = false;
        self.0.1.notify_all();
    }
}

/// With the queue of commands full: what a sign-in and a stop are answered, and how many signals and stops there are in the end.
fn full_queue(words: &dyn Fn(&str) -> String) -> (Raw, Raw, usize, usize) {
    let held = Arc::new((Mutex::new(false), Condvar::new()));
    let gate = Arc::clone(&held);
    let stage = Stage::on(
        |_| credentials::Cost::CHEAP,
        world::sources(),
        |parts, folder| {
            // Another empty journal stands in while this one changes hands.
            let elsewhere = folder.join("elsewhere");
            std::fs::create_dir(&elsewhere).unwrap();
            let spare = world::Site::new(&elsewhere).journal(journal::sqlite::Options::default());
            let real = std::mem::replace(&mut parts.journal, Box::new(spare));
            parts.journal = Box::new(Held(real, gate));
        },
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    *held.0.lock().unwrap() = true;
    let _release = Release(Arc::clone(&held));
    let tasks = (0..2 * ORDINARY_QUEUE_MAX + 10).map(|nth| {
        let people = world::People { secrets: Arc::clone(&world::Site::new(stage.folder()).secrets) };
        let mut command = people.free("carol", overt::Command::Attend);
        command.idempotency = Some(types::hash_parts("filling", &[&nth.to_be_bytes()]));
        let engine = stage.engine.clone();
        async move { engine.run(command).await }
    });
    let answers = runtime.block_on(async {
        let mut full = Vec::new();
        let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (address, words) = (stage.address, words("alice"));
        let sending = stage.sending("alice", &words, "/v1/session", json!({}));
        let (head, body) = (
            format!("POST /v1/session HTTP/1.1\r\nIdempotency-Key: {}", sending.key),
            envelope(&sending, stage.nonce("alice")),
        );
        let turned_away =
            tokio::task::spawn_blocking(move || stage::exchange(address, &head, body.as_bytes()));
        // What its phrase check found waits on the lane of stops, and nothing is written yet.
        wait_until("the sign-in was turned away", || stage.engine.health().waiting == ORDINARY_QUEUE_MAX + 1);
        let sending = stage.sending("alice", &words, "/v1/stops", stop());
        let (head, body) = (
            format!("POST /v1/stops HTTP/1.1\r\nIdempotency-Key: {}", sending.key),
            envelope(&sending, stage.nonce("alice")),
        );
        let stopping = tokio::task::spawn_blocking(move || stage::exchange(address, &head, body.as_bytes()));
        wait_until("the stop waits", || stage.engine.health().waiting >= ORDINARY_QUEUE_MAX + 2);
        *held.0.lock().unwrap() = false;
        held.1.notify_all();
        full.push(turned_away.await.unwrap());
        full.push(stopping.await.unwrap());
        for task in tasks {
            drop(task.await.unwrap());
        }
        full
    });
    let stops = stage.engine.read(|state| state.overt().stops().count());
    let [full, stopped] = answers.try_into().unwrap();
    (full, stopped, signals(&stage), stops)
}

#[test]
fn a_full_queue_says_so_to_everybody_alike_and_takes_stops() {
    let (free, stopped, noticed, stops) = full_queue(&own);
    assert_eq!((free.status(), free.code().as_str()), (503, "overloaded"));
    assert_eq!((stopped.status(), noticed, stops), (202, 0, 1), "{stopped:?}");
    let (forced, also, signalled, stops) = full_queue(&panic);
    assert_eq!((forced, also.status(), stops), (free, stopped.status(), 1), "the same bytes");
    // Whoever was turned away was heard all the same.
    assert_eq!(signalled, 2);
}
