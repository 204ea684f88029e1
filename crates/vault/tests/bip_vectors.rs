//! The vectors of BIP-174, BIP-370 and BIP-371: what they call invalid is refused when it is read, what they call valid is read, and then
//! refused by name, since it is not a vault's (G1). The data and its sources are in `vectors/psbt.txt`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;
use vault::bitcoin::Psbt;
use vault::{UnverifiedPsbt, verify};
use world::{KINDS, World};

struct Vector {
    bip: u32,
    class: &'static str,
    name: &'static str,
    psbt: &'static str,
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("vectors/psbt.txt").lines().filter(|line| !line.starts_with('#'));
    let vector = |line: &'static str| {
        let [bip, class, name, psbt] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        Vector { bip: bip.parse().unwrap(), class, name, psbt }
    };
    lines.map(vector).collect()
}

/// The code that reading it meets, or `read`.
fn reading(vector: &Vector) -> &'static str {
    UnverifiedPsbt::from_base64(vector.psbt).map_or_else(|refusal| refusal.code(), |_| "read")
}

fn of(bip: u32, class: &str) -> Vec<Vector> {
    vectors().into_iter().filter(|vector| vector.bip == bip && vector.class == class).collect()
}

#[test]
fn all_are_here() {
    let mut counts: BTreeMap<(u32, &str), usize> = BTreeMap::new();
    vectors().iter().for_each(|vector| *counts.entry((vector.bip, vector.class)).or_default() += 1);
    expect![[r#"
        {
            (
                174,
                "invalid",
            ): 19,
            (
                174,
                "signer",
            ): 4,
            (
                174,
                "valid",
            ): 12,
            (
                370,
                "invalid",
            ): 13,
            (
                370,
                "valid",
            ): 10,
            (
                371,
                "invalid",
            ): 11,
            (
                371,
                "valid",
            ): 6,
        }
    "#]]
    .assert_debug_eq(&counts);
}

#[test]
fn invalid_ones_are_malformed() {
    for bip in [174, 371] {
        for vector in of(bip, "invalid") {
            assert_eq!(reading(&vector), "psbt-malformed", "BIP-{bip}: {}", vector.name);
        }
    }
}

#[test]
fn valid_ones_are_read_and_come_back() {
    let valid = [of(174, "valid"), of(174, "signer"), of(371, "valid")].into_iter().flatten();
    for vector in valid {
        assert_eq!(reading(&vector), "read", "BIP-{}: {}", vector.bip, vector.name);
        let psbt = Psbt::deserialize(&STANDARD.decode(vector.psbt).unwrap()).unwrap();
        assert_eq!(Psbt::deserialize(&psbt.serialize()).unwrap(), psbt, "{}", vector.name);
    }
}

/// Nothing of version 2 is read; its fields in version 0 are unknown fields, and refused as such where the rest would pass.
#[test]
fn version_2_is_refused_by_name() {
    for vector in of(370, "valid") {
        assert_eq!(reading(&vector), "psbt-version", "{}", vector.name);
    }
    for vector in of(370, "invalid") {
        let expected = if vector.name.ends_with("PSBT_GLOBAL_VERSION 2") { "psbt-version" } else { "read" };
        assert_eq!(reading(&vector), expected, "{}", vector.name);
    }
}

#[test]
fn none_is_a_spend_of_a_vault() {
    let [wsh, tr] = KINDS.map(|kind| refusals(&World::new(kind)));
    assert_eq!(wsh, tr);
    expect![[r#"
        BIP-174 valid, one p2pkh input: tx-lock-time-ahead
        BIP-174 valid, p2pkh finalised, p2sh-p2wpkh: input-not-ours
        BIP-174 valid, p2pkh with a sighash type: tx-lock-time-ahead
        BIP-174 valid, p2pkh, p2sh-p2wpkh, outputs filled: input-not-ours
        BIP-174 valid, p2sh-p2wsh 2-of-2: input-not-ours
        BIP-174 valid, unknown types in the inputs: input-not-ours
        BIP-174 valid, p2wsh 2-of-2 with global xpubs: psbt-global-key
        BIP-174 valid, global xpub: psbt-wrong-network
        BIP-174 valid, no inputs and no outputs: tx-version
        BIP-174 valid, no inputs: tx-lock-time-ahead
        BIP-174 valid, workflow: signatures combined: input-not-ours
        BIP-174 valid, workflow: finalised: input-not-ours
        BIP-174 signer, witness utxo for a non-witness input: input-not-ours
        BIP-174 signer, redeem script against the non-witness utxo: input-not-ours
        BIP-174 signer, redeem script against the witness utxo: input-not-ours
        BIP-174 signer, witness script against the redeem script: input-not-ours
        BIP-371 valid, key path derivation: input-not-ours
        BIP-371 valid, key path signature: input-not-ours
        BIP-371 valid, output key path: input-not-ours
        BIP-371 valid, script path leaves: input-not-ours
        BIP-371 valid, output tree: input-not-ours
        BIP-371 valid, script path signatures: input-not-ours
        BIP-370 invalid, version 0 with PSBT_GLOBAL_TX_VERSION: psbt-global-field
        BIP-370 invalid, version 0 with PSBT_GLOBAL_FALLBACK_LOCKTIME: psbt-global-field
        BIP-370 invalid, version 0 with PSBT_GLOBAL_INPUT_COUNT: psbt-global-field
        BIP-370 invalid, version 0 with PSBT_GLOBAL_OUTPUT_COUNT: psbt-global-field
        BIP-370 invalid, version 0 with PSBT_GLOBAL_TX_MODIFIABLE: psbt-global-field
        BIP-370 invalid, version 0 with PSBT_IN_PREVIOUS_TXID: input-not-ours
        BIP-370 invalid, version 0 with PSBT_IN_OUTPUT_INDEX: input-not-ours
        BIP-370 invalid, version 0 with PSBT_IN_SEQUENCE: input-not-ours
        BIP-370 invalid, version 0 with PSBT_IN_REQUIRED_TIME_LOCKTIME: input-not-ours
        BIP-370 invalid, version 0 with PSBT_IN_REQUIRED_HEIGHT_LOCKTIME: input-not-ours
        BIP-370 invalid, version 0 with PSBT_OUT_AMOUNT: input-not-ours
        BIP-370 invalid, version 0 with PSBT_OUT_SCRIPT: input-not-ours"#]]
    .assert_eq(&wsh.join("\n"));
}

/// What verifying meets, of those that are read.
fn refusals(world: &World) -> Vec<String> {
    let refused = |vector: &Vector| {
        let psbt = UnverifiedPsbt::from_base64(vector.psbt).ok()?;
        let refusal = verify(psbt, &world.holdings, &world.approved).unwrap_err();
        Some(format!("BIP-{} {}, {}: {}", vector.bip, vector.class, vector.name, refusal.code()))
    };
    vectors().iter().filter_map(refused).collect()
}
