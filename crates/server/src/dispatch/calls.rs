//! What is said: the message of each call and of each notice, composed from the state at the moment when it is due (G8, G9).
//!
//! A message carries a pseudonym, a kind, a code and a link, and nothing that identifies. Its id is the same for every attempt to say the
//! same to the same receiver, over whatever channel, and different for everything else. Called by `alarms`.

use std::collections::BTreeMap;

use alarm::{Kind, Language, Level, MESSAGE_PEOPLE_MAX, Message, News, Recipient, Status};
use covert::{About, Call, Incident, IncidentId, Signal, SignalKind, Teller};
use credentials::Class;
use gate::State;
use policy::Policy;
use rota::{CallPlan, Contact};
use types::{ChannelId, Hash, PersonId, ProtectedId, Timestamp, hash_parts};

use super::deliver::{Errand, Task};
use super::supervise::{Change, Notice, Trouble};
use crate::engine::Shared;

/// Everything that messages are made of.
pub struct Composing<'a> {
    origin: &'a Hash,
    link_base: &'a str,
    plan: &'a CallPlan,
    policy: &'a Policy,
    state: &'a covert::State,
    now: Timestamp,
    responders: Vec<&'a PersonId>,
    /// The first and the last signal of each incident.
    signals: BTreeMap<IncidentId, (&'a Signal, &'a Signal)>,
}

impl<'a> Composing<'a> {
    /// `None` before there is a policy.
    pub fn new(shared: &'a Shared, plan: &'a CallPlan, state: &'a State, now: Timestamp) -> Option<Self> {
        let policy = state.overt().policy()?;
        let link_base = shared.link_base.trim_end_matches('/');
        let (signals, responders) = (BTreeMap::new(), responders(policy).collect());
        Some(Self {
            origin: &shared.origin,
            link_base,
            plan,
            policy,
            state: state.covert(),
            now,
            responders,
            signals,
        })
    }

    /// Looks at the signals once for many messages.
    #[must_use]
    pub fn with_signals(mut self) -> Self {
        for (_, signal) in self.state.signals() {
            let both = self.signals.entry(signal.incident).or_insert((signal, signal));
            if signal.ordinal <= both.0.ordinal {
                both.0 = signal;
            }
            if signal.ordinal >= both.1.ordinal {
                both.1 = signal;
            }
        }
        self
    }

    /// What a call says, and to whom. `None` when it became pointless, or its receiver has no address on its channel.
    pub fn call(&self, call: &Call, instead_of: Option<Call>) -> Option<Task> {
        let to = match &call.to {
            Some(person) => Some(recipient(self.plan.contact(person)?, &call.channel)?),
            None => None,
        };
        let message = match &call.about {
            About::Incident(id) => self.incident(call, *id, self.state.incident(*id)?),
            About::Pause(protected) => self.pause(call, protected)?,
        };
        Some(Task { errand: Errand::Call(call.clone()), instead_of, message, to })
    }

    fn incident(&self, call: &Call, id: IncidentId, incident: &Incident) -> Message {
        let (first, last) = self.signals.get(&id).copied().unzip();
        // What it began with; an update tells of what came last.
        let shown = if call.news == covert::News::Update { last } else { first };
        let subject = || incident.subjects.keys().next().cloned();
        Message {
            id: self.id_of(call),
            incident: format!("incident-{}", incident.number),
            kind: shown.map_or(Kind::Judgement, |signal| kind(signal.kind)),
            status: status(incident.status),
            level: level(incident.level),
            news: news(call.news),
            signals: call.signals,
            who: shown.map(who).or_else(subject).unwrap_or_else(|| named("unknown")),
            since: incident.opened,
            code: incident.call_back.clone(),
            link: format!("{}/v1/response/incidents/{}", self.link_base, incident.number),
            call: strangers(&self.responders, |person| incident.is_near(self.policy, person)),
        }
    }

    fn pause(&self, call: &Call, protected: &ProtectedId) -> Option<Message> {
        let seen = |person: &PersonId| {
            let pauses = self.state.pauses(self.policy, (person, Class::Free), self.now);
            pauses.into_iter().find(|(asked, _)| *asked == protected).map(|(_, pause)| pause)
        };
        let asked = self.responders.iter().find_map(|person| seen(person))?.asked;
        let id =
            hash_parts("rempart/alarm/pause/v1", &[&self.id_of(call).0, &asked.as_nanos().to_be_bytes()]);
        Some(Message {
            id,
            incident: format!("pause-{protected}"),
            kind: Kind::Pause,
            status: Status::Actual,
            level: Level::Verify,
            news: news(call.news),
            signals: call.signals,
            who: named(protected.as_str()),
            since: asked,
            code: "-".to_owned(),
            link: format!("{}/v1/response/pauses", self.link_base),
            call: strangers(&self.responders, |person| seen(person).is_none()),
        })
    }

