//! What the operator writes about a channel, and how it becomes one. Files are read by the caller (the server).
//!
//! Called by the server's settings (`rempart.toml`, one `[[channel]]` each).

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{ChannelId, Secret};
use zeroize::Zeroize;

use crate::{Channel, Dc09Settings, EmailSettings, Inbound, PushSettings, SmsSettings, WebhookSettings};

/// The shortest shared secret, in bytes.
pub const WEBHOOK_SECRET_BYTES_MIN: usize = 32;
/// The longest secret, in bytes.
pub const CHANNEL_SECRET_BYTES_MAX: usize = 1024;

/// One channel as configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ChannelConfig {
    /// A signed HTTP POST.
    Webhook(WebhookSettings),
    /// A mail to each person, through a relay.
    Email(EmailSettings),
    /// A push message to each person's telephone, as ntfy takes them.
    Push(PushSettings),
    /// A short message to each person's telephone, through a provider that speaks SMPP.
    Sms(SmsSettings),
    /// An alarm-receiving centre.
    Dc09(Dc09Settings),
}

/// What every kind of channel says of itself before it is opened.
pub(crate) trait Settings {
    /// Its name in journals and errors.
    fn id(&self) -> &ChannelId;

    /// The host that it depends on. Two channels with the same one fail together.
    fn peer(&self) -> String;

    /// Opens the channel; does not connect.
    fn open(&self, files: &Files<'_>) -> Result<Box<dyn Channel>, ConfigError>;
}

impl ChannelConfig {
    fn settings(&self) -> &dyn Settings {
        match self {
            Self::Webhook(settings) => settings,
            Self::Email(settings) => settings,
            Self::Push(settings) => settings,
            Self::Sms(settings) => settings,
            Self::Dc09(settings) => settings,
        }
    }

    /// Its name in journals and errors.
    #[must_use]
    pub fn id(&self) -> &ChannelId {
        self.settings().id()
    }

    /// Opens the channel; does not connect. `read` gives the content of a file that the settings name.
    ///
    /// # Errors
    /// What is wrong with the configuration or its files.
    pub fn open(&self, read: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Box<dyn Channel>, ConfigError> {
        self.open_with(read, None)
    }

    /// The same, and what comes back through the channel is told to `inbound`.
    ///
    /// # Errors
    /// What is wrong with the configuration or its files.
    pub fn open_with(
        &self,
        read: &dyn Fn(&str) -> io::Result<Vec<u8>>,
        inbound: Option<&Arc<dyn Inbound>>,
    ) -> Result<Box<dyn Channel>, ConfigError> {
        let settings = self.settings();
        settings.open(&Files { channel: settings.id(), read, inbound })
    }
}

impl fmt::Debug for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelConfig({}, …)", self.id())
    }
}

/// How many channels there are that do not depend on the same host (G8 wants two).
#[must_use]
pub fn independent(configs: &[ChannelConfig]) -> usize {
    let peer = |config: &ChannelConfig| config.settings().peer().trim_end_matches('.').to_ascii_lowercase();
    configs.iter().map(peer).collect::<BTreeSet<_>>().len()
}

