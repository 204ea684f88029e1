//! `/transfers/new`: a form without a script that changes nothing: it is posted to the check, which comes back here when something is wrong.

use api::VaultList;
use maud::{Markup, html};

use super::typed::{ROWS_MAX, Row, Typed, Wrong};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, money, nothing, notice, posted};
use crate::t;

/// The longest address, note or reference, in characters; the interface counts bytes.
const TEXT_CHARS_MAX: usize = 256;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let vaults: VaultList = read(api, "/v1/vaults").await?;
        let typed = Typed::fresh(ask, &vaults);
        Ok(form(ask, &vaults, &typed, &[]))
    })
}

/// The form with what was typed and what is wrong with it.
pub fn form(ask: &Ask, vaults: &VaultList, typed: &Typed, wrong: &[Wrong]) -> Shown {
    let title = t!(ask, "transfers-new-title");
    if vaults.vaults.is_empty() {
        return Shown::still(title, nothing(&t!(ask, "transfers-no-vault")));
    }
    let content = html! {
        p { (t!(ask, "transfers-new-lead")) }
        @if !wrong.is_empty() { (notice(Tone::Bad, &problems(ask, wrong))) }
        (posted(ask, "/transfers/check", html! {
            // Enter in any field means the check and not another line.
            button.visually-hidden tabindex="-1" aria-hidden="true" { (t!(ask, "transfers-check")) }
            (from(ask, vaults, typed, wrong))
            @for (at, row) in typed.rows.iter().enumerate() { (output(ask, vaults, typed, at, row, wrong)) }
            input type="hidden" name="rows" value=(typed.rows.len());
            @if typed.rows.len() < ROWS_MAX {
                div.row { button.quiet.small name="more" value="1" { (t!(ask, "transfers-another")) } }
            }
            (input("fee", &t!(ask, "transfers-max-fee"), &typed.fee, &t!(ask, "transfers-fee-hint"), wrong))
            (input("memo", &t!(ask, "transfers-memo"), &typed.memo, &t!(ask, "transfers-memo-hint"), wrong))
            (input("reference", &t!(ask, "transfers-reference"), &typed.reference, &t!(ask, "transfers-reference-hint"), wrong))
            div.row { button { (t!(ask, "transfers-check")) } a href="/transfers" { (t!(ask, "transfers-leave")) } }
        }))
    };
    Shown::still(title, content)
}

/// Everything that is wrong, with a way to each field.
fn problems(ask: &Ask, wrong: &[Wrong]) -> Markup {
    html! {
        p { (t!(ask, "transfers-wrong")) }
        ul { @for it in wrong { li { @if it.field.is_empty() { (it.text) } @else { a href={ "#" (it.field) } { (it.text) } } } } }
    }
}

fn from(ask: &Ask, vaults: &VaultList, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let held = |vault: &api::Vault| match vault.balance {
        Some(balance) => t!(
            ask,
            "transfers-vault-holds",
            vault = vault.id.as_str(),
            sum = money::text(ask.language, balance)
        ),
        None => vault.id.to_string(),
    };
    html! {
        label { (t!(ask, "transfers-from"))
            select id="vault" name="vault" autocomplete="off" aria-describedby=[describes("vault", "", wrong)] {
                @for vault in &vaults.vaults { option value=(vault.id) selected[vault.id.as_str() == typed.vault] { (held(vault)) } }
            }
        }
        (says("vault", wrong))
    }
}

fn output(ask: &Ask, vaults: &VaultList, typed: &Typed, at: usize, row: &Row, wrong: &[Wrong]) -> Markup {
    let number = i64::try_from(at + 1).unwrap_or(i64::MAX);
    let into = format!("into{at}");
    html! {
        fieldset.card.narrow {
            legend { (t!(ask, "transfers-output", n = number)) }
            (input(&format!("to{at}"), &t!(ask, "transfers-address"), &row.to, "", wrong))
            div.pair {
                div { (input(&format!("amount{at}"), &t!(ask, "transfers-amount"), &row.amount, &amount_hint(ask, vaults, typed), wrong)) }
                @if vaults.vaults.len() > 1 || !row.into.is_empty() {
                    label { (t!(ask, "transfers-or-vault"))
                        select name=(into) autocomplete="off" {
                            option value="" { "—" }
                            @for vault in &vaults.vaults { option value=(vault.id) selected[vault.id.as_str() == row.into] { (vault.id) } }
                        }
                    }
                }
            }
        }
    }
}

fn amount_hint(ask: &Ask, vaults: &VaultList, typed: &Typed) -> String {
    if typed.is_on_chain(vaults) {
        t!(ask, "transfers-amount-hint")
    } else {
        t!(ask, "transfers-amount-hint-unit")
    }
}

fn input(name: &str, label: &str, value: &str, hint: &str, wrong: &[Wrong]) -> Markup {
    let is_wrong = wrong.iter().any(|it| it.field == name);
    html! {
        label { (label)
            input id=(name) name=(name) type="text" value=(value) maxlength=(TEXT_CHARS_MAX) autocomplete="off" spellcheck="false"
                aria-invalid=[is_wrong.then_some("true")] aria-describedby=[describes(name, hint, wrong)];
        }
        @if !hint.is_empty() { p.hint id={ "hint-" (name) } { (hint) } }
        (says(name, wrong))
    }
}

fn says(name: &str, wrong: &[Wrong]) -> Markup {
    let own = wrong.iter().find(|it| it.field == name);
    html! { @if let Some(own) = own { p.wrong id={ "wrong-" (name) } { (own.text) } } }
}

fn describes(name: &str, hint: &str, wrong: &[Wrong]) -> Option<String> {
    let hint = (!hint.is_empty()).then(|| format!("hint-{name}"));
    let wrong = wrong.iter().any(|it| it.field == name).then(|| format!("wrong-{name}"));
    let ids: Vec<String> = hint.into_iter().chain(wrong).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
