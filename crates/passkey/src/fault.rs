//! What can be wrong with a response of either kind, before its signature is looked at (G1).

use thiserror::Error;

/// A part of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `clientDataJSON`.
    ClientData,
    /// `authenticatorData`.
    AuthenticatorData,
    /// `attestationObject`.
    AttestationObject,
    /// The public key inside the authenticator's data.
    PublicKey,
    /// `signature`.
    Signature,
    /// The id of the credential.
    CredentialId,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ClientData => "client data",
            Self::AuthenticatorData => "authenticator data",
            Self::AttestationObject => "attestation object",
            Self::PublicKey => "public key",
            Self::Signature => "signature",
            Self::CredentialId => "credential id",
        })
    }
}

/// Why a response is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// Longer than the bound for it.
    #[error("the {0} is too long: update the browser or use another device")]
    Oversize(Part),
    /// Cut short, or not of its form.
    #[error("the {0} cannot be read: try again, or use another device")]
    Malformed(Part),
    /// Something follows the end.
    #[error("something follows the {0}: try again, or use another device")]
    Trailing(Part),
    /// Not one of the three algorithms.
    #[error("the passkey's algorithm is not supported: use a device that offers ES256, EdDSA or RS256")]
    Algorithm,
    /// A registration where an assertion is due, or the reverse.
    #[error("the response is of the other ceremony: sign in with a sign-in, register with a registration")]
    WrongType,
    /// It was given for another command, person, nonce or payload.
    #[error("the challenge is not the one of this request: ask for a new nonce and confirm again")]
    WrongChallenge,
    /// The page stood at an address that is not this server's.
    #[error("the page is not of this server: open the address that the organisation gave out")]
    WrongOrigin,
    /// The page stood inside a page of somebody else.
    #[error("the page was shown inside another site: open it by itself")]
    CrossOrigin,
    /// The credential is scoped to another relying party.
    #[error("the passkey is for another site: use the one that was registered here")]
    WrongRelyingParty,
    /// Nobody touched the device.
    #[error("the device says that nobody was there: confirm on the device")]
    NotPresent,
    /// The device did not verify its user.
    #[error("the device did not verify its user: set a PIN or a fingerprint on it")]
    NotVerified,
    /// "Backed up" without "may be backed up", or the latter changed since registration.
    #[error("the passkey's backup flags contradict each other or its registration: register it again")]
    BackupFlags,
}
