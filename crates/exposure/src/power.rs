//! What a coalition is able to do at all, whenever it does it (G2): which quorums it meets, which paths its keys satisfy, and who of it
//! may use which permit. Called by `search`; `game` turns it into what can be moved by when.

use std::collections::{BTreeMap, HashMap};

use policy::{Chain, Policy, Quorum};
use types::ActorId;

use crate::coalition::Coalition;

/// What does not depend on the horizon or the mode.
#[derive(Clone, Debug)]
pub(crate) struct Power {
    pub cosigner: bool,
    pub change: bool,
    pub clear: bool,
    pub lift: bool,
    /// By vault: whether the coalition's keys satisfy the spending path (always so where someone else signs).
    pub signs: Vec<bool>,
    /// By vault: whether its keys satisfy the recovery path.
    pub recovers: Vec<bool>,
    pub teams: Vec<Team>,
}

/// Initiators who can do the same.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub actors: Vec<ActorId>,
    /// The permits that they can use, by number.
    pub usable: Vec<usize>,
    /// By forbid: whether it speaks of them.
    forbids: Vec<bool>,
}

/// A power without names: two coalitions with the same can lose the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Signature {
    flags: [bool; 4],
    signs: Vec<bool>,
    recovers: Vec<bool>,
    teams: Vec<(usize, Vec<usize>, Vec<bool>)>,
}

impl Power {
    pub(crate) fn signature(&self) -> Signature {
        let team = |team: &Team| (team.actors.len(), team.usable.clone(), team.forbids.clone());
        let mut teams: Vec<_> = self.teams.iter().map(team).collect();
        teams.sort_unstable();
        Signature {
            flags: [self.cosigner, self.change, self.clear, self.lift],
            signs: self.signs.clone(),
            recovers: self.recovers.clone(),
            teams,
        }
    }
}

/// Every different quorum once, with who may use what.
pub(crate) struct Rules<'p> {
    policy: &'p Policy,
    quorums: Vec<&'p Quorum>,
    /// By permit: its quorum among them.
    approve: Vec<Option<usize>>,
}

impl<'p> Rules<'p> {
    pub(crate) fn of(policy: &'p Policy) -> Self {
        let mut numbers: HashMap<&Quorum, usize> = HashMap::new();
        let mut quorums: Vec<&Quorum> = Vec::new();
        let approve = policy.permits().iter().map(|permit| {
            permit.approve.as_ref().map(|quorum| {
                *numbers.entry(quorum).or_insert_with(|| {
                    quorums.push(quorum);
                    quorums.len() - 1
                })
            })
        });
        let approve = approve.collect();
        Self { policy, quorums, approve }
    }

    /// What a coalition can do.
    pub(crate) fn power(&self, coalition: &Coalition<'p>) -> Power {
        let policy = self.policy;
        let ids = coalition.ids();
        let signs = |vault: &policy::Vault| match (&vault.chain, &vault.keys) {
            (Chain::GateOnly, _) | (_, None) => true,
            (_, Some(path)) => coalition.keys_among(&path.of) >= path.at_least as usize,
        };
        let recovers = |vault: &policy::Vault| {
            let path = vault.recovery.as_ref().map(|recovery| &recovery.keys);
            path.is_some_and(|path| coalition.keys_among(&path.of) >= path.at_least as usize)
        };
        Power {
            cosigner: coalition.holds_cosigner,
            change: self.can_change(coalition),
            clear: policy.met(&policy.response().clear, &ids, &[]),
            lift: policy.met(&policy.stop().lift, &ids, &[]),
            signs: policy.vaults().iter().map(signs).collect(),
            recovers: policy.vaults().iter().map(recovers).collect(),
            teams: self.teams(coalition),
        }
    }

    /// Whoever proposes never counts, so one of the coalition proposes and the others approve.
    fn can_change(&self, coalition: &Coalition<'p>) -> bool {
        let quorum = &self.policy.change().approve;
        let ids = coalition.ids();
        self.policy.met(quorum, &ids, &[])
            && ids.iter().any(|proposer| self.policy.met(quorum, &ids, &[proposer]))
    }

    fn teams(&self, coalition: &Coalition<'p>) -> Vec<Team> {
        let policy = self.policy;
        let ids = coalition.ids();
        let met: Vec<bool> = self.quorums.iter().map(|quorum| policy.met(quorum, &ids, &[])).collect();
        let mut alike: BTreeMap<(Vec<usize>, Vec<bool>), Vec<ActorId>> = BTreeMap::new();
        for actor in coalition.actors() {
            let person = policy.person_of(&actor);
            let mut met_by_others: Vec<Option<bool>> = vec![None; self.quorums.len()];
            let mut meets = |number: usize| {
                let known = met_by_others.get(number).copied().flatten();
                let quorum = self.quorums.get(number)?;
                let answer = known.unwrap_or_else(|| {
                    met.get(number) == Some(&true)
                        && person.is_none_or(|person| self.met_without(quorum, &ids, person))
                });
                *met_by_others.get_mut(number)? = Some(answer);
                Some(answer)
            };
            let may = |permit: &policy::Permit| {
                permit.hold <= permit.expires
                    && permit.initiators.iter().any(|group| policy.in_group(&actor, group))
            };
            let usable: Vec<usize> = policy
                .permits()
                .iter()
                .zip(&self.approve)
                .enumerate()
                .filter(|(_, (permit, approve))| {
                    may(permit) && approve.is_none_or(|number| meets(number) == Some(true))
                })
                .map(|(at, _)| at)
                .collect();
            if !usable.is_empty() {
                let forbidden = self.forbid_profile(&actor);
                alike.entry((usable, forbidden)).or_default().push(actor);
            }
        }
        alike.into_iter().map(|((usable, forbids), actors)| Team { actors, usable, forbids }).collect()
    }

    fn met_without(&self, quorum: &Quorum, ids: &[&types::PersonId], person: &policy::Person) -> bool {
        let counts = quorum.groups().iter().any(|group| person.groups.contains(group));
        !counts || self.policy.met(quorum, ids, &[&person.id])
    }

    /// Which forbids speak of this initiator.
    fn forbid_profile(&self, actor: &ActorId) -> Vec<bool> {
        let speaks = |forbid: &policy::Forbid| {
            let groups = forbid.initiators.as_ref();
            groups.is_none_or(|groups| groups.iter().any(|group| self.policy.in_group(actor, group)))
        };
        self.policy.forbids().iter().map(speaks).collect()
    }
}
