//! G3 at the edge: two servers with one seed and one clock. In one, alice moves money of free will; in the other, the same with a gun at
//! her head. Every byte of every answer is the same until the moment when the transfer is ready; then one is signed and the other is
//! declined, exactly as if a colleague had objected.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use serde_json::json;
use stage::{Raw, Stage, own, panic, proposal};
use types::{Span, hash_parts};
use world::{SLOW_HOLD, wait_until};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Story {
    Free,
    Coerced,
    Objected,
}

/// What the captor sees, step by step, before and after the moment of decision.
struct Seen {
    before: Vec<(String, Raw)>,
    after: Vec<(String, Raw)>,
    status: String,
}

const AMOUNT: &str = "0.4 BTC";
const UNITS: u64 = 40_000_000;

struct Play {
    stage: Stage,
    story: Story,
    seen: Vec<(String, Raw)>,
}

impl Play {
    /// What alice types: in one story her own phrase, in the other one of the others.
    fn words(&self) -> String {
        if self.story == Story::Coerced { panic("alice") } else { own("alice") }
    }

    fn note(&mut self, what: &str, raw: Raw) -> Raw {
        self.seen.push((what.to_owned(), raw.clone()));
        raw
    }

    fn act(&mut self, path: &str, command: serde_json::Value) -> Raw {
        let challenge = self.stage.challenge("alice");
        let nonce = types::Hash::parse(challenge.json()["nonce"].as_str().unwrap()).unwrap();
        self.note("challenge", challenge);
        let sending = self.stage.sending("alice", &self.words(), path, command);
        let answer = self.stage.send_with(&sending, nonce);
        self.note(path, answer)
    }

    fn look(&mut self, token: &str, id: &str) {
        let transfer = format!("/v1/transfers/{id}");
        let paths = [
            "/v1/me",
            "/v1/policy/rules",
            "/v1/posture",
            "/v1/stops",
            "/v1/motions",
            "/v1/vaults",
            "/v1/vaults/treasury/address",
            "/v1/vaults/treasury/address?index=3",
            "/v1/transfers",
            "/v1/transfers?status=pending&limit=1",
            &transfer,
            &format!("{transfer}/psbt"),
            &format!("{transfer}/transaction"),
            "/v1/response/incidents",
            "/v1/nothing",
            "/health",
            "/metrics",
        ];
        for path in paths {
            let answer = self.stage.get(path, Some(token));
            self.note(path, answer);
        }
    }

    fn psbt(&self, member: &str) -> Vec<u8> {
        let holdings = self.stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
        world::psbt(&holdings, UNITS, &[member])
    }
}

fn play(story: Story) -> Seen {
    let mut play = Play { stage: Stage::new(), story, seen: Vec::new() };
    let grant = play.act("/v1/session", json!({}));
    let token = grant.json()["token"].as_str().unwrap().to_owned();
    let own_psbt = play.psbt("alice");
    let proposed = play.act("/v1/transfers", proposal(AMOUNT, 1, Some(&own_psbt)));
    assert_eq!(proposed.status(), 202, "{proposed:?}");
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    play.look(&token, &id);

    // Others act from elsewhere, each with the own phrase.
    let approval = json!({ "payload_hash": id, "psbt": stage::base64(&play.psbt("bob")) });
    let approve = format!("/v1/transfers/{id}/approve");
    let approved = play.stage.post("bob", &approve, approval.clone());
    assert_eq!(approved.status(), 202, "{approved:?}");
    let target = if story == Story::Objected { id.clone() } else { hash_parts("nothing", &[]).to_string() };
    let object = format!("/v1/transfers/{target}/object");
    let objection = play.stage.sending("carol", &own("carol"), &object, json!({}));
    let objected = play.stage.send_covert(&objection);
    assert_eq!(objected.status(), if story == Story::Objected { 202 } else { 404 }, "{objected:?}");

    // A responder looks at the room and takes charge where there is something; the captor's screen does not move.
    let room = play.stage.token("dora", &own("dora"));
    let incidents = play.stage.get("/v1/response/incidents", Some(&room)).json();
    let count = incidents["incidents"].as_array().unwrap().len();
    assert_eq!(count, usize::from(story == Story::Coerced), "{incidents}");
    let taken = "/v1/response/incidents/1/acknowledge";
    let acknowledge = play.stage.sending("dora", &own("dora"), taken, json!({}));
    let taken = play.stage.send_covert(&acknowledge);
    assert_eq!(taken.status(), if story == Story::Coerced { 202 } else { 404 }, "{taken:?} {incidents}");

    // The captor tries everything that a captor might, again and again.
    let mut token = token;
    for hours in [1, 23, 23] {
        play.stage.pass(Span::from_hours(hours));
        let grant = play.act("/v1/session", json!({}));
        grant.json()["token"].as_str().unwrap().clone_into(&mut token);
        play.look(&token, &id);
        play.act(&approve, json!({ "payload_hash": id }));
        play.act("/v1/transfers", proposal(AMOUNT, 1, None));
        play.act("/v1/transfers", proposal("900 BTC", 2, None));
        play.act("/v1/transfers", json!({ "vault": "treasury" }));
        play.act(&format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": hash_parts("x", &[]) }));
        play.act("/v1/stops/77/lift", json!({}));
        play.act("/v1/posture/lower", json!({ "to": "normal" }));
        play.act("/v1/response/reports", json!({ "who": "alice", "kind": "judgement" }));
        play.act("/v1/nothing", json!({}));
    }
    let slots = Span::from_seconds(2 * server::engine::SLOT_PERIOD.seconds());
    let left = SLOW_HOLD.seconds() - Span::from_hours(47).seconds() - slots.seconds();
    play.stage.pass(Span::from_seconds(left - 1));
    play.look(&token, &id);
    let before = std::mem::take(&mut play.seen);

    play.stage.pass(Span::from_seconds(11));
    if story == Story::Free {
        let transfer = types::TransferId(types::Hash::parse(&id).unwrap());
        wait_until("signed", || world::word(&play.stage.engine, transfer) == "signed");
    }
    play.look(&token, &id);
    play.act(&approve, json!({ "payload_hash": id }));
    let shown = play.stage.get(&format!("/v1/transfers/{id}"), Some(&token));
    let status = shown.json()["status"].as_str().unwrap().to_owned();
    Seen { before, after: play.seen, status }
}

fn differences(one: &[(String, Raw)], other: &[(String, Raw)]) -> Vec<String> {
    assert_eq!(one.len(), other.len());
    let pairs = one.iter().zip(other).enumerate();
    let differing = pairs.filter(|(_, (one, other))| one != other);
    differing.map(|(at, (one, other))| format!("{at} {}:\n{:?}\n--\n{:?}", one.0, one.1, other.1)).collect()
}

#[test]
fn the_captor_sees_the_same_bytes_until_the_moment_of_decision() {
    let stories = [Story::Free, Story::Coerced, Story::Objected];
    let runs = stories.map(|story| std::thread::spawn(move || play(story)));
    let [free, coerced, objected] = runs.map(|run| run.join().unwrap());
    assert!(free.before.len() > 140);
    assert_eq!(differences(&free.before, &coerced.before), Vec::<String>::new());
    assert_eq!(differences(&free.before, &objected.before), Vec::<String>::new());
    assert_eq!((free.status.as_str(), coerced.status.as_str()), ("signed", "declined"));
    assert_eq!(differences(&coerced.after, &objected.after), Vec::<String>::new());
    // The comparison itself can fail: once decided, the two stories do differ.
    assert!(!differences(&free.after, &coerced.after).is_empty());
}
