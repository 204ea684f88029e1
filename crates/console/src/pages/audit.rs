//! `/audit`: the overt record, newest first, and whether it is whole. For auditors only (G7, G9).
//!
//! It shows what everybody's acts were and never how a phrase was typed: the interface makes it from overt facts alone (G3).

use api::{AuditEntry, AuditList, AuditVerification};
use maud::{Markup, html};
use types::ActorId;

use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::pages::exposure::words::with_code;
use crate::parts::{Tone, badge, fact, nothing, notice, time};
use crate::t;

/// How many entries stand on one page.
const PAGE: u64 = 50;
/// How much of a hash is shown in a table.
const HASH_SHOWN: usize = 12;

/// The kinds that auditors look for, as the interface names them.
const KINDS: [&str; 18] = [
    "submit", "approve", "cancel", "release", "decline", "expire", "sign", "confirm", "stop", "raise",
    "propose", "endorse", "end", "pass", "enrol", "revoke", "sign-in", "refused",
];

/// Which part of the record is asked for. What could not be in it is not asked for.
struct Asked {
    before: Option<u64>,
    by: Option<ActorId>,
    kind: Option<&'static str>,
}

impl Asked {
    fn of(ask: &Ask) -> Self {
        Self {
            before: ask.query("before").parse().ok(),
            by: ActorId::parse(ask.query("by").trim()).ok(),
            kind: KINDS.into_iter().find(|kind| *kind == ask.query("kind")),
        }
    }

    /// As a query, from an entry on.
    fn query(&self, before: Option<u64>) -> String {
        let parts = [
            before.map(|before| format!("before={before}")),
            self.by.as_ref().map(|by| format!("by={by}")),
            self.kind.map(|kind| format!("kind={kind}")),
        ];
        parts.into_iter().flatten().collect::<Vec<String>>().join("&")
    }

    fn operation(&self) -> String {
        let query = self.query(self.before);
        let and = if query.is_empty() { "" } else { "&" };
        format!("/v1/audit/entries?{query}{and}limit={PAGE}")
    }
}

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let asked = Asked::of(ask);
        let list = read::<AuditList>(api, &asked.operation()).await?;
        // A check reads the whole record, so it is made when it is asked for.
        let checked = match ask.query("check") {
            "yes" => Some(read::<AuditVerification>(api, "/v1/audit/verification").await?),
            _ => None,
        };
        let content = html! {
            p { (t!(ask, "audit-lead")) }
            @match &checked {
                Some(found) => (verified(ask, found)),
                None => p.row { a.button href="/audit?check=yes" { (t!(ask, "audit-check")) } },
            }
            (entries(ask, &list, &asked))
        };
        let title = t!(ask, "audit-title");
        // What was checked stands for the moment at which it was asked: the page does not check again by itself.
        Ok(if checked.is_some() { Shown::still(title, content) } else { Shown::page(title, content) })
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
            @if let Some(problem) = &found.problem { p { (with_code(problem)) } }
            @if found.whole { p { (t!(ask, "audit-whole-means")) } } @else { p { (t!(ask, "audit-not-whole-next")) } }
        }))
        dl {
            (fact(&t!(ask, "audit-entries-count"), &html! { (found.entries) }))
            (fact(&t!(ask, "audit-head"), &html! { code.mono translate="no" { (found.head) } }))
        }
        p.hint { (t!(ask, "audit-head-hint")) }
    }
}

fn entries(ask: &Ask, list: &AuditList, asked: &Asked) -> Markup {
    html! {
        section {
            h2 { (t!(ask, "audit-entries")) }
            (filters(ask, asked))
            @if list.entries.is_empty() { (nothing(&t!(ask, "audit-none"))) } @else { (in_table(ask, &list.entries)) }
            nav.row aria-label=(t!(ask, "audit-pages")) {
                @if asked.before.is_some() { a.button.quiet.small href={ "/audit?" (asked.query(None)) } { (t!(ask, "audit-newest")) } }
                @if let Some(next) = list.next { a.button.quiet.small href={ "/audit?" (asked.query(Some(next))) } { (t!(ask, "audit-older")) } }
            }
        }
    }
}

