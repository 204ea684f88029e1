//! What an alarm says: enough to act at once, nothing that identifies (G8, G9). The first screen of a responder, in two languages.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use types::{Hash, PersonId, Timestamp};

use crate::Language;

/// The longest incident name, call-back code or link, in bytes.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 256;
/// The most people that one message asks to be called.
pub const MESSAGE_PEOPLE_MAX: usize = 64;
const VERSION: u32 = 1;
const BODY_ALARM: &str = "alarm";

/// Whether it is real (the words of CAP 1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// It is.
    Actual,
    /// A drill: the same path, the same haste, and a receiver that says so to everyone.
    Exercise,
}

/// What kind of sign was given. The names are those of `covert::SignalKind`, and some that come with later channels of signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A panic phrase at sign-in: may be a slip, so a call-back comes first.
    SignIn,
    /// A panic phrase on an act.
    Act,
    /// A protected person's alarm page.
    ProtectedPerson,
    /// A code word that a responder heard.
    CodeWord,
    /// A check-in that its own author had scheduled and missed.
    MissedCheckIn,
    /// An alarm panel's hold-up button.
    Panel,
    /// A responder's own judgement.
    Judgement,
    /// A protected person asked for a stop: no incident.
    Pause,
    /// An alarm channel does not work: [`Message::who`] is its name.
    Channel,
}

/// How sure it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// May be a slip: somebody independent calls back first.
    Verify,
    /// An alarm.
    Confirmed,
}

/// What is new about it to whom it is sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum News {
    /// They hear of it for the first time.
    First,
    /// Nobody has answered yet, or nothing has happened since.
    Again,
    /// There is a further sign.
    Update,
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
    /// How sure it is.
    pub level: Level,
    /// What is new about it.
    pub news: News,
    /// How many signs have been given so far.
    pub signals: u32,
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
    #[serde(rename = "type")]
    body_type: &'static str,
    version: u32,
    id: Hash,
    incident: &'a str,
    kind: Kind,
    status: Status,
    level: Level,
    news: News,
    signals: u32,
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
            body_type: BODY_ALARM,
            version: VERSION,
            id: self.id,
            incident: &self.incident,
            kind: self.kind,
            status: self.status,
            level: self.level,
            news: self.news,
            signals: self.signals,
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
        let text = |language| Text { title: self.title(language), steps: self.steps(language) };
        Texts { en: text(Language::En), fr: text(Language::Fr) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use expect_test::expect;

    pub fn message() -> Message {
        Message {
            id: Hash([1; 32]),
            incident: "7".into(),
            kind: Kind::Act,
            status: Status::Actual,
            level: Level::Confirmed,
            news: News::First,
            signals: 1,
            who: PersonId::parse("alice").unwrap(),
            since: Timestamp::parse("2026-11-20T09:30:00Z").unwrap(),
            code: "zebra-17".into(),
            link: "https://rempart.example/incident/7".into(),
            call: vec![PersonId::parse("bob").unwrap()],
        }
    }

    fn pretty(message: &Message) -> String {
        let value: serde_json::Value = serde_json::from_str(&message.body().unwrap()).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    }

    #[test]
    fn the_body_is_what_the_documentation_shows() {
        expect![[r#"
            {
              "call": [
                "bob"
              ],
              "code": "zebra-17",
              "id": "0101010101010101010101010101010101010101010101010101010101010101",
              "incident": "7",
              "kind": "act",
              "level": "confirmed",
              "link": "https://rempart.example/incident/7",
              "news": "first",
              "signals": 1,
              "since": "2026-11-20T09:30:00Z",
              "status": "Actual",
              "text": {
                "en": {
                  "steps": [
                    "Do not call, text or visit the person concerned or their home unless the procedure says so: an attacker may be listening.",
                    "Open the link, sign in and acknowledge; whoever calls you must give the call-back code first.",
                    "Follow the procedure shown there; call the police unless it says otherwise."
                  ],
                  "title": "Acting under duress: alice"
                },
                "fr": {
                  "steps": [
                    "N'appelez pas la personne concernée ni ses proches, n'écrivez pas, n'y allez pas, sauf si la procédure le demande : un agresseur écoute peut-être.",
                    "Ouvrez le lien, identifiez-vous et accusez réception ; qui vous appelle doit d'abord donner le code de rappel.",
                    "Suivez la procédure affichée ; appelez la police, sauf si elle dit autre chose."
                  ],
                  "title": "Agit sous la contrainte : alice"
                }
              },
              "type": "alarm",
              "version": 1,
              "who": "alice"
            }"#]].assert_eq(&pretty(&message()));
    }

    #[test]
    fn a_drill_says_so_in_both_languages() {
        let text = pretty(&Message { status: Status::Exercise, ..message() });
        for part in ["\"status\": \"Exercise\"", "EXERCISE: Acting", "EXERCICE : Agit"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!pretty(&message()).to_lowercase().contains("exercise"));
    }

    #[test]
    fn texts_are_plain_and_bounded() {
        assert_eq!(message().check(), Ok(()));
        let long = "x".repeat(MESSAGE_TEXT_BYTES_MAX + 1);
        for bad in ["", "a\u{1b}[2J", "a\r\nb", &long] {
            let refused = |name| Err(MessageError::Text(name));
            assert_eq!(Message { incident: bad.into(), ..message() }.check(), refused("incident"));
            assert_eq!(
                Message { code: bad.into(), ..message() }.body(),
                refused("code").map(|()| String::new())
            );
            assert_eq!(Message { link: bad.into(), ..message() }.check(), refused("link"));
        }
        let crowd = vec![PersonId::parse("bob").unwrap(); MESSAGE_PEOPLE_MAX + 1];
        assert_eq!(Message { call: crowd, ..message() }.check(), Err(MessageError::People));
    }

    #[test]
    fn the_longest_message_fits_what_receivers_accept() {
        let longest = "\"".repeat(MESSAGE_TEXT_BYTES_MAX);
        let everybody = vec![PersonId::parse(&"p".repeat(64)).unwrap(); MESSAGE_PEOPLE_MAX];
        let message = Message {
            incident: longest.clone(),
            code: longest.clone(),
            link: longest,
            call: everybody,
            status: Status::Exercise,
            ..message()
        };
        assert!(message.body().unwrap().len() < 20_000);
        const { assert!(20_000 < crate::WEBHOOK_BODY_BYTES_MAX) };
    }
}
