//! Pushes to this browser: "something waits for you", without amounts and names (G9). Whether they are on is known to the browser alone.

use maud::{Markup, html};

use crate::ask::Ask;
use crate::t;

/// The section. `offered`: whether this server sends pushes.
pub fn section(ask: &Ask, offered: bool) -> Markup {
    html! {
        section.card id="notifications" {
            h2 { (t!(ask, "me-push")) }
            @if offered {
                p { (t!(ask, "me-push-explained")) }
                div id="push" {
                    p.status role="status" {}
                    div.row {
                        button.quiet type="button" id="push-on" hidden { (t!(ask, "me-push-on")) }
                        button.quiet type="button" id="push-off" hidden { (t!(ask, "me-push-off")) }
                    }
                }
                p.hint { (t!(ask, "me-push-hint")) }
            } @else {
                p { (t!(ask, "me-push-none")) }
            }
        }
    }
}
