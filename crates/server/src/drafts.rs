//! Transactions for people to sign, built from what a vault has: for a payment, in its place, on top of it, or to renew outputs (G6, G10).
//!
//! Only a proposal: what comes back with signatures is checked like anybody's PSBT (`spends`). Called by the HTTP side.

use std::collections::{BTreeMap, BTreeSet};

use chain::ChainError;
use overt::{Coin, State, Status, Transfer};
use thiserror::Error;
use types::{TransferId, VaultId};
use vault::bitcoin::consensus::encode::deserialize;
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::{Amount, FeeRate, OutPoint, ScriptBuf, Transaction, TxOut, Txid};
use vault::{Approved, Branch, BuildError, Built, Holdings, Recipient, Refresh, Request, Waiting};

use crate::coins::VaultBook;
use crate::engine::{Engine, EngineError};
use crate::spends::SpendError;

/// Within how many blocks a payment is to be confirmed where no rate is given.
const TARGET_BLOCKS: u16 = 6;

/// Why nothing was built.
#[derive(Debug, Error)]
pub enum DraftError {
    /// No such transfer, or its vault cannot be used.
    #[error(transparent)]
    Spend(#[from] SpendError),
    /// Not in this state of the transfer.
    #[error("this transfer is {0}: no such transaction can be brought for it now")]
    NotNow(&'static str),
    /// No source says what to pay.
    #[error("no source of the chain says what to pay the network: give a fee rate")]
    NoRate,
    /// A source failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The journal cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Which transaction of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Draft {
    /// The payment; in the place of the one that waits, if one does.
    Payment,
    /// On top of the one that waits.
    Child,
    /// In the place of the one that waits, with everything coming back.
    Return,
}

/// What the network is to be paid for a transfer of this vault: as asked, or as the vault's sources estimate. Asks the network.
///
/// # Errors
/// No source, or one that fails.
pub fn fee_rate(engine: &Engine, vault: &VaultId, asked: Option<FeeRate>) -> Result<FeeRate, DraftError> {
    if let Some(rate) = asked {
        return Ok(rate);
    }
    let network = engine.read(|state| match state.overt().policy()?.vault(vault)?.chain {
        policy::Chain::Bitcoin(network) => Some(network),
        policy::Chain::GateOnly => None,
    });
    let following = engine.following().iter().find(|following| Some(following.network) == network);
    let following = following.ok_or(DraftError::NoRate)?;
    following.sources.fee_rate(TARGET_BLOCKS)?.ok_or(DraftError::NoRate)
}

/// Builds a transaction for a transfer. Blocks while contents are read.
///
/// # Errors
/// [`DraftError`].
pub fn transfer(
    engine: &Engine,
    id: TransferId,
    kind: Draft,
    fee_rate: FeeRate,
) -> Result<Built, DraftError> {
    let transactions = engine.waiting_transactions(id)?;
    let entropy = engine.entropy().draw();
    engine.read(|state| {
        engine.book(|book| {
            let transfer = state.overt().transfer(id).ok_or(SpendError::NotOnChain)?;
            let case = Case::new(state.overt(), book, (id, transfer), entropy)?;
            case.build(kind, fee_rate, &transactions)
        })
    })
}

/// Builds a refresh of the outputs of a vault that are due.
///
/// # Errors
/// [`DraftError`].
pub fn refresh(
    engine: &Engine,
    vault: &VaultId,
    outputs: u32,
    fee_rate: FeeRate,
) -> Result<Refresh, DraftError> {
    let entropy = engine.entropy().draw();
    engine.read(|state| {
        engine.book(|book| {
            let holdings = book.holdings(vault).ok_or(SpendError::NotOnChain)?;
            let request = Request {
                outputs: Vec::new(),
                fee_rate,
                max_fee: Amount::MAX_MONEY,
                locked: taken(state.overt(), vault, None),
                heights: heights(state.overt(), vault),
                change: None,
                entropy,
            };
            Ok(vault::refresh(holdings, &request, outputs)?)
        })
    })
}

struct Case<'a> {
    transfer: &'a Transfer,
    holdings: &'a Holdings,
    approved: Approved,
    locked: BTreeSet<OutPoint>,
    heights: BTreeMap<OutPoint, u32>,
    entropy: [u8; 32],
}

impl<'a> Case<'a> {
    fn new(
        state: &State,
        book: &'a VaultBook,
        (id, transfer): (TransferId, &'a Transfer),
        entropy: [u8; 32],
    ) -> Result<Self, DraftError> {
        let vault = &transfer.payload.vault;
        let kept = book.kept(vault).map_err(|_| SpendError::NotOnChain)?;
        let network = kept.spec.network;
        let approved =
            Approved::from_payload(&transfer.payload, network, |vault| book.scripts(vault, network))
                .map_err(SpendError::Approved)?;
        let (locked, heights) = (taken(state, vault, Some(id)), heights(state, vault));
        Ok(Self { transfer, holdings: &kept.holdings, approved, locked, heights, entropy })
    }

    fn build(
        self,
        kind: Draft,
        fee_rate: FeeRate,
        transactions: &[Transaction],
    ) -> Result<Built, DraftError> {
        let status = &self.transfer.status;
        let beside = match kind {
            Draft::Child => self.transfer.fees_beside(types::Hash::default()),
            _ => 0,
        };
        let beside = Amount::from_sat(u64::try_from(beside).unwrap_or(u64::MAX));
        let request = Request {
            outputs: self.outputs()?,
            fee_rate,
            max_fee: self.approved.max_fee().checked_sub(beside).unwrap_or(Amount::ZERO),
            locked: self.locked.clone(),
            heights: self.heights.clone(),
            change: None,
            entropy: self.entropy,
        };
        match (kind, status) {
            (Draft::Payment, status) if status.is_open() => Ok(vault::pay(self.holdings, &request)?),
            (_, Status::Signed { .. }) => {
                let waiting = self.waiting(transactions)?;
                Ok(match kind {
                    Draft::Payment => vault::replace(self.holdings, &request, waiting)?,
                    Draft::Return => vault::return_to_self(self.holdings, &request, waiting)?,
                    Draft::Child => vault::child(self.holdings, &request, waiting)?,
                })
            }
            (_, status) => Err(DraftError::NotNow(status.word())),
        }
    }

    fn waiting<'t>(&self, transactions: &'t [Transaction]) -> Result<Waiting<'t>, DraftError> {
        let missing = DraftError::NotNow("confirmed");
        let (Some(standing), Some(shared)) = (self.transfer.standing_spend(), self.transfer.shared_input())
        else {
            return Err(missing);
        };
        let txid = Txid::from_byte_array(standing.txid.0);
        let on_top = |one: &&Transaction| one.input.iter().any(|input| input.previous_output.txid == txid);
        let vsize: usize = transactions.iter().filter(on_top).map(Transaction::vsize).sum();
        let fees = self.transfer.fees_beside(types::Hash::default()).saturating_sub(standing.fee);
        let waiting = transactions.iter().find(|transaction| transaction.compute_txid() == txid);
        Ok(Waiting {
            transaction: waiting.ok_or(missing)?,
            fee: satoshis(standing.fee),
            shared: OutPoint { txid: Txid::from_byte_array(shared.txid.0), vout: shared.index },
            children: (vsize > 0).then(|| (satoshis(fees), u64::try_from(vsize).unwrap_or(u64::MAX))),
        })
    }

