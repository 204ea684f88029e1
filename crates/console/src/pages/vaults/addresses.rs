//! Addresses that were handed out: the newest, or one that was picked, with its QR code; the others in a table; a new one as an act.

use api::{AddressList, NewAddress, ShownAddress};
use maud::{Markup, html};
use serde_json::json;
use types::VaultId;

use super::qr;
use crate::ask::Ask;
use crate::parts::act::{Act, Kind, field, folded};
use crate::parts::{Tone, nothing, table, time};
use crate::t;

/// How many stand in the table.
const ADDRESSES_SHOWN: usize = 10;
/// A side of the QR code, in pixels.
const QR_SIDE: u32 = 208;

/// The section.
pub fn section(ask: &Ask, vault: &VaultId, list: &AddressList) -> Markup {
    let picked = ask.query("address").parse::<u32>().ok();
    let chosen = match picked {
        Some(index) => list.addresses.iter().find(|address| address.index == index),
        None => list.addresses.last(),
    };
    html! {
        section id="receive" {
            h2 { (t!(ask, "vaults-receive")) }
            @match chosen {
                Some(address) => (one(ask, address)),
                None => (nothing(&t!(ask, "vaults-addresses-none"))),
            }
            (new(ask, vault))
            @if list.addresses.len() > 1 { (others(ask, list)) }
        }
    }
}

fn one(ask: &Ask, shown: &ShownAddress) -> Markup {
    let alternative = t!(ask, "vaults-qr", address = shown.address.as_str());
    html! {
        div.card.columns {
            div {
                p.soft { (label(ask, shown)) }
                p.big { code { (shown.address) } }
                p.soft { (t!(ask, "vaults-address-since")) " " (time::moment(ask, shown.shown_at)) }
                p { (t!(ask, "vaults-address-check")) }
                details {
                    summary { (t!(ask, "vaults-address-paths")) }
                    ul.list { @for path in &shown.derivation { li { code { (path) } } } }
                }
            }
            @if let Some(code) = qr::qr(&qr::payment(&shown.address), &alternative, QR_SIDE) { div { (code) } }
        }
    }
}

fn label(ask: &Ask, shown: &ShownAddress) -> String {
    let number = i64::from(shown.index);
    if shown.label.is_empty() {
        t!(ask, "vaults-address-number", n = number)
    } else {
        t!(ask, "vaults-address-labelled", n = number, label = shown.label.as_str())
    }
}

fn new(ask: &Ask, vault: &VaultId) -> Markup {
    let path = format!("/v1/vaults/{vault}/addresses");
    let act = Act {
        id: "new-address",
        path: &path,
        command: json!(NewAddress::default()),
        label: &t!(ask, "vaults-address-new"),
        tone: Tone::Quiet,
        then: Some(&ask.path),
        held: None,
    };
    let fields = field(
        "label",
        Kind::Text,
        &t!(ask, "vaults-address-label"),
        "",
        &t!(ask, "vaults-address-label-hint"),
    );
    html! { div.row { (folded(ask, &act, &t!(ask, "vaults-address-new-explained"), &fields)) } }
}

/// The newest first; older ones by `older`.
fn others(ask: &Ask, list: &AddressList) -> Markup {
    let older = ask.query("older").parse::<u32>().unwrap_or(u32::MAX);
    let before: Vec<&ShownAddress> =
        list.addresses.iter().rev().filter(|shown| shown.index < older).collect();
    let heads = [
        t!(ask, "vaults-address-n"),
        t!(ask, "vaults-address-for"),
        t!(ask, "vaults-address"),
        t!(ask, "vaults-address-when"),
    ];
    let page = before.iter().take(ADDRESSES_SHOWN);
    let rows = html! {
        @for shown in page.clone() {
            tr {
                td { a href={ (ask.path) "?address=" (shown.index) "#receive" } { (shown.index) } }
                td { (shown.label) }
                td { code.sum title=(shown.address) { (short(&shown.address)) } }
                td.sum { (time::moment(ask, shown.shown_at)) }
            }
        }
    };
    html! {
        h3 { (t!(ask, "vaults-addresses")) }
        (table(&t!(ask, "vaults-addresses"), &heads, &rows))
        @if before.len() > ADDRESSES_SHOWN {
            @if let Some(last) = page.clone().next_back() {
                p { a href={ (ask.path) "?older=" (last.index) "#receive" } { (t!(ask, "vaults-addresses-older")) } }
            }
        }
    }
}

/// `bcrt1qrp33g…fqzf4jry`: enough to find one again; to be copied it is picked and shown whole.
fn short(address: &str) -> String {
    match (address.get(..12), address.len().checked_sub(8).and_then(|from| address.get(from..))) {
        (Some(begin), Some(end)) if address.len() > 24 => format!("{begin}…{end}"),
        _ => address.to_owned(),
    }
}
