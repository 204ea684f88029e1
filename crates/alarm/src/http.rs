//! One bounded HTTP request (G8): no redirect, no proxy from the environment, no private address without permission, no plain HTTP but
//! to loopback, certificates checked by rustls. Everything is bounded.
//!
//! Called by the webhook and push channels, and by the server to wake browsers.

use std::io::Read;

use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;

use crate::DeliveryError;
use crate::address::GuardedResolver;
use crate::connection::{LIMITS, Limits, explain_io, shorten};

/// How large an answer's head may be, in bytes.
pub const ALARM_RESPONSE_HEADER_BYTES_MAX: usize = 16 * 1024;

/// What most bodies are.
pub(crate) const JSON: &str = "application/json";

/// Asks servers.
pub struct Http(Agent);

impl Http {
    /// With the usual limits of time. `authorities` (PEM) instead of the public ones; nothing when there is no certificate in them.
    #[must_use]
    pub fn open(allow_private: bool, authorities: Option<&[u8]>) -> Option<Self> {
        Self::new(allow_private, authorities, LIMITS)
    }

    /// `authorities` (PEM) instead of the public ones. Nothing when there is no certificate in them.
    pub(crate) fn new(allow_private: bool, authorities: Option<&[u8]>, limits: Limits) -> Option<Self> {
        let roots = authorities.map_or(Some(RootCerts::WebPki), parse_roots)?;
        Some(Self(bounded_agent(allow_private, roots, limits)))
    }

    /// The status of a good answer. The answer's body is never read: nothing in it matters, and it could be endless.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn post(
        &self,
        url: &Uri,
        content_type: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<u16, DeliveryError> {
        let mut request = self.0.post(url.clone()).header("content-type", content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send(body.as_bytes()).map_err(explain)?;
        judge(response.status().as_u16())
    }

    /// The body of a good answer, as far as so many bytes.
    pub(crate) fn get(&self, url: &Uri, bytes_max: u64) -> Result<Vec<u8>, DeliveryError> {
        let response = self.0.get(url.clone()).call().map_err(explain)?;
        judge(response.status().as_u16())?;
        let mut body = Vec::new();
        let reader = response.into_body().into_reader();
        reader.take(bytes_max).read_to_end(&mut body).map_err(|error| explain_io(&error))?;
        Ok(body)
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
#[must_use]
pub fn parse_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let scheme_fits = matches!(url.scheme_str(), Some("https" | "http"));
    let authority = url.authority()?;
    let fits = scheme_fits && !authority.as_str().contains('@') && !authority.host().is_empty();
    fits.then_some(url)
}

/// The host of an address, in lower case.
#[must_use]
pub fn uri_host(url: &Uri) -> String {
    url.host().unwrap_or_default().to_ascii_lowercase()
}

/// Scheme, host and, where one is given, port.
#[must_use]
pub fn uri_origin(url: &Uri) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme_str().unwrap_or_default(), uri_host(url))
}

/// The host of such an address; the text itself where there is none.
pub(crate) fn host_of(text: &str) -> String {
    let host = parse_url(text).and_then(|url| url.host().map(ToOwned::to_owned));
    host.unwrap_or_else(|| text.to_owned())
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
pub(crate) fn judge(status: u16) -> Result<u16, DeliveryError> {
    match status {
        200..=299 => Ok(status),
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
