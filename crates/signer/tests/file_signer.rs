//! The key file against tampering, truncation, wrong passphrases and open permissions; the signer against spends that are not its own (G1).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::{Hash, sha256};
use bitcoin::transaction::Version;
use bitcoin::{Amount, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use signer::{
    FileSigner, KdfCost, KeyFileError, Signer, SignerError, passphrase_from_file, passphrase_place,
};
use tempfile::TempDir;
use types::{ActorId, Currency, Nonce, Output, Payload, Secret, Target, VaultId};
use vault::signing::{AccountKey, sign_member};
use vault::{
    Approved, Branch, Holdings, RecoverySpec, ScriptKind, SpendDraft, VaultSpec, VerifiedSpend, build_psbt,
    verify,
};

const PASSPHRASE: &str = "four words of mine";

struct Fixture {
    folder: TempDir,
    path: PathBuf,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cosigner.key");
        Self { folder, path }
    }

    fn create(&self, entropy: u8) -> Result<FileSigner, KeyFileError> {
        let entropy = Secret::new([entropy; 32]);
        FileSigner::create(&self.path, Network::Regtest, &entropy, &passphrase(PASSPHRASE), KdfCost::LEAST)
    }

    fn open(&self) -> Result<FileSigner, KeyFileError> {
        FileSigner::open(&self.path, &passphrase(PASSPHRASE))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    fn write(&self, text: &str) {
        fs::write(&self.path, text).unwrap();
    }

    fn file(&self, name: &str, content: &[u8], mode: u32) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn passphrase(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// Without the key in it: a signer cannot be printed.
fn error(result: Result<FileSigner, KeyFileError>) -> KeyFileError {
    match result {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error,
    }
}

#[test]
fn a_key_file_opens_to_the_same_key() {
    let fixture = Fixture::new();
    let created = fixture.create(1).unwrap().public_key();
    assert_eq!(created, fixture.open().unwrap().public_key());
    assert_eq!(created, FileSigner::named_public_key(&fixture.path).unwrap());
    assert!(created.contains("/48h/1h/0h/2h]tpub"), "{created}");
    assert_ne!(created, Fixture::new().create(2).unwrap().public_key());
}

#[test]
fn the_main_network_has_its_own_path() {
    let fixture = Fixture::new();
    let entropy = Secret::new([1; 32]);
    let passphrase = passphrase(PASSPHRASE);
    let signer =
        FileSigner::create(&fixture.path, Network::Bitcoin, &entropy, &passphrase, KdfCost::LEAST).unwrap();
    assert!(signer.public_key().contains("/48h/0h/0h/2h]xpub"));
}

#[test]
fn the_file_is_its_owners_and_alone_in_its_folder() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    assert_eq!(fs::metadata(&fixture.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(fixture.folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let entropy = hex::encode([1; 32]);
    assert!(!fixture.text().contains(&entropy));
}

#[test]
fn a_file_is_never_overwritten() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    let before = fixture.text();
    assert!(matches!(error(fixture.create(2)), KeyFileError::Exists(_)));
    assert_eq!(fixture.text(), before);
    fs::remove_file(&fixture.path).unwrap();
    std::os::unix::fs::symlink(fixture.folder.path().join("elsewhere"), &fixture.path).unwrap();
    assert!(
        matches!(error(fixture.create(2)), KeyFileError::Exists(_)),
        "not through a dangling link either"
    );
    assert_eq!(fs::read_dir(fixture.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let fixture = Fixture::new();
    let path = fixture.folder.path().join("missing").join("key");
    let entropy = Secret::new([1; 32]);
    let result =
        FileSigner::create(&path, Network::Regtest, &entropy, &passphrase(PASSPHRASE), KdfCost::LEAST);
    assert!(matches!(error(result), KeyFileError::Write(_, _)));
    assert!(matches!(error(FileSigner::open(&path, &passphrase("x"))), KeyFileError::Read(_, _)));
}

#[test]
fn wrong_passphrases_are_refused() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    for wrong in ["four words of min", "Four words of mine", "four words of mine "] {
        let error = error(FileSigner::open(&fixture.path, &passphrase(wrong)));
        assert!(matches!(error, KeyFileError::WrongPassphrase(_)), "{error}");
    }
    let error = error(FileSigner::open(&fixture.path, &passphrase("")));
    assert!(matches!(error, KeyFileError::EmptyPassphrase));
}

#[test]
fn files_open_to_others_are_refused() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    for mode in [0o640, 0o604, 0o610, 0o602, 0o666] {
        fs::set_permissions(&fixture.path, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(error(fixture.open()), KeyFileError::Permissions(_)), "{mode:o}");
    }
    fs::set_permissions(&fixture.path, Permissions::from_mode(0o400)).unwrap();
    fixture.open().unwrap();
}

#[test]
fn a_truncated_file_is_refused() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    let whole = fixture.text();
    for end in 0..whole.trim_end().len() {
        fixture.write(&whole[..end]);
        assert!(matches!(error(fixture.open()), KeyFileError::Format(..)), "{end}");
    }
    fixture.write(&format!("{whole}{}", "x".repeat(10_000)));
    assert!(matches!(error(fixture.open()), KeyFileError::Format(..)));
}

/// Every field, changed on its own: the header is authenticated with the secret.
#[test]
fn a_changed_file_is_refused() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    let whole = fixture.text();
    let parsed: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let header = &parsed["header"];
    let other = Fixture::new().create(2).unwrap().public_key();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let flipped = |value: &serde_json::Value| {
        let mut bytes = hex::decode(text(value)).unwrap();
        bytes[0] ^= 1;
        (text(value), hex::encode(bytes))
    };
    let changes = [
        flipped(&header["salt"]),
        flipped(&header["nonce"]),
        flipped(&parsed["sealed"]),
        (text(&header["public_key"]), other),
        ("regtest".into(), "signet".into()),
        ("\"passes\": 1".into(), "\"passes\": 2".into()),
        ("\"memory_kib\": 8192".into(), "\"memory_kib\": 8200".into()),
    ];
    for (from, to) in changes {
        assert!(whole.contains(&from), "{from}");
        fixture.write(&whole.replace(&from, &to));
        let error = error(fixture.open());
        assert!(matches!(error, KeyFileError::WrongPassphrase(_)), "{from}: {error}");
    }
    fixture.write(&whole);
    fixture.open().unwrap();
}

#[test]
fn another_version_kind_or_field_is_refused() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    let whole = fixture.text();
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("rempart co-signer key", "something else"),
        ("\"kind\"", "\"extra\": 1, \"kind\""),
        ("\"sealed\": \"", "\"sealed\": \"zz"),
    ] {
        assert!(whole.contains(from), "{from}");
        fixture.write(&whole.replace(from, to));
        assert!(matches!(error(fixture.open()), KeyFileError::Format(..)), "{to}");
    }
}

