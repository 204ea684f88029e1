//! Credentials through the interface: another phrase, a further device, a replacement, and taking them away (G3, G4, G5).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use credentials::DeviceKey;
use serde_json::{Value, json};
use stage::{Raw, Sending, Stage, device, exchange, own, panic};
use types::Span;

/// What every change of the test organisation waits.
const WAIT: Span = Span::from_hours(7 * 24);

fn new_device() -> DeviceKey {
    DeviceKey::from_entropy([77; 32])
}

fn endorse(stage: &Stage, motion: &Value, by: &[&str]) {
    let path = format!("/v1/motions/{}/endorse", motion.as_str().unwrap());
    for name in by {
        let answer = stage.post(name, &path, json!({}));
        assert_eq!(answer.status(), 202, "{name}: {answer:?}");
    }
}

fn shown<'a>(motions: &'a Value, motion: &Value) -> &'a Value {
    let all = motions["motions"].as_array().unwrap();
    all.iter().find(|shown| shown["id"] == *motion).unwrap()
}

fn status(stage: &Stage, motion: &Value) -> String {
    let token = stage.token("dora", &own("dora"));
    let motions = stage.get("/v1/motions", Some(&token)).json();
    shown(&motions, motion)["status"].as_str().unwrap().to_owned()
}

fn signals(stage: &Stage) -> usize {
    stage.engine.read(|state| state.covert().signals().count())
}

fn sign_in(stage: &Stage, by: &str, device: DeviceKey, phrase: &str) -> Raw {
    stage.send(&Sending { device, ..stage.sending(by, phrase, "/v1/session", json!({})) })
}

fn changes_phrase(stage: &Stage, phrase: &str) -> (Value, String) {
    let answer = stage.send(&stage.sending("alice", phrase, "/v1/me/phrase", json!({ "language": "en" })));
    assert_eq!(answer.status(), 201, "{answer:?}");
    let body = answer.json();
    (body["motion"].clone(), body["phrase"].as_str().unwrap().to_owned())
}

#[test]
fn another_phrase_waits_and_until_then_the_old_one_is_the_true_one() {
    let stage = Stage::new();
    let (motion, fresh) = changes_phrase(&stage, &own("alice"));
    endorse(&stage, &motion, &["bob", "carol"]);
    stage.pass(Span::from_hours(7 * 24 - 1));
    stage.token("alice", &own("alice"));
    assert_eq!(signals(&stage), 0, "the old phrase is still the true one");
    stage.pass(Span::from_hours(1));
    assert_eq!(status(&stage, &motion), "passed");
    stage.token("alice", &fresh);
    assert_eq!(signals(&stage), 0, "and now the new one is");
    stage.token("alice", &own("alice"));
    assert_eq!(signals(&stage), 1, "the old one is one of the others");
}

#[test]
fn a_phrase_is_shown_once_and_kept_nowhere() {
    let stage = Stage::new();
    let sending = stage.sending("alice", &own("alice"), "/v1/me/phrase", json!({ "language": "fr" }));
    let first = stage.send(&sending);
    assert_eq!(first.status(), 201, "{first:?}");
    let phrase = first.json()["phrase"].as_str().unwrap().to_owned();
    let again = stage.send(&sending);
    assert_eq!((again.status(), again.code().as_str()), (409, "phrase-shown"));
    assert!(!again.text().contains(&phrase));
    let disk = String::from_utf8_lossy(&stage.disk()).into_owned();
    for word in phrase.split(' ').filter(|word| word.len() > 5) {
        assert!(!disk.contains(word), "a word of the phrase is on the disk");
    }
}

