//! The HTTP interface from outside, over real sockets: who may act, what is refused and how, and what everybody may see (G1, G3, G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use credentials::Cost;
use serde_json::{Value, json};
use server::http::{
    ATTEMPTS_PER_PERSON_MAX, ATTEMPTS_PER_SOURCE_MAX, ATTEMPTS_WINDOW, BODY_BYTES_MAX, BODY_LARGE_BYTES_MAX,
    CHECKS_WAITING_MAX, NONCE_LIFE, SESSION_LIFE,
};
use stage::{Raw, Stage, device, envelope, exchange, own, panic, proposal};
use types::{Hash, Span};

fn stop() -> Value {
    json!({ "scope": "organisation", "reason": "x" })
}

fn stops(stage: &Stage) -> usize {
    stage.engine.read(|state| state.overt().stops().count())
}

fn signals(stage: &Stage) -> usize {
    stage.engine.read(|state| state.covert().signals().count())
}

#[test]
fn a_proof_is_good_once_for_one_command() {
    let stage = Stage::new();
    let sending = stage.sending("alice", &own("alice"), "/v1/stops", stop());
    let nonce = stage.nonce("alice");
    let good = envelope(&sending, nonce);
    assert_eq!(stage.send_body(&sending, &good).status(), 202);
    let replayed = stage.send_body(&sending, &good);
    assert_eq!((replayed.status(), replayed.code().as_str()), (401, "unauthenticated"));

    let refused = |what: &str, raw: &Raw| assert_eq!(raw, &replayed, "{what}");
    let stale = envelope(&sending, stage.nonce("alice"));
    stage.pass(NONCE_LIFE);
    let answer = stage.send_body(&sending, &stale);
    assert_eq!(answer.code(), "unauthenticated", "stale");

    let fresh = || stage.sending("alice", &own("alice"), "/v1/stops", stop());
    let now_refused = stage.send_body(&sending, &good);
    let refused_now = |what: &str, raw: &Raw| assert_eq!(raw, &now_refused, "{what}");
    refused_now("stale", &answer);
    let mut other_device = fresh();
    other_device.device = device("bob");
    refused_now("another person's device", &stage.send(&other_device));
    refused_now("another person's nonce", &stage.send_with(&fresh(), stage.nonce("bob")));
    refused_now("a nonce of our own", &stage.send_with(&fresh(), Hash([7; 32])));
    let mut unknown = fresh();
    unknown.by = "mallory";
    refused_now("a person whom nobody knows", &stage.send(&unknown));
    let mut as_feed = fresh();
    as_feed.by = "chain";
    refused_now("a feed's name", &stage.send(&as_feed));

    let signed = fresh();
    let body = envelope(&signed, stage.nonce("alice"));
    let mut elsewhere = fresh();
    elsewhere.path = "/v1/posture/raise";
    refused_now("another path", &stage.send_body(&elsewhere, &body));
    let mut other_key = fresh();
    other_key.key = "another".into();
    refused_now("another key", &stage.send_body(&other_key, &body));
    refused_now("another command", &stage.send_body(&signed, &body.replace("\"x\"", "\"y\"")));
    let broken = body.replace("\"signature\":\"", "\"signature\":\"zz");
    refused_now("no signature at all", &stage.send_body(&signed, &broken));
    refused("(the first refusal says the same)", &replayed);
    // After all that, what was signed is still good: only a valid signature uses a nonce up.
    assert_eq!(stage.send_body(&signed, &body).status(), 202);
    assert_eq!(stops(&stage), 2);
}

#[test]
fn a_challenge_is_the_same_for_a_name_that_nobody_has() {
    let stage = Stage::new();
    let (known, unknown) = (stage.challenge("alice"), stage.challenge("mallory"));
    let shape = |raw: &Raw| (raw.status(), raw.0.len(), raw.json()["expires_at"].clone());
    assert_eq!(shape(&known), shape(&unknown));
    assert_ne!(known.json()["nonce"], unknown.json()["nonce"]);
}

