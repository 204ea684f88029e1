//! Plays a story against the real gate, exactly by its contract, and writes down everything that happened.
//!
//! Restarts rebuild the state from encoded records and notes, snapshots restore it; both must give the same hash (G7).

use covert::{
    Appointments, Cover as CovertCover, Delivery, IncidentId, Reachable, Sign, SignalId, SignalKind, Whom,
};
use credentials::{Class, ClassKey};
use gate::{Ask, Attestation, Command, Event, Noted, Outcome, Record, State};
use overt::view::{Overview, TransferView};
use overt::{Author, Credential, DossierDue, Kept, MotionId, NewCredential, Reply, StopId};
use policy::{Posture, PriceEntry};
use types::{
    ActorId, ChannelId, Currency, Hash, Moment, PanelId, PersonId, PlaceId, ProtectedId, Rate, Span,
    SpendPlan, Timestamp, TransferId, VaultId, hash_parts,
};

use crate::org::{Actor, NAMES, PROTECTED, VAULTS};
use crate::story::{Proposal, Scope, Step, Story, Transfer, What};
use crate::world::{STEADY_START, World, coin, feed_id};

/// More ticks than this at one instant are an endless loop.
const TICKS_MAX: usize = 500;
const TICK_NOTHING: Hash = Hash([0; 32]);

/// One thing that happened: a command with its outcome, or a tick.
#[derive(Clone, Debug)]
pub struct Happening {
    /// The step's place in the story; `None` for a tick.
    pub step: Option<usize>,
    /// The gate's time.
    pub at: Timestamp,
    /// What the author was told.
    pub outcome: Outcome,
    /// The record in the overt chain.
    pub record: Option<Record>,
    /// Notes on the covert chain.
    pub notes: Vec<Noted>,
    /// For a command with a panic phrase: whether a new signal exists and waits for delivery.
    pub alarmed: bool,
}

/// What everybody saw at one point.
pub type Look = Vec<(Overview, Vec<TransferView>, Own)>;
/// What only its owner sees: check-ins, and the dossier with its reminder.
pub type Own = (Option<Appointments>, Vec<Kept>, Option<DossierDue>);

/// Everything that happened.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// In order.
    pub happenings: Vec<Happening>,
    /// After so many happenings, at which step, what everybody saw.
    pub looks: Vec<(usize, usize, Look)>,
    /// What the player itself found wrong.
    pub faults: Vec<String>,
    /// Rebuilds and restores done.
    pub rebuilt: usize,
    /// Before so many happenings civil time ran away by more than 60 s, and everything must be stopped.
    pub jumps: Vec<usize>,
}

/// Plays steps one by one.
pub struct Player<'w> {
    world: &'w World,
    /// The gate's state.
    pub state: State,
    wall: i64,
    steady: u64,
    boot: u64,
    /// How far civil time has run away in this boot, in nanoseconds.
    apart: i64,
    events: Vec<Event>,
    stops: Vec<(usize, StopId)>,
    motions: Vec<(usize, MotionId)>,
    /// Whether views are collected.
    pub looks: bool,
    /// What happened so far.
    pub trace: Trace,
}

/// The only channel.
///
/// # Panics
/// Never: it is a name.
#[must_use]
pub fn channel() -> ChannelId {
    ChannelId::parse("webhook").expect("a name")
}

fn actor(by: Actor) -> ActorId {
    ActorId::parse(by.name()).expect("a name")
}

/// A credential that nobody else has.
fn credential(number: usize) -> Credential {
    Credential { devices: vec![number.to_be_bytes().to_vec()], verifier: Some(vec![1]) }
}

fn person(number: usize) -> PersonId {
    PersonId::parse(NAMES[number]).expect("a name")
}

fn protected(number: usize) -> ProtectedId {
    ProtectedId::parse(PROTECTED[number]).expect("a name")
}

fn vault(number: usize) -> VaultId {
    VaultId::parse(VAULTS[number]).expect("a name")
}

