//! Credentials in the making: enrolments that wait for their person, and phrases that are drawn, shown once and forgotten (G5, G9).
//!
//! Nothing here gives anybody a credential: what is made must be proposed, endorsed by others and waited for. An enrolment is in memory
//! only, good once and for a short time; a restart forgets it and somebody opens another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::{Code, PhraseLanguage};
use credentials::{Cost, Language, Pepper, Phrase, SALT_BYTES, Verifier};
use overt::{Credential, NewCredential};
use tokio::sync::Semaphore;
use types::{ActorId, Hash, Span, Timestamp, hash_parts};

use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};

/// How long an enrolment waits for its person, and then for its proposal.
pub const ENROLMENT_LIFE: Span = Span::from_hours(1);
/// The most enrolments that wait at once; beyond, nobody can open another.
pub const ENROLMENTS_MAX: usize = 64;
/// How many phrases are made at a time: each takes 64 MiB and one core, beside the checks.
const MAKING_MAX: usize = 1;

/// What became of an enrolment so far.
#[derive(Clone)]
struct Waiting {
    of: ActorId,
    opened_by: ActorId,
    expires: Timestamp,
    made: Option<Credential>,
}

/// See the module.
pub struct Enrolments {
    waiting: Mutex<BTreeMap<Hash, Waiting>>,
    making: Semaphore,
    pepper: Arc<Pepper>,
    cost: Cost,
}

/// Codes are kept as hashes, as tokens of sessions are.
fn key(code: &str) -> Hash {
    hash_parts("rempart/enrolment/v1", &[code.as_bytes()])
}

impl Enrolments {
    /// Enrolments whose phrases cost so much to check.
    pub fn new(pepper: Pepper, cost: Cost) -> Self {
        let making = Semaphore::new(MAKING_MAX);
        Self { waiting: Mutex::default(), making, pepper: Arc::new(pepper), cost }
    }