    /// What is paid: the approved outputs; those to a vault of the organisation go to its next receiving addresses.
    fn outputs(&self) -> Result<Vec<TxOut>, DraftError> {
        let mut outputs: Vec<TxOut> = Vec::new();
        for output in self.approved.outputs() {
            let script_pubkey = match &output.to {
                Recipient::Script(script) => script.clone(),
                Recipient::Vault(scripts) => self.own_or_first(scripts, &outputs),
            };
            outputs.push(TxOut { value: output.value, script_pubkey });
        }
        Ok(outputs)
    }

    fn own_or_first(&self, scripts: &BTreeSet<ScriptBuf>, so_far: &[TxOut]) -> ScriptBuf {
        let unused = |script: &&ScriptBuf| so_far.iter().all(|output| output.script_pubkey != **script);
        let next = self.holdings.unused(Branch::Receive);
        let is_fresh = |script: &&ScriptBuf| {
            self.holdings.locate(script).is_none_or(|found| found.position().index >= next.index)
        };
        let fresh = scripts.iter().filter(unused).find(is_fresh);
        fresh.or_else(|| scripts.iter().find(unused)).or_else(|| scripts.first()).cloned().unwrap_or_default()
    }
}

/// What other transfers have reserved, or are about to.
fn taken(state: &State, vault: &VaultId, own: Option<TransferId>) -> BTreeSet<OutPoint> {
    let reserved = state.coins(vault).map(|(outpoint, _)| outpoint);
    let reserved =
        reserved.filter(|outpoint| state.reserved_for(outpoint).is_some_and(|holder| Some(holder) != own));
    let open = state.transfers().filter(|(id, transfer)| Some(*id) != own && transfer.status.is_open());
    let attached = open.filter_map(|(_, transfer)| transfer.spend.as_ref()).flat_map(|spend| &spend.inputs);
    reserved.chain(attached).map(on_chain).collect()
}

fn heights(state: &State, vault: &VaultId) -> BTreeMap<OutPoint, u32> {
    let known = |(outpoint, coin): (&types::OutPoint, &Coin)| Some((on_chain(outpoint), coin.height?));
    state.coins(vault).filter_map(known).collect()
}

fn on_chain(outpoint: &types::OutPoint) -> OutPoint {
    OutPoint { txid: Txid::from_byte_array(outpoint.txid.0), vout: outpoint.index }
}

fn satoshis(units: u128) -> Amount {
    Amount::from_sat(u64::try_from(units).unwrap_or(u64::MAX))
}

/// The signed transactions of a transfer that are in no block.
pub(crate) fn parse(contents: Vec<Vec<u8>>) -> Vec<Transaction> {
    contents.iter().filter_map(|content| deserialize(content).ok()).collect()
}
