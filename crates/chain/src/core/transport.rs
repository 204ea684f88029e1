//! The way of a JSON-RPC call to the node: bounded in time and size, with a cookie that may change while we run.
//!
//! Called by the `jsonrpc` library. Its own transports read answers without a limit and a cookie only once.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bdk_bitcoind_rpc::bitcoincore_rpc::jsonrpc;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use crate::agent;
use crate::core::Auth;
use crate::error::ChainError;

/// Longer than the slowest call on a slow disk.
const CALL_SECONDS_MAX: u64 = 60;
/// Above the largest block in hexadecimal, and the identifiers of a full mempool.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A cookie or a password.
const SECRET_BYTES_MAX: u64 = 4096;
const IDLE_CONNECTIONS: usize = 1;

pub struct Transport {
    url: String,
    auth: Auth,
    agent: Agent,
    /// The header that let us in last.
    authorization: Mutex<Option<String>>,
}

impl Transport {
    pub fn new(url: String, auth: Auth) -> Self {
        let agent = agent::bounded(CALL_SECONDS_MAX, IDLE_CONNECTIONS);
        Self { url, auth, agent, authorization: Mutex::new(None) }
    }

    fn call<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ChainError> {
        let mut response = self.post(body, self.authorization(false)?)?;
        if response.status().as_u16() == 401 {
            // A node that was restarted has written another cookie.
            response = self.post(body, self.authorization(true)?)?;
        }
        self.read(response)
    }

    fn post(&self, body: &[u8], authorization: String) -> Result<Response<ureq::Body>, ChainError> {
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let request = request.header("authorization", authorization);
        let sent = match request.send(body) {
            // A connection that the node has closed meanwhile is found dead only when it is used.
            Err(error) if is_stale(&error) => {
                let again = self.agent.post(&self.url).header("content-type", "application/json");
                again.header("authorization", self.authorization(false)?).send(body)
            }
            other => other,
        };
        sent.map_err(|error| agent::explain(&self.url, &error, ANSWER_BYTES_MAX))
    }

    fn read<T: DeserializeOwned>(&self, mut response: Response<ureq::Body>) -> Result<T, ChainError> {
        let status = response.status().as_u16();
        if matches!(status, 401 | 403) {
            return Err(ChainError::Unauthorized(self.url.clone()));
        }
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| agent::explain(&self.url, &error, ANSWER_BYTES_MAX))?;
        serde_json::from_slice(&body).map_err(|_| match status {
            503 => ChainError::NotReady(self.url.clone(), "it has too many calls to answer".to_owned()),
            _ => ChainError::Malformed(self.url.clone(), format!("status {status} without json-rpc")),
        })
    }

    fn authorization(&self, is_refused: bool) -> Result<String, ChainError> {
        let mut kept = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|_| !is_refused) {
            Some(header) => Ok(header.clone()),
            None => Ok(kept.insert(self.read_secret()?).clone()),
        }
    }

    fn read_secret(&self) -> Result<String, ChainError> {
        let (user, path) = match &self.auth {
            Auth::Cookie(path) => (None, path),
            Auth::PasswordFile { user, path } => (Some(user), path),
        };
        let unreadable = |why: String| ChainError::Secret(path.clone(), why);
        let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
        if size > SECRET_BYTES_MAX {
            return Err(unreadable("it is too large for a secret".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let line = text.lines().next().unwrap_or_default();
        let pair = user.map_or_else(|| line.to_owned(), |user| format!("{user}:{line}"));
        Ok(format!("Basic {}", STANDARD.encode(pair)))
    }
}

fn is_stale(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        ureq::Error::Io(error) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        }
        _ => false,
    }
}

fn wrap(error: ChainError) -> jsonrpc::Error {
    jsonrpc::Error::Transport(Box::new(error))
}

impl jsonrpc::client::Transport for Transport {
    fn send_request(&self, request: jsonrpc::Request<'_>) -> Result<jsonrpc::Response, jsonrpc::Error> {
        self.call(&serde_json::to_vec(&request)?).map_err(wrap)
    }

    fn send_batch(
        &self,
        requests: &[jsonrpc::Request<'_>],
    ) -> Result<Vec<jsonrpc::Response>, jsonrpc::Error> {
        let answer: Value = self.call(&serde_json::to_vec(requests)?).map_err(wrap)?;
        Ok(serde_json::from_value(answer)?)
    }

    fn fmt_target(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}
