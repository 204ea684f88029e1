//! Which of a responder's commands are accepted (G5: clearing needs a quorum of others; G8: kin never count).

use credentials::Class;
use policy::Policy;
use types::{PersonId, Timestamp};

use crate::command::{Command, Event, Refusal};
use crate::incident::{Cover, Incident, IncidentId};
use crate::kin::is_kin;
use crate::signal::SignalKind;
use crate::state::{ENDORSEMENTS_MAX, State};

/// The most names in a narrowed cover.
const COVER_NAMES_MAX: usize = 8;

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
        Self::is_responder(policy, person)
            && !incident.subjects.keys().any(|subject| is_kin(policy, subject, person))
    }

    /// The incidents that a responder sees. A responder who is not free sees an empty room.
    #[must_use]
    pub fn room(&self, policy: &Policy, person: &PersonId, class: Class) -> Vec<(IncidentId, &Incident)> {
        let visible = self.incidents().filter(|(_, incident)| Self::may_see(policy, person, incident));
        visible.filter(|_| class == Class::Free).collect()
    }

    /// What a responder's command leads to.
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
        let (person, class) = by;
        let is_objection = matches!(command, Command::Object { .. });
        if !is_objection && !Self::is_responder(policy, person) {
            return Err(Refusal::NotFound);
        }
        let find = |id: &IncidentId| self.open_incident(policy, (person, class), *id);
        match command {
            // Whether this person sees the transfer, and whether it is undecided, the gate asks the overt side.
            Command::Object { .. } => {}
            Command::Report { who, kind, .. } => {
                known(policy, who)?;
                if !matches!(kind, SignalKind::Judgement | SignalKind::CodeWord) {
                    return Err(Refusal::WrongKind);
                }
            }
            Command::Acknowledge { incident } => not_yet(&find(incident)?.acknowledged, person)?,
            Command::Implicate { incident, person: implicated, since } => {
                find(incident)?;
                known(policy, implicated)?;
                if *since > at {
                    return Err(Refusal::Future);
                }
            }
            Command::Narrow { incident, cover } => {
                let narrowing =
                    find(incident)?.narrowing.as_ref().filter(|narrowing| narrowing.cover == *cover);
                not_yet(narrowing.map_or(&[], |narrowing| &narrowing.endorsements), person)?;
                if names(cover) > COVER_NAMES_MAX {
                    return Err(Refusal::TooMany);
                }
            }
            Command::Clear { incident } => not_yet(&find(incident)?.clearing.endorsements, person)?,
            Command::EndClear { incident } => drop(find(incident)?),
        }
        Ok(Event::Acted { by: person.clone(), command: command.clone() })
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

fn not_yet(endorsements: &[(PersonId, Timestamp)], person: &PersonId) -> Result<(), Refusal> {
    if endorsements.len() >= ENDORSEMENTS_MAX {
        return Err(Refusal::TooMany);
    }
    if endorsements.iter().any(|(earlier, _)| earlier == person) { Err(Refusal::Repeated) } else { Ok(()) }
}

fn names(cover: &Cover) -> usize {
    match cover {
        Cover::Organisation => 0,
        Cover::Narrowed { vaults, people } => vaults.len() + people.len(),
    }
}
