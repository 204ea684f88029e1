//! What must be installed besides Rust: a C and a C++ compiler, for SQLite and for Bitcoin Core's script code; and for building the
//! node that tests use, cmake and the headers of Boost; for the tests of tokens, SoftHSM; for those of the pages, Chromium and node; for those of alarm channels, Python
//! and node with their installers.
//!
//! Called first by `cargo xtask test`, and by `bitcoind` before it builds. What is missing is installed on Debian by an administrator's
//! session, and otherwise the message says exactly what to install; the checks never pass without it.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::bail;

/// Something that must be there, and Debian's package for it.
struct Need {
    what: &'static str,
    is_there: fn() -> bool,
    package: &'static str,
}

const COMPILERS: &[Need] = &[
    Need { what: "cc", is_there: || runs("cc"), package: "build-essential" },
    Need { what: "c++", is_there: || runs("c++"), package: "build-essential" },
];
const COMPILERS_HOW: &str = "install a C and C++ compiler: `sudo apt-get install build-essential` on Debian and Ubuntu, \
     `sudo dnf install gcc gcc-c++` on Fedora, `xcode-select --install` on macOS";

const FOR_NODE: &[Need] = &[
    Need { what: "cmake", is_there: || runs("cmake"), package: "cmake" },
    Need { what: "make", is_there: || runs("make"), package: "make" },
    Need { what: "boost", is_there: || compiles("#include <boost/version.hpp>"), package: "libboost-dev" },
];
const FOR_NODE_HOW: &str = "to build bitcoind install cmake, make and Boost's headers: `sudo apt-get install cmake make \
     libboost-dev` on Debian and Ubuntu, `sudo dnf install cmake make boost-devel` on Fedora, `brew install cmake boost` on macOS";

/// A PKCS#11 token in software, for the tests of the crate `signer`.
const FOR_TOKEN: &[Need] =
    &[Need { what: "softhsm2-util", is_there: || runs("softhsm2-util"), package: "softhsm2" }];
const FOR_TOKEN_HOW: &str = "for the tests of PKCS#11 tokens install SoftHSM: `sudo apt-get install softhsm2` on Debian and Ubuntu, \
     `sudo dnf install softhsm` on Fedora, `brew install softhsm` on macOS";

/// A browser, for the tests of the pages; node, which runs their scripts where no page is needed.
const FOR_PAGES: &[Need] = &[
    Need { what: "chromium", is_there: has_chromium, package: "chromium" },
    Need { what: "node", is_there: || runs("node"), package: "nodejs" },
];
const FOR_PAGES_HOW: &str = "for the tests of the pages install Chromium and node: `sudo apt-get install chromium nodejs` on Debian and \
     Ubuntu, `sudo dnf install chromium nodejs` on Fedora; or name another Chromium in `REMPART_CHROMIUM`";

/// What installs and runs the other ends of the alarm channels.
const FOR_PEERS: &[Need] = &[
    Need { what: "python3", is_there: || runs("python3"), package: "python3" },
    Need { what: "pip", is_there: has_pip, package: "python3-pip" },
    Need { what: "node", is_there: || runs("node"), package: "nodejs" },
    Need { what: "npm", is_there: || runs("npm"), package: "npm" },
];
const FOR_PEERS_HOW: &str = "for the tests of the alarm channels install Python with pip, and node with npm: `sudo apt-get install \
     python3-pip npm` on Debian and Ubuntu, `sudo dnf install python3-pip nodejs-npm` on Fedora, `brew install python node` on macOS";

/// Makes sure that other ends for the alarm channels can be installed and run.
pub fn ensure_for_peers() -> anyhow::Result<()> {
    provide(FOR_PEERS, FOR_PEERS_HOW)
}

/// Makes sure that there is a browser to test with.
pub fn ensure_for_pages() -> anyhow::Result<()> {
    provide(FOR_PAGES, FOR_PAGES_HOW)
}

/// Makes sure that there is a token to test with.
pub fn ensure_for_token() -> anyhow::Result<()> {
    provide(FOR_TOKEN, FOR_TOKEN_HOW)
}

/// Makes sure that both compilers run.
pub fn ensure() -> anyhow::Result<()> {
    provide(COMPILERS, COMPILERS_HOW)
}

/// Makes sure that bitcoind can be built.
pub fn ensure_for_node() -> anyhow::Result<()> {
    ensure()?;
    provide(FOR_NODE, FOR_NODE_HOW)
}

fn provide(needs: &[Need], how: &str) -> anyhow::Result<()> {
    let lacking = missing(needs);
    if lacking.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = lacking.iter().map(|need| need.package).collect();
    packages.dedup();
    println!("missing: {}; trying to install Debian's {}", names(&lacking).join(", "), packages.join(", "));
    install_on_debian(&packages);
    let lacking = missing(needs);
    if !lacking.is_empty() {
        bail!("`{}` is not installed; {how}", names(&lacking).join("` and `"));
    }
    Ok(())
}

fn missing(needs: &[Need]) -> Vec<&Need> {
    needs.iter().filter(|need| !(need.is_there)()).collect()
}

fn names(needs: &[&Need]) -> Vec<&'static str> {
    needs.iter().map(|need| need.what).collect()
}

/// The one that the crate `browser` starts.
fn has_chromium() -> bool {
    runs(&std::env::var("REMPART_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned()))
}

fn runs(program: &str) -> bool {
    succeeds(Command::new(program).arg("--version"))
}

/// A module of Python, and a package of its own in Debian.
fn has_pip() -> bool {
    succeeds(Command::new("python3").args(["-m", "pip", "--version"]))
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Whether the C++ compiler's first step takes these lines: so it has the headers that they name.
fn compiles(lines: &str) -> bool {
    let compiler = Command::new("c++")
        .args(["-E", "-x", "c++", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut compiler) = compiler else { return false };
    if let Some(mut input) = compiler.stdin.take() {
        // What could not be written is missed by the compiler, which then says no or judges less.
        let _ = writeln!(input, "{lines}");
    }
    compiler.wait().is_ok_and(|status| status.success())
}

/// Tries directly (root), then through `sudo` without a question; what came of it is checked by the caller.
fn install_on_debian(packages: &[&str]) {
    let install = ["apt-get", "install", "--yes", "--no-install-recommends"];
    let direct =
        Command::new("env").arg("DEBIAN_FRONTEND=noninteractive").args(install).args(packages).status();
    if !direct.is_ok_and(|status| status.success()) {
        let _ = Command::new("sudo").arg("--non-interactive").args(install).args(packages).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let needs = [
            Need { what: "cargo", is_there: || runs("cargo"), package: "cargo" },
            Need { what: "nothing", is_there: || runs("no-such-compiler-anywhere"), package: "nothing" },
        ];
        assert_eq!(names(&missing(&needs)), ["nothing"]);
    }

    #[test]
    fn a_missing_header_is_noticed() {
        assert!(compiles("#include <stddef.h>"));
        assert!(!compiles("#include <no/such/header.hpp>"));
    }
}
