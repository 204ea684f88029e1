//! The attestation that every authenticated command carries: a constant-size seal, and what it held once opened (G3, G9).

use std::fmt;

use credentials::{Class, ClassKey, Seal, SealError};
use types::{Hash, hash_parts};

use overt::Author;

/// A seal together with what it held. The journal keeps the seal alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Attestation {
    seal: Seal,
    class: Class,
}

impl Attestation {
    /// Seals what a phrase check found, bound to the author and the request.
    #[must_use]
    pub fn seal(key: &ClassKey, class: Class, by: &Author, request: &Hash, entropy: &[u8; 32]) -> Self {
        let seal = credentials::seal(key, class, entropy, &binding(by, request));
        Self { seal, class }
    }

    /// Opens a seal from the journal.
    ///
    /// # Errors
    /// When it was not made with this key for this author and request.
    pub fn open(key: &ClassKey, seal: Seal, by: &Author, request: &Hash) -> Result<Self, SealError> {
        let class = credentials::open(key, &seal, &binding(by, request))?;
        Ok(Self { seal, class })
    }

    /// The seal.
    #[must_use]
    pub const fn sealed(&self) -> &Seal {
        &self.seal
    }

    /// What it held. For the covert side only.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// A hash of the seal: unpredictable, and the same after a replay.
    pub(crate) fn seed(&self) -> Hash {
        hash_parts("rempart/call-back/v1", &[self.seal.as_bytes()])
    }
}

impl fmt::Debug for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attestation(…)")
    }
}

fn binding(by: &Author, request: &Hash) -> Vec<u8> {
    let name = by.actor().map_or("", |actor| actor.as_str());
    [name.as_bytes(), b"\0", &request.0].concat()
}
