//! What the console's first-run page tells a new administrator to type works as it stands there, with the policy that it gives to copy (G1, G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");
const COMMANDS: &str = include_str!("../../console/assets/first/commands.txt");
const POLICIES: [(&str, &str); 2] = [
    (
        include_str!("../../console/assets/first/rules.en.toml"),
        include_str!("../../console/assets/first/register.en.toml"),
    ),
    (
        include_str!("../../console/assets/first/rules.fr.toml"),
        include_str!("../../console/assets/first/register.fr.toml"),
    ),
];
/// Commands that ask for a passphrase on a terminal: here it comes from a file.
const ASK: [&str; 4] = ["sign", "init", "enrol", "serve"];

/// The commands of a part, without `rempart` and with what a shell would take away taken away.
fn commands(part: &str) -> Vec<Vec<String>> {
    let head = format!("[{part}]\n");
    let found = COMMANDS
        .split("\n\n")
        .find_map(|text| text.strip_prefix(&head))
        .unwrap_or_else(|| panic!("no {part}"));
    let lines = found.trim_end().replace("\\\n", " ");
    let words = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).collect();
    lines.lines().map(words).collect()
}

fn run(folder: &Path, words: &[String]) -> Output {
    let mut command = Command::new(REMPART);
    command.args(["--language", "en"]).args(words).current_dir(folder);
    if ASK.contains(&words[0].as_str()) {
        command.args(["--passphrase-file", "passphrase"]);
    }
    command.env_remove("CREDENTIALS_DIRECTORY").env_remove("REMPART_PASSPHRASE_FILE").output().unwrap()
}

fn ok(folder: &Path, words: &[String]) -> String {
    let output = run(folder, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().replace('\u{a0}', " ")
}

/// With what stands for something put in.
fn put(words: &[String], values: &[(&str, &str)]) -> Vec<String> {
    let replaced =
        |word: &String| values.iter().fold(word.clone(), |word, (name, value)| word.replace(name, value));
    words.iter().map(replaced).collect()
}

fn all(folder: &Path, part: &str) -> Vec<String> {
    commands(part).iter().map(|words| ok(folder, words)).collect()
}

fn start() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    fs::write(&passphrase, "only for this test\n").unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

#[test]
fn from_nothing_to_a_vault_and_a_drill_by_the_commands_of_the_page() {
    let folder = start();
    let at = folder.path();
    let keys: Vec<String> =
        all(at, "keys").iter().map(|shown| shown.lines().next().unwrap().trim().to_owned()).collect();
    assert_eq!(keys.len(), 3);
    let (rules, register) = POLICIES[0];
    fs::write(at.join("rules.toml"), rules).unwrap();
    // The owner puts the own keys in, as the page says.
    let mut own = keys.iter();
    let register: Vec<String> = register
        .lines()
        .map(|line| {
            if line.starts_with("xpub = ") {
                format!("xpub = \"{}\"", own.next().unwrap())
            } else {
                line.to_owned()
            }
        })
        .collect();
    assert!(own.next().is_none(), "three keys in the register");
    fs::write(at.join("register.toml"), register.join("\n")).unwrap();

    let checked = all(at, "check");
    assert!(checked[0].contains("warnings 0"), "{}", checked[0]);
    assert!(
        checked[1].contains("Whoever takes one home for 48 h can force out at most 0 EUR."),
        "{}",
        checked[1]
    );
    all(at, "init");
    for shown in all(at, "enrol") {
        assert!(shown.contains("Your phrase."), "{shown}");
    }
    let code = |key: &String| {
        let mut words = put(&commands("code")[0], &[("KEY", key)]);
        words.push("--json".to_owned());
        serde_json::from_str::<Value>(&ok(at, &words)).unwrap()["code"].as_str().unwrap().to_owned()
    };
    let named =
        |name: &str, key: &String| (format!("{name}-wallet=CODE"), format!("{name}-wallet={}", code(key)));
    let codes = [named("alice", &keys[0]), named("bob", &keys[1]), named("carol", &keys[2])];
    let codes: Vec<(&str, &str)> =
        codes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let made = ok(at, &put(&commands("create")[0], &codes));
    let address = made.lines().find_map(|line| line.trim().strip_prefix("0 bcrt1")).unwrap();
    let address = format!("bcrt1{}", address.trim());
    let confirm = commands("confirm");
    assert!(ok(at, &confirm[0]).contains("wsh("));
    assert!(ok(at, &put(&confirm[1], &[("ADDRESS", &address)])).contains("1 of 3"));
    ok(at, &confirm[2]);
    assert!(all(at, "drill")[0].contains("attacks on record, replayed under these rules"));
    serves(at);
    all(at, "backup");
    assert!(at.join("copy.sqlite").exists());
    // Needs a server with channels: that there is such a command is all that is held here.
    let mut help = commands("alarm")[0].clone();
    help.push("--help".to_owned());
    ok(at, &help);
}

/// Starts as the page says, tells where it is, and stops when asked.
fn serves(at: &Path) {
    let mut words = commands("serve")[0].clone();
    words.extend(["--listen", "127.0.0.1:0", "--passphrase-file", "passphrase"].map(str::to_owned));
    let mut serving = Command::new(REMPART);
    let serving = serving.args(["--language", "en"]).args(&words).current_dir(at);
    let mut serving = serving.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut line).unwrap();
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(line.starts_with("serving at http://127.0.0.1:"), "{line}");
}

#[test]
fn both_languages_have_the_same_policy() {
    for (rules, register) in POLICIES {
        let folder = start();
        fs::write(folder.path().join("rules.toml"), rules).unwrap();
        fs::write(folder.path().join("register.toml"), register).unwrap();
        assert!(
            all(folder.path(), "check")[0]
                .contains("vaults 1, permits 2, limits 1, forbids 0, people 4, warnings 0")
        );
    }
    let plain = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap().trim().to_owned());
        lines.filter(|line| !line.is_empty() && !line.starts_with("name = ")).collect()
    };
    assert_eq!(plain(POLICIES[0].0), plain(POLICIES[1].0));
    assert_eq!(plain(POLICIES[0].1), plain(POLICIES[1].1));
}
