//! Public keys as authenticators write them (COSE), and the three algorithms: ES256, EdDSA with Ed25519, RS256 (G1).
//!
//! A point that is not on its curve is found when a signature is checked, by the libraries: such a credential never asserts anything.

use ed25519_dalek::{Signature, VerifyingKey};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use crate::cbor::{Reader, once};
use crate::fault::{Fault, Part};

/// The longest signature, in bytes.
pub const SIGNATURE_BYTES_MAX: usize = 512;
/// The shortest RSA modulus, in bytes.
pub const RSA_MODULUS_BYTES_MIN: usize = 256;
/// The longest RSA modulus, in bytes.
pub const RSA_MODULUS_BYTES_MAX: usize = 512;
/// The longest RSA exponent, in bytes.
const RSA_EXPONENT_BYTES_MAX: usize = 4;

const WRONG: Fault = Fault::Malformed(Part::PublicKey);

/// What a passkey signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (COSE -7).
    Es256,
    /// Ed25519 (COSE -8).
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (COSE -257).
    Rs256,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PublicKey {
    /// The two coordinates.
    Es256([u8; 32], [u8; 32]),
    /// The compressed point.
    EdDsa([u8; 32]),
    /// Modulus and exponent.
    Rs256(Vec<u8>, Vec<u8>),
}

/// The members of a COSE key that any of the three uses; -1 and -2 hold a number in one kind of key and bytes in another.
#[derive(Default)]
struct Members<'b> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    first: Option<&'b [u8]>,
    second: Option<&'b [u8]>,
    third: Option<&'b [u8]>,
}

const KIND_OKP: i64 = 1;
const KIND_EC2: i64 = 2;
const KIND_RSA: i64 = 3;
const CURVE_P256: i64 = 1;
const CURVE_ED25519: i64 = 6;

impl PublicKey {
    /// Reads a key, and gives what follows it.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Fault> {
        let mut reader = Reader::new(bytes, Part::PublicKey);
        let mut members = Members::default();
        for _ in 0..reader.map()? {
            members.read_one(&mut reader)?;
        }
        Ok((members.key()?, reader.rest()))
    }

    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(..) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
            Self::Rs256(..) => Algorithm::Rs256,
        }
    }

    /// Whether a signature holds.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(x, y) => {
                let point = [[4].as_slice(), x, y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
            }
            Self::EdDsa(point) => verifies_ed25519(point, message, signature),
            Self::Rs256(n, e) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
        }
    }
}

/// By the strict rules: no malleable forms, no key of small order, whose signatures would fit any message.
fn verifies_ed25519(point: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_bytes(point).ok();
    let signature = Signature::from_slice(signature).ok();
    key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
}

impl<'b> Members<'b> {
    fn read_one(&mut self, reader: &mut Reader<'b>) -> Result<(), Fault> {
        let label = reader.integer()?;
        match (label, self.kind) {
            (1, _) => once(&mut self.kind, reader.integer()?, Part::PublicKey),
            (3, _) => once(&mut self.algorithm, reader.integer()?, Part::PublicKey),
            (-1, Some(KIND_RSA)) => once(&mut self.first, reader.bytes()?, Part::PublicKey),
            (-1, Some(_)) => once(&mut self.curve, reader.integer()?, Part::PublicKey),
            (-2, Some(_)) => once(&mut self.second, reader.bytes()?, Part::PublicKey),
            (-3, Some(KIND_EC2)) => once(&mut self.third, reader.bytes()?, Part::PublicKey),
            // CTAP2 writes labels in one order, the kind first, and no others.
            _ => Err(WRONG),
        }
    }

    fn key(self) -> Result<PublicKey, Fault> {
        let fixed =
            |bytes: Option<&[u8]>| bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or(WRONG);
        match (self.kind, self.algorithm, self.curve) {
            (Some(KIND_EC2), Some(-7), Some(CURVE_P256)) => {
                Ok(PublicKey::Es256(fixed(self.second)?, fixed(self.third)?))
            }
            (Some(KIND_OKP), Some(-8), Some(CURVE_ED25519)) => Ok(PublicKey::EdDsa(fixed(self.second)?)),
            (Some(KIND_RSA), Some(-257), None) => {
                let (n, e) = self.first.zip(self.second).ok_or(WRONG)?;
                let fits = (RSA_MODULUS_BYTES_MIN..=RSA_MODULUS_BYTES_MAX).contains(&n.len())
                    && (1..=RSA_EXPONENT_BYTES_MAX).contains(&e.len());
                if fits { Ok(PublicKey::Rs256(n.to_vec(), e.to_vec())) } else { Err(WRONG) }
            }
            (Some(_), Some(algorithm), _) if !matches!(algorithm, -7 | -8 | -257) => Err(Fault::Algorithm),
            _ => Err(WRONG),
        }
    }
}
