//! The real server, killed with SIGKILL at several moments after a relative's press, and started again: the alarm goes out over a webhook and
//! to every responder by mail, to real sockets, and repeats are as few as the kills (G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");
const PROTECTED: &str = "[[protected]]\nid = \"mathilde\"\nof = [\"sam\"]\n";
const RESPONDERS: [&str; 3] = ["vera", "walid", "xenia"];
/// Milliseconds between the answer to the press and the kill: before the scheduler looked, before it delivered, while it delivers, before
/// the slot that writes it down, after.
const KILLED_AFTER: [u64; 5] = [0, 60, 120, 1500, 6500];

/// How often each message came: by the webhook's id, by the mail's address.
type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

fn note(counts: &Counts, name: &str) {
    *counts.lock().unwrap().entry(name.to_owned()).or_default() += 1;
}

fn listen(
    answer: impl Fn(&TcpStream, &Counts) -> std::io::Result<()> + Send + Clone + 'static,
) -> (SocketAddr, Counts) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, counts) = (listener.local_addr().unwrap(), Counts::default());
    let own = Arc::clone(&counts);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, counts) = (answer.clone(), Arc::clone(&own));
            std::thread::spawn(move || drop(answer(&stream, &counts)));
        }
    });
    (address, counts)
}

fn webhook(stream: &TcpStream, counts: &Counts) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    if body["incident"].as_str().is_some_and(|name| name.starts_with("incident-")) {
        assert_eq!(body["who"], "mathilde");
        note(counts, body["id"].as_str().unwrap());
    }
    writer.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
}

/// A relay that takes everything.
fn relay(stream: &TcpStream, counts: &Counts) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    writer.write_all(b"220 relay\r\n")?;
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let upper = line.to_ascii_uppercase();
        if upper.starts_with("DATA") {
            writer.write_all(b"354 go on\r\n")?;
            let mut line = String::new();
            while line != ".\r\n" {
                line.clear();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
            }
            to.drain(..).for_each(|to: String| note(counts, &to));
        } else if upper.starts_with("RCPT TO:") {
            to.push(line.trim()[8..].trim_matches(['<', '>']).to_owned());
        } else if upper.starts_with("QUIT") {
            return writer.write_all(b"221 bye\r\n");
        }
        writer.write_all(b"250 ok\r\n")?;
    }
}

struct Server {
    child: Child,
    address: String,
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
        let address = line.trim().strip_prefix("serving at http://").unwrap().strip_suffix("/v1").unwrap();
        Self { address: address.to_owned(), child }
    }

    fn press(&self, link: &str) {
        let path = &link[link.find("/a/").unwrap()..];
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndo=1");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Server {
    /// SIGKILL.
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _reaped_before = self.child.wait();
    }
}

fn organisation(folder: &Path, hook: SocketAddr, relay: SocketAddr) -> String {
    fs::write(folder.join("passphrase"), "a passphrase for tests\n").unwrap();
    fs::set_permissions(folder.join("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.join("relatives.toml"), PROTECTED).unwrap();
    let example = |name: &str| format!("{}/../../examples/startup/{name}", env!("CARGO_MANIFEST_DIR"));
    let (rules, register) = (example("rules.toml"), example("register.toml"));
    let run = |arguments: &[&str]| {
        let output = Command::new(REMPART).args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    run(&["init", &rules, &register, "relatives.toml", "--data", "data", "--passphrase-file", "passphrase"]);
    let settings = format!(
        "[[channel]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"http://{hook}/\"\nsecret_file = \"hook.secret\"\nallow_private = true\n\
         [[channel]]\nid = \"mail\"\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"alarm@example.org\"\nallow_private = true\n",
        relay.port()
    );
    fs::write(folder.join("data/rempart.toml"), settings).unwrap();
    fs::write(folder.join("data/hook.secret"), "ab".repeat(32)).unwrap();
    let contact = |name: &&str| {
        format!("[[contact]]\nperson = \"{name}\"\nways = {{ mail = \"{name}@example.org\" }}\n")
    };
    let contacts: String = RESPONDERS.iter().map(contact).collect();
    fs::write(folder.join("data/calls.toml"), contacts).unwrap();
    let printed = run(&["alarm-link", "mathilde", "--data", "data", "--json"]);
    let printed: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    printed["link"].as_str().unwrap().to_owned()
}

/// Whether the webhook and every responder have heard of it.
fn everybody(hooked: &Counts, mailed: &Counts) -> bool {
    let mailed = mailed.lock().unwrap();
    let has_mail = |name: &&str| mailed.contains_key(&format!("{name}@example.org"));
    !hooked.lock().unwrap().is_empty() && RESPONDERS.iter().all(has_mail)
}

#[test]
fn killed_at_any_moment_after_a_press_the_alarm_reaches_everybody() {
    let mut repeats = 0;
    for after in KILLED_AFTER {
        let folder = tempfile::tempdir().unwrap();
        let ((hook, hooked), (relay, mailed)) = (listen(webhook), listen(relay));
        let link = organisation(folder.path(), hook, relay);
        let server = Server::start(folder.path());
        server.press(&link);
        std::thread::sleep(Duration::from_millis(after));
        drop(server);
        let server = Server::start(folder.path());
        for _ in 0..1500 {
            if everybody(&hooked, &mailed) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(everybody(&hooked, &mailed), "killed after {after} ms: {hooked:?} {mailed:?}");
        std::thread::sleep(Duration::from_millis(300));
        drop(server);
        for (what, count) in hooked.lock().unwrap().iter().chain(mailed.lock().unwrap().iter()) {
            assert!(*count <= 2, "killed after {after} ms: {count} times {what}");
            repeats += count - 1;
        }
        assert_eq!(hooked.lock().unwrap().len(), 1, "one message, one id");
    }
    assert!(repeats > 0, "no kill came between a delivery and its slot: the moments are badly chosen");
}
