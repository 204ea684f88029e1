//! `/stops`: what is held up now and was, the posture, and to hold up anything at once; lifting and lowering are proposed to others (G5).
//!
//! Which of its forms is open stands in the query (`do=vault`, `lift=12`), so that it works without a script and the page stays light.

use api::{Code, Motion, MotionList, Posture, PostureWord, ProposalWord, Scope, Stop, StopList, VaultList};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::ask::{Api, Ask, Pending, Shown, problem, read};
use crate::parts::act::{Act, Kind, choice, field, open};
use crate::parts::{Tone, badge, nothing, notice, table, time};
use crate::t;

/// The most of a list on one page.
const STOPS_SHOWN: usize = 50;
const POSTURES: [PostureWord; 3] = [PostureWord::Normal, PostureWord::Elevated, PostureWord::Lockdown];

struct Seen {
    stops: Vec<Stop>,
    posture: PostureWord,
    motions: Vec<Motion>,
}

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let StopList { stops } = read(api, "/v1/stops").await?;
        let Posture { posture } = read(api, "/v1/posture").await?;
        let MotionList { motions } = read(api, "/v1/motions").await?;
        let vaults = match ask.query("do") {
            "vault" => read::<VaultList>(api, "/v1/vaults").await?.vaults,
            _ => Vec::new(),
        };
        let vaults: Vec<String> = vaults.into_iter().map(|vault| vault.id.as_str().to_owned()).collect();
        let seen = Seen { stops, posture, motions };
        let content = html! {
            p { (t!(ask, "stops-explained")) }
            (form(ask, &seen, &vaults))
            (in_force(ask, &seen))
            (posture_section(ask, &seen))
            (lifted(ask, &seen.stops))
        };
        Ok(Shown::page(t!(ask, "stops-title"), content))
    })
}

/// What a stop holds up.
pub fn scope(ask: &Ask, scope: &Scope) -> Markup {
    match scope {
        Scope::Organisation => html! { (t!(ask, "stops-everything")) },
        Scope::Vault(vault) => {
            html! { (t!(ask, "stops-vault")) " " a href={ "/vaults/" (vault) } { (vault) } }
        }
        Scope::Person(person) => html! { (t!(ask, "stops-person", name = person.as_str())) },
        Scope::Transfer(id) => {
            html! { a href={ "/transfers/" (id) } { (scope_text(ask, &Scope::Transfer(*id))) } }
        }
    }
}

/// The same as text.
pub fn scope_text(ask: &Ask, scope: &Scope) -> String {
    match scope {
        Scope::Organisation => t!(ask, "stops-everything"),
        Scope::Vault(vault) => format!("{} {vault}", t!(ask, "stops-vault")),
        Scope::Person(person) => t!(ask, "stops-person", name = person.as_str()),
        Scope::Transfer(id) => {
            t!(ask, "stops-transfer", id = id.to_string().chars().take(8).collect::<String>())
        }
    }
}

/// A posture's name.
pub fn posture_name(ask: &Ask, posture: PostureWord) -> String {
    match posture {
        PostureWord::Normal => t!(ask, "stops-normal"),
        PostureWord::Elevated => t!(ask, "stops-elevated"),
        PostureWord::Lockdown => t!(ask, "stops-lockdown"),
    }
}

/// A posture with its colour.
pub fn posture_badge(ask: &Ask, posture: PostureWord) -> Markup {
    let tone = match posture {
        PostureWord::Normal => Tone::Good,
        PostureWord::Elevated => Tone::Warn,
        PostureWord::Lockdown => Tone::Bad,
    };
    badge(tone, &posture_name(ask, posture))
}

const fn posture_word(posture: PostureWord) -> &'static str {
    match posture {
        PostureWord::Normal => "normal",
        PostureWord::Elevated => "elevated",
        PostureWord::Lockdown => "lockdown",
    }
}

const fn height(posture: PostureWord) -> u8 {
    match posture {
        PostureWord::Normal => 0,
        PostureWord::Elevated => 1,
        PostureWord::Lockdown => 2,
    }
}

// ---- the one form that is open ----

fn form(ask: &Ask, seen: &Seen, vaults: &[String]) -> Markup {
    let shown = match ask.query("do") {
        "everything" => {
            Some(place(ask, json!("organisation"), &hidden(), &t!(ask, "stops-everything-explained")))
        }
        "vault" => Some(stop_vault(ask, vaults)),
        "person" => {
            let person = field(
                "scope.person",
                Kind::Text,
                &t!(ask, "stops-which-person"),
                "",
                &t!(ask, "stops-which-person-hint"),
            );
            Some(place(ask, json!({}), &person, &t!(ask, "stops-person-explained")))
        }
        "raise" => raise(ask, seen.posture),
        "lower" => lower(ask, seen.posture),
        _ => lift(ask, seen),
    };
    html! {
        @match shown {
            Some(shown) => section.card { (shown) p { a href=(ask.path) { (t!(ask, "stops-not-now")) } } },
            None => div.row {
                a.button.bad href={ (ask.path) "?do=everything" } { (t!(ask, "stops-do-everything")) }
                a.button.bad href={ (ask.path) "?do=vault" } { (t!(ask, "stops-do-vault")) }
                a.button.bad href={ (ask.path) "?do=person" } { (t!(ask, "stops-do-person")) }
                a.button.quiet href="/transfers?status=pending" { (t!(ask, "stops-do-transfer")) }
            },
        }
    }
}

