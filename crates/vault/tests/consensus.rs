//! What the scripts themselves enforce, by Bitcoin Core's code, with witnesses made by hand: nothing of this crate but the addresses (G1, G10).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use vault::bitcoin::bip32::{DerivationPath, Xpriv};
use vault::bitcoin::hashes::{Hash, sha256};
use vault::bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use vault::bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use vault::bitcoin::transaction::Version;
use vault::bitcoin::{
    Amount, Network, OutPoint, ScriptBuf, Sequence, TapLeafHash, Transaction, TxIn, TxOut, Witness,
};
use vault::{Branch, DerivedScript, Position, ScriptKind, VaultDescriptor, check_consensus};
use world::{AFTER_BLOCKS, COIN, KINDS, funding, payee, spec};

const NO_LOCK: Sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;

/// The private key that a person has at `step/3`, derived by rust-bitcoin from the seed.
fn pair(name: &str, step: u32) -> Keypair {
    let secp = Secp256k1::new();
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    let path: DerivationPath = format!("m/48h/1h/0h/2h/{step}/3").parse().unwrap();
    Xpriv::new_master(Network::Regtest, &seed).unwrap().derive_priv(&secp, &path).unwrap().to_keypair(&secp)
}

struct Attempt {
    transaction: Transaction,
    spent: TxOut,
    script: DerivedScript,
    descriptor: VaultDescriptor,
}

/// One input of the vault, at receiving address 3, and one payment.
fn attempt(kind: ScriptKind, sequence: Sequence, version: Version) -> Attempt {
    let descriptor = spec(kind).descriptor().unwrap();
    let script = descriptor.derive(Position { branch: Branch::Receive, index: 3 }).unwrap();
    let previous = funding(1, &[script.script_pubkey().clone()], COIN);
    let previous_output = OutPoint { txid: previous.compute_txid(), vout: 0 };
    let mut transaction = funding(0, &[payee()], COIN - 1000);
    transaction.version = version;
    transaction.input =
        vec![TxIn { previous_output, script_sig: ScriptBuf::new(), sequence, witness: Witness::new() }];
    transaction.output[0].value = Amount::from_sat(COIN - 1000);
    Attempt { transaction, spent: previous.output[0].clone(), script, descriptor }
}

impl Attempt {
    fn wsh_script(&self) -> ScriptBuf {
        let secp = Secp256k1::verification_only();
        let parsed: miniscript::Descriptor<miniscript::DescriptorPublicKey> =
            self.descriptor.text().parse().unwrap();
        let receive = parsed.into_single_descriptors().unwrap().remove(0);
        receive.derived_descriptor(&secp, 3).unwrap().explicit_script().unwrap()
    }

    /// Script and control block of the spending (0) or the recovery leaf (1).
    fn leaf(&self, which: usize) -> (ScriptBuf, Vec<u8>, TapLeafHash) {
        let secp = Secp256k1::verification_only();
        let parsed: miniscript::Descriptor<miniscript::DescriptorPublicKey> =
            self.descriptor.text().parse().unwrap();
        let receive =
            parsed.into_single_descriptors().unwrap().remove(0).derived_descriptor(&secp, 3).unwrap();
        let miniscript::Descriptor::Tr(tr) = receive else { panic!("not taproot") };
        let info = tr.spend_info();
        let leaf = info.leaves().nth(which).unwrap();
        (leaf.script().to_owned(), leaf.control_block().serialize(), leaf.leaf_hash())
    }

    fn ecdsa(&self, name: &str, step: u32) -> Vec<u8> {
        let hash = SighashCache::new(&self.transaction)
            .p2wsh_signature_hash(0, &self.wsh_script(), self.spent.value, EcdsaSighashType::All)
            .unwrap();
        let message = Message::from_digest(hash.to_byte_array());
        let signature = Secp256k1::new().sign_ecdsa(&message, &pair(name, step).secret_key());
        let mut bytes = signature.serialize_der().to_vec();
        bytes.push(1);
        bytes
    }

    fn schnorr(&self, name: &str, step: u32, leaf: TapLeafHash) -> Vec<u8> {
        let hash = SighashCache::new(&self.transaction)
            .taproot_script_spend_signature_hash(
                0,
                &Prevouts::All(&[&self.spent]),
                leaf,
                TapSighashType::Default,
            )
            .unwrap();
        let message = Message::from_digest(hash.to_byte_array());
        Secp256k1::new().sign_schnorr_no_aux_rand(&message, &pair(name, step)).serialize().to_vec()
    }

    fn passes(mut self, witness: &[Vec<u8>]) -> bool {
        assert_eq!(&self.spent.script_pubkey, self.script.script_pubkey());
        self.transaction.input[0].witness = Witness::from_slice(witness);
        check_consensus(&self.transaction, &[self.spent]).is_ok()
    }
}

