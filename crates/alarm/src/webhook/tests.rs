//! The webhook channel against real peers on loopback: good, slow, silent, hostile, failing, and with the wrong certificate (G8).

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use types::{ChannelId, Hash, PersonId, Secret, Timestamp};

use super::*;
use crate::receiver::Receiver;
use crate::{ChannelKind, Kind, Status};

const SECRET: [u8; 32] = [b'k'; 32];
const QUICK: Limits = Limits { connect: Duration::from_millis(400), whole: Duration::from_millis(600) };
/// Far above `QUICK`, far below what a lost limit would take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);
const AUTHORITY: &[u8] = include_bytes!("../../tests/tls/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/tls/localhost.pem");
const CERTIFICATE_KEY: &[u8] = include_bytes!("../../tests/tls/localhost.key.pem");

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T09:30:00Z").unwrap()
}

fn secret() -> Secret<Vec<u8>> {
    Secret::new(SECRET.to_vec())
}

fn message(number: u8) -> Message {
    Message {
        id: Hash([number; 32]),
        incident: "7".into(),
        kind: Kind::Act,
        status: Status::Actual,
        who: PersonId::parse("alice").unwrap(),
        since: now(),
        code: "zebra-17".into(),
        link: "https://rempart.example/incident/7".into(),
        call: vec![PersonId::parse("bob").unwrap()],
    }
}

fn config(url: &str) -> ChannelConfig {
    ChannelConfig {
        id: ChannelId::parse("centre").unwrap(),
        kind: ChannelKind::Webhook,
        url: url.into(),
        secret_file: "secret".into(),
        allow_private: true,
        ca_file: None,
    }
}

fn webhook(url: &str) -> Webhook {
    Webhook::with_limits(&config(url), secret(), None, QUICK).unwrap()
}

/// A peer that does with each connection what it is told, and the address at which it is.
fn peer(handle: impl Fn(usize, TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().flatten().enumerate().take(10) {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            handle(count, stream);
        }
    });
    address
}

/// Reads a whole request: the head, and a body as long as it says.
fn read_request(stream: &mut impl Read) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let head = String::from_utf8(request.clone()).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    request
}

