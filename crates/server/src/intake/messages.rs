//! What one CAP message means: nothing, a sign of life, or an alarm. Decides only; the route writes down and answers.

use alarm::cap::{Alert, CapError, CapStatus, MessageType};
use alarm::{WebhookHeaders, verify_webhook};
use types::{Span, Timestamp, hash_parts};

use super::limits::Earlier;
use super::panels::{Panels, Press, Source};

/// How far a message's time may be from ours, in seconds; as long as that it is known again, before and after.
pub const CAP_TOLERANCE_SECONDS: u64 = 300;
const TOLERANCE: Span = Span::from_seconds(CAP_TOLERANCE_SECONDS);
const REMEMBERED: Span = Span::from_seconds(2 * CAP_TOLERANCE_SECONDS + 60);

/// What to do with a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MessageVerdict {
    /// Nobody's, or forged, or too old.
    Unknown,
    /// By somebody who is known, and no CAP 1.2.
    Malformed(CapError),
    /// Taken, and nothing follows: an exercise, a test, the end of something, a repeat.
    Heard,
    /// An alarm: when it is durable, [`Panels::message_written`].
    Alarm(Box<Press>),
}

impl Panels {
    /// Judges one message; `now` is civil time. The signature is tried with every known system's, whatever comes of it.
    pub fn judge_cap(&self, headers: WebhookHeaders<'_>, body: &[u8], now: Timestamp) -> MessageVerdict {
        let tried = self.sources().iter().map(|source| {
            let believed = verify_webhook(&source.trust, headers, body, now, TOLERANCE).is_ok();
            (source, believed)
        });
        let found = tried.fold(None, |found: Option<&Source>, (source, believed)| {
            found.or_else(|| believed.then_some(source))
        });
        let Some(source) = found else { return MessageVerdict::Unknown };
        let alert = match Alert::parse(body) {
            Ok(alert) => alert,
            Err(error) => return MessageVerdict::Malformed(error),
        };
        self.heard(&source.id, now);
        if !is_alarm(&alert) {
            return MessageVerdict::Heard;
        }
        // The id is what the sender repeats when an answer is lost; the standard's own names for the message do as well.
        let mark = hash_parts("cap/message/v1", &[headers.id.as_bytes()]);
        match self.recent(&source.id, |recent| recent.earlier(mark, None, now)) {
            Some(Earlier::New) | None => {
                let press =
                    Press { panel: source.id.clone(), whom: source.whom.clone(), mark, sequence: None };
                MessageVerdict::Alarm(Box::new(press))
            }
            Some(_) => MessageVerdict::Heard,
        }
    }

    /// The alarm is durable.
    pub fn message_written(&self, press: &Press, now: Timestamp) {
        self.written(press, now, REMEMBERED);
    }
}

/// Only what is real and begins or goes on: nothing that another system says ends an alarm here.
const fn is_alarm(alert: &Alert) -> bool {
    matches!(alert.status, CapStatus::Actual)
        && matches!(alert.message_type, MessageType::Alert | MessageType::Update)
}
