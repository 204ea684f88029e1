//! What we write is what we read; what the standard does not allow is refused, each with its reason. The standard's own schema judges the
//! same texts in `tests/cap_schema.rs`.

use proptest::prelude::*;
use types::{Hash, PersonId};

use super::*;
use crate::message::tests::message;

const SENT: &str = "2026-11-20T09:31:00Z";

fn sent() -> Timestamp {
    Timestamp::parse(SENT).unwrap()
}

fn text() -> String {
    message().cap("rempart.example", sent()).unwrap()
}

fn parse(text: &str) -> Result<Alert, CapError> {
    Alert::parse(text.as_bytes())
}

#[test]
fn a_message_in_cap_is_the_first_screen_in_two_languages() {
    let alert = parse(&text()).unwrap();
    assert_eq!(alert.identifier, Hash([1; 32]).to_string());
    assert_eq!((alert.sender.as_str(), alert.sent), ("rempart.example", sent()));
    assert_eq!(
        (alert.status, alert.message_type, alert.scope),
        (CapStatus::Actual, MessageType::Alert, Scope::Private)
    );
    assert_eq!((alert.addresses.as_deref(), alert.incidents.as_deref()), (Some("bob"), Some("7")));
    let [english, french] = alert.infos.as_slice() else { panic!("two languages") };
    assert_eq!((english.language.as_str(), french.language.as_str()), ("en-GB", "fr-FR"));
    assert_eq!(english.headline.as_deref(), Some("Acting under duress: alice"));
    assert_eq!(french.headline.as_deref(), Some("Agit sous la contrainte : alice"));
    for info in [english, french] {
        assert_eq!(
            (info.urgency, info.severity, info.certainty),
            (Urgency::Immediate, Severity::Extreme, Certainty::Likely)
        );
        assert_eq!(
            (info.category.as_slice(), info.response.as_slice()),
            (&[Category::Security][..], &[ResponseType::Execute][..])
        );
        let code = info.parameters.iter().find(|(name, _)| name == "code").map(|(_, value)| value.as_str());
        assert_eq!(code, Some("zebra-17"));
    }
    assert!(text().contains("<sent>2026-11-20T09:31:00-00:00</sent>"), "UTC as the standard writes it");
}

#[test]
fn a_drill_a_slip_and_a_dead_channel_say_so() {
    let read = |message: Message| parse(&message.cap("a", sent()).unwrap()).unwrap();
    assert_eq!(read(Message { status: Status::Exercise, ..message() }).status, CapStatus::Exercise);
    let slip = read(Message { level: Level::Verify, kind: Kind::SignIn, ..message() });
    assert_eq!(
        (slip.infos[0].certainty, slip.infos[0].response[0]),
        (Certainty::Possible, ResponseType::Assess)
    );
    let channel = read(Message { kind: Kind::Channel, ..message() });
    assert_eq!(
        (channel.infos[0].severity, channel.infos[0].urgency),
        (Severity::Moderate, Urgency::Expected)
    );
    assert_eq!(read(Message { call: Vec::new(), ..message() }).addresses.as_deref(), Some("responders"));
}

#[test]
fn letters_that_xml_uses_are_written_so_that_they_come_back() {
    let odd = "a <b> & \"c\" 'd' ]]> é 😀".to_owned();
    let alert = parse(
        &Message { code: odd.clone(), incident: "a \"b\" c".into(), ..message() }.cap("a", sent()).unwrap(),
    )
    .unwrap();
    assert!(alert.infos.iter().all(|info| info.parameters.contains(&("code".into(), odd.clone()))));
    assert_eq!(alert.incidents.as_deref(), Some("\"a 'b' c\""));
    let not_xml = Message { code: "a\u{fffe}".into(), ..message() };
    assert_eq!(not_xml.cap("a", sent()), Err(MessageError::Text("content")));
    assert!(message().cap("two words", sent()).is_err());
}

