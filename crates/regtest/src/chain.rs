//! Blocks, mempool and reorganisations, by name.
//!
//! Called by tests, and by `node` and `purse`.

use std::str::FromStr;

use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::{Block, BlockHash, Script, Transaction, Txid};
use serde_json::{Value, json};

use crate::error::NodeError;
use crate::node::Node;

/// None. The calls refuse high fees unless told otherwise; that is their caution and no rule of the mempool.
const FEE_RATE_MAX: u32 = 0;

/// What the node's mempool would say to a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It would take it.
    Accepted,
    /// It would not, with the node's words for why.
    Refused(String),
}

impl Node {
    /// The height of the last block.
    ///
    /// # Errors
    /// As [`Node::rpc`], like everything below.
    pub fn height(&self) -> Result<u32, NodeError> {
        let height = self.rpc("getblockcount", &[])?;
        let number = height.as_u64().and_then(|height| u32::try_from(height).ok());
        number.ok_or_else(|| unexpected("getblockcount", &height))
    }

    /// The last block.
    pub fn tip(&self) -> Result<BlockHash, NodeError> {
        parsed("getbestblockhash", &self.rpc("getbestblockhash", &[])?)
    }

    /// The block at a height of the best chain.
    pub fn block_at(&self, height: u32) -> Result<BlockHash, NodeError> {
        parsed("getblockhash", &self.rpc("getblockhash", &[json!(height)])?)
    }

    /// A whole block.
    pub fn block(&self, hash: BlockHash) -> Result<Block, NodeError> {
        decoded("getblock", &self.rpc("getblock", &[json!(hash), json!(0)])?)
    }

    /// Mines blocks with what is in the mempool; their coins are the harness's to give away.
    pub fn mine(&self, blocks: u32) -> Result<Vec<BlockHash>, NodeError> {
        self.mine_to_script(blocks, &Self::own_script())
    }

    /// Mines blocks with what is in the mempool; their coins go to this script.
    pub fn mine_to_script(&self, blocks: u32, script: &Script) -> Result<Vec<BlockHash>, NodeError> {
        let descriptor = format!("raw({})", script.to_hex_string());
        let mined = self.rpc("generatetodescriptor", &[json!(blocks), json!(descriptor)])?;
        hashes("generatetodescriptor", &mined)
    }

    /// Mines one block with exactly these transactions and nothing from the mempool. By consensus alone: what the mempool refuses as not
    /// standard may go in.
    pub fn mine_exactly(&self, transactions: &[Transaction]) -> Result<BlockHash, NodeError> {
        let texts: Vec<String> = transactions.iter().map(serialize_hex).collect();
        let to = format!("raw({})", Self::own_script().to_hex_string());
        let to = self.with_checksum(&to)?;
        let mined = self.rpc("generateblock", &[json!(to), json!(texts)])?;
        parsed("generateblock", mined.get("hash").unwrap_or(&mined))
    }

    /// Adds the checksum to a descriptor, as the node computes it.
    pub fn with_checksum(&self, descriptor: &str) -> Result<String, NodeError> {
        let info = self.rpc("getdescriptorinfo", &[json!(descriptor)])?;
        let checksum = info.get("checksum").and_then(Value::as_str);
        let checksum = checksum.ok_or_else(|| unexpected("getdescriptorinfo", &info))?;
        Ok(format!("{descriptor}#{checksum}"))
    }

    /// The transactions in the mempool.
    pub fn mempool(&self) -> Result<Vec<Txid>, NodeError> {
        hashes("getrawmempool", &self.rpc("getrawmempool", &[])?)
    }

    /// What the mempool would say to a transaction; nothing is sent.
    pub fn test(&self, transaction: &Transaction) -> Result<Verdict, NodeError> {
        let answer =
            self.rpc("testmempoolaccept", &[json!([serialize_hex(transaction)]), json!(FEE_RATE_MAX)])?;
        let verdict = answer.get(0).ok_or_else(|| unexpected("testmempoolaccept", &answer))?;
        if verdict.get("allowed").and_then(Value::as_bool) == Some(true) {
            return Ok(Verdict::Accepted);
        }
        let words = |name| verdict.get(name).and_then(Value::as_str);
        let words = words("reject-details").or_else(|| words("reject-reason"));
        let words = words.ok_or_else(|| unexpected("testmempoolaccept", verdict))?;
        Ok(Verdict::Refused(words.to_owned()))
    }

    /// Puts a transaction into the mempool.
    pub fn broadcast(&self, transaction: &Transaction) -> Result<Txid, NodeError> {
        let sent =
            self.rpc("sendrawtransaction", &[json!(serialize_hex(transaction)), json!(FEE_RATE_MAX)])?;
        parsed("sendrawtransaction", &sent)
    }

    /// A transaction in the mempool, or anywhere with `txindex`.
    pub fn transaction(&self, txid: Txid) -> Result<Transaction, NodeError> {
        decoded("getrawtransaction", &self.rpc("getrawtransaction", &[json!(txid)])?)
    }

    /// How many blocks confirm an unspent output; `None` when it is spent or not in a block.
    pub fn confirmations(&self, output: bitcoin::OutPoint) -> Result<Option<u64>, NodeError> {
        let found = self.rpc("gettxout", &[json!(output.txid), json!(output.vout), json!(false)])?;
        Ok(found.get("confirmations").and_then(Value::as_u64))
    }

    /// Takes a block and all after it out of the best chain, as a reorganisation does.
    pub fn invalidate(&self, block: BlockHash) -> Result<(), NodeError> {
        self.rpc("invalidateblock", &[json!(block)]).map(drop)
    }

    /// Lets a block that was invalidated be judged again.
    pub fn reconsider(&self, block: BlockHash) -> Result<(), NodeError> {
        self.rpc("reconsiderblock", &[json!(block)]).map(drop)
    }

    /// Replaces the last `depth` blocks by `depth + 1` empty ones. What they confirmed is in the mempool again, unless it conflicts or was
    /// more than ten blocks deep: deeper ones the node forgets when told to invalidate.
    pub fn reorganise(&self, depth: u32) -> Result<(), NodeError> {
        let height = self.height()?;
        self.invalidate(self.block_at(height.saturating_sub(depth).saturating_add(1))?)?;
        (0..=depth).try_for_each(|_| self.mine_exactly(&[]).map(drop))
    }

    /// Sets the node's clock, in seconds since 1970; 0 is the real one again.
    pub fn set_clock(&self, seconds: u32) -> Result<(), NodeError> {
        self.rpc("setmocktime", &[json!(seconds)]).map(drop)
    }
}

pub fn unexpected(method: &str, answer: &Value) -> NodeError {
    NodeError::Unexpected(method.to_owned(), answer.to_string().chars().take(400).collect())
}

pub fn parsed<T: FromStr>(method: &str, answer: &Value) -> Result<T, NodeError> {
    let value = answer.as_str().and_then(|text| text.parse().ok());
    value.ok_or_else(|| unexpected(method, answer))
}

fn decoded<T: bitcoin::consensus::Decodable>(method: &str, answer: &Value) -> Result<T, NodeError> {
    let value = answer.as_str().and_then(|text| deserialize_hex(text).ok());
    value.ok_or_else(|| unexpected(method, answer))
}

fn hashes<T: FromStr>(method: &str, answer: &Value) -> Result<Vec<T>, NodeError> {
    let list = answer.as_array().ok_or_else(|| unexpected(method, answer))?;
    list.iter().map(|item| parsed(method, item)).collect()
}
