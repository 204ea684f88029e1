//! What people, services and feeds do through the interface, from end to end (G1, G5, G6).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stage::{Raw, Sending, Stage, own, proposal};
use types::Span;
use world::{SLOW_HOLD, wait_until};

fn propose(stage: &Stage, by: &str, amount: &str, nonce: u8) -> String {
    let answer = stage.post(by, "/v1/transfers", proposal(amount, nonce, None));
    assert_eq!(answer.status(), 202, "{answer:?}");
    answer.json()["transfer"].as_str().unwrap().to_owned()
}

fn approve(stage: &Stage, by: &str, id: &str) -> Raw {
    stage.post(by, &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }))
}

fn shown(stage: &Stage, id: &str) -> Value {
    let token = stage.token("carol", &own("carol"));
    stage.get(&format!("/v1/transfers/{id}"), Some(&token)).json()
}

fn endorse(stage: &Stage, motion: &Value, by: &[&str]) {
    let path = format!("/v1/motions/{}/endorse", motion.as_str().unwrap());
    for name in by {
        let answer = stage.post(name, &path, json!({}));
        assert_eq!(answer.status(), 202, "{answer:?}");
    }
}

#[test]
fn a_transfer_is_shown_as_what_was_hashed_and_names_nobody_else() {
    let stage = Stage::new();
    let id = propose(&stage, "alice", "0.4 BTC", 1);
    assert_eq!(approve(&stage, "bob", &id).status(), 202);
    let transfer = shown(&stage, &id);
    let canonical = transfer["payload"].as_str().unwrap();
    let payload: types::Payload = serde_json::from_str(canonical).unwrap();
    assert_eq!(payload.id().unwrap().to_string(), id);
    let expected = json!({ "address": world::PAYEE, "amount": { "asset": "BTC", "units": 40_000_000 } });
    assert_eq!(transfer["outputs"], json!([expected]));
    assert_eq!(transfer["value"], json!({ "currency": "BTC", "minor": 40_005_000 }));
    let ready = world::start_time().after(SLOW_HOLD).to_string();
    let permits = transfer["permits"].as_array().unwrap();
    assert_eq!(
        (permits.len(), &permits[0]["met"], &permits[0]["ready_at"]),
        (1, &json!(true), &json!(ready))
    );
    assert!(!transfer.to_string().contains("bob"), "{transfer}");
    assert_eq!(approve(&stage, "bob", &id).code(), "already-approved");
    assert_eq!(approve(&stage, "alice", &id).code(), "own-proposal");
}

#[test]
fn a_transfer_is_cancelled_by_one_person() {
    let stage = Stage::new();
    let id = propose(&stage, "alice", "0.4 BTC", 1);
    let cancel = format!("/v1/transfers/{id}/cancel");
    assert_eq!(stage.post("carol", &cancel, json!({})).status(), 202);
    assert_eq!(shown(&stage, &id)["status"], "cancelled");
    assert_eq!(stage.post("bob", &cancel, json!({})).code(), "too-late");
    assert_eq!(approve(&stage, "bob", &id).code(), "too-late");
}

#[test]
fn an_objection_shows_only_at_the_moment_of_decision() {
    let stage = Stage::new();
    let id = propose(&stage, "alice", "0.4 BTC", 1);
    approve(&stage, "bob", &id);
    let before = shown(&stage, &id);
    let object = format!("/v1/transfers/{id}/object");
    assert_eq!(stage.send_covert(&stage.sending("carol", &own("carol"), &object, json!({}))).status(), 202);
    assert_eq!(shown(&stage, &id), before);
    stage.pass(SLOW_HOLD);
    let after = shown(&stage, &id);
    assert_eq!(after["status"], "declined");
    assert!(!after.to_string().contains("carol"));
    let late = stage.send_covert(&stage.sending("carol", &own("carol"), &object, json!({})));
    assert_eq!(late.code(), "too-late");
}

