//! The channel to an alarm-receiving centre: ANSI/SIA DC-09 over TCP (G8). `docs/channels.md` says what to agree with the centre.
//!
//! One frame, one acknowledgement, everything bounded. Encrypted with the account's key, unless the centre is this machine or TLS protects
//! the connection. An acknowledgement counts when it repeats our number and account and, where there is a key, when it is encrypted with it,
//! of now, and none that was seen seconds before: the standard's encryption does not cover the number.

use std::collections::VecDeque;
use std::fmt;
use std::io::{Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dc09::{Account, Code, Envelope, Head, Key, Message as Text, Number, Sequence, Splitter, Token};
use serde::{Deserialize, Serialize};
use types::{ChannelId, Hash, Span, Timestamp};

use crate::config::{Files, Settings};
use crate::connection::{Connection, LIMITS, Limits, Target, Tls, explain_io};
use crate::{
    Channel, ConfigError, DeliveryError, Kind, Language, Level, Message, Reach, Receipt, Recipient, Status,
};

/// By how much a centre's clock may differ from ours, in seconds, before somebody must repair one of them.
pub const DC09_OFFSET_SECONDS_MAX: u64 = 3600;
/// How far from the centre's time an acknowledgement may be, in seconds.
const ACK_TOLERANCE_SECONDS: u64 = 60;
const ACKS_REMEMBERED: usize = 64;
/// Some receivers pad with the same letters each time, so that all acknowledgements of a second are one text.
const SAME_ACK: Span = Span::from_seconds(2);
const TEXT_CHARS_MAX: usize = 200;
const NANOS_PER_SECOND: i64 = 1_000_000_000;
const READ_BYTES: usize = 1024;

/// An alarm centre as configured.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dc09Settings {
    /// Its name in journals and errors.
    pub id: ChannelId,
    /// The centre's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Our account there: 3 to 16 hexadecimal digits.
    pub account: String,
    /// The receiver's number, where the centre gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
    /// The line's number.
    #[serde(default = "zero")]
    pub line: String,
    /// The file with the AES key: 32, 48 or 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Whether to speak TLS.
    #[serde(default)]
    pub tls: bool,
    /// A file with certificates (PEM) to trust for this centre *instead of* the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Whether the centre may be inside the network or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// The SIA code of an alarm.
    #[serde(default = "hold_up")]
    pub code: String,
    /// The SIA code of what may be a slip.
    #[serde(default = "hold_up")]
    pub verify_code: String,
    /// The SIA code of a drill.
    #[serde(default = "test")]
    pub test_code: String,
    /// The language of the text.
    #[serde(default)]
    pub language: Language,
}

fn zero() -> String {
    "0".to_owned()
}

fn hold_up() -> String {
    "HA".to_owned()
}

fn test() -> String {
    "RX".to_owned()
}

impl fmt::Debug for Dc09Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dc09Settings({}, …)", self.id)
    }
}

impl Settings for Dc09Settings {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn peer(&self) -> String {
        self.host.clone()
    }

    fn open(&self, files: &Files<'_>) -> Result<Box<dyn Channel>, ConfigError> {
        Ok(Box::new(Dc09::new(self, files, LIMITS)?))
    }
}

/// The codes that a centre expects.
struct Codes {
    alarm: Code,
    verify: Code,
    test: Code,
}

impl Codes {
    fn parse(settings: &Dc09Settings) -> Option<Self> {
        Some(Self {
            alarm: Code::parse_sia(&settings.code)?,
            verify: Code::parse_sia(&settings.verify_code)?,
            test: Code::parse_sia(&settings.test_code)?,
        })
    }

    /// What concerns nobody's safety must not send the police: a channel that fails is a communication trouble, a wish for a stop wants
    /// somebody's attention.
    fn of(&self, message: &Message) -> Code {
        match (message.status, message.kind, message.level) {
            (Status::Exercise, ..) => self.test,
            (_, Kind::Channel, _) => Code::Sia(*b"YC"),
            (_, Kind::Pause, _) => Code::Sia(*b"YX"),
            (_, _, Level::Verify) => self.verify,
            (_, _, Level::Confirmed) => self.alarm,
        }
    }
}

/// An alarm-receiving centre.
pub struct Dc09 {
    id: ChannelId,
    target: Target,
    tls: Option<Tls>,
    account: Account,
    receiver: Option<Number>,
    line: Number,
    key: Option<Key>,
    codes: Codes,
    language: Language,
    limits: Limits,
    state: Mutex<State>,
}

/// What one message teaches for the next.
#[derive(Default)]
struct State {
    /// The last number; none before the first message.
    sequence: Option<Sequence>,
    /// The centre's time less ours, in nanoseconds.
    offset: i64,
    /// Acknowledgements that were believed, and when.
    acks: VecDeque<(Hash, Timestamp)>,
}

/// What the centre says.
enum Answer {
    Taken,
    /// Its time.
    WrongTime(Timestamp),
}

