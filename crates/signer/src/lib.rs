//! The co-signing key, and the only code that uses it (G1, G6).
//!
//! A [`Signer`] takes a [`VerifiedSpend`] and nothing else, which only `vault::verify` makes; it signs the spending path alone and gives the
//! same signature for the same spend, so that a retry after a crash changes nothing. Called by the server, after the gate's release.
//!
//! To add a kind of key (PKCS#11, KMS): implement [`Signer`] over [`VerifiedSpend::signing_requests`], derive the key at each request's
//! position, refuse where it is not the request's, and give the signatures to [`Cosigned::new`].
#![warn(missing_docs)]

mod file;
mod member;
mod passphrase;
mod review;
mod seal;

use thiserror::Error;
use vault::signing::SignError;
use vault::{Cosigned, FinishError, VaultKey, VerifiedSpend};

pub use file::FileSigner;
pub use member::MemberKey;
pub use passphrase::{PASSPHRASE_BYTES_MAX, PassphraseError, passphrase_from_file, passphrase_place};
pub use review::{Paid, Review, ReviewError, Reviewed};
pub use seal::{KdfCost, KeyFileError, KeyKind};

/// Why the co-signer did not sign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignerError {
    /// The vault was made with another co-signer.
    #[error("this co-signer's key is not the one in vault `{0}`: check which key file is loaded")]
    OtherCosigner(types::VaultId),
    /// Members' signatures are missing; the co-signer signs last.
    #[error("the members' signatures do not suffice yet: collect them first, the co-signer signs last")]
    Incomplete,
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] SignError),
    /// The signatures do not fit the spend.
    #[error(transparent)]
    Finish(#[from] FinishError),
}

/// A co-signing key, wherever it lives.
pub trait Signer: Send + Sync {
    /// The public account key, `[fingerprint/path]xpub`, as the vault's spec takes it.
    fn public_key(&self) -> String;

    /// Signs every input of a spend on its spending path.
    ///
    /// # Errors
    /// When the vault has another co-signer, members' signatures are missing, or the key cannot be used.
    fn cosign(&self, spend: &VerifiedSpend) -> Result<Cosigned, SignerError>;
}

/// What every signer refuses before it touches the key.
fn check(spend: &VerifiedSpend, key: &VaultKey) -> Result<(), SignerError> {
    let descriptor = spend.descriptor();
    if descriptor.cosigner().is_none_or(|cosigner| cosigner.xpub() != key.xpub()) {
        return Err(SignerError::OtherCosigner(descriptor.id().clone()));
    }
    if spend.is_complete() { Ok(()) } else { Err(SignerError::Incomplete) }
}
