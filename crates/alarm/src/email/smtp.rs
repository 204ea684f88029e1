//! The conversation with a relay (RFC 5321, 3207, 4954) over a connection that is bounded in time and bytes.
//!
//! Our own because lettre's blocking client bounds each read but not the whole, and keeps what came in the clear before STARTTLS
//! ([ADR 24](../../../../docs/adr/0024-channels.md)). One mail for each connection, one recipient for each mail.

use std::io::{Read, Write};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use lettre::Address;
use types::Secret;
use zeroize::Zeroizing;

use crate::DeliveryError;
use crate::connection::{Connection, Tls, explain_io, shorten};

/// How many lines an answer may have.
const REPLY_LINES_MAX: usize = 128;
/// How long one of them may be, in bytes.
const REPLY_LINE_BYTES_MAX: usize = 2048;

/// An answer of the relay.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// Whether the relay's answer to EHLO names this.
    fn offers(&self, keyword: &str) -> bool {
        self.lines
            .iter()
            .any(|line| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(keyword)))
    }

    fn offers_login_by(&self, mechanism: &str) -> bool {
        let named = |line: &String| {
            let mut words = line.split([' ', '=']);
            words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
                && words.any(|word| word.eq_ignore_ascii_case(mechanism))
        };
        self.lines.iter().any(named)
    }

    /// Good when it is of this hundred: 2 done, 3 go on.
    fn expect(self, hundred: u16) -> Result<Self, DeliveryError> {
        match self.code {
            code if code / 100 == hundred => Ok(self),
            code @ 400..=499 => Err(DeliveryError::Unavailable(code)),
            code @ 500..=599 => Err(DeliveryError::Refused(code)),
            code => Err(DeliveryError::Broken(format!("unexpected answer {code}"))),
        }
    }
}

/// A relay that has greeted us.
pub struct Session {
    connection: Connection,
    /// What was read and not yet looked at.
    pending: Vec<u8>,
    /// What the relay offers.
    offer: Reply,
}

impl Session {
    /// Waits for the greeting and greets back as `name`.
    pub fn greet(connection: Connection, name: &str) -> Result<Self, DeliveryError> {
        let offer = Reply { code: 0, lines: Vec::new() };
        let mut session = Self { connection, pending: Vec::new(), offer };
        session.reply()?.expect(2)?;
        session.hello(name)?;
        Ok(session)
    }

    fn hello(&mut self, name: &str) -> Result<(), DeliveryError> {
        self.offer = self.ask(&format!("EHLO {name}"), 2)?;
        Ok(())
    }

    /// Goes over to TLS, or fails: nothing is said in the clear instead.
    pub fn secure(mut self, tls: &Tls, name: &str) -> Result<Self, DeliveryError> {
        if !self.offer.offers("STARTTLS") {
            return Err(DeliveryError::Tls("the relay offers no STARTTLS".into()));
        }
        self.ask("STARTTLS", 2)?;
        // Words put in before TLS must not be taken for the relay's own after it.
        if !self.pending.is_empty() {
            return Err(DeliveryError::Tls("the relay spoke on before TLS".into()));
        }
        self.connection = self.connection.secure(tls)?;
        self.hello(name)?;
        Ok(self)
    }

