//! The worst coalition of a kind (G2): every way to take so many, what it could do, and the best plan of those that could do most.
//!
//! Called by `bound` and `table`.

use std::collections::{BTreeSet, HashMap, HashSet};

use policy::Policy;
use types::{PersonId, Span, Value};

use crate::bound::{Adversary, Assumption, Bound, BoundError, Holdings, Mode, Question, Taken, Way};
use crate::calendars::beginnings;
use crate::coalition::{Coalition, Takings, Target};
use crate::game::{Game, Ground};
use crate::plan::{Planned, Start, is_endless, plan};
use crate::power::{Members, Power, Rules, Signature};
use crate::quick::Quick;
use crate::relax::most_moved;
use crate::strategy::Strategy;
use crate::windows::{instants, windows, without_idle};
use crate::witness;

/// The most ways of taking that are looked at one by one. Beyond, what any of them could do is joined into one bound.
const TAKINGS_MAX: usize = 60_000;
/// The most candidates that a plan is made of, for one question.
const PLANS_MAX: usize = 12;

/// Everything about one policy that questions share.
pub(crate) struct Inquiry<'p> {
    pub ground: Ground<'p>,
    rules: Rules<'p>,
    takings: Takings,
    adversary: Adversary,
    /// By person: the services that they operate.
    operates: Vec<Vec<usize>>,
}

/// A coalition and what it can do.
pub(crate) struct Candidate<'p> {
    coalition: Coalition<'p>,
    power: Power,
}

/// Those that can differ, and one that can do whatever any could that was not looked at.
pub(crate) struct Candidates<'p> {
    each: Vec<Candidate<'p>>,
    all: Option<Power>,
}

impl<'p> Inquiry<'p> {
    pub(crate) fn of(policy: &'p Policy, holdings: &'p Holdings, adversary: Adversary) -> Self {
        let ground = Ground::of(policy, holdings);
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
        Self {
            ground,
            rules: Rules::of(policy),
            takings: Takings::of(policy, adversary),
            adversary,
            operates,
        }
    }

    fn members(&self, targets: &[&Target]) -> Members {
        let people: BTreeSet<usize> = targets.iter().flat_map(|target| &target.people).copied().collect();
        let operated = people.iter().filter_map(|person| self.operates.get(*person));
        let services: BTreeSet<usize> = operated.flatten().copied().collect();
        let hosts = |number: &usize| self.takings.hosts.contains(number);
        let cosigner = targets.iter().any(|target| target.cosigner) || people.iter().any(hosts);
        Members { people: people.into_iter().collect(), services: services.into_iter().collect(), cosigner }
    }

    fn targets(&self, numbers: &[usize]) -> Vec<&Target> {
        numbers.iter().filter_map(|at| self.takings.targets.get(*at)).collect()
    }

