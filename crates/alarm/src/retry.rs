//! When a failed delivery is tried again: a pure function, so that a restart continues where it was (G8).

use types::{Hash, Span};

/// The first wait, in seconds.
pub const ALARM_RETRY_FIRST_SECONDS: u64 = 1;
/// The longest wait, in seconds. There is no last attempt.
pub const ALARM_RETRY_MAX_SECONDS: u64 = 60;

/// How long to wait after so many failed attempts: 1, 2, 4 … 60 s, up to a quarter less by the message's id, forever.
///
/// The jitter keeps many messages from coming back in the same second after a common failure; it shortens, so that the longest
/// wait is a promise. The same message and count always wait as long: a restart changes nothing.
#[must_use]
pub fn retry_after(id: &Hash, attempts: u32) -> Span {
    let doublings = attempts.saturating_sub(1).min(6);
    let longest = (ALARM_RETRY_FIRST_SECONDS << doublings).min(ALARM_RETRY_MAX_SECONDS);
    let spread = longest / 4 + 1;
    Span::from_seconds(longest - jitter(id, attempts) % spread)
}

/// A number from the id and the count that differs from message to message and from attempt to attempt.
fn jitter(id: &Hash, attempts: u32) -> u64 {
    let seed = id.0.iter().take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    // Fibonacci hashing: neighbouring counts land far apart.
    seed.wrapping_add(u64::from(attempts)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn waits_grow_to_a_minute_and_never_end() {
        let id = Hash([7; 32]);
        let mut longest = 1;
        for attempts in 0..2000 {
            let wait = retry_after(&id, attempts).seconds();
            let base = longest.min(ALARM_RETRY_MAX_SECONDS);
            assert!(wait >= 1 && wait <= base && wait >= base - base / 4, "{attempts}: {wait} of {base}");
            if attempts > 0 {
                longest = (longest * 2).min(ALARM_RETRY_MAX_SECONDS);
            }
        }
        assert!(retry_after(&id, u32::MAX).seconds() <= ALARM_RETRY_MAX_SECONDS);
    }

    #[test]
    fn messages_spread_and_repeat_themselves() {
        let waits: BTreeSet<u64> =
            (0..100).map(|n| retry_after(&types::hash_parts("t", &[&[n]]), 20).seconds()).collect();
        assert!(waits.len() > 8, "{waits:?}");
        let id = Hash([9; 32]);
        assert_eq!(retry_after(&id, 5), retry_after(&id, 5));
    }
}
