//! Key files: Argon2id for the passphrase, XChaCha20-Poly1305 for the seed, an exclusive lock while the key is open (G1).
//!
//! The file is JSON, so that an operator can see which key it is; everything in it is authenticated. Called by `file` (the co-signer's key)
//! and `member` (a member's key in software). The passphrase is the caller's business; see `passphrase`.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use bitcoin::Network;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Secret, canonical_json, hash_parts};
use vault::signing::AccountKey;
use zeroize::Zeroize;

/// The only version of the format.
const VERSION: u32 = 1;
/// The largest key file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4096;
/// Who may read and write it: its owner.
const FILE_MODE: u32 = 0o600;
/// Group and others.
const MODE_NOT_OWNER: u32 = 0o077;
/// Salt of Argon2id, in bytes.
const SALT_BYTES: usize = 16;
/// Nonce of XChaCha20-Poly1305, in bytes.
const NONCE_BYTES: usize = 24;

/// What guessing a passphrase costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KdfCost {
    /// Memory in KiB.
    memory_kib: u32,
    /// Passes over it.
    passes: u32,
}

impl KdfCost {
    /// 256 MiB, three passes: under two seconds on a small server, once at each start.
    pub const DEFAULT: Self = Self { memory_kib: 256 * 1024, passes: 3 };
    /// The least that is accepted: 8 MiB, one pass.
    pub const LEAST: Self = Self { memory_kib: 8 * 1024, passes: 1 };
    /// The most that is accepted, so that a file cannot exhaust the host: 1 GiB, ten passes.
    pub const MOST: Self = Self { memory_kib: 1024 * 1024, passes: 10 };

    fn is_bounded(self) -> bool {
        let memory = Self::LEAST.memory_kib..=Self::MOST.memory_kib;
        let passes = Self::LEAST.passes..=Self::MOST.passes;
        memory.contains(&self.memory_kib) && passes.contains(&self.passes)
    }
}

/// Whose key a file has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// The co-signer's.
    Cosigner,
    /// A member's, in software.
    Member,
}

impl KeyKind {
    /// What the file says that it is.
    const fn label(self) -> &'static str {
        match self {
            Self::Cosigner => "rempart co-signer key",
            Self::Member => "rempart member key",
        }
    }

    const fn domain(self) -> &'static str {
        match self {
            Self::Cosigner => "rempart/cosigner-key/v1",
            Self::Member => "rempart/member-key/v1",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cosigner => "co-signer key",
            Self::Member => "member key",
        })
    }
}

/// What a new key file is made from.
pub struct NewKey<'a> {
    pub kind: KeyKind,
    pub network: Network,
    pub entropy: &'a Secret<[u8; 32]>,
    pub passphrase: &'a Secret<String>,
    pub cost: KdfCost,
}

/// Why a key file could not be made or opened.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// There is a file already; it is never overwritten.
    #[error(
        "`{0}` exists and is not overwritten: a key that is lost cannot be made again; choose another name"
    )]
    Exists(PathBuf),
    /// Reading failed.
    #[error("the key file `{0}` cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// Writing failed; nothing is left behind.
    #[error("the key file `{0}` cannot be written: {1}")]
    Write(PathBuf, #[source] io::Error),
    /// Others than its owner may read it.
    #[error("the key file `{0}` is open to others: run `chmod 600` on it")]
    Permissions(PathBuf),
    /// Not a key file of this version, or truncated.
    #[error("`{0}` is not a complete {1} file of version {VERSION}: restore it from a backup")]
    Format(PathBuf, KeyKind),
    /// Another program has it open.
    #[error(
        "`{0}` is in use by another program: one server signs with a key at a time; stop the other one first"
    )]
    InUse(PathBuf),
    /// The file system cannot lock.
    #[error("the key file `{0}` cannot be locked: {1}; keep it on a local disk")]
    Lock(PathBuf, #[source] io::Error),
    /// Costs outside the bounds.
    #[error("`{0}` asks for key derivation costs outside the bounds: restore it from a backup")]
    Cost(PathBuf),
    /// Wrong passphrase, or a file that was changed: the two cannot be told apart.
    #[error("the passphrase of `{0}` is wrong, or the file was changed")]
    WrongPassphrase(PathBuf),
    /// The passphrase is empty.
    #[error("the passphrase is empty: give one of several words")]
    EmptyPassphrase,
    /// The key itself is not what the header says.
    #[error("the key in `{0}` is not the one that its header names: restore it from a backup")]
    OtherKey(PathBuf),
    /// The key cannot be derived or encrypted.
    #[error("no key can be made from this entropy: draw it again")]
    Derivation,
}

