//! One payment through the real binary on a real node: keys, ceremony, server, deposit, members' signatures, approval, wait, co-signature,
//! power cut, confirmation; and the same with a panic phrase (G1, G4, G6, G7).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use bitcoin::address::NetworkUnchecked;
use bitcoin::{Address, Amount};
use regtest::Node;

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");
const PAYEE: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

/// Everything waits four seconds; what waits two is slow.
const RULES: &str = r#"
[organisation]
name = "Essai"
currency = "BTC"
time_zone = "Europe/Paris"

[[vault]]
id = "treasury"
chain = "bitcoin:regtest"
keys = { at_least = 2, of = ["alice-hw", "carol-hw"] }
recovery = { at_least = 2, of = ["alice-hw", "carol-hw"], after_blocks = 4000 }

[[permit]]
id = "payments"
vaults = ["treasury"]
initiators = ["finance"]
destination = "any"
approve = { at_least = 1, of = "finance" }
hold = "4s"
expires = "7d"

[change]
approve = { at_least = 2, of = "finance" }
hold = "7d"
tighten = { at_least = 1, of = "finance" }

[stop]
lift = { at_least = 2, of = "finance" }
after = "24h"

[response]
responders = "responders"
quiet = "2s"
clear = { at_least = 2, of = "responders" }
clear_hold = "24h"
look_back = "7d"
"#;

fn register(keys: &[(&str, String)]) -> String {
    let mut text = String::new();
    for name in ["alice", "bob", "carol", "dora", "emil"] {
        let group = if matches!(name, "dora" | "emil") { "responders" } else { "finance" };
        let own: Vec<String> =
            keys.iter().map(|(id, _)| format!("{id:?}")).filter(|id| id.contains(name)).collect();
        text += &format!(
            "[[place]]\nid = \"home-{name}\"\nkind = \"home\"\n[[person]]\nid = \"{name}\"\ngroups = [\"{group}\"]\n\
             places = [\"home-{name}\"]\nkeys = [{}]\n",
            own.join(", ")
        );
    }
    keys.iter().for_each(|(id, key)| text += &format!("[[key]]\nid = \"{id}\"\nxpub = \"{key}\"\n"));
    text
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(REMPART);
    command.args(["--language", "en"]).args(arguments).current_dir(folder);
    command.output().unwrap()
}

fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs a command with a terminal and types the phrase as often as it is asked for.
fn typed(folder: &Path, language: &str, arguments: &[&str], phrase: &str) -> String {
    let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    let command = format!("{REMPART} --language {language} {}", quoted.join(" "));
    let mut child = Command::new("script")
        .args(["-qefc", &command, "/dev/null"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program `script` is missing: install the package bsdutils (util-linux)");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut printed, mut byte) = (Vec::new(), [0]);
    while stdout.read(&mut byte).unwrap() == 1 {
        printed.push(byte[0]);
        if printed.ends_with(b"phrase: ") || printed.ends_with("phrase\u{a0}: ".as_bytes()) {
            writeln!(stdin, "{phrase}").unwrap();
        }
    }
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(child.wait().unwrap().success(), "{arguments:?}: {printed}");
    printed
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(REMPART)
            .args(["--language", "en", "serve", "--data", "data", "--passphrase-file", "passphrase"])
            .args(["--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("serving at ").unwrap().strip_suffix("/v1").unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    /// As a power cut would.
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped_before = self.child.wait();
    }
}

struct Scene {
    folder: tempfile::TempDir,
    node: Node,
    server: Server,
    phrases: [(&'static str, String); 2],
}

impl Scene {
    /// Keys, policy, server's folder, ceremony, people, node.
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        fs::write(folder.join("passphrase"), "four words of mine\n").unwrap();
        fs::set_permissions(folder.join("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
        let new = |id: &'static str| {
            let file = format!("{id}.member");
            let made =
                ["sign", "new", "--key", &file, "--network", "regtest", "--passphrase-file", "passphrase"];
            (id, ok(folder, &made))
        };
        let keys = [new("alice-hw"), new("carol-hw")];
        fs::write(folder.join("rules.toml"), RULES).unwrap();
        fs::write(folder.join("register.toml"), register(&keys)).unwrap();
        let policy = ["rules.toml", "register.toml"];
        ok(folder, &["init", policy[0], policy[1], "--data", "data", "--passphrase-file", "passphrase"]);
        let mut create =
            vec!["vault", "create", policy[0], policy[1], "--vault", "treasury", "--data", "data"];
        create.extend(["--unchecked", "--record", "treasury.json"]);
        ok(folder, &create);
        let enrol = |name: &'static str| {
            let file = format!("{name}.key");
            let made =
                ["enrol", name, "--data", "data", "--key-file", &file, "--passphrase-file", "passphrase"];
            let made = ok(folder, &made);
            let phrase = made.lines().find_map(|line| line.strip_prefix("    ")).unwrap();
            (name, phrase.to_owned())
        };
        let phrases = [enrol("alice"), enrol("carol")];
        let node = Node::funded().unwrap();
        let settings = format!(
            "[[chain]]\nnetwork = \"regtest\"\nconfirmations = 1\nevery_seconds = 1\n[[chain.source]]\nkind = \"core\"\n\
             url = \"{}\"\ncookie = \"{}\"\n",
            node.url(),
            node.cookie_file().display()
        );
        let path = folder.join("data").join("rempart.toml");
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, before + &settings).unwrap();
        let server = Server::start(folder);
        Self { folder: temporary, node, server, phrases }
    }

    /// A command in somebody's name, with this phrase.
    fn say(&self, language: &str, who: &str, phrase: &str, arguments: &[&str]) -> String {
        let key = format!("{who}.key");
        let rest = ["--server", &self.server.url, "--key", &key];
        typed(self.folder.path(), language, &[arguments, &rest[..]].concat(), phrase)
    }

    fn own(&self, who: &str, arguments: &[&str]) -> String {
        let phrase = &self.phrases.iter().find(|(name, _)| *name == who).unwrap().1;
        self.say("en", who, phrase, arguments)
    }

    /// Asks until the answer says so. Each question is a sign-in, and those are limited.
    fn until(&self, arguments: &[&str], wanted: &str) -> String {
        for _ in 0..20 {
            let printed = self.own("alice", arguments);
            if printed.contains(wanted) {
                return printed;
            }
            sleep(Duration::from_millis(1500));
        }
        panic!("`{wanted}` never came: {}", self.own("alice", arguments));
    }

    /// Proposed, drafted, signed by both members, brought, not approved.
    fn propose(&self, amount: &str) -> String {
        let to = format!("{PAYEE}={amount}");
        let propose = ["transfer", "propose", "--vault", "treasury", "--to", &to, "--max-fee", "0.0005 BTC"];
        let printed = self.own("alice", &propose);
        let id = printed.lines().find_map(|line| line.trim().strip_prefix("done: ")).unwrap().to_owned();
        let [draft, once, twice] = ["draft", "once", "twice"].map(|name| format!("{name}-{}", &id[..8]));
        self.own("alice", &["transfer", "draft", &id, "--fee-rate", "2", "--psbt", &draft]);
        for (member, from, to) in [("alice-hw.member", &draft, &once), ("carol-hw.member", &once, &twice)] {
            let mut sign = vec!["sign", from, "--key", member, "--vault", "treasury.json", "--out", to];
            sign.extend(["--passphrase-file", "passphrase", "--yes"]);
            ok(self.folder.path(), &sign);
        }
        self.own("carol", &["transfer", "attach", &id, "--psbt", &twice]);
        id
    }
}

#[test]
fn a_payment_from_the_ceremony_to_the_block_and_none_under_duress() {
    let mut scene = Scene::new();
    let printed = scene.own("alice", &["wallet", "address", "treasury", "--label", "first"]);
    let address = printed.split_whitespace().find(|word| word.starts_with("bcrt1")).unwrap();
    let ceremony = ok(scene.folder.path(), &["vault", "show", "treasury.json"]);
    assert!(ceremony.contains(address), "the ceremony showed the same address");
    let script = address.parse::<Address<NetworkUnchecked>>().unwrap().assume_checked().script_pubkey();
    for _ in 0..2 {
        scene.node.deposit(&script, Amount::from_sat(50_000_000)).unwrap();
    }
    scene.until(&["wallet", "coins", "treasury"], "0.5 BTC");
    let id = scene.propose("0.2 BTC");
    // The node goes down while the hold passes: the transfer says what it waits for.
    scene.node.flush().unwrap();
    scene.node.kill();
    scene.own("carol", &["transfer", "approve", &id]);
    sleep(Duration::from_secs(5));
    let waiting = scene.until(&["transfer", "show", &id], "ready");
    assert!(waiting.contains("waits for") && waiting.contains("(source-absent)"), "{waiting}");
    scene.node.restart().unwrap();
    scene.until(&["transfer", "show", &id], "signed");
    assert_eq!(scene.node.mempool().unwrap().len(), 1);
    // Power cut between broadcast and block.
    let folder = scene.folder.path().to_owned();
    scene.server.child.kill().unwrap();
    scene.server.child.wait().unwrap();
    scene.server = Server::start(&folder);
    scene.node.mine(1).unwrap();
    scene.until(&["transfer", "show", &id], "confirmed");
    // The same again; carol gives a panic phrase, and her captor reads what she reads.
    let id = scene.propose("0.21 BTC");
    let approved = scene.say("en", "carol", "zoo zebra zone", &["transfer", "approve", &id]);
    assert!(approved.contains("done"), "{approved}");
    sleep(Duration::from_secs(5));
    scene.until(&["transfer", "show", &id], "declined");
    assert!(scene.node.mempool().unwrap().is_empty());
}
