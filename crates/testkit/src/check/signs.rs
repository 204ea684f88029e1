//! Presses of protected people, check-ins, and what is missed (G3, G8). Called by `check`.

use covert::{Command, Event, SignalKind};
use gate::{Noted, Refusal};

use super::{Checker, Held, hold};
use crate::coverage::Seen;
use crate::ledger::{Act, SECOND, person_number};
use crate::org::{Actor, PROTECTED};
use crate::play::Happening;
use crate::signs::{Missed, Schedule, is_within_bounds};
use crate::story::{Step, What};

impl Checker<'_, '_> {
    /// G8: an alarm is a signal that waits for delivery; nobody's leads to nothing; the same press is one press.
    pub(super) fn pressed(&mut self, whose: Option<usize>, alarm: bool, happening: &Happening) -> Held {
        let known = whose.filter(|whose| *whose < self.ledger.current().policy.protected.len());
        let again = known.is_some_and(|whose| self.ledger.is_same_press(whose, alarm, self.now));
        let Some(whose) = known.filter(|_| !again) else {
            self.coverage.see(if again { Seen::SamePress } else { Seen::NobodysPress });
            return hold(happening.notes.is_empty(), || {
                "a press of nobody, or the same press, did something".into()
            });
        };
        let called = |note: &Noted| matches!(&note.event, Event::Called { protected, .. } if protected.as_str() == PROTECTED[whose]);
        hold(happening.notes.len() == 1 && happening.notes.iter().all(called), || {
            "G8 broken: a protected person pressed and nothing came of it".into()
        })?;
        hold(happening.alarmed == alarm, || {
            format!(
                "G8 broken: a press that is an alarm: {alarm}, a signal that waits: {}",
                happening.alarmed
            )
        })?;
        self.coverage.see(if alarm { Seen::Calls } else { Seen::Pauses });
        self.ledger.pressed(whose, alarm, self.now);
        Ok(())
    }

    /// G8: a button is a signal that waits for delivery, also where nobody of the register lives.
    pub(super) fn button(&mut self, home: usize, happening: &Happening) -> Held {
        if self.ledger.is_same_button(home, self.now) {
            return hold(happening.notes.is_empty(), || "the same press of a button did something".into());
        }
        let pressed = |note: &Noted| matches!(note.event, Event::Pressed { .. });
        hold(happening.notes.len() == 1 && happening.notes.iter().all(pressed), || {
            "G8 broken: a button was pressed and nothing came of it".into()
        })?;
        hold(happening.alarmed, || "G8 broken: a button gave no signal that waits".into())?;
        self.coverage.see(Seen::Buttons);
        self.ledger.button(home, self.now);
        Ok(())
    }

    /// G3: what an author is told of their own schedule follows from their own acts alone.
    pub(super) fn own_act(&mut self, step: &Step, happening: &Happening) -> Held {
        let person = if let Actor::Person(person) = step.by { Some(person) } else { None };
        let has_schedule = person.is_some_and(|person| self.ledger.signs.schedules.contains_key(&person));
        let expected = match step.what {
            What::Schedule(..) if !self.ledger.is_person(step.by) => Err("no-such-person"),
            What::Schedule(every, next, grace) => {
                if is_within_bounds(every, next, grace) {
                    Ok(())
                } else {
                    Err("schedule-out-of-bounds")
                }
            }
            What::CheckIn | What::EndSchedule if has_schedule => Ok(()),
            What::CheckIn | What::EndSchedule => Err("no-schedule"),
            _ => return Ok(()),
        };
        let told = happening.outcome.as_ref().map(|_| ()).map_err(Refusal::code);
        hold(told == expected, || format!("G3 broken: expected {expected:?}, was told {told:?}"))
    }

    pub(super) fn signs_acted(&mut self, act: Act, command: &Command) -> Held {
        let Actor::Person(person) = act.by else { return Err("nobody acted".into()) };
        match command {
            Command::Schedule { every, next, grace, .. } => {
                let nanos = |span: &types::Span| span.seconds() as i64 * SECOND;
                let (every, grace) = (nanos(every), nanos(grace));
                let schedule = Schedule { every, next: next.as_nanos(), grace, missed: Missed::No };
                self.ledger.signs.schedules.insert(person, schedule);
            }
            Command::CheckIn => {
                self.coverage.see(Seen::CheckIns);
                self.ledger.checked_in(person, self.now);
            }
            Command::EndSchedule => drop(self.ledger.signs.schedules.remove(&person)),
            Command::EndPause { protected } => {
                let whose = PROTECTED.iter().position(|name| *name == protected.as_str());
                let whose = whose.ok_or("the stop of nobody")?;
                if self.ledger.endorse_end(whose, act) {
                    self.coverage.see(Seen::PausesEnded);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// G8: a missed check-in is told of at its time: first to ask, then as an alarm, and no third time.
    pub(super) fn missed(&mut self, note: &Noted) -> Held {
        let Event::Signalled { who, kind: SignalKind::MissedCheckIn, .. } = &note.event else {
            return Ok(());
        };
        let who = person_number(who.as_str()).ok_or("an unknown person")?;
        hold(self.ledger.is_missed(who, self.now), || "a check-in is said to be missed and is not".into())?;
        let second = self.ledger.told_of_missed(who, self.now);
        self.coverage.see(if second { Seen::CheckInsAlarmed } else { Seen::CheckInsMissed });
        Ok(())
    }
}
