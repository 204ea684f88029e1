//! The worst coalition of a kind (G2): the candidates that could do most first, each bounded more and more closely, until none that is
//! left can do more than a strategy that was found.
//!
//! Called by `bound` and `table`.

use std::cell::RefCell;
use std::collections::{BinaryHeap, HashMap};
use std::rc::Rc;

use policy::Policy;
use types::{Span, Timestamp, Value};

use crate::bound::{Adversary, Assumption, Bound, BoundError, Holdings, Mode, Question, Taken, Way};
use crate::calendars::beginnings;
use crate::candidates::Field;
use crate::game::{Game, Ground};
use crate::plan::{Planned, Start, is_endless, plan, proven};
use crate::strategy::{Placed, Strategy};
use crate::tree::{Branch, Tree};
use crate::windows::{instants, windows, without_idle};
use crate::witness;

/// The most candidates and branches that are bounded by a program, the most that a plan is made of, and the most that are opened, for
/// one question.
const LOOKS_MAX: usize = 400;
const PLANS_MAX: usize = 40;
const OPENED_MAX: usize = 60_000;

/// Everything about one policy that questions share.
pub(crate) struct Inquiry<'p> {
    pub ground: Ground<'p>,
    field: Field<'p>,
    adversary: Adversary,
    /// Games that were met before, under another horizon, mode or coalition.
    known: RefCell<HashMap<Game, Known>>,
}

/// What is known of a game.
#[derive(Clone, Default)]
struct Known {
    bound: Option<u128>,
    plan: Option<Rc<Plan>>,
}

/// The best plan of a game, without what is lost for sure.
struct Plan {
    upper: u128,
    lost: u128,
    placed: Vec<Placed>,
    /// Whether a longer strategy could reach more.
    is_full: bool,
    begins: Option<Timestamp>,
}

/// A branch with a bound: the higher first, of equals candidates, then the one that was looked at more closely, then the latest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    bound: u128,
    is_candidate: bool,
    looked: bool,
    at: usize,
}

/// The worst that was found so far.
struct Worst {
    lost: u128,
    branch: Rc<Branch>,
    game: Game,
    plan: Rc<Plan>,
}

impl<'p> Inquiry<'p> {
    pub(crate) fn of(policy: &'p Policy, holdings: &'p Holdings, adversary: Adversary) -> Self {
        let ground = Ground::of(policy, holdings);
        Self { ground, field: Field::of(policy, adversary), adversary, known: RefCell::default() }
    }

    /// What a game can lose at most, by closed form and a coarse program.
    fn bound(&self, game: &Game) -> u128 {
        if let Some(bound) = self.known.borrow().get(game).and_then(|known| known.bound) {
            return bound;
        }
        let bound = proven(&self.ground, game);
        self.known.borrow_mut().entry(game.clone()).or_default().bound = Some(bound);
        bound
    }

    fn best_plan(&self, game: &Game) -> Rc<Plan> {
        if let Some(plan) = self.known.borrow().get(game).and_then(|known| known.plan.clone()) {
            return plan;
        }
        let Planned { upper, strategy, begins } = self.plan(game);
        let (lost, is_full) = (strategy.lost, strategy.is_full() && strategy.lost < upper);
        let plan = Rc::new(Plan { upper, lost, placed: strategy.placed, is_full, begins });
        self.known.borrow_mut().entry(game.clone()).or_default().plan = Some(Rc::clone(&plan));
        plan
    }

