//! What is legal and may leave an alarm unheard is said, the gravest first, in both languages; who can be reached (G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use expect_test::{Expect, expect};
use rota::{CallPlan, Language, Override};
use support::{at, channels, over, people};

const NOW: &str = "2026-11-21T03:00:00Z";
const DOCUMENT: &str = include_str!("../../../docs/calls.md");
const CONTACTS: &str = "time_zone = 'Europe/Paris'
[[contact]]
person = 'a'
ways = { sms = '+33a', email = 'a@example.org' }
[[contact]]
person = 'b'
ways = { sms = '+33b' }
";
const WEEKS: &str = "[[schedule]]
id = 'duty'
[[schedule.layers]]
people = ['a', 'b']
from = '2026-11-02T09:00'
every = '7d'
";
const SOUND: &str = "[chain]
steps = [{ tell = ['schedule:duty'], by = ['sms'] }, { tell = ['everyone'] }]
";

fn parse(text: &str) -> CallPlan {
    CallPlan::parse("calls.toml", text).unwrap()
}

fn found(text: &str, responders: &[&str], configured: &[&str], overrides: &[Override]) -> String {
    let warnings = parse(text).check(&people(responders), &channels(configured), overrides, at(NOW));
    for warning in &warnings {
        assert!(
            DOCUMENT.contains(&format!("`{}`", warning.code())),
            "docs/calls.md lacks `{}`",
            warning.code()
        );
        let (english, french) = (warning.text(Language::En), warning.text(Language::Fr));
        assert!(english != french && !english.ends_with('.') && !french.ends_with('.'));
    }
    let lines =
        warnings.iter().map(|warning| format!("{}: {}\n", warning.code(), warning.text(Language::En)));
    lines.collect()
}

fn check(text: &str, responders: &[&str], configured: &[&str], expected: &Expect) {
    expected.assert_eq(&found(text, responders, configured, &[]));
}

#[test]
fn a_sound_plan_has_none() {
    let text = format!("{CONTACTS}{WEEKS}{SOUND}");
    check(&text, &["a", "b"], &["sms", "email"], &expect![[""]]);
}

