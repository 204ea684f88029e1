//! The browser reads and draws phrases exactly as the server does: `phrase.js` run by node against the crate `credentials` (G3: what is said
//! while typing is decided from public lists alone, and by the same rule on both sides).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::process::Command;

use credentials::{Language, Phrase, PhraseError, Picture};
use serde_json::{Value, json};
use types::hash_parts;

const PHRASES: usize = 2000;

const COMPARE: &str = r#"
import { readFileSync } from "node:fs";
import { readPhrase, pictureSvg, describePicture, completions } from "./phrase.js";
const cases = JSON.parse(readFileSync("cases.json", "utf8"));
const told = (typed) => {
  const read = readPhrase(typed);
  if (read.problem) return read;
  return { list: read.list, words: read.words, svg: pictureSvg(read), en: describePicture(read, "en"), fr: describePicture(read, "fr") };
};
for (const { typed, expected } of cases) {
  const given = told(typed);
  for (const [key, value] of Object.entries(expected)) {
    const same = JSON.stringify(given[key]).normalize("NFC") === JSON.stringify(value).normalize("NFC");
    if (!same) { console.log(`differs: ${JSON.stringify(typed)} ${key}: ${JSON.stringify(given)} instead of ${JSON.stringify(expected)}`); process.exit(1); }
  }
}
for (const [prefix, list, expected] of JSON.parse(readFileSync("prefixes.json", "utf8"))) {
  const given = completions(prefix, list, 4096);
  if (JSON.stringify(given) !== JSON.stringify(expected.map((word) => word.normalize("NFC")))) {
    console.log(`differs: ${prefix} ${list}: ${given.length} instead of ${expected.length}`); process.exit(1);
  }
}
console.log(`${cases.length} compared`);
"#;

/// A script as browsers get it.
fn script(path: &str) -> String {
    let asset = console::assets().find(|asset| asset.path == path).unwrap();
    String::from_utf8(asset.bytes().to_vec()).unwrap()
}

fn tag(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::French => "fr",
    }
}

fn expected(typed: &str) -> Value {
    match Phrase::parse(typed) {
        Ok(phrase) => {
            let picture = Picture::of(&phrase);
            let (en, fr) = (picture.describe(Language::English), picture.describe(Language::French));
            json!({ "list": tag(phrase.language()), "words": phrase.reveal_words(), "svg": picture.svg(), "en": en, "fr": fr })
        }
        Err(PhraseError::TooLong) => json!({ "problem": "too-long" }),
        Err(PhraseError::WordCount { given }) => json!({ "problem": "word-count", "given": given }),
        Err(PhraseError::UnknownWord { position }) => {
            json!({ "problem": "word-unknown", "position": position })
        }
        Err(PhraseError::MixedLists { position }) => {
            json!({ "problem": "mixed-lists", "position": position })
        }
    }
}

/// A phrase as somebody might type it: other case, other separators, accents or none, now and then not a phrase at all.
fn typed(number: usize) -> String {
    let bytes = hash_parts("typed", &[&number.to_be_bytes()]).0;
    let language = if number.is_multiple_of(2) { Language::English } else { Language::French };
    let words = Phrase::draw(language, &bytes).reveal_words();
    let separator = [" ", "-", ", ", "\u{a0}", " \t", "\u{2013}", "/", "\u{85}"][usize::from(bytes[10] % 8)];
    let text = words.join(separator);
    match bytes[11] % 12 {
        0 => text.to_uppercase(),
        1 => text.chars().filter(char::is_ascii).collect(),
        2 => format!("  {text} "),
        3 => text.replacen('a', "ａ", 1),
        4 => text.replace("oe", "œ"),
        5 => words[..2].join(separator),
        6 => format!("{text}x"),
        7 => format!("zebra {} {}", words[1], words[2]),
        _ => text,
    }
}

fn special() -> Vec<String> {
    let fixed = [
        "",
        " ",
        "a b c d",
        "zoo zoo zoo",
        "orange zebra zoologie",
        "zebra zoologie zoologie",
        "İ zebra stone",
        "orange\u{feff} zebra stone",
        "\u{212a}iwi zebra stone",
        "оrange zebra stone",
        "ORANGE\u{301} zebra stone",
        "constructor zebra stone",
        "__proto__ zebra stone",
    ];
    let long =
        ["é".repeat(128), "é".repeat(129), "\u{fdfa}".repeat(40), "word ".repeat(100), "a ".repeat(128)];
    fixed.into_iter().map(str::to_owned).chain(long).collect()
}

#[test]
fn browser_and_server_read_and_draw_the_same() {
    let cases: Vec<Value> = (0..PHRASES)
        .map(typed)
        .chain(special())
        .map(|typed| json!({ "typed": typed, "expected": expected(&typed) }))
        .collect();
    let drawn = cases.iter().filter(|case| case["expected"]["svg"].is_string()).count();
    assert!(drawn > PHRASES * 3 / 4, "{drawn}");
    let prefixes = ["z", "éc", "EC", "abaiss", "qqq", "oe", "sta"];
    let prefixes: Vec<Value> = prefixes
        .iter()
        .flat_map(|prefix| {
            Language::ALL
                .map(|language| json!([prefix, tag(language), credentials::completions(prefix, language)]))
        })
        .collect();

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("package.json", r#"{ "type": "module" }"#);
    write("phrase.js", &script("/assets/phrase.js"));
    write("words.js", &script("/assets/words.js"));
    write("compare.js", COMPARE);
    write("cases.json", &json!(cases).to_string());
    write("prefixes.json", &json!(prefixes).to_string());
    let output = Command::new("node")
        .arg("compare.js")
        .current_dir(folder.path())
        .output()
        .expect("`node` does not run: `sudo apt-get install nodejs` on Debian and Ubuntu");
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), format!("{} compared", cases.len()), "{wrong}");
}