#[test]
fn a_word_that_is_not_on_the_list_is_named_by_place_and_kept_nowhere() {
    let stage = Stage::new();
    let words = own("alice");
    let first = words.split(' ').next().unwrap().to_owned();
    let cases = [
        (format!("{first} zzrempartzz {first}"), "phrase-word-unknown"),
        (format!("{first} {first}"), "phrase-word-count"),
        ("zebra zebra zoologie".to_owned(), "phrase-mixed-lists"),
        ("word ".repeat(100), "phrase-too-long"),
    ];
    for (typed, code) in cases {
        let answer = stage.send(&stage.sending("alice", &typed, "/v1/stops", stop()));
        assert_eq!((answer.status(), answer.code().as_str()), (422, code));
        assert!(!answer.text().contains("zzrempartzz") && !answer.text().contains(&first), "{answer:?}");
    }
    let mut none = stage.sending("alice", "", "/v1/stops", stop());
    none.phrase = None;
    assert_eq!(stage.send(&none).code(), "phrase-missing");
    assert_eq!((stops(&stage), signals(&stage)), (0, 0));

    // What was typed, right or wrong, is on no disk.
    stage.send(&stage.sending("alice", &panic("alice"), "/v1/stops", stop()));
    stage.post("alice", "/v1/stops", stop());
    let disk = stage.disk();
    for text in [own("alice"), panic("alice"), "zzrempartzz".to_owned()] {
        assert!(!disk.windows(text.len()).any(|part| part == text.as_bytes()));
    }
    assert!(disk.windows(8).any(|part| part == b"treasury"), "the search itself finds what is there");
}

#[test]
fn what_is_not_a_command_is_refused_with_a_code() {
    let stage = Stage::new();
    let sending = stage.sending("alice", &own("alice"), "/v1/stops", stop());
    let good = envelope(&sending, stage.nonce("alice"));
    let phrase = own("alice");
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"command\":{}}",
        &good.replace("\"proof\"", "\"prove\""),
        &format!("{good} {good}"),
        &good.replace("{\"command\"", "{\"more\":1,\"command\""),
        &"[".repeat(50_000),
        "\u{0}",
    ] {
        let answer = stage.send_body(&sending, body);
        assert_eq!((answer.status(), answer.code().as_str()), (400, "malformed"), "{body}");
        assert!(!answer.text().contains(&phrase));
    }
    for command in [
        json!({}),
        json!({ "scope": "everything" }),
        json!({ "scope": "organisation", "why": 1 }),
        json!(null),
    ] {
        let answer = stage.post("alice", "/v1/stops", command);
        assert_eq!((answer.status(), answer.code().as_str()), (422, "command-invalid"), "{answer:?}");
    }
    let amounts = ["0.5", "1e8 BTC", "0.123456789 BTC", "-1 BTC", "0.5 XYZ"];
    for amount in amounts {
        assert_eq!(
            stage.post("alice", "/v1/transfers", proposal(amount, 1, None)).code(),
            "command-invalid",
            "{amount}"
        );
    }
    for (key, code) in [
        ("", "idempotency-key-missing"),
        (&"k".repeat(129), "idempotency-key-missing"),
        ("a b", "idempotency-key-missing"),
    ] {
        let head = format!("POST /v1/stops HTTP/1.1\r\nIdempotency-Key: {key}");
        assert_eq!(exchange(stage.address, &head, good.as_bytes()).code(), code);
    }
    assert_eq!(
        exchange(stage.address, "POST /v1/stops HTTP/1.1", good.as_bytes()).code(),
        "idempotency-key-missing"
    );
    assert_eq!(stage.get("/v1/nothing", None).code(), "not-found");
    let wrong_method = exchange(stage.address, "DELETE /v1/stops HTTP/1.1", b"");
    assert_eq!((wrong_method.status(), wrong_method.code().as_str()), (405, "method-not-allowed"));
    assert_eq!(stops(&stage), 0);
}

#[test]
fn bodies_have_a_bound_announced_or_not() {
    let stage = Stage::new();
    let head = |path: &str| format!("POST {path} HTTP/1.1\r\nIdempotency-Key: k");
    let usual = exchange(stage.address, &head("/v1/stops"), &vec![b' '; BODY_BYTES_MAX + 1]);
    assert_eq!((usual.status(), usual.code().as_str()), (413, "body-too-large"));
    let large = exchange(stage.address, &head("/v1/transfers"), &vec![b' '; BODY_LARGE_BYTES_MAX + 1]);
    assert_eq!((large.status(), large.code().as_str()), (413, "body-too-large"));
    let fits = exchange(stage.address, &head("/v1/transfers"), &vec![b' '; BODY_LARGE_BYTES_MAX]);
    assert_eq!(fits.code(), "malformed");
    let chunk = format!("{:x}\r\n{}\r\n", BODY_BYTES_MAX, " ".repeat(BODY_BYTES_MAX)).repeat(2) + "0\r\n\r\n";
    let chunked =
        raw_chunked(&stage, &format!("{}\r\nTransfer-Encoding: chunked", head("/v1/stops")), &chunk);
    assert_eq!((chunked.status(), chunked.code().as_str()), (413, "body-too-large"));
}

