//! What responders do on the command line, with the real binary against a real server: from a transfer under duress to the clear, the police
//! pack checked offline, and a drill (G4, G7, G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "twins/run.rs"]
#[allow(dead_code, reason = "the twins use more of it")]
mod run;
#[path = "../../server/tests/stage/mod.rs"]
mod stage;
#[path = "../../server/tests/world/mod.rs"]
mod world;

use std::path::Path;
use std::time::Duration;

use credentials::{KeyFile, KeyKind};
use run::{Printed, plain, with_phrase};
use serde_json::Value;
use server::engine::SLOT_PERIOD;
use stage::{Stage, device, own, panic, proposal};
use types::{ActorId, Span};

/// Two responders at their terminals.
struct Terminals<'a> {
    stage: &'a Stage,
    folder: &'a Path,
    number: String,
}

impl Terminals<'_> {
    fn run(&self, by: &str, step: &str, rest: &[&str], meanwhile: impl Fn()) -> Printed {
        // Attempts are counted by the minute.
        self.stage.pass(Span::from_seconds(21));
        let (url, key) = (format!("http://{}", self.stage.address), format!("{by}.key"));
        let arguments = [&["--server", &url, "--key", &key], rest].concat();
        with_phrase(self.folder, step, &arguments, &own(by), meanwhile)
    }

    fn read(&self, by: &str, step: &str, rest: &[&str]) -> String {
        let printed = self.run(by, step, rest, || {});
        assert_eq!(printed.status, 0, "{printed:?}");
        printed.out
    }

    /// Answered at the tick of the covert chain.
    fn act(&self, by: &str, step: &str, rest: &[&str]) -> Printed {
        self.run(by, step, rest, || {
            std::thread::sleep(Duration::from_millis(700));
            self.stage.pass(SLOT_PERIOD);
        })
    }

    fn done(&self, by: &str, step: &str, rest: &[&str]) {
        let printed = self.act(by, step, rest);
        assert_eq!(printed.status, 0, "{printed:?}");
    }

    /// On the incident of the story.
    fn here(&self, by: &str, step: &str, rest: &[&str]) {
        self.done(by, step, &[&[self.number.as_str()], rest].concat());
    }
}

fn incident(stage: &Stage) -> Value {
    let token = stage.token("dora", &own("dora"));
    stage.get(&stage.first_incident(), Some(&token)).json()
}

fn keys(folder: &Path) {
    for name in ["dora", "emil"] {
        let key = KeyFile { person: ActorId::parse(name).unwrap(), kind: KeyKind::Person, key: device(name) };
        std::fs::write(folder.join(format!("{name}.key")), key.render().as_bytes()).unwrap();
    }
}

