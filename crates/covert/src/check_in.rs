//! Check-ins: who has asked to be missed, until when, and what was done about it (G3, G8).
//!
//! What their author sees, [`Appointments`], follows from their own acts alone: not from what was missed, nor from what a phrase check found.

use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{Hash, PersonId, Span, Timestamp, hash_parts};

use crate::command::{Event, Refusal};
use crate::incident::IncidentId;
use crate::signal::SignalKind;
use crate::state::State;

/// The shortest time between two appointments.
pub const CHECK_IN_EVERY_MIN: Span = Span::from_seconds(15 * 60);
/// The longest time between two appointments, and until the first.
pub const CHECK_IN_EVERY_MAX: Span = Span::from_hours(31 * 24);
/// The least lateness that must be allowed.
pub const CHECK_IN_GRACE_MIN: Span = Span::from_seconds(5 * 60);
/// The most lateness that may be allowed.
pub const CHECK_IN_GRACE_MAX: Span = Span::from_hours(48);

/// What a person sees of their own schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Appointments {
    /// The time between two appointments.
    pub every: Span,
    /// The next one.
    pub next: Timestamp,
    /// How late a check-in may be.
    pub grace: Span,
    /// The last check-in.
    pub last: Option<Timestamp>,
}

/// How far responders have got with what was missed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Missed {
    No,
    Asked { at: Timestamp, incident: IncidentId },
    Alarmed,
}

/// One person's schedule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Schedule {
    appointments: Appointments,
    seed: Hash,
    missed: Missed,
}

impl Appointments {
    /// Within bounds, at an instant.
    pub(crate) fn check(&self, at: Timestamp) -> Result<(), Refusal> {
        let within = |span: Span, least: Span, most: Span| (least..=most).contains(&span);
        if !within(self.every, CHECK_IN_EVERY_MIN, CHECK_IN_EVERY_MAX) {
            return Err(Refusal::Schedule("`every` must be between 15m and 31d"));
        }
        if !within(self.grace, CHECK_IN_GRACE_MIN, CHECK_IN_GRACE_MAX) {
            return Err(Refusal::Schedule("`grace` must be between 5m and 48h"));
        }
        if self.next <= at || self.next > at.after(CHECK_IN_EVERY_MAX) {
            return Err(Refusal::Schedule("`next` must be in the future, at most 31d from now"));
        }
        Ok(())
    }

    /// A check-in is for the appointment that it is nearest to: the next is the one after. So a captor gains nothing by many.
    fn met(self, at: Timestamp) -> Self {
        let every = self.every.nanos().max(1);
        let since = at.as_nanos().saturating_sub(self.next.as_nanos()).saturating_add(every / 2);
        let ahead = since.div_euclid(every).saturating_add(1).max(0).saturating_mul(every);
        let next = Timestamp::from_nanos(self.next.as_nanos().saturating_add(ahead));
        Self { next, last: Some(at), ..self }
    }
}

impl Schedule {
    pub(crate) const fn new(appointments: Appointments, seed: Hash) -> Self {
        Self { appointments, seed, missed: Missed::No }
    }
}

impl State {
    /// A person's own schedule, as that person sees it.
    #[must_use]
    pub fn appointments(&self, person: &PersonId) -> Option<Appointments> {
        self.schedules.get(person).map(|schedule| schedule.appointments)
    }

    pub(crate) fn checked_in(&mut self, person: &PersonId, at: Timestamp) {
        if let Some(schedule) = self.schedules.get_mut(person) {
            schedule.appointments = schedule.appointments.met(at);
            schedule.missed = Missed::No;
        }
    }

    /// What has come of a signal that a check-in was missed.
    pub(crate) fn note_missed(&mut self, person: &PersonId, at: Timestamp, incident: IncidentId) {
        if let Some(schedule) = self.schedules.get_mut(person) {
            schedule.missed = match schedule.missed {
                Missed::No => Missed::Asked { at, incident },
                Missed::Asked { .. } | Missed::Alarmed => Missed::Alarmed,
            };
        }
    }

    /// The earliest check-in, by name, that responders must hear of now: to ask, and later as an alarm.
    pub(crate) fn missed(&self, policy: &Policy, now: Timestamp) -> Option<Event> {
        let is_due = |person: &PersonId, schedule: &Schedule| {
            let Appointments { next, grace, .. } = schedule.appointments;
            policy.person(person).is_some()
                && match schedule.missed {
                    Missed::No => next.after(grace) <= now,
                    Missed::Asked { at, incident } => {
                        at.after(grace) <= now && !self.is_taken_up(policy, incident)
                    }
                    Missed::Alarmed => false,
                }
        };
        let (who, schedule) = self.schedules.iter().find(|(person, schedule)| is_due(person, schedule))?;
        let due = schedule.appointments.next.as_nanos().to_be_bytes();
        let seed = hash_parts("rempart/missed/v1", &[&schedule.seed.0, &due]);
        Some(Event::Signalled { who: who.clone(), kind: SignalKind::MissedCheckIn, seed })
    }

    /// Whether a responder who counts has taken charge, or it is over.
    fn is_taken_up(&self, policy: &Policy, incident: IncidentId) -> bool {
        self.incident(incident).is_some_and(|incident| {
            incident.closed.is_some() || !self.counting(policy, incident, &incident.acknowledged).is_empty()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(hours * 3_600_000)
    }

    fn daily() -> Appointments {
        Appointments { every: Span::from_hours(24), next: at(100), grace: Span::from_hours(1), last: None }
    }

    #[test]
    fn a_check_in_is_for_the_nearest_appointment() {
        for (now, next) in
            [(70, 100), (87, 100), (88, 124), (99, 124), (100, 124), (101, 124), (111, 124), (113, 148)]
        {
            assert_eq!(daily().met(at(now)).next, at(next), "at {now}");
        }
    }

    #[test]
    fn bounds_are_exact() {
        let check = |appointments: Appointments| appointments.check(at(90));
        assert_eq!(check(daily()), Ok(()));
        for every in [CHECK_IN_EVERY_MIN, CHECK_IN_EVERY_MAX] {
            assert_eq!(check(Appointments { every, ..daily() }), Ok(()));
        }
        let beyond = [CHECK_IN_EVERY_MIN.seconds() - 1, CHECK_IN_EVERY_MAX.seconds() + 1];
        for every in beyond.map(Span::from_seconds) {
            assert!(check(Appointments { every, ..daily() }).is_err());
        }
        let beyond = [CHECK_IN_GRACE_MIN.seconds() - 1, CHECK_IN_GRACE_MAX.seconds() + 1];
        for grace in beyond.map(Span::from_seconds) {
            assert!(check(Appointments { grace, ..daily() }).is_err());
        }
        for next in [at(90), at(90).after(CHECK_IN_EVERY_MAX).after(Span::from_seconds(1)), Timestamp::MIN] {
            assert!(check(Appointments { next, ..daily() }).is_err());
        }
    }

    proptest! {
        /// However often somebody is made to check in, they are missed at most one and a half periods later.
        #[test]
        fn many_check_ins_buy_no_time(times in proptest::collection::vec(0i64..500, 1..20)) {
            let mut times = times;
            times.sort_unstable();
            let last = times.last().copied().unwrap_or(0);
            let met = times.iter().fold(daily(), |appointments, hour| appointments.met(at(*hour)));
            let latest = at(last).after(Span::from_hours(36)).max(daily().next);
            prop_assert!(met.next <= latest && met.next > at(last));
            prop_assert_eq!((met.next.as_nanos() - daily().next.as_nanos()) % daily().every.nanos(), 0);
        }
    }
}
