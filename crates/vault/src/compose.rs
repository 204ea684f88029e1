//! From what somebody wants to a PSBT that devices sign: coins chosen, fee and change settled (G6, G10).
//!
//! Nothing here is trusted: what it builds goes through `verify` like anybody's. Called by the server and the command line. Pure: height,
//! fee rate and entropy are arguments. `bump` builds the further transactions of a transfer, `refresh` the renewal of old outputs.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Amount, FeeRate, OutPoint, Psbt, TxOut};

use crate::build::{BuildError, SpendDraft, build_psbt};
use crate::choose::{Candidate, Chosen, Draw, Goal, choose};
use crate::descriptor::{Branch, Position};
use crate::fees::FeeRule;
use crate::holdings::Holdings;
use crate::psbt::PSBT_BYTES_MAX;
use crate::size::{Size, number};
use types::PAYLOAD_OUTPUTS_MAX;

/// From this share of the recovery lock on, in hundredths, an output is due: used first, and to be refreshed.
pub const DUE_PERCENT: u32 = 75;
/// Every tenth transaction has a lock time up to this many blocks earlier, as Bitcoin Core's have, so that late ones do not stand out.
const LOCK_EARLIER_BLOCKS: u64 = 100;

/// What is wanted of a transaction.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to pay, all in one transaction: exactly what was approved.
    pub outputs: Vec<TxOut>,
    /// What to pay the network.
    pub fee_rate: FeeRate,
    /// The most to pay the network in all.
    pub max_fee: Amount,
    /// Outputs that are not to be spent, such as those reserved for other transfers.
    pub locked: BTreeSet<OutPoint>,
    /// The heights at which coins were confirmed, as far as known: old ones are used first.
    pub heights: BTreeMap<OutPoint, u32>,
    /// Where change goes; otherwise to the next unused change address.
    pub change: Option<Position>,
    /// Drawn by the caller, new each time.
    pub entropy: [u8; 32],
}

/// A PSBT that was built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Built {
    /// Version 0, without signatures, with everything that devices want to know.
    pub psbt: Psbt,
    /// What the network is paid.
    pub fee: Amount,
    /// Of the signed transaction, at most.
    pub vsize: u64,
    /// Which output is change, and at which position.
    pub change: Option<(usize, Position)>,
}

/// Whether an output that was confirmed at a height is near enough to its recovery path to be renewed.
#[must_use]
pub fn is_due(holdings: &Holdings, confirmed: u32) -> bool {
    let lock = u32::from(holdings.descriptor().after_blocks());
    let age = holdings.height().saturating_add(1).saturating_sub(confirmed);
    age.saturating_mul(100) >= lock.saturating_mul(DUE_PERCENT)
}

/// Builds a payment.
///
/// # Errors
/// [`BuildError`].
pub fn pay(holdings: &Holdings, request: &Request) -> Result<Built, BuildError> {
    if request.outputs.is_empty() {
        return Err(BuildError::NoOutputs);
    }
    compose(holdings, request, &[], FeeRule::new(request.fee_rate))
}

/// Builds a transaction that spends `required` and as many free coins as are needed.
pub fn compose(
    holdings: &Holdings,
    request: &Request,
    required: &[OutPoint],
    rule: FeeRule,
) -> Result<Built, BuildError> {
    check_outputs(&request.outputs)?;
    let position = request.change.unwrap_or_else(|| holdings.unused(Branch::Change));
    let change = holdings.descriptor().derive(position)?;
    let drain = TxOut { value: Amount::ZERO, script_pubkey: change.script_pubkey().clone() };
    let plain = Size::new(&change, &request.outputs);
    let goal = Goal {
        wanted: total(request.outputs.iter().map(|output| output.value))?.to_sat(),
        fixed: number(required.len()),
        fixed_value: worth(holdings, required)?.to_sat(),
        rule,
        max_fee: request.max_fee.to_sat(),
        plain,
        with_change: plain.and(&drain),
        dust: drain.script_pubkey.minimal_non_dust().to_sat(),
        only_change: request.outputs.is_empty(),
    };
    let candidates = candidates(holdings, request, required);
    let mut draw = Draw::new(request.entropy);
    let chosen = choose(&goal, &candidates, &mut draw).ok_or_else(|| why_not(&goal, &candidates))?;
    assemble(holdings, request, Plan { required, position, goal, chosen }, &mut draw)
}

fn check_outputs(outputs: &[TxOut]) -> Result<(), BuildError> {
    if outputs.len() > PAYLOAD_OUTPUTS_MAX {
        return Err(BuildError::TooManyOutputs(outputs.len()));
    }
    let dust = |output: &TxOut| output.value < output.script_pubkey.minimal_non_dust();
    match outputs.iter().position(dust) {
        Some(index) => Err(BuildError::DustOutput(index)),
        None => Ok(()),
    }
}

