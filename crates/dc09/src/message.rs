//! What a frame says: read from an [`Envelope`] with the right key, or written into a frame.

use thiserror::Error;
use types::Timestamp;
use zeroize::Zeroizing;

use crate::event::{DataError, Event, contact_id, sia};
use crate::frame::{Envelope, wrap};
use crate::head::{Head, Token};
use crate::key::{BLOCK_BYTES, Key};
use crate::stamp::{parse_stamp, write_stamp};
use crate::{Account, FRAME_BYTES_MAX};

/// How many blocks of further data one frame may have.
pub const EXTRAS_MAX: usize = 16;
/// How much randomness an encrypted frame takes, in bytes.
pub const PAD_BYTES: usize = 2 * BLOCK_BYTES;

/// What pads are made of: text, so that receivers that read text are not disturbed; none of `[`, `|`, `]`.
const PAD_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

/// Further data in brackets of its own: a letter that says what it is, and text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extra {
    /// What it is: `M` an address of the network, `V` a link, `X` and `Y` a position, …
    pub kind: char,
    /// The text.
    pub text: String,
}

/// A frame that was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// What stood before the text.
    pub head: Head,
    /// The text without the account before it.
    pub data: String,
    /// Further data.
    pub extras: Vec<Extra>,
    /// When it was sent, to the second.
    pub stamp: Option<Timestamp>,
}

/// Why a frame cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Encrypted, and there is no key for this account.
    #[error("the frame is encrypted and no key is set for its account")]
    KeyNeeded,
    /// In the clear, where there is a key.
    #[error("the frame is not encrypted though a key is set for its account")]
    Plain,
    /// The wrong key, or altered on the way.
    #[error("the frame was not encrypted with this key, or was altered")]
    Key,
    /// In the clear, and of another form.
    #[error("the frame's text has another form: data, further data in brackets, a time")]
    Form,
    /// What is encrypted must say when.
    #[error("the frame is encrypted and has no time")]
    NoStamp,
    /// The text names another account than the head.
    #[error("the account in the frame's text is not the one before it")]
    Account,
}

/// Why a message cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WriteError {
    /// A text has characters that frames cannot carry.
    #[error("a frame's text is printable ASCII without `[` and `]`")]
    Text,
    /// Longer than a frame.
    #[error("the message is longer than a frame may be")]
    TooLong,
    /// What is encrypted must say when.
    #[error("an encrypted frame needs a time")]
    NoStamp,
}

impl Envelope {
    /// Reads the text: with the account's key, or, where none is set, in the clear.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, key: Option<&Key>) -> Result<Message, OpenError> {
        let (data, extras, stamp) = match (self.encrypted, key) {
            (true, None) => return Err(OpenError::KeyNeeded),
            (false, Some(_)) => return Err(OpenError::Plain),
            (false, None) => parse_text(&self.text).ok_or(OpenError::Form)?,
            (true, Some(key)) => {
                let text = decrypted(key, &self.text).ok_or(OpenError::Key)?;
                let text = without_pad(&text).ok_or(OpenError::Key)?;
                let parts = parse_text(text).ok_or(OpenError::Key)?;
                if parts.2.is_none() {
                    return Err(OpenError::NoStamp);
                }
                parts
            }
        };
        let data = without_account(&data, self.head.account.as_ref()).ok_or(OpenError::Account)?.to_owned();
        Ok(Message { head: self.head.clone(), data, extras, stamp })
    }
}

impl Message {
    /// What happened, in the order in which it is told. Nothing for a sign of life.
    ///
    /// # Errors
    /// [`DataError`]: then the answer is [`Token::Duh`].
    pub fn events(&self) -> Result<Vec<Event>, DataError> {
        match self.head.token {
            Token::Sia => sia(&self.data),
            Token::ContactId => contact_id(&self.data).map(|event| vec![event]),
            Token::Null => Ok(Vec::new()),
            // A sign of life with further data.
            Token::Other(ref token) if token == "XNM" => Ok(Vec::new()),
            _ => Err(DataError::Token),
        }
    }

