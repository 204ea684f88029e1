//! Everything that parses what comes from outside, each as a *target*: a function of bytes that panics when something that must hold of
//! every input does not (G1, G6, G7). Never shipped.
//!
//! Called in two ways: by this crate's test, which changes each seed a few hundred times, in every `cargo xtask test`; and by
//! `cargo xtask fuzz`, which drives the same functions through libFuzzer, guided by coverage, for as long as one likes (`guided/`).
//!
//! To add a target: a function in its own module, an entry in [`TARGETS`], its seeds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target reports by panicking; this crate is never shipped"
)]

pub mod commands;
pub mod descriptor;
pub mod frames;
pub mod mutate;
pub mod passkeys;
pub mod policies;
pub mod psbt;
pub mod record;

#[path = "../../vault/tests/world/mod.rs"]
#[allow(missing_docs, reason = "it is the vault's own test world, documented there")]
mod world;

/// One thing to fuzz.
pub struct Target {
    /// As `cargo xtask fuzz` takes it.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
    /// Inputs to begin with, most of them accepted.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "psbt", run: psbt::run, seeds: psbt::seeds },
    Target { name: "policy", run: policies::run, seeds: policies::seeds },
    Target { name: "command", run: commands::run, seeds: commands::seeds },
    Target { name: "record", run: record::run, seeds: record::seeds },
    Target { name: "passkey", run: passkeys::run, seeds: passkeys::seeds },
    Target { name: "frame", run: frames::run, seeds: frames::seeds },
    Target { name: "cap", run: frames::run_cap, seeds: frames::seeds_cap },
    Target { name: "descriptor", run: descriptor::run, seeds: descriptor::seeds },
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
