//! A strategy of whole transfers, each checked against every limit, range and content as the gate would, before it is written down (G2).
//!
//! What stands here is a lower bound: it can be replayed. Called by `plan`, which says what to try; read by `witness`.

use std::collections::BTreeMap;

use policy::{Limit, LimitBy};
use types::Value;

use crate::game::{ENDLESS, Game, Goal, Ground, Move, OUTPUTS_MAX};
use crate::plan::Start;

/// The most transfers in one strategy.
const TRANSFERS_MAX: usize = 2_000;

/// A destination by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Place {
    New(usize),
    Address(usize, usize),
    Inside(usize),
}

/// One transfer of a strategy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    pub at: u64,
    pub one: usize,
    pub member: usize,
    pub outputs: Vec<(Place, u128)>,
    /// What goes back to its own vault so that a least value is reached.
    pub padding: u128,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Counter {
    Vault(usize),
    Actor(usize, usize),
    All,
    Place(Place),
}

/// What a counter counted at one instant.
#[derive(Clone, Copy, Debug)]
struct Use {
    at: u64,
    count: u64,
    sum: u128,
}

/// Transfers that the gate lets through together.
#[derive(Clone)]
pub(crate) struct Strategy<'g> {
    ground: &'g Ground<'g>,
    game: &'g Game,
    most: Vec<u128>,
    pub placed: Vec<Placed>,
    /// By counter: when it was used, how often and for how much, in time order.
    counters: BTreeMap<(usize, Counter), Vec<Use>>,
    /// By vault: when something arrives (first) or leaves, and how much.
    flows: Vec<Vec<(u64, bool, u128)>>,
    addresses: usize,
    pub lost: u128,
}

impl<'g> Strategy<'g> {
    pub(crate) fn new(ground: &'g Ground<'g>, game: &'g Game) -> Self {
        Self {
            ground,
            game,
            most: game.moves.iter().map(|one| ground.most(game, one)).collect(),
            placed: Vec::new(),
            counters: BTreeMap::new(),
            flows: vec![Vec::new(); game.stores.len()],
            addresses: 0,
            lost: 0,
        }
    }

    /// Whether it has as many transfers as one may have.
    pub(crate) fn is_full(&self) -> bool {
        self.placed.len() >= TRANSFERS_MAX
    }

    /// One without any transfer, of the same game.
    pub(crate) fn empty(&self) -> Self {
        Self::new(self.ground, self.game)
    }

    pub(crate) fn is_open(&self, start: Start<'_>, one: usize, at: u64) -> bool {
        start.is_open(self.ground, self.game, one, at)
    }

    fn limits(&self, vault: usize) -> impl Iterator<Item = (usize, &'g Limit)> + use<'g> {
        let ground = self.ground;
        let numbers = ground.vault_limits.get(vault).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|at| Some((*at, ground.policy.limits().get(*at)?)))
    }

    /// Whether limits that do not ask who submits leave any room.
    fn has_room(&self, kind: &Move, at: u64) -> bool {
        let shared = |limit: &Limit| match limit.by {
            LimitBy::Vault => Some(Counter::Vault(kind.vault)),
            LimitBy::Organisation => Some(Counter::All),
            LimitBy::Initiator | LimitBy::Destination => None,
        };
        let mut limits = self.limits(kind.vault);
        let full = |(number, limit): (usize, &Limit)| {
            shared(limit).is_some_and(|counter| self.room((number, limit), counter, at) == 0)
        };
        !limits.any(full) && self.spare(kind.vault, at.saturating_add(kind.hold)) > 0
    }

