//! `/exposure/drill`: the attacks on record, replayed against the policy in force. For auditors and responders only (G2, G9).
//!
//! A page of its own, because working it out takes longer than a page may.

use std::fmt::Write as _;

use api::{CurrencyMinor, DrillReplay};
use maud::{Markup, html};

use super::there;
use super::words::mode_name;
use crate::ask::{Api, Ask, Pending, Shown};
use crate::parts::{Tone, money, notice, table};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let content = match there::<DrillReplay>(api, "/v1/exposure/drill").await? {
            Some(replay) => replayed(ask, &replay),
            // Without a bound of a loss there is nothing to replay.
            None => notice(
                Tone::Bad,
                &html! {
                    p { strong { (t!(ask, "exposure-unbounded")) } }
                    p { (t!(ask, "exposure-unbounded-next")) }
                },
            ),
        };
        let content =
            html! { (content) p.row { a.button.quiet href="/exposure" { (t!(ask, "exposure-back")) } } };
        Ok(Shown::still(t!(ask, "exposure-drill-title"), content))
    })
}

fn replayed(ask: &Ask, replay: &DrillReplay) -> Markup {
    html! {
        p { (t!(ask, "exposure-drill-lead", replayed = replay.replayed, rows = replay.rows)) }
        (totals(ask, replay))
        @if !replay.svg.is_empty() {
            figure.drill { img src=(as_address(&replay.svg)) alt=(t!(ask, "exposure-drill-figure")); }
        }
        section { h2 { (t!(ask, "exposure-drill-report")) } pre.report tabindex="0" { (replay.text) } }
    }
}

fn totals(ask: &Ask, replay: &DrillReplay) -> Markup {
    let rows: [(String, CurrencyMinor); 4] = [
        (t!(ask, "exposure-drill-wallet"), replay.wallet_total),
        (mode_name(ask, "silent"), replay.silent),
        (mode_name(ask, "signalled"), replay.signalled),
        (mode_name(ask, "stopped"), replay.stopped),
    ];
    let heads = [t!(ask, "exposure-drill-case"), t!(ask, "exposure-drill-lost")];
    let rows = html! { @for (name, sum) in &rows { tr { th.wrap scope="row" { (name) } td { (money::value(ask, *sum)) } } } };
    html! {
        (table(&t!(ask, "exposure-drill-totals"), &heads, &rows))
        p.soft { (t!(ask, "exposure-drill-held")) " " (money::value(ask, replay.held)) ". " (t!(ask, "exposure-drill-caution")) }
    }
}

/// An image as an address, so that its own style stays its own.
fn as_address(svg: &str) -> String {
    let mut address = String::with_capacity(svg.len() * 3 / 2);
    address.push_str("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b':'
            | b';'
            | b'='
            | b','
            | b'('
            | b')' => {
                address.push(char::from(byte));
            }
            // Writing into text does not fail.
            other => drop(write!(address, "%{other:02X}")),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::as_address;

    #[test]
    fn nothing_of_an_image_ends_its_address() {
        assert_eq!(as_address("<svg a=\"é\">#&'"), "data:image/svg+xml,%3Csvg%20a=%22%C3%A9%22%3E%23%26%27");
    }
}
