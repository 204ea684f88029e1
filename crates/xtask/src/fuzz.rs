//! `cargo xtask fuzz`: the targets of `crates/fuzz` under libFuzzer, guided by coverage, on stable Rust.
//!
//! Called by `main`. Holds no guarantee by itself: what must hold of every input is in the targets (G1, G6, G7, G10). The short run of
//! the same targets is a test of that crate, so `cargo xtask test` has it. Corpus and findings stay in `target/fuzz`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;

use crate::program::{self, cargo};
use crate::tree::Workspace;

/// As `fuzz::TARGETS` has them; a test there and one here compare.
pub const TARGETS: [&str; 8] =
    ["psbt", "policy", "command", "record", "passkey", "descriptor", "frame", "cap"];
/// A PSBT of two inputs has some kilobytes; longer inputs find little more and take long.
const INPUT_BYTES_MAX: u32 = 16 * 1024;
const INPUT_SECONDS_MAX: u32 = 10;
/// LLVM's counters and compare traces, which libFuzzer reads. `cargo-fuzz` asks for a nightly only for its sanitizers.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Fuzzes one target, or each in turn. False when something was found.
pub fn run(workspace: &Workspace, only: Option<&str>, seconds: u64) -> anyhow::Result<bool> {
    let targets: Vec<&str> =
        TARGETS.into_iter().filter(|name| only.is_none_or(|only| only == *name)).collect();
    ensure!(!targets.is_empty(), "no such target: choose one of {}", TARGETS.join(", "));
    let host = host()?;
    build(workspace, &host)?;
    let mut clean = true;
    for target in targets {
        write_seeds(workspace, target)?;
        println!("\n=== {target}: {seconds} s ===");
        clean &= program::run(&mut guided(workspace, &host, target, seconds))?.success;
    }
    Ok(clean)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/fuzz")
}

fn corpus(workspace: &Workspace, target: &str) -> PathBuf {
    folder(workspace).join("corpus").join(target)
}

/// Named as a target for cargo, so that build scripts are not instrumented.
fn host() -> anyhow::Result<String> {
    let ran = Command::new("rustc").args(["--print", "host-tuple"]).output()?;
    Ok(String::from_utf8(ran.stdout)?.trim().to_owned())
}

fn build(workspace: &Workspace, host: &str) -> anyhow::Result<()> {
    println!("builds the targets with coverage counters: some minutes the first time");
    let mut command = cargo(&workspace.root.join("crates/fuzz/guided"));
    command.args(["build", "--release", "--locked", "--target", host]);
    command.env("RUSTFLAGS", COVERAGE.join(" ")).env("CARGO_TARGET_DIR", folder(workspace));
    ensure!(program::run(&mut command)?.success, "the targets do not build");
    Ok(())
}

/// The crate's own seeds and, for PSBTs, every hostile one.
fn write_seeds(workspace: &Workspace, target: &str) -> anyhow::Result<()> {
    let into = corpus(workspace, target);
    std::fs::create_dir_all(&into)?;
    let mut seeds = cargo(&workspace.root);
    seeds.args(["run", "--quiet", "--package", "fuzz", "--bin", "seeds", "--", target]).arg(&into);
    ensure!(program::run(&mut seeds)?.success, "the seeds cannot be written");
    if target == "psbt" {
        let mut hostile = cargo(&workspace.root);
        hostile
            .args(["test", "--quiet", "--package", "vault", "--test", "hostile"])
            .env("REMPART_CORPUS", &into);
        ensure!(program::run(&mut hostile)?.success, "the hostile psbts are not all refused");
    }
    Ok(())
}

fn guided(workspace: &Workspace, host: &str, target: &str, seconds: u64) -> Command {
    let found = folder(workspace).join("found");
    // Made here, since libFuzzer does not: without the folder a finding would be lost.
    let _ = std::fs::create_dir_all(&found);
    let mut command = Command::new(folder(workspace).join(host).join("release/guided"));
    command.env("REMPART_FUZZ_TARGET", target).arg(corpus(workspace, target));
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    command.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    command.arg(format!("-artifact_prefix={}/{target}-", found.display()));
    command.arg("-print_final_stats=1");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_crate() {
        let text = include_str!("../../fuzz/src/lib.rs");
        for target in TARGETS {
            assert!(text.contains(&format!("name: \"{target}\"")), "{target}");
        }
        assert_eq!(text.matches("Target { name: ").count(), TARGETS.len());
    }

    #[test]
    fn a_target_that_is_not_there_is_named() {
        let workspace = Workspace { root: PathBuf::new() };
        let error = run(&workspace, Some("nonsense"), 1).unwrap_err();
        assert!(error.to_string().contains("psbt, policy"), "{error}");
    }
}
