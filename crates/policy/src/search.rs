//! The exact search behind quorums: can these people be assigned to the parts, each at most once?
//!
//! Keeps G1. A quorum's leaves are demands for people. Where the people of a demand fall into homes cleanly (sharing is
//! transitive among them) the question is a maximum flow, solved by augmenting paths. Where it is not (someone with two homes,
//! each shared with another), one person in the middle is either counted there or not, which leaves two simpler questions.
//! `any` is tried part by part. The number of such decisions is bounded; beyond the bound the answer is "not met".

use types::PersonId;

use crate::bits::Bits;
use crate::policy::Policy;
use crate::quorum::{Apart, Quorum};

/// The most decisions in one search. Real quorums need a handful; a quorum that needs more is not met, and the check says so.
pub(crate) const SEARCH_STEPS_MAX: u32 = 20_000;

/// A demand for `need` people among `candidates`.
#[derive(Clone, Copy)]
pub(crate) struct Demand {
    pub(crate) need: u32,
    candidates: Bits,
    apart: Option<Apart>,
}

impl Demand {
    /// No more than this many can be counted.
    pub(crate) fn most(&self) -> u32 {
        self.candidates.count()
    }
}

/// One search over one set of approvers.
pub(crate) struct Search<'p> {
    policy: &'p Policy,
    approvers: Bits,
    steps_left: u32,
}

impl<'p> Search<'p> {
    pub(crate) fn new(policy: &'p Policy, approvers: &[&PersonId], excluded: &[&PersonId]) -> Self {
        let set =
            |people: &[&PersonId]| people.iter().filter_map(|id| policy.person_index(id)).collect::<Bits>();
        Self::among(policy, set(approvers).minus(&set(excluded)))
    }

    pub(crate) fn among(policy: &'p Policy, approvers: Bits) -> Self {
        Self { policy, approvers, steps_left: SEARCH_STEPS_MAX }
    }

    /// Whether the bound on decisions was reached, so that "not met" only means "not found".
    pub(crate) fn gave_up(&self) -> bool {
        self.steps_left == 0
    }

    pub(crate) fn met(&mut self, quorum: &Quorum) -> bool {
        match quorum {
            Quorum::AtLeast { .. } => self.solve(&[self.demand(quorum)]),
            Quorum::Any(parts) => parts.iter().any(|part| self.met(part)),
            Quorum::All(parts) => {
                let pending: Vec<&Quorum> = parts.iter().collect();
                self.expand(pending, Vec::with_capacity(parts.len()))
            }
        }
    }

    /// Turns pending parts into demands: plain ones first, then one part of each `any`.
    fn expand(&mut self, mut pending: Vec<&Quorum>, mut demands: Vec<Demand>) -> bool {
        let mut choices = Vec::new();
        while let Some(part) = pending.pop() {
            match part {
                Quorum::AtLeast { .. } => demands.push(self.demand(part)),
                Quorum::All(parts) => pending.extend(parts),
                Quorum::Any(_) => choices.push(part),
            }
        }
        let Some(Quorum::Any(parts)) = choices.pop() else { return self.solve(&demands) };
        // Without the choices still open it must already be possible: choices only add demands.
        if !self.solve(&demands) {
            return false;
        }
        parts.iter().any(|part| {
            let mut next = choices.clone();
            next.push(part);
            self.expand(next, demands.clone())
        })
    }

    pub(crate) fn demand(&self, leaf: &Quorum) -> Demand {
        let Quorum::AtLeast { at_least, of, apart } = leaf else {
            return Demand { need: u32::MAX, candidates: Bits::default(), apart: None };
        };
        let mut candidates = self.approvers.and(self.policy.members(of));
        if let Some(apart) = apart {
            candidates = candidates.and(self.policy.placed(*apart));
        }
        Demand { need: *at_least, candidates, apart: *apart }
    }

    pub(crate) fn solve(&mut self, demands: &[Demand]) -> bool {
        if self.steps_left == 0 {
            return false;
        }
        self.steps_left -= 1;
        let mut everyone = Bits::default();
        let mut need = 0u32;
        for demand in demands.iter() {
            if self.at_most(demand) < demand.need {
                return false;
            }
            everyone = everyone.or(&demand.candidates);
            need = need.saturating_add(demand.need);
        }
        if everyone.count() < need {
            return false;
        }
        match self.tangle(demands) {
            Some((at, person)) => self.branch(demands, at, person),
            None => self.flow(demands),
        }
    }

