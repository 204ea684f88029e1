//! `/policy/edit`: the files that somebody may read, to be changed as text. Nothing is proposed from here: first comes the preview (G5).

use api::{Finding, Problem, Register, SourceText};
use maud::{Markup, html};

use super::preview::findings;
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::{Tone, nothing, notice, posted};
use crate::t;

/// The most files that are sent on.
const FILES_MAX: usize = 64;
/// The script that goes to a line of a text; without it the line is found by its number.
pub const SCRIPTS: &[&str] = &["policy.js"];

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let sources = in_force(ask, api).await?;
        let content = html! {
            p { (t!(ask, "policy-edit-lead")) }
            (what_stays(ask))
            @if sources.is_empty() { (nothing(&t!(ask, "policy-no-files"))) } @else { (form(ask, &sources, &[])) }
        };
        Ok(Shown::still(t!(ask, "policy-edit-title"), content).with_scripts(SCRIPTS))
    })
}

/// What is not among the files of the form stays as it is: somebody who may not read it need not send it.
pub fn what_stays(ask: &Ask) -> Markup {
    html! { @if !ask.sees_names() { (notice(Tone::Quiet, &html! { p { (t!(ask, "policy-others-stay")) } })) } }
}

/// The files in force that whoever asks may read.
pub async fn in_force(ask: &Ask, api: &dyn Api) -> Result<Vec<SourceText>, Problem> {
    if ask.sees_names() {
        return Ok(read::<Register>(api, "/v1/policy/register").await?.sources);
    }
    super::rules(api).await
}

/// One text field for each file, with what was found in it above.
pub fn form(ask: &Ask, sources: &[SourceText], found: &[Finding]) -> Markup {
    let lines = |text: &str| text.lines().count().clamp(12, 40);
    posted(
        ask,
        "/policy/preview",
        html! {
            @for (number, source) in sources.iter().enumerate() {
                @let own: Vec<&Finding> = found.iter().filter(|finding| finding.file == source.name).collect();
                @let id = format!("text-{number}");
                @let described = (!own.is_empty()).then(|| format!("found-{number}"));
                @let wrong = own.iter().any(|finding| finding.severity == "error");
                section {
                    h2 { label for=(id) { (source.name) } }
                    @if let Some(described) = &described { div id=(described) { (findings(ask, &own, source, &id)) } }
                    input type="hidden" name={ "file-" (number) } value=(source.name);
                    textarea.code id=(id) name={ "text-" (number) } rows=(lines(&source.text)) spellcheck="false" autocapitalize="none"
                        autocomplete="off" translate="no" aria-invalid=[wrong.then_some("true")] aria-describedby=[described] {
                        // A browser drops the first line end of the field: this one, and never one of the file.
                        "\n" (source.text)
                    }
                }
            }
            div.row {
                button { (t!(ask, "policy-preview-button")) }
                a.button.quiet href="/policy/edit" { (t!(ask, "policy-start-again")) }
                a.button.quiet href="/policy" { (t!(ask, "policy-leave")) }
            }
            p.hint { (t!(ask, "policy-preview-hint")) }
        },
    )
}

/// The files as they were sent. Browsers end lines with two characters; files do with one.
pub fn sent(ask: &Ask) -> Vec<SourceText> {
    let file = |number: usize| {
        let name = ask.fields.get(&format!("file-{number}"))?;
        let text = ask.fields.get(&format!("text-{number}"))?;
        Some(SourceText { name: name.clone(), text: text.replace("\r\n", "\n") })
    };
    (0..FILES_MAX).map_while(file).collect()
}
