//! Passkeys over the HTTP interface, with a software authenticator: they sign in and approve, and whatever is wrong with one gets the answer
//! that everything wrong gets (G1, G9), with its phrase judged where the person was really there (G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "../../passkey/tests/soft/mod.rs"]
mod soft;
mod stage;
mod world;

use passkey::{AssertionResponse, RegistrationResponse};
use serde_json::{Value, json};
use server::http::NONCE_LIFE;
use soft::{PRESENT, Soft, Statement};
use stage::{Raw, Sending, Stage, own, panic, proposal};
use types::{ActorId, Hash, Span};

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn signals(stage: &Stage) -> usize {
    stage.engine.read(|state| state.covert().signals().count())
}

fn fallen(stage: &Stage) -> String {
    let body = stage.get("/metrics", None).body();
    let line = body.lines().find(|line| line.starts_with("rempart_passkey_counters_fallen_total")).unwrap();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// What a page sends for a passkey that was made.
fn device_of(nonce: Hash, made: &RegistrationResponse) -> Value {
    json!({ "passkey": {
        "nonce": nonce,
        "client_data": base64url(&made.client_data),
        "attestation_object": base64url(&made.attestation_object),
    }})
}

fn make(stage: &Stage, of: &str, soft: &mut Soft) -> Value {
    let nonce = stage.nonce(of);
    let challenge = api::creation_challenge(&ActorId::parse(of).unwrap(), &nonce);
    device_of(nonce, &soft.register(&challenge, Statement::Own))
}

/// What is signed for a command.
fn challenge(sending: &Sending<'_>, nonce: Hash) -> Hash {
    let request = api::request_hash(sending.method, sending.path, &sending.key, &sending.command).unwrap();
    credentials::challenge(api::COMMAND_DOMAIN, &request, &nonce.0)
}

fn body(sending: &Sending<'_>, nonce: Hash, signed: &AssertionResponse) -> Value {
    let passkey = json!({
        "id": base64url(&signed.credential_id),
        "client_data": base64url(&signed.client_data),
        "authenticator_data": base64url(&signed.authenticator_data),
        "signature": base64url(&signed.signature),
    });
    json!({ "command": sending.command, "phrase": sending.phrase,
        "proof": { "by": sending.by, "nonce": nonce, "passkey": passkey } })
}

/// Sends a command confirmed on a device, with something changed in what the device gave.
fn send_changed(
    stage: &Stage,
    sending: &Sending<'_>,
    soft: &mut Soft,
    change: impl FnOnce(&mut AssertionResponse),
) -> Raw {
    let nonce = stage.nonce(sending.by);
    let mut signed = soft.assert(&challenge(sending, nonce));
    change(&mut signed);
    stage.send_body(sending, &body(sending, nonce, &signed).to_string())
}

fn send(stage: &Stage, sending: &Sending<'_>, soft: &mut Soft) -> Raw {
    send_changed(stage, sending, soft, |_| ())
}

fn sign_in<'a>(stage: &Stage, by: &'a str, phrase: &str) -> Sending<'a> {
    stage.sending(by, phrase, "/v1/session", json!({}))
}

/// A passkey becomes a device as every device does: others agree, and the wait is over.
fn add(stage: &Stage, of: &str, others: [&str; 2], soft: &mut Soft) {
    let device = make(stage, of, soft);
    let proposed = stage.post(of, "/v1/me/devices", json!({ "device": device }));
    assert_eq!(proposed.status(), 202, "{proposed:?}");
    let motion = proposed.json()["motion"].as_str().unwrap().to_owned();
    for by in others {
        let endorsed = stage.post(by, &format!("/v1/motions/{motion}/endorse"), json!({}));
        assert_eq!(endorsed.status(), 202, "{endorsed:?}");
    }
    assert_eq!(
        send(stage, &sign_in(stage, of, &own(of)), &mut soft.clone()).status(),
        401,
        "not yet in force"
    );
    stage.pass(Span::from_hours(7 * 24));
    stage.pass(Span::from_seconds(1));
}

fn with_passkey() -> (Stage, Soft) {
    let (stage, mut soft) = (Stage::new(), Soft::es256());
    add(&stage, "alice", ["bob", "carol"], &mut soft);
    (stage, soft)
}

