//! Every crate has a heading in `ARCHITECTURE.md`, and every crate named there exists: a reader finds each thing where it
//! says. Called by `tidy`.

use crate::tidy::Finding;
use crate::tree::Tree;

const DOCUMENT: &str = "ARCHITECTURE.md";

/// A heading names its crate as `crates/NAME` in backticks.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "is missing")];
    };
    let crates = tree.crates();
    let named: Vec<(usize, &str, bool)> =
        text.lines().enumerate().flat_map(|(at, line)| crates_in(at + 1, line)).collect();
    let mut findings = Vec::new();
    for name in &crates {
        if !named.iter().any(|(_, n, heading)| n == name && *heading) {
            findings.push(Finding::new(
                DOCUMENT,
                0,
                format!("has no heading with `crates/{name}`: write its paragraph"),
            ));
        }
    }
    for (line, name, _) in named {
        if !crates.contains(&name) {
            findings.push(Finding::new(
                DOCUMENT,
                line,
                format!("names `crates/{name}`, which does not exist"),
            ));
        }
    }
    findings
}

fn crates_in(line: usize, text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let heading = text.starts_with('#');
    let name = |part: &'_ str| part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
    text.split("crates/")
        .skip(1)
        .filter_map(move |part| part.get(..name(part)).map(|found| (line, found, heading)))
        .filter(|(_, found, _)| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    fn messages(document: &str) -> Vec<String> {
        let files = [("crates/gate/Cargo.toml", ""), ("crates/overt/Cargo.toml", ""), (DOCUMENT, document)];
        let (_folder, tree) = planted(&files);
        check(&tree).into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn every_crate_under_its_heading_is_fine() {
        assert!(
            messages(
                "# A\n### `crates/gate`\ntext\n### `crates/overt`\nsee `crates/gate/src/lib.rs`, `crates/`\n"
            )
            .is_empty()
        );
    }

    #[test]
    fn a_crate_without_a_heading_is_found() {
        let found = messages("### `crates/gate`\nand `crates/overt` in passing\n");
        assert_eq!(found, ["0: has no heading with `crates/overt`: write its paragraph"]);
    }

    #[test]
    fn a_crate_that_does_not_exist_is_found() {
        let found = messages("### `crates/gate`\n### `crates/overt`\n### `crates/ghost`\n");
        assert_eq!(found, ["3: names `crates/ghost`, which does not exist"]);
    }

    #[test]
    fn a_missing_document_is_found() {
        let (_folder, tree) = planted(&[("crates/gate/Cargo.toml", "")]);
        assert_eq!(check(&tree).len(), 1);
    }
}
