//! The operations under `/v1`, asked in process with the rights of whoever asks for a page (G9): what a page shows is what the API shows.

use std::convert::Infallible;

use api::{Code, IDEMPOTENCY_KEY_HEADER, Language, PhraseText, Problem};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use console::{Api, Pending};
use serde_json::{Value, json};
use tower_service::Service;

use super::asked::tag;
use crate::http::{Failure, Holding, Peer, Session};

/// The longest answer that a page reads, in bytes. Lists are paged; the largest is a policy with its register.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The operations, ready to be asked.
#[derive(Clone)]
pub struct Inside(Router);

impl Inside {
    pub fn new(operations: Router) -> Self {
        Self(operations.fallback(|| async { Failure::not_found() }))
    }
}

/// Whoever asks for a page.
pub struct Asking {
    pub inside: Inside,
    pub language: Language,
    /// The token of their session.
    pub token: Option<String>,
    pub session: Option<Session>,
    pub peer: Option<Peer>,
    /// The three words of a form without a script. No page sees them.
    pub phrase: Option<PhraseText>,
    /// A name for what a form does once.
    pub key: String,
}

impl Asking {
    fn request(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Request, Problem> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::ACCEPT_LANGUAGE, tag(self.language));
        if let Some(token) = &self.token {
            let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
            request =
                request.header(header::AUTHORIZATION, bearer.map_err(|_| self.problem(Code::Internal))?);
        }
        if let Some(body) = &body {
            request = request.header(header::CONTENT_TYPE, "application/json");
            request = request.header(header::CONTENT_LENGTH, body.len());
            request = request.header(IDEMPOTENCY_KEY_HEADER, &self.key);
        }
        if let Some(peer) = self.peer {
            request = request.extension(ConnectInfo(peer));
        }
        request.body(Body::from(body.unwrap_or_default())).map_err(|_| self.problem(Code::NotFound))
    }

    async fn ask(&self, request: Request) -> Result<Value, Problem> {
        let mut operations = self.inside.0.clone();
        let answered: Result<Response, Infallible> = operations.call(request).await;
        let Ok(response) = answered;
        let status = response.status();
        if !status.is_success() {
            let failure = response.extensions().get::<Failure>().cloned();
            let failure = failure.unwrap_or_else(|| Failure::new(plain(status.as_u16())));
            return Err(failure.problem(self.language));
        }
        let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|_| self.problem(Code::Internal))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| self.problem(Code::Internal))
    }

    fn problem(&self, code: Code) -> Problem {
        Problem::new(code, self.language, None)
    }

    /// What holds something up goes as a command of the session (ADR 0029). It counts as one only on the lane of stops.
    async fn held(&self, path: &str, command: Value) -> Result<Value, Problem> {
        let session = self.session.clone().ok_or_else(|| self.problem(Code::SessionInvalid))?;
        let phrase = self.phrase.as_ref().map(PhraseText::reveal);
        let body = json!({ "command": command, "phrase": phrase });
        let body = serde_json::to_vec(&body).map_err(|_| self.problem(Code::Internal))?;
        let mut request = self.request(Method::POST, path, Some(body))?;
        request.extensions_mut().insert(Holding(session));
        self.ask(request).await
    }
}

/// What the framework itself refuses.
fn plain(status: u16) -> Code {
    match status {
        404 | 405 => Code::NotFound,
        413 => Code::BodyTooLarge,
        400..500 => Code::QueryInvalid,
        _ => Code::Internal,
    }
}

impl Api for Asking {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.ask(self.request(Method::GET, path, None)?).await })
    }

    fn post<'a>(&'a self, path: &'a str, body: Value) -> Pending<'a, Value> {
        Box::pin(async move {
            let body = serde_json::to_vec(&body).map_err(|_| self.problem(Code::Internal))?;
            self.ask(self.request(Method::POST, path, Some(body))?).await
        })
    }

    fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value> {
        Box::pin(self.held(path, command))
    }

    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.ask(self.request(Method::DELETE, path, None)?).await })
    }
}
