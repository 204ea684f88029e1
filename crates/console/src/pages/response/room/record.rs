//! What is written down: the timeline, which writes itself; transfers that are affected; calls back; who was told.

use api::{CallBack, Incident, LostMotion, Told};
use maud::{Markup, html};
use response::{Attempt, AttemptStatus};

use super::Room;
use crate::pages::response::incident::spoken;
use crate::parts::money::amount;
use crate::parts::{Tone, badge, nothing, notice, time};
use crate::t;

/// How many events a page shows.
const PAGE: usize = 50;
/// How many transfers are shown; the pack has all.
const ATTEMPTS: usize = 20;
/// How much of a transfer's id is shown.
const ID_SHOWN: usize = 12;

/// Everything that has a moment, the newest first.
pub fn timeline(room: &Room<'_>) -> Markup {
    let ask = room.ask;
    let events = room.facts.as_ref().map(response::pack::timeline).unwrap_or_default();
    let page: usize = ask.query("page").parse().unwrap_or(0);
    let skipped = page.saturating_mul(PAGE).min(events.len());
    let shown: Vec<_> = events.iter().rev().skip(skipped).take(PAGE).collect();
    html! {
        section aria-labelledby="timeline" {
            h2 id="timeline" { (t!(ask, "response-timeline")) }
            @if events.is_empty() { (nothing(&t!(ask, "response-timeline-none"))) }
            ol.timeline {
                @for event in &shown {
                    li.done {
                        (event.text(spoken(ask)))
                        br; span.soft { (time::moment(ask, event.at)) @if !event.by.is_empty() { " · " (event.by) } }
                    }
                }
            }
            @if skipped + shown.len() < events.len() {
                p { a href={ (room.here()) "?page=" (page + 1) } { (t!(ask, "response-earlier")) } }
            }
        }
    }
}

/// What stands beside the checklist.
pub fn aside(room: &Room<'_>) -> Markup {
    let ask = room.ask;
    html! {
        @if !room.is_exercise() {
            section {
                h2 { (t!(ask, "response-quiet-or-open")) }
                (notice(Tone::Warn, &html! {
                    p { (t!(ask, "response-quiet")) }
                    p { strong { (t!(ask, "response-open-stop")) } }
                    @if room.is_open() { p { a href="/stops" { (t!(ask, "response-open-stop-go")) } } }
                }))
            }
            (attempts(room))
            (lost(room))
        }
        (call_backs(room))
        (told(room))
    }
}

fn attempts(room: &Room<'_>) -> Markup {
    let ask = room.ask;
    let attempts = room.facts.as_ref().map(|facts| facts.attempts.as_slice()).unwrap_or_default();
    html! {
        section aria-labelledby="affected" {
            h2 id="affected" { (t!(ask, "response-attempts")) }
            @if attempts.is_empty() { (nothing(&t!(ask, "response-attempts-none"))) }
            ul.list { @for one in attempts.iter().rev().take(ATTEMPTS) { li.card { (attempt(room, one)) } } }
            @if attempts.len() > ATTEMPTS { p { a href={ (room.here()) "/pack" } { (t!(ask, "response-attempts-more")) } } }
        }
    }
}

fn attempt(room: &Room<'_>, one: &Attempt) -> Markup {
    let ask = room.ask;
    let has_left = matches!(one.status, AttemptStatus::Signed | AttemptStatus::Confirmed);
    let tone = match one.status {
        AttemptStatus::Pending | AttemptStatus::Ready => Tone::Going,
        _ if has_left => Tone::Bad,
        _ => Tone::Quiet,
    };
    html! {
        div.spread {
            a href={ "/transfers/" (one.transfer) } { @for (at, output) in one.outputs.iter().enumerate() { @if at > 0 { " + " } (amount(ask, output.amount)) } }
            (badge(tone, one.status.title(spoken(ask))))
        }
        p.soft {
            (one.vault) " · " (one.by) " · " (time::moment(ask, one.at))
            @if one.forced { " · " strong { (t!(ask, "response-forced")) } }
        }
        @if let Some(until) = one.held_until { p { (t!(ask, "response-waits-until")) " " (time::until(ask, until)) } }
    }
}

fn lost(room: &Room<'_>) -> Markup {
    let Room { ask, incident: Incident { lost, .. }, .. } = room;
    let short = |id: &types::Hash| id.to_string().chars().take(ID_SHOWN).collect::<String>();
    html! {
        @if !lost.transfers.is_empty() || !lost.motions.is_empty() {
            section {
                h2 { (t!(ask, "response-lost")) }
                p { (t!(ask, "response-lost-why")) }
                ul.list {
                    @for id in &lost.transfers { li { a href={ "/transfers/" (id) } { (t!(ask, "response-lost-transfer")) " " code { (short(id)) } } } }
                    @for motion in &lost.motions {
                        li { a href={ "/motions/" (motion.id) } { (motion_kind(room, motion)) " " code { (short(&motion.id)) } }
                            @if motion.passed { " " (badge(Tone::Bad, &t!(ask, "response-in-force"))) } }
                    }
                }
            }
        }
    }
}

fn motion_kind(room: &Room<'_>, motion: &LostMotion) -> String {
    let ask = room.ask;
    match motion.kind.as_str() {
        "lift" => t!(ask, "response-lost-lift"),
        "lower" => t!(ask, "response-lost-lower"),
        "change" => t!(ask, "response-lost-change"),
        "credential" => t!(ask, "response-lost-credential"),
        "revoke" => t!(ask, "response-lost-revoke"),
        other => other.to_owned(),
    }
}

fn call_backs(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    html! {
        @if !incident.call_backs.is_empty() {
            section {
                h2 { (t!(ask, "response-call-backs")) }
                ul.list { @for call in incident.call_backs.iter().rev() { li { (call_back(room, call)) } } }
            }
        }
    }
}

fn call_back(room: &Room<'_>, call: &CallBack) -> Markup {
    let ask = room.ask;
    let counts = call.all_clear && call.private;
    let all_clear =
        if call.all_clear { t!(ask, "response-all-clear") } else { t!(ask, "response-no-all-clear") };
    let private = if call.private { t!(ask, "response-private") } else { t!(ask, "response-not-private") };
    html! {
        (call.by) " → " (call.person) " "
        (badge(if counts { Tone::Good } else { Tone::Warn }, &format!("{all_clear}, {private}")))
        br; span.soft { (time::moment(ask, call.at)) }
    }
}

fn told(room: &Room<'_>) -> Markup {
    let Room { ask, incident, .. } = room;
    let whom = |told: &Told| told.to.as_ref().map_or_else(|| told.channel.to_string(), ToString::to_string);
    html! {
        section {
            h2 { (t!(ask, "response-told")) }
            @if incident.told.is_empty() { (nothing(&t!(ask, "response-told-none"))) }
            @else {
                details {
                    summary { (t!(ask, "response-told-count", n = incident.told.len())) }
                    ul.list { @for one in incident.told.iter().take(PAGE) {
                        li { strong { (whom(one)) } " · " (one.channel) br; span.soft { (time::moment(ask, one.first)) } }
                    } }
                }
            }
        }
    }
}
