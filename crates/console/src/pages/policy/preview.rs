//! `/policy/preview`: what a change of the files would do, before anybody is asked: errors at their place, what is tightened and loosened in
//! words, exposure before and after. Without errors, the form that proposes exactly these files (G2, G5).

use api::{CurrencyMinor, Exposure, ExposureFigure, Finding, NewChange, PolicyPreview, Problem, SourceText};
use maud::{Markup, html};
use serde_json::Value;

use super::changes::direction_badge;
use super::edit::{SCRIPTS, form, in_force, sent, what_stays};
use crate::ask::{Api, Ask, Pending, Shown, problem};
use crate::pages::exposure::words::{how_long, how_many, mode_name, with_code};
use crate::parts::act::{Act, open};
use crate::parts::{Tone, badge, money, notice, table};
use crate::t;

/// The horizons of the headline: a day and a week.
const HEADLINE_SECONDS: [u64; 2] = [24 * 3600, 7 * 24 * 3600];

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let sources = sent(ask);
        let unchanged = same(&in_force(ask, api).await?, &sources);
        let change = NewChange { sources, keep_others: !ask.sees_names() };
        let command = serde_json::to_value(&change).map_err(|_| problem(api::Code::Internal))?;
        let (found, content) = match asked(api, &command).await {
            Ok(preview) => {
                (preview.findings.clone(), looked(ask, &preview, command, unchanged, &change.sources))
            }
            // Without a session there is nobody to show the text to; otherwise what was typed stays, whatever is wrong.
            Err(problem) if problem.status == 401 => return Err(problem),
            Err(problem) => (Vec::new(), not_looked(ask, &problem)),
        };
        let content = html! {
            (content)
            section {
                h2 { (t!(ask, "policy-texts")) }
                (what_stays(ask))
                (form(ask, &change.sources, &found))
            }
        };
        Ok(Shown::still(t!(ask, "policy-preview-title"), content).with_scripts(SCRIPTS))
    })
}

/// What the preview says; without errors, the act that proposes it.
fn looked(
    ask: &Ask,
    preview: &PolicyPreview,
    command: Value,
    unchanged: bool,
    sources: &[SourceText],
) -> Markup {
    let is_valid = !preview.findings.iter().any(is_error);
    let elsewhere: Vec<&Finding> =
        preview.findings.iter().filter(|finding| !is_in(finding, sources)).collect();
    html! {
        (verdict(ask, preview, is_valid, unchanged))
        (findings_elsewhere(ask, &elsewhere))
        @if is_valid && !unchanged {
            (differences(ask, preview))
            @if let Some(after) = &preview.after { (figures(ask, &preview.before, after)) }
            (to_propose(ask, command, preview.direction.as_deref()))
        }
    }
}

fn not_looked(ask: &Ask, problem: &Problem) -> Markup {
    notice(
        Tone::Bad,
        &html! {
            p { strong { (t!(ask, "policy-no-preview")) } }
            p { (problem.detail) }
            p.soft { (t!(ask, "policy-no-preview-next")) " " code translate="no" { (problem.code) } }
        },
    )
}

/// A preview is of what was posted: who comes back to its address begins again.
pub fn again<'a>(_ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async { Ok(Shown::Go("/policy/edit".to_owned())) })
}

async fn asked(api: &dyn Api, command: &Value) -> Result<PolicyPreview, Problem> {
    let answer = api.post("/v1/policy/preview", command.clone()).await?;
    serde_json::from_value(answer).map_err(|_| problem(api::Code::Internal))
}

/// Whether nothing was changed, whatever the order of the files.
fn same(in_force: &[SourceText], sent: &[SourceText]) -> bool {
    in_force.len() == sent.len() && sent.iter().all(|source| in_force.contains(source))
}

fn is_in(finding: &Finding, sources: &[SourceText]) -> bool {
    sources.iter().any(|source| source.name == finding.file)
}

// ---- the verdict ----

fn verdict(ask: &Ask, preview: &PolicyPreview, is_valid: bool, unchanged: bool) -> Markup {
    let count =
        |severity: &str| preview.findings.iter().filter(|finding| finding.severity == severity).count();
    if !is_valid {
        return notice(
            Tone::Bad,
            &html! {
                p { strong { (t!(ask, "policy-errors", n = count("error"))) } }
                p { (t!(ask, "policy-errors-next")) }
            },
        );
    }
    if unchanged {
        return notice(Tone::Quiet, &html! { p { (t!(ask, "policy-unchanged")) } });
    }
    let direction = preview.direction.as_deref().unwrap_or_default();
    let (tone, follows) = match direction {
        "tightens" => (Tone::Good, t!(ask, "policy-follows-tightens")),
        "equal" => (Tone::Quiet, t!(ask, "policy-follows-equal")),
        "mixed" => (Tone::Warn, t!(ask, "policy-follows-mixed")),
        _ => (Tone::Warn, t!(ask, "policy-follows-loosens")),
    };
    notice(
        tone,
        &html! {
            p { (direction_badge(ask, direction)) " " strong { (follows) } }
            @if count("warning") > 0 { p { (t!(ask, "policy-warnings", n = count("warning"))) } }
        },
    )
}

