//! What follows from a command, and what each decision must rest on (G1, G4, G6). Called by `check`.

use overt::Event;

use super::{Checker, Held, hold};
use crate::coverage::Seen;
use crate::ledger::{Act, Motion, Posture, Status, Stop};
use crate::org::Actor;
use crate::readings::Reading;
use crate::story::{Step, What};

impl Checker<'_, '_> {
    pub(super) fn find(&self, id: types::TransferId) -> Result<usize, String> {
        let number = self.ids.get(&id).ok_or_else(|| "an unknown transfer".to_owned())?;
        self.ledger.entry(*number).ok_or_else(|| format!("T{number} was never submitted"))
    }

    pub(super) fn find_motion(&self, id: overt::MotionId) -> Result<usize, String> {
        self.motions.get(&id).copied().ok_or_else(|| "an unknown motion".to_owned())
    }

    pub(super) fn event(&mut self, index: usize, step: &Step, act: Act, event: &Event) -> Held {
        match event {
            Event::Submitted { transfer, .. } => {
                let number = self.ids.get(transfer).copied().ok_or("an unknown transfer")?;
                let entry = self.entry(number, act).ok_or("submitted without a price")?;
                self.coverage.see(Seen::Submitted);
                self.ledger.transfers.push(entry);
            }
            Event::Attached { transfer, spend } => {
                let entry = self.find(*transfer)?;
                let What::Attach(_, inputs, _) = &step.what else {
                    return Err("a transaction from nowhere".into());
                };
                self.ledger.transfers[entry].spend = Some((inputs.clone(), spend.complete));
            }
            Event::Approved { transfer } => {
                let entry = self.find(*transfer)?;
                self.ledger.transfers[entry].approvals.push(act);
            }
            Event::Cancelled { transfer } => {
                let entry = self.find(*transfer)?;
                self.coverage.see(Seen::Cancelled);
                self.ledger.transfers[entry].cancelled = Some(act);
                self.ledger.settle(entry, Status::Ended, act.at, act.number);
            }
            Event::Priced(_) => {
                let What::Price(rate) = step.what else { return Err("a price from nowhere".into()) };
                self.ledger.prices.push((act.at, rate));
            }
            Event::Signed { transfer, .. } => {
                let entry = self.find(*transfer)?;
                self.coverage.see(Seen::Signed);
                self.ledger.settle(entry, Status::Signed, act.at, act.number);
                self.ledger.transfers[entry].signed = Some(act.at);
            }
            Event::Confirmed { transfer, .. } => {
                let entry = self.find(*transfer)?;
                let was = self.ledger.transfers[entry].status;
                // A crash between the signature and its report leaves the chain as the first to say so.
                hold(matches!(was, Status::Signed | Status::Signing), || {
                    "G6 broken: confirmed without a signature".into()
                })?;
                self.ledger.settle(entry, Status::Confirmed, act.at, act.number);
                let spend = self.ledger.transfers[entry].spend.clone();
                self.ledger.spent.extend(spend.into_iter().flat_map(|(inputs, _)| inputs));
            }
            Event::SigningBegan { transfer } => self.signing(index, self.find(*transfer)?, act)?,
            Event::Declined { transfer } => {
                let entry = self.find(*transfer)?;
                hold(self.ledger.transfers[entry].status == Status::Ready, || "declined out of turn".into())?;
                self.coverage.see(Seen::DeclinedAtSignature);
                self.declined(index, entry, act)?;
            }
            other => self.people(step, act, other)?,
        }
        Ok(())
    }

    /// Stops, posture and motions.
    fn people(&mut self, step: &Step, act: Act, event: &Event) -> Held {
        match event {
            Event::DossierKept { person, sealed } => {
                let Actor::Person(owner) = act.by else { return Err("a dossier of nobody".into()) };
                hold(person.as_str() == step.by.name(), || "G5 broken: another person's dossier".into())?;
                self.coverage.see(Seen::DossiersKept);
                let kept = self.ledger.dossiers.entry(owner).or_default();
                kept.push(act.at);
                hold(usize::try_from(sealed.revision) == Ok(kept.len()), || {
                    format!("G5 broken: revision {} takes the place of an earlier one", sealed.revision)
                })?;
            }
            Event::Stopped { .. } => {
                let What::Stop(scope) = step.what else { return Err("a stop from nowhere".into()) };
                self.coverage.see(Seen::Stops);
                self.ledger.stops.push(Stop { scope, step: Some(step.number), lifted: None });
            }
            Event::Raised { .. } => {
                let What::Raise(to) = step.what else { return Err("a raise from nowhere".into()) };
                self.ledger.postures.push(Posture { to, number: act.number, lowered_by: None });
            }
            Event::Proposed { motion, direction, .. } => {
                let What::Propose(proposal) = step.what else { return Err("a motion from nowhere".into()) };
                hold(*direction == self.direction(proposal), || {
                    format!("G5 broken: M{} is said to be {direction:?}", step.number)
                })?;
                self.motions.insert(*motion, self.ledger.motions.len());
                let motion = Motion {
                    step: step.number,
                    proposal,
                    proposed: act,
                    endorsements: Vec::new(),
                    settled: None,
                    passed: false,
                    direction: *direction,
                    judged_from: (act.at, act.number),
                    lapses_at: None,
                    ended: None,
                    opposed: Vec::new(),
                };
                self.ledger.motions.push(motion);
            }
            Event::Endorsed { motion } => {
                let motion = self.find_motion(*motion)?;
                self.ledger.motions[motion].endorsements.push(act);
                self.joined(motion, act);
            }
            Event::Opposed { motion } => {
                let motion = self.find_motion(*motion)?;
                hold(!self.ends_alone(act, motion), || {
                    "G5 broken: one person could not end a change".into()
                })?;
                self.coverage.see(Seen::ChangesOpposed);
                self.ledger.motions[motion].opposed.push(act);
            }
            Event::Ended { motion } => {
                let motion = self.find_motion(*motion)?;
                self.coverage.see(Seen::MotionsEnded);
                hold(self.ends_alone(act, motion) || self.end_together(act, motion), || {
                    "G5 broken: one person ended an equal change three times".into()
                })?;
                self.ledger.motions[motion].settled = Some((act.at, act.number));
                self.ledger.motions[motion].ended = Some(act);
            }
            other => return Err(format!("a command led to {other:?}")),
        }
        Ok(())
    }

