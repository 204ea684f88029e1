//! The one place where the two ledgers meet (G1, G3, G4).
//!
//! Called at the moment of decision and before every further signature, and at no other time: before it, nothing that the covert
//! ledger knows can reach anything overt. `no` looks like a colleague's objection, because that is what an objection leads to.

use overt::{Act, AllActs, Matter, Reading};
use policy::Policy;
use types::{ActorId, Timestamp};

use crate::state::State;

/// The second reading: the acts of people who were free, as far as is known now.
struct Untainted<'a> {
    covert: &'a covert::State,
    policy: &'a Policy,
}

impl Reading for Untainted<'_> {
    fn counts(&self, act: &Act, settled: Option<Timestamp>) -> bool {
        // Feeds and Rempart itself have no class.
        act.by.actor().is_none_or(|actor| self.covert.counts(self.policy, actor, act.at, settled))
    }
}

/// Whether a matter may take effect now.
///
/// A quick transfer: the overt rules say yes and nobody has objected. Anything else: the overt rules say yes over the whole
/// history *and* over the history without the acts of people who were not free, nobody has objected, and no open incident covers it.
#[must_use]
pub fn release(state: &State, matter: Matter, now: Timestamp) -> bool {
    let Some(policy) = state.overt().policy() else { return false };
    let first = state.overt().allows(&AllActs, matter, now);
    let objected = matches!(matter, Matter::Transfer(id) if state.covert().is_objected(id));
    if !first.allowed || objected {
        return false;
    }
    if first.quick {
        return true;
    }
    let untainted = Untainted { covert: state.covert(), policy };
    let second = state.overt().allows(&untainted, matter, now);
    second.allowed && !state.covert().covers(&as_covert_sees(state, matter))
}

fn as_covert_sees(state: &State, matter: Matter) -> covert::Matter<'_> {
    fn actors<'a>(first: &'a Act, others: &'a [Act]) -> Vec<&'a ActorId> {
        std::iter::once(first).chain(others).filter_map(|act| act.by.actor()).collect()
    }
    match matter {
        Matter::Transfer(id) => match state.overt().transfer(id) {
            Some(transfer) => covert::Matter {
                vault: Some(&transfer.payload.vault),
                actors: actors(&transfer.submitted, &transfer.approvals),
            },
            None => covert::Matter { vault: None, actors: Vec::new() },
        },
        Matter::Motion(id) => match state.overt().motion(id) {
            Some(motion) => {
                covert::Matter { vault: None, actors: actors(&motion.proposed, &motion.endorsements) }
            }
            None => covert::Matter { vault: None, actors: Vec::new() },
        },
    }
}
