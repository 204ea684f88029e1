//! The server's own secrets: one file each, readable by its owner only, never in the database and never printed (G9).
//!
//! Called by `rempart init` (create), `serve` (load) and `backup`, which names what a copy of the journal lacks. The co-signer's key is not
//! among them: it has its own encrypted file (`signer`).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use credentials::{ClassKey, Pepper};
use ed25519_dalek::SigningKey;
use thiserror::Error;
use types::{Secret, hash_parts};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Who may read a secret: its owner.
const FILE_MODE: u32 = 0o600;
/// Who may enter the folder.
const FOLDER_MODE: u32 = 0o700;
/// Group and others.
const MODE_NOT_OWNER: u32 = 0o077;
/// 64 hexadecimal digits, a line end, and one byte to see that there is more.
const FILE_BYTES_MAX: u64 = 66;

const CLASS: &str = "class.key";
const PEPPER: &str = "pepper.key";
const CHECKPOINT: &str = "checkpoint.key";
const TICKET: &str = "ticket.key";
const ALARM: &str = "alarm.key";
const PUSH: &str = "push.key";

/// A secret that a backup of the journal does not contain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecretItem {
    /// Its file in the folder of secrets.
    pub file: &'static str,
    /// What is lost without it.
    pub without: &'static str,
}

/// Every secret of the server, in the order in which they are made.
pub const INVENTORY: [SecretItem; 6] = [
    SecretItem {
        file: CLASS,
        without: "the journal cannot be replayed: seals, slots and snapshots do not open",
    },
    SecretItem { file: PEPPER, without: "no phrase is recognised: everybody must be enrolled again" },
    SecretItem { file: CHECKPOINT, without: "checkpoints and snapshots can be neither made nor believed" },
    SecretItem {
        file: TICKET,
        without: "tickets for gate-only vaults are no longer made; their verifiers need the new key",
    },
    SecretItem {
        file: ALARM,
        without: "no alarm link of a protected person works any more: everybody needs a new one",
    },
    SecretItem {
        file: PUSH,
        without: "no browser is woken any more until its person looks in once: a new one is drawn at the next start",
    },
];

/// The server's secrets, open in memory.
#[derive(Clone)]
pub struct Secrets {
    class_key: ClassKey,
    pepper: Pepper,
    checkpoint: SigningKey,
    ticket: SigningKey,
    alarm: Secret<[u8; 32]>,
    push: Secret<[u8; 32]>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// Why the secrets could not be made or loaded.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// A file is there already; nothing is overwritten.
    #[error("`{path}` exists and is not overwritten: a secret that is lost cannot be made again", path = .0.display())]
    Exists(PathBuf),
    /// Reading failed.
    #[error("the secret `{path}` cannot be read: {1}", path = .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// Writing failed.
    #[error("the secret `{path}` cannot be written: {1}", path = .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// Others than its owner may read it.
    #[error("the secret `{path}` is open to others: run `chmod 600` on it and consider it disclosed", path = .0.display())]
    Permissions(PathBuf),
    /// Not 64 hexadecimal digits.
    #[error("`{path}` is not a secret of this program: restore it from a backup", path = .0.display())]
    Format(PathBuf),
}

impl SecretsError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "secret-exists",
            Self::Read(..) => "secret-unreadable",
            Self::Write(..) => "secret-unwritable",
            Self::Permissions(_) => "secret-open-to-others",
            Self::Format(_) => "secret-malformed",
        }
    }
}