#[test]
fn without_a_file_nobody_can_be_called() {
    check(
        "",
        &["a", "b"],
        &["sms"],
        &expect![[r#"
        first-step-may-reach-nobody: the first step of the chain may reach nobody: let it tell a schedule without gaps whose people all have a configured channel, or everyone
        responder-without-contact: the responder `a` has no contact and cannot be called: add a [[contact]]
        responder-without-contact: the responder `b` has no contact and cannot be called: add a [[contact]]
    "#]],
    );
}

#[test]
fn responders_and_contacts_must_match() {
    let text = format!("{CONTACTS}{WEEKS}{SOUND}");
    check(
        &text,
        &["a", "c"],
        &["sms", "email"],
        &expect![[r#"
        first-step-may-reach-nobody: the first step of the chain may reach nobody: let it tell a schedule without gaps whose people all have a configured channel, or everyone
        responder-without-contact: the responder `c` has no contact and cannot be called: add a [[contact]]
        on-duty-but-no-responder: `b` takes turns in `duty` but is no responder: during those turns the schedule reaches nobody
        contact-but-no-responder: `b` has a contact but is no responder, and is never called: remove the contact
    "#]],
    );
}

#[test]
fn channels_must_be_configured() {
    let text = format!("{CONTACTS}{WEEKS}{SOUND}");
    check(
        &text,
        &["a", "b"],
        &["email"],
        &expect![[r#"
        first-step-may-reach-nobody: the first step of the chain may reach nobody: let it tell a schedule without gaps whose people all have a configured channel, or everyone
        responder-never-reached: no step of the chain reaches the responder `b` over a configured channel: add a step or a way
        channel-not-configured: `a` has a way over `sms`, which is not configured: configure the channel or remove the way
        channel-not-configured: `b` has a way over `sms`, which is not configured: configure the channel or remove the way
    "#]],
    );
}

#[test]
fn a_gap_within_fourteen_days_is_found_with_its_local_times() {
    let hours =
        "hours = { days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'], from = '00:00', to = '24:00' }\n";
    let text = format!("{CONTACTS}{WEEKS}{hours}{SOUND}");
    check(
        &text,
        &["a", "b"],
        &["sms", "email"],
        &expect![[r#"
            first-step-may-reach-nobody: the first step of the chain may reach nobody: let it tell a schedule without gaps whose people all have a configured channel, or everyone
            nobody-on-duty: nobody is on duty in `duty` from 2026-11-22 00:00 to 2026-11-23 00:00 (Europe/Paris), 2 gaps within 14 days: add a layer or an override
        "#]],
    );
    let sundays = [
        over("a", "2026-11-21T12:00:00Z", "2026-11-23T12:00:00Z"),
        over("b", "2026-11-28T12:00:00Z", "2026-11-30T12:00:00Z"),
    ];
    assert_eq!(found(&text, &["a", "b"], &["sms", "email"], &sundays), "");
}

#[test]
fn a_rotation_that_begins_after_fourteen_days_counts_as_a_gap_until_then() {
    let text = format!("{CONTACTS}{WEEKS}{SOUND}").replace("2026-11-02", "2027-11-02");
    check(
        &text,
        &["a", "b"],
        &["sms", "email"],
        &expect![[r#"
        first-step-may-reach-nobody: the first step of the chain may reach nobody: let it tell a schedule without gaps whose people all have a configured channel, or everyone
        nobody-on-duty: nobody is on duty in `duty` from 2026-11-21 04:00 to 2026-12-05 04:00 (Europe/Paris): add a layer or an override
    "#]],
    );
}

#[test]
fn a_first_step_that_may_reach_nobody_is_found() {
    let first = |first: &str| {
        format!(
            "{CONTACTS}{WEEKS}[chain]\nsteps = [{{ {first} }}, {{ tell = ['everyone', 'schedule:duty'] }}]\n"
        )
    };
    let is_found = |step: &str, responders: &[&str]| {
        found(&first(step), responders, &["sms", "email"], &[]).contains("first-step-may-reach-nobody")
    };
    assert!(!is_found("tell = ['schedule:duty']", &["a", "b"]));
    assert!(!is_found("tell = ['schedule:duty', 'person:a'], by = ['email']", &["a", "b"]));
    assert!(!is_found("tell = ['everyone'], by = ['email']", &["a", "b"]));
    assert!(is_found("tell = ['schedule:duty'], by = ['email']", &["a", "b"]));
    assert!(is_found("tell = ['person:b'], by = ['email']", &["a", "b"]));
    assert!(is_found("tell = ['schedule:duty']", &["a"]));
    assert!(is_found("tell = ['everyone'], by = ['email']", &["b"]));
    assert!(is_found("tell = ['person:a']", &["b"]));
}

#[test]
fn a_chain_that_never_tells_everyone_and_a_schedule_that_nobody_asks() {
    let text = format!("{CONTACTS}{WEEKS}[chain]\nsteps = [{{ tell = ['person:a'] }}]\n");
    check(
        &text,
        &["a", "b"],
        &["sms", "email"],
        &expect![[r#"
            never-everyone: no step of the chain tells everyone: whoever it does not name may never hear of an alarm; add a last step with `everyone`
            responder-never-reached: no step of the chain reaches the responder `b` over a configured channel: add a step or a way
            unused-schedule: no step of the chain tells `schedule:duty`: use it or remove it
        "#]],
    );
}

#[test]
fn one_address_for_two_people() {
    let text = format!("{CONTACTS}{WEEKS}{SOUND}").replace("+33b", "+33a");
    check(
        &text,
        &["a", "b"],
        &["sms", "email"],
        &expect![[r#"
        shared-address: `a` and `b` have the same address on `sms`: give each their own
    "#]],
    );
}

#[test]
fn french_is_french() {
    let text =
        format!("{CONTACTS}{WEEKS}{SOUND}").replace("2026-11-02", "2027-11-02").replace("+33b", "+33a");
    let warnings = parse(&text).check(&people(&["a", "c"]), &channels(&["email"]), &[], at(NOW));
    let lines: String = warnings.iter().map(|warning| warning.text(Language::Fr) + "\n").collect();
    expect![[r#"
        la première étape de la chaîne risque de n’atteindre personne : qu’elle prévienne un planning sans trou dont chacun a un canal configuré, ou tout le monde (`everyone`)
        personne n’est de garde dans `duty` du 2026-11-21 04:00 au 2026-12-05 04:00 (Europe/Paris) : ajoutez une couche ou un remplacement
        l’intervenant `c` n’a pas de contact et ne peut pas être appelé : ajoutez un [[contact]]
        `b` prend des tours dans `duty` sans être intervenant : pendant ces tours le planning n’atteint personne
        `a` a une adresse sur `sms`, qui n’est pas configuré : configurez le canal ou retirez l’adresse
        `b` a une adresse sur `sms`, qui n’est pas configuré : configurez le canal ou retirez l’adresse
        `a` et `b` ont la même adresse sur `sms` : donnez à chacun la sienne
        `b` a un contact sans être intervenant, et n’est jamais appelé : retirez le contact
    "#]].assert_eq(&lines);
}

#[test]
fn reachable_are_responders_whom_a_step_reaches_over_a_configured_channel() {
    let reachable = |text: &str, responders: &[&str], configured: &[&str]| {
        let reachable = parse(text).reachable(&people(responders), &channels(configured));
        reachable.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let text = format!("{CONTACTS}{WEEKS}{SOUND}");
    assert_eq!(reachable(&text, &["b", "a", "b", "c"], &["sms"]), ["b", "a"]);
    assert_eq!(reachable(&text, &["a", "b"], &["email"]), ["a"]);
    assert!(reachable(&text, &["a", "b"], &["push"]).is_empty());
    let duty_only =
        format!("{CONTACTS}{WEEKS}[chain]\nsteps = [{{ tell = ['schedule:duty'], by = ['email'] }}]\n");
    assert_eq!(reachable(&duty_only, &["a", "b"], &["sms", "email"]), ["a"]);
    let one = format!("{CONTACTS}[chain]\nsteps = [{{ tell = ['person:b'] }}]\n");
    assert_eq!(reachable(&one, &["a", "b"], &["sms", "email"]), ["b"]);
}