    /// What is wrong with what carries the messages, for one receiver.
    pub fn notice(&self, notice: &Notice, channel: &ChannelId) -> Option<Task> {
        let to = match &notice.to {
            Some(person) => Some(recipient(self.plan.contact(person)?, channel)?),
            None => None,
        };
        let (name, code) = match (&notice.about, notice.change) {
            (Trouble::Channel(dead), Change::Back) => (dead.as_str(), "works-again"),
            (Trouble::Channel(dead), _) => (dead.as_str(), "dead"),
            (Trouble::Plan, Change::Back) => (rota::CALLS_FILE, "works-again"),
            (Trouble::Plan, _) => (rota::CALLS_FILE, "unreadable"),
        };
        let times = match notice.change {
            Change::Died => 1,
            Change::StillDead(times) => times.saturating_add(1),
            Change::Back => 0,
        };
        let place = [times.to_be_bytes().as_slice(), &notice.since.as_nanos().to_be_bytes()].concat();
        let to_whom = notice.to.as_ref().map_or("", PersonId::as_str);
        let message = Message {
            id: hash_parts(
                "rempart/alarm/notice/v1",
                &[&self.origin.0, name.as_bytes(), &place, to_whom.as_bytes()],
            ),
            incident: format!("channel-{name}"),
            kind: Kind::Channel,
            status: Status::Actual,
            level: if notice.change == Change::Back { Level::Verify } else { Level::Confirmed },
            news: match notice.change {
                Change::Died => News::First,
                Change::StillDead(_) => News::Again,
                Change::Back => News::Update,
            },
            signals: times,
            who: named(name),
            since: notice.since,
            code: code.to_owned(),
            link: format!("{}/v1/response/channels", self.link_base),
            call: strangers(&self.responders, |_| false),
        };
        Some(Task { errand: Errand::Notice(notice.clone()), instead_of: None, message, to })
    }

    fn id_of(&self, call: &Call) -> Hash {
        let about = match &call.about {
            About::Incident(id) => format!("incident {}", id.0),
            About::Pause(protected) => format!("pause {protected}"),
        };
        let place = [call.round, call.step, call.signals].map(u32::to_be_bytes).concat();
        let to = call.to.as_ref().map_or("", PersonId::as_str);
        hash_parts("rempart/alarm/v2", &[&self.origin.0, about.as_bytes(), &place, to.as_bytes()])
    }
}

/// Whom to reach: responders who are neither concerned, nor of the same home, nor related.
fn strangers(responders: &[&PersonId], is_near: impl Fn(&PersonId) -> bool) -> Vec<PersonId> {
    let people = responders.iter().filter(|person| !is_near(person));
    people.take(MESSAGE_PEOPLE_MAX).map(|person| PersonId::clone(person)).collect()
}

/// Everybody who responds.
pub fn responders(policy: &Policy) -> impl Iterator<Item = &PersonId> {
    let group = &policy.response().responders;
    let people = policy.people().filter(move |person| person.groups.contains(group));
    people.map(|person| &person.id)
}

fn recipient(contact: &Contact, channel: &ChannelId) -> Option<Recipient> {
    let address = contact.ways.get(channel)?.clone();
    let language = match contact.language {
        rota::Language::En => Language::En,
        rota::Language::Fr => Language::Fr,
    };
    Some(Recipient { person: contact.person.clone(), address, language })
}

/// Whom the message is about: a protected person who called, by their own name; names of people and of those are one space.
fn who(signal: &Signal) -> PersonId {
    match &signal.told_by {
        Some(Teller::Protected(caller)) => named(caller.as_str()),
        _ => signal.who.clone(),
    }
}

/// A name in the place of a person's: all of them are made of the same letters.
fn named(name: &str) -> PersonId {
    PersonId::parse(name).unwrap_or_else(|_| fallback())
}

#[expect(clippy::expect_used, reason = "a constant that a test parses")]
fn fallback() -> PersonId {
    PersonId::parse("unknown").expect("a name")
}

const fn status(status: covert::Status) -> Status {
    match status {
        covert::Status::Actual => Status::Actual,
        covert::Status::Exercise => Status::Exercise,
    }
}

const fn level(level: covert::Level) -> Level {
    match level {
        covert::Level::Verify => Level::Verify,
        covert::Level::Confirmed => Level::Confirmed,
    }
}

const fn news(news: covert::News) -> News {
    match news {
        covert::News::First => News::First,
        covert::News::Again => News::Again,
        covert::News::Update => News::Update,
    }
}

const fn kind(kind: SignalKind) -> Kind {
    match kind {
        SignalKind::SignIn => Kind::SignIn,
        SignalKind::Act => Kind::Act,
        SignalKind::Judgement => Kind::Judgement,
        SignalKind::CodeWord => Kind::CodeWord,
        SignalKind::Relative => Kind::ProtectedPerson,
        SignalKind::MissedCheckIn => Kind::MissedCheckIn,
        SignalKind::Panel => Kind::Panel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Source;

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
            id: covert::SignalId::Record(1),
            by: &by,
            at: Timestamp::from_millis(0),
            kind: SignalKind::Act,
            class: Class::Duress,
            seed: Hash::default(),
        };
        state.attested(&policy, &attested);
        let (_, incident) = state.incidents().next().expect("an incident");
        let all: Vec<&PersonId> = super::responders(&policy).collect();
        strangers(&all, |person| incident.is_near(&policy, person)).iter().map(ToString::to_string).collect()
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

    #[test]
    fn every_name_can_stand_for_a_person() {
        assert_eq!(fallback().as_str(), "unknown");
        assert_eq!(named(rota::CALLS_FILE).as_str(), "calls.toml");
    }
}
