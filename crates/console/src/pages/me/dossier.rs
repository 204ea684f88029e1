//! The own dossier: when it was handed in, and how a new one is. It is sealed on its owner's machine; this server never sees what is in it (G9).

use api::OwnDossier;
use maud::{Markup, html};

use crate::ask::Ask;
use crate::parts::time::moment;
use crate::parts::{Tone, fact, notice};
use crate::t;

/// What its owner types, on the own machine.
pub const COMMANDS: &str =
    "rempart dossier new > dossier.toml\nrempart dossier seal dossier.toml --key OWN.key\n";

/// The section.
pub fn section(ask: &Ask, own: &OwnDossier) -> Markup {
    html! {
        section.card id="dossier" {
            h2 { (t!(ask, "me-dossier")) }
            p { (t!(ask, "me-dossier-explained")) }
            @if own.due { (notice(Tone::Warn, &html! { p { (because(ask, own.because.as_deref())) } })) }
            @if let Some(newest) = own.revisions.last() {
                dl {
                    (fact(&t!(ask, "me-dossier-newest"), &html! { (moment(ask, newest.kept_at)) }))
                    (fact(&t!(ask, "me-dossier-revision"), &html! { (newest.revision) }))
                }
                @if own.revisions.len() > 1 {
                    details {
                        summary { (t!(ask, "me-dossier-earlier")) }
                        ul { @for one in own.revisions.iter().rev().skip(1) { li { (one.revision) " · " (moment(ask, one.kept_at)) } } }
                    }
                }
            }
            details {
                summary { (t!(ask, "me-dossier-how")) }
                p { (t!(ask, "me-dossier-how-explained")) }
                pre tabindex="0" { code { (COMMANDS) } }
            }
        }
    }
}

fn because(ask: &Ask, reason: Option<&str>) -> String {
    match reason {
        Some("missing") => t!(ask, "me-dossier-missing"),
        Some("readers") => t!(ask, "me-dossier-readers"),
        _ => t!(ask, "me-dossier-old"),
    }
}
