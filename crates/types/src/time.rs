//! Instants and durations. Nothing here reads a clock: time comes in as a [`Moment`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_MILLI: i64 = 1_000_000;

/// Why a text is not a time or a duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseTimeError {
    /// Not an RFC 3339 instant, or outside the years 1678 to 2261.
    #[error("`{0}` is not an RFC 3339 time such as `2026-11-20T09:30:00Z`")]
    Timestamp(String),
    /// Not a whole number followed by `s`, `m`, `h` or `d`.
    #[error("`{0}` is not a duration: write a whole number and a unit, such as `90s`, `30m`, `48h` or `7d`")]
    Span(String),
    /// A duration above [`Span::MAX`].
    #[error("`{0}` is too long: the longest duration is 36500d")]
    TooLong(String),
}

/// An instant, in nanoseconds since 1970-01-01T00:00:00Z. JSON: RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant.
    pub const MAX: Self = Self(i64::MAX);

    /// From milliseconds since 1970; saturates at the ends.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// From nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Milliseconds since 1970, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MILLI)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// This instant plus a duration; saturates at [`Timestamp::MAX`].
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.nanos()))
    }

    /// This instant less a duration; saturates at [`Timestamp::MIN`].
    #[must_use]
    pub fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.nanos()))
    }

    /// Parses RFC 3339.
    ///
    /// # Errors
    /// When the text is not an RFC 3339 instant with an offset.
    pub fn parse(text: &str) -> Result<Self, ParseTimeError> {
        let wrong = || ParseTimeError::Timestamp(text.chars().take(64).collect());
        let parsed: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        i64::try_from(parsed.as_nanosecond()).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => f.write_str("(out of range)"),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;
    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        Self::parse(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

/// An elapsed duration in whole seconds. Text: `90s`, `30m`, `48h`, `7d` (a day is 86 400 s).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "SpanWire", into = "SpanWire")]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration: 36 500 days.
    pub const MAX: Self = Self(36_500 * 86_400);

    /// From whole seconds; saturates at [`Span::MAX`].
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        if seconds > Self::MAX.0 { Self::MAX } else { Self(seconds) }
    }

    /// From whole hours; saturates at [`Span::MAX`].
    #[must_use]
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_seconds(hours.saturating_mul(3600))
    }

    /// Whole seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Nanoseconds; [`Span::MAX`] fits.
    #[must_use]
    pub fn nanos(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX).saturating_mul(NANOS_PER_SECOND)
    }

    /// Parses `90s`, `30m`, `48h`, `7d`.
    ///
    /// # Errors
    /// When the text has another form, or is longer than [`Span::MAX`].
    pub fn parse(text: &str) -> Result<Self, ParseTimeError> {
        let wrong = || ParseTimeError::Span(text.chars().take(64).collect());
        let unit = text.chars().last().ok_or_else(wrong)?;
        let factor: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let digits = text.strip_suffix(unit).ok_or_else(wrong)?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let too_long = || ParseTimeError::TooLong(text.chars().take(64).collect());
        let count: u64 = digits.parse().map_err(|_| too_long())?;
        match count.checked_mul(factor) {
            Some(seconds) if seconds <= Self::MAX.0 => Ok(Self(seconds)),
            _ => Err(too_long()),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            s if s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
            s if s % 3600 == 0 => write!(f, "{}h", s / 3600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Span {
    type Err = ParseTimeError;
    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        Self::parse(text)
    }
}

#[derive(Serialize, Deserialize)]
struct SpanWire(String);

impl From<Span> for SpanWire {
    fn from(span: Span) -> Self {
        Self(span.to_string())
    }
}

impl TryFrom<SpanWire> for Span {
    type Error = ParseTimeError;
    fn try_from(wire: SpanWire) -> Result<Self, ParseTimeError> {
        Self::parse(&wire.0)
    }
}

/// What the outside contributes to a step: the time, by two clocks, and entropy. The core has neither of its own.
///
/// `wall` and `steady` come from different clocks, so that the gate sees a jump of one against the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Civil time. May be wrong, and may go back.
    pub wall: Timestamp,
    /// Nanoseconds by a clock that never goes back, since some instant that `boot` names.
    pub steady: u64,
    /// Which run of the steady clock this is; a new one with every start of the server.
    pub boot: u64,
    /// Entropy for ids that this step creates.
    pub entropy: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_whole_numbers_with_a_unit() {
        assert_eq!(Span::parse("48h").unwrap().seconds(), 172_800);
        assert_eq!(Span::parse("0h").unwrap(), Span::ZERO);
        for bad in ["", "h", "48", "1.5h", "-1h", "1w", "+1h", "1 h", "99999999999999999999d", "36501d"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn timestamps_are_rfc_3339() {
        let time = Timestamp::parse("2026-11-20T10:30:00+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-11-20T09:30:00Z");
        assert!(Timestamp::parse("2026-11-20").is_err());
        assert!(Timestamp::parse("2026-11-20T09:30:00").is_err());
        assert!(Timestamp::parse("9999-01-01T00:00:00Z").is_err());
    }

    #[test]
    fn the_ends_saturate() {
        assert_eq!(Timestamp::MAX.after(Span::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.before(Span::MAX), Timestamp::MIN);
    }

    proptest! {
        #[test]
        fn spans_round_trip(seconds in 0..=Span::MAX.seconds()) {
            let span = Span::from_seconds(seconds);
            prop_assert_eq!(Span::parse(&span.to_string()).unwrap(), span);
        }

        #[test]
        fn timestamps_round_trip(nanos: i64) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
        }
    }
}
