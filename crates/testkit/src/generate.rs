//! Random stories. The next step looks at the state only to aim (at a moment of decision, at a transfer that exists); what must
//! follow from it, the checks work out by themselves. Called by `simulate`.

mod signs;
mod usurp;

use covert::IncidentId;
use overt::{MotionStatus, Status};

use crate::org::{Actor, Apart, NAMES};
use crate::play::{Player, Trace};
use crate::prng::Chance;
use crate::story::{Cover, Proposal, Scope, Step, Story, To, Transfer, What};
use crate::world::{COINS, World};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
const STEPS_MIN: usize = 20;
const STEPS_MORE: usize = 61;

/// Who is held, in which part of the story, and how often they use a panic phrase (in a hundred acts).
struct Captor {
    held: Vec<usize>,
    from: usize,
    to: usize,
    signals: u64,
}

struct Author<'w> {
    world: &'w World,
    player: Player<'w>,
    story: Story,
    chance: Chance,
    captor: Captor,
    slips: u64,
    is_covert: bool,
}

/// Writes a story while playing it.
#[must_use]
pub fn generate(world: &World, seed: u64) -> (Story, Trace) {
    let mut chance = Chance::new(seed, 2);
    let length = STEPS_MIN + chance.below(STEPS_MORE);
    let is_covert = chance.percent(60);
    let captor = captor(world, &mut chance, length, is_covert);
    let slips = if is_covert && chance.percent(15) { 2 } else { 0 };
    let mut player = Player::new(world);
    player.looks = true;
    let mut author = Author { world, player, story: Story::default(), chance, captor, slips, is_covert };
    // A transfer that is named before it is made would be another step when played again.
    author.submit();
    while author.story.steps.len() < length {
        author.next();
    }
    author.player.end();
    (author.story, author.player.trace)
}

fn captor(world: &World, chance: &mut Chance, length: usize, is_covert: bool) -> Captor {
    let people = &world.versions[0].policy.people;
    let homes: Vec<usize> = (0..1 + chance.below(2)).map(|_| chance.below(people.len())).collect();
    let there = |number: &usize| people[*number].homes.iter().any(|home| homes.contains(home));
    let held: Vec<usize> = (0..people.len()).filter(there).collect();
    let from = chance.below(length);
    let to = from + 5 + chance.below(length);
    let signals = chance.of(&[0, 5, 10, 30, 100]);
    Captor { held: if is_covert { held } else { Vec::new() }, from, to, signals }
}

