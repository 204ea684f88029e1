//! A node's mempool, as far as it concerns one wallet: what pays or spends it, and what of that went missing.
//!
//! Called by `CoreRpc::sync`, after the blocks.

use std::collections::HashSet;

use bdk_bitcoind_rpc::bitcoincore_rpc::jsonrpc;
use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::{BlockHash, Transaction, Txid};
use serde_json::json;

use crate::core::CoreRpc;
use crate::error::ChainError;
use crate::source::{SyncLimits, Synced};
use crate::wallet::Wallet;

/// Transactions asked for at once: at most 400 kB each in hexadecimal, by the mempool's rules 200 kB.
const BATCH_MAX: usize = 100;
/// How often the mempool is read again because a block came in between.
const ATTEMPTS_MAX: u32 = 5;

impl CoreRpc {
    pub(super) fn sync_mempool(
        &self,
        wallet: &mut Wallet,
        limits: SyncLimits<'_>,
    ) -> Result<Synced, ChainError> {
        let Some(present) = self.mempool_at(wallet.tip().hash)? else {
            // Blocks came meanwhile, and what they confirmed would look as if it were missing.
            return Ok(Synced::Partial);
        };
        wallet.others.retain(|txid| present.contains(txid));
        let known: HashSet<Txid> = wallet.unconfirmed().into_iter().collect();
        let new = present.iter().filter(|txid| !known.contains(*txid) && !wallet.others.contains(*txid));
        let new: Vec<Txid> = new.copied().collect();
        for batch in new.chunks(BATCH_MAX) {
            limits.go_on()?;
            self.take_in(wallet, batch, limits)?;
        }
        let missing: Vec<Txid> = known.into_iter().filter(|txid| !present.contains(txid)).collect();
        if !missing.is_empty() {
            let now = wallet.next_time(limits.now_seconds);
            wallet.change().apply_evicted_txs(missing.into_iter().map(|txid| (txid, now)));
        }
        Ok(Synced::Complete)
    }

    /// What the mempool holds while this block is the tip; `None` when it is not.
    fn mempool_at(&self, tip: BlockHash) -> Result<Option<HashSet<Txid>>, ChainError> {
        for _ in 0..ATTEMPTS_MAX {
            let present: Vec<Txid> = self.call("getrawmempool", &[])?;
            let after: BlockHash = self.call("getbestblockhash", &[])?;
            if after == tip {
                return Ok(Some(present.into_iter().collect()));
            }
        }
        Ok(None)
    }

    fn take_in(&self, wallet: &mut Wallet, batch: &[Txid], limits: SyncLimits<'_>) -> Result<(), ChainError> {
        let found = self.transactions(batch)?;
        // All of a batch are seen at one time; a parent and its child may be in two.
        let now = wallet.next_time(limits.now_seconds);
        wallet.apply_waiting(found, now);
        let ours = |wallet: &Wallet, txid: &Txid| wallet.transaction(*txid).is_some();
        let others: Vec<Txid> = batch.iter().filter(|txid| !ours(wallet, txid)).copied().collect();
        wallet.others.extend(others);
        Ok(())
    }

    /// Those of these transactions that are still in the mempool.
    fn transactions(&self, txids: &[Txid]) -> Result<Vec<Transaction>, ChainError> {
        let rpc = self.client.get_jsonrpc_client();
        let params: Result<Vec<_>, _> = txids.iter().map(|txid| jsonrpc::try_arg([json!(txid)])).collect();
        let params = params.map_err(|error| self.explain(jsonrpc::Error::Json(error).into()))?;
        let requests: Vec<_> =
            params.iter().map(|params| rpc.build_request("getrawtransaction", Some(params))).collect();
        let answers = rpc.send_batch(&requests).map_err(|error| self.explain(error.into()))?;
        let mut found = Vec::with_capacity(txids.len());
        for (answer, txid) in answers.into_iter().zip(txids) {
            // What is gone by now answers with an error.
            let Some(Ok(text)) = answer.map(|answer| answer.result::<String>()) else { continue };
            let transaction: Transaction = deserialize_hex(&text)
                .map_err(|error| ChainError::Malformed(self.name.clone(), error.to_string()))?;
            if transaction.compute_txid() != *txid {
                return Err(ChainError::Malformed(
                    self.name.clone(),
                    format!("another transaction than {txid}"),
                ));
            }
            found.push(transaction);
        }
        Ok(found)
    }
}
