//! A member's key in software: what it is shown before it signs, what it refuses to sign, and that its file is its own kind (G1, G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::{Xpriv, Xpub};
use bitcoin::psbt::Psbt;
use bitcoin::secp256k1::Secp256k1;
use bitcoin::sighash::EcdsaSighashType;
use bitcoin::transaction::Version;
use bitcoin::{Amount, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use signer::{FileSigner, KdfCost, KeyFileError, MemberKey, ReviewError, Reviewed, Signer};
use tempfile::TempDir;
use types::{ActorId, Currency, Nonce, Output, Payload, Secret, Target, VaultId};
use vault::{
    Approved, Branch, Holdings, RecoverySpec, ScriptKind, SpendDraft, VaultDescriptor, VaultSpec, build_psbt,
    verify,
};

const PAYEE: &str = "0014751e76e8199196d454941c45d1b3a323f1433bd6";

struct Scene {
    _folder: TempDir,
    members: Vec<MemberKey>,
    holdings: Holdings,
}

fn words() -> Secret<String> {
    Secret::new("four words of mine".to_owned())
}

fn member(folder: &TempDir, name: &str, entropy: u8) -> MemberKey {
    let (path, entropy) = (folder.path().join(name), Secret::new([entropy; 32]));
    MemberKey::create(&path, Network::Regtest, &entropy, &words(), KdfCost::LEAST).unwrap()
}

impl Scene {
    fn new(script: ScriptKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let members = vec![member(&folder, "alice", 1), member(&folder, "bob", 2)];
        let texts: Vec<String> = members.iter().map(|member| member.public().to_string()).collect();
        let path = folder.path().join("cosigner");
        let entropy = Secret::new([3; 32]);
        let cosigner =
            FileSigner::create(&path, Network::Regtest, &entropy, &words(), KdfCost::LEAST).unwrap();
        let spec = VaultSpec {
            id: VaultId::parse("treasury").unwrap(),
            network: Network::Regtest,
            script,
            at_least: 2,
            members: texts.clone(),
            recovery: RecoverySpec { at_least: 2, members: texts, after_blocks: 144 },
            cosigner: cosigner.public_key(),
        };
        let mut holdings = Holdings::new(Arc::new(spec.descriptor().unwrap())).unwrap();
        for index in 0..2 {
            let script_pubkey = holdings.descriptor().script_pubkey(Branch::Receive, index).unwrap();
            holdings.confirm(&deposit(u8::try_from(index).unwrap(), script_pubkey)).unwrap();
        }
        Self { _folder: folder, members, holdings }
    }

    fn descriptor(&self) -> &VaultDescriptor {
        self.holdings.descriptor()
    }

    fn psbt(&self) -> Psbt {
        let payee = ScriptBuf::from_hex(PAYEE).unwrap();
        let draft = SpendDraft {
            inputs: self.holdings.coins().map(vault::Coin::outpoint).collect(),
            outputs: vec![TxOut { value: Amount::from_sat(150_000), script_pubkey: payee }],
            fee: Amount::from_sat(1_000),
            change: self.holdings.unused(Branch::Change),
            lock_height: 0,
        };
        build_psbt(&self.holdings, &draft).unwrap()
    }

    fn review(&self, psbt: Psbt) -> Result<Reviewed, ReviewError> {
        Reviewed::new(psbt, self.descriptor(), self.members[0].public())
    }

    fn refusal(&self, change: impl FnOnce(&mut Psbt)) -> ReviewError {
        let mut psbt = self.psbt();
        change(&mut psbt);
        self.review(psbt).unwrap_err()
    }
}

fn deposit(number: u8, script_pubkey: ScriptBuf) -> Transaction {
    let previous_output = OutPoint { vout: u32::from(number), ..OutPoint::null() };
    let (script_sig, sequence, witness) = (ScriptBuf::new(), Sequence::MAX, Witness::new());
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn { previous_output, script_sig, sequence, witness }],
        output: vec![TxOut { value: Amount::from_sat(100_000), script_pubkey }],
    }
}

