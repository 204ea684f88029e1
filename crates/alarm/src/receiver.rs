//! A tiny alarm centre on loopback: the stand-in that `rempart demo` shows and that tests count on.
//!
//! It checks signatures as a real receiver must ([`crate::verify_webhook`]), drops repeats by id, and remembers a bounded number of
//! messages. It is not an alarm centre: no TLS, one connection at a time, nothing kept beyond its life.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use types::{Span, Timestamp};

use crate::signature::{
    ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WEBHOOK_BODY_BYTES_MAX, WebhookHeaders, WebhookTrust,
    verify_webhook,
};
use crate::webhook::PROBE;

/// How many messages a receiver remembers; later ones are answered with 503.
pub const RECEIVER_MESSAGES_MAX: usize = 1000;
/// How far a message's time may be from the receiver's, in seconds.
pub const RECEIVER_TOLERANCE_SECONDS: u64 = 300;
const HEAD_BYTES_MAX: u64 = 8 * 1024;
const SOCKET_SECONDS: u64 = 2;

/// Tells the receiver's time; the demo gives its simulated clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A message that was believed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Its id.
    pub id: String,
    /// When it came, by the receiver's clock.
    pub at: Timestamp,
    /// The JSON.
    pub body: String,
}

/// A running receiver; ends when dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    trust: WebhookTrust,
    clock: Clock,
    record: Mutex<Record>,
    changed: Condvar,
}

#[derive(Default)]
struct Record {
    messages: Vec<Received>,
    seen: BTreeSet<String>,
    repeats: usize,
    probes: usize,
    rejected: usize,
    stopping: bool,
}

impl Shared {
    /// A thread that panicked while holding the lock left a record that is still whole: every change is one push.
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1; believes the sender's secret or key.
    ///
    /// # Errors
    /// When no port or thread is to be had.
    pub fn start(trust: impl Into<WebhookTrust>, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let trust = trust.into();
        let shared = Arc::new(Shared { trust, clock, record: Mutex::default(), changed: Condvar::new() });
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("alarm-receiver".into())
            .spawn(move || serve(&listener, &serving))?;
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// The address to configure as a webhook's `url` (with `allow_private = true`).
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/alarm", self.address)
    }

