//! The real binary: its own list of subcommands, and how it is run with and without a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

pub const REMPART: &str = env!("CARGO_BIN_EXE_rempart");

/// What a subcommand printed, and its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Printed {
    pub step: String,
    pub arguments: Vec<String>,
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// Every subcommand without further ones, as `rempart … --help` lists them.
pub fn leaves() -> BTreeSet<String> {
    let mut leaves = BTreeSet::new();
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        let names = subcommands(&path);
        if names.is_empty() {
            leaves.insert(path);
            continue;
        }
        let full = |name: &String| if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        open.extend(names.iter().filter(|name| *name != "help").map(full));
    }
    leaves
}

fn subcommands(path: &str) -> Vec<String> {
    let output = Command::new(REMPART).args(path.split_whitespace()).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let listed =
        text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Runs without a terminal.
pub fn plain(folder: &Path, step: &str, rest: &[&str]) -> Printed {
    let mut arguments: Vec<String> = step.split(' ').map(str::to_owned).collect();
    arguments.extend(rest.iter().map(|argument| (*argument).to_owned()));
    let output = Command::new(REMPART)
        .args(["--language", "en"])
        .args(&arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| masked(&String::from_utf8_lossy(bytes));
    let arguments = arguments.iter().map(|argument| masked(argument)).collect();
    let status = output.status.code().unwrap();
    Printed { step: step.into(), arguments, status, out: text(&output.stdout), err: text(&output.stderr) }
}

/// Runs with a terminal and types the phrase as often as it is asked for; `meanwhile` is called after each time.
pub fn with_phrase(folder: &Path, step: &str, rest: &[&str], phrase: &str, meanwhile: impl Fn()) -> Printed {
    let mut arguments: Vec<String> = step.split(' ').map(str::to_owned).collect();
    arguments.extend(rest.iter().map(|argument| (*argument).to_owned()));
    let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
    let command = format!("{REMPART} --language en {} 2>err.txt", quoted.join(" "));
    let mut child = Command::new("script")
        .args(["-qefc", &command, "/dev/null"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program `script` is missing: install the package bsdutils (util-linux)");
    let (mut stdout, mut stdin) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let (mut printed, mut byte) = (Vec::new(), [0]);
    while stdout.read(&mut byte).unwrap_or(0) == 1 {
        printed.push(byte[0]);
        // Typing before the prompt would be typing blindly.
        if printed.ends_with(b"phrase: ") {
            // The prompt stands a moment before the terminal stops to echo.
            std::thread::sleep(std::time::Duration::from_millis(80));
            writeln!(stdin, "{phrase}").unwrap();
            meanwhile();
        } else if printed.ends_with(b"know it: ") {
            writeln!(stdin).unwrap();
        }
    }
    let status = child.wait().unwrap().code().unwrap();
    let err = std::fs::read_to_string(folder.join("err.txt")).unwrap_or_default();
    let arguments = arguments.iter().map(|argument| masked(argument)).collect();
    let out = masked(&String::from_utf8_lossy(&printed));
    Printed { step: step.into(), arguments, status, out, err: masked(&err) }
}

/// What differs between any two runs, whoever is held: identifiers that are drawn, instants and ports. Equal ones stay equal.
pub fn masked(text: &str) -> String {
    let mut numbers = BTreeMap::new();
    let mut out = String::new();
    for piece in pieces(text) {
        let is_hex = piece.len() >= 16 && piece.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex {
            let next = numbers.len() + 1;
            let number = numbers.entry(piece.to_owned()).or_insert(next);
            out += &format!("<{number}>");
        } else if is_fingerprint(piece) {
            out += "<fingerprint>";
        } else if types::Timestamp::parse(piece).is_ok() {
            out += "<time>";
        } else if piece.strip_prefix("127.0.0.1:").is_some_and(|port| port.parse::<u16>().is_ok()) {
            out += "<address>";
        } else {
            out += piece;
        }
    }
    out
}

/// Of a credential whose key was drawn: four groups of four hexadecimal digits.
fn is_fingerprint(piece: &str) -> bool {
    let group = |group: &str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    piece.split('-').count() == 4 && piece.split('-').all(group)
}

/// Words of letters, digits and what times and addresses have inside, and everything between them.
fn pieces(text: &str) -> Vec<&str> {
    let inside = |c: char| c.is_ascii_alphanumeric() || ":.-".contains(c);
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_inside = inside(first);
        let end = rest.find(|c: char| inside(c) != is_inside).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}
