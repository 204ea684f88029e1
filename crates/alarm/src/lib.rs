//! Alarm channels: how a signal leaves the building (G8).
//!
//! The gate decides *that* somebody must be told and whom; the outbox remembers it; the server calls [`Channel::deliver`] until
//! the channel says that it arrived, waiting [`retry_after`] between attempts; this crate only carries. Everything here blocks
//! and may fail: it runs on threads of its own, never inside the engine. Delivery is at least once; receivers tell repeats
//! apart by [`Message::id`]. [`Channel::probe`] is the heartbeat: it shows that a message would be taken, before one is needed.
//!
//! A message carries a pseudonym, a kind, a code and a link, and no address, amount or name (G9).
//!
//! # To add an alarm channel, do these four things
//! 1. Write a file with its settings (a struct that implements `config::Settings`) and a type that implements [`Channel`]. Bound
//!    everything: connect, send, answer, size; `http` does it for HTTP, `connection` for the rest. Give a [`DeliveryError`] whose
//!    [`DeliveryError::is_permanent`] is right: permanent means that a person must repair something.
//! 2. Add a variant to [`ChannelConfig`] and an arm to its `settings`.
//! 3. Test it against a real peer (`tests/`), and against ones that are slow, half-open, hostile and that fail before they work
//!    (`src/peers.rs` has some).
//! 4. Say in `docs/channels.md` how it is set up; and, for a receiver that others write, how it knows that a message is genuine and
//!    not a repeat.
#![deny(missing_docs)]

mod address;
pub mod cap;
mod channel;
mod config;
mod connection;
mod dc09;
mod email;
mod http;
mod inbound;
mod key;
mod message;
#[cfg(test)]
mod peers;
mod push;
pub mod receiver;
mod retry;
mod signature;
mod smpp;
mod webhook;
mod wording;

pub use self::dc09::{DC09_OFFSET_SECONDS_MAX, Dc09, Dc09Settings};
pub use channel::{Channel, DeliveryError, Reach, Receipt, Recipient};
pub use config::{
    CHANNEL_SECRET_BYTES_MAX, ChannelConfig, ConfigError, WEBHOOK_SECRET_BYTES_MIN, independent, parse_secret,
};
pub use connection::{ALARM_ANSWER_BYTES_MAX, ALARM_CONNECT_SECONDS, ALARM_DELIVERY_SECONDS};
pub use email::{EmailSettings, MailTls};
pub use http::{ALARM_RESPONSE_HEADER_BYTES_MAX, Http, parse_url, uri_host, uri_origin};
pub use inbound::{Inbound, REPLY_CODE_DIGITS, REPLY_TEXT_CHARS_MAX, reply_code};
pub use key::{WebhookKey, WebhookPublicKey};
pub use message::{
    Kind, Level, MESSAGE_PEOPLE_MAX, MESSAGE_TEXT_BYTES_MAX, Message, MessageError, News, Status,
};
pub use push::PushSettings;
pub use retry::{ALARM_RETRY_FIRST_SECONDS, ALARM_RETRY_MAX_SECONDS, retry_after};
pub use signature::{
    ID_HEADER, SIGNATURE_HEADER, SIGNATURES_MAX, TIMESTAMP_HEADER, WEBHOOK_BODY_BYTES_MAX, WebhookError,
    WebhookHeaders, WebhookTrust, sign_webhook, sign_webhook_with_key, verify_webhook,
};
pub use smpp::{
    Number, SMPP_ANSWER_SECONDS, SMPP_DELIVERY_SECONDS, SMPP_PDU_BYTES_MAX, SMPP_PLAIN_PORT,
    SMPP_QUIET_SECONDS, SMPP_TLS_PORT, SMS_PARTS_MAX, SmsSettings,
};
pub use webhook::{WebhookFormat, WebhookSettings};
pub use wording::Language;
