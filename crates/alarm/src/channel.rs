//! What every channel can do, and how it can fail. The server's delivery loop knows only this (G8).

use std::fmt;

use thiserror::Error;
use types::{ChannelId, PersonId, Timestamp};

use crate::{Language, Message, MessageError};

/// A way out of the building.
pub trait Channel: Send + Sync {
    /// Its name in the configuration.
    fn id(&self) -> &ChannelId;

    /// Whether it needs to be told whom to reach.
    fn reach(&self) -> Reach;

    /// Delivers one message, or says why not. `to` is there exactly for [`Reach::Personal`]. Blocks for a bounded time. May
    /// deliver twice when an answer is lost.
    ///
    /// # Errors
    /// Why the message has not (or not knowably) arrived.
    fn deliver(
        &self,
        message: &Message,
        to: Option<&Recipient>,
        now: Timestamp,
    ) -> Result<Receipt, DeliveryError>;

    /// A heartbeat: proves that the other side would take a message, without telling anybody anything. Blocks for a bounded time.
    ///
    /// # Errors
    /// Why a message would not arrive.
    fn probe(&self, now: Timestamp) -> Result<(), DeliveryError>;
}

/// Who decides whom a message reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The receiver knows by itself whom to tell.
    Wide,
    /// We do: one address for each person.
    Personal,
}

/// One person, as one channel reaches them.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// By pseudonym.
    pub person: PersonId,
    /// A mail address, a telephone number, a topic. Personal, so it is not printed.
    pub address: String,
    /// The language of the message.
    pub language: Language,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, …)", self.person)
    }
}

/// That the other side took a message. A machine's word: only a person's acknowledgement ends an escalation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Through which channel.
    pub channel: ChannelId,
    /// When the attempt was made.
    pub at: Timestamp,
    /// What the other side answered, for the timeline: a status code, a sequence number.
    pub answer: String,
}

/// Why a message did not arrive. Names neither address nor secret: these texts go to the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeliveryError {
    /// Not even connected.
    #[error("could not connect ({0}): check the receiver's address, port and network")]
    Connect(String),
    /// The name has no address.
    #[error("the receiver's host name has no address: check the name and the resolver")]
    HostNotFound,
    /// Too slow. It may have arrived.
    #[error("the receiver took too long to answer")]
    Timeout,
    /// Not the receiver it should be, or not speaking TLS.
    #[error("no trusted TLS connection to the receiver ({0}): check its certificate")]
    Tls(String),
    /// The connection broke, or the answer was no HTTP. It may have arrived.
    #[error("the connection to the receiver broke or its answer was not understood ({0})")]
    Broken(String),
    /// An answer that promises better luck later (408, 425, 429, 5xx).
    #[error("the receiver answered {0}: it will be tried again")]
    Unavailable(u16),
    /// An answer that does not.
    #[error("the receiver refused the message with {0}: check the addresses and the secrets of this channel")]
    Refused(u16),
    /// The same, of a protocol whose refusals are words.
    #[error("the receiver refused the message ({0}): check the account, the key and the clocks")]
    Rejected(String),
    /// It does not know us.
    #[error("the receiver refused our name or password with {0}: check both")]
    Login(u16),
    /// Sent elsewhere. An alarm follows nobody's directions.
    #[error("the receiver answered with the redirect {0}: write its final address into the configuration")]
    Redirect(u16),
    /// An address inside the network, without permission.
    #[error(
        "the receiver's address is private or local: set `allow_private = true` for this channel if that is meant"
    )]
    PrivateAddress,
    /// Plain HTTP to another machine.
    #[error("without TLS only this machine may be talked to: use `https`, or TLS for mail and SMS")]
    PlainHttp,
    /// A person's address is none that this channel can use.
    #[error("`{0}` has no address that this channel can use: check it in the call plan")]
    Address(PersonId),
    /// A channel that reaches one person was not told which.
    #[error("this channel needs somebody to reach: write people's addresses into the call plan")]
    NoRecipient,
    /// The message itself cannot be sent.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl DeliveryError {
    /// Whether a person must repair something before another attempt can work.
    ///
    /// The delivery loop reports a permanent error at once and still goes on trying at the longest interval: the repair may
    /// happen at the other end, and an alarm is never given up.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Connect(_)
            | Self::HostNotFound
            | Self::Timeout
            | Self::Broken(_)
            | Self::Unavailable(_) => false,
            Self::Tls(_)
            | Self::Refused(_)
            | Self::Rejected(_)
            | Self::Login(_)
            | Self::Redirect(_)
            | Self::PrivateAddress
            | Self::PlainHttp
            | Self::Address(_)
            | Self::NoRecipient
            | Self::Message(_) => true,
        }
    }
}
