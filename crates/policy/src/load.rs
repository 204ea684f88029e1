//! From files to a policy. Keeps G1: one error anywhere and there is no policy.
//!
//! Called by `rempart policy`, by the server at start, and when a change of the rules is proposed.

use crate::build::build;
use crate::check::warnings;
use crate::codes;
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::keys::FILES_MAX;
use crate::places::Places;
use crate::policy::Policy;
use crate::read::Reader;
use crate::references;
use crate::rows::{At, Found};

/// What loading gives: a policy unless there is an error, and everything that was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The policy; present exactly when no diagnostic is an error.
    pub policy: Option<Policy>,
    /// Every problem in every file: errors by place, or else warnings with the gravest first.
    pub diagnostics: Vec<Diagnostic>,
}

/// Loads one or several files as one policy. All problems are reported in one run.
#[must_use]
pub fn load(sources: &[Source]) -> Loaded {
    let places = Places::new(sources);
    let mut reader = Reader::default();
    if sources.len() > FILES_MAX {
        reader.report(At::default(), codes::TOO_LARGE, format!("more than {FILES_MAX} files: merge some"));
    }
    for (number, source) in (0u16..).zip(sources.iter().take(FILES_MAX)) {
        reader.file(number, &source.text);
    }
    reader.finish();
    let Reader { rows, mut found, .. } = reader;
    found.extend(references::check(&rows, &places));
    found.sort_by_key(|found| found.at);
    let built = if found.is_empty() { build(&rows) } else { None };
    let Some(parts) = built else {
        if found.is_empty() {
            found.push(Found { at: At::default(), code: codes::SYNTAX, message: UNBUILT.to_owned() });
        }
        return Loaded { policy: None, diagnostics: diagnostics(found, &places) };
    };
    let policy = Policy::new(parts, sources.to_vec());
    let warnings = warnings(&policy, &rows);
    Loaded { policy: Some(policy), diagnostics: diagnostics(warnings, &places) }
}

/// Only a defect of the reader leads here; it must not lead to a policy.
const UNBUILT: &str = "the files were understood but make no policy: please report this";

fn diagnostics(found: Vec<Found>, places: &Places<'_>) -> Vec<Diagnostic> {
    let convert = |Found { at, code, message }: Found| {
        let (file, line, column) = places.of(at);
        Diagnostic { file: file.to_owned(), line, column, severity: code.severity, code: code.name, message }
    };
    found.into_iter().map(convert).collect()
}

impl Loaded {
    /// Whether anything found is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
}