impl Secrets {
    /// Draws new secrets and writes them into a folder.
    ///
    /// # Errors
    /// When a file is there already or cannot be written. What was written before the error stays and is not overwritten.
    pub fn create(folder: &Path, entropy: &dyn Entropy) -> Result<Self, SecretsError> {
        let failed = |error| SecretsError::Write(folder.to_owned(), error);
        fs::create_dir_all(folder).map_err(failed)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(FOLDER_MODE)).map_err(failed)?;
        for item in INVENTORY {
            let path = folder.join(item.file);
            if path.symlink_metadata().is_ok() {
                return Err(SecretsError::Exists(path));
            }
        }
        for item in INVENTORY {
            write_new(&folder.join(item.file), &Secret::new(entropy.draw()))?;
        }
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Self::load(folder)
    }

    /// Draws what is missing of a folder's secrets and can be drawn anew without losing anything.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn complete(folder: &Path, entropy: &dyn Entropy) -> Result<(), SecretsError> {
        let path = folder.join(PUSH);
        // A folder without its other secrets is not one of ours, or has lost them: nothing is begun there.
        if path.symlink_metadata().is_ok() || folder.join(CLASS).symlink_metadata().is_err() {
            return Ok(());
        }
        write_new(&path, &Secret::new(entropy.draw()))
    }

    /// Loads the secrets of a folder.
    ///
    /// # Errors
    /// The first file that is missing, open to others or malformed.
    pub fn load(folder: &Path) -> Result<Self, SecretsError> {
        Ok(Self {
            class_key: ClassKey::from_bytes(*read(&folder.join(CLASS))?.reveal()),
            pepper: Pepper::from_bytes(*read(&folder.join(PEPPER))?.reveal()),
            checkpoint: SigningKey::from_bytes(read(&folder.join(CHECKPOINT))?.reveal()),
            ticket: SigningKey::from_bytes(read(&folder.join(TICKET))?.reveal()),
            alarm: read(&folder.join(ALARM))?,
            push: read(&folder.join(PUSH))?,
        })
    }

    /// Secrets that live in memory only: for tests and for a demo that leaves nothing behind.
    #[must_use]
    pub fn in_memory(entropy: &dyn Entropy) -> Self {
        Self {
            class_key: ClassKey::from_bytes(entropy.draw()),
            pepper: Pepper::from_bytes(entropy.draw()),
            checkpoint: SigningKey::from_bytes(&entropy.draw()),
            ticket: SigningKey::from_bytes(&entropy.draw()),
            alarm: Secret::new(entropy.draw()),
            push: Secret::new(entropy.draw()),
        }
    }

    /// What seals and opens classes, slots and snapshots.
    #[must_use]
    pub const fn class_key(&self) -> &ClassKey {
        &self.class_key
    }

    /// What every phrase hash is peppered with.
    #[must_use]
    pub const fn pepper(&self) -> &Pepper {
        &self.pepper
    }

    /// What signs checkpoints and snapshots.
    #[must_use]
    pub const fn checkpoint(&self) -> &SigningKey {
        &self.checkpoint
    }

    /// What signs tickets for gate-only vaults.
    #[must_use]
    pub const fn ticket(&self) -> &SigningKey {
        &self.ticket
    }

    /// What the links of protected people are derived from.
    #[must_use]
    pub const fn alarm(&self) -> &Secret<[u8; 32]> {
        &self.alarm
    }

    /// What the key follows from by which push services know this server.
    #[must_use]
    pub const fn push(&self) -> &Secret<[u8; 32]> {
        &self.push
    }

    /// Each secret's file with a name for what it holds, which tells nothing of it: two servers with the same names have the same secrets.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<(&'static str, String)> {
        let public = |key: &SigningKey| hash_parts("rempart/key-id/v1", &[key.verifying_key().as_bytes()]);
        vec![
            (CLASS, self.class_key.id().to_string()),
            (CHECKPOINT, public(&self.checkpoint).to_string()),
            (TICKET, public(&self.ticket).to_string()),
        ]
    }
}

fn write_new(path: &Path, secret: &Secret<[u8; 32]>) -> Result<(), SecretsError> {
    let failed = |error| SecretsError::Write(path.to_owned(), error);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path).map_err(failed)?;
    let text = Zeroizing::new(format!("{}\n", hex::encode(secret.reveal())));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

fn read(path: &Path) -> Result<Secret<[u8; 32]>, SecretsError> {
    let failed = |error| SecretsError::Read(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.permissions().mode() & MODE_NOT_OWNER != 0 {
        return Err(SecretsError::Permissions(path.to_owned()));
    }
    // Room for all that is read, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(Vec::with_capacity(128));
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(failed)?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii_end(), bytes.as_mut_slice())
        .map_err(|_| SecretsError::Format(path.to_owned()))?;
    Ok(Secret::new(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn secrets_survive_and_are_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("secrets");
        let made = Secrets::create(&folder, &SeededEntropy::new([1; 32])).unwrap();
        assert_eq!(made.fingerprints(), Secrets::load(&folder).unwrap().fingerprints());
        let again = Secrets::create(&folder, &SeededEntropy::new([2; 32])).unwrap_err();
        assert_eq!(again.code(), "secret-exists");
        assert_eq!(made.fingerprints(), Secrets::load(&folder).unwrap().fingerprints());
        assert_eq!(format!("{made:?}"), "Secrets(…)");
    }

    #[test]
    fn the_key_for_pushes_is_drawn_anew_where_it_is_missing_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let entropy = SeededEntropy::new([1; 32]);
        Secrets::complete(folder.path(), &entropy).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let made = Secrets::create(folder.path(), &entropy).unwrap();
        Secrets::complete(folder.path(), &entropy).unwrap();
        let kept = Secrets::load(folder.path()).unwrap();
        assert_eq!(kept.push().reveal(), made.push().reveal());
        fs::remove_file(folder.path().join(PUSH)).unwrap();
        fs::remove_file(folder.path().join(ALARM)).unwrap();
        Secrets::complete(folder.path(), &entropy).unwrap();
        assert_eq!(Secrets::load(folder.path()).unwrap_err().code(), "secret-unreadable");
        assert!(folder.path().join(PUSH).exists() && !folder.path().join(ALARM).exists());
    }

    #[test]
    fn a_secret_that_others_can_read_or_that_is_cut_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Secrets::create(folder.path(), &SeededEntropy::new([1; 32])).unwrap();
        let path = folder.path().join(PEPPER);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, FILE_MODE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(Secrets::load(folder.path()).unwrap_err().code(), "secret-open-to-others");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "abcd\n").unwrap();
        assert_eq!(Secrets::load(folder.path()).unwrap_err().code(), "secret-malformed");
        fs::remove_file(&path).unwrap();
        assert_eq!(Secrets::load(folder.path()).unwrap_err().code(), "secret-unreadable");
    }
}
