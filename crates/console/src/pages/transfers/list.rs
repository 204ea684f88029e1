//! `/transfers`: what was proposed, newest first, in pages of forty (G9: what the asker sees and nothing else).
//!
//! A page of the list has its share of the hundred kilobytes that a page may weigh, so a row is written sparingly.

use api::{StatusWord, Transfer, TransferList, VaultList};
use maud::{Markup, html};

use super::{Asked, goes_to, ready_at, standing, total, word};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{money, nothing, time};
use crate::t;

/// How many there are on a page.
const PAGE_LENGTH: &str = "40";
/// What a row shows of a note, in characters; its page has all of it.
const NOTE_CHARS_MAX: usize = 72;
/// The longest text to look for, in characters.
const SEARCH_CHARS_MAX: usize = 128;
/// Every status, in the order of a transfer's life, with its word in a query.
const STATUSES: [(StatusWord, &str); 7] = [
    (StatusWord::Pending, "pending"),
    (StatusWord::Ready, "ready"),
    (StatusWord::Signed, "signed"),
    (StatusWord::Confirmed, "confirmed"),
    (StatusWord::Declined, "declined"),
    (StatusWord::Expired, "expired"),
    (StatusWord::Cancelled, "cancelled"),
];

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let asked = Asked::read(ask);
        let before = ask.query("before");
        let question = asked.at("/v1/transfers", &[("limit", PAGE_LENGTH), ("before", before)]);
        let list: TransferList = read(api, &question).await?;
        let vaults: VaultList = read(api, "/v1/vaults").await?;
        let content = html! {
            div.spread {
                p.soft { (t!(ask, "transfers-lead")) }
                a.button href="/transfers/new" { (t!(ask, "transfers-propose")) }
            }
            (filters(ask, &asked, &vaults))
            @if list.transfers.is_empty() { (nothing(&empty(ask, &asked))) } @else { (table(ask, &list.transfers)) }
            (leaves(ask, &asked, before, list.next))
        };
        Ok(Shown::page(t!(ask, "transfers-title"), content))
    })
}

fn empty(ask: &Ask, asked: &Asked<'_>) -> String {
    if asked.is_filtered() { t!(ask, "transfers-none-found") } else { t!(ask, "transfers-none") }
}

fn filters(ask: &Ask, asked: &Asked<'_>, vaults: &VaultList) -> Markup {
    html! {
        form.filters method="get" action="/transfers" role="search" aria-label=(t!(ask, "transfers-filter")) {
            label { (t!(ask, "transfers-status"))
                select name="status" {
                    option value="" { (t!(ask, "transfers-any-status")) }
                    @for (status, value) in STATUSES { option value=(value) selected[asked.status == value] { (word(ask, status)) } }
                }
            }
            label { (t!(ask, "transfers-vault"))
                select name="vault" {
                    option value="" { (t!(ask, "transfers-any-vault")) }
                    @for vault in &vaults.vaults {
                        option value=(vault.id) selected[asked.vault == vault.id.as_str()] { (vault.id) }
                    }
                }
            }
            label { (t!(ask, "transfers-search"))
                input type="search" name="search" value=(asked.search) maxlength=(SEARCH_CHARS_MAX) placeholder=(t!(ask, "transfers-search-in"));
            }
            label.choice { input type="checkbox" name="mine" value="true" checked[asked.mine]; span { (t!(ask, "transfers-mine")) } }
            button.quiet.small { (t!(ask, "transfers-filter-do")) }
            @if asked.is_filtered() { a href="/transfers" { (t!(ask, "transfers-filter-none")) } }
        }
    }
}

/// Rows on a wide screen, cards on a narrow one.
fn table(ask: &Ask, transfers: &[Transfer]) -> Markup {
    html! {
        table.stack {
            caption.visually-hidden { (t!(ask, "transfers-title")) }
            thead {
                tr {
                    th scope="col" { (t!(ask, "transfers-to")) }
                    th.number scope="col" { (t!(ask, "transfers-amount")) }
                    th.number scope="col" { (t!(ask, "transfers-value")) }
                    th scope="col" { (t!(ask, "transfers-vault")) }
                    th scope="col" { (t!(ask, "transfers-note")) }
                    th scope="col" { (t!(ask, "transfers-status")) }
                    th scope="col" { (t!(ask, "transfers-when")) }
                }
            }
            tbody { @for transfer in transfers { (row(ask, transfer)) } }
        }
    }
}

fn row(ask: &Ask, transfer: &Transfer) -> Markup {
    let value = transfer.value.minor.in_currency(transfer.value.currency);
    html! {
        tr {
            td { a href={ "/transfers/" (transfer.id) } { (destination(ask, transfer)) } }
            td.number { (money::text(ask.language, total(transfer))) }
            td.number { (money::text(ask.language, value)) }
            td { (transfer.vault) }
            td { (note_of(transfer)) }
            td { (standing(ask, transfer)) (own(ask, transfer)) }
            td { (moment(ask, transfer)) }
        }
    }
}

fn destination(ask: &Ask, transfer: &Transfer) -> String {
    let first = transfer.outputs.first().map(|output| goes_to(ask, output)).unwrap_or_default();
    let more = transfer.outputs.len().saturating_sub(1);
    if transfer.refresh {
        t!(ask, "transfers-refresh")
    } else if more == 0 {
        first
    } else {
        t!(ask, "transfers-and-more", first = first, more = i64::try_from(more).unwrap_or(i64::MAX))
    }
}

/// What people wrote, as far as a row has room for it.
fn note_of(transfer: &Transfer) -> Markup {
    let shown: String = transfer.memo.chars().take(NOTE_CHARS_MAX).collect();
    html! {
        (shown) @if shown.len() < transfer.memo.len() { "…" }
        @if !transfer.reference.is_empty() { " " span.soft { (transfer.reference) } }
    }
}

fn own(ask: &Ask, transfer: &Transfer) -> Markup {
    html! {
        @if transfer.yours { " " span.soft { (t!(ask, "transfers-yours")) } }
        @if transfer.approved_by_you { " " span.soft { (t!(ask, "transfers-approved-by-you")) } }
    }
}

/// When it will be decided, if that is known; else since when it stands as it does.
fn moment(ask: &Ask, transfer: &Transfer) -> Markup {
    match ready_at(transfer).filter(|_| transfer.status == StatusWord::Pending) {
        Some(at) => time::until(ask, at),
        None => time::moment(ask, transfer.since),
    }
}

fn leaves(ask: &Ask, asked: &Asked<'_>, before: &str, next: Option<u64>) -> Markup {
    let next = next.map(|next| asked.at("/transfers", &[("before", &next.to_string())]));
    html! {
        nav.row aria-label=(t!(ask, "transfers-leaves")) {
            @if !before.is_empty() { a.button.quiet.small href=(asked.at("/transfers", &[])) { (t!(ask, "transfers-newest")) } }
            @if let Some(next) = next { a.button.quiet.small href=(next) rel="next" { (t!(ask, "transfers-older")) } }
            a href=(asked.at("/transfers.csv", &[])) { (t!(ask, "transfers-csv")) }
        }
    }
}
