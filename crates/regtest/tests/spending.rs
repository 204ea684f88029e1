//! The spending path on a real node: what members and co-signer sign together is taken and confirmed, anything less is not (G1, G6).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use bitcoin::{Amount, OutPoint, Transaction, Txid, Witness};
use regtest::{NodeError, Verdict};
use stage::{COIN, FEE, KINDS, MAX_FEE, Stage, cosign};
use vault::{FinishError, Refusal, ScriptKind};

const PAYMENT: u64 = 60_000_000;

/// Where the co-signer's signature stands in the witness; the members' stand before it.
fn cosigner_place(witness: &Witness, kind: ScriptKind) -> usize {
    witness.len() - if kind == ScriptKind::Wsh { 2 } else { 3 }
}

fn with_element(mut transaction: Transaction, input: usize, place: usize, element: Vec<u8>) -> Transaction {
    let mut stack = transaction.input[input].witness.to_vec();
    stack[place] = element;
    transaction.input[input].witness = Witness::from_slice(&stack);
    transaction
}

#[test]
fn a_deposit_is_spent_with_the_cosigner_and_confirmed() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 2);
        let transaction = stage.spend(&stage.outpoints(), PAYMENT, FEE);
        assert_eq!(stage.node.test(&transaction).unwrap(), Verdict::Accepted);
        let txid = stage.node.broadcast(&transaction).unwrap();
        assert_eq!(txid, transaction.compute_txid());
        stage.mine(1);
        assert_eq!(stage.node.confirmations(OutPoint { txid, vout: 0 }).unwrap(), Some(1));
        assert_eq!(stage.holdings.balance(), Amount::from_sat(2 * COIN - PAYMENT - FEE));
        let change = stage.outpoints();
        assert_eq!(change, [OutPoint { txid, vout: 1 }]);
        // The change is spendable like any coin.
        let rest = stage.spend(&change, 30_000_000, FEE);
        assert_eq!(stage.node.test(&rest).unwrap(), Verdict::Accepted);
    }
}

#[test]
fn any_two_members_suffice_and_a_third_signature_does_no_harm() {
    for kind in KINDS {
        let stage = Stage::with_coins(kind, 2);
        for members in [&["alice", "carol"][..], &["bob", "carol"], &["alice", "bob", "carol"]] {
            let psbt = stage.signed(stage.psbt(&stage.outpoints(), PAYMENT, FEE), members);
            let spend = stage.verify(psbt, PAYMENT).unwrap();
            let done = cosign(&spend, "cosigner").finish().unwrap();
            assert_eq!(stage.node.test(done.transaction()).unwrap(), Verdict::Accepted, "{members:?}");
        }
    }
}

#[test]
fn nothing_moves_without_the_cosigner() {
    for kind in KINDS {
        let stage = Stage::with_coins(kind, 1);
        let coins = stage.outpoints();
        let good = stage.spend(&coins, 20_000_000, FEE);
        let place = cosigner_place(&good.input[0].witness, kind);
        let members = good.input[0].witness.nth(place - 1).unwrap().to_vec();
        let script = "script-verify-flag-failed";
        stage.refused_everywhere(&with_element(good.clone(), 0, place, Vec::new()), script);
        stage.refused_everywhere(&with_element(good.clone(), 0, place, members), script);

        let psbt = stage.signed(stage.psbt(&coins, 20_000_000, FEE), &["alice", "bob"]);
        let spend = stage.verify(psbt, 20_000_000).unwrap();
        let key = stage::key("mallory");
        let forged = spend.signing_requests().into_iter().map(|mut request| {
            request.account = key.public().xpub().public_key;
            key.signer().unwrap().sign(&request)
        });
        match forged.collect::<Result<Vec<_>, _>>() {
            // The software signer notices by itself where it sees the public key.
            Err(_) => assert_eq!(kind, ScriptKind::Tr),
            Ok(forged) => {
                let finished = vault::Cosigned::new(&spend, forged).unwrap().finish();
                assert!(matches!(finished, Err(FinishError::Consensus(0, _))));
            }
        }
        assert_eq!(stage.node.test(&good).unwrap(), Verdict::Accepted, "the coin was spendable all the time");
    }
}

