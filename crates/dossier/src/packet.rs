//! What a packet holds: whatever helps to find a person and keep them alive. Everything is optional but the name; all of it is bounded (G9).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::text::{Line, Passage};

/// The largest photograph, in bytes.
pub const PHOTO_BYTES_MAX: usize = 512 * 1024;
/// The largest file that is filled in, in bytes.
const FILE_BYTES_MAX: usize = 256 * 1024;
/// The most addresses, and vehicles.
const PLACES_MAX: usize = 8;
/// The most telephone numbers, and relatives.
const PEOPLE_MAX: usize = 16;

/// The packet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Packet {
    /// The real name.
    pub name: Line,
    /// Date of birth, as the person writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<Line>,
    /// Height, build, hair, scars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appearance: Option<Line>,
    /// What to tell the police.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub police: Option<Passage>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Passage>,
    /// Words that mean something when heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// What a doctor must know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medical: Option<Medical>,
    /// Where the person may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<Address>,
    /// How to reach the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub telephone: Vec<Telephone>,
    /// Who else may be in danger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relative: Vec<Relative>,
    /// What the person drives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vehicle: Vec<Vehicle>,
    /// A photograph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Photo>,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }
    )*};
}

parts! {
    /// Words that mean something when heard on the telephone.
    Words {
        /// What the person says when all is well and they are alone.
        all_clear: Line,
        /// What the person says, as if by the way, when they are not free.
        distress: Line,
        /// A question that only the person answers rightly.
        question: Line,
        /// The right answer.
        answer: Line,
    }
    /// What a doctor must know.
    Medical {
        /// Blood group.
        blood_group: Line,
        /// Allergies.
        allergies: Line,
        /// Conditions.
        conditions: Passage,
        /// Medicines, and how long the person can do without.
        medicines: Passage,
        /// Who treats the person.
        doctor: Line,
    }
    /// Where the person may be.
    Address {
        /// Home, office, holiday home.
        what: Line,
        /// The address.
        lines: Passage,
        /// Floor, door codes, dogs, who has a key.
        access: Passage,
    }
    /// How to reach the person.
    Telephone {
        /// Mobile, home, work.
        what: Line,
        /// The number.
        number: Line,
    }
    /// Who else may be in danger.
    Relative {
        /// Their name.
        name: Line,
        /// Spouse, child, parent.
        relation: Line,
        /// Their telephone number.
        telephone: Line,
        /// Age, school, where they usually are, what else matters.
        note: Passage,
    }
    /// What the person drives.
    Vehicle {
        /// Make, model, colour.
        what: Line,
        /// Registration.
        plate: Line,
    }
}

/// A photograph: JPEG or PNG, as it was given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(try_from = "String", into = "String")]
pub struct Photo(Vec<u8>);

/// Why a packet is not taken. Never shows what is in it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PacketError {
    /// Not of its form.
    #[error("line {line}: {message}")]
    Form {
        /// Where.
        line: usize,
        /// What, without the text.
        message: String,
    },
    /// Too much of something.
    #[error("too many {what}: {most} at most; put the rest into `notes`")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        most: usize,
    },
    /// Larger than a packet may be.
    #[error("too large: {what} may have {most} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How many bytes.
        most: usize,
    },
    /// Not a photograph.
    #[error("the photograph is neither JPEG nor PNG: save it as one of them")]
    Photo,
}

impl Packet {
    /// Reads the file that a person filled in.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, PacketError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(PacketError::TooLarge { what: "the file", most: FILE_BYTES_MAX });
        }
        let packet: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            PacketError::Form { line: before.matches('\n').count() + 1, message: said(error.message()) }
        })?;
        packet.check()?;
        Ok(packet)
    }

    /// Whether every list has its bound.
    pub(crate) fn check(&self) -> Result<(), PacketError> {
        let lists = [
            ("addresses", self.address.len(), PLACES_MAX),
            ("telephone numbers", self.telephone.len(), PEOPLE_MAX),
            ("relatives", self.relative.len(), PEOPLE_MAX),
            ("vehicles", self.vehicle.len(), PLACES_MAX),
        ];
        match lists.into_iter().find(|(_, length, most)| length > most) {
            Some((what, _, most)) => Err(PacketError::TooMany { what, most }),
            None => Ok(()),
        }
    }
}

