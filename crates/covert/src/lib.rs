//! The covert ledger: signals, incidents, who was not free and since when, clearing, deliveries, objections, stops that protected people
//! asked for, check-ins (G3, G4, G8, G9).
//!
//! Only responders may see any of it, but for one's own schedule of check-ins. The gate is the only caller: it tells [`State::attested`] what a seal held, asks
//! [`State::counts`] which acts count and [`State::covers`] what must wait, puts commands through [`State::decide`], and what comes
//! without a credential through [`State::decide_sign`].
//! This crate knows nothing of transfers and approvals; it judges people and times.
//!
//! Where to find things: a sign of coercion, `signal`; the case it opens, `incident`; who may act on it, `kin`; who is to be called now,
//! `calls`; what responders write down, `casework`; commands, `command` and `decide`; what comes without a credential, `sign` and `pause`;
//! check-ins, `check_in`.
//!
//! To add a kind of signal: a variant in [`SignalKind`], where it comes from in the gate or in `decide`, and its words in `alarm`.
#![deny(missing_docs)]

mod calls;
mod casework;
mod check_in;
mod command;
mod decide;
mod incident;
mod kin;
mod pause;
mod shadow;
mod sign;
mod signal;
mod state;

pub use calls::{
    AWAIT_MAX, About, CHAIN_AGAIN, Call, Delivery, Escalation, News, Reachable, Told, UPDATE_PACE,
};
pub use casework::{
    CALLEE_BYTES_MAX, CallBack, Callee, Entry, LOG_ENTRIES_MAX, NOTE_BYTES_MAX, Procedure, STEP_BYTES_MAX,
    What,
};
pub use check_in::{
    Appointments, CHECK_IN_EVERY_MAX, CHECK_IN_EVERY_MIN, CHECK_IN_GRACE_MAX, CHECK_IN_GRACE_MIN,
};
pub use command::{Command, Event, Refusal};
pub use incident::{Clearing, Cover, Incident, IncidentId, Level, Narrowing, Status, Subject};
pub use kin::{is_kin, is_kin_of_protected};
pub use pause::Pause;
pub use sign::{SIGN_REPEATED_WITHIN, Sign, Whom};
pub use signal::{Signal, SignalId, SignalKind, Teller};
pub use state::{Attested, DRILL_LASTS, ENDORSEMENTS_MAX, Matter, OVERRIDES_MAX, State};