    /// G1, G4 and liveness: the decision is exactly what both readings of the book say.
    pub(super) fn decide(&mut self, index: usize, entry: usize, released: bool) -> Held {
        let ledger = &self.ledger;
        let entry = &ledger.transfers[entry];
        let transfer = ledger.transfer(entry);
        let first = ledger.allows(entry, self.now, Reading::First);
        let second = ledger.allows(entry, self.now, Reading::Second);
        let actors: Vec<Actor> =
            std::iter::once(entry.submitted.by).chain(entry.approvals.iter().map(|act| act.by)).collect();
        let covered = ledger.is_covered(Some(transfer.vault), &actors, self.now);
        let objected = ledger.objected.contains(&entry.number);
        let paused = ledger.is_paused(&actors, self.now);
        let name = format!("T{}", entry.number);
        if first.allowed && !first.quick {
            self.slow.push(index);
        }
        if released {
            hold(first.allowed, || format!("G1 broken: {name} was released against the overt rules"))?;
            hold(!objected, || format!("G5 broken: {name} was released against an objection"))?;
            hold(first.quick || !covered, || {
                format!("G4 broken: {name} was released though an incident covers it")
            })?;
            hold(first.quick || second.allowed, || {
                format!("G4 broken: {name} was released though free people's acts do not suffice")
            })?;
        } else {
            let must = first.allowed && !objected && (first.quick || (second.allowed && !covered));
            hold(!must, || format!("liveness broken: {name} was declined though everything allows it"))?;
        }
        let impostor =
            !std::iter::once(&entry.submitted).chain(&entry.approvals).all(|act| ledger.was_entitled(act));
        if !released && first.allowed && impostor {
            self.coverage.see(Seen::ImpostorsIgnored);
        }
        if paused && first.allowed {
            self.coverage.see(if first.quick { Seen::QuickInPause } else { Seen::DeclinedInPause });
        }
        self.count_decision(entry.number, released, (first.allowed, first.quick), (covered, objected));
        Ok(())
    }

    pub(super) fn count_decision(
        &mut self,
        number: usize,
        released: bool,
        first: (bool, bool),
        covert: (bool, bool),
    ) {
        let (allowed, quick) = first;
        let (covered, objected) = covert;
        let open = self.ledger.incidents.iter().filter(|incident| incident.closed.is_none());
        let (open, closed) = (open.count(), self.ledger.incidents.iter().any(|i| i.closed.is_some()));
        let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
        let known = entry.is_some_and(|entry| entry.matched.contains(&"known"));
        let by_service = entry.is_some_and(|entry| entry.submitted.by == Actor::Service);
        if released && known {
            self.coverage.see(Seen::KnownMatched);
        }
        self.coverage.see(match (released, quick) {
            (true, true) => Seen::QuickReleased,
            (true, false) => Seen::SlowReleased,
            (false, _) if !allowed => Seen::DeclinedOvertly,
            (false, _) if objected => Seen::DeclinedByObjection,
            (false, _) if covered => Seen::DeclinedByCover,
            (false, _) => Seen::DeclinedByTaint,
        });
        match (released, quick) {
            (true, true) if open > 0 => self.coverage.see(Seen::QuickInIncident),
            (true, false) if open > 0 => self.coverage.see(Seen::SlowReleasedWhenNarrowed),
            (true, false) if closed => self.coverage.see(Seen::SlowReleasedAfterIncident),
            (false, false) if allowed && !objected && !covered && by_service => {
                self.coverage.see(Seen::ServiceTainted);
            }
            _ => {}
        }
    }

    /// G6: inputs are reserved with the decision, for one transfer alone.
    pub(super) fn signing(&mut self, index: usize, entry: usize, act: Act) -> Held {
        let found = &self.ledger.transfers[entry];
        let number = found.number;
        hold(found.status == Status::Ready, || format!("G6 broken: T{number} signs without a release"))?;
        hold(self.ledger.can_sign(found), || format!("G6 broken: T{number} signs without its inputs"))?;
        let inputs = found.spend.clone().map(|(inputs, _)| inputs).unwrap_or_default();
        self.decide(index, entry, true)?;
        for input in inputs {
            let holder = self.ledger.reserved.insert(input, number);
            hold(holder.is_none_or(|holder| holder == number), || {
                format!("G6 broken: input {input} is reserved for T{holder:?} and T{number}")
            })?;
        }
        self.ledger.settle(entry, Status::Signing, act.at, act.number);
        Ok(())
    }

    pub(super) fn declined(&mut self, index: usize, entry: usize, act: Act) -> Held {
        self.decide(index, entry, false)?;
        self.ledger.settle(entry, Status::Ended, act.at, act.number);
        Ok(())
    }
}
