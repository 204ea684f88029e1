//! What a page asked for, what came back and how much of it, and what the browser had to complain of: errors in the console, requests that
//! failed, anything that the content policy stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::BrowserError;
use crate::process::Browser;

/// How long the browser may take to tell what has happened.
const SETTLE: Duration = Duration::from_millis(200);

impl Browser {
    /// Every request since the last time that this was asked.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn requests(&mut self) -> Result<Vec<Sent>, BrowserError> {
        let events = self.told(|method| method == "Network.requestWillBeSent")?;
        let sent = |event: Value| {
            let request = &event["params"]["request"];
            Sent {
                method: text(&request["method"]),
                address: text(&request["url"]),
                headers: request["headers"].clone(),
                body: text(&request["postData"]),
            }
        };
        Ok(events.into_iter().map(sent).collect())
    }

    /// Every answer since the last time that this was asked, with how many bytes of its body have come, uncompressed.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn answers(&mut self) -> Result<Vec<Answer>, BrowserError> {
        let events =
            self.told(|method| matches!(method, "Network.responseReceived" | "Network.dataReceived"))?;
        let mut answers: Vec<(String, Answer)> = Vec::new();
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        for event in &events {
            let (params, id) = (&event["params"], text(&event["params"]["requestId"]));
            if event["method"] == "Network.dataReceived" {
                *bytes.entry(id).or_default() += params["dataLength"].as_u64().unwrap_or(0);
                continue;
            }
            let response = &params["response"];
            let answer = Answer {
                address: text(&response["url"]),
                status: response["status"]
                    .as_u64()
                    .and_then(|status| u16::try_from(status).ok())
                    .unwrap_or(0),
                headers: lower(&response["headers"]),
                bytes: 0,
            };
            answers.push((id, answer));
        }
        let whole =
            |(id, answer): (String, Answer)| Answer { bytes: bytes.get(&id).copied().unwrap_or(0), ..answer };
        Ok(answers.into_iter().map(whole).collect())
    }

    /// What the browser complained of since the last time that this was asked.
    ///
    /// # Errors
    /// When the browser has gone.
    pub fn complaints(&mut self) -> Result<Vec<String>, BrowserError> {
        let events = self.told(|method| {
            matches!(
                method,
                "Runtime.consoleAPICalled"
                    | "Runtime.exceptionThrown"
                    | "Log.entryAdded"
                    | "Audits.issueAdded"
            )
        })?;
        Ok(events.iter().filter_map(complaint).collect())
    }

    fn told(&mut self, of_kind: impl Fn(&str) -> bool) -> Result<Vec<Value>, BrowserError> {
        self.wire.take_in(SETTLE)?;
        let all = std::mem::take(&mut self.wire.events);
        let is_of_kind = |event: &Value| event["method"].as_str().is_some_and(&of_kind);
        let (wanted, rest) = all.into_iter().partition(is_of_kind);
        self.wire.events = rest;
        Ok(Vec::from(wanted))
    }

    /// Listens to what there is to complain of.
    pub(crate) fn listen_for_complaints(&mut self) -> Result<(), BrowserError> {
        for domain in ["Log.enable", "Audits.enable"] {
            self.wire.call(domain, json!({}))?;
        }
        Ok(())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn lower(headers: &Value) -> BTreeMap<String, String> {
    let all = headers.as_object().into_iter().flatten();
    all.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
}

/// What is wrong, if it is: a warning of the browser's maker about something else is not.
fn complaint(event: &Value) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.consoleAPICalled" => {
            let is_error = matches!(params["type"].as_str()?, "error" | "assert");
            is_error.then(|| format!("the console: {}", params["args"]))
        }
        "Runtime.exceptionThrown" => Some(format!("a script: {}", params["exceptionDetails"])),
        "Log.entryAdded" => {
            let entry = &params["entry"];
            let is_error = entry["level"] == "error" || entry["source"] == "security";
            is_error.then(|| format!("{}: {} {}", entry["source"], entry["text"], entry["url"]))
        }
        "Audits.issueAdded" => {
            let issue = &params["issue"];
            let is_policy =
                issue["code"] == "ContentSecurityPolicyIssue" || issue["code"] == "MixedContentIssue";
            is_policy.then(|| format!("the content policy: {}", issue["details"]))
        }
        _ => None,
    }
}

/// A request that the page sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Its method.
    pub method: String,
    /// Its whole address.
    pub address: String,
    /// Its headers, as an object.
    pub headers: Value,
    /// Its body.
    pub body: String,
}

/// What came back for a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The whole address.
    pub address: String,
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// How many bytes of its body have come, uncompressed.
    pub bytes: u64,
}
