//! Dossiers over HTTP (G3, G4, G9): handed in sealed, fetched by one free responder who has to do with it, recorded before the bytes leave; for
//! everybody else the same bytes as if nothing were there; nothing on the server's disk or among its keys opens one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use covert::What;
use dossier::{Binding, Expected, Keys, NoPrompt, OpenError, Packet, Prompt};
use journal::SqliteJournal;
use policy::{Recipient, readers_hash};
use serde_json::{Value, json};
use server::engine::read_state;
use stage::{Raw, Stage, own, panic};
use types::{PersonId, Span, Timestamp};
use world::RECIPIENTS;

const PLAIN: &str = "name = \"Alice Martin-Exemple\"\npolice = \"the vault is watched\"\n[words]\ndistress = \"water the ferns\"\n";

fn keys(secret: &str) -> Keys {
    let prompt: Arc<dyn Prompt> = Arc::new(NoPrompt);
    Keys::read(secret.as_bytes(), || None, &prompt).unwrap()
}

fn recipients(stage: &Stage, who: &str) -> Value {
    let token = stage.token(who, &own(who));
    stage.get("/v1/dossiers/recipients", Some(&token)).json()
}

/// Seals as a person's own program does, with what the server says.
fn sealed(stage: &Stage, who: &str, text: &str) -> Value {
    let asked = recipients(stage, who);
    let list = asked["recipients"].as_array().unwrap().iter();
    let list: Vec<Recipient> = list.map(|text| Recipient::parse(text.as_str().unwrap()).unwrap()).collect();
    let revision = u32::try_from(asked["revision"].as_u64().unwrap()).unwrap();
    let binding = Binding {
        organisation: asked["organisation"].as_str().unwrap().into(),
        person: PersonId::parse(who).unwrap(),
        revision,
        sealed_at: stage.wall(),
    };
    let prompt: Arc<dyn Prompt> = Arc::new(NoPrompt);
    let bytes = dossier::seal(&Packet::parse(text).unwrap(), &binding, &list, &prompt).unwrap();
    json!({ "revision": revision, "readers": readers_hash(&list), "sealed": STANDARD.encode(bytes) })
}

fn put(stage: &Stage, who: &str, phrase: &str, command: Value) -> Raw {
    let mut sending = stage.sending(who, phrase, "/v1/me/dossier", command);
    sending.method = "PUT";
    stage.send(&sending)
}

fn keep(stage: &Stage, who: &str, text: &str) {
    let answer = put(stage, who, &own(who), sealed(stage, who, text));
    assert_eq!(answer.status(), 202, "{answer:?}");
}

/// Dora reports that alice is in danger; the number of the incident.
fn incident(stage: &Stage) -> u64 {
    let report = json!({ "who": "alice", "kind": "judgement" });
    let answer = stage.send_covert(&stage.sending("dora", &own("dora"), "/v1/response/reports", report));
    assert_eq!(answer.status(), 202, "{answer:?}");
    let token = stage.token("dora", &own("dora"));
    stage.get("/v1/response/incidents", Some(&token)).json()["incidents"][0]["id"].as_u64().unwrap()
}

fn open(stage: &Stage, who: &str, phrase: &str, incident: u64, person: &str, command: Value) -> Raw {
    stage.pass(Span::from_seconds(61));
    let path = format!("/v1/response/incidents/{incident}/dossiers/{person}");
    stage.send_covert(&stage.sending(who, phrase, &path, command))
}

fn packet(answer: &Raw, number: usize) -> Vec<u8> {
    let body = answer.json();
    STANDARD.decode(body["packets"][number]["sealed"].as_str().unwrap_or_else(|| panic!("{body}"))).unwrap()
}

fn openings(stage: &Stage) -> Vec<(String, u32)> {
    stage.engine.read(opened_in)
}

fn opened_in(state: &gate::State) -> Vec<(String, u32)> {
    let log = state.covert().incidents().flat_map(|(_, incident)| &incident.log);
    let opened = log.filter_map(|entry| match &entry.what {
        What::Acted { by, command: covert::Command::Opened { revision, .. } } => {
            Some((by.to_string(), *revision))
        }
        _ => None,
    });
    opened.collect()
}

