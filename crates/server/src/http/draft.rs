//! A proposed policy as it was sent: all its files, or those that change with the others as they are (ADR 0031).
//!
//! Who may not read the register cannot change it this way, and learns nothing of what stands in the files beside their own (G9). Called when a
//! change is looked at and when it is proposed.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::{Code, Finding, NewChange};
use policy::{Diagnostic, Language, Loaded, Policy, Severity, Source, load};
use types::PersonId;

use super::failure::Failure;
use super::shared::Http;
use super::shown::{has_register, is_rules_only};

/// The most findings that are told.
const FINDINGS_MAX: usize = 200;

/// The files of a proposed policy.
pub struct Draft {
    sources: Vec<Source>,
    /// The names of the files that were sent, where others stand beside them that the author may not see.
    own: Option<BTreeSet<String>>,
}

/// Loaded, and what was found.
pub struct Judged {
    /// The policy, unless there is an error.
    pub policy: Option<Policy>,
    /// What was found, as far as the author may know it.
    pub findings: Vec<Finding>,
}

impl Draft {
    /// The whole of what was sent.
    ///
    /// # Errors
    /// A file named twice, or one that the author may not change.
    pub fn of(change: NewChange, in_force: &Policy, sees_names: bool) -> Result<Self, Failure> {
        let NewChange { sources, keep_others } = change;
        let sent: Vec<Source> =
            sources.into_iter().map(|source| Source { name: source.name, text: source.text }).collect();
        if !keep_others {
            return Ok(Self { sources: sent, own: None });
        }
        let names: BTreeSet<String> = sent.iter().map(|source| source.name.clone()).collect();
        let named = |name: &String, source: &Source| source.name == *name;
        let old = |name: &String| in_force.sources().iter().filter(|source| named(name, source)).count();
        if names.len() < sent.len() || names.iter().any(|name| old(name) > 1) {
            return Err(Failure::because(Code::CommandInvalid, "two files have one name: send all files"));
        }
        let hidden = |source: &Source| names.contains(&source.name) && !is_rules_only(&source.text);
        if !sees_names
            && (in_force.sources().iter().any(hidden) || sent.iter().any(|source| has_register(&source.text)))
        {
            return Err(not_yours());
        }
        let mut whole = in_force.sources().to_vec();
        for source in sent {
            match whole.iter_mut().find(|kept| kept.name == source.name) {
                Some(kept) => *kept = source,
                None => whole.push(source),
            }
        }
        Ok(Self { sources: whole, own: (!sees_names).then_some(names) })
    }

    /// Loads it.
    ///
    /// # Errors
    /// When it would change a register that the author may not see.
    pub fn judge(&self, in_force: &Policy, language: Language) -> Result<Judged, Failure> {
        let Loaded { policy, diagnostics } = load(&self.sources);
        let changes = |policy: &Policy| self.own.is_some() && !policy.same_register(in_force);
        // Whatever the files look like: what they come to decides.
        if policy.as_ref().is_some_and(changes) {
            return Err(not_yours());
        }
        Ok(Judged { policy, findings: self.findings(&diagnostics, language) })
    }

    fn findings(&self, diagnostics: &[Diagnostic], language: Language) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for diagnostic in diagnostics {
            let finding = self.finding(diagnostic, language);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
            if findings.len() >= FINDINGS_MAX {
                break;
            }
        }
        findings
    }

    fn finding(&self, found: &Diagnostic, language: Language) -> Finding {
        let code = policy::Code::find(found.code);
        let meaning = |language| code.map_or("", |code| code.meaning_in(language)).to_owned();
        let whole = Finding {
            severity: found.severity.to_string(),
            code: found.code.to_owned(),
            message: found.message.clone(),
            help: Some(meaning(language)),
            file: found.file.clone(),
            line: found.line,
            column: found.column,
        };
        match &self.own {
            // Where something is wrong in a file that they do not see is not theirs to know.
            Some(own) if !own.contains(&found.file) => {
                Finding { message: meaning(Language::En), file: String::new(), line: 1, column: 1, ..whole }
            }
            Some(_) if code.is_none_or(policy::Code::is_of_the_whole) => {
                Finding { message: own_words(found).unwrap_or_else(|| meaning(Language::En)), ..whole }
            }
            _ => whole,
        }
    }
}

/// Of a name that nothing defines, the name as the author wrote it, without the one that it was taken for.
fn own_words(found: &Diagnostic) -> Option<String> {
    let dangling = found.severity == Severity::Error && found.message.starts_with("no ");
    let (said, _) = found.message.split_once("`: ").filter(|_| dangling)?;
    Some(format!("{said}`"))
}

fn not_yours() -> Failure {
    Failure::because(
        Code::NotAllowed,
        "only auditors and responders change the register in part: send rules alone, or all files",
    )
}

impl Http {
    /// The files of a change that is proposed, whole.
    ///
    /// # Errors
    /// As [`Draft::of`] and [`Draft::judge`]; and files that are no policy, where others stand beside them that the author may not see: the
    /// gate would say more.
    pub async fn whole_change(&self, change: NewChange, by: &PersonId) -> Result<Vec<Source>, Failure> {
        let in_force = self.engine.read(|state| {
            let version = state.overt().policies().current();
            version.map(|version| Arc::clone(&version.policy)).ok_or(Failure::not_found())
        })?;
        let sees_names = in_force.may_see_names(by);
        let work = move || {
            let draft = Draft::of(change, &in_force, sees_names)?;
            if draft.own.is_some() {
                let judged = draft.judge(&in_force, Language::En)?;
                if judged.policy.is_none() {
                    return Err(Failure::because(Code::PolicyInvalid, first_error(&judged.findings)));
                }
            }
            Ok(draft.sources)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(Code::Internal))?
    }
}

fn first_error(findings: &[Finding]) -> String {
    findings.first().map_or_else(String::new, |found| {
        let Finding { file, line, column, severity, code, message, .. } = found;
        format!("{file}:{line}:{column}: {severity}[{code}]: {message}")
    })
}