/// For a form that is posted without a script.
fn hidden() -> Markup {
    html! { input type="hidden" name="scope" value="organisation"; }
}

fn stop_vault(ask: &Ask, vaults: &[String]) -> Markup {
    if vaults.is_empty() {
        return nothing(&t!(ask, "stops-no-vault"));
    }
    let options: Vec<(String, String)> = vaults.iter().map(|vault| (vault.clone(), vault.clone())).collect();
    let which = choice("scope.vault", &t!(ask, "stops-which-vault"), &options, ask.query("vault"));
    place(ask, json!({}), &which, &t!(ask, "stops-vault-explained"))
}

fn place(ask: &Ask, scope: Value, which: &Markup, explained: &str) -> Markup {
    let act = Act {
        id: "place",
        path: "/v1/stops",
        command: json!({ "scope": scope }),
        label: &t!(ask, "stops-place"),
        tone: Tone::Bad,
        then: Some("/stops"),
        held: Some("/stops"),
    };
    let fields = html! {
        (which)
        (field("reason", Kind::Text, &t!(ask, "stops-reason"), "", &t!(ask, "stops-reason-hint")))
    };
    html! { h2 { (t!(ask, "stops-place-title")) } p { (explained) } (open(ask, &act, &fields)) }
}

fn postures(ask: &Ask, fitting: impl Fn(u8) -> bool) -> Vec<(String, String)> {
    let fitting = POSTURES.into_iter().filter(|posture| fitting(height(*posture)));
    fitting.map(|posture| (posture_word(posture).to_owned(), posture_name(ask, posture))).collect()
}

fn raise(ask: &Ask, now: PostureWord) -> Option<Markup> {
    let higher = postures(ask, |other| other > height(now));
    let (first, _) = higher.first()?;
    let act = Act {
        id: "raise",
        path: "/v1/posture/raise",
        command: json!({ "to": first }),
        label: &t!(ask, "stops-raise"),
        tone: Tone::Bad,
        then: Some("/stops"),
        held: Some("/stops/posture"),
    };
    let to = choice("to", &t!(ask, "stops-to"), &higher, first);
    Some(
        html! { h2 { (t!(ask, "stops-raise")) } p { (t!(ask, "stops-raise-explained")) } (open(ask, &act, &to)) },
    )
}

fn lower(ask: &Ask, now: PostureWord) -> Option<Markup> {
    let lower = postures(ask, |other| other < height(now));
    let (first, _) = lower.first()?;
    let act = Act {
        id: "lower",
        path: "/v1/posture/lower",
        command: json!({ "to": first }),
        label: &t!(ask, "stops-lower"),
        tone: Tone::Going,
        then: Some("/motions/{motion}"),
        held: None,
    };
    let to = choice("to", &t!(ask, "stops-to"), &lower, first);
    Some(
        html! { h2 { (t!(ask, "stops-lower")) } p { (t!(ask, "stops-lower-explained")) } (open(ask, &act, &to)) },
    )
}

fn lift(ask: &Ask, seen: &Seen) -> Option<Markup> {
    let id = ask.query("lift").parse::<u64>().ok()?;
    let stop = seen.stops.iter().find(|stop| stop.id == id && stop.lifted_at.is_none())?;
    let path = format!("/v1/stops/{id}/lift");
    let act = Act {
        id: "lift",
        path: &path,
        command: json!({}),
        label: &t!(ask, "stops-lift"),
        tone: Tone::Going,
        then: Some("/motions/{motion}"),
        held: None,
    };
    Some(html! {
        h2 { (t!(ask, "stops-lift-title")) }
        p { strong { (scope(ask, &stop.scope)) } @if !stop.reason.is_empty() { " · " (stop.reason) } }
        p { (t!(ask, "stops-lift-explained")) }
        (open(ask, &act, &html! {}))
    })
}

// ---- what there is ----

fn in_force(ask: &Ask, seen: &Seen) -> Markup {
    let stops: Vec<&Stop> = seen.stops.iter().rev().filter(|stop| stop.lifted_at.is_none()).collect();
    html! {
        section {
            h2 { (t!(ask, "stops-in-force")) @if !stops.is_empty() { " " span.soft { "(" (stops.len()) ")" } } }
            @if stops.is_empty() { (nothing(&t!(ask, "stops-none"))) }
            @else {
                ul.list { @for stop in stops.iter().take(STOPS_SHOWN) { (one(ask, stop, &seen.motions)) } }
                @if stops.len() > STOPS_SHOWN { p.soft { (t!(ask, "stops-more", n = stops.len() - STOPS_SHOWN)) } }
            }
        }
    }
}