const fn posture(number: u8) -> Posture {
    match number {
        0 => Posture::Normal,
        1 => Posture::Elevated,
        _ => Posture::Lockdown,
    }
}

/// Plays a whole story.
#[must_use]
pub fn play(world: &World, story: &Story, looks: bool) -> Trace {
    let mut player = Player::new(world);
    player.looks = looks;
    for index in 0..story.steps.len() {
        player.perform(story, index);
    }
    player.end();
    player.trace
}

impl<'w> Player<'w> {
    /// At the foundation.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        Self {
            world,
            state: world.founded.clone(),
            wall: world.start.as_nanos(),
            steady: STEADY_START,
            boot: 1,
            apart: 0,
            events: Vec::new(),
            stops: Vec::new(),
            motions: Vec::new(),
            looks: false,
            trace: Trace::default(),
        }
    }

    /// The present moment.
    #[must_use]
    pub const fn moment(&self) -> Moment {
        let wall = Timestamp::from_nanos(self.wall);
        Moment { wall, steady: self.steady, boot: self.boot, entropy: [3; 32] }
    }

    /// The gate's time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.overt().clock().read(&self.moment())
    }

    /// Does the step at a place of the story.
    pub fn perform(&mut self, story: &Story, index: usize) {
        let step = &story.steps[index];
        match &step.what {
            What::Wait(steady, wall) => {
                self.steady += steady;
                self.wall += wall;
                self.apart += wall - *steady as i64;
                if self.apart.abs() > 60_000_000_000 {
                    self.trace.jumps.push(self.trace.happenings.len());
                    self.apart = 0;
                }
                self.settle();
            }
            What::Restart(wall) => {
                self.rebuild();
                self.boot += 1;
                self.apart = 0;
                self.steady = 5;
                self.wall += wall;
                self.settle();
            }
            What::Snapshot => self.restore(),
            _ => {
                self.settle();
                if let Some(command) = self.command(story, step) {
                    self.step(Some(index), step, &command);
                }
                self.settle();
            }
        }
        if self.looks && step.number % 24 == 7 {
            self.look(step.number);
        }
    }

    /// The last look.
    pub fn end(&mut self) {
        if self.looks {
            self.look(usize::MAX);
        }
    }

    fn look(&mut self, step: usize) {
        let policy = self.state.overt().policy();
        let people = policy.iter().flat_map(|policy| policy.people());
        let see = |person: &policy::Person| {
            let overt = self.state.overt();
            let dossier = (overt.dossier(&person.id).to_vec(), overt.dossier_due(&person.id));
            let own = (self.state.covert().appointments(&person.id), dossier.0, dossier.1);
            (overt.view_overview(&person.id), overt.view_transfers(&person.id, None, 100), own)
        };
        let look = people.map(see).collect();
        self.trace.looks.push((self.trace.happenings.len(), step, look));
    }

    fn settle(&mut self) {
        let tick = Step { number: 0, by: Actor::Stranger, what: What::SignIn, duress: false, key: None };
        for count in 0.. {
            if !gate::is_due(&self.state, &self.moment()) {
                break;
            }
            if count > TICKS_MAX {
                self.trace.faults.push("G6 broken: ticks without end".into());
                break;
            }
            self.step(None, &tick, &Command::system(Ask::Tick));
        }
        for _ in 0..TICKS_MAX {
            let before = self.trace.happenings.len();
            self.step(None, &tick, &Command::system(Ask::CovertTick));
            if self.trace.happenings.len() == before {
                break;
            }
        }
    }

    fn step(&mut self, index: Option<usize>, step: &Step, command: &Command) {
        let moment = self.moment();
        let at = self.now();
        let signals = self.state.covert().signals().count();
        let (events, outcome) = gate::step(&self.state, command, &moment);
        for event in &events {
            self.state.apply(event);
        }
        let pressed = matches!(step.what, What::Press(..) | What::Button(_)) && index.is_some();
        let alarmed = (step.duress || pressed) && self.is_alarmed(signals, &events);
        if events.iter().any(|event| matches!(event, Event::Recorded(record) if !record.events.is_empty())) {
            self.remember(step, &outcome);
        }
        let mut happening = Happening { step: index, at, outcome, record: None, notes: Vec::new(), alarmed };
        for event in &events {
            match event {
                Event::Recorded(record) => happening.record = Some((**record).clone()),
                Event::Noted(note) => happening.notes.push(note.clone()),
            }
        }
        self.events.extend(events);
        if index.is_some() || happening.record.is_some() || !happening.notes.is_empty() {
            self.trace.happenings.push(happening);
        }
    }

    /// Whether exactly one signal more than before exists, and it waits for delivery.
    fn is_alarmed(&self, before: usize, events: &[Event]) -> bool {
        let covert = self.state.covert();
        let number = events.iter().find_map(|event| match event {
            Event::Recorded(record) => Some(record.act.number.0),
            Event::Noted(_) => None,
        });
        let channel = channel();
        let waits = |id: SignalId| covert.undelivered(&channel).any(|(undelivered, _)| undelivered == id);
        match number {
            Some(number) => waits(SignalId::Record(number)),
            None => covert.undelivered(&channel).count() > 0 && covert.signals().count() > before,
        }
    }

    fn remember(&mut self, step: &Step, outcome: &Outcome) {
        match outcome {
            Ok(Reply::Stop(stop)) => self.stops.push((step.number, *stop)),
            Ok(Reply::Motion(motion)) => self.motions.push((step.number, *motion)),
            _ => {}
        }
    }

    /// The stop that a step placed.
    #[must_use]
    pub fn stop(&self, step: usize) -> StopId {
        let found = self.stops.iter().find(|(number, _)| *number == step);
        found.map_or(StopId(u64::MAX), |(_, stop)| *stop)
    }

    /// The motion that a step made.
    #[must_use]
    pub fn motion(&self, step: usize) -> MotionId {
        let found = self.motions.iter().find(|(number, _)| *number == step);
        found.map_or(MotionId(Hash([0xff; 32])), |(_, motion)| *motion)
    }

    fn command(&self, story: &Story, step: &Step) -> Option<Command> {
        let request = hash_parts("request", &[format!("{:?}{:?}", step.by, step.what).as_bytes()]);
        let key = step.key.map(|key| hash_parts("key", &[step.by.name().as_bytes(), &[key]]));
        let ask = if step.what.is_covert() {
            self.covert_ask(story, &step.what)?
        } else {
            Ask::Overt(self.overt_ask(story, step)?)
        };
        if !step.what.is_command() {
            let by =
                if matches!(step.what, What::Signed(..)) { Author::System } else { Author::Feed(feed_id()) };
            return Some(Command { by, ..Command::system(ask) });
        }
        let by = Author::Actor(actor(step.by));
        let class = if step.duress { Class::Duress } else { Class::Free };
        let mut entropy = [1; 32];
        entropy[..8].copy_from_slice(&(step.number as u64).to_le_bytes());
        let seal = || Attestation::seal(&self.world.key, class, &by, &request, &entropy);
        let attestation = (step.by != Actor::Service).then(seal);
        Some(Command { by, ask, request, idempotency: key, attestation, used: None })
    }

    fn overt_ask(&self, story: &Story, step: &Step) -> Option<overt::Command> {
        use overt::Command as Overt;
        let id = |number: usize| story.transfers.get(number).map(|transfer| transfer.identified.id());
        Some(match &step.what {
            What::Price(rate) => Overt::NotePrice(PriceEntry {
                asset: Currency::parse("BTC").ok()?,
                at: self.now(),
                rate: Rate::parse(&rate.to_string()).ok()?,
                source: String::new(),
            }),
            What::SignIn => Overt::Attend,
            What::Submit(number) => Overt::Submit(Box::new(story.transfers.get(*number)?.identified.clone())),
            What::Attach(number, inputs, complete) => {
                let spend = spend(story.transfers.get(*number)?, inputs, *complete);
                Overt::Attach { transfer: id(*number)?, spend: Box::new(spend) }
            }
            What::Approve(number) => Overt::Approve { transfer: id(*number)? },
            What::Cancel(number) => Overt::Cancel { transfer: id(*number)? },
            What::Stop(scope) => Overt::Stop { scope: scope_of(story, *scope)?, reason: String::new() },
            What::Raise(to) => Overt::Raise { to: posture(*to) },
            What::Propose(proposal) => Overt::Propose(Box::new(match proposal {
                Proposal::Lift(step) => overt::Proposal::Lift(self.stop(*step)),
                Proposal::Lower(to) => overt::Proposal::Lower(posture(*to)),
                Proposal::Replace(who) => overt::Proposal::Credential {
                    actor: person(*who).into(),
                    new: Box::new(NewCredential::Whole(credential(step.number))),
                },
                Proposal::Revoke(who) => overt::Proposal::Revoke { actor: person(*who).into() },
                Proposal::Change(version) => {
                    overt::Proposal::Change(self.world.versions.get(*version)?.sources.clone())
                }
            })),
            What::KeepDossier(beyond) => {
                let owner = PersonId::parse(step.by.name()).ok()?;
                let revision = self.state.overt().next_revision(&owner) + beyond;
                let content = hash_parts("dossier", &[&step.number.to_be_bytes()]);
                Overt::KeepDossier(overt::Sealed { revision, content, readers: Hash([1; 32]) })
            }
            What::Endorse(motion) => Overt::Endorse { motion: self.motion(*motion) },
            What::End(motion) => Overt::End { motion: self.motion(*motion) },
            What::Signed(number, wrong) => {
                let id = id(*number)?;
                Overt::NoteSigned { transfer: id, txid: self.txid(id, *wrong) }
            }
            What::Confirmed(number) => {
                let id = id(*number)?;
                Overt::NoteConfirmed { transfer: id, txid: self.txid(id, false) }
            }
            _ => return None,
        })
    }

    fn txid(&self, id: TransferId, wrong: bool) -> Hash {
        let spend = self.state.overt().transfer(id).and_then(|transfer| transfer.spend.as_ref());
        if wrong { Hash([0xee; 32]) } else { spend.map_or(id.0, |spend| spend.txid) }
    }

    fn covert_ask(&self, story: &Story, what: &What) -> Option<Ask> {
        use covert::Command as Covert;
        let incident = |number: &u32| IncidentId(*number);
        Some(Ask::Covert(match what {
            What::Object(number) => {
                Covert::Object { transfer: story.transfers.get(*number)?.identified.id() }
            }
            What::Report(who) => Covert::Report {
                who: person(*who),
                kind: SignalKind::Judgement,
                heard: self.now(),
                seed: Hash([4; 32]),
            },
            What::Acknowledge(number) => Covert::Acknowledge { incident: incident(number), from: None },
            What::Implicate(number, who, ago) => Covert::Implicate {
                incident: incident(number),
                person: person(*who),
                since: self.now().before(Span::from_seconds(*ago)),
            },
            What::Narrow(number, cover) => {
                let vaults = cover.vaults.iter().map(|number| vault(*number)).collect();
                let people = cover.people.iter().map(|number| person(*number)).collect();
                Covert::Narrow { incident: incident(number), cover: CovertCover::Narrowed { vaults, people } }
            }
            What::CallBack(number, who) => Covert::CalledBack {
                incident: incident(number),
                person: person(*who),
                all_clear: true,
                private: true,
            },
            What::Drill(who) => Covert::Drill { who: person(*who), seed: Hash([7; 32]) },
            What::Button(home) => return Some(Ask::Sign(button(*home))),
            What::Clear(number) => Covert::Clear { incident: incident(number) },
            What::EndClear(number) => Covert::EndClear { incident: incident(number) },
            What::Deliver => {
                let policy = self.state.overt().policy()?;
                let ways = Reachable { wide: vec![channel()], personal: Vec::new() };
                let plan = rota::CallPlan::default();
                let call = self.state.covert().calls(policy, &plan, &ways, self.now()).into_iter().next()?;
                return Some(Ask::Delivered(Delivery { call, at: self.now() }));
            }
            What::Press(whose, alarm) => return Some(Ask::Sign(sign(*whose, *alarm))),
            What::EndPause(whose) => Covert::EndPause { protected: protected(*whose) },
            What::Schedule(every, next, grace) => Covert::Schedule {
                every: Span::from_seconds(*every),
                next: self.now().after(Span::from_seconds(*next)),
                grace: Span::from_seconds(*grace),
                seed: Hash([5; 32]),
            },
            What::CheckIn => Covert::CheckIn,
            What::EndSchedule => Covert::EndSchedule,
            _ => return None,
        }))
    }

    /// A crash and a start: everything again from the bytes of the journal.
    fn rebuild(&mut self) {
        match rebuilt(&self.world.founded, &self.events, &self.world.key) {
            Ok(state) if state.hash() == self.state.hash() && state == self.state => self.state = state,
            Ok(_) => self.trace.faults.push("G7 broken: the state rebuilt from the journal differs".into()),
            Err(error) => self.trace.faults.push(format!("G7 broken: the journal does not replay: {error}")),
        }
        self.trace.rebuilt += 1;
    }

    fn restore(&mut self) {
        let key = &self.world.key;
        let restored = self.state.snapshot(key, &[8; 32], b"anchor");
        let restored = restored.and_then(|(overt, covert)| State::restore(key, &overt, &covert, b"anchor"));
        match restored {
            Ok(state) if state.hash() == self.state.hash() && state == self.state => self.state = state,
            Ok(_) => self.trace.faults.push("G7 broken: the state restored from a snapshot differs".into()),
            Err(error) => {
                self.trace.faults.push(format!("G7 broken: the snapshot does not restore: {error}"))
            }
        }
        self.trace.rebuilt += 1;
    }
}

