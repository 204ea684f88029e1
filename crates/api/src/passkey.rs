//! Passkeys on the wire: what a page hands on of `navigator.credentials`, bytes as base64url without padding, and the challenge of a
//! registration (G1). `docs/api.md` says how a browser computes the challenges; the server's `passkey.js` does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use types::{ActorId, Hash, hash_parts};
use utoipa::ToSchema;

/// The domain of a registration's challenge.
pub const PASSKEY_DOMAIN: &str = "rempart/passkey/v1";
/// The domain of the hash of whose passkey it will be.
const PASSKEY_OWNER_DOMAIN: &str = "rempart/passkey-owner/v1";

/// Bytes; in JSON, base64url without padding.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Base64Url(pub Vec<u8>);

impl Serialize for Base64Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| serde::de::Error::custom("not base64url without padding");
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(wrong)
    }
}

/// A passkey's signature for a command: the parts of what `navigator.credentials.get` gives. Its challenge is
/// `credentials::challenge(COMMAND_DOMAIN, request hash, nonce)`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAssertion {
    /// `rawId`.
    #[schema(value_type = String, format = "base64url")]
    pub id: Base64Url,
    /// `response.clientDataJSON`.
    #[schema(value_type = String, format = "base64url")]
    pub client_data: Base64Url,
    /// `response.authenticatorData`.
    #[schema(value_type = String, format = "base64url")]
    pub authenticator_data: Base64Url,
    /// `response.signature`.
    #[schema(value_type = String, format = "base64url")]
    pub signature: Base64Url,
}

/// A passkey that was made: the parts of what `navigator.credentials.create` gives. Its challenge is [`creation_challenge`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// A nonce of its own, asked for under the name of whose passkey it will be.
    #[schema(value_type = String)]
    pub nonce: Hash,
    /// `response.clientDataJSON`.
    #[schema(value_type = String, format = "base64url")]
    pub client_data: Base64Url,
    /// `response.attestationObject`.
    #[schema(value_type = String, format = "base64url")]
    pub attestation_object: Base64Url,
}

/// What a page needs to know of this server before it asks a browser for a passkey.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PasskeySite {
    /// The id of the relying party.
    #[schema(example = "rempart.example")]
    pub relying_party: String,
    /// The algorithms that are taken, by their COSE numbers, best first.
    pub algorithms: Vec<i32>,
}

/// What a device signs when it makes a passkey for somebody.
#[must_use]
pub fn creation_challenge(by: &ActorId, nonce: &Hash) -> Hash {
    let owner = hash_parts(PASSKEY_OWNER_DOMAIN, &[by.as_str().as_bytes()]);
    hash_parts(PASSKEY_DOMAIN, &[&owner.0, &nonce.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creation_is_for_one_person_and_nonce() {
        let (alice, bob) = (ActorId::parse("alice").unwrap(), ActorId::parse("bob").unwrap());
        let challenge = creation_challenge(&alice, &Hash([7; 32]));
        assert_eq!(challenge, creation_challenge(&alice, &Hash([7; 32])));
        assert_ne!(challenge, creation_challenge(&bob, &Hash([7; 32])));
        assert_ne!(challenge, creation_challenge(&alice, &Hash([8; 32])));
    }

    #[test]
    fn bytes_are_base64url_without_padding() {
        let bytes = Base64Url(vec![0xfb, 0xef, 0xff, 0]);
        let text = serde_json::to_string(&bytes).unwrap();
        assert_eq!(text, "\"--__AA\"");
        assert_eq!(serde_json::from_str::<Base64Url>(&text).unwrap(), bytes);
        for wrong in ["\"++__AA\"", "\"--__AA==\"", "\"--__A\"", "\"--__AB\"", "7"] {
            assert!(serde_json::from_str::<Base64Url>(wrong).is_err(), "{wrong}");
        }
    }
}
