//! Peers that no provider would be: half-open, endless, malformed. The channel ends in time, never panics, keeps nothing unbounded.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use proptest::prelude::*;

use super::super::incoming::{Incoming, understand};
use super::super::pdu::{Cut, SMPP_PDU_BYTES_MAX, bare, cut};
use super::*;
use crate::connection::Target;
use crate::inbound::REPLY_TEXT_CHARS_MAX;

/// Accepts one connection after the other and does the same with each.
fn peer(each: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            each(stream);
        }
    });
    port
}

/// Reads one PDU and tells its head's id and sequence number.
fn read_pdu(stream: &mut TcpStream) -> Option<(u32, u32)> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    let word = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
    let mut body = vec![0; word(0) as usize - 16];
    stream.read_exact(&mut body).ok()?;
    Some((word(4), word(12)))
}

/// Lets the channel sign in, then says `words` and waits until it hangs up; what it sent meanwhile.
fn after_bind(words: Vec<u8>) -> (u16, std::sync::mpsc::Receiver<Vec<u8>>) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let port = peer(move |mut stream| {
        let Some((_, sequence)) = read_pdu(&mut stream) else { return };
        let _sent = stream.write_all(&bare(0x8000_0009, 0, sequence));
        let _sent = stream.write_all(&words);
        let mut rest = Vec::new();
        let _until_closed = stream.read_to_end(&mut rest);
        let _nobody = sender.send(rest);
    });
    (port, receiver)
}

#[test]
fn a_peer_that_says_nothing_costs_one_answer() {
    let kept = Mutex::new(Vec::new());
    let port = peer(move |stream| kept.lock().unwrap().push(stream));
    let channel = hasty(port);
    let (delivered, took) = timed(|| deliver(&channel));
    assert_eq!(delivered, Err(DeliveryError::Timeout));
    assert!(took >= QUICK.answer && took < SOON, "{took:?}");
}

#[test]
fn a_tls_peer_that_says_nothing_costs_one_connection() {
    let kept = Mutex::new(Vec::new());
    let port = peer(move |stream| kept.lock().unwrap().push(stream));
    let secure = SmsSettings { tls: true, ..settings(port) };
    let limits = Limits { connect: Duration::from_millis(300), ..QUICK };
    let channel = open(&secure, limits, None).unwrap();
    let (delivered, took) = timed(|| deliver(&channel));
    assert_eq!(delivered, Err(DeliveryError::Timeout));
    assert!(took < SOON, "{took:?}");
    let port = peer(|mut stream| {
        let _sent = stream.write_all(b"SMPP here\r\n");
        let _read = stream.read(&mut [0; 512]);
    });
    let channel = open(&SmsSettings { tls: true, ..settings(port) }, QUICK, None).unwrap();
    assert!(matches!(deliver(&channel), Err(DeliveryError::Tls(_))));
}

