//! Runs other programs without a terminal: output passes through line by line, and a copy is kept where a layer reads it.
//!
//! Called by the layers of `cargo xtask test` and by `peers`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

/// What a program did.
pub struct Ran {
    /// Whether it ended with status 0.
    pub success: bool,
    /// Its standard output, which was also shown.
    pub output: String,
}

/// The cargo that runs this program, so that nested calls use the same toolchain.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder).env("CARGO_TERM_PROGRESS_WHEN", "never");
    // Set for this crate by the cargo that started us; a nested build must not inherit them.
    for inherited in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(inherited);
    }
    command
}

/// Runs to the end; shows standard output as it comes and keeps a copy. Standard error goes straight through.
pub fn run(command: &mut Command) -> anyhow::Result<Ran> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let stdout = child.stdout.take().context("the program has no output")?;
    let output = pass_through(BufReader::new(stdout), &mut std::io::stdout().lock());
    let status = child.wait().with_context(|| format!("cannot wait for `{name}`"))?;
    Ok(Ran { success: status.success(), output: output? })
}

fn pass_through(mut from: impl BufRead, to: &mut impl Write) -> anyhow::Result<String> {
    let mut kept = String::new();
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).into_owned();
        // A reader that went away (`| head`) must not stop the checks.
        let _ = to.write_all(text.as_bytes());
        kept.push_str(&text);
        line.clear();
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_shown_and_kept() {
        let mut shown = Vec::new();
        let kept = pass_through(&b"one\ntwo \xff\nlast"[..], &mut shown).unwrap();
        assert_eq!(kept, "one\ntwo \u{fffd}\nlast");
        assert_eq!(shown, kept.as_bytes());
    }

    #[test]
    fn a_failing_program_is_reported_as_failed() {
        let cargo = cargo(Path::new("."));
        assert!(!run(Command::new(cargo.get_program()).arg("--no-such-option")).unwrap().success);
        assert!(run(&mut Command::new("no-such-program-anywhere")).is_err());
    }
}
