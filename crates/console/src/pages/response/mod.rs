//! `/response`: what responders see first: open incidents, who is on duty, and how to report a worry (G8, G9).
//!
//! For everybody else nothing is here. What a responder who is not free sees is what the interface gives them: an empty room (G3).

pub mod dossier;
pub mod drills;
pub mod duty;
mod incident;
pub mod pack;
pub mod room;

use api::{Duty, Incident, IncidentList, Pause, PauseList};
use maud::{Markup, html};
use serde_json::json;

use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::act::{self, Act, Kind, choice, field};
use crate::parts::{Tone, nothing, notice, time};
use crate::t;
use incident::{Names, charge_badge, level_badge, names, people, person_field, place_field, sign, since};

/// How many closed ones a page lists.
const PAGE: usize = 50;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let list: IncidentList = read(api, "/v1/response/incidents").await?;
        let pauses: PauseList = read(api, "/v1/response/pauses").await?;
        let duty: Duty = read(api, "/v1/response/duty").await?;
        let register = incident::register(api).await;
        let content = html! {
            (open_incidents(ask, &list.incidents))
            div.columns {
                div {
                    (report(ask, &register))
                    (pauses_in_force(ask, &pauses.pauses))
                    (closed(ask, &list.incidents))
                }
                div { (on_duty(ask, &duty)) (exercises(ask, &list.incidents)) }
            }
        };
        Ok(Shown::page(t!(ask, "response-title"), content).with_scripts(&["response.js"]))
    })
}

fn open_incidents(ask: &Ask, incidents: &[Incident]) -> Markup {
    let open = incidents.iter().rev().filter(|one| one.closed.is_none() && !incident::is_exercise(one));
    let open: Vec<&Incident> = open.collect();
    html! {
        section aria-labelledby="open" {
            h2 id="open" { (t!(ask, "response-open")) }
            @if open.is_empty() { (nothing(&t!(ask, "response-open-none"))) }
            @else { ul.cards { @for one in open { li.card.alarm { (card(ask, one)) } } } }
        }
    }
}

fn card(ask: &Ask, one: &Incident) -> Markup {
    html! {
        div.spread { a.big href={ "/response/incidents/" (one.id) } { (people(one)) } (level_badge(ask, one)) }
        p { (sign(ask, one)) }
        p { (t!(ask, "response-since")) " " (since(ask, one.opened)) }
        p.row { (charge_badge(ask, one)) @if let Some(lead) = &one.lead { span { (t!(ask, "response-led-by")) " " (lead) } } }
    }
}

fn line(ask: &Ask, one: &Incident) -> Markup {
    html! {
        li.spread {
            span { a href={ "/response/incidents/" (one.id) } { (people(one)) } " " span.soft { (one.id) } }
            span { (charge_badge(ask, one)) " " span.soft { (time::moment(ask, one.opened)) } }
        }
    }
}

fn exercises(ask: &Ask, incidents: &[Incident]) -> Markup {
    let open = incidents.iter().rev().filter(|one| one.closed.is_none() && incident::is_exercise(one));
    let open: Vec<&Incident> = open.collect();
    html! {
        section.card {
            h2 { (t!(ask, "response-drills")) }
            @if open.is_empty() { p { (t!(ask, "response-drills-none")) } }
            @else { ul.list { @for one in open { (line(ask, one)) } } }
            p { a href="/response/drills" { (t!(ask, "response-drills-go")) } }
        }
    }
}

fn on_duty(ask: &Ask, duty: &Duty) -> Markup {
    html! {
        section.card {
            h2 { (t!(ask, "response-on-duty")) }
            @for warning in &duty.warnings { (notice(Tone::Warn, &html! { p { (response::inert(warning)) } })) }
            dl { @for on in &duty.schedules { (duty::turn(ask, on)) } }
            p { a href="/response/duty" { (t!(ask, "response-duty-go")) } }
        }
    }
}

fn report(ask: &Ask, register: &Names) -> Markup {
    let kinds = [
        ("judgement".to_owned(), t!(ask, "response-report-judgement")),
        ("code-word".to_owned(), t!(ask, "response-report-code-word")),
    ];
    let report = Act {
        id: "report",
        path: "/v1/response/reports",
        command: json!({}),
        label: &t!(ask, "response-report-do"),
        tone: Tone::Bad,
        then: None,
        held: None,
    };
    let answer = Act {
        id: "by-code",
        path: "/v1/response/acknowledge",
        command: json!({}),
        label: &t!(ask, "response-by-code"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    html! {
        section {
            h2 { (t!(ask, "response-act")) }
            div.row {
                (act::folded(ask, &report, &t!(ask, "response-report-why"), &html! {
                    (person_field("who", &t!(ask, "response-report-who"), &[], &register.people))
                    (choice("kind", &t!(ask, "response-report-kind"), &kinds, "judgement"))
                    (field("heard", Kind::Moment, &t!(ask, "response-report-heard"), "", &t!(ask, "response-report-heard-hint")))
                }))
                (act::folded(ask, &answer, &t!(ask, "response-by-code-why"), &html! {
                    (field("code", Kind::Text, &t!(ask, "response-code"), "", &t!(ask, "response-by-code-hint")))
                    (place_field(ask, &register.places))
                }))
            }
        }
    }
}

fn pauses_in_force(ask: &Ask, pauses: &[Pause]) -> Markup {
    html! {
        @if !pauses.is_empty() {
            section {
                h2 { (t!(ask, "response-pauses")) }
                p { (t!(ask, "response-pauses-why")) }
                ul.list { @for one in pauses { li.card { (pause(ask, one)) } } }
            }
        }
    }
}

fn pause(ask: &Ask, pause: &Pause) -> Markup {
    let concerned = names(pause.people.iter().map(types::PersonId::as_str));
    let endorsed = names(pause.ending.iter().map(|one| one.by.as_str()));
    let path = format!("/v1/response/pauses/{}/end", pause.protected);
    let id = format!("end-{}", pause.protected);
    let end = Act {
        id: &id,
        path: &path,
        command: json!({}),
        label: &t!(ask, "response-pause-end"),
        tone: Tone::Quiet,
        then: Some("/response"),
        held: None,
    };
    html! {
        p { (t!(ask, "response-pause", by = pause.protected.to_string(), people = concerned)) }
        p { (t!(ask, "response-pause-until")) " " (time::until(ask, pause.until)) }
        @if !endorsed.is_empty() { p.soft { (t!(ask, "response-pause-ending", people = endorsed)) } }
        // One form for the pause that was picked: each has a field of three words.
        @if ask.query("end") == pause.protected.as_str() {
            p { (t!(ask, "response-pause-end-why")) }
            (act::open(ask, &end, &html! {}))
        } @else {
            p { a.button.quiet.small href={ "/response?end=" (pause.protected) } { (t!(ask, "response-pause-end")) } }
        }
    }
}

fn closed(ask: &Ask, incidents: &[Incident]) -> Markup {
    let closed: Vec<&Incident> = incidents.iter().rev().filter(|one| one.closed.is_some()).collect();
    let page: usize = ask.query("page").parse().unwrap_or(0);
    let start = page.saturating_mul(PAGE).min(closed.len());
    let shown = closed.get(start..).unwrap_or_default();
    html! {
        section {
            h2 { (t!(ask, "response-closed-title")) }
            @if closed.is_empty() { (nothing(&t!(ask, "response-closed-none"))) }
            ul.list { @for one in shown.iter().take(PAGE) { (line(ask, one)) } }
            @if shown.len() > PAGE { p { a href={ "/response?page=" (page + 1) } { (t!(ask, "response-earlier")) } } }
        }
    }
}
