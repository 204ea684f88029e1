//! Frames and messages judged one by one: what is believed, what is answered, what never reaches the gate.

use std::io;

use alarm::cap::{Alert, CapStatus, Info, MessageType, Scope};
use alarm::{WebhookHeaders, sign_webhook};
use covert::Whom;
use dc09::{Account, Envelope, Extra, Head, Key, Message, Number, Sequence, Token};
use types::{PanelId, PersonId, PlaceId, Span, Timestamp};

use super::*;

const KEY: &[u8] = b"00112233445566778899aabbccddeeff";
const SECRET: &[u8] = &[b's'; 32];

fn read(file: &str) -> io::Result<Vec<u8>> {
    match file {
        "aes" => Ok(KEY.to_vec()),
        "secret" => Ok(SECRET.to_vec()),
        "short" => Ok(b"short".to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn panel(id: &str, account: &str, key: Option<&str>) -> PanelSettings {
    PanelSettings {
        id: PanelId::parse(id).unwrap(),
        account: account.into(),
        key_file: key.map(ToOwned::to_owned),
        plain: key.is_none(),
        place: PlaceId::parse("home").ok(),
        person: None,
        supervise: None,
    }
}

fn cap(id: &str) -> CapSettings {
    CapSettings {
        id: PanelId::parse(id).unwrap(),
        secret_file: Some("secret".into()),
        key: None,
        place: None,
        person: PersonId::parse("alice").ok(),
    }
}

fn panels() -> Panels {
    let list = [panel("sealed", "ABCD", Some("aes")), panel("plain", "1234", None)];
    Panels::open(&IntakeSettings::default(), &list, &[cap("guard")], &read).unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T09:30:00.25Z").unwrap()
}

fn later(seconds: u64) -> Timestamp {
    now().after(Span::from_seconds(seconds))
}

fn message(account: &str, token: Token, number: u16, data: &str, stamp: Option<Timestamp>) -> Message {
    let head = Head {
        token,
        sequence: Sequence::new(number).unwrap(),
        receiver: Number::parse("1"),
        line: Number::zero(),
        account: Account::parse(account),
    };
    Message { head, data: data.into(), extras: Vec::new(), stamp }
}

fn sealed(number: u16, data: &str, stamp: Timestamp) -> Vec<u8> {
    let key = Key::parse(KEY).unwrap();
    let pad = key.pad(&number.to_be_bytes());
    message("ABCD", Token::Sia, number, data, Some(stamp)).write(Some((&key, &pad))).unwrap()
}

fn plain(number: u16, data: &str) -> Vec<u8> {
    message("1234", Token::Sia, number, data, None).write(None).unwrap()
}

fn token(verdict: Verdict) -> Token {
    match verdict {
        Verdict::Answer(frame) => Envelope::parse(&frame).unwrap().head().token.clone(),
        other => panic!("{other:?}"),
    }
}

fn alarm(verdict: Verdict) -> (Box<Press>, Head) {
    match verdict {
        Verdict::Alarm(press, head) => (press, head),
        other => panic!("{other:?}"),
    }
}

/// Judges, writes an alarm down as the listener does, and says whether it was one.
fn is_sign(panels: &Panels, frame: &[u8], now: Timestamp) -> bool {
    match panels.judge(frame, now) {
        Verdict::Alarm(press, head) => panels.acknowledge(&press, &head, now).is_some(),
        Verdict::Answer(_) => false,
        Verdict::Silence => panic!("silence"),
    }
}

#[test]
fn a_hold_up_is_an_alarm_and_the_answer_comes_after_it() {
    let panels = panels();
    let frame = sealed(7, "Nri1/HA001", now());
    let (press, head) = alarm(panels.judge(&frame, now()));
    assert_eq!(press.panel.as_str(), "sealed");
    assert_eq!(press.whom, Whom::Place(PlaceId::parse("home").unwrap()));
    // Not durable: the panel repeats, and it is an alarm still.
    assert_eq!(alarm(panels.judge(&frame, now())).0, press);
    let answer = panels.acknowledge(&press, &head, now()).unwrap();
    let envelope = Envelope::parse(&answer).unwrap();
    assert_eq!((&envelope.head().token, envelope.head().sequence.get()), (&Token::Ack, 7));
    assert!(envelope.is_encrypted());
    let opened = envelope.open(Some(&Key::parse(KEY).unwrap())).unwrap();
    assert!(dc09::is_current(opened.stamp.unwrap(), now()));
    assert_eq!(token(panels.judge(&frame, later(5))), Token::Ack, "acknowledged again");
}

#[test]
fn panic_and_duress_are_alarms_and_tests_and_restores_are_not() {
    let panels = panels();
    for (number, data) in (0..).zip(["NHA1", "Nri2PA001", "Nri1/RP/HA1"]) {
        assert!(is_sign(&panels, &plain(number, data), now()), "{data}");
    }
    for (number, data) in (100..).zip(["NRP", "NRX1", "NHR1", "NHH1", "NPR1", "NBA1", "NOP1", "NMA1"]) {
        assert!(!is_sign(&panels, &plain(number, data), now()), "{data}");
    }
    let id = |number, data: &str| message("1234", Token::ContactId, number, data, None).write(None).unwrap();
    for (number, data) in (200..).zip(["1120 00 001", "1121 00 001", "1122 00 001"]) {
        assert!(is_sign(&panels, &id(number, data), now()), "{data}");
    }
    for (number, data) in (300..).zip(["3121 00 001", "1602 00 000", "1130 00 001", "1601 00 000"]) {
        assert!(!is_sign(&panels, &id(number, data), now()), "{data}");
    }
}

#[test]
fn what_is_forged_is_not_answered() {
    let panels = panels();
    let key = Key::parse("ff".repeat(16).as_bytes()).unwrap();
    let forged = message("ABCD", Token::Sia, 1, "NHA1", Some(now())).write(Some((&key, &[1; 32]))).unwrap();
    let in_clear = message("ABCD", Token::Sia, 1, "NHA1", Some(now())).write(None).unwrap();
    let unknown = message("9999", Token::Sia, 1, "NHA1", None).write(None).unwrap();
    let mut noisy = sealed(1, "NHA1", now());
    noisy[40] ^= 1;
    let answer = message("1234", Token::Ack, 1, "", None).write(None).unwrap();
    let nobody = Message { head: Head::nak(), data: String::new(), extras: Vec::new(), stamp: Some(now()) };
    let own_key = Key::parse(KEY).unwrap();
    let needless =
        message("1234", Token::Sia, 1, "NHA1", Some(now())).write(Some((&own_key, &[1; 32]))).unwrap();
    for frame in
        [forged, in_clear, unknown, noisy, answer, nobody.write(None).unwrap(), needless, b"\n\r".to_vec()]
    {
        assert_eq!(panels.judge(&frame, now()), Verdict::Silence, "{}", String::from_utf8_lossy(&frame));
    }
    for id in ["sealed", "plain"] {
        assert_eq!(panels.last_heard(&PanelId::parse(id).unwrap()), None);
    }
}

#[test]
fn a_frame_of_another_time_is_refused_with_ours() {
    let panels = panels();
    for stamp in [now().before(Span::from_seconds(42)), later(22)] {
        match panels.judge(&sealed(1, "NHA1", stamp), now()) {
            Verdict::Answer(frame) => {
                let message = Envelope::parse(&frame).unwrap().open(None).unwrap();
                assert_eq!(message.head, Head::nak());
                assert_eq!(message.stamp.unwrap().to_string(), "2026-11-20T09:30:00Z");
            }
            other => panic!("{other:?}"),
        }
    }
    for stamp in [now().before(Span::from_seconds(39)), later(19)] {
        alarm(panels.judge(&sealed(1, "NHA1", stamp), now()));
    }
    let old =
        message("1234", Token::Sia, 1, "NHA1", Some(now().before(Span::from_hours(1)))).write(None).unwrap();
    assert_eq!(token(panels.judge(&old, now())), Token::Nak);
}

#[test]
fn what_was_sealed_once_is_an_alarm_once() {
    let panels = panels();
    let frame = sealed(1, "NHA1", now());
    assert!(is_sign(&panels, &frame, now()));
    // The number stands in the clear: somebody on the way writes another before the same cipher text.
    let text = String::from_utf8(frame).unwrap();
    let body = text[9..text.len() - 1].replace("\"0001R", "\"0002R");
    let crc = body.bytes().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 })
    });
    let replayed = format!("\n{crc:04X}{:04X}{body}\r", body.len());
    assert_eq!(panels.judge(replayed.as_bytes(), later(5)), Verdict::Silence);
    assert!(is_sign(&panels, &sealed(2, "NHA1", later(10)), later(10)), "a further press is a further sign");
}

