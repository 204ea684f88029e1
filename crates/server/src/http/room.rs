//! From what the gate shows a responder to what goes over the wire, by hand (G3, G9): how an incident is shown follows from the view alone,
//! which is another one for a responder who is not free.

use api::{
    CallBack, Cover, Endorsed, Escalation, Incident, Lost, LostMotion, Pause, SignalEntry, StepDone, Subject,
    Told,
};
use covert::{Level, Signal, SignalKind, Status, Teller};
use gate::{IncidentView, State};
use rota::CallPlan;
use types::{ActorId, PersonId, ProtectedId, Timestamp};

/// An incident, for a responder.
pub fn incident(state: &State, plan: &CallPlan, now: Timestamp, view: IncidentView) -> Incident {
    let escalation = escalation(state, plan, now, &view.incident);
    let IncidentView { incident, signals, told, lost, .. } = view;
    let subjects = incident.subjects.into_iter();
    let subjects = subjects.map(|(person, found)| Subject { person, found: found.found, from: found.from });
    let (narrowing_to, narrowing) = match incident.narrowing {
        Some(narrowing) => (Some(cover(narrowing.cover)), endorsed(narrowing.endorsements)),
        None => (None, Vec::new()),
    };
    let steps = incident.steps.into_iter().map(|(step, (by, at))| StepDone { step, by, at });
    Incident {
        id: incident.number,
        status: status(incident.status).to_owned(),
        subjects: subjects.collect(),
        opened: incident.opened,
        level: level(incident.level).to_owned(),
        cover: cover(incident.cover),
        call_back: incident.call_back,
        acknowledged: endorsed(incident.acknowledged),
        narrowing,
        narrowing_to,
        clearing: endorsed(incident.clearing.endorsements),
        clearing_met_since: incident.clearing.met_since,
        closed: incident.closed,
        callers: incident.callers.into_iter().collect(),
        signals: signals.into_iter().map(|(_, signal)| signal_entry(incident.status, signal)).collect(),
        escalation,
        told: told.into_iter().map(told_entry).collect(),
        procedure: incident.procedure.map(|procedure| procedure.as_str().to_owned()),
        steps: steps.collect(),
        lead: incident.lead,
        awaits: incident.awaits,
        call_backs: incident.call_backs.into_iter().map(call_back).collect(),
        lost: Lost {
            transfers: lost.transfers.into_iter().map(|id| id.0).collect(),
            motions: lost.motions.into_iter().map(lost_motion).collect(),
        },
    }
}

fn escalation(
    state: &State,
    plan: &CallPlan,
    now: Timestamp,
    incident: &covert::Incident,
) -> Option<Escalation> {
    let stands = state.covert().escalation(state.overt().policy()?, plan, incident, now);
    let covert::Escalation { round, begun, answered, next } = stands;
    Some(Escalation { round, begun, answered, next })
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Actual => "actual",
        Status::Exercise => "exercise",
    }
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Verify => "verify",
        Level::Confirmed => "confirmed",
    }
}

fn told_entry((channel, to, told): (types::ChannelId, Option<PersonId>, covert::Told)) -> Told {
    Told { channel, to, first: told.first, last: told.last, signals: told.signals }
}

fn call_back(call: covert::CallBack) -> CallBack {
    let covert::CallBack { by, person, at, all_clear, private, .. } = call;
    CallBack { by, person, at, all_clear, private }
}

fn lost_motion(motion: gate::LostMotion) -> LostMotion {
    LostMotion { id: motion.id.0, kind: motion.kind.to_owned(), passed: motion.passed }
}

fn signal_entry(status: Status, signal: Signal) -> SignalEntry {
    let Signal { who, kind: of, at, told_by, .. } = signal;
    let (told_by, heard) = match told_by {
        Some(Teller::Responder { by, heard }) => (ActorId::parse(by.as_str()).ok(), Some(heard)),
        Some(Teller::Protected(caller)) => (ActorId::parse(caller.as_str()).ok(), None),
        Some(Teller::Panel(panel)) => (ActorId::parse(panel.as_str()).ok(), None),
        None => (None, None),
    };
    let kind = match status {
        Status::Actual => kind(of),
        Status::Exercise => "exercise",
    };
    SignalEntry { who, kind: kind.to_owned(), at, told_by, heard }
}

/// A stop that a protected person asked for, for a responder.
pub fn pause((protected, pause): (&ProtectedId, &covert::Pause)) -> Pause {
    Pause {
        protected: protected.clone(),
        people: pause.people.iter().cloned().collect(),
        asked: pause.asked,
        until: pause.until,
        ending: endorsed(pause.ending.clone()),
    }
}

fn cover(cover: covert::Cover) -> Cover {
    match cover {
        covert::Cover::Organisation => Cover::Organisation,
        covert::Cover::Narrowed { vaults, people } => {
            Cover::Narrowed { vaults: vaults.into_iter().collect(), people: people.into_iter().collect() }
        }
    }
}

fn endorsed(endorsements: Vec<(PersonId, Timestamp)>) -> Vec<Endorsed> {
    endorsements.into_iter().map(|(by, at)| Endorsed { by, at }).collect()
}

const fn kind(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::SignIn => "sign-in",
        SignalKind::Act => "act",
        SignalKind::Judgement => "judgement",
        SignalKind::CodeWord => "code-word",
        SignalKind::Relative => "protected-person",
        SignalKind::MissedCheckIn => "missed-check-in",
        SignalKind::Panel => "panel",
    }
}