#[test]
fn a_passkey_that_others_agreed_to_signs_in_and_approves() {
    let (stage, mut soft) = with_passkey();
    let granted = send(&stage, &sign_in(&stage, "alice", &own("alice")), &mut soft);
    assert_eq!(granted.status(), 201, "{granted:?}");
    let token = granted.json()["token"].as_str().unwrap().to_owned();
    let me = stage.get("/v1/me", Some(&token)).json();
    let kinds: Vec<&str> =
        me["devices"].as_array().unwrap().iter().filter_map(|d| d["kind"].as_str()).collect();
    assert_eq!(kinds, ["key", "passkey"]);

    let proposed = stage.post("bob", "/v1/transfers", proposal("0.2 BTC", 1, None));
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    let path = format!("/v1/transfers/{id}/approve");
    let approve = stage.sending("alice", &own("alice"), &path, json!({ "payload_hash": id }));
    assert_eq!(send(&stage, &approve, &mut soft).status(), 202);
    let again = stage.sending("alice", &own("alice"), &path, json!({ "payload_hash": id }));
    assert_eq!(send(&stage, &again, &mut soft).code(), "already-approved");

    // The key still signs, and the counter that was seen last is the gate's.
    assert_eq!(
        stage.post("alice", "/v1/stops", json!({ "scope": "organisation", "reason": "x" })).status(),
        202
    );
    let device = me["devices"][1]["id"].as_str().unwrap();
    let last = stage.engine.read(|state| state.overt().counter(&Hash::parse(device).unwrap()));
    assert_eq!((last, soft.counter), (Some(4), Some(5)));
}

#[test]
fn whatever_is_wrong_with_an_assertion_gets_one_answer_and_does_nothing() {
    let (stage, soft) = with_passkey();
    let mut bobs = Soft::ed25519(9);
    add(&stage, "bob", ["alice", "carol"], &mut bobs);
    let stop = || {
        stage.sending(
            "alice",
            &panic("alice"),
            "/v1/stops",
            json!({ "scope": "organisation", "reason": "x" }),
        )
    };
    // What a name that nobody has gets.
    let mut unknown = stop();
    unknown.by = "mallory";
    let refused = send(&stage, &unknown, &mut soft.clone());
    assert_eq!((refused.status(), refused.code().as_str()), (401, "unauthenticated"));

    let with = |what: &str, change: fn(&mut Soft)| {
        let mut device = soft.clone();
        change(&mut device);
        assert_eq!(send(&stage, &stop(), &mut device), refused, "{what}");
    };
    with("wrong origin", |device| device.origin = "http://localhost:9999".to_owned());
    with("wrong site", |device| device.relying_party = "example.org".to_owned());
    with("inside another page", |device| device.cross_origin = true);
    with("user not verified", |device| device.flags = PRESENT);
    with("another credential", |device| device.id = vec![1; 32]);
    assert_eq!(send(&stage, &stop(), &mut bobs), refused, "another person's passkey");
    let mut bobs_key = bobs.clone();
    bobs_key.id.clone_from(&soft.id);
    assert_eq!(send(&stage, &stop(), &mut bobs_key), refused, "another key under the same id");

    let changed = |what: &str, change: fn(&mut AssertionResponse)| {
        assert_eq!(send_changed(&stage, &stop(), &mut soft.clone(), change), refused, "{what}");
    };
    changed("authenticator data cut", |signed| signed.authenticator_data.truncate(36));
    changed("CBOR cut", |signed| {
        // Extensions are announced and end in the middle.
        signed.authenticator_data[32] |= 0x80;
        signed.authenticator_data.extend([0xa1, 0x61]);
    });
    changed("client data cut", |signed| signed.client_data.truncate(40));
    changed("signature cut", |signed| signed.signature.truncate(40));
    changed("too long", |signed| signed.client_data.resize(5000, b' '));
    changed("nothing", |signed| signed.signature.clear());

    // A command that was changed after it was confirmed, and a confirmation for another nonce.
    let (confirmed, nonce) = (stop(), stage.nonce("alice"));
    let signed = soft.clone().assert(&challenge(&confirmed, nonce));
    let mut other = body(&confirmed, nonce, &signed);
    other["command"]["reason"] = json!("y");
    assert_eq!(stage.send_body(&confirmed, &other.to_string()), refused, "payload changed after signing");
    let other = body(&confirmed, stage.nonce("alice"), &signed);
    assert_eq!(stage.send_body(&confirmed, &other.to_string()), refused, "other nonce");
    let registration = soft.clone().assert_as("webauthn.create", &challenge(&confirmed, nonce));
    let other = body(&confirmed, nonce, &registration);
    assert_eq!(stage.send_body(&confirmed, &other.to_string()), refused, "the other ceremony");

    assert_eq!((signals(&stage), fallen(&stage).as_str()), (0, "0"));
    assert_eq!(stage.engine.read(|state| state.overt().stops().count()), 0);
    // And what is right still works.
    assert_eq!(send(&stage, &stop(), &mut soft.clone()).status(), 202);
    assert_eq!(signals(&stage), 1);
}

