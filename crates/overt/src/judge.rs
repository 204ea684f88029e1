//! What is allowed, under a reading of the history (G1, G4). The gate asks once with every act, and again with the acts that remain.
//!
//! Nothing is copied and nothing is rebuilt: the state keeps every act, and a reading leaves some out while a matter is judged.
//! So a judgement costs the same whenever an act was found not to count, and nothing shows that it was. ADR 0002 says more.

use std::collections::BTreeSet;

use policy::{Charge, Permit, Policy, Posture};
use types::{PermitId, PersonId, Span, Timestamp, TransferId, Value};

use crate::act::{Act, ActNumber, Reading};
use crate::change::span_homes;
use crate::credential::{Origin, exists};
use crate::motion::{Motion, MotionId, Proposal};
use crate::paid::{Paid, Payments};
use crate::policies::PolicyVersion;
use crate::state::{Matter, PostureCause, PostureChange, State};
use crate::stop::Stop;
use crate::transfer::Transfer;
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

impl State {
    /// Whether the overt rules allow a matter at an instant, by the acts that a reading counts.
    #[must_use]
    pub fn allows(&self, reading: &impl Reading, matter: Matter, now: Timestamp) -> Judgement {
        let judge = Judge::new(self, reading);
        match matter {
            Matter::Transfer(id) => {
                self.transfers.get(&id).map_or(NO, |transfer| judge.transfer((id, transfer), now))
            }
            Matter::Motion(id) => {
                let motion = self.motions.get(&id);
                let allowed = motion.is_some_and(|motion| judge.motion(motion, now));
                // One person's tightening works at once, as a stop does.
                Judgement { allowed, quick: motion.is_some_and(Motion::is_immediate) }
            }
        }
    }

    /// The wait and the life of a permit for a transfer: the longer wait of then and now, the life of then.
    /// `None` when the permit is not in force any more.
    pub(crate) fn hold_of(&self, transfer: &Transfer, permit: &PermitId) -> Option<(Span, Span)> {
        let then = self.policies.before(&transfer.submitted)?.policy.permit(permit)?;
        let now = self.policies.current()?.policy.permit(permit)?;
        Some((then.hold.max(now.hold), then.expires))
    }
}

impl Transfer {
    /// Whether a permit's quorum is met by those of some approvals that count.
    pub(crate) fn is_met(
        &self,
        policy: &Policy,
        permit: &Permit,
        approvals: &[Act],
        reading: &impl Reading,
    ) -> bool {
        let Some(quorum) = &permit.approve else { return true };
        let counted = counted(approvals, self.settled, reading);
        let counted: Vec<&PersonId> = counted.iter().collect();
        let initiator = PersonId::parse(self.payload.initiator.as_str()).ok();
        let excluded: Vec<&PersonId> = initiator.iter().collect();
        policy.met(quorum, &counted, &excluded)
    }
}

impl Motion {
    /// Whether its quorum is met by those of some endorsements that count. The proposer of a change never counts.
    pub(crate) fn is_met(
        &self,
        version: &PolicyVersion,
        endorsements: &[Act],
        reading: &impl Reading,
    ) -> bool {
        let mut people = counted(endorsements, self.settled, reading);
        let proposer = self.proposed.by.actor().and_then(|actor| PersonId::parse(actor.as_str()).ok());
        let policy = &version.policy;
        if self.is_immediate() {
            people.extend(proposer.clone().filter(|_| reading.counts(&self.proposed, self.settled)));
        }
        let counted: Vec<&PersonId> = people.iter().collect();
        match self.proposal {
            Proposal::Lift(_) | Proposal::Lower(_) => policy.met(&policy.stop().lift, &counted, &[]),
            Proposal::Change(_) if self.is_immediate() => policy.met(&policy.change().tighten, &counted, &[]),
            Proposal::Change(_) | Proposal::Credential { .. } => {
                let concerned = self.concerns().and_then(|actor| PersonId::parse(actor.as_str()).ok());
                let excluded: Vec<&PersonId> = proposer.iter().chain(&concerned).collect();
                policy.met(&policy.change().approve, &counted, &excluded)
            }
            Proposal::Revoke { .. } => span_homes(policy, &people),
        }
    }

