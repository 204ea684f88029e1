//! The demo's mail server: takes mails over SMTP on loopback and shows what a person would read (G8).
//!
//! It is no mail server: no TLS, no relaying, one connection at a time, nothing kept beyond its life, everything bounded.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The most that one connection may send, in bytes.
const CONNECTION_BYTES_MAX: u64 = 256 * 1024;
/// The most mails that are kept; later ones are turned away for now.
const MAILS_MAX: usize = 1000;
const SOCKET_SECONDS: u64 = 2;

/// A mail that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// To whom it was addressed.
    pub to: String,
    /// Its text.
    pub text: String,
}

/// A running mail server; ends when dropped.
pub struct Inbox {
    address: SocketAddr,
    shared: Arc<Mutex<Record>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Record {
    mails: Vec<Mail>,
    stopping: bool,
}

fn lock(shared: &Mutex<Record>) -> MutexGuard<'_, Record> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inbox {
    /// Listens on a free port of 127.0.0.1.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::<Mutex<Record>>::default();
        let serving = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("demo-mail".into()).spawn(move || serve(&listener, &serving))?;
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// The mails so far, in the order in which they came.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.shared).mails.clone()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        lock(&self.shared).stopping = true;
        // Wakes the thread out of `accept`. If that fails there is nobody to wait for that would end.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take()
            && woken
        {
            let _ended = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, shared: &Mutex<Record>) {
    for stream in listener.incoming() {
        if lock(shared).stopping {
            return;
        }
        // A conversation that breaks off is the sender's to repeat.
        let _ended = stream.and_then(|stream| converse(&stream, shared));
    }
}

fn converse(stream: &TcpStream, shared: &Mutex<Record>) -> io::Result<()> {
    let limit = Some(Duration::from_secs(SOCKET_SECONDS));
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    let mut lines = BufReader::new(stream.take(CONNECTION_BYTES_MAX));
    let mut answer = stream;
    answer.write_all(b"220 demo.example ESMTP\r\n")?;
    let mut to = String::new();
    while let Some(line) = read_line(&mut lines)? {
        let verb: String = line.chars().take(4).collect::<String>().to_ascii_uppercase();
        let words = match verb.as_str() {
            "EHLO" | "HELO" => "250 demo.example",
            "MAIL" | "NOOP" | "RSET" => "250 OK",
            "RCPT" => {
                to = between(&line, '<', '>');
                "250 OK"
            }
            "DATA" => {
                answer.write_all(b"354 end with a dot\r\n")?;
                take(shared, &to, &read_mail(&mut lines)?)
            }
            "QUIT" => return answer.write_all(b"221 bye\r\n"),
            _ => "500 not understood",
        };
        answer.write_all(format!("{words}\r\n").as_bytes())?;
    }
    Ok(())
}

fn take(shared: &Mutex<Record>, to: &str, mail: &str) -> &'static str {
    let mut record = lock(shared);
    if record.mails.len() >= MAILS_MAX {
        return "452 full";
    }
    record.mails.push(Mail { to: to.to_owned(), text: text(mail) });
    "250 taken"
}

/// A line without its end; nothing when the other side has closed.
fn read_line(lines: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if lines.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&bytes);
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The lines until the one that is a dot (RFC 5321, section 4.5.2).
fn read_mail(lines: &mut impl BufRead) -> io::Result<String> {
    let mut mail = String::new();
    loop {
        let line = read_line(lines)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line == "." {
            return Ok(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
        mail.push('\n');
    }
}

fn between(line: &str, open: char, close: char) -> String {
    let inside = line.split_once(open).and_then(|(_, rest)| rest.split_once(close));
    inside.map(|(inside, _)| inside.to_owned()).unwrap_or_default()
}

/// The text of a mail, decoded as its header says.
fn text(mail: &str) -> String {
    let (head, body) = mail.split_once("\n\n").unwrap_or(("", mail));
    let encoding = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-transfer-encoding").then(|| value.trim().to_ascii_lowercase())
    });
    let bytes = match encoding.as_deref() {
        Some("base64") => BASE64.decode(body.split_whitespace().collect::<String>()).unwrap_or_default(),
        Some("quoted-printable") => quoted(body),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

/// Quoted-printable (RFC 2045, section 6.7).
fn quoted(body: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((plain, coded)) = rest.split_once('=') {
        bytes.extend_from_slice(plain.as_bytes());
        let byte = coded.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match (coded.strip_prefix('\n'), byte) {
            // A line that goes on.
            (Some(after), _) => after,
            (None, Some(byte)) => {
                bytes.push(byte);
                coded.get(2..).unwrap_or_default()
            }
            (None, None) => coded,
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(stream: &TcpStream, line: &str) -> String {
        let mut writer = stream;
        writer.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        read_line(&mut BufReader::new(stream)).unwrap().unwrap()
    }

    #[test]
    fn a_mail_is_taken_and_read_as_a_person_reads_it() {
        let inbox = Inbox::start().unwrap();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, inbox.port())).unwrap();
        assert!(read_line(&mut BufReader::new(&stream)).unwrap().unwrap().starts_with("220"));
        for line in ["EHLO test", "MAIL FROM:<a@example>", "RCPT TO:<vera@example>"] {
            assert!(say(&stream, line).starts_with("250"), "{line}");
        }
        assert!(say(&stream, "DATA").starts_with("354"));
        let mail =
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nalert=C3=A9 et =\r\nsuite\r\n..dot\r\n.";
        assert!(say(&stream, mail).starts_with("250"));
        assert!(say(&stream, "WHAT").starts_with("500"));
        assert!(say(&stream, "QUIT").starts_with("221"));
        let taken = Mail { to: "vera@example".into(), text: "alerté et suite\n.dot\n".into() };
        assert_eq!(inbox.mails(), [taken]);
    }

    #[test]
    fn base64_and_what_is_broken_do_no_harm() {
        assert_eq!(text("Content-Transfer-Encoding: base64\n\nYWJj\nZA==\n"), "abcd");
        assert_eq!(quoted("a=zz=é=4"), "a=zz=é=4".replace('=', "").into_bytes());
        assert_eq!(text("no head"), "no head");
    }
}
