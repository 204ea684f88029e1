//! Auditors read the overt record and check it (G7, G9); the same entries with the same hashes whatever anybody's phrase was (G3).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use credentials::Cost;
use journal::{Journal, SqliteJournal};
use serde_json::{Value, json};
use server::audit::{Audit, Damage};
use stage::{Raw, Stage, exchange, own, panic, proposal};
use types::Span;

/// Emil is an auditor and nothing else; dora alone responds.
fn stage() -> Stage {
    let mut sources = world::sources();
    sources[0].text = sources[0]
        .text
        .replace("responders = \"responders\"", "responders = \"responders\"\nauditors = \"auditors\"")
        .replace("clear = { at_least = 2", "clear = { at_least = 1");
    let emil = "id = \"emil\"\ngroups = [\"responders\"]";
    sources[1].text = sources[1].text.replace(emil, "id = \"emil\"\ngroups = [\"auditors\"]");
    Stage::on(|_| Cost::CHEAP, sources, |_, _| {})
}

fn get(stage: &Stage, path: &str, token: &str, language: &str) -> Raw {
    let head = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nAccept-Language: {language}");
    exchange(stage.address, &head, b"")
}

fn page(stage: &Stage, token: &str, query: &str) -> Value {
    let answer = get(stage, &format!("/v1/audit/entries{query}"), token, "en");
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer.json()
}

fn numbers(page: &Value) -> Vec<u64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

/// Every entry, from as many pages of this size as it takes.
fn all(stage: &Stage, token: &str, limit: u64) -> Vec<Value> {
    let (mut entries, mut before) = (Vec::new(), String::new());
    loop {
        let found = page(stage, token, &format!("?limit={limit}{before}"));
        entries.extend(found["entries"].as_array().unwrap().clone());
        match found["next"].as_u64() {
            Some(next) => before = format!("&before={next}"),
            None => return entries,
        }
    }
}

fn texts(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["text"].as_str().unwrap()).collect()
}

/// What alice does in a day, with her own phrase or another.
fn play(stage: &Stage, phrase: &str) -> String {
    let transfer = stage.send(&stage.sending("alice", phrase, "/v1/transfers", proposal("0.4 BTC", 1, None)));
    let transfer = transfer.json()["transfer"].as_str().unwrap().to_owned();
    // One's own transfer cannot be approved.
    let approve = format!("/v1/transfers/{transfer}/approve");
    stage.send(&stage.sending("alice", phrase, &approve, json!({ "payload_hash": transfer })));
    let stop = json!({ "scope": { "vault": "desk" }, "reason": "a rehearsal" });
    stage.send(&stage.sending("alice", phrase, "/v1/stops", stop));
    stage.post("bob", &approve, json!({ "payload_hash": transfer }));
    stage.send(&stage.sending("alice", phrase, "/v1/me/phrase", json!({ "language": "fr" })));
    transfer
}

#[test]
fn auditors_read_what_was_done_and_nobody_else_finds_anything() {
    let stage = stage();
    let transfer = play(&stage, &own("alice"));
    for path in ["/v1/audit/entries", "/v1/audit/verification", "/v1/audit/entries?limit=x"] {
        let nothing = stage.get("/v1/nothing", None);
        let without =
            |raw: Raw| raw.body().replace(path.split('?').next().unwrap(), "").replace("/v1/nothing", "");
        for who in ["alice", "dora"] {
            let answer = stage.get(path, Some(&stage.token(who, &own(who))));
            assert_eq!((answer.status(), without(answer)), (404, without(nothing.clone())), "{who}");
        }
        assert_eq!(stage.get(path, None).status(), 404);
    }
    let token = stage.token("emil", &own("emil"));
    let found = all(&stage, &token, 200);
    let texts = texts(&found);
    let short = &transfer[..12];
    let proposed = format!("proposed transfer {short}: 0.4 BTC from vault `treasury`");
    let approved = format!("approved transfer {short}");
    for wanted in [
        "signed in",
        proposed.as_str(),
        "a command that was refused, or that had been done before",
        "stopped vault `desk`: “a rehearsal”",
        approved.as_str(),
        "the organisation began",
        "enrolled `alice`",
    ] {
        assert!(texts.contains(&wanted), "{wanted}: {texts:#?}");
    }
    assert!(texts.iter().any(|text| text.ends_with("change the phrase of `alice`")), "{texts:#?}");
    let refused: Vec<&Value> = found.iter().filter(|entry| entry["refused"].is_string()).collect();
    assert_eq!((refused.len(), refused[0]["by"].as_str()), (1, Some("alice")));
    let system = found.iter().find(|entry| entry["kind"] == "found").unwrap();
    assert!(system.get("by").is_none());
    let french = get(&stage, "/v1/audit/entries", &token, "fr").json();
    assert!(
        french.to_string().contains("blocage du coffre `desk`\u{a0}: «\u{a0}a rehearsal\u{a0}»"),
        "{french:#}"
    );
}

