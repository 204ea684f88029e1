//! `/motions` and `/motions/{id}`: what is proposed, how it stands, and to endorse or end it (G5). Never who proposed or endorsed, but for
//! what you did yourself (G9).

mod difference;

use api::{
    ChangeText, Code, CredentialProposal, Motion, MotionList, ProposalWord, Rules, SourceText, Stop, StopList,
};
use maud::{Markup, html};
use serde_json::json;
use types::Hash;

use self::difference::{Line, difference};
use super::stops::{posture_name, scope, scope_text};
use crate::ask::{Api, Ask, Pending, Shown, problem, read};
use crate::parts::act::{Act, folded};
use crate::parts::{Tone, badge, fact, nothing, notice, table, time};
use crate::t;

/// The most of a list on one page.
const MOTIONS_SHOWN: usize = 50;

/// The list.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let MotionList { motions } = read(api, "/v1/motions").await?;
        let StopList { stops } = read(api, "/v1/stops").await?;
        let (pending, past): (Vec<&Motion>, Vec<&Motion>) =
            motions.iter().rev().partition(|motion| is_open(motion));
        let content = html! {
            p { (t!(ask, "motions-explained")) }
            div.row {
                a.button.quiet href="/policy/edit" { (t!(ask, "motions-new-change")) }
                a.button.quiet href="/stops" { (t!(ask, "motions-new-lift")) }
                a.button.quiet href="/me" { (t!(ask, "motions-new-credential")) }
            }
            section {
                h2 { (t!(ask, "motions-pending")) @if !pending.is_empty() { " " span.soft { "(" (pending.len()) ")" } } }
                @if pending.is_empty() { (nothing(&t!(ask, "motions-none"))) }
                @else { ul.list { @for motion in pending.iter().take(MOTIONS_SHOWN) { (card(ask, motion, &stops)) } } }
                @if pending.len() > MOTIONS_SHOWN { p.soft { (t!(ask, "motions-more", n = pending.len() - MOTIONS_SHOWN)) } }
            }
            (decided(ask, &past, &stops))
        };
        Ok(Shown::page(t!(ask, "motions-title"), content))
    })
}

/// Whether people can still do something about it: it waits, or is in force until somebody of another home joins.
pub fn is_open(motion: &Motion) -> bool {
    motion.status == "pending" || is_provisional(motion)
}

fn is_provisional(motion: &Motion) -> bool {
    motion.status == "passed" && motion.lapses_at.is_some()
}

/// Whether this person's endorsement may still count: never twice, never for what becomes of one's own credential, and of one's own proposals only for
/// lifts and lowerings, where proposing is not yet endorsing.
pub fn may_endorse(ask: &Ask, motion: &Motion) -> bool {
    let own = match &motion.proposal {
        ProposalWord::Lift(_) | ProposalWord::Lower(_) => false,
        ProposalWord::Change => motion.yours,
        ProposalWord::Credential(CredentialProposal { of, .. }) | ProposalWord::Revoke(of) => {
            motion.yours || ask.is(of.as_str())
        }
    };
    is_open(motion) && !motion.endorsed_by_you && !own
}

/// What is proposed, in a line.
pub fn title(ask: &Ask, motion: &Motion, stops: &[Stop]) -> String {
    match &motion.proposal {
        ProposalWord::Lift(id) => match stops.iter().find(|stop| stop.id == *id) {
            Some(stop) => t!(ask, "motions-lift", what = scope_text(ask, &stop.scope)),
            None => t!(ask, "motions-lift-gone"),
        },
        ProposalWord::Lower(to) => t!(ask, "motions-lower", to = posture_name(ask, *to)),
        ProposalWord::Change => match motion.direction.as_deref() {
            Some("tightens") => t!(ask, "motions-change-tightens"),
            Some("loosens") => t!(ask, "motions-change-loosens"),
            Some("mixed") => t!(ask, "motions-change-mixed"),
            Some("equal") => t!(ask, "motions-change-equal"),
            _ => t!(ask, "motions-change"),
        },
        ProposalWord::Credential(new) => match new.kind.as_str() {
            "device" => t!(ask, "motions-device", name = new.of.as_str()),
            "phrase" => t!(ask, "motions-phrase", name = new.of.as_str()),
            _ => t!(ask, "motions-whole", name = new.of.as_str()),
        },
        ProposalWord::Revoke(of) => t!(ask, "motions-revoke", name = of.as_str()),
    }
}

