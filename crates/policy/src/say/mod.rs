//! The policy in words, English and French: rules as sentences, what a permit would ask of a transfer, what only one of two policies
//! allows. Groups and numbers, never a person or a place, unless the reader may read the register (G9).
//!
//! Called by `server` for the pages of transfers and of the policy. `explain` and `compare` find what is said here.
//!
//! To add a kind of rule: its sentence in `sentences`; a permit's new condition in `offers`; a new deed in `differences`.

mod differences;
mod offers;
mod sentences;
mod words;

pub use differences::Naming;
pub use offers::Offer;
pub use sentences::{SENTENCES_MAX, Section};
