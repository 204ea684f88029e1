//! Who asks for which page, how the page reads, and what it gives (G9). Called by every page and by `server::pages`.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use api::Problem;
use jiff::tz::TimeZone;
use maud::Markup;
use serde::de::DeserializeOwned;
use serde_json::Value;
use types::PersonId;

use crate::words::{Language, text};

/// What a read or a page will give.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// The interface under `/v1`, with the rights of whoever asks.
pub trait Api: Send + Sync {
    /// Reads `path` (with its query).
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value>;
    /// Asks about something that is sent along, and changes nothing: a preview.
    fn post<'a>(&'a self, path: &'a str, body: Value) -> Pending<'a, Value>;
    /// Holds something up: a stop, a cancel, an objection; with the session and the three words that were posted, which no page ever sees, and
    /// without the device (ADR 0029).
    fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value>;
    /// Ends something of one's own that no device needs to sign for: a session.
    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value>;
}

/// Reads and understands.
///
/// # Errors
/// What the interface refuses, or an answer that is not understood, which is a fault of ours.
pub async fn read<T: DeserializeOwned>(api: &dyn Api, path: &str) -> Result<T, Problem> {
    let value = api.get(path).await?;
    serde_json::from_value(value).map_err(|_| problem(api::Code::Internal))
}

/// A problem with its code's own text, in English; `server::pages` gives it in the language that was asked for.
#[must_use]
pub fn problem(code: api::Code) -> Problem {
    Problem::new(code, api::Language::English, None)
}

/// The person who is signed in, and what the organisation has for everybody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The pseudonym.
    pub person: PersonId,
    /// The organisation's name.
    pub organisation: String,
    /// Whether they are a responder: a fact of the policy.
    pub responder: bool,
    /// Whether they are an auditor: a fact of the policy.
    pub auditor: bool,
    /// Goes with every form that is posted, so that no other site can post it.
    pub token: String,
}

/// How it should look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Look {
    /// As the device has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Look {
    /// The word for it in a cookie and in the page.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// What stands in a query or in a posted form. The first of a name counts.
pub type Fields = BTreeMap<String, String>;

/// One request for a page.
#[derive(Clone, Debug)]
pub struct Ask {
    /// English or French.
    pub language: Language,
    /// Light, dark, or as the device has it.
    pub look: Look,
    /// The path, without its query.
    pub path: String,
    /// What the `{…}` of the page's path stand for, by name.
    pub parameters: Fields,
    /// The query.
    pub query: Fields,
    /// What was posted; empty for a page that was asked for.
    pub fields: Fields,
    /// Who is signed in.
    pub who: Option<Who>,
    /// The organisation's time zone, in which times are shown.
    pub zone: TimeZone,
}

impl Ask {
    /// The text of a key in the language asked for. Pages call the macro `t!`.
    #[must_use]
    pub fn text(&self, key: &str, values: &[(&str, fluent_bundle::FluentValue<'_>)]) -> String {
        text(self.language, key, values)
    }

    /// A parameter of the path; empty when there is none, which finds nothing.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// What the query says of a name; empty when nothing.
    #[must_use]
    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// What was posted under a name; empty when nothing.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Whether a responder asks.
    #[must_use]
    pub fn is_responder(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.responder)
    }

    /// Whether an auditor or a responder asks: they see names where others see amounts.
    #[must_use]
    pub fn sees_names(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.responder || who.auditor)
    }

    /// Whether it is this person.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.who.as_ref().is_some_and(|who| who.person.as_str() == name)
    }
}

/// What a page gives.
pub enum Shown {
    /// A page.
    Page {
        /// Its title and first heading.
        title: String,
        /// What is below the heading.
        content: Markup,
        /// Scripts besides those of every page: names under `/assets/`.
        scripts: &'static [&'static str],
        /// Whether it renews itself when something on it changes.
        live: bool,
    },
    /// Another page: a path of this console.
    Go(String),
    /// Another page, in a language and a look that are kept from now on.
    Keep {
        /// In which language.
        language: Language,
        /// In which look.
        look: Look,
        /// Where to.
        then: String,
    },
    /// A file to keep.
    File {
        /// Its name.
        name: String,
        /// Its media type.
        kind: &'static str,
        /// Its content.
        bytes: Vec<u8>,
    },
}

impl Shown {
    /// A page that renews itself.
    #[must_use]
    pub const fn page(title: String, content: Markup) -> Self {
        Self::Page { title, content, scripts: &[], live: true }
    }

    /// A page that stands still: one with a long form on it.
    #[must_use]
    pub const fn still(title: String, content: Markup) -> Self {
        Self::Page { title, content, scripts: &[], live: false }
    }

    /// The same page with scripts of its own.
    #[must_use]
    pub fn with_scripts(self, scripts: &'static [&'static str]) -> Self {
        match self {
            Self::Page { title, content, live, .. } => Self::Page { title, content, scripts, live },
            other => other,
        }
    }
}
