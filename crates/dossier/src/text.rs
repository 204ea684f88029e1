//! One field of a packet: text that is bounded, wiped when dropped, and cannot be printed by accident (G9).

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 300;
/// The longest passage, in bytes.
pub const PASSAGE_BYTES_MAX: usize = 8 * 1024;

/// Why a text does not fit. Never shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TextError {
    /// Nothing is there.
    #[error("a field is empty: fill it in or remove its line")]
    Empty,
    /// Too long.
    #[error("a field is longer than {0} bytes: shorten it, or move a part to `notes`")]
    TooLong(usize),
    /// Something that no field has.
    #[error("a field has control characters: remove them")]
    Control,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $most:ident $lines:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text.
            ///
            /// # Errors
            /// When it is empty, too long, or has control characters.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                Self::try_from(text.trim().to_owned())
            }

            /// The text itself. The name is meant to stand out in review.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;
            fn try_from(mut text: String) -> Result<Self, TextError> {
                match wrong(&text, $most, $lines) {
                    None => Ok(Self(text)),
                    Some(error) => {
                        text.zeroize();
                        Err(error)
                    }
                }
            }
        }

        impl From<$name> for String {
            fn from(mut text: $name) -> String {
                std::mem::take(&mut text.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

texts! {
    /// A single line.
    Line LINE_BYTES_MAX false;
    /// Several lines.
    Passage PASSAGE_BYTES_MAX true;
}

fn wrong(text: &str, most: usize, lines: bool) -> Option<TextError> {
    let plain = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\r' | '\t'));
    if text.trim().is_empty() {
        Some(TextError::Empty)
    } else if text.len() > most {
        Some(TextError::TooLong(most))
    } else if !text.chars().all(plain) {
        Some(TextError::Control)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_length_and_no_control_characters() {
        assert_eq!(Line::parse(" Alice Martin ").unwrap().reveal(), "Alice Martin");
        assert_eq!(Line::parse("  ").unwrap_err(), TextError::Empty);
        assert_eq!(Line::parse("a\nb").unwrap_err(), TextError::Control);
        // What a terminal would obey.
        assert_eq!(Line::parse("a\u{1b}[2Jb").unwrap_err(), TextError::Control);
        assert_eq!(Passage::parse("a\u{1b}[2Jb").unwrap_err(), TextError::Control);
        assert!(Line::parse(&"x".repeat(LINE_BYTES_MAX)).is_ok());
        assert_eq!(
            Line::parse(&"x".repeat(LINE_BYTES_MAX + 1)).unwrap_err(),
            TextError::TooLong(LINE_BYTES_MAX)
        );
        assert!(Passage::parse("a\nb\n").is_ok());
    }

    #[test]
    fn a_field_cannot_be_printed() {
        assert_eq!(format!("{:?}", Line::parse("orange").unwrap()), "Line(…)");
    }
}
