//! Steps about people: sessions, credentials, check-ins, and the responders' side.

use serde_json::{Value, json};
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
    pushes(scene);
    dossiers(scene, round);
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
    let (token, other) = (scene.token("alice"), scene.token("alice"));
    let list = scene.get("/v1/sessions", Some(&other)).json();
    let sessions = list["sessions"].as_array().unwrap();
    let other = sessions.iter().find(|session| session["current"] == true).unwrap()["id"].as_str().unwrap();
    scene.delete(&token, &format!("/v1/sessions/{other}"));
    scene.delete(&token, &format!("/v1/sessions/{other}"));
}

/// A browser that wants to be woken, and no more.
fn pushes(scene: &mut Scene) {
    let token = scene.token("alice");
    let own = json!({ "endpoint": "http://127.0.0.1:9/alice" });
    for method in ["POST", "DELETE", "POST"] {
        scene.browser(("alice", Some(&token)), method, "/v1/me/push", &own);
        scene.browser(("anybody", None), method, "/v1/me/push", &own);
        scene.browser(
            ("alice", Some(&token)),
            method,
            "/v1/me/push",
            &json!({ "endpoint": "http://elsewhere/" }),
        );
    }
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

/// The server cannot tell what is sealed from what is not; here it is a file's first line.
fn dossiers(scene: &mut Scene, round: u8) {
    let sealed = crate::stage::base64(format!("age-encryption.org/v1\n{round}").as_bytes());
    let new = |revision: u8, sealed: &str| json!({ "revision": revision, "readers": types::Hash([7; 32]), "sealed": sealed });
    scene.act("alice", "PUT", "/v1/me/dossier", new(round + 1, &sealed));
    scene.act("alice", "PUT", "/v1/me/dossier", new(round + 1, &sealed));
    scene.act("alice", "PUT", "/v1/me/dossier", new(round + 2, "bmFtZSA9ICJBIg=="));
    let token = scene.token("alice");
    scene.get("/v1/me/dossier?revision=1", Some(&token));
    scene.get("/v1/me/dossier?revision=99", Some(&token));
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

/// Another system's messages: a real alarm in the coerced history, a test in the others; and what nobody signed, or what is no message.
pub fn intake_steps(scene: &mut Scene, round: u8) {
    scene.cap(&format!("step-{round}"), true);
    scene.cap(&format!("step-{round}"), true);
    scene.cap(&format!("forged-{round}"), false);
    scene.send("anybody", "POST", "/v1/intake/cap", "<alert/>");
    scene.mail(&format!("mail-{round}"), true);
    scene.mail(&format!("forged-mail-{round}"), false);
}

/// A responder who is held finds a room without anything in it, whatever has happened.
pub fn responder_steps(scene: &mut Scene) {
    let room = scene.token("dora");
    scene.get("/v1/response/incidents", Some(&room));
    scene.get("/v1/response/pauses", Some(&room));
    scene.get("/v1/response/duty", Some(&room));
    let acts = responders_acts(scene, "1", "alice");
    for (name, command) in acts {
        scene.covert("dora", &format!("/v1/response/{name}"), command);
        breathe(scene);
    }
    let from = scene.stage.wall();
    let later = from.after(Span::from_hours(8));
    for (name, command) in [
        ("incidents/1/dossiers/alice", json!({})),
        ("pauses/nobody/end", json!({})),
        ("acknowledge", json!({ "code": "000000" })),
        ("drills", json!({ "who": "nobody" })),
        ("overrides", json!({ "schedule": "nights", "person": "dora", "from": from, "until": from })),
        ("overrides", json!({ "schedule": "nights", "person": "dora", "from": from, "until": later })),
    ] {
        scene.covert("dora", &format!("/v1/response/{name}"), command);
        breathe(scene);
    }
    scene.post("alice", "/v1/response/reports", json!({ "who": "alice", "kind": "judgement" }));
    scene.covert("dora", "/v1/response/reports", json!({ "who": "mallory", "kind": "judgement" }));
}

/// Everything that a responder can do with an incident.
fn responders_acts(scene: &Scene, incident: &str, subject: &str) -> Vec<(String, Value)> {
    let since = scene.stage.wall();
    let acts = [
        ("acknowledge", json!({})),
        ("procedure", json!({ "procedure": "abduction" })),
        ("step", json!({ "step": "call-17", "done": true })),
        ("note", json!({ "text": "heard nothing" })),
        ("called", json!({ "whom": { "person": "emil" } })),
        ("called-back", json!({ "person": subject, "all_clear": true, "private": true })),
        ("hand-over", json!({ "to": "emil" })),
        ("await", json!({ "until": since.after(types::Span::from_hours(2)) })),
        ("narrow", json!({ "cover": "organisation" })),
        ("implicate", json!({ "person": subject, "since": since })),
        ("called-back", json!({ "person": subject, "all_clear": true, "private": true })),
        ("clear", json!({})),
        ("end-clear", json!({})),
        ("end-drill", json!({})),
    ];
    acts.map(|(name, command)| (format!("incidents/{incident}/{name}"), command)).into()
}

/// A responder who is held and is made to report somebody finds that report, and whatever they do with it shows as it would if they were free.
fn own_report_steps(scene: &mut Scene) {
    let newest = |scene: &mut Scene| {
        let room = scene.token("dora");
        let list = scene.get("/v1/response/incidents", Some(&room)).json();
        let newest = list["incidents"].as_array().unwrap().last().expect("one's own report").clone();
        let (id, code) = (newest["id"].to_string(), newest["call_back"].as_str().unwrap().to_owned());
        scene.get(&format!("/v1/response/incidents/{id}"), Some(&room));
        scene.get(&format!("/v1/response/incidents/{id}/pack"), Some(&room));
        scene.get(&format!("/response/incidents/{id}"), Some(&room));
        scene.get(&format!("/response/incidents/{id}/pack"), Some(&room));
        (id, code)
    };
    for (path, command) in [
        ("/v1/response/reports", json!({ "who": "carol", "kind": "judgement" })),
        ("/v1/response/drills", json!({ "who": "carol" })),
    ] {
        scene.covert("dora", path, command);
        breathe(scene);
        let (id, _) = newest(scene);
        for (name, command) in responders_acts(scene, &id, "carol") {
            scene.covert("dora", &format!("/v1/response/{name}"), command);
            breathe(scene);
        }
        let (_, code) = newest(scene);
        scene.covert("dora", "/v1/response/acknowledge", json!({ "code": code }));
        breathe(scene);
        newest(scene);
    }
}

/// What would be in the way of everything else.
pub fn last_steps(scene: &mut Scene) {
    let me = {
        let token = scene.token("alice");
        scene.get("/v1/me", Some(&token)).json()
    };
    let own = me["devices"][0]["id"].clone();
    own_report_steps(scene);
    scene.done("alice", "/v1/me/revoke", json!({ "device": own }));
    scene.post("alice", "/v1/session", json!({}));
}