/// A peer that answers every request with the same text.
fn answering(answer: &'static str) -> SocketAddr {
    peer(move |_, mut stream| {
        read_request(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

fn deliver(address: SocketAddr) -> Result<Receipt, DeliveryError> {
    webhook(&format!("http://{address}/alarm")).deliver(&message(1), now())
}

#[expect(clippy::disallowed_methods, reason = "a limit in real time is what is tested")]
fn timed(address: SocketAddr) -> (Result<Receipt, DeliveryError>, Duration) {
    let start = Instant::now();
    let result = deliver(address);
    (result, start.elapsed())
}

#[test]
fn a_message_arrives_signed_and_a_repeat_is_known() {
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let channel = webhook(&receiver.url());
    let receipt = channel.deliver(&message(1), now()).unwrap();
    assert_eq!((receipt.channel.as_str(), receipt.answer.as_str(), receipt.at), ("centre", "200", now()));
    channel.deliver(&message(1), now()).unwrap();
    channel.deliver(&message(2), now()).unwrap();
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
    let refused = webhook(&receiver.url()).deliver(&message(1), now()).unwrap_err();
    assert_eq!(refused, DeliveryError::Refused(401));
    assert!(refused.is_permanent());
    let receiver = Receiver::start(secret(), Arc::new(now)).unwrap();
    let late = now().after(types::Span::from_seconds(301));
    assert_eq!(webhook(&receiver.url()).deliver(&message(1), late), Err(DeliveryError::Refused(401)));
    assert!(webhook(&receiver.url()).deliver(&message(1), late.before(types::Span::from_seconds(1))).is_ok());
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
    let failed = channel.deliver(&message(1), now()).unwrap_err();
    assert_eq!(failed, DeliveryError::Unavailable(500));
    assert!(!failed.is_permanent());
    assert_eq!(channel.deliver(&message(1), now()).unwrap().answer, "204");
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
    assert_eq!(judge(200), Ok(()));
    assert_eq!(judge(299), Ok(()));
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
    let (result, took) = timed(address);
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
    let (result, took) = timed(address);
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
    let (result, took) = timed(head_only);
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
    let (result, took) = timed(endless_body);
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
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let result = deliver(address);
    assert!(matches!(result, Err(DeliveryError::Connect(_))), "{result:?}");
}

#[test]
fn private_addresses_need_permission_and_are_not_touched_without() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let forbidden = ChannelConfig { allow_private: false, ..config(&format!("http://{host}:{port}/")) };
        let Ok(channel) = Webhook::with_limits(&forbidden, secret(), None, QUICK) else { continue };
        let error = channel.deliver(&message(1), now()).unwrap_err();
        assert!(
            matches!(error, DeliveryError::PrivateAddress | DeliveryError::HostNotFound),
            "{host}: {error:?}"
        );
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
    assert_eq!(webhook("http://10.255.255.1/").deliver(&message(1), now()), Err(DeliveryError::PlainHttp));
    let metadata = ChannelConfig { allow_private: false, ..config("https://169.254.169.254/") };
    let channel = Webhook::with_limits(&metadata, secret(), None, QUICK).unwrap();
    assert_eq!(channel.deliver(&message(1), now()), Err(DeliveryError::PrivateAddress));
}

/// The environment of a process cannot be changed safely from inside, so the test runs itself as a child with a proxy set.
#[test]
fn a_proxy_from_the_environment_is_ignored() {
    const TARGET: &str = "REMPART_TEST_WEBHOOK";
    if let Ok(url) = std::env::var(TARGET) {
        let delivered = webhook(&url).deliver(&message(1), now());
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

/// A peer that speaks TLS with the test certificate and answers 200.
fn tls_peer() -> u16 {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(CERTIFICATE_KEY).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let address = peer(move |_, mut stream| {
        let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        // A client that does not trust us hangs up; that is what these tests are about.
        if connection.complete_io(&mut stream).is_ok() && !connection.is_handshaking() {
            let mut stream = rustls::Stream::new(&mut connection, &mut stream);
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    address.port()
}

#[test]
fn a_certificate_must_be_trusted_and_for_this_host() {
    let port = tls_peer();
    let patient = Limits { connect: PATIENCE, whole: PATIENCE };
    let deliver = |host: &str, roots: Option<&[u8]>| {
        let channel =
            Webhook::with_limits(&config(&format!("https://{host}:{port}/")), secret(), roots, patient)
                .unwrap();
        channel.deliver(&message(1), now())
    };
    assert!(deliver("localhost", Some(AUTHORITY)).is_ok());
    for (host, roots) in [("localhost", None), ("127.0.0.1", Some(AUTHORITY))] {
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
    let error = webhook(&format!("https://{address}/")).deliver(&message(1), now()).unwrap_err();
    assert!(matches!(error, DeliveryError::Tls(_)), "{error:?}");
}

#[test]
fn a_message_that_cannot_be_sent_is_not_sent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let channel = webhook(&format!("http://{}/", listener.local_addr().unwrap()));
    let bad = Message { code: "a\nb".into(), ..message(1) };
    let error = channel.deliver(&bad, now()).unwrap_err();
    assert_eq!(error, DeliveryError::Message(crate::MessageError::Text("code")));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn neither_address_nor_secret_is_printed() {
    let channel = webhook("http://127.0.0.1:1/token-5309");
    let error = channel.deliver(&message(1), now()).unwrap_err();
    let texts = format!("{channel:?} {:?} {error} {error:?}", config("https://h/token-5309"));
    assert!(!texts.contains("5309") && !texts.contains("kkk"), "{texts}");
}

#[test]
fn bad_addresses_and_secrets_are_refused_when_opened() {
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
        let opened = config(url).open(secret(), None);
        assert!(matches!(opened, Err(ConfigError::Url(_))), "{url}");
    }
    assert!(config("https://centre.example/x").open(secret(), None).is_ok());
    let short = config("https://a/").open(Secret::new(vec![b'k'; 31]), None);
    assert!(matches!(short, Err(ConfigError::Secret)));
    let none = config("https://a/").open(secret(), Some(b"no certificate"));
    assert!(matches!(none, Err(ConfigError::Certificates(_))));
    assert!(config("https://a/").open(secret(), Some(AUTHORITY)).is_ok());
}
