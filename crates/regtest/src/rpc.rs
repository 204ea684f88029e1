//! Calls to the node: JSON-RPC 2.0 over HTTP.
//!
//! Called by `node` while it waits for the start, by `chain` and `purse`, and by tests for anything that has no name here.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

use crate::error::NodeError;

/// Longer than the longest call, mining some hundred blocks on a busy machine.
const CALL_SECONDS_MAX: u64 = 120;
const ANSWER_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Who to call and as whom.
pub struct Client {
    agent: Agent,
    url: String,
    authorization: String,
}

impl Client {
    pub fn new(port: u16, user: &str, password: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(CALL_SECONDS_MAX)))
            // A node that was killed and started again must not be called over its old connection.
            .max_idle_connections(0)
            .proxy(None)
            .build();
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Self { agent: config.into(), url: format!("http://127.0.0.1:{port}/"), authorization }
    }

    /// Calls a method. Parameters by position (array) or by name (object).
    pub fn call(&self, method: &str, params: &Value) -> Result<Value, NodeError> {
        let no_answer = |why: String| NodeError::NoAnswer { method: method.to_owned(), why };
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let sent = self.agent.post(&self.url).header("authorization", &self.authorization).send_json(request);
        let mut response = sent.map_err(|error| no_answer(error.to_string()))?;
        let status = response.status();
        let mut body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_json::<Value>();
        let answer = body.as_mut().map_err(|error| no_answer(format!("status {status}: {error}")))?;
        match answer.get("error").filter(|error| !error.is_null()) {
            Some(error) => Err(refused(method, error)),
            None => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        }
    }
}

fn refused(method: &str, error: &Value) -> NodeError {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    NodeError::Refused { method: method.to_owned(), code, message }
}
