//! Messages against frames that another program made (Python's own arithmetic and OpenSSL), and against everything that is not one.

use super::*;
use crate::event::Meaning;
use crate::head::{Number, Sequence};
use proptest::prelude::*;

const KEYS: [&str; 3] = [
    "00112233445566778899AABBCCDDEEFF",
    "00112233445566778899AABBCCDDEEFF0011223344556677",
    "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
];
const PLAIN: &[u8] = b"\nA814003C\"SIA-DCS\"0042R1L2#1234[#1234|Nri1/HA001]_09:05:07,11-20-2026\r";
const SEALED: [&[u8]; 3] = [
    b"\nA21100B8\"*SIA-DCS\"0042R1L2#1234[4F602FCE94CA980BB41CDCA772B36A84D2E51721FC32E60924C8357131E0715DFBE9EC27846CE098B56B61F6820A0409A289798BA746474AAC3C08F5DD18BDB718EB5989A8315156389EEB2B64E30350\r",
    b"\n8A8B00B8\"*SIA-DCS\"0042R1L2#1234[23517CEF07EDE0B7F2152DFE65E9D78B16280A9143BCE7A0AFD05254FD6E217E99C75BFF9D696F12AC85DB0C180EA71114DB108E8CF1F4BE96D32DC5B3A97EE1759D106E8AF8E807BFD85CAD63BC46C0\r",
    b"\n835C00B8\"*SIA-DCS\"0042R1L2#1234[23CEDA40A9A41B4AA150CE8D8D1095984F0D675380FB996679BB620B7E6DA664A9B849A3867772B0CAAF1D13A5DDF0420D96B2FFCEE21E54587557679B5694611C93C0F4C2A60D37756F2FF3A3249FAE\r",
];
/// The pad of zeroes without a bar that `pysiaalarm` puts before nothing.
const SEALED_ACK: &[u8] =
    b"\n64500054\"*ACK\"0042R1L2#1234[7D58DA112C769EF6388EC57083D56F9A484291339F4B9BDBA654BBA1833E76B0\r";

fn key(index: usize) -> Key {
    Key::parse(KEYS[index].as_bytes()).unwrap()
}

fn stamp() -> Timestamp {
    Timestamp::parse("2026-11-20T09:05:07Z").unwrap()
}

fn head(token: Token) -> Head {
    Head {
        token,
        sequence: Sequence::new(42).unwrap(),
        receiver: Number::parse("1"),
        line: Number::parse("2").unwrap(),
        account: Account::parse("1234"),
    }
}

fn message() -> Message {
    Message { head: head(Token::Sia), data: "Nri1/HA001".into(), extras: Vec::new(), stamp: Some(stamp()) }
}

fn link() -> Extra {
    Extra { kind: 'V', text: "https://a.example/".into() }
}

fn open(frame: &[u8], key: Option<&Key>) -> Result<Message, OpenError> {
    Envelope::parse(frame).unwrap().open(key)
}

fn open_text(text: &str) -> Result<Message, OpenError> {
    open(&wrap(format!("\"SIA-DCS\"0042R1L2#1234[{text}").as_bytes()), None)
}

#[test]
fn frames_of_another_program_are_read() {
    assert_eq!(open(PLAIN, None), Ok(message()));
    for (index, frame) in SEALED.iter().enumerate() {
        let read = open(frame, Some(&key(index))).unwrap();
        assert_eq!(read, Message { extras: vec![link()], ..message() });
        assert_eq!(read.events().unwrap()[0].code.meaning(), Meaning::HoldUp);
    }
    let ack = open(SEALED_ACK, Some(&key(0))).unwrap();
    assert_eq!((ack.head.token, ack.data.as_str(), ack.stamp), (Token::Ack, "", Some(stamp())));
}

#[test]
fn frames_are_written_as_another_program_writes_them() {
    assert_eq!(message().write(None).unwrap(), PLAIN);
    let null = Message {
        head: Head {
            token: Token::Null,
            sequence: Sequence::new(1).unwrap(),
            receiver: None,
            line: Number::zero(),
            account: Account::parse("ABCDEF"),
        },
        data: String::new(),
        extras: Vec::new(),
        stamp: None,
    };
    assert_eq!(null.write(None).unwrap(), b"\n55880015\"NULL\"0001L0#ABCDEF[]\r");
    let with_link = Message { extras: vec![link()], ..message() };
    let letters: [u8; 32] = std::array::from_fn(|index| index as u8);
    for (index, frame) in SEALED.iter().enumerate() {
        assert_eq!(with_link.write(Some((&key(index), &letters))).unwrap(), *frame);
    }
    assert_eq!(null.write(Some((&key(0), &letters))), Err(WriteError::NoStamp));
}

#[test]
fn a_key_is_for_what_is_encrypted_and_nothing_else() {
    assert_eq!(open(SEALED[0], None), Err(OpenError::KeyNeeded));
    assert_eq!(open(PLAIN, Some(&key(0))), Err(OpenError::Plain));
    let other = Key::parse("ff".repeat(16).as_bytes()).unwrap();
    assert_eq!(open(SEALED[0], Some(&other)), Err(OpenError::Key));
    assert_eq!(open(SEALED[0], Some(&key(1))), Err(OpenError::Key));
}