    /// What a counter still admits at an instant, whatever was written down later.
    fn room(&self, (number, limit): (usize, &Limit), counter: Counter, at: u64) -> u128 {
        let amount = limit.amount.map_or(ENDLESS, Value::minor);
        let count = limit.count.map_or(u64::MAX, u64::from);
        let uses = self.counters.get(&(number, counter)).map_or(&[][..], Vec::as_slice);
        let per = limit.per.seconds();
        let later = uses.partition_point(|one| one.at <= at);
        let ends = uses.get(later..).unwrap_or_default().iter().map(|one| one.at);
        let mut room = amount;
        for end in std::iter::once(at).chain(ends.take_while(|end| *end < at.saturating_add(per))) {
            let first = uses.partition_point(|one| one.at.saturating_add(per) <= end);
            let inside = uses.iter().skip(first).take_while(|one| one.at <= end);
            let (used, sum) = inside.fold((0, 0u128), |(count, sum), one| (count + one.count, sum + one.sum));
            if used >= count {
                return 0;
            }
            room = room.min(amount.saturating_sub(sum));
        }
        room
    }

    /// What a vault can still spare from an instant on.
    fn spare(&self, vault: usize, from: u64) -> u128 {
        let content = self.game.stores.get(vault).map_or(0, |store| store.content);
        let flows = self.flows.get(vault).map_or(&[][..], Vec::as_slice);
        let (mut level, mut least) = (content, None);
        let mut seen = false;
        for (at, leaves, value) in flows {
            if !seen && (*at > from || (*at == from && *leaves)) {
                (seen, least) = (true, Some(level));
            }
            level = if *leaves { level.saturating_sub(*value) } else { level.saturating_add(*value) };
            if seen && *leaves {
                least = least.map(|least: u128| least.min(level));
            }
        }
        least.unwrap_or(level)
    }

    /// Submits up to so much at an instant, by one member of the team, as one transfer. Says how much it was.
    pub(crate) fn place(&mut self, one: usize, member: usize, at: u64, want: u128) -> u128 {
        let Some(kind) = self.game.moves.get(one) else { return 0 };
        if self.placed.len() >= TRANSFERS_MAX || at.saturating_add(kind.hold) > self.game.reach {
            return 0;
        }
        let own = |limit: &Limit| match limit.by {
            LimitBy::Vault => Some(Counter::Vault(kind.vault)),
            LimitBy::Initiator => Some(Counter::Actor(kind.team, member)),
            LimitBy::Organisation => Some(Counter::All),
            LimitBy::Destination => None,
        };
        let spare = self.spare(kind.vault, at + kind.hold);
        let mut room = want.min(spare).min(self.most.get(one).copied().unwrap_or(0));
        if room == 0 {
            return 0;
        }
        for (number, limit) in self.limits(kind.vault) {
            if let Some(counter) = own(limit) {
                room = room.min(self.room((number, limit), counter, at));
            }
        }
        if room == 0 {
            return 0;
        }
        let outputs = self.outputs(kind, at, room);
        let sum: u128 = outputs.iter().map(|(_, value)| value).sum();
        let Some(padding) = padding(kind, sum).filter(|padding| sum.saturating_add(*padding) <= spare) else {
            return 0;
        };
        if sum == 0 {
            return 0;
        }
        self.write(Placed { at, one, member, outputs, padding }, kind, &own);
        sum
    }

    /// How a sum is spread over destinations, as far as their own limits let it.
    fn outputs(&self, kind: &Move, at: u64, sum: u128) -> Vec<(Place, u128)> {
        let to_place = |place: Place| {
            let limits = self.limits(kind.vault).filter(|(_, limit)| limit.by == LimitBy::Destination);
            limits.map(|limit| self.room(limit, Counter::Place(place), at)).min().unwrap_or(ENDLESS)
        };
        let fresh = |number: u128| Place::New(self.addresses + usize::try_from(number).unwrap_or(0));
        let mut places: Box<dyn Iterator<Item = Place>> = match (kind.goals.first(), kind.known_for) {
            (_, Some(known_for)) => Box::new(self.known(kind.vault, at, known_for).into_iter()),
            (Some(Goal::New), None) => Box::new((0..OUTPUTS_MAX).map(fresh)),
            _ => Box::new(kind.goals.iter().flat_map(|goal| match goal {
                Goal::Inside(vault) => vec![Place::Inside(*vault)],
                Goal::Listed(kind) => {
                    let count = self.ground.addresses.get(*kind).map_or(0, Vec::len);
                    (0..count).map(|number| Place::Address(*kind, number)).collect()
                }
                Goal::New => Vec::new(),
            })),
        };
        let mut left = sum;
        let mut outputs = Vec::new();
        while left > 0 && (outputs.len() as u128) < OUTPUTS_MAX {
            let Some(place) = places.next() else { break };
            let value = left.min(to_place(place));
            if value > 0 {
                outputs.push((place, value));
                left -= value;
            }
        }
        outputs
    }

