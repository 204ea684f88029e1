//! The further transactions of a transfer whose payment waits: one that pays more in its place, one that brings everything back, and
//! one that speeds it up by spending its change (G6; `docs/adr/0015-one-approval-several-transactions.md`).
//!
//! Replacements pass Bitcoin Core's rules: more in all, more for each byte, and nothing unconfirmed among the inputs. Called by the server
//! and the command line; `verify`, `verify_return` and `verify_child` check what comes out.

use bitcoin::{Amount, OutPoint, Transaction};

use crate::build::BuildError;
use crate::compose::{Built, Request, compose};
use crate::descriptor::{Branch, Position};
use crate::fees::{FeeRule, Waits};
use crate::holdings::{GAP_LIMIT, Holdings};
use crate::size::number;

/// A transaction of the transfer that waits for a block.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// As it was broadcast, with its witnesses, since its size counts.
    pub transaction: &'a Transaction,
    /// What it pays the network.
    pub fee: Amount,
    /// The reserved output that every transaction of the transfer spends.
    pub shared: OutPoint,
    /// What children of it that wait too pay together, and their virtual size: they go with it.
    pub children: Option<(Amount, u64)>,
}

impl Waiting<'_> {
    fn own(&self) -> Waits {
        Waits { fee: self.fee.to_sat(), vsize: number(self.transaction.vsize()) }
    }

    fn with_children(&self) -> Waits {
        let own = self.own();
        let (fee, vsize) = self.children.map_or((0, 0), |(fee, vsize)| (fee.to_sat(), vsize));
        Waits { fee: own.fee.saturating_add(fee), vsize: own.vsize.saturating_add(vsize) }
    }

    fn outbid(&self, request: &Request) -> FeeRule {
        let gone = vec![self.own(), self.with_children()];
        FeeRule::new(request.fee_rate).replacing(gone)
    }

    fn check_shared(&self, holdings: &Holdings) -> Result<(), BuildError> {
        let spends = self.transaction.input.iter().any(|input| input.previous_output == self.shared);
        let unspent = holdings.coin(&self.shared).is_some();
        if spends && unspent { Ok(()) } else { Err(BuildError::SharedInputGone(self.shared)) }
    }
}

/// Builds a payment that takes the place of one that waits: the same outputs (in the request), the shared input and what else it spent
/// and is still there, less change, and further coins where that is not enough.
///
/// # Errors
/// [`BuildError`]; above all that the approved maximum fee leaves no room.
pub fn replace(holdings: &Holdings, request: &Request, waiting: Waiting<'_>) -> Result<Built, BuildError> {
    if request.outputs.is_empty() {
        return Err(BuildError::NoOutputs);
    }
    waiting.check_shared(holdings)?;
    let spent = waiting.transaction.input.iter().map(|input| input.previous_output);
    let required: Vec<OutPoint> = spent.filter(|outpoint| holdings.coin(outpoint).is_some()).collect();
    let change = request.change.or_else(|| change_position(holdings, request, waiting.transaction));
    let request = Request { change, ..request.clone() };
    compose(holdings, &request, &required, waiting.outbid(&request))
}

/// Builds a transaction that takes the place of one that waits and brings everything back. The request's outputs are not used.
///
/// # Errors
/// [`BuildError`]; above all that the approved maximum fee leaves no room.
pub fn return_to_self(
    holdings: &Holdings,
    request: &Request,
    waiting: Waiting<'_>,
) -> Result<Built, BuildError> {
    waiting.check_shared(holdings)?;
    let change = request.change.or_else(|| fresh(holdings, waiting.transaction));
    let request = Request { outputs: Vec::new(), change, ..request.clone() };
    compose(holdings, &request, &[waiting.shared], waiting.outbid(&request))
}

/// Builds a transaction that spends the change of one that waits, so that both together pay the request's rate. `max_fee` in the request is
/// what is left of the approved maximum; its outputs and locks are not used.
///
/// # Errors
/// [`BuildError`]; above all that there is no change, or too little.
pub fn child(holdings: &Holdings, request: &Request, waiting: Waiting<'_>) -> Result<Built, BuildError> {
    let view = holdings.change_of(waiting.transaction);
    let required: Vec<OutPoint> = view.coins().map(crate::holdings::Coin::outpoint).collect();
    if required.is_empty() {
        return Err(BuildError::NoChange);
    }
    let change = request.change.or_else(|| fresh(holdings, waiting.transaction));
    let request = Request { outputs: Vec::new(), change, ..request.clone() };
    let rule = FeeRule::new(request.fee_rate).together_with(waiting.own());
    compose(&view, &request, &required, rule)
}

/// Where the change of a transaction goes: to the change address that is not a payment of the request.
fn change_position(holdings: &Holdings, request: &Request, transaction: &Transaction) -> Option<Position> {
    let mut outputs = transaction.output.iter().filter(|output| !request.outputs.contains(output));
    outputs.find_map(|output| {
        let position = holdings.locate(&output.script_pubkey)?.position();
        (position.branch == Branch::Change).then_some(position)
    })
}

/// The next unused change address that the transaction does not pay to.
fn fresh(holdings: &Holdings, transaction: &Transaction) -> Option<Position> {
    let first = holdings.unused(Branch::Change);
    let mut positions =
        (0..GAP_LIMIT).map(|step| Position { index: first.index.saturating_add(step), ..first });
    positions.find(|position| {
        let script = holdings.descriptor().script_pubkey(position.branch, position.index);
        script.is_ok_and(|script| transaction.output.iter().all(|output| output.script_pubkey != script))
    })
}
