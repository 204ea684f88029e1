//! What the operator writes about a channel, and how it becomes one. Files are read by the caller (the server).

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{ChannelId, Secret};

use crate::{Channel, Webhook};

/// The shortest shared secret, in bytes.
pub const WEBHOOK_SECRET_BYTES_MIN: usize = 32;
const WEBHOOK_SECRET_BYTES_MAX: usize = 1024;

/// Which channel it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// A signed HTTP POST.
    Webhook,
}

/// One channel as configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// Its name in journals and errors.
    pub id: ChannelId,
    /// Which channel it is.
    pub kind: ChannelKind,
    /// Where to. May contain a token, so it is not printed.
    pub url: String,
    /// The file with the shared secret, at least 32 bytes; white space at its end does not count.
    pub secret_file: String,
    /// Whether the receiver may be inside the network or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// A file with certificates (PEM) to trust for this receiver *instead of* the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl fmt::Debug for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelConfig")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Why a channel cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not an absolute `https` address.
    #[error(
        "channel `{0}`: `url` must be `https://host/path` (`http` only for loopback), without a user name"
    )]
    Url(ChannelId),
    /// Too short to be a secret, or absurdly long.
    #[error(
        "the shared secret must have {WEBHOOK_SECRET_BYTES_MIN} to {WEBHOOK_SECRET_BYTES_MAX} bytes: write 64 random hexadecimal digits into its file"
    )]
    Secret,
    /// No certificate in the file of certificates.
    #[error("channel `{0}`: `ca_file` holds no certificate in PEM form")]
    Certificates(ChannelId),
}

/// The shared secret from the content of its file.
///
/// # Errors
/// [`ConfigError::Secret`].
pub fn parse_secret(content: &[u8]) -> Result<Secret<Vec<u8>>, ConfigError> {
    let trimmed = content.trim_ascii_end();
    if (WEBHOOK_SECRET_BYTES_MIN..=WEBHOOK_SECRET_BYTES_MAX).contains(&trimmed.len()) {
        Ok(Secret::new(trimmed.to_vec()))
    } else {
        Err(ConfigError::Secret)
    }
}

impl ChannelConfig {
    /// Opens the channel, given the contents of its files. Does not connect.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn open(
        &self,
        secret: Secret<Vec<u8>>,
        certificates: Option<&[u8]>,
    ) -> Result<Box<dyn Channel>, ConfigError> {
        match self.kind {
            ChannelKind::Webhook => Ok(Box::new(Webhook::new(self, secret, certificates)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_strictly() {
        let good = r#"{"id":"centre","kind":"webhook","url":"https://a/","secret_file":"s"}"#;
        let config: ChannelConfig = serde_json::from_str(good).unwrap();
        assert!(!config.allow_private && config.ca_file.is_none());
        for (from, to) in [
            ("\"kind\"", "\"knd\""),
            ("webhook", "pigeon"),
            ("\"centre\"", "\"not a name\""),
            ("\"secret_file\":\"s\"", "\"secret_file\":\"s\",\"follow\":true"),
        ] {
            assert!(serde_json::from_str::<ChannelConfig>(&good.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_secret_is_the_file_without_its_last_line_end() {
        let digits = "5a".repeat(32);
        assert_eq!(parse_secret(format!("{digits}\r\n").as_bytes()).unwrap().reveal(), digits.as_bytes());
        assert!(matches!(parse_secret(b"short\n"), Err(ConfigError::Secret)));
        assert!(matches!(parse_secret(&[b' '; 64]), Err(ConfigError::Secret)));
        assert!(matches!(parse_secret(&[b'x'; 2000]), Err(ConfigError::Secret)));
    }
}
