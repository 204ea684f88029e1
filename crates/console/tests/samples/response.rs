//! What the interface answers to responders: an incident under way, a drill, one that is closed, a pause, who is on duty. The responders' pages are
//! made from these.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use response::{Facts, Kind, Level, Number, Procedures, ScriptFacts, ShownStep, Sign, SignedFacts, Status};
use serde_json::{Value, json};
use types::Timestamp;

/// The incident under way, the drill and the closed one.
pub const INCIDENT: u32 = 40213;
pub const DRILL: u32 = 51877;
pub const CLOSED: u32 = 10021;
const OPENED: &str = "2026-11-20T02:14:05Z";

/// A moment of that night.
fn at(clock: &str) -> String {
    format!("2026-11-20T{clock}Z")
}

fn incident(id: u32, status: &str, more: Value) -> Value {
    let mut incident = json!({
        "id": id, "status": status, "opened": OPENED, "level": "confirmed", "cover": "organisation", "call_back": "731204",
        "subjects": [{ "person": "alice", "found": OPENED, "from": "2026-11-13T02:14:05Z" }],
        "acknowledged": [{ "by": "bob", "at": at("02:15:40") }],
        "narrowing": [], "narrowing_to": null, "clearing": [], "clearing_met_since": null, "closed": null, "callers": [],
        "signals": [{ "who": "alice", "kind": "act", "at": OPENED, "told_by": null, "heard": null }],
        "escalation": { "round": 0, "begun": OPENED, "answered": null, "next": at("02:24:05") },
        "told": [
            { "channel": "centre", "to": null, "first": at("02:14:06"), "last": at("02:14:06"), "signals": 1 },
            { "channel": "sms", "to": "bob", "first": at("02:14:07"), "last": at("02:14:07"), "signals": 1 }
        ],
        "procedure": null, "steps": [], "lead": "bob", "awaits": null, "call_backs": [], "lost": { "transfers": [], "motions": [] }
    });
    for (name, value) in more.as_object().unwrap() {
        incident[name] = value.clone();
    }
    incident
}

/// The one under way, with everything that can stand in a room.
pub fn under_way() -> Value {
    incident(
        INCIDENT,
        "actual",
        json!({
            "callers": ["mathilde"],
            "signals": [
                { "who": "alice", "kind": "act", "at": OPENED, "told_by": null, "heard": null },
                { "who": "alice", "kind": "protected-person", "at": at("02:20:00"), "told_by": "mathilde", "heard": null }
            ],
            "procedure": "home-invasion", "steps": [{ "step": "take-charge", "by": "bob", "at": at("02:16:00") }],
            "narrowing": [{ "by": "bob", "at": at("02:40:00") }],
            "narrowing_to": { "narrowed": { "vaults": ["treasury"], "people": ["alice"] } },
            "clearing": [{ "by": "bob", "at": at("02:50:00") }],
            "call_backs": [{ "by": "bob", "person": "alice", "at": at("02:30:00"), "all_clear": false, "private": true }],
            "lost": {
                "transfers": ["ab".repeat(32)],
                "motions": [{ "id": "cd".repeat(32), "kind": "credential", "passed": true }]
            }
        }),
    )
}

fn drill() -> Value {
    incident(
        DRILL,
        "exercise",
        json!({
            "signals": [{ "who": "alice", "kind": "exercise", "at": OPENED, "told_by": null, "heard": null }],
            "escalation": { "round": 0, "begun": OPENED, "answered": at("02:41:00"), "next": null },
            "acknowledged": [{ "by": "bob", "at": at("02:15:40") }, { "by": "rene", "at": at("02:41:00") }]
        }),
    )
}

fn closed() -> Value {
    incident(CLOSED, "actual", json!({ "closed": at("23:10:00"), "level": "verify" }))
}