/// Tries the spending path: who signs in the co-signer's place (or nobody), and which members do.
fn spends(kind: ScriptKind, cosigner: Option<&str>, members: [Option<&str>; 3]) -> bool {
    let attempt = attempt(kind, NO_LOCK, Version::TWO);
    match kind {
        ScriptKind::Wsh => {
            let sign = |name| attempt.ecdsa(name, 0);
            // The dummy of CHECKMULTISIG, the members' signatures, the co-signer's on top.
            let mut witness = vec![Vec::new()];
            witness.extend(members.into_iter().flatten().map(sign));
            witness.push(cosigner.map(sign).unwrap_or_default());
            witness.push(attempt.wsh_script().into_bytes());
            attempt.passes(&witness)
        }
        ScriptKind::Tr => {
            let (script, control, hash) = attempt.leaf(0);
            let sign = |name| attempt.schnorr(name, 0, hash);
            // The first key's signature is on top of the stack.
            let mut witness: Vec<Vec<u8>> =
                members.into_iter().rev().map(|name| name.map(sign).unwrap_or_default()).collect();
            witness.push(cosigner.map(sign).unwrap_or_default());
            witness.extend([script.into_bytes(), control]);
            attempt.passes(&witness)
        }
    }
}

/// Tries the recovery path with alice's and bob's recovery keys (or keys at another step).
fn recovers(kind: ScriptKind, sequence: Sequence, version: Version, step: u32) -> bool {
    let attempt = attempt(kind, sequence, version);
    match kind {
        ScriptKind::Wsh => {
            let (alice, bob) = (attempt.ecdsa("alice", step), attempt.ecdsa("bob", step));
            // Nothing in the co-signer's place opens the other branch.
            let witness = [Vec::new(), alice, bob, Vec::new(), attempt.wsh_script().into_bytes()];
            attempt.passes(&witness)
        }
        ScriptKind::Tr => {
            let (script, control, hash) = attempt.leaf(1);
            let (alice, bob) = (attempt.schnorr("alice", step, hash), attempt.schnorr("bob", step, hash));
            let witness = [Vec::new(), bob, alice, script.into_bytes(), control];
            attempt.passes(&witness)
        }
    }
}

#[test]
fn two_members_with_the_cosigner_spend() {
    for kind in KINDS {
        assert!(spends(kind, Some("cosigner"), [Some("alice"), Some("bob"), None]), "{kind:?}");
        assert!(spends(kind, Some("cosigner"), [None, Some("bob"), Some("carol")]), "{kind:?}");
    }
}

#[test]
fn members_without_the_cosigner_do_not_spend() {
    for kind in KINDS {
        let all = [Some("alice"), Some("bob"), Some("carol")];
        for members in [all, [Some("alice"), Some("bob"), None]] {
            assert!(!spends(kind, None, members), "{kind:?} {members:?}");
            assert!(!spends(kind, Some("alice"), members), "{kind:?} {members:?}");
            assert!(!spends(kind, Some("mallory"), members), "{kind:?} {members:?}");
        }
    }
}

#[test]
fn the_cosigner_without_enough_members_does_not_spend() {
    for kind in KINDS {
        assert!(!spends(kind, Some("cosigner"), [Some("alice"), None, None]), "{kind:?}");
        assert!(!spends(kind, Some("cosigner"), [Some("cosigner"), Some("alice"), None]), "{kind:?}");
        assert!(!spends(kind, Some("cosigner"), [Some("alice"), Some("mallory"), None]), "{kind:?}");
    }
}

#[test]
fn recovery_opens_with_its_lock_and_not_before() {
    let blocks = u16::try_from(AFTER_BLOCKS).unwrap();
    for kind in KINDS {
        assert!(recovers(kind, Sequence::from_height(blocks), Version::TWO, 2), "{kind:?}");
        assert!(recovers(kind, Sequence::from_height(blocks + 1), Version::TWO, 2), "{kind:?}");
        assert!(!recovers(kind, Sequence::from_height(blocks - 1), Version::TWO, 2), "{kind:?}");
        assert!(!recovers(kind, NO_LOCK, Version::TWO, 2), "{kind:?}: the sequence of every spend");
        assert!(
            !recovers(kind, Sequence::from_512_second_intervals(blocks), Version::TWO, 2),
            "{kind:?}: time"
        );
        assert!(!recovers(kind, Sequence::from_height(blocks), Version::ONE, 2), "{kind:?}: version 1");
    }
}

#[test]
fn spending_keys_do_not_recover() {
    let blocks = Sequence::from_height(u16::try_from(AFTER_BLOCKS).unwrap());
    for kind in KINDS {
        assert!(!recovers(kind, blocks, Version::TWO, 0), "{kind:?}");
    }
}

#[test]
fn the_taproot_key_path_is_nobodys() {
    for name in ["alice", "cosigner", "mallory"] {
        let attempt = attempt(ScriptKind::Tr, NO_LOCK, Version::TWO);
        let hash = SighashCache::new(&attempt.transaction)
            .taproot_key_spend_signature_hash(0, &Prevouts::All(&[&attempt.spent]), TapSighashType::Default)
            .unwrap();
        let message = Message::from_digest(hash.to_byte_array());
        let signature = Secp256k1::new().sign_schnorr_no_aux_rand(&message, &pair(name, 0));
        assert!(!attempt.passes(&[signature.serialize().to_vec()]), "{name}");
    }
}
