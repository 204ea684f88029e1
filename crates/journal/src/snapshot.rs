//! Snapshots for a fast start: the state after some entry, signed, so that a forged one is not believed. Keep G7; saved and loaded by the
//! server's engine, which falls back to a full replay when there is none.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use types::{Hash, hash_parts};

use crate::{Head, Problem};

const SNAPSHOT_DOMAIN: &str = "rempart:journal:snapshot:v1";

/// How many snapshots are kept; older ones are deleted when a new one is saved.
pub const SNAPSHOTS_KEPT: usize = 2;
/// Largest state, overt or covert, in a snapshot.
pub const SNAPSHOT_BYTES_MAX: usize = 512 << 20;

/// The state after `overt_seq` overt entries and `covert_seq` covert slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last overt entry that it includes.
    pub overt_seq: u64,
    /// That entry's hash.
    pub overt_hash: Hash,
    /// The last covert slot that it includes.
    pub covert_seq: u64,
    /// That slot's hash.
    pub covert_hash: Hash,
    /// Encoded by the caller.
    pub overt_state: Vec<u8>,
    /// Sealed by the caller and padded to fixed buckets, so that its size says nothing.
    pub covert_state: Vec<u8>,
}

/// The newest snapshot that can be believed, and why newer ones were not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LatestSnapshot {
    /// None: replay from the beginning.
    pub snapshot: Option<Snapshot>,
    /// Snapshots that were ignored, to be reported.
    pub problems: Vec<Problem>,
}

impl Snapshot {
    /// Where both chains stood.
    #[must_use]
    pub fn head(&self) -> Head {
        let Self { overt_seq, overt_hash, covert_seq, covert_hash, .. } = *self;
        Head { overt_seq, overt_hash, covert_seq, covert_hash }
    }

    /// Signs everything in it.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> [u8; 64] {
        key.sign(&self.digest().0).to_bytes()
    }

    /// Whether `key` signed exactly this.
    #[must_use]
    pub fn is_signed(&self, key: &VerifyingKey, signature: &[u8; 64]) -> bool {
        key.verify_strict(&self.digest().0, &Signature::from_bytes(signature)).is_ok()
    }

    fn digest(&self) -> Hash {
        hash_parts(
            SNAPSHOT_DOMAIN,
            &[
                &self.overt_seq.to_be_bytes(),
                &self.overt_hash.0,
                &self.covert_seq.to_be_bytes(),
                &self.covert_hash.0,
                &self.overt_state,
                &self.covert_state,
            ],
        )
    }
}
