//! `/response/drills`: begin and end exercises, and how long they took against what the policy says (G8).
//!
//! Figures and advice are those of the crate `response`, as `rempart alarm drills` prints them.

use api::{ChannelState, Duty, Incident, IncidentList};
use maud::{Markup, html};
use response::{
    Drill, DrillInput, DrillReport, Figures, HandedOver, Missed, Taken, Verdict, drill_report,
    reaction_written,
};
use serde_json::json;
use types::Span;

use super::incident::{self, Names, person_field, spoken};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::act::{self, Act};
use crate::parts::{Tone, badge, nothing, notice, table, time};
use crate::t;

/// What the policy says where its file says nothing.
const REACTION_USUAL: Span = Span::from_hours(2);
/// How many drills the history shows.
const HISTORY: usize = 50;
/// The chart: its size, the room for labels, the height of a bar.
const CHART_WIDTH: u64 = 600;
const BARS_LEFT: u64 = 90;
const BAR: u64 = 26;
const BARS: usize = 10;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let list: IncidentList = read(api, "/v1/response/incidents").await?;
        let rules = crate::pages::policy::rules(api).await?;
        let register = incident::register(api).await;
        let duty = read::<Duty>(api, "/v1/response/duty").await.ok();
        let mut exercises: Vec<Incident> = list.incidents.into_iter().filter(incident::is_exercise).collect();
        exercises.sort_by_key(|one| one.opened);
        let written = reaction_written(rules.iter().map(|source| source.text.as_str()));
        let mut drills: Vec<Drill> = exercises.iter().map(drill).collect();
        if let (Some(last), Some(exercise), Some(duty)) = (drills.last_mut(), exercises.last(), &duty) {
            last.missed = silent(duty, exercise);
        }
        let report = drill_report(&DrillInput {
            drills,
            reaction: written.unwrap_or(REACTION_USUAL),
            time_zone: ask.zone.iana_name().unwrap_or("UTC").to_owned(),
        });
        let content = html! {
            (running(ask, &exercises))
            (begin(ask, &register))
            (verdict(ask, &report))
            (last(ask, &report))
            (history(ask, &report))
        };
        Ok(Shown::page(t!(ask, "response-drills-title"), content).with_scripts(&["response.js"]))
    })
}

/// One exercise, as the report needs it.
fn drill(incident: &Incident) -> Drill {
    let told = incident.told.iter();
    let handed =
        told.map(|told| HandedOver { channel: told.channel.clone(), to: told.to.clone(), at: told.first });
    let taken =
        incident.acknowledged.iter().map(|taken| Taken { by: taken.by.clone(), at: taken.at, from: None });
    Drill {
        incident: incident.id,
        who: incident.subjects.iter().map(|subject| subject.person.clone()).collect(),
        started: incident.opened,
        ended: incident.closed,
        handed_over: handed.collect(),
        missed: Vec::new(),
        acknowledged: taken.collect(),
        two_places: incident.escalation.as_ref().and_then(|escalation| escalation.answered),
    }
}

/// Channels by which nothing was handed over.
fn silent(duty: &Duty, exercise: &Incident) -> Vec<Missed> {
    let is_silent = |state: &&ChannelState| !exercise.told.iter().any(|told| told.channel == state.channel);
    let silent = duty.channels.iter().filter(is_silent);
    silent.map(|state| Missed { channel: state.channel.clone(), to: None }).collect()
}

fn running(ask: &Ask, exercises: &[Incident]) -> Markup {
    let open: Vec<&Incident> = exercises.iter().filter(|one| one.closed.is_none()).collect();
    html! {
        @if !open.is_empty() {
            section {
                h2 { (t!(ask, "response-drills-running")) }
                ul.list { @for one in open { li.card {
                    div.spread { a href={ "/response/incidents/" (one.id) } { (incident::people(one)) " · " (one.id) } (incident::charge_badge(ask, one)) }
                    p { (t!(ask, "response-since")) " " (incident::since(ask, one.opened)) }
                    p { a.button.quiet.small href={ "/response/incidents/" (one.id) "?do=end-drill#act" } { (t!(ask, "response-end-drill")) } }
                } } }
            }
        }
    }
}

