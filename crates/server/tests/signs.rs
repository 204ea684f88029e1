//! What relatives and check-ins do over HTTP: one page and one answer for every token, nothing by looking, an alarm at once, a flood that
//! neither fakes nor hides one; one's own schedule the same whatever the phrase (G3, G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use std::sync::{Arc, Mutex};

use alarm::{Kind, Message};
use credentials::Cost;
use serde_json::{Value, json};
use server::alarm_links::{Epochs, link_path};
use server::http::{ALARMS_PER_SOURCE_MAX, ATTEMPTS_PER_SOURCE_MAX, ATTEMPTS_WINDOW};
use stage::{Raw, Stage, exchange, own, panic};
use types::{ProtectedId, Span};
use world::{Bell, wait_until};

const ALARM: &[u8] = b"do=1";
const STOP: &[u8] = b"do=2";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// Mathilde is of alice and lives with her, Oscar is of bob.
fn stage() -> (Stage, Arc<Mutex<Vec<Message>>>) {
    let mut sources = world::sources();
    let register = sources.iter_mut().find(|source| source.name.contains("register")).unwrap();
    register.text += "[[protected]]\nid = \"mathilde\"\nof = [\"alice\"]\nplaces = [\"home-alice\"]\n\
                      [[protected]]\nid = \"oscar\"\nof = [\"bob\"]\n";
    let (bell, messages) = Bell::new("centre", 0);
    (Stage::on(|_| Cost::CHEAP, sources, |parts, _| parts.channels.push(Box::new(bell))), messages)
}

fn link(stage: &Stage, name: &str) -> String {
    link_path(stage.engine.secrets().alarm(), &Epochs::default(), &ProtectedId::parse(name).unwrap())
}

fn press(stage: &Stage, link: &str, body: &[u8], headers: &str) -> Raw {
    exchange(stage.address, &format!("POST {link} HTTP/1.1\r\n{FORM}{headers}"), body)
}

fn signals(stage: &Stage) -> usize {
    stage.engine.read(|state| state.covert().signals().count())
}

/// Links of somebody, of nobody, and what is no link at all.
fn links(stage: &Stage) -> Vec<String> {
    let valid = link(stage, "mathilde");
    let mut near = valid.clone();
    let last = if near.pop() == Some('7') { '8' } else { '7' };
    near.push(last);
    let token = valid.strip_prefix("/a/").unwrap();
    vec![
        valid.clone(),
        format!("/a/{}", token.to_uppercase()),
        link(stage, "oscar"),
        near,
        "/a/0000-0000-0000-0000".into(),
        "/a/x".into(),
        "/a/%ff%00".into(),
        "/a/..%2f..%2fetc".into(),
        format!("/a/{}", "k".repeat(4000)),
        format!("/a/{token}%20"),
    ]
}

#[test]
fn every_token_gets_the_same_page_and_the_same_answer() {
    let (stage, _) = stage();
    for headers in ["", "\r\nAccept-Language: fr", "\r\nAccept-Language: en;q=0.1"] {
        let links = links(&stage);
        let shown: Vec<Raw> = links
            .iter()
            .map(|link| exchange(stage.address, &format!("GET {link} HTTP/1.1{headers}"), b""))
            .collect();
        assert_eq!(shown[0].status(), 200, "{:?}", shown[0]);
        for (link, page) in links.iter().zip(&shown) {
            assert_eq!(page, &shown[0], "{link}");
        }
        let answers: Vec<Raw> = links
            .iter()
            .flat_map(|link| [ALARM, STOP].map(|body| press(&stage, link, body, headers)))
            .collect();
        assert_eq!(answers[0].status(), 200, "{:?}", answers[0]);
        for answer in &answers {
            assert_eq!(answer, &answers[0]);
        }
        assert_ne!(answers[0], shown[0]);
    }
    // Mathilde's twice, as typed; Oscar's once; the same press within a minute is one press.
    assert_eq!(signals(&stage), 2);
}

