//! Renewing outputs before their recovery path opens: a transfer of the vault to itself, many outputs at once (G10).
//!
//! Which outputs are due follows from their heights alone. Called by the server and the command line: the values go into the payload that is
//! proposed, the PSBT is attached to it. It pays exactly those values, so that it is sped up by a child or a return, never by a replacement.

use bitcoin::{Amount, OutPoint, TxOut};

use crate::approved::{REFRESH_FEE_SATS_PER_VBYTE_MAX, refresh_fee_max};
use crate::build::{BuildError, SpendDraft, build_psbt, fill_output};
use crate::choose::Draw;
use crate::compose::{Built, Request, check_bytes, is_due, lock_height, total};
use crate::descriptor::{Branch, Position};
use crate::fees::FeeRule;
use crate::holdings::{GAP_LIMIT, Holdings};
use crate::size::{Size, TRANSACTION_WEIGHT_MAX, number};
use crate::verify::INPUTS_MAX;

/// A refresh that was built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refresh {
    /// The values of its outputs, in the order of the payload: each goes to the vault itself.
    pub values: Vec<Amount>,
    /// The highest maximum fee that its payload may have: room for a child or a return.
    pub max_fee: Amount,
    /// The PSBT.
    pub built: Built,
    /// How many outputs are due and did not fit: for a further refresh.
    pub left: usize,
}

/// Builds a refresh of the outputs that are due, the oldest first, into `outputs` new ones of equal value. The request's own outputs and
/// change are not used.
///
/// # Errors
/// [`BuildError`]; above all that nothing is due, or that the fee would be above what a refresh may pay.
pub fn refresh(holdings: &Holdings, request: &Request, outputs: u32) -> Result<Refresh, BuildError> {
    if outputs == 0 || outputs > GAP_LIMIT {
        return Err(BuildError::RefreshOutputs(outputs));
    }
    let rule = FeeRule::new(request.fee_rate);
    let maximum = REFRESH_FEE_SATS_PER_VBYTE_MAX.saturating_mul(1000);
    if rule.at_rate(1000) > maximum {
        return Err(BuildError::RefreshRate);
    }
    let mut txouts = new_outputs(holdings, outputs)?;
    let script = holdings.descriptor().derive(holdings.unused(Branch::Change))?;
    let size = Size::new(&script, &txouts);
    let due = due(holdings, request, rule.at_rate(size.input_vsize()));
    let fitting = fitting(&size).min(due.len());
    let mut inputs: Vec<OutPoint> = due.iter().take(fitting).map(|(_, outpoint, _)| *outpoint).collect();
    if inputs.is_empty() {
        return Err(BuildError::NothingDue);
    }
    let spent = total(due.iter().take(fitting).map(|(_, _, value)| *value))?;
    let vsize = size.vsize(number(inputs.len()));
    let fee = Amount::from_sat(rule.needed(vsize));
    let values = split(spent, fee, outputs)?;
    for (index, (output, value)) in txouts.iter_mut().zip(&values).enumerate() {
        output.value = *value;
        if output.value < output.script_pubkey.minimal_non_dust() {
            return Err(BuildError::DustOutput(index));
        }
    }
    let max_fee = refresh_fee_max(&values);
    if fee > max_fee.min(request.max_fee) {
        return Err(BuildError::FeeAboveMaximum { fee, max_fee: max_fee.min(request.max_fee) });
    }
    let mut draw = Draw::new(request.entropy);
    draw.shuffle(&mut inputs);
    let change = holdings.unused(Branch::Change);
    let lock_height = lock_height(holdings.height(), &mut draw);
    let draft = SpendDraft { inputs, outputs: txouts, fee, change, lock_height };
    let mut psbt = build_psbt(holdings, &draft)?;
    for (step, output) in (0u32..).zip(&mut psbt.outputs) {
        *output = fill_output(&holdings.descriptor().derive(position(holdings, step))?);
    }
    check_bytes(&psbt)?;
    let built = Built { psbt, fee, vsize, change: None };
    Ok(Refresh { values, max_fee, built, left: due.len().saturating_sub(fitting) })
}

fn position(holdings: &Holdings, step: u32) -> Position {
    let first = holdings.unused(Branch::Change);
    Position { index: first.index.saturating_add(step), ..first }
}

fn new_outputs(holdings: &Holdings, outputs: u32) -> Result<Vec<TxOut>, BuildError> {
    let output = |step| {
        let Position { branch, index } = position(holdings, step);
        let script_pubkey = holdings.descriptor().script_pubkey(branch, index)?;
        Ok(TxOut { value: Amount::ZERO, script_pubkey })
    };
    (0..outputs).map(output).collect()
}

/// The oldest first, without those that are worth less than spending them costs.
fn due(holdings: &Holdings, request: &Request, input_fee: u64) -> Vec<(u32, OutPoint, Amount)> {
    let free = holdings.coins().filter(|coin| !request.locked.contains(&coin.outpoint()));
    let due = free.filter_map(|coin| {
        let confirmed = *request.heights.get(&coin.outpoint())?;
        let value = coin.output().value;
        let renewed = is_due(holdings, confirmed) && value.to_sat() > input_fee;
        renewed.then_some((confirmed, coin.outpoint(), value))
    });
    let mut due: Vec<_> = due.collect();
    due.sort_unstable();
    due
}

/// How many inputs a transaction that nodes relay has room for.
fn fitting(size: &Size) -> usize {
    let fits = |inputs: &usize| size.weight(number(*inputs)) <= TRANSACTION_WEIGHT_MAX;
    (1..=INPUTS_MAX).take_while(fits).count()
}

/// Equal parts; the first one has the rest.
fn split(spent: Amount, fee: Amount, outputs: u32) -> Result<Vec<Amount>, BuildError> {
    let left = spent.checked_sub(fee).ok_or(BuildError::NotEnough { spent, needed: fee })?;
    let (parts, left) = (u64::from(outputs), left.to_sat());
    let (part, rest) = (left.checked_div(parts).unwrap_or(0), left.checked_rem(parts).unwrap_or(0));
    let value = |index: u64| Amount::from_sat(if index == 0 { part.saturating_add(rest) } else { part });
    Ok((0..parts).map(value).collect())
}
