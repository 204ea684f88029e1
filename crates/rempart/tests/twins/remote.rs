//! Subcommands that ask a running server, on a server whose clock and entropy are the same in both histories.

use std::path::Path;
use std::time::Duration;

use credentials::{KeyFile, KeyKind};
use server::engine::SLOT_PERIOD;
use types::{ActorId, Span};

use crate::run::{Printed, plain, with_phrase};
use crate::stage::{Stage, device, own, panic, proposal};
use crate::world;

/// Each is run so that it succeeds, and so that it is refused.
pub const STEPS: &[&str] = &[
    "transfer propose",
    "transfer approve",
    "transfer cancel",
    "transfer stop",
    "transfer object",
    "transfer draft",
    "transfer attach",
    "transfer show",
    "transfer list",
    "wallet list",
    "wallet show",
    "wallet coins",
    "wallet addresses",
    "wallet address",
    "wallet refresh",
    "credential phrase",
    "credential device",
    "credential revoke",
    "credential open",
    "credential enrol",
    "credential propose",
    "dossier seal",
    "dossier status",
    "motion list",
    "motion endorse",
    "motion end",
];

pub struct Terminal<'a> {
    pub stage: &'a Stage,
    folder: &'a Path,
    phrase: String,
    printed: Vec<Printed>,
}

impl Terminal<'_> {
    pub fn run(&mut self, step: &str, rest: &[&str]) -> &Printed {
        let url = format!("http://{}", self.stage.address);
        let arguments = [&["--server", &url, "--key", "alice.key"], rest].concat();
        let printed = with_phrase(self.folder, step, &arguments, &self.phrase, || {});
        self.printed.push(printed);
        self.printed.last().unwrap()
    }

    /// With a word that is on no list.
    fn run_mistyped(&mut self, step: &str) {
        let right = std::mem::replace(&mut self.phrase, "zoo zebra zoneless".into());
        self.run(step, &[]);
        self.phrase = right;
    }

    /// An act that is answered at the tick of the covert chain: time moves by one slot once it is on its way.
    pub fn run_covert(&mut self, step: &str, rest: &[&str]) {
        let url = format!("http://{}", self.stage.address);
        let arguments = [&["--server", &url, "--key", "alice.key"], rest].concat();
        let tick = || {
            std::thread::sleep(Duration::from_millis(600));
            self.stage.pass(SLOT_PERIOD);
        };
        let printed = with_phrase(self.folder, step, &arguments, &self.phrase, tick);
        self.printed.push(printed);
    }
}

/// One history: alice is asked for her phrase each time, and types her own or another one.
pub fn play(stage: &Stage, held: bool) -> Vec<Printed> {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let key =
        KeyFile { person: ActorId::parse("alice").unwrap(), kind: KeyKind::Person, key: device("alice") };
    std::fs::write(folder.join("alice.key"), key.render().as_bytes()).unwrap();
    let phrase = if held { panic("alice") } else { own("alice") };
    let mut terminal = Terminal { stage, folder, phrase, printed: Vec::new() };
    transfers(&mut terminal);
    stage.pass(Span::from_seconds(61));
    wallets(&mut terminal);
    stage.pass(Span::from_seconds(61));
    dossiers(&mut terminal);
    stage.pass(Span::from_seconds(61));
    credentials(&mut terminal);
    crate::responders::steps(&mut terminal);
    terminal.printed
}

fn proposed(stage: &Stage, by: &str, nonce: u8) -> String {
    let accepted = stage.post(by, "/v1/transfers", proposal("0.4 BTC", nonce, None)).json();
    accepted["transfer"].as_str().unwrap().to_owned()
}