    /// Signs in.
    pub fn login(&mut self, user: &str, password: &Secret<String>) -> Result<(), DeliveryError> {
        let encode = |text: &str| Zeroizing::new(BASE64_STANDARD.encode(text));
        let signed_in = if self.offer.offers_login_by("PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{}", password.reveal()));
            self.ask(&Zeroizing::new(format!("AUTH PLAIN {}", *encode(&both))), 2)
        } else if self.offer.offers_login_by("LOGIN") {
            self.ask("AUTH LOGIN", 3)
                .and_then(|_| self.ask(&encode(user), 3))
                .and_then(|_| self.ask(&encode(password.reveal()), 2))
        } else {
            Err(DeliveryError::Rejected("it offers neither AUTH PLAIN nor AUTH LOGIN".into()))
        };
        match signed_in {
            Ok(_) => Ok(()),
            Err(DeliveryError::Refused(code)) => Err(DeliveryError::Login(code)),
            Err(error) => Err(error),
        }
    }

    /// Hands one mail over; the relay's words when it has taken it.
    pub fn send(&mut self, from: &Address, to: &Address, mail: &[u8]) -> Result<String, DeliveryError> {
        self.ask(&format!("MAIL FROM:<{from}>"), 2)?;
        self.ask(&format!("RCPT TO:<{to}>"), 2)?;
        self.ask("DATA", 3)?;
        self.write(&stuffed(mail))?;
        let reply = self.reply()?.expect(2)?;
        let words = reply.lines.first().map_or("", String::as_str);
        Ok(shorten(&format!("{} {words}", reply.code)))
    }

    /// Whether it still answers.
    pub fn noop(&mut self) -> Result<(), DeliveryError> {
        self.ask("NOOP", 2).map(drop)
    }

    /// Says goodbye. All that matters has been answered, so it waits for nothing.
    pub fn quit(mut self) {
        let _unheard = self.write(b"QUIT\r\n");
    }

    fn ask(&mut self, command: &str, hundred: u16) -> Result<Reply, DeliveryError> {
        let line = Zeroizing::new([command.as_bytes(), b"\r\n"].concat());
        self.write(&line)?;
        self.reply()?.expect(hundred)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DeliveryError> {
        let written = self.connection.write_all(bytes).and_then(|()| self.connection.flush());
        written.map_err(|error| explain_io(&error))
    }

    fn reply(&mut self) -> Result<Reply, DeliveryError> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        while reply.lines.len() < REPLY_LINES_MAX {
            let line = self.line()?;
            let (code, is_last, words) = parse_line(&line).ok_or_else(nonsense)?;
            if !reply.lines.is_empty() && code != reply.code {
                return Err(nonsense());
            }
            reply.code = code;
            reply.lines.push(words.to_owned());
            if is_last {
                return Ok(reply);
            }
        }
        Err(nonsense())
    }

    fn line(&mut self) -> Result<String, DeliveryError> {
        let mut chunk = [0; 1024];
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let rest = self.pending.split_off(end.saturating_add(1));
                let line = std::mem::replace(&mut self.pending, rest);
                return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
            }
            if self.pending.len() > REPLY_LINE_BYTES_MAX {
                return Err(nonsense());
            }
            let read = self.connection.read(&mut chunk).map_err(|error| explain_io(&error))?;
            if read == 0 {
                return Err(DeliveryError::Broken("the relay hung up".into()));
            }
            self.pending.extend(chunk.iter().take(read));
        }
    }
}

fn nonsense() -> DeliveryError {
    DeliveryError::Broken("not the answer of a mail relay".into())
}

/// `250-more` or `250 last`.
fn parse_line(line: &str) -> Option<(u16, bool, &str)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    match rest.as_bytes().first() {
        None => Some((code, true, "")),
        Some(b' ') => Some((code, true, rest.get(1..)?)),
        Some(b'-') => Some((code, false, rest.get(1..)?)),
        Some(_) => None,
    }
}

/// The mail with each line's leading dot doubled, and the dot that ends it.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len().saturating_add(64));
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_of_an_answer_has_three_digits_and_a_mark() {
        assert_eq!(parse_line("250-SIZE 1"), Some((250, false, "SIZE 1")));
        assert_eq!(parse_line("250 OK"), Some((250, true, "OK")));
        assert_eq!(parse_line("354"), Some((354, true, "")));
        for bad in ["", "25", "+50 OK", "250xOK", "é50 OK", "2 50"] {
            assert_eq!(parse_line(bad), None, "{bad}");
        }
    }

    #[test]
    fn offers_are_read_whatever_their_case() {
        let lines = ["relay.example", "starttls", "AUTH PLAIN login", "AUTHOR CRAM-MD5"];
        let reply = Reply { code: 250, lines: lines.map(String::from).to_vec() };
        assert!(reply.offers("STARTTLS") && !reply.offers("SIZE"));
        assert!(reply.offers_login_by("LOGIN") && reply.offers_login_by("PLAIN"));
        assert!(!reply.offers_login_by("CRAM-MD5"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// What a relay reads until the lone dot, unstuffed, is the mail; so no content can end it early and go on as commands.
        #[test]
        fn a_mail_ends_at_its_end(lines in proptest::collection::vec("[.a]{0,4}", 0..8)) {
            let mail = lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect::<Vec<u8>>();
            let wire = stuffed(&mail);
            let text = String::from_utf8(wire).unwrap();
            let mut read = Vec::new();
            let mut rest = text.split_inclusive("\r\n");
            for line in rest.by_ref() {
                if line == ".\r\n" {
                    break;
                }
                read.extend(line.strip_prefix('.').unwrap_or(line).bytes());
            }
            prop_assert_eq!(rest.next(), None);
            let expected = if mail.is_empty() { b"\r\n".to_vec() } else { mail };
            prop_assert_eq!(read, expected);
        }
    }
}
