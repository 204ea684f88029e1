//! The list of decisions in `docs/adr/0001-decisions.md` links every decision, and nothing else. Called by `tidy`.

use std::collections::BTreeSet;

use crate::tidy::Finding;
use crate::tree::Tree;

const FOLDER: &str = "docs/adr/";
const LIST: &str = "docs/adr/0001-decisions.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(LIST) else {
        return vec![Finding::new(LIST, 0, "is missing")];
    };
    let files: BTreeSet<&str> = tree.files.iter().filter_map(|file| file.path.strip_prefix(FOLDER)).collect();
    let linked: BTreeSet<&str> = links(text).collect();
    let mut findings = Vec::new();
    for file in &files {
        if !linked.contains(file) {
            findings.push(Finding::new(LIST, 0, format!("does not link `{file}`: add it to the list")));
        }
        if !is_numbered(file) {
            findings.push(Finding::new(format!("{FOLDER}{file}"), 0, "is not named NNNN-title.md"));
        }
    }
    findings.extend(
        linked
            .difference(&files)
            .map(|gone| Finding::new(LIST, 0, format!("links `{gone}`, which does not exist"))),
    );
    findings.extend(repeated(&files));
    findings
}

/// Targets of links to Markdown files beside the list.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let target = |part: &'_ str| part.find(')').map_or(0, |end| end);
    text.split("](")
        .skip(1)
        .filter_map(move |part| part.get(..target(part)))
        .filter(|t| t.ends_with(".md") && !t.contains('/'))
}

fn number(file: &str) -> &str {
    file.split_once('-').map_or("", |(number, _)| number)
}

fn is_numbered(file: &str) -> bool {
    let number = number(file);
    number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && file.ends_with(".md")
}

fn repeated(files: &BTreeSet<&str>) -> Vec<Finding> {
    let twins = files.iter().zip(files.iter().skip(1)).filter(|(a, b)| number(a) == number(b));
    twins.map(|(a, b)| Finding::new(format!("{FOLDER}{b}"), 0, format!("has the number of `{a}`"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    const GOOD: &str = "- [0001](0001-decisions.md)\n- [0002](0002-two.md) and [elsewhere](../threats.md)\n";

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, tree) = planted(files);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_complete_list_is_fine() {
        assert!(faults(&[(LIST, GOOD), ("docs/adr/0002-two.md", "")]).is_empty());
    }

    #[test]
    fn an_unlisted_decision_is_found() {
        let found = faults(&[(LIST, GOOD), ("docs/adr/0002-two.md", ""), ("docs/adr/0003-new.md", "")]);
        assert_eq!(found, ["does not link `0003-new.md`: add it to the list"]);
    }

    #[test]
    fn a_link_to_nothing_a_repeated_number_and_a_bad_name_are_found() {
        assert_eq!(faults(&[(LIST, GOOD)]), ["links `0002-two.md`, which does not exist"]);
        let twice = format!("{GOOD}[](0002-again.md) [](notes.md)");
        let files = [
            (LIST, twice.as_str()),
            ("docs/adr/0002-two.md", ""),
            ("docs/adr/0002-again.md", ""),
            ("docs/adr/notes.md", ""),
        ];
        assert_eq!(faults(&files), ["is not named NNNN-title.md", "has the number of `0002-again.md`"]);
    }

    #[test]
    fn a_missing_list_is_found() {
        assert_eq!(faults(&[]), ["is missing"]);
    }
}
