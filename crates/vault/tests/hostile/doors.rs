//! Attacks by the other doors: replacements, returns, children and refreshes, each of which may do less than a payment (G6, G10).

use types::{Target, VaultId};
use vault::bitcoin::{Amount, Network, OutPoint, Psbt, Transaction, TxOut};
use vault::{
    Approved, Branch, Holdings, Refusal, ScriptKind, SpendDraft, VerifiedSpend, build_psbt, verify_child,
    verify_return,
};

use crate::attack::attacks;
use crate::world::{self, COIN, FEE, MAX_FEE, World, cosign, payee, payload};

/// Everything comes back: these inputs to one change address.
fn returning(holdings: &Holdings, inputs: Vec<OutPoint>, fee: u64) -> Psbt {
    let change = holdings.unused(Branch::Change);
    let draft = SpendDraft { inputs, outputs: vec![], fee: Amount::from_sat(fee), change, lock_height: 0 };
    build_psbt(holdings, &draft).unwrap()
}

fn leaving(psbt: &mut Psbt) {
    psbt.unsigned_tx.output[0].script_pubkey = payee();
    psbt.outputs[0] = Default::default();
}

/// A return of the first coin, changed.
fn a_return(kind: ScriptKind, change: fn(&mut Psbt)) -> Result<VerifiedSpend, Refusal> {
    let world = World::new(kind);
    let first = world.outpoints()[0];
    let mut psbt = returning(&world.holdings, vec![first], 500);
    change(&mut psbt);
    verify_return(psbt.into(), &world.holdings, first, Amount::from_sat(MAX_FEE))
}

/// A child of a payment that waits, with this fee, changed.
fn a_child(kind: ScriptKind, fee: u64, change: fn(&World, &mut Psbt)) -> Result<VerifiedSpend, Refusal> {
    let world = World::new(kind);
    let spend = world.verify(world.signed(&["alice", "bob"])).unwrap();
    let parent: Transaction = cosign(&spend, "cosigner").finish().unwrap().transaction().clone();
    let view = world.holdings.change_of(&parent);
    let mut psbt = returning(&view, view.coins().map(vault::Coin::outpoint).collect(), fee);
    change(&world, &mut psbt);
    verify_child(psbt.into(), &world.holdings, &parent, Amount::from_sat(MAX_FEE - FEE))
}

/// A refresh of the first two coins in two outputs, approved with this fee, changed.
fn a_refresh(kind: ScriptKind, fee: u64, change: fn(&World, &mut Psbt)) -> Result<VerifiedSpend, Refusal> {
    let mut world = World::new(kind);
    let values = [COIN, COIN - fee];
    let mut asked = payload(&values.map(|value| (Target::Vault(VaultId::parse("treasury").unwrap()), value)));
    (asked.refresh, asked.max_fee) = (true, world::btc(COIN));
    let scripts = world::scripts(&world.holdings);
    world.approved = Approved::from_payload(&asked, Network::Regtest, |_| Some(scripts.clone())).unwrap();
    let mut psbt = returning(&world.holdings, world.outpoints().into_iter().take(2).collect(), fee);
    psbt.unsigned_tx.output[0].value = Amount::from_sat(values[0]);
    let script_pubkey = world.change_at(world.holdings.unused(Branch::Change).index + 1);
    psbt.unsigned_tx.output.push(TxOut { value: Amount::from_sat(values[1]), script_pubkey });
    psbt.outputs.push(Default::default());
    change(&world, &mut psbt);
    world.verify(psbt)
}

fn third_coin_too(world: &World, psbt: &mut Psbt) {
    let third = returning(&world.holdings, vec![world.outpoints()[2]], 1_000);
    psbt.unsigned_tx.input.extend(third.unsigned_tx.input);
    psbt.inputs.extend(third.inputs);
    psbt.unsigned_tx.output.extend(third.unsigned_tx.output);
    psbt.outputs.extend(third.outputs);
}

attacks! {
    #[test]
    fn replacement_that_can_be_confirmed_as_well() BOTH Whole "input-shared-missing", "has a transfer paid a second time, by a transaction that does not exclude the first";
    |kind| {
        let mut world = World::new(kind);
        world.approved = world.approved.clone().sharing(world.outpoints()[2]);
        world.verify(world.signed(&["alice", "bob"]))
    };

    #[test]
    fn return_that_can_be_confirmed_as_well() BOTH Whole "input-shared-missing", "returns another coin than the one that the payment spends";
    |kind| {
        let world = World::new(kind);
        let coins = world.outpoints();
        let psbt = returning(&world.holdings, vec![coins[0]], 500);
        verify_return(psbt.into(), &world.holdings, coins[1], Amount::from_sat(MAX_FEE))
    };

    #[test]
    fn return_that_leaves() BOTH Whole "output-leaves", "calls a payment a return, which needs no approval of its payee";
    |kind| a_return(kind, leaving);

    #[test]
    fn return_of_nothing() BOTH Whole "tx-no-outputs", "returns nothing, so that all is fee";
    |kind| a_return(kind, |psbt| { psbt.unsigned_tx.output.clear(); psbt.outputs.clear() });

    #[test]
    fn return_above_the_fee() BOTH Whole "fee-above-maximum", "returns less than the approved fee leaves";
    |kind| a_return(kind, |psbt| psbt.unsigned_tx.output[0].value -= Amount::from_sat(MAX_FEE));

    #[test]
    fn child_that_spends_another_coin() BOTH Whole "input-not-parents", "spends a coin that was not reserved";
    |kind| a_child(kind, 900, third_coin_too);

    #[test]
    fn child_that_leaves() BOTH Whole "output-leaves", "calls a payment a child, which needs no approval of its payee";
    |kind| a_child(kind, 900, |_, psbt| leaving(psbt));

    #[test]
    fn child_that_splits() BOTH Whole "change-second", "splits the change again and again";
    |kind| a_child(kind, 900, |world, psbt| {
        let half = psbt.unsigned_tx.output[0].value / 2;
        psbt.unsigned_tx.output[0].value = half;
        psbt.unsigned_tx.output.push(TxOut { value: half, script_pubkey: world.change_at(3) });
        psbt.outputs.push(Default::default());
    });

    #[test]
    fn child_above_the_fee_that_is_left() BOTH Whole "fee-above-maximum", "pays with its parent more than the approved fee";
    |kind| a_child(kind, MAX_FEE - FEE + 1, |_, _| {});

    #[test]
    fn refresh_that_leaves() BOTH Whole "output-leaves", "calls a payment a refresh, which one person cannot stop";
    |kind| a_refresh(kind, 1_000, |_, psbt| psbt.unsigned_tx.output[1].script_pubkey = payee());

    #[test]
    fn refresh_with_another_value() BOTH Whole "output-missing", "renews less than was approved";
    |kind| a_refresh(kind, 1_000, |_, psbt| psbt.unsigned_tx.output[1].value -= Amount::from_sat(1));

    #[test]
    fn refresh_of_more_than_was_approved() BOTH Whole "refresh-change", "renews a coin that was not asked for";
    |kind| a_refresh(kind, 1_000, third_coin_too);

    #[test]
    fn refresh_that_wastes() BOTH Whole "refresh-fee-rate", "burns a vault's coins as fees by refreshing them";
    |kind| a_refresh(kind, 200_000, |_, _| {});

    #[test]
    fn refresh_above_a_hundredth() BOTH Whole "fee-above-maximum", "pays more than a hundredth of what is renewed";
    |kind| a_refresh(kind, COIN / 40, |_, _| {});
}
