//! A history in which somebody who is held, and a responder who is held, use every entry point that there is.

use serde_json::json;
use types::{Span, hash_parts};

use crate::scene::{Exchange, Scene, Story};
use crate::stage::{self, proposal};
use crate::surface;
use crate::world::{self, QUICK_HOLD, SLOW_HOLD, wait_until};
use crate::{matters, pages, people};

/// What paths name.
pub struct Ids {
    /// A slow transfer that is pending.
    pub transfer: String,
    /// A quick one that is signed.
    pub signed: String,
    /// One from the vault whose transactions others sign.
    pub ticket: String,
}

impl Ids {
    pub fn of_transfer(id: &str) -> Self {
        Self { transfer: id.to_owned(), signed: id.to_owned(), ticket: id.to_owned() }
    }
}

/// The path of a `GET`, with something that exists for each parameter. A new one with parameters needs a line here.
fn path_of(template: &str, ids: &Ids) -> String {
    let of = |id: &str| template.replace("{id}", id);
    match template {
        "/v1/transfers/{id}/transaction" => of(&ids.signed),
        "/v1/transfers/{id}/ticket" => of(&ids.ticket),
        "/v1/transfers/{id}/draft" => of(&ids.transfer) + "?fee_rate=5",
        "/v1/vaults/{id}/refresh" => of("treasury") + "?fee_rate=5",
        "/v1/exposure/witness" => template.to_owned() + "?k=1&horizon_seconds=86400&mode=silent",
        _ if template.starts_with("/v1/transfers/{id}") => of(&ids.transfer),
        _ if template.starts_with("/v1/vaults/{id}") => of("treasury"),
        _ if template.starts_with("/v1/response/incidents/{id}") => of("1"),
        _ if template.starts_with("/transfers/{id}") => of(&ids.transfer),
        "/vaults/{id}" => of("treasury"),
        "/motions/{id}" => of(&ids.transfer),
        _ if template.starts_with("/response/incidents/{id}") => of("1"),
        "/response/dossiers/{person}" => template.replace("{person}", "alice"),
        _ if template.contains('{') => panic!("GET {template} has no step: add its path in everything.rs"),
        _ => template.to_owned(),
    }
}

/// Looks at everything that can be looked at, with a session and without one, and at what is not there.
pub fn look(scene: &mut Scene, token: &str, ids: &Ids) {
    let points = surface::entry_points();
    for (_, template) in points.iter().filter(|(method, _)| method == "GET") {
        if template == "/a/{token}" {
            scene.at_link("GET", "");
            continue;
        }
        if template == "/live" {
            // A stream does not end; `console.rs` reads one. Here is what has none.
            scene.get("/live?at=%2Fnothing", Some(token));
            continue;
        }
        let path = path_of(template, ids);
        scene.get(&path, Some(token));
        scene.get(&path, None);
    }
    for path in [
        "/v1/transfers?status=pending&limit=1",
        "/v1/transfers?status=nonsense",
        "/v1/vaults/treasury/address?index=3",
        "/v1/vaults/nowhere",
        "/v1/transfers/77",
        "/v1/exposure/witness",
        "/v1/exposure/witness?k=2&horizon_seconds=604800&mode=signalled",
        "/v1/audit/entries?limit=3&kind=sign-in",
        "/v1/audit/entries?limit=nonsense",
        "/v1/response/procedures?incident=1",
        "/v1/nothing",
    ] {
        scene.get(path, Some(token));
    }
}

