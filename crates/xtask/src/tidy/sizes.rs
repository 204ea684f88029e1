//! Functions and files stay small enough to read in one go; what is larger today may only shrink. Called by `tidy`.
//!
//! Exceptions stand in `crates/xtask/sizes.txt`, one on each line: `file PATH LINES` or `function PATH NAME LINES`. An exception
//! that grew is refused, and so is one that shrank by more than a twentieth until its line says so: the list is a ratchet.

use std::collections::BTreeMap;

use crate::source;
use crate::tidy::Finding;
use crate::tree::{File, Tree};

/// The longest function, in lines from `fn` to the closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// The longest file, in lines.
const FILE_LINES_MAX: usize = 600;
const EXCEPTIONS: &str = "crates/xtask/sizes.txt";

/// Something with a length: `file PATH` or `function PATH NAME`.
struct Measured {
    key: String,
    path: String,
    line: usize,
    lines: usize,
    lines_max: usize,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let (exceptions, mut findings) = exceptions(tree.text(EXCEPTIONS).unwrap_or_default());
    let measured = longest(tree.rust().flat_map(measure));
    findings.extend(measured.values().filter_map(|it| judge(it, exceptions.get(&it.key).copied())));
    let gone = exceptions.keys().filter(|key| !measured.contains_key(*key));
    findings.extend(
        gone.map(|key| {
            Finding::new(EXCEPTIONS, 0, format!("`{key}` does not exist any more: delete its line"))
        }),
    );
    findings
}

fn measure(file: &File) -> Vec<Measured> {
    let of_function = |f: source::Function| Measured {
        key: format!("function {} {}", file.path, f.name),
        path: file.path.clone(),
        line: f.line,
        lines: f.length,
        lines_max: FUNCTION_LINES_MAX,
    };
    let lines = file.text.lines().count();
    let of_file = Measured {
        key: format!("file {}", file.path),
        path: file.path.clone(),
        line: 0,
        lines,
        lines_max: FILE_LINES_MAX,
    };
    source::functions(&file.text).into_iter().map(of_function).chain([of_file]).collect()
}

/// Of several functions with one name in one file, the longest.
fn longest(all: impl Iterator<Item = Measured>) -> BTreeMap<String, Measured> {
    let mut longest: BTreeMap<String, Measured> = BTreeMap::new();
    for it in all {
        if longest.get(&it.key).is_none_or(|known| known.lines < it.lines) {
            longest.insert(it.key.clone(), it);
        }
    }
    longest
}

fn judge(it: &Measured, exception: Option<usize>) -> Option<Finding> {
    let Measured { key, lines, lines_max, .. } = it;
    let message = match exception {
        None if lines > lines_max => format!("`{key}` has {lines} lines; at most {lines_max}: split it"),
        Some(allowed) if *lines > allowed => {
            format!("`{key}` grew to {lines} lines from {allowed}: split it")
        }
        Some(_) if lines <= lines_max => format!("`{key}` fits now: delete its line from {EXCEPTIONS}"),
        Some(allowed) if *lines < allowed - allowed / 20 => {
            format!("`{key}` shrank: write {lines} in {EXCEPTIONS} so that it stays so")
        }
        _ => return None,
    };
    Some(Finding::new(&it.path, it.line, message))
}

fn exceptions(text: &str) -> (BTreeMap<String, usize>, Vec<Finding>) {
    let mut exceptions = BTreeMap::new();
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        match line.rsplit_once(' ').and_then(|(key, lines)| Some((key.to_owned(), lines.parse().ok()?))) {
            Some((key, lines)) => {
                exceptions.insert(key, lines);
            }
            None => findings.push(Finding::new(
                EXCEPTIONS,
                at + 1,
                "is not `file PATH LINES` or `function PATH NAME LINES`",
            )),
        }
    }
    (exceptions, findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    fn function(lines: usize) -> String {
        format!("//! A.\nfn long() {{\n{}}}\n", "    x();\n".repeat(lines - 2))
    }

    fn messages(source: &str, exceptions: &str) -> Vec<String> {
        let (_folder, tree) = planted(&[("a.rs", source), (EXCEPTIONS, exceptions)]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_function_may_have_seventy_lines() {
        assert!(messages(&function(70), "").is_empty());
        assert_eq!(messages(&function(71), ""), ["`function a.rs long` has 71 lines; at most 70: split it"]);
    }

    #[test]
    fn a_file_may_have_six_hundred_lines() {
        assert!(messages(&"//! A.\n".repeat(600), "").is_empty());
        assert_eq!(
            messages(&"//! A.\n".repeat(601), ""),
            ["`file a.rs` has 601 lines; at most 600: split it"]
        );
    }

    #[test]
    fn exceptions_may_only_shrink() {
        assert!(messages(&function(80), "# why\nfunction a.rs long 80\n").is_empty());
        assert!(
            messages(&function(81), "function a.rs long 80").concat().contains("grew to 81 lines from 80")
        );
        assert!(messages(&function(76), "function a.rs long 80").is_empty());
        assert!(messages(&function(75), "function a.rs long 80").concat().contains("write 75"));
        assert!(messages(&function(60), "function a.rs long 80").concat().contains("fits now"));
        assert!(messages("//! A.\n", "function a.rs long 80").concat().contains("does not exist any more"));
        assert!(messages("//! A.\n", "function a.rs").concat().contains("is not"));
    }
}
