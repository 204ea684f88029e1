//! What responders read and hand on: procedures, scripts for a call, the first screen, the police pack, the drill report (G8, G9).
//!
//! Pure: values in, texts and files out; no clock, no input or output, and no server's type. The server fills [`Facts`] from the journal
//! and signs them; `rempart alarm` and the pages show the rest. Everything is in English and French.
//!
//! Where to find things: what is known of an incident, `facts`; the checklists, `procedure`; what a caller reads to the police, `script`;
//! what a responder sees first, `first_screen`; the directory for the police, `pack`; what a drill showed, `drill`.
//!
//! # To add a kind of procedure
//! 1. Its variant in [`Kind`], with its names.
//! 2. Its list of steps in `procedure::built_in`, in both languages; ids are for good, since journals hold them.
//! 3. What is said of it to the police, in `script`.
#![deny(missing_docs)]

mod civil;
mod drill;
#[cfg(test)]
mod example;
mod facts;
mod first_screen;
mod inert;
mod language;
pub mod pack;
mod procedure;
mod script;
mod sign;

pub use civil::{Zone, between, spoken};
pub use drill::{
    DRILLS_COMPARED, Device, Drill, DrillInput, DrillReport, Figures, HandedOver, Missed, TakenAfter,
    Verdict, drill_report, reaction_written,
};
pub use facts::{
    Act, Approval, Attempt, AttemptStatus, Callee, Contact, Cover, FACTS_DOMAIN, FACTS_VERSION, Facts,
    FactsError, Incident, Level, LogEntry, Output, Sign, Signal, SignedFacts, Status, Stop, StopScope,
    Subject, Transaction, TransactionOutput, TransactionStatus,
};
pub use first_screen::{
    FIRST_STEPS, FirstScreen, Line, Next, ShownStep, Situation, Taken, checklist, first_screen,
};
pub use inert::inert;
pub use language::Language;
pub use procedure::{
    Kind, PROCEDURE_STEPS_MAX, PROCEDURES_BYTES_MAX, PROCEDURES_FILE, ParseKindError, Procedures,
    ProceduresError, Role, STEP_ID_BYTES_MAX, STEP_MINUTE_MAX, STEP_TEXT_BYTES_MAX, Step, StepFault, When,
    Words,
};
pub use script::{Number, ParseNumberError, ScriptFacts, script};