#[test]
fn one_person_stops_and_two_lift_after_a_wait() {
    let stage = Stage::new();
    let id = propose(&stage, "alice", "0.4 BTC", 1);
    let stopped = stage.post("bob", "/v1/stops", json!({ "scope": { "transfer": id }, "reason": "call me" }));
    let number = stopped.json()["stop"].as_u64().unwrap();
    assert_eq!(shown(&stage, &id)["stopped"], true);
    let motion = stage.post("carol", &format!("/v1/stops/{number}/lift"), json!({})).json()["motion"].clone();
    endorse(&stage, &motion, &["alice", "carol"]);
    let token = stage.token("alice", &own("alice"));
    let listed = stage.get("/v1/motions", Some(&token)).json();
    assert_eq!(listed["motions"][0]["met"], true);
    assert_eq!(listed["motions"][0]["proposal"], json!({ "lift": number }));
    stage.pass(Span::from_hours(24));
    assert_eq!(shown(&stage, &id)["stopped"], false);
    let token = stage.token("alice", &own("alice"));
    let stops = stage.get("/v1/stops", Some(&token)).json();
    assert_eq!(
        (&stops["stops"][0]["reason"], stops["stops"][0]["lifted_at"].is_string()),
        (&json!("call me"), true)
    );
    assert!(!stops.to_string().contains("bob"), "{stops}");

    let again =
        stage.post("alice", "/v1/stops", json!({ "scope": "organisation" })).json()["stop"].as_u64().unwrap();
    let motion = stage.post("carol", &format!("/v1/stops/{again}/lift"), json!({})).json()["motion"].clone();
    let end = format!("/v1/motions/{}/end", motion.as_str().unwrap());
    assert_eq!(stage.post("alice", &end, json!({})).status(), 202);
    assert_eq!(stage.post("alice", &end, json!({})).code(), "too-late");
}

#[test]
fn one_person_raises_the_posture_and_two_lower_it() {
    let stage = Stage::new();
    let raise = |by: &str| stage.post(by, "/v1/posture/raise", json!({ "to": "lockdown" }));
    assert_eq!((raise("alice").status(), raise("bob").code().as_str()), (202, "posture-unchanged"));
    let posture = || {
        let token = stage.token("carol", &own("carol"));
        stage.get("/v1/posture", Some(&token)).json()["posture"].as_str().unwrap().to_owned()
    };
    assert_eq!(posture(), "lockdown");
    let lower = stage.post("bob", "/v1/posture/lower", json!({ "to": "normal" })).json();
    endorse(&stage, &lower["motion"], &["bob", "carol"]);
    stage.pass(Span::from_hours(24));
    assert_eq!(posture(), "normal");
}

#[test]
fn a_change_is_a_motion_whose_rules_are_shown_and_whose_register_is_not() {
    let stage = Stage::new();
    let sources: Vec<Value> = stage.engine.read(|state| {
        let sources = state.overt().policy().unwrap().sources().to_vec();
        // Incidents look back less far: a loosening.
        let looser = |text: &str| text.replacen("look_back = \"7d\"", "look_back = \"6d\"", 1);
        let json = |source: policy::Source| json!({ "name": source.name, "text": looser(&source.text) });
        sources.into_iter().map(json).collect()
    });
    let proposed = stage.post("alice", "/v1/changes", json!({ "sources": sources }));
    assert_eq!(proposed.status(), 202, "{proposed:?}");
    let token = stage.token("bob", &own("bob"));
    let listed = stage.get("/v1/motions", Some(&token));
    assert_eq!(listed.json()["motions"][0]["proposal"], "change");
    assert!(!listed.text().contains("home-"));
    // The direction, and not what shows it: that would name people.
    assert_eq!(listed.json()["motions"][0]["direction"], "loosens");
    let change = listed.json()["motions"][0]["change"].clone();
    assert_eq!(change["rules"].as_array().unwrap().len(), 1);
    let canonical = types::canonical_json(&sources).unwrap();
    assert_eq!(change["hash"], types::hash_parts("rempart/sources/v1", &[canonical.as_bytes()]).to_string());
    let broken =
        stage.post("alice", "/v1/changes", json!({ "sources": [{ "name": "rules.toml", "text": "x = " }] }));
    assert_eq!((broken.status(), broken.code().as_str()), (422, "policy-invalid"));
    // Unknown and malformed ids of motions look alike.
    let unknown = stage.post("bob", &format!("/v1/motions/{}/endorse", "0".repeat(64)), json!({}));
    assert_eq!(stage.post("bob", "/v1/motions/xyz/endorse", json!({})), unknown);
}

