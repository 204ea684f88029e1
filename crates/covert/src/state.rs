//! The covert state, and the two questions that the gate asks of it: does this act count, and must this matter wait (G4).

use std::collections::{BTreeMap, BTreeSet};

use credentials::Class;
use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{
    ActorId, ChannelId, Hash, PersonId, ProtectedId, ServiceId, Span, Timestamp, TransferId, VaultId,
};

use crate::calls::{About, Told};
use crate::casework::What;
use crate::check_in::{Appointments, Schedule};
use crate::command::{Command, Event};
use crate::incident::{Cover, Incident, IncidentId, Level, Status, Subject};
use crate::pause::Pause;
use crate::shadow::Shadow;
use crate::signal::{Signal, SignalId, SignalKind, Teller};

/// The most endorsements of one clear or narrowing.
pub const ENDORSEMENTS_MAX: usize = 64;
/// The most turns on schedules that somebody has taken over and that are not over.
pub const OVERRIDES_MAX: usize = 256;
/// When a drill that nobody ended ends.
pub const DRILL_LASTS: Span = Span::from_hours(24);

/// What a seal held, with the act that it belongs to.
#[derive(Clone, Debug)]
pub struct Attested<'a> {
    /// What carries it.
    pub id: SignalId,
    /// Who acted.
    pub by: &'a ActorId,
    /// When.
    pub at: Timestamp,
    /// Whether it was a sign-in or an act.
    pub kind: SignalKind,
    /// What the seal held.
    pub class: Class,
    /// Unpredictable, and the same after a replay: a hash of the seal.
    pub seed: Hash,
}

/// A matter before release, as the covert side needs to know it: from which vault, and who took part.
#[derive(Clone, Debug)]
pub struct Matter<'a> {
    /// The vault, for a transfer.
    pub vault: Option<&'a VaultId>,
    /// Who submitted, proposed, approved or endorsed.
    pub actors: Vec<&'a ActorId>,
}

/// A turn on a schedule that somebody has taken over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Turn {
    by: PersonId,
    at: Timestamp,
    pub(crate) shift: rota::Override,
}

/// The covert state of one organisation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    /// Those that are open, so that finding one takes no longer with every incident that ever was.
    pub(crate) open: BTreeSet<IncidentId>,
    /// By the number under which people know them.
    pub(crate) numbers: BTreeMap<u32, IncidentId>,
    pub(crate) signals: BTreeMap<SignalId, Signal>,
    pub(crate) told: BTreeMap<(About, ChannelId, Option<PersonId>), Told>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) objections: BTreeMap<TransferId, Timestamp>,
    pub(crate) pauses: BTreeMap<ProtectedId, Pause>,
    pub(crate) schedules: BTreeMap<PersonId, Schedule>,
    /// Where acts of free will are worked on as if they had been signals. Nobody reads it.
    #[serde(skip)]
    pub(crate) shadow: Shadow,
}

impl State {
    /// All incidents, oldest first.
    pub fn incidents(&self) -> impl Iterator<Item = (IncidentId, &Incident)> {
        self.incidents.iter().map(|(id, incident)| (*id, incident))
    }

    /// One incident.
    #[must_use]
    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// Nothing but one incident, as it is shown to somebody: for what became of things through it.
    #[must_use]
    pub fn of_one(id: IncidentId, incident: Incident) -> Self {
        let open = incident.closed.is_none().then_some(id).into_iter().collect();
        Self { incidents: BTreeMap::from([(id, incident)]), open, ..Self::default() }
    }

    /// All signals, oldest first.
    pub fn signals(&self) -> impl Iterator<Item = (SignalId, &Signal)> {
        self.signals.iter().map(|(id, signal)| (*id, signal))
    }

