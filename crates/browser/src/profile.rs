//! What is left in a browser's folder: every file, its databases included, searched for texts as bytes (G9).

use std::path::{Path, PathBuf};

/// A text, and the file that has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Which text.
    pub text: String,
    /// In which file, from the folder.
    pub file: PathBuf,
}

/// Where any of the texts is, as UTF-8 or UTF-16.
///
/// # Errors
/// When the folder cannot be read.
pub fn search_folder(folder: &Path, texts: &[&str]) -> std::io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path)?;
            let file = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
            let here = texts.iter().filter(|text| holds(&content, text));
            found.extend(here.map(|text| Found { text: (*text).to_owned(), file: file.clone() }));
        }
    }
    Ok(found)
}

fn holds(content: &[u8], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [text.as_bytes(), &wide].iter().any(|needle| content.windows(needle.len()).any(|part| part == *needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(folder.path().join("inner/plain"), "some zebra here").unwrap();
        let wide: Vec<u8> = "a zebra".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(folder.path().join("wide"), wide).unwrap();
        let found = search_folder(folder.path(), &["zebra", "stone"]).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|found| found.text == "zebra"));
    }
}
