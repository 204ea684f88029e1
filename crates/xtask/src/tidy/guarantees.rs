//! Coverage of guarantees: `docs/guarantees.md` has a section for each of G1 to G10, each section names the tests that hold it or says
//! plainly that nothing holds it yet, and every named test exists. Called by `tidy` and by `cargo xtask guarantees`.

use crate::source::{Part, only};
use crate::tidy::Finding;
use crate::tree::{File, Tree, Workspace};

const DOCUMENT: &str = "docs/guarantees.md";
const GUARANTEES: usize = 10;
/// A section without tests must have a line that opens with this.
const NOT_YET: &str = "Not held yet:";

/// A test as a document names it, `crate::path::test_fn` in backticks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedTest {
    pub line: usize,
    pub name: String,
}

/// A section of the document: its guarantee, its first line, and its text.
struct Section<'a> {
    guarantee: usize,
    lines: Vec<(usize, &'a str)>,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "is missing")];
    };
    let sections = sections(text);
    let mut findings: Vec<Finding> =
        (1..=GUARANTEES).filter_map(|number| missing(&sections, number)).collect();
    findings.extend(tests_that_do_not_exist(tree, DOCUMENT, text));
    findings
}

/// Prints each guarantee with its tests. False when the document is broken.
pub fn list(workspace: &Workspace) -> anyhow::Result<bool> {
    let tree = Tree::load(&workspace.root)?;
    for section in sections(tree.text(DOCUMENT).unwrap_or_default()) {
        let tests: Vec<NamedTest> =
            section.lines.iter().flat_map(|(line, text)| named_in_line(&tree, *line, text)).collect();
        println!("G{}: {} tests", section.guarantee, tests.len());
        tests.iter().for_each(|test| println!("    {}", test.name));
    }
    let findings = check(&tree);
    findings.iter().for_each(|finding| println!("{}:{}: {}", finding.path, finding.line, finding.message));
    Ok(findings.is_empty())
}

/// A section opens with a heading such as `## G3 Non-interference`.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = line
            .strip_prefix("## G")
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
        if let Some(guarantee) = number.and_then(|digits| digits.parse().ok()) {
            sections.push(Section { guarantee, lines: Vec::new() });
        } else if let Some(section) = sections.last_mut() {
            section.lines.push((at + 1, line));
        }
    }
    sections
}

fn missing(sections: &[Section<'_>], number: usize) -> Option<Finding> {
    let Some(section) = sections.iter().find(|section| section.guarantee == number) else {
        return Some(Finding::new(DOCUMENT, 0, format!("has no section `## G{number} …`")));
    };
    let held = section.lines.iter().any(|(_, line)| line.contains("::") || line.starts_with(NOT_YET));
    (!held).then(|| {
        Finding::new(DOCUMENT, 0, format!("G{number} names no test: name one, or write `{NOT_YET} why`"))
    })
}

/// For every test that a document names and that the sources do not have.
pub fn tests_that_do_not_exist(tree: &Tree, document: &str, text: &str) -> Vec<Finding> {
    let named = text.lines().enumerate().flat_map(|(at, line)| named_in_line(tree, at + 1, line));
    let gone = named.filter(|test| !exists(tree, &test.name));
    gone.map(|test| Finding::new(document, test.line, format!("`{}` is not a test of that crate", test.name)))
        .collect()
}

/// Names in backticks that start with one of our crates and have at least two parts, all in lower case (a type is not a test).
fn named_in_line(tree: &Tree, line: usize, text: &str) -> Vec<NamedTest> {
    let crates = tree.crates();
    let is_name = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let is_test = |name: &&str| {
        let parts: Vec<&str> = name.split("::").collect();
        parts.len() > 1
            && parts.iter().all(|part| is_name(part))
            && parts.first().is_some_and(|first| crates.contains(first))
    };
    let quoted = text.split('`').skip(1).step_by(2).filter(is_test);
    quoted.map(|name| NamedTest { line, name: name.to_owned() }).collect()
}

/// A test exists when a file on its path in that crate has a function of its name under a test attribute.
fn exists(tree: &Tree, name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let [krate, modules @ .., function] = parts.as_slice() else { return false };
    let modules: Vec<&str> = modules.iter().copied().filter(|part| *part != "tests").collect();
    let candidates = tree.rust().filter(|file| file.crate_name() == Some(*krate));
    candidates.filter(|file| is_on_path(file, &modules)).any(|file| has_test(&file.text, function))
}

/// Every module in the name must be a part of the file's path or a module inside the file.
fn is_on_path(file: &File, modules: &[&str]) -> bool {
    let in_path = |module: &str| file.path.split('/').any(|part| part.trim_end_matches(".rs") == module);
    modules.iter().all(|module| in_path(module) || file.text.contains(&format!("mod {module} {{")))
}

fn has_test(text: &str, function: &str) -> bool {
    let code = only(text, &[Part::Code]);
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let declares = |line: &str| {
        let after = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
        after.and_then(|rest| rest.strip_prefix(function)).is_some_and(|rest| rest.starts_with('('))
    };
    let attributes =
        |at: usize| lines.iter().take(at).rev().take_while(|line| line.is_empty() || line.starts_with("#["));
    lines
        .iter()
        .enumerate()
        .any(|(at, line)| declares(line) && attributes(at).any(|line| line.contains("test")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    const SOURCE: &str = "//! A.\nfn plain() {}\nmod tests {\n    /// Why.\n    #[test]\n    fn signs_nothing() {}\n    // #[test]\n    fn no_test() {}\n}\n";

    fn document(g1: &str) -> String {
        let later: String = (2..=10).map(|n| format!("## G{n} X\n{NOT_YET} later\n")).collect();
        format!("# Guarantees\n## G1 Quorum\n{g1}\n{later}")
    }

    fn messages(document: &str) -> Vec<String> {
        let files =
            [("crates/gate/Cargo.toml", ""), ("crates/gate/src/release.rs", SOURCE), (DOCUMENT, document)];
        let (_folder, tree) = planted(&files);
        check(&tree).into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn a_named_test_that_exists_is_fine() {
        assert!(
            messages(&document(
                "held by `gate::release::tests::signs_nothing`, see `gate::release::Release`"
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_test_that_does_not_exist_is_found() {
        for name in [
            "gate::release::tests::gone",
            "gate::other::signs_nothing",
            "gate::release::plain",
            "gate::release::no_test",
        ] {
            let found = messages(&document(&format!("held by\n`{name}`")));
            assert_eq!(found, [format!("4: `{name}` is not a test of that crate")]);
        }
    }

    #[test]
    fn a_section_that_is_missing_or_names_nothing_is_found() {
        assert!(messages(&document("nothing here")).concat().contains("G1 names no test"));
        let without_nine = document("`gate::release::signs_nothing`").replace("## G9", "## H9");
        assert_eq!(messages(&without_nine), ["0: has no section `## G9 …`"]);
    }

    #[test]
    fn a_missing_document_is_found() {
        let (_folder, tree) = planted(&[]);
        assert_eq!(check(&tree).len(), 1);
    }
}
