//! The source tree as the house rules see it: where it is, and the text of every file that belongs to it.
//!
//! Called by every check in `tidy`. A file belongs when git tracks it or would (not ignored), so that a check sees a new
//! file before its first commit; without git (an unpacked archive, a test's planted tree) every file but `target` belongs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// Where the workspace is.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
}

/// One text file: its path from the root, with `/` between the parts, and its content.
pub struct File {
    pub path: String,
    pub text: String,
}

/// Every text file of the project.
pub struct Tree {
    pub root: PathBuf,
    pub files: Vec<File>,
}

impl Workspace {
    /// Two folders above this crate, as cargo names it at run time (the path is not compiled in).
    pub fn locate() -> anyhow::Result<Self> {
        let here = std::env::var("CARGO_MANIFEST_DIR")
            .context("run this as `cargo xtask …`, not as a program of its own")?;
        let root = Path::new(&here).ancestors().nth(2).context("the workspace has no root")?;
        Ok(Self { root: root.to_path_buf() })
    }
}

impl File {
    /// The file's name without folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether this is Rust source.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The crate under `crates/` that the file belongs to.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split_once('/').map(|(name, _)| name)
    }
}

impl Tree {
    /// Reads the tree; files that are not UTF-8 text are left out.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let paths = match listed_by_git(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let read = |path: String| fs::read_to_string(root.join(&path)).ok().map(|text| File { path, text });
        let mut files: Vec<File> = paths.into_iter().filter_map(read).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_path_buf(), files })
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// All Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The names of the folders in `crates/` that hold a `Cargo.toml`, in order.
    pub fn crates(&self) -> Vec<&str> {
        let manifest = |file: &'_ &File| file.path.matches('/').count() == 2 && file.name() == "Cargo.toml";
        self.files.iter().filter(manifest).filter_map(File::crate_name).collect()
    }
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.split('\0').filter(|p| !p.is_empty()).map(String::from).collect())
}

fn walked(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
                folders.push(path);
            } else if path.is_file() {
                found.push(slashed(root, &path));
            }
        }
    }
    Ok(found)
}

fn slashed(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Writes a small tree into a temporary folder, for tests that plant a fault.
#[cfg(test)]
pub fn planted(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let tree = Tree::load(folder.path()).unwrap();
    (folder, tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_without_git_is_walked_but_for_target() {
        let (_folder, tree) = planted(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", "//! A."),
            ("crates/a/fuzz/Cargo.toml", ""),
            ("target/x.rs", ""),
        ]);
        let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["crates/a/Cargo.toml", "crates/a/fuzz/Cargo.toml", "crates/a/src/lib.rs"]);
        assert_eq!(tree.crates(), ["a"]);
    }

    #[test]
    fn with_git_new_files_belong_and_ignored_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let git = Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status().unwrap();
        assert!(git.success());
        fs::write(folder.path().join(".gitignore"), "hidden.rs\n").unwrap();
        fs::write(folder.path().join("hidden.rs"), "").unwrap();
        fs::write(folder.path().join("new.rs"), "").unwrap();
        let tree = Tree::load(folder.path()).unwrap();
        assert!(tree.text("new.rs").is_some());
        assert!(tree.text("hidden.rs").is_none());
    }
}
