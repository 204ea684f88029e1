//! What a device says of its own make when a passkey is registered. Recorded, so that an auditor can ask; nothing rests on it: no roots of
//! trust are shipped, so a certificate shows at most that two registrations came from the same batch of devices.

use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use types::Hash;
use webpki::EndEntityCert;

use crate::cbor::{Reader, once};
use crate::fault::{Fault, Part};
use crate::public_key::{Algorithm, PublicKey};

/// The most certificates of a statement.
pub const CERTIFICATES_MAX: u64 = 4;
/// Formats of the specification's registry that are recorded by name; any other is refused.
const UNCHECKED: [&str; 6] = ["tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "compound"];

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attestation {
    /// The device says nothing.
    None,
    /// `packed`, signed with the passkey itself: nothing but that the response was not altered.
    Own,
    /// `packed`, signed with a certificate's key. The certificate is anybody's until it is looked up by this hash.
    Certificate {
        /// SHA-256 of the leaf's DER.
        leaf: Hash,
    },
    /// Another format, by its name; not checked.
    Unchecked(String),
}

/// Why a statement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AttestationFault {
    /// Neither the passkey's algorithm nor one that a certificate may use.
    #[error("the device attests with an unknown algorithm: use another device")]
    Algorithm,
    /// Not a certificate.
    #[error("the device's certificate cannot be read: use another device")]
    Certificate,
    /// The signature is not of this key over this registration.
    #[error("the device's attestation does not hold: register again, or use another device")]
    Signature,
}

/// The statement inside a registration.
pub struct Statement<'b> {
    format: &'b str,
    body: &'b [u8],
}

/// A `packed` statement.
#[derive(Default)]
struct Packed<'b> {
    algorithm: Option<i64>,
    signature: Option<&'b [u8]>,
    leaf: Option<&'b [u8]>,
}

const PART: Part = Part::AttestationObject;

impl<'b> Statement<'b> {
    pub const fn new(format: &'b str, body: &'b [u8]) -> Self {
        Self { format, body }
    }

    /// Checks it over what was signed (the authenticator's data and the hash of the client data).
    pub fn check(&self, key: &PublicKey, signed: &[u8]) -> Result<Attestation, StatementError> {
        let mut reader = Reader::new(self.body, PART);
        match self.format {
            "none" => {
                if reader.map()? != 0 {
                    return Err(Fault::Malformed(PART).into());
                }
                Ok(Attestation::None)
            }
            "packed" => Packed::read(&mut reader)?.check(key, signed),
            other if UNCHECKED.contains(&other) => Ok(Attestation::Unchecked(other.to_owned())),
            _ => Err(Fault::Malformed(PART).into()),
        }
    }
}

/// Either the form or the content of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementError {
    Form(Fault),
    Content(AttestationFault),
}

impl From<Fault> for StatementError {
    fn from(fault: Fault) -> Self {
        Self::Form(fault)
    }
}

impl From<AttestationFault> for StatementError {
    fn from(fault: AttestationFault) -> Self {
        Self::Content(fault)
    }
}

impl<'b> Packed<'b> {
    fn read(reader: &mut Reader<'b>) -> Result<Self, Fault> {
        let mut packed = Self::default();
        for _ in 0..reader.map()? {
            match reader.text()? {
                "alg" => once(&mut packed.algorithm, reader.integer()?, PART)?,
                "sig" => once(&mut packed.signature, reader.bytes()?, PART)?,
                "x5c" => once(&mut packed.leaf, read_leaf(reader)?, PART)?,
                _ => return Err(Fault::Malformed(PART)),
            }
        }
        Ok(packed)
    }

    fn check(self, key: &PublicKey, signed: &[u8]) -> Result<Attestation, StatementError> {
        let (algorithm, signature) = self.algorithm.zip(self.signature).ok_or(Fault::Malformed(PART))?;
        match self.leaf {
            None if algorithm != number_of(key.algorithm()) => Err(AttestationFault::Algorithm.into()),
            None if key.verifies(signed, signature) => Ok(Attestation::Own),
            None => Err(AttestationFault::Signature.into()),
            Some(leaf) => {
                check_certificate(leaf, algorithm, signed, signature)?;
                Ok(Attestation::Certificate { leaf: Hash(Sha256::digest(leaf).into()) })
            }
        }
    }
}

/// The first certificate of a chain; the others would only lead to roots that nobody ships.
fn read_leaf<'b>(reader: &mut Reader<'b>) -> Result<&'b [u8], Fault> {
    let count = reader.array()?;
    if !(1..=CERTIFICATES_MAX).contains(&count) {
        return Err(Fault::Malformed(PART));
    }
    let leaf = reader.bytes()?;
    for _ in 1..count {
        reader.bytes()?;
    }
    Ok(leaf)
}

const fn number_of(algorithm: Algorithm) -> i64 {
    match algorithm {
        Algorithm::Es256 => -7,
        Algorithm::EdDsa => -8,
        Algorithm::Rs256 => -257,
    }
}

fn check_certificate(
    leaf: &[u8],
    algorithm: i64,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), AttestationFault> {
    let algorithm = match algorithm {
        -7 => webpki::ring::ECDSA_P256_SHA256,
        -8 => webpki::ring::ED25519,
        -35 => webpki::ring::ECDSA_P384_SHA384,
        -257 => webpki::ring::RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(AttestationFault::Algorithm),
    };
    let der = CertificateDer::from(leaf);
    let certificate = EndEntityCert::try_from(&der).map_err(|_| AttestationFault::Certificate)?;
    certificate.verify_signature(algorithm, signed, signature).map_err(|_| AttestationFault::Signature)
}
