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
use crate::ranking::Rounds;
use crate::strategy::{Placed, Strategy};
use crate::tree::{Branch, Tree};
use crate::windows::{instants, windows, without_idle};
use crate::witness;

/// The most candidates and branches that are bounded by a program, the most that a plan is made of, and the most that are opened, for
/// one question.
const LOOKS_MAX: usize = 400;
const PLANS_MAX: usize = 40;
const OPENED_MAX: usize = 60_000;
/// How many are opened between two dives to the end of a branch.
const DIVE_EVERY: usize = 2_000;

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
        let mut hunt = Hunt::new(self, tree, (horizon.seconds(), mode));
        let upper = hunt.run();
        if is_endless(upper) {
            return Err(self.unbounded());
        }
        let found = hunt.worst.as_ref().and_then(|worst| self.describe(worst, asked));
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

/// The search for the worst under one question.
struct Hunt<'h, 'p> {
    inquiry: &'h Inquiry<'p>,
    tree: &'h Tree,
    question: (u64, Mode),
    rounds: Rounds<'h>,
    open: BinaryHeap<Open>,
    worst: Option<Worst>,
    upper: u128,
    looks: usize,
    plans: usize,
    opened: usize,
    /// How many branches are opened before the next dive.
    dive_at: usize,
}

impl<'h, 'p> Hunt<'h, 'p> {
    fn new(inquiry: &'h Inquiry<'p>, tree: &'h Tree, question: (u64, Mode)) -> Self {
        Self {
            inquiry,
            tree,
            question,
            rounds: tree.ranking.question(&inquiry.ground, question),
            open: BinaryHeap::new(),
            worst: None,
            upper: 0,
            looks: 0,
            plans: 0,
            opened: 0,
            dive_at: 0,
        }
    }

    /// What none of them exceeds.
    fn run(&mut self) -> u128 {
        for at in self.tree.roots() {
            self.add(at, u128::MAX);
        }
        while let Some(Open { bound, looked, at, .. }) = self.open.pop() {
            if self.worst.as_ref().is_some_and(|worst| bound <= worst.lost) {
                break;
            }
            if self.plans >= PLANS_MAX || self.opened >= OPENED_MAX {
                self.upper = self.upper.max(bound);
                break;
            }
            let Some(branch) = self.tree.branch(at) else { continue };
            if !looked && self.looks < LOOKS_MAX {
                self.look(at, &branch, bound);
            } else if branch.candidate.is_some() {
                let upper = self.plan(&branch);
                self.upper = self.upper.max(upper.min(bound));
            } else {
                self.widen(&branch, bound);
            }
        }
        self.upper.max(self.worst.as_ref().map_or(0, |worst| worst.lost))
    }

    fn add(&mut self, at: usize, most: u128) -> u128 {
        let Some(branch) = self.tree.branch(at) else { return 0 };
        let bound = self.rounds.bound(&branch.entry).min(most);
        self.open.push(Open { bound, is_candidate: branch.candidate.is_some(), looked: false, at });
        bound
    }

    fn game(&self, branch: &Branch) -> Game {
        self.inquiry.ground.game(&branch.power, self.question.0, self.question.1)
    }

    /// Bounds a branch more closely.
    fn look(&mut self, at: usize, branch: &Branch, bound: u128) {
        self.looks += 1;
        let game = self.game(branch);
        let bound = game.sure().saturating_add(self.inquiry.bound(&game)).min(bound);
        self.open.push(Open { bound, is_candidate: branch.candidate.is_some(), looked: true, at });
    }

    /// The best plan of a candidate. Says what none exceeds.
    fn plan(&mut self, branch: &Rc<Branch>) -> u128 {
        let game = self.game(branch);
        let plan = self.inquiry.best_plan(&game);
        // What ends because strategies may only be so long is not better next time.
        self.plans += if plan.is_full { PLANS_MAX / 10 } else { 1 };
        let upper = plan.upper.saturating_add(game.sure());
        let lost = game.sure().saturating_add(plan.lost);
        if self.worst.as_ref().is_none_or(|worst| lost > worst.lost) {
            self.worst = Some(Worst { lost, branch: Rc::clone(branch), game, plan });
        }
        upper
    }

    /// Opens a branch. Now and then one way is followed to its end, so that there is a strategy to compare with.
    fn widen(&mut self, branch: &Branch, bound: u128) {
        let mut best = self.open_branch(branch, bound);
        if self.opened < self.dive_at {
            return;
        }
        self.dive_at = self.opened + DIVE_EVERY;
        while let Some(branch) = best.and_then(|at| self.tree.branch(at)) {
            if branch.candidate.is_some() {
                self.plan(&branch);
                return;
            }
            best = self.open_branch(&branch, bound);
        }
    }

    /// Opens a branch and says which of its branches promises most.
    fn open_branch(&mut self, branch: &Branch, bound: u128) -> Option<usize> {
        let inside = self.tree.open(&self.inquiry.field, &self.inquiry.ground, branch);
        self.opened += inside.len();
        let bounds = inside.iter().map(|at| (self.add(*at, bound), std::cmp::Reverse(*at)));
        bounds.max().map(|(_, at)| at.0)
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