    /// One candidate for each different power.
    pub(crate) fn candidates(&self, taken: &Taken) -> Result<Candidates<'p>, BoundError> {
        match taken {
            Taken::Ids(ids) => {
                let find = |id: &String| {
                    self.takings
                        .named(id)
                        .ok_or_else(|| BoundError::Unknown { given: id.clone(), adversary: self.adversary })
                };
                let targets: Vec<&Target> = ids.iter().map(find).collect::<Result<_, _>>()?;
                let power = self.rules.power(&self.members(&targets));
                let coalition = Coalition::of(self.ground.policy, &targets);
                Ok(Candidates { each: vec![Candidate { coalition, power }], all: None })
            }
            Taken::K(k) => Ok(match self.takings.representatives(usize::from(*k), TAKINGS_MAX) {
                Some(all) => Candidates { each: self.distinct(&all), all: None },
                None => self.sampled(usize::from(*k)),
            }),
        }
    }

    fn distinct(&self, takings: &[Vec<usize>]) -> Vec<Candidate<'p>> {
        let mut known: HashSet<Signature> = HashSet::new();
        let mut candidates = Vec::new();
        for numbers in takings {
            let targets = self.targets(numbers);
            let power = self.rules.power(&self.members(&targets));
            if known.insert(power.signature()) {
                let coalition = Coalition::of(self.ground.policy, &targets);
                candidates.push(Candidate { coalition, power });
            }
        }
        candidates
    }

    /// Too many ways to take: good ones are looked for, and beside them stands one that is never weaker than any.
    fn sampled(&self, k: usize) -> Candidates<'p> {
        let everyone: Vec<usize> = self.takings.classes.iter().flatten().copied().collect();
        let mut takings: Vec<Vec<usize>> = everyone.iter().map(|one| vec![*one]).collect();
        for _ in 1..k {
            let mut ranked = self.distinct(&takings);
            let mine = |candidate: &Candidate<'_>| {
                candidate.power.teams.iter().map(|team| team.usable.len()).sum::<usize>()
            };
            ranked.sort_by_key(|candidate| {
                std::cmp::Reverse((candidate.power.cosigner, candidate.power.change, mine(candidate)))
            });
            let ids: HashMap<&str, usize> = everyone
                .iter()
                .filter_map(|at| self.takings.targets.get(*at).map(|t| (t.id.as_str(), *at)))
                .collect();
            let kept = ranked.iter().take((TAKINGS_MAX / 20 / everyone.len().max(1)).max(4));
            let kept: Vec<Vec<usize>> = kept
                .map(|one| {
                    one.coalition.taken.iter().filter_map(|id| ids.get(id.as_str())).copied().collect()
                })
                .collect();
            takings = kept
                .iter()
                .flat_map(|taken: &Vec<usize>| {
                    let others = everyone.iter().filter(|one| !taken.contains(one));
                    others.map(|one| taken.iter().copied().chain([*one]).collect())
                })
                .collect();
        }
        Candidates {
            each: self.distinct(&takings),
            all: Some(self.rules.any_of(&self.reaches(&everyone), k)),
        }
    }

    /// What each of these coerces.
    fn reaches(&self, targets: &[usize]) -> Vec<Members> {
        targets
            .iter()
            .filter_map(|at| self.takings.targets.get(*at))
            .map(|target| self.members(&[target]))
            .collect()
    }

    /// Bounds by closed form, with the number of the candidate.
    fn ranked(&self, candidates: &[Candidate<'p>], (horizon, mode): (u64, Mode)) -> Vec<(u128, usize)> {
        let ground = &self.ground;
        let mut quicks: HashMap<(u64, bool), Quick<'_>> = HashMap::new();
        let mut ranked = Vec::with_capacity(candidates.len());
        for (at, candidate) in candidates.iter().enumerate() {
            let (game, moves) = ground.standing(&candidate.power, horizon, mode);
            let mut most = game.sure();
            if moves {
                let terms = ground.terms(&candidate.power, horizon, mode);
                let quick = quicks.entry(terms).or_insert_with(|| Quick::new(ground, terms));
                let contents: Vec<u128> = game.stores.iter().map(|store| store.content).collect();
                most = most.saturating_add(quick.moved(&candidate.power, &contents));
            }
            ranked.push((most, at));
        }
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked
    }

    /// The worst of some candidates.
    pub(crate) fn worst(
        &self,
        candidates: &Candidates<'p>,
        asked: (u8, Span, Mode),
    ) -> Result<Bound, BoundError> {
        let (_, horizon, mode) = asked;
        let mut best = self.nothing(asked);
        let mut lost = None;
        let mut upper = 0;
        let mut plans = 0;
        for (quick, at) in self.ranked(&candidates.each, (horizon.seconds(), mode)) {
            if lost.is_some_and(|lost| quick <= lost) {
                break;
            }
            let Some(candidate) = candidates.each.get(at) else { continue };
            let game = self.ground.game(&candidate.power, horizon.seconds(), mode);
            let sure = game.sure();
            let most = sure.saturating_add(most_moved(&self.ground, &game)).min(quick);
            if lost.is_some_and(|lost| most <= lost) {
                continue;
            }
            if plans >= PLANS_MAX {
                upper = upper.max(most);
                continue;
            }
            plans += 1;
            let planned = self.plan(&game);
            upper = upper.max(planned.upper.saturating_add(sure).min(most));
            let reached = sure.saturating_add(planned.strategy.lost);
            if lost.is_none_or(|lost| reached > lost) {
                lost = Some(reached);
                best = self.describe(candidate, (&game, &planned), asked);
            }
        }
        upper = upper.max(lost.unwrap_or(0));
        if let Some(power) = &candidates.all {
            let (game, moves) = self.ground.standing(power, horizon.seconds(), mode);
            let contents: Vec<u128> = game.stores.iter().map(|store| store.content).collect();
            let quick = Quick::new(&self.ground, self.ground.terms(power, horizon.seconds(), mode));
            let moved = if moves { quick.moved(power, &contents) } else { 0 };
            upper = upper.max(game.sure().saturating_add(moved));
        }
        if is_endless(upper) {
            return Err(self.unbounded());
        }
        Ok(Bound { amount: Value::from_minor(upper), ..best })
    }

    fn describe(
        &self,
        candidate: &Candidate<'p>,
        (game, planned): (&Game, &Planned<'_>),
        asked: (u8, Span, Mode),
    ) -> Bound {
        let strategy = &planned.strategy;
        let mut ways: Vec<Way> =
            game.sure.iter().filter(|sure| sure.amount > 0).map(|sure| sure.way).collect();
        ways.extend((strategy.lost > 0).then_some(Way::Policy));
        ways.sort_unstable();
        ways.dedup();
        let lost = game.sure().saturating_add(strategy.lost);
        Bound {
            taken: candidate.coalition.taken.clone(),
            coalition: candidate.coalition.actors(),
            holds_cosigner: candidate.coalition.holds_cosigner,
            reached: Value::from_minor(lost),
            ways,
            witness: witness::steps(&self.ground, &candidate.coalition, game, Some(strategy)),
            assumes: self.assumes(&candidate.coalition.assumes),
            begins: planned.begins,
            ..self.nothing(asked)
        }
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
    let mut known: Vec<(usize, Taken, Candidates<'_>)> = Vec::new();
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