#[test]
fn an_assertion_is_good_once() {
    let (stage, mut soft) = with_passkey();
    let sending = sign_in(&stage, "alice", &own("alice"));
    let nonce = stage.nonce("alice");
    let signed = body(&sending, nonce, &soft.assert(&challenge(&sending, nonce))).to_string();
    assert_eq!(stage.send_body(&sending, &signed).status(), 201);
    let replayed = stage.send_body(&sending, &signed);
    assert_eq!((replayed.status(), replayed.code().as_str()), (401, "unauthenticated"));
    assert_eq!(fallen(&stage), "0");
}

#[test]
fn a_copied_device_is_refused_counted_and_its_phrase_is_judged() {
    let (stage, mut soft) = with_passkey();
    let mut copy = soft.clone();
    for _ in 0..3 {
        assert_eq!(send(&stage, &sign_in(&stage, "alice", &own("alice")), &mut soft).status(), 201);
    }
    let free = send(&stage, &sign_in(&stage, "alice", &own("alice")), &mut copy);
    assert_eq!((free.code().as_str(), fallen(&stage).as_str(), signals(&stage)), ("unauthenticated", "1", 0));
    let forced = send(&stage, &sign_in(&stage, "alice", &panic("alice")), &mut copy);
    assert_eq!(forced, free);
    assert_eq!((fallen(&stage).as_str(), signals(&stage)), ("2", 1));
    // The covert lane leaves no figure behind.
    let objection = format!("/v1/transfers/{}/object", Hash([9; 32]));
    copy.counter = Some(1);
    assert_eq!(
        send_covertly(&stage, &stage.sending("alice", &own("alice"), &objection, json!({})), &mut copy)
            .code(),
        "unauthenticated"
    );
    assert_eq!(fallen(&stage), "2");
    // A device that stops counting is no better, the original goes on.
    copy.counter = None;
    assert_eq!(send(&stage, &sign_in(&stage, "alice", &own("alice")), &mut copy).code(), "unauthenticated");
    assert_eq!(send(&stage, &sign_in(&stage, "alice", &own("alice")), &mut soft).status(), 201);
}

fn send_covertly(stage: &Stage, sending: &Sending<'_>, soft: &mut Soft) -> Raw {
    let nonce = stage.nonce(sending.by);
    let body = body(sending, nonce, &soft.assert(&challenge(sending, nonce))).to_string();
    std::thread::scope(|scope| {
        let address = stage.address;
        let head = format!("POST {} HTTP/1.1\r\nIdempotency-Key: {}", sending.path, sending.key);
        let answer = scope.spawn(move || stage::exchange(address, &head, body.as_bytes()));
        std::thread::sleep(std::time::Duration::from_millis(150));
        stage.pass(server::engine::SLOT_PERIOD);
        answer.join().unwrap()
    })
}

#[test]
fn a_device_that_does_not_count_is_taken() {
    let (stage, mut soft) = (Stage::new(), Soft::ed25519(3));
    soft.counter = None;
    add(&stage, "alice", ["bob", "carol"], &mut soft);
    for _ in 0..3 {
        assert_eq!(send(&stage, &sign_in(&stage, "alice", &own("alice")), &mut soft).status(), 201);
    }
}

