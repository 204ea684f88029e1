//! The push channel: one POST for each telephone, in the JSON that ntfy and servers like it take (G8). `docs/channels.md` says how it is set up.
//!
//! What is sent may appear on a lock screen: pseudonym, kind and code, and a link that opens when it is tapped (G9).

use std::fmt;

use serde::{Deserialize, Serialize};
use types::{ChannelId, Secret, Timestamp};
use ureq::http::Uri;
use zeroize::Zeroizing;

use crate::config::{Files, Settings};
use crate::connection::{LIMITS, Limits};
use crate::http::{Http, JSON, host_of, parse_url};
use crate::{
    Channel, ConfigError, DeliveryError, Kind, Level, Message, MessageError, Reach, Receipt, Recipient,
    Status,
};

/// The longest topic that ntfy takes, in characters.
const TOPIC_CHARACTERS_MAX: usize = 64;
const HEALTH_BYTES_MAX: u64 = 4 * 1024;
/// ntfy's highest: it rings even where it is told to be quiet.
const PRIORITY_HIGHEST: u8 = 5;

/// A push server as configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushSettings {
    /// Its name in journals and errors.
    pub id: ChannelId,
    /// The server, such as `https://ntfy.example.com`.
    pub server: String,
    /// The file with the access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<String>,
    /// Whether the server may be inside the network or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// A file with certificates (PEM) to trust for this server *instead of* the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl fmt::Debug for PushSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushSettings({}, …)", self.id)
    }
}

impl Settings for PushSettings {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn peer(&self) -> String {
        host_of(&self.server)
    }

    fn open(&self, files: &Files<'_>) -> Result<Box<dyn Channel>, ConfigError> {
        Ok(Box::new(Push::new(self, files, LIMITS)?))
    }
}

/// A server that wakes telephones.
pub struct Push {
    id: ChannelId,
    server: Uri,
    health: Uri,
    token: Option<Secret<String>>,
    http: Http,
}

/// Where one person's messages go.
struct Topic {
    server: Uri,
    name: String,
}

#[derive(Serialize)]
struct Publication<'a> {
    topic: &'a str,
    title: &'a str,
    message: String,
    priority: u8,
    tags: [&'static str; 1],
    click: &'a str,
}

impl Push {
    fn new(settings: &PushSettings, files: &Files<'_>, limits: Limits) -> Result<Self, ConfigError> {
        let id = settings.id.clone();
        let base = settings.server.trim_end_matches('/');
        let url = |text: &str| parse_url(text).ok_or_else(|| ConfigError::Url(id.clone(), "server"));
        let server = url(&format!("{base}/"))?;
        if server.query().is_some() {
            return Err(ConfigError::Url(id, "server"));
        }
        let health = url(&format!("{base}/v1/health"))?;
        let token = settings.token_file.as_deref().map(|file| files.line(file)).transpose()?;
        let authorities = files.authorities(settings.ca_file.as_deref())?;
        let http = Http::new(settings.allow_private, authorities.as_deref(), limits)
            .ok_or_else(|| ConfigError::Certificates(id.clone()))?;
        Ok(Self { id, server, health, token, http })
    }

    /// A topic of the configured server, or a full address of a topic somewhere else.
    fn topic(&self, address: &str) -> Option<Topic> {
        if is_topic(address) {
            return Some(Topic { server: self.server.clone(), name: address.to_owned() });
        }
        let (server, name) = address.rsplit_once('/')?;
        let server = parse_url(&format!("{server}/"))?;
        let plain = is_topic(name) && server.query().is_none() && address.is_ascii();
        plain.then(|| Topic { server, name: name.to_owned() })
    }

    /// The token is for the configured server, and for nobody else.
    fn authorization(&self, topic: &Topic) -> Option<Zeroizing<String>> {
        let is_ours = topic.server.scheme() == self.server.scheme()
            && topic.server.authority() == self.server.authority();
        let token = self.token.as_ref().filter(|_| is_ours)?;
        Some(Zeroizing::new(format!("Bearer {}", token.reveal())))
    }
}

fn is_topic(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=TOPIC_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// A name that ntfy shows as a picture.
const fn tag(message: &Message) -> &'static str {
    match (message.status, message.kind, message.level) {
        (Status::Exercise, _, _) => "test_tube",
        (_, Kind::Channel, _) => "wrench",
        (_, Kind::Pause, _) => "octagonal_sign",
        (_, _, Level::Verify) => "warning",
        (_, _, Level::Confirmed) => "rotating_light",
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Push({}, …)", self.id)
    }
}

impl Channel for Push {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn reach(&self) -> Reach {
        Reach::Personal
    }

    fn deliver(
        &self,
        message: &Message,
        to: Option<&Recipient>,
        now: Timestamp,
    ) -> Result<Receipt, DeliveryError> {
        let to = to.ok_or(DeliveryError::NoRecipient)?;
        let topic = self.topic(&to.address).ok_or_else(|| DeliveryError::Address(to.person.clone()))?;
        message.check()?;
        let publication = Publication {
            topic: &topic.name,
            title: "Rempart",
            message: message.line(to.language),
            priority: PRIORITY_HIGHEST,
            tags: [tag(message)],
            click: &message.link,
        };
        let body = serde_json::to_string(&publication).map_err(|_| MessageError::Text("content"))?;
        let authorization = self.authorization(&topic);
        let headers: Vec<(&str, &str)> =
            authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let status = self.http.post(&topic.server, JSON, &headers, &body)?;
        Ok(Receipt { channel: self.id.clone(), at: now, answer: status.to_string() })
    }

    fn probe(&self, _now: Timestamp) -> Result<(), DeliveryError> {
        #[derive(Deserialize)]
        struct Health {
            healthy: bool,
        }
        let body = self.http.get(&self.health, HEALTH_BYTES_MAX)?;
        match serde_json::from_slice(&body) {
            Ok(Health { healthy: true }) => Ok(()),
            Ok(Health { healthy: false }) => {
                Err(DeliveryError::Broken("the push server is not healthy".into()))
            }
            Err(_) => Err(DeliveryError::Broken("not the answer of a push server".into())),
        }
    }
}

#[cfg(test)]
mod tests;
