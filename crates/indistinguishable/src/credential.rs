//! The phrase check alone, timed: the own phrase against another one of the list, in pairs of random order (G3, DESIGN section 7).
//!
//! `credentials::check` is called as the server's pool calls it. Each pair takes one person; the person's own phrase is the free sample, a
//! phrase drawn afresh the other. Persons are drawn anew for each pair (or from a pool, where making a verifier is dear), because
//! Argon2's time depends a little on its input: with one person, that person's input would be mistaken for the class.
//! Called by the run.

use crate::random::Chance;
use credentials::{Class, Cost, Language, Pepper, Phrase, SALT_BYTES, Verifier, check};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::random::coin;
use crate::stopwatch::Watch;

/// How many pairs are prepared before they are timed, so that a sample does not follow the making of its own hash.
const PREPARED: usize = 512;

/// Which cost is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Setting {
    /// The least Argon2 there is: hides least.
    Cheap,
    /// What protects real phrases.
    Production,
}

impl Setting {
    /// The cost.
    #[must_use]
    pub const fn cost(self) -> Cost {
        match self {
            Self::Cheap => Cost::CHEAP,
            Self::Production => Cost::PRODUCTION,
        }
    }

    /// How many pairs share one person.
    const fn pairs_of_a_person(self) -> usize {
        match self {
            Self::Cheap => 1,
            Self::Production => 16,
        }
    }
}

/// The times of one pair, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// With the own phrase.
    pub free: u32,
    /// With another one.
    pub duress: u32,
}

/// Why nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// Argon2's memory.
    #[error("{0}")]
    Check(#[from] credentials::CheckError),
    /// The samples would not be of the classes that they are counted as.
    #[error("a phrase was not judged as it was meant: nothing was measured")]
    Misjudged,
}

struct Person {
    own: Phrase,
    verifier: Verifier,
}

impl Person {
    fn draw(chance: &mut Chance, setting: Setting, pepper: &Pepper) -> Result<Self, CredentialError> {
        let own = phrase(chance);
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&chance.bytes()[..SALT_BYTES]);
        let verifier = Verifier::make(&own, pepper, salt, setting.cost())?;
        Ok(Self { own, verifier })
    }
}

fn phrase(chance: &mut Chance) -> Phrase {
    let language = if coin(chance) { Language::English } else { Language::French };
    Phrase::draw(language, &chance.bytes())
}

/// Times so many pairs. The same seed gives the same phrases in the same order.
///
/// # Errors
/// [`CredentialError`].
pub fn measure(setting: Setting, pairs: usize, chance: &mut Chance) -> Result<Vec<Sample>, CredentialError> {
    let pepper = Pepper::from_bytes(chance.bytes());
    let mut samples = Vec::with_capacity(pairs);
    while samples.len() < pairs {
        let wanted = (pairs - samples.len()).min(PREPARED);
        let people = wanted.div_ceil(setting.pairs_of_a_person());
        let people: Result<Vec<Person>, _> =
            (0..people).map(|_| Person::draw(chance, setting, &pepper)).collect();
        let people = people?;
        for _ in 0..wanted {
            let person = &people[chance.below(people.len())];
            samples.push(pair(person, chance, &pepper)?);
        }
    }
    Ok(samples)
}

fn pair(person: &Person, chance: &mut Chance, pepper: &Pepper) -> Result<Sample, CredentialError> {
    let other = phrase(chance);
    // A fresh copy of both, so that neither is the one that lies in the cache.
    let own = person.own.clone();
    let (first, second) = if coin(chance) { (&own, &other) } else { (&other, &own) };
    let first_is_own = std::ptr::eq(first, &raw const own);
    let one = timed(first, &person.verifier, pepper)?;
    let two = timed(second, &person.verifier, pepper)?;
    let (free, duress) = if first_is_own { (one, two) } else { (two, one) };
    if free.1 != Class::Free || duress.1 != Class::Duress {
        return Err(CredentialError::Misjudged);
    }
    Ok(Sample { free: free.0, duress: duress.0 })
}

fn timed(phrase: &Phrase, verifier: &Verifier, pepper: &Pepper) -> Result<(u32, Class), CredentialError> {
    let watch = Watch::start();
    let class = std::hint::black_box(check(std::hint::black_box(phrase), verifier, pepper));
    let nanos = watch.nanos();
    Ok((nanos, class?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_of_both_classes_and_take_time() {
        let samples = measure(Setting::Cheap, 700, &mut Chance::new(1, 1)).unwrap();
        assert_eq!(samples.len(), 700);
        assert!(samples.iter().all(|sample| sample.free > 0 && sample.duress > 0));
    }
}
