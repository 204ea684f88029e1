//! The own phrase and devices: another phrase by the private ceremony, a further passkey, taking devices away (G4, G5).
//!
//! What is added is a motion that others must agree to; what is taken away is gone at once.

use api::DeviceEntry;
use maud::{Markup, html};
use serde_json::json;

use crate::ask::Ask;
use crate::pages::ceremony;
use crate::parts::act::{Act, folded};
use crate::parts::{Tone, badge, nothing};
use crate::t;

/// How much of a device's id is shown: enough to tell one's own apart.
const ID_SHOWN: usize = 8;

/// A device's id as people compare it, here and among the sessions.
pub fn short(id: &types::Hash) -> String {
    id.to_string().chars().take(ID_SHOWN).collect()
}

/// What a device is.
pub fn kind(ask: &Ask, kind: &str) -> String {
    match kind {
        "passkey" => t!(ask, "me-device-passkey"),
        _ => t!(ask, "me-device-key"),
    }
}

/// Another phrase.
pub fn phrase(ask: &Ask) -> Markup {
    let label = t!(ask, "me-phrase-draw");
    let act = Act {
        id: "phrase",
        path: "/v1/me/phrase",
        command: json!({}),
        label: &label,
        tone: Tone::Quiet,
        then: None,
        held: None,
    };
    let fields = html! { (ceremony::alone(ask)) (ceremony::list_choice(ask)) };
    html! {
        section.card {
            h2 { (t!(ask, "me-phrase")) }
            p { (t!(ask, "me-phrase-explained")) }
            p { a href="/practice" { (t!(ask, "practice-title")) } }
            div.row { (folded(ask, &act, &t!(ask, "me-phrase-how"), &fields)) }
        }
    }
}

/// The devices.
pub fn devices(ask: &Ask, devices: &[DeviceEntry]) -> Markup {
    html! {
        section.card id="devices" {
            h2 { (t!(ask, "me-devices")) }
            @if devices.is_empty() { (nothing(&t!(ask, "me-devices-none"))) }
            ul.list { @for device in devices { li { (one(ask, device)) } } }
            div.row { (add(ask)) (revoke_all(ask)) }
        }
    }
}

fn one(ask: &Ask, device: &DeviceEntry) -> Markup {
    let id = short(&device.id);
    let form = format!("revoke-{id}");
    let label = t!(ask, "me-device-revoke");
    let act = Act {
        id: &form,
        path: "/v1/me/revoke",
        command: json!({ "device": device.id }),
        label: &label,
        tone: Tone::Bad,
        then: None,
        held: None,
    };
    html! {
        div.spread {
            span { (kind(ask, &device.kind)) " " span.mono { (id) } " "
                @if device.muted { (badge(Tone::Warn, &t!(ask, "me-device-muted"))) } }
            (folded(ask, &act, &t!(ask, "me-device-revoke-explained"), &html! {}))
        }
    }
}

fn add(ask: &Ask) -> Markup {
    let label = t!(ask, "me-device-add");
    let act = Act {
        id: "device",
        path: "/v1/me/devices",
        command: json!({}),
        label: &label,
        tone: Tone::Quiet,
        then: Some("/motions/{motion}"),
        held: None,
    };
    // The script has the device make the passkey before anything is signed.
    let made = html! { input type="hidden" data-field="device" data-kind="passkey"; };
    folded(ask, &act, &t!(ask, "me-device-add-explained"), &made)
}

fn revoke_all(ask: &Ask) -> Markup {
    let label = t!(ask, "me-device-revoke-all");
    let act = Act {
        id: "revoke-all",
        path: "/v1/me/revoke",
        command: json!({}),
        label: &label,
        tone: Tone::Bad,
        then: None,
        held: None,
    };
    folded(ask, &act, &t!(ask, "me-device-revoke-all-explained"), &html! {})
}
