//! What a person can do about one transfer: approve exactly what is shown, bring its transaction, end it, object, stop it (G1, G3, G5).
//!
//! Each act says in one sentence what it does and who will see it. Cancelling, objecting and stopping also work without a script: they are
//! posted here with the three words, and the interface holds the transfer up. After an objection the page is the same as before it, so that
//! nobody who looks at it, or at the browser's history, learns that there was one.

use api::{Draft, PsbtText, StatusWord, Transfer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::{Value, json};
use types::Hash;

use super::{encoded, is_open};
use crate::ask::{Api, Ask, Pending, Shown, problem, read};
use crate::parts::Tone;
use crate::parts::act::{self, Act, Kind};
use crate::t;

/// What a file of a transaction is called, with the first digits of the transfer's id.
const NAME_DIGITS: usize = 12;
/// The longest fee rate that is typed, in characters.
const RATE_CHARS_MAX: usize = 16;

/// The panel that approves: `assets/transfer.js` shows what the canonical payload says, and `console.js` signs only if its hash is the id.
pub fn approve(ask: &Ask, transfer: &Transfer, on_chain: bool) -> Markup {
    if transfer.status != StatusWord::Pending || transfer.yours || transfer.refresh {
        return html! {};
    }
    if transfer.approved_by_you {
        return html! { p.soft { (t!(ask, "transfers-you-approved")) } };
    }
    let label = t!(ask, "transfers-approve");
    let act = Act {
        id: "approve",
        path: &format!("/v1/transfers/{}/approve", transfer.id),
        command: json!({ "payload_hash": transfer.id }),
        label: &label,
        tone: Tone::Going,
        then: None,
        held: None,
    };
    let fields = html! {
        // Once the script has shown it, a page that renews itself leaves it alone.
        div id="payload" data-payload=(transfer.payload) data-keep tabindex="-1" {}
        @if on_chain {
            (act::field("psbt", Kind::File, &t!(ask, "transfers-signed-psbt"), "", ""))
            p.hint { (t!(ask, "transfers-signed-psbt-hint")) }
        }
    };
    html! {
        section.card {
            h2 { (t!(ask, "transfers-approval")) }
            p { (t!(ask, "transfers-approve-explained")) }
            details.act-fold {
                summary.button.going { (t!(ask, "transfers-look")) }
                div.card { (act::open(ask, &act, &fields)) }
            }
        }
    }
}

/// The transaction that is to pay: the file to sign, and the way back.
pub fn transaction(ask: &Ask, transfer: &Transfer, on_chain: bool) -> Markup {
    let is_wanted = matches!(transfer.status, StatusWord::Pending | StatusWord::Ready);
    if !on_chain || !is_wanted {
        return html! {};
    }
    let stands = match (transfer.has_transaction, transfer.members_signed) {
        (false, _) => t!(ask, "transfers-psbt-none"),
        (true, false) => t!(ask, "transfers-psbt-unsigned"),
        (true, true) => t!(ask, "transfers-psbt-complete"),
    };
    let label = t!(ask, "transfers-psbt-bring");
    let act = Act {
        id: "bring",
        path: &format!("PUT /v1/transfers/{}/psbt", transfer.id),
        command: json!({}),
        label: &label,
        tone: Tone::Quiet,
        then: None,
        held: None,
    };
    let file = act::field(
        "psbt",
        Kind::File,
        &t!(ask, "transfers-psbt-file"),
        "",
        &t!(ask, "transfers-psbt-file-hint"),
    );
    html! {
        section.card {
            h2 { (t!(ask, "transfers-psbt")) }
            p { (stands) }
            div.row {
                a.button.quiet href={ "/transfers/" (transfer.id) "/psbt" } { (t!(ask, "transfers-psbt-get")) }
                (act::folded(ask, &act, &t!(ask, "transfers-psbt-explained"), &file))
            }
        }
    }
}

/// Cancel, object, stop: while it is open. A refresh leaves everything in the vault, and one person cannot hold it up.
pub fn hold_up(ask: &Ask, transfer: &Transfer) -> Markup {
    if !is_open(transfer) {
        return html! {};
    }
    let id = transfer.id;
    let reason = act::field("reason", Kind::Text, &t!(ask, "transfers-stop-reason"), "", "");
    html! {
        section.card {
            h2 { (t!(ask, "transfers-hold-up")) }
            p.soft { (t!(ask, "transfers-hold-up-lead")) }
            noscript { p.soft { (t!(ask, "transfers-held-back")) } }
            div.row {
                (folded(ask, id, &Holding::Cancel, &html! {}))
                (folded(ask, id, &Holding::Object, &html! {}))
                (folded(ask, id, &Holding::Stop, &reason))
            }
        }
    }
}

/// The three ways to hold a transfer up.
enum Holding {
    Cancel,
    Object,
    Stop,
}

impl Holding {
    const fn word(&self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Object => "object",
            Self::Stop => "stop",
        }
    }

    /// The operation and its command.
    fn operation(&self, id: Hash, reason: &str) -> (String, Value) {
        match self {
            Self::Cancel | Self::Object => (format!("/v1/transfers/{id}/{}", self.word()), json!({})),
            Self::Stop => ("/v1/stops".to_owned(), json!({ "scope": { "transfer": id }, "reason": reason })),
        }
    }

    fn texts(&self, ask: &Ask) -> (String, String) {
        match self {
            Self::Cancel => (t!(ask, "transfers-cancel"), t!(ask, "transfers-cancel-explained")),
            Self::Object => (t!(ask, "transfers-object"), t!(ask, "transfers-object-explained")),
            Self::Stop => (t!(ask, "transfers-stop"), t!(ask, "transfers-stop-explained")),
        }
    }
}

