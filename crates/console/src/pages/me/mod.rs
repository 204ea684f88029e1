//! `/me`: one's own entry and nobody else's (G9): groups and places, check-ins, phrase, devices, dossier, pushes to this browser.
//!
//! Nothing here says what was missed or found (G3): what is shown is what its owner did. The page stands still, because a phrase may be
//! on its screen.

mod check_ins;
mod credentials;
mod dossier;
mod push;

use api::{CheckIns, Me, OwnDossier};
use maud::{Markup, html};

use super::ceremony;
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::fact;
use crate::t;

pub use credentials::{kind, short};

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let me = read::<Me>(api, "/v1/me").await?;
        let check_ins = read::<CheckIns>(api, "/v1/check-ins").await?;
        let dossier = read::<OwnDossier>(api, "/v1/me/dossier").await?;
        // A server that sends no pushes has no key for them.
        let pushes = api.get("/v1/push").await.is_ok();
        let content = html! {
            div id="own" data-stage {
                (own(ask, &me))
                (check_ins::section(ask, &check_ins))
                (credentials::phrase(ask))
                (credentials::devices(ask, &me.devices))
                (dossier::section(ask, &dossier))
                (push::section(ask, pushes))
            }
            (ceremony::steps(ask, "/me"))
        };
        Ok(Shown::still(t!(ask, "me-title"), content).with_scripts(&["me.js", "push.js"]))
    })
}

fn own(ask: &Ask, me: &Me) -> Markup {
    html! {
        section.card {
            h2 { (t!(ask, "me-own")) }
            dl {
                (fact(&t!(ask, "me-name"), &html! { strong { (me.person) } }))
                (fact(&t!(ask, "me-groups"), &names(ask, &me.groups)))
                (fact(&t!(ask, "me-places"), &names(ask, &me.places)))
            }
            p.hint { (t!(ask, "me-own-hint")) }
        }
    }
}

fn names<T: std::fmt::Display>(ask: &Ask, names: &[T]) -> Markup {
    let listed = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    html! { @if listed.is_empty() { span.soft { (t!(ask, "me-none")) } } @else { (listed) } }
}
