//! World simulator and seeded histories: random organisations, random stories, and the guarantees stated independently and
//! checked over everything that happened (G1, G3, G4, G5, G6, G7, G8). Never shipped.
//!
//! Where to find things: what an organisation is, `org`; a random one, `world`; what people do, `story`; random stories,
//! `generate`; the real gate played by its contract, `play`; what the checks remember, `ledger`; what DESIGN allows, said again
//! naively, `readings`; of relatives and check-ins, `signs`; the checks, `check` and `twin`; the shortest story that still fails, `shrink`; many seeds, `simulate`.
//!
//! To add a step: a variant in [`story::What`], its words there, its command in `play`, its chance in `generate`, and what the
//! checks must remember of it in `ledger`.
#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "a simulator that is never shipped: a wrong index is its own defect and must stop it"
)]

pub mod assignments;
pub mod check;
pub mod coverage;
pub mod directions;
pub mod generate;
pub mod ledger;
pub mod org;
pub mod play;
pub mod prng;
pub mod readings;
pub mod shrink;
pub mod signs;
pub mod simulate;
pub mod story;
pub mod twin;
pub mod world;
