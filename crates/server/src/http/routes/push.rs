//! Browsers that want to be woken when something waits for their person (G3, G9). With a session and no phrase: nothing moves by it.

use api::{Code, Problem, PushKey, PushState, PushSubscription};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};

use super::Answer;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::shared::Http;

/// The key to subscribe with.
#[utoipa::path(get, path = "/v1/push", tag = "people",
    responses((status = 200, body = PushKey), (status = 401, body = Problem)))]
pub async fn key(State(http): State<Http>, headers: HeaderMap) -> Answer<PushKey> {
    http.reader(&headers)?;
    Ok(Json(PushKey { key: http.engine.push().public_key() }))
}

/// Wakes this browser from now on.
#[utoipa::path(post, path = "/v1/me/push", tag = "people", request_body = PushSubscription,
    responses((status = 200, body = PushState), (status = "4XX", body = Problem)))]
pub async fn subscribe(State(http): State<Http>, incoming: Incoming) -> Answer<PushState> {
    let (reader, asked) = read(&http, incoming).await?;
    let own = http.clone();
    let now = http.now();
    let kept =
        tokio::task::spawn_blocking(move || own.engine.push().subscribe(&reader, &asked.endpoint, now));
    let kept = kept.await.map_err(|_| Failure::new(Code::Internal))?;
    kept.map_err(|why| Failure::because(Code::CommandInvalid, why.to_string()))?;
    Ok(Json(PushState { on: true }))
}

/// Does not wake this browser any more. The same answer whether it was woken before or not.
#[utoipa::path(delete, path = "/v1/me/push", tag = "people", request_body = PushSubscription,
    responses((status = 200, body = PushState), (status = "4XX", body = Problem)))]
pub async fn unsubscribe(State(http): State<Http>, incoming: Incoming) -> Answer<PushState> {
    let (reader, asked) = read(&http, incoming).await?;
    let own = http.clone();
    let gone = tokio::task::spawn_blocking(move || own.engine.push().unsubscribe(&reader, &asked.endpoint));
    gone.await.map_err(|_| Failure::new(Code::Internal))?;
    Ok(Json(PushState { on: false }))
}

/// Whose session it is, and what is asked. Only JSON of our own pages or of a program: a form of another site is neither.
async fn read(http: &Http, incoming: Incoming) -> Result<(types::PersonId, PushSubscription), Failure> {
    let reader = http.reader(&incoming.headers)?;
    let value = |name: &str| incoming.headers.get(name).and_then(|value| value.to_str().ok());
    let is_json = value(header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    let is_own = matches!(value("sec-fetch-site"), None | Some("same-origin"));
    if !is_json || !is_own {
        return Err(Failure::because(
            Code::Malformed,
            "the body is JSON with `content-type: application/json`, from this server's own pages",
        ));
    }
    let body = incoming.read(http, Size::Usual).await?;
    let asked = serde_json::from_slice(&body).map_err(|_| {
        Failure::because(
            Code::Malformed,
            "the body is a browser's subscription: `{\"endpoint\": \"https://…\"}`",
        )
    })?;
    Ok((reader, asked))
}