/// A file cannot make the server take all memory or hours, nor a guess cheap.
#[test]
fn costs_are_bounded() {
    let fixture = Fixture::new();
    fixture.create(1).unwrap();
    let whole = fixture.text();
    for (from, to) in [
        ("\"memory_kib\": 8192", "\"memory_kib\": 4294967295"),
        ("\"memory_kib\": 8192", "\"memory_kib\": 1048577"),
        ("\"memory_kib\": 8192", "\"memory_kib\": 8191"),
        ("\"passes\": 1", "\"passes\": 0"),
        ("\"passes\": 1", "\"passes\": 11"),
    ] {
        assert!(whole.contains(from), "{from}");
        fixture.write(&whole.replace(from, to));
        assert!(matches!(error(fixture.open()), KeyFileError::Cost(_)), "{to}");
    }
}

#[test]
fn a_passphrase_is_one_line_of_a_closed_file() {
    let fixture = Fixture::new();
    for content in ["words of mine", "words of mine\n", "words of mine\r\n"] {
        let path = fixture.file("passphrase", content.as_bytes(), 0o400);
        assert_eq!(passphrase_from_file(&path).unwrap().reveal(), "words of mine");
        fs::remove_file(path).unwrap();
    }
    let long = "x".repeat(1025);
    let bad: [&[u8]; 6] = [b"", b"\n", b"two\nlines", b"\xff\xfe", long.as_bytes(), b"nul\0"];
    for content in bad {
        let path = fixture.file("passphrase", content, 0o600);
        let error = passphrase_from_file(&path).unwrap_err();
        assert!(error.to_string().contains("one line of text"), "{error}");
    }
    let open = fixture.file("open", b"words", 0o644);
    assert!(passphrase_from_file(&open).unwrap_err().to_string().contains("open to everybody"));
    assert!(passphrase_from_file(Path::new("nowhere")).is_err());
}

// Signing.

fn member(name: &str) -> AccountKey {
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    AccountKey::from_seed(Network::Regtest, &Secret::new(seed)).unwrap()
}

