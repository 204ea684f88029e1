//! What stands before a frame's text, in the clear: which kind, which number, over which line, for which account.

use std::fmt;

/// What a frame is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    /// Events in the SIA format.
    Sia,
    /// An event in the Contact ID format.
    ContactId,
    /// Nothing but a sign of life.
    Null,
    /// It was taken.
    Ack,
    /// Its time was wrong; here is the right one.
    Nak,
    /// It was understood as a frame, and nothing can be done with it.
    Duh,
    /// Something else: 1 to 10 capital letters, digits or hyphens.
    Other(String),
}

const TOKEN_BYTES_MAX: usize = 10;

impl Token {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"SIA-DCS" => Self::Sia,
            b"ADM-CID" => Self::ContactId,
            b"NULL" => Self::Null,
            b"ACK" => Self::Ack,
            b"NAK" => Self::Nak,
            b"DUH" => Self::Duh,
            other => {
                let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-';
                let fits = (1..=TOKEN_BYTES_MAX).contains(&other.len()) && other.iter().all(plain);
                Self::Other(ascii(other).filter(|_| fits)?)
            }
        })
    }

    /// As frames write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sia => "SIA-DCS",
            Self::ContactId => "ADM-CID",
            Self::Null => "NULL",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Duh => "DUH",
            Self::Other(text) => text,
        }
    }

    /// Whether it has data that begin with the account.
    #[must_use]
    pub const fn has_data(&self) -> bool {
        matches!(self, Self::Sia | Self::ContactId)
    }
}

/// A frame's number, 0000 to 9999. An answer repeats it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sequence(u16);

impl Sequence {
    /// The highest.
    pub const MAX: u16 = 9999;
    /// That of an answer to nothing in particular.
    pub const ZERO: Self = Self(0);

    /// A number from 0 to [`Sequence::MAX`].
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The one after it: 0001 follows 9999.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 >= Self::MAX { Self(1) } else { Self(self.0 + 1) }
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// Hexadecimal digits that keep the case in which they were written, and do not differ by it.
#[derive(Clone)]
struct Digits(String);

impl Digits {
    fn parse(text: &str, least: usize, most: usize) -> Option<Self> {
        let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(text.to_owned()))
    }

    fn plain(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

macro_rules! digits {
    ($(#[$doc:meta])* $name:ident, $least:literal, $most:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Digits);

        impl $name {
            #[doc = concat!("Parses ", stringify!($least), " to ", stringify!($most), " hexadecimal digits.")]
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Digits::parse(text, $least, $most).map(Self)
            }

            /// As it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str().eq_ignore_ascii_case(other.as_str())
            }
        }

        impl Eq for $name {}

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.0.plain().cmp(&other.0.plain())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.as_str())
            }
        }
    };
}

digits! {
    /// The number of a receiver or of a line.
    Number, 1, 6
}
digits! {
    /// Whose panel it is, by the alarm centre's number.
    Account, 3, 16
}

impl Number {
    /// `0`, for those who use no such numbers.
    #[must_use]
    pub fn zero() -> Self {
        Self(Digits("0".to_owned()))
    }
}

/// Everything before the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// What it is.
    pub token: Token,
    /// Its number.
    pub sequence: Sequence,
    /// The receiver, where one was agreed.
    pub receiver: Option<Number>,
    /// The line.
    pub line: Number,
    /// The account; a NAK has none.
    pub account: Option<Account>,
}

impl Head {
    /// The head of an answer to a frame: everything but what it says.
    #[must_use]
    pub fn answer(&self, token: Token) -> Self {
        Self { token, ..self.clone() }
    }

    /// The head of a NAK, which names nobody.
    #[must_use]
    pub fn nak() -> Self {
        Self {
            token: Token::Nak,
            sequence: Sequence::ZERO,
            receiver: Some(Number::zero()),
            line: Number::zero(),
            account: None,
        }
    }

    pub(crate) fn write(&self, encrypted: bool) -> String {
        let star = if encrypted { "*" } else { "" };
        let receiver = self.receiver.as_ref().map(|number| format!("R{number}")).unwrap_or_default();
        let account = self.account.as_ref().map_or_else(|| "A0".to_owned(), |account| format!("#{account}"));
        let (token, sequence, line) = (self.token.as_str(), self.sequence, &self.line);
        format!("\"{star}{token}\"{sequence}{receiver}L{line}{account}[")
    }
}

/// Bytes as text, if they are ASCII.
pub fn ascii(bytes: &[u8]) -> Option<String> {
    bytes.is_ascii().then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_keep_their_case_and_do_not_differ_by_it() {
        let (low, high) = (Account::parse("ab12").unwrap(), Account::parse("AB12").unwrap());
        assert_eq!(low, high);
        assert_eq!(low.cmp(&high), std::cmp::Ordering::Equal);
        assert_eq!((low.to_string().as_str(), high.as_str()), ("ab12", "AB12"));
        for bad in ["", "12", "xyz", "12345678901234567", "12 4", "-123"] {
            assert!(Account::parse(bad).is_none(), "{bad}");
        }
        assert!(Number::parse("1234567").is_none() && Number::parse("0").is_some());
    }

    #[test]
    fn numbers_go_round_without_zero() {
        let last = Sequence::new(9999).unwrap();
        assert_eq!(last.next().to_string(), "0001");
        assert_eq!(Sequence::ZERO.next().get(), 1);
        assert!(Sequence::new(10_000).is_none());
    }
}