    /// The messages so far, in the order in which they came.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.record().messages.clone()
    }

    /// How many genuine messages came again.
    #[must_use]
    pub fn repeats(&self) -> usize {
        self.shared.record().repeats
    }

    /// How many heartbeats came.
    #[must_use]
    pub fn probes(&self) -> usize {
        self.shared.record().probes
    }

    /// How many requests were not believed.
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.shared.record().rejected
    }

    /// Waits until so many messages are there, or the time is over; says whether they are.
    #[must_use]
    pub fn wait_for(&self, count: usize, longest: Duration) -> bool {
        let record = self.shared.record();
        let waiting = |record: &mut Record| record.messages.len() < count;
        let (record, _) = self
            .shared
            .changed
            .wait_timeout_while(record, longest, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        record.messages.len() >= count
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.record().stopping = true;
        // Wakes the thread out of `accept`. If that fails there is nobody to wait for that would end.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take()
            && woken
        {
            let _ended = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, shared: &Shared) {
    for stream in listener.incoming() {
        if shared.record().stopping {
            return;
        }
        // A connection that fails is the sender's to repeat.
        let _answered = stream.and_then(|stream| answer(&stream, shared));
    }
}

fn answer(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let limit = Some(Duration::from_secs(SOCKET_SECONDS));
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    let status = match read_request(stream) {
        Ok(request) => shared.judge(&request),
        Err(_) => {
            shared.record().rejected += 1;
            "400 Bad Request"
        }
    };
    shared.changed.notify_all();
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    stream.flush()
}

#[derive(Default)]
struct Request {
    id: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

impl Shared {
    fn judge(&self, request: &Request) -> &'static str {
        let at = (self.clock)();
        let headers =
            WebhookHeaders { id: &request.id, timestamp: &request.timestamp, signature: &request.signature };
        let tolerance = Span::from_seconds(RECEIVER_TOLERANCE_SECONDS);
        let genuine = verify_webhook(&self.trust, headers, &request.body, at, tolerance).is_ok();
        let mut record = self.record();
        let Some(body) = genuine.then(|| String::from_utf8(request.body.clone()).ok()).flatten() else {
            record.rejected += 1;
            return "401 Unauthorized";
        };
        if body == PROBE {
            record.probes += 1;
            return "200 OK";
        }
        if record.seen.contains(&request.id) {
            record.repeats += 1;
            return "200 OK";
        }
        if record.messages.len() >= RECEIVER_MESSAGES_MAX {
            return "503 Service Unavailable";
        }
        record.seen.insert(request.id.clone());
        record.messages.push(Received { id: request.id.clone(), at, body });
        "200 OK"
    }
}

/// Reads one POST with a length. Anything else is refused.
fn read_request(stream: &TcpStream) -> io::Result<Request> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let mut reader = BufReader::new(stream);
    let mut head = reader.by_ref().take(HEAD_BYTES_MAX);
    let mut line = String::new();
    head.read_line(&mut line)?;
    if !line.starts_with("POST ") {
        return Err(wrong());
    }
    let mut request = Request::default();
    let mut length = None;
    loop {
        line.clear();
        head.read_line(&mut line)?;
        let Some(text) = line.strip_suffix("\r\n") else { return Err(wrong()) };
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':').ok_or_else(wrong)?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            ID_HEADER => value.clone_into(&mut request.id),
            TIMESTAMP_HEADER => value.clone_into(&mut request.timestamp),
            SIGNATURE_HEADER => value.clone_into(&mut request.signature),
            "content-length" => length = value.parse::<usize>().ok(),
            "transfer-encoding" => return Err(wrong()),
            _ => {}
        }
    }
    let length = length.filter(|length| *length <= WEBHOOK_BODY_BYTES_MAX).ok_or_else(wrong)?;
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_webhook;
    use types::Secret;

    const SECRET: [u8; 32] = [b'k'; 32];
    const PATIENCE: Duration = Duration::from_secs(10);

    fn start() -> Receiver {
        Receiver::start(Secret::new(SECRET.to_vec()), Arc::new(|| Timestamp::from_millis(1_700_000_000_000)))
            .unwrap()
    }

    fn post(id: &str, body: &str) -> String {
        let signature = sign_webhook(&SECRET, id, 1_700_000_000, body.as_bytes());
        let length = body.len();
        format!(
            "POST /alarm HTTP/1.1\r\nhost: x\r\nWebhook-Id: {id}\r\nWEBHOOK-TIMESTAMP: 1700000000\r\n\
             webhook-signature: {signature}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    /// Sends bytes and reads the first line of the answer, if any comes.
    fn send(receiver: &Receiver, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(receiver.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The receiver may answer and hang up before it has read all: then writing fails.
        let _written = stream.write_all(request);
        let mut line = String::new();
        let _read = BufReader::new(stream).read_line(&mut line);
        line.trim_end().to_owned()
    }

    #[test]
    fn genuine_messages_are_kept_once() {
        let receiver = start();
        for _ in 0..3 {
            assert_eq!(send(&receiver, post("a", "{}").as_bytes()), "HTTP/1.1 200 OK");
        }
        assert_eq!(receiver.received().len(), 1);
        assert_eq!(receiver.repeats(), 2);
    }

    #[test]
    fn what_is_not_genuine_is_rejected_and_does_not_stop_it() {
        let receiver = start();
        let forged = post("a", "{}").replace("\r\n\r\n{}", "\r\n\r\n[]");
        assert_eq!(send(&receiver, forged.as_bytes()), "HTTP/1.1 401 Unauthorized");
        let chunked =
            post("a", "{}").replace("content-length", "transfer-encoding: chunked\r\ncontent-length");
        let long = post("a", "{}").replace("content-length: 2", "content-length: 99999999999");
        let head = post("a", "{}").replace("host: x", &format!("host: {}", "y".repeat(100_000)));
        let bad: [&[u8]; 6] = [
            chunked.as_bytes(),
            long.as_bytes(),
            head.as_bytes(),
            b"GET / HTTP/1.1\r\n\r\n",
            b"\xff\xfe\r\n\r\n",
            b"POST / HTTP/1.1\r\nnonsense\r\n\r\n",
        ];
        for request in bad {
            let answer = send(&receiver, request);
            assert!(answer.is_empty() || answer == "HTTP/1.1 400 Bad Request", "{answer}");
        }
        assert_eq!(send(&receiver, post("b", "{}").as_bytes()), "HTTP/1.1 200 OK");
        assert_eq!((receiver.received().len(), receiver.rejected()), (1, 7));
    }

    #[test]
    fn a_silent_sender_does_not_hold_it_up_for_long() {
        let receiver = start();
        let silent = TcpStream::connect(receiver.address).unwrap();
        assert_eq!(send(&receiver, post("b", "{}").as_bytes()), "HTTP/1.1 200 OK");
        drop(silent);
    }

    #[test]
    fn a_heartbeat_is_answered_and_is_no_message() {
        let receiver = start();
        assert_eq!(send(&receiver, post("a", PROBE).as_bytes()), "HTTP/1.1 200 OK");
        assert_eq!((receiver.received().len(), receiver.probes(), receiver.rejected()), (0, 1, 0));
        let forged = post("a", PROBE).replace("Webhook-Id: a", "Webhook-Id: b");
        assert_eq!(send(&receiver, forged.as_bytes()), "HTTP/1.1 401 Unauthorized");
        assert_eq!((receiver.probes(), receiver.rejected()), (1, 1));
    }

    #[test]
    fn memory_is_bounded() {
        let receiver = start();
        let old = Received { id: String::new(), at: Timestamp::MIN, body: String::new() };
        receiver.shared.record().messages = vec![old; RECEIVER_MESSAGES_MAX];
        assert_eq!(send(&receiver, post("b", "{}").as_bytes()), "HTTP/1.1 503 Service Unavailable");
        assert_eq!(receiver.received().len(), RECEIVER_MESSAGES_MAX);
    }

    #[test]
    fn waiting_ends_with_the_message_or_the_time() {
        let receiver = start();
        assert!(!receiver.wait_for(1, Duration::from_millis(20)));
        assert_eq!(send(&receiver, post("b", "{}").as_bytes()), "HTTP/1.1 200 OK");
        assert!(receiver.wait_for(1, PATIENCE));
    }

    #[test]
    fn it_ends_when_dropped() {
        let receiver = start();
        let address = receiver.address;
        drop(receiver);
        assert!(TcpStream::connect(address).is_err());
    }
}
