//! `cargo xtask bench` runs our own benchmarks; `cargo xtask peers` compares the policy with other engines in `bench/peers`, which has a
//! workspace, a lock file and a target folder of its own.
//!
//! Called by `main`. Holds no guarantee; the figures go into `docs/measurements.md`.

use crate::program::{self, cargo};
use crate::tree::Workspace;

/// Every benchmark of the workspace, optimised.
pub fn run(workspace: &Workspace) -> anyhow::Result<bool> {
    Ok(program::run(cargo(&workspace.root).args(["bench", "--workspace", "--bench", "*"]))?.success)
}

/// Builds what is not built yet, runs, and says whether all engines decided alike.
pub fn run_peers(workspace: &Workspace) -> anyhow::Result<bool> {
    println!("builds zen-engine, cedar-policy and regorus: many minutes the first time");
    Ok(program::run(cargo(&workspace.root.join("bench/peers")).args(["run", "--release"]))?.success)
}