fn raw_chunked(stage: &Stage, head: &str, body: &str) -> Raw {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(stage.address).unwrap();
    let _early =
        stream.write_all(format!("{head}\r\nHost: test\r\nConnection: close\r\n\r\n{body}").as_bytes());
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    Raw(answer)
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_does_nothing_again() {
    let stage = Stage::new();
    let sending = stage.sending("alice", &own("alice"), "/v1/stops", stop());
    let first = stage.send(&sending);
    let again = stage.send(&sending);
    assert_eq!((first.clone(), stops(&stage)), (again, 1));
    // A panic phrase on the repetition changes nothing that is seen, and is noticed.
    let mut forced = stage.sending("alice", &panic("alice"), "/v1/stops", stop());
    forced.key.clone_from(&sending.key);
    assert_eq!((stage.send(&forced), stops(&stage), signals(&stage)), (first, 1, 1));
    let mut other =
        stage.sending("alice", &own("alice"), "/v1/stops", json!({ "scope": { "vault": "treasury" } }));
    other.key.clone_from(&sending.key);
    let reused = stage.send(&other);
    assert_eq!((reused.status(), reused.code().as_str()), (409, "idempotency-key-reused"));
    let mut others = stage.sending("bob", &own("bob"), "/v1/stops", stop());
    others.key.clone_from(&sending.key);
    assert_eq!((stage.send(&others).status(), stops(&stage)), (202, 2), "a key is one person's own");

    let transfer = stage.sending("alice", &own("alice"), "/v1/transfers", proposal("0.1 BTC", 1, None));
    let mut drawn = stage.sending("alice", &own("alice"), "/v1/transfers", transfer.command.clone());
    drawn.command.as_object_mut().unwrap().remove("nonce");
    for sending in [transfer, drawn] {
        let (first, again) = (stage.send(&sending), stage.send(&sending));
        assert_eq!(first.status(), 202, "{first:?}");
        assert_eq!(first, again);
    }
    assert_eq!(stage.engine.read(|state| state.overt().transfers().count()), 2);
}

#[test]
fn every_signal_is_noticed_whatever_becomes_of_the_command() {
    let stage = Stage::new();
    let proposed = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None));
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    let unknown = Hash([9; 32]);
    let attach = format!("/v1/transfers/{id}/psbt");
    let forced: [(&str, &str, Value, &str); 10] = [
        ("POST", "/v1/stops", json!({ "nonsense": 1 }), "command-invalid"),
        ("POST", "/v1/transfers", proposal("900 BTC", 2, Some(b"psbt")), "psbt-malformed"),
        (
            "POST",
            "/v1/transfers",
            json!({ "vault": "treasury", "outputs": [{ "amount": "1 BTC" }], "max_fee": "1 BTC" }),
            "command-invalid",
        ),
        ("PUT", &attach, json!({ "psbt": "cHNidP8=" }), "psbt-malformed"),
        ("PUT", "/v1/transfers/zz/psbt", json!({ "psbt": "cHNidP8=" }), "not-found"),
        (
            "POST",
            &format!("/v1/transfers/{id}/approve"),
            json!({ "payload_hash": unknown }),
            "payload-hash-mismatch",
        ),
        (
            "POST",
            &format!("/v1/transfers/{unknown}/approve"),
            json!({ "payload_hash": unknown }),
            "not-found",
        ),
        ("POST", "/v1/transfers/zz/cancel", json!({}), "not-found"),
        ("POST", "/v1/stops/nine/lift", json!({}), "not-found"),
        ("POST", "/v1/changes", json!({ "sources": [] }), "policy-invalid"),
    ];
    for (nth, (method, path, command, code)) in forced.into_iter().enumerate() {
        let mut sending = stage.sending("bob", &panic("bob"), path, command);
        sending.method = method;
        let answer = stage.send(&sending);
        assert_eq!(answer.code(), code, "{path}: {answer:?}");
        assert_eq!(signals(&stage), nth + 1, "{path}");
        // The own phrase gets the same answer.
        let mut free = stage.sending("bob", &own("bob"), path, sending.command.clone());
        free.method = method;
        assert_eq!(stage.send(&free), answer, "{path}");
    }
    let objection = format!("/v1/transfers/{unknown}/object");
    let answer = stage.send_covert(&stage.sending("bob", &panic("bob"), &objection, json!({})));
    assert_eq!((answer.code().as_str(), signals(&stage)), ("not-found", 11));
}