fn filters(ask: &Ask, asked: &Asked) -> Markup {
    html! {
        form.filters method="get" action="/audit" role="search" {
            label { (t!(ask, "audit-by")) input name="by" value=(asked.by.as_ref().map_or("", ActorId::as_str)) autocomplete="off" autocapitalize="none"; }
            label { (t!(ask, "audit-kind"))
                select name="kind" autocomplete="off" {
                    option value="" { (t!(ask, "audit-every-kind")) }
                    @for kind in KINDS { option value=(kind) selected[asked.kind == Some(kind)] { (kind_word(ask, kind)) } }
                }
            }
            button.small.quiet { (t!(ask, "audit-filter")) }
        }
    }
}

/// A table; on a narrow screen each entry stands by itself.
fn in_table(ask: &Ask, entries: &[AuditEntry]) -> Markup {
    let heads = [
        t!(ask, "audit-number"),
        t!(ask, "audit-at"),
        t!(ask, "audit-by"),
        t!(ask, "audit-kind"),
        t!(ask, "audit-what"),
        t!(ask, "audit-hash"),
    ];
    html! {
        table.record role="table" {
            caption.visually-hidden { (t!(ask, "audit-entries")) }
            thead role="rowgroup" { tr role="row" { @for head in &heads { th role="columnheader" scope="col" { (head) } } } }
            tbody role="rowgroup" { @for entry in entries { (row(ask, entry)) } }
        }
    }
}

fn row(ask: &Ask, entry: &AuditEntry) -> Markup {
    let hash = entry.hash.to_string();
    let code = entry.refused.as_ref().filter(|refused| **refused != entry.kind);
    html! {
        tr role="row" {
            td role="cell" { (entry.number) }
            td role="cell" { (time::moment(ask, entry.at)) }
            td role="cell" {
                @match &entry.by { Some(by) => a href={ "/audit?by=" (by) } { (by) }, None => span.soft { (t!(ask, "audit-nobody")) } }
            }
            td role="cell" {
                span {
                    @if entry.refused.is_some() { (badge(Tone::Warn, &t!(ask, "audit-refused"))) } @else { (kind_word(ask, &entry.kind)) }
                    @if let Some(code) = code { " " code translate="no" { (code) } }
                }
            }
            td.what role="cell" { span { (with_code(&entry.text)) } }
            td role="cell" { code translate="no" title=(hash) { (hash.get(..HASH_SHOWN).unwrap_or(&hash)) } }
        }
    }
}

/// What kind of act it is. A kind that is not known is shown as programs name it.
fn kind_word(ask: &Ask, kind: &str) -> String {
    match kind {
        "submit" => t!(ask, "audit-submit"),
        "approve" => t!(ask, "audit-approve"),
        "cancel" => t!(ask, "audit-cancel"),
        "release" => t!(ask, "audit-release"),
        "decline" => t!(ask, "audit-decline"),
        "expire" => t!(ask, "audit-expire"),
        "sign" => t!(ask, "audit-sign"),
        "confirm" => t!(ask, "audit-confirm"),
        "stop" => t!(ask, "audit-stop"),
        "raise" => t!(ask, "audit-raise"),
        "propose" => t!(ask, "audit-propose"),
        "endorse" => t!(ask, "audit-endorse"),
        "end" => t!(ask, "audit-end"),
        "pass" => t!(ask, "audit-pass"),
        "enrol" => t!(ask, "audit-enrol"),
        "revoke" => t!(ask, "audit-revoke"),
        "sign-in" => t!(ask, "audit-sign-in"),
        "refused" => t!(ask, "audit-refused"),
        "found" => t!(ask, "audit-found"),
        "clock" => t!(ask, "audit-clock"),
        "attach" => t!(ask, "audit-attach"),
        "address" => t!(ask, "audit-address"),
        "signing" => t!(ask, "audit-signing"),
        "withhold" => t!(ask, "audit-withhold"),
        "return" => t!(ask, "audit-return"),
        "displace" => t!(ask, "audit-displace"),
        "unconfirm" => t!(ask, "audit-unconfirm"),
        "oppose" => t!(ask, "audit-oppose"),
        "revert" => t!(ask, "audit-revert"),
        "reject" => t!(ask, "audit-reject"),
        "lapse" => t!(ask, "audit-lapse"),
        "receive" => t!(ask, "audit-receive"),
        "lose" => t!(ask, "audit-lose"),
        "chain" => t!(ask, "audit-chain"),
        "price" => t!(ask, "audit-price"),
        other => other.to_owned(),
    }
}
