//! Links of protected people, with the real binary: printed beside a running server, renewed at once, and a press that survives a power cut
//! right after its answer (G7, G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use journal::SqliteJournal;
use server::engine::read_state;
use server::keys::Secrets;

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");
const PROTECTED: &str =
    "[[protected]]\nid = \"mathilde\"\nof = [\"sam\"]\n[[protected]]\nid = \"oscar\"\nof = [\"sam\"]\n";

fn rempart(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(REMPART).args(["--language", "en"]).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn link(folder: &Path, name: &str, more: &[&str]) -> String {
    let arguments = [&["alarm-link", name, "--data", "data", "--json"], more].concat();
    let printed = rempart(folder, &arguments);
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed["protected"], name);
    printed["link"].as_str().unwrap().to_owned()
}

/// A server that ends with the test, however the test ends.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let arguments = ["--language", "en", "serve", "--data", "data", "--passphrase-file", "passphrase"];
        let mut child = Command::new(REMPART)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving at http://").unwrap().strip_suffix("/v1").unwrap();
        Self { address: address.to_owned(), child }
    }

    /// Presses, and gives back the answer without the time.
    fn press(&self, link: &str) -> Vec<String> {
        let path = &link[link.find("/a/").unwrap()..];
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndo=1");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().filter(|line| !line.starts_with("date: ")).map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped_before = self.child.wait();
    }
}

fn signals(folder: &Path) -> usize {
    let secrets = Secrets::load(&folder.join("data/secrets")).unwrap();
    let mut journal = SqliteJournal::open_read_only(&folder.join("data/journal.sqlite")).unwrap();
    read_state(&mut journal, &secrets).unwrap().covert().signals().count()
}

fn organisation(folder: &Path) {
    fs::write(folder.join("passphrase"), "a passphrase for tests\n").unwrap();
    fs::set_permissions(folder.join("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.join("relatives.toml"), PROTECTED).unwrap();
    let example = |name: &str| format!("{}/../../examples/startup/{name}", env!("CARGO_MANIFEST_DIR"));
    let (rules, register) = (example("rules.toml"), example("register.toml"));
    let arguments =
        ["init", &rules, &register, "relatives.toml", "--data", "data", "--passphrase-file", "passphrase"];
    let made = rempart(folder, &arguments);
    assert!(made.status.success(), "{}", text(&made.stderr));
}

#[test]
fn a_link_is_printed_for_whom_the_register_knows_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    organisation(folder);
    let printed = rempart(folder, &["alarm-link", "mathilde", "--data", "data"]);
    let printed = text(&printed.stdout);
    assert!(printed.contains('█') && printed.contains("http://127.0.0.1:8087/a/"), "{printed}");
    assert!(printed.contains(&link(folder, "mathilde", &[])), "the same every time");
    assert_ne!(link(folder, "mathilde", &[]), link(folder, "oscar", &[]));
    let unknown = rempart(folder, &["alarm-link", "nobody", "--data", "data"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("`nobody` is no protected person"), "{}", text(&unknown.stderr));
    assert!(unknown.stdout.is_empty());
}

#[test]
fn a_renewed_link_counts_at_once_and_a_press_survives_a_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    organisation(folder);
    let old = link(folder, "mathilde", &[]);
    let server = Server::start(folder);
    let new = link(folder, "mathilde", &["--renew"]);
    assert_ne!(old, new);
    assert_eq!(new, link(folder, "mathilde", &[]));
    let answer = server.press(&old);
    assert!(answer[0].contains("200"), "{answer:?}");
    assert_eq!(server.press(&new), answer, "a worthless link answers alike");
    // SIGKILL: no slot was written for it, nothing was stopped in order.
    drop(server);
    assert_eq!(signals(folder), 1, "the old link did nothing, the new one was heard");
    let server = Server::start(folder);
    assert_eq!(server.press(&link(folder, "oscar", &[])), answer);
    drop(server);
    assert_eq!(signals(folder), 2);
}
