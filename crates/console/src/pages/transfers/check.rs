//! `POST /transfers/check`: what would become of a transfer, and below it the form whose command the device signs: exactly what was checked (G1).
//!
//! Nothing is proposed by asking. What the check says is overt and the same for whoever may submit it (G3).

use api::{NewTransfer, OutputCheck, PermitOffer, TransferCheck, VaultList};
use maud::{Markup, html};
use types::Span;

use super::new::form;
use super::typed::{Typed, Wrong};
use super::{grouped, vault_link};
use crate::ask::{Api, Ask, Pending, Shown, problem, read};
use crate::parts::act::{self, Act, Kind};
use crate::parts::{Tone, badge, fact, money, notice, posted, time};
use crate::t;

/// What the server says of a command that is wrong in itself: the form comes back with it.
const WRONG_COMMAND: [u16; 3] = [400, 409, 422];

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let vaults: VaultList = read(api, "/v1/vaults").await?;
        let typed = Typed::posted(ask);
        if !ask.field("more").is_empty() {
            return Ok(form(ask, &vaults, &typed.with_another(), &[]));
        }
        if !ask.field("edit").is_empty() {
            return Ok(form(ask, &vaults, &typed, &[]));
        }
        let command = match typed.command(ask, &vaults) {
            Ok(command) => command,
            Err(wrong) => return Ok(form(ask, &vaults, &typed, &wrong)),
        };
        let asked = serde_json::to_value(&command).map_err(|_| problem(api::Code::Internal))?;
        let answer = match api.post("/v1/transfers/check", asked).await {
            Ok(answer) => answer,
            Err(problem) if WRONG_COMMAND.contains(&problem.status) => {
                let wrong = Wrong { field: String::new(), text: problem.detail };
                return Ok(form(ask, &vaults, &typed, &[wrong]));
            }
            Err(problem) => return Err(problem),
        };
        let check: TransferCheck =
            serde_json::from_value(answer).map_err(|_| problem(api::Code::Internal))?;
        Ok(Shown::still(t!(ask, "transfers-check-title"), page(ask, &vaults, &typed, &command, &check)))
    })
}

fn page(
    ask: &Ask,
    vaults: &VaultList,
    typed: &Typed,
    command: &NewTransfer,
    check: &TransferCheck,
) -> Markup {
    html! {
        @match &check.refused {
            Some(why) => (notice(Tone::Bad, &html! { p { strong { (t!(ask, "transfers-check-refused")) } } p { (why) } })),
            None => (notice(Tone::Good, &html! { p { (t!(ask, "transfers-check-taken")) } })),
        }
        div.spread { h2 { (t!(ask, "transfers-check-where")) } (change(ask, typed)) }
        ul.list { @for (at, output) in check.outputs.iter().enumerate() { (destination(ask, command, at, output)) } }
        (sums(ask, command, check))
        h2 { (t!(ask, "transfers-check-permits")) }
        @if check.permits.is_empty() { p.nothing { (t!(ask, "transfers-check-no-permit")) } } @else { (permits(ask, &check.permits)) }
        @if check.refused.is_none() { (propose(ask, typed.is_on_chain(vaults), command)) }
    }
}

fn destination(ask: &Ask, command: &NewTransfer, at: usize, output: &OutputCheck) -> Markup {
    let asked = command.outputs.get(at);
    let vault = asked.and_then(|asked| asked.vault.as_ref());
    html! {
        li.card {
            div.spread {
                strong { @if let Some(asked) = asked { (money::amount(ask, asked.amount.0)) } }
                (standing(ask, output))
            }
            div { @match vault { Some(vault) => { (t!(ask, "transfers-our-vault")) " " (vault_link(vault)) } None => (grouped(&output.target)) } }
            @if let Some(wrong) = &output.problem { p.wrong { (wrong) } }
            @if output.standing == "new" { p.hint { (t!(ask, "transfers-new-address")) } }
        }
    }
}

fn standing(ask: &Ask, output: &OutputCheck) -> Markup {
    match (output.standing.as_str(), &output.list) {
        ("listed", Some(list)) => badge(Tone::Good, &t!(ask, "transfers-listed-in", list = list.as_str())),
        ("listed", None) => badge(Tone::Good, &t!(ask, "transfers-listed")),
        ("known", _) => badge(Tone::Good, &t!(ask, "transfers-known")),
        ("internal", _) => badge(Tone::Good, &t!(ask, "transfers-internal")),
        ("new", _) => badge(Tone::Warn, &t!(ask, "transfers-new")),
        _ => badge(Tone::Bad, &t!(ask, "transfers-refused")),
    }
}

fn sums(ask: &Ask, command: &NewTransfer, check: &TransferCheck) -> Markup {
    html! {
        dl {
            (fact(&t!(ask, "transfers-from"), &vault_link(&command.vault)))
            (fact(&t!(ask, "transfers-max-fee"), &money::amount(ask, command.max_fee.0)))
            (fact(&t!(ask, "transfers-value"), &html! {
                @match check.value { Some(value) => (money::value(ask, value)), None => (t!(ask, "transfers-no-price")) }
            }))
            @if !command.memo.is_empty() { (fact(&t!(ask, "transfers-memo"), &html! { (command.memo) })) }
            @if !command.reference.is_empty() { (fact(&t!(ask, "transfers-reference"), &html! { (command.reference) })) }
        }
    }
}

fn permits(ask: &Ask, permits: &[PermitOffer]) -> Markup {
    let wait = |permit: &PermitOffer| match permit.hold_seconds {
        0 => t!(ask, "transfers-no-wait"),
        seconds => t!(ask, "transfers-wait", long = time::length(ask, Span::from_seconds(seconds))),
    };
    let fits = |permit: &PermitOffer| match permit.matches {
        true => badge(Tone::Good, &t!(ask, "transfers-fits-yes")),
        false => badge(Tone::Quiet, &t!(ask, "transfers-fits-no")),
    };
    html! {
        ul.list {
            @for permit in permits {
                li.card {
                    div.spread { div { strong { (permit.permit) } " " span.soft { (wait(permit)) } } (fits(permit)) }
                    div { (permit.why) }
                }
            }
        }
    }
}

/// Back to the form with everything that was typed.
fn change(ask: &Ask, typed: &Typed) -> Markup {
    posted(
        ask,
        "/transfers/check",
        html! {
            @for (name, value) in typed.fields() { input type="hidden" name=(name) value=(value); }
            input type="hidden" name="rows" value=(typed.rows.len());
            input type="hidden" name="edit" value="1";
            button.quiet.small { (t!(ask, "transfers-change")) }
        },
    )
}

fn propose(ask: &Ask, on_chain: bool, command: &NewTransfer) -> Markup {
    let label = t!(ask, "transfers-propose");
    let act = Act {
        id: "propose",
        path: "/v1/transfers",
        command: serde_json::to_value(command).unwrap_or_default(),
        label: &label,
        tone: Tone::Going,
        then: Some("/transfers/{transfer}"),
        held: None,
    };
    let fields = html! {
        @if on_chain { (act::field("psbt", Kind::File, &t!(ask, "transfers-psbt"), "", &t!(ask, "transfers-psbt-hint"))) }
    };
    html! {
        section.card {
            h2 { (t!(ask, "transfers-propose-title")) }
            p { (t!(ask, "transfers-propose-explained")) }
            (act::open(ask, &act, &fields))
        }
    }
}
