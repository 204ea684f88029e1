//! The SMS channel: short messages to people's telephones through a provider that speaks SMPP 3.4 (G8, G9).
//!
//! One session is kept open, supervised, and opened again when somebody next delivers or probes; between attempts the caller waits
//! ([`crate::retry_after`]). A message carries what [`crate::Message::short`] says and nothing more. Replies and receipts go to an
//! [`crate::Inbound`]. `docs/channels.md` tells operators what to set. No number, password or text appears in an error or a log.
//!
//! Called by the server's delivery loop, which gives each channel a thread of its own.

mod deadline;
mod gsm;
mod incoming;
mod number;
mod parts;
mod pdu;
mod session;
mod settings;
mod status;
mod wire;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use types::{ChannelId, Secret, Timestamp};

use crate::{Channel, DeliveryError, Message, MessageError, Reach, Receipt, Recipient};
use deadline::Deadline;
use number::Source;
use parts::Encoded;
use pdu::Submission;
use session::{Answer, Ear, Limits, Session};
use settings::Parts;
use wire::{Peer, Wire};

pub use number::Number;
pub use parts::SMS_PARTS_MAX;
pub use pdu::SMPP_PDU_BYTES_MAX;
pub use settings::{SMPP_PLAIN_PORT, SMPP_TLS_PORT, SmsSettings};

/// The longest time for one answer of the provider, in seconds.
pub const SMPP_ANSWER_SECONDS: u64 = 10;
/// The longest time for a whole attempt, connecting and signing in included, in seconds.
pub const SMPP_DELIVERY_SECONDS: u64 = 20;
/// How long the provider may be silent before it is asked whether it is there, in seconds.
pub const SMPP_QUIET_SECONDS: u64 = 30;

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(crate::ALARM_CONNECT_SECONDS),
    answer: Duration::from_secs(SMPP_ANSWER_SECONDS),
    whole: Duration::from_secs(SMPP_DELIVERY_SECONDS),
    quiet: Duration::from_secs(SMPP_QUIET_SECONDS),
};

/// How we sign in.
struct Login {
    system_id: String,
    system_type: String,
    password: Secret<Vec<u8>>,
}

/// An account at an SMS provider.
pub struct Smpp {
    peer: Peer,
    login: Login,
    source: Source,
    payload: bool,
    ear: Arc<Ear>,
    limits: Limits,
    line: Mutex<Line>,
    free: Condvar,
}

/// Whose turn it is: one delivery or probe at a time.
#[derive(Default)]
struct Line {
    busy: bool,
    session: Option<Arc<Session>>,
}

/// The right to use the session; given back when dropped.
struct Turn<'a>(&'a Smpp);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.line().busy = false;
        self.0.free.notify_one();
    }
}

impl fmt::Debug for Smpp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smpp({}, …)", self.ear.channel)
    }
}

impl Drop for Smpp {
    fn drop(&mut self) {
        if let Some(session) = self.line().session.take() {
            session.leave();
        }
    }
}

impl Channel for Smpp {
    fn id(&self) -> &ChannelId {
        &self.ear.channel
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
        let number = Number::parse(&to.address).ok_or_else(|| DeliveryError::Address(to.person.clone()))?;
        message.check()?;
        let text = parts::encode(&message.short(to.language));
        // The same for every attempt, so that a telephone joins parts of two attempts.
        let reference = message.id.0.first().copied().unwrap_or_default();
        let answer = self.submit_all(&number, &text, reference)?;
        Ok(Receipt { channel: self.ear.channel.clone(), at: now, answer })
    }

    fn probe(&self, _now: Timestamp) -> Result<(), DeliveryError> {
        let deadline = Deadline::after(self.limits.whole);
        let turn = self.turn(deadline)?;
        let session = turn.session(deadline)?;
        let asked = session.ask(
            pdu::ENQUIRE_LINK,
            |sequence| Some(pdu::bare(pdu::ENQUIRE_LINK, status::OK, sequence)),
            deadline,
        )?;
        turn.judge(&session, &asked)
    }
}

impl Smpp {
    fn with(parts: Parts) -> Self {
        let Parts { peer, login, source, payload, ear, limits } = parts;
        Self {
            peer,
            login,
            source,
            payload,
            ear: Arc::new(ear),
            limits,
            line: Mutex::default(),
            free: Condvar::new(),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, deadline: Deadline) -> Result<Turn<'_>, DeliveryError> {
        let mut line = self.line();
        while line.busy {
            let left = deadline.left().ok_or(DeliveryError::Timeout)?;
            line = self.free.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        line.busy = true;
        Ok(Turn(self))
    }

    /// Hands over every part, one after the other; the provider's names for them.
    fn submit_all(&self, to: &Number, text: &Encoded, reference: u8) -> Result<String, DeliveryError> {
        let deadline = Deadline::after(self.limits.whole);
        let pieces = if self.payload { Some(vec![text.whole()]) } else { text.parts(reference) };
        let pieces = pieces.ok_or(MessageError::Text("whole text"))?;
        let turn = self.turn(deadline)?;
        let session = turn.session(deadline)?;
        let mut names = Vec::with_capacity(pieces.len());
        for octets in &pieces {
            let submission = Submission {
                source: &self.source,
                to,
                alphabet: text.alphabet,
                joined: pieces.len() > 1,
                octets,
                payload: self.payload,
            };
            let answer = session.ask(pdu::SUBMIT_SM, |sequence| submission.encode(sequence), deadline)?;
            turn.judge(&session, &answer)?;
            names.push(answer.message_id);
        }
        Ok(names.join(" "))
    }

    /// Connects and signs in.
    fn sign_in(&self, deadline: Deadline) -> Result<Arc<Session>, DeliveryError> {
        let wire = Wire::connect(&self.peer, deadline.within(self.limits.connect))?;
        let session = Session::begin(wire, self.limits, Arc::clone(&self.ear))?;
        let Login { system_id, system_type, password } = &self.login;
        let bind = |sequence| Some(pdu::bind(system_id, password, system_type, sequence));
        let answer = session.ask(pdu::BIND_TRANSCEIVER, bind, deadline)?;
        if let Err(refused) = status::judge(answer.status) {
            session.end(refused.clone());
            return Err(refused);
        }
        session.bound();
        Ok(session)
    }
}

impl Turn<'_> {
    /// The open session, or a new one.
    fn session(&self, deadline: Deadline) -> Result<Arc<Session>, DeliveryError> {
        let open = self.0.line().session.clone().filter(|session| session.is_open());
        if let Some(session) = open {
            return Ok(session);
        }
        let session = self.0.sign_in(deadline)?;
        self.0.line().session = Some(Arc::clone(&session));
        Ok(session)
    }

    /// What an answer means. Whoever says that we are not signed in is signed in to again.
    fn judge(&self, session: &Session, answer: &Answer) -> Result<(), DeliveryError> {
        let judged = status::judge(answer.status);
        if let (status::WRONG_STATE, Err(error)) = (answer.status, &judged) {
            session.end(error.clone());
        }
        judged
    }
}

#[cfg(test)]
mod tests;