#[test]
fn one_member_and_the_cosigner_are_not_enough() {
    for kind in KINDS {
        let stage = Stage::with_coins(kind, 1);
        let psbt = stage.signed(stage.psbt(&stage.outpoints(), 20_000_000, FEE), &["alice"]);
        let spend = stage.verify(psbt, 20_000_000).unwrap();
        assert!(matches!(cosign(&spend, "cosigner").finish(), Err(FinishError::Unsatisfied(0, _))));
        let good = stage.spend(&stage.outpoints(), 20_000_000, FEE);
        let place = cosigner_place(&good.input[0].witness, kind);
        let first =
            (0..place).find(|place| good.input[0].witness.nth(*place).is_some_and(|it| !it.is_empty()));
        let lacking = with_element(good, 0, first.unwrap(), Vec::new());
        stage.refused_everywhere(&lacking, "script-verify-flag-failed");
    }
}

#[test]
fn a_signature_for_another_input_or_another_output_is_refused() {
    for kind in KINDS {
        let stage = Stage::with_coins(kind, 2);
        let good = stage.spend(&stage.outpoints(), PAYMENT, FEE);
        let place = cosigner_place(&good.input[0].witness, kind);
        let foreign = good.input[1].witness.nth(place).unwrap().to_vec();
        stage.refused_everywhere(&with_element(good.clone(), 0, place, foreign), "script-verify-flag-failed");
        let mut swapped = good.clone();
        swapped.input[0].witness = good.input[1].witness.clone();
        swapped.input[1].witness = good.input[0].witness.clone();
        stage.refused_everywhere(&swapped, "script-verify-flag-failed");
        let mut redirected = good.clone();
        redirected.output[0].script_pubkey = regtest::Node::own_script();
        stage.refused_everywhere(&redirected, "script-verify-flag-failed");
        let mut dearer = good;
        dearer.output[1].value -= Amount::from_sat(1);
        stage.refused_everywhere(&dearer, "script-verify-flag-failed");
    }
}

#[test]
fn a_replacement_under_the_same_approval_takes_the_place_and_only_one_confirms() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 2);
        let coins = stage.outpoints();
        let first = stage.spend(&coins, PAYMENT, FEE);
        stage.node.broadcast(&first).unwrap();
        let meagre = stage.spend(&coins, PAYMENT, FEE + 1);
        let Verdict::Refused(why) = stage.node.test(&meagre).unwrap() else { panic!("replaced for nothing") };
        assert!(why.contains("insufficient fee"), "{why}");
        let second = stage.spend(&coins, PAYMENT, MAX_FEE);
        stage.node.broadcast(&second).unwrap();
        assert_eq!(stage.node.mempool().unwrap(), [second.compute_txid()]);
        assert!(matches!(stage.node.broadcast(&first), Err(NodeError::Refused { .. })));
        stage.mine(1);
        stage.refused_everywhere(&first, "missing-inputs");
        assert_eq!(stage.outpoints(), [OutPoint { txid: second.compute_txid(), vout: 1 }]);
        // Beyond the approved maximum there is no third.
        let third = stage.signed(stage.psbt(&stage.outpoints(), 30_000_000, MAX_FEE + 1), &["alice", "bob"]);
        assert!(matches!(stage.verify(third, 30_000_000), Err(Refusal::FeeAboveMaximum(_))));
    }
}

#[test]
fn what_shares_one_input_with_a_confirmed_payment_can_never_confirm() {
    let mut stage = Stage::with_coins(ScriptKind::Tr, 3);
    let coins = stage.outpoints();
    let first = stage.spend(&coins[..2], PAYMENT, FEE);
    let second = stage.spend(&coins[1..], PAYMENT, MAX_FEE);
    stage.node.broadcast(&first).unwrap();
    stage.mine(1);
    stage.refused_everywhere(&second, "missing-inputs");
    // Not even where the first is still unconfirmed in another block of the same length.
    stage.node.reorganise(1).unwrap();
    stage.node.mine_exactly(std::slice::from_ref(&second)).unwrap();
    assert!(!stage.node.mempool().unwrap().contains(&first.compute_txid()));
    stage.refused_everywhere(&first, "missing-inputs");
}

