//! Both languages say the same things, everything that is used is there, nothing is unused, and no page has a text of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use console::{Language, catalogue_text};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The keys of a language, each with its variables.
fn catalogue(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    for (name, source) in catalogue_text(language) {
        let resource =
            fluent_syntax::parser::parse(source).unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
        for entry in &resource.body {
            let Entry::Message(message) = entry else { continue };
            let mut variables = BTreeSet::new();
            collect(
                message.value.as_ref().unwrap_or_else(|| panic!("{} is empty", message.id.name)),
                &mut variables,
            );
            let before = keys.insert(message.id.name.to_owned(), variables);
            assert!(before.is_none(), "{} is there twice", message.id.name);
        }
    }
    keys
}

fn collect(pattern: &Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            PatternElement::Placeable { expression: Expression::Inline(inline) } => of_inline(inline, into),
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                of_inline(selector, into);
                variants.iter().for_each(|variant| collect(&variant.value, into));
            }
            PatternElement::TextElement { .. } => {}
        }
    }
}

fn of_inline(inline: &InlineExpression<&str>, into: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => drop(into.insert(id.name.to_owned())),
        InlineExpression::Placeable { expression } => match &**expression {
            Expression::Inline(inline) => of_inline(inline, into),
            Expression::Select { .. } => panic!("a choice within a choice is hard to translate"),
        },
        _ => {}
    }
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What stands between double quotes, outside of comments and tests.
fn literals(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut rest = line;
        while let Some(begin) = rest.find('"') {
            let inner = &rest[begin + 1..];
            let Some(end) = end_of(inner) else { break };
            found.push(inner[..end].to_owned());
            rest = &inner[end + 1..];
        }
    }
    found
}

fn end_of(inner: &str) -> Option<usize> {
    let bytes = inner.as_bytes();
    (0..bytes.len()).find(|at| bytes[*at] == b'"' && (*at == 0 || bytes[*at - 1] != b'\\'))
}

fn sources() -> Vec<(PathBuf, Vec<String>)> {
    let read = |path: PathBuf| {
        let found = literals(&fs::read_to_string(&path).unwrap());
        (path, found)
    };
    files(&Path::new(ROOT).join("src"), "rs").into_iter().map(read).collect()
}

fn scripts() -> BTreeSet<String> {
    let read = |path: PathBuf| literals(&fs::read_to_string(&path).unwrap());
    files(&Path::new(ROOT).join("assets"), "js").into_iter().flat_map(read).collect()
}

#[test]
fn both_languages_have_the_same_keys_with_the_same_variables() {
    let (english, french) = (catalogue(Language::English), catalogue(Language::French));
    let only = |one: &BTreeMap<String, _>, other: &BTreeMap<String, _>| -> Vec<String> {
        one.keys().filter(|key| !other.contains_key(*key)).cloned().collect()
    };
    assert_eq!(only(&english, &french), Vec::<String>::new(), "only in English");
    assert_eq!(only(&french, &english), Vec::<String>::new(), "only in French");
    let differing: Vec<_> = english.iter().filter(|(key, variables)| french[*key] != **variables).collect();
    assert!(differing.is_empty(), "other variables: {differing:?}");
}

/// `month-{}` and the like: every key that begins so may be meant.
fn meant(literals: &BTreeSet<String>, key: &str) -> bool {
    literals.contains(key)
        || literals.iter().any(|literal| {
            literal
                .split_once('{')
                .is_some_and(|(begin, _)| begin.len() > 2 && begin.ends_with('-') && key.starts_with(begin))
        })
}

#[test]
fn every_key_is_used() {
    let used: BTreeSet<String> = sources().into_iter().flat_map(|(_, literals)| literals).collect();
    let scripts = scripts();
    let unused: Vec<_> = catalogue(Language::English)
        .into_keys()
        .filter(|key| !meant(&used, key))
        .filter(|key| key.strip_prefix("js-").is_none_or(|name| !scripts.contains(name)))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn every_used_key_is_there() {
    let catalogue = catalogue(Language::English);
    let mut missing = Vec::new();
    for path in files(&Path::new(ROOT).join("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        // Neither tests nor comments, and not the end of another name: `assert!(`, `format!(`.
        let text = text.split("#[cfg(test)]").next().unwrap();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for call in code.join("\n").replace("assert!(", "").replace("format!(", "").split("t!(").skip(1) {
            let Some(rest) = call.split_once(',').map(|(_, rest)| rest.trim_start()) else { continue };
            let key = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
            missing.extend(
                key.filter(|key| !catalogue.contains_key(*key))
                    .map(|key| format!("{}: {key}", path.display())),
            );
        }
    }
    for path in files(&Path::new(ROOT).join("assets"), "js") {
        let text = fs::read_to_string(&path).unwrap();
        for call in text.split("text(\"").skip(1) {
            let key = format!("js-{}", call.split('"').next().unwrap());
            if !catalogue.contains_key(&key) {
                missing.push(format!("{}: {key}", path.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Two words with a space between them, or a letter that English lacks: that is something to read.
fn is_text(literal: &str) -> bool {
    let technical = literal.contains(['=', '/', '{', '\\', '%', '#', ';', '_']);
    let words = literal
        .split(' ')
        .filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1)
        .count();
    literal.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()) || (words > 1 && !technical)
}

/// What is written in Rust and shown nowhere in a language: names that are the same in both, and what browsers read.
const NAMES: [&str; 2] = ["Français", "light dark"];

#[test]
fn no_page_has_a_text_of_its_own() {
    let mut left = Vec::new();
    for (path, literals) in sources() {
        let text =
            literals.into_iter().filter(|literal| is_text(literal) && !NAMES.contains(&literal.as_str()));
        left.extend(text.map(|literal| format!("{}: {literal}", path.strip_prefix(ROOT).unwrap().display())));
    }
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn french_has_its_own_signs() {
    for (name, text) in catalogue_text(Language::French) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let value = line.split_once(" = ").map_or(line, |(_, value)| value);
            let prose = !value.contains('`') && !value.contains("->");
            assert!(!prose || !value.contains(" \""), "{name}.ftl:{}: use « and »", number + 1);
        }
    }
}
