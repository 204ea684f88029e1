//! What surrounds every request: a time limit, headers from the server's own clock, and problem documents in the language that was asked for.
//!
//! Whatever fails below, also inside the framework, leaves here as one form. A path of the responders' side that does not answer looks
//! exactly like a path that does not exist (G9).

use api::{Code, Language, Problem};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};

use super::REQUEST_TIMEOUT;
use super::counters::is_counted;
use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};
use super::shared::Http;

/// The media type of problem documents.
const PROBLEM: &str = "application/problem+json";
/// Under which everything looks absent to whoever is no responder.
const RESPONSE_PREFIX: &str = "/v1/response";

/// Headers that every answer has.
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The routes with everything around them. As the fallback of an empty router: the framework adds headers to what a router's own layers
/// give, and those would tell a path that exists from one that does not.
pub fn around(router: Router, http: &Http) -> Router {
    Router::new().fallback_service(router).layer(from_fn_with_state(http.clone(), answer))
}

async fn answer(State(http): State<Http>, request: Request, next: Next) -> Response {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok());
    let language = Language::preferred(accepted.unwrap_or_default());
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let response = match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::later(Code::Timeout, RETRY_AFTER_BUSY_SECONDS).into_response(),
    };
    let mut response = as_problem(response, &path, language);
    http.blur().await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    if let Some(date) = date(&http) {
        response.headers_mut().insert(header::DATE, date);
    }
    if is_counted(&path) {
        http.counters.answered(response.status());
        tracing::debug!(%method, status = response.status().as_u16(), "answered");
    }
    response
}

fn as_problem(response: Response, path: &str, language: Language) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_page(&response) {
        return response;
    }
    let failure = response.extensions().get::<Failure>().cloned().unwrap_or_else(|| framework(status));
    let hidden = failure.code() == Code::MethodNotAllowed && path.starts_with(RESPONSE_PREFIX);
    let failure = if hidden { Failure::not_found() } else { failure };
    let problem = failure.problem(language);
    let mut answer = with_problem(&problem);
    if let Some(retry) = response.headers().get(header::RETRY_AFTER) {
        answer.headers_mut().insert(header::RETRY_AFTER, retry.clone());
    }
    answer
}

/// A page says itself what went wrong.
fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What the framework itself refuses.
fn framework(status: StatusCode) -> Failure {
    Failure::new(match status {
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::NOT_FOUND => Code::NotFound,
        status if status.is_client_error() => Code::QueryInvalid,
        _ => Code::Internal,
    })
}

fn with_problem(problem: &Problem) -> Response<Body> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    response
}

/// The time of the server's own clock, as HTTP writes it.
fn date(http: &Http) -> Option<HeaderValue> {
    let (wall, _, _) = http.engine.clock().moment_parts();
    let time = jiff::Timestamp::from_nanosecond(i128::from(wall.as_nanos())).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()?;
    HeaderValue::from_str(&text).ok()
}