#[test]
fn a_coin_that_a_reorganisation_took_away_is_not_signed_for_and_not_taken() {
    for kind in KINDS {
        let mut stage = Stage::new(kind);
        let script = stage.script(vault::Branch::Receive, 0);
        let deposit = stage.node.fund_all(&[(script, Amount::from_sat(COIN))]).unwrap();
        let double_spend = stage.node.double_spend(&deposit).unwrap();
        stage.mine(2);
        let (coins, payment) = (stage.outpoints(), 20_000_000);
        let psbt = stage.signed(stage.psbt(&coins, payment, FEE), &["alice", "bob"]);
        let transaction = stage.spend(&coins, payment, FEE);
        let confirmed_in = stage.node.block_at(stage.node.height().unwrap() - 1).unwrap();

        stage.node.invalidate(confirmed_in).unwrap();
        stage.follow();
        assert_eq!(stage.node.mempool().unwrap(), [deposit.compute_txid()]);
        assert_eq!(stage.outpoints(), []);
        assert!(matches!(stage.verify(psbt.clone(), payment), Err(Refusal::LockTimeAhead(_))));

        stage.node.mine_exactly(&[double_spend]).unwrap();
        stage.mine(2);
        assert_eq!(stage.outpoints(), []);
        assert!(matches!(stage.verify(psbt.clone(), payment), Err(Refusal::InputNotOurs(0))));
        stage.refused_everywhere(&transaction, "missing-inputs");

        // The first branch wins again: so is the coin.
        stage.node.invalidate(stage.node.block_at(stage.node.height().unwrap() - 2).unwrap()).unwrap();
        stage.node.reconsider(confirmed_in).unwrap();
        stage.follow();
        assert_eq!(stage.outpoints(), coins);
        assert!(stage.verify(psbt, payment).is_ok());
        assert_eq!(stage.node.test(&transaction).unwrap(), Verdict::Accepted);
    }
}

#[test]
fn a_payment_that_a_reorganisation_unconfirms_waits_and_confirms_again() {
    let mut stage = Stage::with_coins(ScriptKind::Wsh, 2);
    let transaction = stage.spend(&stage.outpoints(), PAYMENT, FEE);
    let txid: Txid = stage.node.broadcast(&transaction).unwrap();
    stage.mine(1);
    stage.node.reorganise(1).unwrap();
    stage.follow();
    assert_eq!(stage.node.mempool().unwrap(), [txid]);
    assert_eq!(
        stage.holdings.balance(),
        Amount::from_sat(2 * COIN),
        "what is not in a block is not spent yet"
    );
    stage.mine(1);
    assert_eq!(stage.node.confirmations(OutPoint { txid, vout: 0 }).unwrap(), Some(1));
    assert_eq!(stage.holdings.balance(), Amount::from_sat(2 * COIN - PAYMENT - FEE));
}

#[test]
fn a_killed_node_still_has_the_payment_once() {
    let mut stage = Stage::with_coins(ScriptKind::Tr, 2);
    let transaction = stage.spend(&stage.outpoints(), PAYMENT, FEE);
    stage.node.broadcast(&transaction).unwrap();
    stage.node.flush().unwrap();
    stage.node.kill();
    assert!(matches!(stage.node.mempool(), Err(NodeError::NoAnswer { .. })));
    stage.node.restart().unwrap();
    assert_eq!(stage.node.mempool().unwrap(), [transaction.compute_txid()]);
    stage.node.broadcast(&transaction).unwrap();
    stage.mine(1);
    assert_eq!(stage.holdings.balance(), Amount::from_sat(2 * COIN - PAYMENT - FEE));
    assert!(matches!(stage.node.broadcast(&transaction), Err(NodeError::Refused { code: -27, .. })));
}
