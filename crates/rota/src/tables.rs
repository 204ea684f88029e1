//! The tables of `calls.toml` as they stand in the file: every key there is, each value with its place. Serves G8: an unknown key
//! is an error. Read by `read.rs`, which gives them their meaning.
//!
//! None of these can be printed: they hold addresses (G9).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::error::{PlanError, Source};

/// A text with its place.
pub(crate) type Text = Spanned<String>;
/// A list of texts with its place and theirs.
pub(crate) type Texts = Spanned<Vec<Text>>;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) time_zone: Option<Text>,
    #[serde(default)]
    pub(crate) contact: Vec<Spanned<ContactTable>>,
    #[serde(default)]
    pub(crate) schedule: Vec<Spanned<ScheduleTable>>,
    pub(crate) chain: Option<ChainTable>,
}

/// `[[contact]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactTable {
    pub(crate) person: Text,
    pub(crate) language: Option<Text>,
    pub(crate) ways: Spanned<BTreeMap<Text, Text>>,
}

/// `[[schedule]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleTable {
    pub(crate) id: Text,
    pub(crate) time_zone: Option<Text>,
    pub(crate) layers: Spanned<Vec<Spanned<LayerTable>>>,
}

/// `[[schedule.layers]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerTable {
    pub(crate) people: Texts,
    pub(crate) from: Spanned<toml::Value>,
    pub(crate) every: Text,
    pub(crate) hours: Option<HoursTable>,
}

/// `hours = { … }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursTable {
    pub(crate) days: Option<Texts>,
    pub(crate) from: Text,
    pub(crate) to: Text,
}

/// `[chain]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainTable {
    pub(crate) steps: Spanned<Vec<Spanned<StepTable>>>,
    pub(crate) repeat: Option<Spanned<i64>>,
    pub(crate) progress: Option<Text>,
}

/// `[[chain.steps]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepTable {
    pub(crate) tell: Texts,
    pub(crate) by: Option<Texts>,
    pub(crate) wait: Option<Text>,
}

/// The tables of a text.
pub(crate) fn tables(source: &Source<'_>) -> Result<Document, PlanError> {
    toml::from_str(source.text).map_err(|error| {
        let at = error.span().unwrap_or(source.text.len()..source.text.len());
        let (code, message) = explained(error.message());
        source.problem(at, code, message)
    })
}

/// The parser's message in our words, without any value: a value may be an address.
fn explained(message: &str) -> (&'static str, String) {
    let message = message.trim().replace('\n', ", ");
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let rest = rest.replace(", expected one of ", ": use one of ").replace(", expected ", ": use ");
        return ("unknown-key", format!("unknown key {rest}"));
    }
    if let Some(key) = message.strip_prefix("missing field ") {
        return ("missing-key", format!("the key {key} is missing: add it"));
    }
    if message.starts_with("invalid type") || message.starts_with("invalid value") {
        let wanted = message.rsplit_once("expected ").map_or("another value", |(_, wanted)| wanted);
        return ("wrong-type", format!("this must be {}", wanted_in_words(wanted)));
    }
    if message.starts_with("duplicate key") {
        return ("duplicate-key", "this key is given before: remove one of them".to_owned());
    }
    ("syntax", format!("this is not TOML: {}", message.trim_end_matches('.')))
}

fn wanted_in_words(wanted: &str) -> &str {
    match wanted {
        "a string" => "text in quotes",
        "a sequence" => "a list in brackets",
        "a map" => "a table, such as { sms = \"+33…\" }",
        "i64" => "a whole number",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}
