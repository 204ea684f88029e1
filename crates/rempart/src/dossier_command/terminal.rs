//! The terminal, for keys in hardware and for passphrases. What it asks for comes from the terminal itself, never from a pipe.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use dossier::Prompt;
use zeroize::Zeroizing;

/// Whoever sits before it.
pub struct Terminal;

impl Prompt for Terminal {
    fn say(&self, message: &str) {
        // Nothing is left to do if even this cannot be written.
        let _ = writeln!(std::io::stderr(), "{message}");
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let no = no.map(|no| format!(" / {no}")).unwrap_or_default();
        let typed = self.ask(&format!("{message} ({yes}{no})"))?;
        Some(typed.trim().eq_ignore_ascii_case(yes))
    }

    fn ask(&self, message: &str) -> Option<String> {
        let _ = write!(std::io::stderr(), "{message}: ");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }

    fn secret(&self, message: &str) -> Option<Zeroizing<String>> {
        rpassword::prompt_password(format!("{message}: ")).ok().map(Zeroizing::new)
    }
}

/// A file's bytes, wiped afterwards.
pub fn read_file(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        bail!("`{}` is larger than {most} bytes", path.display());
    }
    Ok(bytes)
}
