//! What a command leads to. Pure: reads the state, returns events; the outcome of an overt command never depends on its class (G3).

use credentials::Class;
use overt::{Act, AllActs, Author, Command as Overt, Due, Event as OvertEvent, Matter, Reply, Scope};
use types::{Hash, Moment, PersonId, SpendKind, Timestamp, TransferId};

use crate::attestation::Attestation;
use crate::command::{Ask, Command, Outcome, Refusal};
use crate::record::{Event, Noted, Record};
use crate::release::{release, release_on};
use crate::repeats::Repeat;
use crate::state::State;

/// Whether something must be decided, or the clock set, before any other command is stepped.
#[must_use]
pub fn is_due(state: &State, moment: &Moment) -> bool {
    let clock = state.overt().clock();
    let now = clock.read(moment);
    clock.needs_anchor(moment) || clock.jump(moment).is_some() || state.overt().due(now).is_some()
}

/// What a command leads to at a moment.
///
/// An authenticated command leads to exactly one record, also when it is refused or repeated, so that its attestation is
/// committed and judged whatever becomes of it.
pub fn step(state: &State, command: &Command, moment: &Moment) -> (Vec<Event>, Outcome) {
    let now = state.overt().clock().read(moment);
    match &command.ask {
        Ask::Tick => tick(state, moment, now),
        Ask::CovertTick => covert_tick(state, now),
        Ask::Covert(ask) => covert_step(state, command, ask, now),
        Ask::Delivered(delivery) => {
            (vec![note(state, now, covert::Event::Delivered(delivery.clone()))], Ok(Reply::Done))
        }
        Ask::Sign(sign) => sign_step(state, sign, now),
        Ask::Overt(ask) => overt_step(state, command, ask, moment, now),
    }
}

fn act(state: &State, by: &Author, at: Timestamp) -> Act {
    Act { number: state.overt().next_act(), by: by.clone(), at }
}

fn note(state: &State, at: Timestamp, event: covert::Event) -> Event {
    Event::Noted(Noted { after: state.overt().next_act().0.saturating_sub(1), at, event })
}

fn overt_step(
    state: &State,
    command: &Command,
    ask: &Overt,
    moment: &Moment,
    now: Timestamp,
) -> (Vec<Event>, Outcome) {
    if is_due(state, moment) {
        return (Vec::new(), Err(overt::Refusal::Behind.into()));
    }
    let act = act(state, &command.by, now);
    let (events, outcome, is_new) = match repeated(state, command) {
        Some(outcome) => (Vec::new(), outcome, false),
        None => match state.overt().decide(&act, ask) {
            Ok((events, reply)) => (with_consequences(state, command, ask, (events, now)), Ok(reply), true),
            Err(refusal) => (Vec::new(), Err(Refusal::Overt(refusal)), false),
        },
    };
    let repeat = match (command.idempotency, &outcome) {
        (Some(key), Ok(reply)) if is_new => {
            Some(Repeat { key, request: command.request, reply: reply.clone() })
        }
        _ => None,
    };
    // A record without author, attestation and events says nothing and is not written.
    if events.is_empty() && command.attestation.is_none() {
        return (Vec::new(), outcome);
    }
    let record = Record {
        act,
        request: command.request,
        attestation: command.attestation.clone(),
        used: command.used,
        sign_in: *ask == Overt::Attend,
        repeat,
        events,
    };
    (vec![Event::Recorded(Box::new(record))], outcome)
}

fn repeated(state: &State, command: &Command) -> Option<Outcome> {
    let (request, reply) = state.repeats.get(&command.idempotency?)?;
    let same = *request == command.request;
    Some(if same { Ok(reply.clone()) } else { Err(overt::Refusal::KeyReused.into()) })
}

/// A transaction that completes a released transfer passes the release again before it is signed (G6), and so does one that takes the
/// place of one that is signed: that one by the overt rules alone.
fn with_consequences(
    state: &State,
    command: &Command,
    ask: &Overt,
    (mut events, now): (Vec<OvertEvent>, Timestamp),
) -> Vec<OvertEvent> {
    if let Overt::Attach { transfer, spend } = ask
        && state.overt().can_sign_with(*transfer, spend, now)
    {
        let class = command.attestation.as_ref().map_or(Class::Free, Attestation::class);
        events.push(decided(state, *transfer, may_sign(state, (*transfer, spend.kind), now, class)));
    }
    events
}

/// What takes everything back to the vault ends a payment, as anyone may. What takes the place of a payment that is out gains nobody
/// anything; if covert facts decided it, whoever brings it would learn of them at a moment of their choice (G3, ADR 21).
fn may_sign(state: &State, (transfer, kind): (TransferId, SpendKind), now: Timestamp, class: Class) -> bool {
    let matter = Matter::Transfer(transfer);
    let is_out = state.overt().transfer(transfer).is_some_and(|found| !found.signings.is_empty());
    match kind {
        SpendKind::Return => true,
        _ if is_out => state.overt().allows(&AllActs, matter, now).allowed,
        _ => release_on(state, matter, now, class),
    }
}

fn decided(state: &State, transfer: TransferId, released: bool) -> OvertEvent {
    let is_first = state.overt().transfer(transfer).is_none_or(|found| found.signings.is_empty());
    match (released, is_first) {
        (true, _) => OvertEvent::SigningBegan { transfer },
        (false, true) => OvertEvent::Declined { transfer },
        (false, false) => OvertEvent::Withheld { transfer },
    }
}

