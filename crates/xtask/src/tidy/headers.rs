//! Every Rust file opens with `//!`: what it is for. Called by `tidy`.

use crate::tidy::Finding;
use crate::tree::{File, Tree};

pub fn check(tree: &Tree) -> Vec<Finding> {
    let silent = |file: &&File| !file.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    let finding = |file: &File| {
        Finding::new(
            &file.path,
            1,
            "does not open with `//!`: say what the file is for, which guarantee it keeps, who calls it",
        )
    };
    tree.rust().filter(silent).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn a_file_without_a_header_is_found() {
        let (_folder, tree) = planted(&[
            ("a.rs", "//! Fine.\n"),
            ("b.rs", "use x;\n//! late"),
            ("c.rs", ""),
            ("d.rs", "//!\n"),
            ("e.md", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["b.rs", "c.rs", "d.rs"]);
    }
}