fn one(ask: &Ask, stop: &Stop, motions: &[Motion]) -> Markup {
    let is_lift =
        |motion: &&Motion| motion.status == "pending" && motion.proposal == ProposalWord::Lift(stop.id);
    let lift = motions.iter().find(is_lift);
    html! {
        li.card id={ "stop-" (stop.id) } {
            div.spread {
                strong { (scope(ask, &stop.scope)) }
                (badge(Tone::Bad, &t!(ask, "stops-holds")))
            }
            @if !stop.reason.is_empty() { p { (stop.reason) } }
            p.soft { (t!(ask, "stops-since")) " " (time::moment(ask, stop.since)) @if stop.yours { " · " (t!(ask, "stops-yours")) } }
            @match lift {
                Some(motion) => p { a href={ "/motions/" (motion.id) } { (t!(ask, "stops-lift-proposed")) } },
                None => p { a href={ (ask.path) "?lift=" (stop.id) } { (t!(ask, "stops-lift")) } },
            }
        }
    }
}

fn posture_section(ask: &Ask, seen: &Seen) -> Markup {
    let lowering =
        |motion: &&Motion| motion.status == "pending" && matches!(motion.proposal, ProposalWord::Lower(_));
    let motion = seen.motions.iter().find(lowering);
    let explained = |posture: PostureWord| match posture {
        PostureWord::Normal => t!(ask, "stops-normal-explained"),
        PostureWord::Elevated => t!(ask, "stops-elevated-explained"),
        PostureWord::Lockdown => t!(ask, "stops-lockdown-explained"),
    };
    html! {
        section {
            h2 { (t!(ask, "stops-posture")) }
            dl {
                @for posture in POSTURES {
                    @let now = posture == seen.posture;
                    div.fact {
                        dt {
                            @if now { (posture_badge(ask, posture)) " " (t!(ask, "stops-now")) }
                            @else { (badge(Tone::Quiet, &posture_name(ask, posture))) }
                        }
                        dd { (explained(posture)) }
                    }
                }
            }
            @if let Some(motion) = motion {
                (notice(Tone::Going, &html! { p { a href={ "/motions/" (motion.id) } { (t!(ask, "stops-lower-proposed")) } } }))
            }
            div.row {
                @if seen.posture != PostureWord::Lockdown { a.button.bad href={ (ask.path) "?do=raise" } { (t!(ask, "stops-raise")) } }
                @if seen.posture != PostureWord::Normal { a.button.quiet href={ (ask.path) "?do=lower" } { (t!(ask, "stops-lower")) } }
            }
            p.hint { (t!(ask, "stops-raise-explained")) " " (t!(ask, "stops-lower-explained")) }
        }
    }
}

/// Newest first; older ones by `before`, a stop's number.
fn lifted(ask: &Ask, stops: &[Stop]) -> Markup {
    let before = ask.query("before").parse::<u64>().unwrap_or(u64::MAX);
    let past: Vec<&Stop> =
        stops.iter().rev().filter(|stop| stop.lifted_at.is_some() && stop.id < before).collect();
    let heads =
        [t!(ask, "stops-what"), t!(ask, "stops-reason"), t!(ask, "stops-from"), t!(ask, "stops-lifted-at")];
    let page = past.iter().take(STOPS_SHOWN);
    let rows = html! {
        @for stop in page.clone() {
            tr {
                td { (scope(ask, &stop.scope)) }
                td { (stop.reason) }
                td { (time::moment(ask, stop.since)) }
                td { @if let Some(at) = stop.lifted_at { (time::moment(ask, at)) } }
            }
        }
    };
    html! {
        @if !past.is_empty() {
            section {
                h2 { (t!(ask, "stops-lifted")) }
                (table(&t!(ask, "stops-lifted"), &heads, &rows))
                @if past.len() > STOPS_SHOWN {
                    @if let Some(last) = page.clone().next_back() { p { a href={ (ask.path) "?before=" (last.id) } { (t!(ask, "stops-older")) } } }
                }
            }
        }
    }
}

// ---- without a script ----

/// Places a stop at once, also without a script.
pub fn place_posted<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let named = |name: &str| Some(ask.field(name).trim()).filter(|value| !value.is_empty());
        let scope = match (named("scope"), named("scope.vault"), named("scope.person")) {
            (Some("organisation"), None, None) => json!("organisation"),
            (None, Some(vault), None) => json!({ "vault": vault }),
            (None, None, Some(person)) => json!({ "person": person }),
            _ => return Err(problem(Code::CommandInvalid)),
        };
        api.hold("/v1/stops", json!({ "scope": scope, "reason": ask.field("reason") })).await?;
        Ok(Shown::Go("/stops".to_owned()))
    })
}

/// Raises the posture at once, also without a script.
pub fn raise_posted<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        api.hold("/v1/posture/raise", json!({ "to": ask.field("to") })).await?;
        Ok(Shown::Go("/stops".to_owned()))
    })
}
