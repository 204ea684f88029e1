//! Answers for the page of stops: one of each kind in force, one whose lift is proposed, and one lifted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A transfer that is stopped.
pub const STOPPED: &str = "aa11bb22cc33dd44ee55ff6600112233445566778899aabbccddeeff00112233";

/// The answers.
pub fn stops() -> BTreeMap<String, Value> {
    let stop = |id: u64, scope: Value, reason: &str, lifted: Value| json!({ "id": id, "scope": scope, "since": "2026-11-19T22:14:00Z", "reason": reason, "yours": id == 12, "lifted_at": lifted });
    let stops = json!([
        stop(7, json!({ "vault": "desk" }), "Exercise", json!("2026-11-19T23:40:00Z")),
        stop(9, json!({ "vault": "treasury" }), "Unknown caller asked about balances <b>", Value::Null),
        stop(12, json!({ "person": "bob" }), "", Value::Null),
        stop(15, json!({ "transfer": STOPPED }), "Wrong address?", Value::Null),
        stop(18, json!("organisation"), "protected", Value::Null),
    ]);
    BTreeMap::from([
        ("/v1/stops".to_owned(), json!({ "stops": stops })),
        ("/v1/posture".to_owned(), json!({ "posture": "elevated" })),
    ])
}
