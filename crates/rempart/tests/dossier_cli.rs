//! `rempart dossier …` as people use it (G9): a key is made once and for its owner's eyes, a packet is opened from a file and from a server, and what may
//! have been exchanged is not shown until it is asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "twins/run.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod run;
#[path = "../../server/tests/stage/mod.rs"]
mod stage;
#[path = "../../server/tests/world/mod.rs"]
mod world;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::{KeyFile, KeyKind};
use dossier::{Binding, NoPrompt, Packet, Prompt};
use policy::{Recipient, readers_hash};
use run::{REMPART, with_phrase};
use serde_json::{Value, json};
use server::engine::SLOT_PERIOD;
use stage::{Stage, device, own};
use types::{ActorId, PersonId, Timestamp};

fn rempart(folder: &Path, language: &str, arguments: &[&str]) -> Output {
    let all = [&["--language", language, "dossier"], arguments].concat();
    Command::new(REMPART).args(all).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn binding(person: &str, revision: u32, sealed_at: Timestamp) -> Binding {
    let person = PersonId::parse(person).unwrap();
    Binding { organisation: "Essai".into(), person, revision, sealed_at }
}

fn sealed(plain: &str, binding: &Binding, recipients: &[Recipient]) -> Vec<u8> {
    let prompt: Arc<dyn Prompt> = Arc::new(NoPrompt);
    dossier::seal(&Packet::parse(plain).unwrap(), binding, recipients, &prompt).unwrap()
}

/// A new key in `own.age`, and its recipient.
fn identity(folder: &Path) -> Recipient {
    let new = ["identity", "new", "--out", "own.age", "--without-passphrase", "--json"];
    let made = rempart(folder, "en", &new);
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    Recipient::parse(made["recipient"].as_str().unwrap()).unwrap()
}

#[test]
fn a_key_is_written_once_and_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = identity(folder.path());
    let file = folder.path().join("own.age");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    assert!(text(&before).contains(recipient.as_str()) && text(&before).contains("AGE-SECRET-KEY-1"));
    let again =
        rempart(folder.path(), "en", &["identity", "new", "--out", "own.age", "--without-passphrase"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // The passphrase comes from a terminal, and here is none.
    let piped = rempart(folder.path(), "en", &["identity", "new", "--out", "other.age"]);
    assert_eq!(piped.status.code(), Some(1));
    assert!(!folder.path().join("other.age").exists());
}

#[test]
fn the_file_to_fill_in_is_in_ones_own_language_and_must_be_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    for (language, word) in [("en", "emergency packet"), ("fr", "dossier d'urgence")] {
        let made = rempart(folder.path(), language, &["new"]);
        assert!(text(&made.stdout).contains(word), "{made:?}");
        std::fs::write(folder.path().join("me.toml"), &made.stdout).unwrap();
        let sealed = rempart(folder.path(), language, &["seal", "me.toml", "--key", "none.key"]);
        assert_eq!(sealed.status.code(), Some(1));
        assert!(text(&sealed.stderr).contains("a field is empty"), "{sealed:?}");
        assert!(folder.path().join("me.toml").exists());
    }
}

#[test]
fn a_sealed_file_opens_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let recipient = identity(folder.path());
    let plain = "name = \"Alice Martin\"\nphoto = \"iVBORw0KGgo=\"\n[[telephone]]\nnumber = \"+33 1\"\n";
    let at = Timestamp::parse("2026-11-20T09:30:00Z").unwrap();
    std::fs::write(folder.path().join("a.age"), sealed(plain, &binding("alice", 3, at), &[recipient]))
        .unwrap();
    let open = |language: &str, more: &[&str]| {
        let all = [&["open", "--file", "a.age", "--identity", "own.age"], more].concat();
        rempart(folder.path(), language, &all)
    };
    let french = open("fr", &["--photo", "face.png"]);
    assert!(french.status.success(), "{french:?}");
    let shown = text(&french.stdout);
    assert!(
        shown.contains("alice · révision 3") && shown.contains("Nom                 Alice Martin"),
        "{shown}"
    );
    assert_eq!(std::fs::read(folder.path().join("face.png")).unwrap(), b"\x89PNG\r\n\x1a\n");
    let json: Value = serde_json::from_slice(&open("en", &["--json"]).stdout).unwrap();
    assert_eq!(json["packets"][0]["packet"]["telephone"][0]["number"], "+33 1");
    // It is alice's; whoever asked for bob's is told, and not shown it.
    let doubtful = open("en", &["--person", "bob"]);
    let shown = text(&doubtful.stdout);
    assert_eq!(doubtful.status.code(), Some(1));
    assert!(shown.contains("!! it is the packet of `alice`") && !shown.contains("Martin"), "{shown}");
    assert!(text(&open("en", &["--person", "bob", "--despite"]).stdout).contains("Alice Martin"));
    let json: Value = serde_json::from_slice(&open("en", &["--person", "bob", "--json"]).stdout).unwrap();
    assert_eq!(
        (json["packets"][0]["packet"].clone(), json["packets"][0]["doubts"][0].is_string()),
        (Value::Null, true)
    );
    std::fs::remove_file(folder.path().join("own.age")).unwrap();
    identity(folder.path());
    let other = open("en", &[]);
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("not sealed to this identity"), "{other:?}");
}

