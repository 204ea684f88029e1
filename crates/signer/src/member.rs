//! A member's key in software, in an encrypted file: for tests and for set-ups too small for devices (G10: it can be taken elsewhere).
//!
//! Called by `rempart sign`. What it signs is reviewed first; see `review`.

use std::path::Path;

use bitcoin::Network;
use bitcoin::bip32::Xpriv;
use bitcoin::secp256k1::Secp256k1;
use types::Secret;
use vault::VaultKey;
use vault::signing::{AccountSigner, SignError};
use zeroize::Zeroize;

use crate::seal::{self, KdfCost, KeyFileError, KeyKind, NewKey, OpenKey};

/// A member's key from an encrypted file, open in memory and locked against being opened elsewhere until it is dropped.
pub struct MemberKey(OpenKey);

impl MemberKey {
    /// Makes a key from entropy that the caller drew, writes its file and opens it. Never replaces a file.
    ///
    /// # Errors
    /// When there is a file already, it cannot be written, or the cost is out of bounds.
    pub fn create(
        path: &Path,
        network: Network,
        entropy: &Secret<[u8; 32]>,
        passphrase: &Secret<String>,
        cost: KdfCost,
    ) -> Result<Self, KeyFileError> {
        let kind = KeyKind::Member;
        seal::create(path, &NewKey { kind, network, entropy, passphrase, cost }).map(Self)
    }

    /// Opens a key file.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, it is malformed or in use, or the passphrase is wrong.
    pub fn open(path: &Path, passphrase: &Secret<String>) -> Result<Self, KeyFileError> {
        seal::open(path, KeyKind::Member, passphrase).map(Self)
    }

    /// The public account key with its origin, as the register takes it.
    #[must_use]
    pub const fn public(&self) -> &VaultKey {
        self.0.key.public()
    }

    /// The account's private key with its origin, `[fingerprint/path]xprv`: what recovery without Rempart needs. For paper, not for a screen
    /// that others see.
    ///
    /// # Errors
    /// When the key cannot be derived, which opening it would have found.
    pub fn reveal(&self) -> Result<Secret<String>, SignError> {
        let failed = |_| SignError::Derivation;
        let mut master = Xpriv::new_master(self.0.network, self.0.seed.reveal()).map_err(failed)?;
        let derived = master.derive_priv(&Secp256k1::signing_only(), self.public().path()).map_err(failed);
        master.private_key.non_secure_erase();
        let mut account = derived?;
        let mut private = account.to_string();
        account.private_key.non_secure_erase();
        let public = self.public().to_string();
        let origin = public.split_inclusive(']').next().unwrap_or_default();
        let text = Secret::new(format!("{origin}{private}"));
        private.zeroize();
        Ok(text)
    }

    pub(crate) fn signer(&self) -> Result<AccountSigner, SignError> {
        self.0.key.signer()
    }
}