#[test]
fn from_the_first_sign_to_the_clear() {
    let stage = Stage::new();
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    keys(folder);
    let forced = stage.sending("alice", &panic("alice"), "/v1/transfers", proposal("0.4 BTC", 1, None));
    assert_eq!(stage.send(&forced).status(), 202);
    stage.pass(SLOT_PERIOD);
    let seen = incident(&stage);
    let number = seen["id"].to_string();
    let code = seen["call_back"].as_str().unwrap().to_owned();
    let desk = Terminals { stage: &stage, folder, number: number.clone() };

    let listed = desk.read("dora", "alarm list", &[]);
    for part in [&number, "CONFIRMED", "alice", "NOBODY HAS TAKEN CHARGE"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    taken(&desk, &code);
    worked(&desk);
    shown(&desk, &code);
    packed(&desk);
    cleared(&desk);
}

fn taken(desk: &Terminals<'_>, code: &str) {
    let (first, second) = code.split_at(3);
    desk.done("dora", "alarm ack", &["--code", &format!("{first} {second}")]);
    let unknown = desk.act("dora", "alarm ack", &["--code", "000000", "--from", "home-dora"]);
    assert_eq!(unknown.status, 1, "{unknown:?}");
    desk.here("emil", "alarm ack", &["--from", "home-emil"]);
}

fn worked(desk: &Terminals<'_>) {
    desk.here("dora", "alarm procedure", &["home-invasion"]);
    desk.here("dora", "alarm done", &["take-charge"]);
    desk.here("dora", "alarm done", &["call-police"]);
    desk.here("emil", "alarm done", &["call-police", "--undo"]);
    desk.here("dora", "alarm called", &["police", "--note", "file 118"]);
    desk.here("dora", "alarm called", &["--other", "exchange X"]);
    desk.here("dora", "alarm note", &["two cars"]);
    desk.here("dora", "alarm hand-over", &["emil"]);
    // The server's clock is a simulated one: a duration would be counted from the real time.
    let later = desk.stage.wall().after(Span::from_hours(2)).to_string();
    desk.here("emil", "alarm wait", &["--until", &later]);
    desk.here("dora", "alarm narrow", &["--vault", "treasury"]);
    let earlier = desk.stage.wall().before(Span::from_hours(1)).to_string();
    desk.here("dora", "alarm implicate", &["--since", &earlier, "bob"]);
}

fn shown(desk: &Terminals<'_>, code: &str) {
    let room = desk.read("emil", "alarm show", &[&desk.number]);
    let (first, second) = code.split_at(3);
    for part in [
        "alice",
        &format!("{first} {second}"),
        "leads           emil",
        "two places have taken charge",
        "home invasion",
        "[x] +0 min",
        "[ ] +2 min",
        "called the police: file 118",
        "called exchange X",
        "note: two cars",
        "asked for transfer",
        "took charge from home-emil",
        "handed over to emil",
    ] {
        assert!(room.contains(part), "{part}: {room}");
    }
    let json = desk.read("emil", "alarm show", &["--json", &desk.number]);
    let json: Value = serde_json::from_str(json.split_once("phrase: ").unwrap().1.trim()).unwrap();
    assert_eq!(json["checklist"][0]["done"], true);
    assert_eq!(json["first_screen"]["steps"].as_array().unwrap().len(), 3);
    let script = desk.read("dora", "alarm script", &["--number", "112", &desk.number]);
    assert!(script.contains("Police, please.") && script.contains("READ FROM THE DOSSIER"), "{script}");
    let duty = desk.run("dora", "alarm duty", &[], || {});
    assert_eq!(duty.status, 0, "{duty:?}");
}

const OPENED: &str = r#"{"revisions":[],"packets":[{"binding":{"person":"alice"},"doubts":[],"packet":{"name":"Alice Exemple",
"medical":{"conditions":"diabetes"},"address":[{"lines":"1 rue de l'Exemple"}]}}]}"#;

fn packed(desk: &Terminals<'_>) {
    let (folder, number) = (desk.folder, desk.number.as_str());
    std::fs::write(folder.join("opened.json"), OPENED).unwrap();
    let contact = "emil=Emil Exemple, +33 6 39 98 00 03";
    let extras = ["--dossier", "opened.json", "--contact", contact, number];
    desk.read("emil", "alarm pack", &[&["--out", "police"], &extras[..]].concat());
    desk.read("emil", "alarm pack", &[&["--out", "again"], &extras[..]].concat());
    let page = std::fs::read_to_string(folder.join("police/index.fr.html")).unwrap();
    assert!(page.contains("Alice Exemple") && page.contains("Emil Exemple") && page.contains("0.4 BTC"));
    // Byte for byte: that somebody asked for a pack is no part of it.
    for file in std::fs::read_dir(folder.join("police")).unwrap() {
        let name = file.unwrap().file_name();
        let of = |pack: &str| std::fs::read(folder.join(pack).join(&name)).unwrap();
        assert_eq!(of("police"), of("again"), "{name:?}");
        assert!(!String::from_utf8_lossy(&of("police")).contains("diabetes"), "{name:?}");
    }
    // A folder with something in it is left alone.
    let refused = desk.run("emil", "alarm pack", &["--out", "police", number], || {});
    assert_eq!(refused.status, 2, "{refused:?}");
    verified(desk);
}

