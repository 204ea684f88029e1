//! How much could anyone be forced to move? The loss bound (G2) and what follows from it: drills, certificates, advice.
//!
//! Pure: a policy and holdings in, figures out. `docs/exposure.md` says how the bound is defined and why it is exact; ADR 0011 why it
//! is computed so. Where to find things: the question and the answer, `bound`; who is taken together, `coalition`; what limits admit
//! over time, `windows`; single edits, `edits`, what they cost, `usage`, and which lowers a figure most cheaply, `advice`; free people
//! who are deceived, `deceived`.
#![deny(missing_docs)]

// The random organisations of the integration tests name this crate.
#[cfg(test)]
extern crate self as exposure;

mod advice;
mod bound;
mod calendars;
mod candidates;
mod certificate;
mod coalition;
mod deceived;
mod drill;
mod edits;
mod figure;
mod game;
mod incidents;
mod plan;
mod power;
mod program;
mod ranking;
mod relax;
mod report;
mod search;
mod simplex;
#[cfg(test)]
#[path = "../tests/small/mod.rs"]
mod small;
mod strategy;
mod tree;
mod usage;
mod windows;
mod witness;

pub use advice::{advice, cheapest};
pub use bound::{
    Action, Adversary, Advice, Assumption, Bound, BoundError, Edit, Holding, Holdings, Mode, Question, Step,
    TABLE_HORIZONS, TABLE_TAKEN_MAX, Taken, Way, bound, bounds, table,
};
pub use certificate::{
    CERTIFICATE_BYTES_MAX, CERTIFICATE_HORIZONS, CERTIFICATE_KEY_BYTES_MAX, CERTIFICATE_TAKEN_MAX,
    Certificate, CertificateKey, CertificateKeyError, CertificatePublic, Excess, Figure, LIFETIME_MAX,
    LIFETIME_MIN, LIFETIME_USUAL, MakeRefusal, Making, Measure, OPENING_BYTES_MAX, Opening, OpeningError,
    ParseThresholdError, Part, Refusal, Share, Standing, Statement, Sum, Threshold, Thresholds, Unit, make,
    verify,
};
pub use deceived::deceived;
pub use drill::{Answer, Barrier, Difference, Drill, Losses, Replay, Rule, Subject, draw, drill};
pub use figure::{duration, money};
pub use incidents::{
    BUILT_IN, CELL_BYTES_MAX, INCIDENTS_BYTES_MAX, INCIDENTS_ROWS_MAX, Incident, Incidents, IncidentsError,
    Kind, Reason, RowProblem,
};
pub use report::{Advised, advice_text, span_text, table_text};
pub use usage::{APPROVAL_TAKES, PastTransfer, USAGE_TRANSFERS_MAX, Usage};
