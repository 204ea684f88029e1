//! What is allowed, under a reading of the history (G1, G4). The gate calls it once for every act, and again for the acts that remain.
//!
//! Nothing is copied and nothing is rebuilt: the state keeps every act, and a reading leaves some out while a matter is judged.
//! So a judgement costs the same whenever an act was found not to count, and nothing shows that it was.

use policy::{Charge, Permit, Policy, Posture};
use types::{PermitId, PersonId, Span, Timestamp, TransferId, Value};

use crate::act::{Act, Reading};
use crate::motion::{Motion, MotionId, MotionStatus, Proposal};
use crate::paid::Payments;
use crate::policies::PolicyVersion;
use crate::state::{Matter, PostureCause, State};
use crate::stop::{Stop, StopId};
use crate::transfer::{Status, Transfer};
use crate::windows::Entry;

/// What a judgement found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// Whether the overt rules say yes.
    pub allowed: bool,
    /// Whether a quick permit says so.
    pub quick: bool,
}

const NO: Judgement = Judgement { allowed: false, quick: false };

impl Transfer {
    /// Whether a permit's quorum is met by the approvals that count.
    pub(crate) fn is_met(&self, policy: &Policy, permit: &Permit, reading: &impl Reading) -> bool {
        self.is_met_by(policy, permit, &self.approvals, reading)
    }

    fn is_met_by(&self, policy: &Policy, permit: &Permit, approvals: &[Act], reading: &impl Reading) -> bool {
        let Some(quorum) = &permit.approve else { return true };
        let counted = counted(approvals, self.settled, reading);
        let counted: Vec<&PersonId> = counted.iter().collect();
        let initiator = PersonId::parse(self.payload.initiator.as_str()).ok();
        let excluded: Vec<&PersonId> = initiator.iter().collect();
        policy.met(quorum, &counted, &excluded)
    }
}

impl Motion {
    /// Whether its quorum is met by the endorsements that count. The proposer of a change never counts.
    pub(crate) fn is_met(&self, version: &PolicyVersion, reading: &impl Reading) -> bool {
        self.is_met_by(version, &self.endorsements, reading)
    }

    fn is_met_by(&self, version: &PolicyVersion, endorsements: &[Act], reading: &impl Reading) -> bool {
        let counted = counted(endorsements, self.settled, reading);
        let counted: Vec<&PersonId> = counted.iter().collect();
        let proposer = self.proposed.by.actor().and_then(|actor| PersonId::parse(actor.as_str()).ok());
        let policy = &version.policy;
        match self.proposal {
            Proposal::Lift(_) | Proposal::Lower(_) => policy.met(&policy.stop().lift, &counted, &[]),
            Proposal::Change(_) => {
                let excluded: Vec<&PersonId> = proposer.iter().collect();
                policy.met(&policy.change().approve, &counted, &excluded)
            }
        }
    }

    /// How long it waits once its quorum is met.
    pub(crate) fn wait(&self, version: &PolicyVersion) -> Span {
        match self.proposal {
            Proposal::Lift(_) | Proposal::Lower(_) => version.policy.stop().after,
            Proposal::Change(_) => version.change_wait(),
        }
    }
}

fn counted(acts: &[Act], settled: Option<Timestamp>, reading: &impl Reading) -> Vec<PersonId> {
    let counting = acts.iter().filter(|act| reading.counts(act, settled));
    counting.filter_map(|act| PersonId::parse(act.by.actor()?.as_str()).ok()).collect()
}

impl State {
    /// Whether the overt rules allow a matter at an instant, by the acts that a reading counts.
    #[must_use]
    pub fn allows(&self, reading: &impl Reading, matter: Matter, now: Timestamp) -> Judgement {
        match matter {
            Matter::Transfer(id) => {
                self.transfers.get(&id).map_or(NO, |transfer| self.judge(reading, (id, transfer), now))
            }
            Matter::Motion(id) => {
                let allowed =
                    self.motions.get(&id).is_some_and(|motion| self.motion_allowed(reading, motion, now));
                Judgement { allowed, quick: false }
            }
        }
    }

    /// The wait and the life of a permit for a transfer: the longer wait of then and now, the life of then.
    /// `None` when the permit is not in force any more.
    pub(crate) fn hold_of(&self, transfer: &Transfer, permit: &PermitId) -> Option<(Span, Span)> {
        let then = self.version_at(&crate::act::AllActs, transfer.submitted.at)?.policy.permit(permit)?;
        let now = self.policies.current()?.policy.permit(permit)?;
        Some((then.hold.max(now.hold), then.expires))
    }

