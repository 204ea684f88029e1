//! One open session with the provider: a thread listens, answers what it is asked and notices when the other side is gone; whoever
//! delivers asks one thing at a time and waits for its answer (G8). Called by the channel.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use types::ChannelId;

use super::deadline::Deadline;
use super::incoming::{Incoming, understand};
use super::pdu::{self, Bytes, Cut, Frame, Head, cut};
use super::status;
use super::wire::{Heard, Wire};
use crate::connection::explain_io;
use crate::{DeliveryError, Inbound};

const SEQUENCE_MAX: u32 = 0x7fff_ffff;
/// How long a peer that reads nothing may keep us from leaving.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// How long things may take; tests are shorter of patience.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// To connect, TLS included.
    pub(super) connect: Duration,
    /// For one answer.
    pub(super) answer: Duration,
    /// For a whole delivery.
    pub(super) whole: Duration,
    /// How long nothing comes before the other side is asked whether it is there.
    pub(super) quiet: Duration,
}

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    pub(super) status: u32,
    pub(super) message_id: String,
}

/// Who hears what comes in, and under which name.
pub(super) struct Ear {
    pub(super) channel: ChannelId,
    pub(super) inbound: Option<Arc<dyn Inbound>>,
}

pub(super) struct Session {
    wire: Wire,
    limits: Limits,
    ear: Arc<Ear>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    sequence: u32,
    bound: bool,
    asked: Option<Asked>,
    ended: Option<DeliveryError>,
}

/// INVARIANT: at most one, so that an answer can belong to nothing else (a window of one).
struct Asked {
    sequence: u32,
    answered_by: u32,
    answer: Option<Answer>,
}

/// Ends the session when the listening thread ends, however it ends.
struct Listening(Arc<Session>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.end(DeliveryError::Broken("the session ended".into()));
    }
}

