//! What can go wrong with a browser in a test.

use std::time::Duration;

use thiserror::Error;

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// There is none.
    #[error(
        "`{0}` does not run: `sudo apt-get install chromium` on Debian and Ubuntu, or name one in `REMPART_CHROMIUM`"
    )]
    NotInstalled(String),
    /// The pipe broke.
    #[error("the browser has gone: {0}")]
    Gone(#[from] std::io::Error),
    /// It said no.
    #[error("`{method}` was refused: {message}")]
    Refused {
        /// What was asked.
        method: String,
        /// What it said.
        message: String,
    },
    /// A script of a test failed in the page.
    #[error("`{expression}` failed in the page: {message}")]
    Script {
        /// What was run.
        expression: String,
        /// What the page said.
        message: String,
    },
    /// It never came.
    #[error("waited {after:?} for {what}; the page: {page}", after = .0.after, what = .0.what, page = .0.page)]
    Timeout(Box<Waited>),
}

/// What was waited for, and what the page showed instead.
#[derive(Debug)]
pub struct Waited {
    /// What.
    pub what: String,
    /// How long.
    pub after: Duration,
    /// The text of the page.
    pub page: String,
}

impl BrowserError {
    pub(crate) fn timeout(what: &str, after: Duration, page: String) -> Self {
        Self::Timeout(Box::new(Waited { what: what.to_owned(), after, page }))
    }
}
