//! Problems found in a policy's files, each with its place and the fix. Keeps G1: what is not understood never becomes a rule.
//!
//! Called by everything in this crate that reads files; shown by `rempart policy check` and by the server when a change is proposed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A policy file: its name as the user gave it, and its text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Source {
    /// The name that diagnostics show.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The files are not a policy.
    Error,
    /// Legal, but dangerous or useless.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One problem at one place. Display: `FILE:LINE:COL: error[CODE]: message`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// The file's name.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Error or warning.
    pub severity: Severity,
    /// Stable, searchable; listed in the user guide of the policy.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, severity, code, message } = self;
        write!(f, "{file}:{line}:{column}: {severity}[{code}]: {message}")
    }
}
