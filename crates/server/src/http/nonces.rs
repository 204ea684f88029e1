//! The server's nonces: single use, short-lived, and the same answer for people whom nobody knows (G1, G9).
//!
//! A nonce is made without being stored: it carries its expiry and a code that only this run of the server can compute. Only those that
//! were used with a valid signature are remembered, so nobody without an enrolled device can fill the store. A restart forgets the key
//! and with it every nonce.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use subtle::ConstantTimeEq;
use types::{ActorId, Hash, Span, Timestamp, hash_parts};

/// How long a nonce is good.
pub const NONCE_LIFE: Span = Span::from_seconds(120);
/// The most nonces that are remembered as used; each for as long as it would have been good.
pub const USED_NONCES_MAX: usize = 100_000;

/// How late a nonce may be used and still have its phrase judged, though the command is refused.
pub const LATE_LIFE: Span = Span::from_hours(1);
/// The most late nonces that are remembered.
const LATE_NONCES_MAX: usize = 10_000;

const EXPIRY_BYTES: usize = 8;
const RANDOM_BYTES: usize = 8;
const CODE_BYTES: usize = 16;

/// Why a nonce is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NonceError {
    /// Not of this run, not for this person, expired or used.
    Refused,
    /// Too many were used within their life.
    Full,
}

/// How a nonce was redeemed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redeemed {
    /// In time.
    InTime,
    /// Ours and for this person, but too late: the command is refused, and a signal on it still counts (G8). Once for each nonce.
    Late,
}

type Seen = Mutex<BTreeSet<(i64, [u8; 32])>>;

/// Makes and redeems nonces.
pub struct Nonces {
    key: [u8; 32],
    used: Seen,
    late: Seen,
}

impl Nonces {
    /// Nonces of one run of the server.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key, used: Mutex::new(BTreeSet::new()), late: Mutex::new(BTreeSet::new()) }
    }

    /// A fresh nonce for a name, and until when it is good.
    pub fn issue(&self, by: &ActorId, now: Timestamp, entropy: &[u8; 32]) -> (Hash, Timestamp) {
        let expires = now.after(NONCE_LIFE);
        let mut nonce = [0; 32];
        let random = entropy.iter().take(RANDOM_BYTES);
        let head = expires.as_nanos().to_be_bytes();
        for (to, from) in nonce.iter_mut().zip(head.iter().chain(random)) {
            *to = *from;
        }
        let code = self.code(by, &nonce);
        for (to, from) in nonce.iter_mut().skip(EXPIRY_BYTES + RANDOM_BYTES).zip(code) {
            *to = from;
        }
        (Hash(nonce), expires)
    }

    /// Takes a nonce, once. Called after the signature over it was found valid.
    ///
    /// # Errors
    /// [`NonceError`].
    pub fn redeem(&self, by: &ActorId, nonce: &Hash, now: Timestamp) -> Result<Redeemed, NonceError> {
        let code = nonce.0.get(EXPIRY_BYTES + RANDOM_BYTES..).ok_or(NonceError::Refused)?;
        let genuine = bool::from(self.code(by, &nonce.0).as_slice().ct_eq(code));
        let head = nonce.0.first_chunk::<EXPIRY_BYTES>().ok_or(NonceError::Refused)?;
        let expires = i64::from_be_bytes(*head);
        let expires = Timestamp::from_nanos(expires);
        if !genuine || expires.after(LATE_LIFE) <= now {
            return Err(NonceError::Refused);
        }
        if expires > now {
            return remember(&self.used, (expires, nonce), now, USED_NONCES_MAX).map(|()| Redeemed::InTime);
        }
        remember(&self.late, (expires.after(LATE_LIFE), nonce), now, LATE_NONCES_MAX).map(|()| Redeemed::Late)
    }

    /// A keyed code over expiry, randomness and name. Hashed twice, so that nothing can be appended to what is hashed.
    fn code(&self, by: &ActorId, nonce: &[u8; 32]) -> [u8; CODE_BYTES] {
        let head = nonce.get(..EXPIRY_BYTES + RANDOM_BYTES).unwrap_or_default();
        let inner = hash_parts("rempart/nonce/v1", &[&self.key, head, by.as_str().as_bytes()]);
        let outer = hash_parts("rempart/nonce-code/v1", &[&self.key, &inner.0]);
        let mut code = [0; CODE_BYTES];
        for (to, from) in code.iter_mut().zip(outer.0) {
            *to = from;
        }
        code
    }
}

fn remember(seen: &Seen, entry: (Timestamp, &Hash), now: Timestamp, most: usize) -> Result<(), NonceError> {
    let (until, nonce) = entry;
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    while seen.first().is_some_and(|(until, _)| *until <= now.as_nanos()) {
        seen.pop_first();
    }
    if seen.len() >= most {
        return Err(NonceError::Full);
    }
    if seen.insert((until.as_nanos(), nonce.0)) { Ok(()) } else { Err(NonceError::Refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ActorId {
        ActorId::parse(text).unwrap()
    }

    #[test]
    fn a_nonce_is_good_once_for_one_name_until_it_expires() {
        let nonces = Nonces::new([1; 32]);
        let now = Timestamp::from_millis(1_000_000);
        let (nonce, expires) = nonces.issue(&name("alice"), now, &[7; 32]);
        assert_eq!(nonces.redeem(&name("bob"), &nonce, now), Err(NonceError::Refused));
        assert_eq!(nonces.redeem(&name("alice"), &nonce, expires.after(LATE_LIFE)), Err(NonceError::Refused));
        assert_eq!(nonces.redeem(&name("alice"), &nonce, now), Ok(Redeemed::InTime));
        assert_eq!(nonces.redeem(&name("alice"), &nonce, now), Err(NonceError::Refused));
        assert_eq!(Nonces::new([2; 32]).redeem(&name("alice"), &nonce, now), Err(NonceError::Refused));
    }

    #[test]
    fn no_bit_of_a_nonce_can_be_changed() {
        let nonces = Nonces::new([1; 32]);
        let now = Timestamp::from_millis(1_000_000);
        let (nonce, _) = nonces.issue(&name("alice"), now, &[7; 32]);
        for bit in 0..256 {
            let mut changed = nonce;
            changed.0[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(nonces.redeem(&name("alice"), &changed, now), Err(NonceError::Refused), "bit {bit}");
        }
    }

    #[test]
    fn used_nonces_are_forgotten_once_they_have_expired() {
        let nonces = Nonces::new([1; 32]);
        let mut now = Timestamp::from_millis(1_000_000);
        for round in 0..3u8 {
            for byte in 0..10u8 {
                let (nonce, _) = nonces.issue(&name("alice"), now, &[round * 10 + byte; 32]);
                nonces.redeem(&name("alice"), &nonce, now).unwrap();
            }
            now = now.after(NONCE_LIFE);
        }
        assert_eq!(nonces.used.lock().unwrap().len(), 10);
    }
}
