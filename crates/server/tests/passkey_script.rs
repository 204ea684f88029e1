//! The browser computes what a passkey signs exactly as the server does: `passkey.js` run by node against `api` and `credentials` (G1). A
//! difference would mean that nobody can sign, or that something else is signed than what is sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::process::Command;

use serde_json::{Value, json};
use types::{ActorId, Hash, canonical_json, hash_parts};

const CASES: u8 = 200;

const COMPARE: &str = r#"
import { readFileSync } from "node:fs";
import { canonicalJson, commandChallenge, creationChallenge, fromHex, requestHash, toBase64Url, toHex } from "./passkey.js";
const { cases, refused, bytes } = JSON.parse(readFileSync("cases.json", "utf8"));
const differs = (what, given, expected) => { if (given !== expected) { console.log(`differs: ${what}: ${given} instead of ${expected}`); process.exit(1); } };
for (const { method, path, key, by, nonce, command, canonical, request, challenge, creation } of cases) {
  differs("canonical", canonicalJson(command), canonical);
  const hash = await requestHash(method, path, key, command);
  differs("request", toHex(hash), request);
  differs("challenge", toHex(await commandChallenge(hash, nonce)), challenge);
  differs("creation", toHex(await creationChallenge(by, nonce)), creation);
}
for (const [hex, text] of bytes) differs("base64url", toBase64Url(fromHex(hex)), text);
for (const value of [...refused, 0.5, 2 ** 53, -(2 ** 53), NaN, Infinity, "\ud800", () => 1]) {
  let taken = true;
  try { canonicalJson(value); } catch { taken = false; }
  if (taken) { console.log(`taken: ${JSON.stringify(value)}`); process.exit(1); }
}
differs("undefined is left out", canonicalJson({ b: undefined, a: -0 }), '{"a":0}');
console.log(`${cases.length} compared`);
"#;

/// A value of every kind, nested, from a number.
fn value(seed: Hash, depth: u8) -> Value {
    let [kind, small, ..] = seed.0;
    let inner = |part: u8| value(hash_parts("value", &[&seed.0, &[part]]), depth.saturating_sub(1));
    match kind % if depth == 0 { 6 } else { 8 } {
        0 => Value::Null,
        1 => json!(small.is_multiple_of(2)),
        2 => json!(i64::from_be_bytes(seed.0[8..16].try_into().unwrap()) >> 10),
        3 => json!(text(&seed)),
        4 => json!(seed.to_string()),
        5 => json!("0.5 BTC"),
        6 => json!((0..small % 5).map(inner).collect::<Vec<_>>()),
        _ => (0..small % 6).map(|part| (key(&seed, part), inner(part))).collect(),
    }
}

/// Characters at which encoders differ.
fn text(seed: &Hash) -> String {
    const ODD: [char; 20] = [
        '"', '\\', '/', '\u{0}', '\u{1}', '\u{8}', '\t', '\n', '\u{c}', '\r', '\u{1f}', '\u{7f}', '\u{80}',
        'é', '\u{2028}', '\u{2029}', '\u{feff}', '\u{ffff}', '😀', '<',
    ];
    seed.0.iter().map(|byte| ODD[usize::from(byte % 20)]).collect()
}

fn key(seed: &Hash, part: u8) -> String {
    let bytes = hash_parts("key", &[&seed.0, &[part]]).0;
    bytes[..usize::from(part) + 1].iter().map(|byte| char::from(b' ' + byte % 95)).collect()
}

fn case(number: u8) -> Value {
    let seed = hash_parts("case", &[&[number]]);
    let command = json!({ "command": value(seed, 4), "vault": "treasury" });
    let (method, path) =
        if number.is_multiple_of(2) { ("POST", "/v1/transfers") } else { ("PUT", "/v1/transfers/x/psbt") };
    let idempotency = format!("key-{number}");
    let request = api::request_hash(method, path, &idempotency, &command).unwrap();
    let nonce = hash_parts("nonce", &[&seed.0]);
    let by = ActorId::parse(&format!("person-{number}")).unwrap();
    json!({
        "method": method, "path": path, "key": idempotency, "by": by, "nonce": nonce, "command": command,
        "canonical": canonical_json(&command).unwrap(), "request": request,
        "challenge": credentials::challenge(api::COMMAND_DOMAIN, &request, &nonce.0),
        "creation": api::creation_challenge(&by, &nonce),
    })
}

#[test]
fn browser_and_server_compute_the_same_challenges() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<_> = (0..5_u8)
        .map(|length| {
            let bytes: Vec<u8> = (0..length).map(|byte| 0xff - byte * 5).collect();
            (hex::encode(&bytes), serde_json::to_value(api::Base64Url(bytes)).unwrap())
        })
        .collect();
    let refused = json!([{ "é": 1 }, [1, [0.25]]]);
    let cases =
        json!({ "cases": (0..CASES).map(case).collect::<Vec<_>>(), "refused": refused, "bytes": bytes });
    let files = [
        ("passkey.js", include_str!("../../console/assets/passkey.js").to_owned()),
        ("cases.json", cases.to_string()),
        ("compare.mjs", COMPARE.to_owned()),
        ("package.json", r#"{"type":"module"}"#.to_owned()),
    ];
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let run = Command::new("node").arg("compare.mjs").current_dir(folder.path()).output();
    let run = run
        .unwrap_or_else(|error| panic!("node cannot be started ({error}): install it, `apt install nodejs`"));
    let told = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{told}");
    assert_eq!(told.trim(), format!("{CASES} compared"));
}