/// Everything but the secret. Authenticated with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    kind: String,
    version: u32,
    network: Network,
    public_key: String,
    argon2id: KdfCost,
    #[serde(with = "hex")]
    salt: [u8; SALT_BYTES],
    #[serde(with = "hex")]
    nonce: [u8; NONCE_BYTES],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    header: Header,
    #[serde(with = "hex")]
    sealed: Vec<u8>,
}

/// An open key, and the lock that keeps others from opening it meanwhile.
pub struct OpenKey {
    pub key: AccountKey,
    pub seed: Secret<[u8; 32]>,
    pub network: Network,
    /// Held for its lock alone, which the system lets go with the process, however it ends.
    _lock: File,
}

/// Makes a key from entropy that the caller drew, and writes its file: whole or not at all, never over another.
pub fn create(path: &Path, new: &NewKey<'_>) -> Result<OpenKey, KeyFileError> {
    if path.symlink_metadata().is_ok() {
        return Err(KeyFileError::Exists(path.to_owned()));
    }
    let seed = Secret::new(expand(new, "seed"));
    let key = AccountKey::from_seed(new.network, &seed).map_err(|_| KeyFileError::Derivation)?;
    let header = Header {
        kind: new.kind.label().to_owned(),
        version: VERSION,
        network: new.network,
        public_key: key.public().to_string(),
        argon2id: new.cost,
        salt: first(expand(new, "salt")),
        nonce: first(expand(new, "nonce")),
    };
    let sealed = Cipher::new(path, &header, new.passphrase)?.seal(&header, &seed)?;
    write_new(path, &KeyFile { header, sealed })?;
    let file = File::open(path).map_err(|error| KeyFileError::Read(path.to_owned(), error))?;
    Ok(OpenKey { key, seed, network: new.network, _lock: lock(path, file)? })
}

/// Opens a key file of a kind, and keeps it from being opened elsewhere.
pub fn open(path: &Path, kind: KeyKind, passphrase: &Secret<String>) -> Result<OpenKey, KeyFileError> {
    let (file, lock) = read(path, kind)?;
    let seed = Cipher::new(path, &file.header, passphrase)?
        .open(&file.header, &file.sealed)
        .ok_or_else(|| KeyFileError::WrongPassphrase(path.to_owned()))?;
    let network = file.header.network;
    let key = AccountKey::from_seed(network, &seed).map_err(|_| KeyFileError::Derivation)?;
    if key.public().to_string() == file.header.public_key {
        Ok(OpenKey { key, seed, network, _lock: lock })
    } else {
        Err(KeyFileError::OtherKey(path.to_owned()))
    }
}

/// The public key that a file names, without its passphrase: believed only as far as the file is.
pub fn named_public_key(path: &Path, kind: KeyKind) -> Result<(Network, String), KeyFileError> {
    let (header, _) = read_unlocked(path, kind)?;
    Ok((header.header.network, header.header.public_key))
}

/// The passphrase's key, ready to seal or to open.
struct Cipher(XChaCha20Poly1305);

