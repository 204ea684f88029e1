//! `cargo xtask bitcoind`: builds the real Bitcoin node that tests use, once, and keeps it in the user's cache folder.
//!
//! The sources are Bitcoin Core's own, unpatched, as the crate `libbitcoinkernel-sys` carries them; cargo fetches them by the lock
//! file in `crates/regtest/node`, which fixes their checksum, and never compiles them. Called by `main` and by the layer "node" of
//! `cargo xtask test`. Holds no guarantee itself: the tests on the node hold G6 and G10. `docs/adr/0010-real-node.md` says why so.

#[path = "../../regtest/src/place.rs"]
mod place;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::prerequisites;
use crate::program::{self, cargo};
use crate::summary::Tally;
use crate::tree::Workspace;

const SOURCES: &str = "libbitcoinkernel-sys";
/// Without a wallet, ZeroMQ and interprocess calls: the node and its client alone.
const CMAKE_FLAGS: &[&str] = &[
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_DAEMON=ON",
    "-DBUILD_CLI=ON",
    "-DBUILD_BITCOIN_BIN=OFF",
    "-DBUILD_TX=OFF",
    "-DBUILD_UTIL=OFF",
    "-DBUILD_TESTS=OFF",
    "-DBUILD_BENCH=OFF",
    "-DENABLE_WALLET=OFF",
    "-DENABLE_EXTERNAL_SIGNER=OFF",
    "-DENABLE_IPC=OFF",
    "-DWITH_ZMQ=OFF",
    "-DWITH_EMBEDDED_ASMAP=OFF",
    "-DINSTALL_MAN=OFF",
];
const PROGRAMS: [&str; 2] = ["bitcoind", "bitcoin-cli"];

/// Makes sure that the node is there, and runs the tests that are about it alone.
pub fn layer(workspace: &Workspace) -> anyhow::Result<Tally> {
    ensure_built(workspace)?;
    let ran = program::run(cargo(&workspace.root).args(["test", "--package", "regtest", "--no-fail-fast"]))?;
    Ok(Tally::of_cargo_test(&ran.output, ran.success))
}

/// Builds the node if it is not there yet, and says where it is.
pub fn run(workspace: &Workspace) -> anyhow::Result<bool> {
    ensure_built(workspace).map(|()| true)
}

fn ensure_built(workspace: &Workspace) -> anyhow::Result<()> {
    if let Some(named) = std::env::var_os(place::OVERRIDE).filter(|path| !path.is_empty()) {
        let version = version(Path::new(&named)).with_context(|| format!("`{}` is set", place::OVERRIDE))?;
        println!("{version}, named by {}", place::OVERRIDE);
        return Ok(());
    }
    let folder = place::cached().context("there is no cache folder: set HOME or XDG_CACHE_HOME")?;
    if !is_whole(&folder) {
        build_alone(workspace, &folder)?;
    }
    println!("{} in `{}`", version(&folder.join("bitcoind"))?, folder.display());
    Ok(())
}

fn is_whole(folder: &Path) -> bool {
    PROGRAMS.iter().all(|name| folder.join(name).is_file())
}

/// Builds in a folder beside the final one, which is renamed at the end: what is there is whole. Of two that build at the same time the
/// second waits, and finds the work done.
fn build_alone(workspace: &Workspace, folder: &Path) -> anyhow::Result<()> {
    let cache = folder.parent().context("the cache folder has no parent")?;
    fs::create_dir_all(cache).with_context(|| format!("cannot make `{}`", cache.display()))?;
    let lock = File::create(folder.with_added_extension("lock")).context("cannot make the lock file")?;
    if lock.try_lock().is_err() {
        println!("another build of bitcoind runs: waiting for it");
        lock.lock().context("cannot lock the build of bitcoind")?;
    }
    if is_whole(folder) {
        return Ok(());
    }
    prerequisites::ensure_for_node()?;
    let start = now();
    let sources = sources(workspace)?;
    let temporary = folder.with_added_extension("building");
    clear(&temporary)?;
    println!("building bitcoind from `{}`: ten to twenty minutes, once", sources.display());
    compile(&sources, &temporary.join("build"))?;
    install(&temporary, folder)?;
    println!("built bitcoind in {:.0} s", now().duration_since(start).as_secs_f64());
    Ok(())
}

