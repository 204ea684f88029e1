//! The demo as a black box: the real binary is run without a terminal, and what it prints is held against what it must say.
//!
//! Called as a layer of `cargo xtask test`. Holds G1, G3, G4, G7 and G8 from the outside: the free transfer is signed and valid by
//! consensus, the coerced one is not signed, nobody can tell until then, the alarm arrived over two kinds of channel, responders took
//! charge, opened the dossier, packed for the police, cleared and practised, and the journal verifies.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::program::{self, cargo};
use crate::summary::Tally;
use crate::tree::Workspace;

const COMMAND: &[&str] = &["run", "--quiet", "--package", "rempart", "--", "demo", "--headless", "--json"];

/// Runs the demo and counts what it must show.
pub fn layer(workspace: &Workspace) -> anyhow::Result<Tally> {
    let ran = program::run(cargo(&workspace.root).args(COMMAND))?;
    ensure!(ran.success, "the demo ended with an error");
    let report: Value =
        serde_json::from_str(&ran.output).context("the demo did not print one JSON object")?;
    let wrong = wrong(&report);
    wrong.iter().for_each(|what| println!("demo: {what}"));
    let failed = wrong.len() as u64;
    Ok(Tally { passed: EXPECTATIONS.len() as u64 - failed, failed })
}

struct Expectation {
    pointer: &'static str,
    holds: fn(&Value) -> bool,
    what: &'static str,
}

const EXPECTATIONS: &[Expectation] = &[
    Expectation {
        pointer: "/free/status",
        holds: |it| it == "signed" || it == "confirmed",
        what: "signed or confirmed",
    },
    Expectation { pointer: "/free/txid", holds: is_txid, what: "64 hexadecimal digits" },
    Expectation { pointer: "/free/consensus", holds: |it| it == "valid", what: "valid" },
    Expectation { pointer: "/coerced/status", holds: |it| it == "declined", what: "declined" },
    Expectation { pointer: "/coerced/signed", holds: |it| it == false, what: "false" },
    Expectation { pointer: "/overt_identical_until_release", holds: |it| it == true, what: "true" },
    Expectation { pointer: "/alarm/delivered", holds: is_positive, what: "above zero" },
    Expectation { pointer: "/response/channels", holds: are_two, what: "two that were heard" },
    Expectation { pointer: "/response/mail", holds: is_mail, what: "a mail about omar" },
    Expectation {
        pointer: "/response/acknowledged",
        holds: |it| *it == json!(["vera", "walid"]),
        what: "two responders of different homes",
    },
    Expectation { pointer: "/response/answered", holds: Value::is_string, what: "a time" },
    Expectation { pointer: "/response/dossier/name", holds: |it| it == "Omar Exemple", what: "his name" },
    Expectation { pointer: "/response/pack/files", holds: is_pack, what: "facts, pages and sums" },
    Expectation {
        pointer: "/response/cleared",
        holds: |it| *it == json!(["vera", "walid"]),
        what: "those who called back",
    },
    Expectation { pointer: "/response/closed", holds: Value::is_string, what: "a time" },
    Expectation { pointer: "/response/unseen", holds: |it| it == true, what: "true" },
    Expectation {
        pointer: "/response/drill/handed_over",
        holds: |it| it == 4,
        what: "the alarm centre and a mail to each of three",
    },
    Expectation { pointer: "/response/drill/two_places", holds: is_positive, what: "above zero" },
    Expectation { pointer: "/journal/entries", holds: is_positive, what: "above zero" },
    Expectation { pointer: "/journal/verified", holds: |it| it == true, what: "true" },
];

fn wrong(report: &Value) -> Vec<String> {
    let judge = |expectation: &Expectation| match report.pointer(expectation.pointer) {
        Some(value) if (expectation.holds)(value) => None,
        Some(value) => {
            Some(format!("`{}` is `{value}` and must be {}", expectation.pointer, expectation.what))
        }
        None => Some(format!("`{}` is missing and must be {}", expectation.pointer, expectation.what)),
    };
    EXPECTATIONS.iter().filter_map(judge).collect()
}

fn is_txid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn are_two(value: &Value) -> bool {
    let is_heard = |one: &Value| one["channel"].is_string() && one["milliseconds"].is_u64();
    value.as_array().is_some_and(|channels| channels.len() == 2 && channels.iter().all(is_heard))
}

fn is_mail(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("omar"))
}

fn is_pack(value: &Value) -> bool {
    let has = |name: &str| value.as_array().is_some_and(|files| files.iter().any(|file| file == name));
    ["facts.json", "index.en.html", "index.fr.html", "timeline.csv"].into_iter().all(has)
}

fn is_positive(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Value {
        json!({
            "free": { "status": "signed", "txid": "ab".repeat(32), "consensus": "valid" },
            "coerced": { "status": "declined", "signed": false },
            "overt_identical_until_release": true,
            "alarm": { "delivered": 1 },
            "response": {
                "channels": [{ "channel": "a", "milliseconds": 90 }, { "channel": "b", "milliseconds": 91 }],
                "mail": "who: omar",
                "acknowledged": ["vera", "walid"],
                "answered": "2026-11-25T10:04:00Z",
                "dossier": { "name": "Omar Exemple" },
                "pack": { "files": ["facts.json", "index.en.html", "index.fr.html", "timeline.csv"] },
                "cleared": ["vera", "walid"],
                "closed": "2026-11-26T10:04:00Z",
                "unseen": true,
                "drill": { "handed_over": 4, "two_places": 200 },
            },
            "journal": { "entries": 40, "verified": true },
        })
    }

    #[test]
    fn what_the_demo_must_say_is_accepted() {
        assert_eq!(wrong(&good()), Vec::<String>::new());
    }

    #[test]
    fn every_single_departure_is_found() {
        for (pointer, value) in [
            ("/free/status", json!("pending")),
            ("/free/txid", json!("ab")),
            ("/free/consensus", json!("invalid")),
            ("/coerced/status", json!("signed")),
            ("/coerced/signed", json!(true)),
            ("/overt_identical_until_release", json!(false)),
            ("/alarm/delivered", json!(0)),
            ("/response/channels", json!([{ "channel": "a", "milliseconds": 90 }])),
            ("/response/mail", json!("")),
            ("/response/acknowledged", json!(["vera"])),
            ("/response/answered", json!(null)),
            ("/response/dossier/name", json!("")),
            ("/response/pack/files", json!(["facts.json"])),
            ("/response/cleared", json!([])),
            ("/response/closed", json!(null)),
            ("/response/unseen", json!(false)),
            ("/response/drill/handed_over", json!(1)),
            ("/response/drill/two_places", json!(null)),
            ("/journal/entries", json!(0)),
            ("/journal/verified", json!("true")),
        ] {
            let mut report = good();
            *report.pointer_mut(pointer).unwrap() = value;
            assert_eq!(wrong(&report).len(), 1, "{pointer}");
        }
        assert_eq!(wrong(&json!({})).len(), EXPECTATIONS.len());
    }
}
