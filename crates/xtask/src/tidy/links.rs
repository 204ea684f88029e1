//! Every link from one document to a file of the project leads somewhere. Called by `tidy`.

use std::path::Path;

use crate::tidy::Finding;
use crate::tree::{File, Tree};

pub fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    documents.flat_map(|file| broken(tree, file)).collect()
}

fn broken(tree: &Tree, file: &File) -> Vec<Finding> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let lines = file.text.lines().enumerate();
    let links = lines.flat_map(|(at, line)| targets(line).map(move |target| (at + 1, target)));
    let gone = links.filter(|(_, target)| !tree.root.join(Path::new(folder)).join(target).exists());
    gone.map(|(line, target)| {
        Finding::new(&file.path, line, format!("links to `{target}`, which does not exist"))
    })
    .collect()
}

/// Targets inside the project: no scheme, no bare anchor.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let target = |part: &'_ str| part.find([')', '#']).unwrap_or(0);
    let inside = |target: &&str| !target.is_empty() && !target.contains(':') && !target.contains('`');
    line.split("](").skip(1).filter_map(move |part| part.get(..target(part))).filter(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let (_folder, tree) = planted(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/b.md#top) [c](https://example.org/x) [d](#here)\n[e](docs)",
            ),
            ("docs/a.md", "[up](../README.md), [gone](../gone.md)"),
        ]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        assert_eq!(found, [("README.md".to_owned(), 1), ("docs/a.md".to_owned(), 1)]);
    }
}
