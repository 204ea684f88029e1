//! The SMS channel against an independent provider on loopback (`tests/peers/smpp.js`), and against peers that no provider would be.

mod hostile;
mod provider;

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use types::{ChannelId, Hash, PersonId, Timestamp};

use super::*;
use crate::config::Files;
use crate::config::tests::files;
use crate::message::tests::message;
use crate::{ConfigError, Inbound, Language, Status};
use provider::Provider;

/// For what must fail: answers are soon given up, and nothing else would end the wait in time.
const QUICK: Limits = Limits {
    connect: Duration::from_millis(1500),
    answer: Duration::from_millis(500),
    whole: Duration::from_secs(30),
    quiet: Duration::from_secs(60),
};
/// For what must succeed however busy the machine is.
const PATIENT: Limits = Limits { connect: SOON, answer: SOON, ..QUICK };
/// Far above `QUICK`, far below what a lost limit would take.
const SOON: Duration = Duration::from_secs(5);
const PASSWORD: &str = "pass-5309";
const NUMBER: &str = "+33655305309";
const AUTHORITY: &[u8] = include_bytes!("../../tests/tls/authority.pem");

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T09:30:00Z").unwrap()
}

fn bob() -> Recipient {
    Recipient { person: PersonId::parse("bob").unwrap(), address: NUMBER.into(), language: Language::En }
}

fn settings(port: u16) -> SmsSettings {
    SmsSettings {
        id: ChannelId::parse("sms").unwrap(),
        host: "127.0.0.1".into(),
        port: Some(port),
        system_id: "rempart".into(),
        password_file: "p".into(),
        system_type: String::new(),
        source: "REMPART".into(),
        tls: false,
        allow_private: true,
        ca_file: None,
        message_payload: false,
    }
}

/// What came back through the channel.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Inbound for Heard {
    fn replied(&self, channel: &ChannelId, from: &str, text: &str) {
        self.0.lock().unwrap().push(format!("{channel} reply {from} {text}"));
    }

    fn receipt(&self, channel: &ChannelId, message: &str, delivered: bool) {
        self.0.lock().unwrap().push(format!("{channel} receipt {message} {delivered}"));
    }
}

impl Heard {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn open(
    settings: &SmsSettings,
    limits: Limits,
    inbound: Option<&Arc<dyn Inbound>>,
) -> Result<Smpp, ConfigError> {
    let list = [("p", PASSWORD.as_bytes()), ("wrong", b"other-5309\n"), ("ca", AUTHORITY), ("empty", b"\n")];
    let read = files(&list);
    Smpp::new(settings, &Files { channel: &settings.id, read: &read, inbound }, limits)
}

fn channel(port: u16) -> Smpp {
    open(&settings(port), PATIENT, None).unwrap()
}

fn hasty(port: u16) -> Smpp {
    open(&settings(port), QUICK, None).unwrap()
}

fn deliver(channel: &Smpp) -> Result<Receipt, DeliveryError> {
    channel.deliver(&message(), Some(&bob()), now())
}

#[expect(clippy::disallowed_methods, reason = "a limit in real time is what is tested")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed())
}

#[test]
fn a_short_message_arrives_with_its_number_and_source() {
    let provider = Provider::start();
    let channel = channel(provider.port);
    let receipt = deliver(&channel).unwrap();
    assert_eq!((receipt.channel.as_str(), receipt.answer.as_str(), receipt.at), ("sms", "msg-1", now()));
    let bind = provider.event("bind");
    assert_eq!((bind.text("system_id"), bind.text("password")), ("rempart", PASSWORD));
    assert_eq!((bind.number("interface_version"), bind.number("sequence")), (0x34, 1));
    let sms = provider.event("submit");
    assert_eq!(sms.text("text"), message().short(Language::En));
    assert_eq!(
        (sms.text("source_addr"), sms.number("source_addr_ton"), sms.number("source_addr_npi")),
        ("REMPART", 5, 0)
    );
    assert_eq!(
        (sms.text("destination_addr"), sms.number("dest_addr_ton"), sms.number("dest_addr_npi")),
        ("33655305309", 1, 1)
    );
    assert_eq!(
        (sms.number("esm_class"), sms.number("data_coding"), sms.number("registered_delivery")),
        (0, 0, 1)
    );
    assert_eq!(sms.number("sequence"), 2);
}

