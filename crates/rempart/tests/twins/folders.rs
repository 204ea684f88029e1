//! Subcommands that work on a server's folder, and the server's own output: two copies of one organisation, each served for a while.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{Printed, REMPART, masked, plain, with_phrase};

pub const STEPS: &[&str] = &["serve", "journal verify", "backup", "restore", "alarm-link"];

/// Makes one organisation, copies its folder, and lets each copy have its history.
pub fn play() -> [Vec<Printed>; 2] {
    let temporary = tempfile::tempdir().unwrap();
    let (free, held) = (temporary.path().join("free"), temporary.path().join("held"));
    fs::create_dir(&free).unwrap();
    let phrase = found(&free);
    copy(&free, &held);
    [history(&free, &phrase), history(&held, "zoo zebra zone")]
}

fn example(name: &str) -> String {
    fs::read_to_string(format!("{}/../../examples/startup/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn found(folder: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;
    fs::write(folder.join("passphrase"), "a passphrase for tests\n").unwrap();
    fs::set_permissions(folder.join("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.join("rules.toml"), example("rules.toml")).unwrap();
    let relative = "\n[[protected]]\nid = \"mathilde\"\nof = [\"sam\"]\nplaces = []\n";
    fs::write(folder.join("register.toml"), example("register.toml") + relative).unwrap();
    let data = ["--data", "data", "--passphrase-file", "passphrase"];
    let made = plain(folder, "init", &[&["rules.toml", "register.toml"], &data[..]].concat());
    assert_eq!(made.status, 0, "{made:?}");
    let enrolled = plain(folder, "enrol", &[&["sam", "--key-file", "sam.key"], &data[..]].concat());
    assert_eq!(enrolled.status, 0, "{enrolled:?}");
    enrolled.out.lines().find_map(|line| line.strip_prefix("    ")).unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            fs::copy(&entry, &target).unwrap();
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

fn history(folder: &Path, phrase: &str) -> Vec<Printed> {
    let mut printed = vec![serve(folder, phrase)];
    fs::create_dir(folder.join("again")).unwrap();
    let verify = |rest: &[&str]| plain(folder, "journal verify", rest);
    printed.extend([
        verify(&["--data", "data", "--pages"]),
        verify(&["--data", "data", "--json"]),
        plain(folder, "backup", &["--data", "data", "--to", "copy.sqlite"]),
        plain(folder, "backup", &["--data", "data", "--to", "copy.sqlite"]),
        verify(&["--file", "copy.sqlite"]),
        plain(folder, "restore", &["--from", "copy.sqlite", "--data", "again"]),
        plain(folder, "restore", &["--from", "copy.sqlite", "--data", "again"]),
        plain(folder, "alarm-link", &["mathilde", "--data", "data"]),
        plain(folder, "alarm-link", &["nobody", "--data", "data"]),
    ]);
    for one in &mut printed {
        one.out = without_slots(&one.out);
    }
    printed
}

/// The number of slots follows the clock of this machine, and nothing else.
fn without_slots(text: &str) -> String {
    let word = |word: &str| word.trim_end_matches(',').parse::<u64>().is_ok();
    let words: Vec<&str> = text.split(' ').collect();
    let mut out = Vec::new();
    for (at, own) in words.iter().enumerate() {
        let counts = word(own) && words.get(at + 1).is_some_and(|next| next.starts_with("slots"));
        out.push(if counts { "<n>" } else { own });
    }
    let text = out.join(" ");
    match text.split_once("\"slots\":") {
        Some((before, after)) => {
            format!("{before}\"slots\":<n>{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => text,
    }
}

/// The server with its log at every level, while somebody signs in, reads, and asks for a payment.
fn serve(folder: &Path, phrase: &str) -> Printed {
    let log = fs::File::create(folder.join("log")).unwrap();
    let arguments = ["serve", "--data", "data", "--passphrase-file", "passphrase", "--listen", "127.0.0.1:0"];
    let mut child = Command::new(REMPART)
        .args(["--language", "en"])
        .args(arguments)
        .env("REMPART_LOG", "trace")
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut out = String::new();
    stdout.read_line(&mut out).unwrap();
    let url = out.trim().strip_prefix("serving at ").unwrap().strip_suffix("/v1").unwrap().to_owned();
    let connection = ["--server", &url, "--key", "sam.key"];
    let listed = with_phrase(folder, "transfer list", &connection, phrase, || {});
    assert_eq!(listed.status, 0, "{listed:?}");
    let to = "bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969=500 EUR";
    let payment = ["--vault", "hot", "--max-fee", "0 EUR", "--to", to];
    let proposed = with_phrase(
        folder,
        "transfer propose",
        &[connection, payment[..4].try_into().unwrap()]
            .concat()
            .into_iter()
            .chain(payment[4..].iter().copied())
            .collect::<Vec<_>>(),
        phrase,
        || {},
    );
    assert_eq!(proposed.status, 0, "{proposed:?}");
    // What follows from the payment is done before the server is asked to stop.
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    stdout.read_to_string(&mut out).unwrap();
    let status = child.wait().unwrap().code().unwrap();
    let err = own_lines(&fs::read_to_string(folder.join("log")).unwrap());
    Printed { step: "serve".into(), arguments: Vec::new(), status, out: masked(&out), err }
}

/// What Rempart itself logs; the libraries' lines at `trace` follow the network, packet by packet. Sorted: threads log side by side.
fn own_lines(log: &str) -> String {
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let own = lines.filter(|line| {
        let target = line["target"].as_str().unwrap().split("::").next().unwrap();
        ["server", "rempart", "journal", "alarm", "gate", "overt", "covert", "chain"].contains(&target)
    });
    let mut lines: Vec<String> = own.map(|line| masked(&line.to_string())).collect();
    assert!(lines.len() >= 5, "{log}");
    lines.sort();
    lines.join("\n")
}
