//! What goes wrong on the way to an answer, and the one place where it becomes a status and a code (G9: never who else is involved).
//!
//! Handlers return a [`Failure`]; `edge` writes the problem document in the language that was asked for.

use api::{Code, Language, Problem};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use types::{LimitId, Timestamp};

use crate::engine::EngineError;
use crate::spends::SpendError;

/// After how many seconds a caller may try again when the server is busy.
pub const RETRY_AFTER_BUSY_SECONDS: u32 = 1;

/// Why there is no other answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    code: Code,
    /// What happened this time, in English, where that says more than the code.
    detail: Option<String>,
    retry_after_seconds: Option<u32>,
    limit: Option<(LimitId, Option<Timestamp>)>,
}

impl Failure {
    /// With the code's own text.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, retry_after_seconds: None, limit: None }
    }

    /// With what happened this time. Must hold nothing secret and nothing of other people.
    pub fn because(code: Code, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(code) }
    }

    /// For later.
    pub const fn later(code: Code, retry_after_seconds: u32) -> Self {
        Self { code, detail: None, retry_after_seconds: Some(retry_after_seconds), limit: None }
    }

    /// There is nothing there: the same for what does not exist and for what is not this person's.
    pub const fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The problem document.
    pub fn problem(&self, language: Language) -> Problem {
        let mut problem = Problem::new(self.code, language, self.detail.as_deref());
        if let Some((limit, fits_at)) = &self.limit {
            problem.limit = Some(limit.clone());
            problem.fits_at = *fits_at;
        }
        problem
    }
}

/// Carries the failure to `edge`, which knows the language.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<gate::Refusal> for Failure {
    fn from(refusal: gate::Refusal) -> Self {
        let code = Code::find(refusal.code()).unwrap_or(Code::Internal);
        let mut failure = Self::because(code, refusal.to_string());
        match refusal {
            gate::Refusal::Overt(overt::Refusal::LimitReached { limit, fits_at }) => {
                failure.limit = Some((limit, fits_at));
            }
            gate::Refusal::Overt(overt::Refusal::Behind) => {
                failure.retry_after_seconds = Some(RETRY_AFTER_BUSY_SECONDS);
            }
            // One body for everything that is not there, whatever was looked for.
            gate::Refusal::Overt(overt::Refusal::NotFound(_))
            | gate::Refusal::Covert(covert::Refusal::NotFound) => failure.detail = None,
            _ => {}
        }
        failure
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let code = match error {
            EngineError::Overloaded => Code::Overloaded,
            EngineError::Unavailable(_) => Code::Unavailable,
            EngineError::Stopping => Code::Stopping,
        };
        Self::later(code, RETRY_AFTER_BUSY_SECONDS)
    }
}

impl From<vault::Refusal> for Failure {
    fn from(refusal: vault::Refusal) -> Self {
        Self::because(Code::find(refusal.code()).unwrap_or(Code::PsbtMalformed), refusal.to_string())
    }
}

impl From<SpendError> for Failure {
    fn from(error: SpendError) -> Self {
        match error {
            SpendError::Engine(error) => error.into(),
            other => {
                Self::because(Code::find(other.code()).unwrap_or(Code::PsbtMalformed), other.to_string())
            }
        }
    }
}

