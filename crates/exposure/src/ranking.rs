//! A bound of every candidate in a microsecond or so, in closed form from what its permits admit at each vault (G2). Never too low; it
//! only says where to look first. What candidates have in common is worked out once. Called by `search`, for thousands of candidates
//! under each question.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use policy::{DestinationRule, Limit, LimitBy};
use types::Value;

use crate::bound::Mode;
use crate::game::{ENDLESS, Game, Ground};
use crate::power::{Power, Standing, Team};
use crate::relax::cheapest;

/// A vault in the hands of some initiators: which permits so many of them can use there.
type Grip = Vec<(usize, usize)>;

/// What powers have in common, each once.
#[derive(Default)]
pub(crate) struct Ranking {
    /// Powers that differ in more than their teams.
    standings: RefCell<Vec<Power>>,
    numbers: RefCell<HashMap<Standing, usize>>,
    hands: RefCell<Hands>,
}

/// A power by what it has in common with others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Entry {
    standing: usize,
    /// By vault: the grip on it, if there is one.
    grips: Vec<Option<usize>>,
}

/// What a question makes of a standing.
struct Terms {
    reach: u64,
    quick_only: bool,
    moves: bool,
    sure: u128,
    /// By vault: what is there, and until when what arrives is lost by itself.
    stores: Vec<(u128, Option<u64>)>,
}

/// How much one transfer of some moves can be worth at most, by hold, and how many may submit them.
struct Moves {
    holds: Vec<(u64, u128)>,
    actors: u128,
}

/// What limits admit from one vault, by who counts, and what was worked out of it.
struct Limits<'p> {
    shared: Vec<&'p Limit>,
    each: Vec<&'p Limit>,
    /// By whether they are shared, the most of one transfer, and the time.
    known: RefCell<HashMap<(bool, u128, u64), u128>>,
}

/// What a grip admits under some terms.
#[derive(Clone, Copy, Default)]
struct Reach {
    shortest: Option<u64>,
    most: u128,
    value: u128,
}

impl Ranking {
    pub(crate) fn entry(&self, ground: &Ground<'_>, power: &Power) -> Entry {
        let mut standings = self.standings.borrow_mut();
        let next = standings.len();
        let standing = *self.numbers.borrow_mut().entry(power.standing()).or_insert(next);
        if standing == next {
            standings.push(Power { teams: Vec::new(), ..power.clone() });
        }
        Entry { standing, grips: self.hands.borrow_mut().grips(ground, power) }
    }

    pub(crate) fn question<'r>(&'r self, ground: &'r Ground<'r>, asked: (u64, Mode)) -> Rounds<'r> {
        Rounds { ranking: self, ground, asked, rounds: HashMap::new() }
    }
}

/// One question about everything that is ranked.
pub(crate) struct Rounds<'r> {
    ranking: &'r Ranking,
    ground: &'r Ground<'r>,
    asked: (u64, Mode),
    rounds: HashMap<usize, Round<'r>>,
}

impl Rounds<'_> {
    pub(crate) fn bound(&mut self, entry: &Entry) -> u128 {
        let begin = || {
            let standings = self.ranking.standings.borrow();
            let power = standings.get(entry.standing)?;
            Some(Round::new(self.ground, Terms::of(self.ground, power, self.asked.0, self.asked.1)))
        };
        if !self.rounds.contains_key(&entry.standing)
            && let Some(round) = begin()
        {
            self.rounds.insert(entry.standing, round);
        }
        let hands = self.ranking.hands.borrow();
        self.rounds.get_mut(&entry.standing).map_or(ENDLESS, |round| round.bound(&hands, &entry.grips))
    }
}

impl Terms {
    fn of(ground: &Ground<'_>, power: &Power, horizon: u64, mode: Mode) -> Self {
        let (game, moves) = ground.standing(power, horizon, mode);
        let (reach, quick_only) = ground.terms(power, horizon, mode);
        let stores = game.stores.iter().map(|store| (store.content, store.sink_until)).collect();
        Self { reach, quick_only, moves, sure: Game::sure(&game), stores }
    }
}