fn approved() -> Approved {
    let btc = |sats| types::Amount::new(Currency::parse("BTC").unwrap(), sats);
    let target = Target::Address("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".into());
    let payload = Payload {
        vault: VaultId::parse("treasury").unwrap(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([1; 16]),
        outputs: vec![Output { target, amount: btc(150_000) }],
        max_fee: btc(1_000),
        memo: String::new(),
        reference: String::new(),
        refresh: false,
    };
    Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap()
}

#[test]
fn what_is_shown_is_what_is_signed_and_the_server_takes_it() {
    for script in [ScriptKind::Wsh, ScriptKind::Tr] {
        let scene = Scene::new(script);
        let reviewed = scene.review(scene.psbt()).unwrap();
        let review = reviewed.review();
        assert_eq!((review.inputs, review.spent.to_sat(), review.fee.to_sat()), (2, 200_000, 1_000));
        assert_eq!(review.outflow().to_sat(), 151_000);
        assert_eq!(review.outputs[0].to, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080");
        assert_eq!((review.outputs[0].amount.to_sat(), review.outputs[0].own), (150_000, None));
        assert_eq!(review.outputs[1].own, Some(scene.holdings.unused(Branch::Change)));
        let once = reviewed.sign(&scene.members[0]).unwrap();
        assert!(!verify(once.clone().into(), &scene.holdings, &approved()).unwrap().is_complete());
        let second = &scene.members[1];
        let twice = Reviewed::new(once, scene.descriptor(), second.public()).unwrap().sign(second).unwrap();
        let spend = verify(twice.into(), &scene.holdings, &approved()).unwrap();
        assert!(spend.is_complete());
        assert_eq!(spend.signed_by(), [0, 1]);
    }
}

#[test]
fn an_amount_is_not_believed() {
    let scene = Scene::new(ScriptKind::Wsh);
    let none = scene.refusal(|psbt| psbt.inputs[1].non_witness_utxo = None);
    assert_eq!(none, ReviewError::Unproven(1));
    let other = scene.refusal(|psbt| {
        let previous = psbt.inputs[1].non_witness_utxo.as_mut().unwrap();
        previous.output[0].value = Amount::from_sat(100_001);
    });
    assert_eq!(other, ReviewError::Contradiction(1));
    let witness = scene.refusal(|psbt| {
        psbt.inputs[0].witness_utxo.as_mut().unwrap().value = Amount::from_sat(90_000);
    });
    assert_eq!(witness, ReviewError::Contradiction(0));
    assert_eq!(scene.refusal(|psbt| psbt.inputs.swap(0, 1)), ReviewError::Contradiction(0));
    let scene = Scene::new(ScriptKind::Tr);
    assert_eq!(scene.refusal(|psbt| psbt.inputs[0].witness_utxo = None), ReviewError::Unproven(0));
}

#[test]
fn a_script_is_not_believed() {
    for script in [ScriptKind::Wsh, ScriptKind::Tr] {
        let scene = Scene::new(script);
        let moved = scene.refusal(|psbt| {
            let (first, second) = (psbt.inputs[0].clone(), &mut psbt.inputs[1]);
            second.bip32_derivation = first.bip32_derivation;
            second.tap_key_origins = first.tap_key_origins;
        });
        assert_eq!(moved, ReviewError::OtherScript(1));
        let unnamed = scene.refusal(|psbt| {
            psbt.inputs[1].bip32_derivation.clear();
            psbt.inputs[1].tap_key_origins.clear();
        });
        assert_eq!(unnamed, ReviewError::Unnamed(1));
        let without = scene.refusal(|psbt| {
            psbt.inputs[0].witness_script = None;
            psbt.inputs[0].tap_scripts.clear();
        });
        assert_eq!(without, ReviewError::OtherScript(0));
    }
}

/// Only the recovery leaf is offered: the member does not sign a spend without the co-signer by accident.
#[test]
fn the_recovery_leaf_is_not_signed() {
    let scene = Scene::new(ScriptKind::Tr);
    let refused = scene.refusal(|psbt| {
        let input = &mut psbt.inputs[0];
        let cosigner =
            scene.holdings.coins().next().unwrap().script().cosigner().unwrap().x_only().serialize();
        input.tap_scripts.retain(|_, (leaf, _)| !leaf.as_bytes().windows(32).any(|bytes| bytes == cosigner));
        assert_eq!(input.tap_scripts.len(), 1);
    });
    assert_eq!(refused, ReviewError::OtherScript(0));
}

/// A leaf with the co-signer's key that the output does not commit to.
#[test]
fn a_leaf_that_is_not_in_the_output_is_not_signed() {
    let scene = Scene::new(ScriptKind::Tr);
    let refused = scene.refusal(|psbt| {
        for (leaf, _) in psbt.inputs[0].tap_scripts.values_mut() {
            let mut bytes = leaf.to_bytes();
            bytes.push(bitcoin::opcodes::all::OP_NOP.to_u8());
            *leaf = ScriptBuf::from_bytes(bytes);
        }
    });
    assert_eq!(refused, ReviewError::OtherScript(0));
}

#[test]
fn change_that_is_not_ours_is_shown_as_a_payment() {
    for script in [ScriptKind::Wsh, ScriptKind::Tr] {
        let scene = Scene::new(script);
        let mut psbt = scene.psbt();
        psbt.unsigned_tx.output[1].script_pubkey = ScriptBuf::from_hex(PAYEE).unwrap();
        let reviewed = scene.review(psbt).unwrap();
        assert_eq!(reviewed.review().outputs[1].own, None);
        assert_eq!(reviewed.review().outflow().to_sat(), 200_000);
    }
}

#[test]
fn the_rest_is_refused_by_name() {
    let scene = Scene::new(ScriptKind::Wsh);
    let open = scene.refusal(|psbt| psbt.inputs[0].sighash_type = Some(EcdsaSighashType::None.into()));
    assert_eq!(open, ReviewError::Sighash(0));
    let over = scene.refusal(|psbt| psbt.unsigned_tx.output[0].value = Amount::from_sat(250_000));
    assert_eq!(over, ReviewError::Overspent);
    let twice = scene.refusal(|psbt| {
        psbt.unsigned_tx.input[1] = psbt.unsigned_tx.input[0].clone();
    });
    assert_eq!(twice, ReviewError::Repeated(1));
    let nothing = scene.refusal(|psbt| {
        psbt.unsigned_tx.input.clear();
        psbt.inputs.clear();
    });
    assert_eq!(nothing, ReviewError::NoInputs);
    let folder = tempfile::tempdir().unwrap();
    let stranger = member(&folder, "eve", 9);
    let refused = Reviewed::new(scene.psbt(), scene.descriptor(), stranger.public()).unwrap_err();
    assert!(matches!(refused, ReviewError::NotAMember(_)));
    let other = scene.review(scene.psbt()).unwrap().sign(&scene.members[1]).unwrap_err();
    assert!(other.to_string().contains("not the one"), "{other}");
}

#[test]
fn the_revealed_key_is_the_account_with_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let alice = member(&folder, "alice", 1);
    let text = alice.reveal().unwrap();
    let (origin, private) = text.reveal().split_once(']').unwrap();
    let public = alice.public().to_string();
    assert!(public.starts_with(&format!("{origin}]")), "{origin}");
    let private = Xpriv::from_str(private).unwrap();
    assert_eq!(Xpub::from_priv(&Secp256k1::new(), &private), *alice.public().xpub());
}

#[test]
fn a_members_file_is_not_a_cosigners() {
    let folder = tempfile::tempdir().unwrap();
    drop(member(&folder, "alice", 1));
    let path = folder.path().join("alice");
    assert!(matches!(FileSigner::open(&path, &words()), Err(KeyFileError::Format(..))));
    let other = folder.path().join("cosigner");
    let entropy = Secret::new([1; 32]);
    let cosigner = FileSigner::create(&other, Network::Regtest, &entropy, &words(), KdfCost::LEAST).unwrap();
    assert_ne!(cosigner.public_key(), MemberKey::open(&path, &words()).unwrap().public().to_string());
    drop(cosigner);
    assert!(matches!(MemberKey::open(&other, &words()), Err(KeyFileError::Format(..))));
}

fn cosigner_file(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("cosigner");
    let entropy = Secret::new([1; 32]);
    drop(FileSigner::create(&path, Network::Regtest, &entropy, &words(), KdfCost::LEAST).unwrap());
    path
}

#[test]
fn an_open_key_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = cosigner_file(&folder);
    let first = FileSigner::open(&path, &words()).unwrap();
    let second = FileSigner::open(&path, &words()).err().unwrap();
    assert!(matches!(second, KeyFileError::InUse(_)), "{second}");
    assert!(second.to_string().contains("stop the other one first"));
    drop(first);
    FileSigner::open(&path, &words()).unwrap();
}

/// A process that ends with the test, however the test ends.
struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Another process holds the key; it is killed, and the key is free again.
#[test]
fn a_crash_frees_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = cosigner_file(&folder);
    let mut other = Other(
        Command::new("flock")
            .args(["--no-fork", "--exclusive"])
            .arg(&path)
            .args(["sleep", "600"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program `flock` is missing: install util-linux"),
    );
    let taken = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        matches!(FileSigner::open(&path, &words()), Err(KeyFileError::InUse(_)))
    });
    assert!(taken, "the other process never got the lock");
    other.0.kill().unwrap();
    other.0.wait().unwrap();
    FileSigner::open(&path, &words()).unwrap();
}
