//! What the checks remember of a history: a plain book of what happened, kept apart from the state under test. Called by `check`.

use std::collections::BTreeMap;

use policy::Direction;
use types::Timestamp;

use crate::org::{Actor, NAMES};
use crate::signs::Signs;
use crate::story::{Cover, Proposal, Scope, Story, To, Transfer};
use crate::world::{Version, World};

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;

/// Who did something, when, and whether with a panic phrase.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// Who.
    pub by: Actor,
    /// In nanoseconds.
    pub at: i64,
    /// The record's number.
    pub number: u64,
    /// Whether with a panic phrase.
    pub duress: bool,
}

/// Where a transfer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Undecided.
    Pending,
    /// Released, not yet signing.
    Ready,
    /// Signing.
    Signing,
    /// Signed.
    Signed,
    /// Confirmed.
    Confirmed,
    /// Ended without moving anything.
    Ended,
}

/// A transfer in the book.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number in the story.
    pub number: usize,
    /// Its submission.
    pub submitted: Act,
    /// Cents with the fee.
    pub value: u128,
    /// Cents of the fee.
    pub fee: u128,
    /// Cents of each output.
    pub outputs: Vec<(To, u128)>,
    /// Permits that matched.
    pub matched: Vec<&'static str>,
    /// Approvals.
    pub approvals: Vec<Act>,
    /// Status.
    pub status: Status,
    /// When it left the undecided for good.
    pub settled: Option<i64>,
    /// When it ended without moving anything, in which record.
    pub ended: Option<(i64, u64)>,
    /// Who cancelled it.
    pub cancelled: Option<Act>,
    /// When it dies.
    pub expires_at: i64,
    /// Inputs and completeness of its transaction.
    pub spend: Option<(Vec<usize>, bool)>,
    /// When it was signed.
    pub signed: Option<i64>,
}

/// A stop.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// What it blocks.
    pub scope: Scope,
    /// The step that placed it; `None` for the clock's.
    pub step: Option<usize>,
    /// The motion that lifted it.
    pub lifted: Option<usize>,
}

/// A motion, by its place in the book.
#[derive(Clone, Debug)]
pub struct Motion {
    /// The step that made it.
    pub step: usize,
    /// What.
    pub proposal: Proposal,
    /// By whom.
    pub proposed: Act,
    /// Endorsements.
    pub endorsements: Vec<Act>,
    /// When and in which record it was decided.
    pub settled: Option<(i64, u64)>,
    /// Whether it passed.
    pub passed: bool,
    /// For a change: how it stands to the policy in force, or stood to the one that it replaced.
    pub direction: Option<Direction>,
    /// Since when, and since which record, it is judged by the quorum by which it is judged.
    pub judged_from: (i64, u64),
    /// When a tightening by people of one home lapses.
    pub lapses_at: Option<i64>,
    /// Who ended it.
    pub ended: Option<Act>,
    /// Who wants to end it and cannot alone.
    pub opposed: Vec<Act>,
}

impl Motion {
    /// Whether it is a change that applies at once.
    #[must_use]
    pub fn is_immediate(&self) -> bool {
        matches!(self.proposal, Proposal::Revoke(_))
            || matches!(self.direction, Some(Direction::Equal | Direction::Tightens))
    }

    /// Whose credential it is about.
    #[must_use]
    pub const fn concerns(&self) -> Option<usize> {
        match self.proposal {
            Proposal::Replace(person) | Proposal::Revoke(person) => Some(person),
            Proposal::Lift(_) | Proposal::Lower(_) | Proposal::Change(_) => None,
        }
    }

    /// The people who stand behind it.
    #[must_use]
    pub fn supporters(&self) -> Vec<usize> {
        let acts = std::iter::once(&self.proposed).chain(&self.endorsements);
        acts.filter_map(|act| if let Actor::Person(person) = act.by { Some(person) } else { None }).collect()
    }
}

/// A change of posture.
#[derive(Clone, Copy, Debug)]
pub struct Posture {
    /// To what.
    pub to: u8,
    /// In which record.
    pub number: u64,
    /// The motion that lowered it.
    pub lowered_by: Option<usize>,
}

/// A version in force.
#[derive(Clone, Copy, Debug)]
pub struct InForce {
    /// Which.
    pub version: usize,
    /// Since when.
    pub since: i64,
    /// Since which record.
    pub number: u64,
    /// By which motion.
    pub motion: Option<usize>,
    /// When, and in which record, it lapsed.
    pub lapsed: Option<(i64, u64)>,
}

/// An incident.
#[derive(Clone, Debug, Default)]
pub struct Incident {
    /// Person, found, from.
    pub subjects: BTreeMap<usize, (i64, i64)>,
    /// When it was closed.
    pub closed: Option<i64>,
    /// The narrower cover.
    pub cover: Option<Cover>,
    /// A narrowing under way.
    pub narrowing: Option<(Cover, Vec<Act>)>,
    /// Clear endorsements.
    pub clearing: Vec<Act>,
    /// The protected people who called.
    pub callers: Vec<usize>,
    /// Who has taken charge.
    pub acknowledged: Vec<Act>,
    /// Who has called back whom, in private, with their all-clear.
    pub called_back: Vec<(Act, usize)>,
    /// Only a drill.
    pub exercise: bool,
}

