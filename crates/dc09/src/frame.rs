//! A frame from bytes: framing, length, checksum and head. All of it can be made by anybody; what it says is still sealed.

use thiserror::Error;
use types::{Hash, hash_parts};

use crate::FRAME_BYTES_MAX;
use crate::crc::checksum;
use crate::head::{Account, Head, Number, Sequence, Token, ascii};

/// The line feed, the checksum and the length.
const LEAD_BYTES: usize = 9;

/// Why bytes are no frame. The standard wants no answer to any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Not from a line feed to a carriage return, or too long.
    #[error(
        "not a frame: it must begin with a line feed, end with a carriage return and have at most {FRAME_BYTES_MAX} bytes"
    )]
    Framing,
    /// The length is not four digits, or is not that of the text.
    #[error("the length in the frame is not its length")]
    Length,
    /// Noise on the line.
    #[error("the checksum does not fit")]
    Checksum,
    /// The name in quotation marks.
    #[error("the frame's kind is not 1 to 10 capital letters, digits or hyphens in quotation marks")]
    Token,
    /// Not four decimal digits.
    #[error("the frame's number is not four decimal digits")]
    Sequence,
    /// Not `R` and `L` with 1 to 6 hexadecimal digits.
    #[error("the receiver or the line is not 1 to 6 hexadecimal digits after `R` or `L`")]
    Route,
    /// Not `#` and 3 to 16 hexadecimal digits.
    #[error("the account is not 3 to 16 hexadecimal digits after `#`, or no `[` follows it")]
    Account,
}

/// A frame whose text was not looked at yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    pub(crate) head: Head,
    pub(crate) encrypted: bool,
    /// What follows the first `[`.
    pub(crate) text: Vec<u8>,
}

impl Envelope {
    /// Reads one whole frame, with both control characters.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn parse(frame: &[u8]) -> Result<Self, FrameError> {
        if frame.len() > FRAME_BYTES_MAX {
            return Err(FrameError::Framing);
        }
        let [b'\n', inner @ .., b'\r'] = frame else { return Err(FrameError::Framing) };
        let (lead, body) = inner.split_at_checked(LEAD_BYTES - 1).ok_or(FrameError::Framing)?;
        let (crc, length) = lead.split_at_checked(4).ok_or(FrameError::Framing)?;
        if number(length) != u16::try_from(body.len()).ok() {
            return Err(FrameError::Length);
        }
        if number(crc) != Some(checksum(body)) {
            return Err(FrameError::Checksum);
        }
        Self::parse_body(body)
    }

    fn parse_body(body: &[u8]) -> Result<Self, FrameError> {
        let rest = body.strip_prefix(b"\"").ok_or(FrameError::Token)?;
        let (encrypted, rest) = rest.strip_prefix(b"*").map_or((false, rest), |rest| (true, rest));
        let (token, rest) = cut(rest, b'"').ok_or(FrameError::Token)?;
        let token = Token::parse(token).ok_or(FrameError::Token)?;
        let (sequence, rest) = rest.split_at_checked(4).ok_or(FrameError::Sequence)?;
        let sequence = parse_sequence(sequence).ok_or(FrameError::Sequence)?;
        let (route, text) = cut(rest, b'[').ok_or(FrameError::Account)?;
        let (receiver, line, account) = parse_route(route)?;
        Ok(Self { head: Head { token, sequence, receiver, line, account }, encrypted, text: text.to_vec() })
    }

    /// What stands before the text. Nobody vouches for it before the text was opened, and then only for the account.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Whether the text is encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// By what a receiver recognises a repeat: the encrypted text itself, which no other frame has; in the clear, the number with the text.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        let number = self.head.sequence.get().to_be_bytes();
        let number: &[u8] = if self.encrypted { &[] } else { &number };
        let text = self.text.to_ascii_uppercase();
        let text = if self.encrypted { &text } else { &self.text };
        hash_parts("dc09/text/v1", &[number, text])
    }
}

/// The bytes of a frame around its inner part.
pub fn wrap(body: &[u8]) -> Vec<u8> {
    let lead = format!("\n{:04X}{:04X}", checksum(body), body.len());
    [lead.as_bytes(), body, b"\r"].concat()
}

fn parse_route(route: &[u8]) -> Result<(Option<Number>, Number, Option<Account>), FrameError> {
    let text = ascii(route).ok_or(FrameError::Route)?;
    let (numbers, account) = match text.split_once('#') {
        Some((numbers, account)) => (numbers, Some(Account::parse(account).ok_or(FrameError::Account)?)),
        // Whoever names nobody writes `A0` here.
        None => (text.strip_suffix("A0").ok_or(FrameError::Account)?, None),
    };
    let (receiver, line) = numbers.split_once('L').ok_or(FrameError::Route)?;
    let receiver = match receiver.strip_prefix('R') {
        Some(receiver) => Some(Number::parse(receiver).ok_or(FrameError::Route)?),
        None if receiver.is_empty() => None,
        None => return Err(FrameError::Route),
    };
    Ok((receiver, Number::parse(line).ok_or(FrameError::Route)?, account))
}

fn parse_sequence(digits: &[u8]) -> Option<Sequence> {
    let fits = digits.iter().all(u8::is_ascii_digit);
    let number: u16 = ascii(digits)?.parse().ok()?;
    Sequence::new(number).filter(|_| fits)
}