/// Why a channel cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A file that it names.
    #[error("channel `{channel}`: `{file}` cannot be read: {why}")]
    File {
        /// Whose.
        channel: ChannelId,
        /// As the settings name it.
        file: String,
        /// The system's reason.
        why: String,
    },
    /// Not an absolute `https` address.
    #[error(
        "channel `{0}`: `{1}` must be `https://host/path` (`http` only for loopback), without a user name"
    )]
    Url(ChannelId, &'static str),
    /// Too short to be a secret, or absurdly long.
    #[error(
        "channel `{0}`: the shared secret must have {WEBHOOK_SECRET_BYTES_MIN} to {CHANNEL_SECRET_BYTES_MAX} bytes: write 64 random hexadecimal digits into its file"
    )]
    Secret(ChannelId),
    /// Not one line of text.
    #[error(
        "channel `{channel}`: `{file}` must hold one line of text, at most {CHANNEL_SECRET_BYTES_MAX} bytes"
    )]
    Line {
        /// Whose.
        channel: ChannelId,
        /// As the settings name it.
        file: String,
    },
    /// No certificate in the file of certificates.
    #[error("channel `{0}`: `ca_file` holds no certificate in PEM form")]
    Certificates(ChannelId),
    /// Not an Ed25519 key.
    #[error(
        "channel `{0}`: `key_file` holds no Ed25519 key: make one with `openssl genpkey -algorithm ed25519`"
    )]
    Key(ChannelId),
    /// Some other setting.
    #[error("channel `{0}`: {1}")]
    Setting(ChannelId, &'static str),
}

/// What a channel is given when it is opened.
pub(crate) struct Files<'a> {
    pub(crate) channel: &'a ChannelId,
    pub(crate) read: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
    /// Who hears what comes back.
    pub(crate) inbound: Option<&'a Arc<dyn Inbound>>,
}

impl Files<'_> {
    /// A file's bytes.
    pub(crate) fn bytes(&self, file: &str) -> Result<Secret<Vec<u8>>, ConfigError> {
        (self.read)(file).map(Secret::new).map_err(|error| ConfigError::File {
            channel: self.channel.clone(),
            file: file.to_owned(),
            why: error.to_string(),
        })
    }

    /// A password or a token: one line; white space at its end does not count.
    pub(crate) fn line(&self, file: &str) -> Result<Secret<String>, ConfigError> {
        let wrong = || ConfigError::Line { channel: self.channel.clone(), file: file.to_owned() };
        let bytes = self.bytes(file)?;
        let text = std::str::from_utf8(bytes.reveal().trim_ascii_end()).map_err(|_| wrong())?;
        let is_line =
            !text.is_empty() && text.len() <= CHANNEL_SECRET_BYTES_MAX && !text.chars().any(char::is_control);
        is_line.then(|| Secret::new(text.to_owned())).ok_or_else(wrong)
    }

    /// The certificates to trust instead of the public authorities, in PEM form.
    pub(crate) fn authorities(&self, file: Option<&str>) -> Result<Option<Vec<u8>>, ConfigError> {
        file.map(|file| self.bytes(file).map(|bytes| bytes.reveal().clone())).transpose()
    }

    pub(crate) fn setting(&self, what: &'static str) -> ConfigError {
        ConfigError::Setting(self.channel.clone(), what)
    }
}

