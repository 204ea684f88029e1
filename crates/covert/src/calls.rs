//! Who must be called now, over what, and why: the escalation as a function of what happened, the call plan and the time (G8).
//!
//! Nothing here is stored but what was handed over, [`Told`]: after a crash the same calls are found again. Called by the server's
//! delivery loop, and by the incident room, which shows how it stands. Rounds: the chain of the plan is gone through until responders in two
//! places have acknowledged, without end; when they then fall silent, a new round begins.

use std::collections::{BTreeMap, BTreeSet};

use policy::Policy;
use rota::{CallPlan, Step};
use serde::{Deserialize, Serialize};
use types::{ChannelId, PersonId, PlaceId, ProtectedId, Span, Timestamp};

use crate::casework::What;
use crate::command::Command;
use crate::incident::{Incident, IncidentId};
use crate::pause::Pause;
use crate::state::State;

/// The longest that responders may ask not to be called again.
pub const AWAIT_MAX: Span = Span::from_hours(12);
/// How often the whole chain is gone through, at least so far apart, when it was repeated as often as the plan says.
pub const CHAIN_AGAIN: Span = Span::from_seconds(15 * 60);
/// The time between two messages to one person that only say that there were more signals.
pub const UPDATE_PACE: Span = Span::from_seconds(60);

/// What a call is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum About {
    /// An incident, or an exercise.
    Incident(IncidentId),
    /// A stop that a protected person asked for.
    Pause(ProtectedId),
}

/// Why somebody is called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum News {
    /// For the first time.
    First,
    /// Nobody, or too few, have answered.
    Again,
    /// There were more signals.
    Update,
}

/// One call: what is handed over to a channel, once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Why.
    pub news: News,
    /// About what.
    pub about: About,
    /// Over which channel.
    pub channel: ChannelId,
    /// To whom; `None` for a channel whose other end knows by itself.
    pub to: Option<PersonId>,
    /// In which round of the escalation, from 0.
    pub round: u32,
    /// At which step of the round, from 0, counted on when the chain is repeated.
    pub step: u32,
    /// How many signals it tells of.
    pub signals: u32,
}

/// A call that was handed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Which.
    pub call: Call,
    /// When the channel took it.
    pub at: Timestamp,
}

/// The channels that there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reachable {
    /// Those whose other end knows by itself whom to tell.
    pub wide: Vec<ChannelId>,
    /// Those with an address for each person.
    pub personal: Vec<ChannelId>,
}

/// What somebody, or the other end of a channel, was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The last round and step.
    pub page: (u32, u32),
    /// How many signals.
    pub signals: u32,
    /// When first and when last.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
}

/// How an escalation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Escalation {
    /// Which round, from 0.
    pub round: u32,
    /// Since when.
    pub begun: Timestamp,
    /// Since when responders in two places have acknowledged in this round.
    pub answered: Option<Timestamp>,
    /// When more people are called, or the same again.
    pub next: Option<Timestamp>,
}

/// One step of the chain, at its time.
struct Page<'p> {
    number: u32,
    at: Timestamp,
    step: &'p Step,
}

/// Everything that one question rests on.
struct Asked<'a> {
    policy: &'a Policy,
    plan: &'a CallPlan,
    ways: &'a Reachable,
    now: Timestamp,
    /// Found once: with thousands of people and incidents that is what takes time.
    responders: Vec<&'a PersonId>,
    /// Turns that were taken over freely.
    turns: Vec<rota::Override>,
}

type Key = (About, ChannelId, Option<PersonId>);

impl State {
    /// Everything that is to be handed over now and is not written down as handed over: first what nobody was told of.
    #[must_use]
    pub fn calls(&self, policy: &Policy, plan: &CallPlan, ways: &Reachable, now: Timestamp) -> Vec<Call> {
        let group = &policy.response().responders;
        let responders = policy.people().filter(|person| person.groups.contains(group));
        let responders = responders.map(|person| &person.id).collect();
        let turns = self.standing_overrides(policy);
        let asked = Asked { policy, plan, ways, now, responders, turns };
        let mut calls = Vec::new();
        for (id, incident) in self.incidents.iter().filter(|(_, incident)| incident.closed.is_some()) {
            self.wide(&asked, (About::Incident(*id), incident.ordinal), (0, 0), &mut calls);
        }
        for (id, incident) in self.open_incidents() {
            self.incident_calls(&asked, (id, incident), &mut calls);
        }
        self.shadow_calls(&asked);
        for (protected, pause) in self.pauses.iter().filter(|(_, pause)| now < pause.until) {
            self.pause_calls(&asked, (protected, pause), &mut calls);
        }
        calls.sort_unstable();
        calls
    }

