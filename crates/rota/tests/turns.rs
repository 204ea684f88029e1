//! Who is on duty around hand-overs and changes of the clocks, at named instants, and how overrides win (G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use rota::{OverrideError, Tell};
use support::{at, over, person, plan, schedule};

/// Who is on duty just before an instant and at it.
fn changes(layers: &str, zone: &str, cases: &[(&str, &str, &str)]) {
    let plan = plan(zone, layers);
    for (instant, before, after) in cases {
        let instant = at(instant);
        let just_before = types::Timestamp::from_nanos(instant.as_nanos() - 1);
        let on = |at| plan.on_duty(&schedule(), &[], at).map_or("-", |person| person.as_str());
        assert_eq!((on(just_before), on(instant)), (*before, *after), "at {instant}\n{layers}");
        assert_eq!(plan.next_change(&schedule(), &[], just_before), Some(instant), "{layers}");
    }
}

#[test]
fn a_weekly_hand_over_stays_at_its_hour_in_summer_and_winter() {
    let weekly = "people = ['a', 'b']\nfrom = '2026-10-12T09:00'\nevery = '7d'";
    let cases = [
        ("2026-10-12T07:00:00Z", "-", "a"),
        ("2026-10-19T07:00:00Z", "a", "b"),
        ("2026-10-26T08:00:00Z", "b", "a"),
        ("2027-03-22T08:00:00Z", "a", "b"),
        ("2027-03-29T07:00:00Z", "b", "a"),
    ];
    changes(weekly, "Europe/Paris", &cases);
}

#[test]
fn turns_of_other_lengths_are_elapsed_time() {
    let half_days = "people = ['a', 'b']\nfrom = '2026-10-24T20:00'\nevery = '12h'";
    let cases = [
        ("2026-10-25T06:00:00Z", "a", "b"),
        ("2026-10-25T18:00:00Z", "b", "a"),
        ("2026-10-26T06:00:00Z", "a", "b"),
    ];
    changes(half_days, "Europe/Paris", &cases);
}

#[test]
fn a_hand_over_in_a_skipped_hour_happens_at_the_jump() {
    let nightly = "people = ['a', 'b', 'c']\nfrom = '2027-03-26T02:30'\nevery = '1d'";
    let cases = [
        ("2027-03-27T01:30:00Z", "a", "b"),
        ("2027-03-28T01:00:00Z", "b", "c"),
        ("2027-03-29T00:30:00Z", "c", "a"),
    ];
    changes(nightly, "Europe/Paris", &cases);
}

#[test]
fn a_hand_over_in_a_repeated_hour_happens_once() {
    let nightly = "people = ['a', 'b', 'c']\nfrom = '2026-10-24T02:30'\nevery = '1d'";
    let cases = [
        ("2026-10-24T00:30:00Z", "-", "a"),
        ("2026-10-25T00:30:00Z", "a", "b"),
        ("2026-10-26T01:30:00Z", "b", "c"),
    ];
    changes(nightly, "Europe/Paris", &cases);
    let after_it = "people = ['a', 'b', 'c']\nfrom = '2026-10-24T03:00'\nevery = '1d'";
    changes(after_it, "Europe/Paris", &[("2026-10-25T02:00:00Z", "a", "b")]);
}

#[test]
fn a_rotation_that_begins_in_a_skipped_or_repeated_hour_begins_once() {
    let skipped = "people = ['a', 'b']\nfrom = '2027-03-28T02:30'\nevery = '6h'";
    let cases = [("2027-03-28T01:00:00Z", "-", "a"), ("2027-03-28T07:00:00Z", "a", "b")];
    changes(skipped, "Europe/Paris", &cases);
    let repeated = "people = ['a', 'b']\nfrom = '2026-10-25T02:30'\nevery = '6h'";
    let cases = [("2026-10-25T00:30:00Z", "-", "a"), ("2026-10-25T06:30:00Z", "a", "b")];
    changes(repeated, "Europe/Paris", &cases);
}

#[test]
fn shifts_of_half_an_hour_are_exact() {
    // Lord Howe: +10:30, in summer +11; 02:00 to 02:30 is skipped in October, 01:30 to 02:00 repeated in April.
    let skipped = "people = ['a', 'b']\nfrom = '2026-10-03T02:15'\nevery = '1d'";
    let cases = [("2026-10-03T15:30:00Z", "a", "b"), ("2026-10-04T15:15:00Z", "b", "a")];
    changes(skipped, "Australia/Lord_Howe", &cases);
    let repeated = "people = ['a', 'b']\nfrom = '2027-04-03T01:45'\nevery = '1d'";
    let cases = [("2027-04-03T14:45:00Z", "a", "b"), ("2027-04-04T15:15:00Z", "b", "a")];
    changes(repeated, "Australia/Lord_Howe", &cases);
}

