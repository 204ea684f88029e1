//! What an author must be told: each refusal is predicted, from DESIGN and the book (G1, G5, G6). Called by `check`.

use super::Checker;
use crate::ledger::{Act, Entry, SECOND, Status};
use crate::org::Actor;
use crate::readings::Reading;
use crate::story::{Proposal, Scope, Step, What};

/// How many proposals about one person's credential may be open.
const CREDENTIAL_MOTIONS: usize = 8;

impl Checker<'_, '_> {
    /// What the author must be told; `None` where DESIGN does not say.
    pub(super) fn expected(&self, step: &Step) -> Option<Result<(), &'static str>> {
        let ledger = &self.ledger;
        let is_person = ledger.is_person(step.by);
        let person = if let Actor::Person(person) = step.by { person } else { usize::MAX };
        let seen = |number: usize| {
            let entry = ledger.entry(number).map(|entry| &ledger.transfers[entry])?;
            (is_person && ledger.sees(person, entry)).then_some(entry)
        };
        let not_mine = if is_person { "not-found" } else { "not-allowed" };
        Some(match &step.what {
            What::SignIn => Ok(()),
            What::Submit(number) => return Some(self.expected_submission(step, *number)),
            What::Approve(number) => match seen(*number) {
                None => Err(not_mine),
                Some(entry) if entry.status != Status::Pending => Err("too-late"),
                Some(entry) if entry.submitted.by == step.by => Err("own-proposal"),
                Some(entry) if entry.approvals.iter().any(|act| act.by == step.by) => Err("already-approved"),
                Some(_) => Ok(()),
            },
            What::Cancel(number) => match seen(*number) {
                None => Err(not_mine),
                Some(entry) if !matches!(entry.status, Status::Pending | Status::Ready) => Err("too-late"),
                Some(_) => Ok(()),
            },
            What::Stop(Scope::Transfer(number)) => seen(*number).map(|_| ()).ok_or(not_mine),
            What::Stop(Scope::Person(Actor::Stranger)) if is_person => Err("not-found"),
            What::Stop(_) => is_person.then_some(()).ok_or("not-allowed"),
            What::Raise(to) if is_person => (*to > ledger.posture()).then_some(()).ok_or("posture-unchanged"),
            What::Raise(_) => Err("not-allowed"),
            What::KeepDossier(_) if !is_person => Err("not-allowed"),
            What::KeepDossier(1..) => Err("revision-not-next"),
            What::KeepDossier(_) => {
                let day_ago = self.now - 24 * 3600 * SECOND;
                let kept = ledger.dossiers.get(&person).into_iter().flatten();
                (kept.filter(|at| **at > day_ago).count() < 8).then_some(()).ok_or("too-many")
            }
            What::End(_) | What::Endorse(_) | What::Propose(_) if !is_person => Err("not-allowed"),
            What::End(motion) => self.expected_end(step.by, *motion),
            What::Endorse(motion) => self.expected_endorsement(step.by, *motion),
            What::Propose(Proposal::Lift(stop)) => match ledger.stop(*stop).map(|stop| ledger.stops[stop]) {
                None => Err("not-found"),
                Some(stop) if stop.lifted.is_some() => Err("too-late"),
                Some(_) => Ok(()),
            },
            What::Propose(Proposal::Lower(to)) => {
                (*to < ledger.posture()).then_some(()).ok_or("posture-unchanged")
            }
            What::Propose(Proposal::Change(version)) if !ledger.version(*version).has_authority() => {
                Err("authority-unmet")
            }
            What::Propose(Proposal::Change(_)) => Ok(()),
            What::Propose(Proposal::Replace(who)) => self.expected_replacement(*who),
            What::Propose(Proposal::Revoke(who)) => {
                ledger.was_replaced(*who).then_some(()).ok_or("not-found")
            }
            // What may follow a transaction that is signed is `vault`'s matter; the stories only bring what may not.
            What::Attach(number, ..) if self.is_signed_on_chain(*number) => return None,
            What::Attach(number, inputs, _) => return Some(self.expected_attachment(step, *number, inputs)),
            What::Signed(number, wrong) => return self.expected_signature(*number, *wrong),
            _ => return None,
        })
    }

    fn expected_endorsement(&self, by: Actor, motion: usize) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        let Some(motion) = ledger.motion(motion).map(|motion| &ledger.motions[motion]) else {
            return Err("not-found");
        };
        if motion.settled.is_some() && motion.lapses_at.is_none() {
            return Err("too-late");
        }
        if motion.concerns().is_some_and(|who| by == Actor::Person(who)) {
            return Err("not-allowed");
        }
        let may_second_own = matches!(motion.proposal, Proposal::Lift(_) | Proposal::Lower(_));
        if !may_second_own && motion.proposed.by == by {
            return Err("own-proposal");
        }
        if motion.endorsements.iter().any(|act| act.by == by) { Err("already-approved") } else { Ok(()) }
    }

    fn expected_replacement(&self, who: usize) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        if !ledger.is_person(Actor::Person(who)) {
            return Err("not-found");
        }
        let open = ledger.motions.iter().filter(|motion| motion.settled.is_none());
        let of_them = open.filter(|motion| motion.concerns() == Some(who)).count();
        (of_them < CREDENTIAL_MOTIONS).then_some(()).ok_or("too-many")
    }

    pub(super) fn expected_submission(&self, step: &Step, number: usize) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        let transfer = &ledger.story.transfers[number];
        let exists = match step.by {
            Actor::Person(_) => ledger.is_person(step.by),
            Actor::Service => true,
            Actor::Stranger => false,
        };
        if transfer.initiator != step.by || !exists {
            return Err("not-allowed");
        }
        if ledger.entry(number).is_some() {
            return Err("duplicate");
        }
        if transfer.vault > 1 {
            return Err("not-found");
        }
        if transfer.vault == 1 && transfer.in_euros {
            return Err("wrong-asset");
        }
        let act = Act { by: step.by, at: self.now, number: u64::MAX - 1, duress: false };
        let Some(entry) = self.entry(number, act) else { return Err("price-unknown") };
        let policy = &ledger.current().policy;
        if ledger.is_forbidden(policy, &entry) {
            return Err("forbidden-by-policy");
        }
        if !ledger.limits_hold(policy, &entry, Reading::First) {
            return Err("limit-reached");
        }
        if entry.matched.is_empty() { Err("no-permit") } else { Ok(()) }
    }

    /// What a submission is worth and which permits match, worked out here.
    pub(super) fn entry(&self, number: usize, act: Act) -> Option<Entry> {
        let ledger = &self.ledger;
        let transfer = &ledger.story.transfers[number];
        let cents = |units: u128| ledger.cents(transfer.in_euros, units, self.now);
        let outputs: Option<Vec<_>> =
            transfer.outputs.iter().map(|(to, units)| cents(*units).map(|cents| (*to, cents))).collect();
        let outputs = outputs?;
        let fee = cents(transfer.fee)?;
        let mut entry = Entry {
            number,
            submitted: act,
            value: fee + outputs.iter().map(|(_, value)| value).sum::<u128>(),
            fee,
            outputs,
            matched: Vec::new(),
            approvals: Vec::new(),
            status: Status::Pending,
            settled: None,
            ended: None,
            cancelled: None,
            expires_at: 0,
            spend: None,
            signed: None,
        };
        let policy = &ledger.current().policy;
        let matching = policy.permits.iter().filter(|p| ledger.matches(policy, p, &entry, Reading::First));
        let life = matching.clone().map(|permit| permit.expires).max().unwrap_or(0);
        let matched = matching.map(|permit| permit.name).collect();
        entry.expires_at = self.now + life as i64 * SECOND;
        entry.matched = matched;
        Some(entry)
    }

    fn expected_end(&self, by: Actor, step: usize) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        let motion = ledger.motion(step).ok_or("not-found")?;
        let found = &ledger.motions[motion];
        if found.settled.is_some() {
            return Err("too-late");
        }
        let act = Act { by, at: self.now, number: u64::MAX, duress: false };
        let again = found.opposed.iter().any(|act| act.by == by);
        let ends = self.ends_alone(act, motion) || self.end_together(act, motion);
        if again && !ends { Err("duplicate") } else { Ok(()) }
    }

    fn is_signed_on_chain(&self, number: usize) -> bool {
        let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
        entry.is_some_and(|entry| entry.status == Status::Signed && self.ledger.transfer(entry).vault == 1)
    }

    pub(super) fn expected_attachment(
        &self,
        step: &Step,
        number: usize,
        inputs: &[usize],
    ) -> Result<(), &'static str> {
        let ledger = &self.ledger;
        let entry = ledger.entry(number).map(|entry| &ledger.transfers[entry]);
        let own = entry.is_some_and(|entry| entry.submitted.by == step.by);
        let entry = match (entry, step.by) {
            (Some(entry), _) if own => entry,
            (_, by) if !ledger.is_person(by) => return Err("not-allowed"),
            (Some(entry), Actor::Person(person)) if ledger.sees(person, entry) => entry,
            _ => return Err("not-found"),
        };
        if !matches!(entry.status, Status::Pending | Status::Ready) {
            return Err("too-late");
        }
        let exists = |input: &usize| *input < crate::world::COINS && !ledger.spent.contains(input);
        if ledger.transfer(entry).vault != 1 || inputs.is_empty() {
            return Err("input-unknown");
        }
        // The first input with a problem says which.
        let held = |input: &usize| ledger.reserved.get(input).is_some_and(|holder| *holder != number);
        match inputs.iter().find(|input| !exists(input) || held(input)) {
            Some(input) if exists(input) => Err("input-reserved"),
            Some(_) => Err("input-unknown"),
            None => Ok(()),
        }
    }

    /// G6: one transaction for one transfer, the one that was agreed.
    pub(super) fn expected_signature(&self, number: usize, wrong: bool) -> Option<Result<(), &'static str>> {
        let entry = self.ledger.entry(number).map(|entry| &self.ledger.transfers[entry]);
        let Some(entry) = entry else { return Some(Err("not-found")) };
        match entry.status {
            Status::Signing if wrong && self.ledger.transfer(entry).vault == 1 => Some(Err("spend-mismatch")),
            Status::Signing => Some(Ok(())),
            Status::Signed | Status::Confirmed => None,
            _ => Some(Err("too-late")),
        }
    }
}
