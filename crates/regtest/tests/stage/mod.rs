//! A vault on a real node: members, recovery members and a co-signer with keys in software, and coins that are really there.
#![allow(dead_code, reason = "each test file uses another part of it")]

use std::sync::Arc;

use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::hex::FromHex;
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, Network, OutPoint, Psbt, ScriptBuf, Transaction, TxOut};
use regtest::{Node, Verdict};
use types::{ActorId, Nonce, Output, Payload, Secret, Target, VaultId};
use vault::signing::{AccountKey, sign_member};
use vault::{
    Approved, Branch, Cosigned, Holdings, RecoverySpec, Refusal, ScriptKind, SpendDraft, UnverifiedPsbt,
    VaultSpec, VerifiedSpend, build_psbt, verify,
};

pub const KINDS: [ScriptKind; 2] = [ScriptKind::Wsh, ScriptKind::Tr];
pub const COIN: u64 = 50_000_000;
pub const FEE: u64 = 2_000;
pub const MAX_FEE: u64 = 20_000;
pub const AFTER_BLOCKS: u32 = 9;
/// A regtest address whose key nobody here has.
pub const PAYEE: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

pub struct Stage {
    pub node: Node,
    pub holdings: Holdings,
}

impl Stage {
    /// An empty vault on a node with coins to give away.
    pub fn new(kind: ScriptKind) -> Self {
        let descriptor = Arc::new(spec(kind).descriptor().unwrap());
        Self { node: Node::funded().unwrap(), holdings: Holdings::new(descriptor).unwrap() }
    }

    /// A vault with this many coins, in one block.
    pub fn with_coins(kind: ScriptKind, coins: u32) -> Self {
        let mut stage = Self::new(kind);
        let scripts = (0..coins).map(|index| (stage.script(Branch::Receive, index), Amount::from_sat(COIN)));
        stage.node.fund_all(&scripts.collect::<Vec<_>>()).unwrap();
        stage.mine(1);
        assert_eq!(stage.outpoints().len(), usize::try_from(coins).unwrap());
        stage
    }

    pub fn script(&self, branch: Branch, index: u32) -> ScriptBuf {
        self.holdings.descriptor().script_pubkey(branch, index).unwrap()
    }

    /// Mines and follows the chain.
    pub fn mine(&mut self, blocks: u32) {
        self.node.mine(blocks).unwrap();
        self.follow();
    }

    /// Reads the whole best chain again, as whoever follows it does after a reorganisation.
    pub fn follow(&mut self) {
        let height = self.node.height().unwrap();
        let mut holdings = Holdings::new(self.holdings.descriptor().clone()).unwrap();
        for each in 1..=height {
            let block = self.node.block(self.node.block_at(each).unwrap()).unwrap();
            block.txdata.iter().for_each(|transaction| holdings.confirm(transaction).unwrap());
        }
        holdings.set_height(height);
        self.holdings = holdings;
    }

    pub fn outpoints(&self) -> Vec<OutPoint> {
        self.holdings.coins().map(vault::Coin::outpoint).collect()
    }

    /// Unsigned: spends these coins, pays the payee, the rest comes back.
    pub fn psbt(&self, inputs: &[OutPoint], payment: u64, fee: u64) -> Psbt {
        let draft = SpendDraft {
            inputs: inputs.to_vec(),
            outputs: vec![TxOut { value: Amount::from_sat(payment), script_pubkey: payee() }],
            fee: Amount::from_sat(fee),
            change: self.holdings.unused(Branch::Change),
            lock_height: self.holdings.height(),
        };
        build_psbt(&self.holdings, &draft).unwrap()
    }

    pub fn signed(&self, mut psbt: Psbt, members: &[&str]) -> Psbt {
        for member in members {
            sign_member(&mut psbt, &self.holdings, &key(member)).unwrap();
        }
        psbt
    }

    pub fn verify(&self, psbt: Psbt, payment: u64) -> Result<VerifiedSpend, Refusal> {
        verify(UnverifiedPsbt::from(psbt), &self.holdings, &approved(payment))
    }

    /// The whole honest way: built, signed by alice and bob, verified, co-signed, finished.
    pub fn spend(&self, inputs: &[OutPoint], payment: u64, fee: u64) -> Transaction {
        let psbt = self.signed(self.psbt(inputs, payment, fee), &["alice", "bob"]);
        let spend = self.verify(psbt, payment).unwrap();
        cosign(&spend, "cosigner").finish().unwrap().transaction().clone()
    }

