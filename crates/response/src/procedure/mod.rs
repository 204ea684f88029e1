//! Checklists: what to do, when, why and who, from the first minute until the person is back (G8).
//!
//! Built in for five kinds, in English and French; an organisation lays its own words and steps over them in `procedures.toml`
//! (`file`). Called by `rempart alarm show`, by the responders' pages, and by [`crate::FirstScreen`].

mod built_in;
mod file;
mod kind;
mod step;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use file::{
    PROCEDURE_STEPS_MAX, PROCEDURES_BYTES_MAX, PROCEDURES_FILE, ProceduresError, STEP_MINUTE_MAX,
    STEP_TEXT_BYTES_MAX, StepFault,
};
pub use kind::{Kind, ParseKindError};
pub use step::{Role, Step, When, Words};

use crate::facts::Level;

/// The longest id of a step, in bytes.
pub const STEP_ID_BYTES_MAX: usize = 40;
/// By how much everything waits while a call-back may still show that it was a slip, in minutes.
const VERIFY_MINUTES: u32 = 10;

/// All procedures of an organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Procedures {
    steps: BTreeMap<Kind, Vec<Step>>,
}

/// What is built in.
impl Default for Procedures {
    fn default() -> Self {
        Self { steps: Kind::ALL.into_iter().map(|kind| (kind, built_in::steps(kind))).collect() }
    }
}

impl Procedures {
    /// The built-in ones with the text of `procedures.toml` over them.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ProceduresError> {
        file::parse(text)
    }

    /// The steps for an incident, in the order in which they are due.
    #[must_use]
    pub fn checklist(&self, kind: Kind, level: Level) -> Vec<Step> {
        let steps = self.steps.get(&kind).map(Vec::as_slice).unwrap_or_default();
        let fits = |step: &&Step| level == Level::Verify || !step.verify;
        let mut steps: Vec<Step> = steps.iter().filter(fits).cloned().collect();
        if level == Level::Verify {
            steps.iter_mut().for_each(put_off);
        }
        // Stable: steps of one minute keep their order.
        steps.sort_by_key(|step| step.when);
        steps
    }

    /// Whether a procedure has a step.
    #[must_use]
    pub fn has(&self, kind: Kind, step: &str) -> bool {
        self.steps.get(&kind).is_some_and(|steps| steps.iter().any(|known| known.id == step))
    }
}

/// Taking charge cannot wait; all else follows the call-back.
const fn put_off(step: &mut Step) {
    if let When::Minute(minute) = step.when
        && !step.verify
        && minute > 0
    {
        step.when = When::Minute(minute.saturating_add(VERIFY_MINUTES));
    }
}
