//! Vaults on a real Bitcoin node, from deposit to confirmation, with everything that goes wrong on the way (G1, G4, G6, G10).
//!
//! The server's engine is the real one with its real storage; the node is `regtest`'s. Clock and chain share a simulated time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod crashes;
mod rig;
mod story;
mod trouble;
#[path = "../world/mod.rs"]
mod world;