/// Where it stands, as a badge.
pub fn status(ask: &Ask, motion: &Motion) -> Markup {
    let (tone, word) = match motion.status.as_str() {
        "pending" if motion.met => (Tone::Going, t!(ask, "motions-status-waits")),
        "pending" => (Tone::Going, t!(ask, "motions-status-open")),
        "passed" if motion.lapses_at.is_some() => (Tone::Warn, t!(ask, "motions-status-provisional")),
        "passed" => (Tone::Good, t!(ask, "motions-status-passed")),
        "declined" => (Tone::Bad, t!(ask, "motions-status-declined")),
        "expired" => (Tone::Quiet, t!(ask, "motions-status-expired")),
        "lapsed" => (Tone::Quiet, t!(ask, "motions-status-lapsed")),
        _ => (Tone::Bad, t!(ask, "motions-status-ended")),
    };
    badge(tone, &word)
}

fn card(ask: &Ask, motion: &Motion, stops: &[Stop]) -> Markup {
    html! {
        li.card {
            div.spread {
                a href={ "/motions/" (motion.id) } { strong { (title(ask, motion, stops)) } }
                (status(ask, motion))
            }
            p.soft { (t!(ask, "motions-proposed")) " " (time::moment(ask, motion.proposed_at)) (own(ask, motion)) }
            (wait(ask, motion))
        }
    }
}

fn own(ask: &Ask, motion: &Motion) -> Markup {
    html! {
        @if motion.yours { " · " (t!(ask, "motions-yours")) }
        @if motion.endorsed_by_you { " · " (t!(ask, "motions-endorsed")) }
    }
}

/// What it waits for.
pub fn wait(ask: &Ask, motion: &Motion) -> Markup {
    html! {
        @if let (true, Some(at)) = (is_provisional(motion), motion.lapses_at) {
            p { (t!(ask, "motions-lapses")) " " (time::until(ask, at)) " " (t!(ask, "motions-lapses-unless")) }
        } @else if motion.status == "pending" {
            @match motion.ready_at {
                Some(at) if motion.met => p { (t!(ask, "motions-ready")) " " (time::until(ask, at)) },
                _ => p { (t!(ask, "motions-needs")) },
            }
        }
    }
}

/// Newest first; older ones by `before`, how many newer ones there are.
fn decided(ask: &Ask, past: &[&Motion], stops: &[Stop]) -> Markup {
    let from = ask.query("before").parse::<usize>().unwrap_or(0);
    let heads = [t!(ask, "motions-what"), t!(ask, "motions-when"), t!(ask, "motions-became")];
    let rows = html! {
        @for motion in past.iter().skip(from).take(MOTIONS_SHOWN) {
            tr {
                td { a href={ "/motions/" (motion.id) } { (title(ask, motion, stops)) } }
                td { (time::moment(ask, motion.proposed_at)) }
                td { (status(ask, motion)) }
            }
        }
    };
    let next = from.saturating_add(MOTIONS_SHOWN);
    html! {
        @if !past.is_empty() {
            section {
                h2 { (t!(ask, "motions-decided")) }
                (table(&t!(ask, "motions-decided"), &heads, &rows))
                @if next < past.len() { p { a href={ (ask.path) "?before=" (next) } { (t!(ask, "motions-older")) } } }
            }
        }
    }
}

