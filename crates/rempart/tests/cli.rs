//! The command line as a black box: the real binary, from policy files to a served and restarted organisation (G5, G7, G8).
//!
//! The phrase is read from a terminal only, so the tests give it one with util-linux's `script`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");

fn example(name: &str) -> String {
    format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn rempart(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(REMPART).args(["--language", "en"]).args(arguments).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command with a terminal, types one line, and gives back its status and what it printed.
fn on_a_terminal(folder: &Path, arguments: &[&str], typed: &str) -> (i32, String) {
    let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    let command = format!("{REMPART} --language en {}", quoted.join(" "));
    let mut child = Command::new("script")
        .args(["-qefc", &command, "/dev/null"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program `script` is missing: install the package bsdutils (util-linux)");
    let mut stdout = child.stdout.take().unwrap();
    let mut printed = Vec::new();
    let mut byte = [0];
    // Typing before the prompt would be typing blindly.
    while !printed.ends_with(b"phrase: ") && stdout.read(&mut byte).unwrap() == 1 {
        printed.push(byte[0]);
    }
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{typed}").unwrap();
    stdout.read_to_end(&mut printed).unwrap();
    let status = child.wait().unwrap().code().unwrap();
    (status, String::from_utf8_lossy(&printed).into_owned())
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

    /// As a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped_before = self.child.wait();
    }
}

/// A new organisation with two people and a service; returns the phrase of `sam`.
fn organisation(folder: &Path) -> String {
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, "a passphrase for tests\n").unwrap();
    set_mode(&passphrase, 0o600);
    let (rules, register) = (example("startup/rules.toml"), example("startup/register.toml"));
    let made =
        rempart(folder, &["init", &rules, &register, "--data", "data", "--passphrase-file", "passphrase"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let enrolled = enrol(folder, "sam");
    assert!(enrolled.status.success(), "{}", stderr(&enrolled));
    let phrase = stdout(&enrolled).lines().find_map(|line| line.strip_prefix("    ")).unwrap().to_owned();
    assert!(enrol(folder, "invoicing").status.success());
    phrase
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn enrol(folder: &Path, name: &str) -> Output {
    let key = format!("{name}.key");
    rempart(folder, &["enrol", name, "--data", "data", "--key-file", &key, "--passphrase-file", "passphrase"])
}

fn propose<'a>(server: &'a Server, key: &'a str, output: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["transfer", "propose", "--server", &server.url, "--key", key, "--vault", "hot"];
    arguments.extend(["--to", output, "--max-fee", "0 EUR"]);
    arguments
}

const PAYMENT: &str = "bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969=500 EUR";

#[test]
fn an_organisation_survives_a_power_cut() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let phrase = organisation(folder);
    let server = Server::start(folder);
    let (status, printed) = on_a_terminal(folder, &propose(&server, "sam.key", PAYMENT), &phrase);
    assert_eq!(status, 0, "{printed}");
    let id = printed.lines().find_map(|line| line.trim().strip_prefix("done: ")).unwrap().to_owned();
    server.kill();
    let server = Server::start(folder);
    let list = ["transfer", "list", "--server", &server.url, "--key", "sam.key"];
    let (status, printed) = on_a_terminal(folder, &list, &phrase);
    assert_eq!(status, 0, "{printed}");
    assert!(printed.contains(&id) && printed.contains("signed"), "{printed}");
    let second = rempart(folder, &["serve", "--data", "data", "--passphrase-file", "passphrase"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another"), "{}", stderr(&second));
    drop(server);
    let verified = rempart(folder, &["journal", "verify", "--data", "data"]);
    assert!(verified.status.success() && stdout(&verified).starts_with("sound"), "{}", stdout(&verified));
}

#[test]
fn any_words_of_the_list_are_accepted_and_others_are_named() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    organisation(folder);
    let server = Server::start(folder);
    let (status, printed) = on_a_terminal(folder, &propose(&server, "sam.key", PAYMENT), "zoo zebra zone");
    assert_eq!(status, 0, "{printed}");
    let (status, printed) =
        on_a_terminal(folder, &propose(&server, "sam.key", PAYMENT), "zoo zebra zoneless");
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("word 3") && printed.contains("[phrase-word-unknown]"), "{printed}");
}

#[test]
fn a_service_submits_within_the_limits_and_nothing_else() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    organisation(folder);
    let server = Server::start(folder);
    assert!(rempart(folder, &propose(&server, "invoicing.key", PAYMENT)).status.success());
    let too_much = PAYMENT.replace("500", "5000");
    let refused = rempart(folder, &propose(&server, "invoicing.key", &too_much));
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("[limit-reached]"), "{}", stderr(&refused));
    let stop = ["transfer", "cancel", "--server", &server.url, "--key", "invoicing.key", &"ab".repeat(32)];
    let refused = rempart(folder, &stop);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
}

#[test]
fn nobody_is_enrolled_once_somebody_has_acted() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    organisation(folder);
    let again = enrol(folder, "sam");
    assert_eq!(again.status.code(), Some(1));
    let stranger = enrol(folder, "mallory");
    assert!(stderr(&stranger).contains("no such person"), "{}", stderr(&stranger));
    let server = Server::start(folder);
    assert!(rempart(folder, &propose(&server, "invoicing.key", PAYMENT)).status.success());
    drop(server);
    let late = enrol(folder, "tess");
    assert_eq!(late.status.code(), Some(1), "{}", stdout(&late));
    assert!(!folder.join("tess.key").exists(), "a key without an entry was left behind");
}

