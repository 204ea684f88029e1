//! The file form of a device key: JSON that the command line reads and writes. Files themselves are the caller's business.
//!
//! A person's key file alone moves nothing: every act needs the phrase as well, which is never in a file.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::ActorId;
use zeroize::{Zeroize, Zeroizing};

use crate::DeviceKey;

/// The longest key file, in bytes.
pub const KEY_FILE_BYTES_MAX: usize = 1024;
const VERSION: u32 = 1;

/// Whose key it is. A service only submits; a feed only reports prices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// A person's device; always together with the phrase.
    Person,
    /// A program.
    Service,
    /// A source of prices.
    Feed,
}

/// A device key and whose it is. JSON: `{"version":1,"person":"alice","kind":"person","seed":"<64 hexadecimal digits>"}`.
#[derive(Clone)]
pub struct KeyFile {
    /// The name of the person, service or feed.
    pub person: ActorId,
    /// Which of them.
    pub kind: KeyKind,
    /// The key.
    pub key: DeviceKey,
}

/// Why a key file is not understood. Never quotes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyFileError {
    /// Longer than any key file.
    #[error("the key file is longer than {KEY_FILE_BYTES_MAX} bytes: it is not one that `rempart` wrote")]
    TooLong,
    /// Not the JSON that is expected.
    #[error(
        "the key file is not valid at line {line}, column {column}: it needs `version`, `person`, `kind` and `seed` and nothing else"
    )]
    Malformed {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// A version that this program does not know.
    #[error("the key file is of version {0}: this program knows version {VERSION}")]
    Version(u32),
    /// A seed that is not 32 bytes.
    #[error("the key file's `seed` is not 64 hexadecimal digits")]
    Seed,
}

/// Borrows the seed from the text, so that no copy is left behind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFileWire<'a> {
    version: u32,
    person: ActorId,
    kind: KeyKind,
    seed: &'a str,
}

impl KeyFile {
    /// Reads the text of a key file.
    ///
    /// # Errors
    /// What is wrong with it, without quoting it.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        if text.len() > KEY_FILE_BYTES_MAX {
            return Err(KeyFileError::TooLong);
        }
        let wire: KeyFileWire<'_> = serde_json::from_str(text)
            .map_err(|error| KeyFileError::Malformed { line: error.line(), column: error.column() })?;
        if wire.version != VERSION {
            return Err(KeyFileError::Version(wire.version));
        }
        let mut seed = [0; 32];
        let decoded = hex::decode_to_slice(wire.seed, &mut seed);
        let key = DeviceKey::from_entropy(seed);
        seed.zeroize();
        decoded.map_err(|_| KeyFileError::Seed)?;
        Ok(Self { person: wire.person, kind: wire.kind, key })
    }

    /// The text to write, with a new line at the end. The caller writes it readable by its owner only.
    #[must_use]
    pub fn render(&self) -> Zeroizing<String> {
        let seed = Zeroizing::new(hex::encode(self.key.seed()));
        let kind = match self.kind {
            KeyKind::Person => "person",
            KeyKind::Service => "service",
            KeyKind::Feed => "feed",
        };
        // Names have no character that JSON escapes.
        Zeroizing::new(format!(
            "{{\"version\":{VERSION},\"person\":\"{}\",\"kind\":\"{kind}\",\"seed\":\"{}\"}}\n",
            self.person,
            seed.as_str()
        ))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFile({}, {:?}, …)", self.person, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(kind: KeyKind) -> KeyFile {
        KeyFile { person: ActorId::parse("alice").unwrap(), kind, key: DeviceKey::from_entropy([0x5a; 32]) }
    }

    #[test]
    fn a_key_file_reads_back() {
        for kind in [KeyKind::Person, KeyKind::Service, KeyKind::Feed] {
            let text = file(kind).render();
            let read = KeyFile::parse(&text).unwrap();
            assert_eq!((read.person.as_str(), read.kind), ("alice", kind));
            assert_eq!(read.key.public(), file(kind).key.public());
            assert!(text.len() < KEY_FILE_BYTES_MAX);
        }
    }

    #[test]
    fn the_form_is_fixed() {
        let expected = format!(
            "{{\"version\":1,\"person\":\"alice\",\"kind\":\"person\",\"seed\":\"{}\"}}\n",
            "5a".repeat(32)
        );
        assert_eq!(*file(KeyKind::Person).render(), expected);
    }

    #[test]
    fn what_is_wrong_is_said_without_quoting_the_file() {
        let good = file(KeyKind::Person).render();
        let with = |from: &str, to: &str| KeyFile::parse(&good.replace(from, to)).unwrap_err();
        assert_eq!(with("\"version\":1", "\"version\":2"), KeyFileError::Version(2));
        assert_eq!(with("5a5a", "5a5"), KeyFileError::Seed);
        assert_eq!(with("5a5a", "zz5a"), KeyFileError::Seed);
        for (from, to) in [
            ("person\"}", ""),
            ("\"person\":\"alice\"", "\"person\":\"a b\""),
            ("{\"version\":1", "{\"version\":1,\"extra\":0"),
            ("\"kind\":\"person\"", "\"kind\":\"god\""),
            ("{\"version\":1", "{\"version\":1,\"version\":1"),
            ("}", ""),
        ] {
            if good.contains(from) {
                let error = with(from, to);
                assert!(matches!(error, KeyFileError::Malformed { .. }), "{to}: {error:?}");
                assert!(!error.to_string().contains("5a5a"));
            }
        }
        let padded = format!("{}{}", *good, " ".repeat(KEY_FILE_BYTES_MAX));
        assert_eq!(KeyFile::parse(&padded).unwrap_err(), KeyFileError::TooLong);
        assert!(!format!("{:?}", file(KeyKind::Person)).contains("5a"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_text_is_answered(text in "\\PC{0,200}") {
            prop_assert!(KeyFile::parse(&text).is_err());
        }
    }
}
