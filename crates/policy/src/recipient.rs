//! An age recipient: the public half of a responder's key for dossiers. Keeps G9: what looks like one and is not never becomes a reader.
//!
//! Parsed in registers (`recipients` of a person) and by whoever seals.

use std::fmt;

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, hash_parts};

/// The longest recipient, in bytes.
pub const RECIPIENT_BYTES_MAX: usize = 256;
/// The most recipients of one person.
pub const RECIPIENTS_MAX: usize = 4;

const READERS_DOMAIN: &str = "rempart/dossier-readers/v1";
const X25519_BYTES: usize = 32;
const P256_BYTES: usize = 33;

/// Points with which every exchange gives the same known secret, little-endian, the top bit apart (RFC 7748, section 6.1).
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// What kind of key it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecipientKind {
    /// A key in a file, or one derived from a passkey.
    X25519,
    /// A key in hardware, to which anyone seals without a plug-in.
    Tag,
    /// A key to which only the age plug-in of this name seals.
    Plugin(String),
}

/// An age recipient, in its one spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(String);

/// Why a text is no recipient. Never shows the text: it may be a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RecipientError {
    /// A private key.
    #[error(
        "this is a secret identity, not a recipient: whoever has seen this file can read with it; make a new one with `rempart dossier identity new` and write its `age1…` line here"
    )]
    Secret,
    /// Not the form of a recipient.
    #[error("not an age recipient: write the `age1…` line that `rempart dossier identity new` prints")]
    Form,
    /// Mistyped.
    #[error("the checksum is wrong: copy the whole `age1…` line again")]
    Checksum,
    /// A key of the wrong length.
    #[error("the key inside has the wrong length: copy the whole `age1…` line again")]
    Length,
    /// A key that everybody can read for.
    #[error("this key is worthless, what is sealed to it can be read by anyone: make a new one")]
    SmallOrder,
    /// Not to be mixed with others.
    #[error(
        "post-quantum recipients cannot stand beside others: use an X25519 one, `age1…` of 62 characters"
    )]
    PostQuantum,
}

impl Recipient {
    /// Parses a recipient.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RecipientError> {
        let upper = text.get(..4).map(str::to_ascii_uppercase);
        if upper.as_deref() == Some("AGE-") {
            return Err(RecipientError::Secret);
        }
        if text.starts_with("age1pq1") || text.starts_with("age1tagpq1") {
            return Err(RecipientError::PostQuantum);
        }
        let plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
        if text.len() > RECIPIENT_BYTES_MAX || !text.starts_with("age1") || !text.bytes().all(plain) {
            return Err(RecipientError::Form);
        }
        let checked = CheckedHrpstring::new::<Bech32>(text).map_err(|_| RecipientError::Checksum)?;
        let key: Vec<u8> = checked.byte_iter().collect();
        match kind(&checked.hrp().to_lowercase())? {
            RecipientKind::X25519 => x25519(&key)?,
            RecipientKind::Tag if key.len() != P256_BYTES => return Err(RecipientError::Length),
            RecipientKind::Tag | RecipientKind::Plugin(_) => {}
        }
        Ok(Self(text.to_owned()))
    }

    /// The recipient as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> RecipientKind {
        let name = self.0.rsplit_once('1').map_or("", |(name, _)| name);
        kind(name).unwrap_or(RecipientKind::X25519)
    }
}

/// By what stands before the last `1`.
fn kind(name: &str) -> Result<RecipientKind, RecipientError> {
    match (name, name.strip_prefix("age1")) {
        ("age", _) => Ok(RecipientKind::X25519),
        ("age1tag", _) => Ok(RecipientKind::Tag),
        (_, Some(plugin)) if is_plugin(plugin) => Ok(RecipientKind::Plugin(plugin.to_owned())),
        _ => Err(RecipientError::Form),
    }
}

/// The name becomes that of a program which is run, so it must be no path.
fn is_plugin(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-_".contains(&byte);
    !name.is_empty() && name.bytes().all(plain)
}