    /// The incident that people know by a number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<IncidentId> {
        self.numbers.get(&number).copied()
    }

    /// Signals that a channel whose other end knows by itself whom to tell has not been told of yet, oldest first.
    pub fn undelivered<'a>(&'a self, channel: &'a ChannelId) -> impl Iterator<Item = (SignalId, &'a Signal)> {
        let told = |incident: IncidentId| {
            let key = (About::Incident(incident), channel.clone(), None);
            self.told.get(&key).map_or(0, |told| told.signals)
        };
        self.signals().filter(move |(_, signal)| signal.ordinal > told(signal.incident))
    }

    /// Turns on schedules that somebody has taken over.
    #[must_use]
    pub fn overrides(&self) -> Vec<rota::Override> {
        self.turns.iter().map(|turn| turn.shift.clone()).collect()
    }

    /// Those that decide who is called: a responder who was not free takes nobody's turn (G8), though it shows as taken (G3).
    #[must_use]
    pub fn standing_overrides(&self, policy: &Policy) -> Vec<rota::Override> {
        let counts = |turn: &&Turn| self.counts(policy, &turn.by.clone().into(), turn.at, None);
        self.turns.iter().filter(counts).map(|turn| turn.shift.clone()).collect()
    }

    /// Whether a transfer was objected to.
    #[must_use]
    pub fn is_objected(&self, transfer: TransferId) -> bool {
        self.objections.contains_key(&transfer)
    }

    /// Whether an act counts: its author was free, as far as is known now. A service is as free as those who operate it.
    #[must_use]
    pub fn counts(&self, policy: &Policy, by: &ActorId, at: Timestamp, settled: Option<Timestamp>) -> bool {
        if self.incidents.is_empty() {
            return true;
        }
        let discounted =
            |person: &str| self.incidents.values().any(|incident| incident.discounts(person, at, settled));
        let service = ServiceId::parse(by.as_str()).ok().and_then(|id| policy.service(&id));
        match service {
            Some(service) => !service.operated_by.iter().any(|person| discounted(person.as_str())),
            None => !discounted(by.as_str()),
        }
    }

    /// Whether an open incident, or a stop that a protected person asked for, keeps a matter from being released now.
    #[must_use]
    pub fn covers(&self, policy: &Policy, now: Timestamp, matter: &Matter<'_>) -> bool {
        self.open_incidents().any(|(_, incident)| incident.covers(matter))
            || self.is_paused(policy, now, matter)
    }

    /// What time alone brings: an incident whose clear has been met for the whole wait is closed, a check-in is missed.
    #[must_use]
    pub fn due(&self, policy: &Policy, now: Timestamp) -> Option<Event> {
        let cleared = self.cleared(policy, now).or_else(|| self.drilled(now));
        cleared.or_else(|| self.missed(policy, now))
    }

    fn drilled(&self, now: Timestamp) -> Option<Event> {
        let is_over = |incident: &Incident| {
            incident.status == Status::Exercise
                && incident.closed.is_none()
                && incident.opened.after(DRILL_LASTS) <= now
        };
        let found = self.incidents.iter().find(|(_, incident)| is_over(incident));
        found.map(|(id, _)| Event::Closed { incident: *id })
    }

    fn cleared(&self, policy: &Policy, now: Timestamp) -> Option<Event> {
        let wait = policy.response().clear_hold;
        let ready = |incident: &Incident| {
            let since = self.clear_met_since(policy, incident)?;
            (incident.closed.is_none() && since.after(wait) <= now).then_some(())
        };
        let due = self.incidents.iter().find(|(_, incident)| ready(incident).is_some());
        due.map(|(id, _)| Event::Closed { incident: *id })
    }

    /// Since when a clear's quorum is met by responders who count: free themselves, and not kin of anyone concerned.
    fn clear_met_since(&self, policy: &Policy, incident: &Incident) -> Option<Timestamp> {
        let quorum = &policy.response().clear;
        let counting = self.counting(policy, incident, &incident.clearing.endorsements);
        let prefixes = (1..=counting.len()).filter_map(|end| counting.get(..end));
        let first = prefixes.into_iter().find(|prefix| {
            let people: Vec<&PersonId> = prefix.iter().map(|(person, _)| person).collect();
            policy.met(quorum, &people, &[])
        })?;
        first.last().map(|(_, at)| *at)
    }

    /// Of some endorsements those of responders who were free and are not near anybody concerned.
    pub(crate) fn counting(
        &self,
        policy: &Policy,
        incident: &Incident,
        endorsements: &[(PersonId, Timestamp)],
    ) -> Vec<(PersonId, Timestamp)> {
        let free = |person: &PersonId, at: Timestamp| self.counts(policy, &person.clone().into(), at, None);
        let stranger = |person: &PersonId| !incident.is_near(policy, person);
        let counting = endorsements.iter().filter(|(person, at)| free(person, *at) && stranger(person));
        counting.cloned().collect()
    }
}

/// What happens to the state.
impl State {
    /// Judges an attestation, whatever becomes of the command that it came with.
    ///
    /// INVARIANT (G3): it does the same work whatever was found. Ten microseconds that only a signal took could be measured.
    pub fn attested(&mut self, policy: &Policy, attested: &Attested<'_>) {
        let Ok(who) = PersonId::parse(attested.by.as_str()) else { return };
        let signal = (attested.id, attested.kind, attested.at);
        match attested.class {
            Class::Duress => drop(self.signal(policy, who, signal, attested.seed)),
            Class::Free => self.shadow.cast(policy, who, signal, attested.seed),
        }
    }

