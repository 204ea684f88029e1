//! G9, G10: packets and key files are age's own: `age-encryption`, its author's independent implementation in JavaScript, opens what is sealed here
//! and seals what opens here, keys from passkeys and files under a passphrase included.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use dossier::{Binding, Keys, NewIdentity, NoPrompt, Packet, Prompt, identity_from_prf, open, seal};
use policy::Recipient;
use types::{PersonId, Timestamp};
use zeroize::Zeroizing;

const SCRIPT: &str = r#"
import { readFileSync, writeFileSync } from "node:fs";
import { armor, Decrypter, Encrypter, identityToRecipient } from "age-encryption";
const said = JSON.parse(readFileSync("said.json", "utf8"));
const same = (what, given, expected) => { if (given !== expected) { console.log(`${what}: ${given} instead of ${expected}`); process.exit(1); } };
same("recipient of the passkey", await identityToRecipient(said.passkey), said.passkey_recipient);
const key = new Decrypter();
key.addPassphrase(said.passphrase);
const file = await key.decrypt(armor.decode(readFileSync("key.age", "utf8")), "text");
const identity = file.split("\n").find((line) => line.startsWith("AGE-SECRET-KEY-"));
same("recipient of the file", await identityToRecipient(identity), said.recipient);
for (const own of [identity, said.passkey]) {
  const reader = new Decrypter();
  reader.addIdentity(own);
  const plain = await reader.decrypt(readFileSync("sealed.age"), "text");
  same("size", new TextEncoder().encode(plain).length, 4096);
  const { format, binding, packet } = JSON.parse(plain);
  same("format", format, "rempart-dossier/1");
  same("binding", JSON.stringify(binding), said.binding);
  same("name", packet.name, "Zoé d’Exemple");
}
const again = new Encrypter();
again.addRecipient(said.recipient);
again.addRecipient(said.passkey_recipient);
const binding = { organisation: "Peer", person: "bob", revision: 9, sealed_at: "2026-11-20T09:30:00Z" };
const whole = { format: "rempart-dossier/1", binding, packet: { name: "Bob", telephone: [{ number: "17" }] } };
writeFileSync("peer.age", await again.encrypt(JSON.stringify(whole)));
const locked = new Encrypter();
locked.setPassphrase(said.passphrase);
locked.setScryptWorkFactor(10);
writeFileSync("peer-key.age", armor.encode(await locked.encrypt(`# made elsewhere\n${identity}\n`)));
console.log("both ways");
"#;

fn peer() -> PathBuf {
    let target = match std::env::var_os("REMPART_TEST_PEERS") {
        Some(folder) => PathBuf::from(folder).join("npm"),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/npm"),
    };
    let installed = std::fs::read_to_string(target.join("installed.txt")).unwrap_or_default();
    assert!(
        installed.lines().any(|line| line.starts_with("age-encryption@")),
        "the independent implementation of age is missing: run `cargo xtask peers-for-tests`"
    );
    target.canonicalize().unwrap()
}

#[test]
fn an_independent_implementation_opens_and_seals() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink(peer().join("node_modules"), at("node_modules")).unwrap();
    let (own, passkey) = (NewIdentity::generate(), identity_from_prf(&[42; 32]).unwrap());
    let passkey_secret = age::secrecy::ExposeSecret::expose_secret(&passkey.to_string()).to_owned();
    let passkey_recipient = Recipient::parse(&passkey.to_public().to_string()).unwrap();
    let recipients = [own.recipient().unwrap(), passkey_recipient.clone()];
    let binding = Binding {
        organisation: "Exemple SAS".into(),
        person: PersonId::parse("alice").unwrap(),
        revision: 3,
        sealed_at: Timestamp::parse("2026-11-20T09:30:00Z").unwrap(),
    };
    let prompt: Arc<dyn Prompt> = Arc::new(NoPrompt);
    let packet = Packet::parse("name = \"Zoé d’Exemple\"\n").unwrap();
    std::fs::write(at("sealed.age"), seal(&packet, &binding, &recipients, &prompt).unwrap()).unwrap();
    let passphrase = "a passphrase for tests";
    std::fs::write(at("key.age"), own.protected(passphrase, 10).unwrap()).unwrap();
    let said = serde_json::json!({
        "passkey": passkey_secret, "passkey_recipient": passkey_recipient, "recipient": recipients[0],
        "passphrase": passphrase, "binding": serde_json::to_string(&binding).unwrap(),
    });
    std::fs::write(at("said.json"), said.to_string()).unwrap();
    std::fs::write(at("peer.mjs"), SCRIPT).unwrap();
    let output = Command::new("node").arg("peer.mjs").current_dir(folder.path()).output();
    let output = output.expect("node is missing: install it (Debian: apt-get install nodejs)");
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.trim(), "both ways");
    let typed = || Some(Zeroizing::new(passphrase.to_owned()));
    let keys = Keys::read(&std::fs::read(at("peer-key.age")).unwrap(), typed, &prompt).unwrap();
    for keys in [keys, Keys::of(passkey)] {
        let opened = open(&std::fs::read(at("peer.age")).unwrap(), &keys).unwrap();
        assert_eq!((opened.binding.organisation.as_str(), opened.binding.revision), ("Peer", 9));
        assert_eq!(opened.packet.telephone[0].number.as_ref().unwrap().reveal(), "17");
    }
}