pub fn total(values: impl Iterator<Item = Amount>) -> Result<Amount, BuildError> {
    let mut values = values;
    values
        .try_fold(Amount::ZERO, Amount::checked_add)
        .filter(|total| *total <= Amount::MAX_MONEY)
        .ok_or(BuildError::Overflow)
}

fn worth(holdings: &Holdings, outpoints: &[OutPoint]) -> Result<Amount, BuildError> {
    let known = |outpoint: &OutPoint| holdings.coin(outpoint).ok_or(BuildError::UnknownInput(*outpoint));
    let coins = outpoints.iter().map(known).collect::<Result<Vec<_>, _>>()?;
    total(coins.into_iter().map(|coin| coin.output().value))
}

fn candidates(holdings: &Holdings, request: &Request, required: &[OutPoint]) -> Vec<Candidate> {
    let free = holdings.coins().filter(|coin| {
        let outpoint = coin.outpoint();
        !required.contains(&outpoint) && !request.locked.contains(&outpoint)
    });
    let candidate = |coin: &crate::holdings::Coin| {
        let outpoint = coin.outpoint();
        let due = request.heights.get(&outpoint).is_some_and(|confirmed| is_due(holdings, *confirmed));
        Candidate { outpoint, value: coin.output().value.to_sat(), due }
    };
    free.map(candidate).collect()
}

/// Everything together would be too little; or enough, but cost too much, take too many inputs, or leave what is neither fee nor change.
fn why_not(goal: &Goal, candidates: &[Candidate]) -> BuildError {
    let value = candidates.iter().map(|coin| coin.value).fold(goal.fixed_value, u64::saturating_add);
    let mut sorted: Vec<u64> = candidates.iter().map(|coin| coin.value).collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let (mut inputs, mut sum) = (goal.fixed, goal.fixed_value);
    let mut largest = sorted.into_iter();
    let least = if goal.only_change { goal.dust } else { 0 };
    let needed =
        |inputs| goal.wanted.saturating_add(least).saturating_add(goal.fee(inputs, goal.only_change));
    while inputs == 0 || sum < needed(inputs) {
        let Some(next) = largest.next() else {
            let (spent, needed) = (Amount::from_sat(value), Amount::from_sat(needed(inputs.max(1))));
            return BuildError::NotEnough { spent, needed };
        };
        sum = sum.saturating_add(next);
        inputs = inputs.saturating_add(1);
    }
    let fee = goal.fee(inputs, goal.only_change);
    if !goal.takes(inputs) {
        return BuildError::TooManyInputs;
    }
    if fee <= goal.max_fee {
        return BuildError::DustChange(Amount::from_sat(sum.saturating_sub(goal.wanted).saturating_sub(fee)));
    }
    BuildError::FeeAboveMaximum { fee: Amount::from_sat(fee), max_fee: Amount::from_sat(goal.max_fee) }
}

struct Plan<'a> {
    required: &'a [OutPoint],
    position: Position,
    goal: Goal,
    chosen: Chosen,
}

fn assemble(
    holdings: &Holdings,
    request: &Request,
    plan: Plan<'_>,
    draw: &mut Draw,
) -> Result<Built, BuildError> {
    let Plan { required, position, goal, chosen } = plan;
    let mut inputs: Vec<OutPoint> = required.iter().copied().chain(chosen.coins).collect();
    inputs.sort_unstable();
    draw.shuffle(&mut inputs);
    let count = number(inputs.len());
    let has_change = chosen.settled.change > 0;
    let vsize = if has_change { goal.with_change.vsize(count) } else { goal.plain.vsize(count) };
    let fee = Amount::from_sat(chosen.settled.fee);
    let lock_height = lock_height(holdings.height(), draw);
    let draft = SpendDraft { inputs, outputs: request.outputs.clone(), fee, change: position, lock_height };
    let mut psbt = build_psbt(holdings, &draft)?;
    let change = has_change.then(|| (move_change(&mut psbt, draw), position));
    check_bytes(&psbt)?;
    Ok(Built { psbt, fee, vsize, change })
}

/// The height, so that nobody gains from mining the last block again; now and then a little less.
pub fn lock_height(height: u32, draw: &mut Draw) -> u32 {
    let earlier = if draw.below(10) == 0 { draw.below(LOCK_EARLIER_BLOCKS) } else { 0 };
    height.saturating_sub(u32::try_from(earlier).unwrap_or(0))
}

/// From the end to a random place, so that its place does not tell which output is change.
fn move_change(psbt: &mut Psbt, draw: &mut Draw) -> usize {
    let last = psbt.unsigned_tx.output.len().saturating_sub(1);
    let place = draw.below(number(last).saturating_add(1));
    let place = usize::try_from(place).unwrap_or(last);
    psbt.unsigned_tx.output.swap(place, last);
    psbt.outputs.swap(place, last);
    place
}

pub fn check_bytes(psbt: &Psbt) -> Result<(), BuildError> {
    if psbt.serialize().len() <= PSBT_BYTES_MAX { Ok(()) } else { Err(BuildError::TooLarge) }
}
