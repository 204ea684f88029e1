//! Entropy from outside: the only file that draws it from the operating system while the server runs.
//!
//! Called by the engine (seals of slots and snapshots), by key creation, and by the HTTP side (nonces, tokens).

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Where entropy comes from.
pub trait Entropy: Send + Sync {
    /// 32 fresh bytes.
    fn draw(&self) -> [u8; 32];
}

/// The operating system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has no entropy to give: then nothing that follows could be kept secret, and ending is the safe answer.
    #[expect(clippy::disallowed_methods, reason = "the one place that draws the system's entropy")]
    #[expect(clippy::panic, reason = "without entropy no seal, nonce or key may be made")]
    fn draw(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match getrandom::fill(&mut bytes) {
            Ok(()) => bytes,
            Err(error) => panic!("the operating system gives no entropy: {error}"),
        }
    }
}

/// A stream that is the same for the same seed: for the demo's twin runs and for tests, never for a real organisation.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: [u8; 32],
    count: Mutex<u64>,
}

impl SeededEntropy {
    /// Starts the stream.
    #[must_use]
    pub const fn new(seed: [u8; 32]) -> Self {
        Self { seed, count: Mutex::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn draw(&self) -> [u8; 32] {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.wrapping_add(1);
        Sha256::new().chain_update(self.seed).chain_update(count.to_be_bytes()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_stream_and_never_the_same_bytes_twice() {
        let (one, other) = (SeededEntropy::new([1; 32]), SeededEntropy::new([1; 32]));
        let first = one.draw();
        assert_eq!(first, other.draw());
        assert_ne!(first, one.draw());
        assert_ne!(first, SeededEntropy::new([2; 32]).draw());
        assert_ne!(SystemEntropy.draw(), SystemEntropy.draw());
    }
}