fn begin(ask: &Ask, register: &Names) -> Markup {
    let act = Act {
        id: "drill",
        path: "/v1/response/drills",
        command: json!({}),
        label: &t!(ask, "response-drill-begin"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    let who = person_field("who", &t!(ask, "response-drill-who"), &[], &register.people);
    html! { div.row { (act::folded(ask, &act, &t!(ask, "response-drill-why"), &who)) } }
}

fn verdict(ask: &Ask, report: &DrillReport) -> Markup {
    let Some(headline) = report.headline(spoken(ask)) else {
        return nothing(&t!(ask, "response-drills-never"));
    };
    let tone = match report.advice {
        Verdict::Unfinished | Verdict::Slower { .. } => Tone::Bad,
        Verdict::Faster { .. } | Verdict::Fits => Tone::Good,
        Verdict::None => Tone::Quiet,
    };
    html! {
        h2 { (t!(ask, "response-drills-verdict")) }
        (notice(tone, &html! {
            p { strong { (headline) } }
            p { (report.comparison(spoken(ask))) }
            p { (report.advice_text(spoken(ask))) }
        }))
        (chart(ask, report))
    }
}

/// The last drills as bars, and what was written as a line.
fn chart(ask: &Ask, report: &DrillReport) -> Markup {
    let shown: Vec<&Figures> = report.drills.iter().rev().take(BARS).collect();
    let worst = shown.iter().filter_map(|drill| drill.two_places).max().unwrap_or(0);
    let scale = worst.max(report.reaction).max(1);
    let x = |seconds: u64| BARS_LEFT + seconds.saturating_mul(CHART_WIDTH - BARS_LEFT - 70) / scale;
    let height = BAR * u64::try_from(shown.len()).unwrap_or(1) + 24;
    let line = x(report.reaction);
    html! {
        svg.chart.bars viewBox={ "0 0 " (CHART_WIDTH) " " (height) } role="img" aria-label=(t!(ask, "response-drills-chart")) {
            @for (at, drill) in (0_u64..).zip(&shown) {
                text x="0" y=(BAR * at + 17) { (drill.incident) }
                @if let Some(seconds) = drill.two_places {
                    rect x=(BARS_LEFT) y=(BAR * at + 4) width=(x(seconds).saturating_sub(BARS_LEFT).max(2)) height="18" class={ @if seconds > report.reaction { "bad" } @else { "good" } } {}
                    text x=(x(seconds) + 6) y=(BAR * at + 17) { (took(ask, Some(seconds))) }
                } @else {
                    text x=(BARS_LEFT + 6) y=(BAR * at + 17) { (t!(ask, "response-never")) }
                }
            }
            line x1=(line) x2=(line) y1="0" y2=(height - 20) stroke="currentColor" stroke-dasharray="4 3" {}
            text x=(line) y=(height - 6) text-anchor="end" { (t!(ask, "response-reaction")) " " (took(ask, Some(report.reaction))) }
        }
    }
}

/// How long something took.
fn took(ask: &Ask, seconds: Option<u64>) -> String {
    seconds
        .map_or_else(|| "–".to_owned(), |seconds| response::spoken(Span::from_seconds(seconds), spoken(ask)))
}

fn last(ask: &Ask, report: &DrillReport) -> Markup {
    let Some(last) = report.drills.last() else { return html! {} };
    let heads = [t!(ask, "response-person"), t!(ask, "response-channel"), t!(ask, "response-after")];
    let itself = t!(ask, "response-receiver");
    let devices = html! {
        @for device in &last.devices {
            tr { td { (device.to.as_ref().map_or(itself.as_str(), types::PersonId::as_str)) } td { (device.channel) } td { (took(ask, Some(device.seconds))) } }
        }
    };
    html! {
        h2 { (t!(ask, "response-drill-last")) " " a href={ "/response/incidents/" (last.incident) } { (last.incident) } }
        @if last.devices.is_empty() { (nothing(&t!(ask, "response-told-none"))) }
        @else { (table(&t!(ask, "response-drill-devices"), &heads, &devices)) }
        @if !last.missed.is_empty() {
            (notice(Tone::Bad, &html! { p { (t!(ask, "response-drill-missed", channels = incident::names(last.missed.iter().map(|one| one.channel.as_str())))) } }))
        }
        @if last.taken.is_empty() { (nothing(&t!(ask, "response-nobody-yet"))) }
        @else { ul.list { @for taken in &last.taken { li { strong { (taken.by) } " " (t!(ask, "response-took-after")) " " (took(ask, Some(taken.seconds))) } } } }
    }
}

fn history(ask: &Ask, report: &DrillReport) -> Markup {
    if report.drills.is_empty() {
        return html! {};
    }
    let heads = [
        t!(ask, "response-when"),
        t!(ask, "response-exercise"),
        t!(ask, "response-first-alarm"),
        t!(ask, "response-first-person"),
        t!(ask, "response-two-places"),
    ];
    let rows = html! {
        @for drill in report.drills.iter().rev().take(HISTORY) {
            tr {
                td { (time::moment(ask, drill.started)) }
                td { a href={ "/response/incidents/" (drill.incident) } { (drill.incident) } }
                td { (took(ask, drill.first_device)) }
                td { (took(ask, drill.first_taken)) }
                td { @match drill.two_places {
                    Some(seconds) if seconds <= report.reaction => (badge(Tone::Good, &took(ask, Some(seconds)))),
                    Some(seconds) => (badge(Tone::Bad, &took(ask, Some(seconds)))),
                    None => (badge(Tone::Bad, &t!(ask, "response-never"))),
                } }
            }
        }
    };
    html! { h2 { (t!(ask, "response-drills-history")) } (table(&t!(ask, "response-drills-history"), &heads, &rows)) }
}
