//! CAP 1.2, the Common Alerting Protocol, as the format between systems (G8, G9): built from a [`Message`], and read from others.
//!
//! Reading is strict: the standard's schema whole (order, number and values of elements), no document type, no entities beyond the five,
//! bounds on everything. Called by the webhook channel (`format = "cap"`), and by the server for what other systems send.

mod alert;
mod schema;
mod tree;
mod words;

use thiserror::Error;
use types::Timestamp;

use crate::{Kind, Language, Level, Message, MessageError, Status};

pub use alert::{Alert, Info};
pub use words::{CapStatus, Category, Certainty, MessageType, ResponseType, Scope, Severity, Urgency};

/// The longest CAP message that is read, in bytes.
pub const CAP_BYTES_MAX: usize = 64 * 1024;
/// How many elements a CAP message may have.
pub const CAP_ELEMENTS_MAX: usize = 1000;
/// How deep elements may stand in one another; the standard's own go to 4, a signature's deeper.
pub const CAP_DEPTH_MAX: usize = 16;

/// Why a text is no CAP message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CapError {
    /// Too much of something.
    #[error("more {0} than a CAP message may have here")]
    Bounds(&'static str),
    /// A character that XML does not allow, or not UTF-8.
    #[error("a character that XML 1.0 does not allow")]
    Character,
    /// Not well-formed.
    #[error("not well-formed XML: {0}")]
    Xml(String),
    /// Well-formed, and refused all the same.
    #[error("{0} are not taken in a CAP message")]
    Forbidden(&'static str),
    /// An element that does not belong there, or not there.
    #[error("the element `{0}` does not belong here, or not in this order")]
    Unexpected(String),
    /// A required element.
    #[error("the element `{0}` is missing")]
    Missing(&'static str),
    /// A value that the standard does not have.
    #[error("the element `{0}` has a value that the standard does not allow")]
    Value(&'static str),
}

/// What a message asks of those who are addressed without a name.
const ANY_RESPONDER: &str = "responders";
/// A heartbeat has no link whose host could be the sender.
const PROBE_SENDER: &str = "rempart";

impl Message {
    /// This message in CAP 1.2: the first screen in both languages. Names are pseudonyms.
    ///
    /// Every message is an `Alert` of its own; those of one incident have the same `incidents`. The standard's `Update` would have to name
    /// the messages that it replaces, and each of ours stands for itself.
    ///
    /// # Errors
    /// As [`Message::check`].
    pub fn cap(&self, sender: &str, sent: Timestamp) -> Result<String, MessageError> {
        self.check()?;
        let pseudonyms: Vec<&str> = self.call.iter().map(|person| person.as_str()).collect();
        let addresses = if pseudonyms.is_empty() { ANY_RESPONDER.to_owned() } else { pseudonyms.join(" ") };
        let alert = Alert {
            identifier: self.id.to_string(),
            sender: sender.to_owned(),
            sent,
            status: match self.status {
                Status::Actual => CapStatus::Actual,
                Status::Exercise => CapStatus::Exercise,
            },
            message_type: MessageType::Alert,
            scope: Scope::Private,
            addresses: Some(addresses),
            references: None,
            incidents: Some(quoted(&self.incident)),
            infos: [Language::En, Language::Fr].map(|language| self.info(language)).to_vec(),
        };
        // What is checked above can hold no more than a character that XML has no way to write.
        alert.write().map_err(|_| MessageError::Text("content"))
    }

    fn info(&self, language: Language) -> Info {
        let about_a_person = !matches!(self.kind, Kind::Channel | Kind::Pause);
        let (severity, urgency) = if about_a_person {
            (Severity::Extreme, Urgency::Immediate)
        } else {
            (Severity::Moderate, Urgency::Expected)
        };
        let (certainty, response) = match self.level {
            Level::Confirmed => (Certainty::Likely, ResponseType::Execute),
            Level::Verify => (Certainty::Possible, ResponseType::Assess),
        };
        let parameter = |name: &str, value: &dyn std::fmt::Display| (name.to_owned(), value.to_string());
        Info {
            language: language.pick("en-GB", "fr-FR").to_owned(),
            category: vec![Category::Security],
            event: self.kind.describe(language).to_owned(),
            response: vec![response],
            urgency,
            severity,
            certainty,
            headline: Some(self.title(language)),
            instruction: Some(self.steps(language).join("\n")),
            web: Some(self.link.clone()),
            parameters: vec![
                parameter("incident", &self.incident),
                parameter("code", &self.code),
                parameter("who", &self.who),
                parameter("since", &self.since),
                parameter("signals", &self.signals),
            ],
        }
    }
}

/// A message that tells nobody anything: "technical testing only", in the standard's words.
pub(crate) fn probe(id: &str, sent: Timestamp) -> Result<String, MessageError> {
    let alert = Alert {
        identifier: id.to_owned(),
        sender: PROBE_SENDER.to_owned(),
        sent,
        status: CapStatus::Test,
        message_type: MessageType::Alert,
        scope: Scope::Private,
        addresses: Some(ANY_RESPONDER.to_owned()),
        references: None,
        incidents: None,
        infos: Vec::new(),
    };
    alert.write().map_err(|_| MessageError::Text("content"))
}

/// In quotation marks where it has a space: that is how the standard lists names.
fn quoted(name: &str) -> String {
    if name.contains(' ') { format!("\"{}\"", name.replace('"', "'")) } else { name.to_owned() }
}

#[cfg(test)]
mod tests;
