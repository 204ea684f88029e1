//! The channel against a centre on loopback that is honest, slow, half-open, hostile, or that fails before it works.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::*;
use crate::News;
use crate::config::tests::files;
use crate::message::tests::message;

const KEY: &[u8] = b"00112233445566778899aabbccddeeff";
const SHORT: Limits = Limits { connect: Duration::from_millis(500), whole: Duration::from_millis(800) };

type React = Box<dyn Fn(usize, &[u8]) -> Reaction + Send>;

/// What a centre does with a frame.
enum Reaction {
    Say(Vec<u8>),
    Close,
    Hang,
}

/// Ends when dropped.
struct Centre {
    port: u16,
    frames: Arc<Mutex<Vec<Vec<u8>>>>,
    stopping: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Centre {
    fn start(react: impl Fn(usize, &[u8]) -> Reaction + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let frames = Arc::new(Mutex::new(Vec::new()));
        let stopping = Arc::new(AtomicUsize::new(0));
        let (seen, stop) = (Arc::clone(&frames), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) > 0 {
                    return;
                }
                let mut stream = stream.unwrap();
                let mut splitter = Splitter::default();
                let mut buffer = [0; 4096];
                let frame = loop {
                    let read = stream.read(&mut buffer).unwrap_or(0);
                    if read == 0 {
                        break None;
                    }
                    splitter.push(&buffer[..read]);
                    if let Ok(Some(frame)) = splitter.next_frame() {
                        break Some(frame);
                    }
                };
                let Some(frame) = frame else { continue };
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(frame.clone());
                    seen.len() - 1
                };
                match react(number, &frame) {
                    Reaction::Say(answer) => drop(stream.write_all(&answer)),
                    Reaction::Close => {}
                    Reaction::Hang => std::thread::sleep(Duration::from_millis(1200)),
                }
            }
        });
        Self { port, frames, stopping, thread: Some(thread) }
    }

    fn frames(&self) -> Vec<Vec<u8>> {
        self.frames.lock().unwrap().clone()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.stopping.store(1, Ordering::SeqCst);
        let _woken = std::net::TcpStream::connect(("127.0.0.1", self.port));
        drop(self.thread.take().unwrap().join());
    }
}

fn key() -> Key {
    Key::parse(KEY).unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T09:30:00.5Z").unwrap()
}

fn settings(port: u16, key: bool) -> Dc09Settings {
    let key = if key { ",\"key_file\":\"aes\"" } else { "" };
    let text = format!(
        "{{\"id\":\"centre\",\"host\":\"127.0.0.1\",\"port\":{port},\"account\":\"1234\",\"receiver\":\"5\",\"line\":\"6\",\"allow_private\":true{key}}}"
    );
    serde_json::from_str(&text).unwrap()
}

fn open(settings: &Dc09Settings) -> Result<Dc09, ConfigError> {
    let list = [("aes", KEY), ("short", b"abcd" as &[u8])];
    let read = files(&list);
    Dc09::new(settings, &Files { channel: &settings.id, read: &read, inbound: None }, SHORT)
}

fn channel(centre: &Centre, key: bool) -> Dc09 {
    open(&settings(centre.port, key)).unwrap()
}

fn parsed(frame: &[u8], key: Option<&Key>) -> Text {
    Envelope::parse(frame).unwrap().open(key).unwrap()
}

fn answer(to: &[u8], token: Token, key: Option<&Key>, stamp: Timestamp) -> Vec<u8> {
    let head = Envelope::parse(to).unwrap().head().answer(token);
    let pad = [9; 32];
    let text = Text { head, data: String::new(), extras: Vec::new(), stamp: Some(stamp) };
    text.write(key.map(|key| (key, &pad))).unwrap()
}

fn nak(stamp: Timestamp) -> Vec<u8> {
    Text { head: Head::nak(), data: String::new(), extras: Vec::new(), stamp: Some(stamp) }
        .write(None)
        .unwrap()
}

fn honest(key: Option<Key>) -> impl Fn(usize, &[u8]) -> Reaction + Send + 'static {
    move |_, frame| Reaction::Say(answer(frame, Token::Ack, key.as_ref(), now()))
}

fn later(seconds: u64) -> Timestamp {
    now().after(Span::from_seconds(seconds))
}

