//! The call plan: whom an alarm is told to, by what, in which order, and who is on duty at an instant. Serves G8 and G9.
//!
//! Pure: a file's text and an instant come in, names come out. The server reads `calls.toml` from its data folder and parses it
//! here ([`CallPlan::parse`]); the covert ledger asks [`CallPlan::on_call`]; pages ask [`CallPlan::next_change`] and
//! [`CallPlan::gaps`]; the server shows what [`CallPlan::check`] finds, loudly.
//!
//! Time has one rule, for hand-overs, hours and daylight saving alike: something that is to happen at 09:00 happens at the first
//! instant at which the clock on the wall shows 09:00 or later, and never twice (`wall.rs`). `docs/calls.md` says it for users.
//!
//! To add a key to the file: the model (`plan.rs`), its table and its reading (`read.rs`), its limit (`limits.rs`), its line in
//! `docs/calls.md`, a case in `tests/files.rs`.
#![deny(missing_docs)]

mod duty;
mod error;
mod limits;
mod plan;
mod read;
mod schedule;
mod tables;
mod wall;
mod warning;

pub use error::PlanError;
pub use limits::{
    ADDRESS_BYTES_MAX, CHAIN_REPEAT_MAX, CONTACTS_MAX, FILE_BYTES_MAX, LAYER_PEOPLE_MAX,
    LOOK_AHEAD_SECONDS_MAX, OVERRIDE_SECONDS_MAX, PROGRESS_SECONDS_MAX, PROGRESS_SECONDS_MIN,
    SCHEDULE_LAYERS_MAX, SCHEDULES_MAX, STEP_TELLS_MAX, STEP_WAIT_SECONDS_MAX, STEP_WAIT_SECONDS_MIN,
    STEPS_MAX, TURN_SECONDS_MAX, TURN_SECONDS_MIN, WAYS_MAX,
};
pub use plan::{CALLS_FILE, CallPlan, Chain, Contact, Language, Override, OverrideError, Step, Tell};
pub use schedule::{Hours, Layer, Schedule};
pub use warning::Warning;
