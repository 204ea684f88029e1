//! The client of the API: proofs and envelopes for commands, tokens for reading. Blocking; for the command line and the demo.
//!
//! The device signs method, path, idempotency key and command together with the server's nonce; the phrase travels beside it and is
//! part of no hash (G1, G3).

use std::time::Duration;

use anyhow::{Context, Result, bail};
use api::{COMMAND_DOMAIN, Challenge, ChallengeRequest, Envelope, IDEMPOTENCY_KEY_HEADER, PhraseText, Proof};
use credentials::KeyFile;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use types::ActorId;
use ureq::http::{Method, Request};

/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 16 << 20;
/// How long an answer may take; objections wait for the tick of the covert chain.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// An answer, as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Whether the server did what was asked.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body as a wire type, or the problem as an error.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        if self.is_success() {
            return serde_json::from_str(&self.body)
                .context("the server's answer is not what this version expects");
        }
        bail!("{}", self.problem())
    }

    /// What is wrong, in one line: text, from when it would fit, and code.
    pub fn problem(&self) -> String {
        match serde_json::from_str::<api::Problem>(&self.body) {
            Ok(problem) => {
                let fits = problem.fits_at.map(|at| format!(" ({at})")).unwrap_or_default();
                format!("{}{fits} [{}]", problem.detail, problem.code)
            }
            Err(_) => format!("the server answered with HTTP {}", self.status),
        }
    }
}

/// A connection to a server.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    language: &'static str,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8087`.
    pub fn new(base: &str, language: &'static str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .build();
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), language }
    }

    /// Reads something, with a session's token if it needs one.
    pub fn get(&self, path: &str, token: Option<&str>) -> Result<Answer> {
        let mut request = Request::get(self.url(path)).header("Accept-Language", self.language);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.answer(self.agent.run(request.body(())?))
    }

    /// Sends what needs no proof: a code is all that it rests on.
    pub fn post<C: Serialize>(&self, path: &str, body: &C) -> Result<Answer> {
        let request = Request::post(self.url(path))
            .header("Content-Type", "application/json")
            .header("Accept-Language", self.language)
            .body(serde_json::to_vec(body)?)?;
        self.answer(self.agent.run(request))
    }

    /// Sends a command with its proof; people add their phrase. The key makes a repetition the same command.
    pub fn command<C: Serialize>(
        &self,
        signer: &Signing<'_>,
        to: Endpoint<'_>,
        command: &C,
    ) -> Result<Answer> {
        let command = serde_json::to_value(command)?;
        let proof = self.proof(signer, &to, &command)?;
        let phrase = signer.phrase.map(|words| PhraseText::new(words.to_owned()));
        let envelope = Envelope { command, proof, phrase };
        let request = Request::builder()
            .method(to.method)
            .uri(self.url(to.path))
            .header("Content-Type", "application/json")
            .header("Accept-Language", self.language)
            .header(IDEMPOTENCY_KEY_HEADER, to.idempotency_key)
            .body(zeroize::Zeroizing::new(serde_json::to_vec(&envelope)?).to_vec())?;
        self.answer(self.agent.run(request))
    }

    fn proof(&self, signer: &Signing<'_>, to: &Endpoint<'_>, command: &Value) -> Result<Proof> {
        let by = signer.key.person.clone();
        let nonce = self.nonce(&by)?;
        let hash = api::request_hash(to.method.as_str(), to.path, to.idempotency_key, command)?;
        let challenge = credentials::challenge(COMMAND_DOMAIN, &hash, &nonce.nonce.0);
        let signature = hex::encode(signer.key.key.sign(&challenge).to_bytes());
        Ok(Proof::by_key(by, nonce.nonce, signature))
    }

    fn nonce(&self, by: &ActorId) -> Result<Challenge> {
        self.post("/v1/challenge", &ChallengeRequest { by: by.clone() })?.read()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn answer(&self, result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer> {
        let mut response =
            result.with_context(|| format!("no answer from {}: is the server running?", self.base))?;
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let headers = response.headers().iter().map(header).collect();
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        Ok(Answer { status, headers, body })
    }
}

/// Who signs, and the phrase that was typed for this one act.
pub struct Signing<'a> {
    /// The device key.
    pub key: &'a KeyFile,
    /// The phrase; services and feeds have none.
    pub phrase: Option<&'a str>,
}

/// Where a command goes.
pub struct Endpoint<'a> {
    /// `POST` or `PUT`.
    pub method: Method,
    /// Such as `/v1/transfers`.
    pub path: &'a str,
    /// Under which a repetition is recognised.
    pub idempotency_key: &'a str,
}

impl<'a> Endpoint<'a> {
    /// A `POST`.
    pub const fn post(path: &'a str, idempotency_key: &'a str) -> Self {
        Self { method: Method::POST, path, idempotency_key }
    }
}