#[test]
fn a_backup_is_restored_entry_for_entry_and_a_flipped_byte_is_found() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    organisation(folder);
    let copied = rempart(folder, &["backup", "--data", "data", "--to", "copy.sqlite"]);
    assert!(copied.status.success() && stdout(&copied).contains("pepper"), "{}", stderr(&copied));
    let head = |arguments: &[&str]| {
        let verified = rempart(folder, arguments);
        let report: serde_json::Value = serde_json::from_str(&stdout(&verified)).unwrap();
        assert_eq!(report["verified"], true);
        report["head"].as_str().unwrap().to_owned()
    };
    let original = head(&["journal", "verify", "--data", "data", "--json"]);
    assert!(
        rempart(folder, &["restore", "--from", "copy.sqlite", "--data", "restored"]).status.code() == Some(1)
    );
    fs::create_dir(folder.join("restored")).unwrap();
    let restored = rempart(folder, &["restore", "--from", "copy.sqlite", "--data", "restored"]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    assert_eq!(original, head(&["journal", "verify", "--data", "restored", "--json"]));
    let path = folder.join("copy.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    // Everywhere: some places are pages that deleted snapshots have left, which nobody reads.
    let places: Vec<usize> =
        (0..bytes.len() - 8).filter(|at| bytes[*at..].starts_with(b"treasury")).collect();
    assert!(!places.is_empty(), "the policy is in the journal");
    places.iter().for_each(|at| bytes[*at] ^= 1);
    fs::write(&path, bytes).unwrap();
    let damaged = rempart(folder, &["journal", "verify", "--file", "copy.sqlite"]);
    assert_eq!(damaged.status.code(), Some(1), "{}", stdout(&damaged));
}

#[test]
fn policies_are_checked_with_places_and_statuses() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let (rules, register) = (example("startup/rules.toml"), example("startup/register.toml"));
    let valid = rempart(folder, &["policy", "check", &rules, &register]);
    assert_eq!(valid.status.code(), Some(0));
    let broken =
        fs::read_to_string(&rules).unwrap().replace("hold = \"48h\"", "hold = \"48 hours\"\nhodl = 1");
    fs::write(folder.join("broken.toml"), broken).unwrap();
    let invalid = rempart(folder, &["policy", "check", "broken.toml", &register]);
    assert_eq!(invalid.status.code(), Some(2));
    let errors: Vec<String> =
        stdout(&invalid).lines().filter(|line| line.contains(": error[")).map(str::to_owned).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors.iter().all(|line| line.starts_with("broken.toml:")), "{errors:?}");
    let missing = rempart(folder, &["policy", "check", "nothing.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    let invalid = rempart(folder, &["init", "broken.toml", &register, "--data", "data"]);
    assert_eq!(invalid.status.code(), Some(2));
    assert!(!folder.join("data").exists());
}