#[test]
fn one_responder_opens_what_its_owner_sealed_and_it_is_recorded() {
    let stage = Stage::new();
    let asked = recipients(&stage, "alice");
    let both = json!([RECIPIENTS[1].0, RECIPIENTS[0].0]);
    assert_eq!(asked, json!({ "organisation": "Essai", "recipients": both, "revision": 1 }));
    assert_eq!(recipients(&stage, "dora")["recipients"], json!([RECIPIENTS[1].0]), "nobody reads their own");
    keep(&stage, "alice", PLAIN);
    let incident = incident(&stage);
    assert_eq!(openings(&stage), []);
    let answer = open(&stage, "dora", &own("dora"), incident, "alice", json!({}));
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(openings(&stage), [("dora".to_owned(), 1)]);
    let opened = dossier::open(&packet(&answer, 0), &keys(RECIPIENTS[0].1)).unwrap();
    assert_eq!(opened.packet.name.reveal(), "Alice Martin-Exemple");
    let kept_at = Timestamp::parse(answer.json()["revisions"][0]["kept_at"].as_str().unwrap()).unwrap();
    let expected = Expected {
        organisation: Some("Essai".into()),
        person: PersonId::parse("alice").unwrap(),
        revision: Some(1),
        kept_at: Some(kept_at),
    };
    assert_eq!(opened.binding.doubts(&expected), []);
    // What one gets is durable: a server that starts again knows of it.
    let mut journal = SqliteJournal::open_read_only(&stage.folder().join("journal.db")).unwrap();
    let again = read_state(&mut journal, stage.engine.secrets()).unwrap();
    assert_eq!(opened_in(&again), [("dora".to_owned(), 1)]);
}

#[test]
fn for_everybody_else_nothing_is_there() {
    let stage = Stage::new();
    keep(&stage, "alice", PLAIN);
    let incident = incident(&stage);
    let nothing = open(&stage, "dora", &own("dora"), incident + 1, "alice", json!({}));
    assert_eq!(nothing.status(), 404);
    let body = nothing.body();
    // Nobody has handed one in; nobody is of that name; the incident is not about that person; no such revision.
    for (person, command) in [
        ("carol", json!({})),
        ("mallory", json!({})),
        ("not a name", json!({})),
        ("alice", json!({ "revision": 7 })),
    ] {
        let path = person.replace(' ', "%20");
        assert_eq!(open(&stage, "dora", &own("dora"), incident, &path, command).body(), body, "{person}");
    }
    // A responder who is not free, even in the incident that they reported; somebody who is no responder.
    assert_eq!(open(&stage, "emil", &panic("emil"), incident, "alice", json!({})).body(), body);
    assert_eq!(open(&stage, "dora", &panic("dora"), incident, "alice", json!({})).body(), body);
    assert_eq!(open(&stage, "bob", &own("bob"), incident, "alice", json!({})).body(), body);
    assert_eq!(openings(&stage), []);
}

#[test]
fn a_forced_revision_is_marked_and_the_one_before_it_comes_along() {
    let stage = Stage::new();
    keep(&stage, "alice", PLAIN);
    stage.pass(Span::from_hours(24 * 8));
    let empty = sealed(&stage, "alice", "name = \"x\"\n");
    assert_eq!(put(&stage, "alice", &panic("alice"), empty).status(), 202);
    let token = stage.token("dora", &own("dora"));
    let incident = stage.get("/v1/response/incidents", Some(&token)).json();
    let incident = incident["incidents"][0]["id"].as_u64().unwrap();
    let answer = open(&stage, "dora", &own("dora"), incident, "alice", json!({}));
    let body = answer.json();
    let marks: Vec<_> = body["revisions"].as_array().unwrap().iter().map(|one| one["free"].clone()).collect();
    assert_eq!(marks, [json!(true), json!(false)]);
    let given: Vec<_> =
        body["packets"].as_array().unwrap().iter().map(|one| one["revision"].clone()).collect();
    assert_eq!(given, [json!(2), json!(1)]);
    let name = |number: usize| {
        let opened = dossier::open(&packet(&answer, number), &keys(RECIPIENTS[0].1)).unwrap();
        opened.packet.name.reveal().to_owned()
    };
    assert_eq!([name(0), name(1)], ["x", "Alice Martin-Exemple"]);
    // Its owner sees nothing of that.
    let token = stage.token("alice", &own("alice"));
    let seen = stage.get("/v1/me/dossier", Some(&token)).json();
    assert_eq!(seen["revisions"].as_array().unwrap().len(), 2);
    assert!(!seen.to_string().contains("free"), "{seen}");
}

#[test]
fn one_is_reminded_of_dates_and_readers_and_gets_the_own_bytes_back() {
    let stage = Stage::new();
    let look = || {
        let token = stage.token("alice", &own("alice"));
        let seen = stage.get("/v1/me/dossier", Some(&token)).json();
        stage.pass(Span::from_seconds(61));
        (seen["because"].clone(), seen)
    };
    assert_eq!(look().0, json!("missing"));
    let mut other = sealed(&stage, "alice", PLAIN);
    other["readers"] = json!(types::Hash([1; 32]));
    assert_eq!(put(&stage, "alice", &own("alice"), other).status(), 202);
    assert_eq!(look().0, json!("readers"));
    let good = sealed(&stage, "alice", PLAIN);
    assert_eq!(put(&stage, "alice", &own("alice"), good.clone()).status(), 202);
    let (because, seen) = look();
    assert_eq!((because, &seen["due"], &seen["sealed"]), (json!(null), &json!(false), &good["sealed"]));
    stage.pass(Span::from_hours(24 * 183));
    assert_eq!(look().0, json!("old"));
}

