//! The mail channel against relays that are slow, silent, lying and hostile; a real one stands in `tests/email.rs` (G8).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use types::{ChannelId, PersonId};

use super::*;
use crate::peers::{
    AUTHORITY, PATIENCE, PATIENT, QUICK, message, nobody, now, peer, recipient, timed, tls_peer, tls_server,
    with_files,
};
use crate::{Level, News, Status};

const PASSWORD: &str = "orange-5309";

fn settings(address: SocketAddr) -> EmailSettings {
    EmailSettings {
        id: ChannelId::parse("mail").unwrap(),
        host: "127.0.0.1".into(),
        port: Some(address.port()),
        tls: MailTls::None,
        from: "Rempart <alarm@example.com>".into(),
        reply_to: None,
        user: None,
        password_file: None,
        allow_private: true,
        ca_file: None,
    }
}

fn with_login(settings: EmailSettings) -> EmailSettings {
    EmailSettings { user: Some("rempart".into()), password_file: Some("password".into()), ..settings }
}

fn open_within(settings: &EmailSettings, limits: Limits) -> Result<Email, ConfigError> {
    let files: [(&str, &[u8]); 3] =
        [("password", PASSWORD.as_bytes()), ("ca", AUTHORITY), ("empty", b"nothing")];
    with_files(&files, |files| Email::new(settings, files, limits))
}

fn email(settings: &EmailSettings) -> Email {
    open_within(settings, QUICK).unwrap()
}

fn deliver(settings: &EmailSettings) -> Result<Receipt, DeliveryError> {
    email(settings).deliver(&message(1), Some(&recipient("bob@example.org")), now())
}

