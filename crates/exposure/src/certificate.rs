//! The deterrence certificate: a signed statement that coercion is worthless here, and that says nothing else (G2, G9).
//!
//! Called by `rempart certificate make | verify`. Why a commitment, why rounded figures, when it is void: ADR 0013.

mod jws;
mod key;
mod measure;
mod opening;
mod page;
mod refusal;
mod standing;
mod statement;
mod text;
mod words;

use policy::Policy;
use types::{Span, Timestamp, Value};

use crate::{Adversary, Assumption, Bound, Holdings, Mode, Question, Taken, bound};

pub use jws::CERTIFICATE_BYTES_MAX;
pub use key::{CERTIFICATE_KEY_BYTES_MAX, CertificateKey, CertificateKeyError, CertificatePublic};
pub use measure::{Measure, ParseThresholdError, Share, Sum, Threshold, Thresholds, Unit};
pub use opening::{OPENING_BYTES_MAX, Opening, OpeningError};
pub use refusal::{Excess, MakeRefusal, Part, Refusal};
pub use standing::Standing;
pub use statement::{
    CERTIFICATE_HORIZONS, CERTIFICATE_TAKEN_MAX, Figure, LIFETIME_MAX, LIFETIME_MIN, LIFETIME_USUAL,
    Statement,
};

/// What a certificate is made of.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// What the vaults hold.
    pub holdings: &'a Holdings,
    /// What the adversary takes.
    pub adversary: Adversary,
    /// Shares or sums.
    pub unit: Unit,
    /// Above these, no certificate.
    pub thresholds: Thresholds,
    /// Now.
    pub at: Timestamp,
    /// For how long.
    pub lifetime: Span,
    /// The version of the program.
    pub program: &'a str,
    /// 32 uniformly drawn bytes, used once.
    pub salt: [u8; 32],
}

/// A certificate that was just made.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// To publish: a JWS in compact form.
    pub text: String,
    /// What it says.
    pub statement: Statement,
    /// To keep.
    pub opening: Opening,
}

/// Makes a certificate, unless it would say too much or rest on something that nobody knows.
///
/// # Errors
/// Why none is made.
pub fn make(making: &Making<'_>, key: &CertificateKey) -> Result<Certificate, MakeRefusal> {
    if making.lifetime < LIFETIME_MIN || making.lifetime > LIFETIME_MAX {
        return Err(MakeRefusal::Lifetime);
    }
    if !statement::is_version(making.program) {
        return Err(MakeRefusal::Version);
    }
    let bounds = figures(&all_bounds(making)?, making)?;
    let opening = Opening::new(making.salt, making.policy);
    let commitment = opening.commitment(&making.policy.hash());
    let validity = (making.at, making.lifetime);
    let statement = Statement::new(making.adversary, bounds, commitment, making.program, validity);
    let payload = types::canonical_json(&statement).map_err(|_| MakeRefusal::Overflow)?;
    Ok(Certificate { text: jws::sign(key, &payload), statement, opening })
}

/// With the number asked for: an organisation with fewer homes is asked about all of them.
fn all_bounds(making: &Making<'_>) -> Result<Vec<(u8, Bound)>, MakeRefusal> {
    let mut bounds = Vec::new();
    for k in 1..=CERTIFICATE_TAKEN_MAX {
        for horizon in CERTIFICATE_HORIZONS {
            let taken = Taken::K(k);
            // The worst of the three modes by definition, so what is said holds in all of them.
            let question = Question { adversary: making.adversary, taken, horizon, mode: Mode::Silent };
            bounds.push((k, bound(making.policy, making.holdings, &question)?));
        }
    }
    let mut assumes: Vec<_> = bounds.iter().flat_map(|(_, bound)| bound.assumes.iter().cloned()).collect();
    assumes.extend(unknown_balances(making.policy, making.holdings));
    assumes.sort();
    assumes.dedup();
    if assumes.is_empty() { Ok(bounds) } else { Err(MakeRefusal::Assumes(assumes)) }
}

fn figures(bounds: &[(u8, Bound)], making: &Making<'_>) -> Result<Vec<Figure>, MakeRefusal> {
    let held = held(making.policy, making.holdings).ok_or(MakeRefusal::Overflow)?;
    if held == Value::ZERO {
        return Err(MakeRefusal::NothingHeld);
    }
    let (mut figures, mut above) = (Vec::new(), Vec::new());
    for (k, bound) in bounds {
        let k = *k;
        let (horizon, currency) = (bound.horizon, bound.currency);
        let at_most = Measure::of(making.unit, bound.amount, held, currency).ok_or(MakeRefusal::Overflow)?;
        let figure = Figure { k, horizon, at_most };
        if making.thresholds.refuse(k, bound.amount, held, currency) {
            above.push(Excess { adversary: making.adversary, figure });
        }
        figures.push(figure);
    }
    if above.is_empty() { Ok(figures) } else { Err(MakeRefusal::Above(above)) }
}

/// Vaults of which nobody says what they hold: they are missing in the sum of everything held.
pub(crate) fn unknown_balances(policy: &Policy, holdings: &Holdings) -> impl Iterator<Item = Assumption> {
    let unknown = policy.vaults().iter().filter(|vault| holdings.of(&vault.id).balance.is_none());
    unknown.map(|vault| Assumption::UnknownBalance(vault.id.clone()))
}

/// Everything that the vaults of the policy hold.
pub(crate) fn held(policy: &Policy, holdings: &Holdings) -> Option<Value> {
    let balances = policy.vaults().iter().map(|vault| holdings.of(&vault.id).balance.unwrap_or_default());
    balances.into_iter().try_fold(Value::ZERO, |sum, balance| sum.plus(balance).ok())
}

/// Reads a certificate: signed by this key, and valid now.
///
/// # Errors
/// Why it is not believed.
pub fn verify(text: &str, key: &CertificatePublic, now: Timestamp) -> Result<Statement, Refusal> {
    let statement = Statement::parse(&jws::open(text, key)?)?;
    statement.check_time(now)?;
    Ok(statement)
}

#[cfg(test)]
mod tests;
