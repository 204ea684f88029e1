//! `cargo xtask peers`: runs the comparison of policy engines in `bench/peers`, which has a workspace, a lock file and a target
//! folder of its own.
//!
//! Called by `main`. Holds no guarantee; the figures go into `docs/measurements.md`.

use crate::program::{self, cargo};
use crate::tree::Workspace;

/// Builds what is not built yet, runs, and says whether all engines decided alike.
pub fn run(workspace: &Workspace) -> anyhow::Result<bool> {
    println!("builds zen-engine, cedar-policy and regorus: many minutes the first time");
    Ok(program::run(cargo(&workspace.root.join("bench/peers")).args(["run", "--release"]))?.success)
}