fn verified(desk: &Terminals<'_>) {
    let folder = desk.folder;
    let key = hex::encode(desk.stage.engine.secrets().checkpoint().verifying_key().as_bytes());
    let emil = device("emil").public().to_string();
    let verify = |more: &[&str]| {
        plain(folder, "alarm pack-verify", &[&["police", "--key", &key], more].concat()).status
    };
    assert_eq!(verify(&[]), 0);
    assert_eq!(verify(&["--packed-by", &emil]), 0);
    assert_eq!(verify(&["--packed-by", &device("dora").public().to_string()]), 1);
    assert_eq!(plain(folder, "alarm pack-verify", &["police", "--key", &emil]).status, 1);
    assert_eq!(plain(folder, "alarm pack-verify", &["nowhere", "--key", &key]).status, 2);
    let mut sums = std::process::Command::new("sha256sum");
    let sums = sums.args(["-c", "SHA256SUMS"]).current_dir(folder.join("police")).output().unwrap();
    assert!(sums.status.success(), "{sums:?}");
    let sheet = folder.join("police/timeline.csv");
    let text = std::fs::read_to_string(&sheet).unwrap();
    std::fs::write(&sheet, text.replace("two cars", "one car")).unwrap();
    assert_eq!(verify(&[]), 1);
}

fn cleared(desk: &Terminals<'_>) {
    desk.done("emil", "alarm report", &["--kind", "code-word", "alice"]);
    // Nobody endorses a clear without a call-back of their own, with everybody concerned.
    let early = desk.act("dora", "alarm clear", &[&desk.number]);
    assert_eq!(early.status, 1, "{early:?}");
    for by in ["dora", "emil"] {
        for person in ["alice", "bob"] {
            desk.here(by, "alarm called-back", &["--all-clear", "--private", person]);
        }
        desk.here(by, "alarm clear", &[]);
    }
    desk.here("dora", "alarm end-clear", &[]);
    for by in ["dora", "emil"] {
        desk.here(by, "alarm clear", &[]);
    }
    desk.stage.pass(Span::from_hours(25));
    let listed = desk.read("dora", "alarm list", &[]);
    assert!(listed.contains("closed"), "{listed}");
}

#[test]
fn a_drill_is_measured_and_reported() {
    let stage = Stage::new();
    let temporary = tempfile::tempdir().unwrap();
    keys(temporary.path());
    let mut desk = Terminals { stage: &stage, folder: temporary.path(), number: String::new() };
    let none = desk.read("dora", "alarm drills", &[]);
    assert!(none.contains("No drill yet"), "{none}");
    desk.done("dora", "alarm drill", &["carol"]);
    desk.number = incident(&stage)["id"].to_string();
    let script = desk.read("dora", "alarm script", &[&desk.number]);
    assert!(script.contains("EXERCISE: DO NOT CALL"), "{script}");
    desk.here("dora", "alarm ack", &[]);
    stage.pass(Span::from_seconds(600));
    desk.here("emil", "alarm ack", &["--from", "home-emil"]);
    desk.here("dora", "alarm drill-end", &[]);
    let report = desk.read("dora", "alarm drills", &["--reaction", "4h"]);
    for part in ["DRILL REPORT", "people in two places had taken charge", "You wrote 4 h", "home-emil"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let json = desk.read("dora", "alarm drills", &["--json"]);
    let json: Value = serde_json::from_str(json.split_once("phrase: ").unwrap().1.trim()).unwrap();
    assert!(json["drills"][0]["two_places"].as_u64().unwrap() >= 600, "{json}");
    // What the rules say, where nothing else is given: two hours if nothing is written.
    assert_eq!(json["reaction"], 7200);
}