/// The state that the journal's bytes lead to.
fn rebuilt(founded: &State, events: &[Event], key: &ClassKey) -> Result<State, gate::RecordError> {
    let mut state = founded.clone();
    for event in events {
        match event {
            Event::Recorded(record) => {
                let record = Record::decode(&record.encode()?, key)?;
                state.apply(&Event::Recorded(Box::new(record)));
            }
            Event::Noted(note) => {
                for note in Noted::decode_all(&note.encode()?)? {
                    state.apply(&Event::Noted(note));
                }
            }
        }
    }
    Ok(state)
}

fn button(home: usize) -> Sign {
    Sign::Panel {
        panel: PanelId::parse(&format!("button-{home}")).expect("a name"),
        whom: Whom::Place(PlaceId::parse(&format!("home-{home}")).expect("a name")),
        seed: Hash([8; 32]),
    }
}

fn sign(whose: Option<usize>, alarm: bool) -> Sign {
    let seed = Hash([6; 32]);
    match whose {
        Some(whose) => Sign::Relative { protected: protected(whose), alarm, seed },
        None => Sign::Nobody { seed },
    }
}

fn scope_of(story: &Story, scope: Scope) -> Option<overt::Scope> {
    Some(match scope {
        Scope::Transfer(number) => overt::Scope::Transfer(story.transfers.get(number)?.identified.id()),
        Scope::Vault(number) => overt::Scope::Vault(vault(number)),
        Scope::Person(by) => overt::Scope::Person(actor(by)),
        Scope::Organisation => overt::Scope::Organisation,
    })
}

/// A made-up transaction: its id depends on the transfer and its inputs.
fn spend(transfer: &Transfer, inputs: &[usize], complete: bool) -> SpendPlan {
    let list: Vec<u8> = inputs.iter().map(|input| *input as u8).collect();
    SpendPlan {
        kind: types::SpendKind::Payment,
        vault: transfer.identified.payload().vault.clone(),
        txid: hash_parts("txid", &[&transfer.identified.id().0.0, &list]),
        inputs: inputs.iter().map(|input| coin(*input)).collect(),
        fee: transfer.fee,
        psbt: TICK_NOTHING,
        complete,
    }
}