#[test]
fn an_alarm_is_a_hold_up_with_pseudonym_and_code() {
    for sealed in [true, false] {
        let key = sealed.then(key);
        let centre = Centre::start(honest(key.clone()));
        let channel = channel(&centre, sealed);
        let receipt = channel.deliver(&message(), None, now()).unwrap();
        let text = parsed(&centre.frames()[0], key.as_ref());
        assert_eq!(receipt.answer, format!("ACK {}", text.head.sequence));
        assert_eq!(text.data, "Nri1/HA001|AALARM alice: acts under duress. Code zebra-17.");
        assert_eq!(text.stamp.unwrap().to_string(), "2026-11-20T09:30:00Z");
        assert_eq!((text.head.line.as_str(), text.head.receiver.unwrap().as_str()), ("6", "5"));
        channel.deliver(&message(), None, now()).unwrap();
        let next = parsed(&centre.frames()[1], key.as_ref()).head.sequence;
        assert_eq!(next, text.head.sequence.next());
    }
}

#[test]
fn what_it_is_decides_the_code() {
    let centre = Centre::start(honest(None));
    let channel = channel(&centre, false);
    let cases = [
        (Message { status: Status::Exercise, ..message() }, "RX"),
        (Message { level: Level::Verify, kind: Kind::SignIn, ..message() }, "HA"),
        (Message { kind: Kind::Channel, ..message() }, "YC"),
        (Message { kind: Kind::Pause, ..message() }, "YX"),
        (Message { news: News::Again, ..message() }, "HA"),
    ];
    for (index, (message, code)) in cases.iter().enumerate() {
        channel.deliver(message, None, now()).unwrap();
        let events = parsed(&centre.frames()[index], None).events().unwrap();
        assert_eq!(events[0].code.to_string(), *code);
    }
    let own = Dc09Settings { code: "PA".into(), language: Language::Fr, ..settings(centre.port, false) };
    open(&own).unwrap().deliver(&message(), None, now()).unwrap();
    let text = parsed(centre.frames().last().unwrap(), None).data;
    assert!(text.starts_with("Nri1/PA001|AALERTE alice"), "{text}");
    assert!(text.is_ascii());
}

#[test]
fn a_heartbeat_tells_nobody_anything() {
    let centre = Centre::start(honest(Some(key())));
    channel(&centre, true).probe(now()).unwrap();
    let text = parsed(&centre.frames()[0], Some(&key()));
    assert_eq!((text.head.token, text.data.as_str()), (Token::Null, ""));
}

#[test]
fn a_wrong_clock_is_corrected_once_and_remembered() {
    let theirs = later(600);
    let centre = Centre::start(move |_, frame| {
        let text = parsed(frame, Some(&key()));
        let is_current = dc09::is_current(text.stamp.unwrap(), theirs);
        Reaction::Say(if is_current { answer(frame, Token::Ack, Some(&key()), theirs) } else { nak(theirs) })
    });
    let channel = channel(&centre, true);
    channel.probe(now()).unwrap();
    assert_eq!(centre.frames().len(), 2);
    let numbers: Vec<u16> =
        centre.frames().iter().map(|frame| Envelope::parse(frame).unwrap().head().sequence.get()).collect();
    assert_ne!(numbers[0], numbers[1]);
    assert_eq!(channel.state().offset, 600 * NANOS_PER_SECOND);
}

#[test]
fn a_clock_that_cannot_be_right_is_not_followed() {
    for (centre, tried) in [
        (Centre::start(|_, _| Reaction::Say(nak(later(2 * 3600)))), 1),
        (Centre::start(|_, _| Reaction::Say(nak(now().before(Span::from_hours(2))))), 1),
        (Centre::start(|number, _| Reaction::Say(nak(later(60 * number as u64)))), 2),
    ] {
        let error = channel(&centre, true).probe(now()).unwrap_err();
        assert!(matches!(error, DeliveryError::Rejected(_)) && error.is_permanent(), "{error}");
        assert_eq!(centre.frames().len(), tried, "nothing is sealed for a time that cannot be");
    }
}

#[test]
fn letters_that_frames_cannot_carry_are_replaced() {
    let centre = Centre::start(honest(None));
    let odd = Message { code: "a]b[c|d^é\u{1f600}".into(), ..message() };
    channel(&centre, false).deliver(&odd, None, now()).unwrap();
    let text = parsed(&centre.frames()[0], None);
    assert!(text.data.ends_with("Code a-b-c-d-e?."), "{}", text.data);
    assert_eq!(text.events().unwrap().len(), 1);
}

#[test]
fn what_the_centre_cannot_use_is_for_a_person_to_repair() {
    let centre = Centre::start(|_, frame| Reaction::Say(answer(frame, Token::Duh, None, now())));
    let error = channel(&centre, true).probe(now()).unwrap_err();
    assert!(matches!(&error, DeliveryError::Rejected(_)) && error.is_permanent(), "{error}");
}