    fn judge(&self, reading: &impl Reading, subject: (TransferId, &Transfer), now: Timestamp) -> Judgement {
        let (id, transfer) = subject;
        let then = self.version_at(reading, transfer.submitted.at);
        let current = self.version_at(reading, now);
        let (Some(then), Some(current)) = (then, current) else { return NO };
        let facts = transfer.facts();
        let barred = !reading.counts(&transfer.submitted, None)
            || then.policy.forbidden(&facts).is_some()
            || current.policy.forbidden(&facts).is_some()
            || self.is_stopped(reading, id, transfer)
            || !self.limits_held(reading, &then.policy, id, transfer);
        if barred {
            return NO;
        }
        let case = Case { state: self, reading, transfer, then, current, now };
        let allowing: Vec<&Permit> =
            transfer.standings.iter().filter_map(|standing| case.allowing(&standing.permit)).collect();
        Judgement {
            allowed: !allowing.is_empty(),
            quick: allowing.iter().any(|permit| case.is_quick(permit)),
        }
    }

    /// The policy that was in force at an instant, by the changes that a reading counts.
    fn version_at(&self, reading: &impl Reading, at: Timestamp) -> Option<&PolicyVersion> {
        let mut latest_first = self.policies.all().iter().rev();
        latest_first.find(|version| version.since <= at && self.is_warranted_version(reading, version))
    }

    fn is_warranted_version(&self, reading: &impl Reading, version: &PolicyVersion) -> bool {
        let Some(motion) = version.motion.filter(|_| !reading.is_complete()) else { return true };
        self.is_passed(reading, motion)
    }

    /// Whether a motion that passed would have passed by the acts that count.
    fn is_passed(&self, reading: &impl Reading, id: MotionId) -> bool {
        let Some(motion) = self.motions.get(&id) else { return false };
        let Some(settled) = motion.settled else { return false };
        motion.status == MotionStatus::Passed
            && (reading.is_complete() || self.quorum_held(reading, motion, settled))
    }

    fn motion_allowed(&self, reading: &impl Reading, motion: &Motion, now: Timestamp) -> bool {
        let applicable = match &motion.proposal {
            Proposal::Lift(stop) => self.stops.get(stop).is_some_and(|stop| stop.lifted.is_none()),
            Proposal::Lower(to) => *to < self.posture(),
            Proposal::Change(_) => true,
        };
        applicable && self.quorum_held(reading, motion, now)
    }

    /// Whether a motion's quorum was continuously met for its whole wait, by the acts that count.
    fn quorum_held(&self, reading: &impl Reading, motion: &Motion, at: Timestamp) -> bool {
        if !reading.counts(&motion.proposed, motion.settled) {
            return false;
        }
        let instants = motion.endorsements.iter().map(|act| act.at);
        let met = |until: Timestamp| {
            let version = self.version_before(until, motion.settled)?;
            let so_far = up_to(&motion.endorsements, until);
            motion.is_met_by(version, so_far, reading).then_some(())
        };
        let since = self.continuously(motion.proposed.at, at, instants, |until| met(until).is_some());
        let Some(version) = self.version_before(at, motion.settled) else { return false };
        since.is_some_and(|since| since.after(motion.wait(version)) <= at)
    }

    /// The policy that judged a motion: a change is judged by the one before it.
    fn version_before(&self, at: Timestamp, settled: Option<Timestamp>) -> Option<&PolicyVersion> {
        let in_force =
            |version: &&PolicyVersion| version.since <= at && settled.is_none_or(|s| version.since < s);
        self.policies.all().iter().rev().find(in_force).or_else(|| self.policies.all().first())
    }

    /// Since when a condition holds without a gap, looking at every instant at which it may have changed.
    fn continuously(
        &self,
        from: Timestamp,
        until: Timestamp,
        instants: impl Iterator<Item = Timestamp>,
        holds: impl Fn(Timestamp) -> bool,
    ) -> Option<Timestamp> {
        let changes = self.policies.all().iter().map(|version| version.since).filter(|since| *since > from);
        let mut instants: Vec<Timestamp> = instants.chain(changes).chain([from]).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut since = None;
        for at in instants.into_iter().filter(|at| *at <= until) {
            since = if holds(at) { since.or(Some(at)) } else { None };
        }
        since
    }

