//! Instants and durations as people read them, in the organisation's time zone.

use jiff::tz::TimeZone;
use types::{Span, Timestamp};

use crate::Language;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A time zone by name; UTC when there is none of that name, which the times then say.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// From a name such as `Europe/Paris`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    fn zoned(&self, at: Timestamp) -> Option<jiff::Zoned> {
        let at = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())).ok()?;
        Some(at.to_zoned(self.0.clone()))
    }

    /// `20 November 2026, 10:30:05 (UTC+01:00)`.
    #[must_use]
    pub fn long(&self, at: Timestamp, language: Language) -> String {
        let Some(zoned) = self.zoned(at) else { return at.to_string() };
        let (day, month, year) = (zoned.day(), zoned.month(), zoned.year());
        let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        let date = match language {
            Language::En => format!("{day} {name} {year}, "),
            Language::Fr => format!("{day:02}/{month:02}/{year} à "),
        };
        let (hour, minute, second) = (zoned.hour(), zoned.minute(), zoned.second());
        format!("{date}{hour:02}:{minute:02}:{second:02} (UTC{})", offset(&zoned))
    }

    /// `20 November 2026 10:30`, or `20/11/2026 10:30`: where the zone was said before.
    #[must_use]
    pub fn short(&self, at: Timestamp, language: Language) -> String {
        let Some(zoned) = self.zoned(at) else { return at.to_string() };
        let (day, month, year) = (zoned.day(), zoned.month(), zoned.year());
        let name = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        let (hour, minute) = (zoned.hour(), zoned.minute());
        match language {
            Language::En => format!("{day} {name} {year} {hour:02}:{minute:02}"),
            Language::Fr => format!("{day:02}/{month:02}/{year} {hour:02}:{minute:02}"),
        }
    }

    /// `20 November 2026 10:30:05`, or `20/11/2026 10:30:05`.
    #[must_use]
    pub fn exact(&self, at: Timestamp, language: Language) -> String {
        let seconds = self.clock(at);
        format!("{}{}", self.short(at, language), seconds.get(5..).unwrap_or_default())
    }

    /// `10:30:05`.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        let Some(zoned) = self.zoned(at) else { return at.to_string() };
        format!("{:02}:{:02}:{:02}", zoned.hour(), zoned.minute(), zoned.second())
    }

    /// `2026-11-20T10:30:05+01:00`, for programs and spreadsheets.
    #[must_use]
    pub fn stamp(&self, at: Timestamp) -> String {
        let Some(zoned) = self.zoned(at) else { return at.to_string() };
        let (date, time) = (zoned.date(), self.clock(at));
        format!("{date}T{time}{}", offset(&zoned))
    }
}

fn offset(zoned: &jiff::Zoned) -> String {
    let seconds = zoned.offset().seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How long from one instant to a later one; nothing when it is earlier.
#[must_use]
pub fn between(from: Timestamp, to: Timestamp) -> Span {
    let nanos = to.as_nanos().saturating_sub(from.as_nanos()).max(0);
    Span::from_seconds(u64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(0))
}

/// `45 s`, `26 min`, `2 h 05 min`, `3 d 4 h`: rounded down, as one says it.
#[must_use]
pub fn spoken(span: Span, language: Language) -> String {
    let seconds = span.seconds();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let day = language.pick("d", "j");
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) if minutes % 60 == 0 => format!("{hours} h"),
        (0, _, _) => format!("{hours} h {:02} min", minutes % 60),
        _ if hours % 24 == 0 => format!("{days} {day}"),
        _ => format!("{days} {day} {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn times_are_those_of_the_zone_with_summer_time() {
        let paris = Zone::named("Europe/Paris");
        let winter = at("2026-11-20T09:30:05Z");
        assert_eq!(paris.long(winter, Language::En), "20 November 2026, 10:30:05 (UTC+01:00)");
        assert_eq!(paris.long(winter, Language::Fr), "20/11/2026 à 10:30:05 (UTC+01:00)");
        assert_eq!(paris.stamp(at("2026-07-01T09:30:05Z")), "2026-07-01T11:30:05+02:00");
        assert_eq!(paris.short(winter, Language::Fr), "20/11/2026 10:30");
        assert_eq!(paris.exact(winter, Language::En), "20 November 2026 10:30:05");
        assert_eq!(Zone::named("Mars/Olympus").clock(winter), "09:30:05");
        assert_eq!(Zone::named("America/St_Johns").stamp(winter), "2026-11-20T06:00:05-03:30");
    }

    #[test]
    fn durations_are_spoken() {
        let spoken = |seconds| spoken(Span::from_seconds(seconds), Language::En);
        let cases = [(45, "45 s"), (1_590, "26 min"), (7_200, "2 h"), (7_500, "2 h 05 min"), (86_400, "1 d")];
        for (seconds, text) in cases {
            assert_eq!(spoken(seconds), text);
        }
        assert_eq!(super::spoken(Span::from_hours(76), Language::Fr), "3 j 4 h");
        assert_eq!(between(at("2026-11-20T09:30:05Z"), at("2026-11-20T09:00:00Z")), Span::ZERO);
    }
}
