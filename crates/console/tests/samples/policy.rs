//! Answers for the pages of the policy: rules, register, changes under way, and a preview of one that tightens and loosens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The rules, shortened.
pub const RULES: &str = "\n[organisation]\nname = \"Atelier Nuage SAS\"\ncurrency = \"EUR\"\n\n[[permit]]                        # everyday payments\nid = \"everyday\"\nvaults = [\"hot\"]\namount = { up_to = \"1000 EUR\" }\nhold = \"0h\"\n";
/// The register, shortened.
pub const REGISTER: &str =
    "[[person]]\nid = \"nora\"\ngroups = [\"board\", \"finance\"]\nplaces = [\"home-nora\", \"office\"]\n";

fn figure(hours: u64, mode: &str, sum: u64, k: u8) -> Value {
    json!({ "k": k, "horizon_seconds": hours * 3600, "mode": mode, "amount": { "currency": "EUR", "minor": sum * 100 }, "exact": true })
}

fn exposure(factor: u64) -> Value {
    let mut figures = Vec::new();
    for k in 1..=3u8 {
        for (hours, sum) in [(24, 3_000), (48, 6_000), (168, 8_000)] {
            figures.push(figure(hours, "silent", sum * factor * u64::from(k), k));
            figures.push(figure(hours, "signalled", sum, k));
            figures.push(figure(hours, "stopped", sum / factor, k));
        }
    }
    json!({ "figures": figures, "unbounded": false })
}

/// A preview of a change without errors.
pub fn preview() -> Value {
    json!({
        "findings": [{ "severity": "warning", "code": "one-person-moves", "message": "one person alone moves more than the quick tier: add a quorum",
            "help": "One person alone can move more than the quick tier lets pass.", "file": "rules.toml", "line": 9, "column": 10 }],
        "direction": "mixed",
        "differences": [
            { "text": "operations may pay up to 2,000 EUR from hot to anybody, at once", "direction": "loosens" },
            { "text": "partners are paid after 72 hours and no longer after 48 hours", "direction": "tightens" },
        ],
        "before": exposure(1), "after": exposure(2),
    })
}

/// A preview of files that are no policy.
#[allow(dead_code, reason = "not for every test that has these answers")]
pub fn broken() -> Value {
    json!({
        "findings": [
            { "severity": "error", "code": "duration-malformed", "message": "`48 hours` is not a duration: write a whole number and a unit, such as `48h`",
                "help": "A duration is not understood.", "file": "rules.toml", "line": 10, "column": 8 },
            { "severity": "error", "code": "unknown-group", "message": "no person is in the group `bord`: did you mean `board`?", "file": "register.toml", "line": 3, "column": 11 },
        ],
        "differences": [], "before": exposure(1),
    })
}

/// The answers.
pub fn policy() -> BTreeMap<String, Value> {
    let sources = json!([{ "name": "rules.toml", "text": RULES }]);
    let all = json!([{ "name": "rules.toml", "text": RULES }, { "name": "register.toml", "text": REGISTER }]);
    let motion = |id: &str, status: &str| {
        json!({ "id": id.repeat(32), "proposal": "change", "proposed_at": "2026-11-19T10:02:00Z", "status": status,
        "yours": id == "0a", "endorsed_by_you": false, "met": true, "ready_at": "2026-11-26T10:02:00Z", "direction": "loosens" })
    };
    let mut lapsing = motion("0c", "passed");
    lapsing["direction"] = json!("tightens");
    lapsing["lapses_at"] = json!("2026-11-22T16:00:00Z");
    let mut waiting = motion("0d", "pending");
    waiting["ready_at"] = Value::Null;
    waiting["met"] = json!(false);
    let text = json!({ "hash": "ab".repeat(32), "sections": [
        { "title": "Payments", "sentences": ["Operations may pay up to 1,000 EUR from hot to anybody, at once.",
            "Finance may pay listed destinations up to 300,000 EUR from treasury: one of finance and one of board from different homes, then 48 hours, on working days from 08:00 to 19:00."] },
        { "title": "Limits", "sentences": ["At most 3,000 EUR leave hot in 24 hours."] },
        { "title": "Changes", "sentences": ["Two of board from different homes, then 7 days. One of board may tighten at once."] },
    ] });
    let register = json!({ "sources": all, "people": people(), "places": ["home-nora", "home-sam", "office", "data-centre"], "services": ["invoicing"],
        "protected": [{ "id": "nora-child", "of": ["nora"] }] });
    BTreeMap::from([
        ("/v1/policy/explained".to_owned(), text),
        ("/v1/policy/rules".to_owned(), json!({ "sources": sources })),
        ("/v1/policy/register".to_owned(), register),
        ("/v1/policy/preview".to_owned(), preview()),
        (
            "/v1/motions".to_owned(),
            json!({ "motions": [motion("0a", "pending"), motion("0b", "declined"), lapsing, waiting] }),
        ),
    ])
}

fn people() -> Vec<Value> {
    let mut people = vec![
        json!({ "person": "nora", "groups": ["board", "finance"], "places": ["home-nora", "office"], "keys": ["nora-hw"] }),
        json!({ "person": "sam", "groups": ["operations"], "places": ["home-sam", "office"], "keys": [] }),
    ];
    people.extend((0..60).map(|number| json!({ "person": format!("clerk-{number}"), "groups": ["clerks"], "places": ["office"], "keys": [] })));
    people
}
