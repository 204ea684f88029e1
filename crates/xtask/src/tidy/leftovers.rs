//! Nothing is left open without a reason, and no test is switched off. Called by `tidy`.
//!
//! In comments, a marker must be followed by its reason in brackets: `MARKER(why, or which issue): …`. In code, the macros
//! that stand for missing code, and tests that do not run, are refused whatever the reason.

use crate::source::{Part, has_word, only};
use crate::tidy::Finding;
use crate::tree::{File, Tree};

const MARKERS: &[&str] = &["TODO", "FIXME", "XXX"];
const REFUSED: &[&str] = &["todo!", "unimplemented!"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(|file| [markers(file), refused(file)]).flatten().collect()
}

fn markers(file: &File) -> Vec<Finding> {
    let comments = only(&file.text, &[Part::Comment]);
    let mut findings = Vec::new();
    for (at, line) in comments.lines().enumerate() {
        for marker in MARKERS.iter().filter(|marker| has_word(line, marker) && !has_reason(line, marker)) {
            findings.push(Finding::new(
                &file.path,
                at + 1,
                format!("`{marker}` without a reason: write `{marker}(why): what`"),
            ));
        }
    }
    findings
}

fn has_reason(line: &str, marker: &str) -> bool {
    let reason = line.split_once(marker).and_then(|(_, after)| after.strip_prefix('('));
    reason
        .and_then(|after| after.split_once("):"))
        .is_some_and(|(reason, what)| !reason.trim().is_empty() && !what.trim().is_empty())
}

fn refused(file: &File) -> Vec<Finding> {
    let code = only(&file.text, &[Part::Code]);
    let mut findings = Vec::new();
    for (at, line) in code.lines().enumerate() {
        if let Some(found) = REFUSED.iter().find(|word| has_word(line, word)) {
            findings.push(Finding::new(
                &file.path,
                at + 1,
                format!("`{found}` stands for code that does not exist"),
            ));
        }
        if line.contains("#[ignore") {
            findings.push(Finding::new(
                &file.path,
                at + 1,
                "a test that does not run proves nothing: make it run or delete it",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    fn lines(text: &str) -> Vec<usize> {
        let (_folder, tree) = planted(&[("a.rs", text)]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn markers_need_a_reason() {
        assert_eq!(lines("// TODO: later\n/* FIXME */\n// XXX(): y\n// TODO(issue 3):\n"), [1, 2, 3, 4]);
        assert!(
            lines("// TODO(issue 3, chain back-ends): ask the node\nlet x = \"TODO\"; // mastodon XXXL\n")
                .is_empty()
        );
    }

    #[test]
    fn missing_code_and_switched_off_tests_are_found() {
        assert_eq!(
            lines(
                "fn a() { todo!() }\nfn b() { unimplemented!(\"why\") }\n#[ignore = \"slow\"]\nfn c() {}\n"
            ),
            [1, 2, 3]
        );
        assert!(
            lines("// todo!() and #[ignore] in a comment\nlet text = \"#[ignore] todo!()\";\n").is_empty()
        );
    }
}
