//! The mail channel: one mail to one person through the operator's relay (G8). `docs/channels.md` says how it is set up.
//!
//! The letter is made by `letter`, the conversation with the relay by `smtp`. Signing (DKIM) is the relay's business.

mod letter;
mod smtp;

use std::fmt;

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use types::{ChannelId, Secret, Timestamp};

use crate::config::{Files, Settings};
use crate::connection::{Connection, LIMITS, Limits, Target, Tls};
use crate::{Channel, ConfigError, DeliveryError, Message, Reach, Receipt, Recipient};
use letter::{compose, parse_address};
use smtp::Session;

/// How the way to the relay is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From the first byte (port 465).
    Implicit,
    /// After a plain greeting; a relay that does not offer it gets nothing (port 587).
    #[default]
    Starttls,
    /// Not at all: for a relay on this machine only (port 25).
    None,
}

impl MailTls {
    const fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// A mail relay as configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// Its name in journals and errors.
    pub id: ChannelId,
    /// The relay.
    pub host: String,
    /// Its port; that of `tls` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the way to it is protected.
    #[serde(default)]
    pub tls: MailTls,
    /// The sender, such as `Rempart <alarm@example.com>`.
    pub from: String,
    /// Where replies go, if not to the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The name with which to sign in; with `password_file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The file with the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// Whether the relay may be inside the network or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// A file with certificates (PEM) to trust for this relay *instead of* the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

impl fmt::Debug for EmailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailSettings({}, …)", self.id)
    }
}

impl Settings for EmailSettings {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn peer(&self) -> String {
        self.host.clone()
    }

    fn open(&self, files: &Files<'_>) -> Result<Box<dyn Channel>, ConfigError> {
        Ok(Box::new(Email::new(self, files, LIMITS)?))
    }
}

/// With what to sign in.
struct Login {
    user: String,
    password: Secret<String>,
}

/// A relay that takes mails.
pub struct Email {
    id: ChannelId,
    target: Target,
    mode: MailTls,
    tls: Tls,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    login: Option<Login>,
    limits: Limits,
}

impl Email {
    fn new(settings: &EmailSettings, files: &Files<'_>, limits: Limits) -> Result<Self, ConfigError> {
        let host = settings.host.trim();
        if host.is_empty() || host != settings.host {
            return Err(files.setting("`host` must be the name of a mail relay"));
        }
        let authorities = files.authorities(settings.ca_file.as_deref())?;
        let mut tls = Tls::new(host, None);
        if tls.is_some() && authorities.is_some() {
            tls = Tls::new(host, authorities.as_deref());
            if tls.is_none() {
                return Err(ConfigError::Certificates(settings.id.clone()));
            }
        }
        let tls = tls.ok_or_else(|| files.setting("`host` must be the name of a mail relay"))?;
        let from = parse_mailbox(&settings.from).ok_or_else(|| {
            files.setting("`from` must be an address such as `Rempart <alarm@example.com>`")
        })?;
        let reply_to = settings.reply_to.as_deref().map(|text| {
            parse_mailbox(text)
                .ok_or_else(|| files.setting("`reply_to` must be an address such as `alarm@example.com`"))
        });
        let target = Target {
            host: host.to_owned(),
            port: settings.port.unwrap_or(settings.tls.port()),
            allow_private: settings.allow_private,
            plain: settings.tls == MailTls::None,
        };
        Ok(Self {
            id: settings.id.clone(),
            target,
            mode: settings.tls,
            tls,
            from,
            reply_to: reply_to.transpose()?,
            login: login(settings, files)?,
            limits,
        })
    }

    /// Up to the point at which the relay would take a mail.
    fn session(&self) -> Result<Session, DeliveryError> {
        let name = self.from.email.domain();
        let connection = Connection::open(&self.target, self.limits)?;
        let mut session = match self.mode {
            MailTls::Implicit => Session::greet(connection.secure(&self.tls)?, name)?,
            MailTls::Starttls => Session::greet(connection, name)?.secure(&self.tls, name)?,
            MailTls::None => Session::greet(connection, name)?,
        };
        if let Some(login) = &self.login {
            session.login(&login.user, &login.password)?;
        }
        Ok(session)
    }
}

/// A name and a password go together.
fn login(settings: &EmailSettings, files: &Files<'_>) -> Result<Option<Login>, ConfigError> {
    match (&settings.user, &settings.password_file) {
        (None, None) => Ok(None),
        (Some(user), Some(file)) if !user.is_empty() && !user.chars().any(char::is_control) => {
            Ok(Some(Login { user: user.clone(), password: files.line(file)? }))
        }
        _ => Err(files.setting("`user` and `password_file` go together")),
    }
}

/// With or without a name; nothing in it that could end a line.
fn parse_mailbox(text: &str) -> Option<Mailbox> {
    let mailbox: Mailbox = text.parse().ok()?;
    let plain = !text.chars().any(char::is_control) && parse_address(mailbox.email.as_ref()).is_some();
    plain.then_some(mailbox)
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({}, …)", self.id)
    }
}

impl Channel for Email {
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
        let address = parse_address(&to.address).ok_or_else(|| DeliveryError::Address(to.person.clone()))?;
        let letter = compose(message, to, address.clone(), (&self.from, self.reply_to.as_ref()), now)?;
        let mut session = self.session()?;
        let answer = session.send(&self.from.email, &address, &letter)?;
        session.quit();
        Ok(Receipt { channel: self.id.clone(), at: now, answer })
    }

    fn probe(&self, _now: Timestamp) -> Result<(), DeliveryError> {
        let mut session = self.session()?;
        session.noop()?;
        session.quit();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
