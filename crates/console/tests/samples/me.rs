//! What the interface answers about oneself: entry, check-ins, dossier, sessions, pushes; and what the first-run page reads besides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The passkey of the session that asks.
pub const PASSKEY: &str = "5a61b4f7c1d2e3f405162738495a6b7c8d9e0f102132435465768798a9bacbdc";
/// A device key in a file, which was left nothing but stopping.
pub const KEY_FILE: &str = "0fc1d2e3f405162738495a6b7c8d9e0f102132435465768798a9bacbdced5a61";
/// The session that asks.
pub const SESSION: &str = "77aa11bb22cc33dd44ee55ff6600778899aabbccddeeff00112233445566aabb";

/// The answers.
pub fn me() -> BTreeMap<String, Value> {
    let answers = [
        ("/v1/me", own()),
        (
            "/v1/check-ins",
            json!({ "schedule": { "every": "24h", "next": "2026-11-22T08:00:00Z", "grace": "1h", "last": "2026-11-21T07:58:12Z" } }),
        ),
        (
            "/v1/me/dossier",
            json!({
                "revisions": [{ "revision": 1, "kept_at": "2026-03-02T10:00:00Z" }, { "revision": 2, "kept_at": "2026-09-14T16:30:00Z" }],
                "due": true, "because": "readers", "sealed": null,
            }),
        ),
        ("/v1/push", json!({ "key": "BPx" })),
        (
            "/v1/sessions",
            json!({ "sessions": [
            { "id": "11aa11bb22cc33dd44ee55ff6600778899aabbccddeeff00112233445566aabb", "begun_at": "2026-11-20T17:45:00Z", "expires_at": "2026-11-21T05:45:00Z", "device": KEY_FILE, "current": false },
            { "id": SESSION, "begun_at": "2026-11-21T07:57:00Z", "expires_at": "2026-11-21T19:57:00Z", "device": PASSKEY, "current": true },
        ] }),
        ),
    ];
    answers.into_iter().map(|(path, answer)| (path.to_owned(), answer)).collect()
}

fn own() -> Value {
    json!({
        "person": "alice", "organisation": "Exemple SAS", "currency": "EUR", "time_zone": "Europe/Paris", "responder": false, "auditor": false,
        "groups": ["finance", "board"], "places": ["home-alice", "office"],
        "devices": [{ "id": PASSKEY, "kind": "passkey", "muted": false }, { "id": KEY_FILE, "kind": "key", "muted": true }],
    })
}
