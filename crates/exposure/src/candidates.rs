//! Every way to take so many, as candidates whose powers differ (G2). Called by `search`.

use std::collections::{BTreeSet, HashMap, HashSet};

use policy::Policy;
use types::PersonId;

use crate::bound::{Adversary, BoundError, Taken};
use crate::coalition::{Coalition, Takings, Target};
use crate::game::Ground;
use crate::power::{Members, Power, Rules, Signature};
use crate::ranking::Ranking;

/// The most ways of taking that are looked at one by one. Beyond, what any of them could do is joined into one bound.
const TAKINGS_MAX: usize = 60_000;

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

/// Those that can differ, and one that can do whatever any could that was not looked at.
pub(crate) struct Candidates {
    pub each: Vec<Candidate>,
    pub ranking: Ranking,
    pub all: Option<(Power, Ranking)>,
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

    fn power(&self, taken: &[usize]) -> Power {
        self.rules.power(&self.members(&self.targets(taken)))
    }

    /// One candidate for each different power.
    pub(crate) fn candidates(&self, ground: &Ground<'_>, taken: &Taken) -> Result<Candidates, BoundError> {
        let (each, all) = match taken {
            Taken::Ids(ids) => {
                let find = |id: &String| {
                    let at = self.takings.targets.iter().position(|target| target.id == *id);
                    at.ok_or_else(|| BoundError::Unknown { given: id.clone(), adversary: self.adversary })
                };
                let taken: Vec<usize> = ids.iter().map(find).collect::<Result<_, _>>()?;
                let power = self.power(&taken);
                (vec![Candidate { taken, power }], None)
            }
            Taken::K(k) => match self.takings.representatives(usize::from(*k), TAKINGS_MAX) {
                Some(all) => (self.distinct(all), None),
                None => self.sampled(usize::from(*k)),
            },
        };
        let ranking = Ranking::of(ground, each.iter().map(|candidate| &candidate.power));
        let all = all.map(|power| {
            let ranking = Ranking::of(ground, std::iter::once(&power));
            (power, ranking)
        });
        Ok(Candidates { each, ranking, all })
    }

    fn distinct(&self, takings: Vec<Vec<usize>>) -> Vec<Candidate> {
        let mut known: HashSet<Signature> = HashSet::new();
        let mut candidates = Vec::new();
        for taken in takings {
            let power = self.power(&taken);
            if known.insert(power.signature()) {
                candidates.push(Candidate { taken, power });
            }
        }
        candidates
    }

    /// Too many ways to take: good ones are looked for, and beside them stands one that is never weaker than any.
    fn sampled(&self, k: usize) -> (Vec<Candidate>, Option<Power>) {
        let everyone: Vec<usize> = self.takings.classes.iter().flatten().copied().collect();
        let mut takings: Vec<Vec<usize>> = everyone.iter().map(|one| vec![*one]).collect();
        for _ in 1..k {
            let mut ranked = self.distinct(takings);
            let mine = |candidate: &Candidate| {
                candidate.power.teams.iter().map(|team| team.usable.len()).sum::<usize>()
            };
            ranked.sort_by_key(|candidate| {
                std::cmp::Reverse((candidate.power.cosigner, candidate.power.change, mine(candidate)))
            });
            ranked.truncate((TAKINGS_MAX / 20 / everyone.len().max(1)).max(4));
            let wider = |candidate: &Candidate| {
                let others = everyone.iter().filter(|one| !candidate.taken.contains(one));
                let with = |one: &usize| candidate.taken.iter().copied().chain([*one]).collect();
                others.map(with).collect::<Vec<Vec<usize>>>()
            };
            takings = ranked.iter().flat_map(wider).collect();
        }
        let reaches: Vec<Members> =
            everyone.iter().map(|at| self.members(&self.targets(std::slice::from_ref(at)))).collect();
        (self.distinct(takings), Some(self.rules.any_of(&reaches, k)))
    }
}
