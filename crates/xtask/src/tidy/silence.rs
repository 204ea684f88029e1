//! The overt ledger has no word for what the covert ledger knows (G3): no identifier, string or comment in
//! `crates/overt/src` has any of these words in it. Called by `tidy`; the first test of G3 is that overt cannot say it.

use crate::tidy::Finding;
use crate::tree::{File, Tree};

const LEDGER: &str = "crates/overt/src/";
const WORDS: &[&str] = &["duress", "class", "taint", "signal", "incident"];

/// Lines, without indentation, that explain the absence itself.
const EXPLANATIONS: &[&str] = &[];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| file.path.starts_with(LEDGER)).flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().enumerate().filter(|(_, line)| !EXPLANATIONS.contains(&line.trim()));
    let spoken = lines.filter_map(|(at, line)| {
        let lower = line.to_lowercase();
        WORDS.iter().find(|word| lower.contains(**word)).map(|word| (at + 1, word))
    });
    spoken
        .map(|(line, word)| {
            Finding::new(
                &file.path,
                line,
                format!("`{word}`: the overt ledger has no word for this; it belongs to `covert`"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted;

    #[test]
    fn forbidden_words_are_found_in_code_strings_and_comments_of_overt_only() {
        let spoken = "//! A.\nstruct Class;\nlet x = \"under Duress\";\n// tainted\nfn free() {}\n";
        let (_folder, tree) =
            planted(&[("crates/overt/src/lib.rs", spoken), ("crates/covert/src/lib.rs", spoken)]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        assert_eq!(found, [2, 3, 4].map(|line| ("crates/overt/src/lib.rs".to_owned(), line)));
    }
}
