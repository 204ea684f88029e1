//! The pages of transfers: the list and its file, proposing with a check first, one transfer with what can be done about it (G1, G3, G5, G9).
//!
//! `list` and `csv` ask the same question ([`Asked`]); `new` is a form without a script whose check (`check`) shows what would become of it,
//! and below it the command that the device signs; `detail` shows one transfer and `acts` what a person can do there. Called by `PAGES`.

pub mod acts;
pub mod check;
pub mod csv;
pub mod detail;
pub mod list;
pub mod new;
mod typed;

use api::{Output, PermitStanding, StatusWord, Transfer};
use maud::{Markup, html};
use types::{Amount, Timestamp};

use crate::ask::Ask;
use crate::parts::{Tone, badge};
use crate::t;

/// How many characters of an address stand together, as people compare them.
const GROUP_CHARS: usize = 4;
/// What a list shows of an address: its beginning and its end.
const SHORT_HEAD_CHARS: usize = 12;
const SHORT_TAIL_CHARS: usize = 6;

/// The filters that the list and its file have. What is empty says nothing.
struct Asked<'a> {
    status: &'a str,
    vault: &'a str,
    mine: bool,
    search: &'a str,
}

impl<'a> Asked<'a> {
    fn read(ask: &'a Ask) -> Self {
        let mine = !ask.query("mine").is_empty();
        Self {
            status: ask.query("status"),
            vault: ask.query("vault"),
            mine,
            search: ask.query("search").trim(),
        }
    }

    const fn is_filtered(&self) -> bool {
        !self.status.is_empty() || !self.vault.is_empty() || self.mine || !self.search.is_empty()
    }

    /// `path` with these filters and what else is given.
    fn at(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mine = if self.mine { "true" } else { "" };
        let own = [("status", self.status), ("vault", self.vault), ("mine", mine), ("search", self.search)];
        let all = own.iter().chain(more).filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = all.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }
}

/// As it stands in a query.
fn encoded(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                written.push(char::from(byte))
            }
            _ => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

/// The word for a status.
fn word(ask: &Ask, status: StatusWord) -> String {
    match status {
        StatusWord::Pending => t!(ask, "transfers-status-pending"),
        StatusWord::Ready => t!(ask, "transfers-status-ready"),
        StatusWord::Signed => t!(ask, "transfers-status-signed"),
        StatusWord::Confirmed => t!(ask, "transfers-status-confirmed"),
        StatusWord::Declined => t!(ask, "transfers-status-declined"),
        StatusWord::Expired => t!(ask, "transfers-status-expired"),
        StatusWord::Cancelled => t!(ask, "transfers-status-cancelled"),
    }
}

/// Where a transfer stands, as a badge.
fn standing(ask: &Ask, transfer: &Transfer) -> Markup {
    let (tone, text) = match transfer.status {
        StatusWord::Pending | StatusWord::Ready if transfer.stopped => {
            (Tone::Bad, t!(ask, "transfers-status-stopped"))
        }
        StatusWord::Pending if ready_at(transfer).is_some() => {
            (Tone::Going, t!(ask, "transfers-status-waiting"))
        }
        StatusWord::Pending if transfer.refresh => (Tone::Going, word(ask, transfer.status)),
        StatusWord::Pending => (Tone::Warn, t!(ask, "transfers-status-unmet")),
        StatusWord::Ready | StatusWord::Signed => (Tone::Going, word(ask, transfer.status)),
        StatusWord::Confirmed => (Tone::Good, word(ask, transfer.status)),
        StatusWord::Declined => (Tone::Bad, word(ask, transfer.status)),
        StatusWord::Expired | StatusWord::Cancelled => (Tone::Quiet, word(ask, transfer.status)),
    };
    badge(tone, &text)
}

/// When the first of the permits that are met lets it be decided.
fn ready_at(transfer: &Transfer) -> Option<Timestamp> {
    let met = transfer.permits.iter().filter(|permit| permit.met);
    met.filter_map(|permit| permit.ready_at).min()
}

/// When the last of its permits lapses.
fn expires_at(permits: &[PermitStanding]) -> Option<Timestamp> {
    permits.iter().map(|permit| permit.expires_at).max()
}

/// Whether one person can still end it or hold it up.
fn is_open(transfer: &Transfer) -> bool {
    matches!(transfer.status, StatusWord::Pending | StatusWord::Ready) && !transfer.refresh
}

/// What its outputs come to, without the fee.
fn total(transfer: &Transfer) -> Amount {
    let units = transfer.outputs.iter().fold(0_u128, |sum, output| sum.saturating_add(output.amount.units));
    Amount::new(transfer.max_fee.asset, units)
}

/// An address in groups of four characters; what is copied of it has no gaps.
fn grouped(address: &str) -> Markup {
    let characters: Vec<char> = address.chars().collect();
    html! {
        code.groups translate="no" {
            @for group in characters.chunks(GROUP_CHARS) { span { @for character in group { (character) } } }
        }
    }
}

/// An address as a list shows it.
fn shortened(address: &str) -> String {
    let length = address.chars().count();
    if length <= SHORT_HEAD_CHARS + SHORT_TAIL_CHARS + 1 {
        return address.to_owned();
    }
    let head = address.chars().take(SHORT_HEAD_CHARS);
    let tail = address.chars().skip(length - SHORT_TAIL_CHARS);
    head.chain(std::iter::once('…')).chain(tail).collect()
}

/// Where an output goes, in a line of a list.
fn goes_to(ask: &Ask, output: &Output) -> String {
    match (&output.vault, &output.address) {
        (Some(vault), _) => t!(ask, "transfers-to-vault", vault = vault.as_str()),
        (None, address) => shortened(address.as_deref().unwrap_or_default()),
    }
}

/// A vault by its name, with its page.
fn vault_link(vault: &types::VaultId) -> Markup {
    html! { a href={ "/vaults/" (vault) } { (vault) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_cannot_leave_its_place_in_a_query() {
        let asked = Asked { status: "", vault: "cold", mine: true, search: "a&before=1 é#" };
        let path = asked.at("/v1/transfers", &[("limit", "50"), ("before", "")]);
        assert_eq!(path, "/v1/transfers?vault=cold&mine=true&search=a%26before%3D1%20%C3%A9%23&limit=50");
        let nothing = Asked { status: "", vault: "", mine: false, search: "" };
        assert_eq!(nothing.at("/transfers", &[]), "/transfers");
    }

    #[test]
    fn an_address_is_shown_whole_in_groups_and_shortened_in_lists() {
        let address = "bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx";
        let shown = grouped(address).into_string();
        assert!(shown.contains("<span>bcrt</span><span>1qcr</span>"), "{shown}");
        assert_eq!(shown.matches("<span>").count(), 11);
        assert_eq!(shortened(address), "bcrt1qcr8te4…eqchgx");
        assert_eq!(shortened("kraken-eur-account"), "kraken-eur-account");
    }
}
