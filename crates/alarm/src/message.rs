//! What an alarm says: enough to act at once, nothing that identifies (G8, G9). The first screen of a responder, in two languages.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, PersonId, Timestamp};

/// The longest incident name, call-back code or link, in bytes.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 256;
/// The most people that one message asks to be called.
pub const MESSAGE_PEOPLE_MAX: usize = 64;
const VERSION: u32 = 1;

/// Whether it is real (the words of CAP 1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// It is.
    Actual,
    /// A drill: the same path, the same haste, and a receiver that says so to everyone.
    Exercise,
}

/// What kind of sign was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A panic phrase.
    Phrase,
    /// An objection to a transfer, for which its author asked for silence.
    Objection,
    /// A protected person's alarm page or code word.
    ProtectedPerson,
    /// A check-in that its own author had scheduled and missed.
    MissedCheckIn,
    /// An alarm panel's hold-up button.
    Panel,
    /// A responder's own judgement.
    Judgement,
}

/// One message about one incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The same for every attempt to deliver this message, different for every message: receivers drop repeats by it.
    pub id: Hash,
    /// The incident, by the name under which responders find it.
    pub incident: String,
    /// What kind of sign.
    pub kind: Kind,
    /// Real or a drill.
    pub status: Status,
    /// Whom it concerns, by pseudonym. The receiver never calls this person, nor their home.
    pub who: PersonId,
    /// Since when.
    pub since: Timestamp,
    /// What a caller must hear before believing, and say before being believed.
    pub code: String,
    /// Where responders read on; opens after they sign in.
    pub link: String,
    /// Whom to reach with this message, by pseudonym; empty when the receiver knows by itself.
    pub call: Vec<PersonId>,
}

/// Why a message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageError {
    /// A text that is empty, too long or has control characters.
    #[error(
        "the message's {0} is empty, longer than {MESSAGE_TEXT_BYTES_MAX} bytes or has control characters"
    )]
    Text(&'static str),
    /// Too many people.
    #[error("the message asks for more than {MESSAGE_PEOPLE_MAX} people to be called")]
    People,
}

#[derive(Serialize)]
struct Body<'a> {
    version: u32,
    id: Hash,
    incident: &'a str,
    kind: Kind,
    status: Status,
    who: &'a PersonId,
    since: Timestamp,
    code: &'a str,
    link: &'a str,
    call: &'a [PersonId],
    text: Texts,
}

#[derive(Serialize)]
struct Texts {
    en: Text,
    fr: Text,
}

#[derive(Serialize)]
struct Text {
    title: String,
    steps: [&'static str; 3],
}

impl Message {
    /// Checks lengths and form.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), MessageError> {
        let texts = [("incident", &self.incident), ("code", &self.code), ("link", &self.link)];
        for (name, text) in texts {
            let plain = !text.is_empty()
                && text.len() <= MESSAGE_TEXT_BYTES_MAX
                && !text.chars().any(char::is_control);
            if !plain {
                return Err(MessageError::Text(name));
            }
        }
        if self.call.len() > MESSAGE_PEOPLE_MAX {
            return Err(MessageError::People);
        }
        Ok(())
    }

    /// The JSON that channels carry. `docs/webhook.md` describes it.
    ///
    /// # Errors
    /// As [`Message::check`].
    pub fn body(&self) -> Result<String, MessageError> {
        self.check()?;
        let body = Body {
            version: VERSION,
            id: self.id,
            incident: &self.incident,
            kind: self.kind,
            status: self.status,
            who: &self.who,
            since: self.since,
            code: &self.code,
            link: &self.link,
            call: &self.call,
            text: self.texts(),
        };
        // Every field is text, a number or a list of text: nothing here can fail to become JSON.
        serde_json::to_string(&body).map_err(|_| MessageError::Text("content"))
    }

    fn texts(&self) -> Texts {
        let (drill_en, drill_fr) = match self.status {
            Status::Actual => ("", ""),
            Status::Exercise => ("EXERCISE: ", "EXERCICE : "),
        };
        let (kind_en, kind_fr) = self.kind.describe();
        Texts {
            en: Text { title: format!("{drill_en}{kind_en}: {}", self.who), steps: STEPS_EN },
            fr: Text { title: format!("{drill_fr}{kind_fr} : {}", self.who), steps: STEPS_FR },
        }
    }
}

const STEPS_EN: [&str; 3] = [
    "Do not call, text or visit the person concerned or anyone at their home: the attacker is listening.",
    "Open the link, sign in and acknowledge; whoever calls you must give the call-back code first.",
    "Follow the procedure shown there; call the police unless it says otherwise.",
];
const STEPS_FR: [&str; 3] = [
    "N'appelez pas, n'écrivez pas et n'allez pas chez la personne concernée ni chez ses proches : l'agresseur écoute.",
    "Ouvrez le lien, identifiez-vous et accusez réception ; qui vous appelle doit d'abord donner le code de rappel.",
    "Suivez la procédure affichée ; appelez la police, sauf si elle dit autre chose.",
];

impl Kind {
    const fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Phrase => ("Acting under duress", "Agit sous la contrainte"),
            Self::Objection => ("Objects in silence", "S'oppose en silence"),
            Self::ProtectedPerson => {
                ("Alarm raised by a protected person", "Alerte donnée par une personne protégée")
            }
            Self::MissedCheckIn => ("Missed a check-in", "N'a pas donné signe de vie à l'heure prévue"),
            Self::Panel => ("Hold-up button pressed", "Bouton d'agression actionné"),
            Self::Judgement => ("Reported by a responder", "Signalement d'un intervenant"),
        }
    }
}