    pub fn outputs_of(&self, transaction: &Transaction) -> Vec<TxOut> {
        let coin = |outpoint| self.holdings.coin(outpoint).unwrap().output().clone();
        transaction.input.iter().map(|input| coin(&input.previous_output)).collect()
    }

    /// The mempool refuses it for this reason, and so does a block.
    pub fn refused_everywhere(&self, transaction: &Transaction, why: &str) {
        let Verdict::Refused(words) = self.node.test(transaction).unwrap() else {
            panic!("the mempool takes it")
        };
        assert!(words.contains(why), "{words}");
        let mined = self.node.mine_exactly(std::slice::from_ref(transaction));
        assert!(mined.is_err(), "the mempool said {words}, a block took it");
    }
}

pub fn seed(name: &str) -> [u8; 32] {
    sha256::Hash::hash(name.as_bytes()).to_byte_array()
}

pub fn key(name: &str) -> AccountKey {
    AccountKey::from_seed(Network::Regtest, &Secret::new(seed(name))).unwrap()
}

/// The private account key as text, derived by rust-bitcoin alone, and the public one that descriptors have in its place.
pub fn private_and_public(name: &str) -> (Xpriv, Xpub) {
    let secp = Secp256k1::new();
    let path: DerivationPath = "m/48h/1h/0h/2h".parse().unwrap();
    let account =
        Xpriv::new_master(Network::Regtest, &seed(name)).unwrap().derive_priv(&secp, &path).unwrap();
    (account, Xpub::from_priv(&secp, &account))
}

/// Two of alice, bob and carol, always with the co-signer; two of alice, bob and dave after the lock.
pub fn spec(script: ScriptKind) -> VaultSpec {
    let text = |name: &str| key(name).public().to_string();
    VaultSpec {
        id: VaultId::parse("treasury").unwrap(),
        network: Network::Regtest,
        script,
        at_least: 2,
        members: ["alice", "bob", "carol"].map(text).to_vec(),
        recovery: RecoverySpec {
            at_least: 2,
            members: ["alice", "bob", "dave"].map(text).to_vec(),
            after_blocks: AFTER_BLOCKS,
        },
        cosigner: text("cosigner"),
    }
}

pub fn cosign(spend: &VerifiedSpend, name: &str) -> Cosigned {
    let key = key(name);
    let signer = key.signer().unwrap();
    let requests = spend.signing_requests();
    let signatures = requests.iter().map(|request| signer.sign(request).unwrap()).collect();
    Cosigned::new(spend, signatures).unwrap()
}

pub fn payee() -> ScriptBuf {
    ScriptBuf::from_bytes(Vec::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap())
}

/// What people approved: this payment to the payee, for at most [`MAX_FEE`].
pub fn approved(payment: u64) -> Approved {
    approved_to(PAYEE, payment, MAX_FEE)
}

pub fn approved_to(address: &str, payment: u64, max_fee: u64) -> Approved {
    let outputs = vec![Output { target: Target::Address(address.into()), amount: btc(payment) }];
    Approved::from_payload(&payload(outputs, max_fee, false), Network::Regtest, |_| None).unwrap()
}

/// That the vault renews its outputs, into as many of these values.
pub fn approved_refresh(holdings: &Holdings, values: &[Amount], max_fee: Amount) -> Approved {
    let itself = || Target::Vault(VaultId::parse("treasury").unwrap());
    let outputs = values.iter().map(|value| Output { target: itself(), amount: btc(value.to_sat()) });
    let payload = payload(outputs.collect(), max_fee.to_sat(), true);
    let scripts = || holdings.scripts().cloned().collect();
    Approved::from_payload(&payload, Network::Regtest, |_| Some(scripts())).unwrap()
}

fn btc(sats: u64) -> types::Amount {
    types::Amount::new(types::Currency::parse("BTC").unwrap(), u128::from(sats))
}

fn payload(outputs: Vec<Output>, max_fee: u64, refresh: bool) -> Payload {
    Payload {
        vault: VaultId::parse("treasury").unwrap(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([7; 16]),
        outputs,
        max_fee: btc(max_fee),
        memo: String::new(),
        reference: String::new(),
        refresh,
    }
}
