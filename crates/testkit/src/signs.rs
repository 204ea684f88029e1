//! What relatives and check-ins bring, said again in the plainest code: alarms, stops that end by themselves, appointments that are missed
//! (G4, G8). Part of the book; called by `check`.

use std::collections::BTreeMap;

use crate::ledger::{Act, Incident, Ledger, SECOND};
use crate::org::Actor;

/// Pressing again within this time is the same press.
const SAME_PRESS: i64 = 60 * SECOND;
const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// A stop that a protected person asked for.
#[derive(Clone, Debug)]
pub struct Pause {
    /// Who asked.
    pub whose: usize,
    /// When, in nanoseconds.
    pub asked: i64,
    /// When it ends by itself.
    pub until: i64,
    /// Whose matters.
    pub people: Vec<usize>,
    /// Who endorsed its end.
    pub ending: Vec<Act>,
}

/// What was done about a missed appointment.
#[derive(Clone, Copy, Debug)]
pub enum Missed {
    /// Nothing yet.
    No,
    /// Responders were told at this time, in this incident.
    Asked(i64, usize),
    /// They were told again.
    Alarmed,
}

/// A schedule, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Between two appointments.
    pub every: i64,
    /// The next one.
    pub next: i64,
    /// How late one may be.
    pub grace: i64,
    /// What was done about it.
    pub missed: Missed,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Stops, also those that have ended by themselves.
    pub pauses: Vec<Pause>,
    /// Schedules.
    pub schedules: BTreeMap<usize, Schedule>,
    /// Alarms: whose, when, in which incident.
    pub calls: Vec<(usize, i64, usize)>,
    /// Buttons: of which home, when, in which incident.
    pub buttons: Vec<(usize, i64, usize)>,
}

/// What the bounds of a schedule are, in seconds.
#[must_use]
pub fn is_within_bounds(every: u64, next: u64, grace: u64) -> bool {
    (15 * MINUTE..=31 * DAY).contains(&every)
        && (5 * MINUTE..=2 * DAY).contains(&grace)
        && (1..=31 * DAY).contains(&next)
}

