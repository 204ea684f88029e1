//! What we sign the network takes: at the edges of fee, dust and size, our refusals stand where the node's do (G6: a signed transaction that
//! nobody relays locks its inputs).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Address, Amount, FeeRate, Network, Psbt, ScriptBuf, TxOut};
use regtest::Verdict;
use stage::{COIN, FEE, KINDS, MAX_FEE, Stage, approved_to, cosign};
use vault::{
    Branch, BuildError, FEE_RATE_MIN_SATS_PER_KVB, Refusal, Request, SpendDraft, UnverifiedPsbt, build_psbt,
    estimated_vsize, pay, verify,
};

fn accepted(stage: &Stage, psbt: Psbt, payment: u64) -> Verdict {
    let spend = stage.verify(stage.signed(psbt, &["alice", "bob"]), payment).unwrap();
    let done = cosign(&spend, "cosigner").finish().unwrap();
    stage.node.test(done.transaction()).unwrap()
}

#[test]
fn the_lowest_fee_that_is_signed_for_is_relayed() {
    for kind in KINDS {
        let stage = Stage::with_coins(kind, 3);
        for count in 1..=3 {
            let (coins, payment) = (&stage.outpoints()[..count], 10_000_000);
            let outputs = stage.psbt(coins, payment, FEE).unsigned_tx.output;
            let script = stage.holdings.coins().next().unwrap().script();
            let vsize = estimated_vsize(script, count, &outputs);
            let lowest = (vsize * FEE_RATE_MIN_SATS_PER_KVB).div_ceil(1000);
            assert_eq!(accepted(&stage, stage.psbt(coins, payment, lowest), payment), Verdict::Accepted);
            let below = stage.verify(stage.psbt(coins, payment, lowest - 1), payment);
            assert!(matches!(below, Err(Refusal::FeeTooLow(_))));
        }
    }
}

#[test]
fn the_smallest_change_is_relayed_and_smaller_is_not_built() {
    for kind in KINDS {
        let stage = Stage::with_coins(kind, 1);
        let coins = stage.outpoints();
        let smallest = stage.script(Branch::Change, 0).minimal_non_dust().to_sat();
        let payment = COIN - FEE - smallest;
        assert_eq!(accepted(&stage, stage.psbt(&coins, payment, FEE), payment), Verdict::Accepted);
        let draft = SpendDraft {
            inputs: coins,
            outputs: vec![TxOut { value: Amount::from_sat(payment + 1), script_pubkey: stage::payee() }],
            fee: Amount::from_sat(FEE),
            change: stage.holdings.unused(Branch::Change),
            lock_height: 0,
        };
        assert!(matches!(build_psbt(&stage.holdings, &draft), Err(BuildError::DustChange(_))));
    }
}

#[test]
fn the_smallest_payment_of_each_kind_is_relayed_and_smaller_is_refused() {
    let stage = Stage::with_coins(vault::ScriptKind::Tr, 1);
    let (key, tap) = (regtest::Node::own_script(), stage.script(Branch::Receive, 7));
    let hash = ScriptBuf::new_op_return([]);
    for script in [
        key,
        tap,
        hash.to_p2sh(),
        hash.to_p2wsh(),
        ScriptBuf::new_p2pkh(&bitcoin::PubkeyHash::from_raw_hash(bitcoin::hashes::Hash::all_zeros())),
    ] {
        let address = Address::from_script(&script, Network::Regtest).unwrap().to_string();
        let smallest = script.minimal_non_dust().to_sat();
        for value in [smallest, smallest - 1] {
            let output = TxOut { value: Amount::from_sat(value), script_pubkey: script.clone() };
            let draft = SpendDraft {
                inputs: stage.outpoints(),
                outputs: vec![output],
                fee: Amount::from_sat(FEE),
                change: stage.holdings.unused(Branch::Change),
                lock_height: 0,
            };
            let psbt = stage.signed(build_psbt(&stage.holdings, &draft).unwrap(), &["bob", "carol"]);
            let approved = approved_to(&address, value, MAX_FEE);
            let spend = verify(UnverifiedPsbt::from(psbt), &stage.holdings, &approved);
            if value < smallest {
                assert!(matches!(spend, Err(Refusal::Dust(0))), "{address}");
                continue;
            }
            let done = cosign(&spend.unwrap(), "cosigner").finish().unwrap();
            assert_eq!(stage.node.test(done.transaction()).unwrap(), Verdict::Accepted, "{address}");
        }
    }
}

/// A transaction above 400 000 weight units is valid and no node relays it.
#[test]
fn the_largest_payment_that_is_built_is_relayed() {
    const SMALL: u64 = 20_000;
    const COINS: usize = 800;
    const LARGE_FEE: u64 = 500_000;
    for kind in KINDS {
        let mut stage = Stage::new(kind);
        let script = stage.script(Branch::Receive, 0);
        // Few to a deposit: the PSBT carries each of them whole.
        stage.node.mine(20).unwrap();
        for _ in 0..COINS / 40 {
            stage.node.fund_all(&vec![(script.clone(), Amount::from_sat(SMALL)); 40]).unwrap();
        }
        stage.mine(1);
        let built = |count: usize| {
            let payment = Amount::from_sat(SMALL * count as u64 - LARGE_FEE);
            let request = Request {
                outputs: vec![TxOut { value: payment, script_pubkey: stage::payee() }],
                fee_rate: FeeRate::from_sat_per_vb_u32(1),
                max_fee: Amount::from_sat(LARGE_FEE),
                locked: BTreeSet::new(),
                heights: BTreeMap::new(),
                change: None,
                entropy: [1; 32],
            };
            (payment.to_sat(), pay(&stage.holdings, &request))
        };
        // The most coins' worth for which a payment is built.
        let (mut most, mut too_many) = (100, COINS + 1);
        while most + 1 < too_many {
            let middle = usize::midpoint(most, too_many);
            if built(middle).1.is_ok() { most = middle } else { too_many = middle }
        }
        assert_eq!(built(too_many).1, Err(BuildError::TooManyInputs), "{most}");
        let (payment, largest) = built(most);
        let psbt = stage.signed(largest.unwrap().psbt, &["alice", "bob"]);
        let approved = approved_to(stage::PAYEE, payment, LARGE_FEE);
        let spend = verify(UnverifiedPsbt::from(psbt), &stage.holdings, &approved).unwrap();
        let done = cosign(&spend, "cosigner").finish().unwrap();
        let (inputs, weight) = (done.transaction().input.len(), done.transaction().weight());
        assert_eq!(
            stage.node.test(done.transaction()).unwrap(),
            Verdict::Accepted,
            "{inputs} inputs, {weight}"
        );
        assert!(weight.to_wu() > 390_000, "{inputs} inputs, {weight}");
    }
}