#[test]
fn hours_restrict_a_layer_also_over_midnight() {
    let layers = "people = ['a']\nfrom = '2026-11-01T00:00'\nevery = '1d'\n\
                  hours = { days = ['fri'], from = '20:00', to = '08:00' }";
    let cases = [
        ("2026-11-20T19:00:00Z", "-", "a"),
        ("2026-11-21T07:00:00Z", "a", "-"),
        ("2026-11-27T19:00:00Z", "-", "a"),
    ];
    changes(layers, "Europe/Paris", &cases);
}

#[test]
fn hours_in_the_night_of_a_change_of_clocks_neither_flicker_nor_vanish() {
    let until =
        "people = ['a']\nfrom = '2026-10-01T00:00'\nevery = '1d'\nhours = { from = '20:00', to = '02:30' }";
    changes(until, "Europe/Paris", &[("2026-10-25T00:30:00Z", "a", "-"), ("2026-10-25T19:00:00Z", "-", "a")]);
    let from =
        "people = ['a']\nfrom = '2026-10-01T00:00'\nevery = '1d'\nhours = { from = '02:30', to = '10:00' }";
    changes(from, "Europe/Paris", &[("2026-10-25T00:30:00Z", "-", "a"), ("2026-10-25T09:00:00Z", "a", "-")]);
    let inside =
        "people = ['a']\nfrom = '2026-10-01T00:00'\nevery = '1d'\nhours = { from = '02:00', to = '03:00' }";
    changes(
        inside,
        "Europe/Paris",
        &[("2026-10-25T00:00:00Z", "-", "a"), ("2026-10-25T02:00:00Z", "a", "-")],
    );
    // 02:15 to 02:45 has no instant in March; 02:15 to 03:30 begins at the jump.
    let skipped =
        "people = ['a']\nfrom = '2027-03-28T00:00'\nevery = '1d'\nhours = { from = '02:15', to = '02:45' }";
    changes(skipped, "Europe/Paris", &[("2027-03-29T00:15:00Z", "-", "a")]);
    assert_eq!(plan("Europe/Paris", skipped).on_duty(&schedule(), &[], at("2027-03-28T01:00:00Z")), None);
    let half =
        "people = ['a']\nfrom = '2027-03-01T00:00'\nevery = '1d'\nhours = { from = '02:15', to = '03:30' }";
    changes(half, "Europe/Paris", &[("2027-03-28T01:00:00Z", "-", "a"), ("2027-03-28T01:30:00Z", "a", "-")]);
}

#[test]
fn the_last_layer_that_has_somebody_wins() {
    let layers = "people = ['a', 'b']\nfrom = '2026-11-16T09:00'\nevery = '7d'\n[[schedule.layers]]\n\
                  people = ['c']\nfrom = '2026-11-16T00:00'\nevery = '1d'\n\
                  hours = { days = ['mon', 'tue'], from = '08:00', to = '18:00' }";
    let cases = [
        ("2026-11-16T07:00:00Z", "-", "c"),
        ("2026-11-16T17:00:00Z", "c", "a"),
        ("2026-11-23T07:00:00Z", "a", "c"),
        ("2026-11-23T17:00:00Z", "c", "b"),
    ];
    changes(layers, "Europe/Paris", &cases);
}

