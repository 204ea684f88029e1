//! What one DC-09 frame means: nothing, an answer, or an alarm. Decides only; the caller writes down and answers.

use dc09::{Envelope, Head, Message, OpenError, Sequence, Token, is_current};
use types::{Span, Timestamp};

use super::limits::Earlier;
use super::panels::{Panel, Panels, Press};

/// What to do with a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// No answer: noise, an account that is nobody's, a forged or replayed frame.
    Silence,
    /// This answer, and nothing else.
    Answer(Vec<u8>),
    /// An alarm: when it is durable, [`Panels::acknowledge`] gives the answer.
    Alarm(Box<Press>, Head),
}

impl Verdict {
    /// Whether the frame was one that this receiver believes.
    #[must_use]
    pub const fn is_believed(&self) -> bool {
        !matches!(self, Self::Silence)
    }
}

impl Panels {
    /// Judges one whole frame; `now` is civil time.
    pub fn judge(&self, frame: &[u8], now: Timestamp) -> Verdict {
        let Ok(envelope) = Envelope::parse(frame) else { return Verdict::Silence };
        let head = envelope.head();
        let Some(panel) = head.account.as_ref().and_then(|account| self.by_account(account)) else {
            return Verdict::Silence;
        };
        if matches!(head.token, Token::Ack | Token::Nak | Token::Duh) {
            return Verdict::Silence;
        }
        let message = match envelope.open(panel.key.as_ref()) {
            Ok(message) => message,
            // Without a key there is no forgery to be seen: whoever sets the panel up shall hear that it is wrong.
            Err(OpenError::Form | OpenError::Account) if panel.key.is_none() => {
                return answered(panel, head.answer(Token::Duh), now);
            }
            Err(_) => return Verdict::Silence,
        };
        if message.stamp.is_some_and(|stamp| !is_current(stamp, now)) {
            return answered(panel, Head::nak(), now);
        }
        self.judge_message(panel, &envelope, &message, now)
    }

    fn judge_message(
        &self,
        panel: &Panel,
        envelope: &Envelope,
        message: &Message,
        now: Timestamp,
    ) -> Verdict {
        let head = &message.head;
        let Ok(events) = message.events() else {
            self.heard(&panel.id, now);
            return answered(panel, head.answer(Token::Duh), now);
        };
        let taken = || answered(panel, head.answer(Token::Ack), now);
        if !events.iter().any(|event| event.code.is_alarm()) {
            self.heard(&panel.id, now);
            return taken();
        }
        let (mark, sequence) = (envelope.fingerprint(), Some(head.sequence));
        let earlier = self.recent(&panel.id, |recent| recent.earlier(mark, sequence, now));
        match earlier.unwrap_or(Earlier::New) {
            Earlier::Replay => Verdict::Silence,
            Earlier::Repeat | Earlier::SamePress => taken(),
            Earlier::New => {
                let press = Press { panel: panel.id.clone(), whom: panel.whom.clone(), mark, sequence };
                Verdict::Alarm(Box::new(press), head.clone())
            }
        }
    }

    /// The alarm is durable: the answer to its frame.
    pub fn acknowledge(&self, press: &Press, head: &Head, now: Timestamp) -> Option<Vec<u8>> {
        self.written(press, now, Span::ZERO);
        let panel = head.account.as_ref().and_then(|account| self.by_account(account))?;
        answer(panel, head.answer(Token::Ack), now)
    }

    pub(super) fn written(&self, press: &Press, now: Timestamp, remembered: Span) {
        self.heard(&press.panel, now);
        self.recent(&press.panel, |recent| recent.written(press.mark, press.sequence, now, remembered));
    }
}

fn answered(panel: &Panel, head: Head, now: Timestamp) -> Verdict {
    answer(panel, head, now).map_or(Verdict::Silence, Verdict::Answer)
}

/// An acknowledgement is encrypted where the panel's frames are; the others never are. A refusal says the time.
fn answer(panel: &Panel, head: Head, now: Timestamp) -> Option<Vec<u8>> {
    let sealed = head.token == Token::Ack && panel.key.is_some();
    let stamp = (sealed || head.token == Token::Nak).then_some(now);
    let pad = panel.key.as_ref().map(|key| (key, key.pad(&unique(head.sequence, now))));
    let message = Message { head, data: String::new(), extras: Vec::new(), stamp };
    let seal = pad.as_ref().filter(|_| sealed).map(|(key, pad)| (*key, pad));
    message.write(seal).ok()
}

fn unique(sequence: Sequence, now: Timestamp) -> Vec<u8> {
    [b"answer".as_slice(), &now.as_nanos().to_be_bytes(), &sequence.get().to_be_bytes()].concat()
}
