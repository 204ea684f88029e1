//! A registered passkey, as it is kept in the journal with its person's entry (G9: a public key, nothing that signs).

use serde::{Deserialize, Serialize};

use crate::attestation::Attestation;
use crate::public_key::{Algorithm, PublicKey};

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    pub(crate) id: Vec<u8>,
    pub(crate) key: PublicKey,
    pub(crate) aaguid: [u8; 16],
    pub(crate) attestation: Attestation,
    pub(crate) counter: u32,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

impl Passkey {
    /// What the device knows it by.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The device's model, as it says; zeroes if it says nothing.
    #[must_use]
    pub const fn aaguid(&self) -> &[u8; 16] {
        &self.aaguid
    }

    /// What was recorded of its make.
    #[must_use]
    pub const fn attestation(&self) -> &Attestation {
        &self.attestation
    }

    /// The counter at registration: the first to be above, unless the device does not count.
    #[must_use]
    pub const fn counter(&self) -> u32 {
        self.counter
    }

    /// Whether its maker may keep copies (a synced passkey).
    #[must_use]
    pub const fn is_backup_eligible(&self) -> bool {
        self.backup_eligible
    }

    /// Whether copies were kept at registration.
    #[must_use]
    pub const fn is_backed_up(&self) -> bool {
        self.backed_up
    }
}
