//! `/enrol`: the person's own part of an enrolment: the code that was handed over, a passkey of their device, and their phrase, once.
//!
//! What it gives is something that colleagues propose and endorse; nothing is in force by itself (G4). Needs no session and reads nothing.

use maud::{Markup, html};

use super::ceremony;
use super::sign_in::{name_field, plain_input};
use crate::ask::{Api, Ask, Pending, Shown};
use crate::parts::{Tone, notice};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let content = html! {
            (begin(ask))
            (ceremony::steps(ask, "/sign-in"))
            p { a href="/sign-in" { (t!(ask, "enrol-back")) } }
        };
        Ok(Shown::still(t!(ask, "enrol-title"), content).with_scripts(&["enrol.js"]))
    })
}

fn begin(ask: &Ask) -> Markup {
    html! {
        section.card id="begin" data-stage {
            p { (t!(ask, "enrol-explained")) }
            form id="enrol" autocomplete="off" {
                (name_field(ask, "enrol-name"))
                label for="enrol-code" { (t!(ask, "enrol-code")) }
                (plain_input("enrol-code", false))
                p.hint { (t!(ask, "enrol-code-hint")) }
                (ceremony::list_choice(ask))
                (ceremony::alone(ask))
                p.status role="status" {}
                div.row { button disabled { (t!(ask, "enrol-make")) } }
            }
            noscript { (notice(Tone::Warn, &html! { p { (t!(ask, "act-needs-script")) } })) }
        }
    }
}
