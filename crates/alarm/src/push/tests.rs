//! The push channel against servers that are good, slow, hostile and failing (G8, G9).

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use types::{ChannelId, PersonId};

use super::*;
use crate::Language;
use crate::peers::{
    AUTHORITY, PATIENCE, PATIENT, QUICK, answering, message, nobody, now, peer, read_request, recipient,
    timed, tls_peer, with_files,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

fn settings(server: &str) -> PushSettings {
    PushSettings {
        id: ChannelId::parse("push").unwrap(),
        server: server.into(),
        token_file: Some("token".into()),
        allow_private: true,
        ca_file: None,
    }
}

fn open(settings: &PushSettings, limits: Limits) -> Result<Push, ConfigError> {
    let files: [(&str, &[u8]); 3] = [("token", b"tk_orange5309\n"), ("ca", AUTHORITY), ("two", b"a\nb")];
    with_files(&files, |files| Push::new(settings, files, limits))
}

fn push(server: &str) -> Push {
    open(&settings(server), QUICK).unwrap()
}

/// A server that answers well, and what it heard.
fn server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&heard);
    let address = peer(move |_, mut stream| {
        let request = String::from_utf8(read_request(&mut stream)).unwrap();
        keep.lock().unwrap().push(request);
        stream.write_all(OK.as_bytes()).unwrap();
    });
    (address, heard)
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn deliver(address: SocketAddr) -> Result<Receipt, DeliveryError> {
    push(&format!("http://{address}")).deliver(&message(1), Some(&recipient("bob-7f3a")), now())
}

#[test]
fn a_telephone_rings_and_shows_pseudonym_kind_and_code_only() {
    let (address, heard) = server();
    let receipt = deliver(address).unwrap();
    assert_eq!(receipt.answer, "200");
    let request = heard.lock().unwrap().remove(0);
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("\r\nauthorization: bearer tk_orange5309\r\n"), "{request}");
    let expected = json!({
        "topic": "bob-7f3a",
        "title": "Rempart",
        "message": "ALERTE alice: agit sous la contrainte. Code zebra-17.",
        "priority": 5,
        "tags": ["rotating_light"],
        "click": "https://rempart.example/incident/7",
    });
    assert_eq!(body(&request), expected);
}

#[test]
fn what_it_is_shows_in_the_picture() {
    let (address, heard) = server();
    let channel = push(&format!("http://{address}/"));
    let told = [
        (Message { status: Status::Exercise, ..message(1) }, "test_tube", "EXERCISE ALARM alice: "),
        (Message { kind: Kind::Channel, ..message(1) }, "wrench", "REMPART alice: alarm channel"),
        (Message { kind: Kind::Pause, ..message(1) }, "octagonal_sign", "REMPART alice: asks for a stop"),
        (Message { level: Level::Verify, ..message(1) }, "warning", "VERIFY alice: "),
    ];
    for (message, tag, start) in told {
        let to = Recipient { language: Language::En, ..recipient("bob") };
        channel.deliver(&message, Some(&to), now()).unwrap();
        let body = body(&heard.lock().unwrap().remove(0));
        assert_eq!(body["tags"], json!([tag]));
        assert!(body["message"].as_str().unwrap().starts_with(start), "{body}");
    }
}

#[test]
fn the_token_goes_to_the_configured_server_only() {
    let (own, heard_own) = server();
    let (other, heard_other) = server();
    let channel = push(&format!("http://{own}/"));
    let to = |address: &str| recipient(address);
    channel.deliver(&message(1), Some(&to(&format!("http://{other}/bob"))), now()).unwrap();
    channel.deliver(&message(1), Some(&to(&format!("http://{own}/bob"))), now()).unwrap();
    let theirs = heard_other.lock().unwrap().remove(0).to_lowercase();
    assert!(!theirs.contains("authorization") && !theirs.contains("5309"), "{theirs}");
    assert_eq!(body(&theirs)["topic"], "bob");
    assert!(heard_own.lock().unwrap().remove(0).contains("5309"));
}

#[test]
fn only_topics_are_addresses() {
    let (address, heard) = server();
    let channel = push(&format!("http://{address}"));
    for bad in [
        "",
        "bob smith",
        "bob/../x",
        "../v1/account",
        "bob?x=1",
        "bob@example.org",
        "https://",
        "https://h/",
        "https://user:pass@h/bob",
        "https://h/?x=/bob",
        "ftp://h/bob",
        &"b".repeat(65),
    ] {
        let error = channel.deliver(&message(1), Some(&recipient(bad)), now()).unwrap_err();
        assert_eq!(error, DeliveryError::Address(PersonId::parse("bob").unwrap()), "{bad}");
    }
    assert_eq!(channel.deliver(&message(1), None, now()), Err(DeliveryError::NoRecipient));
    let hostile = Message { code: "a\nb".into(), ..message(1) };
    let error = channel.deliver(&hostile, Some(&recipient("bob")), now()).unwrap_err();
    assert!(matches!(error, DeliveryError::Message(_)));
    assert!(heard.lock().unwrap().is_empty());
}