#[test]
fn what_is_not_sealed_is_not_kept() {
    let stage = Stage::new();
    let with = |revision: u64, sealed: &str| json!({ "revision": revision, "readers": types::Hash([1; 32]), "sealed": sealed });
    let code = |command: Value| {
        stage.pass(Span::from_seconds(61));
        put(&stage, "alice", &own("alice"), command).code()
    };
    assert_eq!(code(with(1, &STANDARD.encode(PLAIN))), "command-invalid");
    assert_eq!(code(with(1, "%%%")), "command-invalid");
    assert_eq!(code(with(1, &"A".repeat(api::DOSSIER_BYTES_MAX * 2))), "body-too-large");
    assert_eq!(code(with(2, &STANDARD.encode(b"age-encryption.org/v1\n"))), "revision-not-next");
    let kept = stage.engine.read(|state| state.overt().dossier(&PersonId::parse("alice").unwrap()).len());
    assert_eq!(kept, 0);
    let disk = stage.disk();
    let found = |text: &str| disk.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!found("water the ferns") && !found(&STANDARD.encode(PLAIN)));
    // A phrase that was typed with what is not kept is judged all the same.
    stage.pass(Span::from_seconds(61));
    let forced = with(1, &STANDARD.encode(PLAIN));
    assert_eq!(put(&stage, "alice", &panic("alice"), forced).code(), "command-invalid");
    assert_eq!(stage.engine.read(|state| state.covert().signals().count()), 1);
}

/// Every key of the server's folder, tried as a private key in every form, on every sealed content of its journal.
#[test]
fn nothing_that_the_server_has_opens_a_dossier() {
    let stage = Stage::new();
    keep(&stage, "alice", PLAIN);
    let answer = {
        let incident = incident(&stage);
        open(&stage, "dora", &own("dora"), incident, "alice", json!({}))
    };
    let sealed = packet(&answer, 0);
    let folder = tempfile::tempdir().unwrap();
    server::keys::Secrets::create(folder.path(), &server::entropy::SystemEntropy).unwrap();
    let mut tried = 0;
    for file in std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()) {
        let bytes = std::fs::read(&file).unwrap();
        for key in candidates(&bytes) {
            let identity = dossier::identity_from_prf(&key).unwrap();
            assert_eq!(dossier::open(&sealed, &Keys::of(identity)), Err(OpenError::NotForYou), "{file:?}");
            assert_eq!(dossier::open(&sealed, &raw(&key)), Err(OpenError::NotForYou), "{file:?}");
            tried += 1;
        }
    }
    assert!(tried > 4, "the folder has keys");
    // And what would open it is not on the disk, in any form; nor is what it says.
    let disk = stage.disk();
    let found = |text: &[u8]| disk.windows(text.len()).any(|window| window == text);
    assert!(found(&sealed[..200]), "the sealed bytes themselves are");
    for (_, secret) in RECIPIENTS {
        let scalar = scalar(secret);
        assert!(dossier::open(&sealed, &raw(&scalar)).is_ok(), "the check can find one");
        let forms = [secret.as_bytes().to_vec(), scalar.to_vec(), hex::encode(scalar).into_bytes()];
        assert!(forms.iter().all(|form| !found(form)));
    }
    for word in ["Martin-Exemple", "water the ferns", "the vault is watched"] {
        assert!(!found(word.as_bytes()), "{word}");
    }
}

/// Every 32 bytes of a file, and of what its hexadecimal and base64 texts stand for.
fn candidates(bytes: &[u8]) -> Vec<[u8; 32]> {
    let text = String::from_utf8_lossy(bytes);
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    let decoded = words.flat_map(|word| [hex::decode(word).ok(), STANDARD.decode(word).ok()]).flatten();
    let all = std::iter::once(bytes.to_vec()).chain(decoded);
    all.flat_map(|bytes| bytes.windows(32).map(|key| key.try_into().unwrap()).collect::<Vec<_>>()).collect()
}

fn raw(key: &[u8; 32]) -> Keys {
    let name = bech32::Hrp::parse("age-secret-key-").unwrap();
    let text = bech32::encode::<bech32::Bech32>(name, key).unwrap().to_uppercase();
    keys(&text)
}

fn scalar(secret: &str) -> [u8; 32] {
    let (_, bytes) = bech32::decode(secret).unwrap();
    bytes.try_into().unwrap()
}
