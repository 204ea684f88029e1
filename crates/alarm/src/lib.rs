//! Alarm channels: how a signal leaves the building (G8).
//!
//! The gate decides *that* somebody must be told and whom; the outbox remembers it; the server calls [`Channel::deliver`] until
//! the channel says that it arrived, waiting [`retry_after`] between attempts; this crate only carries. Everything here blocks
//! and may fail: it runs on threads of its own, never inside the engine. Delivery is at least once; receivers tell repeats
//! apart by [`Message::id`].
//!
//! A message carries a pseudonym, a kind, a code and a link, and no address, amount or name (G9).
//!
//! # To add an alarm channel, do these four things
//! 1. Write a file with a type that implements [`Channel`]. Bound everything: connect, send, answer, size. Give a
//!    [`DeliveryError`] whose [`DeliveryError::is_permanent`] is right: permanent means that a person must repair something.
//! 2. Add a variant to [`ChannelKind`], what it needs to [`ChannelConfig`], and an arm to [`ChannelConfig::open`].
//! 3. Test it against a real peer that is slow, half-open, hostile and that fails before it works (`src/webhook/tests.rs` has one for HTTP).
//! 4. Say in `docs/` how a receiver is built and how it knows that a message is genuine and not a repeat.
#![deny(missing_docs)]

mod address;
mod channel;
mod config;
mod message;
pub mod receiver;
mod retry;
mod signature;
mod webhook;

pub use channel::{Channel, DeliveryError, Receipt};
pub use config::{ChannelConfig, ChannelKind, ConfigError, WEBHOOK_SECRET_BYTES_MIN, parse_secret};
pub use message::{Kind, MESSAGE_PEOPLE_MAX, MESSAGE_TEXT_BYTES_MAX, Message, MessageError, Status};
pub use retry::{ALARM_RETRY_FIRST_SECONDS, ALARM_RETRY_MAX_SECONDS, retry_after};
pub use signature::{
    ID_HEADER, SIGNATURE_HEADER, SIGNATURES_MAX, TIMESTAMP_HEADER, WEBHOOK_BODY_BYTES_MAX, WebhookError,
    WebhookHeaders, sign_webhook, verify_webhook,
};
pub use webhook::{ALARM_CONNECT_SECONDS, ALARM_DELIVERY_SECONDS, ALARM_RESPONSE_HEADER_BYTES_MAX, Webhook};
