//! Hostile PSBTs, each named by what it tries, each refused with its own code (G1, G6). `docs/attacks.md` is made from them.
//!
//! All start from an honest PSBT with two valid signatures, which is accepted; each changes one thing. A change that breaks the signatures
//! would be refused for that as well: where the check comes first, its code says so. To add one: an entry in the file of its area.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "../world/mod.rs"]
mod world;

mod attack;
mod counts;
mod doors;
mod fees;
mod fields;
mod form;
mod honest;
mod inputs;
mod network;
mod outputs;
mod page;
mod raw;
mod scripts;
mod signatures;
mod transaction;

use attack::Attack;

/// Every attack, by area.
pub const AREAS: &[(&str, &[Attack])] = &[
    ("The form", form::ATTACKS),
    ("Unknown and misplaced fields", fields::ATTACKS),
    ("Network", network::ATTACKS),
    ("Counts and sizes", counts::ATTACKS),
    ("The transaction", transaction::ATTACKS),
    ("Inputs", inputs::ATTACKS),
    ("Scripts and keys of inputs", scripts::ATTACKS),
    ("Signatures", signatures::ATTACKS),
    ("Outputs and change", outputs::ATTACKS),
    ("Fees and amounts", fees::ATTACKS),
    ("Further transactions of a transfer", doors::ATTACKS),
];
