//! What the operator writes about an SMS channel. Checked when it is opened, before anything connects. Called by the configuration.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use types::{ChannelId, Secret};

use super::number::Source;
use super::session::{Ear, Limits};
use super::wire::Peer;
use super::{LIMITS, Login, Smpp};
use crate::config::{ConfigError, Files, Settings};
use crate::connection::{Target, Tls};
use crate::{Channel, Inbound};

/// The port of SMPP over TLS that most providers use.
pub const SMPP_TLS_PORT: u16 = 3550;
/// The port of SMPP without TLS, registered with IANA.
pub const SMPP_PLAIN_PORT: u16 = 2775;
const SYSTEM_ID_CHARS_MAX: usize = 15;
const SYSTEM_TYPE_CHARS_MAX: usize = 12;
/// The standard says 8; providers take more.
const PASSWORD_BYTES_MAX: usize = 64;

/// An SMS channel: an account at a provider that speaks SMPP 3.4.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// Its name in journals and errors.
    pub id: ChannelId,
    /// The provider's host.
    pub host: String,
    /// Its port; [`SMPP_TLS_PORT`] or [`SMPP_PLAIN_PORT`] when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The account's name, at most 15 characters.
    pub system_id: String,
    /// The file with the account's password; white space at its end does not count.
    pub password_file: String,
    /// What the provider calls this kind of client; mostly nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_type: String,
    /// Whom messages come from: a number with its country, a short code, or up to eleven letters and digits.
    pub source: String,
    /// Whether the connection is encrypted. Without, `allow_private` must say that something else protects it.
    #[serde(default = "yes")]
    pub tls: bool,
    /// Whether the provider is reached through a private network (a VPN) or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// A file with certificates (PEM) to trust for this provider *instead of* the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Whether long texts are handed over in one piece (`message_payload`) instead of as parts that the telephone joins.
    #[serde(default)]
    pub message_payload: bool,
}

const fn yes() -> bool {
    true
}

impl fmt::Debug for SmsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmsSettings({}, …)", self.id)
    }
}

impl Settings for SmsSettings {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn peer(&self) -> String {
        self.host.clone()
    }

    fn open(&self, files: &Files<'_>) -> Result<Box<dyn Channel>, ConfigError> {
        Ok(Box::new(Smpp::new(self, files, LIMITS)?))
    }
}

impl Smpp {
    /// Prepares a channel; does not connect.
    pub(super) fn new(
        settings: &SmsSettings,
        files: &Files<'_>,
        limits: Limits,
    ) -> Result<Self, ConfigError> {
        let source = Source::parse(&settings.source).ok_or_else(|| {
            files.setting("`source` must be a number with its country, a short code or at most eleven letters and digits")
        })?;
        let inbound: Option<Arc<dyn Inbound>> = files.inbound.cloned();
        Ok(Self::with(Parts {
            peer: peer(settings, files)?,
            login: login(settings, files)?,
            source,
            payload: settings.message_payload,
            ear: Ear { channel: settings.id.clone(), inbound },
            limits,
        }))
    }
}

/// A channel as it was configured.
pub(super) struct Parts {
    pub(super) peer: Peer,
    pub(super) login: Login,
    pub(super) source: Source,
    pub(super) payload: bool,
    pub(super) ear: Ear,
    pub(super) limits: Limits,
}

fn peer(settings: &SmsSettings, files: &Files<'_>) -> Result<Peer, ConfigError> {
    let host = &settings.host;
    let is_name = !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
    if !is_name {
        return Err(files.setting("`host` must be a host name or an address, without a port"));
    }
    if !settings.tls && !settings.allow_private {
        return Err(files.setting(
            "without TLS the password and the alarms can be read on the way: set `tls = true`, or `allow_private = true` where a VPN or this machine protects them",
        ));
    }
    let authorities = files.authorities(settings.ca_file.as_deref())?;
    let tls = if settings.tls {
        let wrong = || ConfigError::Certificates(settings.id.clone());
        Some(Tls::new(host, authorities.as_deref()).ok_or_else(wrong)?)
    } else {
        None
    };
    let port = settings.port.unwrap_or(if settings.tls { SMPP_TLS_PORT } else { SMPP_PLAIN_PORT });
    // What protects a plain connection is the operator's word, given above.
    let target = Target { host: host.clone(), port, allow_private: settings.allow_private, plain: false };
    Ok(Peer { target, tls })
}

fn login(settings: &SmsSettings, files: &Files<'_>) -> Result<Login, ConfigError> {
    let plain =
        |text: &str, max: usize| text.len() <= max && text.bytes().all(|byte| byte.is_ascii_graphic());
    if settings.system_id.is_empty() || !plain(&settings.system_id, SYSTEM_ID_CHARS_MAX) {
        return Err(files.setting("`system_id` must have 1 to 15 letters, digits or signs without spaces"));
    }
    if !plain(&settings.system_type, SYSTEM_TYPE_CHARS_MAX) {
        return Err(
            files.setting("`system_type` must have at most 12 letters, digits or signs without spaces")
        );
    }
    let password = files.line(&settings.password_file)?;
    if !plain(password.reveal(), PASSWORD_BYTES_MAX) {
        return Err(files.setting("the password must have 1 to 64 letters, digits or signs without spaces"));
    }
    Ok(Login {
        system_id: settings.system_id.clone(),
        system_type: settings.system_type.clone(),
        password: Secret::new(password.reveal().as_bytes().to_vec()),
    })
}
