//! Schedules: layers of rotations, and who has the turn. Serves G8: at every instant a schedule names one person or none, the same
//! one to everybody who asks.
//!
//! Built by `read.rs`, asked by `duty.rs`. Turns of whole days are counted on the calendar, so that a hand-over at 09:00 stays at
//! 09:00 when the clocks change; other turns are elapsed time.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday};
use types::{PersonId, ScheduleId, Span, Timestamp};

use crate::wall::Wall;

const DAY_SECONDS: u64 = 86_400;
const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// Hours repeat every week; a time that began the day before may still last.
const DAYS_LOOKED_AT: std::ops::RangeInclusive<i64> = -1..=8;

/// Who is on duty when: layers of which a later one wins where it has somebody on duty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Its name.
    pub id: ScheduleId,
    pub(crate) wall: Wall,
    pub(crate) layers: Vec<Layer>,
}

/// A rotation: people who take turns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// In the order of their turns; never empty.
    pub people: Vec<PersonId>,
    /// The beginning of the first turn, by the schedule's clock. Before it the layer has nobody.
    pub from: DateTime,
    /// The length of a turn.
    pub every: Span,
    /// When the layer has anybody on duty; always, if there are none.
    pub hours: Option<Hours>,
}

/// Hours of some days, by the schedule's clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hours {
    /// Days on which they begin; never empty.
    pub days: Vec<Weekday>,
    /// When they begin.
    pub from: Time,
    /// When they end: on the day after, unless this is later than `from`.
    pub to: Time,
}

impl Schedule {
    /// The IANA name of the zone in which its times are meant.
    #[must_use]
    pub fn time_zone(&self) -> &str {
        self.wall.name()
    }

    /// Its layers; later ones win.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Everybody who is in a rotation, in the order of the file.
    pub fn people(&self) -> impl Iterator<Item = &PersonId> {
        self.layers.iter().flat_map(|layer| &layer.people)
    }

    /// Who has the turn in the highest layer that has anybody.
    pub(crate) fn holder(&self, at: Timestamp) -> Option<&PersonId> {
        let shown = self.wall.shows(at);
        self.layers.iter().rev().find_map(|layer| layer.holder(&self.wall, at, shown))
    }

    /// The next instant at which a turn or hours begin or end.
    pub(crate) fn next_edge(&self, at: Timestamp) -> Option<Timestamp> {
        let shown = self.wall.shows(at);
        self.layers.iter().filter_map(|layer| layer.next_edge(&self.wall, at, shown)).min()
    }
}

impl Layer {
    fn holder(&self, wall: &Wall, at: Timestamp, shown: DateTime) -> Option<&PersonId> {
        let within = self.hours.as_ref().is_none_or(|hours| hours.contains(shown));
        let turn = self.turn(wall, at, shown).filter(|_| within)?;
        let seat = turn.checked_rem(u64::try_from(self.people.len()).ok()?)?;
        self.people.get(usize::try_from(seat).ok()?)
    }

    /// The length of a turn in days, where it is a whole number of them.
    fn whole_days(&self) -> Option<u64> {
        let seconds = self.every.seconds();
        seconds.is_multiple_of(DAY_SECONDS).then_some(seconds / DAY_SECONDS)
    }

    /// How many hand-overs there were after the first one; nothing before the first one.
    fn turn(&self, wall: &Wall, at: Timestamp, shown: DateTime) -> Option<u64> {
        if shown < self.from {
            return None;
        }
        let elapsed = match self.whole_days() {
            Some(_) => shown.duration_since(self.from).as_secs(),
            None => seconds_between(wall.reaches(self.from), at),
        };
        u64::try_from(elapsed).ok()?.checked_div(self.every.seconds())
    }

    fn next_edge(&self, wall: &Wall, at: Timestamp, shown: DateTime) -> Option<Timestamp> {
        let Some(turn) = self.turn(wall, at, shown) else { return Some(wall.reaches(self.from)) };
        let hand_over = if self.people.len() > 1 { self.hand_over(wall, turn + 1) } else { None };
        let hours = self.hours.as_ref().and_then(|hours| hours.next_edge(shown));
        hand_over.into_iter().chain(hours.map(|edge| wall.reaches(edge))).min()
    }

    /// When a turn begins, counted from 0.
    fn hand_over(&self, wall: &Wall, turn: u64) -> Option<Timestamp> {
        let after = i64::try_from(turn.checked_mul(self.every.seconds())?).ok()?;
        match self.whole_days() {
            Some(_) => Some(wall.reaches(self.from.checked_add(SignedDuration::from_secs(after)).ok()?)),
            None => {
                let after = after.checked_mul(NANOS_PER_SECOND)?;
                wall.reaches(self.from).as_nanos().checked_add(after).map(Timestamp::from_nanos)
            }
        }
    }
}

impl Hours {
    /// Whether a date and time lie within, the beginning included and the end not.
    fn contains(&self, shown: DateTime) -> bool {
        let yesterday = shown.date().yesterday().ok();
        let days = [Some(shown.date()), yesterday];
        days.into_iter()
            .flatten()
            .filter_map(|day| self.of(day))
            .any(|(from, to)| from <= shown && shown < to)
    }

    /// The next date and time at which hours begin or end.
    fn next_edge(&self, shown: DateTime) -> Option<DateTime> {
        let day = |ahead: i64| shown.date().checked_add(SignedDuration::from_hours(24 * ahead)).ok();
        let hours = DAYS_LOOKED_AT.filter_map(day).filter_map(|day| self.of(day));
        hours.flat_map(|(from, to)| [from, to]).filter(|edge| *edge > shown).min()
    }

    /// The hours that begin on a day.
    fn of(&self, day: Date) -> Option<(DateTime, DateTime)> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let last = if self.to > self.from { day } else { day.tomorrow().ok()? };
        Some((day.to_datetime(self.from), last.to_datetime(self.to)))
    }
}

/// Whole seconds between two instants.
fn seconds_between(from: Timestamp, until: Timestamp) -> i64 {
    until.as_nanos().saturating_sub(from.as_nanos()).div_euclid(NANOS_PER_SECOND)
}
