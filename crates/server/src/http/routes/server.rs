//! Health, figures and the interface's own description. Nothing here depends on anything covert (G3, G9).

use api::{Code, Health, Problem};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Answer;
use crate::http::connections::Peer;
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// The media type of Prometheus' text form.
const METRICS_TEXT: &str = "text/plain; version=0.0.4";

/// Whether the server takes commands. Without authentication.
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, body = Health), (status = 503, body = Problem)))]
pub async fn health(State(http): State<Http>) -> Answer<Health> {
    let health = http.engine.health();
    if !health.serving {
        return Err(Failure::new(Code::Unavailable));
    }
    let risen = http.engine.exposure_history().standing(http.engine.now());
    let warnings = health.vaults.len() + health.refresh_due + usize::from(!health.channels_suffice) + risen;
    Ok(Json(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), warnings }))
}

/// Figures for Prometheus, from this machine only.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = Problem)))]
pub async fn metrics(
    State(http): State<Http>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
) -> Result<Response, Failure> {
    if !peer.ip().to_canonical().is_loopback() {
        return Err(Failure::not_found());
    }
    let text = http.counters.render(&http.engine.health());
    Ok(([(header::CONTENT_TYPE, METRICS_TEXT)], text).into_response())
}

/// This interface, as OpenAPI.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "server", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn document() -> Result<Response, Failure> {
    let text = super::openapi().map_err(|_| Failure::new(Code::Internal))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
