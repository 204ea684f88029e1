//! Files and modules are named after what they are for. Called by `tidy`.

use crate::source::{Part, only};
use crate::tidy::Finding;
use crate::tree::{File, Tree};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.files.iter().flat_map(of_path).collect();
    findings.extend(tree.rust().flat_map(of_modules));
    findings
}

fn is_empty_name(name: &str) -> bool {
    EMPTY_NAMES.contains(&name) || name.rsplit('_').next().is_some_and(|last| EMPTY_NAMES.contains(&last))
}

fn of_path(file: &File) -> Option<Finding> {
    let part = file
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part))
        .find(|part| is_empty_name(part))?;
    Some(Finding::new(&file.path, 0, format!("`{part}` says nothing: name it after the concept inside")))
}

fn of_modules(file: &File) -> Vec<Finding> {
    let code = only(&file.text, &[Part::Code]);
    let module = |line: &'_ str| {
        let after = line
            .split_once("mod ")
            .filter(|(before, _)| before.trim().is_empty() || before.trim().starts_with("pub"));
        after.map(|(_, name)| {
            name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()
        })
    };
    let named = code.lines().enumerate().filter_map(|(at, line)| module(line).map(|name| (at + 1, name)));
    let finding = |(line, name): (usize, String)| {
        Finding::new(
            &file.path,
            line,
            format!("module `{name}` says nothing: name it after the concept inside"),
        )
    };
    named.filter(|(_, name)| is_empty_name(name)).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn names_that_say_nothing_are_found() {
        let (_folder, tree) = planted(&[
            ("crates/a/src/utils.rs", "//! A."),
            ("crates/a/src/common/x.rs", "//! A."),
            ("crates/a/tests/key_helpers.rs", "//! A."),
            ("crates/a/src/lib.rs", "//! A.\npub(crate) mod misc {}\nmod commons;\n// mod utils;\n"),
        ]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        let expected = [
            ("crates/a/src/common/x.rs", 0),
            ("crates/a/src/utils.rs", 0),
            ("crates/a/tests/key_helpers.rs", 0),
            ("crates/a/src/lib.rs", 2),
        ];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    }
}
