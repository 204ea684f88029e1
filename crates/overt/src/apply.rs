//! What happens to the state. Total: an event that was once decided always applies, and the same events give the same state.

use std::sync::Arc;

use policy::{Direction, OutputFacts, Policy, PriceEntry};
use types::{Payload, PermitId, Span, Timestamp, TransferId, Value};

use crate::act::{Act, AllActs};
use crate::command::Event;
use crate::motion::{Motion, MotionId, MotionStatus, Proposal};
use crate::onchain::ShownAddress;
use crate::policies::PolicyVersion;
use crate::spending::REFRESH_EXPIRES;
use crate::state::{Matter, PostureCause, PostureChange, State};
use crate::stop::{Scope, Stop, StopId};
use crate::transfer::{Standing, Status, Transfer};
use crate::windows::Entry;

impl State {
    /// A record begins: its number is taken and the clock moves to its instant, whatever events it has.
    pub fn begin(&mut self, act: &Act) {
        self.last_act = act.number;
        self.clock.advance(act.at);
        self.opened |= act.by.actor().is_some();
    }

    /// Applies one event of a record that has begun.
    pub fn apply(&mut self, act: &Act, event: &Event) {
        match event {
            Event::Founded { sources } => self.found(act, sources),
            Event::ClockSet { wall, steady, boot } => self.clock.anchor(act.at, (*wall, *steady, *boot)),
            Event::Enrolled { actor, credential } => self.enrolled_whole(actor, credential),
            Event::Revoked { actor, devices } => self.revoked(actor, devices),
            Event::Submitted { transfer, payload, value, outputs, standings } => {
                let standings = standings.clone();
                self.submitted(act, *transfer, Submission { payload, value: *value, outputs, standings });
            }
            Event::Attached { transfer, spend } => self.attached(*transfer, spend),
            Event::AddressShown { vault, index, label } => {
                let shown = ShownAddress { label: label.clone(), at: act.at };
                self.addresses.entry(vault.clone()).or_default().insert(*index, shown);
            }
            Event::Approved { transfer } => self.approved(act, *transfer),
            Event::Cancelled { transfer } => self.settle(act, *transfer, Status::Cancelled),
            Event::Released { transfer } => self.settle(act, *transfer, Status::Ready),
            Event::SigningBegan { transfer } => self.signing_began(act, *transfer),
            Event::Declined { transfer } => self.settle(act, *transfer, Status::Declined),
            Event::Expired { transfer } => self.settle(act, *transfer, Status::Expired),
            Event::Withheld { transfer } => self.withheld(*transfer),
            Event::Signed { transfer, txid } => self.signed(act, *transfer, *txid),
            Event::Confirmed { transfer, txid } => {
                self.confirmed(act, *transfer, *txid, Status::Confirmed { txid: *txid })
            }
            Event::Returned { transfer, txid } => self.confirmed(act, *transfer, *txid, Status::Cancelled),
            Event::Displaced { transfer } => self.displaced(act, *transfer),
            Event::Unconfirmed { transfer } => {
                self.unconfirmed(act, *transfer);
                self.refill_windows();
            }
            Event::Stopped { scope, reason } => self.stopped(act, scope, reason),
            Event::Raised { to } => {
                let change = PostureChange { to: *to, at: act.at, cause: PostureCause::Raised(act.clone()) };
                self.postures.push(change);
            }
            Event::Proposed { motion, proposal, direction } => {
                self.proposed(act, *motion, (proposal, *direction));
            }
            Event::Endorsed { motion } => self.endorsed(act, *motion),
            Event::Ended { motion } => self.ended(act, *motion),
            Event::Opposed { motion } => {
                self.update_motion(*motion, |motion| motion.opposed.push(act.clone()));
            }
            Event::Reverted { motion } => self.reverted(act, *motion),
            Event::Rejected { motion } => self.settle_motion(act.at, *motion, MotionStatus::Declined),
            Event::Lapsed { motion } => self.settle_motion(act.at, *motion, MotionStatus::Expired),
            Event::Passed { motion } => self.passed(act, *motion),
            Event::Received { vault, transaction, height, outputs } => {
                self.received(act, vault, (*transaction, *height), outputs);
            }
            Event::Lost { outputs, .. } => self.lost(outputs),
            Event::ChainSeen { network, tip } => drop(self.tips.insert(*network, tip.clone())),
            Event::Priced(entry) => self.priced(entry),
            Event::DossierKept { person, sealed } => self.dossier_kept(act, person, sealed),
        }
        self.stir();
    }