impl Dc09 {
    fn new(settings: &Dc09Settings, files: &Files<'_>, limits: Limits) -> Result<Self, ConfigError> {
        let wrong = |what| files.setting(what);
        let account = Account::parse(&settings.account)
            .ok_or_else(|| wrong("`account` must be 3 to 16 hexadecimal digits"))?;
        let number = |text: &str| {
            Number::parse(text)
                .ok_or_else(|| wrong("`receiver` and `line` must be 1 to 6 hexadecimal digits"))
        };
        let codes = Codes::parse(settings)
            .ok_or_else(|| wrong("`code`, `verify_code` and `test_code` must be two capital letters each"))?;
        let key = settings.key_file.as_deref().map(|file| parse_key(files, file)).transpose()?;
        let plain = key.is_none() && !settings.tls;
        if plain && !is_this_machine(&settings.host) {
            return Err(wrong(
                "name a `key_file` or set `tls = true`: nothing else protects what goes to the centre",
            ));
        }
        Ok(Self {
            id: settings.id.clone(),
            target: Target {
                host: settings.host.clone(),
                port: settings.port,
                allow_private: settings.allow_private,
                plain,
            },
            tls: open_tls(settings, files)?,
            account,
            receiver: settings.receiver.as_deref().map(number).transpose()?,
            line: number(&settings.line)?,
            key,
            codes,
            language: settings.language,
            limits,
            state: Mutex::default(),
        })
    }

    /// A thread that panicked while holding the lock left whole values.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends until the centre has taken it; a wrong time is corrected once.
    fn send(&self, token: &Token, data: &str, now: Timestamp) -> Result<Sequence, DeliveryError> {
        for _ in 0..2 {
            let (sequence, theirs) = self.next_frame(now);
            match self.exchange(self.message(token, data, sequence, theirs), theirs)? {
                Answer::Taken => return Ok(sequence),
                Answer::WrongTime(time) => self.correct(time, now)?,
            }
        }
        Err(DeliveryError::Rejected("the time of the message is wrong even after a correction".into()))
    }

    /// The next number, and the centre's time.
    fn next_frame(&self, now: Timestamp) -> (Sequence, Timestamp) {
        let mut state = self.state();
        // After a start it goes on from a number that changes with time, so that a centre does not take the first for an old one.
        let seconds = now.as_millis().div_euclid(1000).rem_euclid(i64::from(Sequence::MAX));
        let first = || u16::try_from(seconds).ok().and_then(Sequence::new).unwrap_or(Sequence::ZERO);
        let sequence = state.sequence.unwrap_or_else(first).next();
        state.sequence = Some(sequence);
        (sequence, Timestamp::from_nanos(now.as_nanos().saturating_add(state.offset)))
    }

    /// Anybody on the way can send a wrong time, and a message of tomorrow could be kept until tomorrow: only small differences are believed.
    fn correct(&self, theirs: Timestamp, now: Timestamp) -> Result<(), DeliveryError> {
        let furthest = Span::from_seconds(DC09_OFFSET_SECONDS_MAX);
        if theirs < now.before(furthest) || theirs > now.after(furthest) {
            return Err(DeliveryError::Rejected("its clock and ours differ by more than an hour".into()));
        }
        let second = now.as_nanos().div_euclid(NANOS_PER_SECOND).saturating_mul(NANOS_PER_SECOND);
        self.state().offset = theirs.as_nanos().saturating_sub(second);
        Ok(())
    }

    fn message(&self, token: &Token, data: &str, sequence: Sequence, stamp: Timestamp) -> Text {
        let head = Head {
            token: token.clone(),
            sequence,
            receiver: self.receiver.clone(),
            line: self.line.clone(),
            account: Some(self.account.clone()),
        };
        Text { head, data: data.to_owned(), extras: Vec::new(), stamp: Some(stamp) }
    }

    fn exchange(&self, message: Text, theirs: Timestamp) -> Result<Answer, DeliveryError> {
        let unique =
            [theirs.as_nanos().to_be_bytes().as_slice(), &message.head.sequence.get().to_be_bytes()].concat();
        let seal = self.key.as_ref().map(|key| (key, key.pad(&unique)));
        let seal = seal.as_ref().map(|(key, pad)| (*key, pad));
        let frame = message.write(seal).map_err(|error| DeliveryError::Rejected(error.to_string()))?;
        let mut connection = Connection::open(&self.target, self.limits)?;
        if let Some(tls) = &self.tls {
            connection = connection.secure(tls)?;
        }
        connection.write_all(&frame).and_then(|()| connection.flush()).map_err(|error| explain_io(&error))?;
        let mut splitter = Splitter::default();
        loop {
            let answer = next_frame(&mut connection, &mut splitter)?;
            if let Some(answer) = self.judge(&message.head, &answer, theirs)? {
                return Ok(answer);
            }
        }
    }

