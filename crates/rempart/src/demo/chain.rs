//! The demo's simulated chain: made-up blocks, real transactions. Every spend is checked with Bitcoin Core's script code.
//!
//! Not a node: no proof of work, no relay, no reorganisation. It ships so that the demo needs nothing but Rust, and says what it is.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use bitcoin::absolute::LockTime;
use bitcoin::script::PushBytesBuf;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};

/// A chain that takes what is valid at once.
pub struct SimulatedChain {
    height: u32,
    unspent: HashMap<OutPoint, TxOut>,
    payments: Vec<Txid>,
}

impl SimulatedChain {
    /// A chain with nothing on it.
    pub fn new() -> Self {
        Self { height: 100, unspent: HashMap::new(), payments: Vec::new() }
    }

    /// Mines a block whose coinbase pays a script.
    pub fn fund(&mut self, script: ScriptBuf, value: Amount) -> Result<Transaction> {
        self.height += 1;
        let height =
            PushBytesBuf::try_from(self.height.to_le_bytes().to_vec()).context("a height is four bytes")?;
        let input = TxIn {
            previous_output: OutPoint::null(),
            script_sig: ScriptBuf::builder().push_slice(height).into_script(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        };
        let output = TxOut { value, script_pubkey: script };
        let coinbase = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![input],
            output: vec![output],
        };
        self.include(&coinbase);
        Ok(coinbase)
    }

    /// Takes a transaction if it breaks no rule: its inputs exist and are unspent, no value is made, every script agrees.
    /// The same transaction again changes nothing.
    pub fn broadcast(&mut self, bytes: &[u8]) -> Result<Txid> {
        let transaction: Transaction =
            bitcoin::consensus::deserialize(bytes).context("these bytes are no transaction")?;
        let txid = transaction.compute_txid();
        if !self.payments.contains(&txid) {
            self.check(&transaction)?;
            self.include(&transaction);
            self.payments.push(txid);
        }
        Ok(txid)
    }

    fn check(&self, transaction: &Transaction) -> Result<()> {
        let mut spent = Vec::with_capacity(transaction.input.len());
        for input in &transaction.input {
            let outpoint = input.previous_output;
            let output = self.unspent.get(&outpoint);
            spent.push(output.with_context(|| format!("{outpoint} does not exist or is spent"))?.clone());
        }
        let total = |outputs: &[TxOut]| outputs.iter().map(|output| output.value.to_sat()).sum::<u64>();
        if total(&transaction.output) > total(&spent) {
            bail!("the transaction makes value out of nothing");
        }
        vault::check_consensus(transaction, &spent)
            .context("Bitcoin Core's script code refuses the transaction")
    }

    fn include(&mut self, transaction: &Transaction) {
        let txid = transaction.compute_txid();
        for input in &transaction.input {
            self.unspent.remove(&input.previous_output);
        }
        for (index, output) in (0u32..).zip(&transaction.output) {
            self.unspent.insert(OutPoint::new(txid, index), output.clone());
        }
    }

    /// How many payments were taken, each counted once.
    pub const fn payments(&self) -> usize {
        self.payments.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hashes::Hash as _;

    #[test]
    fn a_coin_that_does_not_exist_cannot_be_spent() {
        let mut chain = SimulatedChain::new();
        let coinbase = chain.fund(ScriptBuf::new_op_return([0u8]), Amount::from_sat(5_000)).unwrap();
        let mut spend = coinbase.clone();
        spend.input[0].previous_output = OutPoint::new(coinbase.compute_txid(), 7);
        assert!(chain.broadcast(&bitcoin::consensus::serialize(&spend)).is_err());
        assert_eq!(chain.payments(), 0);
    }

    #[test]
    fn a_script_that_does_not_agree_is_refused() {
        let mut chain = SimulatedChain::new();
        let script = ScriptBuf::new_p2wsh(&bitcoin::WScriptHash::all_zeros());
        let coinbase = chain.fund(script, Amount::from_sat(5_000)).unwrap();
        let mut spend = coinbase.clone();
        spend.input[0].previous_output = OutPoint::new(coinbase.compute_txid(), 0);
        spend.input[0].script_sig = ScriptBuf::new();
        assert!(chain.broadcast(&bitcoin::consensus::serialize(&spend)).is_err());
    }
}
