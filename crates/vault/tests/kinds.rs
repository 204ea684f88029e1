//! A transfer's further transactions: replacements, returns, children and refreshes, what each may do and what it is refused for (G6, G10).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use types::{SpendKind, Target, VaultId};
use vault::bitcoin::{Amount, Network, OutPoint, Psbt, Transaction, TxOut};
use vault::signing::sign_member;
use vault::{
    Approved, Branch, Holdings, Position, Refusal, ScriptKind, SpendDraft, UnverifiedPsbt, VerifiedSpend,
    build_psbt, verify, verify_child, verify_return,
};
use world::{COIN, FEE, KINDS, MAX_FEE, World, cosign, key, payee, payload};

fn sats(value: u64) -> Amount {
    Amount::from_sat(value)
}

fn sign(mut psbt: Psbt, holdings: &Holdings) -> Psbt {
    for member in ["alice", "bob"] {
        sign_member(&mut psbt, holdings, &key(member)).unwrap();
    }
    psbt
}

/// Everything comes back: these inputs to one change address.
fn returning(holdings: &Holdings, inputs: Vec<OutPoint>, fee: u64) -> Psbt {
    let change = holdings.unused(Branch::Change);
    let draft = SpendDraft { inputs, outputs: vec![], fee: sats(fee), change, lock_height: 0 };
    build_psbt(holdings, &draft).unwrap()
}

fn return_of(world: &World, psbt: Psbt, shared: OutPoint) -> Result<VerifiedSpend, Refusal> {
    verify_return(UnverifiedPsbt::from(psbt), &world.holdings, shared, sats(MAX_FEE))
}

/// A payment that was signed, and waits.
fn parent(world: &World) -> Transaction {
    let spend = world.verify(world.signed(&["alice", "bob"])).unwrap();
    cosign(&spend, "cosigner").finish().unwrap().transaction().clone()
}

fn child_of(world: &World, parent: &Transaction, psbt: Psbt) -> Result<VerifiedSpend, Refusal> {
    verify_child(UnverifiedPsbt::from(psbt), &world.holdings, parent, sats(MAX_FEE - FEE))
}

#[test]
fn a_return_brings_everything_back() {
    for kind in KINDS {
        let world = World::new(kind);
        let coins = world.outpoints();
        let psbt = sign(returning(&world.holdings, vec![coins[0]], 500), &world.holdings);
        let spend = return_of(&world, psbt, coins[0]).unwrap();
        assert_eq!((spend.kind(), spend.plan().kind), (SpendKind::Return, SpendKind::Return));
        assert_eq!((spend.outflow(), spend.fee()), (sats(500), sats(500)));
        assert!(spend.plan().complete);
        cosign(&spend, "cosigner").finish().unwrap();
    }
}

#[test]
fn a_return_that_does_more_is_refused() {
    for kind in KINDS {
        let world = World::new(kind);
        let coins = world.outpoints();
        let honest = || returning(&world.holdings, vec![coins[0]], 500);
        let refused = |psbt: Psbt| return_of(&world, psbt, coins[0]).unwrap_err();

        let elsewhere = return_of(&world, honest(), coins[1]).unwrap_err();
        assert_eq!(elsewhere, Refusal::SharedInputMissing);
        assert_eq!(refused(world.psbt()), Refusal::OutputLeaves(0));
        let mut leaves = honest();
        leaves.unsigned_tx.output[0].script_pubkey = payee();
        leaves.outputs[0] = Default::default();
        assert_eq!(refused(leaves), Refusal::OutputLeaves(0));
        let mut received = honest();
        received.unsigned_tx.output[0].script_pubkey =
            world.holdings.descriptor().script_pubkey(Branch::Receive, 3).unwrap();
        received.outputs[0] = Default::default();
        assert_eq!(refused(received), Refusal::ChangeBranch(0));
        let mut burns = honest();
        burns.unsigned_tx.output.clear();
        burns.outputs.clear();
        assert_eq!(refused(burns), Refusal::NoOutputs);
        assert_eq!(
            refused(returning(&world.holdings, vec![coins[0]], MAX_FEE + 1)).code(),
            "fee-above-maximum"
        );
        let mut locked = honest();
        locked.unsigned_tx.lock_time = vault::bitcoin::absolute::LockTime::from_consensus(world::HEIGHT + 1);
        assert_eq!(refused(locked).code(), "tx-lock-time-ahead");
    }
}