fn x25519(key: &[u8]) -> Result<(), RecipientError> {
    let mut key = <[u8; X25519_BYTES]>::try_from(key).map_err(|_| RecipientError::Length)?;
    if let Some(top) = key.last_mut() {
        *top &= 0x7f;
    }
    let worthless = SMALL_ORDER.iter().any(|known| Hash::parse(known).is_ok_and(|known| known.0 == key));
    if worthless { Err(RecipientError::SmallOrder) } else { Ok(()) }
}

/// By which two lists of recipients are known to be the same. In the order of the recipients themselves.
#[must_use]
pub fn readers_hash<'r>(recipients: impl IntoIterator<Item = &'r Recipient>) -> Hash {
    let mut sorted: Vec<&[u8]> = recipients.into_iter().map(|one| one.0.as_bytes()).collect();
    sorted.sort_unstable();
    sorted.dedup();
    hash_parts(READERS_DOMAIN, &sorted)
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;
    fn try_from(text: String) -> Result<Self, RecipientError> {
        Self::parse(&text)
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bech32::Hrp;

    /// From the age specification's own example files.
    const KNOWN: &str = "age1ysxuaeqlk7xd8uqsh8lsnfwt9jzzjlqf49ruhpjrrj5yatlcuf7qke4pqe";

    fn written(name: &str, key: &[u8]) -> String {
        bech32::encode::<Bech32>(Hrp::parse(name).unwrap(), key).unwrap()
    }

    #[test]
    fn native_hardware_and_plug_in_keys_are_told_apart() {
        assert_eq!(Recipient::parse(KNOWN).unwrap().kind(), RecipientKind::X25519);
        let tag = written("age1tag", &[2; 33]);
        assert_eq!(Recipient::parse(&tag).unwrap().kind(), RecipientKind::Tag);
        let plugin = written("age1yubikey", &[2; 33]);
        assert_eq!(Recipient::parse(&plugin).unwrap().kind(), RecipientKind::Plugin("yubikey".into()));
    }

    #[test]
    fn what_is_no_recipient_is_named() {
        let wrong = |text: &str| Recipient::parse(text).unwrap_err();
        assert_eq!(wrong("AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQ"), RecipientError::Secret);
        assert_eq!(wrong("age-plugin-yubikey-1qq"), RecipientError::Secret);
        assert_eq!(wrong(""), RecipientError::Form);
        assert_eq!(wrong("é"), RecipientError::Form);
        assert_eq!(wrong("ageé"), RecipientError::Form);
        assert_eq!(wrong(&KNOWN.to_uppercase()), RecipientError::Form);
        assert_eq!(wrong(&format!(" {KNOWN}")), RecipientError::Form);
        assert_eq!(wrong(&KNOWN.replace('y', "z")), RecipientError::Checksum);
        assert_eq!(wrong(&KNOWN[..61]), RecipientError::Checksum);
        assert_eq!(wrong(&written("age", &[9; 31])), RecipientError::Length);
        assert_eq!(wrong(&written("age1tag", &[9; 32])), RecipientError::Length);
        assert_eq!(wrong(&written("age1../x", &[9; 32])), RecipientError::Form);
        assert_eq!(wrong(&written("agent", &[9; 32])), RecipientError::Form);
        assert_eq!(wrong(&written("age1pq", &[9; 64])), RecipientError::PostQuantum);
    }

    #[test]
    fn keys_that_everybody_can_read_for_are_refused() {
        for known in SMALL_ORDER {
            let mut key = Hash::parse(known).unwrap().0;
            for top in [0, 0x80] {
                key[31] = (key[31] & 0x7f) | top;
                assert_eq!(Recipient::parse(&written("age", &key)), Err(RecipientError::SmallOrder));
            }
        }
    }

    #[test]
    fn a_list_is_known_whatever_its_order() {
        let one = Recipient::parse(KNOWN).unwrap();
        let other = Recipient::parse(&written("age", &[9; 32])).unwrap();
        assert_eq!(readers_hash([&one, &other]), readers_hash([&other, &one, &one]));
        assert_ne!(readers_hash([&one, &other]), readers_hash([&one]));
        assert_ne!(readers_hash([]), readers_hash([&one]));
    }
}
