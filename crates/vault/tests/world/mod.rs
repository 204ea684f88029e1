//! A small world for tests: a vault with members, recovery members and a co-signer, all with keys in software, and coins in it.
#![allow(dead_code, reason = "each test file uses another part of it")]

use std::collections::BTreeSet;
use std::sync::Arc;

use types::{ActorId, Nonce, Output, Payload, Secret, Target, VaultId};
use vault::bitcoin::absolute::LockTime;
use vault::bitcoin::hashes::{Hash, sha256};
use vault::bitcoin::transaction::Version;
use vault::bitcoin::{
    Amount, Network, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness,
};
use vault::signing::{AccountKey, sign_member};
use vault::{
    Approved, Branch, Cosigned, Holdings, Position, RecoverySpec, Refusal, ScriptKind, SpendDraft,
    UnverifiedPsbt, VaultSpec, VerifiedSpend, build_psbt, verify,
};

pub const KINDS: [ScriptKind; 2] = [ScriptKind::Wsh, ScriptKind::Tr];
pub const COIN: u64 = 50_000_000;
pub const HEIGHT: u32 = 900;
pub const FEE: u64 = 2_000;
pub const MAX_FEE: u64 = 5_000;
pub const PAYMENT: u64 = 60_000_000;
pub const AFTER_BLOCKS: u32 = 144;
/// A regtest address whose key nobody here has.
pub const PAYEE: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

pub fn key(name: &str) -> AccountKey {
    key_on(Network::Regtest, name)
}

pub fn key_on(network: Network, name: &str) -> AccountKey {
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    AccountKey::from_seed(network, &Secret::new(seed)).unwrap()
}

pub fn text(name: &str) -> String {
    key(name).public().to_string()
}

/// Two of alice, bob and carol, always with the co-signer; two of alice, bob and dave after 144 blocks.
pub fn spec(script: ScriptKind) -> VaultSpec {
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

/// A transaction out of nowhere that pays these scripts.
pub fn funding(nonce: u8, scripts: &[ScriptBuf], value: u64) -> Transaction {
    let previous_output = OutPoint { txid: Txid::from_byte_array([nonce; 32]), vout: 0 };
    let output = |script: &ScriptBuf| TxOut { value: Amount::from_sat(value), script_pubkey: script.clone() };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: scripts.iter().map(output).collect(),
    }
}

pub struct World {
    pub holdings: Holdings,
    pub approved: Approved,
    pub payload: Payload,
}

impl World {
    /// A vault with two coins on receiving addresses 0 and 1, and one on change address 0.
    pub fn new(kind: ScriptKind) -> Self {
        let descriptor = Arc::new(spec(kind).descriptor().unwrap());
        let mut holdings = Holdings::new(descriptor.clone()).unwrap();
        let at = |branch, index| descriptor.script_pubkey(branch, index).unwrap();
        let stranger = ScriptBuf::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap();
        holdings.confirm(&funding(1, &[at(Branch::Receive, 0), stranger], COIN)).unwrap();
        holdings.confirm(&funding(2, &[at(Branch::Receive, 1), at(Branch::Change, 0)], COIN)).unwrap();
        holdings.set_height(HEIGHT);
        let payload = payload(&[(Target::Address(PAYEE.into()), PAYMENT)]);
        let approved = Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap();
        Self { holdings, approved, payload }
    }

    pub fn outpoints(&self) -> Vec<OutPoint> {
        self.holdings.coins().map(vault::Coin::outpoint).collect()
    }

    pub fn draft(&self) -> SpendDraft {
        SpendDraft {
            inputs: self.outpoints().into_iter().take(2).collect(),
            outputs: vec![TxOut { value: Amount::from_sat(PAYMENT), script_pubkey: payee() }],
            fee: Amount::from_sat(FEE),
            change: self.holdings.unused(Branch::Change),
            lock_height: 0,
        }
    }

    /// Unsigned, honest.
    pub fn psbt(&self) -> Psbt {
        build_psbt(&self.holdings, &self.draft()).unwrap()
    }

    /// Honest and signed by these members.
    pub fn signed(&self, members: &[&str]) -> Psbt {
        let mut psbt = self.psbt();
        for member in members {
            sign_member(&mut psbt, &self.holdings, &key(member)).unwrap();
        }
        psbt
    }

    pub fn verify(&self, psbt: Psbt) -> Result<VerifiedSpend, Refusal> {
        verify(UnverifiedPsbt::from(psbt), &self.holdings, &self.approved)
    }

    pub fn change_at(&self, index: u32) -> ScriptBuf {
        self.holdings.descriptor().script_pubkey(Branch::Change, index).unwrap()
    }

    /// What a PSBT says of an output at a change address.
    pub fn dressed_as(&self, change: Position) -> vault::bitcoin::psbt::Output {
        let mut draft = self.draft();
        draft.change = change;
        build_psbt(&self.holdings, &draft).unwrap().outputs.remove(1)
    }

    pub fn position(&self, branch: Branch, index: u32) -> Position {
        Position { branch, index }
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
    ScriptBuf::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap()
}

pub fn btc(sats: u64) -> types::Amount {
    types::Amount::new(types::Currency::parse("BTC").unwrap(), u128::from(sats))
}

pub fn payload(outputs: &[(Target, u64)]) -> Payload {
    let output = |(target, sats): &(Target, u64)| Output { target: target.clone(), amount: btc(*sats) };
    Payload {
        vault: VaultId::parse("treasury").unwrap(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([7; 16]),
        outputs: outputs.iter().map(output).collect(),
        max_fee: btc(MAX_FEE),
        memo: String::new(),
        reference: String::new(),
        refresh: false,
    }
}

pub fn scripts(holdings: &Holdings) -> BTreeSet<ScriptBuf> {
    holdings.scripts().cloned().collect()
}