/// The unpacked sources. Cargo compares what it fetches with the checksum in the lock file.
fn sources(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let manifest = workspace.root.join("crates/regtest/node");
    let fetched = program::run(cargo(&manifest).args(["fetch", "--locked"]))?;
    ensure!(fetched.success, "cannot fetch `{SOURCES}`: this needs the network once, then try again");
    let output = cargo(&manifest)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let (version, manifest) = package(&metadata).with_context(|| format!("`{SOURCES}` was not fetched"))?;
    let wanted = place::SOURCES_VERSION;
    ensure!(
        version == wanted,
        "the lock file has `{SOURCES}` {version}, `place` names {wanted}: make them agree"
    );
    let folder = manifest.parent().context("the sources have no folder")?;
    Ok(folder.join("bitcoin"))
}

fn package(metadata: &Value) -> Option<(String, PathBuf)> {
    let text = |package: &Value, name| package.get(name).and_then(Value::as_str).map(str::to_owned);
    let packages = metadata.get("packages")?.as_array()?;
    let found = packages.iter().find(|package| text(package, "name").as_deref() == Some(SOURCES))?;
    Some((text(found, "version")?, PathBuf::from(text(found, "manifest_path")?)))
}

fn compile(sources: &Path, build: &Path) -> anyhow::Result<()> {
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(sources).arg("-B").arg(build).args(CMAKE_FLAGS);
    ensure!(
        program::run(&mut configure)?.success,
        "cmake cannot configure bitcoind: its last lines say what is missing"
    );
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).to_string();
    let mut make = Command::new("nice");
    make.args(["-n", "10", "cmake", "--build"])
        .arg(build)
        .args(["--parallel", &workers, "--target"])
        .args(PROGRAMS);
    ensure!(program::run(&mut make)?.success, "bitcoind does not compile: the lines above say why");
    Ok(())
}

fn install(temporary: &Path, folder: &Path) -> anyhow::Result<()> {
    let ready = temporary.join("ready");
    fs::create_dir_all(&ready)?;
    for name in PROGRAMS {
        let built = temporary.join("build/bin").join(name);
        fs::copy(&built, ready.join(name)).with_context(|| format!("`{}` was not built", built.display()))?;
    }
    version(&ready.join("bitcoind"))?;
    clear(folder)?;
    fs::rename(&ready, folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    clear(temporary)
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The first line of `--version`, so that a program that does not run is found here and not in a test.
///
/// Even for that bitcoind reads and writes its settings; not in the data folder of the user's own node.
fn version(bitcoind: &Path) -> anyhow::Result<String> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let data = format!("-datadir={}", folder.path().display());
    let output = Command::new(bitcoind).args(["--version", &data]).output();
    let output = output.with_context(|| format!("`{}` does not run", bitcoind.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next().filter(|line| output.status.success() && line.contains("version")) {
        Some(line) => Ok(line.to_owned()),
        None => bail!("`{}` does not say its version", bitcoind.display()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the time that the build takes is shown, and decides nothing")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_fixes_the_version_that_the_cache_is_named_after() {
        let lock = include_str!("../../regtest/node/Cargo.lock");
        let entry = format!("name = \"{SOURCES}\"\nversion = \"{}\"\n", place::SOURCES_VERSION);
        let rest = lock.split_once(&entry).expect("the sources are in the lock file").1;
        let own = rest.split("[[package]]").next().unwrap();
        assert!(own.contains("checksum = \""), "without a checksum anything may be fetched");
    }

    #[test]
    fn half_a_build_is_not_taken_for_a_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_whole(folder.path()));
        fs::write(folder.path().join("bitcoind"), "").unwrap();
        assert!(!is_whole(folder.path()));
        fs::write(folder.path().join("bitcoin-cli"), "").unwrap();
        assert!(is_whole(folder.path()));
    }

    #[test]
    fn what_does_not_run_is_not_installed() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, target) = (folder.path().join("building"), folder.path().join("bitcoind-1"));
        fs::create_dir_all(temporary.join("build/bin")).unwrap();
        for name in PROGRAMS {
            fs::write(temporary.join("build/bin").join(name), "not a program").unwrap();
        }
        assert!(install(&temporary, &target).is_err());
        assert!(!target.exists());
    }

    #[test]
    fn the_sources_are_found_in_what_cargo_says() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "cc", "version": "1.0.0", "manifest_path": "a/Cargo.toml" },
            { "name": SOURCES, "version": "0.4.1", "manifest_path": "b/Cargo.toml" },
        ] });
        assert_eq!(package(&metadata), Some(("0.4.1".to_owned(), PathBuf::from("b/Cargo.toml"))));
        assert_eq!(package(&serde_json::json!({ "packages": [] })), None);
    }
}