/// One motion.
pub fn one<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let id = Hash::parse(ask.parameter("id")).map_err(|_| problem(Code::NotFound))?;
        let MotionList { motions } = read(api, "/v1/motions").await?;
        let motion =
            motions.into_iter().find(|motion| motion.id == id).ok_or_else(|| problem(Code::NotFound))?;
        let StopList { stops } = read(api, "/v1/stops").await?;
        // One file for rules and register: then nobody but auditors reads the rules, here neither.
        let rules = match &motion.change {
            Some(_) => {
                read::<Rules>(api, "/v1/policy/rules").await.map(|rules| rules.sources).unwrap_or_default()
            }
            None => Vec::new(),
        };
        let content = html! {
            div.row { (status(ask, &motion)) span.soft { (t!(ask, "motions-proposed")) " " (time::moment(ask, motion.proposed_at)) (own(ask, &motion)) } }
            section {
                h2 { (t!(ask, "motions-what")) }
                (explained(ask, &motion, &stops))
            }
            (standing(ask, &motion))
            (acts(ask, &motion))
            @if let Some(change) = &motion.change { (change_text(ask, change, &rules)) }
        };
        Ok(Shown::page(title(ask, &motion, &stops), content))
    })
}

/// What would come of it, in sentences.
fn explained(ask: &Ask, motion: &Motion, stops: &[Stop]) -> Markup {
    match &motion.proposal {
        ProposalWord::Lift(id) => html! {
            @if let Some(stop) = stops.iter().find(|stop| stop.id == *id) {
                div.card {
                    p { strong { (scope(ask, &stop.scope)) } }
                    @if !stop.reason.is_empty() { p { (stop.reason) } }
                    p.soft { (t!(ask, "stops-since")) " " (time::moment(ask, stop.since)) }
                }
            }
            p { (t!(ask, "motions-lift-explained")) }
        },
        ProposalWord::Lower(_) => html! { p { (t!(ask, "motions-lower-explained")) } },
        ProposalWord::Change => html! { p { (direction(ask, motion)) } },
        ProposalWord::Credential(new) => credential(ask, motion, new),
        ProposalWord::Revoke(_) => html! { p { (t!(ask, "motions-revoke-explained")) } },
    }
}

fn direction(ask: &Ask, motion: &Motion) -> String {
    match motion.direction.as_deref() {
        Some("tightens") => t!(ask, "motions-tightens-explained"),
        Some("loosens") => t!(ask, "motions-loosens-explained"),
        Some("mixed") => t!(ask, "motions-mixed-explained"),
        Some("equal") => t!(ask, "motions-equal-explained"),
        _ => t!(ask, "motions-change-explained"),
    }
}

/// Whose, what, and the digits that they read out.
fn credential(ask: &Ask, motion: &Motion, new: &CredentialProposal) -> Markup {
    let what = match new.kind.as_str() {
        "device" => t!(ask, "motions-device-explained", name = new.of.as_str()),
        "phrase" => t!(ask, "motions-phrase-explained", name = new.of.as_str()),
        _ => t!(ask, "motions-whole-explained", name = new.of.as_str()),
    };
    let concerned = ask.is(new.of.as_str());
    html! {
        p { (what) }
        div.card {
            p.soft { (t!(ask, "motions-fingerprint")) }
            p.big { code { (new.fingerprint) } }
            @if concerned { p { (t!(ask, "motions-fingerprint-yours")) } }
            @else if is_open(motion) {
                ol {
                    li { (t!(ask, "motions-call", name = new.of.as_str())) }
                    li { (t!(ask, "motions-compare")) }
                    li { (t!(ask, "motions-otherwise")) }
                }
            }
        }
    }
}

fn standing(ask: &Ask, motion: &Motion) -> Markup {
    html! {
        @if is_open(motion) {
            section {
                h2 { (t!(ask, "motions-stands")) }
                dl {
                    (fact(&t!(ask, "motions-quorum"), &html! {
                        @if motion.met || is_provisional(motion) { (t!(ask, "motions-quorum-met")) } @else { (t!(ask, "motions-quorum-open")) }
                    }))
                    (fact(&t!(ask, "motions-then"), &wait(ask, motion)))
                }
            }
        } @else {
            (notice(Tone::Quiet, &html! { p { (outcome(ask, motion)) } }))
        }
    }
}

