//! One slow transfer from its proposal to its moment of decision, and past it: signed, or declined as if a colleague had objected.

use serde_json::{Value, json};
use types::{Span, hash_parts};

use crate::everything::{Ids, look};
use crate::scene::{Exchange, Scene, Story};
use crate::stage::{self, own, proposal};
use crate::world::{self, SLOW_HOLD, wait_until};

/// What the captor sees, before and after the moment of decision.
pub struct Seen {
    pub before: Vec<Exchange>,
    pub after: Vec<Exchange>,
    pub status: String,
}

const AMOUNT: &str = "0.4 BTC";
const UNITS: u64 = 40_000_000;

pub fn play(mut scene: Scene) -> Seen {
    let token = scene.token("alice");
    let psbt = scene.psbt(UNITS, "alice");
    let proposed = scene.done("alice", "/v1/transfers", proposal(AMOUNT, 1, Some(&psbt)));
    let ids = Ids::of_transfer(proposed["transfer"].as_str().unwrap());
    look(&mut scene, &token, &ids);
    others_act(&mut scene, &ids.transfer);
    let token = captor_tries_everything(&mut scene, &ids);
    let slots = Span::from_seconds(2 * server::engine::SLOT_PERIOD.seconds());
    let left = SLOW_HOLD.seconds() - Span::from_hours(47).seconds() - slots.seconds();
    scene.pass(Span::from_seconds(left - 1));
    look(&mut scene, &token, &ids);
    let before = std::mem::take(&mut scene.seen);

    scene.pass(Span::from_seconds(11));
    if scene.story == Story::Free {
        let transfer = types::TransferId(types::Hash::parse(&ids.transfer).unwrap());
        wait_until("signed", || world::word(&scene.stage.engine, transfer) == "signed");
    }
    look(&mut scene, &token, &ids);
    let id = &ids.transfer;
    scene.post("alice", &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }));
    let shown = scene.stage.get(&format!("/v1/transfers/{id}"), Some(&token));
    let status = shown.json()["status"].as_str().unwrap().to_owned();
    Seen { before, after: scene.seen, status }
}

/// From elsewhere, each with the own phrase: an approval, an objection, a responder who takes charge. The captor's screen does not move.
fn others_act(scene: &mut Scene, id: &str) {
    let approval = json!({ "payload_hash": id, "psbt": stage::base64(&scene.psbt(UNITS, "bob")) });
    let approved = scene.stage.post("bob", &format!("/v1/transfers/{id}/approve"), approval);
    assert_eq!(approved.status(), 202, "{approved:?}");
    let objects = scene.story == Story::Objected;
    let target = if objects { id.to_owned() } else { hash_parts("nothing", &[]).to_string() };
    let objected = scene.unseen("carol", &format!("/v1/transfers/{target}/object"), json!({}));
    assert_eq!(objected.status(), if objects { 202 } else { 404 }, "{objected:?}");
    let room = scene.stage.token("emil", &own("emil"));
    let incidents = scene.stage.get("/v1/response/incidents", Some(&room)).json();
    let coerced = scene.story == Story::Coerced;
    assert_eq!(incidents["incidents"].as_array().unwrap().len(), usize::from(coerced), "{incidents}");
    let path = format!("{}/acknowledge", scene.stage.first_incident());
    let taken = scene.unseen("emil", &path, json!({}));
    assert_eq!(taken.status(), if coerced { 202 } else { 404 }, "{taken:?} {incidents}");
}

/// Again and again, over the hold.
fn captor_tries_everything(scene: &mut Scene, ids: &Ids) -> String {
    let (id, mut token) = (&ids.transfer, String::new());
    let approve = format!("/v1/transfers/{id}/approve");
    let tries: [(&str, Value); 8] = [
        (&approve, json!({ "payload_hash": id })),
        ("/v1/transfers", proposal(AMOUNT, 1, None)),
        ("/v1/transfers", proposal("900 BTC", 2, None)),
        ("/v1/transfers", json!({ "vault": "treasury" })),
        (&approve, json!({ "payload_hash": hash_parts("x", &[]) })),
        ("/v1/stops/77/lift", json!({})),
        ("/v1/posture/lower", json!({ "to": "normal" })),
        ("/v1/response/reports", json!({ "who": "alice", "kind": "judgement" })),
    ];
    for hours in [1, 23, 23] {
        scene.pass(Span::from_hours(hours));
        token = scene.token("alice");
        look(scene, &token, ids);
        for (path, command) in &tries {
            scene.post("alice", path, command.clone());
        }
        scene.post("alice", "/v1/nothing", json!({}));
    }
    token
}
