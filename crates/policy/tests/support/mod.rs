//! Small policies for tests: a fixed frame and what a test adds.
#![allow(dead_code, reason = "each test uses a part")]

use policy::{Diagnostic, Policy, Source, load};
use types::{ActorId, PersonId, Target, Timestamp, Value, VaultId};

/// Everything that a policy needs besides what a test is about. `board` has two people from different homes.
pub const FRAME: &str = r#"
[organisation]
name = "Test"
currency = "EUR"
time_zone = "Europe/Paris"
[change]
approve = { at_least = 2, of = "board", apart = "home" }
hold = "7d"
[response]
responders = "watch"
[[place]]
id = "home-b1"
kind = "home"
[[place]]
id = "home-b2"
kind = "home"
[[place]]
id = "home-b3"
kind = "home"
[[place]]
id = "home-w1"
kind = "home"
[[place]]
id = "home-w2"
kind = "home"
[[place]]
id = "home-w3"
kind = "home"
[[person]]
id = "b1"
groups = ["board"]
places = ["home-b1"]
[[person]]
id = "b2"
groups = ["board"]
places = ["home-b2"]
[[person]]
id = "b3"
groups = ["board"]
places = ["home-b3"]
[[person]]
id = "w1"
groups = ["watch"]
places = ["home-w1"]
[[person]]
id = "w2"
groups = ["watch"]
places = ["home-w2"]
[[person]]
id = "w3"
groups = ["watch"]
places = ["home-w3"]
"#;

pub fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into() }
}

/// The policy of the frame and more; panics with the diagnostics when there is none.
pub fn policy(more: &str) -> Policy {
    let loaded = load(&[source("frame.toml", FRAME), source("more.toml", more)]);
    let shown: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    loaded.policy.unwrap_or_else(|| panic!("{shown:#?}"))
}

/// What is found in `more.toml` beside the frame.
pub fn found(more: &str) -> Vec<Diagnostic> {
    load(&[source("frame.toml", FRAME), source("more.toml", more)]).diagnostics
}

pub fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|found| format!("{found}\n")).collect()
}

pub fn vault(name: &str) -> VaultId {
    VaultId::parse(name).unwrap()
}

pub fn actor(name: &str) -> ActorId {
    ActorId::parse(name).unwrap()
}

pub fn person(name: &str) -> PersonId {
    PersonId::parse(name).unwrap()
}

pub fn address(text: &str) -> Target {
    Target::Address(text.into())
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub fn euros(whole: u128) -> Value {
    Value::from_minor(whole * 100)
}

/// Replays what a comparison says: a transfer must be released under the policy that is said to allow it, and not, or later,
/// or only subject to objections, under the other.
pub fn replayed(old: &Policy, new: &Policy, comparison: &policy::Comparison) {
    let equal = comparison.direction == policy::Direction::Equal;
    assert_eq!(comparison.witness.is_none(), equal, "{comparison:?}");
    for witness in comparison.witness.iter().chain(&comparison.other) {
        let json = serde_json::to_value(witness).unwrap();
        if json["kind"] != "transfer" {
            continue;
        }
        let transfer: policy::TransferFile = serde_json::from_value(json["transfer"].clone()).unwrap();
        let history: Vec<policy::HistoryFile> = serde_json::from_value(json["history"].clone()).unwrap();
        let (with, without) = match witness.allowed_by {
            policy::Side::New => (new, old),
            policy::Side::Old => (old, new),
        };
        let [with, without] = [with, without].map(|policy| policy::explain(policy, &transfer, &history));
        assert_ne!(with.decision, policy::Decision::Refused, "{json:#}");
        let ready = |explanation: &policy::Explanation| match explanation.decision {
            policy::Decision::Refused => None,
            _ => explanation.ready_at,
        };
        let (soon, late) = (ready(&with).unwrap_or_else(|| panic!("never ready: {json:#}")), ready(&without));
        let quicker = with.permits.iter().any(|report| report.quick && report.ready_at.is_some())
            && !without.permits.iter().any(|report| report.quick && report.ready_at.is_some());
        assert!(late.is_none_or(|late| late > soon) || quicker, "{json:#}\n{with:#?}\n{without:#?}");
    }
}
