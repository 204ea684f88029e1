//! The one way from an untrusted PSBT to a verified spend (G1, G6). Any doubt is a refusal that says which.
//!
//! Three doors with the same walls, one for each kind of spend; `docs/adr/0015-one-approval-several-transactions.md` says why these.
//!
//! Called by the server when a PSBT arrives, and again before each signature. Nothing of the PSBT survives but the unsigned transaction and
//! the members' valid signatures: the rest is compared with what we know and then written anew.

mod inputs;
mod outputs;
mod signatures;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::ChildNumber;
use bitcoin::transaction::Version;
use bitcoin::{Amount, NetworkKind, OutPoint, Psbt, Transaction, TxOut};
use types::{PAYLOAD_OUTPUTS_MAX, SpendKind};

use crate::approved::{Approved, REFRESH_FEE_SATS_PER_VBYTE_MAX};
use crate::descriptor::VaultDescriptor;
use crate::holdings::{Coin, Holdings};
use crate::psbt::UnverifiedPsbt;
use crate::refusal::Refusal;
use crate::size::estimated_vsize;
use crate::spend::{self, VerifiedSpend};

pub use inputs::SEQUENCE;

/// The most inputs of one transaction.
pub const INPUTS_MAX: usize = 1000;
/// The lowest fee rate that any node relays, in satoshis per 1000 virtual bytes.
pub const FEE_RATE_MIN_SATS_PER_KVB: u64 = 100;
/// The most outputs: a payload's, and change.
const OUTPUTS_MAX: usize = PAYLOAD_OUTPUTS_MAX + 1;

/// Checks a PSBT against what the vault has and what was approved: the payment itself, or one that takes its place.
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
    check_form(&psbt, holdings)?;
    let coins = inputs::check(&psbt, holdings)?;
    if let Some(shared) = approved.shared {
        check_shared(&psbt.unsigned_tx, shared)?;
    }
    let check_outputs = if approved.refresh { outputs::check_refresh } else { outputs::check_payment };
    let change = check_outputs(&psbt, holdings, approved)?;
    let fee = check_fee(&psbt.unsigned_tx, &coins, approved.max_fee)?;
    if approved.refresh {
        check_refresh_rate(&psbt.unsigned_tx, &coins, fee)?;
    }
    Checked { kind: SpendKind::Payment, coins, change, fee }.into_spend(psbt, holdings)
}

/// Checks a PSBT that takes a payment's place and brings everything back. It must spend `shared`, the reserved output that every
/// transaction of the transfer spends, and may spend other outputs of the vault. `max_fee` is the transfer's.
///
/// # Errors
/// The first reason for refusing it.
pub fn verify_return(
    psbt: UnverifiedPsbt,
    holdings: &Holdings,
    shared: OutPoint,
    max_fee: Amount,
) -> Result<VerifiedSpend, Refusal> {
    let psbt = psbt.0;
    check_form(&psbt, holdings)?;
    let coins = inputs::check(&psbt, holdings)?;
    check_shared(&psbt.unsigned_tx, shared)?;
    let change = outputs::check_returned(&psbt, holdings)?;
    let fee = check_fee(&psbt.unsigned_tx, &coins, max_fee)?;
    Checked { kind: SpendKind::Return, coins, change, fee }.into_spend(psbt, holdings)
}

/// Checks a PSBT that spends the change of `parent`, a transaction of the same transfer that waits for a block, back to the vault in one
/// output. Both are confirmed, so `max_fee_left` is the transfer's maximum less the fees of `parent` and of what `parent` itself speeds up.
/// It spends the first output of change, so that at most one child of a parent is ever confirmed and no other child's fee counts.
///
/// # Errors
/// The first reason for refusing it.
pub fn verify_child(
    psbt: UnverifiedPsbt,
    holdings: &Holdings,
    parent: &Transaction,
    max_fee_left: Amount,
) -> Result<VerifiedSpend, Refusal> {
    let psbt = psbt.0;
    let holdings = holdings.change_of(parent);
    check_form(&psbt, &holdings)?;
    let coins = inputs::check(&psbt, &holdings).map_err(|refusal| match refusal {
        Refusal::InputNotOurs(index) => Refusal::InputNotParents(index),
        other => other,
    })?;
    let first = holdings.coins().next().ok_or(Refusal::SharedInputMissing)?;
    check_shared(&psbt.unsigned_tx, first.outpoint())?;
    let change = outputs::check_returned(&psbt, &holdings)?;
    if let Some((second, _)) = change.get(1) {
        return Err(Refusal::SecondChange(*second));
    }
    let fee = check_fee(&psbt.unsigned_tx, &coins, max_fee_left)?;
    Checked { kind: SpendKind::Child, coins, change, fee }.into_spend(psbt, &holdings)
}

/// What is left to do once everything but the signatures was checked.
struct Checked {
    kind: SpendKind,
    coins: Vec<Coin>,
    change: outputs::Change,
    fee: Amount,
}

impl Checked {
    fn into_spend(self, psbt: Psbt, holdings: &Holdings) -> Result<VerifiedSpend, Refusal> {
        let Self { kind, coins, change, fee } = self;
        let sighashes = spend::sighashes(&psbt.unsigned_tx, &coins).ok_or(Refusal::MapCount)?;
        let signatures = signatures::check(&psbt, &coins, &sighashes)?;
        let (descriptor, transaction) = (holdings.descriptor().clone(), psbt.unsigned_tx);
        Ok(VerifiedSpend { kind, descriptor, transaction, coins, signatures, sighashes, change, fee })
    }
}

fn check_form(psbt: &Psbt, holdings: &Holdings) -> Result<(), Refusal> {
    check_global(psbt, holdings.descriptor())?;
    check_transaction(&psbt.unsigned_tx, holdings.height())
}

fn check_shared(tx: &Transaction, shared: OutPoint) -> Result<(), Refusal> {
    let spends = tx.input.iter().any(|input| input.previous_output == shared);
    if spends { Ok(()) } else { Err(Refusal::SharedInputMissing) }
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

fn check_fee(tx: &Transaction, coins: &[Coin], max_fee: Amount) -> Result<Amount, Refusal> {
    let spent = sum(coins.iter().map(Coin::output))?;
    let paid = sum(tx.output.iter())?;
    let fee = spent.checked_sub(paid).ok_or(Refusal::OutputsExceedInputs)?;
    if fee > max_fee {
        return Err(Refusal::FeeAboveMaximum(fee.to_sat()));
    }
    let vsize = vsize(tx, coins)?;
    let enough = fee.to_sat().saturating_mul(1000) >= vsize.saturating_mul(FEE_RATE_MIN_SATS_PER_KVB);
    if enough { Ok(fee) } else { Err(Refusal::FeeTooLow(fee.to_sat())) }
}

fn check_refresh_rate(tx: &Transaction, coins: &[Coin], fee: Amount) -> Result<(), Refusal> {
    let most = vsize(tx, coins)?.saturating_mul(REFRESH_FEE_SATS_PER_VBYTE_MAX);
    if fee.to_sat() <= most { Ok(()) } else { Err(Refusal::RefreshFeeRate(fee.to_sat())) }
}

fn vsize(tx: &Transaction, coins: &[Coin]) -> Result<u64, Refusal> {
    let script = coins.first().ok_or(Refusal::NoInputs)?.script();
    Ok(estimated_vsize(script, tx.input.len(), &tx.output))
}