#[test]
fn pages_join_and_what_was_read_stays_as_it_was() {
    let stage = stage();
    play(&stage, &own("alice"));
    let token = stage.token("emil", &own("emil"));
    let whole = all(&stage, &token, 200);
    assert_eq!(whole, all(&stage, &token, 3));
    let found: Vec<u64> = whole.iter().map(|entry| entry["number"].as_u64().unwrap()).collect();
    assert_eq!(found, (1..=found.len() as u64).rev().collect::<Vec<_>>(), "none is missing");
    stage.post("alice", "/v1/posture/raise", json!({ "to": "elevated" }));
    let longer = all(&stage, &token, 50);
    assert_eq!(longer[1..], whole[..], "the hashes of what was there are the same");
    assert_eq!(numbers(&page(&stage, &token, "?before=3&limit=2")), [2, 1]);
    let of_bob = page(&stage, &token, "?by=bob");
    assert!(of_bob["entries"].as_array().unwrap().iter().all(|entry| entry["by"] == "bob"));
    let approvals = page(&stage, &token, "?kind=approve");
    assert_eq!(approvals["entries"].as_array().unwrap().len(), 1);
    assert!(approvals.get("next").is_none(), "looked through to the beginning");
    assert_eq!(numbers(&page(&stage, &token, "?kind=enrol&limit=1")).len(), 1);
    assert!(page(&stage, &token, "?kind=enrol&limit=1")["next"].is_u64());
    for bad in ["?limit=0", "?limit=201", "?before=x", "?who=bob"] {
        let answer = get(&stage, &format!("/v1/audit/entries{bad}"), &token, "en");
        assert_eq!(answer.code(), "query-invalid", "{bad}");
    }
    assert_eq!(numbers(&page(&stage, &token, "?before=1")), Vec::<u64>::new());
}

/// More than one mark of the chain of hashes, from a cold start and from a warm one.
#[test]
fn hashes_are_the_same_wherever_one_begins_to_read() {
    let stage = stage();
    for index in 0..600_u32 {
        let rate = types::Rate::parse(&format!("{}.5", 60_000 + index)).unwrap();
        let asset = types::Currency::parse("ETH").unwrap();
        let entry = policy::PriceEntry { asset, at: stage.wall(), rate, source: "test".into() };
        let command = gate::Command {
            by: overt::Author::Feed(types::ActorId::parse("chain").unwrap()),
            ..gate::Command::system(gate::Ask::Overt(overt::Command::NotePrice(entry)))
        };
        let _known_already = stage.engine.run_blocking(command).unwrap();
        stage.pass(Span::from_seconds(1));
    }
    let file = stage.folder().join("journal.db");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let read = |audit: &Audit, before: Option<u64>, limit: u64| {
        runtime.block_on(audit.reader()).entries(before, limit).unwrap()
    };
    let (warm, cold) = (Audit::new(Some(file.clone())), || Audit::new(Some(file.clone())));
    let whole = read(&warm, None, 10_000);
    assert!(whole.len() > 600, "{}", whole.len());
    for (before, limit) in
        [(None, 5), (Some(300), 50), (Some(257), 1), (Some(258), 1), (Some(513), 300), (Some(2), 9)]
    {
        let expected: Vec<_> = whole
            .iter()
            .filter(|entry| before.is_none_or(|before| entry.record.act.number.0 < before))
            .take(usize::try_from(limit).unwrap())
            .cloned()
            .collect();
        assert_eq!(read(&warm, before, limit), expected, "{before:?} {limit}");
        assert_eq!(read(&cold(), before, limit), expected, "{before:?} {limit}");
    }
}