/// The parser's own words, never the file's: it quotes values of a wrong kind.
fn said(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let known =
        ["missing field", "unknown field", "a field ", "duplicate key", "the photograph", "too large"];
    if known.iter().any(|start| first.starts_with(start)) {
        first.to_owned()
    } else {
        "this is not as the template has it: texts stand in quotes, tables in brackets".to_owned()
    }
}

impl Photo {
    /// Takes a photograph.
    ///
    /// # Errors
    /// When it is neither JPEG nor PNG, or too large.
    pub fn new(bytes: Vec<u8>) -> Result<Self, PacketError> {
        let photo = Self(bytes);
        if photo.0.len() > PHOTO_BYTES_MAX {
            return Err(PacketError::TooLarge { what: "the photograph", most: PHOTO_BYTES_MAX });
        }
        if photo.extension().is_none() { Err(PacketError::Photo) } else { Ok(photo) }
    }

    /// The photograph itself.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// `jpg` or `png`, by its first bytes.
    #[must_use]
    pub fn extension(&self) -> Option<&'static str> {
        match self.0.as_slice() {
            [0xff, 0xd8, 0xff, ..] => Some("jpg"),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("png"),
            _ => None,
        }
    }
}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Photo(…)")
    }
}

impl TryFrom<String> for Photo {
    type Error = PacketError;
    fn try_from(mut text: String) -> Result<Self, PacketError> {
        let bytes = STANDARD.decode(text.as_bytes());
        text.zeroize();
        Self::new(bytes.map_err(|_| PacketError::Photo)?)
    }
}

impl From<Photo> for String {
    fn from(photo: Photo) -> Self {
        STANDARD.encode(&photo.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_is_needed() {
        let packet = Packet::parse("name = \"Alice Martin\"\n").unwrap();
        assert_eq!(packet.name.reveal(), "Alice Martin");
        let error = Packet::parse("born = \"1980\"\n").unwrap_err();
        assert_eq!(error.to_string(), "line 1: missing field `name`");
    }

    #[test]
    fn what_is_wrong_is_said_without_what_was_written() {
        let cases = [
            ("name = \"A\"\nsecretword = 1\n", "line 2: unknown field `secretword`"),
            ("name = \"A\"\nborn = 19801231\n", "line 2: this is not as the template has it"),
            ("name = \"A\"\nborn = \"\"\n", "line 2: a field is empty"),
            ("name = \"A\"\nphoto = \"orange\"\n", "line 2: the photograph is neither"),
            ("name = \"A\nborn = 1", "line 1: this is not as the template has it"),
            ("name = \"A\"\n[words]\nall_clear = \"orange\"\nall_clear = \"x\"\n", "line 4: duplicate key"),
        ];
        for (text, expected) in cases {
            let error = Packet::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("orange") && !error.contains("1980"), "{error}");
        }
    }

    #[test]
    fn everything_is_bounded() {
        let many =
            |table: &str, count: usize| format!("name = \"A\"\n{}", format!("[[{table}]]\n").repeat(count));
        for (table, most) in [("address", 8), ("telephone", 16), ("relative", 16), ("vehicle", 8)] {
            assert!(Packet::parse(&many(table, most)).is_ok(), "{table}");
            assert!(
                matches!(Packet::parse(&many(table, most + 1)), Err(PacketError::TooMany { .. })),
                "{table}"
            );
        }
        let long = format!("name = \"A\"\n#{}", "x".repeat(FILE_BYTES_MAX));
        assert!(matches!(Packet::parse(&long), Err(PacketError::TooLarge { .. })));
        let mut photo = vec![0xff, 0xd8, 0xff];
        photo.resize(PHOTO_BYTES_MAX, 0);
        assert_eq!(Photo::new(photo.clone()).unwrap().extension(), Some("jpg"));
        photo.push(0);
        assert!(matches!(Photo::new(photo), Err(PacketError::TooLarge { .. })));
        assert_eq!(Photo::new(b"GIF89a".to_vec()), Err(PacketError::Photo));
    }

    #[test]
    fn a_packet_cannot_be_printed() {
        let text = "name = \"orange\"\n[words]\ndistress = \"orange\"\n[[vehicle]]\nplate = \"orange\"\n";
        let shown = format!("{:?}", Packet::parse(text).unwrap());
        assert!(!shown.contains("orange"), "{shown}");
    }
}
