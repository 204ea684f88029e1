//! A signer's account key as text, `[fingerprint/path]xpub`: parsed once, strictly (G10: what is wrong here locks funds later).
//!
//! Called by `spec`, and by the command line to check a key before it is registered.

use std::fmt;
use std::str::FromStr;

use bitcoin::NetworkKind;
use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, KeySource, Xpub};
use thiserror::Error;

/// The longest key text, in bytes: an origin of a dozen steps and an extended key.
const KEY_TEXT_BYTES_MAX: usize = 256;

/// Why a text is not the account key of a signer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No origin, or one that cannot be read.
    #[error(
        "`{0}` has no origin: write `[fingerprint/path]xpub`, such as `[d34db33f/48h/1h/0h/2h]tpub…`, as the device exports it"
    )]
    Origin(String),
    /// A private key. It is not repeated here.
    #[error(
        "this is a private key: give the public one (xpub or tpub) and treat the private one as disclosed"
    )]
    Private,
    /// Not an extended public key.
    #[error("`{0}` is not an extended public key (xpub or tpub)")]
    Xpub(String),
    /// Hardened derivation after the key cannot be followed with a public key.
    #[error(
        "`{0}` has hardened derivation after the key: put hardened steps into the origin and export again"
    )]
    HardenedAfterKey(String),
    /// Derivation after the key: branches are added by the vault.
    #[error("`{0}` has a path after the key: leave it out, the vault adds its own branches")]
    PathAfterKey(String),
    /// Depth or last step of the key contradict the origin.
    #[error("the origin of `{0}` does not lead to this key: export both from the device again")]
    OriginMismatch(String),
    /// A key of another network.
    #[error("`{key}` is a key for {found}, the vault is on {expected}")]
    Network {
        /// The key's text, shortened.
        key: String,
        /// What the key is for.
        found: &'static str,
        /// What the vault is on.
        expected: &'static str,
    },
}

/// A signer's account key with its origin. Text: `[fingerprint/48h/1h/0h/2h]tpub…`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultKey {
    fingerprint: Fingerprint,
    path: DerivationPath,
    xpub: Xpub,
}

impl VaultKey {
    /// Parses `[fingerprint/path]xpub` for a network.
    ///
    /// # Errors
    /// [`KeyError`]; a private key is never repeated in the error.
    pub fn parse(text: &str, network: NetworkKind) -> Result<Self, KeyError> {
        if text.contains("prv") {
            return Err(KeyError::Private);
        }
        let (origin, rest) = split_origin(text)?;
        let (fingerprint, path) = parse_origin(origin).ok_or_else(|| KeyError::Origin(shorten(text)))?;
        let key = split_key(text, rest)?;
        let xpub = Xpub::from_str(key).map_err(|_| KeyError::Xpub(shorten(key)))?;
        let parsed = Self { fingerprint, path, xpub };
        parsed.check_origin(text)?;
        parsed.check_network(text, network)?;
        Ok(parsed)
    }

    /// From parts that are known to belong together.
    pub(crate) const fn new(fingerprint: Fingerprint, path: DerivationPath, xpub: Xpub) -> Self {
        Self { fingerprint, path, xpub }
    }

    fn check_origin(&self, text: &str) -> Result<(), KeyError> {
        let last = self.path.into_iter().last().copied();
        let consistent = usize::from(self.xpub.depth) == self.path.len()
            && match last {
                Some(step) => step == self.xpub.child_number,
                None => self.xpub.fingerprint() == self.fingerprint,
            };
        if consistent { Ok(()) } else { Err(KeyError::OriginMismatch(shorten(text))) }
    }

    fn check_network(&self, text: &str, network: NetworkKind) -> Result<(), KeyError> {
        let name = |kind| if kind == NetworkKind::Main { "the main network" } else { "test networks" };
        if self.xpub.network == network {
            return Ok(());
        }
        let (found, expected) = (name(self.xpub.network), name(network));
        Err(KeyError::Network { key: shorten(text), found, expected })
    }

    /// The fingerprint of the master key.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The path from the master key to this one.
    #[must_use]
    pub const fn path(&self) -> &DerivationPath {
        &self.path
    }

    /// The extended public key.
    #[must_use]
    pub const fn xpub(&self) -> &Xpub {
        &self.xpub
    }

    /// Where the key at `branch/index` comes from, for a signing device.
    pub(crate) fn source(&self, branch: ChildNumber, index: ChildNumber) -> KeySource {
        (self.fingerprint, self.path.child(branch).into_child(index))
    }
}

impl fmt::Display for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.fingerprint)?;
        for step in &self.path {
            match step {
                ChildNumber::Normal { index } => write!(f, "/{index}")?,
                ChildNumber::Hardened { index } => write!(f, "/{index}h")?,
            }
        }
        write!(f, "]{}", self.xpub)
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(48).collect()
}

fn split_origin(text: &str) -> Result<(&str, &str), KeyError> {
    let inner = text.strip_prefix('[').filter(|_| text.len() <= KEY_TEXT_BYTES_MAX);
    inner.and_then(|inner| inner.split_once(']')).ok_or_else(|| KeyError::Origin(shorten(text)))
}

fn parse_origin(origin: &str) -> Option<KeySource> {
    let (fingerprint, path) = origin.split_once('/').unwrap_or((origin, ""));
    let fingerprint = Fingerprint::from_str(fingerprint).ok()?;
    let path =
        if path.is_empty() { DerivationPath::master() } else { DerivationPath::from_str(path).ok()? };
    Some((fingerprint, path))
}

fn split_key<'a>(text: &str, rest: &'a str) -> Result<&'a str, KeyError> {
    match rest.split_once('/') {
        None => Ok(rest),
        Some((_, after)) if after.contains(['h', 'H', '\'']) => {
            Err(KeyError::HardenedAfterKey(shorten(text)))
        }
        Some(_) => Err(KeyError::PathAfterKey(shorten(text))),
    }
}