impl Session {
    /// Begins to listen. Nobody is signed in yet.
    pub(super) fn begin(wire: Wire, limits: Limits, ear: Arc<Ear>) -> Result<Arc<Self>, DeliveryError> {
        let session = Arc::new(Self { wire, limits, ear, state: Mutex::default(), changed: Condvar::new() });
        let listening = Listening(Arc::clone(&session));
        std::thread::Builder::new()
            .name("sms-listen".into())
            .spawn(move || {
                let error = listening.0.listen();
                listening.0.end(error);
            })
            .map_err(|error| explain_io(&error))?;
        Ok(session)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_open(&self) -> bool {
        self.state().ended.is_none()
    }

    /// From now on the other side is asked whether it is there when nothing comes.
    pub(super) fn bound(&self) {
        self.state().bound = true;
    }

    /// Ends it; the first reason stays.
    pub(super) fn end(&self, reason: DeliveryError) {
        self.state().ended.get_or_insert(reason);
        self.changed.notify_all();
        self.wire.close();
    }

    /// Says good-bye, without waiting for an answer.
    pub(super) fn leave(&self) {
        if self.is_open() {
            let sequence = self.state().draw();
            let deadline = Deadline::after(self.limits.answer.min(GOOD_BYE));
            let _ending_anyway = self.wire.write(&pdu::bare(pdu::UNBIND, status::OK, sequence), deadline);
        }
        self.end(DeliveryError::Broken("the session ended".into()));
    }

    /// Asks and waits. A request without an answer in time ends the session: what comes later could be taken for something else's.
    pub(super) fn ask(
        &self,
        request: u32,
        encode: impl FnOnce(u32) -> Option<Bytes>,
        deadline: Deadline,
    ) -> Result<Answer, DeliveryError> {
        let deadline = deadline.within(self.limits.answer);
        let sequence = self.open_question(request)?;
        let sent = match encode(sequence) {
            Some(bytes) => self.wire.write(&bytes, deadline).map_err(|error| explain_io(&error)),
            None => Err(DeliveryError::Rejected("a field is too long for the protocol".into())),
        };
        let answer = sent.and_then(|()| self.wait(deadline));
        self.state().asked = None;
        if let Err(error) = &answer {
            self.end(error.clone());
        }
        answer
    }

    fn open_question(&self, request: u32) -> Result<u32, DeliveryError> {
        let mut state = self.state();
        if let Some(reason) = &state.ended {
            return Err(reason.clone());
        }
        let sequence = state.draw();
        state.asked = Some(Asked { sequence, answered_by: pdu::answer_to(request), answer: None });
        Ok(sequence)
    }

    fn wait(&self, deadline: Deadline) -> Result<Answer, DeliveryError> {
        let mut state = self.state();
        loop {
            if let Some(answer) = state.asked.as_mut().and_then(|asked| asked.answer.take()) {
                return Ok(answer);
            }
            if let Some(reason) = &state.ended {
                return Err(reason.clone());
            }
            let left = deadline.left().ok_or(DeliveryError::Timeout)?;
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn send(&self, bytes: &[u8]) -> Result<(), DeliveryError> {
        self.wire.write(bytes, Deadline::after(self.limits.answer)).map_err(|error| explain_io(&error))
    }

    /// Until the session ends; says why it did.
    fn listen(&self) -> DeliveryError {
        let mut buffer = Vec::new();
        let mut pulse = Pulse::new(self.limits);
        loop {
            let patience = match pulse.next() {
                Beat::Wait(patience) => patience,
                Beat::Ask if self.state().bound => {
                    if let Err(error) = self.send(&pdu::bare(pdu::ENQUIRE_LINK, status::OK, pulse.ask(self)))
                    {
                        return error;
                    }
                    continue;
                }
                Beat::Ask => pulse.limits.quiet,
                Beat::Gone => return DeliveryError::Timeout,
            };
            match self.wire.read(&mut buffer, patience) {
                Ok(Heard::Bytes) => {}
                Ok(Heard::Nothing) => continue,
                Ok(Heard::End) => return DeliveryError::Broken("the receiver hung up".into()),
                Err(error) => return explain_io(&error),
            }
            if let Err(error) = self.take_all(&mut buffer, &mut pulse) {
                return error;
            }
        }
    }

    fn take_all(&self, buffer: &mut Vec<u8>, pulse: &mut Pulse) -> Result<(), DeliveryError> {
        loop {
            match cut(buffer) {
                Cut::Wait => return Ok(()),
                Cut::Whole(frame) => {
                    pulse.heard(frame.head);
                    self.take(&frame)?;
                }
                Cut::Impossible(head) => {
                    self.send(&pdu::bare(pdu::GENERIC_NACK, status::INVALID_LENGTH, head.sequence))?;
                    return Err(DeliveryError::Broken("a message of an impossible length".into()));
                }
            }
        }
    }

    fn take(&self, frame: &Frame) -> Result<(), DeliveryError> {
        let Head { id, sequence, .. } = frame.head;
        match id {
            _ if frame.head.is_response() => self.take_answer(frame),
            pdu::ENQUIRE_LINK => self.send(&pdu::bare(pdu::answer_to(id), status::OK, sequence)),
            pdu::DELIVER_SM => self.send(&pdu::delivered(self.hear(frame), sequence)),
            pdu::UNBIND => {
                self.send(&pdu::bare(pdu::answer_to(id), status::OK, sequence))?;
                Err(DeliveryError::Broken("the receiver ended the session".into()))
            }
            // The standard knows no answer to these.
            pdu::OUTBIND | pdu::ALERT_NOTIFICATION => Ok(()),
            _ => self.send(&pdu::bare(pdu::GENERIC_NACK, status::INVALID_COMMAND, sequence)),
        }
    }

    fn take_answer(&self, frame: &Frame) -> Result<(), DeliveryError> {
        let Head { id, status, sequence } = frame.head;
        let mut state = self.state();
        let Some(asked) = state.asked.as_mut() else { return Ok(()) };
        let refused = id == pdu::GENERIC_NACK;
        // Who could not even read our head does not know its number.
        if asked.sequence != sequence && !(refused && sequence == 0) {
            return Ok(());
        }
        if id != asked.answered_by && !refused {
            return Err(DeliveryError::Broken("an answer to something else".into()));
        }
        // A refusal that gives no reason is one still.
        let status = if refused && status == status::OK { status::SYSTEM_ERROR } else { status };
        asked.answer = Some(Answer { status, message_id: frame.message_id() });
        self.changed.notify_all();
        Ok(())
    }

    /// Hands on what came; the status for its answer.
    fn hear(&self, frame: &Frame) -> u32 {
        let Some(sm) = frame.deliver_sm() else { return status::REJECTED_BY_US };
        let Ear { channel, inbound } = &*self.ear;
        let Some(inbound) = inbound else { return status::OK };
        match understand(&sm) {
            Incoming::Receipt { message, delivered } => inbound.receipt(channel, &message, delivered),
            Incoming::Reply { from, text } => inbound.replied(channel, &from, &text),
            Incoming::Nothing => {}
        }
        status::OK
    }
}

impl State {
    fn draw(&mut self) -> u32 {
        self.sequence = if self.sequence >= SEQUENCE_MAX { 1 } else { self.sequence + 1 };
        self.sequence
    }
}

/// Whether the other side is still there.
struct Pulse {
    limits: Limits,
    quiet_until: Deadline,
    asked: Option<(u32, Deadline)>,
}

enum Beat {
    Wait(Duration),
    Ask,
    Gone,
}

impl Pulse {
    fn new(limits: Limits) -> Self {
        Self { limits, quiet_until: Deadline::after(limits.quiet), asked: None }
    }

    fn next(&self) -> Beat {
        match self.asked {
            Some((_, until)) => until.left().map_or(Beat::Gone, Beat::Wait),
            None => self.quiet_until.left().map_or(Beat::Ask, Beat::Wait),
        }
    }

    fn ask(&mut self, session: &Session) -> u32 {
        let sequence = session.state().draw();
        self.asked = Some((sequence, Deadline::after(self.limits.answer)));
        sequence
    }

    /// Anything that comes shows life, but a question wants its own answer.
    fn heard(&mut self, head: Head) {
        self.quiet_until = Deadline::after(self.limits.quiet);
        if self.asked.is_some_and(|(sequence, _)| head.is_response() && head.sequence == sequence) {
            self.asked = None;
        }
    }
}
