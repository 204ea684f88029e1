//! A refresh of a vault's coins that come near their recovery lock: what it would be, and to propose it (G10).
//!
//! A view of `/vaults/{id}` that stands still: the server draws the order of a transaction's inputs anew each time.

use api::{Code, MoneyText, NewOutput, NewTransfer, Problem, RefreshDraft};
use maud::{Markup, html};
use serde_json::json;
use types::VaultId;

use super::coins::grouped;
use crate::ask::{Api, Ask, Shown, read};
use crate::parts::act::{Act, open};
use crate::parts::{Tone, fact, money, notice};
use crate::t;

/// The view.
///
/// # Errors
/// What cannot be asked for again with other numbers.
pub async fn show(ask: &Ask, api: &dyn Api, vault: &VaultId) -> Result<Shown, Problem> {
    let path = format!("/v1/vaults/{vault}/refresh{}", asked(ask));
    let draft = read::<RefreshDraft>(api, &path).await;
    let refusals =
        [Code::QueryInvalid, Code::FeeRateUnknown, Code::DraftImpossible, Code::NotOnChain, Code::TooLate];
    let found = match draft {
        Ok(draft) => offer(ask, vault, &draft),
        Err(problem) if refusals.iter().any(|code| code.as_str() == problem.code) => {
            notice(Tone::Warn, &html! { p { (t!(ask, "vaults-refresh-not")) } p { (problem.detail) } })
        }
        Err(problem) => return Err(problem),
    };
    let content = html! {
        p { (t!(ask, "vaults-refresh-explained")) }
        (found)
        (numbers(ask))
        p { a href=(ask.path) { (t!(ask, "vaults-refresh-back")) } }
    };
    Ok(Shown::still(t!(ask, "vaults-refresh-title", vault = vault.as_str()), content))
}

/// Only what is a number goes on.
fn asked(ask: &Ask) -> String {
    let plain =
        |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.') && (1..=9).contains(&text.len());
    let parts = ["outputs", "fee_rate"].into_iter().filter(|name| plain(ask.query(name)));
    let parts: Vec<String> = parts.map(|name| format!("{name}={}", ask.query(name))).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

fn offer(ask: &Ask, vault: &VaultId, draft: &RefreshDraft) -> Markup {
    let output = |value: &types::Amount| NewOutput {
        address: None,
        vault: Some(vault.clone()),
        amount: MoneyText(*value),
    };
    let transfer = NewTransfer {
        vault: vault.clone(),
        outputs: draft.values.iter().map(output).collect(),
        max_fee: MoneyText(draft.max_fee),
        memo: String::new(),
        reference: String::new(),
        refresh: true,
        nonce: None,
        psbt: None,
    };
    let act = Act {
        id: "refresh",
        path: "/v1/transfers",
        command: json!(transfer),
        label: &t!(ask, "vaults-refresh-propose"),
        tone: Tone::Going,
        then: Some("/transfers/{transfer}"),
        held: None,
    };
    html! {
        section.card {
            dl {
                (fact(&t!(ask, "vaults-refresh-outputs"), &html! {
                    @for (at, value) in draft.values.iter().enumerate() { @if at > 0 { " + " } (money::amount(ask, *value)) }
                }))
                (fact(&t!(ask, "vaults-refresh-fee"), &money::amount(ask, draft.draft.fee)))
                (fact(&t!(ask, "vaults-refresh-max-fee"), &money::amount(ask, draft.max_fee)))
                (fact(&t!(ask, "vaults-refresh-size"), &html! { (grouped(ask, draft.draft.vsize)) " vB" }))
                @if draft.left > 0 {
                    (fact(&t!(ask, "vaults-refresh-left"), &html! { (t!(ask, "vaults-refresh-left-explained", n = draft.left)) }))
                }
            }
            p { (t!(ask, "vaults-refresh-next")) }
            (open(ask, &act, &html! {}))
        }
    }
}

/// To ask again with other numbers; changes nothing.
fn numbers(ask: &Ask) -> Markup {
    html! {
        form.filters method="get" action=(ask.path) autocomplete="off" {
            input type="hidden" name="do" value="refresh";
            label { (t!(ask, "vaults-refresh-ask-outputs"))
                input type="text" inputmode="numeric" name="outputs" value=(ask.query("outputs")) autocomplete="off"; }
            label { (t!(ask, "vaults-refresh-ask-rate"))
                input type="text" inputmode="decimal" name="fee_rate" value=(ask.query("fee_rate")) autocomplete="off"; }
            button.quiet { (t!(ask, "vaults-refresh-again")) }
        }
    }
}
