//! `/transfers/{id}`: what is paid, where it stands and why, what comes next, and what this person can do about it (G1, G3, G9).
//!
//! Nobody who approved or objected is named, and nothing shows whether somebody objected before the transfer is decided. The page depends
//! on facts and never on when it was asked for: what is still to wait is counted in the browser.

use api::{Output, Reason, Reasons, StatusWord, Transfer, VaultList};
use maud::{Markup, html};

use super::{acts, expires_at, grouped, ready_at, standing, total, vault_link};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, badge, fact, money, notice, time};
use crate::t;

/// How deep the reasons are shown; the rules do not nest deeper.
const REASONS_DEPTH_MAX: usize = 20;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let path = format!("/v1/transfers/{}", ask.parameter("id"));
        let transfer: Transfer = read(api, &path).await?;
        // Once it is over, what is to be said of it is said in a sentence.
        let reasons: Option<Reasons> = match transfer.status {
            StatusWord::Pending | StatusWord::Ready => Some(read(api, &format!("{path}/reasons")).await?),
            _ => None,
        };
        let vaults: VaultList = read(api, "/v1/vaults").await?;
        let on_chain = vaults
            .vaults
            .iter()
            .any(|vault| vault.id == transfer.vault && vault.chain.starts_with("bitcoin:"));
        let title = match transfer.refresh {
            true => t!(ask, "transfers-refresh-title", vault = transfer.vault.as_str()),
            false => t!(ask, "transfers-one-title", sum = money::text(ask.language, total(&transfer))),
        };
        let content = html! {
            (now(ask, &transfer))
            div.columns {
                div {
                    (paid(ask, &transfer))
                    (acts::approve(ask, &transfer, on_chain))
                    (acts::hold_up(ask, &transfer))
                    (acts::transaction(ask, &transfer, on_chain))
                }
                div {
                    (course(ask, &transfer))
                    @if let Some(reasons) = &reasons { (why(ask, reasons)) }
                }
            }
        };
        Ok(Shown::page(title, content))
    })
}

/// Where it stands, in a sentence that says what comes next.
fn now(ask: &Ask, transfer: &Transfer) -> Markup {
    let (tone, text) = match transfer.status {
        StatusWord::Pending | StatusWord::Ready if transfer.stopped => (
            Tone::Bad,
            html! {
                (t!(ask, "transfers-now-stopped")) " " a href="/stops" { (t!(ask, "transfers-see-stops")) }
            },
        ),
        StatusWord::Pending => pending(ask, transfer),
        StatusWord::Ready => {
            (Tone::Going, html! { (t!(ask, "transfers-now-ready")) " " (waits_for(ask, transfer)) })
        }
        StatusWord::Signed => (Tone::Going, html! { (t!(ask, "transfers-now-signed")) }),
        StatusWord::Confirmed => (Tone::Good, html! { (t!(ask, "transfers-now-confirmed")) }),
        StatusWord::Declined => (Tone::Bad, html! { (t!(ask, "transfers-now-declined")) }),
        StatusWord::Expired => (Tone::Quiet, html! { (t!(ask, "transfers-now-expired")) }),
        StatusWord::Cancelled => (Tone::Quiet, html! { (t!(ask, "transfers-now-cancelled")) }),
    };
    notice(tone, &html! { p { (standing(ask, transfer)) " " (text) } })
}

fn pending(ask: &Ask, transfer: &Transfer) -> (Tone, Markup) {
    match (ready_at(transfer), expires_at(&transfer.permits)) {
        (Some(at), _) => {
            (Tone::Going, html! { (t!(ask, "transfers-now-waiting")) " " (time::until(ask, at)) })
        }
        (None, Some(at)) => {
            (Tone::Warn, html! { (t!(ask, "transfers-now-unmet")) " " (time::until(ask, at)) })
        }
        (None, None) if transfer.refresh => (Tone::Going, html! { (t!(ask, "transfers-now-refresh")) }),
        (None, None) => (Tone::Warn, html! { (t!(ask, "transfers-now-no-permit")) }),
    }
}

/// Why a released transfer is not signed yet.
fn waits_for(ask: &Ask, transfer: &Transfer) -> Markup {
    match transfer.waits_for.as_deref() {
        None => html! {},
        Some("signatures") => html! { (t!(ask, "transfers-waits-signatures")) },
        Some("outstanding") => html! { (t!(ask, "transfers-waits-outstanding")) },
        Some("inputs") => html! { (t!(ask, "transfers-waits-inputs")) },
        Some("chain-behind") => html! { (t!(ask, "transfers-waits-chain")) },
        Some(code) => html! { (t!(ask, "transfers-waits-trouble")) " " code { (code) } },
    }
}

