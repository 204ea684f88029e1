//! `/exposure/certificate`: what a deterrence certificate would say now, to be read and printed; and how it is signed, which is done on another
//! machine: the key is not on the server (G9). For auditors and responders only.

use api::{CertificateDraft, CertificateFigure};
use maud::{Markup, html};

use super::words::{how_long, how_many, with_code};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, fact, notice, table};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let draft = read::<CertificateDraft>(api, "/v1/exposure/certificate").await?;
        let organisation = ask.who.as_ref().map_or("", |who| who.organisation.as_str());
        let content = html! {
            @if let Some(refused) = &draft.refused {
                (notice(Tone::Warn, &html! { p { strong { (t!(ask, "exposure-certificate-none")) } } p { (with_code(refused)) } }))
            }
            @if !draft.figures.is_empty() { (sheet(ask, &draft, organisation)) }
            (how_it_is_made(ask, &draft))
            p.row { a.button.quiet href="/exposure" { (t!(ask, "exposure-back")) } }
        };
        Ok(Shown::page(t!(ask, "exposure-certificate-title"), content))
    })
}

/// What is printed.
fn sheet(ask: &Ask, draft: &CertificateDraft, organisation: &str) -> Markup {
    let headline = draft.figures.first();
    html! {
        section.card.sheet {
            p.soft { (t!(ask, "exposure-certificate-draft")) }
            h2 { (organisation) }
            @if let Some(figure) = headline {
                p { (t!(ask, "exposure-certificate-says", homes = how_many(ask, figure.k), length = how_long(ask, figure.horizon_seconds))) }
                p { span.big { (figure.at_most) } @if figure.at_most.ends_with('%') { " " (t!(ask, "exposure-certificate-of-all")) } }
            }
            (figures(ask, &draft.figures))
            p { (t!(ask, "exposure-certificate-includes")) }
            dl {
                (fact(&t!(ask, "exposure-certificate-lifetime"), &html! { (how_long(ask, draft.lifetime_seconds)) }))
                (fact(&t!(ask, "exposure-certificate-policy"), &html! { code.mono translate="no" { (draft.policy) } }))
            }
        }
    }
}

fn figures(ask: &Ask, figures: &[CertificateFigure]) -> Markup {
    let sorted = |mut all: Vec<u64>| {
        all.sort_unstable();
        all.dedup();
        all
    };
    let numbers = sorted(figures.iter().map(|figure| u64::from(figure.k)).collect());
    let horizons = sorted(figures.iter().map(|figure| figure.horizon_seconds).collect());
    let find = |k: u64, seconds: u64| {
        figures.iter().find(|figure| u64::from(figure.k) == k && figure.horizon_seconds == seconds)
    };
    let mut heads = vec![t!(ask, "exposure-taken")];
    heads.extend(horizons.iter().map(|seconds| how_long(ask, *seconds)));
    let rows = html! {
        @for k in numbers {
            tr {
                th scope="row" { (how_many(ask, u8::try_from(k).unwrap_or(u8::MAX))) }
                @for seconds in &horizons { td { @if let Some(figure) = find(k, *seconds) { (figure.at_most) } } }
            }
        }
    };
    table(&t!(ask, "exposure-certificate-figures"), &heads, &rows)
}

fn how_it_is_made(ask: &Ask, draft: &CertificateDraft) -> Markup {
    html! {
        section.unprinted {
            h2 { (t!(ask, "exposure-certificate-make")) }
            p { (t!(ask, "exposure-certificate-elsewhere")) }
            pre tabindex="0" { code translate="no" { (draft.command) } }
            p.hint { (t!(ask, "exposure-certificate-print")) }
        }
    }
}