#[test]
fn a_peer_that_drips_is_not_waited_for_longer() {
    let port = peer(|mut stream| {
        // A head, octet by octet, then more octets: each comes well within the patience of one read.
        for octet in [0, 0, 31, 0].into_iter().chain(std::iter::repeat_n(0, 200)) {
            if stream.write_all(&[octet]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let channel = hasty(port);
    let (delivered, took) = timed(|| deliver(&channel));
    assert_eq!(delivered, Err(DeliveryError::Timeout));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn a_half_open_session_is_found_out_and_replaced() {
    // Signs in and is never heard of again.
    let kept = Mutex::new(Vec::new());
    let port = peer(move |mut stream| {
        let (id, sequence) = read_pdu(&mut stream).unwrap();
        assert_eq!(id, 9);
        stream.write_all(&bare(0x8000_0009, 0, sequence)).unwrap();
        kept.lock().unwrap().push(stream);
    });
    let lively = Limits { quiet: Duration::from_millis(100), answer: Duration::from_millis(200), ..QUICK };
    let channel = open(&settings(port), lively, None).unwrap();
    for _ in 0..2 {
        let (delivered, took) = timed(|| deliver(&channel));
        assert_eq!(delivered, Err(DeliveryError::Timeout));
        assert!(took < SOON, "{took:?}");
    }
    assert!(!channel.line().session.as_ref().unwrap().is_open());
}

#[test]
fn impossible_lengths_are_refused_and_end_the_session() {
    for length in [0_u32, 4, 15, SMPP_PDU_BYTES_MAX as u32 + 1, u32::MAX] {
        let mut words = bare(0x05, 0, 77).to_vec();
        words[..4].copy_from_slice(&length.to_be_bytes());
        words.extend([0; 4096]);
        let (port, said) = after_bind(words);
        let channel = channel(port);
        let error = deliver(&channel).unwrap_err();
        assert!(matches!(error, DeliveryError::Broken(_)), "{length}: {error:?}");
        let said = said.recv_timeout(Duration::from_secs(5)).unwrap();
        let nack = bare(0x8000_0000, 0x02, 77);
        assert!(said.windows(16).any(|pdu| pdu == nack.as_slice()), "{length}: {said:x?}");
    }
}

#[test]
fn answers_to_something_else_are_not_taken_for_ours() {
    // Right number, wrong command: the session cannot be trusted any more.
    let port = peer(|mut stream| {
        while let Some((id, sequence)) = read_pdu(&mut stream) {
            let answer = if id == 4 { 0x8000_0103 } else { id | 0x8000_0000 };
            let _sent = stream.write_all(&bare(answer, 0, sequence));
        }
    });
    assert!(matches!(deliver(&channel(port)), Err(DeliveryError::Broken(_))));
    // Right command, other numbers: passed over until the right one comes.
    let port = peer(|mut stream| {
        while let Some((id, sequence)) = read_pdu(&mut stream) {
            for number in [sequence + 1, 0, sequence.wrapping_sub(1), sequence] {
                let status = if number == sequence { 0 } else { 0x0b };
                let _sent = stream.write_all(&bare(id | 0x8000_0000, status, number));
            }
        }
    });
    assert_eq!(deliver(&channel(port)).unwrap().answer, "");
    // A nack that knows no number is about what was asked.
    let port = peer(|mut stream| {
        while let Some((id, sequence)) = read_pdu(&mut stream) {
            let answer = if id == 4 { bare(0x8000_0000, 0, 0) } else { bare(id | 0x8000_0000, 0, sequence) };
            let _sent = stream.write_all(&answer);
        }
    });
    assert_eq!(deliver(&channel(port)), Err(DeliveryError::Unavailable(8)));
}

#[test]
fn a_flood_of_requests_ends_in_time() {
    // Asks without end and never reads our answers.
    let port = peer(|mut stream| {
        let Some((_, sequence)) = read_pdu(&mut stream) else { return };
        let _sent = stream.write_all(&bare(0x8000_0009, 0, sequence));
        let flood = bare(0x0777, 0, 1).repeat(1000);
        while stream.write_all(&flood).is_ok() {}
    });
    let channel = hasty(port);
    let (delivered, took) = timed(|| deliver(&channel));
    assert!(delivered.is_err());
    assert!(took < SOON, "{took:?}");
}

#[test]
fn a_peer_that_reads_nothing_holds_no_writer() {
    let kept = Mutex::new(Vec::new());
    let port = peer(move |stream| kept.lock().unwrap().push(stream));
    let target = Target { host: "127.0.0.1".into(), port, allow_private: true, plain: false };
    let wire = Wire::connect(&Peer { target, tls: None }, Deadline::after(QUICK.connect)).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // More than any socket buffers.
        let written = wire.write(&vec![0; 64 * 1024 * 1024], Deadline::after(QUICK.answer));
        sender.send(written.map_err(|error| error.kind())).unwrap();
    });
    let written = receiver.recv_timeout(Duration::from_secs(5)).expect("the write ends");
    assert!(written.is_err(), "{written:?}");
}

#[test]
fn a_listener_that_panics_ends_the_session_and_no_more() {
    struct Panics;
    impl Inbound for Panics {
        fn replied(&self, _: &ChannelId, _: &str, _: &str) {
            panic!("a fault of the server's (planted by a test)");
        }
        fn receipt(&self, _: &ChannelId, _: &str, _: bool) {}
    }
    let provider = Provider::start();
    let inbound: Arc<dyn Inbound> = Arc::new(Panics);
    let channel = open(&settings(provider.port), PATIENT, Some(&inbound)).unwrap();
    channel.probe(now()).unwrap();
    provider.order(r#"{"send":"deliver_sm","fields":{"source_addr":"1","short_message":"x"}}"#);
    until(|| channel.line().session.as_ref().is_some_and(|session| !session.is_open()));
    assert!(deliver(&channel).is_ok());
}

/// A `deliver_sm` with this class, coding and text, from this sender.
fn deliver_sm(class: u8, coding: u8, from: &[u8], text: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 1, 1];
    body.extend(from);
    body.extend([0, 1, 1, 0, class, 0, 0, 0, 0, 0, 0, coding, 0, text.len() as u8]);
    body.extend(text);
    let mut pdu = bare(0x05, 0, 1).to_vec();
    pdu.extend(&body);
    let length = pdu.len() as u32;
    pdu[..4].copy_from_slice(&length.to_be_bytes());
    pdu
}

fn understood(mut pdu: Vec<u8>) -> Option<Incoming> {
    match cut(&mut pdu) {
        Cut::Whole(frame) => frame.deliver_sm().as_ref().map(understand),
        _ => None,
    }
}

#[test]
fn a_message_name_is_one_word() {
    let mut answer = bare(0x8000_0004, 0, 1).to_vec();
    answer.extend(b"a b\x07\r\nc\0");
    answer[3] = u8::try_from(answer.len()).unwrap();
    let Cut::Whole(frame) = cut(&mut answer) else { panic!() };
    assert_eq!(frame.message_id(), "abc");
    let receipt = understood(deliver_sm(4, 1, b"1", b"id:x\x07y stat:DELIVRD")).unwrap();
    assert_eq!(receipt, Incoming::Receipt { message: "xy".into(), delivered: true });
}

#[test]
fn a_reply_is_one_line_of_bounded_length() {
    let reply = understood(deliver_sm(0, 3, b"336\x07\x1b[2J", b" a\r\n\x1b[2Jb\0 ")).unwrap();
    assert_eq!(reply, Incoming::Reply { from: "336  [2J".into(), text: "a   [2Jb".into() });
    let Some(Incoming::Reply { text, .. }) = understood(deliver_sm(0, 8, b"1", &[0; 254])) else { panic!() };
    assert_eq!(text, "");
    // A header that claims to be longer than the text.
    let reply = understood(deliver_sm(0x40, 0, b"1", &[200, 1, 2])).unwrap();
    assert_eq!(reply, Incoming::Reply { from: "1".into(), text: String::new() });
    const { assert!(REPLY_TEXT_CHARS_MAX <= 500) };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_octets_are_cut_without_panic(mut octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        while let Cut::Whole(frame) = cut(&mut octets) {
            let _understood = frame.deliver_sm().as_ref().map(understand);
            let _name = frame.message_id();
        }
    }

    #[test]
    fn any_body_of_a_known_command_is_read_or_refused(
        id in prop::sample::select(vec![0x05_u32, 0x8000_0004, 0x8000_0009, 0x15, 0x103, 0x102, 0x0b, 0x21]),
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut pdu = bare(id, 0, 1).to_vec();
        pdu.extend(&body);
        let length = u32::try_from(pdu.len()).unwrap();
        pdu[..4].copy_from_slice(&length.to_be_bytes());
        let Cut::Whole(frame) = cut(&mut pdu) else { panic!() };
        prop_assert!(pdu.is_empty());
        prop_assert!(frame.message_id().chars().all(|c| c.is_ascii_graphic()));
        if let Some(Incoming::Reply { from, text }) = frame.deliver_sm().as_ref().map(understand) {
            prop_assert!(text.chars().count() <= REPLY_TEXT_CHARS_MAX && !text.chars().any(char::is_control));
            prop_assert!(from.chars().count() <= 22 && !from.chars().any(char::is_control));
        }
    }

    #[test]
    fn well_formed_receipts_and_replies_are_bounded(
        class in any::<u8>(),
        coding in any::<u8>(),
        text in proptest::collection::vec(any::<u8>(), 0..254),
    ) {
        let understood = understood(deliver_sm(class, coding, b"33655305309", &text));
        prop_assert!(understood.is_some());
        if let Some(Incoming::Receipt { message, .. }) = understood {
            prop_assert!(message.len() <= 65 && message.chars().all(|c| c.is_ascii_graphic()));
        }
    }
}
