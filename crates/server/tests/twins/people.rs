//! Steps about people: sessions, credentials, check-ins, and the responders' side.

use serde_json::json;
use types::Span;

use crate::scene::Scene;
use crate::stage::device;

/// Attempts are counted by the minute.
fn breathe(scene: &Scene) {
    scene.pass(Span::from_seconds(61));
}

pub fn steps(scene: &mut Scene, round: u8) {
    sessions(scene);
    breathe(scene);
    credentials(scene, round);
    breathe(scene);
    check_ins(scene);
    breathe(scene);
}

fn sessions(scene: &mut Scene) {
    scene.send("anybody", "POST", "/v1/challenge", "{");
    scene.forged("alice", "/v1/session");
    scene.program("payroll", "POST", "/v1/session", json!({}));
    let token = scene.token("alice");
    scene.send("alice", "DELETE", "/v1/session", "");
    let head = format!("DELETE /v1/session HTTP/1.1\r\nAuthorization: Bearer {token}");
    let raw = crate::stage::exchange(scene.stage.address, &head, b"");
    scene.seen.push(crate::scene::Exchange {
        by: "alice".into(),
        method: "DELETE".into(),
        path: "/v1/session".into(),
        raw,
    });
    scene.get("/v1/me", Some(&token));
}

/// Ends a motion, as any one person can.
pub fn end(scene: &mut Scene, by: &str, motion: &serde_json::Value) {
    let path = format!("/v1/motions/{}/end", motion.as_str().unwrap());
    scene.done(by, &path, json!({}));
}

fn credentials(scene: &mut Scene, round: u8) {
    let phrase = scene.done("alice", "/v1/me/phrase", json!({ "language": "en" }));
    end(scene, "bob", &phrase["motion"]);
    scene.post("alice", "/v1/me/phrase", json!({ "language": "xx" }));
    let further = device(&format!("further-{round}")).public().to_string();
    let added = scene.done("alice", "/v1/me/devices", json!({ "device": { "key": further } }));
    end(scene, "bob", &added["motion"]);
    scene.post("alice", "/v1/me/devices", json!({ "device": { "key": "00" } }));
    scene.post("alice", "/v1/me/revoke", json!({ "device": types::Hash([9; 32]) }));
    let revoked = scene.done("alice", "/v1/people/bob/revoke", json!({}));
    end(scene, "carol", &revoked["motion"]);
    scene.post("alice", "/v1/people/mallory/revoke", json!({}));
    let opened = scene.done("alice", "/v1/people/carol/enrolments", json!({}));
    scene.post("alice", "/v1/people/mallory/enrolments", json!({}));
    let replaced = device(&format!("replaced-{round}")).public().to_string();
    let enrol =
        json!({ "code": opened["code"], "actor": "carol", "device": { "key": replaced }, "language": "fr" });
    for _ in 0..2 {
        scene.send("carol", "POST", "/v1/enrolments", &enrol.to_string());
    }
    let proposed = scene.done("alice", "/v1/people/carol/credential", json!({ "code": opened["code"] }));
    end(scene, "bob", &proposed["motion"]);
    scene.post("alice", "/v1/people/carol/credential", json!({ "code": "none" }));
}

fn check_ins(scene: &mut Scene) {
    let next = scene.stage.wall().after(Span::from_hours(20));
    let schedule = json!({ "every": "24h", "next": next, "grace": "1h" });
    scene.covert("alice", "/v1/check-ins/end", json!({}));
    scene.covert("alice", "/v1/check-ins/now", json!({}));
    scene.covert("alice", "/v1/check-ins", schedule);
    scene.covert("alice", "/v1/check-ins", json!({ "every": "1s", "next": next, "grace": "1h" }));
    scene.covert("alice", "/v1/check-ins/now", json!({}));
    let token = scene.token("alice");
    scene.get("/v1/check-ins", Some(&token));
    scene.covert("alice", "/v1/check-ins/end", json!({}));
}

/// Whoever has a link, or makes one up, gets the same page.
pub fn link_steps(scene: &mut Scene) {
    for body in ["do=1", "do=2", "", &"x".repeat(server::http::BODY_BYTES_MAX + 1)] {
        scene.at_link("POST", body);
    }
}

/// A responder who is held finds a room without anything in it, whatever has happened.
pub fn responder_steps(scene: &mut Scene) {
    let room = scene.token("dora");
    scene.get("/v1/response/incidents", Some(&room));
    scene.get("/v1/response/pauses", Some(&room));
    let since = scene.stage.wall();
    let acts = [
        ("incidents/1/acknowledge", json!({})),
        ("incidents/1/narrow", json!({ "cover": "organisation" })),
        ("incidents/1/implicate", json!({ "person": "alice", "since": since })),
        ("incidents/1/clear", json!({})),
        ("incidents/1/end-clear", json!({})),
        ("pauses/nobody/end", json!({})),
    ];
    for (name, command) in acts {
        scene.covert("dora", &format!("/v1/response/{name}"), command);
        breathe(scene);
    }
    scene.post("alice", "/v1/response/reports", json!({ "who": "alice", "kind": "judgement" }));
    scene.covert("dora", "/v1/response/reports", json!({ "who": "mallory", "kind": "judgement" }));
}

/// What would be in the way of everything else.
pub fn last_steps(scene: &mut Scene) {
    let me = {
        let token = scene.token("alice");
        scene.get("/v1/me", Some(&token)).json()
    };
    let own = me["devices"][0]["id"].clone();
    scene.covert("dora", "/v1/response/reports", json!({ "who": "bob", "kind": "judgement" }));
    scene.done("alice", "/v1/me/revoke", json!({ "device": own }));
    scene.post("alice", "/v1/session", json!({}));
}
