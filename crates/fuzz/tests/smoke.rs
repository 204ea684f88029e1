//! Every target on its seeds and on a few hundred changes of them, in every test run. `cargo xtask fuzz` goes on from there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use fuzz::mutate::mutated;
use fuzz::{TARGETS, target};
use testkit::prng::Chance;

const CHANGES: u64 = 400;

fn tried(name: &str) {
    let target = target(name).unwrap();
    let seeds = (target.seeds)();
    seeds.iter().for_each(|seed| (target.run)(seed));
    let mut chance = Chance::new(0x5eed, 0);
    for _ in 0..CHANGES {
        (target.run)(&mutated(&seeds, &mut chance));
    }
}

#[test]
fn psbts() {
    tried("psbt");
}

#[test]
fn policies() {
    tried("policy");
}

#[test]
fn commands() {
    tried("command");
}

#[test]
fn records() {
    tried("record");
}

#[test]
fn descriptors() {
    tried("descriptor");
}

#[test]
fn passkeys() {
    tried("passkey");
}

#[test]
fn frames() {
    tried("frame");
}

#[test]
fn cap_messages() {
    tried("cap");
}

#[test]
fn targets_have_seeds_and_names() {
    assert_eq!(TARGETS.len(), 8);
    for entry in TARGETS {
        assert!(!(entry.seeds)().is_empty() && target(entry.name).is_some());
    }
}
