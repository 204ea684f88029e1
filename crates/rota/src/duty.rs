//! Who is on duty, when that changes, and when nobody is. Serves G8: an override wins over every layer exactly as long as it lasts,
//! and a gap is found before an alarm falls into it.
//!
//! Called through [`CallPlan`] by the covert ledger (at each instant) and by pages and warnings (ahead of time).

use types::{PersonId, ScheduleId, Span, Timestamp};

use crate::limits::{LOOK_AHEAD_EDGES_MAX, LOOK_AHEAD_SECONDS_MAX};
use crate::plan::{CallPlan, Override};
use crate::schedule::Schedule;

impl CallPlan {
    /// Who is on duty in a schedule: by the last override given that covers the instant, or else by its layers.
    #[must_use]
    pub fn on_duty<'p>(
        &'p self,
        schedule: &ScheduleId,
        overrides: &'p [Override],
        at: Timestamp,
    ) -> Option<&'p PersonId> {
        self.schedule(schedule).and_then(|schedule| duty(schedule, overrides, at))
    }

    /// When the person on duty changes next (also to or from nobody); nothing if that is not within 400 days.
    #[must_use]
    pub fn next_change(
        &self,
        schedule: &ScheduleId,
        overrides: &[Override],
        at: Timestamp,
    ) -> Option<Timestamp> {
        let schedule = self.schedule(schedule)?;
        let until = horizon(at);
        let now = duty(schedule, overrides, at);
        let mut edges = Edges { schedule, overrides, at, left: LOOK_AHEAD_EDGES_MAX };
        edges
            .find(|edge| *edge > until || duty(schedule, overrides, *edge) != now)
            .filter(|edge| *edge <= until)
    }

    /// The times in `[from, until)` at which a schedule has nobody on duty, for each schedule in order. Looks at most 400 days ahead.
    #[must_use]
    pub fn gaps(
        &self,
        overrides: &[Override],
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(ScheduleId, Timestamp, Timestamp)> {
        let until = until.min(horizon(from));
        let mut gaps = Vec::new();
        for schedule in &self.schedules {
            let of = gaps_of(schedule, overrides, from, until).into_iter();
            gaps.extend(of.map(|(from, until)| (schedule.id.clone(), from, until)));
        }
        gaps
    }
}

fn horizon(at: Timestamp) -> Timestamp {
    at.after(Span::from_seconds(LOOK_AHEAD_SECONDS_MAX))
}

fn duty<'p>(schedule: &'p Schedule, overrides: &'p [Override], at: Timestamp) -> Option<&'p PersonId> {
    let standing_in = overrides.iter().rev().find(|over| over.covers(&schedule.id, at));
    standing_in.map(|over| &over.person).or_else(|| schedule.holder(at))
}

fn gaps_of(
    schedule: &Schedule,
    overrides: &[Override],
    from: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut gaps: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut edges = Edges { schedule, overrides, at: from, left: LOOK_AHEAD_EDGES_MAX };
    let mut begin = from;
    while begin < until {
        let end = match edges.next() {
            Some(edge) => edge.min(until),
            // What was not looked at is not called a gap.
            None if edges.left == 0 => break,
            None => until,
        };
        if duty(schedule, overrides, begin).is_none() {
            match gaps.last_mut() {
                Some(last) if last.1 == begin => last.1 = end,
                _ => gaps.push((begin, end)),
            }
        }
        begin = end;
    }
    gaps
}

/// The instants after one at which who is on duty may change, in order.
struct Edges<'p> {
    schedule: &'p Schedule,
    overrides: &'p [Override],
    at: Timestamp,
    left: usize,
}

impl Iterator for Edges<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        self.left = self.left.checked_sub(1)?;
        let given = self.overrides.iter().filter(|over| over.schedule == self.schedule.id);
        let given = given.flat_map(|over| [over.from, over.until]);
        let edges = given.chain(self.schedule.next_edge(self.at)).filter(|edge| *edge > self.at);
        self.at = edges.min()?;
        Some(self.at)
    }
}
