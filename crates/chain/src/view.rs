//! Which of a wallet's transactions count, and what became of the others.
//!
//! Made once after each change of the wallet, since finding it walks over all transactions. Called by `wallet`.

use std::collections::{HashMap, HashSet};

use bdk_wallet::chain::{CanonicalizationParams, ChainPosition, ConfirmationBlockTime, TxGraph};
use bitcoin::{OutPoint, Txid};

/// What became of a transaction, as far as the wallet was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TxStatus {
    /// Never heard of.
    Unknown,
    /// Seen, in no block.
    Mempool,
    /// In a block.
    Confirmed {
        /// The block's height.
        height: u32,
        /// How many blocks confirm it, with its own: at least 1.
        depth: u32,
    },
    /// Another transaction that spends one of the same outputs, or of those that it builds on, counts in its place.
    Replaced {
        /// That transaction.
        by: Txid,
    },
    /// Was seen and went missing: the mempool has thrown it out, or it was never taken. It may come back.
    Dropped,
}

/// The transactions that count.
#[derive(Clone, Debug, Default)]
pub struct View {
    tip_height: u32,
    /// With the height of their block.
    heights: HashMap<Txid, Option<u32>>,
    spenders: HashMap<OutPoint, Txid>,
}

impl View {
    pub fn new(wallet: &bdk_wallet::Wallet) -> Self {
        let (graph, chain) = (wallet.tx_graph(), wallet.local_chain());
        let tip = chain.tip().block_id();
        let mut view = Self { tip_height: tip.height, ..Self::default() };
        for found in graph.list_canonical_txs(chain, tip, CanonicalizationParams::default()) {
            let height = match found.chain_position {
                ChainPosition::Confirmed { anchor, .. } => Some(anchor.block_id.height),
                ChainPosition::Unconfirmed { .. } => None,
            };
            view.heights.insert(found.tx_node.txid, height);
            let spent = found.tx_node.tx.input.iter().map(|input| input.previous_output);
            view.spenders.extend(spent.map(|outpoint| (outpoint, found.tx_node.txid)));
        }
        view
    }

    /// The height of a transaction that counts; `Some(None)` when it is in no block.
    pub fn height(&self, txid: &Txid) -> Option<Option<u32>> {
        self.heights.get(txid).copied()
    }

    pub fn spender(&self, outpoint: &OutPoint) -> Option<Txid> {
        self.spenders.get(outpoint).copied()
    }

    pub fn unconfirmed(&self) -> impl Iterator<Item = Txid> + '_ {
        self.heights.iter().filter(|(_, height)| height.is_none()).map(|(txid, _)| *txid)
    }

    pub fn status(&self, graph: &TxGraph<ConfirmationBlockTime>, txid: Txid) -> TxStatus {
        match self.height(&txid) {
            Some(Some(height)) => TxStatus::Confirmed { height, depth: self.depth(height) },
            Some(None) => TxStatus::Mempool,
            None if graph.get_tx(txid).is_none() => TxStatus::Unknown,
            None => match self.replacement(graph, txid) {
                Some(by) => TxStatus::Replaced { by },
                None => TxStatus::Dropped,
            },
        }
    }

    pub const fn depth(&self, height: u32) -> u32 {
        self.tip_height.saturating_sub(height).saturating_add(1)
    }

    /// What counts in the place of a transaction, or of one that it builds on.
    fn replacement(&self, graph: &TxGraph<ConfirmationBlockTime>, txid: Txid) -> Option<Txid> {
        let mut seen = HashSet::from([txid]);
        let mut open = vec![txid];
        while let Some(next) = open.pop() {
            let Some(transaction) = graph.get_tx(next) else { continue };
            for outpoint in transaction.input.iter().map(|input| input.previous_output) {
                if let Some(by) = self.spender(&outpoint) {
                    return Some(by);
                }
                if !self.heights.contains_key(&outpoint.txid) && seen.insert(outpoint.txid) {
                    open.push(outpoint.txid);
                }
            }
        }
        None
    }
}