    /// Applies what a slot of the covert chain holds.
    pub fn apply(&mut self, policy: &Policy, at: Timestamp, event: &Event) {
        match event {
            Event::Acted { by, command } => self.acted(policy, at, by, command),
            Event::Signalled { who, kind, seed } => {
                let incident = self.signal(policy, who.clone(), (self.next_slot_signal(), *kind, at), *seed);
                if *kind == SignalKind::MissedCheckIn {
                    self.note_missed(who, at, incident);
                }
            }
            Event::Called { protected, alarm, seed } => self.called(policy, at, (protected, *alarm), *seed),
            Event::Pressed { panel, whom, seed } => self.pressed(policy, at, (panel, whom), *seed),
            Event::Delivered(delivery) => self.handed(at, delivery),
            Event::Replied { incident, by, .. } => {
                self.change(*incident, |incident| incident.note(at, What::Replied(by.clone())));
            }
            Event::Closed { incident } => {
                self.open.remove(incident);
                self.change(*incident, |incident| {
                    incident.closed = Some(at);
                    incident.note(at, What::Closed);
                });
            }
        }
    }

    pub(crate) fn next_slot_signal(&self) -> SignalId {
        let from_slots = self.signals.keys().filter(|id| matches!(id, SignalId::Slot(_))).count();
        SignalId::Slot(u64::try_from(from_slots).unwrap_or(u64::MAX).saturating_add(1))
    }

    fn acted(&mut self, policy: &Policy, at: Timestamp, person: &PersonId, command: &Command) {
        if let Some(incident) = command.incident() {
            let what = What::Acted { by: person.clone(), command: command.clone() };
            self.change(incident, |incident| {
                incident.note(at, what);
                incident.work(person, at, command);
            });
        }
        match command {
            Command::Object { transfer } => {
                self.objections.entry(*transfer).or_insert(at);
            }
            Command::Report { who, kind, heard, seed } => {
                let signal = (self.next_slot_signal(), *kind, at);
                let told_by = Some(Teller::Responder { by: person.clone(), heard: *heard });
                self.raise(policy, std::slice::from_ref(who), signal, (who.clone(), told_by), *seed);
            }
            Command::Drill { who, seed } => self.drill(at, (who, person), *seed),
            Command::Override { schedule, person: on_duty, from, until } => {
                self.turns.retain(|turn| at < turn.shift.until);
                let (schedule, on_duty) = (schedule.clone(), on_duty.clone());
                let shift = rota::Override { schedule, person: on_duty, from: *from, until: *until };
                self.turns.push(Turn { by: person.clone(), at, shift });
            }
            Command::Implicate { incident, person, since } => {
                self.change(*incident, |incident| incident.implicate(person, at, *since));
            }
            Command::Narrow { incident, cover } => self.narrow(policy, *incident, cover, (person, at)),
            Command::Clear { incident } => {
                self.change(*incident, |incident| incident.clearing.endorsements.push((person.clone(), at)));
                let met_since =
                    self.incident(*incident).and_then(|found| self.clear_met_since(policy, found));
                self.change(*incident, |incident| incident.clearing.met_since = met_since);
            }
            Command::EndClear { incident } => {
                self.change(*incident, |incident| incident.clearing = crate::incident::Clearing::default());
            }
            Command::EndPause { protected } => self.endorse_end(policy, protected, (person.clone(), at)),
            Command::Schedule { every, next, grace, seed } => {
                let appointments = Appointments { every: *every, next: *next, grace: *grace, last: None };
                self.schedules.insert(person.clone(), Schedule::new(appointments, *seed));
            }
            Command::CheckIn => self.checked_in(person, at),
            Command::EndSchedule => drop(self.schedules.remove(person)),
            // All of it is casework, and done.
            Command::Acknowledge { .. }
            | Command::Follow { .. }
            | Command::Step { .. }
            | Command::Note { .. }
            | Command::Called { .. }
            | Command::CalledBack { .. }
            | Command::HandOver { .. }
            | Command::Await { .. }
            | Command::Opened { .. } => {}
            Command::EndDrill { incident } => drop(self.open.remove(incident)),
        }
    }

