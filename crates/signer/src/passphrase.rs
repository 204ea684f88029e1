//! The passphrase of a key file, from a file that the operator or systemd provides. Never from an argument or a log.
//!
//! Called by the binary, which asks on the terminal where there is no such file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use types::Secret;
use zeroize::Zeroize;

/// The longest passphrase, in bytes.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;
/// Readable or writable by everybody.
const MODE_OTHERS: u32 = 0o007;

/// Why a passphrase could not be read.
#[derive(Debug, Error)]
pub enum PassphraseError {
    /// The file cannot be read.
    #[error("the passphrase file `{0}` cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// Everybody can read the file.
    #[error(
        "the passphrase file `{0}` is open to everybody: run `chmod o-rwx` on it and change the passphrase"
    )]
    Permissions(PathBuf),
    /// Nothing in it, or not text, or too long.
    #[error("the passphrase file `{0}` must have one line of text, of 1 to {PASSPHRASE_BYTES_MAX} bytes")]
    Content(PathBuf),
}

/// The file that has a passphrase: the one named, else the one that the variable `REMPART_PASSPHRASE_FILE` names, else systemd's credential
/// of this name. `None`: the person must be asked.
///
/// `variable` reads the environment; a passphrase itself is never taken from it, since a process's environment can be read.
#[must_use]
pub fn passphrase_place(
    named: Option<&Path>,
    credential: &str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let of_systemd = || {
        let folder = variable("CREDENTIALS_DIRECTORY")?;
        Some(Path::new(&folder).join(credential)).filter(|path| path.exists())
    };
    named
        .map(Path::to_owned)
        .or_else(|| variable("REMPART_PASSPHRASE_FILE").map(PathBuf::from))
        .or_else(of_systemd)
}

/// Reads a passphrase from a file: one line, with or without its end.
///
/// # Errors
/// When the file cannot be read, is open to everybody, or has something else than one line of text.
pub fn passphrase_from_file(path: &Path) -> Result<Secret<String>, PassphraseError> {
    let failed = |error| PassphraseError::Read(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & MODE_OTHERS != 0 {
        return Err(PassphraseError::Permissions(path.to_owned()));
    }
    // Room for all that is read, so that growing leaves no copy behind.
    let mut bytes = Vec::with_capacity(PASSPHRASE_BYTES_MAX + 64);
    let limit = u64::try_from(PASSPHRASE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(3);
    let read = file.take(limit).read_to_end(&mut bytes).map_err(failed);
    let passphrase = read.map(|_| one_line(&bytes));
    bytes.zeroize();
    passphrase?.ok_or_else(|| PassphraseError::Content(path.to_owned()))
}

fn one_line(bytes: &[u8]) -> Option<Secret<String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let fits = !line.is_empty() && line.len() <= PASSPHRASE_BYTES_MAX && !line.contains(char::is_control);
    fits.then(|| Secret::new(line.to_owned()))
}
