//! The webhook channel: one signed POST per attempt (G8). `docs/webhook.md` tells receivers how to check it.
//!
//! Signed with a shared secret, with an Ed25519 key, or with both; see [`crate::verify_webhook`].

use std::fmt;

use serde::{Deserialize, Serialize};
use types::{ChannelId, Secret, Timestamp, hash_parts};
use ureq::http::Uri;

use crate::config::{Files, Settings, parse_secret};
use crate::connection::{LIMITS, Limits};
use crate::http::{Http, JSON, host_of, parse_url};
use crate::signature::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign_webhook, sign_webhook_with_key};
use crate::{
    Channel, ConfigError, DeliveryError, Message, MessageError, Reach, Receipt, Recipient, WebhookKey, cap,
};

const MILLIS_PER_SECOND: i64 = 1000;
/// A heartbeat's body: a receiver answers it like an alarm and does nothing more.
pub(crate) const PROBE: &str = r#"{"type":"probe","version":1}"#;

/// The media type of CAP messages.
const CAP: &str = "application/cap+xml";

/// In which form messages go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// Our own, for programs that are written for it.
    #[default]
    Json,
    /// The Common Alerting Protocol, version 1.2.
    Cap,
}

impl WebhookFormat {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Cap => CAP,
        }
    }

    /// In CAP, the sender is the host under which responders find us.
    fn body(self, message: &Message, now: Timestamp) -> Result<String, MessageError> {
        match self {
            Self::Json => message.body(),
            Self::Cap => message.cap(&host_of(&message.link), now),
        }
    }

    fn probe(self, id: &str, now: Timestamp) -> Result<String, MessageError> {
        match self {
            Self::Json => Ok(PROBE.to_owned()),
            Self::Cap => cap::probe(id, now),
        }
    }
}

/// A webhook as configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Its name in journals and errors.
    pub id: ChannelId,
    /// Where to. May contain a token, so it is not printed.
    pub url: String,
    /// In which form messages go out.
    #[serde(default)]
    pub format: WebhookFormat,
    /// The file with the shared secret, at least 32 bytes; white space at its end does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<String>,
    /// The file with the Ed25519 key that signs; the receiver has its public half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Whether the receiver may be inside the network or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// A file with certificates (PEM) to trust for this receiver *instead of* the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSettings({}, …)", self.id)
    }
}

impl Settings for WebhookSettings {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn peer(&self) -> String {
        host_of(&self.url)
    }

    fn open(&self, files: &Files<'_>) -> Result<Box<dyn Channel>, ConfigError> {
        Ok(Box::new(Webhook::new(self, files, LIMITS)?))
    }
}

/// A receiver of signed POSTs.
pub struct Webhook {
    id: ChannelId,
    url: Uri,
    format: WebhookFormat,
    secret: Option<Secret<Vec<u8>>>,
    key: Option<WebhookKey>,
    http: Http,
}

impl Webhook {
    fn new(settings: &WebhookSettings, files: &Files<'_>, limits: Limits) -> Result<Self, ConfigError> {
        let id = settings.id.clone();
        let url = parse_url(&settings.url).ok_or_else(|| ConfigError::Url(id.clone(), "url"))?;
        let bytes = |file: &Option<String>| file.as_deref().map(|file| files.bytes(file)).transpose();
        let secret = bytes(&settings.secret_file)?
            .map(|content| parse_secret(content.reveal()).ok_or_else(|| ConfigError::Secret(id.clone())))
            .transpose()?;
        let key = bytes(&settings.key_file)?
            .map(|content| WebhookKey::parse(content.reveal()).ok_or_else(|| ConfigError::Key(id.clone())))
            .transpose()?;
        if secret.is_none() && key.is_none() {
            return Err(files.setting("name a `secret_file`, a `key_file` or both: a webhook is signed"));
        }
        let authorities = files.authorities(settings.ca_file.as_deref())?;
        let http = Http::new(settings.allow_private, authorities.as_deref(), limits)
            .ok_or_else(|| ConfigError::Certificates(id.clone()))?;
        Ok(Self { id, url, format: settings.format, secret, key, http })
    }

    /// A signed POST; the status of a good answer.
    fn post(&self, id: &str, body: &str, now: Timestamp) -> Result<u16, DeliveryError> {
        let seconds = now.as_millis().div_euclid(MILLIS_PER_SECOND);
        let by_secret =
            self.secret.as_ref().map(|secret| sign_webhook(secret.reveal(), id, seconds, body.as_bytes()));
        let by_key = self.key.as_ref().map(|key| sign_webhook_with_key(key, id, seconds, body.as_bytes()));
        let signatures: Vec<String> = [by_secret, by_key].into_iter().flatten().collect();
        let headers = [
            (ID_HEADER, id),
            (TIMESTAMP_HEADER, &seconds.to_string()),
            (SIGNATURE_HEADER, &signatures.join(" ")),
        ];
        self.http.post(&self.url, self.format.content_type(), &headers, body)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({}, …)", self.id)
    }
}

impl Channel for Webhook {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn reach(&self) -> Reach {
        Reach::Wide
    }

    fn deliver(
        &self,
        message: &Message,
        _to: Option<&Recipient>,
        now: Timestamp,
    ) -> Result<Receipt, DeliveryError> {
        let body = self.format.body(message, now)?;
        let status = self.post(&message.id.to_string(), &body, now)?;
        Ok(Receipt { channel: self.id.clone(), at: now, answer: status.to_string() })
    }

    fn probe(&self, now: Timestamp) -> Result<(), DeliveryError> {
        let instant = now.as_nanos().to_be_bytes();
        let id = hash_parts("rempart/probe/v1", &[self.id.as_str().as_bytes(), &instant]);
        let id = id.to_string();
        self.post(&id, &self.format.probe(&id, now)?, now).map(drop)
    }
}

#[cfg(test)]
mod tests;