/// The book.
pub struct Ledger<'a> {
    /// The world.
    pub world: &'a World,
    /// The story.
    pub story: &'a Story,
    /// Transfers in order of submission.
    pub transfers: Vec<Entry>,
    /// Stops.
    pub stops: Vec<Stop>,
    /// Motions.
    pub motions: Vec<Motion>,
    /// Postures.
    pub postures: Vec<Posture>,
    /// Versions in force, oldest first.
    pub versions: Vec<InForce>,
    /// Prices: when, whole euros.
    pub prices: Vec<(i64, u64)>,
    /// Reserved inputs.
    pub reserved: BTreeMap<usize, usize>,
    /// Inputs gone with a confirmation.
    pub spent: Vec<usize>,
    /// Incidents.
    pub incidents: Vec<Incident>,
    /// Transfers objected to, by number in the story.
    pub objected: Vec<usize>,
    /// What relatives and check-ins brought.
    pub signs: Signs,
    /// When each person handed in a dossier.
    pub dossiers: BTreeMap<usize, Vec<i64>>,
}

impl<'a> Ledger<'a> {
    /// At the foundation.
    #[must_use]
    pub fn new(world: &'a World, story: &'a Story) -> Self {
        let founded =
            InForce { version: 0, since: world.start.as_nanos(), number: 0, motion: None, lapsed: None };
        Self {
            world,
            story,
            transfers: Vec::new(),
            stops: Vec::new(),
            motions: Vec::new(),
            postures: Vec::new(),
            versions: vec![founded],
            prices: Vec::new(),
            reserved: BTreeMap::new(),
            spent: Vec::new(),
            incidents: Vec::new(),
            objected: Vec::new(),
            signs: Signs::default(),
            dossiers: BTreeMap::new(),
        }
    }

    /// The version in force.
    #[must_use]
    pub fn current(&self) -> &'a Version {
        self.version(self.versions[self.versions.len() - 1].version)
    }

    /// A version by number.
    #[must_use]
    pub fn version(&self, number: usize) -> &'a Version {
        let world: &'a World = self.world;
        &world.versions[number]
    }

    /// The story's transfer behind an entry.
    #[must_use]
    pub fn transfer(&self, entry: &Entry) -> &'a Transfer {
        let story: &'a Story = self.story;
        &story.transfers[entry.number]
    }

    /// The entry of a transfer, by its number in the story.
    #[must_use]
    pub fn entry(&self, number: usize) -> Option<usize> {
        self.transfers.iter().position(|entry| entry.number == number)
    }

    /// The motion that a step made.
    #[must_use]
    pub fn motion(&self, step: usize) -> Option<usize> {
        self.motions.iter().position(|motion| motion.step == step)
    }

    /// The stop that a step placed.
    #[must_use]
    pub fn stop(&self, step: usize) -> Option<usize> {
        self.stops.iter().position(|stop| stop.step == Some(step))
    }

    /// Whether somebody has a credential that a motion brought.
    #[must_use]
    pub fn was_replaced(&self, person: usize) -> bool {
        self.motions.iter().any(|motion| motion.passed && motion.proposal == Proposal::Replace(person))
    }

    /// The posture.
    #[must_use]
    pub fn posture(&self) -> u8 {
        self.postures.last().map_or(0, |posture| posture.to)
    }

    /// Whether a name is a person of the register.
    #[must_use]
    pub fn is_person(&self, by: Actor) -> bool {
        matches!(by, Actor::Person(number) if number < self.current().policy.people.len())
    }

    /// Whether a person has to do with a transfer's vault, or brought it.
    #[must_use]
    pub fn sees(&self, person: usize, entry: &Entry) -> bool {
        let policy = &self.current().policy;
        let transfer = self.transfer(entry);
        let mut groups = vec![3];
        let mut add = |quorum: &crate::org::Quorum| collect(quorum, &mut groups);
        add(&policy.change);
        add(&policy.lift);
        for permit in policy.permits.iter().filter(|permit| permit.vaults.contains(&transfer.vault)) {
            permit.approve.iter().for_each(&mut add);
        }
        for permit in policy.permits.iter().filter(|permit| permit.vaults.contains(&transfer.vault)) {
            groups.extend(&permit.initiators);
        }
        let mine = &policy.people[person].groups;
        mine.iter().any(|group| groups.contains(group)) || entry.submitted.by == Actor::Person(person)
    }

    /// A person's own sign of coercion.
    pub fn signal(&mut self, person: usize, at: i64) {
        self.raise(&[person], at, None);
    }

    /// A transfer was settled.
    pub fn settle(&mut self, entry: usize, status: Status, at: i64, number: u64) {
        let entry = &mut self.transfers[entry];
        entry.status = status;
        if !matches!(status, Status::Pending | Status::Ready) {
            entry.settled = entry.settled.or(Some(at));
        }
        if status == Status::Ended {
            entry.ended = Some((at, number));
        }
    }

    /// For messages.
    #[must_use]
    pub fn tell_time(&self, at: i64) -> String {
        let since = (at - self.world.start.as_nanos()) / SECOND;
        let (day, rest) = (since / 86_400, since % 86_400);
        let clock = Timestamp::from_nanos(at);
        format!("day {day} +{:02}:{:02}:{:02} ({clock})", rest / 3600, rest / 60 % 60, rest % 60)
    }
}

fn collect(quorum: &crate::org::Quorum, groups: &mut Vec<usize>) {
    match quorum {
        crate::org::Quorum::AtLeast(_, group, _) => groups.push(*group),
        crate::org::Quorum::All(parts) | crate::org::Quorum::Any(parts) => {
            parts.iter().for_each(|part| collect(part, groups));
        }
    }
}

/// The number of a person by name.
#[must_use]
pub fn person_number(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}
