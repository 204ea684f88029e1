//! The console in a real browser, on a real server: the stories that people live through in it, and what must be true of every page
//! (G1, G3, G4, G5, G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod approving;
mod every;
mod first;
mod holding;
mod house;
mod kept;
mod keyboard;
mod keys;
mod own;
mod policy;
mod room;
mod safety;
mod scene;
mod sessions;
mod stories;
mod typing;

#[path = "../../../server/tests/siren/mod.rs"]
mod siren;
#[path = "../../../server/tests/stage/mod.rs"]
mod stage;
#[path = "../../../server/tests/world/mod.rs"]
mod world;