#[test]
fn only_its_own_acknowledgement_counts() {
    let other_number = |frame: &[u8]| {
        let mut text = parsed(frame, Some(&key()));
        text.head.sequence = text.head.sequence.next();
        text.head.token = Token::Ack;
        Text { data: String::new(), ..text }.write(Some((&key(), &[3; 32]))).unwrap()
    };
    let wrong_key = Key::parse("ff".repeat(16).as_bytes()).unwrap();
    let forgeries: [React; 6] = [
        Box::new(|_, frame| Reaction::Say(answer(frame, Token::Ack, None, now()))),
        Box::new(move |_, frame| Reaction::Say(answer(frame, Token::Ack, Some(&wrong_key), now()))),
        Box::new(|_, frame| Reaction::Say(answer(frame, Token::Ack, Some(&key()), later(90)))),
        Box::new(|_, frame| {
            Reaction::Say(answer(frame, Token::Ack, Some(&key()), now().before(Span::from_seconds(90))))
        }),
        Box::new(move |_, frame| Reaction::Say(other_number(frame))),
        Box::new(|_, frame| {
            let mut noisy = answer(frame, Token::Ack, Some(&key()), now());
            noisy[30] ^= 1;
            Reaction::Say(noisy)
        }),
    ];
    for forgery in forgeries {
        let centre = Centre::start(forgery);
        let error = channel(&centre, true).probe(now()).unwrap_err();
        assert!(!error.is_permanent(), "{error}");
    }
}

#[test]
fn an_acknowledgement_of_before_does_not_count() {
    let centre = Centre::start(honest(Some(key())));
    let channel = channel(&centre, true);
    channel.probe(now()).unwrap();
    // The same pad at the same second gives the same text under another number, as some receivers do.
    channel.probe(later(2)).unwrap();
    let error = channel.deliver(&message(), None, later(3)).unwrap_err();
    assert!(error.to_string().contains("used before"), "{error}");
}

#[test]
fn a_bad_line_costs_a_bounded_time() {
    let reactions: [fn(usize, &[u8]) -> Reaction; 5] = [
        |_, _| Reaction::Close,
        |_, _| Reaction::Hang,
        |_, _| Reaction::Say(b"\n\r".to_vec()),
        |_, _| Reaction::Say(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        |_, _| Reaction::Say(vec![b'x'; 200_000]),
    ];
    for react in reactions {
        let centre = Centre::start(react);
        let channel = channel(&centre, true);
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(channel.deliver(&message(), None, now())).unwrap());
        let error = receiver.recv_timeout(Duration::from_secs(4)).expect("it ends").unwrap_err();
        assert!(!error.is_permanent(), "{error}");
    }
    let nobody = open(&settings(1, true)).unwrap().probe(now()).unwrap_err();
    assert!(matches!(nobody, DeliveryError::Connect(_)), "{nobody}");
}

#[test]
fn a_centre_that_comes_back_is_heard() {
    let centre = Centre::start(|number, frame| match number {
        0 => Reaction::Close,
        _ => Reaction::Say(answer(frame, Token::Ack, Some(&key()), now())),
    });
    let channel = channel(&centre, true);
    assert!(channel.deliver(&message(), None, now()).is_err());
    assert!(channel.deliver(&message(), None, now()).is_ok());
}

#[test]
fn settings_are_looked_at() {
    let good = || settings(4628, true);
    assert!(open(&good()).is_ok());
    for bad in [
        Dc09Settings { account: "12".into(), ..good() },
        Dc09Settings { line: "x".into(), ..good() },
        Dc09Settings { receiver: Some(String::new()), ..good() },
        Dc09Settings { code: "ha".into(), ..good() },
        Dc09Settings { test_code: "H".into(), ..good() },
        Dc09Settings { key_file: Some("short".into()), ..good() },
        Dc09Settings { key_file: Some("absent".into()), ..good() },
        Dc09Settings { key_file: None, host: "centre.example".into(), ..good() },
    ] {
        assert!(open(&bad).is_err(), "{}", serde_json::to_string(&bad).unwrap());
    }
    assert!(open(&Dc09Settings { key_file: None, ..good() }).is_ok(), "this machine");
    assert!(
        open(&Dc09Settings { key_file: None, tls: true, host: "centre.example".into(), ..good() }).is_ok()
    );
    let private = Dc09Settings { allow_private: false, ..good() };
    assert_eq!(open(&private).unwrap().probe(now()), Err(DeliveryError::PrivateAddress));
    let printed = format!("{:?} {:?}", good(), open(&good()).unwrap());
    assert!(!printed.contains("1234") && !printed.contains("127.0.0.1"), "{printed}");
}