    /// How the escalation of an incident stands.
    #[must_use]
    pub fn escalation(
        &self,
        policy: &Policy,
        plan: &CallPlan,
        incident: &Incident,
        now: Timestamp,
    ) -> Escalation {
        let acknowledged = self.counting(policy, incident, &incident.acknowledged);
        let acts = self.acts(policy, incident);
        let progress = plan.chain().progress;
        let over = incident.closed.or(incident.clearing.met_since);
        let (mut round, mut begun) = (0u32, incident.opened);
        loop {
            let Some(answered) = two_places(policy, incident, &acknowledged, begun) else {
                let next = incident.closed.is_none().then(|| next_page(plan, begun, now)).flatten();
                return Escalation { round, begun, answered: None, next };
            };
            let deadline = silence(&acts, answered, progress);
            let is_over = over.is_some_and(|over| over <= deadline);
            if is_over || now < deadline {
                let next = (!is_over).then_some(deadline);
                return Escalation { round, begun, answered: Some(answered), next };
            }
            (round, begun) = (round.saturating_add(1), deadline);
        }
    }

    /// What was told of an incident: over which channel, to whom.
    pub fn told(&self, id: IncidentId) -> impl Iterator<Item = (&ChannelId, Option<&PersonId>, &Told)> {
        let of_it = move |(about, _, _): &&Key| *about == About::Incident(id);
        let told = self.told.iter().filter(move |(key, _)| of_it(key));
        told.map(|((_, channel, to), told)| (channel, to.as_ref(), told))
    }

    /// A call was handed over.
    pub(crate) fn handed(&mut self, at: Timestamp, delivery: &Delivery) {
        let call = &delivery.call;
        let fresh = Told { page: (call.round, call.step), signals: call.signals, first: at, last: at };
        let key = (call.about.clone(), call.channel.clone(), call.to.clone());
        let told = self.told.entry(key).or_insert(fresh);
        told.page = told.page.max(fresh.page);
        told.signals = told.signals.max(fresh.signals);
        told.last = at;
        if let About::Incident(id) = &call.about
            && let Some(incident) = self.incidents.get_mut(id)
        {
            incident.note(at, What::Handed { call: call.clone(), at: delivery.at });
        }
    }

    fn incident_calls(&self, asked: &Asked<'_>, found: (IncidentId, &Incident), calls: &mut Vec<Call>) {
        let (id, incident) = found;
        let about = (About::Incident(id), incident.ordinal);
        let escalation = self.escalation(asked.policy, asked.plan, incident, asked.now);
        let until = escalation.answered.map_or(asked.now, |answered| answered.min(asked.now));
        let pages = pages(asked.plan, escalation.begun, until);
        let steps = u32::try_from(asked.plan.chain().steps.len().max(1)).unwrap_or(u32::MAX);
        let pass = pages.last().map_or(0, |page| page.number / steps * steps);
        self.wide(asked, about.clone(), (escalation.round, pass), calls);
        let responders = strangers(asked, |someone| incident.is_near(asked.policy, someone));
        for ((channel, person), page) in self.recipients(asked, &pages, &responders) {
            self.personal(asked, about.clone(), (channel, person), (escalation.round, page), calls);
        }
    }

    /// INVARIANT (G3): looking takes about as long when nothing has happened. What comes of it is dropped.
    fn shadow_calls(&self, asked: &Asked<'_>) {
        let Some(shadow) = self.shadow.state().filter(|_| self.open.is_empty()) else { return };
        let mut calls = Vec::new();
        for (id, incident) in shadow.open_incidents() {
            shadow.incident_calls(asked, (id, incident), &mut calls);
        }
        std::hint::black_box(calls);
    }

