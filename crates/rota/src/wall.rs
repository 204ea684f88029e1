//! The clock on the wall of a time zone, read so that it never goes back. Serves G8: a hand-over happens once, and nobody is
//! off duty because the clocks were changed.
//!
//! INVARIANT: `reaches(civil)` is the first instant at which the wall shows `civil` or later, and `shows(at)` is the latest
//! that the wall has shown up to `at`, so that `shows(at) >= civil` exactly when `at >= reaches(civil)`. Called by `schedule.rs`.
//!
//! An hour that is skipped in spring: what was to happen within it happens at the jump. An hour that is repeated in autumn: what
//! happens within it happens the first time, and while it is repeated the clock counts as standing just before its end.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp as Instant};
use types::Timestamp;

/// No clock was ever turned back by more than a day (Manila, Juneau: the date line), and some more.
const TURNED_BACK_MAX: SignedDuration = SignedDuration::from_hours(26);
const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);
/// Two changes of the clocks within one skipped time are two too many.
const JUMPS_MAX: usize = 4;

/// A time zone's civil clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wall {
    name: String,
    zone: TimeZone,
}

impl Wall {
    /// The clock of an IANA zone, from the data that is compiled in.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        Some(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What a person reads there, for texts: after an hour was turned back it is less than what was shown.
    pub(crate) fn reads(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(instant(at))
    }

    /// The latest date and time that the wall has shown up to an instant.
    pub(crate) fn shows(&self, at: Timestamp) -> DateTime {
        let at = instant(at);
        let mut latest = self.zone.to_datetime(at);
        let including = at.checked_add(NANOSECOND).unwrap_or(at);
        for change in self.zone.preceding(including) {
            let change = change.timestamp();
            if at.duration_since(change) > TURNED_BACK_MAX {
                break;
            }
            latest = latest.max(self.last_before(change));
        }
        latest
    }

    /// What was shown just before a change of the clocks.
    fn last_before(&self, change: Instant) -> DateTime {
        self.zone.to_datetime(change.checked_sub(NANOSECOND).unwrap_or(change))
    }

    /// The first instant at which the wall shows a date and time, or a later one. Saturates at [`Timestamp::MAX`].
    pub(crate) fn reaches(&self, civil: DateTime) -> Timestamp {
        let ambiguous = self.zone.to_ambiguous_timestamp(civil);
        let Ok(earlier) = ambiguous.earlier() else { return Timestamp::MAX };
        let reached = match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => self.jump_past(civil, earlier),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => earlier,
        };
        i64::try_from(reached.as_nanosecond()).map_or(Timestamp::MAX, Timestamp::from_nanos)
    }

    /// The change of the clocks that skips a time; `before` lies before it by less than what is skipped.
    fn jump_past(&self, civil: DateTime, before: Instant) -> Instant {
        let mut jumps = self.zone.following(before).take(JUMPS_MAX).map(|change| change.timestamp());
        jumps.find(|jump| self.zone.to_datetime(*jump) >= civil).unwrap_or(before)
    }
}

fn instant(at: Timestamp) -> Instant {
    Instant::from_nanosecond(i128::from(at.as_nanos())).unwrap_or(Instant::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, civil: &str, instant: &str) {
        let wall = Wall::named(zone).unwrap();
        let civil: DateTime = civil.parse().unwrap();
        assert_eq!(wall.reaches(civil), Timestamp::parse(instant).unwrap(), "{civil} in {zone}");
    }

    #[test]
    fn a_skipped_time_is_reached_at_the_jump() {
        check("Europe/Paris", "2027-03-28T01:59", "2027-03-28T00:59:00Z");
        check("Europe/Paris", "2027-03-28T02:00", "2027-03-28T01:00:00Z");
        check("Europe/Paris", "2027-03-28T02:30", "2027-03-28T01:00:00Z");
        check("Europe/Paris", "2027-03-28T02:59", "2027-03-28T01:00:00Z");
        check("Europe/Paris", "2027-03-28T03:00", "2027-03-28T01:00:00Z");
        check("Europe/Paris", "2027-03-28T03:01", "2027-03-28T01:01:00Z");
        check("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z");
        check("Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30:00Z");
    }

    #[test]
    fn a_repeated_time_is_reached_once_the_first_time() {
        check("Europe/Paris", "2026-10-25T02:00", "2026-10-25T00:00:00Z");
        check("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30:00Z");
        check("Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00:00Z");
        check("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45:00Z");
        check("Australia/Lord_Howe", "2027-04-04T02:00", "2027-04-03T15:30:00Z");
    }

    #[test]
    fn a_day_that_a_country_skipped_is_reached_when_it_was_skipped() {
        check("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00:00Z");
        check("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00Z");
    }

    #[test]
    fn a_midnight_that_is_skipped_or_repeated_is_reached_once() {
        check("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00:00Z");
        check("America/Sao_Paulo", "2018-02-17T23:30", "2018-02-18T01:30:00Z");
        check("America/Sao_Paulo", "2018-02-18T00:00", "2018-02-18T03:00:00Z");
    }

    /// The invariant, at every minute of the days around a change of the clocks.
    #[test]
    fn what_is_shown_and_when_it_is_reached_agree() {
        let days = [
            ("Europe/Paris", "2027-03-27T12:00:00Z"),
            ("Europe/Paris", "2026-10-24T12:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T03:00:00Z"),
            ("Australia/Lord_Howe", "2027-04-03T03:00:00Z"),
            ("America/Sao_Paulo", "2018-02-17T12:00:00Z"),
            ("Pacific/Apia", "2011-12-29T12:00:00Z"),
            ("Antarctica/Troll", "2026-10-24T12:00:00Z"),
        ];
        for (zone, start) in days {
            let wall = Wall::named(zone).unwrap();
            let start = Timestamp::parse(start).unwrap();
            let minutes = (0..48 * 60).map(|m| Timestamp::from_millis(start.as_millis() + m * 60_000));
            let mut latest = wall.shows(start);
            for minute in minutes {
                let shown = wall.shows(minute);
                assert!(shown >= latest, "{zone} went back at {minute}");
                assert!(wall.reaches(shown) <= minute, "{zone} shows {shown} before it is reached");
                let next = shown.checked_add(NANOSECOND).unwrap();
                assert!(wall.reaches(next) > minute, "{zone} at {minute} has reached {next} already");
                latest = shown;
            }
        }
    }

    #[test]
    fn only_zones_that_exist_have_a_clock() {
        assert!(Wall::named("Europe/Paris").is_some());
        assert!(Wall::named("Europe/Lutetia").is_none());
        assert!(Wall::named("").is_none());
    }
}