#[test]
fn nothing_that_identifies_is_in_it() {
    let bob = PersonId::parse("bob").unwrap();
    let text = Message { call: vec![bob], ..message() }.cap("a", sent()).unwrap();
    for word in ["<contact>", "<area>", "<senderName>", "<polygon>", "@"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn what_the_schema_does_not_have_is_refused() {
    for (from, to, error) in [
        ("<identifier>", "<identifer>", CapError::Xml(String::new())),
        ("<status>Actual</status>", "<status>actual</status>", CapError::Value("status")),
        ("<status>Actual</status>", "<status> Actual</status>", CapError::Value("status")),
        ("<status>Actual</status>", "", CapError::Missing("status")),
        ("<scope>Private</scope>", "<scope>Secret</scope>", CapError::Value("scope")),
        (
            "<msgType>Alert</msgType>",
            "<msgType>Alert</msgType><msgType>Alert</msgType>",
            CapError::Missing("scope"),
        ),
        ("<category>Security</category>", "", CapError::Missing("category")),
        ("<urgency>Immediate</urgency>", "<urgency>Now</urgency>", CapError::Value("urgency")),
        ("09:31:00-00:00", "09:31:00Z", CapError::Value("sent")),
        ("09:31:00-00:00", "09:31:00", CapError::Value("sent")),
        ("09:31:00-00:00", "09:31:60-00:00", CapError::Value("sent")),
        ("09:31:00-00:00", "09:31:00+14:01", CapError::Value("sent")),
        ("<language>en-GB</language>", "<language>en_GB</language>", CapError::Value("language")),
        ("<value>zebra-17</value>", "", CapError::Missing("value")),
        ("</alert>", "<note>x</note></alert>", CapError::Unexpected("note".into())),
        ("<info>", "<info>text", CapError::Unexpected("text between elements".into())),
        ("<event>", "<event><b/>", CapError::Unexpected("b".into())),
        ("cap:1.2", "cap:1.1", CapError::Forbidden("elements of other namespaces than that of CAP 1.2")),
        ("<status>", "<status xml:lang=\"en\">", CapError::Forbidden("attributes")),
    ] {
        let altered = text().replacen(from, to, 1);
        let refused = parse(&altered).unwrap_err();
        let same = matches!((&refused, &error), (CapError::Xml(_), CapError::Xml(_))) || refused == error;
        assert!(same, "{from} → {to}: {refused}");
    }
}

#[test]
fn xml_that_does_more_than_carry_text_is_refused() {
    let document_type = "<!DOCTYPE alert [<!ENTITY x \"y\">]>\n<alert ";
    let bomb = text().replacen("<alert ", document_type, 1).replacen("zebra-17", "&x;", 1);
    assert_eq!(parse(&bomb), Err(CapError::Forbidden("document types")));
    let outside = "<!DOCTYPE alert SYSTEM \"file:///etc/passwd\">\n<alert ";
    assert_eq!(parse(&text().replacen("<alert ", outside, 1)), Err(CapError::Forbidden("document types")));
    assert_eq!(
        parse(&text().replacen("zebra-17", "&x;", 1)),
        Err(CapError::Forbidden("entities of one's own"))
    );
    assert_eq!(parse(&text().replacen("zebra-17", "&#1;", 1)), Err(CapError::Character));
    assert_eq!(parse(&text().replacen("zebra-17", "&#xfffe;", 1)), Err(CapError::Character));
    assert_eq!(parse(&text().replacen("zebra-17", "\u{1}", 1)), Err(CapError::Character));
    let instruction = text().replacen("<info>", "<?php x?><info>", 1);
    assert_eq!(parse(&instruction), Err(CapError::Forbidden("processing instructions")));
    for (from, to) in [("1.0", "1.1"), ("UTF-8", "ISO-8859-1")] {
        assert!(matches!(parse(&text().replacen(from, to, 1)), Err(CapError::Forbidden(_))), "{to}");
    }
    assert_eq!(Alert::parse(b"\xff\xfe<\0"), Err(CapError::Character));
    for fine in [
        text().replacen("zebra-17", "<![CDATA[zebra-17]]>", 1),
        text().replacen("zebra-17", "z&#101;bra&#45;17", 1),
        text().replacen("<info>", "<!-- a remark --><info>", 1),
        text()
            .replace("<alert xmlns=", "<c:alert xmlns:c=")
            .replace("<", "<c:")
            .replace("<c:/", "</c:")
            .replace("<c:?", "<?")
            .replace("<c:c:", "<c:"),
    ] {
        assert_eq!(parse(&fine).as_ref(), Ok(&parse(&text()).unwrap()), "{fine}");
    }
}

#[test]
fn a_signature_is_carried_and_not_looked_at() {
    let signature = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo Id=\"x\"><info>no</info></SignedInfo></Signature></alert>";
    assert_eq!(parse(&text().replacen("</alert>", signature, 1)), parse(&text()));
    let early = text().replacen("<info>", &signature.replace("</alert>", "<info>"), 1);
    assert!(parse(&early).is_err());
}

#[test]
fn everything_has_a_bound() {
    assert_eq!(
        parse(&text().replacen("zebra-17", &"z".repeat(CAP_BYTES_MAX), 1)),
        Err(CapError::Bounds("bytes"))
    );
    let many = format!("<info>{}", "<category>Security</category>".repeat(CAP_ELEMENTS_MAX));
    assert_eq!(parse(&text().replacen("<info>", &many, 1)), Err(CapError::Bounds("elements")));
    let deep = "<event>".repeat(CAP_DEPTH_MAX);
    assert_eq!(parse(&text().replacen("<event>", &deep, 1)), Err(CapError::Bounds("levels")));
    for bad in ["", " ", "<", "<alert", "<alert>", "</alert>", "<alert/><alert/>", "x<alert/>", "<alert/>x"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..2000, byte: u8) {
        let _ = Alert::parse(&bytes);
        let mut altered = text().into_bytes();
        let at = at % (altered.len() - 1);
        altered[at] = byte;
        let _ = Alert::parse(&altered);
        altered.truncate(at);
        prop_assert!(Alert::parse(&altered).is_err());
    }

    #[test]
    fn any_texts_come_back(code in "\\PC{1,60}", incident in "[a-zA-Z0-9<>&'\" -]{1,40}", link in "\\PC{1,60}") {
        let message = Message { code: code.clone(), incident, link: link.clone(), ..message() };
        if let Ok(text) = message.cap("rempart.example", sent()) {
            let alert = parse(&text).unwrap();
            for info in &alert.infos {
                prop_assert!(info.parameters.contains(&("code".to_owned(), code.clone())));
                prop_assert_eq!(info.web.as_deref(), Some(link.as_str()));
            }
            prop_assert_eq!(alert.write().unwrap(), text);
        }
    }
}