#[test]
fn a_flood_is_one_press_and_drops_no_first_alarm() {
    let panels = panels();
    let mut signs = 0;
    for number in 0..1000 {
        signs += usize::from(is_sign(&panels, &plain(number, "NHA1"), now()));
    }
    assert_eq!(signs, SIGNS_PER_WINDOW_MAX);
    assert!(is_sign(&panels, &sealed(1, "NHA1", now()), now()), "another panel's alarm is its own");
    assert!(is_sign(&panels, &plain(5000, "NHA1"), now().after(SAME_PRESS_WINDOW)));
    // Tests, noise and forgeries before it do not count against the first.
    let fresh = self::panels();
    for number in 0..1000 {
        assert!(!is_sign(&fresh, &plain(number, "NRP"), now()));
    }
    assert!(is_sign(&fresh, &plain(1, "NHA1"), now()));
}

#[test]
fn what_is_not_understood_is_said_to_be() {
    let panels = panels();
    let other = message("1234", Token::Other("SIA-X".into()), 9, "", None).write(None).unwrap();
    for frame in [plain(1, "nonsense"), other] {
        assert_eq!(token(panels.judge(&frame, now())), Token::Duh);
    }
    assert_eq!(token(panels.judge(&sealed(1, "nonsense", now()), now())), Token::Duh);
}