    /// The worst of some candidates.
    pub(crate) fn worst(&self, tree: &Tree, asked: (u8, Span, Mode)) -> Result<Bound, BoundError> {
        let (_, horizon, mode) = asked;
        let mut rounds = tree.ranking.question(&self.ground, (horizon.seconds(), mode));
        let mut open: BinaryHeap<Open> = BinaryHeap::new();
        let mut add = |open: &mut BinaryHeap<Open>, at: usize, most: u128| {
            if let Some(branch) = tree.branch(at) {
                let bound = rounds.bound(&branch.entry).min(most);
                open.push(Open { bound, is_candidate: branch.candidate.is_some(), looked: false, at });
            }
        };
        tree.roots().for_each(|at| add(&mut open, at, u128::MAX));
        let mut worst: Option<Worst> = None;
        let (mut upper, mut looks, mut plans, mut opened) = (0, 0, 0, 0);
        while let Some(Open { bound, looked, at, .. }) = open.pop() {
            if worst.as_ref().is_some_and(|worst| bound <= worst.lost) {
                break;
            }
            if plans >= PLANS_MAX || opened >= OPENED_MAX {
                upper = upper.max(bound);
                break;
            }
            let Some(branch) = tree.branch(at) else { continue };
            if !looked && looks < LOOKS_MAX {
                looks += 1;
                let game = self.ground.game(&branch.power, horizon.seconds(), mode);
                let bound = game.sure().saturating_add(self.bound(&game)).min(bound);
                open.push(Open { bound, is_candidate: branch.candidate.is_some(), looked: true, at });
                continue;
            }
            if branch.candidate.is_none() {
                let inside = tree.open(&self.field, &self.ground, &branch);
                opened += inside.len();
                inside.iter().for_each(|at| add(&mut open, *at, bound));
                continue;
            }
            let game = self.ground.game(&branch.power, horizon.seconds(), mode);
            let plan = self.best_plan(&game);
            // What ends because strategies may only be so long is not better next time.
            plans += if plan.is_full { PLANS_MAX / 10 } else { 1 };
            upper = upper.max(plan.upper.saturating_add(game.sure()).min(bound));
            let lost = game.sure().saturating_add(plan.lost);
            if worst.as_ref().is_none_or(|worst| lost > worst.lost) {
                worst = Some(Worst { lost, branch, game, plan });
            }
        }
        let upper = upper.max(worst.as_ref().map_or(0, |worst| worst.lost));
        if is_endless(upper) {
            return Err(self.unbounded());
        }
        let found = worst.as_ref().and_then(|worst| self.describe(worst, asked));
        Ok(Bound { amount: Value::from_minor(upper), ..found.unwrap_or_else(|| self.nothing(asked)) })
    }

    fn describe(&self, worst: &Worst, asked: (u8, Span, Mode)) -> Option<Bound> {
        let Worst { branch, game, plan, .. } = worst;
        let coalition = self.field.coalition(&branch.candidate.as_ref()?.taken);
        let mut ways: Vec<Way> =
            game.sure.iter().filter(|sure| sure.amount > 0).map(|sure| sure.way).collect();
        ways.extend((plan.lost > 0).then_some(Way::Policy));
        ways.sort_unstable();
        ways.dedup();
        Some(Bound {
            taken: coalition.taken.clone(),
            coalition: coalition.actors(),
            holds_cosigner: coalition.holds_cosigner,
            reached: Value::from_minor(game.sure().saturating_add(plan.lost)),
            ways,
            witness: witness::steps(&self.ground, &coalition, game, &plan.placed),
            assumes: self.assumes(&coalition.assumes),
            begins: plan.begins,
            ..self.nothing(asked)
        })
    }

    fn nothing(&self, (k, horizon, mode): (u8, Span, Mode)) -> Bound {
        Bound {
            adversary: self.adversary,
            k,
            taken: Vec::new(),
            horizon,
            mode,
            coalition: Vec::new(),
            holds_cosigner: false,
            assumes: self.assumes(&[]),
            currency: self.ground.policy.organisation().currency,
            amount: Value::ZERO,
            reached: Value::ZERO,
            ways: Vec::new(),
            witness: Vec::new(),
            begins: None,
        }
    }

