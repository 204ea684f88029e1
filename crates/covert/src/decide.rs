//! Which commands are accepted (G3: what is anyone's, by their own acts alone; G5: clearing needs a quorum of others; G8: kin never count).

use credentials::Class;
use policy::Policy;
use types::{PersonId, Span, Timestamp};

use crate::check_in::Appointments;
use crate::command::{Command, Event, Refusal};
use crate::incident::{Cover, Incident, IncidentId, Status};
use crate::signal::SignalKind;
use crate::state::{ENDORSEMENTS_MAX, OVERRIDES_MAX, State};

/// The most names in a narrowed cover.
const COVER_NAMES_MAX: usize = 8;
/// Acknowledging once more within this time adds nothing.
const ACKNOWLEDGED_AGAIN_AFTER: Span = Span::from_seconds(5 * 60);
/// The most acknowledgements of one incident by one person.
const ACKNOWLEDGEMENTS_EACH_MAX: usize = 64;
/// How far ahead a turn on a schedule may be taken over, and how long it may last.
const OVERRIDE_MAX: Span = Span::from_hours(92 * 24);
/// The most drills at a time.
const DRILLS_MAX: usize = 4;

impl State {
    /// Whether a person is a responder.
    #[must_use]
    pub fn is_responder(policy: &Policy, person: &PersonId) -> bool {
        let group = &policy.response().responders;
        policy.person(person).is_some_and(|person| person.groups.contains(group))
    }

    /// Whether a responder sees an incident: not when it concerns them or their kin.
    #[must_use]
    pub fn may_see(policy: &Policy, person: &PersonId, incident: &Incident) -> bool {
        Self::is_responder(policy, person) && !incident.is_near(policy, person)
    }

    /// The incidents that a responder sees. A responder who is not free sees a room that is empty but for what they reported
    /// themselves: whoever makes them report something and then look must not find it missing (G3).
    #[must_use]
    pub fn room(&self, policy: &Policy, person: &PersonId, class: Class) -> Vec<(IncidentId, &Incident)> {
        let visible = self.incidents().filter(|(_, incident)| Self::may_see(policy, person, incident));
        let reported = |id: IncidentId| {
            self.signals().any(|(_, signal)| signal.incident == id && signal.is_told_by(person))
        };
        visible.filter(|(id, _)| class == Class::Free || reported(*id)).collect()
    }

    /// What a command leads to.
    ///
    /// # Errors
    /// The reason why it is refused; a responder who is not free finds no incident.
    pub fn decide(
        &self,
        policy: &Policy,
        by: (&PersonId, Class),
        at: Timestamp,
        command: &Command,
    ) -> Result<Event, Refusal> {
        if command.is_anyones() {
            self.decide_own(policy, by.0, at, command)?;
        } else if Self::is_responder(policy, by.0) {
            self.decide_response(policy, by, at, command)?;
        } else {
            return Err(Refusal::NotFound);
        }
        Ok(Event::Acted { by: by.0.clone(), command: command.clone() })
    }

    /// INVARIANT (G3): the author sees what comes of it, so nothing but their own acts decides it, and no class.
    fn decide_own(
        &self,
        policy: &Policy,
        person: &PersonId,
        at: Timestamp,
        command: &Command,
    ) -> Result<(), Refusal> {
        match command {
            Command::Schedule { every, next, grace, .. } => {
                known(policy, person)?;
                Appointments { every: *every, next: *next, grace: *grace, last: None }.check(at)
            }
            Command::CheckIn | Command::EndSchedule if self.appointments(person).is_none() => {
                Err(Refusal::NoSchedule)
            }
            // Whether this person sees the transfer, and whether it is undecided, the gate asks the overt side.
            _ => Ok(()),
        }
    }

