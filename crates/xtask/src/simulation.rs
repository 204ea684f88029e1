//! `cargo xtask simulate`, and the simulation layer of `cargo xtask test`: seeded random histories through the real gate, each checked against
//! independent statements of the guarantees and against its twins.
//!
//! Called by `main` and `layers`. Holds G1, G3, G4, G5, G6 and G8 over histories; the work is done by `testkit::simulate`, run as a program of its
//! own: this crate depends on nothing of the product, so that it can say what is wrong while the product does not compile.

use crate::program::{self, cargo};
use crate::summary::Tally;
use crate::tree::Workspace;

/// The histories of every run of `cargo xtask test`.
const HISTORIES_IN_TESTS: u64 = 100_000;

/// The layer: always the same seeds, so that what passes here passes there.
pub fn layer(workspace: &Workspace) -> anyhow::Result<Tally> {
    run(workspace, 0, HISTORIES_IN_TESTS).map(Tally::one)
}

/// Plays `count` histories from `first_seed` on every core, prints what happened, and says whether nothing failed. A seed that fails prints
/// its shortest story.
pub fn run(workspace: &Workspace, first_seed: u64, count: u64) -> anyhow::Result<bool> {
    let numbers = [first_seed.to_string(), count.to_string()];
    let arguments = ["run", "--quiet", "--package", "testkit", "--bin", "simulate", "--"];
    Ok(program::run(cargo(&workspace.root).args(arguments).args(numbers))?.success)
}
