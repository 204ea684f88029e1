//! The call plan of the start-up example fits its register, and does what its comments say (G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::BTreeSet;

use rota::{CallPlan, Tell};
use types::{ChannelId, PersonId, ScheduleId, Timestamp};

const CALLS: &str = include_str!("../../../examples/startup/calls.toml");
const REGISTER: &str = include_str!("../../../examples/startup/register.toml");

fn plan() -> CallPlan {
    CallPlan::parse("calls.toml", CALLS).unwrap()
}

fn responders() -> Vec<PersonId> {
    let register: toml::Table = REGISTER.parse().unwrap();
    let people = register["person"].as_array().unwrap().iter();
    let responders = people.filter(|person| {
        person["groups"].as_array().unwrap().iter().any(|group| group.as_str() == Some("responders"))
    });
    responders.map(|person| PersonId::parse(person["id"].as_str().unwrap()).unwrap()).collect()
}

fn channels(names: &[&str]) -> Vec<ChannelId> {
    names.iter().map(|name| ChannelId::parse(name).unwrap()).collect()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn its_contacts_are_the_responders_of_the_register() {
    let contacts: BTreeSet<String> = plan().contacts().map(|contact| contact.person.to_string()).collect();
    let responders: BTreeSet<String> = responders().iter().map(ToString::to_string).collect();
    assert_eq!(contacts, responders);
    assert_eq!(responders.len(), 3);
}

#[test]
fn there_is_nothing_to_warn_of() {
    let channels = channels(&["sms", "push", "email"]);
    let now = at("2026-11-21T03:00:00Z");
    assert_eq!(plan().check(&responders(), &channels, &[], now), []);
    assert_eq!(plan().reachable(&responders(), &channels), responders());
}

#[test]
fn the_week_is_handed_over_on_monday_at_nine_all_year() {
    let (plan, responders) = (plan(), responders());
    let duty = Tell::Schedule(ScheduleId::parse("duty").unwrap());
    let on = |at| plan.on_call(&duty, &[], &responders, at).first().map(PersonId::to_string);
    // Weeks after the first one: 0, 1, 12 (summer time began the day before), 42 (it ended the day before).
    for (before, after, text) in [
        (None, "vera", "2026-01-05T08:00:00Z"),
        (Some("vera"), "walid", "2026-01-12T08:00:00Z"),
        (Some("xenia"), "vera", "2026-03-30T07:00:00Z"),
        (Some("xenia"), "vera", "2026-10-26T08:00:00Z"),
    ] {
        let instant = at(text);
        let just_before = on(Timestamp::from_nanos(instant.as_nanos() - 1));
        assert_eq!((just_before.as_deref(), on(instant).as_deref()), (before, Some(after)), "{text}");
    }
}

#[test]
fn the_backup_is_never_the_one_on_duty() {
    let plan = plan();
    let id = |name| ScheduleId::parse(name).unwrap();
    let start = at("2026-06-01T00:00:00Z").as_millis();
    for hour in 0..24 * 7 * 12 {
        let at = Timestamp::from_millis(start + hour * 3_600_000);
        let (duty, backup) = (plan.on_duty(&id("duty"), &[], at), plan.on_duty(&id("backup"), &[], at));
        assert!(duty.is_some() && backup.is_some() && duty != backup, "{at}: {duty:?} and {backup:?}");
    }
}
