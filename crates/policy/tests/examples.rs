//! The three example organisations load, are checked without an error, and explain their transfers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

use policy::{Loaded, Severity, Source, load};

const EXAMPLES: [(&str, &[(&str, &str)]); 3] = [
    ("family", &[("policy.toml", include_str!("../../../examples/family/policy.toml"))]),
    (
        "startup",
        &[
            ("rules.toml", include_str!("../../../examples/startup/rules.toml")),
            ("register.toml", include_str!("../../../examples/startup/register.toml")),
        ],
    ),
    (
        "exchange",
        &[
            ("rules.toml", include_str!("../../../examples/exchange/rules.toml")),
            ("register.toml", include_str!("../../../examples/exchange/register.toml")),
        ],
    ),
];

fn loaded(files: &[(&str, &str)]) -> Loaded {
    let sources: Vec<Source> =
        files.iter().map(|(name, text)| Source { name: (*name).into(), text: (*text).into() }).collect();
    load(&sources)
}

#[test]
fn the_examples_are_valid() {
    for (name, files) in EXAMPLES {
        let loaded = loaded(files);
        let errors: Vec<_> =
            loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        assert!(loaded.policy.is_some(), "{name}");
    }
}
