//! Attacks on inputs: whose they are, what they are worth, and what is already in them (G1, G6).

use vault::bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Witness};
use vault::{Coin, ScriptKind};

use crate::attack::attacks;
use crate::world::{COIN, World, funding, payee};

/// Makes an input a stranger's coin, stated truthfully.
fn stranger(psbt: &mut Psbt, index: usize) {
    let theirs = funding(77, &[payee()], COIN);
    psbt.unsigned_tx.input[index].previous_output = OutPoint { txid: theirs.compute_txid(), vout: 0 };
    psbt.inputs[index] = Default::default();
    psbt.inputs[index].witness_utxo = Some(theirs.output[0].clone());
    psbt.inputs[index].non_witness_utxo = Some(theirs);
}

attacks! {
    #[test]
    fn foreign_input() BOTH Changed "input-not-ours", "spends a stranger's coin beside ours";
    |_, psbt| stranger(psbt, 1);

    #[test]
    fn foreign_input_added() BOTH Changed "input-not-ours", "adds a stranger's coin to those that are spent", seen "BIP-174, coinjoin workflow";
    |_, psbt| {
        let (txin, map) = (psbt.unsigned_tx.input[0].clone(), psbt.inputs[0].clone());
        psbt.unsigned_tx.input.push(txin);
        psbt.inputs.push(map);
        stranger(psbt, 2);
    };

    #[test]
    fn input_of_ours_that_does_not_exist() BOTH Changed "input-not-ours", "spends an output that the transaction does not have";
    |_, psbt| psbt.unsigned_tx.input[1].previous_output.vout = 1_000_000;

    #[test]
    fn null_input() BOTH Changed "input-not-ours", "spends what only a miner's reward spends";
    |_, psbt| psbt.unsigned_tx.input[0].previous_output = OutPoint::null();

    #[test]
    fn input_that_was_spent_meanwhile() BOTH Whole "input-not-ours", "spends a coin that is already gone";
    |kind| {
        let mut world = World::new(kind);
        let psbt = world.signed(&["alice", "bob"]);
        let mut thief = funding(9, &[payee()], COIN);
        thief.input[0].previous_output = psbt.unsigned_tx.input[1].previous_output;
        world.holdings.confirm(&thief).unwrap();
        world.verify(psbt)
    };

    #[test]
    fn input_that_is_not_confirmed() BOTH Whole "input-not-ours", "spends a deposit that may still be undone";
    |kind| {
        let mut ahead = World::new(kind);
        let script = ahead.holdings.descriptor().script_pubkey(vault::Branch::Receive, 2).unwrap();
        ahead.holdings.confirm(&funding(8, &[script], 3 * COIN)).unwrap();
        let mut draft = ahead.draft();
        draft.inputs = ahead.holdings.coins().filter(|coin| coin.output().value.to_sat() == 3 * COIN).map(Coin::outpoint).collect();
        World::new(kind).verify(vault::build_psbt(&ahead.holdings, &draft).unwrap())
    };

    #[test]
    fn duplicated_input() BOTH Changed "input-duplicate", "counts one coin twice", seen "CVE-2018-17144";
    |_, psbt| {
        psbt.unsigned_tx.input[1].previous_output = psbt.unsigned_tx.input[0].previous_output;
        psbt.inputs[1] = psbt.inputs[0].clone();
    };

    #[test]
    fn duplicated_input_with_other_fields() BOTH Changed "input-duplicate", "counts one coin twice, with the second one's fields", seen "CVE-2018-17144";
    |_, psbt| psbt.unsigned_tx.input[1].previous_output = psbt.unsigned_tx.input[0].previous_output;

    #[test]
    fn witness_inside_the_unsigned_transaction() BOTH Whole "input-not-unsigned", "puts a witness where the unsigned transaction has none";
    |kind| {
        let world = World::new(kind);
        let mut psbt = world.signed(&["alice", "bob"]);
        psbt.unsigned_tx.input[0].witness = Witness::from_slice(&[vec![1; 64]]);
        world.verify(psbt)
    };

    #[test]
    fn script_inside_the_unsigned_transaction() BOTH Changed "input-not-unsigned", "puts a script where the unsigned transaction has none", seen "BIP-174, invalid vectors";
    |_, psbt| psbt.unsigned_tx.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51]);

    #[test]
    fn finalised_witness_injected() BOTH Changed "input-finalised", "gives a finished witness that would be broadcast unseen";
    |_, psbt| psbt.inputs[0].final_script_witness = Some(Witness::from_slice(&[vec![1; 64]]));

    #[test]
    fn finalised_script_injected() BOTH Changed "input-finalised", "gives a finished script that would be broadcast unseen";
    |_, psbt| psbt.inputs[1].final_script_sig = Some(ScriptBuf::new());

    #[test]
    fn annex_smuggled_in_a_final_witness() BOTH Changed "input-finalised", "gives a witness with an annex, which signatures cover and nobody defined", seen "BIP-341";
    |_, psbt| {
        let annex = [vec![1; 64], vec![0x51], vec![0xc0; 33], vec![0x50, 1, 2]];
        psbt.inputs[0].final_script_witness = Some(Witness::from_slice(&annex));
    };

    #[test]
    fn segwit_v0_amount_without_previous_transaction() WSH Changed "input-previous-missing", "leaves out the transaction that proves the amount", seen "CVE-2020-14199, Trezor, Ledger and others, June 2020";
    |_, psbt| psbt.inputs[1].non_witness_utxo = None;

    #[test]
    fn amount_without_previous_transaction_and_understated() WSH Changed "input-previous-missing", "states a coin at half its worth, so that the rest is paid as a fee", seen "CVE-2020-14199, Trezor, Ledger and others, June 2020";
    |_, psbt| {
        psbt.inputs[0].non_witness_utxo = None;
        psbt.inputs[0].witness_utxo.as_mut().unwrap().value = Amount::from_sat(COIN / 2);
    };

    #[test]
    fn neither_previous_transaction_nor_amount() WSH Changed "input-previous-missing", "states nothing of what an input spends";
    |_, psbt| { psbt.inputs[0].non_witness_utxo = None; psbt.inputs[0].witness_utxo = None };

    #[test]
    fn amount_spoofed_in_the_witness_utxo() BOTH Changed "input-witness-utxo-mismatch", "states a coin at half its worth beside the transaction that says otherwise", seen "Coldcard 5.5.1 release notes, July 2026";
    |_, psbt| psbt.inputs[0].witness_utxo.as_mut().unwrap().value = Amount::from_sat(COIN / 2);

    #[test]
    fn amount_raised_in_the_witness_utxo() BOTH Changed "input-witness-utxo-mismatch", "states a coin above its worth, so that nobody can broadcast what is signed";
    |_, psbt| psbt.inputs[1].witness_utxo.as_mut().unwrap().value = Amount::from_sat(COIN + 1);

    #[test]
    fn script_spoofed_in_the_witness_utxo() BOTH Changed "input-witness-utxo-mismatch", "states another script than the coin has";
    |_, psbt| psbt.inputs[0].witness_utxo.as_mut().unwrap().script_pubkey = payee();

    #[test]
    fn fields_of_two_inputs_exchanged() TR Changed "input-witness-utxo-mismatch", "gives each input the other one's fields";
    |_, psbt| psbt.inputs.swap(0, 1);

    #[test]
    fn taproot_input_without_its_output() TR Changed "input-witness-utxo-missing", "leaves out what a taproot input spends";
    |_, psbt| psbt.inputs[0].witness_utxo = None;

    #[test]
    fn previous_transaction_with_another_amount() WSH Changed "input-previous-mismatch", "gives a previous transaction with another amount";
    |_, psbt| psbt.inputs[0].non_witness_utxo.as_mut().unwrap().output[0].value = Amount::from_sat(COIN * 2);

    #[test]
    fn previous_transaction_that_agrees_with_a_false_amount() WSH Changed "input-previous-mismatch", "gives a false amount and a previous transaction that says the same";
    |_, psbt| {
        let vout = usize::try_from(psbt.unsigned_tx.input[0].previous_output.vout).unwrap();
        psbt.inputs[0].non_witness_utxo.as_mut().unwrap().output[vout].value = Amount::from_sat(COIN / 2);
        psbt.inputs[0].witness_utxo.as_mut().unwrap().value = Amount::from_sat(COIN / 2);
    };

    #[test]
    fn previous_transaction_with_another_lock_time() WSH Changed "input-previous-mismatch", "gives a previous transaction that differs only in what has no effect here";
    |_, psbt| psbt.inputs[0].non_witness_utxo.as_mut().unwrap().lock_time = vault::bitcoin::absolute::LockTime::from_consensus(1);

    #[test]
    fn previous_transactions_exchanged() WSH Changed "input-previous-mismatch", "gives a confirmed transaction, but of another coin";
    |world, psbt| {
        let txid = psbt.unsigned_tx.input[0].previous_output.txid;
        let other = world.holdings.coins().find(|coin| coin.outpoint().txid != txid);
        psbt.inputs[0].non_witness_utxo = Some(other.unwrap().previous().clone());
    };

    #[test]
    fn previous_transaction_of_somebody_on_taproot() TR Changed "input-previous-mismatch", "gives a stranger's transaction where none is needed";
    |_, psbt| psbt.inputs[0].non_witness_utxo = Some(funding(77, &[payee()], COIN));

    #[test]
    fn coin_beyond_the_gap() BOTH Whole "input-not-ours", "spends a coin at an address that was never handed out";
    |kind: ScriptKind| {
        let mut world = World::new(kind);
        let script = world.holdings.descriptor().script_pubkey(vault::Branch::Receive, 5_000).unwrap();
        let hidden = funding(8, &[script], COIN);
        world.holdings.confirm(&hidden).unwrap();
        let mut psbt = world.psbt();
        psbt.unsigned_tx.input[0].previous_output = OutPoint { txid: hidden.compute_txid(), vout: 0 };
        world.verify(psbt)
    };
}
