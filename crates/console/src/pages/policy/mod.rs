//! `/policy`: the rules in force as sentences and as files, and what is about to change them (G5, G9).
//!
//! Everybody reads the rules; the register, with people and places, is on a page of its own for those who may read it.

mod changes;
pub mod edit;
pub mod preview;

use api::{Code, MotionList, PolicyText, Problem, Rules, SourceText};
use maud::{Markup, html};

use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::pages::exposure::words::with_code;
use crate::parts::{fact, nothing};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let policy = read::<PolicyText>(api, "/v1/policy/explained").await?;
        let rules = rules(api).await?;
        let motions = read::<MotionList>(api, "/v1/motions").await?;
        let content = html! {
            p { (t!(ask, "policy-lead")) }
            div.columns {
                div { (sentences(ask, &policy)) (files(ask, &rules)) }
                div { (to_change(ask)) (changes::pending(ask, &motions.motions)) (identity(ask, &policy)) }
            }
        };
        Ok(Shown::page(t!(ask, "policy-title"), content))
    })
}

/// The files that hold rules alone. None where rules and register are one file: that is not everybody's to read.
pub async fn rules(api: &dyn Api) -> Result<Vec<SourceText>, Problem> {
    match read::<Rules>(api, "/v1/policy/rules").await {
        Err(problem) if problem.code == Code::RulesNotSeparate.as_str() => Ok(Vec::new()),
        rules => rules.map(|rules| rules.sources),
    }
}

fn sentences(ask: &Ask, policy: &PolicyText) -> Markup {
    html! {
        @for section in &policy.sections {
            section {
                h2 { (section.title) }
                ul.sentences { @for sentence in &section.sentences { li { (with_code(sentence)) } } }
            }
        }
        @if policy.sections.is_empty() { (nothing(&t!(ask, "policy-no-sentences"))) }
    }
}

fn files(ask: &Ask, sources: &[SourceText]) -> Markup {
    html! {
        section {
            h2 { (t!(ask, "policy-files")) }
            p { (t!(ask, "policy-files-lead")) }
            @for source in sources {
                details { summary { (source.name) } pre tabindex="0" { code translate="no" { (source.text) } } }
            }
            @if sources.is_empty() { (nothing(&t!(ask, "policy-no-files"))) }
        }
    }
}

fn to_change(ask: &Ask) -> Markup {
    html! {
        section.card {
            h2 { (t!(ask, "policy-change")) }
            p { (t!(ask, "policy-change-lead")) }
            div.row {
                a.button href="/policy/edit" { (t!(ask, "policy-edit-link")) }
                @if ask.sees_names() { a.button.quiet href="/register" { (t!(ask, "policy-register-link")) } }
            }
        }
    }
}

fn identity(ask: &Ask, policy: &PolicyText) -> Markup {
    html! {
        dl { (fact(&t!(ask, "policy-hash"), &html! { code.mono translate="no" { (policy.hash) } })) }
        p.hint { (t!(ask, "policy-hash-hint")) }
    }
}
