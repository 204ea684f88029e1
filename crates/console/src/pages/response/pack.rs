//! `/response/incidents/{id}/pack`: what is known, for the police, to be printed or kept as a file (G9). Pseudonyms only: names and addresses
//! stand in dossiers, which no server opens.
//!
//! The content is that of the crate `response`, as `rempart alarm pack` writes it.

use api::Code;
use maud::{Markup, html};
use response::SignedFacts;

use super::incident::spoken;
use crate::ask::{Api, Ask, Pending, Shown, problem};
use crate::t;
use crate::words::tag;

/// The page, or with `?as=html` and `?as=json` its file and the signed facts.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let id = ask.parameter("id");
        let path = format!("/v1/response/incidents/{id}/pack");
        let value = api.get(&path).await?;
        let signed: SignedFacts =
            serde_json::from_value(value.clone()).map_err(|_| problem(Code::Internal))?;
        let failed = |_| problem(Code::Internal);
        match ask.query("as") {
            "html" => Ok(Shown::File {
                name: format!("incident-{id}.{}.html", tag(ask.language)),
                kind: "text/html; charset=utf-8",
                bytes: response::pack::sheet_file(&signed, spoken(ask)).map_err(failed)?.into_bytes(),
            }),
            "json" => Ok(Shown::File {
                name: format!("incident-{id}.json"),
                kind: "application/json",
                bytes: value.to_string().into_bytes(),
            }),
            _ => {
                let sheet = response::pack::sheet(&signed, spoken(ask)).map_err(failed)?;
                let title = t!(ask, "response-pack-title", id = id.to_owned());
                Ok(Shown::still(title, html! { (head(ask, id)) div.pack { (sheet) } }))
            }
        }
    })
}

/// What does not stand on paper.
fn head(ask: &Ask, id: &str) -> Markup {
    let here = format!("/response/incidents/{id}");
    html! {
        div.unprinted {
            p { (t!(ask, "response-pack-why")) }
            p.row {
                a.button href={ (here) "/pack?as=html" } { (t!(ask, "response-pack-html")) }
                a.button.quiet href={ (here) "/pack?as=json" } { (t!(ask, "response-pack-json")) }
                a.button.quiet href=(here) { (t!(ask, "response-back")) }
            }
            details {
                summary { (t!(ask, "response-pack-whole")) }
                p { (t!(ask, "response-pack-whole-why")) }
                pre { (t!(ask, "response-pack-command", id = id.to_owned())) }
            }
        }
    }
}
