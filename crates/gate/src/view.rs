//! What a person sees: everybody the overt side, responders the covert one as well (G9).

use covert::{Incident, IncidentId, Signal, SignalId, Told};
use credentials::Class;
use overt::view::Overview;
use overt::{Matter, Motion, MotionId, Proposal};
use types::{ChannelId, PersonId, TransferId};

use crate::release::Untainted;
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
    /// What was told of it: over which channel, and to whom.
    pub told: Vec<(ChannelId, Option<PersonId>, Told)>,
    /// What has lost its force through it.
    pub lost: Lost,
}

/// What went through, or has its approvals, by all acts, and would not without the acts that an incident discounts. Nothing of it moves
/// by itself: responders propose openly what is to be undone, after the clear.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lost {
    /// Transfers.
    pub transfers: Vec<TransferId>,
    /// Motions: changes and credentials, also those in force; lifts and lowerings.
    pub motions: Vec<LostMotion>,
}

/// A motion that has lost its force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LostMotion {
    /// Its id.
    pub id: MotionId,
    /// What it proposed: `lift`, `lower`, `change`, `credential` or `revoke`.
    pub kind: &'static str,
    /// Whether it is in force.
    pub passed: bool,
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

/// Worked out anew each time: what was found about somebody may grow. It follows from the incident as it is shown: somebody who is not free
/// sees what their own report alone would have done (G3).
fn lost(state: &State, id: IncidentId, shown: &Incident) -> Lost {
    let covert = covert::State::of_one(id, shown.clone());
    let reading = Untainted { covert: &covert, policies: state.overt().policies() };
    let mut lost = Lost::default();
    for matter in state.overt().unwarranted(&reading) {
        match matter {
            Matter::Transfer(transfer) => lost.transfers.push(transfer),
            Matter::Motion(id) => {
                lost.motions.extend(state.overt().motion(id).map(|motion| lost_motion(id, motion)))
            }
        }
    }
    lost
}

const fn lost_motion(id: MotionId, motion: &Motion) -> LostMotion {
    let kind = match motion.proposal {
        Proposal::Lift(_) => "lift",
        Proposal::Lower(_) => "lower",
        Proposal::Change(_) => "change",
        Proposal::Credential { .. } => "credential",
        Proposal::Revoke { .. } => "revoke",
    };
    LostMotion { id, kind, passed: motion.status.has_passed() }
}

fn room(state: &State, person: &PersonId, class: Class) -> Vec<IncidentView> {
    let Some(policy) = state.overt().policy() else { return Vec::new() };
    let incidents = state.covert().room(policy, person, class).into_iter();
    let incidents = incidents.map(|(id, incident)| {
        let of_it = state.covert().signals().filter(|(_, signal)| signal.incident == id);
        let shown = |signal: &Signal| class == Class::Free || signal.is_told_by(person);
        let signals: Vec<(SignalId, &Signal)> = of_it.filter(|(_, signal)| shown(signal)).collect();
        let incident = match class {
            Class::Free => incident.clone(),
            Class::Duress => incident.as_reported(person, &signals, policy.response().look_back),
        };
        let lost = lost(state, id, &incident);
        let signals = signals.into_iter().map(|(id, signal)| (id, signal.clone())).collect();
        let told = told(state, id, &incident);
        IncidentView { id, incident, signals, told, lost }
    });
    incidents.collect()
}

/// Nothing from before the incident that is shown, and of no more signals: an incident is older than what a held responder may see of it.
fn told(state: &State, id: IncidentId, shown: &Incident) -> Vec<(ChannelId, Option<PersonId>, Told)> {
    let told = state.covert().told(id).filter(|(_, _, told)| told.first >= shown.opened);
    let told = told.map(|(channel, to, told)| {
        (channel.clone(), to.cloned(), Told { signals: told.signals.min(shown.ordinal), ..*told })
    });
    told.collect()
}
