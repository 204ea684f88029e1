//! `/exposure`: how much could anyone be forced to move. Amounts for everybody; names, ways and history for auditors and responders (G2, G9).

mod before;
pub mod certificate;
mod curves;
pub mod drill;
mod figures;
pub mod words;
mod worst;

use api::{Exposure, Problem, Witness};
use maud::{Markup, html};
use serde::de::DeserializeOwned;

use self::worst::Chosen;
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, notice};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let exposure = read::<Exposure>(api, "/v1/exposure").await?;
        let chosen = Chosen::of(ask, &exposure);
        let witness = match chosen {
            Some(chosen) if ask.sees_names() => there::<Witness>(api, &chosen.operation()).await?,
            _ => None,
        };
        let content = html! {
            p { (t!(ask, "exposure-lead")) }
            @if exposure.unbounded { (unbounded(ask)) } @else { (bounded(ask, &exposure, chosen.as_ref())) }
            @if let (Some(chosen), Some(witness)) = (chosen, &witness) { (worst::section(ask, chosen, witness)) }
            @if ask.sees_names() {
                (worst::all_advice(ask, &exposure))
                (before::history(ask, &exposure))
                (further(ask))
            }
            (figures::meaning(ask))
        };
        Ok(Shown::page(t!(ask, "exposure-title"), content))
    })
}

/// Reads what may not be there any more, because the figures changed meanwhile.
async fn there<T: DeserializeOwned>(api: &dyn Api, path: &str) -> Result<Option<T>, Problem> {
    match read(api, path).await {
        Err(problem) if problem.status == 404 => Ok(None),
        other => other.map(Some),
    }
}

fn bounded(ask: &Ask, exposure: &Exposure, chosen: Option<&Chosen<'_>>) -> Markup {
    html! {
        (figures::headline(ask, exposure))
        (before::rises(ask, exposure))
        (figures::table_of_all(ask, exposure, chosen))
        (curves::over_time(ask, exposure))
    }
}

fn unbounded(ask: &Ask) -> Markup {
    notice(
        Tone::Bad,
        &html! {
            p { strong { (t!(ask, "exposure-unbounded")) } }
            p { (t!(ask, "exposure-unbounded-means")) }
            p { (t!(ask, "exposure-unbounded-next")) }
        },
    )
}

fn further(ask: &Ask) -> Markup {
    html! {
        section {
            h2 { (t!(ask, "exposure-further")) }
            ul {
                li { a href="/exposure/drill" { (t!(ask, "exposure-drill-link")) } }
                li { a href="/exposure/certificate" { (t!(ask, "exposure-certificate-link")) } }
            }
        }
    }
}