#[test]
fn a_signal_that_comes_too_late_is_refused_and_noticed_once() {
    let stage = Stage::new();
    let sending = stage.sending("bob", &panic("bob"), "/v1/stops", stop());
    let late = envelope(&sending, stage.nonce("bob"));
    stage.pass(NONCE_LIFE);
    for _ in 0..3 {
        let answer = stage.send_body(&sending, &late);
        assert_eq!((answer.status(), signals(&stage)), (401, 1), "{answer:?}");
    }
    assert_eq!(stops(&stage), 0);
}

#[test]
fn whoever_is_no_responder_finds_nothing() {
    let stage = Stage::new();
    let token = stage.token("bob", &own("bob"));
    let nothing = stage.get("/v1/nothing", Some(&token));
    assert_eq!(nothing.status(), 404);
    let paths = [
        "/v1/response",
        "/v1/response/",
        "/v1/response/incidents",
        "/v1/response/incidents/1",
        "/v1/response/reports",
    ];
    for path in paths {
        assert_eq!(stage.get(path, Some(&token)), nothing, "{path}");
        assert_eq!(stage.get(path, None), nothing, "{path}");
        let delete = exchange(stage.address, &format!("DELETE {path} HTTP/1.1"), b"");
        assert_eq!(delete, nothing, "{path}");
        assert_eq!(exchange(stage.address, &format!("POST {path} HTTP/1.1"), b"{"), nothing, "{path}");
    }
    let report = json!({ "who": "alice", "kind": "judgement" });
    for (by, phrase) in
        [("bob", own("bob")), ("bob", panic("bob")), ("payroll", own("bob")), ("mallory", own("bob"))]
    {
        assert_eq!(
            stage.send(&stage.sending(by, &phrase, "/v1/response/reports", report.clone())),
            nothing,
            "{by}"
        );
    }
    // A responder who is not free finds an empty room, one who is free what there is.
    stage.send(&stage.sending("alice", &panic("alice"), "/v1/stops", stop()));
    let room = |phrase: String| {
        let token = stage.token("dora", &phrase);
        stage.get("/v1/response/incidents", Some(&token)).json()["incidents"].as_array().unwrap().len()
    };
    assert_eq!((room(own("dora")), room(panic("dora"))), (1, 0));
    let reported = stage.send_covert(&stage.sending("dora", &own("dora"), "/v1/response/reports", report));
    assert_eq!(reported.status(), 202, "{reported:?}");
}

#[test]
fn attempts_are_limited_whatever_is_typed_and_stops_have_their_own() {
    let run = |phrase: &dyn Fn(&str) -> String| {
        let stage = Stage::new();
        let attempt = |_| {
            stage.send(&stage.sending(
                "alice",
                &phrase("alice"),
                "/v1/posture/lower",
                json!({ "to": "normal" }),
            ))
        };
        let answers: Vec<Raw> = (0..=ATTEMPTS_PER_PERSON_MAX).map(attempt).collect();
        let last = answers.last().unwrap();
        assert_eq!((last.status(), last.code().as_str()), (429, "too-many-attempts"));
        assert_eq!(last.header("retry-after").as_deref(), Some("60"));
        assert!(answers.iter().rev().skip(1).all(|answer| answer.status() == 409));
        assert_eq!(stage.post("bob", "/v1/posture/lower", json!({ "to": "normal" })).status(), 409);
        assert_eq!(stage.send(&stage.sending("alice", &phrase("alice"), "/v1/stops", stop())).status(), 202);
        stage.pass(ATTEMPTS_WINDOW);
        assert_eq!(attempt(0).status(), 409);
        answers
    };
    let (free, forced) = (run(&own), run(&panic));
    assert_eq!(free, forced);
}

