//! The pages for people over HTTP: sessions as cookies, forms with their token, headers, streams, and which page answers (G3, G9).
//!
//! What a page shows is made by the crate `console`, which reads the operations under `/v1` in process, with the rights of whoever asks
//! ([`inside`]). The page of protected people (`/a/…`) is here: it has neither session nor frame, and looks like nothing.
//!
//! To add a page, see the recipe in `console`. [`routes`] lists every way in, and the twin tests take their entry points from it.

mod alarm;
mod asked;
mod inside;
mod live;
mod policy;
mod posted;
mod show;

use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::http::Http;

pub use alarm::{ALARM_TEXT_BYTES_MAX, AlarmPage, AlarmTexts, Bilingual};
pub use live::STREAMS_MAX;
pub use policy::CONTENT_POLICY;

/// Where a page learns that something on it changed.
const LIVE: &str = "/live";
const SERVICE_WORKER: &str = "/service-worker.js";
const ALARM: &str = "/a/{token}";

/// Every way in beside `/v1`: method and path.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = [("GET", ALARM), ("POST", ALARM), ("GET", LIVE), ("GET", SERVICE_WORKER)];
    let pages = console::PAGES.iter().map(|page| (page.method, page.path));
    own.into_iter().chain(pages).chain(console::assets().map(|asset| ("GET", asset.path)))
}

/// The whole interface: the operations under `/v1`, and the pages that read them.
pub(crate) fn beside(operations: Router<Http>, http: &Http) -> Router {
    let inside = inside::Inside::new(operations.clone().with_state(http.clone()));
    let router = operations
        .route(ALARM, get(alarm::show))
        .route(ALARM, post(alarm::press))
        .route(LIVE, get(live::stream))
        .fallback(show::show)
        .layer(Extension(inside));
    router.with_state(http.clone())
}