    /// An upper bound on how many of a demand's candidates can be counted together: those who all share with one another
    /// count for one. Exact where sharing is transitive; elsewhere it ends hopeless branches early.
    fn at_most(&self, demand: &Demand) -> u32 {
        let Some(apart) = demand.apart else { return demand.candidates.count() };
        let mut left = demand.candidates;
        let mut most = 0;
        while let Some(first) = left.iter().next().filter(|_| most < demand.need) {
            let mut circle = self.policy.near(apart, first).and(&left);
            left.remove(first);
            while let Some(next) = circle.iter().next() {
                left.remove(next);
                circle = circle.and(self.policy.near(apart, next));
            }
            most += 1;
        }
        most
    }

    /// A demand and a person in it who shares with two that do not share with one another, or nothing when all fall cleanly
    /// into homes. The person with the most such neighbours untangles fastest.
    fn tangle(&self, demands: &[Demand]) -> Option<(usize, u16)> {
        let mut worst: Option<(u32, usize, u16)> = None;
        for (at, demand) in demands.iter().enumerate() {
            let Some(apart) = demand.apart.filter(|_| demand.need > 1) else { continue };
            for person in demand.candidates.iter() {
                let near = self.policy.near(apart, person).and(&demand.candidates);
                let tangled = near.iter().any(|other| {
                    let mut rest = near.minus(self.policy.near(apart, other));
                    rest.remove(other);
                    !rest.is_empty()
                });
                let degree = near.count();
                if tangled && worst.is_none_or(|(most, ..)| degree > most) {
                    worst = Some((degree, at, person));
                }
            }
        }
        worst.map(|(_, at, person)| (at, person))
    }

    fn branch(&mut self, demands: &[Demand], at: usize, person: u16) -> bool {
        let mut without = demands.to_vec();
        let mut with = demands.to_vec();
        for (index, demand) in with.iter_mut().enumerate() {
            demand.candidates.remove(person);
            if index == at {
                demand.need = demand.need.saturating_sub(1);
                if let Some(apart) = demand.apart {
                    demand.candidates = demand.candidates.minus(self.policy.near(apart, person));
                }
            }
        }
        if let Some(demand) = without.get_mut(at) {
            demand.candidates.remove(person);
        }
        self.solve(&without) || self.solve(&with)
    }

    /// Maximum flow from demands over homes to people, one augmenting path for each person needed.
    fn flow(&self, demands: &[Demand]) -> bool {
        if let [only] = demands {
            return self.flow_of_one(only);
        }
        let mut chosen = vec![Bits::default(); demands.len()];
        demands.iter().enumerate().all(|(at, demand)| {
            (0..demand.need).all(|_| self.augment(demands, &mut chosen, at, &mut Bits::default()))
        })
    }

    fn flow_of_one(&self, demand: &Demand) -> bool {
        let Some(apart) = demand.apart else { return true };
        let mut left = demand.candidates;
        let mut homes = 0;
        while homes < demand.need {
            let Some(person) = left.iter().next() else { return false };
            left = left.minus(self.policy.near(apart, person));
            left.remove(person);
            homes += 1;
        }
        true
    }

    /// Finds one more person for a demand, moving others between demands where that helps.
    fn augment(&self, demands: &[Demand], chosen: &mut [Bits], at: usize, visited: &mut Bits) -> bool {
        let Some(demand) = demands.get(at) else { return false };
        let mine = chosen.get(at).copied().unwrap_or_default();
        for person in demand.candidates.minus(&mine).iter() {
            let blocked = demand.apart.is_some_and(|apart| mine.meets(self.policy.near(apart, person)));
            if blocked || visited.contains(person) {
                continue;
            }
            visited.insert(person);
            let owner = chosen.iter().position(|set| set.contains(person));
            hand_over(chosen, person, owner, Some(at));
            let Some(owner) = owner else { return true };
            if self.augment(demands, chosen, owner, visited) {
                return true;
            }
            hand_over(chosen, person, Some(at), Some(owner));
        }
        false
    }
}

fn hand_over(chosen: &mut [Bits], person: u16, from: Option<usize>, to: Option<usize>) {
    if let Some(set) = from.and_then(|at| chosen.get_mut(at)) {
        set.remove(person);
    }
    if let Some(set) = to.and_then(|at| chosen.get_mut(at)) {
        set.insert(person);
    }
}