#[test]
fn pages_of_transfers_cover_everything_once() {
    let stage = Stage::new();
    let ids: BTreeSet<String> = (0..7).map(|nonce| propose(&stage, "alice", "0.01 BTC", nonce)).collect();
    let cancelled = ids.first().unwrap();
    stage.post("bob", &format!("/v1/transfers/{cancelled}/cancel"), json!({}));
    let token = stage.token("carol", &own("carol"));
    let walk = |query: &str| {
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = stage.get(&format!("/v1/transfers?limit=3{query}{next}"), Some(&token)).json();
            let transfers = page["transfers"].as_array().unwrap();
            assert!(transfers.len() <= 3);
            seen.extend(transfers.iter().map(|transfer| transfer["id"].as_str().unwrap().to_owned()));
            match page["next"].as_u64() {
                Some(before) => next = format!("&before={before}"),
                None => return seen,
            }
        }
    };
    let all = walk("");
    assert_eq!((all.len(), all.into_iter().collect::<BTreeSet<_>>()), (7, ids.clone()));
    assert_eq!(walk("&status=cancelled"), std::slice::from_ref(cancelled));
    assert_eq!(walk("&status=pending").len(), 6);
    for query in ["status=open", "limit=0", "limit=201", "before=-1", "befor=1", "limit=x"] {
        let refused = stage.get(&format!("/v1/transfers?{query}"), Some(&token));
        assert_eq!((refused.status(), refused.code().as_str()), (400, "query-invalid"), "{query}");
    }
}

#[test]
fn a_service_submits_and_brings_transactions_and_does_nothing_else() {
    let stage = Stage::new();
    let service = |method: &'static str, path: &str, command: Value| {
        let mut sending = stage.sending("payroll", "", path, command);
        (sending.phrase, sending.method) = (None, method);
        stage.send(&sending)
    };
    let proposed = service("POST", "/v1/transfers", proposal("0.2 BTC", 1, None));
    assert_eq!(proposed.status(), 202, "{proposed:?}");
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    let holdings = stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
    let psbt = json!({ "psbt": stage::base64(&world::psbt(&holdings, 20_000_000, &["alice"])) });
    assert_eq!(service("PUT", &format!("/v1/transfers/{id}/psbt"), psbt.clone()).status(), 202);
    let unreadable = proposal("0.2 BTC", 3, Some(b"no psbt"));
    assert_eq!(service("POST", "/v1/transfers", unreadable).code(), "psbt-malformed");
    let others = propose(&stage, "alice", "0.2 BTC", 2);
    assert_eq!(service("PUT", &format!("/v1/transfers/{others}/psbt"), psbt).code(), "not-allowed");
    for path in [
        "/v1/session",
        "/v1/stops",
        "/v1/changes",
        "/v1/posture/raise",
        &format!("/v1/transfers/{id}/approve"),
    ] {
        assert_eq!(service("POST", path, json!({})).code(), "not-allowed", "{path}");
    }
}

#[test]
fn feeds_report_prices_and_the_chain_and_nobody_else_does() {
    let stage = Stage::new();
    let feed = |path: &'static str, command: Value| {
        let mut sending = stage.sending("chain", "", path, command);
        sending.phrase = None;
        stage.send(&sending)
    };
    let price = json!({ "asset": "ETH", "at": world::start_time(), "rate": "0.05" });
    assert_eq!(feed("/v1/feed/prices", price.clone()).status(), 202);
    assert_eq!(feed("/v1/feed/prices", price.clone()).code(), "duplicate");
    assert_eq!(stage.post("alice", "/v1/feed/prices", price).code(), "not-allowed");
    let transaction = |bytes: &[u8]| json!({ "vault": "treasury", "transaction": hex::encode(bytes) });
    let funding = world::funding(&stage.engine);
    assert_eq!(feed("/v1/feed/transactions", transaction(&funding)).status(), 202);
    assert_eq!(feed("/v1/feed/transactions", transaction(b"no")).code(), "transaction-malformed");
    let nowhere = json!({ "vault": "desk", "transaction": hex::encode(&funding) });
    assert_eq!(feed("/v1/feed/transactions", nowhere).code(), "not-on-chain");
    assert_eq!(feed("/v1/stops", json!({ "scope": "organisation" })).code(), "not-allowed");
    assert_eq!(feed("/v1/transfers", proposal("0.1 BTC", 1, None)).code(), "not-allowed");
}

