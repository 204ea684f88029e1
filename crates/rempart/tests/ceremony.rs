//! The key ceremony as a black box: keys, codes, record, sheet, confirmation, export, rotation, and a member's signature (G1, G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use bitcoin::absolute::LockTime;
use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::transaction::Version;
use bitcoin::{Amount, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use serde_json::Value;
use tempfile::TempDir;
use vault::format::{self, TextFormat};
use vault::{Branch, Holdings, SpendDraft, VaultSpec, WalletPolicy, build_psbt};

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");
const NETWORK: &str = "regtest";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    speaking("en", folder, arguments)
}

fn speaking(language: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(REMPART)
        .args(["--language", language])
        .args(arguments)
        .current_dir(folder)
        .env_remove("CREDENTIALS_DIRECTORY")
        .env_remove("REMPART_PASSPHRASE_FILE")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stdout(&output));
    stderr(&output)
}

/// A device's account key, as it exports it.
fn device(number: u8) -> String {
    let (secp, path) = (Secp256k1::new(), DerivationPath::from_str("48h/1h/0h/2h").unwrap());
    let master = Xpriv::new_master(Network::Regtest, &[number; 32]).unwrap();
    let account = Xpub::from_priv(&secp, &master.derive_priv(&secp, &path).unwrap());
    format!("[{}/48h/1h/0h/2h]{account}", master.fingerprint(&secp))
}

/// A software key for alice, made once: Argon2id at its real cost takes a second.
fn alice() -> &'static (String, String) {
    static ALICE: OnceLock<(String, String)> = OnceLock::new();
    ALICE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        passphrase(folder.path());
        let new =
            ["sign", "new", "--key", "alice.key", "--network", NETWORK, "--passphrase-file", "passphrase"];
        let public = ok(folder.path(), &new);
        (public, fs::read_to_string(folder.path().join("alice.key")).unwrap())
    })
}

fn passphrase(folder: &Path) {
    write_closed(&folder.join("passphrase"), "four words of mine\n");
}

