//! A small organisation on which the guarantees are shown by hand: everybody lives alone, every rule is simple.
//!
//! Called by the scenario tests of this crate. Random organisations and random histories are in `testkit`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a scene that goes wrong stops its test")]
#![allow(dead_code, reason = "each test file uses its part")]

use gate::{Outcome, Record};
use testkit::org::{Actor, Apart, By, Goes, Limit, NAMES, Permit, Person, Policy, Protected, Quorum};
use testkit::play::{Player, Trace, channel};
use testkit::story::{Proposal, Step, Story, To, Transfer, What};
use testkit::world::World;
use types::Timestamp;

pub const ALICE: usize = 0;
pub const BOB: usize = 1;
pub const CAROL: usize = 2;
pub const DAVID: usize = 3;
pub const ELISE: usize = 4;
pub const FARID: usize = 5;
pub const GAELLE: usize = 6;
pub const HUGO: usize = 7;

pub const HOUR: u64 = 3600;
pub const DAY: u64 = 24 * HOUR;
const FINANCE: usize = 0;
pub const BOARD: usize = 1;
pub const OPERATIONS: usize = 2;
const RESPONDERS: usize = 3;

/// The address of somebody unknown.
pub const STRANGER: To = To::Address(3);
/// From the gate-only vault, in euros.
pub const HOT: usize = 0;
/// From the vault on the chain, in bitcoin at 100 000 EUR.
pub const TREASURY: usize = 1;

fn two(group: usize) -> Quorum {
    Quorum::AtLeast(2, group, Apart::Home)
}

fn permit(name: &'static str, initiators: &[usize], hold: u64) -> Permit {
    Permit {
        name,
        vaults: vec![HOT, TREASURY],
        initiators: initiators.to_vec(),
        over: None,
        up_to: None,
        goes: Goes::Any,
        office_hours: false,
        posture: 0,
        approve: None,
        hold,
        expires: 7 * DAY,
    }
}

/// Alice, Bob, Carol: finance. Carol, David, Elise: board. Farid, Gaelle, Hugo: responders. Alice operates the service.
/// `small`: up to 1 000 EUR, at once. `large`: one of finance and one of the board, 48 h. At most 30 000 EUR a day from a vault.
pub fn rules() -> Policy {
    let groups: [&[usize]; 8] = [
        &[FINANCE],
        &[FINANCE],
        &[FINANCE, BOARD],
        &[BOARD],
        &[BOARD],
        &[RESPONDERS],
        &[RESPONDERS],
        &[RESPONDERS],
    ];
    let live = |(home, groups): (usize, &&[usize])| Person {
        groups: groups.to_vec(),
        homes: vec![home],
        ..Person::default()
    };
    let one = |group: usize| Quorum::AtLeast(1, group, Apart::No);
    let small = Permit { up_to: Some(100_000), posture: 2, ..permit("small", &[FINANCE, OPERATIONS], 0) };
    let large = Permit {
        over: Some(100_000),
        approve: Some(Quorum::All(vec![one(FINANCE), one(BOARD)])),
        ..permit("large", &[FINANCE, OPERATIONS], 2 * DAY)
    };
    let daily =
        Limit { vaults: vec![HOT, TREASURY], per: DAY, amount: Some(3_000_000), count: None, by: By::Vault };
    Policy {
        people: groups.iter().enumerate().map(live).collect(),
        service_groups: vec![OPERATIONS],
        operators: vec![ALICE],
        permits: vec![small, large],
        limits: vec![daily],
        forbids: Vec::new(),
        change: two(BOARD),
        tighten: two(BOARD),
        change_hold: DAY,
        lift: two(BOARD),
        lift_after: DAY,
        quiet: DAY,
        clear: two(RESPONDERS),
        clear_hold: DAY,
        look_back: 7 * DAY,
        price_max_age: DAY,
        price_window: 7 * DAY,
        // Mathilde is a relative of Alice and Bob and lives with Farid.
        protected: vec![Protected { of: vec![ALICE, BOB], homes: vec![FARID] }],
        relative_expires: 12 * HOUR,
    }
}

/// The same with a large permit that waits half a day and is quick, so that the first reading alone decides.
pub fn quick_rules() -> Policy {
    let mut quick = rules();
    quick.permits[1].hold = DAY / 2;
    quick
}

/// An organisation with these policies, the first in force.
pub fn world(policies: Vec<Policy>) -> World {
    World::of(policies, Timestamp::parse("2026-11-20T09:00:00Z").unwrap())
}

/// What happens in an organisation.
pub struct Scene<'w> {
    pub player: Player<'w>,
    pub story: Story,
}

impl<'w> Scene<'w> {
    pub fn new(world: &'w World) -> Self {
        Self { player: Player::new(world), story: Story::default() }
    }

