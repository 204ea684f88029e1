//! The gate: one deterministic state machine over two ledgers (G1, G3, G4, G5, G6).
//!
//! [`step`] says what a command leads to, [`State::apply`] lets it happen, [`effects`] says what the shell must do, [`view`] what a
//! person sees. No clock, randomness, network, database, log or thread is inside: [`types::Moment`] brings time and entropy.
//! The same inputs give the same [`State::hash`] on every machine.
//!
//! This is the only crate that knows both ledgers. They meet in one function, [`release`], and nowhere else.
//!
//! Contract with whoever drives it (the engine, the simulator): while [`is_due`], step [`Ask::Tick`] and apply; then step the
//! command and apply; commit before anything leaves. Commands on the covert lane ([`Ask::Covert`]) are stepped at the fixed tick
//! of the covert chain, and their events go there.
//!
//! To add a command: see `overt` or `covert`; the gate only passes it on. To add an effect: a variant in [`Effect`], and the shell does it.
#![deny(missing_docs)]

mod attestation;
mod command;
mod dossier;
mod record;
mod release;
mod repeats;
mod state;
mod step;
mod view;

pub use attestation::Attestation;
pub use command::{Ask, Command, Effect, Outcome, Refusal, effects};
pub use dossier::dossier_history;
pub use record::{Event, NOTED_BYTES_MAX, Noted, OvertRecord, Record, RecordError};
pub use release::release;
pub use repeats::{REPEATS_KEPT_FOR, REPEATS_MAX, Repeat};
pub use state::State;
pub use step::{is_due, step};
pub use view::{IncidentView, Lost, LostMotion, View, Viewer, view};
