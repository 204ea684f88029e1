//! The channel to an alarm centre, against two independent implementations of DC-09: `pysiaalarm`, a receiver, and `siadc09`, a codec.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod peers;

use alarm::{Channel, DeliveryError, Message, Status};
use peers::{Peer, message, now, open};
use serde_json::{Value, json};
use types::{Span, Timestamp};

/// `pysiaalarm` takes the letters of a key, so these are the codes of letters: 16, 24 and 32 of them.
const KEYS: [&str; 3] = [
    "30313233343536373839414243444546",
    "303132333435363738394142434445463031323334353637",
    "3031323334353637383941424344454630313233343536373839414243444546",
];

fn centre(library: &str, key: Option<&str>) -> Peer {
    Peer::python("dc09_centre.py", &[library, "1A2B", key.unwrap_or("-")])
}

fn channel(port: u16, key: Option<&str>) -> Box<dyn Channel> {
    let mut settings = json!({
        "kind": "dc09", "id": "arc", "host": "127.0.0.1", "port": port, "account": "1A2B",
        "receiver": "5", "line": "C0", "allow_private": true
    });
    if key.is_some() {
        settings["key_file"] = "aes".into();
    }
    open(settings, &[("aes", key.unwrap_or_default().as_bytes())])
}

/// Whether a centre read the time that we wrote.
fn is_time(said: &Value, at: Timestamp) -> bool {
    let time = Timestamp::parse(said["time"].as_str().expect("a time")).unwrap();
    (at.as_nanos() - time.as_nanos()).abs() < 2_000_000_000
}

#[test]
fn pysiaalarm_reads_account_code_time_and_text() {
    for key in [None, Some(KEYS[0]), Some(KEYS[1]), Some(KEYS[2])] {
        let centre = centre("pysiaalarm", key);
        let channel = channel(centre.port, key);
        let at = now();
        let receipt = channel.deliver(&message(1), None, at).unwrap();
        let said = centre.json();
        assert_eq!((said["account"].as_str(), said["code"].as_str()), (Some("1A2B"), Some("HA")), "{said}");
        assert_eq!((said["zone"].as_str(), said["kind"].as_str()), (Some("1"), Some("SIA-DCS")), "{said}");
        assert_eq!(said["encrypted"], key.is_some());
        assert!(
            said["text"].as_str().unwrap().contains("alice")
                && said["text"].as_str().unwrap().contains("zebra-17")
        );
        assert!(is_time(&said, at), "{said}");
        assert_eq!(receipt.answer, format!("ACK {}", said["sequence"].as_str().unwrap()));
        channel.deliver(&Message { status: Status::Exercise, ..message(2) }, None, now()).unwrap();
        assert_eq!(centre.json()["code"], "RX");
        channel.probe(now()).unwrap();
        assert_eq!(centre.json()["kind"], "NULL");
        assert!(centre.is_silent());
    }
}

#[test]
fn siadc09_reads_the_same() {
    for key in [None, Some(KEYS[0]), Some(KEYS[1]), Some(KEYS[2])] {
        let centre = centre("siadc09", key);
        let channel = channel(centre.port, key);
        let at = now();
        channel.deliver(&message(1), None, at).unwrap();
        let said = centre.json();
        assert_eq!(
            (said["account"].as_str(), said["kind"].as_str()),
            (Some("1A2B"), Some("SIA-DCS")),
            "{said}"
        );
        assert!(said["events"].as_str().unwrap().contains("Holdup Alarm"), "{said}");
        assert!(said["events"].as_str().unwrap().contains("alice"), "{said}");
        assert!(is_time(&said, at), "{said}");
        channel.probe(now()).unwrap();
        assert_eq!(centre.json()["kind"], "NULL");
    }
}

#[test]
fn a_wrong_key_is_not_taken() {
    let centre = centre("pysiaalarm", Some(KEYS[0]));
    let other = "46".repeat(16);
    let error = channel(centre.port, Some(&other)).deliver(&message(1), None, now()).unwrap_err();
    assert!(
        matches!(error, DeliveryError::Broken(_) | DeliveryError::Timeout | DeliveryError::Rejected(_)),
        "{error}"
    );
    assert!(centre.is_silent());
    let in_clear = channel(centre.port, None).deliver(&message(1), None, now());
    assert!(
        in_clear.is_ok(),
        "pysiaalarm takes frames in the clear even where it has a key; our own receiver does not"
    );
}

#[test]
fn a_wrong_clock_is_corrected_by_the_centre() {
    for key in [None, Some(KEYS[0])] {
        let centre = centre("pysiaalarm", key);
        let channel = channel(centre.port, key);
        for slow in [now().before(Span::from_seconds(120)), now().after(Span::from_seconds(120))] {
            channel.deliver(&message(1), None, slow).unwrap();
            assert!(is_time(&centre.json(), now()));
        }
        let hopeless = channel.deliver(&message(2), None, now().before(Span::from_hours(3))).unwrap_err();
        assert!(hopeless.is_permanent(), "{hopeless}");
        assert!(centre.is_silent());
    }
}