    /// The frame; encrypted where a key and randomness are given.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn write(&self, seal: Option<(&Key, &[u8; PAD_BYTES])>) -> Result<Vec<u8>, WriteError> {
        let text = self.text()?;
        let head = self.head.write(seal.is_some());
        let text = match seal {
            None => text,
            Some(_) if self.stamp.is_none() => return Err(WriteError::NoStamp),
            Some((key, entropy)) => encrypted(key, entropy, &text).ok_or(WriteError::TooLong)?,
        };
        let frame = wrap(format!("{head}{text}").as_bytes());
        if frame.len() > FRAME_BYTES_MAX { Err(WriteError::TooLong) } else { Ok(frame) }
    }

    fn text(&self) -> Result<String, WriteError> {
        let parts = self.extras.iter().map(|extra| &extra.text).chain([&self.data]);
        let kinds_fit = self.extras.iter().all(|extra| extra.kind.is_ascii_uppercase());
        if !kinds_fit || self.extras.len() > EXTRAS_MAX || !parts.into_iter().all(|part| is_plain(part)) {
            return Err(WriteError::Text);
        }
        let account = self.head.account.as_ref().filter(|_| self.head.token.has_data());
        let account = account.map(|account| format!("#{account}|")).unwrap_or_default();
        let extras: String =
            self.extras.iter().map(|extra| format!("[{}{}]", extra.kind, extra.text)).collect();
        let stamp = self.stamp.map(|stamp| format!("_{}", write_stamp(stamp))).unwrap_or_default();
        Ok(format!("{account}{}]{extras}{stamp}", self.data))
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'[' | b']'))
}

/// Pad, bar and text, encrypted, in hexadecimal. The pad fills the first block whole, as the edition of 2026 asks: it is what a random first
/// vector is elsewhere.
fn encrypted(key: &Key, entropy: &[u8; PAD_BYTES], text: &str) -> Option<String> {
    let pad = BLOCK_BYTES + (text.len() + 1).wrapping_neg() % BLOCK_BYTES;
    let letter = |byte: &u8| PAD_LETTERS.get(usize::from(*byte) % PAD_LETTERS.len()).copied();
    let mut bytes: Vec<u8> = entropy.iter().take(pad).filter_map(letter).collect();
    bytes.push(b'|');
    bytes.extend_from_slice(text.as_bytes());
    key.encrypt(&mut bytes)?;
    Some(hex::encode_upper(bytes))
}

fn decrypted(key: &Key, digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(hex::decode(digits).ok()?);
    key.decrypt(&mut bytes)?;
    Some(bytes)
}

/// What follows the pad: it ends with `|`, or, where there are no data, with the `]` after them.
fn without_pad(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| matches!(byte, b'|' | b']' | b'['))?;
    match text.get(end)? {
        b'|' => text.get(end + 1..),
        b']' => text.get(end..),
        _ => None,
    }
}

type Parts = (String, Vec<Extra>, Option<Timestamp>);

/// `data]`, `[Xfurther data]` …, `_time`.
fn parse_text(text: &[u8]) -> Option<Parts> {
    let (data, mut rest) = bracket(text)?;
    let mut extras = Vec::new();
    while let Some(after) = rest.strip_prefix(b"[") {
        let (extra, after) = bracket(after)?;
        let mut letters = extra.chars();
        let kind = letters.next().filter(char::is_ascii_uppercase)?;
        extras.push(Extra { kind, text: letters.as_str().to_owned() });
        if extras.len() > EXTRAS_MAX {
            return None;
        }
        rest = after;
    }
    let stamp = match rest {
        [] => None,
        [b'_', stamp @ ..] => Some(parse_stamp(stamp)?),
        _ => return None,
    };
    Some((data, extras, stamp))
}

/// The text up to the next `]`, and what follows. Letters beyond ASCII are taken as Latin-1, as panels write them: an alarm with an accent in
/// the name of its zone is still an alarm.
fn bracket(text: &[u8]) -> Option<(String, &[u8])> {
    let end = text.iter().position(|byte| *byte == b']')?;
    let (inner, rest) = text.split_at_checked(end)?;
    let readable = |byte: &u8| matches!(byte, b' '..=b'~' | 0xa0..) && *byte != b'[';
    let inner: String =
        inner.iter().all(readable).then(|| inner.iter().map(|byte| char::from(*byte)).collect())?;
    Some((inner, rest.get(1..)?))
}

/// The data without `#account|`; `None` when that names another account.
fn without_account<'a>(data: &'a str, account: Option<&Account>) -> Option<&'a str> {
    let Some(named) = data.strip_prefix('#') else { return Some(data) };
    let (named, rest) = named.split_once('|')?;
    (Account::parse(named).as_ref() == account).then_some(rest)
}

#[cfg(test)]
mod tests;