#[test]
fn failures_are_told_apart_by_who_must_act() {
    for (answer, expected) in [
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", DeliveryError::Refused(401)),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", DeliveryError::Refused(404)),
        ("HTTP/1.1 429 Slow Down\r\ncontent-length: 0\r\n\r\n", DeliveryError::Unavailable(429)),
        ("HTTP/1.1 507 Full\r\ncontent-length: 0\r\n\r\n", DeliveryError::Unavailable(507)),
        (
            "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            DeliveryError::Redirect(301),
        ),
    ] {
        let error = deliver(answering(answer)).unwrap_err();
        assert_eq!(error.is_permanent(), !matches!(error, DeliveryError::Unavailable(_)));
        assert_eq!(error, expected);
    }
    let silent = peer(|_, _stream| std::thread::sleep(PATIENCE * 2));
    let (result, took) = timed(|| deliver(silent));
    assert_eq!(result, Err(DeliveryError::Timeout));
    assert!(took < PATIENCE, "{took:?}");
    let error = deliver(nobody()).unwrap_err();
    assert!(matches!(error, DeliveryError::Connect(_)) && !error.is_permanent(), "{error:?}");
    let error = deliver(peer(|_, stream| drop(stream))).unwrap_err();
    assert!(matches!(error, DeliveryError::Broken(_)) && !error.is_permanent(), "{error:?}");
    let private = PushSettings { allow_private: false, ..settings("https://127.0.0.1:1") };
    let result = open(&private, QUICK).unwrap().deliver(&message(1), Some(&recipient("bob")), now());
    assert_eq!(result, Err(DeliveryError::PrivateAddress));
}

#[test]
fn a_certificate_must_be_trusted() {
    let port = tls_peer(|stream| {
        read_request(stream);
        stream.write_all(OK.as_bytes()).unwrap();
    })
    .port();
    let deliver = |ca_file: Option<&str>| {
        let server = format!("https://localhost:{port}");
        let settings = PushSettings { ca_file: ca_file.map(ToOwned::to_owned), ..settings(&server) };
        open(&settings, PATIENT).unwrap().deliver(&message(1), Some(&recipient("bob")), now())
    };
    assert!(deliver(Some("ca")).is_ok());
    let error = deliver(None).unwrap_err();
    assert!(matches!(error, DeliveryError::Tls(_)) && error.is_permanent(), "{error:?}");
}

#[test]
fn a_heartbeat_asks_for_health_and_publishes_nothing() {
    let (address, heard) = server();
    let _not_healthy = push(&format!("http://{address}/base/")).probe(now());
    let request = heard.lock().unwrap().remove(0);
    assert!(request.starts_with("GET /base/v1/health HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("5309"), "the token is not needed for this");
    let probe = |answer| push(&format!("http://{}", answering(answer))).probe(now());
    assert_eq!(probe("HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"healthy\":true}"), Ok(()));
    for bad in [
        "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"healthy\":false}",
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
    ] {
        let error = probe(bad).unwrap_err();
        assert!(matches!(error, DeliveryError::Broken(_)), "{error:?}");
    }
    assert_eq!(probe("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"), Err(DeliveryError::Unavailable(503)));
    let endless = peer(|_, mut stream| {
        read_request(&mut stream);
        let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
        while written.is_ok() {
            written = stream.write_all(&[b' '; 4096]);
        }
    });
    let (result, took) = timed(|| push(&format!("http://{endless}")).probe(now()));
    assert!(matches!(result, Err(DeliveryError::Broken(_))), "{result:?}");
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn settings_that_cannot_work_are_refused_when_opened() {
    for server in ["", "ntfy.example", "ftp://a", "https://user@a", "https://a/?x=1"] {
        let opened = open(&settings(server), QUICK);
        assert!(matches!(opened, Err(ConfigError::Url(_, "server"))), "{server}");
    }
    let two_lines = PushSettings { token_file: Some("two".into()), ..settings("https://a") };
    assert!(matches!(open(&two_lines, QUICK), Err(ConfigError::Line { .. })));
    let no_authority = PushSettings { ca_file: Some("two".into()), ..settings("https://a") };
    assert!(matches!(open(&no_authority, QUICK), Err(ConfigError::Certificates(_))));
    let channel = push("https://ntfy.example");
    let texts = format!("{channel:?} {:?}", settings("https://ntfy.example"));
    assert!(!texts.contains("5309") && !texts.contains("ntfy"), "{texts}");
}
