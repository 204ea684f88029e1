//! Why a measurement could not be made. Never a finding: a finding is a difference, and is recorded.

use thiserror::Error;

/// Why a measurement could not be made.
#[derive(Debug, Error)]
pub enum Failure {
    /// A file, a socket or a child program.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A server did not do what the harness needs of it.
    #[error("{0}")]
    Server(String),
    /// An answer that is not HTTP as the client reads it.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
    /// The phrase check.
    #[error(transparent)]
    Credential(#[from] crate::credential::CredentialError),
    /// State of an earlier run that does not fit.
    #[error("{0}")]
    State(String),
}

impl Failure {
    /// A server that did not do what was needed, and where.
    pub fn server(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Server(format!("{what}: {why}"))
    }
}