/// A relay of few words: answers each line by the first entry whose start fits, and takes a mail after 354. Keeps what it heard.
fn converse(stream: &mut (impl Read + Write + ?Sized), answers: &[(&str, &str)], heard: &Mutex<String>) {
    let greeting =
        answers.iter().find(|(start, _)| start.is_empty()).map_or("220 relay\r\n", |(_, text)| text);
    if stream.write_all(greeting.as_bytes()).is_err() {
        return;
    }
    let mut line = Vec::new();
    let mut byte = [0];
    let mut in_mail = false;
    while matches!(stream.read(&mut byte), Ok(1)) {
        line.push(byte[0]);
        if !line.ends_with(b"\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
        heard.lock().unwrap().push_str(&text);
        let key = match in_mail {
            true if text == ".\r\n" => ".",
            true => continue,
            false => text.as_str(),
        };
        let found = answers.iter().find(|(start, _)| !start.is_empty() && key.starts_with(start));
        let answer = found.map_or("250 OK\r\n", |(_, answer)| answer);
        in_mail = answer.starts_with("354");
        if answer.is_empty() || stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

const TAKES_MAIL: (&str, &str) = ("DATA", "354 go on\r\n");

/// Such a relay on loopback, and what it hears.
fn relay(answers: &'static [(&'static str, &'static str)]) -> (SocketAddr, Arc<Mutex<String>>) {
    let heard = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&heard);
    let address = peer(move |_, mut stream| converse(&mut stream, answers, &keep));
    (address, heard)
}

#[test]
fn a_mail_is_handed_over_and_the_relays_words_are_kept() {
    let (address, heard) = relay(&[TAKES_MAIL, (".", "250 2.0.0 queued as 17\r\n")]);
    let receipt = deliver(&settings(address)).unwrap();
    assert_eq!((receipt.answer.as_str(), receipt.at), ("250 2.0.0 queued as 17", now()));
    let heard = heard.lock().unwrap().clone();
    for part in [
        "EHLO example.com\r\nMAIL FROM:<alarm@example.com>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n",
        "\r\nFrom: Rempart <alarm@example.com>\r\n",
        "\r\nTo: bob@example.org\r\n",
        "\r\nAuto-Submitted: auto-generated\r\n",
        "\r\nImportance: high\r\n",
        "\r\nX-Priority: 1\r\n",
        "\r\nContent-Language: fr\r\n",
        "\r\nDate: Fri, 20 Nov 2026 09:30:00 ",
        "\r\n.\r\n",
    ] {
        assert!(format!("\r\n{heard}").contains(part), "{part:?} in {heard}");
    }
    assert!(heard.is_ascii() && !heard.contains("AUTH"));
}

#[test]
fn a_repeat_is_known_by_its_id_and_nobody_shares_one() {
    let id = |number: u8, person: &str| {
        let (address, heard) = relay(&[TAKES_MAIL]);
        let to = Recipient { person: PersonId::parse(person).unwrap(), ..recipient("bob@example.org") };
        email(&settings(address)).deliver(&message(number), Some(&to), now()).unwrap();
        let heard = heard.lock().unwrap().clone();
        heard.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned()
    };
    assert_eq!(id(1, "bob"), id(1, "bob"));
    assert_ne!(id(1, "bob"), id(2, "bob"));
    assert_ne!(id(1, "bob"), id(1, "carol"));
    assert!(id(1, "bob").ends_with("@example.com>"));
}

#[test]
fn answers_are_told_apart_by_who_must_act() {
    let cases: [(&'static [(&str, &str)], DeliveryError); 10] = [
        (&[("", "554 no\r\n")], DeliveryError::Refused(554)),
        (&[("", "421 busy\r\n")], DeliveryError::Unavailable(421)),
        (&[("EHLO", "500 what\r\n")], DeliveryError::Refused(500)),
        (&[("MAIL", "530 sign in\r\n")], DeliveryError::Refused(530)),
        (&[("RCPT", "550 nobody\r\n")], DeliveryError::Refused(550)),
        (&[("RCPT", "450-grey\r\n450 later\r\n")], DeliveryError::Unavailable(450)),
        (&[("DATA", "452 full\r\n")], DeliveryError::Unavailable(452)),
        (&[TAKES_MAIL, (".", "552 long\r\n")], DeliveryError::Refused(552)),
        (&[TAKES_MAIL, (".", "354 what\r\n")], DeliveryError::Broken("unexpected answer 354".into())),
        (&[("DATA", "250 done\r\n")], DeliveryError::Broken("unexpected answer 250".into())),
    ];
    for (answers, expected) in cases {
        let (address, _) = relay(answers);
        let permanent = matches!(expected, DeliveryError::Refused(_));
        let error = deliver(&settings(address)).unwrap_err();
        assert_eq!((error.is_permanent(), error), (permanent, expected), "{answers:?}");
    }
}

#[test]
fn a_password_is_used_as_the_relay_wants_it_and_refused_for_good() {
    let (address, heard) =
        relay(&[("EHLO", "250-relay\r\n250 AUTH CRAM-MD5 PLAIN\r\n"), ("AUTH", "235 ok\r\n"), TAKES_MAIL]);
    deliver(&with_login(settings(address))).unwrap();
    // Base64 of \0rempart\0orange-5309.
    assert!(heard.lock().unwrap().contains("AUTH PLAIN AHJlbXBhcnQAb3JhbmdlLTUzMDk=\r\n"));
    let (address, heard) = relay(&[
        ("EHLO", "250 AUTH=LOGIN\r\n"),
        ("AUTH", "334 VXNlcm5hbWU6\r\n"),
        ("cmVtcGFydA==", "334 UGFzc3dvcmQ6\r\n"),
        ("b3JhbmdlLTUzMDk=", "235 ok\r\n"),
        TAKES_MAIL,
    ]);
    deliver(&with_login(settings(address))).unwrap();
    assert!(heard.lock().unwrap().contains("AUTH LOGIN\r\ncmVtcGFydA==\r\nb3JhbmdlLTUzMDk=\r\n"));
    for (answers, expected) in [
        (&[("EHLO", "250 AUTH PLAIN\r\n"), ("AUTH", "535 no\r\n")], DeliveryError::Login(535)),
        (&[("EHLO", "250 AUTH PLAIN\r\n"), ("AUTH", "454 later\r\n")], DeliveryError::Unavailable(454)),
    ] {
        let (address, _) = relay(answers);
        let error = deliver(&with_login(settings(address))).unwrap_err();
        assert_eq!(error.is_permanent(), matches!(error, DeliveryError::Login(_)));
        assert_eq!(error, expected);
    }
    let (address, heard) = relay(&[("EHLO", "250 SIZE\r\n")]);
    let error = deliver(&with_login(settings(address))).unwrap_err();
    assert!(matches!(error, DeliveryError::Rejected(_)) && error.is_permanent(), "{error:?}");
    assert!(!heard.lock().unwrap().contains("AUTH"));
}

#[test]
fn nothing_is_said_in_the_clear_when_tls_was_asked_for() {
    let starttls = |address| with_login(EmailSettings { tls: MailTls::Starttls, ..settings(address) });
    let cases: [&'static [(&str, &str)]; 3] = [
        &[("EHLO", "250 AUTH PLAIN\r\n")],
        &[("EHLO", "250-STARTTLS\r\n250 AUTH PLAIN\r\n"), ("STARTTLS", "220 go\r\n250 injected\r\n")],
        &[("EHLO", "250-STARTTLS\r\n250 AUTH PLAIN\r\n"), ("STARTTLS", "220 go\r\n")],
    ];
    for answers in cases {
        let heard = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&heard);
        let address = peer(move |_, mut stream| {
            // After its consent this relay talks on in the clear, as one in the middle would.
            let lines = BufReader::new(stream.try_clone().unwrap());
            stream.write_all(b"220 relay\r\n").unwrap();
            for line in lines.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned() + "\n";
                keep.lock().unwrap().push_str(&line);
                let found = answers.iter().find(|(start, _)| line.starts_with(start));
                if stream.write_all(found.map_or("250 OK\r\n", |(_, text)| text).as_bytes()).is_err() {
                    return;
                }
            }
        });
        let error = deliver(&starttls(address)).unwrap_err();
        assert!(matches!(error, DeliveryError::Tls(_) | DeliveryError::Timeout), "{error:?}");
        let heard = heard.lock().unwrap().clone();
        assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
    }
    let refuses = relay(&[("EHLO", "250 STARTTLS\r\n"), ("STARTTLS", "454 not now\r\n")]).0;
    assert_eq!(deliver(&starttls(refuses)), Err(DeliveryError::Unavailable(454)));
}

#[test]
fn a_certificate_must_be_trusted_and_for_this_host() {
    let implicit = tls_peer(|stream| converse(stream, &[TAKES_MAIL], &Mutex::default()));
    let config = tls_server();
    let starttls = peer(move |_, mut stream| {
        plain_until_starttls(&mut stream, "220 go on\r\n");
        let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        if connection.complete_io(&mut stream).is_ok() && !connection.is_handshaking() {
            let mut stream = rustls::Stream::new(&mut connection, &mut stream);
            let answers = [("", ""), TAKES_MAIL];
            converse(&mut stream, &answers, &Mutex::default());
        }
    });
    for (mode, address) in [(MailTls::Implicit, implicit), (MailTls::Starttls, starttls)] {
        let deliver = |host: &str, ca_file: Option<&str>| {
            let settings = EmailSettings {
                tls: mode,
                host: host.into(),
                ca_file: ca_file.map(ToOwned::to_owned),
                ..settings(address)
            };
            let channel = open_within(&settings, PATIENT).unwrap();
            channel.deliver(&message(1), Some(&recipient("bob@example.org")), now())
        };
        let good = deliver("localhost", Some("ca"));
        assert!(good.is_ok(), "{mode:?}: {good:?}");
        for (host, roots) in [("localhost", None), ("127.0.0.1", Some("ca"))] {
            let error = deliver(host, roots).unwrap_err();
            assert!(matches!(error, DeliveryError::Tls(_)) && error.is_permanent(), "{host}: {error:?}");
        }
    }
}

/// What somebody in the middle puts in before TLS is not taken for the relay's answer after it.
#[test]
fn words_put_in_before_tls_end_the_conversation() {
    let config = tls_server();
    let address = peer(move |_, mut stream| {
        plain_until_starttls(&mut stream, "220 go on\r\n250 AUTH PLAIN\r\n");
        let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        if connection.complete_io(&mut stream).is_ok() && !connection.is_handshaking() {
            let mut stream = rustls::Stream::new(&mut connection, &mut stream);
            converse(&mut stream, &[("", ""), TAKES_MAIL], &Mutex::default());
        }
    });
    let settings = EmailSettings {
        tls: MailTls::Starttls,
        host: "localhost".into(),
        ca_file: Some("ca".into()),
        ..settings(address)
    };
    let channel = open_within(&settings, PATIENT).unwrap();
    let result = channel.deliver(&message(1), Some(&recipient("bob@example.org")), now());
    assert_eq!(result, Err(DeliveryError::Tls("the relay spoke on before TLS".into())));
}

/// Greets, offers STARTTLS and consents.
fn plain_until_starttls(stream: &mut TcpStream, consent: &str) {
    stream.write_all(b"220 relay\r\n").unwrap();
    let mut line = [0; 18];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"EHLO example.com\r\n");
    stream.write_all(b"250-relay\r\n250 STARTTLS\r\n").unwrap();
    let mut line = [0; 10];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"STARTTLS\r\n");
    stream.write_all(consent.as_bytes()).unwrap();
}

