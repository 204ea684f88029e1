//! Webhooks checked by programs that are not ours: the library of Standard Webhooks, node's own Ed25519, and the receiver that the
//! documentation prints (G8).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod peers;

use std::process::Command;

use alarm::{Channel, DeliveryError, WebhookKey};
use peers::{Peer, manifest, message, now, open};
use serde_json::json;
use types::Span;

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// 32 times the byte 7.
const KEY: &str = "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn channel(server: &Peer, key_file: bool, secret: &str) -> Box<dyn Channel> {
    let mut settings = json!({
        "kind": "webhook", "id": "centre", "url": format!("http://127.0.0.1:{}/alarm", server.port),
        "secret_file": "secret", "allow_private": true,
    });
    if key_file {
        settings["key_file"] = json!("key");
    }
    open(settings, &[("secret", secret.as_bytes()), ("key", KEY.as_bytes())])
}

#[test]
fn the_library_of_standard_webhooks_believes_us() {
    let server = Peer::python("webhook_server.py", &[SECRET]);
    for with_key in [false, true] {
        let channel = channel(&server, with_key, SECRET);
        assert_eq!(channel.deliver(&message(1), None, now()).unwrap().answer, "204");
        let said = server.json();
        assert_eq!((&said["believed"], &said["id"]), (&json!(true), &json!(message(1).id.to_string())));
        assert_eq!((&said["body"]["type"], &said["body"]["who"]), (&json!("alarm"), &json!("alice")));
        assert_eq!(channel.probe(now()), Ok(()));
        assert_eq!(server.json()["body"], json!({ "type": "probe", "version": 1 }));
    }
}

#[test]
fn the_library_of_standard_webhooks_refuses_replays_and_forgeries() {
    let server = Peer::python("webhook_server.py", &[SECRET]);
    let late = now().before(Span::from_seconds(400));
    let other = SECRET.replace("AAEC", "BBEC");
    for (secret, at) in [(SECRET, late), (other.as_str(), now())] {
        let error = channel(&server, false, secret).deliver(&message(1), None, at).unwrap_err();
        assert_eq!(error, DeliveryError::Refused(401));
        assert_eq!(server.json()["believed"], json!(false));
    }
}

#[test]
fn a_receiver_with_the_public_key_alone_believes_us() {
    let public = WebhookKey::parse(KEY.as_bytes()).unwrap().public().to_string();
    let server = Peer::node("webhook_server.mjs", &[&public]);
    let delivered = channel(&server, true, SECRET).deliver(&message(1), None, now());
    assert_eq!(delivered.unwrap().answer, "200");
    let said = server.json();
    assert_eq!((&said["believed"], &said["body"]["code"]), (&json!(true), &json!("zebra-17")));
    let unsigned = channel(&server, false, SECRET).deliver(&message(1), None, now());
    assert_eq!(unsigned, Err(DeliveryError::Refused(401)), "the secret alone does not convince it");
}

/// The program under "A receiver in Python" is run as it is printed.
#[test]
fn the_receiver_in_the_documentation_works() {
    let page = std::fs::read_to_string(manifest().join("../../docs/webhook.md")).unwrap();
    let program = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let (script, secret) = (file("receiver.py", program), file("secret", "5a".repeat(32).as_str()));
    let server = Peer::start(Command::new("python3").arg("-u").arg(script).arg(secret).arg("0"));
    let channel = channel(&server, true, &"5a".repeat(32));
    assert_eq!(channel.probe(now()), Ok(()));
    channel.deliver(&message(1), None, now()).unwrap();
    channel.deliver(&message(1), None, now()).unwrap();
    channel.deliver(&message(2), None, now()).unwrap();
    for _ in 0..2 {
        let line = server.line();
        assert!(line.starts_with("Actual Missed a check-in") && line.ends_with("code zebra-17"), "{line}");
    }
    assert!(server.is_silent(), "neither the heartbeat nor the repeat acted");
    let forged = self::channel(&server, true, &"5b".repeat(32)).deliver(&message(3), None, now());
    assert_eq!(forged, Err(DeliveryError::Refused(401)));
    let late = channel.deliver(&message(3), None, now().before(Span::from_seconds(400)));
    assert_eq!(late, Err(DeliveryError::Refused(401)));
}
