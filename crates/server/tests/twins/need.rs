//! G9 over everything: in a busy organisation, no byte that one person gets names another one, a place or a relative, except where the
//! design says so; and the log, at every level, names nobody at all.

use std::fmt::Write;
use std::sync::{Mutex, OnceLock};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::scene::Exchange;

/// Everything that alice has nothing to know of.
const FOREIGN: [&str; 11] = [
    "bob",
    "carol",
    "dora",
    "emil",
    "mathilde",
    "home-bob",
    "home-carol",
    "home-dora",
    "home-emil",
    "bob-hw",
    "carol-hw",
];
/// What the log may not have either.
const OWN: [&str; 4] = ["alice", "home-alice", "alice-hw", "payroll"];

/// Where another person is named on purpose. The last field of a path in the answer, and why.
const ALLOWED: [(&str, &str); 5] = [
    ("initiator", "who asks is part of what is approved"),
    ("payload", "the same, in the canonical form that approvals are bound to"),
    ("of", "whose credential changes: those who endorse call that person"),
    ("revoke", "whose devices are to be taken away: likewise"),
    ("person", "whom a stop concerns"),
];
/// Keys are part of the rules, which everybody reads. What they are called is the organisation's choice.
const KEYS_OF_RULES: [&str; 2] = ["bob-hw", "carol-hw"];

/// Checks every answer that alice got, and the log of all of it.
pub fn check(seen: &[Exchange]) {
    let own = seen.iter().filter(|exchange| ["alice", "anybody"].contains(&exchange.by.as_str()));
    let mut checked = 0;
    let mut found = Vec::new();
    for exchange in own {
        checked += 1;
        let names = foreign(exchange);
        if !names.is_empty() {
            found.push(format!("{} {} names {names:?}: {:?}", exchange.method, exchange.path, exchange.raw));
        }
    }
    assert!(checked > 300, "{checked}");
    assert!(found.is_empty(), "{}", found.join("\n"));
    let log = log().lock().unwrap().clone();
    assert!(log.contains("the engine has started") && log.contains("answered"), "the log is heard");
    let named: Vec<&str> =
        log.lines().filter(|line| FOREIGN.iter().chain(&OWN).any(|name| names(line, name))).collect();
    assert!(named.is_empty(), "{}", named.join("\n"));
}

/// Whom an answer names that it should not.
fn foreign(exchange: &Exchange) -> Vec<&'static str> {
    let text = exchange.raw.text();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut shown = head.to_owned();
    match serde_json::from_str::<Value>(body) {
        Ok(value) => flatten(&value, "", &mut shown),
        Err(_) => shown += body,
    }
    // What somebody wrote in their own request may come back to them.
    let asked: Vec<&str> = exchange.path.split('/').collect();
    let page = exchange.path.split('?').next().unwrap_or_default();
    // The first steps show an example, the same for everybody; its people are nobody of this organisation.
    if page == "/first" || page.starts_with("/assets/first/") {
        return Vec::new();
    }
    let is_rules = RULES.contains(&page) || page.starts_with("/motions/");
    if body.starts_with("<!DOCTYPE html>") || page == "/transfers.csv" {
        return on_page(page, &shown, is_rules);
    }
    let known = |name: &str| asked.contains(&name) || is_rules && KEYS_OF_RULES.contains(&name);
    let names = FOREIGN.iter().filter(|name| !known(name) && names(&shown, name));
    names.copied().collect()
}

/// What shows the rules, in which keys have names.
const RULES: [&str; 5] = ["/v1/policy/rules", "/policy", "/policy/edit", "/policy/preview", "/motions"];
/// Who is named on these pages on purpose: who asks for a transfer, whose credential is to change.
const ASKING: [&str; 1] = ["bob"];
const CONCERNED: [&str; 2] = ["bob", "carol"];

/// A page shows what the API shows, without the fields by which it could be told apart.
fn on_page(page: &str, shown: &str, is_rules: bool) -> Vec<&'static str> {
    let known: &[&str] = match page {
        _ if page == "/" || page.starts_with("/motions") => &CONCERNED,
        _ if page.starts_with("/transfers") => &ASKING,
        _ => &[],
    };
    let known = |name: &str| known.contains(&name) || is_rules && KEYS_OF_RULES.contains(&name);
    FOREIGN.iter().filter(|name| !known(name) && names(shown, name)).copied().collect()
}

/// Every text of an answer but those that name people on purpose, one to a line.
fn flatten(value: &Value, field: &str, into: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                into.push('\n');
                into.push_str(name);
                flatten(inner, name, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| flatten(item, field, into)),
        Value::String(text) if ALLOWED.iter().any(|(allowed, _)| *allowed == field) => {
            // Nothing but a name, or a payload, whose own fields are looked at.
            if let Ok(inner @ Value::Object(_)) = serde_json::from_str(text) {
                flatten(&inner, "", into);
            }
        }
        Value::String(text) => {
            into.push('\n');
            into.push_str(text);
        }
        other => write!(into, "\n{other}").unwrap(),
    }
}

/// Whether a text has a name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "+=-".contains(c);
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

/// The check finds what it is for.
pub fn check_the_check() {
    let answer = |body: &str| Exchange {
        by: "alice".into(),
        method: "GET".into(),
        path: "/v1/transfers".into(),
        raw: crate::stage::Raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes()),
    };
    let named = |body: &str| foreign(&answer(body));
    assert_eq!(named(r#"{"approvals": [{"by": "bob"}]}"#), ["bob"]);
    assert_eq!(named(r#"{"detail": "the quorum lacks carol"}"#), ["carol"]);
    assert_eq!(named(r#"{"place": "home-bob"}"#), ["home-bob"]);
    assert_eq!(named(r#"{"bob": 1}"#), ["bob"]);
    assert_eq!(named(r#"{"payload": "{\"initiator\":\"bob\",\"memo\":\"ask carol\"}"}"#), ["carol"]);
    assert_eq!(named("<p>mathilde</p>"), ["mathilde"]);
    assert!(named(r#"{"initiator": "bob", "psbt": "xbobx+bob", "motion": {"of": "carol"}}"#).is_empty());
    listen();
    tracing::trace!(who = "nobody-in-particular", "heard");
    assert!(log().lock().unwrap().contains("nobody-in-particular"));
}

fn log() -> &'static Mutex<String> {
    static LOG: OnceLock<Mutex<String>> = OnceLock::new();
    LOG.get_or_init(Mutex::default)
}

/// Hears everything that is logged from here on, at every level, of Rempart and of its libraries.
pub fn listen() {
    // Already listening, if it fails: there is one log in one process.
    let _already = tracing::subscriber::set_global_default(Ear);
}

struct Ear;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(attributes.metadata().name().to_owned());
        attributes.record(&mut line);
        log().lock().unwrap().push_str(&(line.0 + "\n"));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, record: &Record<'_>) {
        let mut line = Line(String::new());
        record.record(&mut line);
        log().lock().unwrap().push_str(&(line.0 + "\n"));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        log().lock().unwrap().push_str(&(line.0 + "\n"));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
