//! The one way from an untrusted PSBT to a verified spend (G1, G6). Any doubt is a refusal that says which.
//!
//! Called by the server when a PSBT arrives, and again before each signature. Nothing of the PSBT survives but the unsigned transaction and
//! the members' valid signatures: the rest is compared with what we know and then written anew.

mod inputs;
mod outputs;
mod signatures;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::ChildNumber;
use bitcoin::transaction::Version;
use bitcoin::{Amount, NetworkKind, Psbt, Transaction, TxOut};
use types::PAYLOAD_OUTPUTS_MAX;

use crate::approved::Approved;
use crate::build::estimated_vsize;
use crate::descriptor::VaultDescriptor;
use crate::holdings::{Coin, Holdings};
use crate::psbt::UnverifiedPsbt;
use crate::refusal::Refusal;
use crate::spend::{self, VerifiedSpend};

pub use inputs::SEQUENCE;

/// The most inputs of one transaction.
pub const INPUTS_MAX: usize = 1000;
/// The lowest fee rate that any node relays, in satoshis per 1000 virtual bytes.
pub const FEE_RATE_MIN_SATS_PER_KVB: u64 = 100;
/// The most outputs: a payload's, and change.
const OUTPUTS_MAX: usize = PAYLOAD_OUTPUTS_MAX + 1;

/// Checks a PSBT against what the vault has and what was approved.
///
/// # Errors
/// The first reason for refusing it.
pub fn verify(
    psbt: UnverifiedPsbt,
    holdings: &Holdings,
    approved: &Approved,
) -> Result<VerifiedSpend, Refusal> {
    let psbt = psbt.0;
    if approved.vault != *holdings.descriptor().id() {
        return Err(Refusal::WrongVault);
    }
    check_global(&psbt, holdings.descriptor())?;
    check_transaction(&psbt.unsigned_tx, holdings.height())?;
    let coins = inputs::check(&psbt, holdings)?;
    let change = outputs::check(&psbt, holdings, approved)?;
    let fee = check_fee(&psbt.unsigned_tx, &coins, approved)?;
    let sighashes = spend::sighashes(&psbt.unsigned_tx, &coins).ok_or(Refusal::MapCount)?;
    let signatures = signatures::check(&psbt, &coins, &sighashes)?;
    let descriptor = holdings.descriptor().clone();
    Ok(VerifiedSpend { descriptor, transaction: psbt.unsigned_tx, coins, signatures, sighashes, change, fee })
}

fn check_global(psbt: &Psbt, descriptor: &VaultDescriptor) -> Result<(), Refusal> {
    let tx = &psbt.unsigned_tx;
    if psbt.version != 0 {
        return Err(Refusal::PsbtVersion(psbt.version));
    }
    if !psbt.unknown.is_empty() || !psbt.proprietary.is_empty() {
        return Err(Refusal::GlobalField);
    }
    if psbt.inputs.len() != tx.input.len() || psbt.outputs.len() != tx.output.len() {
        return Err(Refusal::MapCount);
    }
    for (xpub, (fingerprint, path)) in &psbt.xpub {
        if xpub.network != NetworkKind::from(descriptor.network()) {
            return Err(Refusal::WrongNetwork);
        }
        let path: &[ChildNumber] = path.as_ref();
        let ours = descriptor.account_keys().any(|key| {
            key.xpub() == xpub
                && key.fingerprint() == *fingerprint
                && AsRef::<[ChildNumber]>::as_ref(key.path()) == path
        });
        if !ours {
            return Err(Refusal::GlobalKey);
        }
    }
    Ok(())
}

fn check_transaction(tx: &Transaction, height: u32) -> Result<(), Refusal> {
    if tx.version != Version::TWO {
        return Err(Refusal::TransactionVersion(tx.version.0));
    }
    match tx.lock_time {
        LockTime::Seconds(_) => return Err(Refusal::LockTimeIsDate),
        LockTime::Blocks(lock) if lock.to_consensus_u32() > height => {
            return Err(Refusal::LockTimeAhead(lock.to_consensus_u32()));
        }
        LockTime::Blocks(_) => {}
    }
    match (tx.input.len(), tx.output.len()) {
        (0, _) => Err(Refusal::NoInputs),
        (inputs, _) if inputs > INPUTS_MAX => Err(Refusal::TooManyInputs(inputs)),
        (_, outputs) if outputs > OUTPUTS_MAX => Err(Refusal::TooManyOutputs(outputs)),
        _ => Ok(()),
    }
}

fn sum<'a>(mut outputs: impl Iterator<Item = &'a TxOut>) -> Result<Amount, Refusal> {
    outputs
        .try_fold(Amount::ZERO, |total, output| total.checked_add(output.value))
        .filter(|total| *total <= Amount::MAX_MONEY)
        .ok_or(Refusal::ValueOverflow)
}

fn check_fee(tx: &Transaction, coins: &[Coin], approved: &Approved) -> Result<Amount, Refusal> {
    let spent = sum(coins.iter().map(Coin::output))?;
    let paid = sum(tx.output.iter())?;
    let fee = spent.checked_sub(paid).ok_or(Refusal::OutputsExceedInputs)?;
    if fee > approved.max_fee {
        return Err(Refusal::FeeAboveMaximum(fee.to_sat()));
    }
    let script = coins.first().ok_or(Refusal::NoInputs)?.script();
    let vsize = estimated_vsize(script, tx.input.len(), &tx.output);
    let enough = fee.to_sat().saturating_mul(1000) >= vsize.saturating_mul(FEE_RATE_MIN_SATS_PER_KVB);
    if enough { Ok(fee) } else { Err(Refusal::FeeTooLow(fee.to_sat())) }
}