    /// How long it waits once its quorum is met.
    pub(crate) fn wait(&self, version: &PolicyVersion) -> Span {
        match self.proposal {
            Proposal::Lift(_) | Proposal::Lower(_) => version.policy.stop().after,
            Proposal::Change(_) if self.is_immediate() => Span::ZERO,
            Proposal::Revoke { .. } => Span::ZERO,
            Proposal::Change(_) | Proposal::Credential { .. } => version.change_wait(),
        }
    }
}

fn counted(acts: &[Act], settled: Option<Timestamp>, reading: &impl Reading) -> Vec<PersonId> {
    let counting = acts.iter().filter(|act| reading.counts(act, settled));
    counting.filter_map(|act| PersonId::parse(act.by.actor()?.as_str()).ok()).collect()
}

fn up_to(acts: &[Act], at: Timestamp) -> &[Act] {
    let end = acts.partition_point(|act| act.at <= at);
    acts.get(..end).unwrap_or(acts)
}

/// A reading of the state, with the policies that were in force by it.
pub(crate) struct Judge<'a, R> {
    state: &'a State,
    reading: &'a R,
    /// Oldest first. A policy that came by a change which the acts that count would not have passed is not among them.
    versions: Vec<&'a PolicyVersion>,
    /// Motions that brought a credential and would not have passed by the acts that count: what was done with it does not count.
    unwarranted: BTreeSet<MotionId>,
}

/// The acts that a judge counts: those that its reading counts, with a credential that they brought.
impl<R: Reading> Reading for Judge<'_, R> {
    fn counts(&self, act: &Act, settled: Option<Timestamp>) -> bool {
        self.reading.counts(act, settled) && self.was_entitled(act)
    }

    fn is_complete(&self) -> bool {
        self.reading.is_complete()
    }
}

impl<'a, R: Reading> Judge<'a, R> {
    pub(crate) fn new(state: &'a State, reading: &'a R) -> Self {
        let mut judge = Self { state, reading, versions: Vec::new(), unwarranted: BTreeSet::new() };
        let mut origins = state.origins_by_time(reading.is_complete()).into_iter().peekable();
        let mut before: Option<&PolicyVersion> = None;
        for version in state.policies.all() {
            // Each is judged by what was before it, so the order of the list is the order of proof.
            while let Some(origin) = origins.next_if(|origin| origin.number < version.number) {
                judge.judge_origin(origin);
            }
            if version.motion.is_none_or(|motion| judge.brought(motion, before)) {
                judge.versions.push(version);
            }
            before = Some(version);
        }
        origins.for_each(|origin| judge.judge_origin(origin));
        judge
    }

    fn judge_origin(&mut self, origin: Origin) {
        if !self.passed(origin.motion) {
            self.unwarranted.insert(origin.motion);
        }
    }

    /// Whether whoever acted had a credential that the acts which count would have brought.
    fn was_entitled(&self, act: &Act) -> bool {
        if self.unwarranted.is_empty() {
            return true;
        }
        let origins = act.by.actor().and_then(|actor| self.state.origins.get(actor));
        let before = origins.into_iter().flatten().rev().filter(|origin| origin.precedes(act));
        // Back to the last that left nothing of what was before.
        let mut entitled = true;
        for origin in before {
            entitled &= !self.unwarranted.contains(&origin.motion);
            if origin.is_whole {
                break;
            }
        }
        entitled
    }

    pub(crate) const fn paid(&self) -> &'a Paid {
        &self.state.paid
    }

    fn version_before_act(&self, act: &Act) -> Option<&'a PolicyVersion> {
        let stood = |version: &&&PolicyVersion| version.precedes(act) && version.stands_at(act.at);
        self.versions.iter().rev().find(stood).copied()
    }

    fn version_at(&self, at: Timestamp) -> Option<&'a PolicyVersion> {
        self.versions.iter().rev().find(|version| version.since <= at && version.stands_at(at)).copied()
    }
}

