//! `/live`: tells a page that something on it has changed (G3). What is sent is one word, and only when the page, made again for the same
//! person, has other bytes; so the stream says nothing that the page would not.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use console::{Ask, Shown};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use types::{Hash, hash_parts};

use super::asked::{Asked, fields};
use super::inside::Inside;
use super::show::{Requested, ask, asking};
use crate::http::{Failure, Http, Peer};

/// The most streams at once. Beyond, a page does not renew itself.
pub const STREAMS_MAX: usize = 256;
/// How often a page is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a stream that has nothing to say shows that it is there. Less than connections may be silent.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(20);

/// One page that is watched.
struct Watch {
    http: Http,
    inside: Inside,
    requested: Requested,
    asked: Asked,
    last: Option<Hash>,
    _place: OwnedSemaphorePermit,
}

/// Watches the page that `at` names.
pub async fn stream(
    State(http): State<Http>,
    Extension(inside): Extension<Inside>,
    request: Request,
) -> Result<Response, Failure> {
    http.session(request.headers())?;
    let query = fields(request.uri().query().unwrap_or_default().as_bytes());
    let at = query.get("at").cloned().unwrap_or_default();
    let (path, query) = at.split_once('?').unwrap_or((&at, ""));
    let requested = Requested {
        method: Method::GET,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: request.headers().clone(),
        peer: request.extensions().get::<ConnectInfo<Peer>>().map(|info| info.0),
    };
    let place =
        http.streams.clone().try_acquire_owned().map_err(|_| Failure::later(api::Code::Overloaded, 30))?;
    let asked = Asked::read(&requested.query, &requested.headers);
    let mut watch = Watch { http, inside, requested, asked, last: None, _place: place };
    watch.last = Some(watch.look().await.ok_or_else(Failure::not_found)?);
    let stream = futures_util::stream::unfold(watch, |mut watch| async move {
        // Browsers pass an event without data over.
        let event = || Event::default().event("changed").data("changed");
        watch.changed().await.then(|| (Ok::<_, Infallible>(event()), watch))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_EVERY)).into_response())
}

impl Watch {
    /// Waits until the page is another one. `false` when it is gone: the session has ended.
    async fn changed(&mut self) -> bool {
        loop {
            sleep(LOOK_EVERY).await;
            if self.http.is_stopping() {
                return false;
            }
            let Some(now) = self.look().await else { return false };
            if self.last.replace(now) != Some(now) {
                return true;
            }
        }
    }

    /// What the page is now.
    async fn look(&self) -> Option<Hash> {
        let ask: Ask = ask(&self.http, &self.requested, &self.asked);
        let (page, parameters) = console::find("GET", &self.requested.path)?;
        if ask.who.is_none() || !page.audience.admits(&ask) {
            return None;
        }
        let ask = Ask { parameters, ..ask };
        let asking = asking(&self.http, self.inside.clone(), &self.requested, &ask);
        match (page.show)(&ask, &asking).await.ok()? {
            Shown::Page { content, live: true, .. } => {
                Some(hash_parts("rempart/page/v1", &[content.into_string().as_bytes()]))
            }
            _ => None,
        }
    }
}
