//! The one place where the two ledgers meet (G1, G3, G4).
//!
//! Called at the moment of decision and before every further signature, and at no other time: before it, nothing that the covert
//! ledger knows can reach anything overt. `no` looks like a colleague's objection, because that is what an objection leads to.

use credentials::Class;
use overt::{Act, AllActs, Matter, Policies, Reading};
use types::{ActorId, Timestamp};

use crate::state::State;

/// The second reading: the acts of people who were free, as far as is known now.
pub(crate) struct Untainted<'a> {
    pub(crate) covert: &'a covert::State,
    pub(crate) policies: &'a Policies,
}

impl Reading for Untainted<'_> {
    fn counts(&self, act: &Act, settled: Option<Timestamp>) -> bool {
        // Feeds and Rempart itself have no class.
        let Some(actor) = act.by.actor() else { return true };
        // Whoever operated a service when it acted does so for good, whatever the register says later.
        let versions = self.policies.all();
        let then = versions.iter().rposition(|version| version.since <= act.at).unwrap_or(0);
        let mut since = versions.iter().skip(then);
        since.all(|version| self.covert.counts(&version.policy, actor, act.at, settled))
    }
}

/// Whether a matter may take effect now.
///
/// A quick transfer: the overt rules say yes and nobody has objected. Anything else: the overt rules say yes over the whole
/// history *and* over the history without the acts of people who were not free, nobody has objected, and no open incident covers it.
#[must_use]
pub fn release(state: &State, matter: Matter, now: Timestamp) -> bool {
    release_on(state, matter, now, Class::Free)
}

/// The same, at an act that is not in the state yet: its attestation is judged first. A signal always covers everything.
pub(crate) fn release_on(state: &State, matter: Matter, now: Timestamp, class: Class) -> bool {
    let first = state.overt().allows(&AllActs, matter, now);
    let objected = matches!(matter, Matter::Transfer(id) if state.covert().is_objected(id));
    if !first.allowed || objected {
        return false;
    }
    if first.quick {
        return true;
    }
    let untainted = Untainted { covert: state.covert(), policies: state.overt().policies() };
    let second = state.overt().allows(&untainted, matter, now);
    second.allowed && class == Class::Free && !is_covered(state, matter, now)
}

fn is_covered(state: &State, matter: Matter, now: Timestamp) -> bool {
    let policy = state.overt().policy();
    policy.is_none_or(|policy| state.covert().covers(policy, now, &as_covert_sees(state, matter)))
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
