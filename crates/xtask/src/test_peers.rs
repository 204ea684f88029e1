//! Other people's programs that our alarm channels talk to in tests (G8): a mail server, a verifier of webhooks, alarm receivers and panels,
//! a validator of XML, an SMS centre; and a judge of pages. Pinned, installed into `target/python` and `target/npm`, never into the system or the product.
//!
//! Called by `cargo xtask test` before the tests, and alone by `cargo xtask peers-for-tests`. Tests look for `target/python/installed.txt` and
//! `target/npm/installed.txt` and fail, naming this command, when they are not there.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::prerequisites;
use crate::tree::Workspace;

/// Written last, with what was installed: tests and the next run know by it.
const STAMP: &str = "installed.txt";

/// Python packages with everything that they need: no resolver chooses anything.
const PYTHON: &[&str] = &[
    // A mail server.
    "aiosmtpd==1.4.6",
    "atpublic==9.0.0",
    "attrs==26.1.0",
    // A verifier of webhooks.
    "standardwebhooks==1.1.0",
    // An alarm panel and an alarm receiver that speak SIA DC-09.
    "siadc09==1.0.1",
    "pycryptodomex==3.24.2",
    "pysiaalarm==3.2.2",
    "pycryptodome==4.4.0",
    "pytz==2026.6",
    // A validator of XML against a schema.
    "xmlschema==4.3.2",
    "elementpath==5.1.4",
];

/// npm packages with everything that they need.
const NPM: &[&str] = &[
    // An SMS centre.
    "smpp@0.5.1",
    "iconv-lite@0.7.3",
    "safer-buffer@2.1.2",
    // Dossiers: age by its author, in JavaScript.
    "age-encryption@0.3.1",
    "@noble/ciphers@2.4.0",
    "@noble/curves@2.4.0",
    "@noble/hashes@2.4.0",
    "@noble/post-quantum@0.5.4",
    "@scure/base@2.4.0",
    // Finds what keeps people with a screen reader, a keyboard or weak eyes from using a page. MPL-2.0; run in tests, never shipped.
    "axe-core@4.14.1",
];

/// Installs what is missing.
pub fn ensure(workspace: &Workspace) -> anyhow::Result<()> {
    prerequisites::ensure_for_peers()?;
    let target = workspace.root.join("target");
    // Compiled modules fit one version of Python only.
    let python = said(Command::new("python3").arg("--version"))?;
    install(&target, "python", &format!("{}\n{python}", PYTHON.join("\n")), with_pip)?;
    install(&target, "npm", &NPM.join("\n"), with_npm)
}

/// Into a fresh folder that takes the old one's place when it is whole.
fn install(
    target: &Path,
    name: &str,
    wanted: &str,
    run: fn(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = target.join(name);
    if is_installed(&folder, wanted) {
        return Ok(());
    }
    println!("installing test peers into target/{name}");
    let fresh = target.join(format!("{name}.new"));
    remove(&fresh)?;
    fs::create_dir_all(&fresh).with_context(|| format!("cannot create `{}`", fresh.display()))?;
    run(&fresh)?;
    fs::write(fresh.join(STAMP), wanted)?;
    remove(&folder)?;
    fs::rename(&fresh, &folder).with_context(|| format!("cannot put `{}` in place", folder.display()))
}

fn is_installed(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|installed| installed == wanted)
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    Ok(())
}

fn with_pip(folder: &Path) -> anyhow::Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"])
        .args(["--no-warn-script-location", "--target"])
        .arg(folder)
        .args(PYTHON);
    succeed(&mut pip, "pip")
}

fn with_npm(folder: &Path) -> anyhow::Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"])
        .args(["--no-package-lock", "--prefix"])
        .arg(folder)
        .args(NPM);
    succeed(&mut npm, "npm")
}

fn succeed(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!(
            "{name} could not install the test peers: check the network and its configured package registry"
        );
    }
    Ok(())
}

fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_whole_or_not_there_and_is_made_once() {
        let target = tempfile::tempdir().unwrap();
        let good = |folder: &Path| Ok(fs::write(folder.join("peer.py"), "1")?);
        install(target.path(), "python", "peer==1", good).unwrap();
        let folder = target.path().join("python");
        assert!(folder.join("peer.py").exists() && is_installed(&folder, "peer==1"));
        install(target.path(), "python", "peer==1", |_| bail!("not again")).unwrap();
        assert!(install(target.path(), "python", "peer==2", |_| bail!("no network")).is_err());
        assert!(is_installed(&folder, "peer==1"), "what was there stays");
        install(target.path(), "python", "peer==2", |_| Ok(())).unwrap();
        assert!(!folder.join("peer.py").exists() && is_installed(&folder, "peer==2"));
    }

    #[test]
    fn every_package_is_pinned() {
        assert!(PYTHON.iter().all(|package| package.contains("==")));
        assert!(NPM.iter().all(|package| package.trim_start_matches('@').contains('@')));
    }
}
