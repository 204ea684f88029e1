//! A strategy of whole transfers, each checked against every limit, range and content as the gate would, before it is written down (G2).
//!
//! What stands here is a lower bound: it can be replayed. Called by `plan`, which says what to try; read by `witness`.

use std::collections::BTreeMap;

use policy::{Limit, LimitBy};
use types::Value;

use crate::game::{ENDLESS, Game, Goal, Ground, Move, OUTPUTS_MAX};

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

/// Transfers that the gate lets through together.
#[derive(Clone)]
pub(crate) struct Strategy<'g> {
    ground: &'g Ground<'g>,
    game: &'g Game,
    most: Vec<u128>,
    pub placed: Vec<Placed>,
    counters: BTreeMap<(usize, Counter), Vec<(u64, u128)>>,
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

    fn limits(&self, vault: usize) -> impl Iterator<Item = (usize, &'g Limit)> + use<'g> {
        let ground = self.ground;
        let limits = ground.policy.limits().iter().zip(&ground.limited).enumerate();
        limits
            .filter(move |(_, (_, vaults))| vaults.get(vault) == Some(&true))
            .map(|(at, (limit, _))| (at, limit))
    }

    /// What a counter still admits at an instant, whatever was written down later.
    fn room(&self, (number, limit): (usize, &Limit), counter: Counter, at: u64) -> u128 {
        let entries = self.counters.get(&(number, counter)).map_or(&[][..], Vec::as_slice);
        let per = limit.per.seconds();
        let ends =
            entries.iter().map(|(end, _)| *end).filter(|end| *end > at && *end < at.saturating_add(per));
        let mut room = limit.amount.map_or(ENDLESS, Value::minor);
        for end in ends.chain([at]) {
            let inside = entries.iter().filter(|(time, _)| *time <= end && time.saturating_add(per) > end);
            let (count, sum) =
                inside.fold((0u64, 0u128), |(count, sum), (_, value)| (count + 1, sum + value));
            if limit.count.is_some_and(|most| count >= u64::from(most)) {
                return 0;
            }
            room = room.min(limit.amount.map_or(ENDLESS, |amount| amount.minor().saturating_sub(sum)));
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
        for (number, limit) in self.limits(kind.vault) {
            if let Some(counter) = own(limit) {
                room = room.min(self.room((number, limit), counter, at));
            }
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
                let entries = self.counters.entry((number, counter)).or_default();
                let position = entries.partition_point(|(time, _)| *time <= placed.at);
                entries.insert(position, (placed.at, value));
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
        while left > 0 && idle < members {
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
