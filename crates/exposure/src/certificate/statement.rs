//! What a certificate says, and nothing else: figures, a commitment to the policy, times, the version. No name, place, balance or rule (G9).
//!
//! The statement is the JWS payload; `iat` and `exp` are as in JWT (RFC 7519), so that other programs check them too.

use serde::{Deserialize, Serialize};
use types::{Hash, Span, Timestamp};

use super::measure::{Measure, Unit};
use super::refusal::{Part, Refusal};
use crate::{Adversary, Mode};

/// The version of the statement.
const STATEMENT_VERSION: u32 = 1;
/// The horizons of a certificate: they tell a night, two, three and a week apart, and no more about the rules than that.
pub const CERTIFICATE_HORIZONS: [Span; 4] =
    [Span::from_hours(24), Span::from_hours(48), Span::from_hours(72), Span::from_hours(7 * 24)];
/// The most taken at once.
pub const CERTIFICATE_TAKEN_MAX: u8 = 3;
/// The longest validity.
pub const LIFETIME_MAX: Span = Span::from_hours(90 * 24);
/// The shortest validity.
pub const LIFETIME_MIN: Span = Span::from_hours(1);
/// The usual validity.
pub const LIFETIME_USUAL: Span = Span::from_hours(30 * 24);
/// How far the clocks of signer and verifier may be apart.
const CLOCK_SKEW: Span = Span::from_seconds(300);
/// The longest version name.
const PROGRAM_BYTES_MAX: usize = 32;

/// One figure: at most so much, whatever is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// How many are taken.
    pub k: u8,
    /// For how long.
    pub horizon: Span,
    /// At most so much is lost.
    pub at_most: Measure,
}

/// What a certificate says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "v")]
    version: u32,
    /// What is taken: homes, places or people.
    pub adversary: Adversary,
    /// What people do meanwhile; always the worst, `silent`.
    pub mode: Mode,
    /// 1 to 3 taken, [`CERTIFICATE_HORIZONS`], in this order.
    pub bounds: Vec<Figure>,
    /// A commitment to the policy; see [`super::Opening`].
    pub policy: Hash,
    /// The program that computed it.
    #[serde(rename = "rempart")]
    pub program: String,
    #[serde(rename = "iat")]
    issued: i64,
    #[serde(rename = "exp")]
    expires: i64,
}

impl Statement {
    pub(super) fn new(
        adversary: Adversary,
        bounds: Vec<Figure>,
        policy: Hash,
        program: &str,
        validity: (Timestamp, Span),
    ) -> Self {
        let (at, lifetime) = validity;
        let issued = at.as_millis().div_euclid(1000);
        Self {
            version: STATEMENT_VERSION,
            adversary,
            mode: Mode::Silent,
            bounds,
            policy,
            program: program.to_owned(),
            issued,
            expires: issued.saturating_add_unsigned(lifetime.seconds()),
        }
    }

    /// When it was made.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        Timestamp::from_millis(self.issued.saturating_mul(1000))
    }

    /// From when on it is not valid.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.expires.saturating_mul(1000))
    }

    /// The figure for so many taken and so long.
    #[must_use]
    pub fn figure(&self, k: u8, horizon: Span) -> Option<&Figure> {
        self.bounds.iter().find(|figure| figure.k == k && figure.horizon == horizon)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let refuse = |error| Refusal::json(Part::Statement, &error);
        let Versioned { v } = serde_json::from_str(text).map_err(refuse)?;
        if v != STATEMENT_VERSION {
            return Err(Refusal::Version(v));
        }
        let statement: Self = serde_json::from_str(text).map_err(refuse)?;
        if statement.is_consistent() { Ok(statement) } else { Err(Refusal::Figures) }
    }

    /// All twelve figures in order, of one kind, never falling with more taken or more time; a program's version that can be shown.
    fn is_consistent(&self) -> bool {
        let asked =
            (1..=CERTIFICATE_TAKEN_MAX).flat_map(|k| CERTIFICATE_HORIZONS.map(|horizon| (k, horizon)));
        let said = self.bounds.iter().map(|figure| (figure.k, figure.horizon));
        let sizes: Vec<_> = self.bounds.iter().map(|figure| figure.at_most.size()).collect();
        let rises = |at: usize, by: usize| match (sizes.get(at), sizes.get(at + by)) {
            (Some(less), Some(more)) => (less.0, less.1) == (more.0, more.1) && less.2 <= more.2,
            _ => true,
        };
        let width = CERTIFICATE_HORIZONS.len();
        let in_time = (0..sizes.len()).all(|at| at % width == width - 1 || rises(at, 1));
        let in_number = (0..sizes.len()).all(|at| rises(at, width));
        asked.eq(said) && in_time && in_number && self.mode == Mode::Silent && is_version(&self.program)
    }

    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let longest = i64::try_from(LIFETIME_MAX.seconds()).unwrap_or(i64::MAX);
        if self.expires.checked_sub(self.issued).is_none_or(|lifetime| lifetime <= 0 || lifetime > longest) {
            return Err(Refusal::Lifetime);
        }
        if self.issued_at() > now.after(CLOCK_SKEW) {
            return Err(Refusal::NotYet(self.issued_at()));
        }
        if self.expires_at() <= now {
            return Err(Refusal::Expired(self.expires_at()));
        }
        Ok(())
    }

    /// As what its figures are given.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.bounds.first().map_or(Unit::Share, |figure| figure.at_most.size().0)
    }
}

pub(super) fn is_version(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    !text.is_empty() && text.len() <= PROGRAM_BYTES_MAX && text.bytes().all(plain)
}