    fn step(&mut self, by: Actor, what: What, duress: bool, key: Option<u8>) -> Outcome {
        let number = self.story.steps.len();
        self.story.steps.push(Step { number, by, what, duress, key });
        self.player.perform(&self.story, number);
        let happened = self.player.trace.happenings.iter().rev().find(|h| h.step == Some(number));
        happened.map_or(Ok(overt::Reply::Done), |happening| happening.outcome.clone())
    }

    pub fn does(&mut self, person: usize, what: What) -> Outcome {
        self.step(Actor::Person(person), what, false, None)
    }

    pub fn is_forced(&mut self, person: usize, what: What) -> Outcome {
        self.step(Actor::Person(person), what, true, None)
    }

    pub fn with_key(&mut self, person: usize, what: What, key: u8) -> Outcome {
        self.step(Actor::Person(person), what, false, Some(key))
    }

    pub fn happens(&mut self, what: What) -> Outcome {
        self.step(Actor::Stranger, what, false, None)
    }

    pub fn hours(&mut self, hours: u64) {
        self.nanos(hours * HOUR * 1_000_000_000);
    }

    pub fn nanos(&mut self, nanos: u64) {
        let wall = i64::try_from(nanos).unwrap();
        self.happens(What::Wait(nanos, wall)).unwrap();
    }

    /// The number of the last step: the name of the stop or motion that it made.
    pub fn last(&self) -> usize {
        self.story.steps.len() - 1
    }

    /// Writes down a transfer that somebody may submit: euros in cents, bitcoin in satoshi.
    pub fn draft(&mut self, by: Actor, vault: usize, units: u128) -> usize {
        let number = self.story.transfers.len();
        let sum = (vault, vault == HOT, 0);
        self.story.transfers.push(Transfer::new(number, sum, by, vec![(STRANGER, units)]));
        number
    }

    pub fn submits(&mut self, person: usize, vault: usize, units: u128) -> usize {
        let number = self.draft(Actor::Person(person), vault, units);
        self.does(person, What::Submit(number)).unwrap();
        number
    }

    /// A large transfer that has all its approvals: only its wait is left.
    pub fn approved(&mut self) -> usize {
        let number = self.submits(ALICE, HOT, 2_000_000);
        self.does(BOB, What::Approve(number)).unwrap();
        self.does(CAROL, What::Approve(number)).unwrap();
        number
    }

    /// The same from the treasury, without its transaction.
    pub fn approved_on_chain(&mut self) -> usize {
        self.happens(What::Price(100_000)).unwrap();
        let number = self.submits(ALICE, TREASURY, 10_000_000);
        self.does(BOB, What::Approve(number)).unwrap();
        self.does(CAROL, What::Approve(number)).unwrap();
        number
    }

    /// Carol proposes the second policy, the board endorses it: only its wait is left. A tightening has none.
    pub fn changes(&mut self) -> usize {
        self.does(CAROL, What::Propose(Proposal::Change(1))).unwrap();
        let change = self.last();
        self.does(DAVID, What::Endorse(change)).unwrap();
        if self.motion(change) == overt::MotionStatus::Pending {
            self.does(ELISE, What::Endorse(change)).unwrap();
        }
        change
    }

    pub fn status(&self, transfer: usize) -> &'static str {
        let id = self.story.transfers[transfer].identified.id();
        self.player.state.overt().transfer(id).map_or("none", |transfer| transfer.status.word())
    }

    pub fn motion(&self, step: usize) -> overt::MotionStatus {
        self.player.state.overt().motion(self.player.motion(step)).unwrap().status
    }

    /// A responder calls everybody concerned back, and endorses the clear.
    pub fn clears(&mut self, person: usize, incident: u32) -> Outcome {
        let found = self.player.state.covert().incident(covert::IncidentId(incident));
        let subjects: Vec<usize> = found
            .iter()
            .flat_map(|incident| incident.subjects.keys())
            .filter_map(|subject| NAMES.iter().position(|name| *name == subject.as_str()))
            .collect();
        for subject in subjects {
            self.does(person, What::CallBack(incident, subject)).unwrap();
        }
        self.does(person, What::Clear(incident))
    }

    pub fn undelivered(&self) -> usize {
        self.player.state.covert().undelivered(&channel()).count()
    }

    pub fn open_incidents(&self) -> usize {
        self.player.state.covert().incidents().filter(|(_, incident)| incident.closed.is_none()).count()
    }
}

/// Everything that people without the key of the covert side can read of the chain.
pub fn clear_bytes(trace: &Trace) -> Vec<Vec<u8>> {
    let clear = |record: &Record| Record { attestation: None, ..record.clone() }.encode().unwrap();
    trace.happenings.iter().filter_map(|happening| happening.record.as_ref().map(clear)).collect()
}

pub fn code(outcome: &Outcome) -> &'static str {
    outcome.as_ref().err().map_or("ok", gate::Refusal::code)
}
