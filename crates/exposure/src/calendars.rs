//! When it is worst to begin (G2): just in time for a calendar that is about to close, or a sum of periods before that.
//!
//! These are enough. Take any strategy and begin later, everything else as late as it may: what is submitted must still be after the
//! beginning, so far apart as the windows ask, and within hours. What stops the beginning from being later is then a chain of submissions
//! from it to one that would be outside of hours: the last second of some hours, less the periods between. (What must be in time by the end
//! only gains by a later beginning.) Openings are tried too, because they read better. Called by `search` when a permit has a calendar.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use policy::{Calendar, CivilEnd};
use types::Timestamp;

/// The most beginnings that are tried.
const STARTS_MAX: usize = 160;
/// An ordinary Monday, and how many days from it are looked at for edges.
const MONDAY: (i16, i8, i8) = (2027, 1, 11);
const EDGE_DAYS: i64 = 7;

/// Opening and closing of the calendars over some days.
struct Edges {
    opens: Vec<i64>,
    closes: Vec<i64>,
}

fn seconds(zone: &TimeZone, date: Date, time: Time) -> Option<i64> {
    let at = zone.to_timestamp(DateTime::from_parts(date, time)).ok()?;
    Some(at.as_second())
}

fn edges(calendars: &[&Calendar], zone: &TimeZone, monday: Date, days: i64) -> Edges {
    let mut edges = Edges { opens: Vec::new(), closes: Vec::new() };
    for day in 0..days {
        let Ok(date) = monday.checked_add(jiff::Span::new().days(day)) else { continue };
        for calendar in calendars.iter().filter(|calendar| calendar.days.contains(&date.weekday())) {
            let end = match calendar.to {
                CivilEnd::At(time) => seconds(zone, date, time),
                CivilEnd::Midnight => {
                    date.tomorrow().ok().and_then(|next| seconds(zone, next, Time::midnight()))
                }
            };
            edges.opens.extend(seconds(zone, date, calendar.from));
            edges.closes.extend(end);
        }
    }
    for list in [&mut edges.opens, &mut edges.closes] {
        list.sort_unstable();
        list.dedup();
    }
    edges
}

/// Mondays of weeks that differ: an ordinary one, and those in which the clocks change within the year after it, with the weeks before and
/// after, because a strategy may reach from one into the other.
fn mondays(zone: &TimeZone) -> Vec<Date> {
    let (year, month, day) = MONDAY;
    let Ok(first) = Date::new(year, month, day) else { return Vec::new() };
    let Some(start) = seconds(zone, first, Time::midnight()) else { return vec![first] };
    let Ok(start) = jiff::Timestamp::from_second(start) else { return vec![first] };
    let year_later = first.checked_add(jiff::Span::new().days(365)).unwrap_or(first);
    let changes = zone.following(start).map(|change| zone.to_datetime(change.timestamp()).date());
    let of_week = |date: Date| {
        let back = i64::from(date.weekday().to_monday_zero_offset());
        date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
    };
    let changes = changes.take_while(|date| *date < year_later).take(4).map(of_week);
    let around = changes.flat_map(|monday| {
        [0, -7, 7].map(|days| monday.checked_add(jiff::Span::new().days(days)).unwrap_or(monday))
    });
    std::iter::once(first).chain(around).collect()
}

/// A beginning: when, and which instants after it open a calendar.
pub(crate) struct Beginning {
    pub at: Timestamp,
    pub openings: Vec<u64>,
}

/// The open hours of each calendar around one week, in seconds since 1970.
struct Hours(Vec<Vec<(i64, i64)>>);

impl Hours {
    fn of(calendars: &[&Calendar], zone: &TimeZone, monday: Date, days: i64) -> Self {
        let first = monday.checked_sub(jiff::Span::new().days(days)).unwrap_or(monday);
        let hours = |calendar: &&Calendar| {
            let edges = edges(&[*calendar], zone, first, 2 * days + EDGE_DAYS);
            edges.opens.into_iter().zip(edges.closes).collect()
        };
        Self(calendars.iter().map(hours).collect())
    }

    /// What is open from a beginning on, seen from there. Two beginnings with the same pattern are as good as each other.
    fn pattern(&self, start: i64, reach: i64) -> Vec<(usize, i64, i64)> {
        let mut pattern = Vec::new();
        for (at, hours) in self.0.iter().enumerate() {
            let inside = hours.iter().filter(|(open, close)| *close > start && *open <= start + reach);
            pattern.extend(
                inside.map(|(open, close)| (at, (open - start).max(0), (close - start).min(reach + 1))),
            );
        }
        pattern
    }
}

/// The beginnings to try, and whether these are all that matter.
pub(crate) fn beginnings(
    calendars: &[&Calendar],
    zone: &TimeZone,
    sums: &[u64],
    reach: u64,
) -> (Vec<Beginning>, bool) {
    let reach = i64::try_from(reach).unwrap_or(i64::MAX / 2);
    let days = (reach / 86_400).min(400) + 2;
    let mut seen: BTreeSet<Vec<(usize, i64, i64)>> = BTreeSet::new();
    let mut found = Vec::new();
    for monday in mondays(zone) {
        let near = edges(calendars, zone, monday, EDGE_DAYS);
        let hours = Hours::of(calendars, zone, monday, days);
        let closes: Vec<i64> = near.closes.iter().map(|close| close - 1).collect();
        // Those that stand at an edge themselves first.
        for sum in sums.iter().filter_map(|sum| i64::try_from(*sum).ok()) {
            let opens = near.opens.iter().filter(|_| sum == 0);
            for start in opens.chain(&closes).map(|anchor| anchor - sum) {
                let pattern = hours.pattern(start, reach);
                if pattern.is_empty() || seen.contains(&pattern) {
                    continue;
                }
                if found.len() >= STARTS_MAX {
                    return (found, false);
                }
                let openings = pattern.iter().filter_map(|(_, open, _)| u64::try_from(*open).ok()).collect();
                seen.insert(pattern);
                found.push(Beginning { at: Timestamp::from_millis(start * 1000), openings });
            }
        }
    }
    (found, true)
}
