//! What some of many targets could do at most (G2): for every group of a quorum, every key path and every permit it is counted what each
//! target adds; what a few of them add at most is the sum of the largest. Never too low, and quick for every branch of a search.
//!
//! Called by `tree`.

use std::collections::{BTreeSet, HashMap};

use policy::{Apart, Quorum};
use types::{ActorId, GroupId};

use super::{Members, Power, Rules, Team};

/// Targets that are taken for sure, by position, and that any of those from a position on may join.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Among {
    pub chosen: Vec<usize>,
    pub from: usize,
}

/// Something that can be taken: its number, that of the kind to whose members it is alike, and whom it coerces.
pub(crate) struct Target {
    pub number: usize,
    pub kind: usize,
    pub members: Members,
}

/// What each target adds to one count, and what so many from a position on add at most.
struct Line {
    each: Vec<u32>,
    top: Vec<Vec<u32>>,
}

/// A quorum over lines.
enum Demand {
    AtLeast { line: usize, least: u32 },
    All(Vec<Demand>),
    Any(Vec<Demand>),
}

/// Counts of targets, in the order in which they are tried.
pub(crate) struct Tally {
    k: usize,
    /// By position: the number of the target and of its kind.
    order: Vec<(usize, usize)>,
    lines: Vec<Line>,
    quorums: Vec<Demand>,
    /// By permit: its quorum.
    approve: Vec<Option<usize>>,
    /// The quorums of the change, the clear and the lift.
    special: [usize; 3],
    /// By vault and path: the line of its keys, and how many it takes.
    paths: Vec<[Option<(usize, u32)>; 2]>,
    /// By permit: the line of those who may submit under it.
    may: Vec<usize>,
    /// The line of those who may submit at all.
    submits: usize,
    /// The lines of the people, and of the services.
    people: usize,
    services: usize,
    cosigner: usize,
    somebody: Option<ActorId>,
    /// By forbid: whether it speaks of everybody.
    forbids: Vec<bool>,
}

/// Counts under way: what each target adds, by line.
struct Count<'t> {
    targets: &'t [Target],
    lines: Vec<Vec<u32>>,
}

impl Count<'_> {
    fn line(&mut self, adds: impl Fn(&Members) -> usize) -> usize {
        let adds = |target: &Target| u32::try_from(adds(&target.members)).unwrap_or(u32::MAX);
        self.lines.push(self.targets.iter().map(adds).collect());
        self.lines.len() - 1
    }
}

