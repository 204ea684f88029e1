//! What must be installed besides Rust: a C and a C++ compiler, for SQLite and for Bitcoin Core's script code.
//!
//! Called first by `cargo xtask test`. Where a compiler is missing it is installed on Debian by an administrator's session,
//! and otherwise the message says exactly what to install; the checks never pass without it.

use std::process::{Command, Stdio};

use anyhow::bail;

const COMPILERS: &[&str] = &["cc", "c++"];
const WHAT_TO_INSTALL: &str = "install a C and C++ compiler: `sudo apt-get install build-essential` on Debian and Ubuntu, \
     `sudo dnf install gcc gcc-c++` on Fedora, `xcode-select --install` on macOS";

/// Makes sure that both compilers run.
pub fn ensure() -> anyhow::Result<()> {
    let missing = missing(COMPILERS);
    if missing.is_empty() {
        return Ok(());
    }
    println!("missing: {}; trying to install Debian's build-essential", missing.join(", "));
    install_on_debian();
    let missing = self::missing(COMPILERS);
    if !missing.is_empty() {
        bail!("`{}` is not installed; {WHAT_TO_INSTALL}", missing.join("` and `"));
    }
    Ok(())
}

fn missing<'a>(programs: &[&'a str]) -> Vec<&'a str> {
    programs.iter().copied().filter(|program| !runs(program)).collect()
}

fn runs(program: &str) -> bool {
    let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet(Command::new(program).arg("--version")).is_ok_and(|status| status.success())
}

/// Tries directly (root), then through `sudo` without a question; what came of it is checked by the caller.
fn install_on_debian() {
    let install = ["apt-get", "install", "--yes", "--no-install-recommends", "build-essential"];
    let direct = Command::new("env").arg("DEBIAN_FRONTEND=noninteractive").args(install).status();
    if !direct.is_ok_and(|status| status.success()) {
        let _ = Command::new("sudo").arg("--non-interactive").args(install).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        assert_eq!(missing(&["cargo", "no-such-compiler-anywhere"]), ["no-such-compiler-anywhere"]);
    }
}
