//! The key by which a push service knows this server, and the word that it signs with it (RFC 8292): ES256 over where, until when, and whom
//! to turn to. Nothing of an organisation's people or matters is in it (G9).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::ops::Reduce;
use p256::{NonZeroScalar, SecretKey};
use serde_json::json;
use types::{Span, Timestamp, hash_parts};

/// How long a signed word holds. Push services take at most a day.
pub const VAPID_LIFE: Span = Span::from_hours(12);

/// The key.
#[derive(Clone)]
pub struct VapidKey(SigningKey);

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VapidKey(…)")
    }
}

impl VapidKey {
    /// The key that follows from a secret.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        let drawn = hash_parts("rempart/vapid/v1", &[secret]);
        // Reduced to the order of the group, from which 2^256 differs by 2^-32 of itself: nothing that helps to guess it.
        let scalar = NonZeroScalar::reduce_bytes(&drawn.0.into());
        Self(SigningKey::from(SecretKey::from(scalar)))
    }

    /// Its public half, uncompressed, as browsers take it.
    #[must_use]
    pub fn public_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().to_encoded_point(false).as_bytes())
    }

    /// What stands in the `Authorization` header for a push service, named by its origin.
    #[must_use]
    pub fn authorization(&self, origin: &str, contact: Option<&str>, now: Timestamp) -> String {
        let expires = now.after(VAPID_LIFE).as_millis() / 1000;
        let mut claims = json!({ "aud": origin, "exp": expires });
        if let (Some(contact), Some(claims)) = (contact, claims.as_object_mut()) {
            claims.insert("sub".to_owned(), contact.into());
        }
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let said = format!("{}.{}", encode(&json!({ "typ": "JWT", "alg": "ES256" })), encode(&claims));
        let signature: Signature = self.0.sign(said.as_bytes());
        format!("vapid t={said}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.to_bytes()), self.public_text())
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn another_library_believes_the_signature_and_no_other_word() {
        let key = VapidKey::from_secret(&[7; 32]);
        let word = key.authorization(
            "https://push.example",
            Some("mailto:a@b.example"),
            Timestamp::from_millis(5000),
        );
        let (token, public) = word.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (said, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(public));
        public.verify(said.as_bytes(), &decode(signature)).unwrap();
        assert!(public.verify(format!("{said}x").as_bytes(), &decode(signature)).is_err());
        let claims: serde_json::Value =
            serde_json::from_slice(&decode(said.split('.').nth(1).unwrap())).unwrap();
        assert_eq!(
            claims,
            json!({ "aud": "https://push.example", "exp": 5 + 12 * 3600, "sub": "mailto:a@b.example" })
        );
        assert_ne!(VapidKey::from_secret(&[8; 32]).public_text(), key.public_text());
        assert_eq!(format!("{key:?}"), "VapidKey(…)");
    }
}
