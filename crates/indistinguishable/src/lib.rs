//! Whether anything tells duress from free will: the measurement of G3 over the real server and real HTTP, with a verdict.
//!
//! Never shipped. Run by `cargo xtask indistinguishable`, and in short by `cargo xtask test`.
//!
//! Where to find things: what is measured and in which pieces, [`plan`] and [`measure`]; a real server that takes orders, [`twin`]; what a captor
//! does and sees, [`session`]; the phrase check alone, [`credential`]; numbers, [`statistics`]; programs that try to learn the difference,
//! [`learned`]; what follows, [`verdict`]; the page, [`mod@report`].
//!
//! To add a step to the session: a variant in `session::script`, its place in the list, the status that it has to have. To add a control: a
//! fault in `session::observed` and its line in [`measure::FAULTS`].
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a measurement that is never shipped: a wrong index is its own defect and must stop it"
)]

pub mod credential;
pub mod failure;
pub mod learned;
pub mod measure;
pub mod plan;
pub mod random;
pub mod report;
pub mod session;
pub mod statistics;
pub mod stopwatch;
pub mod twin;
pub mod verdict;
