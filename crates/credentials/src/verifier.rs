//! One Argon2id hash per person, and the one comparison that decides an act's class.
//!
//! G3: an attempt costs exactly one Argon2id computation and one constant-time comparison, whoever is named and whatever was
//! typed, and nothing here branches on the result. G9: the pepper is not in the database, so its reader learns nothing by guessing.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use thiserror::Error;
use types::{Secret, hash_parts};
use zeroize::Zeroizing;

use crate::{Class, Phrase, fixed_bytes};

/// Length of the per-person salt, in bytes (RFC 9106 recommends 16).
pub const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 8;

/// What one check costs. Parsed, so that a damaged or hostile record cannot ask for a terabyte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "CostWire", into = "CostWire")]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why a cost is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "argon2 cost out of range: memory must be 8 KiB per lane to {MEMORY_KIB_MAX} KiB, passes 1 to {PASSES_MAX}, lanes 1 to {LANES_MAX}"
)]
pub struct CostError;

/// Why a check or a new verifier could not be computed. Does not depend on the phrase: it says nothing of the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CheckError {
    /// The memory that Argon2id needs was not to be had. The caller answers as for any overload.
    #[error("not enough memory to check a phrase: try again, or lower the number of checks at a time")]
    OutOfMemory,
}

impl Cost {
    /// For real phrases: 64 MiB, 3 passes, 1 lane.
    ///
    /// OWASP's password storage advice asks for at least 19 MiB and 2 passes (or 46 MiB and 1). A phrase has 33 bits only, so
    /// whoever steals database *and* pepper could try them all; this costs such a thief about five times what OWASP's minimum
    /// would (64 x 3 against 19 x 2 MiB-passes), and a server one check of a fraction of a second per act.
    /// It is RFC 9106's second recommended choice with one lane instead of four, as a server checks many people, each on one core.
    pub const PRODUCTION: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// For tests and simulations only: no protection at all against guessing.
    pub const CHEAP: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// Checks the ranges.
    ///
    /// # Errors
    /// When a value is out of range.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        let lanes_fit = lanes >= 1 && lanes <= LANES_MAX;
        let passes_fit = passes >= 1 && passes <= PASSES_MAX;
        if lanes_fit && passes_fit && memory_kib >= 8 * lanes && memory_kib <= MEMORY_KIB_MAX {
            Ok(Self { memory_kib, passes, lanes })
        } else {
            Err(CostError)
        }
    }

    /// Memory for one check, in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CostWire {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl From<Cost> for CostWire {
    fn from(cost: Cost) -> Self {
        Self { memory_kib: cost.memory_kib, passes: cost.passes, lanes: cost.lanes }
    }
}

impl TryFrom<CostWire> for Cost {
    type Error = CostError;
    fn try_from(wire: CostWire) -> Result<Self, CostError> {
        Self::new(wire.memory_kib, wire.passes, wire.lanes)
    }
}

/// The server's secret input to every hash. Kept apart from the database; without it no guess can be tried.
#[derive(Clone)]
pub struct Pepper(Secret<[u8; 32]>);

impl Pepper {
    /// From 32 uniformly drawn bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// What the server stores of a person's phrase.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verifier {
    /// What a check costs; checks use the cost with which the hash was made.
    params: Cost,
    /// Per person, drawn when the phrase is.
    #[serde(with = "fixed_bytes")]
    salt: [u8; SALT_BYTES],
    /// Argon2id of the canonical phrase, with the pepper as secret input.
    #[serde(with = "fixed_bytes")]
    hash: [u8; HASH_BYTES],
}

impl Verifier {
    /// Hashes a newly drawn phrase.
    ///
    /// # Errors
    /// [`CheckError::OutOfMemory`].
    pub fn make(
        phrase: &Phrase,
        pepper: &Pepper,
        salt: [u8; SALT_BYTES],
        cost: Cost,
    ) -> Result<Self, CheckError> {
        let hash = argon2id(phrase, &salt, cost, pepper)?;
        Ok(Self { params: cost, salt, hash: *hash })
    }

