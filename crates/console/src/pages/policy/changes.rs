//! What is about to change the rules, and in which direction. Called by the pages of the policy.

use api::{Motion, ProposalWord};
use maud::{Markup, html};

use crate::ask::Ask;
use crate::parts::{Tone, badge, nothing, time};
use crate::t;

/// The changes that are not decided yet, and those that still lapse unless somebody confirms them.
pub fn pending(ask: &Ask, motions: &[Motion]) -> Markup {
    let is_open = |motion: &&Motion| motion.status == "pending" || motion.lapses_at.is_some();
    let changes = motions.iter().filter(|motion| motion.proposal == ProposalWord::Change);
    let open: Vec<&Motion> = changes.filter(is_open).collect();
    html! {
        section {
            h2 { (t!(ask, "policy-pending")) }
            ul.list { @for motion in &open { li.card { (one(ask, motion)) } } }
            @if open.is_empty() { (nothing(&t!(ask, "policy-none-pending"))) }
        }
    }
}

fn one(ask: &Ask, motion: &Motion) -> Markup {
    html! {
        p.spread {
            a href={ "/motions/" (motion.id) } { (t!(ask, "policy-change-of")) " " (time::moment(ask, motion.proposed_at)) }
            @if let Some(direction) = &motion.direction { (direction_badge(ask, direction)) }
        }
        @if motion.yours { p.soft { (t!(ask, "policy-yours")) } }
        @if let Some(lapses_at) = motion.lapses_at {
            p { (t!(ask, "policy-lapses")) " " (time::until(ask, lapses_at)) }
        } @else if let Some(ready_at) = motion.ready_at {
            p { (t!(ask, "policy-ready")) " " (time::until(ask, ready_at)) }
        } @else {
            p { (t!(ask, "policy-wants-approvals")) }
        }
    }
}

/// A direction as a word; what is not known is shown as it is.
pub fn direction_badge(ask: &Ask, direction: &str) -> Markup {
    let (tone, word) = match direction {
        "tightens" => (Tone::Good, t!(ask, "policy-tightens")),
        "loosens" => (Tone::Warn, t!(ask, "policy-loosens")),
        "mixed" => (Tone::Warn, t!(ask, "policy-mixed")),
        "equal" => (Tone::Quiet, t!(ask, "policy-equal")),
        other => (Tone::Quiet, other.to_owned()),
    };
    badge(tone, &word)
}