/// Somebody is held for two days and made to do everything; others work on elsewhere; nobody can tell the histories apart.
pub fn play(mut scene: Scene) -> Vec<Exchange> {
    let token = scene.token("alice");
    let psbt = scene.psbt(20_000_000, "alice");
    let quick = scene.done("alice", "/v1/transfers", proposal("0.2 BTC", 1, Some(&psbt)));
    let slow = scene.done("alice", "/v1/transfers", proposal("0.4 BTC", 2, None));
    let output = json!({ "address": "anywhere", "amount": "1 BTC" });
    let desk =
        json!({ "vault": "desk", "outputs": [output], "max_fee": "0 BTC", "nonce": hex::encode([3; 16]) });
    let ticket = scene.done("alice", "/v1/transfers", desk);
    let id = |accepted: &serde_json::Value| accepted["transfer"].as_str().unwrap().to_owned();
    let ids = Ids { transfer: id(&slow), signed: id(&quick), ticket: id(&ticket) };
    let approval =
        json!({ "payload_hash": ids.signed, "psbt": stage::base64(&scene.psbt(20_000_000, "bob")) });
    scene.done("bob", &format!("/v1/transfers/{}/approve", ids.signed), approval);
    scene.done(
        "bob",
        &format!("/v1/transfers/{}/approve", ids.transfer),
        json!({ "payload_hash": ids.transfer }),
    );
    settle(&scene, &ids.ticket);
    look(&mut scene, &token, &ids);
    unseen(&scene, &ids);
    scene.pass(QUICK_HOLD);
    settle(&scene, &ids.signed);
    world::age_coins(&scene.stage.engine, scene.stage.wall());
    let began = world::start_time();
    for round in 0..2 {
        let token = scene.token("alice");
        look(&mut scene, &token, &ids);
        people::steps(&mut scene, round);
        matters::steps(&mut scene, &ids, round);
        people::responder_steps(&mut scene);
        people::link_steps(&mut scene);
        people::intake_steps(&mut scene, round);
        pages::steps(&mut scene, round);
        unseen(&scene, &ids);
        scene.pass(Span::from_hours(18));
    }
    let (token, room) = (scene.token("alice"), scene.token("dora"));
    look(&mut scene, &room, &ids);
    matters::last_steps(&mut scene);
    look(&mut scene, &token, &ids);
    people::last_steps(&mut scene);
    look(&mut scene, &token, &ids);
    assert!(scene.stage.wall() < began.after(SLOW_HOLD), "all of this is before the moment of decision");
    scene.seen
}

/// Waits in real time for what the executors do, so that figures are read when nothing moves.
fn settle(scene: &Scene, id: &str) {
    let transfer = types::TransferId(types::Hash::parse(id).unwrap());
    let engine = &scene.stage.engine;
    // One is signed with a key of the server's, the other with a transaction that is broadcast until it is confirmed.
    wait_until("signed", || engine.ticket(transfer).is_some() || world::word(engine, transfer) == "signed");
    wait_until("nothing moves", || engine.health().outgoing <= 1);
}

/// What happens elsewhere and differs between the histories: an objection; a responder who takes charge, looks further and narrows.
fn unseen(scene: &Scene, ids: &Ids) {
    let objects = scene.story == Story::Objected;
    let target = if objects { ids.transfer.clone() } else { hash_parts("nothing", &[]).to_string() };
    scene.unseen("carol", &format!("/v1/transfers/{target}/object"), json!({}));
    let since = world::start_time();
    let acts = [
        ("acknowledge", json!({})),
        ("implicate", json!({ "person": "alice", "since": since })),
        ("procedure", json!({ "procedure": "home-invasion" })),
        ("step", json!({ "step": "call-17", "done": true })),
        ("note", json!({ "text": "two cars before the house" })),
        ("called", json!({ "whom": "police", "note": "on their way" })),
        ("called-back", json!({ "person": "alice", "all_clear": true, "private": true })),
        ("hand-over", json!({ "to": "emil" })),
        ("await", json!({ "until": scene.stage.wall().after(types::Span::from_hours(1)) })),
        ("narrow", json!({ "cover": { "narrowed": { "vaults": ["treasury"], "people": ["alice"] } } })),
        ("clear", json!({})),
        ("end-clear", json!({})),
    ];
    for (name, command) in acts {
        let done = scene.unseen("emil", &format!("{}/{name}", scene.stage.first_incident()), command);
        assert_eq!(done.status() == 404, scene.story != Story::Coerced, "{name}: {done:?}");
    }
}