    /// A verifier for a name that nobody has: the same for the same name, and as costly to check as anybody's.
    ///
    /// Nobody's phrase meets it (its hash is no Argon2 output that anyone knows a phrase for). The caller computes the check,
    /// throws the class away and refuses as it refuses a wrong device signature.
    #[must_use]
    pub fn decoy(name: &str, pepper: &Pepper, cost: Cost) -> Self {
        let part = |domain| hash_parts(domain, &[pepper.0.reveal(), name.as_bytes()]).0;
        let mut salt = [0; SALT_BYTES];
        for (to, from) in salt.iter_mut().zip(part("rempart/decoy-salt/v1")) {
            *to = from;
        }
        Self { params: cost, salt, hash: part("rempart/decoy-hash/v1") }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("params", &self.params).finish_non_exhaustive()
    }
}

/// Free if the phrase is the person's own; duress otherwise. One hash, one comparison, whatever the result.
///
/// # Errors
/// [`CheckError::OutOfMemory`], before any comparison.
pub fn check(phrase: &Phrase, verifier: &Verifier, pepper: &Pepper) -> Result<Class, CheckError> {
    check_with(verifier, |salt, cost| argon2id(phrase, salt, cost, pepper))
}

type Digest = Zeroizing<[u8; HASH_BYTES]>;

/// The hash function comes in as `FnOnce`: the type says that it runs once at most, a test counts that it does run.
fn check_with(
    verifier: &Verifier,
    hash: impl FnOnce(&[u8; SALT_BYTES], Cost) -> Result<Digest, CheckError>,
) -> Result<Class, CheckError> {
    let digest = hash(&verifier.salt, verifier.params)?;
    // INVARIANT (G3): the result of this comparison is never branched on here.
    Ok(Class::from_equal(digest.as_slice().ct_eq(&verifier.hash)))
}

