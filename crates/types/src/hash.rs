//! SHA-256 with a domain, and canonical JSON. Every hash in Rempart names what it is a hash of.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A SHA-256 hash, shown in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a hash: 64 hexadecimal digits are needed")]
pub struct ParseHashError;

/// SHA-256 over a domain and parts, each preceded by its length, so that no two inputs run together.
#[must_use]
pub fn hash_parts(domain: &str, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(domain.as_bytes());
    for bytes in parts {
        part(bytes);
    }
    Hash(hasher.finalize().into())
}

/// Canonical JSON (RFC 8785 for the values used here: objects, arrays, strings, integers and booleans; no fractions).
///
/// Keys are sorted, there is no white space. `serde_json` keeps object keys in a sorted map, and all keys here are ASCII,
/// for which byte order and the RFC's UTF-16 order agree.
///
/// # Errors
/// When the value cannot be represented as JSON (a map whose keys are not strings).
pub fn canonical_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_value(value).map(|value| value.to_string())
}

impl Hash {
    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// When the text is not exactly that.
    pub fn parse(text: &str) -> Result<Self, ParseHashError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseHashError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text in formats that people read, bytes elsewhere.
impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).map_err(serde::de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(hash_parts("d", &[b"ab", b"c"]), hash_parts("d", &[b"a", b"bc"]));
        assert_ne!(hash_parts("d", &[b"a"]), hash_parts("e", &[b"a"]));
    }

    #[test]
    fn canonical_json_sorts_keys() {
        let value = serde_json::json!({"b": 1, "a": {"d": "é", "c": [true]}});
        assert_eq!(canonical_json(&value).unwrap(), r#"{"a":{"c":[true],"d":"é"},"b":1}"#);
    }

    #[test]
    fn hashes_round_trip() {
        let hash = hash_parts("d", &[b"x"]);
        assert_eq!(Hash::parse(&hash.to_string()).unwrap(), hash);
        assert!(Hash::parse("00").is_err());
    }
}