fn transfers(terminal: &mut Terminal<'_>) {
    let stage = terminal.stage;
    let (own, other) = (proposed(stage, "alice", 1), proposed(stage, "bob", 2));
    let holdings = stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
    let psbt = world::psbt(&holdings, 40_000_000, &["alice"]);
    std::fs::write(terminal.folder.join("own.psbt"), psbt).unwrap();
    std::fs::write(terminal.folder.join("no.psbt"), b"psbt\xffno").unwrap();
    let nothing = "ab".repeat(32);
    let to = format!("{}=0.4 BTC", world::PAYEE);
    let propose = |fee: &'static str| ["--vault", "treasury", "--max-fee", fee, "--to"];
    terminal.run("transfer propose", &[&propose("0.00005 BTC")[..], &[&to]].concat());
    terminal.run("transfer propose", &[&propose("1 ETH")[..], &[&to]].concat());
    terminal.run("transfer approve", &[&other]);
    terminal.run("transfer approve", &[&own]);
    terminal.run("transfer attach", &["--psbt", "own.psbt", &own]);
    terminal.run("transfer attach", &["--psbt", "no.psbt", &own]);
    terminal.run("transfer draft", &["--fee-rate", "5", &other]);
    terminal.run("transfer draft", &["--kind", "child", "--fee-rate", "5", &other]);
    terminal.run("transfer show", &[&other]);
    terminal.run("transfer show", &[&nothing]);
    stage.pass(Span::from_seconds(61));
    terminal.run("transfer list", &[]);
    terminal.run("transfer list", &["--json"]);
    terminal.run_mistyped("transfer list");
    terminal.run_covert("transfer object", &[&other]);
    terminal.run_covert("transfer object", &[&nothing]);
    terminal.run("transfer stop", &["--reason", "held", &other]);
    terminal.run("transfer stop", &["--reason", "held", &nothing]);
    terminal.run("transfer cancel", &[&other]);
    terminal.run("transfer cancel", &[&other]);
}

fn wallets(terminal: &mut Terminal<'_>) {
    // Half a year on, the outputs near the opening of their recovery path.
    chain_grows(terminal.stage);
    for step in ["wallet show", "wallet coins", "wallet addresses", "wallet address"] {
        terminal.run(step, &["treasury"]);
        terminal.run(step, &["nowhere"]);
    }
    terminal.stage.pass(Span::from_seconds(61));
    terminal.run("wallet refresh", &["--fee-rate", "5", "--psbt", "refresh.psbt", "treasury"]);
    terminal.run("wallet refresh", &["--fee-rate", "5", "--psbt", "refresh.psbt", "nowhere"]);
    terminal.run("wallet list", &[]);
    terminal.run_mistyped("wallet list");
}

fn dossiers(terminal: &mut Terminal<'_>) {
    std::fs::write(terminal.folder.join("me.toml"), "name = \"Alice\"\n").unwrap();
    terminal.run("dossier status", &[]);
    terminal.run("dossier seal", &["me.toml", "--remove"]);
    assert!(!terminal.folder.join("me.toml").exists());
    terminal.run("dossier seal", &["me.toml"]);
    terminal.run("dossier status", &["--json"]);
    terminal.run_mistyped("dossier status");
}

fn credentials(terminal: &mut Terminal<'_>) {
    let stage = terminal.stage;
    terminal.run("credential phrase", &[]);
    terminal.run_mistyped("credential phrase");
    for _ in 0..2 {
        terminal.run("credential device", &["--new-key", "further.key"]);
    }
    terminal.run("credential revoke", &["--of", "bob"]);
    terminal.run("credential revoke", &["--of", "mallory"]);
    terminal.run("credential open", &["carol"]);
    terminal.run("credential open", &["mallory"]);
    let opened = stage.post("alice", "/v1/people/carol/enrolments", serde_json::json!({})).json();
    let code = opened["code"].as_str().unwrap();
    let url = format!("http://{}", stage.address);
    for key in ["carol.key", "carol-again.key"] {
        let arguments = ["--server", &url, "--code", code, "--new-key", key, "carol"];
        terminal.printed.push(plain(terminal.folder, "credential enrol", &arguments));
    }
    terminal.run("credential propose", &["--code", code, "carol"]);
    terminal.run("credential propose", &["--code", "none", "carol"]);
    stage.pass(Span::from_seconds(61));
    terminal.run("motion list", &[]);
    terminal.run_mistyped("motion list");
    let proposed = stage.post("bob", "/v1/me/phrase", serde_json::json!({ "language": "fr" })).json();
    let motion = proposed["motion"].as_str().unwrap();
    for step in ["motion endorse", "motion end", "motion end"] {
        terminal.run(step, &[motion]);
    }
    terminal.run("motion endorse", &[&"ab".repeat(32)]);
}

/// The treasury's coins come into the last quarter of the time before their recovery path opens.
fn chain_grows(stage: &Stage) {
    let (engine, at) = (&stage.engine, stage.wall());
    world::age_coins(engine, at);
}