fn paid(ask: &Ask, transfer: &Transfer) -> Markup {
    html! {
        section.card {
            h2 { (t!(ask, "transfers-paid")) }
            dl {
                (fact(&t!(ask, "transfers-to"), &html! {
                    @for output in &transfer.outputs { (destination(ask, output, transfer.outputs.len() > 1)) }
                }))
                (fact(&t!(ask, "transfers-amount"), &html! { strong { (money::amount(ask, total(transfer))) } }))
                (fact(&t!(ask, "transfers-max-fee"), &money::amount(ask, transfer.max_fee)))
                (fact(&t!(ask, "transfers-value"), &money::value(ask, transfer.value)))
                (fact(&t!(ask, "transfers-from"), &vault_link(&transfer.vault)))
                (fact(&t!(ask, "transfers-initiator"), &html! {
                    (transfer.initiator) @if transfer.yours { " " span.soft { (t!(ask, "transfers-you")) } }
                }))
                @if !transfer.memo.is_empty() { (fact(&t!(ask, "transfers-memo"), &html! { (transfer.memo) })) }
                @if !transfer.reference.is_empty() { (fact(&t!(ask, "transfers-reference"), &html! { (transfer.reference) })) }
                @if let Some(txid) = &transfer.txid { (fact(&t!(ask, "transfers-txid"), &html! { code { (txid) } })) }
                (fact(&t!(ask, "transfers-id"), &html! { code { (transfer.id) } }))
            }
        }
    }
}

fn destination(ask: &Ask, output: &Output, one_of_several: bool) -> Markup {
    html! {
        div {
            @match &output.vault {
                Some(vault) => { (t!(ask, "transfers-our-vault")) " " (vault_link(vault)) }
                None => (grouped(output.address.as_deref().unwrap_or_default())),
            }
            @if one_of_several { " " (money::amount(ask, output.amount)) }
        }
    }
}

fn why(ask: &Ask, reasons: &Reasons) -> Markup {
    html! {
        @if !reasons.parts.is_empty() {
            section.card {
                h2 { (t!(ask, "transfers-reasons")) }
                ul.tree { @for reason in &reasons.parts { (branch(ask, reason, REASONS_DEPTH_MAX)) } }
            }
        }
    }
}

fn branch(ask: &Ask, reason: &Reason, depth: usize) -> Markup {
    html! {
        li {
            (mark(ask, &reason.state)) (reason.text)
            @if !reason.parts.is_empty() && depth > 0 {
                ul { @for part in &reason.parts { (branch(ask, part, depth - 1)) } }
            }
        }
    }
}

fn mark(ask: &Ask, state: &str) -> Markup {
    let (tone, word) = match state {
        "met" => (Tone::Good, t!(ask, "transfers-reason-met")),
        "unmet" => (Tone::Warn, t!(ask, "transfers-reason-unmet")),
        "waits" => (Tone::Going, t!(ask, "transfers-reason-waits")),
        _ => return html! {},
    };
    html! { (badge(tone, &word)) " " }
}

/// A step of a transfer's life.
struct Step {
    text: String,
    at: Option<Markup>,
    done: bool,
}

fn course(ask: &Ask, transfer: &Transfer) -> Markup {
    let mut steps = vec![Step {
        text: t!(ask, "transfers-step-submitted"),
        at: Some(time::moment(ask, transfer.submitted_at)),
        done: true,
    }];
    match transfer.status {
        StatusWord::Pending => steps.extend(ahead(ask, transfer)),
        StatusWord::Ready | StatusWord::Signed | StatusWord::Confirmed => {
            steps.extend(released(ask, transfer))
        }
        StatusWord::Declined => steps.push(ended(ask, transfer, t!(ask, "transfers-step-declined"))),
        StatusWord::Expired => steps.push(ended(ask, transfer, t!(ask, "transfers-step-expired"))),
        StatusWord::Cancelled => steps.push(ended(ask, transfer, t!(ask, "transfers-step-cancelled"))),
    }
    html! {
        section.card {
            h2 { (t!(ask, "transfers-course")) }
            ol.timeline {
                @for step in &steps {
                    li.done[step.done] { (step.text) @if let Some(at) = &step.at { br; span.soft { (at) } } }
                }
            }
        }
    }
}

fn ended(ask: &Ask, transfer: &Transfer, text: String) -> Step {
    Step { text, at: Some(time::moment(ask, transfer.since)), done: true }
}

/// What a pending transfer has before it.
fn ahead(ask: &Ask, transfer: &Transfer) -> Vec<Step> {
    let ready = ready_at(transfer);
    let lapses = expires_at(&transfer.permits).filter(|_| ready.is_none());
    let mut steps = vec![
        Step { text: t!(ask, "transfers-step-approved"), at: None, done: ready.is_some() },
        Step {
            text: t!(ask, "transfers-step-decided"),
            at: ready.map(|at| time::until(ask, at)),
            done: false,
        },
    ];
    if let Some(at) = lapses {
        steps.push(Step {
            text: t!(ask, "transfers-step-lapses"),
            at: Some(time::until(ask, at)),
            done: false,
        });
    }
    steps
}

/// Released, signed, seen in a block: those that are behind it, and the one that it is at with its moment.
fn released(ask: &Ask, transfer: &Transfer) -> [Step; 3] {
    let reached = match transfer.status {
        StatusWord::Confirmed => 2,
        StatusWord::Signed => 1,
        _ => 0,
    };
    let texts = [
        t!(ask, "transfers-step-released"),
        t!(ask, "transfers-step-signed"),
        t!(ask, "transfers-step-confirmed"),
    ];
    let mut at = 0_usize;
    texts.map(|text| {
        let step = Step {
            text,
            at: (at == reached).then(|| time::moment(ask, transfer.since)),
            done: at <= reached,
        };
        at += 1;
        step
    })
}
