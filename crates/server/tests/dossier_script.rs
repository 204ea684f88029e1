//! A phone derives from a passkey the key that `docs/dossiers.md` publishes (G9): `dossier-key.js`, run by node. A difference would mean packets
//! that nobody can open where it matters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::process::Command;

const SCRIPT: &str = include_str!("../../console/assets/dossier-key.js");
const PUBLISHED: &str = include_str!("../../../docs/dossiers.md");

const COMPARE: &str = r#"
import { readFileSync } from "node:fs";
import { PASSKEY_PRF_INPUT, identityFromPrf } from "./dossier-key.js";
const rows = JSON.parse(readFileSync("rows.json", "utf8"));
const differs = (given, expected) => { if (given !== expected) { console.log(`differs: ${given} instead of ${expected}`); process.exit(1); } };
differs(new TextDecoder().decode(PASSKEY_PRF_INPUT), "rempart/dossier/passkey/v1");
for (const [prf, identity, recipient] of rows) {
  const found = await identityFromPrf(Uint8Array.from(prf.match(/../g), (pair) => parseInt(pair, 16)).buffer);
  differs(found.identity, identity);
  differs(found.recipient, recipient);
}
for (const wrong of [new Uint8Array(31), new Uint8Array(33), new Uint8Array(0)]) {
  let taken = true;
  try { await identityFromPrf(wrong); } catch { taken = false; }
  if (taken) { console.log("taken"); process.exit(1); }
}
console.log(`${rows.length} compared`);
"#;

#[test]
fn the_page_derives_the_published_keys() {
    let rows = PUBLISHED.lines().filter_map(|line| line.strip_prefix("| `prf "));
    let rows: Vec<Vec<&str>> = rows
        .map(|row| row.split('`').step_by(2).take(3).collect::<Vec<_>>())
        .map(|cells| vec![cells[0], cells[1], cells[2]])
        .collect();
    assert_eq!(rows.len(), 3);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("dossier-key.js", SCRIPT);
    write("compare.mjs", COMPARE);
    write("rows.json", &serde_json::to_string(&rows).unwrap());
    write("package.json", r#"{ "type": "module" }"#);
    let output = Command::new("node")
        .arg("compare.mjs")
        .current_dir(folder.path())
        .output()
        .expect("node is missing: install it (Debian: apt-get install nodejs)");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.trim(), "3 compared");
}
