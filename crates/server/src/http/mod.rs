//! The HTTP interface under `/v1`: from bytes to a sealed command for the engine, and from what the gate shows to JSON (G3, G8, G9).
//!
//! The way of an act: `incoming` (bounded body, idempotency key) → `proof` (device signature over path, key and command) → `act`
//! (phrase format, exactly one check in `phrases`, seal, words dropped) → engine → `Accepted`. Reads rest on a token of `sessions`.
//! `edge` wraps everything: time limit, headers, problem documents. Nothing here branches on what a phrase check found; it is kept
//! with a session for the responders' room and handed on sealed, no more.
//!
//! To add an endpoint: see the recipe in `api`; the handler goes into the file of `routes` that it belongs to.

mod act;
mod attempts;
mod connections;
mod counters;
mod draft;
mod edge;
mod enrolments;
mod entry;
mod facts;
mod failure;
mod incoming;
mod nonces;
mod passkeys;
mod phrases;
mod previews;
mod proof;
mod room;
mod routes;
mod sessions;
mod shared;
mod shown;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Cost, DevicePublic};
use passkey::RelyingParty;
use tokio::net::TcpListener;
use types::ActorId;

use crate::engine::Engine;
use crate::entropy::Entropy;
use crate::pages::AlarmPage;

pub use attempts::{
    ALARMS_PER_SOURCE_MAX, ATTEMPTS_GLOBAL_MAX, ATTEMPTS_OWN_SHARE, ATTEMPTS_PER_PERSON_MAX,
    ATTEMPTS_PER_SOURCE_MAX, ATTEMPTS_WINDOW,
};
pub use connections::{CONNECTIONS_MAX, SILENCE_MAX};
pub use enrolments::{ENROLMENT_LIFE, ENROLMENTS_MAX};
pub use entry::{
    DEVICES_MAX, Device, DeviceCredential, Enrolled, Entry, EntryError, decode_entry, encode_device,
    encode_entry, encode_verifier,
};
pub use incoming::{BODY_BYTES_MAX, BODY_LARGE_BYTES_MAX, LARGE_BODIES_MAX};
pub use nonces::NONCE_LIFE;
pub use phrases::{CHECKS_ORDINARY_MAX, CHECKS_URGENT_MAX, CHECKS_WAITING_MAX};
pub use previews::PREVIEWS_PER_PERSON_MAX;
pub use routes::openapi;
pub use sessions::SESSION_LIFE;

pub(crate) use connections::Peer;
pub(crate) use failure::Failure;
pub(crate) use incoming::{Holding, Incoming, Size};
pub(crate) use proof::too_many;
pub(crate) use routes::{is_auditor, session_cookie};
pub(crate) use sessions::Session;
pub(crate) use shared::{Http, cookie, token};

/// How long a request may take, the wait for the covert tick included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long commands that were taken may run on after a stop was asked for.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// What the interface needs besides the engine.
pub struct Settings {
    /// Public keys of feeds, by name.
    pub feeds: BTreeMap<ActorId, DevicePublic>,
    /// Where nonces, tokens and seals come from. Apart from the engine's, so that two seeded runs draw in one order.
    pub entropy: Arc<dyn Entropy>,
    /// The page of protected people.
    pub alarm_page: AlarmPage,
    /// What it costs to check a phrase that is drawn from now on.
    pub phrase_cost: Cost,
    /// The site for which passkeys hold.
    pub relying_party: RelyingParty,
}

/// Serves the interface until `shutdown` completes; then takes no more connections and finishes what was begun.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    engine: Engine,
    settings: Settings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let http = shared::Http::new(engine, settings);
    let (router, _) = routes::router();
    let router = crate::pages::beside(router, &http);
    let service = edge::around(router, &http);
    let service = service.into_make_service_with_connect_info::<connections::Peer>();
    let stopping = http.clone();
    let shutdown = async move {
        shutdown.await;
        stopping.begin_stop();
    };
    let served = axum::serve(connections::Bounded::new(listener), service)
        .with_graceful_shutdown(shutdown)
        .into_future();
    // A client that keeps its connection open must not keep the server from stopping.
    let result = tokio::select! {
        result = served => result,
        () = http.stopped_for(STOP_TIMEOUT) => Ok(()),
    };
    http.finish(STOP_TIMEOUT).await;
    result
}
