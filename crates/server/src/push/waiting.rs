//! What waits for a person: transfers that they may approve and have not, motions that they may endorse and have not. Overt facts alone (G3).

use std::collections::BTreeSet;

use overt::{Act, Motion, MotionStatus, Proposal, State, Status, Transfer};
use policy::{Policy, Quorum};
use types::{Hash, PersonId};

/// The ids of all that waits for each of these people, in their order.
pub(super) fn waiting(state: &State, people: &[PersonId]) -> Vec<BTreeSet<Hash>> {
    let Some(policy) = state.policy() else { return vec![BTreeSet::new(); people.len()] };
    let transfers: Vec<_> =
        state.transfers().filter(|(_, transfer)| transfer.status == Status::Pending).collect();
    let open = |motion: &Motion| motion.status == MotionStatus::Pending || motion.is_provisional();
    let motions: Vec<_> = state.motions().filter(|(_, motion)| open(motion)).collect();
    let of = |person: &PersonId| {
        let transfers = transfers.iter().filter(|(_, transfer)| {
            state.sees(person, transfer) && awaits_approval(policy, transfer, person)
        });
        let motions = motions.iter().filter(|(_, motion)| awaits_endorsement(policy, motion, person));
        transfers.map(|(id, _)| id.0).chain(motions.map(|(id, _)| id.0)).collect()
    };
    people.iter().map(of).collect()
}

fn acted(acts: &[Act], person: &PersonId) -> bool {
    acts.iter().any(|act| act.is_by(person.as_str()))
}

fn counts_in(policy: &Policy, quorum: &Quorum, person: &PersonId) -> bool {
    quorum.groups().into_iter().any(|group| policy.person_in_group(person, group))
}

/// Whether the person is one of those whose approval a permit that is not met yet still asks for.
fn awaits_approval(policy: &Policy, transfer: &Transfer, person: &PersonId) -> bool {
    let unmet = transfer.standings.iter().filter(|standing| standing.met_since.is_none());
    let mut quorums = unmet
        .filter_map(|standing| policy.permit(&standing.permit))
        .filter_map(|permit| permit.approve.as_ref());
    let done = transfer.submitted.is_by(person.as_str()) || acted(&transfer.approvals, person);
    !done && quorums.any(|quorum| counts_in(policy, quorum, person))
}

/// Likewise for a motion, and for a tightening in force that somebody of another home must still join.
fn awaits_endorsement(policy: &Policy, motion: &Motion, person: &PersonId) -> bool {
    let done = motion.proposed.is_by(person.as_str())
        || acted(&motion.endorsements, person)
        || acted(&motion.opposed, person)
        || motion.concerns().is_some_and(|actor| actor.as_str() == person.as_str());
    if done || (motion.met_since.is_some() && !motion.is_provisional()) {
        return false;
    }
    match motion.proposal {
        Proposal::Lift(_) | Proposal::Lower(_) => counts_in(policy, &policy.stop().lift, person),
        Proposal::Change(_) if motion.is_immediate() => counts_in(policy, &policy.change().tighten, person),
        Proposal::Change(_) | Proposal::Credential { .. } => {
            counts_in(policy, &policy.change().approve, person)
        }
        // Anybody of another home may join.
        Proposal::Revoke { .. } => policy.person(person).is_some(),
    }
}
