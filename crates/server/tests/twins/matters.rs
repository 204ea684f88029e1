//! Steps about what moves and what stops: transfers, stops, posture, motions, vaults, feeds.

use serde_json::{Value, json};
use types::{Span, hash_parts};

use crate::everything::Ids;
use crate::people::end;
use crate::scene::Scene;
use crate::stage::{base64, proposal};
use crate::world;

fn breathe(scene: &Scene) {
    scene.pass(Span::from_seconds(61));
}

pub fn steps(scene: &mut Scene, ids: &Ids, round: u8) {
    asking(scene, round);
    breathe(scene);
    transfers(scene, ids, 10 * (round + 1));
    breathe(scene);
    stops(scene, ids);
    breathe(scene);
    motions(scene, round);
    vaults(scene, round);
    breathe(scene);
    feeds(scene, round);
    breathe(scene);
}

/// The rules as they are but for one wait; the register is left out.
fn other_rules(scene: &Scene, days: &str) -> Value {
    let rules = scene.stage.engine.read(|state| state.overt().policy().unwrap().sources()[0].clone());
    let text = rules.text.replacen("look_back = \"7d\"", &format!("look_back = \"{days}\""), 1);
    json!({ "sources": [{ "name": rules.name, "text": text }], "keep_others": true })
}

/// What is asked before anything is done.
fn asking(scene: &mut Scene, round: u8) {
    let token = scene.token("alice");
    for command in [
        proposal("0.2 BTC", 100 + round, None),
        proposal("900 BTC", 100 + round, None),
        json!({ "vault": "treasury" }),
    ] {
        scene.ask("/v1/transfers/check", Some(&token), &command);
        scene.ask("/v1/transfers/check", None, &command);
    }
    let looser = other_rules(scene, "5d");
    for change in [
        looser.clone(),
        other_rules(scene, "9d"),
        json!({ "sources": [{ "name": "more.toml", "text": "x = " }], "keep_others": true }),
        json!({ "sources": [{ "name": "more.toml", "text": "[[place]]\nid = \"cellar\"\nkind = \"home\"\n" }], "keep_others": true }),
        json!({}),
    ] {
        scene.ask("/v1/policy/preview", Some(&token), &change);
        scene.ask("/v1/policy/preview", None, &change);
    }
    let own = scene.done("alice", "/v1/changes", looser);
    end(scene, "bob", &own["motion"]);
}

fn propose(scene: &mut Scene, by: &str, nonce: u8) -> String {
    let accepted = scene.done(by, "/v1/transfers", proposal("0.4 BTC", nonce, None));
    accepted["transfer"].as_str().unwrap().to_owned()
}

fn transfers(scene: &mut Scene, ids: &Ids, nonce: u8) {
    let (own, other) = (propose(scene, "alice", nonce), propose(scene, "bob", nonce + 1));
    scene.post("alice", "/v1/transfers", proposal("900 BTC", nonce + 2, None));
    scene.post("alice", "/v1/transfers", json!({ "vault": "treasury" }));
    scene.program("payroll", "POST", "/v1/transfers", proposal("0.1 BTC", nonce + 3, None));
    let on = |id: &str, rest: &str| format!("/v1/transfers/{id}/{rest}");
    let psbt = json!({ "psbt": base64(&scene.psbt_of_last(40_000_000, "alice")) });
    scene.act("alice", "PUT", &on(&ids.transfer, "psbt"), psbt.clone());
    scene.act("alice", "PUT", &on(&own, "psbt"), json!({ "psbt": "cHNidP8=" }));
    scene.act("alice", "PUT", &on("zz", "psbt"), psbt);
    scene.done("alice", &on(&other, "approve"), json!({ "payload_hash": other }));
    scene.post("alice", &on(&other, "approve"), json!({ "payload_hash": other }));
    scene.post("alice", &on(&own, "approve"), json!({ "payload_hash": own }));
    scene.post("alice", &on(&other, "approve"), json!({ "payload_hash": hash_parts("x", &[]) }));
    scene.covert("alice", &on(&other, "object"), json!({}));
    scene.covert("alice", &on(&other, "object"), json!({}));
    scene.covert("alice", &on("zz", "object"), json!({}));
    scene.done("alice", &on(&own, "cancel"), json!({}));
    scene.done("alice", &on(&other, "cancel"), json!({}));
    scene.post("alice", &on(&other, "cancel"), json!({}));
    scene.post("alice", &on("zz", "cancel"), json!({}));
}