#[test]
fn looking_does_nothing() {
    let (stage, _) = stage();
    let link = link(&stage, "mathilde");
    let before = stage.engine.read(|state| state.hash().unwrap());
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
        for path in [link.clone(), format!("{link}?do=1"), format!("{link}?lang=fr")] {
            exchange(stage.address, &format!("{method} {path} HTTP/1.1"), ALARM);
        }
    }
    stage.pass(Span::from_seconds(20));
    assert_eq!(stage.engine.read(|state| state.hash().unwrap()), before);
    assert_eq!(signals(&stage), 0);
}

#[test]
fn nothing_on_the_page_says_what_it_is() {
    let (stage, _) = stage();
    let link = link(&stage, "mathilde");
    let answer = press(&stage, &link, ALARM, "");
    for (language, text) in [("en", "Your appointment"), ("fr", "Votre rendez-vous")] {
        let page = stage.get(&format!("{link}?lang={language}"), None);
        assert!(page.body().contains(text), "{page:?}");
        for page in [&page, &answer] {
            let text = page.text().to_lowercase();
            let words =
                ["alarm", "alert", "rempart", "duress", "danger", "sos", "panic", "secours", "mathilde"];
            for word in words.iter().chain(&["<script", "cookie", "http://", "https://"]) {
                assert!(!text.contains(word), "`{word}` in {text}");
            }
            assert!(!text.contains(link.strip_prefix("/a/").unwrap()), "the page does not repeat its link");
            assert!(page.0.len() < 3000, "small: {}", page.0.len());
        }
        assert_eq!(page.header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(page.header("referrer-policy").as_deref(), Some("no-referrer"));
        assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'"));
        assert_eq!(page.body().matches("<button").count(), 2);
    }
}

#[test]
fn a_press_is_an_alarm_before_it_is_answered() {
    let (stage, messages) = stage();
    let (health, metrics) = (stage.get("/health", None), stage.get("/metrics", None));
    let answer = press(&stage, &link(&stage, "mathilde"), ALARM, "");
    assert_eq!(answer.status(), 200);
    // No slot was written since: the clock stands still.
    assert_eq!(signals(&stage), 1);
    wait_until("the alarm is delivered", || !messages.lock().unwrap().is_empty());
    let message = messages.lock().unwrap()[0].clone();
    assert_eq!((message.kind, message.who.as_str()), (Kind::ProtectedPerson, "mathilde"));
    let called: Vec<&str> = message.call.iter().map(types::PersonId::as_str).collect();
    assert_eq!(called, ["dora", "emil"]);
    assert_eq!(stage.get("/health", None), health, "nobody sees it in the server's health");
    // In between the figures themselves were asked for, and the health.
    let expected = metrics.body().replace("{kind=\"done\"} 1\n", "{kind=\"done\"} 3\n");
    assert_eq!(stage.get("/metrics", None).body(), expected, "nor in its figures");
    let token = stage.token("dora", &own("dora"));
    let incident = &stage.get("/v1/response/incidents", Some(&token)).json()["incidents"][0];
    assert_eq!(incident["subjects"][0]["person"], "alice");
    assert_eq!(incident["level"], "confirmed");
    assert_eq!(incident["callers"], json!(["mathilde"]));
    assert_eq!(incident["signals"][0]["kind"], "protected-person");
    assert_eq!(incident["signals"][0]["told_by"], "mathilde");
    assert_eq!(incident["lost"], json!({ "transfers": [], "motions": [] }));
    stage.pass(Span::from_seconds(60));
    assert_eq!(signals(&stage), 1, "the slot takes over what the inbox held, once");
}

#[test]
fn a_flood_is_refused_alike_and_takes_nothing_from_others() {
    let (stage, _) = stage();
    let (mine, nobodys) = (link(&stage, "mathilde"), "/a/0000-0000-0000-0000".to_owned());
    for _ in 0..ALARMS_PER_SOURCE_MAX {
        assert_eq!(press(&stage, &nobodys, ALARM, "").status(), 200);
    }
    assert_eq!(signals(&stage), 0);
    let (refused, refused_too) = (press(&stage, &nobodys, ALARM, ""), press(&stage, &mine, ALARM, ""));
    assert_eq!(refused.status(), 429);
    assert_eq!(refused, refused_too, "whose link it is shows in nothing");
    assert!(refused.body().contains("try again"), "whoever presses sees that it was not noted: {refused:?}");
    assert_eq!(signals(&stage), 0);
    assert_eq!(stage.challenge("alice").status(), 200, "sign-ins have their own window");
    stage.pass(ATTEMPTS_WINDOW);
    assert_eq!(press(&stage, &mine, ALARM, "").status(), 200);
    assert_eq!(signals(&stage), 1);
    // And the other way round.
    for _ in 0..=ATTEMPTS_PER_SOURCE_MAX {
        let refused = exchange(stage.address, "POST /v1/stops HTTP/1.1\r\nIdempotency-Key: x", b"{}");
        assert!(refused.status() >= 400);
    }
    stage.pass(Span::from_seconds(61));
    assert_eq!(press(&stage, &mine, ALARM, "").status(), 200);
    assert_eq!(signals(&stage), 2);
}

#[test]
fn responders_see_a_relatives_stop_and_two_end_it() {
    let (stage, messages) = stage();
    assert_eq!(press(&stage, &link(&stage, "mathilde"), STOP, "").status(), 200);
    assert_eq!(signals(&stage), 0);
    let seen = |name: &str, phrase: &str| {
        let token = stage.token(name, phrase);
        stage.get("/v1/response/pauses", Some(&token))
    };
    let shown = seen("dora", &own("dora")).json()["pauses"].clone();
    assert_eq!((&shown[0]["protected"], &shown[0]["people"]), (&json!("mathilde"), &json!(["alice"])));
    assert_eq!(seen("emil", &panic("emil")).json(), json!({ "pauses": [] }), "not free: nothing to see");
    let token = stage.token("alice", &own("alice"));
    let (hidden, nothing) =
        (stage.get("/v1/response/pauses", Some(&token)), stage.get("/v1/response/nothing", Some(&token)));
    assert_eq!(hidden, nothing, "for everybody else the path does not exist");
    let end = |name: &str, phrase: &str| {
        let path = "/v1/response/pauses/mathilde/end";
        stage.send_covert(&stage.sending(name, phrase, path, json!({}))).status()
    };
    assert_eq!(end("alice", &own("alice")), 404);
    assert_eq!(end("dora", &own("dora")), 202);
    assert_eq!(seen("dora", &own("dora")).json()["pauses"][0]["ending"][0]["by"], "dora");
    // Emil signed in with a panic phrase: his incident is about him, and what he does before its end does not count.
    assert_eq!(end("emil", &own("emil")), 202);
    assert_eq!(seen("dora", &own("dora")).json()["pauses"].as_array().unwrap().len(), 1);
    let alarms = |message: &&alarm::Message| message.kind != Kind::Pause;
    assert!(messages.lock().unwrap().iter().filter(alarms).all(|message| message.who.as_str() == "emil"));
    assert!(messages.lock().unwrap().iter().any(|message| message.kind == Kind::Pause), "a stop is told of");
    stage.pass(Span::from_hours(12));
    assert_eq!(seen("dora", &own("dora")).json(), json!({ "pauses": [] }), "it ends by itself");
}

/// Everything that alice is told of her schedule.
fn schedule(stage: &Stage, phrase: &str) -> Vec<Raw> {
    let mut told = Vec::new();
    let mut act = |path: &str, command: Value, hours: u64| {
        let token = stage.token("alice", phrase);
        let answer = stage.send_covert(&stage.sending("alice", phrase, path, command));
        told.push(answer);
        told.push(stage.get("/v1/check-ins", Some(&token)));
        stage.pass(Span::from_hours(hours));
    };
    let next = stage.wall().after(Span::from_hours(24));
    let wanted = |every: &str| json!({ "every": every, "next": next, "grace": "1h" });
    act("/v1/check-ins/now", json!({}), 0);
    act("/v1/check-ins", wanted("5m"), 0);
    act("/v1/check-ins", wanted("24h"), 23);
    act("/v1/check-ins/now", json!({}), 72);
    act("/v1/check-ins/now", json!({}), 0);
    act("/v1/check-ins", json!({ "every": "24h" }), 0);
    act("/v1/check-ins/end", json!({}), 0);
    act("/v1/check-ins/end", json!({}), 0);
    told
}

#[test]
fn ones_own_schedule_is_the_same_whatever_the_phrase() {
    let run = |phrase: fn(&str) -> String| {
        std::thread::spawn(move || {
            let (stage, _) = stage();
            let told = schedule(&stage, &phrase("alice"));
            let kinds = stage.engine.read(|state| {
                let kinds = state.covert().signals().map(|(_, signal)| signal.kind);
                kinds.filter(|kind| *kind == covert::SignalKind::MissedCheckIn).count()
            });
            (told, kinds, signals(&stage))
        })
    };
    let (free, coerced) = (run(own), run(panic));
    let (free, missed, signs) = free.join().unwrap();
    let (coerced, missed_too, signs_too) = coerced.join().unwrap();
    let statuses: Vec<u16> = free.iter().step_by(2).map(Raw::status).collect();
    assert_eq!(statuses, [409, 422, 202, 202, 202, 422, 202, 409]);
    assert_eq!((free[0].code().as_str(), free[2].code().as_str()), ("no-schedule", "schedule-out-of-bounds"));
    assert_eq!(free[7].json()["schedule"]["every"], "1d");
    assert_eq!(free[15].json(), json!({ "schedule": null }));
    for (mine, theirs) in free.iter().zip(&coerced) {
        assert_eq!(mine, theirs);
    }
    assert!(missed >= 1 && missed == missed_too, "{missed} {missed_too}");
    assert_eq!(
        (signs, signs_too > signs + 8),
        (missed, true),
        "each act and sign-in under force is a signal"
    );
}

#[test]
fn what_is_missed_reaches_responders_twice() {
    let (stage, messages) = stage();
    let next = stage.wall().after(Span::from_hours(1));
    let command = json!({ "every": "24h", "next": next, "grace": "30m" });
    let set = stage.send_covert(&stage.sending("alice", &own("alice"), "/v1/check-ins", command));
    assert_eq!(set.status(), 202, "{set:?}");
    stage.pass(Span::from_seconds(90 * 60 + 10));
    wait_until("responders are asked", || messages.lock().unwrap().len() == 1);
    let token = stage.token("dora", &own("dora"));
    let path = stage.first_incident();
    assert_eq!(stage.get(&path, Some(&token)).json()["level"], "verify");
    assert_eq!(messages.lock().unwrap()[0].kind, Kind::MissedCheckIn);
    stage.pass(Span::from_seconds(30 * 60 + 10));
    wait_until("it is an alarm", || messages.lock().unwrap().len() == 2);
    let token = stage.token("dora", &own("dora"));
    let incident = stage.get(&path, Some(&token)).json();
    assert_eq!(incident["level"], "confirmed");
    assert_eq!(incident["signals"][1]["kind"], "missed-check-in");
}

#[test]
fn a_report_says_when_it_was_heard() {
    let (stage, _) = stage();
    let heard = stage.wall();
    stage.pass(Span::from_hours(2));
    let report = |heard: Value| {
        let command = json!({ "who": "alice", "kind": "code-word", "heard": heard });
        stage.send_covert(&stage.sending("dora", &own("dora"), "/v1/response/reports", command))
    };
    let later = stage.wall().after(Span::from_hours(1));
    let refused = report(json!(later));
    assert_eq!((refused.status(), refused.code().as_str()), (422, "time-in-future"));
    assert_eq!(report(json!(heard)).status(), 202);
    let token = stage.token("emil", &own("emil"));
    let signal = stage.get(&stage.first_incident(), Some(&token)).json()["signals"][0].clone();
    assert_eq!((&signal["told_by"], &signal["heard"]), (&json!("dora"), &json!(heard)));
}