#[test]
fn a_change_of_phrase_under_force_is_an_act_like_any_other() {
    let play = |phrase: String| {
        let stage = Stage::new();
        let answer =
            stage.send(&stage.sending("alice", &phrase, "/v1/me/phrase", json!({ "language": "en" })));
        let motion = answer.json()["motion"].clone();
        endorse(&stage, &motion, &["bob", "carol"]);
        stage.pass(Span::from_hours(7 * 24 - 1));
        let motions = stage.get("/v1/motions", Some(&stage.token("dora", &own("dora"))));
        stage.pass(Span::from_hours(1));
        (answer, motions, status(&stage, &motion), signals(&stage))
    };
    let (free, forced) = (play(own("alice")), play(panic("alice")));
    assert_eq!((free.0, free.1), (forced.0, forced.1), "the captor sees the same bytes");
    assert_eq!((free.2.as_str(), free.3), ("passed", 0));
    assert_eq!((forced.2.as_str(), forced.3), ("declined", 1));
}

#[test]
fn a_further_device_signs_when_it_is_in_force_and_taken_away_it_is_signed_out() {
    let stage = Stage::new();
    let command = json!({ "device": { "key": new_device().public().to_string() } });
    let answer = stage.post("alice", "/v1/me/devices", command);
    assert_eq!(answer.status(), 202, "{answer:?}");
    let motion = answer.json()["motion"].clone();
    assert_eq!(sign_in(&stage, "alice", new_device(), &own("alice")).status(), 401, "not in force yet");
    endorse(&stage, &motion, &["bob", "carol"]);
    stage.pass(WAIT);
    let grant = sign_in(&stage, "alice", new_device(), &own("alice"));
    assert_eq!(grant.status(), 201, "{grant:?}");
    let (token, other) =
        (grant.json()["token"].as_str().unwrap().to_owned(), stage.token("alice", &own("alice")));
    let me = stage.get("/v1/me", Some(&token)).json();
    assert_eq!(me["devices"].as_array().unwrap().len(), 2, "{me}");
    let signed_out = stage.get("/v1/me", Some("0000"));
    let taken = json!({ "device": me["devices"][1]["id"] });
    assert_eq!(stage.post("alice", "/v1/me/revoke", taken).status(), 202);
    assert_eq!(stage.get("/v1/me", Some(&token)), signed_out, "as if signed out");
    assert_eq!(stage.get("/v1/me", Some(&other)).status(), 200, "the other device goes on");
    assert_eq!(sign_in(&stage, "alice", new_device(), &own("alice")).status(), 401);
    // A thief with one of her devices could otherwise keep her from stopping anything.
    let command = json!({ "scope": "organisation", "reason": "no" });
    let stop =
        Sending { device: new_device(), ..stage.sending("alice", &own("alice"), "/v1/stops", command) };
    assert_eq!(stage.send(&stop).status(), 202, "what was taken away still stops");
}

#[test]
fn two_homes_take_somebody_elses_devices_and_these_can_still_stop() {
    let stage = Stage::new();
    let token = stage.token("carol", &own("carol"));
    let proposed = stage.post("bob", "/v1/people/carol/revoke", json!({}));
    assert_eq!(proposed.status(), 202, "{proposed:?}");
    assert_eq!(stage.get("/v1/me", Some(&token)).status(), 200, "one person alone takes nobody's devices");
    endorse(&stage, &proposed.json()["motion"], &["dora"]);
    stage.pass(Span::from_seconds(1));
    assert_eq!(stage.get("/v1/me", Some(&token)).status(), 401);
    assert_eq!(sign_in(&stage, "carol", device("carol"), &own("carol")).status(), 401);
    let propose = stage.post("carol", "/v1/transfers", stage::proposal("0.1 BTC", 1, None));
    assert_eq!(propose.status(), 401);
    let stop = stage.post("carol", "/v1/stops", json!({ "scope": "organisation", "reason": "no" }));
    assert_eq!(stop.status(), 202, "nobody is kept from stopping: {stop:?}");
}

fn enrols(stage: &Stage, code: &str, actor: &str) -> Raw {
    let body = json!({ "code": code, "actor": actor, "device": { "key": new_device().public().to_string() },
        "language": "en" });
    exchange(stage.address, "POST /v1/enrolments HTTP/1.1", body.to_string().as_bytes())
}