    /// What an answer means; nothing when it is one to something else.
    fn judge(&self, asked: &Head, frame: &[u8], theirs: Timestamp) -> Result<Option<Answer>, DeliveryError> {
        let envelope = Envelope::parse(frame).map_err(|error| broken(&error))?;
        let answer = envelope.head();
        let is_ours = answer.sequence == asked.sequence && answer.account == asked.account;
        match answer.token {
            Token::Nak => {
                let text = envelope.open(None).map_err(|error| broken(&error))?;
                let time =
                    text.stamp.ok_or_else(|| DeliveryError::Broken("a refusal without a time".into()))?;
                Ok(Some(Answer::WrongTime(time)))
            }
            Token::Duh if is_ours || answer.account.is_none() => {
                Err(DeliveryError::Rejected("it cannot make anything of this kind of message".into()))
            }
            Token::Ack if is_ours => {
                self.believe(&envelope, theirs)?;
                Ok(Some(Answer::Taken))
            }
            _ => Ok(None),
        }
    }

    fn believe(&self, envelope: &Envelope, theirs: Timestamp) -> Result<(), DeliveryError> {
        let text = envelope.open(self.key.as_ref()).map_err(|error| broken(&error))?;
        if self.key.is_none() {
            return Ok(());
        }
        let tolerance = Span::from_seconds(ACK_TOLERANCE_SECONDS);
        let is_now = |at| at >= theirs.before(tolerance) && at <= theirs.after(tolerance);
        if !text.stamp.is_some_and(is_now) {
            return Err(DeliveryError::Broken("an acknowledgement of another time".into()));
        }
        let mut state = self.state();
        let mark = envelope.fingerprint();
        let is_old = |(known, at): &(Hash, Timestamp)| *known == mark && theirs > at.after(SAME_ACK);
        if state.acks.iter().any(is_old) {
            return Err(DeliveryError::Broken("an acknowledgement that was used before".into()));
        }
        state.acks.push_back((mark, theirs));
        while state.acks.len() > ACKS_REMEMBERED {
            state.acks.pop_front();
        }
        Ok(())
    }

    fn data(&self, message: &Message) -> String {
        format!("Nri1/{}001|A{}", self.codes.of(message), plain(&message.line(self.language)))
    }
}

impl fmt::Debug for Dc09 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dc09({}, …)", self.id)
    }
}

impl Channel for Dc09 {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn reach(&self) -> Reach {
        Reach::Wide
    }

    fn deliver(
        &self,
        message: &Message,
        _to: Option<&Recipient>,
        now: Timestamp,
    ) -> Result<Receipt, DeliveryError> {
        message.check()?;
        let sequence = self.send(&Token::Sia, &self.data(message), now)?;
        Ok(Receipt { channel: self.id.clone(), at: now, answer: format!("ACK {sequence}") })
    }

    fn probe(&self, now: Timestamp) -> Result<(), DeliveryError> {
        self.send(&Token::Null, "", now).map(drop)
    }
}

fn parse_key(files: &Files<'_>, file: &str) -> Result<Key, ConfigError> {
    let content = files.bytes(file)?;
    Key::parse(content.reveal()).map_err(|_| {
        files.setting(
            "`key_file` must hold 32, 48 or 64 hexadecimal digits: the AES key agreed with the centre",
        )
    })
}

fn open_tls(settings: &Dc09Settings, files: &Files<'_>) -> Result<Option<Tls>, ConfigError> {
    if !settings.tls {
        return Ok(None);
    }
    let authorities = files.authorities(settings.ca_file.as_deref())?;
    let tls = Tls::new(&settings.host, authorities.as_deref());
    tls.map(Some).ok_or_else(|| ConfigError::Certificates(settings.id.clone()))
}

/// Said early; what the name leads to is looked at again when connecting.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn broken(error: &dyn fmt::Display) -> DeliveryError {
    DeliveryError::Broken(error.to_string())
}

fn next_frame(connection: &mut Connection, splitter: &mut Splitter) -> Result<Vec<u8>, DeliveryError> {
    loop {
        if let Some(frame) = splitter.next_frame().map_err(|error| broken(&error))? {
            return Ok(frame);
        }
        let mut buffer = [0; READ_BYTES];
        let read = connection.read(&mut buffer).map_err(|error| explain_io(&error))?;
        if read == 0 {
            return Err(DeliveryError::Broken("closed without an acknowledgement".into()));
        }
        splitter.push(buffer.get(..read).unwrap_or_default());
    }
}

/// In the letters that frames carry.
fn plain(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).map(plain_letter).collect()
}

const fn plain_letter(letter: char) -> char {
    match letter {
        'à' | 'â' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ô' => 'o',
        'ù' | 'û' => 'u',
        'À' | 'Â' => 'A',
        'Ç' => 'C',
        'È' | 'É' | 'Ê' => 'E',
        '’' => '\'',
        '[' | ']' | '|' | '^' => '-',
        ' '..='~' => letter,
        _ => '?',
    }
}

#[cfg(test)]
mod tests;