    fn is_stopped(&self, reading: &impl Reading, id: TransferId, transfer: &Transfer) -> bool {
        let in_force = |stop: &Stop| match stop.lifted {
            None => true,
            Some((_, motion)) => !self.is_passed(reading, motion),
        };
        self.stops.values().any(|stop| in_force(stop) && stop.reaches(id, transfer))
    }

    /// Whether a stop is in force by a reading. Stops themselves count whoever placed them: stopping is easy.
    #[must_use]
    pub fn is_in_force(&self, reading: &impl Reading, stop: StopId) -> bool {
        let lifted = |stop: &Stop| stop.lifted.is_some_and(|(_, motion)| self.is_passed(reading, motion));
        self.stops.get(&stop).is_some_and(|stop| !lifted(stop))
    }

    fn posture_in(&self, reading: &impl Reading) -> Posture {
        let counts = |cause: &PostureCause| match cause {
            PostureCause::Raised(_) => true,
            PostureCause::Lowered(motion) => self.is_passed(reading, *motion),
        };
        let counting = self.postures.iter().filter(|change| counts(&change.cause));
        counting.last().map_or(Posture::Normal, |change| change.to)
    }

    /// Whether every limit had room when a transfer was submitted, by the submissions that count.
    fn limits_held(
        &self,
        reading: &impl Reading,
        policy: &Policy,
        id: TransferId,
        transfer: &Transfer,
    ) -> bool {
        if reading.is_complete() {
            return true; // It was accepted: the limits were judged then, by every act.
        }
        let Ok(charges) = policy.charges(&transfer.facts()) else { return false };
        charges.iter().all(|charge| self.limit_held(reading, policy, charge, (id, transfer)))
    }

    fn limit_held(
        &self,
        reading: &impl Reading,
        policy: &Policy,
        charge: &Charge,
        subject: (TransferId, &Transfer),
    ) -> bool {
        let (id, transfer) = subject;
        let Some(limit) = policy.limit(&charge.limit) else { return true };
        let at = transfer.submitted.at;
        let in_window = |time: Timestamp| time > at.before(limit.per);
        let is_current = self.policy().is_some_and(|current| std::ptr::eq(current, policy));
        let earlier: Vec<(Timestamp, Value)> = if is_current {
            let entries = self.windows.entries(charge).take_while(|entry| entry.transfer != id);
            let counting =
                |entry: &&Entry| in_window(entry.at) && self.counted_then(reading, entry.transfer, at);
            entries.filter(counting).map(|entry| (entry.at, entry.value)).collect()
        } else {
            self.charged_under(reading, policy, charge, transfer)
        };
        limit.room(earlier.into_iter(), at, charge.value).is_ok_and(|room| room.fits)
    }

    /// What earlier transfers charged to a counter by the rules of a policy that is not in force any more.
    fn charged_under(
        &self,
        reading: &impl Reading,
        policy: &Policy,
        charge: &Charge,
        transfer: &Transfer,
    ) -> Vec<(Timestamp, Value)> {
        let before = transfer.submitted.number;
        let earlier = self.transfers.iter().filter(|(_, other)| other.submitted.number < before);
        let counting = earlier.filter(|(id, _)| self.counted_then(reading, **id, transfer.submitted.at));
        let mut charges: Vec<(Timestamp, Value)> = counting
            .flat_map(|(_, other)| {
                let same = |other: &Charge| other.limit == charge.limit && other.counter == charge.counter;
                let charges = policy.charges(&other.facts()).unwrap_or_default();
                charges
                    .into_iter()
                    .filter(same)
                    .map(|charge| (other.submitted.at, charge.value))
                    .collect::<Vec<_>>()
            })
            .collect();
        charges.sort_unstable_by_key(|(at, _)| *at);
        charges
    }

    /// Whether an earlier submission counted against limits at an instant, by the acts that count.
    fn counted_then(&self, reading: &impl Reading, id: TransferId, at: Timestamp) -> bool {
        let Some(transfer) = self.transfers.get(&id) else { return true };
        if !reading.counts(&transfer.submitted, transfer.settled) {
            return false;
        }
        let cancel_counts =
            transfer.cancelled.as_ref().is_none_or(|act| reading.counts(act, transfer.settled));
        let freed_at = if cancel_counts { transfer.freed_at() } else { Some(transfer.expires_at) };
        freed_at.is_none_or(|freed_at| freed_at > at)
    }

