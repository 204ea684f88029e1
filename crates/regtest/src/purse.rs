//! Coins to give away: the node has no wallet, so the harness holds one key, to which blocks are mined, and signs with it.
//!
//! Called by tests through [`Node::fund`] and [`Node::deposit`]. What the key has is asked of the node each time, so that a
//! reorganisation needs no bookkeeping.

use bitcoin::absolute::LockTime;
use bitcoin::secp256k1::{Message, PublicKey, Secp256k1, SecretKey};
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::transaction::Version;
use bitcoin::{
    Address, Amount, CompressedPublicKey, Network, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn,
    TxOut, Witness, ecdsa,
};
use serde_json::{Value, json};

use crate::chain::{parsed, unexpected};
use crate::error::NodeError;
use crate::node::Node;

/// The harness's key: not a secret, its coins are worth nothing.
const KEY: [u8; 32] = [0x52; 32];
/// Blocks after which a mined coin can be spent in the next one.
const MATURITY_BLOCKS: u64 = 100;
/// Well above the relay minimum, in satoshis for a virtual byte.
const FEE_RATE: u64 = 5;
/// Virtual bytes of a signed input that spends the key's coin, and of everything that is there once.
const INPUT_VSIZE: u64 = 69;
const FRAME_VSIZE: u64 = 48;
/// So that the change is never dust.
const CHANGE_MIN: u64 = 1_000;
/// More than any payment of the harness costs.
const DOUBLE_SPEND_FEE: u64 = 100_000;

struct Coin {
    outpoint: OutPoint,
    value: u64,
}

impl Node {
    /// The script of the harness's own key, where [`Node::mine`] puts its coins.
    #[must_use]
    pub fn own_script() -> ScriptBuf {
        ScriptBuf::new_p2wpkh(&own_key().wpubkey_hash())
    }

    /// The same as an address.
    #[must_use]
    pub fn own_address() -> Address {
        Address::p2wpkh(&own_key(), Network::Regtest)
    }

    /// Pays a script from the harness's coins, into the mempool; no block is mined.
    ///
    /// # Errors
    /// As [`Node::rpc`]; [`NodeError::NoCoins`] when too little is mature.
    pub fn fund(&self, script: &Script, amount: Amount) -> Result<OutPoint, NodeError> {
        let payment = self.fund_all(&[(script.to_owned(), amount)])?;
        Ok(OutPoint { txid: payment.compute_txid(), vout: 0 })
    }

    /// Pays several scripts with one transaction, in this order, into the mempool; no block is mined.
    ///
    /// # Errors
    /// As [`Node::fund`].
    pub fn fund_all(&self, payments: &[(ScriptBuf, Amount)]) -> Result<Transaction, NodeError> {
        let _one_at_a_time = self.paying.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut outputs: Vec<TxOut> = payments
            .iter()
            .map(|(script, value)| TxOut { value: *value, script_pubkey: script.clone() })
            .collect();
        let wanted = outputs.iter().map(|output| output.value.to_sat()).fold(0, u64::saturating_add);
        let (coins, left) = self.choose(wanted, &outputs)?;
        outputs.push(TxOut { value: Amount::from_sat(left), script_pubkey: Self::own_script() });
        let transaction = signed(&coins, outputs)?;
        self.broadcast(&transaction)?;
        Ok(transaction)
    }

    /// Pays a script and mines one block that confirms it.
    ///
    /// # Errors
    /// As [`Node::fund`].
    pub fn deposit(&self, script: &Script, amount: Amount) -> Result<OutPoint, NodeError> {
        let outpoint = self.fund(script, amount)?;
        self.mine(1)?;
        Ok(outpoint)
    }

    /// A transaction that pays what `payment` spent back to the harness, at several times its fee: a double spend, not sent. `payment` is one
    /// of [`Node::fund_all`]'s and not in a block.
    ///
    /// # Errors
    /// When the node no longer knows what `payment` spends.
    pub fn double_spend(&self, payment: &Transaction) -> Result<Transaction, NodeError> {
        let mut coins = Vec::new();
        for outpoint in payment.input.iter().map(|input| input.previous_output) {
            let found = self.rpc("gettxout", &[json!(outpoint.txid), json!(outpoint.vout), json!(false)])?;
            coins.push(Coin {
                outpoint,
                value: sats(found.get("value")).ok_or_else(|| unexpected("gettxout", &found))?,
            });
        }
        let sum = coins.iter().map(|coin| coin.value).fold(0, u64::saturating_add);
        let value = Amount::from_sat(sum.saturating_sub(DOUBLE_SPEND_FEE));
        signed(&coins, vec![TxOut { value, script_pubkey: Self::own_script() }])
    }