#[test]
fn a_silent_panel_is_noticed() {
    let panels = panels();
    assert!(panels.silent(now()).is_empty());
    let null = message("1234", Token::Null, 1, "", None).write(None).unwrap();
    assert_eq!(token(panels.judge(&null, later(3600))), Token::Ack);
    let ids = |now| panels.silent(now).into_iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>();
    assert!(ids(now().after(Span::from_hours(25))).is_empty());
    assert_eq!(ids(later(25 * 3600 + 1)), ["sealed"]);
    assert_eq!(ids(later(26 * 3600 + 1)), ["plain", "sealed"]);
}

#[test]
fn settings_are_looked_at() {
    let open = |panels: &[PanelSettings], caps: &[CapSettings]| {
        Panels::open(&IntakeSettings::default(), panels, caps, &read).err().map(|error| error.code())
    };
    let good = || panel("one", "1234", Some("aes"));
    assert_eq!(open(&[good()], &[cap("two")]), None);
    let wrong = [
        PanelSettings { plain: true, ..good() },
        PanelSettings { key_file: None, ..good() },
        PanelSettings { key_file: Some("short".into()), ..good() },
        PanelSettings { account: "12".into(), ..good() },
        PanelSettings { place: None, ..good() },
        PanelSettings { person: PersonId::parse("bob").ok(), ..good() },
    ];
    for settings in wrong {
        assert_eq!(open(std::slice::from_ref(&settings), &[]), Some("panel-config"), "{settings:?}");
    }
    assert_eq!(open(&[PanelSettings { key_file: Some("x".into()), ..good() }], &[]), Some("panel-file"));
    assert_eq!(open(&[good(), panel("two", "1234", None)], &[]), Some("panel-config"), "one account twice");
    assert_eq!(open(&[good()], &[cap("one")]), Some("panel-config"), "one id twice");
    for settings in [
        CapSettings { secret_file: None, ..cap("c") },
        CapSettings { secret_file: Some("short".into()), ..cap("c") },
        CapSettings { key: Some("whpk_x".into()), ..cap("c") },
        CapSettings { person: None, ..cap("c") },
    ] {
        assert_eq!(open(&[], &[settings]), Some("panel-config"));
    }
}

