//! The configuration of a source, as it stands in the server's file.
//!
//! Called by the server. Secrets are in files of their own, never here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::core::{Auth, CoreRpc};
use crate::electrum::Electrum;
use crate::esplora::Esplora;
use crate::source::Source;

/// Which source, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum ChainConfig {
    /// A Bitcoin Core node of one's own.
    Core {
        /// Such as `http://127.0.0.1:8332`.
        url: String,
        /// The node's cookie file; or else `user` and `password_file`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cookie: Option<PathBuf>,
        /// The name in the node's `rpcauth`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// A file with the password in its first line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password_file: Option<PathBuf>,
        /// The first block in which a vault can have been paid: what was paid before is not seen.
        #[serde(default)]
        birthday: u32,
    },
    /// An Esplora index.
    Esplora {
        /// Such as `https://blockstream.info/api`.
        url: String,
    },
    /// An Electrum server.
    Electrum {
        /// Such as `ssl://electrum.example:50002`, or `tcp://127.0.0.1:50001`.
        url: String,
        /// A PEM file with the certificate to trust in place of the public authorities, for a server of one's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<PathBuf>,
    },
}

/// Why a source cannot be made from its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not an address of this kind.
    #[error("`{0}` is not an address of this kind: write one such as `{1}`")]
    Url(String, &'static str),
    /// Neither or both ways of being let in.
    #[error("give the node's `cookie`, or `user` and `password_file`, not both")]
    Auth,
    /// None, or too many.
    #[error("{0} sources are configured: give one, or two that must agree")]
    Count(usize),
    /// The certificate file cannot be used.
    #[error("the certificate file `{0}` cannot be used: {1}")]
    Certificate(PathBuf, String),
}

impl ConfigError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url(..) => "chain-url",
            Self::Auth => "chain-auth",
            Self::Count(_) => "chain-count",
            Self::Certificate(..) => "chain-certificate",
        }
    }
}

impl ChainConfig {
    /// Makes the source; nobody is called yet.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn open(&self) -> Result<Box<dyn Source>, ConfigError> {
        match self {
            Self::Core { url, cookie, user, password_file, birthday } => {
                let auth = match (cookie, user, password_file) {
                    (Some(path), None, None) => Auth::Cookie(path.clone()),
                    (None, Some(user), Some(path)) => {
                        Auth::PasswordFile { user: user.clone(), path: path.clone() }
                    }
                    _ => return Err(ConfigError::Auth),
                };
                Ok(Box::new(CoreRpc::new(url, auth, *birthday)?))
            }
            Self::Esplora { url } => Ok(Box::new(Esplora::new(url)?)),
            Self::Electrum { url, certificate } => Ok(Box::new(Electrum::new(url, certificate.as_deref())?)),
        }
    }
}

/// An http address with a host, without name, password, question or fragment; the slash at its end is cut off.
pub fn http_url(text: &str, example: &'static str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::Url(text.chars().take(200).collect(), example);
    let url: ureq::http::Uri = text.parse().map_err(|_| wrong())?;
    let authority = url.authority().ok_or_else(wrong)?;
    let fits = matches!(url.scheme_str(), Some("http" | "https"))
        && !authority.as_str().contains('@')
        && !authority.host().is_empty()
        && url.query().is_none();
    if fits { Ok(text.trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}