#[test]
fn a_check_finds_what_was_altered_and_counts_what_was_added() {
    let mut stage = stage();
    play(&stage, &own("alice"));
    let token = stage.token("emil", &own("emil"));
    let check = |stage: &Stage| get(stage, "/v1/audit/verification", &token, "en").json();
    let (first, newest) = (check(&stage), page(&stage, &token, "?limit=1"));
    assert_eq!((first["whole"].as_bool(), first.get("problem")), (Some(true), None));
    assert_eq!(
        (&first["head"], &first["entries"]),
        (&newest["entries"][0]["hash"], &newest["entries"][0]["number"])
    );
    stage.post("alice", "/v1/posture/raise", json!({ "to": "elevated" }));
    assert_eq!(check(&stage)["entries"].as_u64(), first["entries"].as_u64().map(|entries| entries + 1));
    // Somebody with the disk in hand alters one letter of a note.
    let key = stage.engine.secrets().checkpoint().verifying_key();
    let number = page(&stage, &token, "?kind=submit")["entries"][0]["number"].as_u64().unwrap();
    stage.begin_stop();
    stage.engine.stop_blocking().unwrap();
    let file = stage.folder().join("journal.db");
    let altered = stage.folder().join("altered.db");
    SqliteJournal::open_read_only(&file).unwrap().backup_to(&altered).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let verify = || runtime.block_on(Audit::new(Some(altered.clone())).reader()).verify(key).unwrap();
    assert_eq!(verify().damage, None);
    let mut bytes = std::fs::read(&altered).unwrap();
    let places: Vec<usize> =
        bytes.windows(9).enumerate().filter(|(_, w)| *w == b"rehearsal").map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| bytes[*at] = b'R');
    std::fs::write(&altered, bytes).unwrap();
    let found = verify();
    assert!(matches!(found.damage, Some(Damage::Entry(at)) if at > number), "{found:?}");
    assert!(found.head != Default::default());
}

/// G3: with a phrase of one's own or another, with responders at work or not, every entry and every hash is the same. The journal's own
/// hashes cover the seals, and are not.
#[test]
fn the_record_for_auditors_is_the_same_in_every_history() {
    let history = |coerced: bool| {
        let stage = stage();
        let transfer = play(&stage, &if coerced { panic("alice") } else { own("alice") });
        let path = format!("{}/acknowledge", stage.first_incident());
        let acted = stage.send_covert(&stage.sending("dora", &own("dora"), &path, json!({})));
        assert_eq!(acted.status() == 404, !coerced, "{acted:?}");
        let objection = format!("/v1/transfers/{}/object", if coerced { "zz" } else { &transfer });
        stage.send_covert(&stage.sending("carol", &own("carol"), &objection, json!({})));
        let token = stage.token("emil", &own("emil"));
        let entries = get(&stage, "/v1/audit/entries?limit=200", &token, "en");
        let verification = get(&stage, "/v1/audit/verification", &token, "en");
        assert_eq!((entries.status(), verification.status()), (200, 200));
        let head = SqliteJournal::open_read_only(&stage.folder().join("journal.db")).unwrap().head();
        (entries, verification, head.overt_hash)
    };
    let runs = [false, true].map(|coerced| std::thread::spawn(move || history(coerced)));
    let [free, coerced] = runs.map(|run| run.join().unwrap());
    assert_eq!((&free.0, &free.1), (&coerced.0, &coerced.1));
    assert_ne!(free.2, coerced.2, "the histories do differ, in what is sealed");
}