#[test]
fn one_session_carries_everything_in_turn() {
    let provider = Provider::start();
    let channel = channel(provider.port);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| deliver(&channel).unwrap().answer)).collect();
        let mut answers: Vec<String> = all.into_iter().map(|one| one.join().unwrap()).collect();
        answers.sort();
        assert_eq!(answers, (1..=6).map(|number| format!("msg-{number}")).collect::<Vec<_>>());
    });
    channel.probe(now()).unwrap();
    assert_eq!(provider.events("session").len(), 1);
    let sequences: Vec<u64> = provider.events("submit").iter().map(|sms| sms.number("sequence")).collect();
    assert_eq!(sequences, (2..=7).collect::<Vec<u64>>());
}

#[test]
fn french_wide_and_long_texts_are_read_back() {
    let provider = Provider::start();
    let channel = channel(provider.port);
    let send = |code: &str, link: &str, language| {
        let message = Message { code: code.into(), link: link.into(), ..message() };
        channel.deliver(&message, Some(&Recipient { language, ..bob() }), now()).unwrap();
        message.short(language)
    };
    let french = send("été-€[17]", "https://rempart.example/7", Language::Fr);
    let sms = provider.event("submit");
    assert_eq!((sms.text("text"), sms.number("data_coding")), (french.as_str(), 0));
    let wide = send("forêt-17", "https://a.example/7", Language::En);
    let sms = provider.event("submit");
    assert_eq!((sms.text("text"), sms.number("data_coding"), sms.text("udh")), (wide.as_str(), 8, ""));
    let long = send("été-17", &format!("https://rempart.example/{}", "x".repeat(200)), Language::Fr);
    assert_eq!(joined(&provider, 2, 0), long);
    let long = send("forêt-😀", &format!("https://rempart.example/{}", "x".repeat(150)), Language::Fr);
    assert_eq!(joined(&provider, 4, 8), long);
}

/// The text of several parts that say that they belong together.
fn joined(provider: &Provider, count: usize, coding: u64) -> String {
    let mut text = String::new();
    for number in 1..=count {
        let sms = provider.event("submit");
        assert_eq!((sms.number("esm_class"), sms.number("data_coding")), (0x40, coding));
        assert!(sms.text("udh").ends_with(&format!("000301{count:02x}{number:02x}")), "{}", sms.text("udh"));
        text.push_str(sms.text("text"));
    }
    text
}

#[test]
fn a_provider_that_cuts_by_itself_gets_one_piece() {
    let provider = Provider::start();
    let whole = SmsSettings { message_payload: true, ..settings(provider.port) };
    let channel = open(&whole, PATIENT, None).unwrap();
    let message = Message { link: "x".repeat(250), ..message() };
    assert_eq!(channel.deliver(&message, Some(&bob()), now()).unwrap().answer, "msg-1");
    let sms = provider.event("submit");
    assert_eq!((sms.text("text"), sms.flag("payload")), (message.short(Language::En).as_str(), true));
}

#[test]
fn every_part_has_its_own_name_in_the_receipt() {
    let provider = Provider::start();
    let message =
        Message { code: "9".repeat(90), link: "x".repeat(250), status: Status::Exercise, ..message() };
    let receipt = channel(provider.port).deliver(&message, Some(&bob()), now()).unwrap();
    assert_eq!(receipt.answer, "msg-1 msg-2 msg-3");
}

