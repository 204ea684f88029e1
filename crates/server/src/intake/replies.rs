//! Replies to alarms, by SMS or by mail, with a call-back code in them (G8): shown to responders and never counted, because such senders can be faked.
//!
//! Called by channels that hear (`alarm::Inbound`) and by the route of mail. What is nobody's, or without one code, leads to nothing.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError, Weak};

use alarm::{Inbound, Number, WebhookHeaders, WebhookTrust, reply_code, verify_webhook};
use covert::Sign;
use gate::{Ask, Command};
use mail_parser::{Address, MessageParser};
use types::{ChannelId, Hash, Span, Timestamp};

use crate::engine::{Request, Shared};

/// The longest mail that is read, in bytes.
pub const MAIL_BYTES_MAX: usize = 64 * 1024;
/// The most replies within [`REPLIES_WINDOW`]; more are not noted.
pub const REPLIES_MAX: usize = 60;
/// The window in which replies are counted.
pub const REPLIES_WINDOW: Span = Span::from_seconds(60);
/// How far a mail gateway's time may be from ours.
const TOLERANCE: Span = Span::from_seconds(300);

/// Where mail comes from.
#[derive(Clone, Debug)]
pub struct MailReplies {
    /// The channel that sent what is replied to: its addresses in the call plan say who replies.
    pub channel: ChannelId,
    /// How the gateway signs.
    pub trust: WebhookTrust,
}

/// What is heard. Made before the engine, which it is bound to later and does not keep alive.
#[derive(Default)]
pub struct Replies {
    mail: Option<MailReplies>,
    engine: OnceLock<Weak<Shared>>,
    recent: Mutex<VecDeque<Timestamp>>,
}

impl fmt::Debug for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replies(…)")
    }
}

impl Replies {
    /// With a gateway of mail, if there is one.
    #[must_use]
    pub fn new(mail: Option<MailReplies>) -> Self {
        Self { mail, ..Self::default() }
    }

    pub(crate) fn bind(&self, shared: Weak<Shared>) {
        // A second engine in one process has replies of its own.
        let _first = self.engine.set(shared);
    }

    /// A mail as it arrived, and what is to be written down for it: a sign of nobody where it says nothing. `None` when its gateway is not ours.
    pub fn mail(&self, headers: WebhookHeaders<'_>, raw: &[u8], now: Timestamp, seed: Hash) -> Option<Sign> {
        let mail = self.mail.as_ref()?;
        verify_webhook(&mail.trust, headers, raw, now, TOLERANCE).ok()?;
        let shared = self.engine.get().and_then(Weak::upgrade);
        let read = shared.zip(read_mail(raw));
        let sign = read.and_then(|(shared, (from, text))| self.sign(&shared, &mail.channel, (&from, &text)));
        Some(sign.unwrap_or(Sign::Nobody { seed }))
    }

    fn sign(&self, shared: &Shared, channel: &ChannelId, (from, text): (&str, &str)) -> Option<Sign> {
        let code = reply_code(text)?;
        let plan = shared.deliveries.plan();
        let is_theirs = |contact: &&rota::Contact| {
            contact.ways.get(channel).is_some_and(|address| is_same_address(address, from))
        };
        let by = plan.contacts().find(is_theirs)?.person.clone();
        self.has_room(shared.now()).then(|| Sign::Reply { by, channel: channel.clone(), code })
    }

    fn has_room(&self, now: Timestamp) -> bool {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|first| first.after(REPLIES_WINDOW) <= now) {
            recent.pop_front();
        }
        let room = recent.len() < REPLIES_MAX;
        if room {
            recent.push_back(now);
        }
        room
    }
}

impl Inbound for Replies {
    /// Nobody waits for it: whoever replies gets no answer. A server that is too busy drops it: an acknowledgement is what counts.
    fn replied(&self, channel: &ChannelId, from: &str, text: &str) {
        let Some(shared) = self.engine.get().and_then(Weak::upgrade) else { return };
        if let Some(sign) = self.sign(&shared, channel, (from, text)) {
            let request = Request::from(Command::system(Ask::Sign(sign)));
            let _dropped = shared.submit(request, Box::new(|_| {}));
        }
    }

    /// That a message reached a telephone is no word of a person.
    fn receipt(&self, _channel: &ChannelId, _message: &str, _delivered: bool) {}
}

fn is_same_address(address: &str, from: &str) -> bool {
    match (Number::parse(address), Number::parse(from)) {
        (Some(one), Some(other)) => one.digits() == other.digits(),
        _ => address.eq_ignore_ascii_case(from),
    }
}

/// Who sent it, and its own words: the subject and the first text, without the lines that quote ours.
fn read_mail(raw: &[u8]) -> Option<(String, String)> {
    let message = MessageParser::default().parse(raw.get(..raw.len().min(MAIL_BYTES_MAX))?)?;
    let from = match message.from()? {
        Address::List(list) => list.first()?.address()?.to_owned(),
        Address::Group(_) => return None,
    };
    let body = message.body_text(0).unwrap_or_default();
    let own = body.lines().filter(|line| !line.trim_start().starts_with('>'));
    let own: String = own
        .take_while(|line| !line.trim_end().ends_with(':') || !line.contains('@'))
        .fold(String::new(), |text, line| text + line + "\n");
    Some((from, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: Vera <Vera@nuage.example>\r\nTo: alarm@nuage.example\r\nSubject: Re: [alarm]\r\n\r\n482913\r\n\r\nOn Fri, alarm@nuage.example wrote:\r\n> code 111111\r\n";

    #[test]
    fn a_reply_is_its_own_words_and_its_sender() {
        let (from, text) = read_mail(MAIL.as_bytes()).unwrap();
        assert_eq!((from.as_str(), reply_code(&text).as_deref()), ("Vera@nuage.example", Some("482913")));
        assert!(
            is_same_address("vera@nuage.example", &from) && !is_same_address("walid@nuage.example", &from)
        );
        assert!(is_same_address("+33639980111", "33639980111"));
    }

    #[test]
    fn quoted_codes_are_not_words_of_the_sender() {
        let quoting = MAIL.replace("482913", "ok");
        assert_eq!(reply_code(&read_mail(quoting.as_bytes()).unwrap().1), None);
    }

    #[test]
    fn hostile_mail_leads_to_nothing() {
        let deep = format!(
            "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{}",
            "--x\r\n".repeat(5_000)
        );
        let many = format!("From: {}\r\n\r\n482913", "a@b.c, ".repeat(5_000));
        let group = "From: everybody:a@b.c;\r\n\r\n482913";
        for raw in [
            b"".as_slice(),
            b"\0\xff\xfe",
            deep.as_bytes(),
            many.as_bytes(),
            group.as_bytes(),
            &[b'a'; 200_000],
        ] {
            let read = read_mail(raw);
            assert!(read.is_none_or(|(from, _)| from.len() < 400));
        }
    }

    #[test]
    fn a_flood_is_not_noted() {
        let replies = Replies::new(None);
        let at = Timestamp::from_millis(0);
        assert_eq!((0..100).filter(|_| replies.has_room(at)).count(), REPLIES_MAX);
        assert!(replies.has_room(at.after(REPLIES_WINDOW)));
    }
}