    fn change(&mut self, id: IncidentId, change: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            change(incident);
        }
    }

    fn narrow(&mut self, policy: &Policy, id: IncidentId, cover: &Cover, by: (&PersonId, Timestamp)) {
        let (person, at) = by;
        self.change(id, |incident| incident.narrow(cover, (person.clone(), at)));
        let met = self.incident(id).is_some_and(|incident| {
            let endorsements =
                incident.narrowing.as_ref().map_or(&[][..], |narrowing| &narrowing.endorsements);
            let counting = self.counting(policy, incident, endorsements);
            let people: Vec<&PersonId> = counting.iter().map(|(person, _)| person).collect();
            policy.met(&policy.response().clear, &people, &[])
        });
        if met {
            self.change(id, |incident| (incident.cover, incident.narrowing) = (cover.clone(), None));
        }
    }

    /// A person's own signal.
    pub(crate) fn signal(
        &mut self,
        policy: &Policy,
        who: PersonId,
        signal: (SignalId, SignalKind, Timestamp),
        seed: Hash,
    ) -> IncidentId {
        let concerned = [who.clone()];
        self.raise(policy, &concerned, signal, (who, None), seed)
    }

    /// A signal joins the open incident of one of those concerned, or opens one. It always widens the cover again.
    pub(crate) fn raise(
        &mut self,
        policy: &Policy,
        concerned: &[PersonId],
        (id, kind, at): (SignalId, SignalKind, Timestamp),
        (who, told_by): (PersonId, Option<Teller>),
        seed: Hash,
    ) -> IncidentId {
        let heard = match &told_by {
            Some(Teller::Responder { heard, .. }) => (*heard).min(at),
            _ => at,
        };
        let subject = Subject { found: at, from: heard.before(policy.response().look_back) };
        let incident_id = match self.open_incident_of(concerned) {
            Some(open) => {
                self.change(open, |incident| incident.confirm());
                open
            }
            None => self.open(Status::Actual, at, Level::of(kind), seed),
        };
        self.change(incident_id, |incident| {
            for person in concerned {
                // Somebody who was added by a responder has signalled now: the look-back of the signal counts as well.
                let known = incident.subjects.entry(person.clone()).or_insert(subject);
                known.from = known.from.min(subject.from);
            }
            if let Some(Teller::Protected(caller)) = &told_by {
                incident.callers.insert(caller.clone());
            }
        });
        self.note_signal(incident_id, id, (who, kind, at, told_by));
        incident_id
    }

    fn note_signal(
        &mut self,
        incident: IncidentId,
        id: SignalId,
        (who, kind, at, told_by): (PersonId, SignalKind, Timestamp, Option<Teller>),
    ) {
        let mut ordinal = 0;
        self.change(incident, |incident| {
            incident.ordinal = incident.ordinal.saturating_add(1);
            incident.note(at, What::Signal(id));
            ordinal = incident.ordinal;
        });
        self.signals.insert(id, Signal { incident, who, kind, at, ordinal, told_by });
    }

    /// The same path, with nobody in danger: an act under duress is what is played.
    fn drill(&mut self, at: Timestamp, (who, by): (&PersonId, &PersonId), seed: Hash) {
        let incident = self.open(Status::Exercise, at, Level::Confirmed, seed);
        let subject = Subject { found: at, from: at };
        self.change(incident, |incident| {
            incident.subjects.insert(who.clone(), subject);
        });
        let told_by = Some(Teller::Responder { by: by.clone(), heard: at });
        let id = self.next_slot_signal();
        self.note_signal(incident, id, (who.clone(), SignalKind::Act, at, told_by));
    }

    fn open_incident_of(&self, concerned: &[PersonId]) -> Option<IncidentId> {
        let concerns = |incident: &Incident| {
            incident.status == Status::Actual
                && concerned.iter().any(|person| incident.subjects.contains_key(person))
        };
        self.open_incidents().find(|(_, incident)| concerns(incident)).map(|(id, _)| id)
    }

    /// Those that are open, oldest first.
    pub(crate) fn open_incidents(&self) -> impl Iterator<Item = (IncidentId, &Incident)> {
        self.open.iter().filter_map(|id| Some((*id, self.incidents.get(id)?)))
    }

    fn open(&mut self, status: Status, opened: Timestamp, level: Level, seed: Hash) -> IncidentId {
        let next = self.incidents.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1));
        let mut number = Incident::first_number(seed);
        while self.numbered(number).is_some() {
            number = Incident::next_number(number);
        }
        self.incidents.insert(IncidentId(next), Incident::new(number, status, opened, level, seed));
        self.open.insert(IncidentId(next));
        self.numbers.insert(number, IncidentId(next));
        IncidentId(next)
    }
}
