//! Two servers racing for one co-signer: the second one ends with a message, a crash frees the key (G6, G7).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const REMPART: &str = env!("CARGO_BIN_EXE_rempart");

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(REMPART);
    command.args(["--language", "en"]).args(arguments).current_dir(folder);
    command.env_remove("CREDENTIALS_DIRECTORY").env("REMPART_PASSPHRASE_FILE", "passphrase");
    command
}

/// A server that ends with the test, however the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(folder: &Path, data: &str) -> Child {
    command(folder, &["serve", "--data", data, "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line
}

/// Two folders, one key file under two names: what happens when an operator copies a folder and links the key.
#[test]
fn the_second_server_ends_and_a_crash_frees_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("passphrase"), "four words of mine\n").unwrap();
    fs::set_permissions(folder.join("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
    let policy = format!("{}/../../examples/family/policy.toml", env!("CARGO_MANIFEST_DIR"));
    let made = command(folder, &["init", &policy, "--data", "one"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let copied = Command::new("cp").args(["-r", "one", "two"]).current_dir(folder).status().unwrap();
    assert!(copied.success());
    fs::remove_file(folder.join("two/cosigner.key")).unwrap();
    fs::hard_link(folder.join("one/cosigner.key"), folder.join("two/cosigner.key")).unwrap();

    let mut first = Server(serve(folder, "one"));
    assert!(
        first_line(&mut first.0).starts_with("serving at"),
        "the passphrase comes from the file that the variable names"
    );
    let mut second = Server(serve(folder, "two"));
    assert_eq!(first_line(&mut second.0), "", "it serves beside the first");
    let mut said = String::new();
    second.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(second.0.wait().unwrap().code(), Some(1));
    assert!(said.contains("in use by another program"), "{said}");

    drop(first);
    let mut third = Server(serve(folder, "two"));
    assert!(first_line(&mut third.0).starts_with("serving at"), "the killed server's lock is gone");
}