/// The clock first, then the earliest matter that is due. One at a time: each decision changes the next.
fn tick(state: &State, moment: &Moment, now: Timestamp) -> (Vec<Event>, Outcome) {
    let clock = state.overt().clock();
    let set = OvertEvent::ClockSet { wall: moment.wall, steady: moment.steady, boot: moment.boot };
    let events = if clock.needs_anchor(moment) {
        vec![set]
    } else if let Some(apart) = clock.jump(moment) {
        let reason = format!("the clock jumped by {} s", apart.seconds());
        vec![OvertEvent::Stopped { scope: Scope::Organisation, reason }, set]
    } else {
        state.overt().due(now).map(|due| decide_due(state, due, now)).unwrap_or_default()
    };
    if events.is_empty() {
        return (Vec::new(), Ok(Reply::Done));
    }
    let record = Record {
        act: act(state, &Author::System, now),
        request: Hash::default(),
        attestation: None,
        used: None,
        sign_in: false,
        repeat: None,
        events,
    };
    (vec![Event::Recorded(Box::new(record))], Ok(Reply::Done))
}

fn decide_due(state: &State, due: Due, now: Timestamp) -> Vec<OvertEvent> {
    match due {
        Due::Ready(Matter::Transfer(transfer)) => decide_transfer(state, transfer, now),
        Due::Ready(matter @ Matter::Motion(motion)) if release(state, matter, now) => {
            vec![OvertEvent::Passed { motion }]
        }
        Due::Ready(Matter::Motion(motion)) => vec![OvertEvent::Rejected { motion }],
        Due::Signable(transfer) => {
            let spend = state.overt().transfer(transfer).and_then(|found| found.spend.as_ref());
            let kind = spend.map_or(SpendKind::Payment, |spend| spend.kind);
            vec![decided(state, transfer, may_sign(state, (transfer, kind), now, Class::Free))]
        }
        Due::Expires(Matter::Transfer(transfer)) => vec![OvertEvent::Expired { transfer }],
        Due::Expires(Matter::Motion(motion)) => vec![OvertEvent::Lapsed { motion }],
        Due::Lapses(motion) => vec![OvertEvent::Reverted { motion }],
    }
}

/// The moment of decision: released or declined, then and there; inputs and budget reserved in the same record (G6).
fn decide_transfer(state: &State, transfer: TransferId, now: Timestamp) -> Vec<OvertEvent> {
    if !release(state, Matter::Transfer(transfer), now) {
        return vec![OvertEvent::Declined { transfer }];
    }
    let released = OvertEvent::Released { transfer };
    if state.overt().can_sign(transfer, now) {
        vec![released, OvertEvent::SigningBegan { transfer }]
    } else {
        vec![released]
    }
}

/// A sign without a phrase: whoever gave it is told the same.
fn sign_step(state: &State, sign: &covert::Sign, now: Timestamp) -> (Vec<Event>, Outcome) {
    let Some(policy) = state.overt().policy() else {
        return (Vec::new(), Err(covert::Refusal::NotFound.into()));
    };
    match state.covert().decide_sign(policy, now, sign) {
        Ok(events) => (events.into_iter().map(|event| note(state, now, event)).collect(), Ok(Reply::Done)),
        Err(refusal) => (Vec::new(), Err(refusal.into())),
    }
}

fn covert_tick(state: &State, now: Timestamp) -> (Vec<Event>, Outcome) {
    let due = state.overt().policy().and_then(|policy| state.covert().due(policy, now));
    (due.map(|event| note(state, now, event)).into_iter().collect(), Ok(Reply::Done))
}

/// The attestation is noted first, whatever becomes of the command.
fn covert_step(
    state: &State,
    command: &Command,
    ask: &covert::Command,
    now: Timestamp,
) -> (Vec<Event>, Outcome) {
    let person = command.by.actor().and_then(|actor| PersonId::parse(actor.as_str()).ok());
    let (Some(person), Some(attestation)) = (person, &command.attestation) else {
        return (Vec::new(), Err(covert::Refusal::NotFound.into()));
    };
    let mut events = Vec::new();
    if attestation.class() == credentials::Class::Duress {
        let seed = attestation.seed();
        events.push(note(
            state,
            now,
            covert::Event::Signalled { who: person.clone(), kind: covert::SignalKind::Act, seed },
        ));
    }
    let outcome = match covert_decision(state, command, (&person, attestation.class()), ask, now) {
        Ok(event) => {
            events.push(note(state, now, event));
            Ok(Reply::Done)
        }
        Err(refusal) => Err(refusal),
    };
    (events, outcome)
}

fn covert_decision(
    state: &State,
    command: &Command,
    by: (&PersonId, credentials::Class),
    ask: &covert::Command,
    now: Timestamp,
) -> Result<covert::Event, Refusal> {
    let policy = state.overt().policy().ok_or(covert::Refusal::NotFound)?;
    if let covert::Command::Object { transfer } = ask {
        state.overt().may_object(&act(state, &command.by, now), *transfer)?;
    }
    Ok(state.covert().decide(policy, by, now, ask)?)
}