impl Rules<'_> {
    /// The tally of `k` among targets.
    pub(crate) fn tally(&self, targets: &[Target], k: usize) -> Tally {
        let mut count = Count { targets, lines: Vec::new() };
        let mut known = HashMap::new();
        let quorums = self.quorums.iter().map(|quorum| self.demand(quorum, &mut count, &mut known)).collect();
        let mut paths = Vec::with_capacity(self.paths.len());
        for [spending, recovery] in &self.paths {
            let mut line = |path: &Option<super::Path>| {
                let (keys, least) = path.as_ref()?;
                let line = count.line(|members| self.keys_of(members, keys));
                Some((line, u32::try_from(*least).unwrap_or(u32::MAX)))
            };
            paths.push([line(spending), line(recovery)]);
        }
        let permits = 0..self.approve.len();
        let under = |permit: usize| move |may: &[usize]| may.contains(&permit);
        let may: Vec<usize> =
            permits.map(|permit| count.line(|members| self.submitters(members, under(permit)))).collect();
        let submits = count.line(|members| self.submitters(members, |may| !may.is_empty()));
        let people = count.line(|members| members.people.len());
        let services = count.line(|members| members.services.len());
        let cosigner = count.line(|members| usize::from(members.cosigner));
        let order = order(targets, &count.lines);
        Tally {
            k,
            lines: count.lines.iter().map(|adds| Line::of(adds, &order, k)).collect(),
            order: order.iter().filter_map(|at| targets.get(*at)).map(|one| (one.number, one.kind)).collect(),
            quorums,
            approve: self.approve.clone(),
            special: [self.change, self.clear, self.lift],
            paths,
            may,
            submits,
            people,
            services,
            cosigner,
            somebody: self.initiators.first().map(|initiator| initiator.actor.clone()),
            forbids: self.policy.forbids().iter().map(|forbid| forbid.initiators.is_none()).collect(),
        }
    }

    fn demand<'q>(
        &self,
        quorum: &'q Quorum,
        count: &mut Count<'_>,
        known: &mut HashMap<(&'q GroupId, Option<Apart>), usize>,
    ) -> Demand {
        match quorum {
            Quorum::AtLeast { at_least, of, apart } => {
                let new = || count.line(|members| self.counted(members, of, *apart));
                let line = *known.entry((of, *apart)).or_insert_with(new);
                Demand::AtLeast { line, least: *at_least }
            }
            Quorum::All(parts) => Demand::All(parts.iter().map(|p| self.demand(p, count, known)).collect()),
            Quorum::Any(parts) => Demand::Any(parts.iter().map(|p| self.demand(p, count, known)).collect()),
        }
    }

    /// How many of a group can count at most.
    fn counted(&self, members: &Members, group: &GroupId, apart: Option<Apart>) -> usize {
        let people = members.people.iter().filter_map(|number| self.people.get(*number));
        let of_group = people.filter(|person| person.groups.contains(group));
        let count = of_group.clone().count();
        match apart {
            Some(Apart::Home) => {
                count.min(of_group.flat_map(|person| &person.homes).collect::<BTreeSet<_>>().len())
            }
            _ => count,
        }
    }

    fn keys_of(&self, members: &Members, keys: &[usize]) -> usize {
        let held = members.people.iter().filter_map(|person| self.held.get(*person)).flatten();
        held.filter(|key| keys.contains(key)).collect::<BTreeSet<_>>().len()
    }

    fn submitters(&self, members: &Members, wanted: impl Fn(&[usize]) -> bool) -> usize {
        let services = members.services.iter().map(|service| self.people.len() + service);
        let numbers = members.people.iter().copied().chain(services);
        let initiators = numbers.filter_map(|number| self.initiators.get(number));
        initiators.filter(|initiator| wanted(&initiator.may)).count()
    }
}

/// The order in which targets are tried: those first that add what few others do.
fn order(targets: &[Target], counts: &[Vec<u32>]) -> Vec<usize> {
    let mut worth = vec![0.0f64; targets.len()];
    for line in counts {
        let total: f64 = line.iter().copied().map(f64::from).sum();
        for (worth, adds) in worth.iter_mut().zip(line).filter(|(_, adds)| **adds > 0) {
            *worth += f64::from(*adds) / total;
        }
    }
    let mut order: Vec<(usize, f64, usize)> =
        targets.iter().zip(worth).enumerate().map(|(at, (target, worth))| (at, worth, target.kind)).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.2.cmp(&b.2)).then(a.0.cmp(&b.0)));
    order.into_iter().map(|(at, ..)| at).collect()
}

impl Demand {
    /// How many people it takes at least.
    fn least(&self) -> u32 {
        match self {
            Self::AtLeast { least, .. } => *least,
            Self::All(parts) => parts.iter().map(Self::least).fold(0, u32::saturating_add),
            Self::Any(parts) => parts.iter().map(Self::least).min().unwrap_or(0),
        }
    }
}

impl Line {
    fn of(adds: &[u32], order: &[usize], k: usize) -> Self {
        let each: Vec<u32> = order.iter().filter_map(|at| adds.get(*at)).copied().collect();
        let mut largest: Vec<u32> = Vec::new();
        let mut top = vec![vec![0; k + 1]];
        for adds in each.iter().rev() {
            let position = largest.partition_point(|other| other >= adds);
            largest.insert(position, *adds);
            largest.truncate(k);
            let sums = largest.iter().scan(0u32, |sum, adds| {
                *sum = sum.saturating_add(*adds);
                Some(*sum)
            });
            top.push(std::iter::once(0).chain(sums).collect());
        }
        top.reverse();
        Self { each, top }
    }
}