/// Four hexadecimal digits.
fn number(digits: &[u8]) -> Option<u16> {
    let mut bytes = [0; 2];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(u16::from_be_bytes(bytes))
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|byte| *byte == at)?;
    let (before, after) = text.split_at_checked(position)?;
    Some((before, after.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &str = "\"SIA-DCS\"0042R1L2#1234[#1234|Nri1/HA001]_09:05:07,11-20-2026";

    fn parse(body: &str) -> Result<Envelope, FrameError> {
        Envelope::parse(&wrap(body.as_bytes()))
    }

    #[test]
    fn a_frame_has_a_head() {
        let frame = parse(BODY).unwrap();
        let head = frame.head();
        assert_eq!(head.token, Token::Sia);
        assert_eq!(head.sequence.get(), 42);
        assert_eq!((head.receiver.as_ref().unwrap().as_str(), head.line.as_str()), ("1", "2"));
        assert_eq!(head.account, Account::parse("1234"));
        assert!(!frame.is_encrypted());
        assert!(parse(&BODY.replace("\"SIA", "\"*SIA")).unwrap().is_encrypted());
        assert_eq!(parse(&BODY.replace("R1", "")).unwrap().head().receiver, None);
    }

    #[test]
    fn an_answer_to_nobody_has_no_account() {
        let frame = parse("\"NAK\"0000R0L0A0[]_10:10:18,07-30-2024").unwrap();
        assert_eq!((frame.head().account.clone(), frame.head().line.clone()), (None, Number::zero()));
        assert_eq!(*frame.head(), Head::nak());
    }

    #[test]
    fn every_part_of_the_head_is_looked_at() {
        for (from, to, error) in [
            ("\"SIA-DCS\"", "SIA-DCS\"", FrameError::Token),
            ("\"SIA-DCS\"", "\"SIA-DCS", FrameError::Token),
            ("SIA-DCS", "", FrameError::Token),
            ("SIA-DCS", "sia-dcs", FrameError::Token),
            ("SIA-DCS", "SIA-DCS-AND-MORE", FrameError::Token),
            ("SIA-DCS", "**SIA", FrameError::Token),
            ("0042", "42", FrameError::Sequence),
            ("0042", "004x", FrameError::Sequence),
            ("0042", "+042", FrameError::Sequence),
            ("R1L2", "R1", FrameError::Route),
            ("R1L2", "RL2", FrameError::Route),
            ("R1L2", "R1L", FrameError::Route),
            ("R1L2", "R1234567L2", FrameError::Route),
            ("R1L2", "xL2", FrameError::Route),
            ("#1234[", "[", FrameError::Account),
            ("#1234[", "#12[", FrameError::Account),
            ("#1234[", "#12g4[", FrameError::Account),
            ("#1234[", "#12345678901234567[", FrameError::Account),
            ("[#1234|Nri1/HA001]_09:05:07,11-20-2026", "", FrameError::Account),
        ] {
            let body = BODY.replacen(from, to, 1);
            assert_eq!(parse(&body), Err(error), "{body}");
        }
    }

    #[test]
    fn length_and_checksum_are_those_of_the_text() {
        let good = wrap(BODY.as_bytes());
        assert!(Envelope::parse(&good).is_ok());
        let mut lower = good.clone();
        lower[1..9].make_ascii_lowercase();
        assert!(Envelope::parse(&lower).is_ok());
        let mut longer = good.clone();
        longer.insert(20, b'x');
        assert_eq!(Envelope::parse(&longer), Err(FrameError::Length));
        for at in 9..good.len() - 1 {
            let mut altered = good.clone();
            altered[at] ^= 1;
            assert_eq!(Envelope::parse(&altered), Err(FrameError::Checksum), "{at}");
        }
        for (at, byte, error) in
            [(5, b'1', FrameError::Length), (1, b'g', FrameError::Checksum), (0, b' ', FrameError::Framing)]
        {
            let mut altered = good.clone();
            altered[at] = byte;
            assert_eq!(Envelope::parse(&altered), Err(error));
        }
        assert_eq!(Envelope::parse(b"\n\r"), Err(FrameError::Framing));
        assert_eq!(Envelope::parse(b""), Err(FrameError::Framing));
        assert_eq!(Envelope::parse(&wrap(&[b'x'; 0x1000])), Err(FrameError::Framing));
    }

    #[test]
    fn a_repeat_is_known_by_its_text() {
        let plain = |body: &str| parse(body).unwrap().fingerprint();
        assert_eq!(plain(BODY), plain(&BODY.replace("R1L2", "R1L3")));
        assert_ne!(plain(BODY), plain(&BODY.replace("0042", "0043")));
        assert_ne!(plain(BODY), plain(&BODY.replace("HA001", "HA002")));
        let sealed = |body: &str| plain(&body.replace("SIA", "*SIA"));
        assert_eq!(
            sealed(BODY),
            sealed(&BODY.replace("0042", "0043")),
            "the number stands outside of what is sealed"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Envelope::parse(&bytes);
            let _ = Envelope::parse(&wrap(&bytes));
        }

        #[test]
        fn any_body_near_the_form_is_answered(body in "\"\\*?[A-Z-]{0,12}\"[0-9]{0,5}R?[0-9A-F]{0,7}L?[0-9A-F]{0,7}[#A]?[0-9A-F]{0,17}\\[?.{0,60}") {
            let _ = Envelope::parse(&wrap(body.as_bytes()));
        }
    }
}
