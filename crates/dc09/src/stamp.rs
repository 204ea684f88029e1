//! The time in a frame: `_HH:MM:SS,MM-DD-YYYY`, always UTC, and how far from now it may be.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use types::{Span, Timestamp};

/// How much later than now a frame's time may be, in seconds (the standard's figure).
pub const STAMP_EARLY_SECONDS: u64 = 20;
/// How long ago a frame's time may be, in seconds (the standard's figure).
pub const STAMP_LATE_SECONDS: u64 = 40;
/// The length of the text, without the `_` before it.
pub const STAMP_BYTES: usize = 19;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Whether a frame of this time may be believed now.
#[must_use]
pub fn is_current(stamp: Timestamp, now: Timestamp) -> bool {
    let oldest = now.before(Span::from_seconds(STAMP_LATE_SECONDS));
    let newest = now.after(Span::from_seconds(STAMP_EARLY_SECONDS));
    // A frame carries whole seconds: what was sent in this one is not older than it.
    whole_second(oldest) <= stamp && stamp <= newest
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_nanos(at.as_nanos().div_euclid(NANOS_PER_SECOND).saturating_mul(NANOS_PER_SECOND))
}

/// The time as frames write it, without the `_`; rounded down to the second.
#[must_use]
pub fn write_stamp(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())).unwrap_or_default();
    let civil = TimeZone::UTC.to_datetime(at);
    format!(
        "{:02}:{:02}:{:02},{:02}-{:02}-{:04}",
        civil.hour(),
        civil.minute(),
        civil.second(),
        civil.month(),
        civil.day(),
        civil.year()
    )
}

/// Reads exactly that form.
#[must_use]
pub fn parse_stamp(text: &[u8]) -> Option<Timestamp> {
    let bytes: &[u8; STAMP_BYTES] = text.try_into().ok()?;
    let [h1, h2, b':', m1, m2, b':', s1, s2, b',', n1, n2, b'-', d1, d2, b'-', y1, y2, y3, y4] = *bytes
    else {
        return None;
    };
    let (hour, minute, second) = (pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?);
    let (month, day) = (pair(n1, n2)?, pair(d1, d2)?);
    let year = i16::from(pair(y1, y2)?).checked_mul(100)?.checked_add(i16::from(pair(y3, y4)?))?;
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let at = TimeZone::UTC.to_timestamp(civil).ok()?;
    i64::try_from(at.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

fn pair(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    i8::try_from(digit(tens)? * 10 + digit(ones)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_time_is_written_and_read_in_one_form() {
        let stamp = at("2026-11-20T09:05:07.9Z");
        assert_eq!(write_stamp(stamp), "09:05:07,11-20-2026");
        assert_eq!(parse_stamp(b"09:05:07,11-20-2026"), Some(at("2026-11-20T09:05:07Z")));
        for bad in [
            "9:05:07,11-20-2026",
            "09:05:07,11-20-26",
            "09:05:60,11-20-2026",
            "24:00:00,11-20-2026",
            "09:05:07,20-11-2026",
            "09:05:07,02-29-2026",
            "09-05-07,11-20-2026",
            "09:05:0x,11-20-2026",
            "+9:05:07,11-20-2026",
            "09:05:07,11-20-9999",
            "",
        ] {
            assert_eq!(parse_stamp(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_window_is_the_standards() {
        let now = at("2026-11-20T09:05:07.5Z");
        let current = |seconds: i64| {
            is_current(
                Timestamp::from_nanos(at("2026-11-20T09:05:07Z").as_nanos() + seconds * NANOS_PER_SECOND),
                now,
            )
        };
        assert!(current(0) && current(20) && current(-40));
        assert!(!current(21) && !current(-41));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn every_second_round_trips(seconds in -5_000_000_000_i64..9_000_000_000) {
            let at = Timestamp::from_nanos(seconds * NANOS_PER_SECOND);
            prop_assert_eq!(parse_stamp(write_stamp(at).as_bytes()), Some(at));
        }
    }
}