#[test]
fn whoever_lost_everything_is_let_in_by_others_after_the_wait() {
    let stage = Stage::new();
    let opened = stage.post("bob", "/v1/people/emil/enrolments", json!({}));
    assert_eq!(opened.status(), 201, "{opened:?}");
    let code = opened.json()["code"].as_str().unwrap().to_owned();
    assert_eq!(enrols(&stage, "no such code", "emil").code(), "enrolment-invalid");
    assert_eq!(enrols(&stage, &code, "dora").code(), "enrolment-invalid");
    let made = enrols(&stage, &code, "emil");
    assert_eq!(made.status(), 201, "{made:?}");
    assert_eq!(enrols(&stage, &code, "emil").code(), "enrolment-invalid", "good once");
    let phrase = made.json()["phrase"].as_str().unwrap().to_owned();

    let path = "/v1/people/emil/credential";
    let stranger = stage.post("carol", path, json!({ "code": code }));
    assert_eq!(stranger.code(), "enrolment-invalid", "only whoever opened it proposes it");
    let proposed = stage.post("bob", path, json!({ "code": code }));
    assert_eq!(proposed.status(), 202, "{proposed:?}");
    let motion = proposed.json()["motion"].clone();
    let motions = stage.get("/v1/motions", Some(&stage.token("carol", &own("carol")))).json();
    let expected =
        json!({ "credential": { "of": "emil", "kind": "whole", "fingerprint": made.json()["fingerprint"] } });
    assert_eq!(shown(&motions, &motion)["proposal"], expected, "what the person reads out");
    endorse(&stage, &motion, &["alice", "carol"]);
    assert_eq!(sign_in(&stage, "emil", device("emil"), &own("emil")).status(), 201, "the old one is valid");
    stage.pass(WAIT);
    assert_eq!(sign_in(&stage, "emil", device("emil"), &own("emil")).status(), 401);
    assert_eq!(sign_in(&stage, "emil", new_device(), &phrase).status(), 201);
    assert_eq!(signals(&stage), 0);
}

#[test]
fn the_person_concerned_ends_a_replacement_with_the_old_credential() {
    let stage = Stage::new();
    let opened = stage.post("bob", "/v1/people/emil/enrolments", json!({})).json();
    let code = opened["code"].as_str().unwrap().to_owned();
    assert_eq!(enrols(&stage, &code, "emil").status(), 201);
    let proposed = stage.post("bob", "/v1/people/emil/credential", json!({ "code": code })).json();
    endorse(&stage, &proposed["motion"], &["alice", "carol"]);
    let path = format!("/v1/motions/{}/end", proposed["motion"].as_str().unwrap());
    assert_eq!(stage.post("emil", &path, json!({})).status(), 202);
    stage.pass(WAIT);
    assert_eq!(status(&stage, &proposed["motion"]), "ended");
    assert_eq!(sign_in(&stage, "emil", device("emil"), &own("emil")).status(), 201);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_reason() {
    let stage = Stage::new();
    let post = |path: &str, command: Value| stage.post("alice", path, command).code();
    assert_eq!(post("/v1/me/devices", json!({ "device": { "key": "zz" } })), "command-invalid");
    let known = device("alice").public().to_string();
    assert_eq!(post("/v1/me/devices", json!({ "device": { "key": known } })), "too-many");
    assert_eq!(post("/v1/me/revoke", json!({ "device": "00".repeat(32) })), "not-found");
    assert_eq!(post("/v1/people/nobody/revoke", json!({})), "not-found");
    assert_eq!(post("/v1/people/nobody/enrolments", json!({})), "not-found");
    assert_eq!(post("/v1/people/bob/credential", json!({ "code": "x" })), "enrolment-invalid");
    assert_eq!(post("/v1/me/phrase", json!({ "language": "de" })), "command-invalid");
    assert_eq!(exchange(stage.address, "POST /v1/enrolments HTTP/1.1", b"{").code(), "malformed");
}
