//! Alarms: each channel's thread finds signals that its channel has not taken, and delivers them until it has (G8).
//!
//! INVARIANT (G3, G9): it is woken after every slot and looks for itself, and at its own pace besides. Woken by commands it would work beside
//! the answer to whoever signalled, and that can be measured. Nothing that it does is logged, counted or written on the overt
//! side. That a channel took a signal goes into the next slot. After a crash in between it is sent again, with the same id.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alarm::{Channel, DeliveryError, Kind, MESSAGE_PEOPLE_MAX, Message, Status, retry_after};
use covert::{Incident, Signal, SignalId, SignalKind, Teller};
use gate::{Ask, Command};
use policy::Policy;
use types::{ChannelId, Hash, PersonId, hash_parts};

use crate::clock::Stopwatch;
use crate::engine::{Request, Shared};

/// How often a thread looks even if no slot was written: no signal and no retry waits longer than this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How the channels do, for responders only.
#[derive(Default)]
pub struct Deliveries {
    failing: Mutex<BTreeMap<ChannelId, DeliveryError>>,
}

impl Deliveries {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ChannelId, DeliveryError>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, channel: &ChannelId, error: Option<DeliveryError>) {
        let mut failing = self.lock();
        match error {
            Some(error) => drop(failing.insert(channel.clone(), error)),
            None => drop(failing.remove(channel)),
        }
    }

    pub fn failing(&self) -> Vec<(ChannelId, DeliveryError)> {
        self.lock().iter().map(|(channel, error)| (channel.clone(), error.clone())).collect()
    }
}

/// What this run has done about one signal.
struct Progress {
    attempts: u32,
    since: Stopwatch,
    wait: Duration,
    taken: bool,
    /// Whether the report waits for its slot. Cleared when the engine did not take it or could not write it.
    reported: Arc<Mutex<bool>>,
}

impl Progress {
    fn new() -> Self {
        let reported = Arc::new(Mutex::new(false));
        Self { attempts: 0, since: Stopwatch::start(), wait: Duration::ZERO, taken: false, reported }
    }

    fn is_due(&self) -> bool {
        self.since.elapsed() >= self.wait
    }
}

/// Delivers through one channel until the engine ends.
pub fn work(shared: &Arc<Shared>, channel: &dyn Channel) {
    let mut progress: BTreeMap<SignalId, Progress> = BTreeMap::new();
    let mut heard = 0;
    loop {
        let messages = undelivered(shared, channel.id());
        // What is no longer undelivered is durably reported and need not be remembered.
        progress.retain(|id, _| messages.iter().any(|(pending, _)| pending == id));
        for (id, message) in &messages {
            let progress = progress.entry(*id).or_insert_with(Progress::new);
            if !progress.taken && progress.is_due() {
                deliver(shared, channel, message, progress);
            }
            if progress.taken {
                report(shared, channel.id(), *id, progress);
            }
        }
        match shared.slot_bell.wait(heard, LOOK_AGAIN) {
            Some(count) => heard = count,
            None => return,
        }
    }
}

fn deliver(shared: &Shared, channel: &dyn Channel, message: &Message, progress: &mut Progress) {
    let (wall, _, _) = shared.clock.moment_parts();
    match channel.deliver(message, wall) {
        Ok(_receipt) => {
            progress.taken = true;
            shared.deliveries.note(channel.id(), None);
        }
        Err(error) => {
            shared.deliveries.note(channel.id(), Some(error));
            progress.attempts = progress.attempts.saturating_add(1);
            progress.since = Stopwatch::start();
            progress.wait = Duration::from_secs(retry_after(&message.id, progress.attempts).seconds());
        }
    }
}

/// Puts "this channel took this signal" into the next slot, once.
fn report(shared: &Shared, channel: &ChannelId, id: SignalId, progress: &Progress) {
    let mut reported = progress.reported.lock().unwrap_or_else(PoisonError::into_inner);
    if *reported {
        return;
    }
    let again = Arc::clone(&progress.reported);
    let reply = Box::new(move |outcome: Result<_, _>| {
        if outcome.is_err() {
            *again.lock().unwrap_or_else(PoisonError::into_inner) = false;
        }
    });
    let request = Request::from(Command::system(Ask::Delivered(id, channel.clone())));
    *reported = shared.submit(request, reply).is_ok();
}