#[test]
fn what_is_sealed_says_when_and_for_whom() {
    let seal = |text: &str, account: &str| {
        let text = encrypted(&key(0), &[7; 32], text).unwrap();
        open(&wrap(format!("\"*SIA-DCS\"0042L0#{account}[{text}").as_bytes()), Some(&key(0)))
    };
    assert!(seal("#1234|NHA1]_09:05:07,11-20-2026", "1234").is_ok());
    assert!(seal("NHA1]_09:05:07,11-20-2026", "1234").is_ok());
    assert_eq!(seal("#1234|NHA1]_09:05:07,11-20-2026", "1235"), Err(OpenError::Account));
    assert_eq!(seal("#1234|NHA1]", "1234"), Err(OpenError::NoStamp));
    assert_eq!(seal("#1234|NHA1]_09:05:07,11-20-2026 ", "1234"), Err(OpenError::Key));
}

#[test]
fn the_text_has_one_form() {
    for good in ["]", "NHA1]", "#1234|NHA1]", "NHA1][Mabc][Vx y]", "NHA1]_09:05:07,11-20-2026"] {
        assert!(open_text(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "NHA1",
        "NHA1]x",
        "NHA1]_",
        "NHA1]_9:05:07,11-20-2026",
        "NHA1][",
        "NHA1][]",
        "NHA1][mabc]",
        "NHA1][Mabc",
        "N[HA1]",
        "NHA1\u{7}]",
        &format!("NHA1]{}", "[Mabc]".repeat(EXTRAS_MAX + 1)),
    ] {
        assert_eq!(open_text(bad), Err(OpenError::Form), "{bad}");
    }
    for other in ["#1235|NHA1]", "#|NHA1]", "#1234NHA1]"] {
        assert_eq!(open_text(other), Err(OpenError::Account), "{other}");
    }
    let accent = open(&wrap(b"\"SIA-DCS\"0042L0#1234[NHA1^caf\xe9^]"), None).unwrap();
    assert_eq!(accent.data, "NHA1^café^");
    assert_eq!(accent.events().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_read_again_is_not_written() {
    for bad in ["a]", "a[", "é", "a\n"] {
        assert_eq!(Message { data: bad.into(), ..message() }.write(None), Err(WriteError::Text), "{bad}");
        let extras = vec![Extra { kind: 'M', text: bad.into() }];
        assert_eq!(Message { extras, ..message() }.write(None), Err(WriteError::Text), "{bad}");
    }
    let long = Message { data: "N".repeat(3000), ..message() };
    assert!(long.write(None).is_ok());
    assert_eq!(long.write(Some((&key(0), &[0; 32]))), Err(WriteError::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_is_read(
        data in "[ -Z^-~]{0,60}",
        extras in proptest::collection::vec(("[A-Z]", "[ -Z^-~]{0,20}"), 0..4),
        entropy: [u8; 32],
        index in 0_usize..3,
        seconds in 0_i64..4_000_000_000,
    ) {
        let extras = extras.into_iter().map(|(kind, text)| Extra { kind: kind.chars().next().unwrap(), text }).collect();
        let stamp = Some(Timestamp::from_millis(seconds * 1000));
        let message = Message { data, extras, stamp, ..message() };
        let plain = message.write(None).unwrap();
        prop_assert_eq!(open(&plain, None).unwrap(), message.clone());
        let sealed = message.write(Some((&key(index), &entropy))).unwrap();
        prop_assert_eq!(open(&sealed, Some(&key(index))).unwrap(), message);
    }

    #[test]
    fn any_text_is_answered(text in proptest::collection::vec(any::<u8>(), 0..120), digits in "[0-9A-Fa-f]{0,160}") {
        let plain = [b"\"SIA-DCS\"0042L0#1234[", &text[..]].concat();
        if let Ok(message) = open(&wrap(&plain), None) {
            let _ = message.events();
        }
        let sealed = format!("\"*SIA-DCS\"0042L0#1234[{digits}");
        prop_assert!(open(&wrap(sealed.as_bytes()), Some(&key(0))).is_err());
    }

    /// The standard's encryption does not authenticate: a change may garble text for people unseen. It cannot move the time.
    #[test]
    fn a_changed_digit_never_changes_the_time(position in 33_usize..193, flip in 1_u8..16) {
        let mut frame = SEALED[0].to_vec();
        let digit = u8::from_str_radix(std::str::from_utf8(&frame[position..=position]).unwrap(), 16).unwrap();
        frame[position] = format!("{:X}", digit ^ flip).as_bytes()[0];
        let whole = wrap(&frame[9..frame.len() - 1]);
        if let Ok(read) = open(&whole, Some(&key(0))) {
            prop_assert_eq!(read.stamp, Some(stamp()));
            prop_assert_ne!(Envelope::parse(&whole).unwrap().fingerprint(), Envelope::parse(SEALED[0]).unwrap().fingerprint());
        }
    }
}
