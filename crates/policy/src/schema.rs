//! The JSON Schema of a policy (draft 2020-12), for editors. Printed from the same table of keys that the reader walks by.
//!
//! Called by `rempart policy schema`. The schema checks form; references, sums and sense are `rempart policy check`'s.

use serde_json::{Map, Value, json};
use types::{Currency, ID_LENGTH_MAX};

use crate::keys::{Key, LIST_LENGTH_MAX, QUORUM, SECTIONS, Section, Shape, TEXT_BYTES_MAX, WEEKDAYS};
use crate::recipient::{RECIPIENT_BYTES_MAX, RECIPIENTS_MAX};

/// The schema of a policy, all files merged.
#[must_use]
pub fn schema() -> Value {
    let properties: Map<String, Value> =
        SECTIONS.iter().map(|section| (section.name.to_owned(), section_schema(section))).collect();
    let required: Vec<&str> =
        SECTIONS.iter().filter(|section| section.required).map(|section| section.name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rempart policy",
        "description": "Rules and register of an organisation; several files are merged before this schema applies",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "$defs": definitions(),
    })
}

fn section_schema(section: &Section) -> Value {
    let mut table = table_schema(section.keys);
    let extra = match section.name {
        "limit" => Some(json!([{ "required": ["amount"] }, { "required": ["count"] }])),
        "forbid" => Some(any_of_keys(section.keys, "id")),
        _ => None,
    };
    if let (Some(extra), Some(object)) = (extra, table.as_object_mut()) {
        object.insert("anyOf".to_owned(), extra);
    }
    if section.many {
        json!({ "description": section.doc, "type": "array", "items": table, "maxItems": section.most })
    } else {
        with_doc(table, section.doc)
    }
}

fn any_of_keys(keys: &[Key], except: &str) -> Value {
    keys.iter().filter(|key| key.name != except).map(|key| json!({ "required": [key.name] })).collect()
}

fn table_schema(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), with_doc(value_schema(key.shape), key.doc))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn with_doc(mut schema: Value, doc: &str) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), Value::from(doc));
    }
    schema
}

fn value_schema(shape: Shape) -> Value {
    let names = |least: usize| json!({ "type": "array", "items": reference("name"), "uniqueItems": true, "minItems": least, "maxItems": LIST_LENGTH_MAX });
    match shape {
        Shape::Text | Shape::Address => reference("text"),
        Shape::Addresses => {
            json!({ "type": "array", "items": reference("text"), "uniqueItems": true, "maxItems": LIST_LENGTH_MAX })
        }
        Shape::Recipients => {
            let item = json!({ "type": "string", "pattern": "^age1[0-9a-z+_-]+$", "maxLength": RECIPIENT_BYTES_MAX });
            json!({ "type": "array", "items": item, "uniqueItems": true, "maxItems": RECIPIENTS_MAX })
        }
        Shape::Name(_) | Shape::Label(_) | Shape::Ref(_) => reference("name"),
        Shape::Labels(_) => names(0),
        Shape::Refs(_, non_empty) => names(usize::from(non_empty)),
        Shape::Duration(_) => reference("duration"),
        Shape::Money => reference("money"),
        Shape::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Choices(words) => {
            let least = usize::from(words == WEEKDAYS);
            json!({ "type": "array", "items": { "enum": words }, "uniqueItems": true, "minItems": least })
        }
        Shape::Currency => json!({ "enum": Currency::codes().collect::<Vec<_>>() }),
        Shape::TimeZone => json!({ "type": "string", "examples": ["Europe/Paris", "UTC"] }),
        Shape::TimeOfDay => json!({ "type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" }),
        Shape::Destination(known) => {
            let words = if known { "listed|known|any" } else { "listed|any" };
            let name = format!("[A-Za-z0-9][A-Za-z0-9_.-]{{0,{}}}", ID_LENGTH_MAX - 1);
            json!({ "type": "string", "pattern": format!("^({words}|list:{name}|vault:{name})$") })
        }
        Shape::Quorum => reference("quorum"),
        Shape::Table(keys) => table_schema(keys),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn definitions() -> Value {
    let codes = Currency::codes().collect::<Vec<_>>().join("|");
    json!({
        "name": {
            "type": "string",
            "pattern": format!("^[A-Za-z0-9][A-Za-z0-9_.-]{{0,{}}}$", ID_LENGTH_MAX - 1),
        },
        "text": { "type": "string", "minLength": 1, "maxLength": TEXT_BYTES_MAX },
        "duration": {
            "description": "a whole number and a unit: elapsed time, a day is 86 400 s",
            "type": "string",
            "pattern": "^[0-9]+[smhd]$",
            "examples": ["90s", "30m", "48h", "7d"],
        },
        "money": {
            "description": "a number, a space and the organisation's currency",
            "type": "string",
            "pattern": format!("^[0-9]+(\\.[0-9]+)? ({codes})$"),
            "examples": ["10000 EUR"],
        },
        "quorum": quorum(),
    })
}

/// One of three forms; the keys come from the table all the same.
fn quorum() -> Value {
    let form = |names: &[&str], required: &[&str]| {
        let properties: Map<String, Value> = QUORUM
            .iter()
            .filter(|key| names.contains(&key.name))
            .map(|key| (key.name.to_owned(), with_doc(quorum_value(key), key.doc)))
            .collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    };
    json!({
        "description": "an expression over approvals by distinct people",
        "oneOf": [
            form(&["at_least", "of", "apart"], &["at_least", "of"]),
            form(&["all"], &["all"]),
            form(&["any"], &["any"]),
        ],
    })
}

fn quorum_value(key: &Key) -> Value {
    match key.shape {
        Shape::Quorum => json!({ "type": "array", "items": reference("quorum"), "minItems": 1 }),
        shape => value_schema(shape),
    }
}