#[test]
fn a_free_transfer_is_signed_fetched_and_confirmed() {
    let stage = Stage::new();
    let holdings = stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
    let psbt = |member: &str| world::psbt(&holdings, 40_000_000, &[member]);
    let proposed = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, Some(&psbt("alice"))));
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    let token = stage.token("carol", &own("carol"));
    let attached = stage.get(&format!("/v1/transfers/{id}/psbt"), Some(&token)).json();
    assert!(attached["psbt"].as_str().unwrap().starts_with("cHNid"));
    let fetch = |token: &str| stage.get(&format!("/v1/transfers/{id}/transaction"), Some(token));
    assert_eq!(fetch(&token).code(), "no-transaction");
    let approval = json!({ "payload_hash": id, "psbt": stage::base64(&psbt("bob")) });
    stage.post("bob", &format!("/v1/transfers/{id}/approve"), approval);
    assert_eq!(shown(&stage, &id)["members_signed"], true);
    stage.pass(SLOW_HOLD);
    let transfer = types::TransferId(types::Hash::parse(&id).unwrap());
    wait_until("signed", || world::word(&stage.engine, transfer) == "signed");
    let token = stage.token("carol", &own("carol"));
    let signed = fetch(&token).json();
    let bytes = hex::decode(signed["transaction"].as_str().unwrap()).unwrap();
    let parsed: vault::bitcoin::Transaction = vault::bitcoin::consensus::encode::deserialize(&bytes).unwrap();
    assert_eq!(signed["txid"], parsed.compute_txid().to_string());
    let confirm =
        json!({ "vault": "treasury", "transaction": signed["transaction"], "confirms": { "transfer": id } });
    let mut sending: Sending<'_> = stage.sending("chain", "", "/v1/feed/transactions", confirm);
    sending.phrase = None;
    let confirmed = stage.send(&sending);
    assert_eq!(confirmed.status(), 202, "{confirmed:?}");
    assert_eq!(shown(&stage, &id)["status"], "confirmed");
    let vaults = stage.get("/v1/vaults", Some(&token)).json();
    assert_eq!(vaults["vaults"][0]["balance"]["units"], 100_000_000 - 40_002_000, "{vaults}");
}

#[test]
fn a_gate_only_transfer_gets_a_ticket_that_others_can_check() {
    let stage = Stage::new();
    let output = json!({ "address": "anywhere", "amount": "1 BTC" });
    let command = json!({ "vault": "desk", "outputs": [output], "max_fee": "0 BTC" });
    let proposed = stage.post("alice", "/v1/transfers", command);
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    let token = stage.token("alice", &own("alice"));
    let path = format!("/v1/transfers/{id}/ticket");
    let ticket = (0..200).find_map(|_| {
        let answer = stage.get(&path, Some(&token));
        std::thread::sleep(std::time::Duration::from_millis(10));
        (answer.status() == 200).then(|| answer.json())
    });
    let ticket = ticket.expect("a ticket");
    let bytes = |field: &str| hex::decode(ticket[field].as_str().unwrap()).unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes("key").as_slice().try_into().unwrap()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&bytes("signature")).unwrap();
    let transfer = types::TransferId(types::Hash::parse(&id).unwrap());
    assert!(key.verify_strict(&server::dispatch::ticket_message(transfer).0, &signature).is_ok());
    let elsewhere = types::TransferId(types::Hash([7; 32]));
    assert!(key.verify_strict(&server::dispatch::ticket_message(elsewhere).0, &signature).is_err());
}
