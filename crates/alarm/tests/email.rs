//! Mail through a real mail server (aiosmtpd), read by Python's own parser: TLS, sign-in, both languages, headers (G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod peers;

use alarm::{Channel, DeliveryError, Kind, Language, Level, Message, Reach, Status};
use peers::{Peer, manifest, message, now, open, recipient};
use serde_json::{Value, json};

const AUTHORITY: &[u8] = include_bytes!("tls/authority.pem");
const PASSWORD: &[u8] = "orange été 5309\n".as_bytes();

fn server(mode: &str, login: &[&str]) -> Peer {
    let tls = manifest().join("tests/tls");
    let path = |name: &str| tls.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("localhost.pem"), path("localhost.key.pem"));
    Peer::python("mail_server.py", &[&[mode, &certificate, &key], login].concat())
}

fn channel(server: &Peer, more: Value) -> Box<dyn Channel> {
    let mut settings = json!({
        "kind": "email", "id": "mail", "host": "localhost", "port": server.port, "allow_private": true,
        "from": "Sécurité <alarm@example.com>", "ca_file": "ca",
    });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    open(settings, &[("ca", AUTHORITY), ("password", PASSWORD), ("wrong", b"wrong")])
}

fn signed_in(tls: &str) -> Value {
    json!({ "tls": tls, "user": "rempart", "password_file": "password" })
}

#[test]
fn a_mail_arrives_over_tls_after_signing_in() {
    for mode in ["starttls", "implicit"] {
        let server = server(mode, &["rempart", "orange été 5309"]);
        let channel = channel(&server, signed_in(mode));
        assert_eq!(channel.reach(), Reach::Personal);
        assert_eq!(channel.probe(now()), Ok(()));
        let to = recipient("bob", "bob@example.org", Language::En);
        let receipt = channel.deliver(&message(1), Some(&to), now()).unwrap();
        assert_eq!(receipt.answer, "250 2.0.0 queued as 17");
        let mail = server.json();
        assert_eq!((&mail["from"], &mail["to"]), (&json!("alarm@example.com"), &json!(["bob@example.org"])));
        assert_eq!((&mail["user"], &mail["tls"]), (&json!("rempart"), &json!(true)));
        assert!(server.is_silent(), "the heartbeat sent nothing");
    }
}

#[test]
fn a_wrong_password_is_refused_for_good() {
    for mode in ["starttls", "implicit"] {
        let server = server(mode, &["rempart", "orange été 5309"]);
        let mut settings = signed_in(mode);
        settings["password_file"] = json!("wrong");
        let channel = channel(&server, settings);
        let error = channel.probe(now()).unwrap_err();
        assert!(matches!(error, DeliveryError::Login(535)) && error.is_permanent(), "{error:?}");
        let anonymous = self::channel(&server, json!({ "tls": mode }));
        let to = recipient("bob", "bob@example.org", Language::En);
        let error = anonymous.deliver(&message(1), Some(&to), now()).unwrap_err();
        assert!(matches!(error, DeliveryError::Refused(530)) && error.is_permanent(), "{error:?}");
        assert!(server.is_silent());
    }
}

#[test]
fn a_relay_that_cannot_be_trusted_gets_nothing() {
    let good = server("starttls", &["rempart", "orange été 5309"]);
    let stranger = channel(&good, json!({ "tls": "starttls", "host": "127.0.0.1" }));
    let error = stranger.probe(now()).unwrap_err();
    assert!(matches!(error, DeliveryError::Tls(_)) && error.is_permanent(), "{error:?}");
    let plain = server("none", &[]);
    let error = channel(&plain, signed_in("starttls")).probe(now()).unwrap_err();
    assert!(matches!(error, DeliveryError::Tls(_)) && error.is_permanent(), "{error:?}");
    assert!(good.is_silent() && plain.is_silent());
}

#[test]
fn a_mail_is_read_as_it_was_meant_in_both_languages() {
    let server = server("none", &[]);
    let channel = channel(&server, json!({ "tls": "none", "reply_to": "replies@example.com" }));
    let cases = [
        (
            Language::En,
            "Missed a check-in (may be a slip: verify first): alice",
            ["Call-back", "Code:      zebra-17", "Signs:     2", "1. Do not call", "A reply to this mail"],
        ),
        (
            Language::Fr,
            "N'a pas donné signe de vie à l'heure prévue (peut-être une erreur : vérifier d'abord) : alice",
            [
                "rappel",
                "Code :     zebra-17",
                "Niveau :   à vérifier",
                "1. N'appelez pas",
                "Une réponse à ce message",
            ],
        ),
    ];
    for (language, subject, [_, parts @ ..]) in cases {
        let to = recipient("bob", "bob@example.org", language);
        channel.deliver(&message(1), Some(&to), now()).unwrap();
        let mail = server.json();
        let header = |name: &str| mail["headers"][name].as_str().unwrap_or_default().to_owned();
        assert_eq!(header("Subject"), subject);
        assert_eq!(header("From"), "Sécurité <alarm@example.com>");
        assert_eq!(
            (header("To"), header("Reply-To")),
            ("bob@example.org".into(), "replies@example.com".into())
        );
        assert_eq!(
            (header("Auto-Submitted"), header("Importance")),
            ("auto-generated".into(), "high".into())
        );
        assert_eq!((header("X-Priority"), header("MIME-Version")), ("1".into(), "1.0".into()));
        assert_eq!(header("Content-Language"), language.to_string());
        assert!(header("Message-ID").ends_with("@example.com>"), "{mail}");
        assert_eq!((&mail["type"], &mail["tls"]), (&json!("text/plain"), &json!(false)));
        let text = mail["text"].as_str().unwrap();
        for part in parts.iter().chain(&[
            "alice",
            "2026-11-20T09:30:00Z",
            "https://rempart.example/v1/response/incidents/482193",
        ]) {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn no_header_comes_twice_or_from_outside() {
    let server = server("none", &[]);
    let channel = channel(&server, json!({ "tls": "none" }));
    let odd = Message {
        incident: "x: y; Bcc=eve@evil.example".into(),
        code: "=?utf-8?q?Bcc:_eve?= <eve@evil.example>".into(),
        link: ".".into(),
        status: Status::Exercise,
        kind: Kind::Channel,
        level: Level::Confirmed,
        ..message(1)
    };
    let to = recipient("bob", "bob+alarm@example.org", Language::Fr);
    channel.deliver(&odd, Some(&to), now()).unwrap();
    let mail = server.json();
    let mut names: Vec<&str> =
        mail["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    let expected = [
        "Auto-Submitted",
        "Content-Language",
        "Content-Transfer-Encoding",
        "Content-Type",
        "Date",
        "From",
        "Importance",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
        "X-Priority",
    ];
    assert_eq!(names, expected);
    assert_eq!(mail["to"], json!(["bob+alarm@example.org"]));
    assert!(mail["text"].as_str().unwrap().contains("\r\n.\r\n"), "the lone dot of the link arrives as one");
}