/// The facts of the pack, signed as a server signs them.
fn facts(status: &str, id: u32) -> Value {
    let attempt = json!({
        "transfer": "ab".repeat(32), "at": OPENED, "by": "alice", "vault": "treasury",
        "outputs": [{ "address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "amount": "12.5 BTC" }],
        "max_fee": "0.0005 BTC", "value": "1187547.5 EUR", "memo": "urgent <script>alert(1)</script>", "reference": "",
        "approvals": [{ "by": "alice", "at": at("02:14:40") }], "permits": ["treasury"], "held_until": "2026-11-22T02:14:40Z",
        "status": "pending", "since": OPENED, "forced": true
    });
    let facts = json!({
        "version": 1, "organisation": "Exemple SAS", "time_zone": "Europe/Paris",
        "incident": {
            "id": id, "status": status, "level": "confirmed", "procedure": "home-invasion", "opened": OPENED, "closed": null,
            "call_back": "731204", "cover": "organisation"
        },
        "subjects": [{ "person": "alice", "found": OPENED, "from": "2026-11-13T02:14:05Z", "places": ["home-alice"] }],
        "callers": ["mathilde"],
        "signals": [{ "at": OPENED, "who": "alice", "sign": if status == "exercise" { "drill" } else { "act" }, "told_by": null, "heard": null }],
        "log": [
            { "at": at("02:14:06"), "by": null, "act": { "kind": "delivered", "channel": "centre", "to": null } },
            { "at": at("02:15:40"), "by": "bob", "act": { "kind": "acknowledged", "from": "office" } },
            { "at": at("02:18:10"), "by": "bob", "act": { "kind": "called", "whom": "police", "note": "file 2026/118, will call back" } },
            { "at": at("02:19:00"), "by": "bob", "act": { "kind": "note", "text": "<b>two cars</b> \u{202e}seen" } }
        ],
        "attempts": [attempt], "transactions": [], "stops": [],
        "contacts": [{ "person": "bob", "leads": true, "since": at("02:15:40") }]
    });
    let facts: Facts = serde_json::from_value(amounts(facts)).unwrap();
    let key = SigningKey::from_bytes(&[7; 32]);
    let signature = key.sign(&facts.digest().unwrap().0).to_bytes();
    serde_json::to_value(SignedFacts { facts, key: key.verifying_key().to_bytes(), signature }).unwrap()
}

/// Sums as they stand on the wire.
fn amounts(mut value: Value) -> Value {
    let wire =
        |text: &Value| serde_json::to_value(types::Amount::parse(text.as_str().unwrap()).unwrap()).unwrap();
    for attempt in value["attempts"].as_array_mut().unwrap() {
        for name in ["max_fee", "value"] {
            attempt[name] = wire(&attempt[name]);
        }
        for output in attempt["outputs"].as_array_mut().unwrap() {
            output["amount"] = wire(&output["amount"]);
        }
    }
    value
}

fn procedures(status: Status) -> Value {
    let language = response::Language::En;
    let steps = |kind| -> Vec<Value> {
        let steps = Procedures::default().checklist(kind, Level::Confirmed);
        let shown = steps.iter().map(|step| ShownStep::new(step, false, language));
        shown
            .map(|step| {
                let within = step.minute.map(|minute| u64::from(minute) * 60);
                json!({ "id": step.id, "text": step.text, "why": step.why, "who": step.who, "within_seconds": within })
            })
            .collect()
    };
    let known = ScriptFacts {
        organisation: "Exemple SAS".into(),
        time_zone: "Europe/Paris".into(),
        incident: INCIDENT,
        status,
        level: Level::Confirmed,
        sign: Some(Sign::Act),
        since: Timestamp::parse(OPENED).unwrap(),
        call_back: "731204".into(),
        person: None,
    };
    let script = |kind: Kind, number, name: &str| {
        let text = response::script(kind, language, number, &known);
        json!({ "procedure": kind.as_str(), "number": name, "name": format!("Call {name}"), "text": text })
    };
    let of = |kind: Kind| json!({ "id": kind.as_str(), "name": kind.title(language), "steps": steps(kind) });
    let scripts =
        Kind::ALL.map(|kind| [script(kind, Number::Police17, "17"), script(kind, Number::Europe112, "112")]);
    json!({ "procedures": Kind::ALL.map(of), "scripts": scripts.concat() })
}

fn duty() -> Value {
    json!({
        "schedules": [
            { "schedule": "night", "people": ["bob"], "until": "2026-11-20T07:00:00Z" },
            { "schedule": "backup", "people": [], "until": null }
        ],
        "overrides": [{ "schedule": "night", "person": "rene", "from": "2026-11-21T18:00:00Z", "until": "2026-11-22T07:00:00Z" }],
        "channels": [
            { "channel": "centre", "alive": true, "last_success": at("02:10:00"), "error": null },
            { "channel": "sms", "alive": false, "last_success": at("01:00:00"), "error": "connection refused" },
            { "channel": "mail", "alive": true, "last_success": null, "error": null }
        ],
        "warnings": ["nobody is on duty on `backup`"]
    })
}

/// Every answer that the responders' pages ask for.
pub fn response() -> BTreeMap<String, Value> {
    let person =
        |name: &str| json!({ "person": name, "groups": ["finance"], "places": ["office"], "keys": [] });
    let people = ["alice", "bob", "carol", "rene"].map(person);
    let pause = json!({
        "protected": "mathilde", "people": ["alice"], "asked": OPENED, "until": at("14:14:05"), "ending": [{ "by": "bob", "at": at("03:00:00") }]
    });
    let rules = "[response]\nresponders = \"responders\"\nreaction = \"15m\"\n";
    let mut answers = BTreeMap::from([
        ("/v1/response/incidents".to_owned(), json!({ "incidents": [closed(), drill(), under_way()] })),
        ("/v1/response/pauses".to_owned(), json!({ "pauses": [pause] })),
        ("/v1/response/duty".to_owned(), duty()),
        ("/v1/policy/rules".to_owned(), json!({ "sources": [{ "name": "rules.toml", "text": rules }] })),
        (
            "/v1/policy/register".to_owned(),
            json!({
                "sources": [], "people": people, "places": ["home-alice", "office"], "services": [], "protected": []
            }),
        ),
        (
            "/v1/vaults".to_owned(),
            json!({ "vaults": [{ "id": "treasury", "chain": "bitcoin:regtest", "balance": null, "reserved": null }] }),
        ),
    ]);
    for (id, incident, status) in [
        (INCIDENT, under_way(), Status::Actual),
        (DRILL, drill(), Status::Exercise),
        (CLOSED, closed(), Status::Actual),
    ] {
        let word = if status == Status::Exercise { "exercise" } else { "actual" };
        answers.insert(format!("/v1/response/incidents/{id}"), incident);
        answers.insert(format!("/v1/response/incidents/{id}/pack"), facts(word, id));
        answers.insert(format!("/v1/response/procedures?incident={id}"), procedures(status));
    }
    answers
}
