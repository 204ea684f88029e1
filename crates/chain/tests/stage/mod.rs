//! A node, wallets of vaults on it, and a wallet whose coins the test can spend by itself.
#![allow(dead_code, reason = "each test file uses another part of it")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::{ChildNumber, DerivationPath, Xpriv, Xpub};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::secp256k1::{Message, Secp256k1};
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::transaction::Version;
use bitcoin::{
    Address, Amount, CompressedPublicKey, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut,
    Witness, ecdsa,
};
use chain::{Auth, ChainError, CoreRpc, Source, SyncLimits, Synced, Wallet, WalletCoin};
use regtest::Node;
use vault::{Branch, Position};

pub const NETWORK: Network = Network::Regtest;
pub const COIN: Amount = Amount::from_sat(1_000_000);

fn account() -> Xpriv {
    let seed = sha256::Hash::hash(b"a wallet that tests spend from").to_byte_array();
    let path: DerivationPath = "m/84h/1h/0h".parse().unwrap();
    Xpriv::new_master(NETWORK, &seed).unwrap().derive_priv(&Secp256k1::new(), &path).unwrap()
}

/// One key, so that the test can spend; for the wallet it is a descriptor like any other.
pub fn spendable() -> String {
    let public = Xpub::from_priv(&Secp256k1::new(), &account());
    format!("wpkh({public}/<0;1>/*)")
}

pub fn empty_wallet() -> Wallet {
    Wallet::create(NETWORK, &spendable()).unwrap()
}

pub fn core(node: &Node) -> CoreRpc {
    CoreRpc::new(&node.url(), Auth::Cookie(node.cookie_file()), 0).unwrap()
}

/// A later second at each call.
pub fn now() -> u64 {
    static SECONDS: AtomicU64 = AtomicU64::new(1_800_000_000);
    SECONDS.fetch_add(1, Ordering::Relaxed)
}

pub fn sync(source: &dyn Source, wallet: &mut Wallet) {
    assert_eq!(source.sync(wallet, SyncLimits::at(now())).unwrap(), Synced::Complete);
}

/// Indexes follow the node by looking every now and then: asks again until it is so.
pub fn eventually(source: &dyn Source, wallet: &mut Wallet, is_so: impl Fn(&Wallet) -> bool) {
    for _ in 0..600 {
        let synced = source.sync(wallet, SyncLimits::at(now()));
        match synced {
            Ok(_) if is_so(wallet) => return,
            Ok(_) | Err(ChainError::Unreachable { .. } | ChainError::Refused { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never came to be: {wallet:?} {:?} {:?}", wallet.balance(), wallet.transactions());
}

pub fn reveal(wallet: &mut Wallet) -> ScriptBuf {
    wallet.reveal(Branch::Receive).unwrap().1.script_pubkey()
}

/// A deposit of [`COIN`] in a block of its own.
pub fn deposit(node: &Node, wallet: &mut Wallet) -> OutPoint {
    node.deposit(&reveal(wallet), COIN).unwrap()
}

pub fn coin(wallet: &Wallet, outpoint: OutPoint) -> WalletCoin {
    wallet.coins(0).into_iter().find(|coin| coin.outpoint == outpoint).expect("the coin is there")
}

/// Spends coins of the spendable wallet to one output: signed, not sent.
pub fn spend(coins: &[WalletCoin], to: ScriptBuf, fee: u64) -> Transaction {
    let sum: Amount = coins.iter().map(|coin| coin.value).sum();
    let input = coins.iter().map(|coin| TxIn {
        previous_output: coin.outpoint,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::new(),
    });
    let output = vec![TxOut { value: sum - Amount::from_sat(fee), script_pubkey: to }];
    let mut transaction =
        Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input: input.collect(), output };
    let secp = Secp256k1::new();
    let mut signatures = Vec::new();
    let mut cache = SighashCache::new(&transaction);
    for (index, coin) in coins.iter().enumerate() {
        let Position { branch, index: address } = coin.position;
        let path = [branch.spending_step(), address].map(|index| ChildNumber::Normal { index });
        let key = account().derive_priv(&secp, &path).unwrap().private_key;
        let (script, value) = (&coin.script_pubkey, coin.value);
        let hash = cache.p2wpkh_signature_hash(index, script, value, EcdsaSighashType::All).unwrap();
        let signature = ecdsa::Signature::sighash_all(secp.sign_ecdsa_low_r(&Message::from(hash), &key));
        signatures.push(Witness::p2wpkh(&signature, &key.public_key(&secp)));
    }
    for (input, witness) in transaction.input.iter_mut().zip(signatures) {
        input.witness = witness;
    }
    transaction
}

/// An address of nobody's.
pub fn elsewhere(number: u8) -> ScriptBuf {
    let secp = Secp256k1::new();
    let key = bitcoin::secp256k1::SecretKey::from_slice(&[number; 32]).unwrap();
    let public = CompressedPublicKey(key.public_key(&secp));
    Address::p2wpkh(&public, NETWORK).script_pubkey()
}

/// Everything that can be asked of a wallet, to compare two.
pub fn all_of(wallet: &Wallet) -> String {
    let revealed = Branch::ALL.map(|branch| wallet.revealed(branch));
    let mut coins = wallet.coins(0);
    coins.sort_by_key(|coin| coin.outpoint);
    format!(
        "{:?}\n{:?}\n{:?}\n{revealed:?}\n{coins:?}",
        wallet.tip(),
        wallet.balance(),
        wallet.transactions()
    )
}
