//! What people see of the overt ledger (G9): never another approver, a place or a relative, and never why a transfer was declined.

use policy::{Direction, Posture};
use types::{Payload, PermitId, PersonId, Timestamp, TransferId, Value};

use crate::act::{Act, Author};
use crate::motion::{Motion, MotionId, MotionStatus, Proposal};
use crate::state::State;
use crate::stop::{Scope, Stop, StopId};
use crate::transfer::{Status, Transfer};

/// How a permit stands, to whoever sees the transfer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PermitView {
    /// Which permit.
    pub permit: PermitId,
    /// Whether its quorum is met. Not by whom.
    pub met: bool,
    /// When its wait ends, as things stand.
    pub ready_at: Option<Timestamp>,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// A transfer, as one person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransferView {
    /// Its id.
    pub id: TransferId,
    /// What was asked for.
    pub payload: Payload,
    /// When.
    pub submitted_at: Timestamp,
    /// Its value in the organisation's currency, with the approved maximum fee.
    pub value: Value,
    /// Where it stands.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// The permits that matched.
    pub permits: Vec<PermitView>,
    /// Whether this person submitted it.
    pub yours: bool,
    /// Whether this person approved it.
    pub approved_by_you: bool,
    /// Whether a stop reaches it.
    pub stopped: bool,
    /// Whether a transaction has been brought for it, and whether the members' signatures on it suffice.
    pub spend: Option<bool>,
    /// Why a released transfer is not signed yet, as a stable code: a matter of the chain or of signatures, never of a person.
    pub waits_for: Option<String>,
}

/// A stop, as one person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StopView {
    /// Its number.
    pub id: StopId,
    /// What it blocks.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the words of who placed it.
    pub reason: String,
    /// Whether this person placed it.
    pub yours: bool,
    /// When it was lifted.
    pub lifted_at: Option<Timestamp>,
}

/// A motion, as one person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MotionView {
    /// Its id.
    pub id: MotionId,
    /// What is proposed.
    pub proposal: Proposal,
    /// When.
    pub proposed_at: Timestamp,
    /// Whether this person proposed it.
    pub yours: bool,
    /// Whether this person endorsed it.
    pub endorsed_by_you: bool,
    /// Whether its quorum is met. Not by whom.
    pub met: bool,
    /// When its wait ends, as things stand.
    pub ready_at: Option<Timestamp>,
    /// Where it stands.
    pub status: MotionStatus,
    /// For a change: whether it tightens or loosens. Not what shows it: that names people.
    pub direction: Option<Direction>,
    /// For a tightening in force that someone of another home must still join: when it lapses.
    pub lapses_at: Option<Timestamp>,
}

/// What one person sees of the organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overview {
    /// The posture.
    pub posture: Posture,
    /// Stops in force, and those lifted, oldest first.
    pub stops: Vec<StopView>,
    /// Motions, in the order in which they were proposed.
    pub motions: Vec<MotionView>,
}

fn is_by(act: &Act, person: &PersonId) -> bool {
    matches!(&act.by, Author::Actor(actor) if actor.as_str() == person.as_str())
}

impl State {
    /// One transfer, if this person may see it.
    #[must_use]
    pub fn view_transfer(&self, person: &PersonId, id: TransferId) -> Option<TransferView> {
        let transfer = self.transfer(id)?;
        self.sees(person, transfer).then(|| self.transfer_view(person, id, transfer))
    }

    /// Transfers that this person sees, newest first, from before a given act if one is named.
    pub fn view_transfers(&self, person: &PersonId, before: Option<u64>, limit: usize) -> Vec<TransferView> {
        let seen = self.transfers().filter(|(_, transfer)| {
            before.is_none_or(|before| transfer.submitted.number.0 < before) && self.sees(person, transfer)
        });
        let mut seen: Vec<(TransferId, &Transfer)> = seen.collect();
        seen.sort_unstable_by_key(|(_, transfer)| std::cmp::Reverse(transfer.submitted.number));
        seen.truncate(limit);
        seen.into_iter().map(|(id, transfer)| self.transfer_view(person, id, transfer)).collect()
    }

    fn transfer_view(&self, person: &PersonId, id: TransferId, transfer: &Transfer) -> TransferView {
        let permits = transfer.standings.iter().filter_map(|standing| {
            let (hold, expires) = self.hold_of(transfer, &standing.permit)?;
            Some(PermitView {
                permit: standing.permit.clone(),
                met: standing.met_since.is_some(),
                ready_at: standing.met_since.map(|since| since.after(hold)),
                expires_at: transfer.submitted.at.after(expires),
            })
        });
        TransferView {
            id,
            payload: transfer.payload.clone(),
            submitted_at: transfer.submitted.at,
            value: transfer.value,
            status: transfer.shown_status(),
            since: transfer.since,
            permits: permits.collect(),
            yours: is_by(&transfer.submitted, person),
            approved_by_you: transfer.approvals.iter().any(|act| is_by(act, person)),
            stopped: self.stops().any(|(_, stop)| stop.lifted.is_none() && stop.reaches(id, transfer)),
            spend: transfer.spend.as_ref().map(|spend| spend.complete),
            waits_for: self.waits_for(id, self.clock.now()).map(str::to_owned),
        }
    }

    /// Posture, stops and motions, as this person sees them.
    #[must_use]
    pub fn view_overview(&self, person: &PersonId) -> Overview {
        let stop = |(id, stop): (StopId, &Stop)| StopView {
            id,
            scope: stop.scope.clone(),
            since: stop.placed.at,
            reason: stop.reason.clone(),
            yours: is_by(&stop.placed, person),
            lifted_at: stop.lifted.map(|(at, _)| at),
        };
        let motion = |(id, motion): (MotionId, &Motion)| {
            let view = MotionView {
                id,
                proposal: motion.proposal.clone(),
                proposed_at: motion.proposed.at,
                yours: is_by(&motion.proposed, person),
                endorsed_by_you: motion.endorsements.iter().any(|act| is_by(act, person)),
                met: motion.met_since.is_some(),
                ready_at: motion.ready_at,
                status: motion.status,
                direction: motion.direction,
                lapses_at: motion.lapses_at,
            };
            (motion.proposed.number, view)
        };
        let mut motions: Vec<_> = self.motions().map(motion).collect();
        motions.sort_unstable_by_key(|(number, _)| *number);
        Overview {
            posture: self.posture(),
            stops: self.stops().map(stop).collect(),
            motions: motions.into_iter().map(|(_, view)| view).collect(),
        }
    }
}
