//! Every test that `docs/threats.md` names exists, and the page says what is not covered. Called by `tidy`.

use crate::tidy::{Finding, guarantees};
use crate::tree::Tree;

const DOCUMENT: &str = "docs/threats.md";
const NOT_COVERED: &str = "## Not covered";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "is missing")];
    };
    let mut findings = guarantees::tests_that_do_not_exist(tree, DOCUMENT, text);
    if !text.lines().any(|line| line == NOT_COVERED) {
        findings.push(Finding::new(
            DOCUMENT,
            0,
            format!("has no section `{NOT_COVERED}`: say plainly what is not"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn a_test_that_does_not_exist_and_a_missing_section_are_found() {
        let source = "//! A.\n#[test]\nfn holds() {}\n";
        let files = [("crates/gate/Cargo.toml", ""), ("crates/gate/tests/twins.rs", source)];
        let with = |text: &str| {
            let (_folder, tree) = planted(&[files[0], files[1], (DOCUMENT, text)]);
            check(&tree).len()
        };
        assert_eq!(with("`gate::twins::holds`\n## Not covered\n"), 0);
        assert_eq!(with("`gate::twins::breaks`\n## Not covered\n"), 1);
        assert_eq!(with("`gate::twins::holds`\n"), 1);
    }
}