    fn assumes(&self, of_people: &[Assumption]) -> Vec<Assumption> {
        let mut assumes = of_people.to_vec();
        for vault in self.ground.policy.vaults() {
            let holding = self.ground.holdings.of(&vault.id);
            if vault.recovery.is_some() && holding.oldest_output.is_none() {
                assumes.push(Assumption::JustRefreshed(vault.id.clone()));
            }
            if holding.balance.is_none() {
                assumes.push(Assumption::UnknownBalance(vault.id.clone()));
            }
        }
        assumes
    }

    fn unbounded(&self) -> BoundError {
        let unknown = |vault: &&policy::Vault| self.ground.holdings.of(&vault.id).balance.is_none();
        match self.ground.policy.vaults().iter().find(unknown) {
            Some(vault) => BoundError::Unbounded(vault.id.clone()),
            None => BoundError::Overflow,
        }
    }

    /// The best plan over all beginnings.
    fn plan<'g>(&'g self, game: &'g Game) -> Planned<'g> {
        let ground = &self.ground;
        let timeless = plan(ground, game, Start { at: None, openings: &[] });
        let permits = game.moves.iter().filter_map(|one| ground.policy.permits().get(one.permit));
        let mut calendars: Vec<&policy::Calendar> = Vec::new();
        for calendar in permits.filter_map(|permit| permit.calendar.as_ref()) {
            if !calendars.contains(&calendar) {
                calendars.push(calendar);
            }
        }
        if calendars.is_empty() {
            return timeless;
        }
        // Every window that binds: the worst beginning may hang on one that is implied in value only.
        let kept = without_idle(ground, game, &windows(ground, game), false);
        let sums = instants(game, &kept, &[]);
        let zone = &ground.policy.organisation().time_zone;
        let (starts, complete) = beginnings(&calendars, zone, &sums.times, game.reach);
        let mut best: Option<Planned<'g>> = None;
        let mut upper = 0;
        for start in &starts {
            let planned = plan(ground, game, Start { at: Some(start.at), openings: &start.openings });
            upper = upper.max(planned.upper);
            if best.as_ref().is_none_or(|best| planned.strategy.lost > best.strategy.lost) {
                best = Some(planned);
            }
            if best.as_ref().is_some_and(|best| best.strategy.lost >= timeless.upper) {
                break;
            }
        }
        let known = if complete && sums.all { upper.min(timeless.upper) } else { timeless.upper };
        match best {
            Some(best) => Planned { upper: known.max(best.strategy.lost), ..best },
            None => Planned { upper: known, strategy: Strategy::new(ground, game), begins: None },
        }
    }
}

/// The answers to several questions. Each adversary's takings are worked out once.
pub(crate) fn answers(
    policy: &Policy,
    holdings: &Holdings,
    questions: &[Question],
) -> Result<Vec<Bound>, BoundError> {
    let mut inquiries: Vec<Inquiry<'_>> = Vec::new();
    let mut known: Vec<(usize, Taken, Tree)> = Vec::new();
    let mut bounds = Vec::with_capacity(questions.len());
    for question in questions {
        let number = match inquiries.iter().position(|inquiry| inquiry.adversary == question.adversary) {
            Some(number) => number,
            None => {
                inquiries.push(Inquiry::of(policy, holdings, question.adversary));
                inquiries.len() - 1
            }
        };
        let Some(inquiry) = inquiries.get(number) else { continue };
        let at = match known.iter().position(|(n, taken, _)| *n == number && *taken == question.taken) {
            Some(at) => at,
            None => {
                let candidates = inquiry.field.candidates(&inquiry.ground, &question.taken)?;
                known.push((number, question.taken.clone(), candidates));
                known.len() - 1
            }
        };
        let Some((_, taken, candidates)) = known.get(at) else { continue };
        let k = match taken {
            Taken::K(k) => *k,
            Taken::Ids(ids) => u8::try_from(ids.len()).unwrap_or(u8::MAX),
        };
        bounds.push(inquiry.worst(candidates, (k, question.horizon, question.mode))?);
    }
    Ok(bounds)
}

#[cfg(test)]
mod tests;
