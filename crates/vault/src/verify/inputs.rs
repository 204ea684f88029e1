//! Inputs: each ours, unspent, stated truthfully, and spendable by the spending path alone (G1, G6).

use std::collections::BTreeSet;

use bitcoin::bip32::KeySource;
use bitcoin::sighash::{EcdsaSighashType, TapSighashType};
use bitcoin::{Psbt, Sequence, Transaction, TxIn, psbt};

use crate::derived::{DerivedScript, Form, Leaf};
use crate::holdings::{Coin, Holdings};
use crate::refusal::Refusal;

/// Replaceable, and no relative lock: the recovery path cannot be used with it.
pub const SEQUENCE: Sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;

pub fn check(psbt: &Psbt, holdings: &Holdings) -> Result<Vec<Coin>, Refusal> {
    let mut seen = BTreeSet::new();
    let inputs = psbt.unsigned_tx.input.iter().zip(&psbt.inputs).enumerate();
    inputs
        .map(|(index, (txin, input))| {
            if !seen.insert(txin.previous_output) {
                return Err(Refusal::DuplicateInput(index));
            }
            let coin = holdings.coin(&txin.previous_output).ok_or(Refusal::InputNotOurs(index))?;
            check_txin(index, txin)?;
            check_fields(index, input)?;
            check_spent(index, input, coin)?;
            check_script(index, input, coin.script())?;
            check_keys(index, input, coin.script())?;
            Ok(coin.clone())
        })
        .collect()
}

fn check_txin(index: usize, txin: &TxIn) -> Result<(), Refusal> {
    if !txin.script_sig.is_empty() || !txin.witness.is_empty() {
        return Err(Refusal::NotUnsigned(index));
    }
    if txin.sequence != SEQUENCE {
        return Err(Refusal::Sequence(index, txin.sequence.0));
    }
    Ok(())
}

fn check_fields(index: usize, input: &psbt::Input) -> Result<(), Refusal> {
    if input.final_script_sig.is_some() || input.final_script_witness.is_some() {
        return Err(Refusal::Finalised(index));
    }
    if !input.unknown.is_empty() || !input.proprietary.is_empty() {
        return Err(Refusal::InputField(index));
    }
    if input.redeem_script.is_some() {
        return Err(Refusal::InputRedeemScript(index));
    }
    let no_preimage = input.ripemd160_preimages.is_empty()
        && input.sha256_preimages.is_empty()
        && input.hash160_preimages.is_empty()
        && input.hash256_preimages.is_empty();
    if no_preimage { Ok(()) } else { Err(Refusal::InputPreimage(index)) }
}

/// The previous transaction was hashed when it was confirmed; being equal to it is being the one with that id.
fn check_spent(index: usize, input: &psbt::Input, coin: &Coin) -> Result<(), Refusal> {
    let segwit_v0 = matches!(coin.script().form, Form::Wsh { .. });
    match &input.non_witness_utxo {
        Some(previous) if !same_txid(previous, coin.previous()) => {
            return Err(Refusal::PreviousMismatch(index));
        }
        None if segwit_v0 => return Err(Refusal::PreviousMissing(index)),
        _ => {}
    }
    match &input.witness_utxo {
        Some(output) if output != coin.output() => Err(Refusal::WitnessUtxoMismatch(index)),
        None if !segwit_v0 => Err(Refusal::WitnessUtxoMissing(index)),
        _ => Ok(()),
    }
}

/// Equal in everything that the id is made of. Bitcoin Core and others leave the witnesses of previous transactions out.
fn same_txid(given: &Transaction, known: &Transaction) -> bool {
    let head = |tx: &Transaction| (tx.version, tx.lock_time, tx.input.len());
    let same_input = |(given, known): (&TxIn, &TxIn)| {
        given.previous_output == known.previous_output
            && given.sequence == known.sequence
            && given.script_sig == known.script_sig
    };
    head(given) == head(known)
        && given.output == known.output
        && given.input.iter().zip(&known.input).all(same_input)
}

fn check_script(index: usize, input: &psbt::Input, script: &DerivedScript) -> Result<(), Refusal> {
    if input.tap_key_sig.is_some() {
        return Err(Refusal::KeyPathSignature(index));
    }
    match &script.form {
        Form::Wsh { witness_script } => {
            check_sighash_type(index, input, &[EcdsaSighashType::All.into()])?;
            if !has_no_taproot_fields(input) {
                return Err(Refusal::InputScriptKind(index));
            }
            match &input.witness_script {
                Some(given) if given != witness_script => Err(Refusal::WitnessScript(index)),
                _ => Ok(()),
            }
        }
        Form::Tr { internal_key, merkle_root, spending, recovery } => {
            let allowed = [TapSighashType::Default.into(), TapSighashType::All.into()];
            check_sighash_type(index, input, &allowed)?;
            let segwit_v0_fields = input.witness_script.is_some() || !input.bip32_derivation.is_empty();
            if segwit_v0_fields || !input.partial_sigs.is_empty() {
                return Err(Refusal::InputScriptKind(index));
            }
            if input.tap_internal_key.is_some_and(|given| given != *internal_key) {
                return Err(Refusal::InternalKey(index));
            }
            if input.tap_merkle_root.is_some_and(|given| given != *merkle_root) {
                return Err(Refusal::MerkleRoot(index));
            }
            check_leaves(index, input, [spending, recovery])
        }
    }
}

fn has_no_taproot_fields(input: &psbt::Input) -> bool {
    input.tap_script_sigs.is_empty()
        && input.tap_scripts.is_empty()
        && input.tap_key_origins.is_empty()
        && input.tap_internal_key.is_none()
        && input.tap_merkle_root.is_none()
}

fn check_sighash_type(
    index: usize,
    input: &psbt::Input,
    allowed: &[psbt::PsbtSighashType],
) -> Result<(), Refusal> {
    match &input.sighash_type {
        Some(given) if !allowed.contains(given) => Err(Refusal::InputSighash(index)),
        _ => Ok(()),
    }
}

fn check_leaves(index: usize, input: &psbt::Input, leaves: [&Leaf; 2]) -> Result<(), Refusal> {
    let ours = input.tap_scripts.iter().all(|(control_block, (script, version))| {
        leaves.iter().any(|leaf| {
            leaf.control_block == *control_block && leaf.script == *script && Leaf::VERSION == *version
        })
    });
    if ours { Ok(()) } else { Err(Refusal::LeafScript(index)) }
}

fn check_keys(index: usize, input: &psbt::Input, script: &DerivedScript) -> Result<(), Refusal> {
    let plain = input.bip32_derivation.iter();
    let plain_ours =
        plain.into_iter().all(|(key, source)| is_ours(script, |own| own.public_key == *key, source));
    let mut tap = input.tap_key_origins.iter();
    let tap_ours = tap.all(|(key, (leaves, source))| {
        let own = script.keys().iter().find(|own| own.x_only() == *key && own.source == *source);
        own.is_some_and(|own| {
            let in_leaves = script.leaf_hashes(own.role);
            leaves.iter().all(|leaf| in_leaves.contains(leaf))
        })
    });
    if plain_ours && tap_ours { Ok(()) } else { Err(Refusal::InputDerivation(index)) }
}

fn is_ours(
    script: &DerivedScript,
    same: impl Fn(&crate::derived::DerivedKey) -> bool,
    source: &KeySource,
) -> bool {
    script.keys().iter().any(|own| same(own) && own.source == *source)
}
