//! Filling a wallet from an Esplora index: the addresses that were shown and the gap after them, page by page.
//!
//! The tip is read first: what is found later than it is at worst new again next time. Called by `Esplora::sync`.

use std::collections::{BTreeMap, HashSet};

use bdk_wallet::Update;
use bdk_wallet::chain::{BlockId, CheckPoint, ConfirmationBlockTime, TxUpdate};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::{BlockHash, Script, ScriptBuf, Txid};
use esplora_client::Tx;

use crate::error::ChainError;
use crate::esplora::Esplora;
use crate::gap::Gap;
use crate::source::{Source, SyncLimits};
use crate::wallet::Wallet;

/// Pages of one address: more transactions than a vault's address ever has.
const PAGES_MAX: usize = 4_000;
/// A page shorter than this is the last.
const PAGE_FULL: usize = 25;

/// So many of our own blocks are asked for until one is shared: many times the deepest reorganisation that was ever seen.
const POINTS_MAX: usize = 2_016;

pub fn run(esplora: &Esplora, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<(), ChainError> {
    let last: BTreeMap<u32, BlockHash> =
        esplora.last_blocks()?.into_iter().map(|block| (block.height, block.id)).collect();
    let now = wallet.next_time(limits.now_seconds);
    let mut found = Found { now, update: TxUpdate::default(), seen: HashSet::new() };
    let mut gap = Gap::new(wallet);
    while let Some((position, script)) = gap.next(wallet) {
        limits.go_on()?;
        let history = whole_history(esplora, &script)?;
        gap.found(position, !history.is_empty());
        history.into_iter().try_for_each(|tx| found.take(esplora, tx))?;
    }
    for txid in wallet.unconfirmed().into_iter().filter(|txid| !found.seen.contains(txid)) {
        found.update.evicted_ats.insert((txid, now));
    }
    let chain = chain(esplora, wallet, &last, &found.update)?;
    let update = Update { last_active_indices: gap.last_used(), tx_update: found.update, chain: Some(chain) };
    if wallet.apply(update) { Ok(()) } else { Err(ChainError::NoCommonBlock(esplora.url.clone())) }
}

struct Found {
    now: u64,
    update: TxUpdate<ConfirmationBlockTime>,
    seen: HashSet<Txid>,
}

impl Found {
    fn take(&mut self, esplora: &Esplora, tx: Tx) -> Result<(), ChainError> {
        let transaction = tx.to_tx();
        if transaction.compute_txid() != tx.txid {
            return Err(esplora.malformed("a transaction under another's name"));
        }
        if !self.seen.insert(tx.txid) {
            return Ok(());
        }
        let status = tx.status;
        match (status.block_height, status.block_hash, status.block_time) {
            (Some(height), Some(hash), Some(confirmation_time)) if status.confirmed => {
                let anchor = ConfirmationBlockTime { block_id: BlockId { height, hash }, confirmation_time };
                self.update.anchors.insert((anchor, tx.txid));
            }
            _ => drop(self.update.seen_ats.insert((tx.txid, self.now))),
        }
        self.update.txs.push(transaction.into());
        Ok(())
    }
}

fn whole_history(esplora: &Esplora, script: &ScriptBuf) -> Result<Vec<Tx>, ChainError> {
    let hash = script_hash(script);
    let mut all = esplora.history(&hash, None)?;
    let mut page_size = all.iter().filter(|tx| tx.status.confirmed).count();
    for _ in 0..PAGES_MAX {
        let last = all.iter().rev().find(|tx| tx.status.confirmed).map(|tx| tx.txid);
        if page_size < PAGE_FULL {
            return Ok(all);
        }
        let page = esplora.history(&hash, last)?;
        page_size = page.len();
        all.extend(page);
    }
    Err(esplora.malformed("a history without end"))
}

/// The index names a script by the SHA-256 of it, in the order of its bytes.
fn script_hash(script: &Script) -> String {
    let hash = sha256::Hash::hash(script.as_bytes());
    hash.to_string()
}

/// The wallet's chain, from the last block that the index shares with it, with the index's blocks above.
fn chain(
    esplora: &Esplora,
    wallet: &Wallet,
    last: &BTreeMap<u32, BlockHash>,
    update: &TxUpdate<ConfirmationBlockTime>,
) -> Result<CheckPoint, ChainError> {
    let tip_height = last.keys().next_back().copied().unwrap_or_default();
    let hash_at = |height: u32| match last.get(&height) {
        Some(hash) => Ok(Some(*hash)),
        None if height > tip_height => Ok(None),
        None => esplora.block_hash(height),
    };
    let (mut shared, mut above) = (None, BTreeMap::new());
    for point in wallet.inner().latest_checkpoint().iter().take(POINTS_MAX) {
        let Some(hash) = hash_at(point.height())? else { continue };
        if hash == point.hash() {
            shared = Some(point);
            break;
        }
        above.insert(point.height(), hash);
    }
    let shared = shared.ok_or_else(|| ChainError::NoCommonBlock(esplora.url.clone()))?;
    let heights: HashSet<u32> = update.anchors.iter().map(|(anchor, _)| anchor.block_id.height).collect();
    for height in heights {
        let is_known =
            last.contains_key(&height) || above.contains_key(&height) || shared.get(height).is_some();
        // What is confirmed above the tip that was read first is for the next time.
        if let Some(hash) = if is_known { None } else { hash_at(height)? } {
            above.insert(height, hash);
        }
    }
    above.extend(last);
    let blocks = above.into_iter().map(|(height, hash)| BlockId { height, hash });
    Ok(blocks.fold(shared, |point, block| point.insert(block)))
}