#[test]
fn a_relay_that_is_slow_or_endless_costs_a_bounded_time() {
    let silent = peer(|_, _stream| std::thread::sleep(PATIENCE * 2));
    let dripping = peer(|_, mut stream| {
        while stream.write_all(b"2").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let lines = peer(|_, mut stream| while stream.write_all(b"220-still here\r\n").is_ok() {});
    let one_line = peer(|_, mut stream| while stream.write_all(&[b'2'; 4096]).is_ok() {});
    let slow_lines = peer(|_, mut stream| {
        while stream.write_all(b"220-still here\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    for (name, address) in [
        ("silent", silent),
        ("dripping", dripping),
        ("lines", lines),
        ("one line", one_line),
        ("slow lines", slow_lines),
    ] {
        for mode in [MailTls::None, MailTls::Starttls] {
            let settings = EmailSettings { tls: mode, ..settings(address) };
            let (result, took) = timed(|| deliver(&settings));
            let error = result.unwrap_err();
            assert!(matches!(error, DeliveryError::Timeout | DeliveryError::Broken(_)), "{name}: {error:?}");
            assert!(!error.is_permanent());
            assert!(took < PATIENCE, "{name}: {took:?}");
        }
    }
}

#[test]
fn a_silent_handshake_costs_a_bounded_time() {
    let silent = peer(|_, _stream| std::thread::sleep(PATIENCE * 2));
    let settings = EmailSettings { tls: MailTls::Implicit, ..settings(silent) };
    let (result, took) = timed(|| deliver(&settings));
    assert_eq!(result, Err(DeliveryError::Timeout));
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn a_relay_that_hangs_up_or_talks_nonsense_is_broken() {
    let hangs_up = peer(|_, stream| drop(stream));
    let midway = relay(&[("RCPT", "")]).0;
    let after_the_mail = relay(&[TAKES_MAIL, (".", "")]).0;
    let other = peer(|_, mut stream| stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap());
    let two_minds = relay(&[("EHLO", "250-yes\r\n550 no\r\n")]).0;
    for address in [hangs_up, midway, after_the_mail, other, two_minds] {
        let error = deliver(&settings(address)).unwrap_err();
        assert!(matches!(error, DeliveryError::Broken(_)) && !error.is_permanent(), "{error:?}");
    }
    let error = deliver(&settings(nobody())).unwrap_err();
    assert!(matches!(error, DeliveryError::Connect(_)) && !error.is_permanent(), "{error:?}");
}

#[test]
fn private_addresses_need_permission_and_plain_mail_stays_here() {
    let (address, heard) = relay(&[]);
    let forbidden = EmailSettings { allow_private: false, ..settings(address) };
    assert_eq!(deliver(&forbidden), Err(DeliveryError::PrivateAddress));
    let elsewhere = EmailSettings { host: "10.255.255.1".into(), ..settings(address) };
    assert_eq!(deliver(&elsewhere), Err(DeliveryError::PlainHttp));
    assert!(heard.lock().unwrap().is_empty());
}

#[test]
fn nobody_can_write_headers_or_commands_through_an_address_or_a_text() {
    let (address, heard) = relay(&[TAKES_MAIL]);
    let channel = email(&settings(address));
    for bad in [
        "",
        "bob",
        "bob@",
        "@example.org",
        "bob@example.org\r\nBcc: eve@evil.example",
        "bob@example.org\nRCPT TO:<eve@evil.example>",
        "bob@example.org> SIZE=1",
        "<bob@example.org>",
        "\"bob eve\"@example.org",
        "bob@example.org,eve@evil.example",
        "bob@exämple.org",
        &format!("{}@example.org", "b".repeat(300)),
    ] {
        let error = channel.deliver(&message(1), Some(&recipient(bad)), now()).unwrap_err();
        assert_eq!(error, DeliveryError::Address(PersonId::parse("bob").unwrap()), "{bad}");
        assert!(error.is_permanent());
    }
    for bad in ["a\r\nBcc: eve@evil.example", "a\nb", "\u{1b}[2J"] {
        let hostile = Message { code: bad.into(), ..message(1) };
        let error = channel.deliver(&hostile, Some(&recipient("bob@example.org")), now()).unwrap_err();
        assert!(matches!(error, DeliveryError::Message(_)), "{error:?}");
    }
    assert_eq!(channel.deliver(&message(1), None, now()), Err(DeliveryError::NoRecipient));
    assert!(heard.lock().unwrap().is_empty(), "nothing was sent");
    for from in
        ["", "alarm", "alarm@example.com\r\nBcc: eve@evil.example", "a <b@c>, d <e@f>", "x\r\n <a@b.example>"]
    {
        let opened = open_within(&EmailSettings { from: from.into(), ..settings(address) }, QUICK);
        assert!(matches!(opened, Err(ConfigError::Setting(..))), "{from:?}");
        let reply_to = Some(from.to_owned());
        let opened = open_within(&EmailSettings { reply_to, ..settings(address) }, QUICK);
        assert!(matches!(opened, Err(ConfigError::Setting(..))), "{from:?}");
    }
}

#[test]
fn a_line_of_the_mail_cannot_end_it() {
    let (address, heard) = relay(&[TAKES_MAIL]);
    let dots = Message { incident: ".".into(), code: ".. .".into(), link: ".".into(), ..message(1) };
    email(&settings(address)).deliver(&dots, Some(&recipient("bob@example.org")), now()).unwrap();
    let heard = heard.lock().unwrap().clone();
    assert!(heard.contains("\r\n..\r\n") && heard.matches("\r\n.\r\n").count() == 1, "{heard}");
}

#[test]
fn a_heartbeat_signs_in_and_sends_nothing() {
    let (address, heard) = relay(&[("EHLO", "250 AUTH PLAIN\r\n"), ("AUTH", "235 ok\r\n"), TAKES_MAIL]);
    let channel = email(&with_login(settings(address)));
    assert_eq!(channel.reach(), Reach::Personal);
    assert_eq!(channel.probe(now()), Ok(()));
    let heard = heard.lock().unwrap().clone();
    assert!(heard.contains("AUTH PLAIN") && heard.contains("NOOP\r\n") && !heard.contains("MAIL"), "{heard}");
    let (wrong, _) = relay(&[("EHLO", "250 AUTH PLAIN\r\n"), ("AUTH", "535 no\r\n")]);
    assert_eq!(email(&with_login(settings(wrong))).probe(now()), Err(DeliveryError::Login(535)));
    let (sick, _) = relay(&[("NOOP", "421 closing\r\n")]);
    assert_eq!(email(&settings(sick)).probe(now()), Err(DeliveryError::Unavailable(421)));
}

#[test]
fn neither_address_nor_password_is_printed() {
    let (address, _) = relay(&[("EHLO", "250 AUTH PLAIN\r\n"), ("AUTH", "535 orange-5309?\r\n")]);
    let settings = with_login(settings(address));
    let channel = email(&settings);
    let to = recipient("bob@example.org");
    let error = channel.deliver(&message(1), Some(&to), now()).unwrap_err();
    let texts = format!("{channel:?} {settings:?} {to:?} {error} {error:?}");
    for secret in ["5309", "example", "127.0.0.1"] {
        assert!(!texts.contains(secret), "{texts}");
    }
}

#[test]
fn settings_that_cannot_work_are_refused_when_opened() {
    let address = nobody();
    let refused = |settings: EmailSettings| open_within(&settings, QUICK).err();
    for host in ["", "relay example", " relay", "relay\r\n"] {
        let error = refused(EmailSettings { host: host.into(), ..settings(address) });
        assert!(matches!(error, Some(ConfigError::Setting(..))), "{host:?}");
    }
    let half = EmailSettings { user: Some("rempart".into()), ..settings(address) };
    assert!(matches!(refused(half), Some(ConfigError::Setting(..))));
    let ca = EmailSettings { ca_file: Some("empty".into()), ..settings(address) };
    assert!(matches!(refused(ca), Some(ConfigError::Certificates(_))));
    assert_eq!(refused(with_login(settings(address))), None);
    assert_eq!([MailTls::Implicit, MailTls::Starttls, MailTls::None].map(MailTls::port), [465, 587, 25]);
}

#[test]
fn the_text_is_the_first_screen_in_the_readers_language() {
    let drill = Message {
        status: Status::Exercise,
        level: Level::Verify,
        news: News::Update,
        signals: 3,
        ..message(1)
    };
    let text = |message: &Message, language| {
        let to = Recipient { language, ..recipient("bob@example.org") };
        let from = "alarm@example.com".parse().unwrap();
        let mail = compose(message, &to, "bob@example.org".parse().unwrap(), (&from, Some(&from)), now());
        String::from_utf8(mail.unwrap()).unwrap()
    };
    let english = text(&drill, crate::Language::En);
    for part in [
        "EXERCISE. Nobody is in danger",
        "alice",
        "zebra-17",
        "https://rempart.example/incident/7",
        "Signs:     3",
        "1. Do not call",
    ] {
        assert!(english.contains(part), "{part} in {english}");
    }
    assert!(text(&drill, crate::Language::Fr).contains("EXERCICE. Personne n'est en danger"));
    assert!(!text(&message(1), crate::Language::En).contains("EXERCISE"));
}
