//! What a mail says: headers that mark it as urgent and automatic, and the first screen as plain text in the recipient's language (G8, G9).

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use types::{Timestamp, hash_parts};

use crate::{DeliveryError, Language, Level, Message, MessageError, Recipient, Status};

/// The longest address, in bytes (RFC 5321, section 4.5.3.1.3, less its angle brackets).
const ADDRESS_BYTES_MAX: usize = 254;

/// An address that any relay understands: ASCII, one `@`, nothing quoted, nothing that could end a line or a command.
pub fn parse_address(text: &str) -> Option<Address> {
    let is_plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '(' | ')' | ',' | ';' | ':' | '\\');
    let plain = text.len() <= ADDRESS_BYTES_MAX && text.chars().all(is_plain);
    if plain { text.parse().ok() } else { None }
}

/// The mail as bytes, ready to send.
pub fn compose(
    message: &Message,
    to: &Recipient,
    address: Address,
    (from, reply_to): (&Mailbox, Option<&Mailbox>),
    now: Timestamp,
) -> Result<Vec<u8>, DeliveryError> {
    message.check()?;
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, address))
        .subject(message.title(to.language))
        .date(system_time(now))
        .message_id(Some(message_id(message, to, from)));
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let text = text(message, to.language, reply_to.is_some());
    // Sender and recipient are there, so nothing can be missing.
    let mut mail = builder
        .singlepart(SinglePart::plain(text))
        .map_err(|_| DeliveryError::Message(MessageError::Text("content")))?;
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Priority", "1"),
        ("Importance", "high"),
        ("Content-Language", to.language.pick("en", "fr")),
    ] {
        let name = HeaderName::new_from_ascii_str(name);
        mail.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
    }
    Ok(mail.formatted())
}

/// The same for every attempt, another for every message and person, so that mail programs show a repeat once.
fn message_id(message: &Message, to: &Recipient, from: &Mailbox) -> String {
    let id = hash_parts("rempart/mail/v1", &[&message.id.0, to.person.as_str().as_bytes()]);
    format!("<{id}@{}>", from.email.domain())
}

fn system_time(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(0))
}

fn text(message: &Message, language: Language, can_reply: bool) -> String {
    let mut lines = Vec::new();
    if message.status == Status::Exercise {
        lines.push(language.pick(EXERCISE_EN, EXERCISE_FR).to_owned());
        lines.push(String::new());
    }
    lines.push(message.title(language));
    lines.push(String::new());
    lines.extend(facts(message, language).map(|(name, value)| format!("{name}{value}")));
    lines.push(String::new());
    lines.push(
        language.pick("Read on and acknowledge here:", "La suite et l'accusé de réception :").to_owned(),
    );
    lines.push(message.link.clone());
    lines.push(String::new());
    lines.push(language.pick("First steps", "Premiers gestes").to_owned());
    let steps = message.steps(language);
    lines.extend(steps.iter().zip(1..).map(|(step, number)| format!("{number}. {step}")));
    lines.push(String::new());
    if can_reply {
        lines.push(language.pick(REPLY_EN, REPLY_FR).to_owned());
    }
    lines.push(language.pick(DISCREET_EN, DISCREET_FR).to_owned());
    lines.join("\r\n") + "\r\n"
}

fn facts(message: &Message, language: Language) -> impl Iterator<Item = (&'static str, String)> {
    let level = match message.level {
        Level::Verify => language.pick("to be verified", "à vérifier"),
        Level::Confirmed => language.pick("confirmed", "confirmé"),
    };
    [
        (language.pick("Who:       ", "Qui :      "), message.who.to_string()),
        (language.pick("Since:     ", "Depuis :   "), message.since.to_string()),
        (language.pick("Level:     ", "Niveau :   "), level.to_owned()),
        (language.pick("Signs:     ", "Signes :   "), message.signals.to_string()),
        (language.pick("Incident:  ", "Incident : "), message.incident.clone()),
        (language.pick("Code:      ", "Code :     "), message.code.clone()),
    ]
    .into_iter()
}

const EXERCISE_EN: &str = "EXERCISE. Nobody is in danger. Please act as if it were real.";
const EXERCISE_FR: &str = "EXERCICE. Personne n'est en danger. Agissez comme si c'était vrai.";
const REPLY_EN: &str =
    "A reply to this mail is shown to the others; only signing in at the link acknowledges.";
const REPLY_FR: &str =
    "Une réponse à ce message est montrée aux autres ; seule la connexion par le lien accuse réception.";
const DISCREET_EN: &str = "Do not forward this message, and do not leave it open on a screen.";
const DISCREET_FR: &str = "Ne transférez pas ce message et ne le laissez pas affiché à l'écran.";
