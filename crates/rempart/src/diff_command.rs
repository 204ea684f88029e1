//! `rempart policy diff`: whether a change tightens or loosens, by its consequences, with one of them to look at (G5).
//!
//! Called by `policy_command`. Exit status: 0 whatever the direction, 2 invalid file or usage.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use policy::{Language, Policy};

use crate::policy_command::load_valid;

/// Compared.
const DONE: u8 = 0;
/// A file that is not valid, or wrong usage.
const INVALID: u8 = 2;
/// What separates the files of one policy.
const SEPARATOR: char = ',';
/// The end of the names of a folder's policy files.
const EXTENSION: &str = "toml";
/// Files that may lie beside a policy and are none.
const OTHERS: [&str; 3] =
    [server::config::CONFIG_FILE, server::dispatch::CALLS_FILE, response::PROCEDURES_FILE];

/// Arguments of `policy diff`.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The policy in force: a file, several with commas between them, or a folder (its `.toml` files but those of the server)
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy proposed, likewise
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Files that belong to both, such as a register that stays as it is
    #[arg(value_name = "BOTH")]
    both: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command and says with which status to exit.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    args: &DiffArgs,
    language: Language,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<u8> {
    // Both are read before either is refused, so that one run names every problem.
    let (old, new) = (side(&args.old, &args.both, err)?, side(&args.new, &args.both, err)?);
    let (Some(old), Some(new)) = (old, new) else { return Ok(INVALID) };
    let comparison = policy::compare(&old, &new);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&comparison)?)?;
    } else {
        write!(out, "{}", comparison.text(language))?;
    }
    Ok(DONE)
}

fn side(given: &Path, both: &[PathBuf], err: &mut dyn Write) -> anyhow::Result<Option<Policy>> {
    let mut files = match files(given) {
        Ok(files) if !files.is_empty() => files,
        Ok(_) => {
            writeln!(
                err,
                "{}: error: no `.toml` file in this folder: give the policy's files",
                given.display()
            )?;
            return Ok(None);
        }
        Err(error) => {
            writeln!(err, "{}: error: cannot be read: {error}", given.display())?;
            return Ok(None);
        }
    };
    files.extend(both.iter().cloned());
    load_valid(&files, err)
}

/// The files that one argument names.
fn files(given: &Path) -> std::io::Result<Vec<PathBuf>> {
    if given.is_dir() {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(given)? {
            let path = entry?.path();
            let is_other = OTHERS.iter().any(|other| path.ends_with(other));
            let is_toml = path.extension().is_some_and(|extension| extension == EXTENSION);
            if path.is_file() && is_toml && !is_other {
                files.push(path);
            }
        }
        files.sort();
        return Ok(files);
    }
    match given.to_str() {
        Some(list) if !given.exists() => Ok(list.split(SEPARATOR).map(PathBuf::from).collect()),
        _ => Ok(vec![given.to_path_buf()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        diff: DiffArgs,
    }

    fn diff(args: &[&str], language: Language) -> (u8, String, String) {
        let cli = Cli::try_parse_from(std::iter::once("diff").chain(args.iter().copied())).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = run(&cli.diff, language, &mut out, &mut err).unwrap();
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn example(name: &str) -> String {
        format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    /// A folder with the example's rules edited, and the path of those rules.
    fn with_rules(edit: impl Fn(&str) -> String) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let rules = std::fs::read_to_string(example("startup/rules.toml")).unwrap();
        let path = folder.path().join("rules.toml");
        std::fs::write(&path, edit(&rules)).unwrap();
        (folder, path.display().to_string())
    }

    #[test]
    fn every_direction_is_status_0_and_json_says_which() {
        let (old, register) = (example("startup/rules.toml"), example("startup/register.toml"));
        for (from, to, direction) in [
            ("hold = \"48h\"", "hold = \"72h\"", "tightens"),
            ("hold = \"48h\"", "hold = \"47h\"", "loosens"),
            ("name = ", "name = ", "equal"),
        ] {
            let (_folder, new) = with_rules(|rules| {
                assert!(rules.contains(from), "{rules}");
                rules.replacen(from, to, 1) + "\n# written again\n"
            });
            let (status, out, err) = diff(&[&old, &new, &register, "--json"], Language::En);
            assert_eq!((status, err.as_str()), (0, ""));
            let json: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert_eq!(json["direction"], direction, "{out}");
            assert_eq!(json["witness"].is_null(), direction == "equal", "{out}");
        }
    }

    #[test]
    fn a_side_is_a_file_a_list_or_a_folder() {
        let folder = example("startup");
        let list = format!("{},{}", example("startup/rules.toml"), example("startup/register.toml"));
        let (status, out, err) = diff(&[&folder, &list], Language::Fr);
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.starts_with("equal : les mêmes droits"), "{out}");
        let family = example("family/policy.toml");
        let (status, out, _) = diff(&[&family, &list], Language::En);
        assert_eq!(status, 0);
        assert!(out.starts_with("mixed: ") && out.contains("only the old policy"), "{out}");
    }

    #[test]
    fn what_cannot_be_read_or_is_no_policy_is_status_2() {
        let rules = example("startup/rules.toml");
        let empty = tempfile::tempdir().unwrap();
        let empty = empty.path().display().to_string();
        for old in [rules.as_str(), "no-such-file.toml", empty.as_str()] {
            let (status, out, err) = diff(&[old, &example("startup")], Language::En);
            assert_eq!((status, out.as_str()), (2, ""));
            assert!(err.contains("error"), "{err}");
        }
    }
}
