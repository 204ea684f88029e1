//! `/response/duty`: who is on duty, who took whose turn, how the channels do, what is wrong with the way out (G8).

use api::{ChannelState, Duty, OnDuty, Override};
use maud::{Markup, html};
use serde_json::json;
use types::PersonId;

use super::incident::{self, Names, names, person_field};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::act::{self, Act, Kind, choice, field};
use crate::parts::{Tone, badge, fact, nothing, notice, table, time};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let duty: Duty = read(api, "/v1/response/duty").await?;
        let register = incident::register(api).await;
        let content = html! {
            @for warning in &duty.warnings { (notice(Tone::Warn, &html! { p { (response::inert(warning)) } })) }
            div.columns {
                div {
                    h2 { (t!(ask, "response-schedules")) }
                    @if duty.schedules.is_empty() { (nothing(&t!(ask, "response-schedules-none"))) }
                    dl { @for on in &duty.schedules { (turn(ask, on)) } }
                    (taken(ask, &duty.overrides))
                    (take(ask, &duty, &register))
                }
                div { h2 { (t!(ask, "response-channels")) } (channels(ask, &duty.channels)) (own_key(ask)) }
            }
        };
        Ok(Shown::page(t!(ask, "response-duty-title"), content).with_scripts(&["response.js"]))
    })
}

/// Who is on duty of one schedule.
pub fn turn(ask: &Ask, on: &OnDuty) -> Markup {
    let people = names(on.people.iter().map(PersonId::as_str));
    fact(
        on.schedule.as_str(),
        &html! {
            @if people.is_empty() { (badge(Tone::Bad, &t!(ask, "response-duty-nobody"))) } @else { strong { (people) } }
            @if let Some(until) = on.until { " " span.soft { (t!(ask, "response-until")) " " (time::moment(ask, until)) } }
        },
    )
}

fn taken(ask: &Ask, overrides: &[Override]) -> Markup {
    let heads = [
        t!(ask, "response-schedule"),
        t!(ask, "response-person"),
        t!(ask, "response-from"),
        t!(ask, "response-until-head"),
    ];
    let rows = html! {
        @for one in overrides {
            tr { td { (one.schedule) } td { (one.person) } td { (time::moment(ask, one.from)) } td { (time::moment(ask, one.until)) } }
        }
    };
    html! {
        h2 { (t!(ask, "response-overrides")) }
        @if overrides.is_empty() { (nothing(&t!(ask, "response-overrides-none"))) }
        @else { (table(&t!(ask, "response-overrides"), &heads, &rows)) }
    }
}

fn take(ask: &Ask, duty: &Duty, register: &Names) -> Markup {
    let schedules: Vec<(String, String)> =
        duty.schedules.iter().map(|on| (on.schedule.to_string(), on.schedule.to_string())).collect();
    if schedules.is_empty() {
        return html! {};
    }
    let own: Vec<PersonId> = ask.who.iter().map(|who| who.person.clone()).collect();
    let act = Act {
        id: "override",
        path: "/v1/response/overrides",
        command: json!({}),
        label: &t!(ask, "response-take-turn"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    let fields = html! {
        (choice("schedule", &t!(ask, "response-schedule"), &schedules, ""))
        (person_field("person", &t!(ask, "response-take-who"), &own, &register.people))
        (field("from", Kind::Moment, &t!(ask, "response-from"), "", ""))
        (field("until", Kind::Moment, &t!(ask, "response-until-head"), "", ""))
    };
    html! { div.row { (act::folded(ask, &act, &t!(ask, "response-take-why"), &fields)) } }
}

fn channels(ask: &Ask, channels: &[ChannelState]) -> Markup {
    html! {
        @if channels.is_empty() { (nothing(&t!(ask, "response-channels-none"))) }
        dl {
            @for one in channels {
                (fact(one.channel.as_str(), &html! {
                    @if one.alive { (badge(Tone::Good, &t!(ask, "response-channel-alive"))) }
                    @else { (badge(Tone::Bad, &t!(ask, "response-channel-dead"))) }
                    @if let Some(at) = one.last_success { " " span.soft { (t!(ask, "response-channel-last")) " " (incident::since(ask, at)) } }
                    @if let Some(error) = &one.error { p.wrong { (response::inert(error)) } }
                }))
            }
        }
        p.hint { (t!(ask, "response-channels-hint")) }
    }
}

/// The public half of the key that follows from this device's passkey: for the register, so that dossiers are sealed to it.
fn own_key(ask: &Ask) -> Markup {
    html! {
        section.card id="own-key" data-keep {
            h2 { (t!(ask, "response-own-key")) }
            p { (t!(ask, "response-own-key-why")) }
            p { code id="own-recipient" translate="no" {} }
            p.status role="status" data-ready=(t!(ask, "response-own-key-ready")) data-none=(t!(ask, "dossier-no-prf")) {}
            div.row { button.quiet type="button" disabled { (t!(ask, "response-own-key-show")) } }
        }
    }
}
