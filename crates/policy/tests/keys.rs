//! G1: the table of keys, the reader, the model and the published schema agree: every key of the schema is read and means something.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use policy::{Policy, load, schema};
use serde_json::Value as Json;
use support::source;

/// A policy that uses every key, each with another value than when it is absent.
const FULL: &str = include_str!("cases/full.toml");

/// Everything that a policy says, without its text.
fn meaning(policy: &Policy) -> String {
    let rules = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        policy.organisation(),
        policy.vaults(),
        policy.permits(),
        policy.limits(),
        policy.forbids(),
        policy.destinations()
    );
    let people: Vec<_> = policy.people().collect();
    format!(
        "{rules} {:?} {:?} {:?} {:?} {:?} {:?} {people:?} {:?} {:?} {:?}",
        policy.change(),
        policy.stop(),
        policy.response(),
        policy.cosigner(),
        policy.prices(),
        policy.places(),
        policy.services(),
        policy.protected_people(),
        policy.keys()
    )
}

fn parse(text: &str) -> Json {
    let table: toml::Table = toml::from_str(text).unwrap();
    serde_json::to_value(table).unwrap()
}

fn loaded(document: &Json) -> policy::Loaded {
    let table: toml::Table = serde_json::from_value(document.clone()).unwrap();
    load(&[source("full.toml", &toml::to_string(&table).unwrap())])
}

/// The paths of all keys of a schema, `*` for "any item".
fn paths(schema: &Json, root: &Json, at: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let schema = resolve(schema, root);
    if let Some(items) = schema.get("items") {
        at.push("*".into());
        paths(items, root, at, out);
        at.pop();
    }
    for (name, inner) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        at.push(name.clone());
        out.push(at.clone());
        paths(inner, root, at, out);
        at.pop();
    }
}

fn resolve<'s>(schema: &'s Json, root: &'s Json) -> &'s Json {
    match schema.get("$ref").and_then(Json::as_str) {
        Some(reference) => root.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

/// Every occurrence of a path in a document, with `*` spread over the items.
fn occurrences(document: &Json, path: &[String], at: String) -> Vec<String> {
    let Some((first, rest)) = path.split_first() else { return vec![at] };
    match document {
        Json::Array(items) if first == "*" => {
            (0..items.len()).flat_map(|n| occurrences(&items[n], rest, format!("{at}/{n}"))).collect()
        }
        Json::Object(object) => {
            object.get(first).map_or(vec![], |inner| occurrences(inner, rest, format!("{at}/{first}")))
        }
        _ => vec![],
    }
}

fn without(document: &Json, pointer: &str) -> Json {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    document
}

#[test]
fn every_key_of_the_schema_is_read_and_means_something() {
    let root = schema();
    let document = parse(FULL);
    let whole = loaded(&document);
    let whole = whole.policy.unwrap_or_else(|| panic!("{:#?}", whole.diagnostics));
    let mut all = Vec::new();
    paths(&root, &root, &mut Vec::new(), &mut all);
    assert!(all.len() > 80, "only {} keys", all.len());
    for path in all {
        let places = occurrences(&document, &path, String::new());
        assert!(!places.is_empty(), "full.toml does not use {path:?}");
        let matters = places.iter().any(|place| {
            let fewer = loaded(&without(&document, place));
            fewer.policy.is_none_or(|fewer| meaning(&fewer) != meaning(&whole))
        });
        assert!(matters, "{path:?} means nothing");
    }
}

#[test]
fn every_key_that_is_not_in_the_schema_is_an_error() {
    let root = schema();
    let document = parse(FULL);
    let mut all = Vec::new();
    paths(&root, &root, &mut Vec::new(), &mut all);
    let mut tables: Vec<String> = all
        .iter()
        .flat_map(|path| occurrences(&document, path, String::new()))
        .filter_map(|place| place.rsplit_once('/').map(|(table, _)| table.to_owned()))
        .collect();
    tables.sort();
    tables.dedup();
    for table in tables {
        let mut more = document.clone();
        more.pointer_mut(&table).unwrap().as_object_mut().unwrap().insert("zzz".into(), Json::from(1));
        let found = loaded(&more);
        assert!(found.policy.is_none(), "an unknown key in {table} is let through");
        assert!(
            found.diagnostics.iter().any(|d| d.code.starts_with("unknown-") && d.message.contains("zzz"))
        );
    }
}

/// Enough of JSON Schema for our own: what the published schema uses, patterns apart.
fn conforms(value: &Json, schema: &Json, root: &Json) -> Result<(), String> {
    let schema = resolve(schema, root);
    let wrong = |what: &str| Err(format!("{what}: {value} against {schema}"));
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        _ => false,
    };
    if schema.get("type").and_then(Json::as_str).is_some_and(|name| !is(name)) {
        return wrong("type");
    }
    if schema.get("enum").and_then(Json::as_array).is_some_and(|words| !words.contains(value)) {
        return wrong("enum");
    }
    let count = |forms: &Json| {
        forms.as_array().unwrap().iter().filter(|form| conforms(value, form, root).is_ok()).count()
    };
    if schema.get("oneOf").is_some_and(|forms| count(forms) != 1) {
        return wrong("oneOf");
    }
    if schema.get("anyOf").is_some_and(|forms| count(forms) == 0) {
        return wrong("anyOf");
    }
    for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            return wrong("required");
        }
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema.get("properties")) {
        for (key, inner) in object {
            let Some(schema) = properties.get(key) else { return wrong("additional") };
            conforms(inner, schema, root)?;
        }
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        items.iter().try_for_each(|item| conforms(item, schema, root))?;
    }
    let number = |key: &str| schema.get(key).and_then(Json::as_u64);
    if let Some(items) = value.as_array()
        && (number("minItems").is_some_and(|n| (items.len() as u64) < n)
            || number("maxItems").is_some_and(|n| items.len() as u64 > n))
    {
        return wrong("items");
    }
    let outside =
        |n: u64| number("minimum").is_some_and(|m| n < m) || number("maximum").is_some_and(|m| n > m);
    if value.as_u64().is_some_and(outside) { wrong("range") } else { Ok(()) }
}

#[test]
fn the_examples_conform_to_the_schema() {
    let root = schema();
    let startup = concat!(
        include_str!("../../../examples/startup/rules.toml"),
        include_str!("../../../examples/startup/register.toml")
    );
    let exchange = concat!(
        include_str!("../../../examples/exchange/rules.toml"),
        include_str!("../../../examples/exchange/register.toml")
    );
    let family = include_str!("../../../examples/family/policy.toml");
    for text in [startup, exchange, family, FULL] {
        conforms(&parse(text), &root, &root).unwrap();
    }
    let mut odd = parse(FULL);
    odd["permit"][0]["approve"]["at_least"] = Json::from(0);
    assert!(conforms(&odd, &root, &root).is_err());
}
