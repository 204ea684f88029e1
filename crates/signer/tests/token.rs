//! A co-signer in a PKCS#11 token, with SoftHSM (Debian package `softhsm2`): loaded once, signs what a file signer signs, gives nothing away (G1).
//!
//! SoftHSM finds its tokens by an environment variable, so each test runs again as a process of its own with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::{Hash, sha256};
use bitcoin::transaction::Version;
use bitcoin::{Amount, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use signer::{
    FileSigner, KdfCost, LoadPlan, Loaded, OpenError, Signer, SignerError, TokenError, TokenPlace,
    TokenSigner, load_children, named_public_key, open,
};
use types::{ActorId, Currency, Nonce, Output, Payload, Secret, Target, VaultId};
use vault::signing::{AccountKey, sign_member};
use vault::{
    Approved, Branch, Holdings, RecoverySpec, ScriptKind, SpendDraft, VaultSpec, VerifiedSpend, build_psbt,
    verify,
};

const MARK: &str = "REMPART_TEST_TOKEN_FOLDER";
const LABEL: &str = "rempart";
const PIN: &str = "483920";
const LIBRARIES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

fn library() -> PathBuf {
    let found = LIBRARIES.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("SoftHSM is missing: `sudo apt-get install softhsm2` on Debian and Ubuntu, `dnf install softhsm` on Fedora")
}

/// Runs the named test again with a fresh token; in that process, gives the folder.
fn with_token(test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(MARK) {
        return Some(PathBuf::from(folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let (tokens, configuration) = (folder.path().join("tokens"), folder.path().join("softhsm2.conf"));
    fs::create_dir(&tokens).unwrap();
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    fs::write(&configuration, text).unwrap();
    let _library = library();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", LABEL, "--so-pin", "11223344", "--pin", PIN])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .expect("softhsm2-util is missing: install the package softhsm2");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .env(MARK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    None
}

struct Scene {
    key: FileSigner,
    place: TokenPlace,
    file: PathBuf,
}

fn words() -> Secret<String> {
    Secret::new("four words of mine".to_owned())
}

fn pin(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

impl Scene {
    fn new(folder: &Path) -> Self {
        let path = folder.join("put-away.key");
        let entropy = Secret::new([7; 32]);
        let key = FileSigner::create(&path, Network::Regtest, &entropy, &words(), KdfCost::LEAST).unwrap();
        let place = TokenPlace { library: library(), label: LABEL.to_owned() };
        Self { key, place, file: folder.join("cosigner.key") }
    }

    fn load(&self, from: u32, count: u32) -> Result<Loaded, TokenError> {
        load_children(&self.key, &self.place, &pin(PIN), LoadPlan { from, count }, &self.file)
    }

    fn open(&self) -> TokenSigner {
        TokenSigner::open(&self.file, &pin(PIN)).unwrap()
    }
}

fn member(name: &str) -> AccountKey {
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    AccountKey::from_seed(Network::Regtest, &Secret::new(seed)).unwrap()
}

/// A vault of alice and bob with this co-signer, a coin at each of these receive addresses, and a spend of all, signed by both.
fn spend(script: ScriptKind, cosigner: &str, at: &[u32]) -> VerifiedSpend {
    let members: Vec<String> = ["alice", "bob"].map(|name| member(name).public().to_string()).to_vec();
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
    for index in at {
        let script_pubkey = holdings.descriptor().script_pubkey(Branch::Receive, *index).unwrap();
        let previous_output = OutPoint { vout: *index, ..OutPoint::null() };
        let (script_sig, sequence, witness) = (ScriptBuf::new(), Sequence::MAX, Witness::new());
        let deposit = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn { previous_output, script_sig, sequence, witness }],
            output: vec![TxOut { value: Amount::from_sat(100_000), script_pubkey }],
        };
        holdings.confirm(&deposit).unwrap();
    }
    let payee = ScriptBuf::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap();
    let draft = SpendDraft {
        inputs: holdings.coins().map(vault::Coin::outpoint).collect(),
        outputs: vec![TxOut { value: Amount::from_sat(50_000), script_pubkey: payee }],
        fee: Amount::from_sat(5_000),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    let mut psbt = build_psbt(&holdings, &draft).unwrap();
    for name in ["alice", "bob"] {
        sign_member(&mut psbt, &holdings, &member(name)).unwrap();
    }
    let btc = |sats| types::Amount::new(Currency::parse("BTC").unwrap(), sats);
    let target = Target::Address("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".into());
    let payload = Payload {
        vault: VaultId::parse("treasury").unwrap(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([1; 16]),
        outputs: vec![Output { target, amount: btc(50_000) }],
        max_fee: btc(5_000),
        memo: String::new(),
        reference: String::new(),
        refresh: false,
    };
    let approved = Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap();
    verify(psbt.into(), &holdings, &approved).unwrap()
}

#[test]
fn a_token_signs_what_the_chain_accepts() {
    let Some(folder) = with_token("a_token_signs_what_the_chain_accepts") else { return };
    let scene = Scene::new(&folder);
    assert_eq!(scene.load(0, 6).unwrap(), Loaded { loaded: 12, present: 0 });
    let public = scene.key.public_key();
    assert_eq!(named_public_key(&scene.file).unwrap(), public);
    let spend = spend(ScriptKind::Wsh, &public, &[0, 3, 5]);
    let token = open(&scene.file, &pin(PIN)).unwrap();
    assert_eq!(token.public_key(), public);
    // Tokens draw their nonces: many times, so that a high S is among what they give.
    for _ in 0..8 {
        let signed = token.cosign(&spend).unwrap();
        let done = signed.finish().unwrap();
        assert_eq!(done.txid(), spend.txid());
    }
    let by_file = scene.key.cosign(&spend).unwrap().finish().unwrap();
    assert_eq!(by_file.txid(), token.cosign(&spend).unwrap().finish().unwrap().txid());
}

#[test]
fn loading_goes_on_where_it_stopped() {
    let Some(folder) = with_token("loading_goes_on_where_it_stopped") else { return };
    let scene = Scene::new(&folder);
    scene.load(0, 2).unwrap();
    assert_eq!(scene.load(0, 3).unwrap(), Loaded { loaded: 2, present: 4 });
    let spend = spend(ScriptKind::Wsh, &scene.key.public_key(), &[0, 7]);
    let missing = scene.open().cosign(&spend).unwrap_err();
    assert_eq!(missing, SignerError::Token(TokenError::NoKey(Branch::Receive, 7)));
    scene.load(7, 1).unwrap();
    scene.open().cosign(&spend).unwrap().finish().unwrap();
}

#[test]
fn what_a_token_cannot_do_is_named() {
    let Some(folder) = with_token("what_a_token_cannot_do_is_named") else { return };
    let scene = Scene::new(&folder);
    scene.load(0, 2).unwrap();
    let public = scene.key.public_key();
    let taproot = spend(ScriptKind::Tr, &public, &[0]);
    let vault = VaultId::parse("treasury").unwrap();
    let token = scene.open();
    assert_eq!(token.cosign(&taproot).unwrap_err(), SignerError::Token(TokenError::Schnorr(vault.clone())));
    let other = spend(ScriptKind::Wsh, &member("mallory").public().to_string(), &[0]);
    assert_eq!(token.cosign(&other).unwrap_err(), SignerError::OtherCosigner(vault));
    let second = TokenSigner::open(&scene.file, &pin(PIN)).err().unwrap();
    assert!(second.to_string().contains("in use by another program"), "{second}");
    drop(token);
    assert_eq!(
        TokenSigner::open(&scene.file, &pin("000000")).err().unwrap(),
        TokenError::WrongPin(LABEL.to_owned())
    );
    let elsewhere = TokenPlace { label: "another".to_owned(), ..scene.place.clone() };
    let file = folder.join("another.key");
    let plan = LoadPlan { from: 0, count: 1 };
    let absent = load_children(&scene.key, &elsewhere, &pin(PIN), plan, &file).unwrap_err();
    assert_eq!(absent, TokenError::NoToken("another".to_owned()));
    let nothing = TokenPlace { library: folder.join("nothing.so"), ..scene.place.clone() };
    let unloadable = load_children(&scene.key, &nothing, &pin(PIN), plan, &file).unwrap_err();
    assert!(matches!(unloadable, TokenError::Library(..)), "{unloadable}");
    assert!(!file.exists(), "a file that names nothing is not written");
}

/// What is in the token can be used and not read.
#[test]
fn the_keys_do_not_come_out() {
    use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
    use cryptoki::object::{Attribute, AttributeInfo, AttributeType, ObjectClass};
    use cryptoki::session::UserType;
    use cryptoki::types::AuthPin;
    let Some(folder) = with_token("the_keys_do_not_come_out") else { return };
    Scene::new(&folder).load(0, 1).unwrap();
    let context = Pkcs11::new(library()).unwrap();
    // Initialised by the loading already.
    let _again = context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slots = context.get_slots_with_initialized_token().unwrap();
    let slot =
        slots.into_iter().find(|slot| context.get_token_info(*slot).unwrap().label() == LABEL).unwrap();
    let session = context.open_ro_session(slot).unwrap();
    let private = [Attribute::Class(ObjectClass::PRIVATE_KEY)];
    assert!(session.find_objects(&private).unwrap().is_empty(), "without the PIN nothing is seen");
    session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).unwrap();
    let keys = session.find_objects(&private).unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let info = session.get_attribute_info(key, &[AttributeType::Value]).unwrap();
        assert!(matches!(info[0], AttributeInfo::Sensitive), "{info:?}");
        let flags =
            session.get_attributes(key, &[AttributeType::Extractable, AttributeType::Sensitive]).unwrap();
        assert!(
            flags.contains(&Attribute::Extractable(false)) && flags.contains(&Attribute::Sensitive(true))
        );
    }
}

#[test]
fn a_changed_file_and_a_key_file_are_told_apart() {
    let Some(folder) = with_token("a_changed_file_and_a_key_file_are_told_apart") else { return };
    let scene = Scene::new(&folder);
    scene.load(0, 1).unwrap();
    let text = fs::read_to_string(&scene.file).unwrap();
    assert!(!text.contains(PIN));
    fs::write(&scene.file, text.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert!(matches!(TokenSigner::open(&scene.file, &pin(PIN)), Err(TokenError::Format(_))));
    assert!(matches!(open(&scene.file, &pin(PIN)), Err(OpenError::File(_))));
    fs::write(&scene.file, text).unwrap();
    let mut other = Scene::new(&tempfile::tempdir().unwrap().keep());
    other.key = {
        let path = folder.join("other.key");
        let entropy = Secret::new([8; 32]);
        FileSigner::create(&path, Network::Regtest, &entropy, &words(), KdfCost::LEAST).unwrap()
    };
    other.file = scene.file.clone();
    assert!(other.load(0, 1).unwrap_err().to_string().contains("names another key"));
}