    /// The key's confirmed coins that can be spent now, the largest first; some may be spent in the mempool.
    fn own_coins(&self) -> Result<Vec<Coin>, NodeError> {
        let what = format!("raw({})", Self::own_script().to_hex_string());
        let found = self.rpc("scantxoutset", &[json!("start"), json!([what])])?;
        let tip = found.get("height").and_then(Value::as_u64).unwrap_or_default();
        let list = found.get("unspents").and_then(Value::as_array);
        let list = list.ok_or_else(|| unexpected("scantxoutset", &found))?;
        let mature = list.iter().filter(|item| is_mature(item, tip));
        let mut coins = mature.map(parse_coin).collect::<Result<Vec<_>, _>>()?;
        coins.sort_by_key(|coin| (std::cmp::Reverse(coin.value), coin.outpoint));
        Ok(coins)
    }

    /// As many coins as it takes, and what is left of them after payments and fee.
    fn choose(&self, wanted: u64, outputs: &[TxOut]) -> Result<(Vec<Coin>, u64), NodeError> {
        let paid: u64 = outputs.iter().map(|output| output.size() as u64).sum();
        let mut needed = wanted.saturating_add((paid + FRAME_VSIZE) * FEE_RATE + CHANGE_MIN);
        let (mut chosen, mut sum) = (Vec::new(), 0u64);
        for coin in self.own_coins()? {
            // The scan does not see the mempool, this does.
            let (txid, vout) = (coin.outpoint.txid, coin.outpoint.vout);
            if self.rpc("gettxout", &[json!(txid), json!(vout), json!(true)])?.is_null() {
                continue;
            }
            needed += INPUT_VSIZE * FEE_RATE;
            sum += coin.value;
            chosen.push(coin);
            if sum >= needed {
                // The least change was asked for on top, and is left too.
                return Ok((chosen, sum - needed + CHANGE_MIN));
            }
        }
        Err(NodeError::NoCoins(wanted))
    }
}

fn own_secret() -> SecretKey {
    #[expect(clippy::expect_used, reason = "a constant that is a valid key")]
    SecretKey::from_slice(&KEY).expect("a constant that is a valid key")
}

fn own_key() -> CompressedPublicKey {
    CompressedPublicKey(PublicKey::from_secret_key(&Secp256k1::new(), &own_secret()))
}

fn is_mature(item: &Value, tip: u64) -> bool {
    let mined = item.get("coinbase").and_then(Value::as_bool) != Some(false);
    let height = item.get("height").and_then(Value::as_u64).unwrap_or(u64::MAX);
    !mined || height.saturating_add(MATURITY_BLOCKS) <= tip.saturating_add(1)
}

fn parse_coin(item: &Value) -> Result<Coin, NodeError> {
    let wrong = || unexpected("scantxoutset", item);
    let txid = parsed("scantxoutset", item.get("txid").unwrap_or(item))?;
    let vout = item.get("vout").and_then(Value::as_u64).and_then(|vout| u32::try_from(vout).ok());
    let value = sats(item.get("amount")).ok_or_else(wrong)?;
    Ok(Coin { outpoint: OutPoint { txid, vout: vout.ok_or_else(wrong)? }, value })
}

/// The node says amounts in bitcoin, with eight decimals.
fn sats(amount: Option<&Value>) -> Option<u64> {
    Amount::from_btc(amount?.as_f64()?).ok().map(Amount::to_sat)
}

fn signed(coins: &[Coin], output: Vec<TxOut>) -> Result<Transaction, NodeError> {
    let input = |coin: &Coin| TxIn {
        previous_output: coin.outpoint,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    };
    let input = coins.iter().map(input).collect();
    let mut transaction = Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input, output };
    let (secp, key, script) = (Secp256k1::new(), own_key(), Node::own_script());
    let mut cache = SighashCache::new(&mut transaction);
    for (index, coin) in coins.iter().enumerate() {
        let value = Amount::from_sat(coin.value);
        let hash = cache
            .p2wpkh_signature_hash(index, &script, value, EcdsaSighashType::All)
            .map_err(|error| NodeError::Unexpected("sign".to_owned(), error.to_string()))?;
        let signature =
            ecdsa::Signature::sighash_all(secp.sign_ecdsa_low_r(&Message::from(hash), &own_secret()));
        if let Some(witness) = cache.witness_mut(index) {
            *witness = Witness::p2wpkh(&signature, &key.0);
        }
    }
    Ok(transaction)
}
