//! What falls due: every decision at its moment, in order, exactly as both readings say (G1, G4, G5). Called by `check`.

use overt::Event;

use super::{Checker, Held, hold};
use crate::coverage::Seen;
use crate::ledger::{Act, Posture, Status, Stop};
use crate::org::Actor;
use crate::play::Happening;
use crate::readings::Reading;
use crate::story::{Proposal, Scope};

impl Checker<'_, '_> {
    pub(super) fn tick(&mut self, index: usize, happening: &Happening) -> Held {
        for note in &happening.notes {
            self.closed(note)?;
            self.missed(note)?;
        }
        let Some(record) = &happening.record else { return Ok(()) };
        let act = Act { by: Actor::Stranger, at: self.now, number: record.act.number.0, duress: false };
        for event in &record.events {
            self.due(index, act, event, &record.events)?;
        }
        Ok(())
    }

    pub(super) fn due(&mut self, index: usize, act: Act, event: &Event, all: &[Event]) -> Held {
        match event {
            Event::ClockSet { .. } => {}
            Event::Stopped { .. } => {
                self.coverage.see(Seen::ClockJumps);
                self.ledger.stops.push(Stop { scope: Scope::Organisation, step: None, lifted: None });
            }
            Event::Released { transfer } => {
                let entry = self.find(*transfer)?;
                self.ready(entry)?;
                self.decide(index, entry, true)?;
                self.ledger.settle(entry, Status::Ready, act.at, act.number);
                let found = &self.ledger.transfers[entry];
                hold(self.ledger.can_sign(found) == (all.len() == 2), || {
                    format!("liveness broken: T{} does not sign though it could", found.number)
                })?;
            }
            Event::SigningBegan { transfer } => self.signing(index, self.find(*transfer)?, act)?,
            Event::Declined { transfer } => {
                let entry = self.find(*transfer)?;
                self.ready(entry)?;
                self.declined(index, entry, act)?;
            }
            Event::Expired { transfer } => {
                let entry = self.find(*transfer)?;
                let found = &self.ledger.transfers[entry];
                let pending = found.status == Status::Pending && self.ledger.ready_at(found).is_none();
                hold(found.expires_at <= act.at && (pending || found.status == Status::Ready), || {
                    format!("liveness broken: T{} expired though it was ready, or too early", found.number)
                })?;
                hold(self.is_first_due(found.expires_at), || "decided out of order".into())?;
                self.coverage.see(Seen::Expired);
                self.ledger.settle(entry, Status::Ended, act.at, act.number);
            }
            Event::Passed { motion } => self.motion(index, self.find_motion(*motion)?, act, true)?,
            Event::Rejected { motion } => self.motion(index, self.find_motion(*motion)?, act, false)?,
            Event::Reverted { motion } => self.reverted(self.find_motion(*motion)?, act)?,
            Event::Lapsed { motion } => {
                let motion = self.find_motion(*motion)?;
                self.ledger.motions[motion].settled = Some((act.at, act.number));
            }
            other => return Err(format!("time alone led to {other:?}")),
        }
        Ok(())
    }

    pub(super) fn ready(&mut self, entry: usize) -> Held {
        let found = &self.ledger.transfers[entry];
        let ready = self.ledger.ready_at(found);
        hold(found.status == Status::Pending, || format!("T{} was decided twice", found.number))?;
        hold(ready.is_some_and(|ready| ready <= self.now), || {
            format!("G1 broken: T{} was decided before its hold has elapsed ({ready:?})", found.number)
        })?;
        hold(ready.is_some_and(|ready| self.is_first_due(ready)), || "decided out of order".into())?;
        if ready == Some(self.now) {
            self.coverage.see(Seen::AtBoundary);
        }
        Ok(())
    }

    /// G4 and G5: a motion passes exactly when its quorum held for its wait, in both readings, and no incident covers it.
    pub(super) fn motion(&mut self, index: usize, motion: usize, act: Act, passed: bool) -> Held {
        let ledger = &self.ledger;
        let found = &ledger.motions[motion];
        let name = format!("M{}", found.step);
        hold(found.settled.is_none(), || format!("{name} was decided twice"))?;
        let ready = ledger.motion_ready(found, Reading::First);
        hold(ready.is_some_and(|ready| ready <= self.now), || {
            format!("G5 broken: {name} was decided before its wait")
        })?;
        hold(ready.is_some_and(|ready| self.is_first_due(ready)), || "decided out of order".into())?;
        let first = ledger.motion_allowed(motion, self.now, Reading::First);
        let second = ledger.motion_allowed(motion, self.now, Reading::Second);
        let actors: Vec<Actor> =
            std::iter::once(found.proposed.by).chain(found.endorsements.iter().map(|act| act.by)).collect();
        let covered = ledger.is_covered(None, &actors, self.now);
        hold(!passed || first, || format!("G5 broken: {name} passed against the overt rules"))?;
        // One person's tightening works at once, whatever its class: covert facts never decide it.
        let (second, covered) = if found.is_immediate() { (first, false) } else { (second, covered) };
        hold(!passed || (second && !covered), || {
            format!("G4 broken: {name} passed though covered ({covered}) or by tainted acts ({})", !second)
        })?;
        hold(passed || !(first && second && !covered), || format!("liveness broken: {name} was rejected"))?;
        if first && !found.is_immediate() {
            self.slow.push(index);
        }
        if first {
            let immediate = found.is_immediate();
            self.coverage.see(match (passed, found.proposal) {
                (false, _) => Seen::MotionsRejected,
                (true, Proposal::Lift(_)) => Seen::Lifted,
                (true, Proposal::Lower(_)) => Seen::Lowered,
                (true, Proposal::Replace(_)) => Seen::CredentialsReplaced,
                (true, Proposal::Revoke(_)) => Seen::CredentialsRevoked,
                (true, Proposal::Change(_)) if immediate => Seen::ChangesAtOnce,
                (true, Proposal::Change(_)) => Seen::ChangesPassed,
            });
        }
        self.settle_motion(motion, act, passed);
        Ok(())
    }

    pub(super) fn settle_motion(&mut self, motion: usize, act: Act, passed: bool) {
        let found = &mut self.ledger.motions[motion];
        found.settled = Some((act.at, act.number));
        found.passed = passed;
        if !passed {
            return;
        }
        match found.proposal {
            Proposal::Lift(step) => {
                if let Some(stop) = self.ledger.stop(step) {
                    self.ledger.stops[stop].lifted = Some(motion);
                }
            }
            Proposal::Lower(to) => {
                self.ledger.postures.push(Posture { to, number: act.number, lowered_by: Some(motion) });
            }
            Proposal::Change(version) => self.changed(motion, version, act),
            Proposal::Replace(_) | Proposal::Revoke(_) => {}
        }
    }
}
