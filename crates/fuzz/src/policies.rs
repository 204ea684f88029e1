//! Any text as a policy: either a policy or an error with a place, never both and never neither (G1).

use policy::{Severity, Source, load};

const FULL: &str = include_str!("../../policy/tests/cases/full.toml");
const RULES: &str = include_str!("../../../examples/startup/rules.toml");
const REGISTER: &str = include_str!("../../../examples/startup/register.toml");
const FAMILY: &str = include_str!("../../../examples/family/policy.toml");

/// Tries it alone, and as rules beside a register that is in order.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check(&[source("rules.toml", text)]);
    check(&[source("rules.toml", text), source("register.toml", REGISTER)]);
}

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned() }
}

fn check(sources: &[Source]) {
    let loaded = load(sources);
    let wrong = loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(loaded.policy.is_none(), wrong, "a policy exactly when nothing is wrong");
    for diagnostic in &loaded.diagnostics {
        let lines = sources.iter().map(|source| source.text.lines().count()).max().unwrap_or(0);
        assert!(diagnostic.line as usize <= lines + 1, "a place that is not in the file");
    }
}

/// The examples, and the case that uses every key.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    [FULL, RULES, REGISTER, FAMILY].map(|text| text.as_bytes().to_vec()).to_vec()
}