/// A vault of alice and bob with this co-signer, one coin in it, and a spend signed by those named.
fn spend(script: ScriptKind, cosigner: &str, signed_by: &[&str]) -> VerifiedSpend {
    let text = |name: &str| member(name).public().to_string();
    let members = vec![text("alice"), text("bob")];
    let spec = VaultSpec {
        id: VaultId::parse("treasury").unwrap(),
        network: Network::Regtest,
        script,
        at_least: 2,
        members: members.clone(),
        recovery: RecoverySpec { at_least: 2, members, after_blocks: 144 },
        cosigner: cosigner.to_owned(),
    };
    let mut holdings = Holdings::new(Arc::new(spec.descriptor().unwrap())).unwrap();
    let script_pubkey = holdings.descriptor().script_pubkey(Branch::Receive, 0).unwrap();
    let unsigned = TxIn {
        previous_output: OutPoint { vout: 0, ..OutPoint::null() },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let value = Amount::from_sat(100_000);
    holdings
        .confirm(&Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![unsigned],
            output: vec![TxOut { value, script_pubkey }],
        })
        .unwrap();
    let payee = ScriptBuf::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap();
    let draft = SpendDraft {
        inputs: holdings.coins().map(vault::Coin::outpoint).collect(),
        outputs: vec![TxOut { value: Amount::from_sat(50_000), script_pubkey: payee }],
        fee: Amount::from_sat(1_000),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    let mut psbt = build_psbt(&holdings, &draft).unwrap();
    for name in signed_by {
        sign_member(&mut psbt, &holdings, &member(name)).unwrap();
    }
    verify(psbt.into(), &holdings, &approved()).unwrap()
}

fn approved() -> Approved {
    let btc = |sats| types::Amount::new(Currency::parse("BTC").unwrap(), sats);
    let target = Target::Address("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".into());
    let payload = Payload {
        vault: VaultId::parse("treasury").unwrap(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([1; 16]),
        outputs: vec![Output { target, amount: btc(50_000) }],
        max_fee: btc(1_000),
        memo: String::new(),
        reference: String::new(),
        refresh: false,
    };
    Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap()
}

#[test]
fn the_cosigner_completes_a_spend_and_a_retry_gives_the_same() {
    for script in [ScriptKind::Wsh, ScriptKind::Tr] {
        let fixture = Fixture::new();
        let signer = fixture.create(1).unwrap();
        let spend = spend(script, &signer.public_key(), &["alice", "bob"]);
        let first = signer.cosign(&spend).unwrap();
        drop(signer);
        let again = fixture.open().unwrap().cosign(&spend).unwrap();
        assert_eq!(first.signatures(), again.signatures());
        let done = first.finish().unwrap();
        assert_eq!(done.txid(), spend.txid());
    }
}

#[test]
fn the_cosigner_signs_last() {
    for script in [ScriptKind::Wsh, ScriptKind::Tr] {
        let signer = Fixture::new().create(1).unwrap();
        for signed_by in [&[][..], &["alice"]] {
            let spend = spend(script, &signer.public_key(), signed_by);
            assert_eq!(signer.cosign(&spend).unwrap_err(), SignerError::Incomplete);
        }
    }
}

#[test]
fn the_cosigner_signs_for_its_own_vaults_only() {
    let signer = Fixture::new().create(1).unwrap();
    let other = Fixture::new().create(2).unwrap();
    let spend = spend(ScriptKind::Wsh, &other.public_key(), &["alice", "bob"]);
    let vault = VaultId::parse("treasury").unwrap();
    assert_eq!(signer.cosign(&spend).unwrap_err(), SignerError::OtherCosigner(vault));
}

/// The one named, then the variable, then systemd's credential; never a passphrase in the environment itself.
#[test]
fn a_passphrase_is_looked_for_in_this_order() {
    let fixture = Fixture::new();
    let credential = fixture.file("cosigner-passphrase", b"words", 0o400);
    let folder = fixture.folder.path().as_os_str().to_owned();
    let environment = |set: &'static [&'static str]| {
        let folder = folder.clone();
        move |name: &str| match name {
            "CREDENTIALS_DIRECTORY" if set.contains(&name) => Some(folder.clone()),
            "REMPART_PASSPHRASE_FILE" if set.contains(&name) => Some("elsewhere".into()),
            _ => None,
        }
    };
    let place = |named, set| passphrase_place(named, "cosigner-passphrase", environment(set));
    let both = &["CREDENTIALS_DIRECTORY", "REMPART_PASSPHRASE_FILE"];
    assert_eq!(place(Some(Path::new("named")), both), Some(PathBuf::from("named")));
    assert_eq!(place(None, both), Some(PathBuf::from("elsewhere")));
    assert_eq!(place(None, &both[..1]), Some(credential));
    assert_eq!(place(None, &[]), None);
    assert_eq!(
        passphrase_place(None, "other", environment(&both[..1])),
        None,
        "a credential that is not there"
    );
}