#[test]
fn a_source_of_bad_signatures_is_slowed_and_can_still_stop() {
    let stage = Stage::new();
    let mut bad = stage.sending("alice", &own("alice"), "/v1/posture/lower", json!({ "to": "normal" }));
    bad.device = device("mallory");
    let body = envelope(&bad, Hash([1; 32]));
    let statuses: Vec<u16> =
        (0..ATTEMPTS_PER_SOURCE_MAX).map(|_| stage.send_body(&bad, &body).status()).collect();
    assert!(statuses.iter().all(|status| *status == 401));
    assert_eq!(stage.send_body(&bad, &body).code(), "too-many-attempts");
    assert_eq!(stage.post("bob", "/v1/posture/lower", json!({ "to": "normal" })).code(), "too-many-attempts");
    assert_eq!(stage.post("bob", "/v1/stops", stop()).status(), 202);
    stage.pass(ATTEMPTS_WINDOW);
    assert_eq!(stage.post("bob", "/v1/posture/lower", json!({ "to": "normal" })).code(), "posture-unchanged");
}

#[test]
fn a_busy_server_says_so_and_still_takes_stops() {
    // Dear enough that the queue fills faster than it empties.
    let dear = Cost::new(32 * 1024, 2, 1).unwrap();
    let stage = Stage::with_cost(|name| if name == "alice" { Cost::CHEAP } else { dear });
    let bodies: Vec<(String, String)> = (0..120)
        .map(|nth| {
            let by = ["bob", "carol", "dora"][nth % 3];
            let sending = stage.sending(by, &own(by), "/v1/posture/lower", json!({ "to": "normal" }));
            let head = format!("POST {} HTTP/1.1\r\nIdempotency-Key: {}", sending.path, sending.key);
            (head, envelope(&sending, stage.nonce(by)))
        })
        .collect();
    let address = stage.address;
    let answers = std::thread::scope(|scope| {
        let knock = |(head, body): &'_ (String, String)| exchange(address, head, body.as_bytes());
        let threads: Vec<_> = bodies.iter().map(|body| scope.spawn(move || knock(body))).collect();
        // While the queue is full, stop after stop goes through.
        for _ in 0..15 {
            std::thread::sleep(std::time::Duration::from_millis(40));
            let stopped = stage.post("alice", "/v1/stops", stop());
            assert_eq!(stopped.status(), 202, "{stopped:?}");
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<Raw>>()
    });
    let busy: Vec<&Raw> = answers.iter().filter(|answer| answer.status() == 503).collect();
    let done = answers.iter().filter(|answer| answer.status() == 409).count();
    assert!(
        !busy.is_empty() && done >= CHECKS_WAITING_MAX && busy.len() + done == 120,
        "{} {done}",
        busy.len()
    );
    assert!(
        busy.iter()
            .all(|answer| answer.code() == "overloaded"
                && answer.header("retry-after").as_deref() == Some("1"))
    );
}

#[test]
fn a_session_reads_and_ends() {
    let stage = Stage::new();
    let token = stage.token("alice", &own("alice"));
    let me = stage.get("/v1/me", Some(&token)).json();
    let key = server::http::DeviceCredential::Key(device("alice").public());
    let id = overt::device_id(&server::http::encode_device(&key).unwrap());
    let own_device = json!({ "id": id, "kind": "key", "muted": false });
    let expected = json!({
        "person": "alice", "groups": ["finance"], "places": ["home-alice"], "devices": [own_device],
        "organisation": "Essai", "currency": "BTC", "time_zone": "Europe/Paris", "responder": false, "auditor": false,
    });
    assert_eq!(me, expected);
    let rules = stage.get("/v1/policy/rules", Some(&token));
    assert!(rules.text().contains("organisation") && !rules.text().contains("home-"), "{rules:?}");
    for path in [
        "/v1/me",
        "/v1/transfers",
        "/v1/stops",
        "/v1/motions",
        "/v1/posture",
        "/v1/vaults",
        "/v1/policy/rules",
    ] {
        for token in [None, Some(""), Some("00"), Some(&*token.to_uppercase())] {
            let refused = stage.get(path, token);
            assert_eq!((refused.status(), refused.code().as_str()), (401, "session-invalid"), "{path}");
        }
    }
    let bearer = format!("DELETE /v1/session HTTP/1.1\r\nAuthorization: Bearer {token}");
    assert_eq!(exchange(stage.address, &bearer, b"").status(), 204);
    assert_eq!(stage.get("/v1/me", Some(&token)).status(), 401);
    let token = stage.token("alice", &own("alice"));
    stage.pass(SESSION_LIFE);
    assert_eq!(stage.get("/v1/me", Some(&token)).status(), 401);
}

#[test]
fn headers_language_health_and_figures() {
    let stage = Stage::new();
    let health = stage.get("/health", None);
    assert_eq!((health.status(), health.json()["status"].as_str()), (200, Some("ok")));
    assert_eq!(health.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(health.header("x-content-type-options").as_deref(), Some("nosniff"));
    assert_eq!(health.header("date").as_deref(), Some("Mon, 02 Mar 2026 08:00:00 GMT"));
    stage.pass(Span::from_seconds(61));
    assert_eq!(stage.get("/health", None).header("date").as_deref(), Some("Mon, 02 Mar 2026 08:01:01 GMT"));
    let french = exchange(stage.address, "GET /v1/me HTTP/1.1\r\nAccept-Language: fr-FR,en;q=0.5", b"");
    assert_eq!(french.header("content-type").as_deref(), Some("application/problem+json"));
    let problem = french.json();
    assert!(problem["detail"].as_str().unwrap().starts_with("connectez-vous"));
    assert!(problem["title"].as_str().unwrap().starts_with("sign in"));
    assert_eq!(
        (problem["status"].as_u64(), problem["type"].as_str()),
        (Some(401), Some("docs/errors.md#session-invalid"))
    );
    let document = stage.get("/v1/openapi.json", None).body();
    assert_eq!(document, server::http::openapi().unwrap());

    // No figure moves with what only responders may know.
    let figures = || stage.get("/metrics", None).body();
    let quiet = |text: &str| {
        text.lines().filter(|line| !line.contains("\"done\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = figures();
    let object = format!("/v1/transfers/{}/object", Hash([1; 32]));
    stage.send_covert(&stage.sending("bob", &panic("bob"), &object, json!({})));
    let token = "0".repeat(64);
    stage.get("/v1/response/incidents", Some(&token));
    let after = figures();
    assert_eq!(quiet(&before), quiet(&after));
    assert!(before.contains("rempart_answers_total{kind=\"done\"}"));
    for name in stage::PEOPLE {
        assert!(!after.contains(name));
    }
}

#[test]
fn a_phrase_that_was_sent_is_judged_even_if_the_sender_has_gone() {
    use std::io::Write;
    let stage = Stage::with_cost(|_| Cost::PRODUCTION);
    let sending = stage.sending("alice", &panic("alice"), "/v1/stops", stop());
    let body = envelope(&sending, stage.nonce("alice"));
    let head = format!(
        "POST /v1/stops HTTP/1.1\r\nIdempotency-Key: k\r\nHost: t\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    // Signed for another key than the one that is sent: refused, so the test below means something.
    let mut stream = std::net::TcpStream::connect(stage.address).unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    drop(stream);
    let head = head.replace("Key: k\r\n", &format!("Key: {}\r\n", sending.key));
    let mut stream = std::net::TcpStream::connect(stage.address).unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    // Long enough to be read, far too short for the check.
    std::thread::sleep(std::time::Duration::from_millis(20));
    drop(stream);
    world::wait_until("the signal is noticed", || signals(&stage) == 1);
    assert_eq!(stops(&stage), 1);
}

#[test]
fn a_stop_finishes_what_was_begun_and_takes_no_more() {
    let mut stage = Stage::with_cost(|_| Cost::new(64 * 1024, 8, 1).unwrap());
    let sending = stage.sending("alice", &own("alice"), "/v1/stops", stop());
    let body = envelope(&sending, stage.nonce("alice"));
    let head = format!("POST /v1/stops HTTP/1.1\r\nIdempotency-Key: {}", sending.key);
    let address = stage.address;
    // Idle, and kept open by its client.
    let _idle = std::net::TcpStream::connect(address).unwrap();
    let asked = std::thread::spawn(move || exchange(address, &head, body.as_bytes()));
    std::thread::sleep(std::time::Duration::from_millis(60));
    assert!(!asked.is_finished(), "the check is meant to take longer");
    stage.begin_stop();
    assert_eq!(asked.join().unwrap().status(), 202);
    assert!(stage.stopped_within(std::time::Duration::from_secs(25)));
    assert!(std::net::TcpStream::connect(address).is_err());
}
