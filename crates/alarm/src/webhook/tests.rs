//! The webhook channel against real peers on loopback: good, slow, silent, hostile, failing, and with the wrong certificate (G8).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use types::{ChannelId, Secret, Span};

use super::*;
use crate::http::judge;
use crate::peers::{
    AUTHORITY, PATIENCE, PATIENT, QUICK, answering, message, nobody, now, peer, read_request, timed,
    tls_peer, with_files,
};
use crate::receiver::Receiver;
use crate::{ALARM_RESPONSE_HEADER_BYTES_MAX, WebhookTrust};

const SECRET: [u8; 32] = [b'k'; 32];

fn secret() -> Secret<Vec<u8>> {
    Secret::new(SECRET.to_vec())
}

fn settings(url: &str) -> WebhookSettings {
    WebhookSettings {
        id: ChannelId::parse("centre").unwrap(),
        url: url.into(),
        format: WebhookFormat::Json,
        secret_file: Some("secret".into()),
        key_file: None,
        allow_private: true,
        ca_file: None,
    }
}

fn open(settings: &WebhookSettings, files: &[(&str, &[u8])], limits: Limits) -> Result<Webhook, ConfigError> {
    with_files(files, |files| Webhook::new(settings, files, limits))
}

fn webhook(url: &str) -> Webhook {
    open(&settings(url), &[("secret", &SECRET)], QUICK).unwrap()
}

fn deliver(address: SocketAddr) -> Result<Receipt, DeliveryError> {
    webhook(&format!("http://{address}/alarm")).deliver(&message(1), None, now())
}

#[test]
fn in_cap_the_same_message_is_signed_the_same_way() {
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let cap = WebhookSettings { format: WebhookFormat::Cap, ..settings(&receiver.url()) };
    let channel = open(&cap, &[("secret", &SECRET)], QUICK).unwrap();
    channel.deliver(&message(1), None, now()).unwrap();
    channel.probe(now()).unwrap();
    assert!(receiver.wait_for(1, PATIENCE));
    let bodies: Vec<String> = receiver.received().into_iter().map(|message| message.body).collect();
    let alert = crate::cap::Alert::parse(bodies[0].as_bytes()).unwrap();
    assert_eq!((alert.identifier, alert.sender), (message(1).id.to_string(), "rempart.example".to_owned()));
    for probe in bodies.iter().skip(1) {
        let probe = crate::cap::Alert::parse(probe.as_bytes()).unwrap();
        assert_eq!((probe.status, probe.infos.len()), (crate::cap::CapStatus::Test, 0));
    }
}

#[test]
fn a_message_arrives_signed_and_a_repeat_is_known() {
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let channel = webhook(&receiver.url());
    let receipt = channel.deliver(&message(1), None, now()).unwrap();
    assert_eq!((receipt.channel.as_str(), receipt.answer.as_str(), receipt.at), ("centre", "200", now()));
    channel.deliver(&message(1), None, now()).unwrap();
    channel.deliver(&message(2), None, now()).unwrap();
    assert!(receiver.wait_for(2, PATIENCE));
    let received = receiver.received();
    let ids: Vec<String> = received.iter().map(|message| message.id.clone()).collect();
    assert_eq!(ids, [message(1).id.to_string(), message(2).id.to_string()]);
    assert_eq!(received[0].body, message(1).body().unwrap());
    assert_eq!((receiver.repeats(), receiver.rejected()), (1, 0));
}

#[test]
fn another_secret_or_clock_is_refused_for_good() {
    let receiver = Receiver::start(Secret::new(vec![b'x'; 32]), Arc::new(now)).unwrap();
    let refused = webhook(&receiver.url()).deliver(&message(1), None, now()).unwrap_err();
    assert_eq!(refused, DeliveryError::Refused(401));
    assert!(refused.is_permanent());
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let late = now().after(Span::from_seconds(301));
    assert_eq!(webhook(&receiver.url()).deliver(&message(1), None, late), Err(DeliveryError::Refused(401)));
    assert!(webhook(&receiver.url()).deliver(&message(1), None, late.before(Span::from_seconds(1))).is_ok());
    assert_eq!((receiver.received().len(), receiver.rejected()), (1, 1));
}

