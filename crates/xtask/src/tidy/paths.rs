//! No path of one machine in any file: what works only there does not work in a fresh clone. Called by `tidy`.

use crate::tidy::Finding;
use crate::tree::{File, Tree};

/// Written in two halves, so that this file passes its own rule.
const MACHINE_PATHS: &[&str] =
    &[concat!("/", "work/"), concat!("/", "root/"), concat!("/", "tmp/"), concat!("/", "home/")];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    let found = lines.filter_map(|(at, line)| {
        MACHINE_PATHS.iter().find(|path| stands_alone(line, path)).map(|path| (at + 1, path))
    });
    found
        .map(|(line, path)| {
            Finding::new(
                &file.path,
                line,
                format!("`{path}` is a path of one machine: take it from the caller, or use `tempfile`"),
            )
        })
        .collect()
}

/// `docs/work/x` and `https://example.org/work/` are not paths of a machine.
fn stands_alone(line: &str, path: &str) -> bool {
    let ends_a_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '}' | ')');
    line.match_indices(path)
        .any(|(at, _)| !line.get(..at).and_then(|before| before.chars().next_back()).is_some_and(ends_a_path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn paths_of_a_machine_are_found_in_every_kind_of_file() {
        let [work, root, tmp, home] = [0, 1, 2, 3].map(|i| MACHINE_PATHS[i]);
        let text = format!("let x = \"{work}main\";\nsee {root}x\n`{tmp}y`\n{home}me\n");
        let (_folder, tree) =
            planted(&[("a.rs", &text), ("b.md", &format!("in docs{work}x and https://example.org{tmp}x"))]);
        let lines: Vec<usize> = check(&tree).into_iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }
}
