//! What somebody approves is what the script shows them: `transfer.js` and `console.js`'s commands run by node against `types` (G1). A payload
//! whose hash is not the id is not shown and not signed.
use std::process::Command;

use api::Language;
use console::assets;
use serde_json::json;
use types::Amount;

use super::samples;

/// As little of a document as the script needs.
const DOCUMENT: &str = r#"
class Element {
  constructor(tag) { Object.assign(this, { tag, children: [], dataset: {}, className: "" }); }
  append(...parts) { this.children.push(...parts); }
  replaceChildren(...parts) { this.children = parts; }
  get textContent() { return this.children.map((part) => (typeof part === "string" ? part : part.textContent)).join(""); }
  all() { return [this, ...this.children.filter((part) => typeof part !== "string").flatMap((part) => part.all())]; }
  querySelector(selector) { return this.all().find((part) => `.${part.className}` === selector) ?? null; }
}
globalThis.document = { documentElement: { lang: process.argv[2] }, createElement: (tag) => new Element(tag) };
"#;

const COMPARE: &str = r#"
import { readFileSync } from "node:fs";
const { cases, sums } = JSON.parse(readFileSync("cases.json", "utf8"));
const { showPayload, isShown, transferId, amount } = await import("./transfer.js");
const fail = (what) => { console.log(what); process.exit(1); };
for (const { payload, id, address } of cases) {
  if (await transferId(payload) !== id) fail(`hash of ${payload}`);
  const place = new Element("div");
  place.dataset.payload = payload;
  if (await isShown(place, id)) fail("signed before it was shown");
  await showPayload(place, id);
  if (!place.textContent.includes(address) || !place.textContent.includes("treasury")) fail(`shown: ${place.textContent}`);
  if (!await isShown(place, id)) fail("shown and not signed");
  if (await isShown(place, "0".repeat(64))) fail("signed for another");
  place.dataset.payload = payload.replace("treasury", "treasure");
  if (await isShown(place, id)) fail("signed though it was changed after it was shown");
  const other = new Element("div");
  other.dataset.payload = payload.replace("treasury", "treasure");
  await showPayload(other, id);
  if (other.textContent.includes("treasure") || await isShown(other, id)) fail("a payload of another hash is shown");
}
for (const { sum, shown } of sums) if (amount(sum) !== shown) fail(`${JSON.stringify(sum)}: ${amount(sum)} instead of ${shown}`);
console.log(`${cases.length} payloads, ${sums.length} sums`);
"#;

fn compare(language: Language, tag: &str) {
    let folder = std::env::temp_dir().join(format!("rempart-transfer-script-{tag}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for asset in assets().filter(|asset| asset.path.ends_with(".js")) {
        std::fs::write(folder.join(asset.path.trim_start_matches("/assets/")), asset.bytes()).unwrap();
    }
    let cases: Vec<_> = samples::each()
        .iter()
        .map(|(_, it)| json!({ "payload": it["payload"], "id": it["id"], "address": samples::ADDRESS }))
        .collect();
    let written = [
        "0.5 BTC",
        "0.00000001 BTC",
        "21000000 BTC",
        "1234.5 EUR",
        "999 EUR",
        "1000000 JPY",
        "79228162514 ETH",
    ];
    let sums: Vec<_> = written
        .iter()
        .map(|text| {
            let sum = Amount::parse(text).unwrap();
            json!({ "sum": sum, "shown": console::parts::money::text(language, sum) })
        })
        .collect();
    std::fs::write(folder.join("cases.json"), json!({ "cases": cases, "sums": sums }).to_string()).unwrap();
    std::fs::write(folder.join("package.json"), r#"{"type":"module"}"#).unwrap();
    std::fs::write(folder.join("compare.js"), format!("{DOCUMENT}{COMPARE}")).unwrap();
    let run = Command::new("node").arg("compare.js").arg(tag).current_dir(&folder).output();
    let run = run.expect("node is not there: apt-get install nodejs");
    std::fs::remove_dir_all(&folder).unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
    assert_eq!(out.trim(), format!("{} payloads, {} sums", cases.len(), sums.len()));
}

#[test]
fn a_payload_is_shown_and_signed_only_under_its_own_hash() {
    compare(Language::English, "en");
    compare(Language::French, "fr");
}