#[test]
fn a_refused_sign_in_is_for_a_person_to_repair() {
    let provider = Provider::start();
    provider.mood("bind", r#"[{"status":13},{"status":5}]"#);
    let channel = channel(provider.port);
    assert_eq!(deliver(&channel), Err(DeliveryError::Login(13)));
    // A session that the provider has not yet noticed to be dead.
    assert_eq!(deliver(&channel), Err(DeliveryError::Unavailable(5)));
    assert!(deliver(&channel).is_ok());
    let wrong = SmsSettings { password_file: "wrong".into(), ..settings(provider.port) };
    let channel = open(&wrong, PATIENT, None).unwrap();
    let error = channel.probe(now()).unwrap_err();
    assert!(error == DeliveryError::Login(14) && error.is_permanent());
    assert_eq!(provider.events("submit").len(), 1);
}

#[test]
fn a_throttled_message_is_accepted_later_on_the_same_session() {
    let provider = Provider::start();
    provider.mood("submit", r#"[{"status":88},{"status":20},{"status":11}]"#);
    let channel = channel(provider.port);
    for status in [88, 20] {
        let error = deliver(&channel).unwrap_err();
        assert!(error == DeliveryError::Unavailable(status) && !error.is_permanent());
    }
    let error = deliver(&channel).unwrap_err();
    assert!(error == DeliveryError::Refused(11) && error.is_permanent());
    assert_eq!(deliver(&channel).unwrap().answer, "msg-4");
    assert_eq!(provider.events("session").len(), 1);
}

#[test]
fn a_lost_state_is_signed_in_to_again() {
    let provider = Provider::start();
    provider.mood("submit", r#"[{"status":4}]"#);
    let channel = channel(provider.port);
    assert_eq!(deliver(&channel), Err(DeliveryError::Unavailable(4)));
    assert!(deliver(&channel).is_ok());
    assert_eq!(provider.events("bind").len(), 2);
}

#[test]
fn a_slow_provider_is_waited_for_and_no_longer() {
    let provider = Provider::start();
    provider.mood("submit", r#"[{"delay":100},{"delay":900}]"#);
    let channel = hasty(provider.port);
    assert_eq!(deliver(&channel).unwrap().answer, "msg-1");
    let (late, took) = timed(|| deliver(&channel));
    assert_eq!(late, Err(DeliveryError::Timeout));
    assert!(took >= QUICK.answer && took < SOON, "{took:?}");
    // The late answer belongs to a session that is gone: the next message gets its own.
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(deliver(&channel).unwrap().answer, "msg-3");
    assert_eq!(provider.events("session").len(), 2);
}

#[test]
fn a_connection_that_drops_in_the_middle_delivers_at_least_once() {
    let provider = Provider::start();
    provider.mood("submit", r#"[{"drop":true}]"#);
    let channel = channel(provider.port);
    let (dropped, took) = timed(|| deliver(&channel));
    assert!(matches!(dropped, Err(DeliveryError::Broken(_))), "{dropped:?}");
    assert!(took < SOON, "{took:?}");
    assert_eq!(deliver(&channel).unwrap().answer, "msg-2");
    let texts: Vec<String> =
        provider.events("submit").iter().map(|sms| sms.text("text").to_owned()).collect();
    assert_eq!(texts, vec![message().short(Language::En); 2]);
}

#[test]
fn a_session_that_was_dropped_between_messages_costs_none() {
    let provider = Provider::start();
    let channel = channel(provider.port);
    deliver(&channel).unwrap();
    provider.order(r#"{"drop":true}"#);
    until(|| channel.line().session.as_ref().is_some_and(|session| !session.is_open()));
    assert_eq!(deliver(&channel).unwrap().answer, "msg-2");
    provider.order(r#"{"send":"unbind"}"#);
    assert_eq!(provider.event("unbind_resp").number("status"), 0);
    until(|| channel.line().session.as_ref().is_some_and(|session| !session.is_open()));
    assert_eq!(deliver(&channel).unwrap().answer, "msg-3");
}

fn until(done: impl Fn() -> bool) {
    for _ in 0..300 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not happen in time");
}

#[test]
fn a_probe_proves_that_the_provider_answers() {
    let provider = Provider::start();
    let channel = hasty(provider.port);
    channel.probe(now()).unwrap();
    provider.event("bind");
    provider.event("enquire");
    provider.mood("enquire", r#"[{"hang":true}]"#);
    assert_eq!(channel.probe(now()), Err(DeliveryError::Timeout));
    channel.probe(now()).unwrap();
    assert_eq!(provider.events("submit").len(), 0);
}

#[test]
fn silence_is_noticed_without_anybody_asking() {
    let provider = Provider::start();
    let lively = Limits { quiet: Duration::from_millis(100), ..QUICK };
    let channel = open(&settings(provider.port), lively, None).unwrap();
    channel.probe(now()).unwrap();
    provider.event("enquire");
    // Three heartbeats are answered; then the other side falls silent.
    for _ in 0..3 {
        provider.event("enquire");
    }
    provider.mood("enquire", r#"[{"hang":true},{"hang":true},{"hang":true}]"#);
    until(|| channel.line().session.as_ref().is_some_and(|session| !session.is_open()));
    provider.event("close");
    assert_eq!(provider.events("session").len(), 1);
}

#[test]
fn what_the_provider_asks_is_answered() {
    let provider = Provider::start();
    let channel = channel(provider.port);
    channel.probe(now()).unwrap();
    provider.order(r#"{"send":"enquire_link"}"#);
    assert_eq!(provider.event("enquire_link_resp").number("status"), 0);
    // Nothing that a client does: query_sm.
    provider.order(r#"{"send":"query_sm","fields":{"message_id":"1"}}"#);
    assert_eq!(provider.event("generic_nack").number("status"), 3);
    // No such command, and a receipt that ends in the middle.
    provider.order(r#"{"raw":"00000010000007770000000000000009"}"#);
    let nack = provider.event("generic_nack");
    assert_eq!((nack.number("status"), nack.number("sequence")), (3, 9));
    provider.order(r#"{"raw":"0000001200000005000000000000000a4141"}"#);
    let refused = provider.event("deliver_sm_resp");
    assert_eq!((refused.number("status"), refused.number("sequence")), (0x66, 10));
    assert!(deliver(&channel).is_ok());
    assert_eq!(provider.events("session").len(), 1);
}

#[test]
fn replies_and_receipts_are_heard_and_answered() {
    let provider = Provider::start();
    let heard = Arc::new(Heard::default());
    let inbound: Arc<dyn Inbound> = heard.clone();
    let channel = open(&settings(provider.port), PATIENT, Some(&inbound)).unwrap();
    channel.probe(now()).unwrap();
    for order in [
        r#"{"send":"deliver_sm","fields":{"source_addr":"33655305309","source_addr_ton":1,"short_message":"Reçu 123456 🙂"}}"#,
        r#"{"octets":"436f6465203132333435360a1b65","fields":{"source_addr":"REMPART","source_addr_ton":5,"data_coding":0}}"#,
        r#"{"octets":"050003010201e94f4b","fields":{"source_addr":"0033655305309","esm_class":64,"data_coding":3}}"#,
        r#"{"send":"deliver_sm","fields":{"esm_class":4,"short_message":"id:msg-1 sub:001 dlvrd:001 submit date:2611200930 done date:2611200931 stat:DELIVRD err:000 text:alarm"}}"#,
        r#"{"send":"deliver_sm","fields":{"esm_class":4,"short_message":"id:msg-2 sub:001 dlvrd:000 stat:UNDELIV err:001"}}"#,
        r#"{"send":"deliver_sm","fields":{"esm_class":4,"receipted_message_id":"msg-3","message_state":2}}"#,
        r#"{"send":"deliver_sm","fields":{"esm_class":4,"receipted_message_id":"msg-4","message_state":5}}"#,
        r#"{"send":"deliver_sm","fields":{"esm_class":4,"short_message":"id:msg-5 stat:ENROUTE"}}"#,
        r#"{"send":"deliver_sm","fields":{"esm_class":4,"short_message":"nothing that anybody knows"}}"#,
    ] {
        provider.order(order);
        assert_eq!(provider.event("deliver_sm_resp").number("status"), 0, "{order}");
    }
    assert_eq!(
        heard.all(),
        [
            "sms reply +33655305309 Reçu 123456 🙂",
            "sms reply REMPART Code 123456 €",
            "sms reply 0033655305309 éOK",
            "sms receipt msg-1 true",
            "sms receipt msg-2 false",
            "sms receipt msg-3 true",
            "sms receipt msg-4 false",
        ]
    );
    assert_eq!(crate::reply_code("Reçu 123456 🙂").as_deref(), Some("123456"));
}

#[test]
fn a_configured_channel_delivers_and_hears() {
    let provider = Provider::start();
    let text = format!(
        r#"{{"id":"sms","kind":"sms","host":"127.0.0.1","port":{},"tls":false,"allow_private":true,
            "system_id":"rempart","system_type":"alarm","password_file":"p","source":"+33655300000"}}"#,
        provider.port
    );
    let config: crate::ChannelConfig = serde_json::from_str(&text).unwrap();
    let heard = Arc::new(Heard::default());
    let inbound: Arc<dyn Inbound> = heard.clone();
    let channel = config.open_with(&files(&[("p", b"pass-5309\n")]), Some(&inbound)).unwrap();
    channel.deliver(&message(), Some(&bob()), now()).unwrap();
    assert_eq!(provider.event("bind").text("system_type"), "alarm");
    let sms = provider.event("submit");
    assert_eq!((sms.text("source_addr"), sms.number("source_addr_ton")), ("33655300000", 1));
    provider.order(r#"{"send":"deliver_sm","fields":{"source_addr":"33655305309","short_message":"ok"}}"#);
    provider.event("deliver_sm_resp");
    assert_eq!(heard.all(), ["sms reply +33655305309 ok"]);
}

#[test]
fn leaving_says_good_bye() {
    let provider = Provider::start();
    let channel = channel(provider.port);
    channel.probe(now()).unwrap();
    drop(channel);
    provider.event("unbind");
    provider.event("close");
}

#[test]
fn tls_needs_a_certificate_for_this_host_from_whom_we_trust() {
    let provider = Provider::start_tls();
    let tls = |host: &str, ca_file: Option<&str>| {
        let secure = SmsSettings {
            host: host.into(),
            tls: true,
            ca_file: ca_file.map(Into::into),
            ..settings(provider.port)
        };
        let channel = open(&secure, PATIENT, None).unwrap();
        deliver(&channel).and_then(|receipt| channel.probe(now()).map(|()| receipt))
    };
    assert_eq!(tls("localhost", Some("ca")).unwrap().answer, "msg-1");
    for (host, ca_file) in [("localhost", None), ("127.0.0.1", Some("ca"))] {
        let error = tls(host, ca_file).unwrap_err();
        assert!(error.is_permanent(), "{host}: {error:?}");
        assert!(
            matches!(&error, DeliveryError::Tls(why) if why.contains("certificate")),
            "{host}: {error:?}"
        );
    }
    assert_eq!(provider.events("bind").len(), 1);
}

#[test]
fn private_addresses_need_permission_and_plain_ones_a_word() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = open(&SmsSettings { allow_private: false, ..settings(port) }, QUICK, None).unwrap_err();
    assert!(matches!(&refused, ConfigError::Setting(_, what) if what.contains("tls = true")), "{refused}");
    for host in ["127.0.0.1", "localhost", "10.0.0.1"] {
        let secure = SmsSettings { host: host.into(), tls: true, allow_private: false, ..settings(port) };
        assert_eq!(
            deliver(&open(&secure, QUICK, None).unwrap()),
            Err(DeliveryError::PrivateAddress),
            "{host}"
        );
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn settings_are_checked_before_anything_connects() {
    let good = settings(1);
    assert!(open(&good, QUICK, None).is_ok());
    for (tls, port) in [(true, SMPP_TLS_PORT), (false, SMPP_PLAIN_PORT)] {
        let usual = SmsSettings { port: None, tls, ..good.clone() };
        assert_eq!(open(&usual, QUICK, None).unwrap().peer.target.port, port);
    }
    let bad = [
        SmsSettings { host: String::new(), ..good.clone() },
        SmsSettings { host: "a b".into(), ..good.clone() },
        SmsSettings { host: "user@host".into(), ..good.clone() },
        SmsSettings { system_id: String::new(), ..good.clone() },
        SmsSettings { system_id: "x".repeat(16), ..good.clone() },
        SmsSettings { system_id: "a\0b".into(), ..good.clone() },
        SmsSettings { system_type: "x".repeat(13), ..good.clone() },
        SmsSettings { source: "0655305309".into(), ..good.clone() },
        SmsSettings { source: "A name that is too long".into(), ..good.clone() },
        SmsSettings { password_file: "empty".into(), ..good.clone() },
        SmsSettings { password_file: "missing".into(), ..good.clone() },
        SmsSettings { tls: true, ca_file: Some("p".into()), ..good.clone() },
    ];
    for settings in bad {
        let error = open(&settings, QUICK, None).unwrap_err();
        assert!(!error.to_string().contains("5309"), "{error}");
    }
}

#[test]
fn whom_to_reach_must_be_said_with_the_country() {
    let channel = channel(1);
    assert_eq!(channel.reach(), Reach::Personal);
    assert_eq!(channel.deliver(&message(), None, now()), Err(DeliveryError::NoRecipient));
    for address in ["", "0655305309", "bob@example.org", "+3365530530a"] {
        let error = channel.deliver(&message(), Some(&Recipient { address: address.into(), ..bob() }), now());
        assert_eq!(error, Err(DeliveryError::Address(PersonId::parse("bob").unwrap())), "{address}");
    }
    let bad = Message { code: "a\nb".into(), ..message() };
    assert!(matches!(channel.deliver(&bad, Some(&bob()), now()), Err(DeliveryError::Message(_))));
    assert!(matches!(deliver(&channel), Err(DeliveryError::Connect(_))));
}

#[test]
fn parts_of_two_attempts_belong_together() {
    let provider = Provider::start();
    provider.mood("submit", r#"[{"status":0},{"status":88}]"#);
    let channel = channel(provider.port);
    let message = Message { id: Hash([9; 32]), code: "9".repeat(90), link: "x".repeat(250), ..message() };
    assert_eq!(channel.deliver(&message, Some(&bob()), now()), Err(DeliveryError::Unavailable(88)));
    channel.deliver(&message, Some(&bob()), now()).unwrap();
    let udhs: Vec<String> = provider.events("submit").iter().map(|sms| sms.text("udh").to_owned()).collect();
    assert_eq!(udhs.len(), 5);
    assert!(udhs.iter().all(|udh| udh.contains("000309")), "{udhs:?}");
}

#[test]
fn neither_number_nor_password_nor_text_is_printed() {
    let provider = Provider::start();
    provider.mood("submit", r#"[{"status":11},{"drop":true},{"hang":true}]"#);
    let channel = hasty(provider.port);
    let errors: Vec<DeliveryError> = (0..3).map(|_| deliver(&channel).unwrap_err()).collect();
    let wrong = SmsSettings { password_file: "wrong".into(), ..settings(provider.port) };
    let refused = deliver(&open(&wrong, PATIENT, None).unwrap()).unwrap_err();
    let texts = format!(
        "{channel:?} {:?} {:?} {errors:?} {refused} {refused:?} {}",
        settings(1),
        bob(),
        errors.iter().map(ToString::to_string).collect::<String>()
    );
    for private in ["5309", "zebra", "rempart.example", "alice", "acts under"] {
        assert!(!texts.contains(private), "{private}: {texts}");
    }
}
