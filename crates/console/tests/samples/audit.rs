//! Answers for the page of the record.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The answers.
pub fn audit() -> BTreeMap<String, Value> {
    let entry = |number: u64| {
        let mut entry = json!({ "number": number, "at": format!("2026-11-20T10:{:02}:00Z", number % 60), "hash": format!("{number:064x}"), "by": "nora",
            "kind": "approve", "text": "approved a transfer of 0.5 BTC from treasury" });
        if number.is_multiple_of(7) {
            entry["refused"] = json!("limit-reached");
        }
        if number.is_multiple_of(5) {
            entry.as_object_mut().unwrap().remove("by");
        }
        entry
    };
    let page = |from: u64| json!({ "entries": (from - 49..=from).rev().map(entry).collect::<Vec<_>>(), "next": from - 49 });
    BTreeMap::from([
        ("/v1/audit/entries?limit=50".to_owned(), page(163)),
        ("/v1/audit/entries?before=114&limit=50".to_owned(), page(113)),
        (
            "/v1/audit/verification".to_owned(),
            json!({ "entries": 163, "head": "ef".repeat(32), "whole": true }),
        ),
    ])
}