    /// Whether a payment that was made would have been approved by the acts that count.
    pub(crate) fn was_warranted(&self, reading: &impl Reading, id: TransferId) -> bool {
        let Some(transfer) = self.transfers.get(&id) else { return false };
        let Some(then) = self.version_at(reading, transfer.submitted.at) else { return false };
        let met = |permit: &PermitId| {
            then.policy.permit(permit).is_some_and(|permit| transfer.is_met(&then.policy, permit, reading))
        };
        reading.counts(&transfer.submitted, transfer.settled)
            && transfer.standings.iter().any(|standing| met(&standing.permit))
    }

    /// Whether a transfer has a transaction that can be signed as soon as it is released.
    #[must_use]
    pub fn can_sign(&self, id: TransferId) -> bool {
        let Some(transfer) = self.transfers.get(&id) else { return false };
        let vault = self.policy().and_then(|policy| policy.vault(&transfer.payload.vault));
        if vault.is_some_and(|vault| vault.asset().is_none()) {
            return true; // Someone else signs, on our ticket.
        }
        let free = |spend: &types::SpendPlan| {
            spend.inputs.iter().all(|input| self.reserved.get(input).is_none_or(|holder| *holder == id))
        };
        transfer.spend.as_ref().is_some_and(|spend| spend.complete && free(spend))
    }

    /// Whether a transfer has been released and waits for its transaction.
    #[must_use]
    pub fn awaits_signature(&self, id: TransferId) -> bool {
        self.transfers.get(&id).is_some_and(|transfer| transfer.status == Status::Ready)
    }
}

fn up_to(acts: &[Act], at: Timestamp) -> &[Act] {
    let end = acts.partition_point(|act| act.at <= at);
    acts.get(..end).unwrap_or(acts)
}

/// One transfer before its judges.
struct Case<'a, R> {
    state: &'a State,
    reading: &'a R,
    transfer: &'a Transfer,
    then: &'a PolicyVersion,
    current: &'a PolicyVersion,
    now: Timestamp,
}

impl<'a, R: Reading> Case<'a, R> {
    /// The permit of now, if both the one of then and the one of now allow the transfer at this instant.
    fn allowing(&self, id: &PermitId) -> Option<&'a Permit> {
        let then = self.then.policy.permit(id)?;
        let current = self.current.policy.permit(id)?;
        let posture = self.state.posture_in(self.reading);
        let stands = self.matches(self.then, then)
            && self.matches(self.current, current)
            && then.works_under(posture)
            && current.works_under(posture);
        let hold = then.hold.max(current.hold);
        let ready = self.met_since(id)?.after(hold);
        let in_time = ready <= self.now && ready <= self.transfer.submitted.at.after(then.expires);
        (stands && in_time).then_some(current)
    }

    fn matches(&self, version: &PolicyVersion, permit: &Permit) -> bool {
        if self.reading.is_complete() && std::ptr::eq(self.then, self.current) {
            return true; // It matched at submission, by every act and this very policy.
        }
        let history = Payments { state: self.state, reading: self.reading };
        permit.matches(&version.policy, &self.transfer.facts(), &history)
    }

    fn met_since(&self, id: &PermitId) -> Option<Timestamp> {
        if self.reading.is_complete() {
            let standing = self.transfer.standings.iter().find(|standing| standing.permit == *id);
            return standing.and_then(|standing| standing.met_since);
        }
        let approvals = &self.transfer.approvals;
        let instants = approvals.iter().map(|act| act.at);
        self.state.continuously(self.transfer.submitted.at, self.now, instants, |at| {
            let version = self.state.version_at(self.reading, at);
            version.is_some_and(|version| {
                let permit = version.policy.permit(id);
                permit.is_some_and(|permit| {
                    self.transfer.is_met_by(&version.policy, permit, up_to(approvals, at), self.reading)
                })
            })
        })
    }

    fn is_quick(&self, permit: &Permit) -> bool {
        let then_slow =
            self.then.policy.permit(&permit.id).is_some_and(|then| !self.then.policy.is_quick(then));
        self.current.policy.is_quick(permit) && !then_slow
    }
}
