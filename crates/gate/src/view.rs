//! What a person sees: everybody the overt side, responders the covert one as well (G9).

use covert::{Incident, IncidentId, Signal, SignalId};
use credentials::Class;
use overt::view::Overview;
use types::PersonId;

use crate::state::State;

/// Who looks.
#[derive(Clone, Copy)]
pub enum Viewer<'a> {
    /// Anyone with a credential.
    Person(&'a PersonId),
    /// Someone who asks for the incident room, with the class of the session. Whoever is no responder sees an empty one.
    Responder(&'a PersonId, Class),
}

/// An incident and its signals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentView {
    /// Its number.
    pub id: IncidentId,
    /// The incident.
    pub incident: Incident,
    /// Its signals, oldest first.
    pub signals: Vec<(SignalId, Signal)>,
}

/// What is seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum View {
    /// Posture, stops, motions.
    Overt(Overview),
    /// The incident room.
    Room(Vec<IncidentView>),
}

/// What a viewer sees.
#[must_use]
pub fn view(state: &State, viewer: Viewer<'_>) -> View {
    match viewer {
        Viewer::Person(person) => View::Overt(state.overt().view_overview(person)),
        Viewer::Responder(person, class) => View::Room(room(state, person, class)),
    }
}

fn room(state: &State, person: &PersonId, class: Class) -> Vec<IncidentView> {
    let Some(policy) = state.overt().policy() else { return Vec::new() };
    let incidents = state.covert().room(policy, person, class).into_iter();
    let incidents = incidents.map(|(id, incident)| {
        let signals = state.covert().signals().filter(|(_, signal)| signal.incident == id);
        let signals = signals.map(|(id, signal)| (id, signal.clone())).collect();
        IncidentView { id, incident: incident.clone(), signals }
    });
    incidents.collect()
}