fn undelivered(shared: &Shared, channel: &ChannelId) -> Vec<(SignalId, Message)> {
    shared.read(|state| {
        let Some(policy) = state.overt().policy() else { return Vec::new() };
        let messages = state.covert().undelivered(channel).filter_map(|(id, signal)| {
            let incident = state.covert().incident(signal.incident)?;
            Some((id, compose(shared, policy, (id, signal), incident)))
        });
        messages.collect()
    })
}

fn compose(
    shared: &Shared,
    policy: &Policy,
    (id, signal): (SignalId, &Signal),
    incident: &Incident,
) -> Message {
    let number = signal.incident.0;
    Message {
        id: message_id(&shared.origin, id),
        incident: format!("incident-{number}"),
        kind: kind(signal.kind),
        status: Status::Actual,
        who: who(signal),
        since: signal.at,
        code: incident.call_back.clone(),
        link: format!("{}/v1/response/incidents/{number}", shared.link_base.trim_end_matches('/')),
        call: responders(policy, incident),
    }
}

/// Whom the message is about: a protected person who called, by their own name; names of people and of those are one space.
fn who(signal: &Signal) -> PersonId {
    let caller = match &signal.told_by {
        Some(Teller::Protected(caller)) => PersonId::parse(caller.as_str()).ok(),
        Some(Teller::Responder { .. }) | None => None,
    };
    caller.unwrap_or_else(|| signal.who.clone())
}

/// The same for every attempt, different for every signal and organisation.
fn message_id(origin: &Hash, id: SignalId) -> Hash {
    let (kind, number) = match id {
        SignalId::Record(number) => (0u8, number),
        SignalId::Slot(number) => (1u8, number),
    };
    hash_parts("rempart/alarm/v1", &[&origin.0, &[kind], &number.to_be_bytes()])
}

const fn kind(kind: SignalKind) -> Kind {
    match kind {
        SignalKind::SignIn => Kind::SignIn,
        SignalKind::Act => Kind::Act,
        SignalKind::Judgement => Kind::Judgement,
        SignalKind::CodeWord => Kind::CodeWord,
        SignalKind::Relative => Kind::ProtectedPerson,
        SignalKind::MissedCheckIn => Kind::MissedCheckIn,
    }
}

/// Whom to reach: responders who are neither concerned, nor of the same home, nor related.
fn responders(policy: &Policy, incident: &Incident) -> Vec<PersonId> {
    let group = &policy.response().responders;
    let is_stranger = |person: &PersonId| !incident.is_near(policy, person);
    let people = policy.people().map(|person| &person.id);
    let people = people.filter(|person| policy.person_in_group(person, group) && is_stranger(person));
    people.take(MESSAGE_PEOPLE_MAX).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::Class;
    use policy::Source;
    use types::Timestamp;

    const RULES: &str = include_str!("../../../../examples/startup/rules.toml");
    const REGISTER: &str = include_str!("../../../../examples/startup/register.toml");

    /// The responders who are to be called when somebody of the example signals.
    fn called(register: &str, who: &str) -> Vec<String> {
        let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
        let loaded = policy::load(&[source("rules", RULES), source("register", register)]);
        let policy = loaded.policy.expect("a valid policy");
        let by = types::ActorId::parse(who).unwrap();
        let mut state = covert::State::default();
        let attested = covert::Attested {
            id: SignalId::Record(1),
            by: &by,
            at: Timestamp::from_millis(0),
            kind: SignalKind::Act,
            class: Class::Duress,
            seed: Hash::default(),
        };
        state.attested(&policy, &attested);
        let (_, incident) = state.incidents().next().expect("an incident");
        responders(&policy, incident).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nobody_of_the_home_or_the_family_is_called() {
        assert_eq!(called(REGISTER, "omar"), ["vera", "walid", "xenia"]);
        assert_eq!(called(REGISTER, "vera"), ["walid", "xenia"], "not the person concerned");
        let flatmate = REGISTER.replace("places = [\"home-walid\"]", "places = [\"home-omar\"]");
        assert_eq!(called(&flatmate, "omar"), ["vera", "xenia"], "nobody of the same home");
        let relative = REGISTER.replace("id = \"xenia\"", "id = \"xenia\"\nof = [\"omar\"]");
        assert_eq!(called(&relative, "omar"), ["vera", "walid"], "nobody whose captors could coerce them");
        assert_eq!(called(&relative, "xenia"), ["vera", "walid"], "nor the other way round");
    }
}
