//! A co-signing key in an encrypted file, open in memory (G1). What the file is made of: `seal`.
//!
//! Called by `rempart init` (create) and `rempart serve` (open).

use std::path::Path;

use bitcoin::Network;
use types::Secret;
use vault::{Cosigned, VerifiedSpend};

use crate::seal::{self, KdfCost, KeyFileError, KeyKind, NewKey, OpenKey};
use crate::{Signer, SignerError, check};

/// A co-signing key from an encrypted file, open in memory and locked against being opened elsewhere until it is dropped.
pub struct FileSigner(OpenKey);

impl FileSigner {
    /// Makes a key from entropy that the caller drew, writes its file and opens it.
    ///
    /// The file appears whole or not at all, is readable by its owner only, and never replaces another.
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
        let kind = KeyKind::Cosigner;
        seal::create(path, &NewKey { kind, network, entropy, passphrase, cost }).map(Self)
    }

    /// Opens a key file, which nobody else can open until this is dropped or the process ends.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, it is malformed or in use, or the passphrase is wrong.
    pub fn open(path: &Path, passphrase: &Secret<String>) -> Result<Self, KeyFileError> {
        seal::open(path, KeyKind::Cosigner, passphrase).map(Self)
    }

    /// The public key that a file names, without its passphrase: for showing, and believed only as far as the file is.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, or it is malformed.
    pub fn named_public_key(path: &Path) -> Result<String, KeyFileError> {
        Ok(seal::named_public_key(path, KeyKind::Cosigner)?.1)
    }
}

impl FileSigner {
    pub(crate) const fn open_key(&self) -> &OpenKey {
        &self.0
    }
}

impl Signer for FileSigner {
    fn public_key(&self) -> String {
        self.0.key.public().to_string()
    }

    fn cosign(&self, spend: &VerifiedSpend) -> Result<Cosigned, SignerError> {
        check(spend, self.0.key.public())?;
        let signer = self.0.key.signer()?;
        let requests = spend.signing_requests();
        let signatures = requests.iter().map(|request| signer.sign(request)).collect::<Result<_, _>>()?;
        Ok(Cosigned::new(spend, signatures)?)
    }
}
