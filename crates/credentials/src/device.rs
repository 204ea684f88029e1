//! Device keys (Ed25519): what shows that a command comes from a person's device, a service or a price feed.
//!
//! A person's device key is never enough: the phrase goes with it. What is signed is [`challenge`], the formula that a passkey
//! will sign later, so that what is shown is what is approved (G1). Called by the command line (signs) and the server (verifies).

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, Secret, hash_parts};

use crate::fixed_bytes;

/// What a device signs: SHA-256 over domain, command hash and the server's nonce, each with its length (see [`types::hash_parts`]).
///
/// The nonce is the server's and used once, so a signature is good for one command on one server at one time.
#[must_use]
pub fn challenge(domain: &str, command: &Hash, server_nonce: &[u8; 32]) -> Hash {
    hash_parts(domain, &[&command.0, server_nonce])
}

/// A private device key. Wiped when dropped; cannot be printed or serialised but through [`crate::KeyFile`].
#[derive(Clone)]
pub struct DeviceKey {
    seed: Secret<[u8; 32]>,
}

impl DeviceKey {
    /// From 32 uniformly drawn bytes, which become the Ed25519 seed.
    #[must_use]
    pub const fn from_entropy(entropy: [u8; 32]) -> Self {
        Self { seed: Secret::new(entropy) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> DevicePublic {
        DevicePublic(SigningKey::from_bytes(self.seed.reveal()).verifying_key())
    }

    /// Signs a [`challenge`].
    #[must_use]
    pub fn sign(&self, challenge: &Hash) -> DeviceSignature {
        DeviceSignature(SigningKey::from_bytes(self.seed.reveal()).sign(&challenge.0).to_bytes())
    }

    /// For the key file only.
    pub(crate) const fn seed(&self) -> &[u8; 32] {
        self.seed.reveal()
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

/// Why a text is not a public device key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a public device key: 64 hexadecimal digits that `rempart` printed are needed")]
pub struct ParseDeviceKeyError;

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the signature is not of this key over this command: ask for a new challenge and sign again")]
pub struct SignatureError;

/// A public device key; text and JSON: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PublicWire", into = "PublicWire")]
pub struct DevicePublic(VerifyingKey);

impl DevicePublic {
    /// From 32 bytes. Keys of small order, whose signatures would fit any message, are refused.
    ///
    /// # Errors
    /// When the bytes are not a point of the curve, or one of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, ParseDeviceKeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| ParseDeviceKeyError)?;
        if key.is_weak() { Err(ParseDeviceKeyError) } else { Ok(Self(key)) }
    }

    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// As [`DevicePublic::from_bytes`].
    pub fn parse(text: &str) -> Result<Self, ParseDeviceKeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseDeviceKeyError)?;
        Self::from_bytes(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Checks a signature over a [`challenge`], by the strict rules (no malleable or small-order forms).
    ///
    /// # Errors
    /// When it does not hold.
    pub fn verify(&self, challenge: &Hash, signature: &DeviceSignature) -> Result<(), SignatureError> {
        let signature = Signature::from_bytes(&signature.0);
        self.0.verify_strict(&challenge.0, &signature).map_err(|_| SignatureError)
    }
}

impl fmt::Display for DevicePublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for DevicePublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevicePublic({self})")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct PublicWire(#[serde(with = "fixed_bytes")] [u8; 32]);

impl From<DevicePublic> for PublicWire {
    fn from(key: DevicePublic) -> Self {
        Self(key.to_bytes())
    }
}

impl TryFrom<PublicWire> for DevicePublic {
    type Error = ParseDeviceKeyError;
    fn try_from(wire: PublicWire) -> Result<Self, ParseDeviceKeyError> {
        Self::from_bytes(wire.0)
    }
}

/// An Ed25519 signature; JSON: 128 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceSignature(#[serde(with = "fixed_bytes")] [u8; 64]);

impl DeviceSignature {
    /// From 64 bytes; whether they are a signature, [`DevicePublic::verify`] finds out.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 64] {
        self.0
    }
}

impl fmt::Debug for DeviceSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceSignature({})", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn a_signature_is_for_one_command_nonce_domain_and_key(seed: [u8; 32], command: [u8; 32], nonce: [u8; 32], bit in 0_usize..256) {
            let key = DeviceKey::from_entropy(seed);
            let asked = challenge("rempart/test", &Hash(command), &nonce);
            let signature = key.sign(&asked);
            prop_assert!(key.public().verify(&asked, &signature).is_ok());
            let mut other = command;
            other[bit / 8] ^= 1 << (bit % 8);
            let mut other_nonce = nonce;
            other_nonce[bit / 8] ^= 1 << (bit % 8);
            for wrong in [
                challenge("rempart/test", &Hash(other), &nonce),
                challenge("rempart/test", &Hash(command), &other_nonce),
                challenge("rempart/other", &Hash(command), &nonce),
            ] {
                prop_assert_eq!(key.public().verify(&wrong, &signature), Err(SignatureError));
            }
            let mut other_seed = seed;
            other_seed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(DeviceKey::from_entropy(other_seed).public().verify(&asked, &signature).is_err());
            let mut altered = signature.to_bytes();
            altered[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(key.public().verify(&asked, &DeviceSignature::from_bytes(altered)).is_err());
        }
    }

    #[test]
    fn the_challenge_is_the_documented_formula() {
        let expected = hash_parts("rempart/test", &[&[1; 32], &[2; 32]]);
        assert_eq!(challenge("rempart/test", &Hash([1; 32]), &[2; 32]), expected);
    }

    #[test]
    fn ed25519_agrees_with_rfc_8032() {
        // Section 7.1, test 1: the public key of this secret key.
        let mut seed = [0; 32];
        hex::decode_to_slice("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", &mut seed)
            .unwrap();
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(DeviceKey::from_entropy(seed).public().to_string(), public);
    }

    #[test]
    fn keys_of_small_order_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(DevicePublic::from_bytes(identity), Err(ParseDeviceKeyError));
        assert_eq!(DevicePublic::from_bytes([0; 32]), Err(ParseDeviceKeyError));
        let mut no_point = [0; 32];
        no_point[0] = 2;
        assert_eq!(DevicePublic::from_bytes(no_point), Err(ParseDeviceKeyError));
    }

    #[test]
    fn public_keys_and_signatures_are_stored_as_fixed_bytes() {
        let key = DeviceKey::from_entropy([4; 32]);
        let public = key.public();
        assert_eq!(DevicePublic::parse(&public.to_string()), Ok(public));
        assert_eq!(serde_json::to_string(&public).unwrap(), format!("\"{public}\""));
        assert_eq!(serde_json::from_str::<DevicePublic>(&format!("\"{public}\"")).unwrap(), public);
        assert_eq!(postcard::to_allocvec(&public).unwrap().len(), 32);
        assert!(postcard::from_bytes::<DevicePublic>(&[0; 32]).is_err());
        let signature = key.sign(&Hash([1; 32]));
        assert_eq!(postcard::to_allocvec(&signature).unwrap().len(), 64);
        let json = serde_json::to_string(&signature).unwrap();
        assert_eq!(serde_json::from_str::<DeviceSignature>(&json).unwrap(), signature);
        assert_eq!(format!("{key:?}"), "DeviceKey(…)");
    }
}
