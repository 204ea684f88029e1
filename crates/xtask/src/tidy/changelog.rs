//! `CHANGELOG.md` has its section for what is not released yet. Called by `tidy`.

use crate::tidy::Finding;
use crate::tree::Tree;

const DOCUMENT: &str = "CHANGELOG.md";
const SECTION: &str = "## [Unreleased]";

pub fn check(tree: &Tree) -> Vec<Finding> {
    match tree.text(DOCUMENT) {
        None => vec![Finding::new(DOCUMENT, 0, "is missing")],
        Some(text) if text.lines().any(|line| line == SECTION) => Vec::new(),
        Some(_) => vec![Finding::new(DOCUMENT, 0, format!("has no section `{SECTION}`"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn the_section_must_stand_there() {
        for (text, faults) in [
            ("# Changelog\n\n## [Unreleased]\n", 0),
            ("# Changelog\n## [0.1.0]\n", 1),
            ("see ## [Unreleased]", 1),
        ] {
            let (_folder, tree) = planted(&[(DOCUMENT, text)]);
            assert_eq!(check(&tree).len(), faults, "{text}");
        }
        let (_folder, tree) = planted(&[]);
        assert_eq!(check(&tree).len(), 1);
    }
}