/// Things by number, each once.
struct Numbers<T> {
    list: Vec<T>,
    numbers: HashMap<T, usize>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { list: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbers<T> {
    fn number(&mut self, thing: T) -> usize {
        if let Some(number) = self.numbers.get(&thing) {
            return *number;
        }
        self.list.push(thing.clone());
        self.numbers.insert(thing, self.list.len() - 1);
        self.list.len() - 1
    }
}

/// The vaults that some permits reach, each with the number of the set of those that do.
type Shares = Rc<Vec<(usize, usize)>>;

/// Every different grip and what it is made of.
#[derive(Default)]
struct Hands {
    /// Sets of permits at one vault.
    sets: Numbers<Vec<usize>>,
    /// Every different grip, with its vault.
    grips: Numbers<(usize, Grip)>,
    /// By the permits that a team can use.
    shares: HashMap<Vec<usize>, Shares>,
}

impl Hands {
    fn shares(&mut self, ground: &Ground<'_>, team: &Team) -> Shares {
        if let Some(known) = self.shares.get(&team.usable) {
            return Rc::clone(known);
        }
        let mut by_vault: Vec<Vec<usize>> = vec![Vec::new(); ground.fed.len()];
        for permit in &team.usable {
            for vault in ground.permit_vaults.get(*permit).into_iter().flatten() {
                if let Some(permits) = by_vault.get_mut(*vault) {
                    permits.push(*permit);
                }
            }
        }
        let used = by_vault.into_iter().enumerate().filter(|(_, permits)| !permits.is_empty());
        let shares: Vec<(usize, usize)> =
            used.map(|(vault, permits)| (vault, self.sets.number(permits))).collect();
        let shares = Rc::new(shares);
        self.shares.insert(team.usable.clone(), Rc::clone(&shares));
        shares
    }

    fn grips(&mut self, ground: &Ground<'_>, power: &Power) -> Vec<Option<usize>> {
        let mut by_vault: Vec<Grip> = vec![Vec::new(); power.signs.len()];
        for team in &power.teams {
            for (vault, set) in self.shares(ground, team).iter() {
                if power.signs.get(*vault) == Some(&true)
                    && let Some(grip) = by_vault.get_mut(*vault)
                {
                    match grip.iter_mut().find(|(other, _)| other == set) {
                        Some((_, actors)) => *actors += team.actors.len(),
                        None => grip.push((*set, team.actors.len())),
                    }
                }
            }
        }
        let number = |(vault, mut grip): (usize, Grip)| {
            grip.sort_unstable();
            (!grip.is_empty()).then(|| self.grips.number((vault, grip)))
        };
        by_vault.into_iter().enumerate().map(number).collect()
    }
}

/// One question and one standing.
struct Round<'r> {
    ground: &'r Ground<'r>,
    terms: Terms,
    total: u128,
    /// By vault.
    limits: Vec<Limits<'r>>,
    known: Vec<Option<Reach>>,
    /// Limits with one counter for several vaults: their vaults, and what they admit from a hold on.
    joint: Vec<Joint<'r>>,
}

struct Joint<'r> {
    limit: &'r Limit,
    vaults: Vec<usize>,
    known: Vec<(u64, u128, u128)>,
}

impl<'r> Round<'r> {
    fn new(ground: &'r Ground<'r>, terms: Terms) -> Self {
        let limits = ground.policy.limits().iter().zip(&ground.limited);
        let joint = limits.filter(|(limit, _)| limit.by == LimitBy::Organisation).map(|(limit, limited)| {
            let vaults = limited.iter().enumerate().filter(|(_, is_limited)| **is_limited);
            Joint { limit, vaults: vaults.map(|(at, _)| at).collect(), known: Vec::new() }
        });
        Self {
            ground,
            total: terms.stores.iter().fold(0, |sum, (content, _)| sum.saturating_add(*content)),
            limits: (0..terms.stores.len()).map(|vault| Limits::of(ground, vault)).collect(),
            known: Vec::new(),
            joint: joint.filter(|joint| joint.vaults.len() > 1).collect(),
            terms,
        }
    }

