//! The covert ledger: signals, incidents, who was not free and since when, clearing, deliveries, objections (G4, G8, G9).
//!
//! Only responders may see any of it. The gate is the only caller: it tells [`State::attested`] what a seal held, asks
//! [`State::counts`] which acts count and [`State::covers`] what must wait, and puts responders' acts through [`State::decide`].
//! This crate knows nothing of transfers and approvals; it judges people and times.
//!
//! Where to find things: a sign of coercion, `signal`; the case it opens, `incident`; who may act on it, `kin`; responders' commands,
//! `command` and `decide`.
//!
//! To add a kind of signal: a variant in [`SignalKind`], where it comes from in the gate or in `decide`, and its words in `alarm`.
#![deny(missing_docs)]

mod command;
mod decide;
mod incident;
mod kin;
mod signal;
mod state;

pub use command::{Command, Event, Refusal};
pub use incident::{Clearing, Cover, Incident, IncidentId, Level, Narrowing, Subject};
pub use kin::is_kin;
pub use signal::{Signal, SignalId, SignalKind};
pub use state::{Attested, ENDORSEMENTS_MAX, Matter, State};