impl Cipher {
    fn new(path: &Path, header: &Header, passphrase: &Secret<String>) -> Result<Self, KeyFileError> {
        if !header.argon2id.is_bounded() {
            return Err(KeyFileError::Cost(path.to_owned()));
        }
        if passphrase.reveal().is_empty() {
            return Err(KeyFileError::EmptyPassphrase);
        }
        let KdfCost { memory_kib, passes } = header.argon2id;
        let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(|_| KeyFileError::Derivation)?;
        let mut key = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.reveal().as_bytes(), &header.salt, &mut key)
            .map_err(|_| KeyFileError::Derivation)?;
        let cipher = XChaCha20Poly1305::new(&key.into());
        key.zeroize();
        Ok(Self(cipher))
    }

    fn seal(&self, header: &Header, seed: &Secret<[u8; 32]>) -> Result<Vec<u8>, KeyFileError> {
        let aad = canonical_json(header).map_err(|_| KeyFileError::Derivation)?;
        let payload = Payload { msg: seed.reveal(), aad: aad.as_bytes() };
        self.0.encrypt(&XNonce::from(header.nonce), payload).map_err(|_| KeyFileError::Derivation)
    }

    fn open(&self, header: &Header, sealed: &[u8]) -> Option<Secret<[u8; 32]>> {
        let aad = canonical_json(header).ok()?;
        let payload = Payload { msg: sealed, aad: aad.as_bytes() };
        let mut plain = self.0.decrypt(&XNonce::from(header.nonce), payload).ok()?;
        let seed = <[u8; 32]>::try_from(plain.as_slice()).map(Secret::new);
        plain.zeroize();
        seed.ok()
    }
}

/// Independent values from one draw of entropy: knowing salt and nonce says nothing of the seed.
fn expand(new: &NewKey<'_>, what: &str) -> [u8; 32] {
    hash_parts(new.kind.domain(), &[what.as_bytes(), new.entropy.reveal()]).0
}

fn first<const N: usize>(bytes: [u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(bytes).for_each(|(out, byte)| *out = byte);
    out
}

fn read(path: &Path, kind: KeyKind) -> Result<(KeyFile, File), KeyFileError> {
    let (parsed, file) = read_unlocked(path, kind)?;
    Ok((parsed, lock(path, file)?))
}

fn read_unlocked(path: &Path, kind: KeyKind) -> Result<(KeyFile, File), KeyFileError> {
    let (bytes, file) = read_closed(path)?;
    let format = || KeyFileError::Format(path.to_owned(), kind);
    let parsed: KeyFile = serde_json::from_slice(&bytes).map_err(|_| format())?;
    let known = parsed.header.kind == kind.label() && parsed.header.version == VERSION;
    if known { Ok((parsed, file)) } else { Err(format()) }
}

/// A file that is closed to others, up to a bound.
pub fn read_closed(path: &Path) -> Result<(Vec<u8>, File), KeyFileError> {
    let failed = |error| KeyFileError::Read(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.permissions().mode() & MODE_NOT_OWNER != 0 {
        return Err(KeyFileError::Permissions(path.to_owned()));
    }
    let mut bytes = Vec::new();
    (&file).take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok((bytes, file))
}

/// Two programs that sign with one key at the same time would each believe that it alone decides.
pub fn lock(path: &Path, file: File) -> Result<File, KeyFileError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(KeyFileError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(KeyFileError::Lock(path.to_owned(), error)),
    }
}

/// A value as JSON in a new file of its owner's. Written beside its place, synced, then linked into it: linking, unlike renaming, fails
/// where a file is.
pub fn write_new(path: &Path, file: &impl Serialize) -> Result<(), KeyFileError> {
    let failed = |error| KeyFileError::Write(path.to_owned(), error);
    let mut text = serde_json::to_string_pretty(file).map_err(|error| failed(error.into()))?;
    text.push('\n');
    let beside = beside(path);
    let written = write_synced(&beside, text.as_bytes()).and_then(|()| fs::hard_link(&beside, path));
    let removed = fs::remove_file(&beside);
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(KeyFileError::Exists(path.to_owned()))
        }
        Err(error) => Err(failed(error)),
        Ok(()) => removed.and_then(|()| sync_folder(path)).map_err(failed),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that appeared after `create` looked: the link fails where a rename would replace it.
    #[test]
    fn a_file_that_appears_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cosigner.key");
        fs::write(&path, "the other one").unwrap();
        let header = Header {
            kind: KeyKind::Cosigner.label().to_owned(),
            version: VERSION,
            network: Network::Regtest,
            public_key: String::new(),
            argon2id: KdfCost::LEAST,
            salt: [0; SALT_BYTES],
            nonce: [0; NONCE_BYTES],
        };
        let error = write_new(&path, &KeyFile { header, sealed: Vec::new() }).unwrap_err();
        assert!(matches!(error, KeyFileError::Exists(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "the other one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