    fn bound(&mut self, hands: &Hands, grips: &[Option<usize>]) -> u128 {
        if !self.terms.moves {
            return self.terms.sure;
        }
        let mut vaults: Vec<Reach> = Vec::with_capacity(grips.len());
        for grip in grips {
            vaults.push(grip.map_or_else(Reach::default, |grip| self.reach(hands, grip)));
        }
        self.together(&vaults).min(self.total).saturating_add(self.terms.sure)
    }

    fn reach(&mut self, hands: &Hands, grip: usize) -> Reach {
        if let Some(Some(known)) = self.known.get(grip) {
            return *known;
        }
        let reach = hands.grips.list.get(grip).map_or_else(Reach::default, |(vault, of)| {
            let moves: Vec<Moves> = of.iter().map(|(set, actors)| self.moves(hands, *set, *actors)).collect();
            self.of_vault(*vault, &moves)
        });
        if self.known.len() <= grip {
            self.known.resize(grip + 1, None);
        }
        if let Some(known) = self.known.get_mut(grip) {
            *known = Some(reach);
        }
        reach
    }

    /// What leads out, by hold.
    fn moves(&self, hands: &Hands, set: usize, actors: usize) -> Moves {
        let policy = self.ground.policy;
        let sinks = |vault: &types::VaultId| {
            let at = policy.vaults().iter().position(|other| other.id == *vault);
            at.and_then(|at| self.terms.stores.get(at)).is_some_and(|(_, sink)| sink.is_some())
        };
        let mut holds: Vec<(u64, u128)> = Vec::new();
        for number in hands.sets.list.get(set).into_iter().flatten() {
            let Some(permit) = policy.permits().get(*number) else { continue };
            let hold = permit.hold.seconds();
            let leads_out = match &permit.destination {
                DestinationRule::Vault(into) => sinks(into),
                _ => true,
            };
            if leads_out && hold <= self.terms.reach && (!self.terms.quick_only || policy.is_quick(permit)) {
                holds.push((hold, self.ground.permit_most.get(*number).copied().unwrap_or(0)));
            }
        }
        Moves { holds, actors: actors as u128 }
    }

    fn of_vault(&self, vault: usize, moves: &[Moves]) -> Reach {
        let holds = || moves.iter().flat_map(|one| &one.holds);
        let Some(shortest) = holds().map(|(hold, _)| *hold).min() else { return Reach::default() };
        let most = holds().map(|(_, most)| *most).max().unwrap_or(0);
        let Some(limits) = self.limits.get(vault) else { return Reach::default() };
        let span = |earliest: u64| self.terms.reach.saturating_sub(earliest);
        let mut value = limits.admit(moves, span(shortest), u64::MAX);
        let mut cuts: Vec<u64> = holds().map(|(hold, _)| *hold).filter(|hold| *hold > shortest).collect();
        cuts.sort_unstable();
        cuts.dedup();
        // What has a long hold cannot be submitted late: until then all of it, after that only what has a shorter one.
        for cut in cuts {
            let early = limits.admit(moves, span(cut), u64::MAX);
            let late = limits.admit(moves, cut - shortest - 1, cut);
            value = value.min(early.saturating_add(late));
        }
        let content = self.terms.stores.get(vault).map_or(0, |(content, _)| *content);
        let fed = self.ground.fed.get(vault) == Some(&true);
        Reach { shortest: Some(shortest), most, value: value.min(if fed { self.total } else { content }) }
    }

