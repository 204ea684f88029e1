//! Answers for the pages of proposed changes: one of each kind, and outcomes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Rules in force.
const RULES: &str = "[organisation]\nname = \"Exemple SAS\"\ncurrency = \"EUR\"\n\n[[permit]]\nid = \"treasury\"\nvaults = [\"treasury\"]\namount = { up_to = \"500000 EUR\" }\nhold = \"48h\"\nexpires = \"7d\"\n\n[response]\nquiet = \"24h\"\n";

/// The id of a motion of these samples.
pub fn id(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

fn motion(number: u8, proposal: Value, more: Value) -> Value {
    let mut motion = json!({ "id": id(number), "proposal": proposal, "proposed_at": "2026-11-19T16:00:00Z", "status": "pending", "yours": false,
        "endorsed_by_you": false, "met": false, "ready_at": null });
    motion.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    motion
}

/// The answers.
pub fn motions() -> BTreeMap<String, Value> {
    let change = json!({ "hash": "5c".repeat(32), "rules": [{ "name": "rules.toml", "text": RULES.replace("48h", "24h") }] });
    let credential = |kind: &str, of: &str| json!({ "credential": { "of": of, "kind": kind, "fingerprint": "3f2a-9c01-77de-b410" } });
    let ready = json!({ "met": true, "ready_at": "2026-11-22T16:00:00Z" });
    let motions = json!([
        motion(1, json!({ "lift": 7 }), json!({ "status": "passed" })),
        motion(2, json!({ "lower": "normal" }), json!({ "status": "declined" })),
        motion(
            3,
            json!("change"),
            json!({ "status": "passed", "direction": "tightens", "lapses_at": "2026-11-22T16:00:00Z" })
        ),
        motion(4, json!({ "revoke": "dave" }), json!({ "status": "ended" })),
        motion(5, credential("device", "bob"), json!({ "status": "expired" })),
        motion(6, json!("change"), json!({ "change": change, "direction": "loosens" })),
        motion(7, credential("whole", "carol"), json!({})),
        motion(8, credential("phrase", "alice"), json!({ "yours": true })),
        motion(
            9,
            json!({ "lift": 9 }),
            json!({ "yours": true, "endorsed_by_you": true, "met": true, "ready_at": ready["ready_at"] })
        ),
        motion(10, json!({ "lower": "normal" }), ready.clone()),
        motion(11, json!("change"), json!({ "status": "lapsed", "direction": "tightens" })),
        motion(12, credential("whole", "bob"), json!({ "yours": true })),
    ]);
    BTreeMap::from([
        ("/v1/motions".to_owned(), json!({ "motions": motions })),
        ("/v1/policy/rules".to_owned(), json!({ "sources": [{ "name": "rules.toml", "text": RULES }] })),
    ])
}