fn stops(scene: &mut Scene, ids: &Ids) {
    let scope = json!({ "scope": { "transfer": ids.ticket }, "reason": "held" });
    let stopped = scene.done("alice", "/v1/stops", scope);
    scene.post("alice", "/v1/stops", json!({ "scope": "everything" }));
    let lift = format!("/v1/stops/{}/lift", stopped["stop"]);
    let lifted = scene.done("alice", &lift, json!({}));
    end(scene, "alice", &lifted["motion"]);
    scene.post("alice", "/v1/stops/77777/lift", json!({}));
    scene.post("alice", "/v1/posture/lower", json!({ "to": "normal" }));
    scene.post("alice", "/v1/posture/raise", json!({ "to": "normal" }));
}

fn motions(scene: &mut Scene, round: u8) {
    let sources: Vec<Value> = scene.stage.engine.read(|state| {
        let sources = state.overt().policy().unwrap().sources().to_vec();
        let days = format!("look_back = \"{}d\"", 5 + round);
        let looser = |text: &str| text.replacen("look_back = \"7d\"", &days, 1);
        sources.iter().map(|source| json!({ "name": source.name, "text": looser(&source.text) })).collect()
    });
    let own = scene.done("alice", "/v1/changes", json!({ "sources": sources }));
    scene.post("alice", "/v1/changes", json!({ "sources": [{ "name": "rules.toml", "text": "x = " }] }));
    let other = scene.done("bob", "/v1/people/carol/revoke", json!({}));
    scene.post("alice", &format!("/v1/motions/{}/endorse", own["motion"].as_str().unwrap()), json!({}));
    let phrase = scene.done("bob", "/v1/me/phrase", json!({ "language": "fr" }));
    scene.done("alice", &format!("/v1/motions/{}/endorse", phrase["motion"].as_str().unwrap()), json!({}));
    scene.post("alice", "/v1/motions/zz/endorse", json!({}));
    for motion in [&own, &other, &phrase] {
        end(scene, "alice", &motion["motion"]);
    }
    scene.post("alice", "/v1/motions/zz/end", json!({}));
}

fn vaults(scene: &mut Scene, round: u8) {
    scene.done("alice", "/v1/vaults/treasury/addresses", json!({ "label": format!("round {round}") }));
    scene.post("alice", "/v1/vaults/nowhere/addresses", json!({ "label": "" }));
}

fn feeds(scene: &mut Scene, round: u8) {
    let price = json!({ "asset": "ETH", "at": scene.stage.wall(), "rate": format!("0.0{}", round + 5) });
    for _ in 0..2 {
        scene.program("chain", "POST", "/v1/feed/prices", price.clone());
    }
    scene.post("alice", "/v1/feed/prices", price);
    let funding = hex::encode(world::funding(&scene.stage.engine));
    let transaction = json!({ "vault": "treasury", "transaction": funding });
    scene.program("chain", "POST", "/v1/feed/transactions", transaction);
    scene.program(
        "chain",
        "POST",
        "/v1/feed/transactions",
        json!({ "vault": "treasury", "transaction": "00" }),
    );
}

/// What would be in the way of everything else.
pub fn last_steps(scene: &mut Scene) {
    scene.done("alice", "/v1/posture/raise", json!({ "to": "lockdown" }));
    let lowered = scene.done("alice", "/v1/posture/lower", json!({ "to": "normal" }));
    end(scene, "bob", &lowered["motion"]);
}