    fn found(&mut self, act: &Act, sources: &[policy::Source]) {
        if let Some(policy) = policy::load(sources).policy {
            self.policies.push(PolicyVersion::new(Arc::new(policy), (act.at, act.number), None));
        }
    }

    fn priced(&mut self, entry: &PriceEntry) {
        let Some(window) = self.policy().map(|policy| policy.prices().window) else { return };
        let prices = self.prices.entry(entry.asset).or_default();
        prices.retain(|old| old.at > entry.at.before(window));
        prices.push(entry.clone());
    }

    fn stopped(&mut self, act: &Act, scope: &Scope, reason: &str) {
        let stop =
            Stop { scope: scope.clone(), placed: act.clone(), reason: reason.to_owned(), lifted: None };
        self.stops.insert(StopId(act.number.0), stop);
    }
}

/// What a submission brings.
struct Submission<'a> {
    payload: &'a Payload,
    value: (Value, Value),
    outputs: &'a [Value],
    standings: Vec<Standing>,
}

/// Transfers.
impl State {
    fn submitted(&mut self, act: &Act, id: TransferId, submission: Submission<'_>) {
        let Some(version) = self.policies.current() else { return };
        let policy = Arc::clone(&version.policy);
        let outputs = submission.payload.outputs.iter().zip(submission.outputs);
        let outputs = outputs
            .map(|(output, value)| OutputFacts { target: policy.resolve(&output.target), value: *value })
            .collect();
        let expires = submission.standings.iter().filter_map(|standing| policy.permit(&standing.permit));
        let expires = expires.map(|permit| permit.expires).max().unwrap_or(REFRESH_EXPIRES);
        let mut transfer = Transfer {
            payload: submission.payload.clone(),
            submitted: act.clone(),
            value: submission.value.0,
            fee: submission.value.1,
            outputs,
            standings: submission.standings,
            approvals: Vec::new(),
            spend: None,
            signings: Vec::new(),
            spent: Vec::new(),
            status: Status::Pending,
            since: act.at,
            settled: None,
            cancelled: None,
            ready_at: None,
            expires_at: act.at.after(expires),
        };
        transfer.ready_at = if transfer.payload.refresh {
            Some(act.at)
        } else {
            self.ready_at(&transfer, &transfer.standings)
        };
        let keep = self.policies.longest_expiry();
        self.charge(&policy, id, &transfer, keep);
        self.pending += 1;
        self.due.extend(next_due(&transfer).map(|at| (at, Matter::Transfer(id))));
        self.transfers.insert(id, transfer);
    }

    fn charge(&mut self, policy: &Policy, id: TransferId, transfer: &Transfer, keep: Span) {
        for charge in policy.charges(&transfer.facts()).unwrap_or_default() {
            let Some(limit) = policy.limit(&charge.limit) else { continue };
            let ended = transfer.freed_at();
            let entry = Entry { at: transfer.submitted.at, value: charge.value, transfer: id, ended };
            self.windows.add(limit, &charge, entry, keep);
        }
    }

    /// Changes one transfer and moves it to its new place in the order of what is due.
    pub(crate) fn update(&mut self, id: TransferId, change: impl FnOnce(&mut Transfer)) {
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        let before = next_due(transfer);
        change(transfer);
        let after = next_due(transfer);
        if before != after {
            self.due.extend(after.map(|at| (at, Matter::Transfer(id))));
            if let Some(at) = before {
                self.due.remove(&(at, Matter::Transfer(id)));
            }
        }
    }