fn write_closed(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

const KEYS: [&str; 3] = ["alice-hw", "bob-hw", "carol-hw"];

struct Ceremony {
    folder: TempDir,
    keys: [String; 3],
    cosigner: String,
}

impl Ceremony {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = [alice().0.clone(), device(2), device(3)];
        let example = |name: &str| {
            let path = format!("{}/../../examples/startup/{name}", env!("CARGO_MANIFEST_DIR"));
            fs::read_to_string(path).unwrap()
        };
        let (mut rules, mut register) = (example("rules.toml"), example("register.toml"));
        for (old, new) in [("nora-hw", KEYS[0]), ("omar-hw", KEYS[1]), ("paula-hw", KEYS[2])] {
            rules = rules.replace(old, new);
            register = register.replace(old, new);
        }
        // The example's own keys are replaced by the ceremony's.
        let cut = register.find("[[key]]").unwrap_or(register.len());
        let rest = register.split_off(cut);
        let after: String = rest.split_inclusive("\n\n").filter(|part| !part.contains("[[key]]")).collect();
        register.push_str(&after);
        for (id, key) in KEYS.iter().zip(&keys) {
            register.push_str(&format!("\n[[key]]\nid = \"{id}\"\nxpub = \"{key}\"\n"));
        }
        fs::write(folder.path().join("rules.toml"), rules).unwrap();
        fs::write(folder.path().join("register.toml"), register).unwrap();
        passphrase(folder.path());
        Self { folder, keys, cosigner: device(9) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn code(&self, key: &str) -> String {
        let shown: Value = serde_json::from_str(&ok(self.path(), &["vault", "key", key, "--json"])).unwrap();
        shown["code"].as_str().unwrap().to_owned()
    }

    fn create(&self, extra: &[&str]) -> Output {
        let base = ["vault", "create", "rules.toml", "register.toml", "--vault", "treasury"];
        let mut arguments = base.to_vec();
        arguments.extend(["--cosigner", &self.cosigner, "--record", "treasury.json"]);
        arguments.extend(extra);
        run(self.path(), &arguments)
    }

    fn checks(&self) -> Vec<String> {
        let keys = KEYS.iter().zip(&self.keys);
        keys.flat_map(|(id, key)| ["--check".to_owned(), format!("{id}={}", self.code(key))]).collect()
    }

    /// With every code right.
    fn created(&self) -> Value {
        let checks = self.checks();
        let mut extra: Vec<&str> = checks.iter().map(String::as_str).collect();
        extra.push("--json");
        let output = self.create(&extra);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn a_vault_is_complete_when_every_key_is_checked_and_every_device_has_shown_the_address() {
    let ceremony = Ceremony::new();
    let made = ceremony.created();
    let folder = ceremony.path();
    let descriptor = made["descriptor"].as_str().unwrap();
    assert!(descriptor.starts_with("wsh(andor(pk(["), "{descriptor}");
    assert!(ceremony.keys.iter().all(|key| descriptor.contains(key.as_str())));
    assert_eq!(made["complete"], false);
    ok(folder, &["vault", "sheet", "treasury.json", "--to", "draft.html"]);
    assert!(fs::read_to_string(folder.join("draft.html")).unwrap().contains("DRAFT"));

    let (first, second) = (made["receive"][0].as_str().unwrap(), made["receive"][1].as_str().unwrap());
    let other = refused(folder, &["vault", "confirm", "treasury.json", "bob-hw", second]);
    assert!(other.contains("it has registered something else"), "{other}");
    for key in KEYS {
        ok(folder, &["vault", "confirm", "treasury.json", key, first]);
    }
    let shown: Value =
        serde_json::from_str(&ok(folder, &["vault", "show", "treasury.json", "--json"])).unwrap();
    assert_eq!(shown["complete"], true);

    for (language, words) in [("en", "To recover without Rempart"), ("fr", "Pour récupérer sans Rempart")] {
        let file = format!("{language}.html");
        assert!(
            speaking(language, folder, &["vault", "sheet", "treasury.json", "--to", &file]).status.success()
        );
        let sheet = fs::read_to_string(folder.join(&file)).unwrap();
        assert!(
            sheet.contains(words) && !sheet.contains("DRAFT") && !sheet.contains("BROUILLON"),
            "{language}"
        );
        assert!(
            sheet.contains(&descriptor.replace('<', "&lt;").replace('>', "&gt;")) && sheet.contains(first)
        );
        let outside = ["src=", "href=", "<script", "prv"].iter().find(|word| sheet.contains(*word));
        assert_eq!(outside, None, "one page, nothing fetched, nothing secret");
    }
}

#[test]
fn a_replaced_key_ends_the_ceremony() {
    let ceremony = Ceremony::new();
    let register = ceremony.path().join("register.toml");
    let text = fs::read_to_string(&register).unwrap();
    let checks = ceremony.checks();
    let extra: Vec<&str> = checks.iter().map(String::as_str).collect();
    fs::write(&register, text.replace(&ceremony.keys[1], &device(66))).unwrap();
    let output = ceremony.create(&extra);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the code of `bob-hw` does not match"), "{}", stderr(&output));
    assert!(!ceremony.path().join("treasury.json").exists(), "nothing is written");
}

#[test]
fn every_key_has_to_be_checked() {
    let ceremony = Ceremony::new();
    let code = format!("carol-hw={}", ceremony.code(&ceremony.keys[2]));
    let output = ceremony.create(&["--check", &code]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("not checked: alice-hw, bob-hw"), "{}", stderr(&output));
    let output = ceremony.create(&["--check", &code, "--unchecked"]);
    assert!(output.status.success());
    assert_eq!(stdout(&output).matches("CODE NOT CHECKED").count(), 2);
    let again = ceremony.create(&["--unchecked"]);
    assert!(stderr(&again).contains("name a new file"), "a record is not overwritten");
}

#[test]
fn a_changed_record_is_refused() {
    let ceremony = Ceremony::new();
    ceremony.created();
    let path = ceremony.path().join("treasury.json");
    let text = fs::read_to_string(&path).unwrap();
    let spec_only = text.replacen(&ceremony.keys[1], &device(66), 1);
    fs::write(&path, spec_only).unwrap();
    let error = refused(ceremony.path(), &["vault", "show", "treasury.json"]);
    assert!(error.contains("was changed"), "{error}");
    fs::write(&path, text.replace("\"version\": 1", "\"version\": 2")).unwrap();
    refused(ceremony.path(), &["vault", "show", "treasury.json"]);
}

#[test]
fn exports_say_the_same_vault() {
    let ceremony = Ceremony::new();
    let made = ceremony.created();
    let descriptor = made["descriptor"].as_str().unwrap();
    let export = |format| ok(ceremony.path(), &["vault", "export", "treasury.json", "--format", format]);
    assert_eq!(export("descriptor"), descriptor);
    let coldcard: Value = serde_json::from_str(&export("coldcard")).unwrap();
    assert_eq!(coldcard["desc"], descriptor);
    let policy: WalletPolicy = serde_json::from_str(&export("wallet-policy")).unwrap();
    assert_eq!(policy.keys_info.len(), 4);
    let body = descriptor.split('#').next().unwrap();
    assert_eq!(policy.descriptor_text().replace('\'', "h"), body);
}

#[test]
fn a_key_is_shown_with_what_the_device_shows_and_bad_ones_are_named() {
    let ceremony = Ceremony::new();
    let key = &ceremony.keys[1];
    let shown = ok(ceremony.path(), &["vault", "key", key]);
    assert!(shown.contains(&key[1..9]) && shown.contains("48h/1h/0h/2h"), "{shown}");
    let origin = key.replace("48h", "49h");
    assert_ne!(ceremony.code(key), ceremony.code(&origin), "the code covers the origin too");
    refused(ceremony.path(), &["vault", "key", &key[10..]]);
    refused(ceremony.path(), &["vault", "key", &key.replace("/2h]", "/3h]")]);
}

#[test]
fn rotation_writes_a_valid_policy_with_both_vaults() {
    let ceremony = Ceremony::new();
    let folder = ceremony.path();
    fs::create_dir(folder.join("next")).unwrap();
    let replace = format!("bob-hw=bob-hw-2:{}", device(77));
    let rotate = |replace: &str, to: &str| {
        let base = ["vault", "rotate", "rules.toml", "register.toml", "--vault", "treasury", "--to", to];
        run(folder, &[&base[..], &["--replace", replace, "--out", "next"]].concat())
    };
    let done = rotate(&replace, "treasury-2");
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(stdout(&done).contains("vault:treasury-2="));
    ok(folder, &["policy", "check", "next/rules.toml", "next/register.toml"]);
    let sources = ["rules.toml", "register.toml"].map(|name| policy::Source {
        name: name.to_owned(),
        text: fs::read_to_string(folder.join("next").join(name)).unwrap(),
    });
    let policy = policy::load(&sources).policy.unwrap();
    let (old, new) =
        (types::VaultId::parse("treasury").unwrap(), types::VaultId::parse("treasury-2").unwrap());
    let names = |id| -> Vec<String> {
        let keys = policy.vault(id).unwrap().keys.as_ref().unwrap();
        keys.of.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(&old), KEYS);
    assert_eq!(names(&new), ["alice-hw", "bob-hw-2", "carol-hw"]);
    let recovery = &policy.vault(&new).unwrap().recovery.as_ref().unwrap().keys.of;
    assert!(recovery.iter().any(|key| key.as_str() == "bob-hw-2"), "the new key recovers too");
    for permit in policy.permits().iter().filter(|permit| permit.id.as_str() != "rotate-treasury") {
        assert_eq!(permit.vaults.contains(&old), permit.vaults.contains(&new), "{}", permit.id);
    }
    let limits = policy.limits().iter();
    assert!(limits.clone().any(|limit| limit.vaults.contains(&old)));
    assert!(limits.clone().all(|limit| limit.vaults.contains(&old) == limit.vaults.contains(&new)));
    let holder =
        policy.people().find(|person| person.keys.iter().any(|key| key.as_str() == "bob-hw")).unwrap();
    assert!(holder.keys.iter().any(|key| key.as_str() == "bob-hw-2"), "who has the old key has the new one");
    let moving = policy.permits().iter().find(|permit| permit.id.as_str() == "rotate-treasury").unwrap();
    assert!(
        moving.hold >= policy.response().quiet && moving.approve.is_some(),
        "slow, and approved like a change"
    );
    let unknown = rotate(&replace.replace("bob-hw=", "eve-hw="), "treasury-3");
    assert!(stderr(&unknown).contains("`eve-hw` is not a key of vault"), "{}", stderr(&unknown));
}

/// A PSBT of the ceremony's vault: one coin in, one payment and change out.
fn psbt(folder: &Path) -> bitcoin::Psbt {
    let record: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("treasury.json")).unwrap()).unwrap();
    let spec: VaultSpec = serde_json::from_value(record["vault"].clone()).unwrap();
    let mut holdings = Holdings::new(Arc::new(spec.descriptor().unwrap())).unwrap();
    let script_pubkey = holdings.descriptor().script_pubkey(Branch::Receive, 0).unwrap();
    let input = TxIn {
        previous_output: OutPoint { vout: 0, ..OutPoint::null() },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let output = vec![TxOut { value: Amount::from_sat(1_000_000), script_pubkey }];
    let deposit =
        Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input: vec![input], output };
    holdings.confirm(&deposit).unwrap();
    let payee = ScriptBuf::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap();
    let draft = SpendDraft {
        inputs: holdings.coins().map(vault::Coin::outpoint).collect(),
        outputs: vec![TxOut { value: Amount::from_sat(400_000), script_pubkey: payee }],
        fee: Amount::from_sat(2_000),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    build_psbt(&holdings, &draft).unwrap()
}

#[test]
fn a_member_sees_what_is_signed_and_signs_any_form() {
    let ceremony = Ceremony::new();
    ceremony.created();
    let folder = ceremony.path();
    write_closed(&folder.join("alice.key"), &alice().1);
    let unsigned = psbt(folder);
    let sign = |name: &str, extra: &[&str]| {
        let base = [
            "sign",
            name,
            "--key",
            "alice.key",
            "--vault",
            "treasury.json",
            "--passphrase-file",
            "passphrase",
        ];
        run(folder, &[&base[..], extra].concat())
    };
    fs::write(folder.join("in.psbt"), unsigned.serialize()).unwrap();
    let asked = sign("in.psbt", &[]);
    assert_eq!(asked.status.code(), Some(1), "nobody agreed");
    let shown = stderr(&asked);
    for part in
        ["0.00400000 BTC", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", "0.00598000 BTC", "0.00402000 BTC"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(asked.stdout.is_empty(), "nothing is signed without a yes");

    let forms = [
        (TextFormat::Base64, "bbqr", "B$"),
        (TextFormat::Hex, "ur", "ur:crypto-psbt"),
        (TextFormat::Bbqr(400), "hex", "70736274ff"),
        (TextFormat::Ur(400), "binary", "psbt"),
    ];
    for (read, write, begins) in forms {
        fs::write(folder.join("in.txt"), format::write(&unsigned, read).unwrap().join("\n")).unwrap();
        let file = format!("out.{write}");
        let signed = sign("in.txt", &["--yes", "--format", write, "--out", &file]);
        assert!(signed.status.success(), "{read:?}: {}", stderr(&signed));
        let written = fs::read(folder.join(&file)).unwrap();
        assert!(written.to_ascii_lowercase().starts_with(begins.to_lowercase().as_bytes()), "{write}");
        let signed = format::read(&written).unwrap().into_untrusted();
        assert_eq!(signed.unsigned_tx, unsigned.unsigned_tx);
        assert_eq!(signed.inputs[0].partial_sigs.len(), 1);
    }
    let mut lie = unsigned;
    lie.inputs[0].witness_utxo.as_mut().unwrap().value = Amount::from_sat(500_000);
    fs::write(folder.join("lie.psbt"), lie.serialize()).unwrap();
    let refused = sign("lie.psbt", &["--yes"]);
    assert!(stderr(&refused).contains("somebody may have changed the amount"), "{}", stderr(&refused));
}

#[test]
fn what_is_revealed_is_the_key_and_what_is_public_is_not() {
    let ceremony = Ceremony::new();
    let folder = ceremony.path();
    write_closed(&folder.join("alice.key"), &alice().1);
    let with =
        |command| ok(folder, &["sign", command, "--key", "alice.key", "--passphrase-file", "passphrase"]);
    assert_eq!(with("public"), alice().0);
    let revealed = with("reveal");
    let (origin, private) = revealed.split_once(']').unwrap();
    assert!(alice().0.starts_with(origin));
    let public = Xpub::from_priv(&Secp256k1::new(), &Xpriv::from_str(private).unwrap());
    assert!(alice().0.ends_with(&public.to_string()));
}
