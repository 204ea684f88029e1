//! Credentials in a real browser, on a real server: passkeys, phrases, what is approved, what is kept; the stories are in `console` (G1, G3, G4, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod approving;
mod kept;
mod person;
mod phrases;
mod practice;

#[path = "../../../server/tests/stage/mod.rs"]
mod stage;
#[path = "../../../server/tests/world/mod.rs"]
mod world;
