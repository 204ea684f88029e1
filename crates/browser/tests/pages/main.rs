//! The pages in a real browser, on a real server: passkeys, what is approved, what is kept, what can be told apart (G1, G3, G4, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod approving;
mod kept;
mod looks;
mod person;
mod phrases;
mod practice;
mod twins;

#[path = "../../../server/tests/stage/mod.rs"]
mod stage;
#[path = "../../../server/tests/world/mod.rs"]
mod world;
