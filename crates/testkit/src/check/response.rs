//! The covert lane: objections, and what responders do (G3, G5). Called by `check`.

use super::{Checker, Held, hold};
use crate::coverage::Seen;
use crate::ledger::{Act, Entry, Incident, SECOND, Status, person_number};
use crate::org::Actor;
use crate::play::Happening;
use crate::story::{Cover, Step, What};

impl Checker<'_, '_> {
    pub(super) fn covert(&mut self, step: &Step, happening: &Happening) -> Held {
        hold(happening.record.is_none(), || {
            "G3 broken: a covert command left a record in the overt chain".into()
        })?;
        if let What::Press(whose, alarm) = step.what {
            return self.pressed(whose, alarm, happening);
        }
        if let What::Button(home) = step.what {
            return self.button(home, happening);
        }
        if step.what == What::Deliver {
            return Ok(());
        }
        self.own_act(step, happening)?;
        self.attested(step, happening)?;
        let act = self.act(step, happening);
        if let What::Object(number) = step.what {
            let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
            // What is signed is on its way: nobody takes it back by objecting.
            let may = |entry: &Entry| {
                matches!(step.by, Actor::Person(person) if self.ledger.sees(person, entry))
                    && matches!(entry.status, Status::Pending | Status::Ready)
            };
            let expected = entry.is_some_and(|entry| self.ledger.is_person(step.by) && may(entry));
            hold(expected == happening.outcome.is_ok(), || {
                "G5 broken: an objection was refused, or a wrong one accepted".into()
            })?;
        }
        for note in &happening.notes {
            if let covert::Event::Acted { by, command } = &note.event {
                let by = person_number(by.as_str()).ok_or("an unknown responder")?;
                hold(Actor::Person(by) == step.by, || "another author".into())?;
                self.acted(act, command)?;
            }
        }
        Ok(())
    }

    pub(super) fn acted(&mut self, act: Act, command: &covert::Command) -> Held {
        use covert::Command as Covert;
        let incident = |id: &covert::IncidentId| id.0 as usize - 1;
        match command {
            Covert::Object { transfer } => {
                let entry = self.find(*transfer)?;
                let number = self.ledger.transfers[entry].number;
                self.ledger.objected.push(number);
            }
            Covert::Report { who, .. } => {
                let who = person_number(who.as_str()).ok_or("an unknown person")?;
                self.ledger.signal(who, act.at);
            }
            Covert::Acknowledge { incident: id, .. } => {
                self.ledger.incidents[incident(id)].acknowledged.push(act);
            }
            Covert::Implicate { incident: id, person, since } => {
                let person = person_number(person.as_str()).ok_or("an unknown person")?;
                let incident = &mut self.ledger.incidents[incident(id)];
                if incident.exercise {
                    return Ok(());
                }
                let since = since.as_nanos();
                let subject = incident.subjects.entry(person).or_insert((act.at, since));
                subject.1 = subject.1.min(since);
                // Nobody who endorsed the clear has called this person back.
                incident.clearing.clear();
            }
            Covert::Narrow { incident: id, cover } => self.narrowed(incident(id), cover, act),
            Covert::CalledBack { incident: id, person, .. } => {
                let person = person_number(person.as_str()).ok_or("an unknown person")?;
                self.ledger.incidents[incident(id)].called_back.push((act, person));
            }
            Covert::Clear { incident: id } => {
                hold(self.ledger.called_everybody_back(incident(id), &act), || {
                    "G5 broken: a clear was endorsed without a call-back with everybody concerned".into()
                })?;
                self.ledger.incidents[incident(id)].clearing.push(act);
            }
            // Nobody is in danger: it covers and taints nothing, whatever is done with it.
            Covert::Drill { .. } => {
                self.coverage.see(Seen::Drills);
                self.ledger.incidents.push(Incident { exercise: true, ..Incident::default() });
            }
            Covert::EndClear { incident: id } => self.ledger.incidents[incident(id)].clearing.clear(),
            Covert::EndPause { .. } | Covert::Schedule { .. } | Covert::CheckIn | Covert::EndSchedule => {
                self.signs_acted(act, command)?;
            }
            // Written down, and nothing follows from it.
            Covert::Follow { .. }
            | Covert::Step { .. }
            | Covert::Note { .. }
            | Covert::Called { .. }
            | Covert::HandOver { .. }
            | Covert::Await { .. }
            | Covert::EndDrill { .. }
            | Covert::Override { .. }
            | Covert::Opened { .. } => {}
        }
        Ok(())
    }

    pub(super) fn narrowed(&mut self, incident: usize, cover: &covert::Cover, act: Act) {
        let covert::Cover::Narrowed { vaults, people } = cover else { return };
        let vaults = vaults.iter().map(|vault| usize::from(vault.as_str() == "treasury")).collect();
        let people = people.iter().filter_map(|person| person_number(person.as_str())).collect();
        let cover = Cover { vaults, people };
        let found = &mut self.ledger.incidents[incident];
        let so_far = found.narrowing.take().filter(|(wanted, _)| *wanted == cover);
        let mut endorsements = so_far.map(|(_, endorsements)| endorsements).unwrap_or_default();
        endorsements.push(act);
        let met = self.ledger.clear_met_since(&self.ledger.incidents[incident], &endorsements).is_some();
        let found = &mut self.ledger.incidents[incident];
        if met {
            self.coverage.see(Seen::Narrowed);
            found.cover = Some(cover);
        } else {
            found.narrowing = Some((cover, endorsements));
        }
    }

    /// G5: an incident is closed by a quorum of free strangers, after the whole wait.
    pub(super) fn closed(&mut self, note: &gate::Noted) -> Held {
        let covert::Event::Closed { incident } = &note.event else { return Ok(()) };
        let id = incident.0 as usize - 1;
        let incident = &self.ledger.incidents[id];
        if incident.exercise {
            return Ok(());
        }
        let wait = self.ledger.current().policy.clear_hold as i64 * SECOND;
        let met = self.ledger.clear_met_since(incident, &incident.clearing);
        hold(incident.closed.is_none() && met.is_some_and(|since| since + wait <= self.now), || {
            format!("G5 broken: incident {} was closed without its quorum or its wait", id + 1)
        })?;
        self.coverage.see(Seen::Cleared);
        self.ledger.incidents[id].closed = Some(self.now);
        Ok(())
    }
}