impl Ledger<'_> {
    /// A sign of coercion: it joins the first open incident of one of those concerned or opens one, and always covers everything again.
    pub fn raise(&mut self, concerned: &[usize], at: i64, caller: Option<usize>) -> usize {
        let from = at - self.current().policy.look_back as i64 * SECOND;
        let open = self.incidents.iter().position(|incident| {
            incident.closed.is_none()
                && !incident.exercise
                && concerned.iter().any(|person| incident.subjects.contains_key(person))
        });
        let number = open.unwrap_or(self.incidents.len());
        if open.is_none() {
            self.incidents.push(Incident::default());
        }
        let incident = &mut self.incidents[number];
        incident.cover = None;
        incident.narrowing = None;
        incident.clearing.clear();
        incident.called_back.clear();
        for person in concerned {
            let subject = incident.subjects.entry(*person).or_insert((at, from));
            subject.1 = subject.1.min(from);
        }
        incident.callers.extend(caller);
        number
    }

    /// Whether a protected person's press is the one before again.
    #[must_use]
    pub fn is_same_press(&self, whose: usize, alarm: bool, now: i64) -> bool {
        if alarm {
            let last = self.signs.calls.iter().rev().find(|(caller, ..)| *caller == whose);
            last.is_some_and(|(_, at, incident)| {
                now < at + SAME_PRESS && self.incidents[*incident].closed.is_none()
            })
        } else {
            let mine = self.signs.pauses.iter().filter(|pause| pause.whose == whose);
            mine.into_iter().any(|pause| now < pause.until && now < pause.asked + SAME_PRESS)
        }
    }

    /// Whether somebody has called back everybody concerned who is still in the register.
    #[must_use]
    pub fn called_everybody_back(&self, incident: usize, by: &Act) -> bool {
        let incident = &self.incidents[incident];
        let people = self.current().policy.people.len();
        let called = |subject: &usize| {
            incident.called_back.iter().any(|(act, whom)| act.by == by.by && whom == subject)
        };
        incident.subjects.keys().filter(|subject| **subject < people).all(called)
    }

    /// Whether a home's button is the one before again.
    #[must_use]
    pub fn is_same_button(&self, home: usize, now: i64) -> bool {
        let last = self.signs.buttons.iter().rev().find(|(pressed, ..)| *pressed == home);
        last.is_some_and(|(_, at, incident)| {
            now < at + SAME_PRESS && self.incidents[*incident].closed.is_none()
        })
    }

    /// A button that counts: for everybody of the home, and those to whom protected people there belong.
    pub fn button(&mut self, home: usize, at: i64) {
        let policy = &self.current().policy;
        let there = |homes: &Vec<usize>| homes.contains(&home);
        let mut people: Vec<usize> =
            (0..policy.people.len()).filter(|person| there(&policy.people[*person].homes)).collect();
        let protected = policy.protected.iter().filter(|protected| there(&protected.homes));
        people.extend(protected.flat_map(|protected| protected.of.iter().copied()));
        people.sort_unstable();
        people.dedup();
        let incident = self.raise(&people, at, None);
        self.signs.buttons.push((home, at, incident));
    }

    /// A press that counts.
    pub fn pressed(&mut self, whose: usize, alarm: bool, at: i64) {
        let policy = &self.current().policy;
        let people = policy.protected[whose].of.clone();
        if alarm {
            let incident = self.raise(&people, at, Some(whose));
            self.signs.calls.push((whose, at, incident));
        } else {
            let until = at + policy.relative_expires as i64 * SECOND;
            self.signs.pauses.retain(|pause| pause.whose != whose);
            self.signs.pauses.push(Pause { whose, asked: at, until, people, ending: Vec::new() });
        }
    }

    /// Whether a stop of a protected person keeps a matter back.
    #[must_use]
    pub fn is_paused(&self, actors: &[Actor], now: i64) -> bool {
        let operators = &self.current().policy.operators;
        let stopped = |person: &usize| {
            self.signs.pauses.iter().any(|pause| now < pause.until && pause.people.contains(person))
        };
        actors.iter().any(|actor| match actor {
            Actor::Person(person) => stopped(person),
            Actor::Service => operators.iter().any(stopped),
            Actor::Stranger => false,
        })
    }

    /// Whether a person is neither a relative of a protected one nor of the same home.
    #[must_use]
    pub fn is_stranger_to(&self, whose: usize, person: usize) -> bool {
        let policy = &self.current().policy;
        let protected = &policy.protected[whose];
        let shares = policy.people[person].homes.iter().any(|home| protected.homes.contains(home));
        !protected.of.contains(&person) && !shares
    }

    /// Somebody endorses the end of a stop; whether it has ended by that.
    pub fn endorse_end(&mut self, whose: usize, act: Act) -> bool {
        let Some(place) = self.signs.pauses.iter().position(|pause| pause.whose == whose) else {
            return false;
        };
        self.signs.pauses[place].ending.push(act);
        let pause = &self.signs.pauses[place];
        let concerned = Incident {
            subjects: pause.people.iter().map(|person| (*person, (0, 0))).collect(),
            callers: vec![whose],
            ..Incident::default()
        };
        let ended = self.clear_met_since(&concerned, &pause.ending).is_some();
        if ended {
            self.signs.pauses.remove(place);
        }
        ended
    }

    /// A check-in is for the appointment that it is nearest to.
    pub fn checked_in(&mut self, person: usize, now: i64) {
        if let Some(schedule) = self.signs.schedules.get_mut(&person) {
            while now >= schedule.next - schedule.every / 2 {
                schedule.next += schedule.every;
            }
            schedule.missed = Missed::No;
        }
    }

    /// Whether responders must hear of somebody's check-in now.
    #[must_use]
    pub fn is_missed(&self, person: usize, now: i64) -> bool {
        let Some(schedule) = self.signs.schedules.get(&person) else { return false };
        match schedule.missed {
            Missed::No => schedule.next + schedule.grace <= now,
            Missed::Asked(at, incident) => {
                let incident = &self.incidents[incident];
                let counts = |act: &Act| {
                    let by = if let Actor::Person(person) = act.by { Some(person) } else { None };
                    by.is_some_and(|by| self.is_stranger(incident, by)) && !self.is_tainted(act, None)
                };
                let taken_up = incident.closed.is_some() || incident.acknowledged.iter().any(counts);
                at + schedule.grace <= now && !taken_up
            }
            Missed::Alarmed => false,
        }
    }

    /// Responders were told; whether it was the second time.
    pub fn told_of_missed(&mut self, person: usize, at: i64) -> bool {
        let incident = self.raise(&[person], at, None);
        let Some(schedule) = self.signs.schedules.get_mut(&person) else { return false };
        let second = matches!(schedule.missed, Missed::Asked(..));
        schedule.missed = if second { Missed::Alarmed } else { Missed::Asked(at, incident) };
        second
    }
}