    fn approved(&mut self, act: &Act, id: TransferId) {
        let Some(transfer) = self.transfers.get_mut(&id) else { return };
        transfer.approvals.push(act.clone());
        self.refresh(id, act.at);
    }

    /// Brings an open transfer's standings up to an instant at which an approval or the policy changed: a quorum is met when
    /// the policy of the submission and the one in force both say so. One that is released is judged again before it is signed.
    fn refresh(&mut self, id: TransferId, at: Timestamp) {
        let Some(version) = self.policies.current() else { return };
        let current = Arc::clone(&version.policy);
        let Some(transfer) =
            self.transfers.get(&id).filter(|found| found.status.is_open() && !found.payload.refresh)
        else {
            return;
        };
        let Some(then) = self.policies.before(&transfer.submitted) else { return };
        let met = |permit: &PermitId| {
            [&then.policy, &current].into_iter().all(|policy| {
                let permit = policy.permit(permit);
                permit.is_some_and(|permit| transfer.is_met(policy, permit, &transfer.approvals, &AllActs))
            })
        };
        let mut standings = transfer.standings.clone();
        for standing in &mut standings {
            standing.met_since = met(&standing.permit).then(|| standing.met_since.unwrap_or(at));
        }
        let ready_at = self.ready_at(transfer, &standings);
        self.update(id, |transfer| (transfer.standings, transfer.ready_at) = (standings, ready_at));
    }

    /// The moment of decision as things stand: the earliest at which a permit's hold ends in time.
    fn ready_at(&self, transfer: &Transfer, standings: &[Standing]) -> Option<Timestamp> {
        let instants = standings.iter().filter_map(|standing| {
            let (hold, expires) = self.hold_of(transfer, &standing.permit)?;
            let ready = standing.met_since?.after(hold);
            (ready <= transfer.submitted.at.after(expires)).then_some(ready)
        });
        instants.min()
    }

    pub(crate) fn settle(&mut self, act: &Act, id: TransferId, status: Status) {
        let Some(transfer) = self.transfers.get(&id) else { return };
        let (was_open, submitted) = (transfer.status.is_open(), transfer.submitted.at);
        let (stays_open, unspent) = (status.is_open(), status.ended_unspent());
        let cancelled = matches!(status, Status::Cancelled).then(|| act.clone());
        self.pending -= usize::from(was_open && !stays_open);
        self.cancels.extend(cancelled.is_some().then_some((act.at, id)));
        self.update(id, |transfer| {
            transfer.status = status;
            transfer.since = act.at;
            transfer.settled = transfer.settled.or((!stays_open).then_some(act.at));
            transfer.cancelled = cancelled;
        });
        if unspent {
            self.free(id, submitted, act.at);
        }
        self.wait_for_signature(id);
    }

    fn free(&mut self, id: TransferId, submitted: Timestamp, at: Timestamp) {
        let (Some(version), Some(transfer)) = (self.policies.current(), self.transfers.get(&id)) else {
            return;
        };
        let charges = version.policy.charges(&transfer.facts()).unwrap_or_default();
        for charge in &charges {
            self.windows.end(charge, id, submitted, at);
        }
    }
}

/// Motions.
impl State {
    fn proposed(&mut self, act: &Act, id: MotionId, (proposal, direction): (&Proposal, Option<Direction>)) {
        let motion = Motion {
            proposal: proposal.clone(),
            proposed: act.clone(),
            endorsements: Vec::new(),
            met_since: None,
            ready_at: None,
            status: MotionStatus::Pending,
            settled: None,
            direction,
            judged_from: act.at,
            lapses_at: None,
            ended: None,
            opposed: Vec::new(),
        };
        self.due.extend(motion.due().map(|at| (at, Matter::Motion(id))));
        let immediate = motion.is_immediate();
        self.motions.insert(id, motion);
        if immediate {
            // Who proposes a tightening counts for it, and may suffice.
            self.refresh_motion(id, act.at);
        }
    }

