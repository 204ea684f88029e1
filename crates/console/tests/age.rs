//! Dossiers open in the browser (G9, G10): `assets/age.js`, run by node, agrees with age's own vectors, with what this program seals, and with
//! what the independent program `age-encryption` seals. A difference would mean packets that nobody can open where it matters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dossier::{Binding, NewIdentity, NoPrompt, Packet, Prompt, identity_from_prf, seal};
use policy::Recipient;
use serde_json::json;
use tempfile::TempDir;
use types::{PersonId, Timestamp};

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");

/// A folder with the modules and a script, which is run; what it said.
fn run(folder: &TempDir, script: &str, argument: &Path) -> String {
    for name in ["age.js", "dossier-key.js"] {
        std::fs::copy(Path::new(ASSETS).join(name), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("package.json"), r#"{ "type": "module" }"#).unwrap();
    std::fs::write(folder.path().join("script.mjs"), script).unwrap();
    let output = Command::new("node").arg("script.mjs").arg(argument).current_dir(folder.path()).output();
    let output = output.expect("node is missing: install it (Debian: apt-get install nodejs)");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    said.trim().to_owned()
}

/// The vectors of <https://c2sp.org/CCTV/age>, as the crate `age` has them in its package.
fn vectors() -> PathBuf {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let told: serde_json::Value =
        serde_json::from_slice(&told.stdout).expect("cargo describes the workspace");
    let packages = told["packages"].as_array().unwrap();
    let age = packages.iter().find(|package| package["name"] == "age").unwrap();
    let folder = Path::new(age["manifest_path"].as_str().unwrap()).with_file_name("tests/testdata/testkit");
    assert!(folder.is_dir(), "the package of the crate `age` has its vectors");
    folder
}

/// Each vector opens to what it says, or does not open. The three that are larger than any dossier are refused as such.
const VECTORS: &str = r#"
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { AgeError, identityOf, open, openLocked } from "./age.js";
const LARGE = 2 * 1024 * 1024;
const EXPECTED = { "header failure": ["damaged", "work"], "armor failure": ["damaged"], "HMAC failure": ["damaged"],
  "payload failure": ["damaged"], "no match": ["not-for-you", "passphrase", "no-key"] };
async function tried(act) {
  try {
    return { plain: await act() };
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return { code: error.code };
  }
}
const names = readdirSync(process.argv[2]);
const wrong = [];
let opened = 0, large = 0;
for (const name of names) {
  const file = readFileSync(`${process.argv[2]}/${name}`);
  const end = file.indexOf("\n\n");
  const head = file.subarray(0, end).toString().split("\n").map((line) => [line.split(": ")[0], line.slice(line.indexOf(": ") + 2)]);
  const of = (key) => head.filter(([own]) => own === key).map(([, value]) => value);
  const rest = file.subarray(end + 2);
  const bytes = new Uint8Array(of("compressed").length > 0 ? inflateSync(rest) : rest);
  const [passphrase] = of("passphrase");
  const act = passphrase === undefined ? async () => open(bytes, await Promise.all(of("identity").map(identityOf))) : () => openLocked(bytes, passphrase);
  const { plain, code } = await tried(act);
  const [expected] = of("expect");
  if (bytes.length > LARGE) { large += 1; if (code !== "too-large") wrong.push(`${name}: ${code}`); }
  else if (expected === "success") {
    opened += 1;
    if (plain === undefined || createHash("sha256").update(plain).digest("hex") !== of("payload")[0]) wrong.push(`${name}: ${code}`);
  } else if (!EXPECTED[expected].includes(code)) wrong.push(`${name}: ${code} instead of ${expected}`);
}
console.log(wrong.length === 0 ? `${names.length} vectors, ${opened} opened, ${large} too large` : wrong.join("\n"));
"#;

#[test]
fn the_vectors_of_age_hold() {
    let said = run(&tempfile::tempdir().unwrap(), VECTORS, &vectors());
    assert_eq!(said, "123 vectors, 17 opened, 3 too large");
}

/// Opens everything of a folder: packets with each identity, key files with and without their passphrase.
const PACKETS: &str = r#"
import { readFileSync } from "node:fs";
import { AgeError, open, readIdentities } from "./age.js";
import { identitiesFromPrf } from "./dossier-key.js";
const said = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const utf8 = (text) => new TextEncoder().encode(text);
const code = async (act) => { try { await act(); return "taken"; } catch (error) { if (!(error instanceof AgeError)) throw error; return error.code; } };
const same = (what, given, expected) => { if (given !== expected) { console.log(`${what}: ${given} instead of ${expected}`); process.exit(1); } };
const plain = await readIdentities(utf8(said.plain));
const locked = await readIdentities(utf8(said.locked), said.passphrase);
const passkey = await identitiesFromPrf(new Uint8Array(32).fill(42));
const stranger = await readIdentities(utf8(said.stranger));
for (const [name, packet] of said.packets) {
  for (const [who, own] of [["file", plain], ["locked file", locked], ["passkey", passkey], ["both", [...stranger, ...passkey]]]) {
    const whole = JSON.parse(new TextDecoder().decode(await open(bytes(packet), own)));
    same(`${name} by ${who}`, whole.packet.name, name);
  }
  same("stranger", await code(() => open(bytes(packet), stranger)), "not-for-you");
  const altered = bytes(packet);
  altered[altered.length - 40] ^= 1;
  same("altered", await code(() => open(altered, plain)), "damaged");
  same("cut", await code(() => open(bytes(packet).subarray(0, -1), plain)), "damaged");
}
same("no passphrase", await code(() => readIdentities(utf8(said.locked), "")), "locked");
same("wrong passphrase", await code(() => readIdentities(utf8(said.locked), `${said.passphrase}x`)), "passphrase");
same("a packet as a key", await code(() => readIdentities(bytes(said.packets[0][1]), "x")), "no-key");
same("no key", await code(() => readIdentities(utf8("orange"))), "no-key");
same("another letter", await code(() => readIdentities(utf8(`${said.plain.trim()}!`))), "no-key");
same("hardware", await code(() => readIdentities(utf8("AGE-PLUGIN-YUBIKEY-1QQQ"))), "hardware");
same("a typing error", await code(() => readIdentities(utf8(said.mistyped))), "no-key");
console.log(`${said.packets.length} packets`);
"#;

fn binding() -> Binding {
    Binding {
        organisation: "Exemple SAS".into(),
        person: PersonId::parse("alice").unwrap(),
        revision: 3,
        sealed_at: Timestamp::parse("2026-11-20T09:30:00Z").unwrap(),
    }
}

/// The name, and a photograph of so many bytes: packets of one chunk, and of several.
fn packet(name: &str, photo: usize, recipients: &[Recipient]) -> serde_json::Value {
    let prompt: Arc<dyn Prompt> = Arc::new(NoPrompt);
    let mut packet = Packet::parse(&format!("name = \"{name}\"\n[medical]\nallergies = \"nuts\"\n")).unwrap();
    if photo > 0 {
        let mut bytes = vec![0xff, 0xd8, 0xff];
        bytes.resize(photo, 7);
        packet.photo = Some(dossier::Photo::new(bytes).unwrap());
    }
    let sealed = seal(&packet, &binding(), recipients, &prompt).unwrap();
    json!([name, STANDARD.encode(sealed)])
}

struct Keys {
    own: NewIdentity,
    plain: String,
    passkey: age::x25519::Identity,
    recipients: Vec<Recipient>,
}

fn keys() -> Keys {
    let (own, passkey) = (NewIdentity::generate(), identity_from_prf(&[42; 32]).unwrap());
    let others = std::iter::repeat_with(|| NewIdentity::generate().recipient().unwrap()).take(9);
    let mut recipients: Vec<Recipient> = others.collect();
    recipients.push(own.recipient().unwrap());
    recipients.push(Recipient::parse(&passkey.to_public().to_string()).unwrap());
    let plain = own.plain().to_string();
    Keys { own, plain, passkey, recipients }
}

#[test]
fn what_is_sealed_here_opens_in_the_page() {
    let Keys { own, plain, recipients, .. } = keys();
    let passphrase = "Zoé's passphrase";
    let packets = [("Alice Martin", 0), ("Zoé d’Exemple", 40_000), ("Bob", 100_000), ("Carol", 500_000)];
    let packets: Vec<_> = packets.iter().map(|(name, photo)| packet(name, *photo, &recipients)).collect();
    let stranger = NewIdentity::generate().plain().to_string();
    let secret = plain.lines().last().unwrap();
    let (start, end) = secret.split_at(secret.len() - 1);
    let mistyped = format!("{start}{}", if end == "Q" { "P" } else { "Q" });
    let said = json!({
        "plain": plain, "locked": own.protected(passphrase, 10).unwrap(), "passphrase": passphrase, "stranger": stranger,
        "packets": packets, "mistyped": mistyped,
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("said.json");
    std::fs::write(&file, said.to_string()).unwrap();
    assert_eq!(run(&folder, PACKETS, &file), "4 packets");
}

/// The other way: the independent program seals, the page opens.
const PEER: &str = r#"
import { readFileSync } from "node:fs";
import { Encrypter, armor } from "age-encryption";
import { open, readIdentities } from "./age.js";
const said = JSON.parse(readFileSync(process.argv[2], "utf8"));
const utf8 = (text) => new TextEncoder().encode(text);
let opened = 0;
for (const size of [0, 1, 63, 64, 65535, 65536, 65537, 200000]) {
  const sealed = new Encrypter();
  for (const recipient of said.recipients) sealed.addRecipient(recipient);
  const text = "é".repeat(size / 2) + "x".repeat(size % 2);
  const file = await sealed.encrypt(text);
  for (const bytes of [file, utf8(armor.encode(file)), utf8(armor.encode(file).replaceAll("\n", "\r\n"))]) {
    const plain = new TextDecoder().decode(await open(bytes, await readIdentities(utf8(said.plain))));
    if (plain !== text) { console.log(`${size} bytes are not the same`); process.exit(1); }
    opened += 1;
  }
}
const locked = new Encrypter();
locked.setPassphrase("a passphrase for tests");
locked.setScryptWorkFactor(15);
const file = utf8(armor.encode(await locked.encrypt(`# made elsewhere\r\n\r\n${said.passkey}\r\n`)));
const [identity] = await readIdentities(file, "a passphrase for tests");
if (Buffer.from(identity.point).toString("hex") === "") process.exit(1);
console.log(`${opened} opened`);
"#;

fn peer() -> PathBuf {
    let target = match std::env::var_os("REMPART_TEST_PEERS") {
        Some(folder) => PathBuf::from(folder).join("npm"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/npm"),
    };
    let installed = std::fs::read_to_string(target.join("installed.txt")).unwrap_or_default();
    assert!(
        installed.lines().any(|line| line.starts_with("age-encryption@")),
        "the independent implementation of age is missing: run `cargo xtask peers-for-tests`"
    );
    target.canonicalize().unwrap()
}

#[test]
fn what_an_independent_program_seals_opens_in_the_page() {
    let Keys { plain, passkey, recipients, .. } = keys();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(peer().join("node_modules"), folder.path().join("node_modules")).unwrap();
    let said =
        json!({ "plain": plain, "passkey": passkey.to_string().expose_secret(), "recipients": recipients });
    let file = folder.path().join("said.json");
    std::fs::write(&file, said.to_string()).unwrap();
    assert_eq!(run(&folder, PEER, &file), "24 opened");
}
