//! The worst coalition of a kind (G2): every way to take so many, what it could do, and the best plan of those that could do most.
//!
//! Called by `bound` and `table`.

use std::collections::HashSet;

use policy::Policy;
use types::{Span, Value};

use crate::bound::{Adversary, Assumption, Bound, BoundError, Holdings, Mode, Question, Taken, Way};
use crate::calendars::beginnings;
use crate::coalition::{Coalition, Takings, Target};
use crate::game::{Game, Ground};
use crate::plan::{Planned, Start, is_endless, plan};
use crate::power::{Power, Rules, Signature};
use crate::relax::most_moved;
use crate::windows::{instants, windows, without_idle};
use crate::witness;

/// The most ways of taking that are looked at one by one.
const TAKINGS_MAX: usize = 60_000;

/// Everything about one policy that questions share.
pub(crate) struct Inquiry<'p> {
    pub ground: Ground<'p>,
    rules: Rules<'p>,
    takings: Takings,
    adversary: Adversary,
}

/// A coalition and what it can do.
pub(crate) struct Candidate<'p> {
    coalition: Coalition<'p>,
    power: Power,
}

impl<'p> Inquiry<'p> {
    pub(crate) fn of(policy: &'p Policy, holdings: &'p Holdings, adversary: Adversary) -> Self {
        let ground = Ground::of(policy, holdings);
        Self { ground, rules: Rules::of(policy), takings: Takings::of(policy, adversary), adversary }
    }

    fn candidate(&self, targets: &[&Target]) -> Candidate<'p> {
        let coalition = Coalition::of(self.ground.policy, targets);
        let power = self.rules.power(&coalition);
        Candidate { coalition, power }
    }

    /// One candidate for each different power.
    pub(crate) fn candidates(&self, taken: &Taken) -> Result<Vec<Candidate<'p>>, BoundError> {
        match taken {
            Taken::Ids(ids) => {
                let find = |id: &String| {
                    self.takings
                        .named(id)
                        .ok_or_else(|| BoundError::Unknown { given: id.clone(), adversary: self.adversary })
                };
                let targets: Vec<&Target> = ids.iter().map(find).collect::<Result<_, _>>()?;
                Ok(vec![self.candidate(&targets)])
            }
            Taken::K(k) => {
                let all = self.takings.representatives(usize::from(*k), TAKINGS_MAX);
                let mut known: HashSet<Signature> = HashSet::new();
                let mut candidates = Vec::new();
                for numbers in all.unwrap_or_default() {
                    let targets: Vec<&Target> =
                        numbers.iter().filter_map(|at| self.takings.targets.get(*at)).collect();
                    let candidate = self.candidate(&targets);
                    if known.insert(candidate.power.signature()) {
                        candidates.push(candidate);
                    }
                }
                Ok(candidates)
            }
        }
    }

    /// The worst of some candidates.
    pub(crate) fn worst(
        &self,
        candidates: &[Candidate<'p>],
        (k, horizon, mode): (u8, Span, Mode),
    ) -> Result<Bound, BoundError> {
        let mut ranked: Vec<(u128, usize, Game)> = candidates
            .iter()
            .enumerate()
            .map(|(at, candidate)| {
                let game = self.ground.game(&candidate.power, horizon.seconds(), mode);
                let most = game.sure().saturating_add(most_moved(&self.ground, &game));
                (most, at, game)
            })
            .collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut best: Option<(u128, usize, usize)> = None;
        let mut upper = 0;
        let mut plans: Vec<Option<Planned<'_>>> = Vec::new();
        for (rank, (most, _, game)) in ranked.iter().enumerate() {
            if best.is_some_and(|(lost, ..)| *most <= lost) {
                upper = upper.max(best.map_or(0, |(lost, ..)| lost));
                break;
            }
            let planned = self.plan(game);
            let sure = game.sure();
            upper = upper.max(planned.upper.saturating_add(sure).min(*most));
            let lost = sure.saturating_add(planned.strategy.lost);
            plans.push(Some(planned));
            if best.is_none_or(|(before, ..)| lost > before) {
                best = Some((lost, rank, plans.len() - 1));
            }
        }
        let found = best.and_then(|(lost, rank, plan)| {
            let (_, at, game) = ranked.get(rank)?;
            Some((lost, candidates.get(*at)?, game, plans.get(plan)?.as_ref()))
        });
        let Some((lost, candidate, game, planned)) = found else { return Ok(self.nothing(k, horizon, mode)) };
        if is_endless(upper) {
            return Err(self.unbounded());
        }
        let strategy = planned.map(|planned| &planned.strategy);
        let mut ways: Vec<Way> =
            game.sure.iter().filter(|sure| sure.amount > 0).map(|sure| sure.way).collect();
        ways.extend(strategy.filter(|strategy| strategy.lost > 0).map(|_| Way::Policy));
        ways.sort_unstable();
        ways.dedup();
        Ok(Bound {
            taken: candidate.coalition.taken.clone(),
            coalition: candidate.coalition.actors(),
            holds_cosigner: candidate.coalition.holds_cosigner,
            amount: Value::from_minor(upper),
            reached: Value::from_minor(lost),
            ways,
            witness: witness::steps(&self.ground, &candidate.coalition, game, strategy),
            assumes: self.assumes(&candidate.coalition.assumes),
            ..self.nothing(k, horizon, mode)
        })
    }

    fn nothing(&self, k: u8, horizon: Span, mode: Mode) -> Bound {
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
        let kept = without_idle(ground, game, &windows(ground, game), true);
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
        let known = if complete && sums.step == 0 { upper.min(timeless.upper) } else { timeless.upper };
        match best {
            Some(best) => Planned { upper: known.max(best.strategy.lost), ..best },
            None => Planned { upper: known, strategy: crate::strategy::Strategy::new(ground, game) },
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
    let mut known: Vec<(usize, Taken, Vec<Candidate<'_>>)> = Vec::new();
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
                known.push((number, question.taken.clone(), inquiry.candidates(&question.taken)?));
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
