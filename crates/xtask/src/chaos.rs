//! `cargo xtask chaos`: many more seeded lives of the delivery of alarms than the tests play, optimised.
//!
//! Called by `main`. Holds G8: the work is done by the test `chaos` of the server, which says what each life must keep; this crate depends on
//! nothing of the product.

use crate::program::{self, cargo};
use crate::tree::Workspace;

/// Plays `count` lives from `first_seed`, and says whether none lost an alarm. A seed that fails is named.
pub fn run(workspace: &Workspace, first_seed: u64, count: u64) -> anyhow::Result<bool> {
    let arguments = ["test", "--release", "--package", "server", "--test", "chaos", "--", "--nocapture"];
    let mut play = cargo(&workspace.root);
    play.args(arguments);
    play.env("REMPART_CHAOS_SEED", first_seed.to_string()).env("REMPART_CHAOS_SEEDS", count.to_string());
    Ok(program::run(&mut play)?.success)
}
