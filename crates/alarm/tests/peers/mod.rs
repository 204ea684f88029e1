//! Other people's programs as the other ends of our channels: started on loopback, read line by line, ended with the test.
//!
//! They are installed by `cargo xtask peers-for-tests` (part of `cargo xtask test`) into `target/python` and `target/npm`.
#![allow(dead_code, reason = "each test file uses another part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use alarm::{Channel, ChannelConfig, Kind, Language, Level, Message, News, Recipient, Status};
use types::{Hash, PersonId, Timestamp};

/// How long a peer may take to start or to say something, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program that says what happens, a line for each thing; the first line is `ready` and its port.
pub struct Peer {
    child: Child,
    lines: Receiver<String>,
    pub port: u16,
}

impl Peer {
    /// A script of this folder, in Python, with the installed packages.
    pub fn python(script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("python3");
        command
            .args(["-u", "-W", "ignore"])
            .arg(folder().join(script))
            .args(arguments)
            .env("PYTHONPATH", installed("python"));
        Self::start(&mut command)
    }

    /// A script of this folder, in JavaScript, with node's own library.
    pub fn node(script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.arg(folder().join(script)).args(arguments);
        Self::start(&mut command)
    }

    /// Starts a program that says `ready PORT`.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}: run `cargo xtask peers-for-tests`"));
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self { child, lines, port: 0 };
        let first = peer.line();
        peer.port = first.strip_prefix("ready ").and_then(|port| port.parse().ok()).expect(&first);
        peer
    }

    /// What it says next.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the peer says something: look at its standard error above")
    }

    /// The same as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Whether it has said nothing more.
    pub fn is_silent(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// The scripts.
pub fn folder() -> PathBuf {
    manifest().join("tests/peers")
}

/// This crate's folder.
pub fn manifest() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo"))
}

/// The folder of the installed packages, `python` or `npm`: named in the environment, or in the `target` of a folder above.
pub fn installed(kind: &str) -> PathBuf {
    let is_there = |folder: &PathBuf| folder.join("installed.txt").exists();
    let named = std::env::var_os("REMPART_TEST_PEERS").map(|folder| Path::new(&folder).join(kind));
    let manifest = manifest();
    let above = manifest.ancestors().map(|folder| folder.join("target").join(kind));
    named.into_iter().chain(above).find(is_there).unwrap_or_else(|| {
        panic!("the test peers are not installed (`target/{kind}`): run `cargo xtask peers-for-tests`, or all of `cargo xtask test`")
    })
}

/// Opens a channel from its settings as JSON; `files` by name and content.
pub fn open(settings: serde_json::Value, files: &[(&str, &[u8])]) -> Box<dyn Channel> {
    let config: ChannelConfig = serde_json::from_value(settings).unwrap();
    let read = |name: &str| {
        let found = files.iter().find(|(file, _)| *file == name);
        found.map(|(_, content)| content.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    config.open(&read).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "real verifiers read the real time")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

pub fn message(number: u8) -> Message {
    Message {
        id: Hash([number; 32]),
        incident: "incident-482193".into(),
        kind: Kind::MissedCheckIn,
        status: Status::Actual,
        level: Level::Verify,
        news: News::First,
        signals: 2,
        who: PersonId::parse("alice").unwrap(),
        since: Timestamp::parse("2026-11-20T09:30:00Z").unwrap(),
        code: "zebra-17".into(),
        link: "https://rempart.example/v1/response/incidents/482193".into(),
        call: Vec::new(),
    }
}

pub fn recipient(person: &str, address: &str, language: Language) -> Recipient {
    Recipient { person: PersonId::parse(person).unwrap(), address: address.into(), language }
}
