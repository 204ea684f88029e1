//! Any bytes as a PSBT, by every door: an answer, and what is accepted is what was approved, stated apart from how it is checked (G1, G6).

use std::sync::LazyLock;

use vault::bitcoin::{Amount, OutPoint, Sequence};
use vault::{UnverifiedPsbt, VerifiedSpend, verify, verify_return};

use crate::world::{KINDS, MAX_FEE, PAYMENT, World, cosign, payee};

static WORLDS: LazyLock<[World; 2]> = LazyLock::new(|| KINDS.map(World::new));
const VECTORS: &str = include_str!("../../vault/tests/vectors/psbt.txt");

/// Tries it on both kinds of vault.
pub fn run(bytes: &[u8]) {
    let Ok(psbt) = UnverifiedPsbt::parse(bytes) else { return };
    for world in WORLDS.iter() {
        if let Ok(spend) = verify(psbt.clone(), &world.holdings, &world.approved) {
            is_the_approved_payment(world, &spend);
            let again = verify(spend.psbt().into(), &world.holdings, &world.approved).unwrap();
            assert_eq!(again.psbt_bytes(), spend.psbt_bytes(), "what is written anew is accepted as it is");
            if spend.is_complete() {
                cosign(&spend, "cosigner").finish().unwrap();
            }
        }
        let shared = world.outpoints()[0];
        let max_fee = Amount::from_sat(MAX_FEE);
        if let Ok(spend) = verify_return(psbt.clone(), &world.holdings, shared, max_fee) {
            brings_everything_back(world, &spend, shared);
        }
    }
}

fn fee_is_within(world: &World, spend: &VerifiedSpend) {
    let spent: u64 = spend.spent().iter().map(|output| output.value.to_sat()).sum();
    let paid: u64 = spend.transaction().output.iter().map(|output| output.value.to_sat()).sum();
    assert!(spent - paid <= MAX_FEE);
    for input in &spend.transaction().input {
        assert!(world.holdings.coin(&input.previous_output).is_some());
        assert_eq!(input.sequence, Sequence(0xffff_fffd));
    }
}

fn is_the_approved_payment(world: &World, spend: &VerifiedSpend) {
    fee_is_within(world, spend);
    let outputs = &spend.transaction().output;
    let (paid, rest): (Vec<_>, Vec<_>) = outputs.iter().partition(|output| output.script_pubkey == payee());
    assert_eq!(paid.iter().map(|output| output.value.to_sat()).collect::<Vec<_>>(), [PAYMENT]);
    assert!(rest.len() <= 1);
    assert!(rest.iter().all(|output| world.holdings.locate(&output.script_pubkey).is_some()));
}

fn brings_everything_back(world: &World, spend: &VerifiedSpend, shared: OutPoint) {
    fee_is_within(world, spend);
    let transaction = spend.transaction();
    assert!(transaction.input.iter().any(|input| input.previous_output == shared));
    assert!(!transaction.output.is_empty());
    assert!(transaction.output.iter().all(|output| world.holdings.locate(&output.script_pubkey).is_some()));
}

/// Honest ones in all states, in both forms, and the BIPs' vectors.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for world in WORLDS.iter() {
        let signed = world.signed(&["alice", "bob"]);
        let spend = world.verify(signed.clone()).unwrap();
        let cosigned = cosign(&spend, "cosigner").psbt();
        for psbt in [world.psbt(), world.signed(&["alice"]), signed, cosigned] {
            seeds.push(psbt.serialize());
        }
    }
    let vectors = VECTORS.lines().filter(|line| !line.starts_with('#'));
    seeds.extend(vectors.filter_map(|line| line.rsplit('\t').next()).map(|text| text.as_bytes().to_vec()));
    seeds
}
