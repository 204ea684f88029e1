//! How much could anyone be forced to move? The loss bound (G2) and what follows from it: drills, certificates, advice.
//!
//! Pure: a policy and holdings in, figures out. `docs/exposure.md` says how the bound is defined and why it is exact; ADR 0011 why it
//! is computed so. Where to find things: the question and the answer, `bound`; who is taken together, `coalition`; what limits admit
//! over time, `flow`; single edits that lower a bound, `advice`.
#![deny(missing_docs)]

mod bound;
mod incidents;

pub use bound::{
    Action, Adversary, Advice, Assumption, Bound, BoundError, Edit, Holding, Holdings, Mode, Question, Step,
    TABLE_HORIZONS, TABLE_TAKEN_MAX, Taken, Way, advice, bound, table,
};
pub use incidents::{
    BUILT_IN, CELL_BYTES_MAX, INCIDENTS_BYTES_MAX, INCIDENTS_ROWS_MAX, Incident, Incidents, IncidentsError,
    Kind, Reason, RowProblem,
};
