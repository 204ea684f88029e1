//! `/audit`: the overt record, newest first, and whether it is whole. For auditors only (G7, G9).
//!
//! It shows what everybody's acts were and never how a phrase was typed: the interface makes it from overt facts alone (G3).

use api::{AuditEntry, AuditList, AuditVerification};
use maud::{Markup, html};

use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, badge, fact, nothing, notice, table, time};
use crate::t;

/// How many entries stand on one page.
const PAGE: u64 = 50;
/// How much of a hash is shown in a table.
const HASH_SHOWN: usize = 12;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let before = ask.query("before").parse::<u64>().ok();
        let path = match before {
            Some(before) => format!("/v1/audit/entries?before={before}&limit={PAGE}"),
            None => format!("/v1/audit/entries?limit={PAGE}"),
        };
        let list = read::<AuditList>(api, &path).await?;
        let content = html! {
            p { (t!(ask, "audit-lead")) }
            // A check reads the whole record, so it is made when it is asked for.
            @if ask.query("check") == "yes" { (verified(ask, &read::<AuditVerification>(api, "/v1/audit/verification").await?)) }
            @else { p.row { a.button href="/audit?check=yes" { (t!(ask, "audit-check")) } } }
            (entries(ask, &list, before))
        };
        let title = t!(ask, "audit-title");
        // What was checked stands for the moment at which it was asked: the page does not check again by itself.
        Ok(if ask.query("check") == "yes" { Shown::still(title, content) } else { Shown::page(title, content) })
    })
}

fn verified(ask: &Ask, found: &AuditVerification) -> Markup {
    let (tone, said) = match found.whole {
        true => (Tone::Good, t!(ask, "audit-whole")),
        false => (Tone::Bad, t!(ask, "audit-not-whole")),
    };
    html! {
        (notice(tone, &html! {
            p { strong { (said) } }
            @if let Some(problem) = &found.problem { p { (problem) } }
            @if found.whole { p { (t!(ask, "audit-whole-means")) } } @else { p { (t!(ask, "audit-not-whole-next")) } }
        }))
        dl {
            (fact(&t!(ask, "audit-entries-count"), &html! { (found.entries) }))
            (fact(&t!(ask, "audit-head"), &html! { code.mono translate="no" { (found.head) } }))
        }
        p.hint { (t!(ask, "audit-head-hint")) }
    }
}

fn entries(ask: &Ask, list: &AuditList, before: Option<u64>) -> Markup {
    let heads = [
        t!(ask, "audit-number"), t!(ask, "audit-at"), t!(ask, "audit-by"), t!(ask, "audit-what"), t!(ask, "audit-kind"), t!(ask, "audit-hash"),
    ];
    let rows = html! { @for entry in &list.entries { (row(ask, entry)) } };
    html! {
        section {
            h2 { (t!(ask, "audit-entries")) }
            @if list.entries.is_empty() { (nothing(&t!(ask, "audit-none"))) } @else { (table(&t!(ask, "audit-entries"), &heads, &rows)) }
            nav.row aria-label=(t!(ask, "audit-pages")) {
                @if before.is_some() { a.button.quiet.small href="/audit" { (t!(ask, "audit-newest")) } }
                @if let Some(next) = list.next { a.button.quiet.small href={ "/audit?before=" (next) } { (t!(ask, "audit-older")) } }
            }
        }
    }
}

fn row(ask: &Ask, entry: &AuditEntry) -> Markup {
    let hash = entry.hash.to_string();
    html! {
        tr {
            td { (entry.number) }
            td { (time::moment(ask, entry.at)) }
            td { @match &entry.by { Some(by) => (by), None => span.soft { (t!(ask, "audit-nobody")) } } }
            td.wide {
                (entry.text)
                @if let Some(refused) = &entry.refused { " " (badge(Tone::Warn, &t!(ask, "audit-refused"))) " " code translate="no" { (refused) } }
            }
            td { code translate="no" { (entry.kind) } }
            td { code translate="no" title=(hash) { (hash.get(..HASH_SHOWN).unwrap_or(&hash)) } }
        }
    }
}