#[test]
fn a_confirmation_that_comes_too_late_is_refused_and_its_phrase_judged() {
    let (stage, mut soft) = with_passkey();
    let sending = sign_in(&stage, "alice", &panic("alice"));
    let nonce = stage.nonce("alice");
    let late = body(&sending, nonce, &soft.assert(&challenge(&sending, nonce))).to_string();
    stage.pass(NONCE_LIFE);
    for _ in 0..2 {
        let answer = stage.send_body(&sending, &late);
        assert_eq!((answer.status(), signals(&stage)), (401, 1), "{answer:?}");
    }
}

#[test]
fn a_new_passkey_is_for_one_person_and_nonce_and_whoever_sends_it_is_heard() {
    let (stage, mut soft) = with_passkey();
    let refused = |by: &str, device: &Value| {
        let sent = |phrase: &str| {
            stage.send(&stage.sending(by, phrase, "/v1/me/devices", json!({ "device": device })))
        };
        let before = signals(&stage);
        let (free, forced) = (sent(&own(by)), sent(&panic(by)));
        assert_eq!((free.status(), free.code().as_str()), (422, "passkey-refused"), "{free:?}");
        assert_eq!((&forced, signals(&stage)), (&free, before + 1));
        free.json()["detail"].as_str().unwrap().to_owned()
    };
    let mut new = Soft::es256();
    let for_bob = make(&stage, "bob", &mut new);
    assert!(refused("alice", &for_bob).contains("challenge"), "made for somebody else");
    assert!(refused("alice", &make(&stage, "alice", &mut soft)).contains("already"), "registered before");
    let mut cut = make(&stage, "alice", &mut new);
    let object = cut["passkey"]["attestation_object"].as_str().unwrap()[..100].to_owned();
    cut["passkey"]["attestation_object"] = json!(object);
    assert!(refused("alice", &cut).contains("cannot be read"), "truncated CBOR");
    let nonce = Hash([7; 32]);
    let challenge = api::creation_challenge(&ActorId::parse("alice").unwrap(), &nonce);
    let unasked = device_of(nonce, &new.register(&challenge, Statement::Own));
    assert!(refused("alice", &unasked).contains("nonce"), "a nonce of our own");
    let mut away = new.clone();
    away.origin = "https://example.org".to_owned();
    assert!(refused("alice", &make(&stage, "alice", &mut away)).contains("page"), "wrong origin");
    let mut unverified = new.clone();
    unverified.flags = PRESENT;
    assert!(refused("alice", &make(&stage, "alice", &mut unverified)).contains("verify"), "not verified");
    let late = make(&stage, "alice", &mut new);
    stage.pass(NONCE_LIFE);
    assert!(refused("alice", &late).contains("nonce"), "too late");

    let good = make(&stage, "alice", &mut new);
    let send = |device: &Value| stage.post("alice", "/v1/me/devices", json!({ "device": device }));
    assert_eq!(send(&good).status(), 202);
    assert!(refused("alice", &good).contains("nonce"), "used");
}

#[test]
fn a_proof_has_one_of_the_two() {
    let stage = Stage::new();
    let sending = sign_in(&stage, "alice", &own("alice"));
    let nonce = stage.nonce("alice");
    let signed = Soft::es256().assert(&challenge(&sending, nonce));
    let mut both = body(&sending, nonce, &signed);
    both["proof"]["signature"] = json!("00".repeat(64));
    let mut neither = body(&sending, nonce, &signed);
    neither["proof"].as_object_mut().unwrap().remove("passkey");
    for wrong in [both, neither] {
        let answer = stage.send_body(&sending, &wrong.to_string());
        assert_eq!((answer.status(), answer.code().as_str()), (400, "malformed"));
    }
    let mut padded = body(&sending, nonce, &signed);
    padded["proof"]["passkey"]["id"] = json!("AA==");
    assert_eq!(stage.send_body(&sending, &padded.to_string()).code(), "malformed");
}

#[test]
fn a_page_can_ask_what_to_ask_for() {
    let site = Stage::new().get("/v1/passkeys", None).json();
    assert_eq!(site, json!({ "relying_party": "localhost", "algorithms": [-7, -8, -257] }));
}
