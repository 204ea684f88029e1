//! The Ed25519 key with which webhooks are signed, and its public half for receivers (G8).
//!
//! Called when a webhook is opened, and by receivers. The key file is what `openssl genpkey -algorithm ed25519` writes, or `whsk_` and base64
//! as Standard Webhooks has it; the public half is `whpk_` and base64.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{SigningKey, VerifyingKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

const PRIVATE_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";
/// What stands before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// A key that signs webhooks. Wiped when dropped; not printed.
pub struct WebhookKey(SigningKey);

/// What a receiver needs to check them.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookPublicKey(VerifyingKey);

impl WebhookKey {
    /// From the content of its file.
    #[must_use]
    pub fn parse(content: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(content).ok()?.trim();
        match text.strip_prefix(PRIVATE_PREFIX) {
            Some(encoded) => Self::from_encoded(encoded),
            None => Self::from_pem(content),
        }
    }

    /// From 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed alone, or the seed and the public key.
    fn from_encoded(encoded: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
        if let Ok(pair) = <&[u8; 64]>::try_from(bytes.as_slice()) {
            return SigningKey::from_keypair_bytes(pair).ok().map(Self);
        }
        <&[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self::from_seed)
    }

    fn from_pem(pem: &[u8]) -> Option<Self> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
        let seed = key.secret_pkcs8_der().strip_prefix(&PKCS8_HEAD)?;
        <&[u8; 32]>::try_from(seed).ok().map(Self::from_seed)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> WebhookPublicKey {
        WebhookPublicKey(self.0.verifying_key())
    }

    pub(crate) const fn signing(&self) -> &SigningKey {
        &self.0
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(…)")
    }
}

impl WebhookPublicKey {
    /// From `whpk_` and base64; keys with which anybody could sign are refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.trim().strip_prefix(PUBLIC_PREFIX)?).ok()?;
        let key = VerifyingKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    pub(crate) const fn verifying(&self) -> &VerifyingKey {
        &self.0
    }
}

impl fmt::Display for WebhookPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", BASE64_STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for WebhookPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What openssl writes for the seed of 32 times the byte 7, and the public key that it derives.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";

    fn public(content: &[u8]) -> Option<String> {
        WebhookKey::parse(content).map(|key| key.public().to_string())
    }

    #[test]
    fn keys_of_other_programs_are_read() {
        let seed = BASE64_STANDARD.encode([7; 32]);
        let pair = BASE64_STANDARD.encode(WebhookKey::from_seed(&[7; 32]).0.to_keypair_bytes());
        for content in [PEM.to_owned(), format!("whsk_{seed}\n"), format!("whsk_{pair}")] {
            assert_eq!(public(content.as_bytes()).as_deref(), Some(PUBLIC));
        }
        assert_eq!(WebhookPublicKey::parse(PUBLIC).unwrap().to_string(), PUBLIC);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let short = format!("whsk_{}", BASE64_STANDARD.encode([7; 31]));
        let mut halves = WebhookKey::from_seed(&[7; 32]).0.to_keypair_bytes();
        halves[63] ^= 1;
        let torn = format!("whsk_{}", BASE64_STANDARD.encode(halves));
        let authority = include_bytes!("../tests/tls/localhost.key.pem");
        for bad in [b"", b"\xff" as &[u8], b"whsk_", short.as_bytes(), torn.as_bytes(), authority] {
            assert_eq!(public(bad), None, "{}", String::from_utf8_lossy(bad));
        }
        let weak = format!("whpk_{}", BASE64_STANDARD.encode([0; 32]));
        for bad in ["", "whpk_", &weak, &PUBLIC[5..], &PUBLIC[..40]] {
            assert!(WebhookPublicKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", WebhookKey::from_seed(&[7; 32])), "WebhookKey(…)");
    }
}
