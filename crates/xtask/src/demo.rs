//! The demo as a black box: the real binary is run without a terminal, and what it prints is held against what it must say.
//!
//! Called as a layer of `cargo xtask test`. Holds G1, G3, G4, G7 and G8 from the outside: the free transfer is signed and valid by
//! consensus, the coerced one is not signed, nobody can tell until then, the alarm arrived, the journal verifies.

use anyhow::{Context, ensure};
use serde_json::Value;

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

fn is_positive(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "free": { "status": "signed", "txid": "ab".repeat(32), "consensus": "valid" },
            "coerced": { "status": "declined", "signed": false },
            "overt_identical_until_release": true,
            "alarm": { "delivered": 1 },
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
