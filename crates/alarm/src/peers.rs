//! Peers on loopback for the tests of every channel: slow, silent, talkative, hanging up, with a certificate that is good for `localhost`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use types::{ChannelId, Hash, PersonId, Timestamp};

use crate::config::Files;
use crate::connection::Limits;
use crate::{Language, Message, Recipient};

pub const QUICK: Limits = Limits { connect: Duration::from_millis(400), whole: Duration::from_millis(600) };
/// Far above `QUICK`, far below what a lost limit would take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// For what must succeed however busy the machine is.
pub const PATIENT: Limits = Limits { connect: PATIENCE, whole: PATIENCE };
pub const AUTHORITY: &[u8] = include_bytes!("../tests/tls/authority.pem");
pub const CERTIFICATE: &[u8] = include_bytes!("../tests/tls/localhost.pem");
pub const CERTIFICATE_KEY: &[u8] = include_bytes!("../tests/tls/localhost.key.pem");

pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T09:30:00Z").unwrap()
}

pub fn message(number: u8) -> Message {
    Message { id: Hash([number; 32]), ..crate::message::tests::message() }
}

pub fn recipient(address: &str) -> Recipient {
    Recipient { person: PersonId::parse("bob").unwrap(), address: address.to_owned(), language: Language::Fr }
}

/// Opens something with files by name and content.
pub fn with_files<T>(list: &[(&str, &[u8])], open: impl FnOnce(&Files<'_>) -> T) -> T {
    let read = crate::config::tests::files(list);
    open(&Files { channel: &ChannelId::parse("channel").unwrap(), read: &read, inbound: None })
}

/// A peer that does with each connection what it is told, and the address at which it is.
pub fn peer(handle: impl Fn(usize, TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().flatten().enumerate().take(20) {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            handle(count, stream);
        }
    });
    address
}

/// The address of a port at which nobody listens.
pub fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Reads a whole HTTP request: the head, and a body as long as it says.
pub fn read_request(stream: &mut (impl Read + ?Sized)) -> Vec<u8> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let head = String::from_utf8(request.clone()).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    request.extend(body);
    request
}

/// A peer that answers every HTTP request with the same text.
pub fn answering(answer: &'static str) -> SocketAddr {
    peer(move |_, mut stream| {
        read_request(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

/// What came of it, and how long it took.
#[expect(clippy::disallowed_methods, reason = "a limit in real time is what is tested")]
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

/// The server's side of TLS with the test certificate.
pub fn tls_server() -> Arc<rustls::ServerConfig> {
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
    Arc::new(config)
}

/// A peer that speaks TLS from the first byte and then does what it is told.
pub fn tls_peer(handle: impl Fn(&mut dyn ReadWrite) + Send + 'static) -> SocketAddr {
    let config = tls_server();
    peer(move |_, mut stream| {
        let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        // A client that does not trust us hangs up; that is what these tests are about.
        if connection.complete_io(&mut stream).is_ok() && !connection.is_handshaking() {
            handle(&mut rustls::Stream::new(&mut connection, &mut stream));
        }
    })
}

pub trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}