    fn endorsed(&mut self, act: &Act, id: MotionId) {
        self.update_motion(id, |motion| motion.endorsements.push(act.clone()));
        if self.motions.get(&id).is_some_and(Motion::is_provisional) {
            self.joined(id, act.at);
        } else {
            self.refresh_motion(id, act.at);
        }
    }

    fn ended(&mut self, act: &Act, id: MotionId) {
        self.settle_motion(act.at, id, MotionStatus::Ended);
        self.update_motion(id, |motion| motion.ended = Some(act.clone()));
    }

    pub(crate) fn refresh_motion(&mut self, id: MotionId, at: Timestamp) {
        let (Some(version), Some(motion)) = (self.policies.current(), self.motions.get(&id)) else { return };
        let met = motion.is_met(version, &motion.endorsements, &AllActs);
        let met_since = met.then(|| motion.met_since.unwrap_or(at));
        let ready_at = met_since.map(|since| since.after(motion.wait(version)));
        self.update_motion(id, |motion| (motion.met_since, motion.ready_at) = (met_since, ready_at));
    }

    pub(crate) fn settle_motion(&mut self, at: Timestamp, id: MotionId, status: MotionStatus) {
        self.update_motion(id, |motion| (motion.status, motion.settled) = (status, Some(at)));
    }

    fn passed(&mut self, act: &Act, id: MotionId) {
        self.settle_motion(act.at, id, MotionStatus::Passed);
        let Some(proposal) = self.motions.get(&id).map(|motion| motion.proposal.clone()) else { return };
        match proposal {
            Proposal::Lift(stop) => {
                if let Some(stop) = self.stops.get_mut(&stop) {
                    stop.lifted = Some((act.at, id));
                }
            }
            Proposal::Lower(to) => {
                self.postures.push(PostureChange { to, at: act.at, cause: PostureCause::Lowered(id) });
            }
            Proposal::Change(sources) => self.change_policy(act, id, &sources),
            Proposal::Credential { actor, new } => self.credential_passed(act, id, (&actor, &new)),
            Proposal::Revoke { actor } => self.muted(&actor),
        }
    }

    fn change_policy(&mut self, act: &Act, id: MotionId, sources: &[policy::Source]) {
        let Some(policy) = policy::load(sources).policy.map(Arc::new) else { return };
        let review = self.change_passed(id, act.at);
        self.put_in_force(PolicyVersion::new(policy, (act.at, act.number), Some(id)), review);
    }

    /// Open transfers are judged by the policy of then and the one in force.
    pub(crate) fn refresh_open(&mut self, at: Timestamp) {
        let open = |(id, transfer): (&TransferId, &Transfer)| transfer.status.is_open().then_some(*id);
        let transfers: Vec<TransferId> = self.transfers.iter().filter_map(open).collect();
        for transfer in transfers {
            self.refresh(transfer, at);
        }
    }

    /// Limits may be new or other: every counter is filled again from the transfers themselves.
    pub(crate) fn refill_windows(&mut self) {
        let Some(policy) = self.policies.current().map(|version| Arc::clone(&version.policy)) else { return };
        self.windows.clear();
        let keep = self.policies.longest_expiry();
        let mut by_time: Vec<(u64, TransferId)> =
            self.transfers.iter().map(|(id, transfer)| (transfer.submitted.number.0, *id)).collect();
        by_time.sort_unstable();
        for (_, id) in by_time {
            if let Some(transfer) = self.transfers.get(&id).cloned() {
                self.charge(&policy, id, &transfer, keep);
            }
        }
    }
}

fn next_due(transfer: &Transfer) -> Option<Timestamp> {
    match transfer.status {
        Status::Pending => {
            Some(transfer.ready_at.map_or(transfer.expires_at, |at| at.min(transfer.expires_at)))
        }
        Status::Ready => Some(transfer.expires_at),
        _ => None,
    }
}