impl From<credentials::PhraseError> for Failure {
    fn from(error: credentials::PhraseError) -> Self {
        use credentials::PhraseError;
        let code = match error {
            PhraseError::TooLong => Code::PhraseTooLong,
            PhraseError::WordCount { .. } => Code::PhraseWordCount,
            PhraseError::UnknownWord { .. } => Code::PhraseWordUnknown,
            PhraseError::MixedLists { .. } => Code::PhraseMixedLists,
        };
        Self::because(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overt_codes() -> Vec<&'static str> {
        use overt::Refusal as R;
        let (limit, vault) = (LimitId::parse("l").unwrap(), types::VaultId::parse("v").unwrap());
        let asset = types::Currency::parse("BTC").unwrap();
        let (limit, wrong) = (R::LimitReached { limit, fits_at: None }, R::WrongAsset { vault, asset });
        let payload = R::Payload(types::PayloadError::NoOutputs);
        let (price, policy) = (R::Price(String::new()), R::InvalidPolicy(String::new()));
        let named = [
            R::NoAuthority(""),
            R::NotFound(""),
            R::NotAllowed(""),
            R::TooLate(""),
            R::TooMany(""),
            R::Posture(""),
        ];
        let plain =
            [R::Forbidden, R::NoPermit, R::Overflow, R::Duplicate, R::AlreadyApproved, R::OwnProposal];
        let spends = [R::InputReserved, R::UnknownInput, R::WrongSpend, R::KeyReused, R::Behind];
        let caps = [R::AboveOutstanding, R::FeeTooLarge, R::TooYoung, R::Revision { next: 1 }];
        let rest = [limit, wrong, payload, price, policy];
        let all: Vec<R> = named.into_iter().chain(plain).chain(spends).chain(caps).chain(rest).collect();
        // A new variant does not compile here until it is added above.
        let _complete = |refusal: &R| match refusal {
            R::NoAuthority(_)
            | R::NotFound(_)
            | R::NotAllowed(_)
            | R::TooLate(_)
            | R::TooMany(_)
            | R::Posture(_) => {}
            R::Forbidden | R::NoPermit | R::Overflow | R::Duplicate | R::AlreadyApproved | R::OwnProposal => {
            }
            R::InputReserved | R::UnknownInput | R::WrongSpend | R::KeyReused | R::Behind => {}
            R::AboveOutstanding | R::FeeTooLarge | R::TooYoung | R::Revision { .. } => {}
            R::LimitReached { .. }
            | R::WrongAsset { .. }
            | R::Payload(_)
            | R::Price(_)
            | R::InvalidPolicy(_) => {}
        };
        all.iter().map(R::code).collect()
    }

    fn covert_codes() -> Vec<&'static str> {
        use covert::Refusal as C;
        let who = types::PersonId::parse("p").unwrap();
        let responders =
            [C::NotFound, C::Closed, C::Repeated, C::NoSuchPerson(who), C::WrongKind, C::Future, C::TooMany];
        let person = types::PersonId::parse("p").unwrap();
        let casework =
            [C::NotForThem(person.clone()), C::NotCalledBack(person), C::NoExercise, C::Text, C::Time("")];
        let own = [C::NoSchedule, C::Schedule("")];
        let all: Vec<C> = responders.into_iter().chain(own).chain(casework).collect();
        let _complete = |refusal: &C| match refusal {
            C::NotFound
            | C::Closed
            | C::Repeated
            | C::NoSuchPerson(_)
            | C::WrongKind
            | C::Future
            | C::TooMany
            | C::NoSchedule
            | C::Schedule(_)
            | C::NotForThem(_)
            | C::NotCalledBack(_)
            | C::NoExercise
            | C::Text
            | C::Time(_) => {}
        };
        all.iter().map(C::code).collect()
    }

    /// Every code that the gate or a PSBT check can give is one that the interface knows.
    #[test]
    fn every_refusal_has_a_code_of_the_interface() {
        let codes = overt_codes().into_iter().chain(covert_codes());
        for code in codes.chain(vault::Refusal::CODES.iter().copied()) {
            assert!(Code::find(code).is_some(), "`{code}` is not in api::Code");
        }
    }

    #[test]
    fn what_is_not_there_has_one_body() {
        let things = ["transfer", "vault", "motion"]
            .map(|thing| gate::Refusal::Overt(overt::Refusal::NotFound(thing)));
        for thing in things {
            assert_eq!(Failure::from(thing), Failure::not_found());
        }
        assert_eq!(Failure::from(gate::Refusal::Covert(covert::Refusal::NotFound)), Failure::not_found());
    }
}