    fn waiting(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<Hash, Waiting>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, enrolment| enrolment.expires > now);
        waiting
    }

    /// Opens one for a person or service. Its code, and until when it is good.
    ///
    /// # Errors
    /// Too many are open.
    pub fn open(
        &self,
        (of, opened_by): (ActorId, ActorId),
        now: Timestamp,
        entropy: &[u8; 32],
    ) -> Result<(String, Timestamp), Failure> {
        let mut waiting = self.waiting(now);
        if waiting.len() >= ENROLMENTS_MAX {
            return Err(Failure::because(
                Code::TooMany,
                "too many enrolments are open: wait until some have ended",
            ));
        }
        let (code, expires) = (hex::encode(entropy), now.after(ENROLMENT_LIFE));
        waiting.insert(key(&code), Waiting { of, opened_by, expires, made: None });
        Ok((code, expires))
    }

    /// Whether a code is good for somebody, and was not used.
    ///
    /// # Errors
    /// [`Code::EnrolmentInvalid`].
    pub fn is_open(&self, code: &str, of: &ActorId, now: Timestamp) -> Result<(), Failure> {
        let waiting = self.waiting(now);
        let found = waiting.get(&key(code)).filter(|found| found.of == *of && found.made.is_none());
        found.map(drop).ok_or(Failure::new(Code::EnrolmentInvalid))
    }

    /// The person has done their part. Good once: of two at the same time one is refused.
    ///
    /// # Errors
    /// [`Code::EnrolmentInvalid`].
    pub fn fill(&self, code: &str, of: &ActorId, made: Credential, now: Timestamp) -> Result<(), Failure> {
        let mut waiting = self.waiting(now);
        let found = waiting.get_mut(&key(code)).filter(|found| found.of == *of && found.made.is_none());
        found.ok_or(Failure::new(Code::EnrolmentInvalid))?.made = Some(made);
        Ok(())
    }

    /// What is to be proposed, by whoever opened it.
    ///
    /// # Errors
    /// [`Code::EnrolmentInvalid`].
    pub fn made(
        &self,
        code: &str,
        (of, by): (&ActorId, &ActorId),
        now: Timestamp,
    ) -> Result<NewCredential, Failure> {
        let waiting = self.waiting(now);
        let found = waiting.get(&key(code)).filter(|found| found.of == *of && found.opened_by == *by);
        let made = found.and_then(|found| found.made.clone());
        made.map(NewCredential::Whole).ok_or(Failure::new(Code::EnrolmentInvalid))
    }

    /// Draws a phrase, and what the journal keeps of it.
    ///
    /// # Errors
    /// There was no memory.
    pub async fn draw(
        &self,
        language: PhraseLanguage,
        (words, salt): ([u8; 32], [u8; 32]),
    ) -> Result<(Phrase, Verifier), Failure> {
        let busy = || Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS);
        let list = match language {
            PhraseLanguage::En => Language::English,
            PhraseLanguage::Fr => Language::French,
        };
        let _permit = self.making.acquire().await.map_err(|_| busy())?;
        let (pepper, cost) = (Arc::clone(&self.pepper), self.cost);
        let made = tokio::task::spawn_blocking(move || {
            let phrase = Phrase::draw(list, &words);
            let salt = salt.first_chunk::<SALT_BYTES>().copied().unwrap_or_default();
            let verifier = Verifier::make(&phrase, &pepper, salt, cost)?;
            Ok::<_, credentials::CheckError>((phrase, verifier))
        });
        match made.await {
            Ok(made) => made.map_err(|_| busy()),
            Err(_) => Err(Failure::new(Code::Internal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ActorId {
        ActorId::parse(text).unwrap()
    }

    fn made() -> Credential {
        Credential { devices: vec![vec![1]], verifier: Some(vec![2]) }
    }

    #[test]
    fn an_enrolment_is_good_once_for_one_person_and_for_who_opened_it() {
        let enrolments = Enrolments::new(Pepper::from_bytes([1; 32]), Cost::CHEAP);
        let (now, dave, bob) = (Timestamp::from_millis(0), name("dave"), name("bob"));
        let (code, expires) = enrolments.open((dave.clone(), bob.clone()), now, &[7; 32]).unwrap();
        let invalid = |result: Result<(), Failure>| result.unwrap_err().code() == Code::EnrolmentInvalid;
        assert!(invalid(enrolments.is_open("other", &dave, now)));
        assert!(invalid(enrolments.is_open(&code, &bob, now)));
        assert!(invalid(enrolments.is_open(&code, &dave, expires)));
        let (code, _) = enrolments.open((dave.clone(), bob.clone()), now, &[8; 32]).unwrap();
        assert!(enrolments.made(&code, (&dave, &bob), now).is_err());
        enrolments.fill(&code, &dave, made(), now).unwrap();
        assert!(invalid(enrolments.fill(&code, &dave, made(), now)));
        assert!(invalid(enrolments.is_open(&code, &dave, now)));
        assert!(enrolments.made(&code, (&dave, &name("eve")), now).is_err());
        assert_eq!(enrolments.made(&code, (&dave, &bob), now).unwrap(), NewCredential::Whole(made()));
    }

    #[test]
    fn the_number_of_enrolments_is_bounded_and_time_makes_room() {
        let enrolments = Enrolments::new(Pepper::from_bytes([1; 32]), Cost::CHEAP);
        let now = Timestamp::from_millis(0);
        for byte in 0..ENROLMENTS_MAX {
            let entropy = [u8::try_from(byte).unwrap(); 32];
            enrolments.open((name("dave"), name("bob")), now, &entropy).unwrap();
        }
        assert!(enrolments.open((name("dave"), name("bob")), now, &[99; 32]).is_err());
        let later = now.after(ENROLMENT_LIFE);
        assert!(enrolments.open((name("dave"), name("bob")), later, &[99; 32]).is_ok());
    }
}