#[test]
fn a_replacement_shares_the_reserved_input() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let coins = world.outpoints();
        world.approved = world.approved.clone().sharing(coins[1]);
        assert_eq!(world.verify(world.psbt()).unwrap().kind(), SpendKind::Payment);
        world.approved = world.approved.clone().sharing(coins[2]);
        assert_eq!(world.verify(world.psbt()).unwrap_err(), Refusal::SharedInputMissing);
    }
}

#[test]
fn a_child_spends_its_parents_change_and_nothing_else() {
    for kind in KINDS {
        let world = World::new(kind);
        let parent = parent(&world);
        let view = world.holdings.change_of(&parent);
        let change: Vec<OutPoint> = view.coins().map(vault::Coin::outpoint).collect();
        assert_eq!(change.len(), 1);
        let psbt = sign(returning(&view, change.clone(), 900), &view);
        let spend = child_of(&world, &parent, psbt.clone()).unwrap();
        assert_eq!((spend.kind(), spend.plan().kind), (SpendKind::Child, SpendKind::Child));
        assert_eq!(spend.outflow(), sats(900));
        let done = cosign(&spend, "cosigner").finish().unwrap();
        assert_eq!(done.transaction().input[0].previous_output.txid, parent.compute_txid());
        // The same transaction is nothing that a payment or a return may be: what it spends is not confirmed.
        assert_eq!(return_of(&world, psbt.clone(), change[0]).unwrap_err(), Refusal::InputNotOurs(0));
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::InputNotOurs(0));
    }
}

#[test]
fn a_child_that_does_more_is_refused() {
    for kind in KINDS {
        let world = World::new(kind);
        let parent = parent(&world);
        let view = world.holdings.change_of(&parent);
        let change: Vec<OutPoint> = view.coins().map(vault::Coin::outpoint).collect();
        let honest = || returning(&view, change.clone(), 900);
        let refused = |psbt: Psbt| child_of(&world, &parent, psbt).unwrap_err();

        let coins = world.outpoints();
        let other = returning(&world.holdings, vec![coins[2]], 900);
        assert_eq!(refused(other), Refusal::InputNotParents(0));
        let mut both = honest();
        let more = returning(&world.holdings, vec![coins[2]], 900);
        both.unsigned_tx.input.extend(more.unsigned_tx.input);
        both.inputs.extend(more.inputs);
        assert_eq!(refused(both), Refusal::InputNotParents(1));
        let mut leaves = honest();
        leaves.unsigned_tx.output[0].script_pubkey = payee();
        leaves.outputs[0] = Default::default();
        assert_eq!(refused(leaves), Refusal::OutputLeaves(0));
        let mut split = honest();
        let half = split.unsigned_tx.output[0].value / 2;
        split.unsigned_tx.output[0].value = half;
        split.unsigned_tx.output.push(split.unsigned_tx.output[0].clone());
        split.outputs.push(split.outputs[0].clone());
        assert_eq!(refused(split), Refusal::SecondChange(1));
        assert_eq!(refused(returning(&view, change.clone(), MAX_FEE - FEE + 1)).code(), "fee-above-maximum");
    }
}

/// Two children of one parent cannot both be confirmed: they have an input in common.
#[test]
fn every_child_spends_the_first_change() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let psbt = refresh(&mut world, kind, MAX_FEE, 1_000);
        let parent = psbt.unsigned_tx;
        let view = world.holdings.change_of(&parent);
        let change: Vec<OutPoint> = view.coins().map(vault::Coin::outpoint).collect();
        assert_eq!(change.len(), 2);
        for (inputs, ok) in [(vec![change[0]], true), (change.clone(), true), (vec![change[1]], false)] {
            let child = child_of(&world, &parent, returning(&view, inputs, 900));
            assert_eq!(child.map(|_| ()), if ok { Ok(()) } else { Err(Refusal::SharedInputMissing) });
        }
    }
}

/// The parent's payment to the vault's own receiving address is what was approved, not change.
#[test]
fn a_child_leaves_what_was_paid_alone() {
    let world = World::new(KINDS[0]);
    let mut parent = parent(&world);
    parent.output[0].script_pubkey = world.holdings.descriptor().script_pubkey(Branch::Receive, 4).unwrap();
    assert_eq!(world.holdings.change_of(&parent).coins().count(), 1);
}

#[test]
fn a_childs_parent_may_lack_its_witnesses() {
    for kind in KINDS {
        let world = World::new(kind);
        let parent = parent(&world);
        let view = world.holdings.change_of(&parent);
        let change = view.coins().map(vault::Coin::outpoint).collect();
        let mut psbt = returning(&view, change, 900);
        if let Some(previous) = &mut psbt.inputs[0].non_witness_utxo {
            previous.input.iter_mut().for_each(|input| input.witness.clear());
        }
        child_of(&world, &parent, psbt.clone()).unwrap();
        if let Some(previous) = &mut psbt.inputs[0].non_witness_utxo {
            previous.input[0].previous_output.vout += 1;
            assert_eq!(child_of(&world, &parent, psbt).unwrap_err(), Refusal::PreviousMismatch(0));
        }
    }
}