/// The shared secret from the content of its file: as it stands, or behind `whsec_` in base64, as other programs write it.
#[must_use]
pub fn parse_secret(content: &[u8]) -> Option<Secret<Vec<u8>>> {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let trimmed = content.trim_ascii_end();
    let mut secret = match trimmed.strip_prefix(b"whsec_") {
        Some(encoded) => BASE64_STANDARD.decode(encoded).ok()?,
        None => trimmed.to_vec(),
    };
    let is_long = (WEBHOOK_SECRET_BYTES_MIN..=CHANNEL_SECRET_BYTES_MAX).contains(&secret.len());
    if !is_long {
        secret.zeroize();
    }
    is_long.then(|| Secret::new(secret))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Files by name and content.
    pub fn files<'a>(list: &'a [(&'a str, &'a [u8])]) -> impl Fn(&str) -> io::Result<Vec<u8>> + 'a {
        move |name| {
            let found = list.iter().find(|(file, _)| *file == name);
            found.map(|(_, content)| content.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
        }
    }

    fn parse(text: &str) -> Result<ChannelConfig, serde_json::Error> {
        serde_json::from_str(text)
    }

    const WEBHOOK: &str = r#"{"id":"centre","kind":"webhook","url":"https://a.example/x","secret_file":"s"}"#;
    const EMAIL: &str = r#"{"id":"mail","kind":"email","host":"relay.example","from":"alarm@a.example"}"#;
    const PUSH: &str = r#"{"id":"push","kind":"push","server":"https://ntfy.example"}"#;
    const SMS: &str = r#"{"id":"sms","kind":"sms","host":"smpp.example","system_id":"a","password_file":"s","source":"36180"}"#;

    #[test]
    fn a_channel_is_read_strictly() {
        for good in [WEBHOOK, EMAIL, PUSH, SMS] {
            let config = parse(good).unwrap();
            assert!(config.open(&files(&[("s", &[b'k'; 32])])).is_ok(), "{good}");
            let written = serde_json::to_string(&config).unwrap();
            assert_eq!(parse(&written).unwrap(), config);
            for (from, to) in [
                ("\"kind\"", "\"knd\""),
                ("\"kind\":\"", "\"kind\":\"pigeon-"),
                ("{\"id\":\"", "{\"id\":\"not a name "),
                ("}", ",\"follow\":true}"),
            ] {
                assert!(parse(&good.replace(from, to)).is_err(), "{good} {to}");
            }
        }
    }

    #[test]
    fn what_a_channel_names_must_be_there() {
        let opened = parse(WEBHOOK).unwrap().open(&files(&[])).err().unwrap();
        assert!(matches!(&opened, ConfigError::File { file, .. } if file == "s"), "{opened}");
        let text = opened.to_string();
        assert!(text.contains("`centre`") && text.contains("`s`"), "{text}");
    }

    #[test]
    fn channels_are_independent_by_the_host_they_depend_on() {
        let count =
            |texts: &[&str]| independent(&texts.iter().map(|text| parse(text).unwrap()).collect::<Vec<_>>());
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[WEBHOOK]), 1);
        assert_eq!(count(&[WEBHOOK, EMAIL, PUSH, SMS]), 4);
        let same_host = PUSH.replace("ntfy.example", "A.EXAMPLE.:8443/push");
        assert_eq!(count(&[WEBHOOK, &same_host]), 1);
        let same_relay = EMAIL.replace("relay.example", "a.example");
        assert_eq!(count(&[WEBHOOK, &same_host, &same_relay]), 1);
    }

    #[test]
    fn a_secret_is_the_file_without_its_last_line_end() {
        let digits = "5a".repeat(32);
        let secret = |content: &[u8]| parse_secret(content).map(|secret| secret.reveal().clone());
        assert_eq!(secret(format!("{digits}\r\n").as_bytes()), Some(digits.clone().into_bytes()));
        assert_eq!(secret(b"short\n"), None);
        assert_eq!(secret(&[b' '; 64]), None);
        assert_eq!(secret(&[b'x'; 2000]), None);
        let encoded = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
        assert_eq!(secret(encoded.as_bytes()), Some((0..32).collect()));
        assert_eq!(secret(b"whsec_AAEC"), None);
        assert_eq!(secret(format!("whsec_!{digits}").as_bytes()), None);
    }

    #[test]
    fn a_password_is_one_line() {
        let channel = ChannelId::parse("mail").unwrap();
        let line = |content: &[u8]| {
            let list = [("p", content)];
            let read = files(&list);
            Files { channel: &channel, read: &read, inbound: None }
                .line("p")
                .map(|line| line.reveal().clone())
        };
        assert_eq!(line("été \r\n".as_bytes()).unwrap(), "été");
        for bad in [&b""[..], b"\n", b"a\nb", b"\xff", &[b'x'; 1025]] {
            assert!(matches!(line(bad), Err(ConfigError::Line { .. })), "{bad:?}");
        }
    }

    #[test]
    fn settings_are_not_printed() {
        for text in [WEBHOOK, EMAIL, PUSH, SMS] {
            let printed = format!("{:?}", parse(text).unwrap());
            assert!(!printed.contains("example"), "{printed}");
        }
    }
}