    /// A stop is told of once each time that it is asked for; nobody has to acknowledge it.
    fn pause_calls(&self, asked: &Asked<'_>, found: (&ProtectedId, &Pause), calls: &mut Vec<Call>) {
        let (protected, pause) = found;
        let about = (About::Pause(protected.clone()), 1);
        self.wide(asked, about.clone(), (0, 0), calls);
        let pages = pages(asked.plan, pause.asked, pause.asked);
        let near = |someone: &PersonId| crate::pause::is_near(asked.policy, (protected, pause), someone);
        let responders = strangers(asked, near);
        for ((channel, person), page) in self.recipients(asked, &pages, &responders) {
            self.personal(asked, about.clone(), (channel, person), (0, page), calls);
        }
    }

    fn wide(&self, asked: &Asked<'_>, about: (About, u32), page: (u32, u32), calls: &mut Vec<Call>) {
        for channel in &asked.ways.wide {
            self.call(asked.now, about.clone(), (channel.clone(), None), page, calls);
        }
    }

    fn personal(
        &self,
        asked: &Asked<'_>,
        about: (About, u32),
        (channel, person): (ChannelId, PersonId),
        page: (u32, u32),
        calls: &mut Vec<Call>,
    ) {
        self.call(asked.now, about, (channel, Some(person)), page, calls);
    }

    fn call(
        &self,
        now: Timestamp,
        (about, signals): (About, u32),
        (channel, to): (ChannelId, Option<PersonId>),
        page: (u32, u32),
        calls: &mut Vec<Call>,
    ) {
        let pace = if to.is_some() { UPDATE_PACE } else { Span::ZERO };
        let key = (about, channel, to);
        let news = match self.told.get(&key) {
            None => News::First,
            Some(told) if told.page < page => News::Again,
            // The second sign makes a slip improbable, and is told at once.
            Some(told) if told.signals < signals && (told.signals <= 1 || now >= told.last.after(pace)) => {
                News::Update
            }
            Some(_) => return,
        };
        let (about, channel, to) = key;
        calls.push(Call { news, about, channel, to, round: page.0, step: page.1, signals });
    }

    /// Whom these pages reach, over what, each with the last page that does.
    fn recipients(
        &self,
        asked: &Asked<'_>,
        pages: &[Page<'_>],
        responders: &[PersonId],
    ) -> BTreeMap<(ChannelId, PersonId), u32> {
        let mut recipients = BTreeMap::new();
        for page in pages {
            let mut people = Self::on_call(asked, page, responders);
            if !people.iter().any(|person| !ways_to(asked, page.step, person).is_empty()) {
                // Better everybody than nobody.
                people = responders.to_vec();
            }
            for person in people {
                for channel in ways_to(asked, page.step, &person) {
                    recipients.insert((channel, person.clone()), page.number);
                }
            }
        }
        recipients
    }

    fn on_call(asked: &Asked<'_>, page: &Page<'_>, responders: &[PersonId]) -> Vec<PersonId> {
        let told = page.step.tell.iter();
        let told = told.flat_map(|tell| asked.plan.on_call(tell, &asked.turns, responders, page.at));
        // A plan may name somebody who must not be told.
        told.filter(|person| responders.contains(person)).collect()
    }

    /// What free responders did in an incident, in order: when, and until when they asked for patience.
    fn acts(&self, policy: &Policy, incident: &Incident) -> Vec<(Timestamp, Timestamp)> {
        let counts = |by: &PersonId, at| {
            self.counts(policy, &by.clone().into(), at, None) && !incident.is_near(policy, by)
        };
        let acted = incident.log.iter().filter_map(|entry| match &entry.what {
            What::Acted { by, command } if counts(by, entry.at) => match command {
                Command::Await { until, .. } => Some((entry.at, *until)),
                _ => Some((entry.at, entry.at)),
            },
            _ => None,
        });
        acted.collect()
    }
}

/// Until when nobody is called again after an answer: each act, and each time that was asked for, puts it off.
fn silence(acts: &[(Timestamp, Timestamp)], answered: Timestamp, progress: Span) -> Timestamp {
    let mut deadline = answered.after(progress);
    for (at, until) in acts {
        if *at > deadline {
            break;
        }
        deadline = deadline.max(at.after(progress)).max(*until);
    }
    deadline
}

/// When people in two different places who share no home had acknowledged, counting from an instant.
fn two_places(
    policy: &Policy,
    incident: &Incident,
    acknowledged: &[(PersonId, Timestamp)],
    since: Timestamp,
) -> Option<Timestamp> {
    let standing = |person: &PersonId| whereabouts(policy, incident, person);
    let fresh: Vec<_> = acknowledged.iter().filter(|(_, at)| *at >= since).collect();
    let apart = |one: &PersonId, other: &PersonId| {
        let places = standing(one).zip(standing(other));
        !crate::kin::is_kin(policy, one, other) && places.is_some_and(|(one, other)| one != other)
    };
    let second = fresh
        .iter()
        .enumerate()
        .find(|(number, (person, _))| fresh.iter().take(*number).any(|(earlier, _)| apart(earlier, person)));
    second.map(|(_, (_, at))| *at)
}

/// Where somebody said that they are, or else their home.
fn whereabouts<'a>(policy: &'a Policy, incident: &'a Incident, person: &PersonId) -> Option<&'a PlaceId> {
    let home = || policy.person(person).and_then(|person| person.homes.first().or(person.places.first()));
    incident.whereabouts.get(person).or_else(home)
}

/// Responders who may be told.
fn strangers(asked: &Asked<'_>, is_near: impl Fn(&PersonId) -> bool) -> Vec<PersonId> {
    asked.responders.iter().filter(|person| !is_near(person)).map(|person| PersonId::clone(person)).collect()
}

/// Over which channels a step reaches somebody: those that it names, or all where it names none that this person has.
fn ways_to(asked: &Asked<'_>, step: &Step, person: &PersonId) -> Vec<ChannelId> {
    let Some(contact) = asked.plan.contact(person) else { return Vec::new() };
    let all: BTreeSet<&ChannelId> =
        asked.ways.personal.iter().filter(|channel| contact.ways.contains_key(*channel)).collect();
    let named: Vec<ChannelId> =
        all.iter().filter(|channel| step.by.contains(**channel)).map(|channel| (*channel).clone()).collect();
    if named.is_empty() { all.into_iter().cloned().collect() } else { named }
}

/// The pages of the pass under way and of the one before, as far as their time has come.
fn pages(plan: &CallPlan, begun: Timestamp, until: Timestamp) -> Vec<Page<'_>> {
    let steps = &plan.chain().steps;
    let pass = pass_at(plan, begun, until);
    let first = pass.saturating_sub(1);
    let mut pages = Vec::new();
    for pass in first..=pass {
        let mut at = pass_begins(plan, begun, pass);
        for (step, number) in steps.iter().zip(0u32..) {
            if at > until {
                break;
            }
            let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
            pages.push(Page { number: pass.saturating_mul(count).saturating_add(number), at, step });
            at = at.after(step.wait);
        }
    }
    pages
}