#[test]
fn a_responder_opens_from_a_server_what_its_owner_handed_in() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let key = KeyFile { person: ActorId::parse("dora").unwrap(), kind: KeyKind::Person, key: device("dora") };
    std::fs::write(folder.path().join("dora.key"), key.render().as_bytes()).unwrap();
    std::fs::write(folder.path().join("dora.age"), world::RECIPIENTS[0].1).unwrap();
    let recipients = world::RECIPIENTS.map(|(recipient, _)| Recipient::parse(recipient).unwrap());
    for (revision, name) in [(1, "Alice Martin"), (2, "Alice Martin-Neuve")] {
        // What is sealed under another number than it is handed in with was exchanged, or its program is broken.
        let inside = binding("alice", if revision == 2 { 7 } else { 1 }, stage.wall());
        let bytes = sealed(&format!("name = \"{name}\"\n"), &inside, &recipients);
        let new = json!({ "revision": revision, "readers": readers_hash(&recipients), "sealed": STANDARD.encode(bytes) });
        let phrase = own("alice");
        let mut sending = stage.sending("alice", &phrase, "/v1/me/dossier", new);
        sending.method = "PUT";
        assert_eq!(stage.send(&sending).status(), 202);
    }
    let report = json!({ "who": "alice", "kind": "judgement" });
    stage.send_covert(&stage.sending("dora", &own("dora"), "/v1/response/reports", report));
    let token = stage.token("dora", &own("dora"));
    let incident = stage.get("/v1/response/incidents", Some(&token)).json()["incidents"][0]["id"].to_string();
    let url = format!("http://{}", stage.address);
    let open = |more: &[&str]| {
        stage.pass(types::Span::from_seconds(61));
        let all = ["--server", &url, "--key", "dora.key", "--incident", &incident, "--person", "alice"];
        let all = [&all[..], &["--identity", "dora.age"], more].concat();
        let tick = || {
            std::thread::sleep(Duration::from_millis(600));
            stage.pass(SLOT_PERIOD);
        };
        with_phrase(folder.path(), "dossier open", &all, &own("dora"), tick)
    };
    let first = open(&["--revision", "1"]);
    assert_eq!(first.status, 0, "{first:?}");
    assert!(first.out.contains("Alice Martin") && first.err.contains("may not have been free"), "{first:?}");
    let newest = open(&[]);
    assert_eq!(newest.status, 1, "{newest:?}");
    assert!(newest.out.contains("sealed as revision 7") && !newest.out.contains("Neuve"), "{newest:?}");
    assert!(open(&["--despite"]).out.contains("Neuve"));
    // Each opening is among the facts for the police, and so in the journal.
    let token = stage.token("dora", &own("dora"));
    let timeline = stage.get(&format!("/v1/response/incidents/{incident}/pack"), Some(&token)).body();
    assert_eq!(timeline.matches("dossier-opened").count(), 3, "{timeline}");
}
