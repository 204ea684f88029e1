//! Every page of the console: its path, who may ask for it, and what makes it. [`PAGES`] is the only list: the router, the twin tests and
//! the checks in the browser take it from here.

mod settings;

use crate::ask::{Api, Ask, Pending, Shown};

/// Who may ask for a page. For everybody else it does not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Whoever comes.
    Anyone,
    /// Who is signed in.
    Person,
    /// Auditors.
    Auditor,
    /// Auditors and responders.
    Names,
    /// Responders.
    Responder,
}

impl Audience {
    /// Whether whoever asks is of it.
    #[must_use]
    pub fn admits(self, ask: &Ask) -> bool {
        match self {
            Self::Anyone => true,
            Self::Person => ask.who.is_some(),
            Self::Auditor => ask.who.as_ref().is_some_and(|who| who.auditor),
            Self::Names => ask.sees_names(),
            Self::Responder => ask.is_responder(),
        }
    }
}

/// One page.
#[derive(Clone, Copy)]
pub struct Page {
    /// `GET`, or `POST` for a form that works without a script.
    pub method: &'static str,
    /// The path, with `{name}` where it varies.
    pub path: &'static str,
    /// Who may ask.
    pub audience: Audience,
    /// What makes it.
    pub show: for<'a> fn(&'a Ask, &'a dyn Api) -> Pending<'a, Shown>,
}

type Show = for<'a> fn(&'a Ask, &'a dyn Api) -> Pending<'a, Shown>;

const fn get(path: &'static str, audience: Audience, show: Show) -> Page {
    Page { method: "GET", path, audience, show }
}

const fn post(path: &'static str, audience: Audience, show: Show) -> Page {
    Page { method: "POST", path, audience, show }
}

/// Every page.
pub const PAGES: &[Page] = &[
    get("/settings", Audience::Person, settings::show),
    post("/settings", Audience::Person, settings::keep),
];
