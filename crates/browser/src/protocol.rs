//! Calls and events of Chromium's debugging protocol: JSON, each message ended by a zero byte.

use std::collections::VecDeque;
use std::io::Write;
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::BrowserError;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The two pipes, and what came in unasked.
pub struct Wire {
    input: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    last: u64,
    /// Events of the page, oldest first.
    pub events: VecDeque<Value>,
}

impl Wire {
    pub const fn new(input: ChildStdin, messages: Receiver<Value>) -> Self {
        Self { input, messages, session: None, last: 0, events: VecDeque::new() }
    }

    /// Opens the one page and speaks to it from then on.
    pub fn open_page(&mut self) -> Result<(), BrowserError> {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", attach)?;
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        Ok(())
    }

    /// Sends a call; to the page, or to the browser itself.
    pub fn send(&mut self, method: &str, params: Value, to_page: bool) -> Result<u64, BrowserError> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = self.session.as_ref().filter(|_| to_page) {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes)?;
        self.input.flush()?;
        Ok(self.last)
    }

    /// Calls, and waits for the answer; what comes in between are events.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, BrowserError> {
        let id = self.send(method, params, true)?;
        loop {
            let Some(mut message) = self.receive(ANSWER_MAX)? else {
                return Err(BrowserError::timeout(method, ANSWER_MAX, String::new()));
            };
            if message["id"].as_u64() != Some(id) {
                self.note(message);
                continue;
            }
            if let Some(error) = message.get("error") {
                return Err(BrowserError::Refused { method: method.to_owned(), message: error.to_string() });
            }
            return Ok(message["result"].take());
        }
    }

    /// Takes in what has come, without waiting longer than this for the first.
    pub fn take_in(&mut self, longest: Duration) -> Result<(), BrowserError> {
        let mut wait = longest;
        while let Some(message) = self.receive(wait)? {
            self.note(message);
            wait = Duration::ZERO;
        }
        Ok(())
    }

    fn note(&mut self, message: Value) {
        if message.get("method").is_some() {
            self.events.push_back(message);
        }
    }

    fn receive(&mut self, longest: Duration) -> Result<Option<Value>, BrowserError> {
        match self.messages.recv_timeout(longest) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(BrowserError::Gone(std::io::ErrorKind::BrokenPipe.into()))
            }
        }
    }
}
