//! The pages for people, and the static files behind them: server-rendered HTML under one strict content policy (G3, G9).
//!
//! A page is the same for everybody who asks in one language: it holds no session, no person and nothing that a phrase check found. What
//! is a person's own is fetched by the page's script through `/v1`, with a token that lives in a variable of the script alone.
//!
//! To add a page:
//! 1. A module here with its texts in English and French and an `async fn show(asked: Asked) -> Page`; what needs the server's state takes
//!    `State(http): State<Http>` as handlers under `/v1` do.
//! 2. The handler gives `Shell { path, title, scripts, form }.page(&asked, content)`, with the content made by `maud::html!`. No inline script, no
//!    inline style: the content policy stops both. A form that works without a script says `form: Form::Posted`; one that must reach nobody, `Form::Local`.
//! 3. Its line in [`ROUTES`]; a script or style of its own: a line in `assets::ASSETS`, which [`ROUTES`] names too.
//!
//! [`ROUTES`] is the only list: the router is made from it, and the twin tests take their entry points from it.

mod alarm;
mod assets;
mod ceremony;
mod enrol;
mod entry;
mod field;
mod practice;
mod shell;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::http::Http;

pub use alarm::{ALARM_TEXT_BYTES_MAX, AlarmPage, AlarmTexts, Bilingual};
pub use assets::{PHRASE_SCRIPT, WORDS_SCRIPT};
pub use shell::CONTENT_POLICY;

/// One way in: a method, a path, and what answers.
pub struct PageRoute {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, as the router writes it.
    pub path: &'static str,
    answer: fn() -> MethodRouter<Http>,
}

const fn route(method: &'static str, path: &'static str, answer: fn() -> MethodRouter<Http>) -> PageRoute {
    PageRoute { method, path, answer }
}

/// Every page, and every file that a page loads.
pub const ROUTES: &[PageRoute] = &[
    route("GET", "/entry", || get(entry::show)),
    route("GET", "/enrol", || get(enrol::show)),
    route("GET", "/practice", || get(practice::show)),
    route("GET", "/a/{token}", || get(alarm::show)),
    route("POST", "/a/{token}", || post(alarm::press)),
    route("GET", "/assets/page.css", || get(assets::serve)),
    route("GET", "/assets/phrase.js", || get(assets::serve)),
    route("GET", "/assets/words.js", || get(assets::serve)),
    route("GET", "/assets/ceremony.js", || get(assets::serve)),
    route("GET", "/assets/client.js", || get(assets::serve)),
    route("GET", "/assets/enrol.js", || get(assets::serve)),
    route("GET", "/assets/entry.js", || get(assets::serve)),
    route("GET", "/assets/passkey.js", || get(assets::serve)),
    route("GET", "/assets/phrase-field.js", || get(assets::serve)),
    route("GET", "/assets/practice.js", || get(assets::serve)),
    route("GET", "/assets/texts.js", || get(assets::serve)),
    route("GET", "/assets/transfer.js", || get(assets::serve)),
];

/// The routes of all pages.
pub(crate) fn router() -> Router<Http> {
    ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.answer)()))
}