/// When the next page of an unanswered round is due.
fn next_page(plan: &CallPlan, begun: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let pass = pass_at(plan, begun, now);
    let mut at = pass_begins(plan, begun, pass);
    for step in &plan.chain().steps {
        if at > now {
            return Some(at);
        }
        at = at.after(step.wait);
    }
    Some(pass_begins(plan, begun, pass.saturating_add(1)))
}

/// How long the chain is, but never nothing.
fn chain_nanos(plan: &CallPlan) -> i64 {
    let all = plan.chain().steps.iter().fold(0i64, |sum, step| sum.saturating_add(step.wait.nanos()));
    all.max(Span::from_seconds(1).nanos())
}

/// The pass under way at an instant, from 0.
fn pass_at(plan: &CallPlan, begun: Timestamp, at: Timestamp) -> u32 {
    let since = at.as_nanos().saturating_sub(begun.as_nanos()).max(0);
    let chain = chain_nanos(plan);
    let planned = i64::from(plan.chain().repeat.max(1));
    let quick = since / chain;
    let passes = if quick < planned {
        quick
    } else {
        let after = since.saturating_sub(chain.saturating_mul(planned));
        planned.saturating_add(after / chain.max(CHAIN_AGAIN.nanos()))
    };
    u32::try_from(passes).unwrap_or(u32::MAX)
}

fn pass_begins(plan: &CallPlan, begun: Timestamp, pass: u32) -> Timestamp {
    let chain = chain_nanos(plan);
    let planned = plan.chain().repeat.max(1);
    let quick = chain.saturating_mul(i64::from(pass.min(planned)));
    let slow = chain.max(CHAIN_AGAIN.nanos()).saturating_mul(i64::from(pass.saturating_sub(planned)));
    Timestamp::from_nanos(begun.as_nanos().saturating_add(quick).saturating_add(slow))
}
