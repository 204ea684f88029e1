//! The co-signing key, and the only code that uses it (G1, G6).
//!
//! A [`Signer`] takes a [`VerifiedSpend`] and nothing else, which only `vault::verify` makes; it signs the spending path alone. Signing a
//! spend again gives the same transaction id: a retry after a crash pays nothing else. (A key file gives the same signature too, a token
//! another one.) Called by the server, after the gate's release.
//!
//! Kinds of key: a file (`file`), a PKCS#11 token (`token`); members' keys in software (`member`, `review`). To add one (KMS): implement
//! [`Signer`] over [`VerifiedSpend::signing_requests`], find the key at each request's position, refuse where it is not the request's, give
//! the signatures to [`Cosigned::new`], and tell its file apart in [`open`]. `docs/adr/0016-signers-and-ceremony.md` says why these.
#![warn(missing_docs)]

mod file;
mod member;
mod passphrase;
mod review;
mod seal;
mod token;

use std::path::Path;

use thiserror::Error;
use types::Secret;
use vault::signing::SignError;
use vault::{Cosigned, FinishError, VaultKey, VerifiedSpend};

pub use file::FileSigner;
pub use member::MemberKey;
pub use passphrase::{PASSPHRASE_BYTES_MAX, PassphraseError, passphrase_from_file, passphrase_place};
pub use review::{Paid, Review, ReviewError, Reviewed};
pub use seal::{KdfCost, KeyFileError, KeyKind};
pub use token::{CHILDREN_MAX, LoadPlan, Loaded, TokenError, TokenPlace, TokenSigner, load_children};

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
    /// The token did not sign.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Why a co-signer could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Its file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// Its token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Opens the co-signer that a file names, whatever its kind: the secret is a key file's passphrase or a token's PIN.
///
/// # Errors
/// When the file or the token cannot be opened, or another program has it open.
pub fn open(path: &Path, secret: &Secret<String>) -> Result<Box<dyn Signer>, OpenError> {
    if token::is_token_file(path) {
        Ok(Box::new(TokenSigner::open(path, secret)?))
    } else {
        Ok(Box::new(FileSigner::open(path, secret)?))
    }
}

/// The public key of the co-signer that a file names, without its secret: believed only as far as the file is.
///
/// # Errors
/// When the file cannot be read, others may read it, or it is malformed.
pub fn named_public_key(path: &Path) -> Result<String, OpenError> {
    if token::is_token_file(path) {
        Ok(token::named_public_key(path)?)
    } else {
        Ok(FileSigner::named_public_key(path)?)
    }
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
