//! Whatever bytes come in, there is an answer; and what is accepted after a change is still the approved spend (G1, G6).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use std::sync::LazyLock;

use proptest::prelude::*;
use vault::bitcoin::psbt::{Psbt, PsbtSighashType};
use vault::bitcoin::transaction::Version;
use vault::bitcoin::{Amount, ScriptBuf, Sequence};
use vault::{UnverifiedPsbt, VerifiedSpend, verify};
use world::{FEE, KINDS, MAX_FEE, PAYMENT, World, payee};

/// Both kinds of vault with an honest, signed PSBT in bytes.
static HONEST: LazyLock<Vec<(World, Vec<u8>)>> = LazyLock::new(|| {
    let honest = |kind| {
        let world = World::new(kind);
        let bytes = world.signed(&["alice", "bob"]).serialize();
        (world, bytes)
    };
    KINDS.into_iter().map(honest).collect()
});

/// What must be so of anything that was accepted, stated apart from how it is checked.
fn is_the_approved_spend(world: &World, spend: &VerifiedSpend) {
    let transaction = spend.transaction();
    let spent: u64 = spend.spent().iter().map(|output| output.value.to_sat()).sum();
    let paid: u64 = transaction.output.iter().map(|output| output.value.to_sat()).sum();
    assert!(spent - paid <= MAX_FEE);
    let payments = transaction.output.iter().filter(|output| output.script_pubkey == payee());
    assert_eq!(payments.map(|output| output.value.to_sat()).collect::<Vec<_>>(), [PAYMENT]);
    assert!(transaction.output.len() <= 2);
    for input in &transaction.input {
        assert!(world.holdings.coin(&input.previous_output).is_some());
        assert_eq!(input.sequence, Sequence(0xffff_fffd));
    }
    let lost: u64 =
        spent - transaction.output.iter().skip(1).map(|output| output.value.to_sat()).sum::<u64>();
    assert!(lost <= PAYMENT + MAX_FEE);
}

fn try_bytes(world: &World, bytes: &[u8]) {
    if let Ok(psbt) = UnverifiedPsbt::parse(bytes)
        && let Ok(spend) = verify(psbt, &world.holdings, &world.approved)
    {
        is_the_approved_spend(world, &spend);
    }
}

/// One change to a field of a PSBT, with values from outside.
fn change_field(psbt: &mut Psbt, which: u8, index: usize, value: u64, bytes: &[u8]) {
    let input = index % psbt.inputs.len().max(1);
    let output = index % psbt.outputs.len().max(1);
    let script = ScriptBuf::from_bytes(bytes.to_vec());
    let low = u32::try_from(value & 0xffff_ffff).unwrap();
    match which {
        0 => psbt.unsigned_tx.version = Version(low.cast_signed()),
        1 => psbt.unsigned_tx.lock_time = vault::bitcoin::absolute::LockTime::from_consensus(low),
        2 => psbt.unsigned_tx.input[input].sequence = Sequence(low),
        3 => psbt.unsigned_tx.input[input].previous_output.vout = low,
        4 => psbt.unsigned_tx.output[output].value = Amount::from_sat(value),
        5 => psbt.unsigned_tx.output[output].script_pubkey = script,
        6 => psbt.inputs[input].sighash_type = Some(PsbtSighashType::from_u32(low)),
        7 => psbt.inputs[input].witness_script = Some(script),
        8 => psbt.inputs[input].redeem_script = Some(script),
        9 => psbt.inputs[input].partial_sigs.clear(),
        10 => psbt.inputs[input].tap_script_sigs.clear(),
        11 => psbt.inputs[input] = Default::default(),
        12 => psbt.outputs[output] = Default::default(),
        13 => psbt.inputs.swap(0, input),
        14 => psbt.unsigned_tx.output.swap(0, output),
        15 => drop(psbt.inputs.pop()),
        16 => drop(psbt.unsigned_tx.output.pop()),
        17 => psbt.inputs[input].final_script_sig = Some(script),
        18 => {
            psbt.unsigned_tx.output[output].value = Amount::from_sat(PAYMENT.wrapping_add(value % (2 * FEE)))
        }
        _ => psbt.version = low,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600), with_magic: bool) {
        let mut all = if with_magic { b"psbt\xff".to_vec() } else { Vec::new() };
        all.extend(bytes);
        HONEST.iter().for_each(|(world, _)| try_bytes(world, &all));
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        HONEST.iter().for_each(|(world, _)| try_bytes(world, text.as_bytes()));
    }

    #[test]
    fn changed_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for (world, honest) in HONEST.iter() {
            let mut bytes = honest.clone();
            for (place, value) in &changes {
                bytes[place.index(honest.len())] = *value;
            }
            try_bytes(world, &bytes);
        }
    }

    #[test]
    fn cut_and_spliced_bytes(from: prop::sample::Index, to: prop::sample::Index, at: prop::sample::Index) {
        for (world, honest) in HONEST.iter() {
            let (from, to) = (from.index(honest.len()), to.index(honest.len()));
            let piece = honest[from.min(to)..from.max(to)].to_vec();
            let mut bytes = honest.clone();
            let at = at.index(bytes.len());
            bytes.splice(at..at, piece);
            try_bytes(world, &bytes);
            bytes.truncate(at);
            try_bytes(world, &bytes);
        }
    }

    #[test]
    fn changed_fields(
        changes in prop::collection::vec((0u8..20, 0usize..4, any::<u64>(), prop::collection::vec(any::<u8>(), 0..40)), 1..4)
    ) {
        for (world, honest) in HONEST.iter() {
            let mut psbt = Psbt::deserialize(honest).unwrap();
            for (which, index, value, bytes) in &changes {
                let intact = !psbt.inputs.is_empty() && !psbt.unsigned_tx.output.is_empty()
                    && psbt.outputs.len() == psbt.unsigned_tx.output.len()
                    && psbt.inputs.len() == psbt.unsigned_tx.input.len();
                if intact {
                    change_field(&mut psbt, *which, *index, *value, bytes);
                }
            }
            if let Ok(spend) = verify(UnverifiedPsbt::from(psbt), &world.holdings, &world.approved) {
                is_the_approved_spend(world, &spend);
            }
        }
    }
}

/// Every single byte of an honest PSBT, changed in one bit: accepted only as the approved spend.
#[test]
fn every_byte_in_turn() {
    for (world, honest) in HONEST.iter() {
        let accepted = honest.iter().enumerate().filter(|(place, _)| {
            let mut bytes = honest.clone();
            bytes[*place] ^= 1;
            let psbt = UnverifiedPsbt::from_bytes(&bytes);
            let spend = psbt.and_then(|psbt| verify(psbt, &world.holdings, &world.approved));
            spend.inspect(|spend| is_the_approved_spend(world, spend)).is_ok()
        });
        assert_eq!(accepted.count(), 0, "a changed byte was accepted");
    }
}
