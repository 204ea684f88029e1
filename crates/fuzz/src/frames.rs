//! Any bytes as a DC-09 frame or as a CAP message: what is read is written again to the same; nothing is opened with a key that did not seal
//! it (G8).

use std::sync::LazyLock;

use alarm::cap::Alert;
use dc09::{Account, Envelope, Extra, Head, Key, Message, Number, Sequence, Splitter, Token};
use types::Timestamp;

static KEY: LazyLock<Key> = LazyLock::new(|| Key::parse("5a".repeat(16).as_bytes()).unwrap());

/// A stream of frames.
pub fn run(bytes: &[u8]) {
    let mut splitter = Splitter::default();
    splitter.push(bytes);
    while let Ok(Some(frame)) = splitter.next_frame() {
        judge(&frame);
    }
    judge(bytes);
}

fn judge(frame: &[u8]) {
    let Ok(envelope) = Envelope::parse(frame) else { return };
    for key in [None, Some(&*KEY)] {
        let Ok(message) = envelope.open(key) else { continue };
        assert_eq!(envelope.is_encrypted(), key.is_some());
        let _told = message.events();
        // Letters beyond ASCII are read and never written.
        if let Ok(written) = message.write(key.map(|key| (key, &[0; dc09::PAD_BYTES]))) {
            let again = Envelope::parse(&written).expect("what was written is a frame");
            assert_eq!(again.open(key).expect("and opens"), message);
        }
    }
}

/// A CAP message.
pub fn run_cap(bytes: &[u8]) {
    if let Ok(alert) = Alert::parse(bytes) {
        let written = alert.write().expect("what was read can be written");
        assert_eq!(Alert::parse(written.as_bytes()).expect("what was written is read"), alert);
    }
}

/// Frames of every kind, in the clear and sealed.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let data = ["Nri1/HA001", "1120 01 015", "", "Nri1^A^PA1|Atext"];
    for (number, (token, data)) in
        (1..).zip([Token::Sia, Token::ContactId, Token::Null, Token::Sia].into_iter().zip(data))
    {
        let head = Head {
            token,
            sequence: Sequence::new(number).unwrap(),
            receiver: Number::parse("5"),
            line: Number::zero(),
            account: Account::parse("1A2B"),
        };
        let extras = vec![Extra { kind: 'V', text: "https://a.example/".into() }];
        let stamp = Some(Timestamp::from_millis(1_700_000_000_000));
        let message = Message { head, data: data.into(), extras, stamp };
        seeds.push(message.write(None).unwrap());
        seeds.push(message.write(Some((&KEY, &[7; dc09::PAD_BYTES]))).unwrap());
    }
    let nak = Message {
        head: Head::nak(),
        data: String::new(),
        extras: Vec::new(),
        stamp: Some(Timestamp::from_millis(0)),
    };
    seeds.push(nak.write(None).unwrap());
    seeds
}

/// A message with an element of each kind.
#[must_use]
pub fn seeds_cap() -> Vec<Vec<u8>> {
    let whole = include_str!("whole.cap.xml");
    vec![whole.into(), whole.replace("Actual", "Exercise").into()]
}