#[test]
fn an_override_wins_from_its_first_instant_until_its_last_and_the_last_given_counts() {
    let plan = plan("Europe/Paris", "people = ['a']\nfrom = '2026-11-16T09:00'\nevery = '7d'");
    let overrides = [
        over("b", "2026-11-20T18:00:00Z", "2026-11-21T08:00:00Z"),
        over("c", "2026-11-20T20:00:00Z", "2026-11-20T22:00:00Z"),
        rota::Override {
            schedule: types::ScheduleId::parse("other").unwrap(),
            ..over("d", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
        },
    ];
    let mut changes = vec![];
    let mut instant = at("2026-11-20T00:00:00Z");
    while let Some(next) = plan.next_change(&schedule(), &overrides, instant) {
        let nanosecond_before = types::Timestamp::from_nanos(next.as_nanos() - 1);
        assert_eq!(plan.next_change(&schedule(), &overrides, nanosecond_before), Some(next));
        changes.push(format!("{next} {}", plan.on_duty(&schedule(), &overrides, next).unwrap()));
        instant = next;
    }
    let expected = [
        "2026-11-20T18:00:00Z b",
        "2026-11-20T20:00:00Z c",
        "2026-11-20T22:00:00Z b",
        "2026-11-21T08:00:00Z a",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn an_override_fills_a_gap() {
    let plan = plan("Europe/Paris", "people = ['a']\nfrom = '2026-11-23T09:00'\nevery = '7d'");
    let (from, until) = (at("2026-11-22T00:00:00Z"), at("2026-11-30T00:00:00Z"));
    assert_eq!(plan.gaps(&[], from, until), [(schedule(), from, at("2026-11-23T08:00:00Z"))]);
    let standing_in = over("b", "2026-11-22T06:00:00Z", "2026-11-23T09:00:00Z");
    assert_eq!(plan.gaps(&[standing_in], from, until), [(schedule(), from, at("2026-11-22T06:00:00Z"))]);
    assert_eq!(plan.gaps(&[], until, from), []);
}

#[test]
fn a_step_means_everyone_one_person_or_whoever_is_on_duty() {
    let plan = plan("Europe/Paris", "people = ['a', 'b']\nfrom = '2026-11-16T09:00'\nevery = '7d'");
    let responders = [person("b"), person("a"), person("b")];
    let overrides = [over("c", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")];
    let call = |tell: Tell, when: &str| plan.on_call(&tell, &overrides, &responders, at(when));
    assert_eq!(call(Tell::Everyone, "2026-11-20T00:00:00Z"), [person("b"), person("a")]);
    assert_eq!(call(Tell::Person(person("a")), "2026-11-20T00:00:00Z"), [person("a")]);
    assert_eq!(call(Tell::Schedule(schedule()), "2026-11-19T00:00:00Z"), [person("a")]);
    assert_eq!(call(Tell::Schedule(schedule()), "2026-11-20T00:00:00Z"), [person("c")]);
    assert_eq!(call(Tell::Schedule(schedule()), "2026-11-27T00:00:00Z"), [person("b")]);
    assert_eq!(call(Tell::Schedule(schedule()), "2026-11-01T00:00:00Z"), []);
    let other = Tell::Schedule(types::ScheduleId::parse("other").unwrap());
    assert_eq!(call(other, "2026-11-20T00:00:00Z"), []);
}

#[test]
fn overrides_that_cannot_be_meant_are_refused() {
    let plan = plan("Europe/Paris", "people = ['a', 'b']\nfrom = '2026-11-16T09:00'\nevery = '7d'");
    let good = over("b", "2026-11-20T00:00:00Z", "2027-11-21T00:00:00Z");
    assert_eq!(plan.accepts(&good), Ok(()));
    let too_long = rota::Override { until: at("2027-11-21T00:00:00.000000001Z"), ..good.clone() };
    assert_eq!(plan.accepts(&too_long), Err(OverrideError::TooLong));
    let empty = rota::Override { until: good.from, ..good.clone() };
    assert_eq!(plan.accepts(&empty), Err(OverrideError::Empty));
    let unknown = rota::Override { person: person("zoe"), ..good.clone() };
    assert_eq!(plan.accepts(&unknown), Err(OverrideError::UnknownPerson(person("zoe"))));
    let other = types::ScheduleId::parse("other").unwrap();
    let elsewhere = rota::Override { schedule: other.clone(), ..good };
    assert_eq!(plan.accepts(&elsewhere), Err(OverrideError::UnknownSchedule(other)));
}

#[test]
fn the_ends_of_time_do_no_harm() {
    let plan = plan("Europe/Paris", "people = ['a', 'b']\nfrom = '2199-12-31T23:59'\nevery = '12h'");
    for instant in [types::Timestamp::MIN, types::Timestamp::MAX] {
        let _ = plan.on_duty(&schedule(), &[], instant);
        let _ = plan.next_change(&schedule(), &[], instant);
        let _ = plan.gaps(&[], instant, types::Timestamp::MAX);
    }
    assert!(plan.on_duty(&schedule(), &[], types::Timestamp::MAX).is_some());
}