/// A refresh of the first two coins in two outputs.
fn refresh(world: &mut World, kind: ScriptKind, max_fee: u64, fee: u64) -> Psbt {
    *world = World::new(kind);
    let own = VaultId::parse("treasury").unwrap();
    let values = [COIN, COIN - fee];
    let mut payload = payload(&values.map(|value| (Target::Vault(own.clone()), value)));
    (payload.refresh, payload.max_fee) = (true, world::btc(max_fee));
    let scripts = world::scripts(&world.holdings);
    world.approved = Approved::from_payload(&payload, Network::Regtest, |_| Some(scripts.clone())).unwrap();
    let coins = world.outpoints().into_iter().take(2).collect();
    let mut psbt = returning(&world.holdings, coins, fee);
    psbt.unsigned_tx.output[0].value = sats(values[0]);
    let index = world.holdings.unused(Branch::Change).index + 1;
    let script_pubkey = world.change_at(index);
    psbt.unsigned_tx.output.push(TxOut { value: sats(values[1]), script_pubkey });
    psbt.outputs.push(Default::default());
    psbt
}

#[test]
fn a_refresh_stays_in_the_vault() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let psbt = refresh(&mut world, kind, MAX_FEE, 1_000);
        let spend = world.verify(sign(psbt, &world.holdings)).unwrap();
        assert!(world.approved.is_refresh());
        assert_eq!((spend.kind(), spend.outflow()), (SpendKind::Payment, sats(1_000)));
        assert_eq!(spend.returned().len(), 2);
        // Written anew, both outputs have what a device needs to show them as the vault's own.
        assert!(spend.psbt().outputs.iter().all(|output| *output != Default::default()));
        let again = verify(spend.psbt().into(), &world.holdings, &world.approved).unwrap();
        assert_eq!(again.psbt_bytes(), spend.psbt_bytes());
        cosign(&spend, "cosigner").finish().unwrap();
    }
}

#[test]
fn a_refresh_that_does_more_is_refused() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let psbt = refresh(&mut world, kind, MAX_FEE, 1_000);
        let refused = |change: &dyn Fn(&World, &mut Psbt)| {
            let mut psbt = psbt.clone();
            change(&world, &mut psbt);
            world.verify(psbt).unwrap_err()
        };
        let leaves = |_: &World, psbt: &mut Psbt| {
            psbt.unsigned_tx.output[1].script_pubkey = payee();
        };
        assert_eq!(refused(&leaves), Refusal::OutputLeaves(1));
        let received = |world: &World, psbt: &mut Psbt| {
            let script = world.holdings.descriptor().script_pubkey(Branch::Receive, 3).unwrap();
            psbt.unsigned_tx.output[1].script_pubkey = script;
        };
        assert_eq!(refused(&received), Refusal::ChangeBranch(1));
        let less = |_: &World, psbt: &mut Psbt| psbt.unsigned_tx.output[1].value -= sats(1);
        assert_eq!(refused(&less), Refusal::OutputMissing(1));
        let change = |world: &World, psbt: &mut Psbt| {
            let third = returning(&world.holdings, vec![world.outpoints()[2]], 1_000);
            psbt.unsigned_tx.input.extend(third.unsigned_tx.input);
            psbt.inputs.extend(third.inputs);
            psbt.unsigned_tx.output.extend(third.unsigned_tx.output);
            psbt.outputs.extend(third.outputs);
        };
        assert_eq!(refused(&change), Refusal::RefreshChange(2));
        let pretends = |world: &World, psbt: &mut Psbt| {
            let other = Position { branch: Branch::Change, index: 7 };
            psbt.outputs[1] = world.dressed_as(other);
        };
        assert_eq!(refused(&pretends), Refusal::ChangeDerivation(1));
    }
}

#[test]
fn a_refresh_pays_little_whatever_was_approved() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let psbt = refresh(&mut world, kind, COIN, 200_000);
        assert_eq!(world.approved.max_fee(), sats((2 * COIN - 200_000) / 100));
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::RefreshFeeRate(200_000));
        let psbt = refresh(&mut world, kind, COIN, COIN / 40);
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::FeeAboveMaximum(COIN / 40));
    }
}