impl Tally {
    /// The numbers of targets at some positions.
    pub(crate) fn numbers(&self, positions: &[usize]) -> Vec<usize> {
        positions.iter().filter_map(|at| self.order.get(*at)).map(|(number, _)| *number).collect()
    }

    fn reaches(&self, line: usize, among: &Among) -> u32 {
        let Some(line) = self.lines.get(line) else { return u32::MAX };
        let chosen = among.chosen.iter().filter_map(|at| line.each.get(*at));
        let chosen = chosen.fold(0u32, |sum, adds| sum.saturating_add(*adds));
        let left = self.k.saturating_sub(among.chosen.len());
        let others = line.top.get(among.from).map_or(&[][..], Vec::as_slice);
        chosen.saturating_add(others.get(left).or(others.last()).copied().unwrap_or(0))
    }

    fn can_meet(&self, demand: &Demand, among: &Among) -> bool {
        match demand {
            Demand::AtLeast { line, least } => self.reaches(*line, among) >= *least,
            Demand::All(parts) => parts.iter().all(|part| self.can_meet(part, among)),
            Demand::Any(parts) => parts.iter().any(|part| self.can_meet(part, among)),
        }
    }

    /// What no `k` of these can exceed: those that are chosen, with any others from a position on.
    pub(crate) fn power(&self, among: &Among) -> Power {
        let met: Vec<bool> = self.quorums.iter().map(|demand| self.can_meet(demand, among)).collect();
        let can = |quorum: usize| met.get(quorum) != Some(&false);
        let [change, clear, lift] = self.special.map(can);
        // Whoever proposes or submits does not count; a service has nobody to count.
        let people = self.reaches(self.people, among);
        let spares_one =
            |quorum: usize| self.quorums.get(quorum).is_none_or(|demand| demand.least() < people);
        let by_service = self.reaches(self.services, among) > 0;
        let approved = |quorum: usize| can(quorum) && (by_service || spares_one(quorum));
        let change = change && spares_one(self.special[0]);
        let held = |path: &(usize, u32)| self.reaches(path.0, among) >= path.1;
        let permits = self.may.iter().zip(&self.approve).enumerate();
        let usable = permits
            .filter(|(_, (line, approve))| approve.is_none_or(approved) && self.reaches(**line, among) > 0)
            .map(|(permit, _)| permit)
            .collect();
        let submitters = self.reaches(self.submits, among) as usize;
        let actors = std::iter::repeat_n(self.somebody.clone(), submitters).flatten().collect();
        Power {
            cosigner: self.reaches(self.cosigner, among) > 0,
            change,
            clear,
            lift,
            signs: self.paths.iter().map(|[spending, _]| spending.as_ref().is_none_or(held)).collect(),
            recovers: self.paths.iter().map(|[_, recovery]| recovery.as_ref().is_some_and(held)).collect(),
            teams: vec![Team { actors, usable, forbids: self.forbids.clone() }],
        }
    }

    /// The ways to choose one more. Of those that are alike the first that is left stands for all.
    pub(crate) fn wider(&self, among: &Among) -> Vec<Among> {
        let left = self.k.min(self.order.len()).saturating_sub(among.chosen.len());
        let last = (self.order.len() + 1).saturating_sub(left);
        let kind = |at: usize| self.order.get(at).map(|(_, kind)| *kind);
        let first = |at: &usize| *at == among.from || kind(*at) != kind(at.saturating_sub(1));
        let choose = |at: usize| {
            let chosen = among.chosen.iter().copied().chain([at]).collect();
            Among { chosen, from: at + 1 }
        };
        (among.from..last).filter(first).map(choose).collect()
    }

    /// Whether nothing more is to be chosen.
    pub(crate) fn is_full(&self, among: &Among) -> bool {
        among.chosen.len() >= self.k.min(self.order.len())
    }
}