    /// Addresses outside that this vault has paid long enough ago.
    fn known(&self, vault: usize, at: u64, known_for: u64) -> Vec<Place> {
        let paid = self.placed.iter().filter(|placed| {
            let kind = self.game.moves.get(placed.one);
            kind.is_some_and(|kind| kind.vault == vault && placed.at + kind.hold + known_for <= at)
        });
        let mut places: Vec<Place> = paid
            .flat_map(|placed| &placed.outputs)
            .map(|(place, _)| *place)
            .filter(|place| !matches!(place, Place::Inside(_)))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn write(&mut self, placed: Placed, kind: &Move, own: &dyn Fn(&Limit) -> Option<Counter>) {
        let sum: u128 = placed.outputs.iter().map(|(_, value)| value).sum();
        let limits: Vec<(usize, &Limit)> = self.limits(kind.vault).collect();
        for (number, limit) in limits {
            let mut note = |counter: Counter, value: u128| {
                let uses = self.counters.entry((number, counter)).or_default();
                let position = uses.partition_point(|one| one.at < placed.at);
                match uses.get_mut(position).filter(|one| one.at == placed.at) {
                    Some(one) => (one.count, one.sum) = (one.count + 1, one.sum + value),
                    None => uses.insert(position, Use { at: placed.at, count: 1, sum: value }),
                }
            };
            match own(limit) {
                Some(counter) => note(counter, sum),
                None => placed.outputs.iter().for_each(|(place, value)| note(Counter::Place(*place), *value)),
            }
        }
        let effect = placed.at + kind.hold;
        self.flow(kind.vault, (effect, true, sum));
        for (place, value) in &placed.outputs {
            match place {
                Place::Inside(into) if !self.game.is_lost_at(*into, effect) => {
                    self.flow(*into, (effect, false, *value));
                }
                Place::New(number) => {
                    self.addresses = self.addresses.max(number + 1);
                    self.lost += value;
                }
                _ => self.lost += value,
            }
        }
        self.placed.push(placed);
    }

    fn flow(&mut self, vault: usize, flow: (u64, bool, u128)) {
        if let Some(flows) = self.flows.get_mut(vault) {
            let position = flows.partition_point(|other| (other.0, other.1) <= (flow.0, flow.1));
            flows.insert(position, flow);
        }
    }

    /// Submits up to so much at an instant, in as many transfers and by as many members as it takes.
    pub(crate) fn place_all(&mut self, one: usize, at: u64, want: u128) -> u128 {
        let Some(kind) = self.game.moves.get(one) else { return 0 };
        let members = self.game.teams.get(kind.team).map_or(0, Vec::len);
        let mut left = want;
        let mut idle = 0;
        let mut member = 0;
        // What has to be filled up goes first, while there is something to fill it up with.
        let most = self.most.get(one).copied().unwrap_or(0).max(1);
        if !kind.padded.is_empty() && want > most && want < ENDLESS {
            left -= self.place(one, 0, at, want % most);
            member = 1;
        }
        while left > 0 && idle < members && self.has_room(kind, at) {
            let moved = self.place(one, member % members, at, left);
            left -= moved;
            idle = if moved == 0 { idle + 1 } else { 0 };
            member += 1;
        }
        want - left
    }
}

/// What must go back to its own vault so that the whole has an allowed value. `None` when nothing helps.
fn padding(kind: &Move, sum: u128) -> Option<u128> {
    if kind.padded.is_empty() {
        return (kind.least..=kind.most).contains(&sum).then_some(0);
    }
    let fits = |(least, most): &(u128, u128)| (sum <= *most).then(|| least.saturating_sub(sum));
    kind.padded.iter().filter_map(fits).min()
}