#[test]
fn an_attempt_after_a_failure_can_succeed() {
    let address = peer(|count, mut stream| {
        read_request(&mut stream);
        let status = if count == 0 { "500 Oops" } else { "204 No Content" };
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    let channel = webhook(&format!("http://{address}/"));
    let failed = channel.deliver(&message(1), None, now()).unwrap_err();
    assert_eq!(failed, DeliveryError::Unavailable(500));
    assert!(!failed.is_permanent());
    assert_eq!(channel.deliver(&message(1), None, now()).unwrap().answer, "204");
}

#[test]
fn what_answers_mean() {
    for (status, permanent) in [
        (408, false),
        (425, false),
        (429, false),
        (503, false),
        (400, true),
        (401, true),
        (404, true),
        (410, true),
    ] {
        assert_eq!(judge(status).unwrap_err().is_permanent(), permanent, "{status}");
    }
    assert_eq!(judge(200), Ok(200));
    assert_eq!(judge(299), Ok(299));
    assert_eq!(judge(199), Err(DeliveryError::Refused(199)));
    assert_eq!(judge(302), Err(DeliveryError::Redirect(302)));
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let target = elsewhere.local_addr().unwrap();
        let address = peer(move |_, mut stream| {
            read_request(&mut stream);
            write!(
                stream,
                "HTTP/1.1 {status} Elsewhere\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n"
            )
            .unwrap();
        });
        assert_eq!(deliver(address), Err(DeliveryError::Redirect(status)));
        elsewhere.set_nonblocking(true).unwrap();
        assert!(elsewhere.accept().is_err(), "{status} was followed");
    }
}

#[test]
fn a_silent_peer_costs_a_bounded_time() {
    let address = peer(|_, mut stream| {
        read_request(&mut stream);
        std::thread::sleep(PATIENCE * 2);
    });
    let (result, took) = timed(|| deliver(address));
    assert_eq!(result, Err(DeliveryError::Timeout));
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn a_dripping_peer_costs_a_bounded_time() {
    let address = peer(|_, mut stream| {
        read_request(&mut stream);
        // Each byte in good time, the whole never: only a limit on the whole ends this.
        while stream.write_all(b"H").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let (result, took) = timed(|| deliver(address));
    assert!(matches!(result, Err(DeliveryError::Timeout | DeliveryError::Broken(_))), "{result:?}");
    assert!(took < PATIENCE, "{took:?}");
    let head_only = peer(|_, mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        let mut count = 0;
        while write!(stream, "x-{count}: y\r\n").is_ok() {
            count += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let (result, took) = timed(|| deliver(head_only));
    assert_eq!(result, Err(DeliveryError::Timeout));
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn a_huge_head_is_refused_and_an_endless_body_is_not_read() {
    // One more byte than is allowed, in an answer that is otherwise good; and one without end.
    let large_head = peer(|_, mut stream| {
        read_request(&mut stream);
        let field = "y".repeat(ALARM_RESPONSE_HEADER_BYTES_MAX);
        let _refused = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {field}\r\n\r\n");
    });
    let endless_head = peer(|_, mut stream| {
        read_request(&mut stream);
        let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while written.is_ok() {
            written = stream.write_all(format!("x: {}\r\n", "y".repeat(1000)).as_bytes());
        }
    });
    for address in [large_head, endless_head] {
        let result = deliver(address);
        assert!(matches!(result, Err(DeliveryError::Broken(_))), "{result:?}");
    }
    let endless_body = peer(|_, mut stream| {
        read_request(&mut stream);
        let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
        while written.is_ok() {
            written = stream.write_all(&[b'z'; 4096]);
        }
    });
    let (result, took) = timed(|| deliver(endless_body));
    assert!(result.is_ok(), "{result:?}");
    assert!(took < PATIENCE, "{took:?}");
}

#[test]
fn a_peer_that_hangs_up_or_talks_nonsense_is_broken() {
    let hangs_up = peer(|_, stream| drop(stream));
    let result = deliver(hangs_up);
    assert!(matches!(result, Err(DeliveryError::Broken(_))), "{result:?}");
    let result = deliver(answering("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    assert!(matches!(result, Err(DeliveryError::Broken(_))), "{result:?}");
    assert!(!result.unwrap_err().is_permanent());
}

#[test]
fn nobody_there_is_said_so() {
    let result = deliver(nobody());
    assert!(matches!(result, Err(DeliveryError::Connect(_))), "{result:?}");
}

#[test]
fn private_addresses_need_permission_and_are_not_touched_without() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let forbidden =
            WebhookSettings { allow_private: false, ..settings(&format!("http://{host}:{port}/")) };
        let Ok(channel) = open(&forbidden, &[("secret", &SECRET)], QUICK) else { continue };
        let error = channel.deliver(&message(1), None, now()).unwrap_err();
        assert!(
            matches!(error, DeliveryError::PrivateAddress | DeliveryError::HostNotFound),
            "{host}: {error:?}"
        );
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
    assert_eq!(
        webhook("http://10.255.255.1/").deliver(&message(1), None, now()),
        Err(DeliveryError::PlainHttp)
    );
    let metadata = WebhookSettings { allow_private: false, ..settings("https://169.254.169.254/") };
    let channel = open(&metadata, &[("secret", &SECRET)], QUICK).unwrap();
    assert_eq!(channel.deliver(&message(1), None, now()), Err(DeliveryError::PrivateAddress));
}

/// The environment of a process cannot be changed safely from inside, so the test runs itself as a child with a proxy set.
#[test]
fn a_proxy_from_the_environment_is_ignored() {
    const TARGET: &str = "REMPART_TEST_WEBHOOK";
    if let Ok(url) = std::env::var(TARGET) {
        let delivered = webhook(&url).deliver(&message(1), None, now());
        assert!(delivered.is_ok(), "{delivered:?}");
        return;
    }
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "webhook::tests::a_proxy_from_the_environment_is_ignored"])
        .envs(["ALL_PROXY", "HTTP_PROXY", "http_proxy"].map(|name| (name, &proxy_url)))
        .env(TARGET, receiver.url())
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(receiver.received().len(), 1);
    proxy.set_nonblocking(true).unwrap();
    assert!(proxy.accept().is_err());
}

#[test]
fn a_certificate_must_be_trusted_and_for_this_host() {
    let port = tls_peer(|stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    })
    .port();
    let deliver = |host: &str, ca_file: Option<&str>| {
        let settings = WebhookSettings {
            ca_file: ca_file.map(ToOwned::to_owned),
            ..settings(&format!("https://{host}:{port}/"))
        };
        let channel = open(&settings, &[("secret", &SECRET), ("ca", AUTHORITY)], PATIENT).unwrap();
        channel.deliver(&message(1), None, now())
    };
    assert!(deliver("localhost", Some("ca")).is_ok());
    for (host, roots) in [("localhost", None), ("127.0.0.1", Some("ca"))] {
        let error = deliver(host, roots).unwrap_err();
        assert!(matches!(error, DeliveryError::Tls(_)) && error.is_permanent(), "{host}: {error:?}");
    }
}

#[test]
fn https_to_a_peer_without_tls_fails_as_tls() {
    let address = peer(|_, mut stream| {
        let _sent = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        let _read = stream.read(&mut [0; 1024]);
    });
    let error = webhook(&format!("https://{address}/")).deliver(&message(1), None, now()).unwrap_err();
    assert!(matches!(error, DeliveryError::Tls(_)), "{error:?}");
}

#[test]
fn a_message_that_cannot_be_sent_is_not_sent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let channel = webhook(&format!("http://{}/", listener.local_addr().unwrap()));
    let bad = Message { code: "a\nb".into(), ..message(1) };
    let error = channel.deliver(&bad, None, now()).unwrap_err();
    assert_eq!(error, DeliveryError::Message(crate::MessageError::Text("code")));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn neither_address_nor_secret_is_printed() {
    let channel = webhook("http://127.0.0.1:1/token-5309");
    let error = channel.deliver(&message(1), None, now()).unwrap_err();
    let texts = format!("{channel:?} {:?} {error} {error:?}", settings("https://h/token-5309"));
    assert!(!texts.contains("5309") && !texts.contains("kkk"), "{texts}");
}

#[test]
fn bad_addresses_and_secrets_are_refused_when_opened() {
    let opened = |url: &str| open(&settings(url), &[("secret", &SECRET)], QUICK);
    for url in [
        "",
        "centre.example",
        "ftp://a/",
        "https://",
        "https://user:pass@a/",
        "file:///etc/passwd",
        "/x",
        "https:///x",
    ] {
        assert!(matches!(opened(url), Err(ConfigError::Url(_, "url"))), "{url}");
    }
    assert!(opened("https://centre.example/x").is_ok());
    let with = |settings: WebhookSettings, files: &[(&str, &[u8])]| open(&settings, files, QUICK).err();
    let good = || settings("https://a/");
    assert!(matches!(with(good(), &[("secret", &[b'k'; 31])]), Some(ConfigError::Secret(_))));
    let unsigned = WebhookSettings { secret_file: None, ..good() };
    assert!(matches!(with(unsigned, &[]), Some(ConfigError::Setting(..))));
    let ca = || WebhookSettings { ca_file: Some("ca".into()), ..good() };
    let none = with(ca(), &[("secret", &SECRET), ("ca", b"no certificate")]);
    assert!(matches!(none, Some(ConfigError::Certificates(_))));
    assert_eq!(with(ca(), &[("secret", &SECRET), ("ca", AUTHORITY)]), None);
    let keyed = || WebhookSettings { key_file: Some("key".into()), secret_file: None, ..good() };
    assert!(matches!(with(keyed(), &[("key", b"no key")]), Some(ConfigError::Key(_))));
    let seed = format!("whsk_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, [7; 32]));
    assert_eq!(with(keyed(), &[("key", seed.as_bytes())]), None);
}

#[test]
fn a_key_signs_for_a_receiver_that_cannot_sign() {
    let seed = format!("whsk_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, [7; 32]));
    let files: [(&str, &[u8]); 2] = [("secret", &SECRET), ("key", seed.as_bytes())];
    let public = WebhookKey::from_seed(&[7; 32]).public();
    for (trust, secret_file) in [
        (WebhookTrust::from(public.clone()), None),
        (WebhookTrust::from(public), Some("secret".to_owned())),
        (WebhookTrust::from(secret()), Some("secret".to_owned())),
    ] {
        let receiver = Receiver::start(trust, Arc::new(now)).unwrap();
        let settings =
            WebhookSettings { key_file: Some("key".into()), secret_file, ..settings(&receiver.url()) };
        let channel = open(&settings, &files, PATIENT).unwrap();
        channel.deliver(&message(1), None, now()).unwrap();
        assert_eq!((receiver.received().len(), receiver.rejected()), (1, 0));
    }
    let other = Receiver::start(WebhookKey::from_seed(&[8; 32]).public(), Arc::new(now)).unwrap();
    let settings = WebhookSettings { key_file: Some("key".into()), ..settings(&other.url()) };
    let refused = open(&settings, &files, PATIENT).unwrap().deliver(&message(1), None, now());
    assert_eq!(refused, Err(DeliveryError::Refused(401)));
}

#[test]
fn a_heartbeat_is_signed_and_tells_nobody_anything() {
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let channel = webhook(&receiver.url());
    assert_eq!(channel.reach(), Reach::Wide);
    for second in 0..3 {
        assert_eq!(channel.probe(now().after(Span::from_seconds(second))), Ok(()));
    }
    assert_eq!((receiver.probes(), receiver.received().len(), receiver.rejected()), (3, 0, 0));
    let stranger = Receiver::start(Secret::new(vec![b'x'; 32]), Arc::new(now)).unwrap();
    assert_eq!(webhook(&stranger.url()).probe(now()), Err(DeliveryError::Refused(401)));
    let result = webhook(&format!("http://{}/", nobody())).probe(now());
    assert!(matches!(result, Err(DeliveryError::Connect(_))), "{result:?}");
}
