//! Every way to take so many, as candidates whose powers differ (G2). Called by `search`.

use std::collections::{BTreeSet, HashMap};

use policy::Policy;
use types::PersonId;

use crate::bound::{Adversary, BoundError, Taken};
use crate::coalition::{Coalition, Takings, Target, representatives};
use crate::game::Ground;
use crate::power::{Counted, Members, Power, Rules, Tally};
use crate::tree::Tree;

/// The most ways of taking that are looked at one by one. Where there are more they are searched as a tree.
const TAKINGS_MAX: usize = 300;

/// Who can be taken, and what that gives.
pub(crate) struct Field<'p> {
    policy: &'p Policy,
    rules: Rules<'p>,
    takings: Takings,
    adversary: Adversary,
    /// By person: the services that they operate.
    operates: Vec<Vec<usize>>,
}

/// What is taken, by number, and what that can do.
pub(crate) struct Candidate {
    pub taken: Vec<usize>,
    pub power: Power,
}

impl<'p> Field<'p> {
    pub(crate) fn of(policy: &'p Policy, adversary: Adversary) -> Self {
        let numbers: HashMap<&PersonId, usize> =
            policy.people().enumerate().map(|(at, person)| (&person.id, at)).collect();
        let mut operates = vec![Vec::new(); numbers.len()];
        for (number, service) in policy.services().iter().enumerate() {
            for operator in service.operated_by.iter().filter_map(|id| numbers.get(id)) {
                if let Some(operates) = operates.get_mut(*operator) {
                    operates.push(number);
                }
            }
        }
        let takings = Takings::of(policy, adversary);
        Self { policy, rules: Rules::of(policy), takings, adversary, operates }
    }

    pub(crate) fn coalition(&self, taken: &[usize]) -> Coalition<'p> {
        Coalition::of(self.policy, &self.targets(taken))
    }

    fn members(&self, targets: &[&Target]) -> Members {
        let mut people: Vec<usize> = targets.iter().flat_map(|target| &target.people).copied().collect();
        people.sort_unstable();
        people.dedup();
        let operated = people.iter().filter_map(|person| self.operates.get(*person));
        let services: BTreeSet<usize> = operated.flatten().copied().collect();
        let hosts = |number: &usize| self.takings.hosts.contains(number);
        let cosigner = targets.iter().any(|target| target.cosigner) || people.iter().any(hosts);
        Members { people, services: services.into_iter().collect(), cosigner }
    }

    fn targets(&self, numbers: &[usize]) -> Vec<&Target> {
        numbers.iter().filter_map(|at| self.takings.targets.get(*at)).collect()
    }

    fn kinds(&self, k: usize) -> Vec<Vec<usize>> {
        self.takings.kinds(self.policy, self.adversary, k)
    }

    pub(crate) fn takings(&self, k: usize, most: usize) -> Option<Vec<Vec<usize>>> {
        representatives(&self.kinds(k), k, most)
    }

    pub(crate) fn candidate(&self, taken: Vec<usize>) -> Candidate {
        let power = self.rules.power(&self.members(&self.targets(&taken)));
        Candidate { taken, power }
    }

    /// Every way to take these: one by one where they are few, else as a tree.
    pub(crate) fn candidates(&self, ground: &Ground<'_>, taken: &Taken) -> Result<Tree, BoundError> {
        let each = match taken {
            Taken::Ids(ids) => {
                let find = |id: &String| {
                    let at = self.takings.targets.iter().position(|target| target.id == *id);
                    at.ok_or_else(|| BoundError::Unknown { given: id.clone(), adversary: self.adversary })
                };
                vec![ids.iter().map(find).collect::<Result<Vec<usize>, _>>()?]
            }
            Taken::K(k) => match self.takings(usize::from(*k), TAKINGS_MAX) {
                Some(each) => each,
                None => return Ok(Tree::whole(ground, self.tally(usize::from(*k)))),
            },
        };
        Ok(Tree::of(ground, each.into_iter().map(|taken| self.candidate(taken)).collect()))
    }

    /// Of each kind as many as can be taken.
    pub(crate) fn tally(&self, k: usize) -> Tally {
        let all = self.kinds(k);
        let kinds = all.iter().enumerate();
        let counted = |(kind, number): (usize, usize)| {
            let targets = self.targets(std::slice::from_ref(&number));
            Counted { number, kind, members: self.members(&targets) }
        };
        let targets = kinds.flat_map(|(kind, class)| class.iter().map(move |number| (kind, *number)));
        self.rules.tally(&targets.map(counted).collect::<Vec<Counted>>(), k)
    }
}
