//! Small plans for the tests: people a to h, one schedule `duty`.
#![allow(dead_code, reason = "each test file uses its part")]

use rota::{CallPlan, Override};
use types::{ChannelId, PersonId, ScheduleId, Timestamp};

/// A plan with eight contacts and one schedule whose first layer begins the text.
pub fn plan(zone: &str, layers: &str) -> CallPlan {
    let text = text(zone, layers);
    CallPlan::parse("calls.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The text of that plan.
pub fn text(zone: &str, layers: &str) -> String {
    let contact = |name: char| format!("[[contact]]\nperson = '{name}'\nways = {{ sms = '+33{name}' }}\n");
    let contacts: String = ('a'..='h').map(contact).collect();
    format!("time_zone = '{zone}'\n{contacts}[[schedule]]\nid = 'duty'\n[[schedule.layers]]\n{layers}\n")
}

pub fn schedule() -> ScheduleId {
    ScheduleId::parse("duty").unwrap()
}

pub fn person(name: &str) -> PersonId {
    PersonId::parse(name).unwrap()
}

pub fn people(names: &[&str]) -> Vec<PersonId> {
    names.iter().map(|name| person(name)).collect()
}

pub fn channels(names: &[&str]) -> Vec<ChannelId> {
    names.iter().map(|name| ChannelId::parse(name).unwrap()).collect()
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub fn over(name: &str, from: &str, until: &str) -> Override {
    Override { schedule: schedule(), person: person(name), from: at(from), until: at(until) }
}