/// Transfers.
impl<'a, R: Reading> Judge<'a, R> {
    pub(crate) fn transfer(&self, subject: (TransferId, &'a Transfer), now: Timestamp) -> Judgement {
        let (_, transfer) = subject;
        if transfer.payload.refresh {
            return Judgement { allowed: true, quick: true };
        }
        let (then, current) = (self.version_before_act(&transfer.submitted), self.version_at(now));
        let (Some(then), Some(current)) = (then, current) else { return NO };
        let facts = transfer.facts();
        let barred = !self.counts(&transfer.submitted, None)
            || then.policy.forbidden(&facts).is_some()
            || current.policy.forbidden(&facts).is_some()
            || self.is_stopped(subject)
            || !self.limits_held(then, subject);
        if barred {
            return NO;
        }
        let case = Case { judge: self, transfer, then, current, now };
        let allowing = transfer.standings.iter().filter_map(|standing| case.allowing(&standing.permit));
        allowing.fold(NO, |so_far, permit| Judgement {
            allowed: true,
            quick: so_far.quick || case.is_quick(permit),
        })
    }

    /// Stops count whoever placed them; a lift must have passed.
    fn is_stopped(&self, (id, transfer): (TransferId, &Transfer)) -> bool {
        let in_force = |stop: &Stop| stop.lifted.is_none_or(|(_, motion)| !self.passed(motion));
        self.state.stops.values().any(|stop| stop.reaches(id, transfer) && in_force(stop))
    }

    /// The posture: raising counts whoever did it; a lowering must have passed.
    fn posture(&self) -> Posture {
        let counts = |cause: &PostureCause| match cause {
            PostureCause::Raised(_) => true,
            PostureCause::Lowered(motion) => self.passed(*motion),
        };
        let mut latest_first = self.state.postures.iter().rev();
        latest_first.find(|change| counts(&change.cause)).map_or(Posture::Normal, |change| change.to)
    }

    /// Whether every limit had room when a transfer was submitted, by the submissions that count.
    ///
    /// It was accepted: by every act the limits had room. By fewer submissions they have more, so there is something to sum up only
    /// where another policy judges, or where a cancel that gave room does not count.
    fn limits_held(&self, then: &PolicyVersion, subject: (TransferId, &Transfer)) -> bool {
        if self.is_complete() {
            return true;
        }
        let (policy, submitted) = (&then.policy, subject.1.submitted.at);
        let judged = self.state.policies.before(&subject.1.submitted);
        let was_judge = judged.is_some_and(|judge| std::ptr::eq(judge, then));
        let Ok(charges) = policy.charges(&subject.1.facts()) else { return false };
        charges.iter().all(|charge| {
            let per = policy.limit(&charge.limit).map_or(Span::ZERO, |limit| limit.per);
            let has_room = was_judge && self.cancels_count(submitted.before(per), submitted);
            has_room || self.limit_held(policy, charge, subject)
        })
    }

    /// Whether every cancel within a window counts.
    fn cancels_count(&self, after: Timestamp, until: Timestamp) -> bool {
        let cancels = &self.state.cancels;
        let within = cancels.get(cancels.partition_point(|(at, _)| *at <= after)..).unwrap_or(cancels);
        within.iter().take_while(|(at, _)| *at <= until).all(|(_, id)| self.cancel_counts(*id))
    }

    fn limit_held(&self, policy: &Policy, charge: &Charge, (id, transfer): (TransferId, &Transfer)) -> bool {
        let Some(limit) = policy.limit(&charge.limit) else { return true };
        let at = transfer.submitted.at;
        let is_current = self.state.policy().is_some_and(|current| std::ptr::eq(current, policy));
        let earlier: Vec<(Timestamp, Value)> = if is_current {
            let entries = self.state.windows.entries(charge).take_while(|entry| entry.transfer != id);
            let counting =
                |entry: &&Entry| entry.at > at.before(limit.per) && self.counted_then(entry.transfer, at);
            entries.filter(counting).map(|entry| (entry.at, entry.value)).collect()
        } else {
            self.charged_under(policy, charge, transfer)
        };
        limit.room(earlier.into_iter(), at, charge.value).is_ok_and(|room| room.fits)
    }

    fn cancel_counts(&self, id: TransferId) -> bool {
        let Some(transfer) = self.state.transfers.get(&id) else { return false };
        transfer.cancelled.as_ref().is_none_or(|act| self.counts(act, transfer.settled))
    }

    /// What earlier transfers charged to a counter by the rules of a policy that is not in force any more.
    fn charged_under(
        &self,
        policy: &Policy,
        charge: &Charge,
        transfer: &Transfer,
    ) -> Vec<(Timestamp, Value)> {
        let before = transfer.submitted.number;
        let earlier = self.state.transfers.iter().filter(|(_, other)| other.submitted.number < before);
        let counting = earlier.filter(|(id, _)| self.counted_then(**id, transfer.submitted.at));
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
    fn counted_then(&self, id: TransferId, at: Timestamp) -> bool {
        let Some(transfer) = self.state.transfers.get(&id) else { return true };
        if !self.counts(&transfer.submitted, transfer.settled) {
            return false;
        }
        let freed_at = if self.cancel_counts(id) { transfer.freed_at() } else { Some(transfer.expires_at) };
        freed_at.is_none_or(|freed_at| freed_at > at)
    }

    /// Whether a payment that was made would have been approved by the acts that count.
    pub(crate) fn was_warranted(&self, id: TransferId) -> bool {
        if self.is_complete() {
            return true;
        }
        let Some(transfer) = self.state.transfers.get(&id) else { return false };
        let Some(then) = self.version_before_act(&transfer.submitted) else { return false };
        let met = |permit: &PermitId| {
            let permit = then.policy.permit(permit);
            permit.is_some_and(|permit| transfer.is_met(&then.policy, permit, &transfer.approvals, self))
        };
        self.counts(&transfer.submitted, transfer.settled)
            && transfer.standings.iter().any(|standing| met(&standing.permit))
    }
}

/// Motions.
impl<'a, R: Reading> Judge<'a, R> {
    fn motion(&self, motion: &Motion, now: Timestamp) -> bool {
        let applicable = match &motion.proposal {
            Proposal::Lift(stop) => self.state.stops.get(stop).is_some_and(|stop| stop.lifted.is_none()),
            Proposal::Lower(to) => *to < self.state.posture() && !self.raised_since(motion.proposed.number),
            Proposal::Change(_) => true,
            Proposal::Credential { actor, new } => {
                exists(self.state.policy(), actor) && self.state.fits_entry(actor, new)
            }
            Proposal::Revoke { actor } => self.state.entry(actor.as_str()).is_some(),
        };
        applicable && self.quorum_held(motion, now)
    }

    /// A raise after the proposal is a stop that the motion does not speak of: it stands until another motion does.
    fn raised_since(&self, proposed: ActNumber) -> bool {
        let later = |change: &PostureChange| match &change.cause {
            PostureCause::Raised(act) => act.number > proposed,
            PostureCause::Lowered(_) => false,
        };
        self.state.postures.iter().any(later)
    }

    /// Whether a policy that came by a motion is in force by the acts that count. What applied at once did so as no loosening of
    /// the policy before it; where that one was not in force, nobody has looked at what it loosens.
    fn brought(&self, id: MotionId, before: Option<&'a PolicyVersion>) -> bool {
        let immediate = self.state.motions.get(&id).is_some_and(Motion::is_immediate);
        let on_that = || {
            let last = self.versions.last();
            last.zip(before).is_some_and(|(last, before)| std::ptr::eq(*last, before))
        };
        self.passed(id) && (!immediate || self.is_complete() || on_that())
    }

    /// Whether a motion that passed would have passed by the acts that count.
    pub(crate) fn passed(&self, id: MotionId) -> bool {
        let Some(motion) = self.state.motions.get(&id) else { return false };
        let Some(settled) = motion.settled else { return false };
        motion.status.has_passed() && (self.is_complete() || self.quorum_held(motion, settled))
    }

    /// Whether a motion's quorum was met without a gap for its whole wait, by the acts that count.
    pub(crate) fn quorum_held(&self, motion: &Motion, at: Timestamp) -> bool {
        let Some(version) = self.version_before(at, motion.settled) else { return false };
        let instants = motion.endorsements.iter().map(|act| act.at);
        let met = |until: Timestamp| {
            let version = self.version_before(until, motion.settled);
            version.is_some_and(|version| motion.is_met(version, up_to(&motion.endorsements, until), self))
        };
        let since = self.continuously((motion.judged_from, at), instants, met);
        self.counts(&motion.proposed, motion.settled)
            && since.is_some_and(|since| since.after(motion.wait(version)) <= at)
    }

    /// The policy that judged a motion at an instant; a change is not judged by the policy that it brought.
    fn version_before(&self, at: Timestamp, settled: Option<Timestamp>) -> Option<&'a PolicyVersion> {
        let in_force = |version: &&&PolicyVersion| {
            // The first policy was brought by no motion, so it judges those of its own instant as well.
            let is_earlier = |settled| version.since < settled || version.motion.is_none();
            version.since <= at && version.stands_at(at) && settled.is_none_or(is_earlier)
        };
        self.versions.iter().rev().find(in_force).copied()
    }

    /// Since when a condition holds without a gap, looking at every instant at which it may have changed.
    fn continuously(
        &self,
        (from, until): (Timestamp, Timestamp),
        instants: impl Iterator<Item = Timestamp>,
        holds: impl Fn(Timestamp) -> bool,
    ) -> Option<Timestamp> {
        let changes = self.versions.iter().flat_map(|version| [Some(version.since), version.lapsed]);
        let changes = changes.flatten().filter(|at| *at > from);
        let mut instants: Vec<Timestamp> = instants.chain(changes).chain([from]).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut since = None;
        for at in instants.into_iter().filter(|at| (from..=until).contains(at)) {
            since = if holds(at) { since.or(Some(at)) } else { None };
        }
        since
    }
}

/// One transfer before its judge.
struct Case<'j, 'a, R> {
    judge: &'j Judge<'a, R>,
    transfer: &'a Transfer,
    then: &'a PolicyVersion,
    current: &'a PolicyVersion,
    now: Timestamp,
}

impl<'a, R: Reading> Case<'_, 'a, R> {
    /// The permit of now, if both the one of then and the one of now allow the transfer at this instant.
    fn allowing(&self, id: &PermitId) -> Option<&'a Permit> {
        let then = self.then.policy.permit(id)?;
        let current = self.current.policy.permit(id)?;
        let hold = then.hold.max(current.hold);
        let ready = self.met_since(id)?.after(hold);
        let in_time = ready <= self.now && ready <= self.transfer.submitted.at.after(then.expires);
        let posture = self.judge.posture();
        let stands = in_time
            && then.works_under(posture)
            && current.works_under(posture)
            && self.matches(self.then, then)
            && self.matches(self.current, current);
        stands.then_some(current)
    }

    fn matches(&self, version: &PolicyVersion, permit: &Permit) -> bool {
        if self.judge.is_complete() && std::ptr::eq(self.then, self.current) {
            return true; // It matched at submission, by every act and this very policy.
        }
        permit.matches(&version.policy, &self.transfer.facts(), &Payments { judge: self.judge })
    }

    fn met_since(&self, id: &PermitId) -> Option<Timestamp> {
        let transfer = self.transfer;
        if self.judge.is_complete() {
            return transfer.standings.iter().find(|standing| standing.permit == *id)?.met_since;
        }
        let instants = transfer.approvals.iter().map(|act| act.at);
        self.judge.continuously((transfer.submitted.at, self.now), instants, |at| {
            let approvals = up_to(&transfer.approvals, at);
            let approved = |version: &PolicyVersion| {
                let permit = version.policy.permit(id);
                permit.is_some_and(|p| transfer.is_met(&version.policy, p, approvals, self.judge))
            };
            approved(self.then) && self.judge.version_at(at).is_some_and(approved)
        })
    }

    fn is_quick(&self, permit: &Permit) -> bool {
        let then_slow =
            self.then.policy.permit(&permit.id).is_some_and(|then| !self.then.policy.is_quick(then));
        self.current.policy.is_quick(permit) && !then_slow
    }
}