fn cap_text(status: CapStatus, message_type: MessageType) -> String {
    let alert = Alert {
        identifier: "guard-1".into(),
        sender: "guard.example".into(),
        sent: now(),
        status,
        message_type,
        scope: Scope::Private,
        addresses: Some("rempart".into()),
        references: None,
        incidents: None,
        infos: Vec::<Info>::new(),
    };
    alert.write().unwrap()
}

fn judge_cap(panels: &Panels, id: &str, secret: &[u8], body: &str, now: Timestamp) -> MessageVerdict {
    let seconds = now.as_millis() / 1000;
    let signature = sign_webhook(secret, id, seconds, body.as_bytes());
    let timestamp = seconds.to_string();
    panels.judge_cap(
        WebhookHeaders { id, timestamp: &timestamp, signature: &signature },
        body.as_bytes(),
        now,
    )
}

#[test]
fn only_a_real_and_open_cap_message_is_an_alarm() {
    let panels = panels();
    let mut number = 0;
    for status in
        [CapStatus::Actual, CapStatus::Exercise, CapStatus::System, CapStatus::Test, CapStatus::Draft]
    {
        for kind in [
            MessageType::Alert,
            MessageType::Update,
            MessageType::Cancel,
            MessageType::Ack,
            MessageType::Error,
        ] {
            number += 1;
            let verdict = judge_cap(&panels, &format!("m{number}"), SECRET, &cap_text(status, kind), now());
            let opens = matches!(kind, MessageType::Alert | MessageType::Update);
            if status == CapStatus::Actual && opens {
                let MessageVerdict::Alarm(press) = verdict else { panic!("{verdict:?}") };
                assert_eq!(press.whom, Whom::Person(PersonId::parse("alice").unwrap()));
            } else {
                assert_eq!(verdict, MessageVerdict::Heard, "{status:?} {kind:?}");
            }
        }
    }
}

#[test]
fn a_cap_message_is_signed_of_now_and_counts_once() {
    let panels = panels();
    let body = cap_text(CapStatus::Actual, MessageType::Alert);
    assert_eq!(judge_cap(&panels, "m1", &[b'x'; 32], &body, now()), MessageVerdict::Unknown);
    let MessageVerdict::Alarm(press) = judge_cap(&panels, "m1", SECRET, &body, now()) else { panic!() };
    panels.message_written(&press, now());
    assert_eq!(judge_cap(&panels, "m1", SECRET, &body, later(10)), MessageVerdict::Heard);
    assert!(matches!(judge_cap(&panels, "m2", SECRET, &body, later(10)), MessageVerdict::Alarm(_)));
    let signature = sign_webhook(SECRET, "m3", now().as_millis() / 1000, body.as_bytes());
    let timestamp = (now().as_millis() / 1000).to_string();
    let headers = WebhookHeaders { id: "m3", timestamp: &timestamp, signature: &signature };
    assert_eq!(panels.judge_cap(headers, body.as_bytes(), later(302)), MessageVerdict::Unknown, "too old");
    assert!(matches!(judge_cap(&panels, "m4", SECRET, "<alert/>", now()), MessageVerdict::Malformed(_)));
    assert!(
        matches!(judge_cap(&panels, "m4", SECRET, &body, now()), MessageVerdict::Alarm(_)),
        "the id is free still"
    );
}

#[test]
fn further_data_do_not_hide_an_alarm() {
    let panels = panels();
    let extras = vec![Extra { kind: 'V', text: "https://camera.example/".into() }];
    let frame = Message { extras, ..message("1234", Token::Sia, 1, "NHA1", None) }.write(None).unwrap();
    assert!(is_sign(&panels, &frame, now()));
}