    /// Limits over several vaults, each vault under one of them at most: those that take away most first.
    fn together(&mut self, vaults: &[Reach]) -> u128 {
        let mut left: Vec<u128> = vaults.iter().map(|reach| reach.value).collect();
        let mut total = left.iter().fold(0u128, |sum, value| sum.saturating_add(*value));
        let mut joined = 0u128;
        let reach = self.terms.reach;
        let mut gains: Vec<(u128, u128, usize)> = Vec::new();
        for (number, joint) in self.joint.iter_mut().enumerate() {
            let inside = joint.vaults.iter().filter_map(|vault| vaults.get(*vault));
            let Some(shortest) = inside.clone().filter_map(|reach| reach.shortest).min() else { continue };
            let most = inside.clone().map(|reach| reach.most).max().unwrap_or(0);
            let value = inside.fold(0u128, |sum, reach| sum.saturating_add(reach.value));
            let admits = joint.admits(reach.saturating_sub(shortest), most);
            if admits < value {
                gains.push((value - admits, admits, number));
            }
        }
        gains.sort_unstable_by(|a, b| b.cmp(a));
        for (_, admits, number) in gains {
            let vaults = self.joint.get(number).map_or(&[][..], |joint| joint.vaults.as_slice());
            let value = vaults
                .iter()
                .filter_map(|vault| left.get(*vault))
                .fold(0, |sum: u128, value| sum.saturating_add(*value));
            if admits < value {
                total = total.saturating_sub(value);
                joined = joined.saturating_add(admits);
                for vault in vaults {
                    if let Some(left) = left.get_mut(*vault) {
                        *left = 0;
                    }
                }
            }
        }
        total.saturating_add(joined)
    }
}

impl Joint<'_> {
    fn admits(&mut self, time: u64, most: u128) -> u128 {
        if let Some((.., known)) = self.known.iter().find(|(t, m, _)| *t == time && *m == most) {
            return *known;
        }
        let admits = cheapest(&priced(&[self.limit], most), time).min(ENDLESS);
        self.known.push((time, most, admits));
        admits
    }
}

impl<'p> Limits<'p> {
    fn of(ground: &Ground<'p>, vault: usize) -> Self {
        let all = ground.vault_limits.get(vault).map_or(&[][..], Vec::as_slice);
        let limits = all.iter().filter_map(|number| ground.policy.limits().get(*number));
        let of = |wanted: &dyn Fn(LimitBy) -> bool| {
            limits.clone().filter(|limit| wanted(limit.by)).collect::<Vec<&Limit>>()
        };
        Self {
            shared: of(&|by| matches!(by, LimitBy::Vault | LimitBy::Organisation)),
            each: of(&|by| by == LimitBy::Initiator),
            known: RefCell::default(),
        }
    }

    fn cheapest(&self, shared: bool, most: u128, time: u64) -> u128 {
        let cheapest = || {
            let limits = if shared { &self.shared } else { &self.each };
            cheapest(&priced(limits, most), time).min(ENDLESS)
        };
        *self.known.borrow_mut().entry((shared, most, time)).or_insert_with(cheapest)
    }

    /// What moves with holds shorter than `below` are worth in so much time.
    fn admit(&self, moves: &[Moves], time: u64, below: u64) -> u128 {
        let most = |one: &Moves| {
            let holds = one.holds.iter().filter(|(hold, _)| *hold < below);
            holds.map(|(_, most)| *most).max()
        };
        let Some(largest) = moves.iter().filter_map(most).max() else { return 0 };
        let shared = self.cheapest(true, largest, time);
        let each = |one: &Moves| Some(self.cheapest(false, most(one)?, time).saturating_mul(one.actors));
        moves.iter().filter_map(each).fold(0u128, u128::saturating_add).min(shared)
    }
}

/// Periods, and what each admits when one transfer is worth so much at most.
fn priced(limits: &[&Limit], most: u128) -> Vec<(u64, u128)> {
    let price = |limit: &&Limit| {
        let counted = limit.count.map(|count| u128::from(count).saturating_mul(most));
        let admits = limit.amount.map(Value::minor).into_iter().chain(counted).min()?;
        (limit.per.seconds() > 0).then_some((limit.per.seconds(), admits))
    };
    limits.iter().filter_map(price).collect()
}