    fn decide_response(
        &self,
        policy: &Policy,
        (person, class): (&PersonId, Class),
        at: Timestamp,
        command: &Command,
    ) -> Result<(), Refusal> {
        let find = |id: &IncidentId| self.open_incident(policy, (person, class), *id);
        match command {
            Command::Report { who, kind, heard, .. } => {
                known(policy, who)?;
                if !matches!(kind, SignalKind::Judgement | SignalKind::CodeWord) {
                    return Err(Refusal::WrongKind);
                }
                not_future(*heard, at)
            }
            Command::Acknowledge { incident, .. } => {
                let incident = find(incident)?;
                Self::decide_casework(policy, incident, at, command)?;
                not_just_now(&incident.acknowledged, person, at)
            }
            Command::Follow { incident, .. }
            | Command::Step { incident, .. }
            | Command::Note { incident, .. }
            | Command::Called { incident, .. }
            | Command::CalledBack { incident, .. }
            | Command::HandOver { incident, .. }
            | Command::Await { incident, .. }
            | Command::EndDrill { incident } => Self::decide_casework(policy, find(incident)?, at, command),
            // A third person's address is nobody's to give away under force, not even in an incident that they reported themselves. Whoever
            // looks cannot tell this from a person who keeps no dossier.
            Command::Opened { .. } if class == Class::Duress => Err(Refusal::NotFound),
            Command::Opened { incident, person: of, .. } => {
                let is_subject = find(incident)?.subjects.contains_key(of);
                if is_subject { Ok(()) } else { Err(Refusal::NotFound) }
            }
            Command::Drill { who, .. } => {
                known(policy, who)?;
                if self.open_drills() < DRILLS_MAX { Ok(()) } else { Err(Refusal::TooMany) }
            }
            Command::Override { person, from, until, .. } => {
                self.decide_override(policy, person, at, (*from, *until))
            }
            Command::Implicate { incident, person: implicated, since } => {
                find(incident)?;
                known(policy, implicated)?;
                not_future(*since, at)
            }
            Command::Narrow { incident, cover } => {
                let narrowing =
                    find(incident)?.narrowing.as_ref().filter(|narrowing| narrowing.cover == *cover);
                not_yet(narrowing.map_or(&[], |narrowing| &narrowing.endorsements), person)?;
                if names(cover) > COVER_NAMES_MAX { Err(Refusal::TooMany) } else { Ok(()) }
            }
            Command::Clear { incident } => {
                let incident = find(incident)?;
                not_yet(&incident.clearing.endorsements, person)?;
                Self::called_everybody_back(policy, incident, person)
            }
            Command::EndClear { incident } => find(incident).map(drop),
            Command::EndPause { protected } => self.decide_end_pause(policy, (person, class), at, protected),
            Command::Object { .. } | Command::Schedule { .. } | Command::CheckIn | Command::EndSchedule => {
                Ok(())
            }
        }
    }

    fn open_drills(&self) -> usize {
        let open = self.incidents.values().filter(|incident| incident.closed.is_none());
        open.filter(|incident| incident.status == Status::Exercise).count()
    }

    fn decide_override(
        &self,
        policy: &Policy,
        person: &PersonId,
        at: Timestamp,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<(), Refusal> {
        if !Self::is_responder(policy, person) {
            return Err(Refusal::NotForThem(person.clone()));
        }
        if until <= at || until <= from || until > from.max(at).after(OVERRIDE_MAX) {
            return Err(Refusal::Time("92 days"));
        }
        if from > at.after(OVERRIDE_MAX) {
            return Err(Refusal::Time("92 days"));
        }
        let standing = self.turns.iter().filter(|turn| at < turn.shift.until).count();
        if standing < OVERRIDES_MAX { Ok(()) } else { Err(Refusal::TooMany) }
    }

    fn open_incident(
        &self,
        policy: &Policy,
        by: (&PersonId, Class),
        id: IncidentId,
    ) -> Result<&Incident, Refusal> {
        let visible = self.room(policy, by.0, by.1).into_iter().find(|(visible, _)| *visible == id);
        let (_, incident) = visible.ok_or(Refusal::NotFound)?;
        if incident.closed.is_some() { Err(Refusal::Closed) } else { Ok(incident) }
    }
}

fn known(policy: &Policy, person: &PersonId) -> Result<(), Refusal> {
    if policy.person(person).is_some() { Ok(()) } else { Err(Refusal::NoSuchPerson(person.clone())) }
}

pub(crate) fn not_yet(endorsements: &[(PersonId, Timestamp)], person: &PersonId) -> Result<(), Refusal> {
    if endorsements.len() >= ENDORSEMENTS_MAX {
        return Err(Refusal::TooMany);
    }
    if endorsements.iter().any(|(earlier, _)| earlier == person) { Err(Refusal::Repeated) } else { Ok(()) }
}

/// An escalation that began again wants to be acknowledged again; a nervous finger does not.
fn not_just_now(
    acknowledged: &[(PersonId, Timestamp)],
    person: &PersonId,
    at: Timestamp,
) -> Result<(), Refusal> {
    let mut own = acknowledged.iter().filter(|(earlier, _)| earlier == person).map(|(_, at)| *at);
    let number = own.clone().count();
    if number >= ACKNOWLEDGEMENTS_EACH_MAX || acknowledged.len() >= ENDORSEMENTS_MAX * ENDORSEMENTS_MAX {
        return Err(Refusal::TooMany);
    }
    let just_now = own.next_back().is_some_and(|last| at < last.after(ACKNOWLEDGED_AGAIN_AFTER));
    if just_now { Err(Refusal::Repeated) } else { Ok(()) }
}

fn not_future(time: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if time > now { Err(Refusal::Future) } else { Ok(()) }
}

fn names(cover: &Cover) -> usize {
    match cover {
        Cover::Organisation => 0,
        Cover::Narrowed { vaults, people } => vaults.len() + people.len(),
    }
}
