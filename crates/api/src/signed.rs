//! How a command is signed: envelope, proof, and the hash that binds method, path, idempotency key and command, never the phrase (G1, G3).
//!
//! The client computes [`request_hash`] of what it sends and signs `credentials::challenge(COMMAND_DOMAIN, hash, nonce)`; the server
//! computes it again from what it received, before anything else reads the command.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::{ActorId, Hash, Secret, Timestamp, hash_parts};
use utoipa::ToSchema;

use crate::passkey::PasskeyAssertion;

/// The domain of what a device signs for a command.
pub const COMMAND_DOMAIN: &str = "rempart/command/v1";
/// The domain of a request's hash.
const REQUEST_DOMAIN: &str = "rempart/request/v1";
/// The header under which a repetition of a request is recognised.
pub const IDEMPOTENCY_KEY_HEADER: &str = "Idempotency-Key";
/// The longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;

/// The hash of a request: method, path, idempotency key, and the command's canonical JSON. The phrase and the proof are no part of it.
///
/// # Errors
/// Never for JSON that was parsed; the type of `serde_json` asks.
pub fn request_hash(method: &str, path: &str, key: &str, command: &Value) -> Result<Hash, serde_json::Error> {
    let command = types::canonical_json(command)?;
    let parts = [method.as_bytes(), path.as_bytes(), key.as_bytes(), command.as_bytes()];
    Ok(hash_parts(REQUEST_DOMAIN, &parts))
}

/// To ask for a nonce to sign.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// Who will sign: a person, a service or a feed.
    #[schema(value_type = String, example = "alice")]
    pub by: ActorId,
}

/// A nonce. Good once, for whoever it was asked for, until it expires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Challenge {
    /// 64 hexadecimal digits.
    #[schema(value_type = String)]
    pub nonce: Hash,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Who sends a command, and their device's word for its hash and the server's nonce: a signature or a passkey's, exactly one of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Who.
    #[schema(value_type = String, example = "alice")]
    pub by: ActorId,
    /// The server's nonce.
    #[schema(value_type = String)]
    pub nonce: Hash,
    /// Of a device key or service key: Ed25519, 128 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Of a passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<PasskeyAssertion>,
}

impl Proof {
    /// With a key's signature.
    #[must_use]
    pub const fn by_key(by: ActorId, nonce: Hash, signature: String) -> Self {
        Self { by, nonce, signature: Some(signature), passkey: None }
    }

    /// With a passkey's assertion.
    #[must_use]
    pub const fn by_passkey(by: ActorId, nonce: Hash, passkey: PasskeyAssertion) -> Self {
        Self { by, nonce, signature: None, passkey: Some(passkey) }
    }
}

/// The three words, as they were typed. Wiped when dropped, cannot be printed.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, example = "orange zebra stone")]
pub struct PhraseText(Secret<String>);

impl PhraseText {
    /// Wraps what was typed.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The words. The name is meant to stand out in review.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl fmt::Debug for PhraseText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhraseText(…)")
    }
}

impl Serialize for PhraseText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.reveal())
    }
}

impl<'de> Deserialize<'de> for PhraseText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A command with its proof. People add their phrase; services and feeds have none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope<C> {
    /// What is asked.
    pub command: C,
    /// Who asks.
    pub proof: Proof,
    /// The person's phrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub phrase: Option<PhraseText>,
}

/// An envelope whose command has not been read yet, so that what was signed is hashed as it came.
pub type RawEnvelope = Envelope<Value>;

/// What became of a command: it is durable, and this is what it made. Empty when it made nothing new.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The transfer that was submitted: the hash of its canonical payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub transfer: Option<Hash>,
    /// The motion that was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub motion: Option<Hash>,
    /// The stop that was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_hash_binds_method_path_key_and_command() {
        let command = json!({"a": 1, "b": [true]});
        let base = request_hash("POST", "/v1/stops", "k1", &command).unwrap();
        assert_eq!(base, request_hash("POST", "/v1/stops", "k1", &json!({"b": [true], "a": 1})).unwrap());
        let others = [
            request_hash("PUT", "/v1/stops", "k1", &command),
            request_hash("POST", "/v1/stop", "sk1", &command),
            request_hash("POST", "/v1/stops", "k2", &command),
            request_hash("POST", "/v1/stops", "k1", &json!({"a": 2, "b": [true]})),
        ];
        for other in others {
            assert_ne!(other.unwrap(), base);
        }
    }

    #[test]
    fn the_hash_is_a_known_value_for_other_programs() {
        let hash = request_hash("POST", "/v1/session", "key-1", &json!({})).unwrap();
        let expected = hash_parts("rempart/request/v1", &[b"POST", b"/v1/session", b"key-1", b"{}"]);
        assert_eq!(hash, expected);
    }

    #[test]
    fn a_phrase_cannot_be_printed_with_its_envelope() {
        let text = r#"{"command":{},"proof":{"by":"alice","nonce":"0000000000000000000000000000000000000000000000000000000000000000","signature":""},"phrase":"orange zebra stone"}"#;
        let envelope: RawEnvelope = serde_json::from_str(text).unwrap();
        assert!(!format!("{envelope:?}").contains("zebra"));
        assert_eq!(envelope.phrase.unwrap().reveal(), "orange zebra stone");
    }
}
