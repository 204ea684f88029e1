//! Outputs: exactly the approved ones, and at most one output of change that we can derive ourselves; or nothing but change (G1, G6).

use bitcoin::{Psbt, TxOut, psbt};

use crate::approved::{Approved, Recipient};
use crate::derived::{DerivedScript, Form};
use crate::descriptor::{Branch, Position, VaultDescriptor};
use crate::holdings::Holdings;
use crate::refusal::Refusal;

/// The place and the position of outputs that come back.
pub type Change = Vec<(usize, Position)>;

/// Of a payment: gives the change, if there is any.
pub fn check_payment(psbt: &Psbt, holdings: &Holdings, approved: &Approved) -> Result<Change, Refusal> {
    check_each(psbt)?;
    let rest = match_approved(&psbt.unsigned_tx.output, approved);
    let mut change = None;
    for (index, txout) in rest.unmatched {
        let output = psbt.outputs.get(index).ok_or(Refusal::MapCount)?;
        let position = check_change(index, txout, output, holdings)?;
        if change.replace((index, position)).is_some() {
            return Err(Refusal::SecondChange(index));
        }
    }
    if let Some(missing) = rest.missing {
        return Err(Refusal::OutputMissing(missing));
    }
    check_payments(psbt, change.map(|(index, _)| index))?;
    Ok(change.into_iter().collect())
}

/// Of a refresh: exactly the approved values, all to change addresses of the vault, and no change beside them.
pub fn check_refresh(psbt: &Psbt, holdings: &Holdings, approved: &Approved) -> Result<Change, Refusal> {
    let change = check_returned(psbt, holdings)?;
    let rest = match_approved(&psbt.unsigned_tx.output, approved);
    match (rest.unmatched.first(), rest.missing) {
        (_, Some(missing)) => Err(Refusal::OutputMissing(missing)),
        (Some((index, _)), None) => Err(Refusal::RefreshChange(*index)),
        (None, None) => Ok(change),
    }
}

/// Of a return or a child: all to change addresses of the vault.
pub fn check_returned(psbt: &Psbt, holdings: &Holdings) -> Result<Change, Refusal> {
    check_each(psbt)?;
    if psbt.unsigned_tx.output.is_empty() {
        return Err(Refusal::NoOutputs);
    }
    let outputs = psbt.unsigned_tx.output.iter().zip(&psbt.outputs).enumerate();
    let position = |(index, (txout, output))| match check_change(index, txout, output, holdings) {
        Err(Refusal::OutputNotApproved(index)) => Err(Refusal::OutputLeaves(index)),
        other => Ok((index, other?)),
    };
    outputs.map(position).collect()
}

fn check_each(psbt: &Psbt) -> Result<(), Refusal> {
    for (index, (txout, output)) in psbt.unsigned_tx.output.iter().zip(&psbt.outputs).enumerate() {
        if !output.unknown.is_empty() || !output.proprietary.is_empty() {
            return Err(Refusal::OutputField(index));
        }
        if txout.value < txout.script_pubkey.minimal_non_dust() {
            return Err(Refusal::Dust(index));
        }
    }
    Ok(())
}

struct Rest<'a> {
    /// Outputs of the transaction that no approved output accounts for.
    unmatched: Vec<(usize, &'a TxOut)>,
    /// The first approved output that is not paid.
    missing: Option<usize>,
}

/// Pairs approved outputs with paid ones. Exact scripts choose first: what they leave is all that "any script of that vault" can take.
fn match_approved<'a>(paid: &'a [TxOut], approved: &Approved) -> Rest<'a> {
    let mut unmatched: Vec<(usize, &TxOut)> = paid.iter().enumerate().collect();
    let mut missing: Option<usize> = None;
    let (exact, any): (Vec<_>, Vec<_>) = approved
        .outputs
        .iter()
        .enumerate()
        .partition(|(_, output)| matches!(output.to, Recipient::Script(_)));
    for (index, wanted) in exact.into_iter().chain(any) {
        let accepts = |(_, txout): &(usize, &TxOut)| {
            txout.value == wanted.value && wanted.to.accepts(&txout.script_pubkey)
        };
        match unmatched.iter().position(accepts) {
            Some(place) => {
                unmatched.remove(place);
            }
            None => missing = Some(missing.map_or(index, |earlier| earlier.min(index))),
        }
    }
    Rest { unmatched, missing }
}

fn check_change(
    index: usize,
    txout: &TxOut,
    output: &psbt::Output,
    holdings: &Holdings,
) -> Result<Position, Refusal> {
    let Some(script) = holdings.locate(&txout.script_pubkey) else {
        let claimed = claims(output).find_map(|source| holdings.descriptor().claimed_position(source));
        let beyond = claimed.is_some_and(|position| pays(txout, holdings.descriptor(), position));
        return Err(if beyond { Refusal::ChangeBeyondGap(index) } else { Refusal::OutputNotApproved(index) });
    };
    if script.position().branch != Branch::Change {
        return Err(Refusal::ChangeBranch(index));
    }
    if states_truth(output, script) { Ok(script.position()) } else { Err(Refusal::ChangeDerivation(index)) }
}

fn claims(output: &psbt::Output) -> impl Iterator<Item = &bitcoin::bip32::KeySource> {
    output.bip32_derivation.values().chain(output.tap_key_origins.values().map(|(_, source)| source))
}

fn pays(txout: &TxOut, descriptor: &VaultDescriptor, position: Position) -> bool {
    descriptor.derive(position).is_ok_and(|script| *script.script_pubkey() == txout.script_pubkey)
}

/// Whether everything that the PSBT says of an output of ours is so. Devices show an output as change because of these fields.
fn states_truth(output: &psbt::Output, script: &DerivedScript) -> bool {
    let mut plain = output.bip32_derivation.iter();
    let mut tap = output.tap_key_origins.iter();
    let keys = script.keys();
    let plain =
        plain.all(|(key, source)| keys.iter().any(|own| own.public_key == *key && own.source == *source));
    let tap = tap.all(|(key, (leaves, source))| {
        let own = keys.iter().find(|own| own.x_only() == *key && own.source == *source);
        own.is_some_and(|own| leaves.iter().all(|leaf| script.leaf_hashes(own.role).contains(leaf)))
    });
    let scripts = match &script.form {
        Form::Wsh { witness_script } => {
            output.witness_script.as_ref().is_none_or(|given| given == witness_script)
                && output.tap_tree.is_none()
                && output.tap_internal_key.is_none()
                && output.tap_key_origins.is_empty()
        }
        Form::Tr { internal_key, merkle_root, .. } => {
            output.tap_internal_key.is_none_or(|given| given == *internal_key)
                && output.tap_tree.as_ref().is_none_or(|tree| tree.root_hash() == *merkle_root)
                && output.witness_script.is_none()
                && output.bip32_derivation.is_empty()
        }
    };
    plain && tap && scripts && output.redeem_script.is_none()
}

/// A payment carries nothing that a device could take for a sign of change.
fn check_payments(psbt: &Psbt, change: Option<usize>) -> Result<(), Refusal> {
    let payments = psbt.outputs.iter().enumerate().filter(|(index, _)| Some(*index) != change);
    for (index, output) in payments {
        if *output != psbt::Output::default() {
            return Err(Refusal::OutputClaim(index));
        }
    }
    Ok(())
}