fn folded(ask: &Ask, id: Hash, holding: &Holding, fields: &Markup) -> Markup {
    let (label, explained) = holding.texts(ask);
    let (path, command) = holding.operation(id, "");
    let posted = format!("/transfers/{id}/{}", holding.word());
    // An objection leaves the page as it was, so it is not renewed either: what was said of it stays until the page is left.
    let then = matches!(holding, Holding::Object).then_some("");
    let act = Act {
        id: holding.word(),
        path: &path,
        command,
        label: &label,
        tone: Tone::Bad,
        then,
        held: Some(&posted),
    };
    act::folded(ask, &act, &explained, fields)
}

/// `POST /transfers/{id}/cancel`.
pub fn cancel<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    hold(ask, api, Holding::Cancel)
}

/// `POST /transfers/{id}/object`.
pub fn object<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    hold(ask, api, Holding::Object)
}

/// `POST /transfers/{id}/stop`.
pub fn stop<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    hold(ask, api, Holding::Stop)
}

/// Holds it up and comes back to its page: that nothing is complained of is the confirmation, and leaves no trace in the browser.
fn hold<'a>(ask: &'a Ask, api: &'a dyn Api, holding: Holding) -> Pending<'a, Shown> {
    Box::pin(async move {
        let id = Hash::parse(ask.parameter("id")).map_err(|_| problem(api::Code::NotFound))?;
        let (path, command) = holding.operation(id, ask.field("reason").trim());
        api.hold(&path, command).await?;
        Ok(Shown::Go(format!("/transfers/{id}")))
    })
}

/// `/transfers/{id}/psbt`: the transaction that was brought, without anybody's signature; before there is one, a draft of it. Where no source
/// of the chain says what the network wants, a page that asks for it.
pub fn psbt<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let path = format!("/v1/transfers/{}", ask.parameter("id"));
        let transfer: Transfer = read(api, &path).await?;
        let text = if transfer.has_transaction {
            read::<PsbtText>(api, &format!("{path}/psbt")).await?.psbt
        } else {
            let rate = ask.query("fee_rate").trim().replace(',', ".");
            let query = if rate.is_empty() { String::new() } else { format!("?fee_rate={}", encoded(&rate)) };
            match read::<Draft>(api, &format!("{path}/draft{query}")).await {
                Ok(draft) => draft.psbt,
                Err(problem) if problem.code == api::Code::FeeRateUnknown.as_str() => {
                    return Ok(rate_asked(ask, &transfer));
                }
                Err(problem) => return Err(problem),
            }
        };
        let bytes = STANDARD.decode(text).map_err(|_| problem(api::Code::Internal))?;
        let digits: String = transfer.id.to_string().chars().take(NAME_DIGITS).collect();
        Ok(Shown::File { name: format!("{digits}.psbt"), kind: "application/octet-stream", bytes })
    })
}

fn rate_asked(ask: &Ask, transfer: &Transfer) -> Shown {
    let content = html! {
        p { (t!(ask, "transfers-rate-unknown")) }
        form.narrow method="get" action={ "/transfers/" (transfer.id) "/psbt" } {
            label { (t!(ask, "transfers-rate"))
                input type="text" inputmode="decimal" name="fee_rate" required maxlength=(RATE_CHARS_MAX) autocomplete="off"
                    aria-describedby="hint-rate";
            }
            p.hint id="hint-rate" { (t!(ask, "transfers-rate-hint")) }
            div.row {
                button { (t!(ask, "transfers-psbt-get")) }
                a href={ "/transfers/" (transfer.id) } { (t!(ask, "transfers-back")) }
            }
        }
    };
    Shown::still(t!(ask, "transfers-psbt"), content)
}
