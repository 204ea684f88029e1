//! Telephone numbers (E.164) and the address that a message comes from. Parsed where configuration comes in and never printed (G9).

use std::fmt;

const DIGITS_MIN: usize = 8;
const DIGITS_MAX: usize = 15;
const SHORT_CODE_DIGITS_MIN: usize = 3;
const LETTERS_MAX: usize = 11;

/// A telephone number with its country: 8 to 15 digits, with or without `+` before them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

impl Number {
    /// Parses one. National numbers (`06…`) and spaces are refused: who is called must not depend on where a server stands.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let fits = (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self(digits.to_owned()))
    }

    /// Its digits, without `+`.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(…)")
    }
}

/// Whom a message comes from, as the telephone shows it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) text: String,
    /// Type of number: 1 international, 3 network specific, 5 letters.
    pub(super) ton: u8,
    /// Numbering plan: 1 E.164, 0 unknown.
    pub(super) npi: u8,
}

impl Source {
    /// A number, a short code of 3 to 7 digits, or up to eleven letters, digits and spaces with a letter among them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(number) = Number::parse(text) {
            return Some(Self { text: number.0, ton: 1, npi: 1 });
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (SHORT_CODE_DIGITS_MIN..DIGITS_MIN).contains(&text.len()) {
            return Some(Self { text: text.to_owned(), ton: 3, npi: 0 });
        }
        let allowed =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'.'));
        let named = text.bytes().any(|byte| byte.is_ascii_alphabetic()) && text.trim() == text;
        (allowed && named && text.len() <= LETTERS_MAX).then(|| Self {
            text: text.to_owned(),
            ton: 5,
            npi: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_country() {
        for text in ["+33612345678", "33612345678", "12345678", "123456789012345"] {
            assert_eq!(Number::parse(text).unwrap().digits(), text.trim_start_matches('+'));
        }
        assert_eq!(Number::parse("+33612345678"), Number::parse("33612345678"));
        for text in [
            "",
            "+",
            "1234567",
            "1234567890123456",
            "0612345678",
            "0033612345678",
            "+33 612345678",
            "++33612345678",
            "3361234567a",
            "٣٣٦١٢٣٤٥٦٧٨",
            "33612345678\n",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_number_is_not_printed() {
        assert_eq!(format!("{:?}", Number::parse("33612345678")), "Some(Number(…))");
    }

    #[test]
    fn a_source_is_a_number_a_short_code_or_a_name() {
        let kind = |text| Source::parse(text).map(|source| (source.ton, source.npi));
        assert_eq!(kind("+33612345678"), Some((1, 1)));
        assert_eq!(Source::parse("+33612345678").unwrap().text, "33612345678");
        assert_eq!(kind("36180"), Some((3, 0)));
        assert_eq!(kind("REMPART"), Some((5, 0)));
        assert_eq!(kind("Alarm 24-7."), Some((5, 0)));
        for text in ["", "12", "0612345678", "TWELVELETTER", " X", "X ", "Été", "a\0b", "+", "---"] {
            assert_eq!(kind(text), None, "{text:?}");
        }
    }
}
