//! Whether a certificate still stands under the policy in force now: void as soon as the rules loosen or a figure no longer holds (G2, G5).
//!
//! For whoever may see the policy: the organisation, its auditors. Others rely on the expiry.

use policy::{Comparison, Policy, compare};
use types::Hash;

use super::refusal::{Excess, MakeRefusal};
use super::{Making, Opening, OpeningError, Statement, Thresholds, all_bounds, figures};
use crate::Holdings;

/// How a certificate stands to a policy.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// The policy is the certified one, to the letter.
    Same,
    /// The policy gives the same rights, or fewer, and every figure holds.
    Holds(Comparison),
    /// The policy gives more, or it cannot be excluded: void.
    Loosened(Comparison),
    /// More can be lost than is said: the balances, the ages of outputs or the program changed. Void.
    Outgrown(Vec<Excess>),
    /// The figures cannot be computed any more: void.
    Unknown(MakeRefusal),
}

impl Standing {
    /// Whether the certificate still says the truth.
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self, Self::Same | Self::Holds(_))
    }
}

impl Statement {
    /// Compares the certified policy with the one in force.
    ///
    /// # Errors
    /// When the opening is not this certificate's.
    pub fn standing(
        &self,
        opening: &Opening,
        now: &Policy,
        holdings: &Holdings,
    ) -> Result<Standing, OpeningError> {
        let certified = opening.policy(&self.policy)?;
        let found = if certified.hash() == now.hash() { None } else { Some(compare(&certified, now)) };
        if let Some(loosened) = found.as_ref().filter(|found| !found.direction.is_immediate()) {
            return Ok(Standing::Loosened(loosened.clone()));
        }
        let outgrown = match self.outgrown(now, holdings) {
            Ok(outgrown) => outgrown,
            Err(refusal) => return Ok(Standing::Unknown(refusal)),
        };
        Ok(match (outgrown.is_empty(), found) {
            (false, _) => Standing::Outgrown(outgrown),
            (true, Some(found)) => Standing::Holds(found),
            (true, None) => Standing::Same,
        })
    }

    /// Whether a policy's hash is the certified one.
    #[must_use]
    pub fn is_of(&self, opening: &Opening, policy: &Hash) -> bool {
        opening.commitment(policy) == self.policy
    }

    /// The figures that are above those of the statement today.
    fn outgrown(&self, policy: &Policy, holdings: &Holdings) -> Result<Vec<Excess>, MakeRefusal> {
        let making = Making {
            policy,
            holdings,
            adversary: self.adversary,
            unit: self.unit(),
            thresholds: Thresholds::NONE,
            at: self.issued_at(),
            lifetime: super::LIFETIME_MIN,
            program: &self.program,
            salt: [0; 32],
        };
        let today = figures(&all_bounds(&making)?, &making)?;
        let above = today.iter().zip(&self.bounds).filter(|(today, said)| {
            let ((unit, currency, size), said) = (today.at_most.size(), said.at_most.size());
            (unit, currency) != (said.0, said.1) || size > said.2
        });
        Ok(above.map(|(today, _)| Excess { adversary: self.adversary, figure: *today }).collect())
    }
}
