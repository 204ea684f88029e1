//! The webhook channel: one signed POST per attempt (G8). `docs/webhook.md` tells receivers how to check it.
//!
//! It goes where the configuration says and nowhere else: no redirect, no proxy from the environment, no private address
//! without permission, no plain HTTP but to loopback, certificates checked by rustls. Everything is bounded.

use std::fmt;
use std::time::Duration;

use types::{ChannelId, Secret, Timestamp};
use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;

use crate::address::{AddressRefused, GuardedResolver};
use crate::signature::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign_webhook};
use crate::{Channel, ChannelConfig, ConfigError, DeliveryError, Message, Receipt};

/// The longest time to connect, TLS included, in seconds.
pub const ALARM_CONNECT_SECONDS: u64 = 5;
/// The longest time for a whole attempt, in seconds.
pub const ALARM_DELIVERY_SECONDS: u64 = 10;
/// How large an answer's head may be, in bytes.
pub const ALARM_RESPONSE_HEADER_BYTES_MAX: usize = 16 * 1024;
const MILLIS_PER_SECOND: i64 = 1000;

/// How long an attempt may take; tests are shorter of patience.
#[derive(Clone, Copy)]
struct Limits {
    connect: Duration,
    whole: Duration,
}

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(ALARM_CONNECT_SECONDS),
    whole: Duration::from_secs(ALARM_DELIVERY_SECONDS),
};

/// A receiver of signed POSTs.
pub struct Webhook {
    id: ChannelId,
    url: Uri,
    secret: Secret<Vec<u8>>,
    agent: Agent,
}

impl Webhook {
    /// Prepares a channel; does not connect.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(
        config: &ChannelConfig,
        secret: Secret<Vec<u8>>,
        certificates: Option<&[u8]>,
    ) -> Result<Self, ConfigError> {
        Self::with_limits(config, secret, certificates, LIMITS)
    }

    fn with_limits(
        config: &ChannelConfig,
        secret: Secret<Vec<u8>>,
        certificates: Option<&[u8]>,
        limits: Limits,
    ) -> Result<Self, ConfigError> {
        let url = parse_url(&config.url).ok_or_else(|| ConfigError::Url(config.id.clone()))?;
        let secret = crate::parse_secret(secret.reveal())?;
        let roots = match certificates {
            None => RootCerts::WebPki,
            Some(pem) => parse_roots(pem).ok_or_else(|| ConfigError::Certificates(config.id.clone()))?,
        };
        let agent = bounded_agent(config.allow_private, roots, limits);
        Ok(Self { id: config.id.clone(), url, secret, agent })
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

    fn deliver(&self, message: &Message, now: Timestamp) -> Result<Receipt, DeliveryError> {
        let body = message.body()?;
        let id = message.id.to_string();
        let seconds = now.as_millis().div_euclid(MILLIS_PER_SECOND);
        let signature = sign_webhook(self.secret.reveal(), &id, seconds, body.as_bytes());
        let request = self
            .agent
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header(ID_HEADER, &id)
            .header(TIMESTAMP_HEADER, seconds.to_string())
            .header(SIGNATURE_HEADER, &signature);
        // The answer's body is never read: nothing in it matters, and it could be endless.
        let response = request.send(body.as_bytes()).map_err(explain)?;
        let status = response.status().as_u16();
        judge(status)?;
        Ok(Receipt { channel: self.id.clone(), at: now, answer: status.to_string() })
    }
}

fn bounded_agent(allow_private: bool, roots: RootCerts, limits: Limits) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy from the environment would see where alarms go and would hide the address from the guard.
        .proxy(None)
        .timeout_global(Some(limits.whole))
        .timeout_connect(Some(limits.connect))
        .timeout_resolve(Some(limits.connect))
        .max_response_header_size(ALARM_RESPONSE_HEADER_BYTES_MAX)
        // Each attempt on its own connection: a dead idle one must not cost an alarm its first attempt.
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .user_agent("rempart")
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build();
    Agent::with_parts(config, DefaultConnector::new(), GuardedResolver { allow_private })
}

/// An absolute http or https address with a host and without a user name.
fn parse_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let scheme_fits = matches!(url.scheme_str(), Some("https" | "http"));
    let authority = url.authority()?;
    let fits = scheme_fits && !authority.as_str().contains('@') && !authority.host().is_empty();
    fits.then_some(url)
}

fn parse_roots(pem: &[u8]) -> Option<RootCerts> {
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.ok()? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { None } else { Some(RootCerts::from(certificates)) }
}

/// What an answer means. Only 2xx is delivery.
fn judge(status: u16) -> Result<(), DeliveryError> {
    match status {
        200..=299 => Ok(()),
        300..=399 => Err(DeliveryError::Redirect(status)),
        408 | 425 | 429 | 500..=599 => Err(DeliveryError::Unavailable(status)),
        _ => Err(DeliveryError::Refused(status)),
    }
}

/// The library's error in the words of this crate.
fn explain(error: ureq::Error) -> DeliveryError {
    match error {
        ureq::Error::Timeout(_) => DeliveryError::Timeout,
        ureq::Error::HostNotFound => DeliveryError::HostNotFound,
        ureq::Error::ConnectionFailed => DeliveryError::Connect("no route".into()),
        ureq::Error::Rustls(error) => DeliveryError::Tls(error.to_string()),
        ureq::Error::Tls(text) => DeliveryError::Tls(text.into()),
        ureq::Error::Io(error) => explain_io(&error),
        other => DeliveryError::Broken(shorten(&other.to_string())),
    }
}

fn explain_io(error: &std::io::Error) -> DeliveryError {
    let inner = error.get_ref();
    if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<AddressRefused>()) {
        return match refused {
            AddressRefused::Private => DeliveryError::PrivateAddress,
            AddressRefused::PlainHttp => DeliveryError::PlainHttp,
        };
    }
    match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => DeliveryError::Timeout,
        std::io::ErrorKind::ConnectionRefused
        | std::io::ErrorKind::HostUnreachable
        | std::io::ErrorKind::NetworkUnreachable
        | std::io::ErrorKind::AddrNotAvailable => DeliveryError::Connect(error.kind().to_string()),
        // rustls reports through I/O errors of this kind.
        std::io::ErrorKind::InvalidData => DeliveryError::Tls(shorten(&error.to_string())),
        kind => DeliveryError::Broken(kind.to_string()),
    }
}

/// The other side may choose words that end up in an error: no more than a line of them.
fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(160).collect()
}

#[cfg(test)]
mod tests;