// ---- what was found in the files ----

/// What was found in one file, each with the line it is about; `text` is the id of the file's field. Errors first; what is only dangerous or
/// useless is folded, since most of it was so before.
pub fn findings(ask: &Ask, found: &[&Finding], source: &SourceText, text: &str) -> Markup {
    let (errors, warnings): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().partition(|finding| is_error(finding));
    html! {
        (listed(ask, &errors, source, text))
        @if !warnings.is_empty() {
            details { summary { (t!(ask, "policy-warnings-here", n = warnings.len())) } (listed(ask, &warnings, source, text)) }
        }
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == "error"
}

fn tone(finding: &Finding) -> Tone {
    if is_error(finding) { Tone::Bad } else { Tone::Warn }
}

fn listed(ask: &Ask, found: &[&Finding], source: &SourceText, text: &str) -> Markup {
    html! {
        ul.list {
            @for finding in found {
                li class={ "notice " (tone(finding).class()) } {
                    p.spread {
                        a href={ "#" (text) } data-line=(finding.line) data-column=(finding.column) { (place(ask, finding)) }
                        (kind(ask, finding))
                    }
                    (quoted(source, finding))
                    (said(finding))
                }
            }
        }
    }
}

/// What was found in files that are not shown to whoever asks, or in none.
fn findings_elsewhere(ask: &Ask, found: &[&Finding]) -> Markup {
    html! {
        @for finding in found {
            (notice(tone(finding), &html! {
                p.spread { span { @if !finding.file.is_empty() { (finding.file) ", " (place(ask, finding)) } } (kind(ask, finding)) }
                (said(finding))
            }))
        }
    }
}

fn place(ask: &Ask, finding: &Finding) -> String {
    t!(ask, "policy-place", line = finding.line, column = finding.column)
}

fn kind(ask: &Ask, finding: &Finding) -> Markup {
    let word = if is_error(finding) { t!(ask, "policy-error") } else { t!(ask, "policy-warning") };
    html! { span { (badge(tone(finding), &word)) " " code translate="no" { (finding.code) } } }
}

/// What the code means, and what is wrong this time, in English; once where they say the same.
fn said(finding: &Finding) -> Markup {
    let help = finding.help.as_ref().filter(|help| **help != finding.message);
    html! {
        @if let Some(help) = help { p { strong { (with_code(help)) } } }
        p lang=[help.is_some().then_some("en")] { (with_code(&finding.message)) }
    }
}

/// The line, with what is at the place marked.
fn quoted(source: &SourceText, finding: &Finding) -> Markup {
    let line =
        usize::try_from(finding.line).ok().and_then(|line| source.text.lines().nth(line.checked_sub(1)?));
    let Some(line) = line else { return html! {} };
    let column = usize::try_from(finding.column).unwrap_or(1).saturating_sub(1);
    let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (before, after) = line.split_at_checked(start).unwrap_or((line, ""));
    let (marked, rest) = after.split_at_checked(word_end(after)).unwrap_or((after, ""));
    html! { pre.quote { code translate="no" { span.soft { (finding.line) "  " } (before) @if !marked.is_empty() { mark { (marked) } } (rest) } } }
}

/// Where the first word or quoted text of a line ends; one character at least.
fn word_end(text: &str) -> usize {
    let mut characters = text.char_indices();
    let Some((_, first)) = characters.next() else { return 0 };
    let is_end = |c: char| match first {
        '"' | '\'' => c == first,
        _ => c.is_whitespace() || "=,[]{}#".contains(c),
    };
    let end = characters.find(|(_, c)| is_end(*c));
    match (end, first) {
        (Some((at, last)), '"' | '\'') => at + last.len_utf8(),
        (Some((at, _)), _) => at,
        (None, _) => text.len(),
    }
}

// ---- what it would do ----

fn differences(ask: &Ask, preview: &PolicyPreview) -> Markup {
    html! {
        section {
            h2 { (t!(ask, "policy-differences")) }
            ul.list {
                @for difference in &preview.differences {
                    li.difference { (direction_badge(ask, &difference.direction)) span { (with_code(&difference.text)) } }
                }
            }
            @if preview.differences.is_empty() { p.soft { (t!(ask, "policy-no-differences")) } }
        }
    }
}

fn figures(ask: &Ask, before: &Exposure, after: &Exposure) -> Markup {
    html! {
        section {
            h2 { (t!(ask, "policy-exposure")) }
            @if after.unbounded {
                (notice(Tone::Bad, &html! { p { strong { (t!(ask, "policy-after-unbounded")) } } p { (t!(ask, "exposure-unbounded-next")) } }))
            } @else {
                @if before.unbounded { (notice(Tone::Good, &html! { p { (t!(ask, "policy-before-unbounded")) } })) }
                (compared(ask, before, after))
            }
        }
    }
}

fn compared(ask: &Ask, before: &Exposure, after: &Exposure) -> Markup {
    let was = |figure: &ExposureFigure| {
        let same = |other: &&ExposureFigure| {
            (other.k, other.horizon_seconds, &other.mode) == (figure.k, figure.horizon_seconds, &figure.mode)
        };
        before.figures.iter().find(same).map(|found| found.amount)
    };
    let is_headline =
        |figure: &ExposureFigure| figure.k == 1 && HEADLINE_SECONDS.contains(&figure.horizon_seconds);
    let (headline, others): (Vec<&ExposureFigure>, Vec<&ExposureFigure>) =
        after.figures.iter().partition(|figure| is_headline(figure));
    let changed: Vec<&ExposureFigure> =
        others.into_iter().filter(|figure| was(figure) != Some(figure.amount)).collect();
    let rising = changed
        .iter()
        .filter(|figure| was(figure).is_some_and(|was| figure.amount.minor > was.minor))
        .count();
    let heads = [
        t!(ask, "policy-figure"),
        t!(ask, "policy-effect"),
        t!(ask, "policy-in-force"),
        t!(ask, "policy-with-change"),
    ];
    let rows =
        |figures: &[&ExposureFigure]| html! { @for figure in figures { (row(ask, figure, was(figure))) } };
    html! {
        (table(&t!(ask, "policy-exposure"), &heads, &rows(&headline)))
        @if changed.is_empty() { p.soft { (t!(ask, "policy-others-same")) } } @else {
            details open[rising > 0] {
                summary { @if rising > 0 { (t!(ask, "policy-others-rise", n = rising)) } @else { (t!(ask, "policy-others-none-rise")) } }
                (table(&t!(ask, "policy-others"), &heads, &rows(&changed)))
            }
        }
    }
}

fn row(ask: &Ask, figure: &ExposureFigure, was: Option<CurrencyMinor>) -> Markup {
    let (tone, word) = match was {
        Some(was) if figure.amount.minor > was.minor => (Tone::Bad, t!(ask, "policy-rises")),
        Some(was) if figure.amount.minor < was.minor => (Tone::Good, t!(ask, "policy-falls")),
        Some(_) => (Tone::Quiet, t!(ask, "policy-same")),
        None => (Tone::Good, t!(ask, "policy-bounded-now")),
    };
    let horizon = how_long(ask, figure.horizon_seconds);
    html! {
        tr {
            th.wrap scope="row" { strong { (how_many(ask, figure.k)) ", " (horizon) } br; span.soft { (mode_name(ask, &figure.mode)) } }
            td { (badge(tone, &word)) }
            td { @match was { Some(was) => (money::value(ask, was)), None => (t!(ask, "policy-unbounded")) } }
            td { (money::value(ask, figure.amount)) }
        }
    }
}

// ---- the proposal ----

fn to_propose(ask: &Ask, command: Value, direction: Option<&str>) -> Markup {
    let act = Act {
        id: "propose",
        path: "/v1/changes",
        command,
        label: &t!(ask, "policy-propose"),
        tone: Tone::Going,
        then: Some("/motions/{motion}"),
        held: None,
    };
    let at_once = matches!(direction, Some("tightens" | "equal"));
    html! {
        section.card {
            h2 { (t!(ask, "policy-propose-title")) }
            p { @if at_once { (t!(ask, "policy-propose-at-once")) } @else { (t!(ask, "policy-propose-waits")) } }
            p.soft { (t!(ask, "policy-propose-exactly")) }
            (open(ask, &act, &html! {}))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::word_end;

    #[test]
    fn what_is_marked_is_a_word_or_a_quoted_text() {
        let marked = |text: &'static str| text.get(..word_end(text)).unwrap();
        assert_eq!(marked("hold = \"48h\""), "hold");
        assert_eq!(marked("\"48 hours\"  # so"), "\"48 hours\"");
        assert_eq!(marked("\"open"), "\"open");
        assert_eq!(marked("[[permit]]"), "[");
        assert_eq!(marked("é = 1"), "é");
        assert_eq!(marked(""), "");
    }
}