fn argon2id(
    phrase: &Phrase,
    salt: &[u8; SALT_BYTES],
    cost: Cost,
    pepper: &Pepper,
) -> Result<Digest, CheckError> {
    let mut digest = Zeroizing::new([0; HASH_BYTES]);
    // Every other error of this library is about ranges that `Cost` and the array types exclude.
    let failed = |_| CheckError::OutOfMemory;
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(HASH_BYTES)).map_err(failed)?;
    Argon2::new_with_secret(pepper.0.reveal(), Algorithm::Argon2id, Version::V0x13, params)
        .and_then(|argon| argon.hash_password_into(phrase.canonical(), salt, digest.as_mut_slice()))
        .map_err(failed)?;
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use proptest::prelude::*;

    fn phrase(text: &str) -> Phrase {
        Phrase::parse(text).unwrap()
    }

    fn pepper() -> Pepper {
        Pepper::from_bytes([3; 32])
    }

    fn verifier() -> Verifier {
        Verifier::make(&phrase("orange zebra stone"), &pepper(), [7; SALT_BYTES], Cost::CHEAP).unwrap()
    }

    #[test]
    fn the_own_phrase_is_free_and_every_other_is_duress() {
        let verifier = verifier();
        let class = |text| check(&phrase(text), &verifier, &pepper()).unwrap();
        assert!(class("orange zebra stone") == Class::Free);
        assert!(class("ORANGE-zebra-stone") == Class::Free);
        // No partial credit: order and each word count in full.
        for other in ["zebra orange stone", "orange zebra stomach", "orange stone stone", "zoo zoo zoo"] {
            assert!(class(other) == Class::Duress, "{other}");
        }
    }

    #[test]
    fn salt_pepper_and_cost_each_count() {
        let own = phrase("orange zebra stone");
        let other_pepper = Pepper::from_bytes([4; 32]);
        assert!(check(&own, &verifier(), &other_pepper).unwrap() == Class::Duress);
        let mut changed = verifier();
        changed.salt[0] ^= 1;
        assert!(check(&own, &changed, &pepper()).unwrap() == Class::Duress);
        changed = verifier();
        changed.params = Cost::new(16, 1, 1).unwrap();
        assert!(check(&own, &changed, &pepper()).unwrap() == Class::Duress);
        for index in 0..HASH_BYTES {
            changed = verifier();
            changed.hash[index] ^= 0x80;
            assert!(
                check(&own, &changed, &pepper()).unwrap() == Class::Duress,
                "byte {index} is not compared"
            );
        }
    }

    #[test]
    fn a_check_is_one_hash_whatever_the_result() {
        let verifier = verifier();
        for equal in [true, false] {
            let mut runs = 0;
            let class = check_with(&verifier, |salt, cost| {
                runs += 1;
                assert_eq!((*salt, cost), (verifier.salt, verifier.params));
                let mut hash = verifier.hash;
                hash[31] ^= u8::from(!equal);
                Ok(Zeroizing::new(hash))
            });
            assert!(class.unwrap() == if equal { Class::Free } else { Class::Duress });
            assert_eq!(runs, 1);
        }
    }

    #[test]
    fn without_memory_there_is_no_class() {
        let refused = check_with(&verifier(), |_, _| Err(CheckError::OutOfMemory));
        assert!(matches!(refused, Err(CheckError::OutOfMemory)));
    }

    #[test]
    fn an_unknown_name_costs_the_same_and_repeats_itself() {
        let decoy = |name, byte| Verifier::decoy(name, &Pepper::from_bytes([byte; 32]), Cost::PRODUCTION);
        assert_eq!(decoy("mallory", 1), decoy("mallory", 1));
        assert_ne!(decoy("mallory", 1).salt, decoy("oscar", 1).salt);
        assert_ne!(decoy("mallory", 1).salt, decoy("mallory", 2).salt);
        assert_eq!(decoy("mallory", 1).params, Cost::PRODUCTION);
        let cheap = Verifier::decoy("mallory", &pepper(), Cost::CHEAP);
        assert!(check(&phrase("zoo zoo zoo"), &cheap, &pepper()).unwrap() == Class::Duress);
    }

    #[test]
    fn the_hash_agrees_with_the_reference_implementation() {
        // Computed with the C reference implementation (through argon2-cffi, version 0x13, the pepper as its `secret`).
        assert_eq!(
            hex::encode(verifier().hash),
            "e38adae839a074bd1b8da08a16f619f509d4e267830696fbb8b7f462ae6a4201"
        );
        let cost = Cost::new(32, 3, 2).unwrap();
        let made = Verifier::make(&phrase("orange zebra stone"), &pepper(), [7; SALT_BYTES], cost).unwrap();
        assert_eq!(
            hex::encode(made.hash),
            "69f6fc8a0f2319bb410c68bf5b854c399a14d4b16d1430b650cb3f57489dc51a"
        );
    }

    #[test]
    fn costs_have_a_range() {
        assert_eq!(Cost::new(64 * 1024, 3, 1), Ok(Cost::PRODUCTION));
        for (memory, passes, lanes) in [
            (0, 1, 1),
            (7, 1, 1),
            (15, 1, 2),
            (u32::MAX, 1, 1),
            (8, 0, 1),
            (8, 17, 1),
            (8, 1, 0),
            (1024, 1, 9),
        ] {
            assert_eq!(Cost::new(memory, passes, lanes), Err(CostError));
        }
        let hostile = r#"{"memory_kib":4294967295,"passes":1,"lanes":1}"#;
        assert!(serde_json::from_str::<Cost>(hostile).is_err());
    }

    #[test]
    fn a_verifier_is_stored_and_not_printed() {
        let verifier = verifier();
        let json = serde_json::to_string(&verifier).unwrap();
        assert_eq!(serde_json::from_str::<Verifier>(&json).unwrap(), verifier);
        let bytes = postcard::to_allocvec(&verifier).unwrap();
        assert_eq!(postcard::from_bytes::<Verifier>(&bytes).unwrap(), verifier);
        assert!(!format!("{verifier:?}").contains(&hex::encode(&verifier.hash[..4])));
        assert_eq!(format!("{:?}", pepper()), "Pepper(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn two_phrases_agree_only_when_they_are_the_same(a: [u8; 32], b: [u8; 32], salt: [u8; SALT_BYTES]) {
            let own = Phrase::draw(Language::English, &a);
            let other = Phrase::draw(Language::French, &b);
            let verifier = Verifier::make(&own, &pepper(), salt, Cost::CHEAP).unwrap();
            prop_assert!(check(&own, &verifier, &pepper()).unwrap() == Class::Free);
            let same = own.canonical() == other.canonical();
            prop_assert_eq!(check(&other, &verifier, &pepper()).unwrap() == Class::Free, same);
        }
    }
}
