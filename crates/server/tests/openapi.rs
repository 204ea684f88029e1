//! `docs/openapi.json` is what the code says. `UPDATE_EXPECT=1 cargo test -p server --test openapi` writes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::path::Path;

#[test]
fn the_checked_in_document_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let generated = server::http::openapi().unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "docs/openapi.json is out of date: UPDATE_EXPECT=1 cargo test -p server --test openapi"
    );
}

#[test]
fn every_command_asks_for_an_idempotency_key() {
    let document: serde_json::Value = serde_json::from_str(&server::http::openapi().unwrap()).unwrap();
    let mut commands = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_command = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                .as_str()
                .is_some_and(|name| name.contains("Envelope"));
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let asks = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            assert_eq!(is_command, asks, "{method} {path}");
            commands += usize::from(is_command);
        }
    }
    assert_eq!(commands, 45);
}
