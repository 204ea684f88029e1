//! The covert state, and the two questions that the gate asks of it: does this act count, and must this matter wait (G4).

use std::collections::{BTreeMap, BTreeSet};

use credentials::Class;
use policy::Policy;
use serde::{Deserialize, Serialize};
use types::{ActorId, ChannelId, Hash, PersonId, ProtectedId, ServiceId, Timestamp, TransferId, VaultId};

use crate::check_in::{Appointments, Schedule};
use crate::command::{Command, Event};
use crate::incident::{Cover, Incident, IncidentId, Level, Narrowing, Subject};
use crate::pause::Pause;
use crate::signal::{Signal, SignalId, SignalKind, Teller};

/// The most endorsements of one clear or narrowing.
pub const ENDORSEMENTS_MAX: usize = 64;

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

/// The covert state of one organisation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) signals: BTreeMap<SignalId, Signal>,
    pub(crate) delivered: BTreeSet<(SignalId, ChannelId)>,
    pub(crate) objections: BTreeMap<TransferId, Timestamp>,
    pub(crate) pauses: BTreeMap<ProtectedId, Pause>,
    pub(crate) schedules: BTreeMap<PersonId, Schedule>,
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

    /// The same with nothing but one incident: for what became of things through it.
    #[must_use]
    pub fn only(&self, id: IncidentId) -> Self {
        let incident = self.incident(id).map(|incident| (id, incident.clone()));
        Self { incidents: incident.into_iter().collect(), ..Self::default() }
    }

    /// All signals, oldest first.
    pub fn signals(&self) -> impl Iterator<Item = (SignalId, &Signal)> {
        self.signals.iter().map(|(id, signal)| (*id, signal))
    }

    /// Signals that a channel has not taken yet, oldest first.
    pub fn undelivered<'a>(&'a self, channel: &'a ChannelId) -> impl Iterator<Item = (SignalId, &'a Signal)> {
        self.signals().filter(|(id, _)| !self.delivered.contains(&(*id, channel.clone())))
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
        self.incidents.values().any(|incident| incident.covers(matter)) || self.is_paused(policy, now, matter)
    }

    /// What time alone brings: an incident whose clear has been met for the whole wait is closed, a check-in is missed.
    #[must_use]
    pub fn due(&self, policy: &Policy, now: Timestamp) -> Option<Event> {
        self.cleared(policy, now).or_else(|| self.missed(policy, now))
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
    pub fn attested(&mut self, policy: &Policy, attested: &Attested<'_>) {
        if attested.class == Class::Duress
            && let Ok(who) = PersonId::parse(attested.by.as_str())
        {
            let _incident =
                self.signal(policy, who, (attested.id, attested.kind, attested.at), attested.seed);
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
            Event::Delivered { signal, channel } => {
                self.delivered.insert((*signal, channel.clone()));
            }
            Event::Closed { incident } => {
                if let Some(incident) = self.incidents.get_mut(incident) {
                    incident.closed = Some(at);
                }
            }
        }
    }

    pub(crate) fn next_slot_signal(&self) -> SignalId {
        let from_slots = self.signals.keys().filter(|id| matches!(id, SignalId::Slot(_))).count();
        SignalId::Slot(u64::try_from(from_slots).unwrap_or(u64::MAX).saturating_add(1))
    }

    fn acted(&mut self, policy: &Policy, at: Timestamp, person: &PersonId, command: &Command) {
        match command {
            Command::Object { transfer } => {
                self.objections.entry(*transfer).or_insert(at);
            }
            Command::Report { who, kind, heard, seed } => {
                let signal = (self.next_slot_signal(), *kind, at);
                let told_by = Some(Teller::Responder { by: person.clone(), heard: *heard });
                self.raise(policy, std::slice::from_ref(who), signal, (who.clone(), told_by), *seed);
            }
            Command::Acknowledge { incident } => {
                self.change(*incident, |incident| incident.acknowledged.push((person.clone(), at)));
            }
            Command::Implicate { incident, person, since } => {
                self.change(*incident, |incident| {
                    let found = Subject { found: at, from: *since };
                    let subject = incident.subjects.entry(person.clone()).or_insert(found);
                    subject.from = subject.from.min(*since);
                    // Nobody who endorsed the clear so far has called this person back.
                    incident.clearing = crate::incident::Clearing::default();
                });
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
        }
    }

    fn change(&mut self, id: IncidentId, change: impl FnOnce(&mut Incident)) {
        if let Some(incident) = self.incidents.get_mut(&id) {
            change(incident);
        }
    }

    fn narrow(&mut self, policy: &Policy, id: IncidentId, cover: &Cover, by: (&PersonId, Timestamp)) {
        let (person, at) = by;
        self.change(id, |incident| {
            let fresh = || Narrowing { cover: cover.clone(), endorsements: Vec::new() };
            let narrowing = incident.narrowing.take().filter(|narrowing| narrowing.cover == *cover);
            let mut narrowing = narrowing.unwrap_or_else(fresh);
            narrowing.endorsements.push((person.clone(), at));
            incident.narrowing = Some(narrowing);
        });
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
    fn signal(
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
            None => self.open(at, Level::of(kind), seed),
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
        self.signals.insert(id, Signal { incident: incident_id, who, kind, at, told_by });
        incident_id
    }

    fn open_incident_of(&self, concerned: &[PersonId]) -> Option<IncidentId> {
        let concerns = |incident: &Incident| {
            incident.closed.is_none() && concerned.iter().any(|person| incident.subjects.contains_key(person))
        };
        self.incidents.iter().find(|(_, incident)| concerns(incident)).map(|(id, _)| *id)
    }

    fn open(&mut self, opened: Timestamp, level: Level, seed: Hash) -> IncidentId {
        let next = self.incidents.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1));
        let incident = Incident {
            subjects: BTreeMap::new(),
            opened,
            level,
            cover: Cover::Organisation,
            call_back: Incident::call_back_code(seed),
            acknowledged: Vec::new(),
            narrowing: None,
            clearing: crate::incident::Clearing::default(),
            closed: None,
            callers: BTreeSet::new(),
        };
        self.incidents.insert(IncidentId(next), incident);
        IncidentId(next)
    }
}