impl Author<'_> {
    fn people(&self) -> usize {
        self.world.versions[0].policy.people.len()
    }

    fn anybody(&mut self) -> usize {
        let people = self.people();
        self.chance.below(people)
    }

    fn push(&mut self, by: Actor, what: What) {
        let number = self.story.steps.len();
        let is_held = matches!(by, Actor::Person(person) if self.captor.held.contains(&person))
            && (self.captor.from..self.captor.to).contains(&number);
        let panic = if is_held { self.captor.signals } else { self.slips };
        let is_person = what.is_command() && matches!(by, Actor::Person(_));
        let duress = is_person && self.chance.percent(panic);
        let key = (what.is_command() && self.chance.percent(15)).then(|| self.chance.below(12) as u8);
        self.story.steps.push(Step { number, by, what, duress, key });
        self.player.perform(&self.story, number);
    }

    fn person(&mut self, what: What) {
        let person = self.anybody();
        let nobody = self.chance.percent(1);
        self.push(if nobody { Actor::Stranger } else { Actor::Person(person) }, what);
    }

    fn world_does(&mut self, what: What) {
        self.push(Actor::Stranger, what);
    }

    fn next(&mut self) {
        let open = self.open_incident();
        match self.chance.below(100) {
            0..=17 => self.submit(),
            18..=37 => self.approve(),
            38..=44 => self.attach(),
            45..=62 => self.wait(),
            63..=66 => self.sign(),
            67..=68 => self.stop(),
            69..=70 => self.raise(),
            71..=74 => self.propose(),
            75..=82 => self.endorse(),
            83 if self.is_covert && self.chance.percent(30) => self.usurp(),
            83 => self.end(),
            84..=85 => self.cancel(),
            86 => self.person(What::SignIn),
            87 => self.keep_dossier(),
            88..=89 => self.repeat(),
            90 => self.restart(),
            _ if !self.is_covert => self.approve(),
            91 if self.chance.percent(40) => self.object(),
            91 => self.own_schedule(),
            92..=93 => match self.chance.below(5) {
                0..=1 => self.pause_arc(),
                2 => self.press(),
                _ => self.arc(),
            },
            _ => self.respond(open),
        }
    }

    fn transfer(&mut self, wanted: impl Fn(&Status) -> bool) -> Option<usize> {
        let state = self.player.state.overt();
        let numbered = self.story.transfers.iter().enumerate();
        let fits = |(number, transfer): (usize, &Transfer)| {
            state.transfer(transfer.identified.id()).filter(|found| wanted(&found.status)).map(|_| number)
        };
        let fitting: Vec<usize> = numbered.filter_map(fits).collect();
        (!fitting.is_empty()).then(|| fitting[self.chance.below(fitting.len())])
    }

    /// Mostly one that fits, sometimes any, rarely none.
    fn some_transfer(&mut self, wanted: impl Fn(&Status) -> bool) -> usize {
        let fitting = if self.chance.percent(90) { self.transfer(wanted) } else { None };
        let any = self.story.transfers.len();
        fitting.unwrap_or_else(|| self.chance.below(any.max(1)))
    }

    fn submit(&mut self) {
        let vault = if self.chance.percent(2) { 2 } else { self.chance.below(2) };
        let in_euros = vault == 0 && self.chance.percent(75) || self.chance.percent(1);
        let by = match self.chance.below(8) {
            0 => Actor::Service,
            _ => Actor::Person(self.initiator(vault)),
        };
        let foreign = self.chance.percent(3);
        let initiator = if foreign { Actor::Person(self.anybody()) } else { by };
        let outputs =
            (0..self.chance.of(&[1, 1, 1, 2, 3])).map(|_| (self.target(), self.units(in_euros))).collect();
        let number = self.story.transfers.len();
        let fee = if in_euros { 0 } else { 1000 };
        self.story.transfers.push(Transfer::new(number, (vault, in_euros, fee), initiator, outputs));
        if !in_euros && self.chance.percent(85) {
            let rate = self.chance.of(&[100_000, 100_000, 95_000, 101_000, 75_000]);
            let rate = if self.chance.percent(90) { 100_000 } else { rate };
            self.world_does(What::Price(rate));
        }
        self.push(by, What::Submit(number));
        if self.chance.percent(5) {
            self.push(by, What::Submit(number));
        }
    }

    /// Mostly somebody whom a permit names.
    fn initiator(&mut self, vault: usize) -> usize {
        let policy = &self.world.versions[0].policy;
        let permits = policy.permits.iter().filter(|permit| permit.vaults.contains(&vault));
        let groups: Vec<usize> = permits.flat_map(|permit| permit.initiators.iter().copied()).collect();
        let may = |number: &usize| policy.people[*number].groups.iter().any(|group| groups.contains(group));
        let fitting: Vec<usize> = (0..policy.people.len()).filter(may).collect();
        if fitting.is_empty() || self.chance.percent(10) { self.anybody() } else { self.chance.of(&fitting) }
    }

    fn target(&mut self) -> To {
        match self.chance.below(20) {
            0..=13 => To::Address(self.chance.of(&[0, 0, 1, 3, 3])),
            14 => To::Address(2),
            15 => To::Address(4),
            _ => To::Vault(self.chance.below(2)),
        }
    }

    /// Often exactly at a bound of a rule, or one beyond.
    fn units(&mut self, in_euros: bool) -> u128 {
        let cents = self.chance.of(&[
            1, 20_000, 50_000, 50_001, 100_000, 100_001, 200_000, 400_001, 500_000, 600_000, 5_000_000,
            9_000_001,
        ]);
        // At 100 000 EUR a coin, ten satoshi are a cent.
        if in_euros {
            cents
        } else {
            cents * 10 - if self.chance.percent(40) { 1000.min(cents * 10 - 1) } else { 0 }
        }
    }

    fn approve(&mut self) {
        let number = self.some_transfer(|status| *status == Status::Pending);
        for _ in 0..self.chance.of(&[1, 2, 3, 5]) {
            self.person(What::Approve(number));
        }
    }

    fn attach(&mut self) {
        let state = self.player.state.overt();
        let treasury = self.story.transfers.iter().enumerate().filter(|(_, transfer)| {
            transfer.vault == 1
                && state.transfer(transfer.identified.id()).is_some_and(|found| found.status.is_open())
        });
        let treasury: Vec<usize> = treasury.map(|(number, _)| number).collect();
        let number = if treasury.is_empty() || self.chance.percent(5) {
            self.some_transfer(Status::is_open)
        } else {
            self.chance.of(&treasury)
        };
        let mut inputs: Vec<usize> =
            (0..self.chance.of(&[1, 1, 2])).map(|_| self.chance.below(COINS)).collect();
        inputs.sort_unstable();
        inputs.dedup();
        if self.chance.percent(2) {
            inputs.push(COINS + 3);
        }
        let complete = self.chance.percent(75);
        let by = if self.chance.percent(8) { Actor::Service } else { Actor::Person(self.anybody()) };
        self.push(by, What::Attach(number, inputs, complete));
    }

    fn sign(&mut self) {
        let number = self.some_transfer(|status| *status == Status::Signing);
        let wrong = self.chance.percent(6);
        self.world_does(What::Signed(number, wrong));
        if self.chance.percent(50) {
            let number = self.some_transfer(|status| matches!(status, Status::Signed { .. }));
            self.world_does(What::Confirmed(number));
        }
    }

    /// To a moment of decision, just before it, just after it, to the edge of a window, or for a while.
    fn wait(&mut self) {
        let now = self.player.now().as_nanos();
        let until_due = self.player.state.overt().next_due().map(|due| due.as_nanos() - now);
        let until_due = until_due.and_then(|nanos| u64::try_from(nanos).ok()).filter(|nanos| *nanos > 0);
        let nanos = match (self.chance.below(12), until_due) {
            (0..=3, Some(due)) => due,
            (4, Some(due)) => due - 1,
            (5, Some(due)) => due + 1,
            (6, _) => self.chance.of(&[1, SECOND, 59 * SECOND]),
            (7, _) => self.edge(now),
            (8, _) => self.chance.of(&[24, 48, 24 * 7, 24 * 31]) * HOUR,
            _ => self.chance.of(&[1, 4, 6]) * HOUR,
        };
        let apart = match self.chance.below(40) {
            0 => self.chance.of(&[61, -61, 60, -60, 86_400, -86_400, 30 * 86_400]) * SECOND as i64,
            _ => 0,
        };
        self.world_does(What::Wait(nanos, nanos as i64 + apart));
    }

    /// Until a submission leaves a window of a limit, exactly or by one nanosecond less.
    fn edge(&mut self, now: i64) -> u64 {
        let limits = &self.world.versions[0].policy.limits;
        let spans: Vec<i64> = limits.iter().map(|limit| (limit.per * SECOND) as i64).collect();
        let transfers = self.player.state.overt().transfers();
        let times: Vec<i64> = transfers.map(|(_, transfer)| transfer.submitted.at.as_nanos()).collect();
        let edges = times.iter().flat_map(|at| spans.iter().map(move |span| at + span - now));
        let edges: Vec<i64> = edges.filter(|edge| *edge > 1).collect();
        if edges.is_empty() {
            return HOUR;
        }
        let edge = self.chance.of(&edges) - i64::from(self.chance.percent(50));
        edge as u64
    }

    fn stop(&mut self) {
        let scope = match self.chance.below(6) {
            0..=2 => Scope::Transfer(self.some_transfer(Status::is_open)),
            3 => Scope::Vault(self.chance.below(2)),
            4 if self.chance.percent(20) => Scope::Person(Actor::Service),
            4 => Scope::Person(Actor::Person(self.anybody())),
            _ => Scope::Organisation,
        };
        self.person(What::Stop(scope));
    }

    fn raise(&mut self) {
        let to = self.chance.of(&[0, 1, 1, 2]);
        self.person(What::Raise(to));
    }

    fn cancel(&mut self) {
        let number = self.some_transfer(Status::is_open);
        self.person(What::Cancel(number));
    }

    /// Sometimes more often than is taken in a day.
    fn keep_dossier(&mut self) {
        let owner = self.anybody();
        let times = if self.chance.percent(5) { 10 } else { 1 };
        for _ in 0..times {
            let beyond = u32::from(self.chance.percent(15));
            self.push(Actor::Person(owner), What::KeepDossier(beyond));
        }
    }

    fn object(&mut self) {
        let number = self.some_transfer(|status| *status == Status::Pending);
        self.person(What::Object(number));
    }

    fn propose(&mut self) {
        let stops = self.story.steps.iter().filter(|step| matches!(step.what, What::Stop(_)));
        let stops: Vec<usize> = stops.map(|step| step.number).collect();
        let proposal = match self.chance.below(10) {
            0..=3 if !stops.is_empty() => Proposal::Lift(self.chance.of(&stops)),
            4..=5 => Proposal::Lower(self.chance.of(&[0, 0, 1])),
            6 => Proposal::Replace(self.anybody()),
            7 => Proposal::Revoke(self.anybody()),
            _ => Proposal::Change(self.chance.below(self.world.versions.len())),
        };
        let number = self.story.steps.len();
        self.person(What::Propose(proposal));
        for _ in 0..self.chance.of(&[0, 3, 5]) {
            self.person(What::Endorse(number));
        }
    }

    fn some_motion(&mut self) -> Option<usize> {
        let state = self.player.state.overt();
        let proposed = self.story.steps.iter().filter(|step| matches!(step.what, What::Propose(_)));
        let pending = proposed.filter(|step| {
            let motion = state.motion(self.player.motion(step.number));
            motion.is_some_and(|motion| motion.status == MotionStatus::Pending)
        });
        let pending: Vec<usize> = pending.map(|step| step.number).collect();
        (!pending.is_empty()).then(|| self.chance.of(&pending))
    }

    fn endorse(&mut self) {
        match self.some_motion() {
            Some(motion) => {
                for _ in 0..self.chance.of(&[1, 2, 4]) {
                    self.person(What::Endorse(motion));
                }
            }
            None => self.wait(),
        }
    }

    /// Somebody who wants no change at all, and perhaps one more.
    fn keep_ending(&mut self) {
        let (stubborn, version) = (self.anybody(), self.chance.below(self.world.versions.len()));
        for _ in 0..3 {
            let number = self.story.steps.len();
            self.person(What::Propose(Proposal::Change(version)));
            let motion = self.player.state.overt().motion(self.player.motion(number));
            if motion.is_none_or(|motion| motion.status != MotionStatus::Pending) {
                return;
            }
            self.push(Actor::Person(stubborn), What::End(number));
            if self.chance.percent(40) {
                self.person(What::End(number));
            }
        }
    }

    fn end(&mut self) {
        if self.chance.percent(20) {
            return self.keep_ending();
        }
        let motion = self.some_motion().unwrap_or(0);
        self.person(What::End(motion));
    }

    /// An earlier command again: the same request with its key, late, or from somebody else.
    fn repeat(&mut self) {
        let commands = self.story.steps.iter().filter(|step| step.what.is_command());
        let commands: Vec<Step> = commands.cloned().collect();
        if commands.is_empty() {
            return self.wait();
        }
        let keyed: Vec<Step> = commands.iter().filter(|step| step.key.is_some()).cloned().collect();
        let pool = if keyed.is_empty() || self.chance.percent(20) { &commands } else { &keyed };
        let earlier = pool[self.chance.below(pool.len())].clone();
        let number = self.story.steps.len();
        let what = if self.chance.percent(15) { What::SignIn } else { earlier.what };
        let duress = matches!(earlier.by, Actor::Person(_)) && self.is_covert && self.chance.percent(25);
        self.story.steps.push(Step { number, by: earlier.by, what, duress, key: earlier.key });
        self.player.perform(&self.story, number);
    }

    fn restart(&mut self) {
        if self.chance.percent(3) {
            return self.world_does(What::Snapshot);
        }
        let gap = self.chance.of(&[0, 1, 60, 3600, -3600, -86_400, 86_400]) * SECOND as i64;
        self.world_does(What::Restart(gap));
    }

    fn open_incident(&mut self) -> Option<u32> {
        let open = self.player.state.covert().incidents().filter(|(_, incident)| incident.closed.is_none());
        let open: Vec<u32> = open.map(|(id, _)| id.0).collect();
        (!open.is_empty()).then(|| self.chance.of(&open))
    }

    /// What a random walk seldom finds: a slow transfer, a signal while it waits, an incident narrowed or closed before it is ready.
    fn arc(&mut self) {
        self.submit();
        let number = self.story.transfers.len() - 1;
        for person in 0..self.people() {
            if self.chance.percent(80) {
                self.push(Actor::Person(person), What::Approve(number));
            }
        }
        let step = self.story.steps.len();
        let by = Actor::Person(self.anybody());
        self.story.steps.push(Step { number: step, by, what: What::SignIn, duress: true, key: None });
        self.player.perform(&self.story, step);
        let Some(incident) = self.open_incident() else { return };
        if self.chance.percent(50) {
            let cover = self.cover();
            self.strangers(incident, &What::Narrow(incident, cover));
        } else {
            self.strangers(incident, &What::Clear(incident));
            self.wait_for_clear(incident);
        }
        self.attach();
        self.wait();
    }

    fn respond(&mut self, open: Option<u32>) {
        let Some(incident) = open else {
            if self.chance.percent(4) {
                let who = self.anybody();
                return self.responder(What::Report(who));
            }
            return self.approve();
        };
        match self.chance.below(20) {
            0..=1 => self.world_does(What::Deliver),
            2 => self.responder(What::Acknowledge(incident)),
            3 => {
                let (who, ago) = (self.anybody(), self.chance.of(&[0, 3600, 86_400]));
                self.responder(What::Implicate(incident, who, ago));
            }
            4..=9 => {
                let cover = self.cover();
                self.strangers(incident, &What::Narrow(incident, cover));
            }
            10 if self.chance.percent(30) => self.some_pause_ends(),
            10 if self.chance.percent(30) => {
                let who = self.anybody();
                self.responder(What::Drill(who));
            }
            10 => self.responder(What::EndClear(incident)),
            11 => self.person(What::Clear(incident)),
            _ => {
                self.strangers(incident, &What::Clear(incident));
                if self.chance.percent(12) {
                    let who = self.anybody();
                    self.responder(What::Implicate(incident, who, 0));
                }
                if self.chance.percent(70) {
                    self.wait_for_clear(incident);
                }
            }
        }
    }

    /// Two or three responders, mostly such as count.
    fn strangers(&mut self, incident: u32, what: &What) {
        let found = self.player.state.covert().incident(IncidentId(incident));
        let subjects: Vec<usize> = found
            .iter()
            .flat_map(|incident| incident.subjects.keys())
            .filter_map(|subject| NAMES.iter().position(|name| *name == subject.as_str()))
            .collect();
        let policy = &self.world.versions[0].policy;
        let counts = |person: &usize| {
            policy.people[*person].groups.contains(&3)
                && !subjects
                    .iter()
                    .any(|subject| subject == person || policy.share(*subject, *person, Apart::Home))
        };
        let mut fitting: Vec<usize> = (0..policy.people.len()).filter(counts).collect();
        for _ in 0..self.chance.of(&[2, 2, 3]) {
            if fitting.is_empty() || self.chance.percent(10) {
                self.responder(what.clone());
            } else {
                let next = self.chance.below(fitting.len());
                let by = Actor::Person(fitting.swap_remove(next));
                if matches!(what, What::Clear(_)) && self.chance.percent(95) {
                    for subject in &subjects {
                        self.push(by, What::CallBack(incident, *subject));
                    }
                }
                self.push(by, what.clone());
            }
        }
    }

    fn wait_for_clear(&mut self, incident: u32) {
        let met =
            self.player.state.covert().incident(IncidentId(incident)).and_then(|i| i.clearing.met_since);
        let hold = (self.world.versions[0].policy.clear_hold * SECOND) as i64;
        let now = self.player.now().as_nanos();
        let left = met.map(|met| met.as_nanos() + hold - now).filter(|left| *left > 0);
        if let Some(left) = left {
            let short = i64::from(self.chance.percent(20));
            self.world_does(What::Wait((left - short) as u64, left - short));
        }
    }

    fn cover(&mut self) -> Cover {
        let mut people: Vec<usize> = (0..self.chance.below(2)).map(|_| self.anybody()).collect();
        people.dedup();
        Cover {
            vaults: if self.chance.percent(30) { vec![self.chance.below(2)] } else { Vec::new() },
            people,
        }
    }

    fn responder(&mut self, what: What) {
        let people = &self.world.versions[0].policy.people;
        let responders: Vec<usize> = (0..people.len()).filter(|n| people[*n].groups.contains(&3)).collect();
        let who = self.chance.of(&responders);
        self.push(Actor::Person(who), what);
    }
}

const _: () = assert!(NAMES.len() == crate::org::PEOPLE_MAX);