/// What became of it. Why it was declined is not said: an objection looks the same.
fn outcome(ask: &Ask, motion: &Motion) -> String {
    match motion.status.as_str() {
        "passed" => t!(ask, "motions-outcome-passed"),
        "declined" => t!(ask, "motions-outcome-declined"),
        "expired" => t!(ask, "motions-outcome-expired"),
        "lapsed" => t!(ask, "motions-outcome-lapsed"),
        _ => t!(ask, "motions-outcome-ended"),
    }
}

fn acts(ask: &Ask, motion: &Motion) -> Markup {
    let endorse_path = format!("/v1/motions/{}/endorse", motion.id);
    let endorse = Act {
        id: "endorse",
        path: &endorse_path,
        command: json!({}),
        label: &t!(ask, "motions-endorse"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    let end_path = format!("/v1/motions/{}/end", motion.id);
    let end = Act {
        id: "end",
        path: &end_path,
        command: json!({}),
        label: &t!(ask, "motions-end"),
        tone: Tone::Bad,
        then: None,
        held: None,
    };
    let endorse_explained = match motion.proposal {
        ProposalWord::Credential(_) => t!(ask, "motions-endorse-credential"),
        _ => t!(ask, "motions-endorse-explained"),
    };
    html! {
        @if is_open(motion) {
            div.row {
                @if may_endorse(ask, motion) { (folded(ask, &endorse, &endorse_explained, &html! {})) }
                @if motion.status == "pending" { (folded(ask, &end, &t!(ask, "motions-end-explained"), &html! {})) }
            }
            @if !may_endorse(ask, motion) && !motion.endorsed_by_you { p.hint { (t!(ask, "motions-not-yours-to-endorse")) } }
        }
    }
}

// ---- the text of a change ----

fn change_text(ask: &Ask, change: &ChangeText, in_force: &[SourceText]) -> Markup {
    let whole = ask.query("text") == "whole";
    html! {
        section {
            h2 { (t!(ask, "motions-rules")) }
            p { (t!(ask, "motions-rules-explained")) }
            dl { (fact(&t!(ask, "motions-rules-hash"), &html! { code { (change.hash) } })) }
            @for file in &change.rules {
                h3 { code { (file.name) } }
                @if whole { pre tabindex="0" { (file.text) } } @else { (compared(ask, file, in_force)) }
            }
            @for file in in_force.iter().filter(|file| !change.rules.iter().any(|new| new.name == file.name)) {
                h3 { code { (file.name) } }
                p { (t!(ask, "motions-file-gone")) }
            }
            p {
                @if whole { a href=(ask.path) { (t!(ask, "motions-show-difference")) } }
                @else { a href={ (ask.path) "?text=whole" } { (t!(ask, "motions-show-whole")) } }
            }
        }
    }
}

fn compared(ask: &Ask, file: &SourceText, in_force: &[SourceText]) -> Markup {
    let Some(before) = in_force.iter().find(|other| other.name == file.name) else {
        return html! { p { (t!(ask, "motions-file-new")) } pre tabindex="0" { (file.text) } };
    };
    if before.text == file.text {
        return html! { p.soft { (t!(ask, "motions-file-same")) } };
    }
    match difference(&before.text, &file.text) {
        Some(lines) => html! { pre.compared tabindex="0" { @for line in lines { (line_of(ask, line)) } } },
        None => html! { p { (t!(ask, "motions-file-other")) } },
    }
}

fn line_of(ask: &Ask, line: Line<'_>) -> Markup {
    html! {
        @match line {
            Line::Same(line) => { "  " (line) },
            Line::Gone(line) => del { "- " (line) },
            Line::New(line) => ins { "+ " (line) },
            Line::Skipped(count) => span.soft { "  " (t!(ask, "motions-skipped", n = count)) },
        }
        "\n"
    }
}
