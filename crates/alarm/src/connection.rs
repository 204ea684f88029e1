//! A TCP connection, with TLS where it is wanted, that ends in time and after so many bytes whatever the other side does (G8).
//!
//! Called by every channel that does not speak HTTP. A limit for each read would let a peer that drips one byte a second hold an
//! alarm for ever, so the whole conversation has one deadline and one budget.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use thiserror::Error;

use crate::DeliveryError;
use crate::address::{AddressRefused, permit};

/// The longest time to connect, TLS included, in seconds.
pub const ALARM_CONNECT_SECONDS: u64 = 5;
/// The longest time for a whole attempt, in seconds.
pub const ALARM_DELIVERY_SECONDS: u64 = 10;
/// The most bytes that are read from the other side in one attempt.
pub const ALARM_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How many addresses of one host are tried.
const ADDRESSES_MAX: usize = 4;

/// How long an attempt may take; tests are shorter of patience.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) whole: Duration,
}

pub(crate) const LIMITS: Limits = Limits {
    connect: Duration::from_secs(ALARM_CONNECT_SECONDS),
    whole: Duration::from_secs(ALARM_DELIVERY_SECONDS),
};

/// Where to connect.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether the address may be inside the network or on this machine.
    pub(crate) allow_private: bool,
    /// Whether nothing protects what is said: then it must be this machine.
    pub(crate) plain: bool,
}

/// The instant at which a conversation is over.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    #[expect(clippy::disallowed_methods, reason = "bounds a wait; decides nothing")]
    fn after(time: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(time).unwrap_or(now))
    }

    #[expect(clippy::disallowed_methods, reason = "bounds a wait; decides nothing")]
    fn remaining(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// A TCP stream with one deadline and one budget.
pub(crate) struct Bounded {
    stream: TcpStream,
    deadline: Deadline,
    budget: usize,
}

#[derive(Debug, Error)]
#[error("the answer is too long")]
struct TooLong;

impl Bounded {
    fn open(target: &Target, limits: Limits) -> Result<Self, DeliveryError> {
        let deadline = Deadline::after(limits.whole);
        let addresses = resolve(target, limits.connect)?;
        let mut failure = DeliveryError::HostNotFound;
        for address in addresses.iter().take(ADDRESSES_MAX) {
            let within = deadline.remaining().map_err(|error| explain_io(&error))?.min(limits.connect);
            match TcpStream::connect_timeout(address, within) {
                Ok(stream) => {
                    // Each command is one write; waiting for more would only cost time.
                    let _unavailable = stream.set_nodelay(true);
                    return Ok(Self { stream, deadline, budget: ALARM_ANSWER_BYTES_MAX });
                }
                Err(error) => failure = explain_io(&error),
            }
        }
        Err(failure)
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget == 0 {
            return Err(io::Error::other(TooLong));
        }
        self.stream.set_read_timeout(Some(self.deadline.remaining()?))?;
        let room = buffer.len().min(self.budget);
        let read = self.stream.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.budget = self.budget.saturating_sub(read);
        Ok(read)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.deadline.remaining()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        let _closed = self.stream.shutdown(Shutdown::Both);
    }
}

/// The addresses of a host, all of them permitted. The system's resolver knows no deadline, so it runs on a thread that is left behind.
pub(crate) fn resolve(target: &Target, within: Duration) -> Result<Vec<SocketAddr>, DeliveryError> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = target.port;
    let found = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => look_up(host, port, within)?,
    };
    if found.is_empty() {
        return Err(DeliveryError::HostNotFound);
    }
    // One bad address refuses all: which of several is used is not ours to choose.
    for address in &found {
        permit(address.ip(), target.plain, target.allow_private).map_err(DeliveryError::from)?;
    }
    Ok(found)
}

fn look_up(host: String, port: u16, within: Duration) -> Result<Vec<SocketAddr>, DeliveryError> {
    let (sender, receiver) = mpsc::channel();
    let look = move || {
        let found = (host, port).to_socket_addrs().map(Iterator::collect);
        // Nobody listens any more when it took too long.
        let _unheard = sender.send(found);
    };
    std::thread::Builder::new()
        .name("alarm-resolver".into())
        .spawn(look)
        .map_err(|error| DeliveryError::Connect(error.kind().to_string()))?;
    match receiver.recv_timeout(within) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(DeliveryError::HostNotFound),
        Err(_) => Err(DeliveryError::Timeout),
    }
}

/// Whom to trust as which host.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Tls {
    /// For this host; `authorities` (PEM) instead of the public ones. Nothing when there is no certificate in them, or no such host.
    pub(crate) fn new(host: &str, authorities: Option<&[u8]>) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        match authorities {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    roots.add(certificate.ok()?).ok()?;
                }
            }
        }
        if roots.is_empty() {
            return None;
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Some(Self { config: Arc::new(config), name: ServerName::try_from(host).ok()? })
    }

    /// The client's side of a handshake that has not begun.
    pub(crate) fn begin(&self) -> Result<ClientConnection, DeliveryError> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
            .map_err(|error| DeliveryError::Tls(shorten(&error.to_string())))
    }
}

/// A connection that may become a TLS one.
pub(crate) enum Connection {
    Plain(Bounded),
    Tls(Box<StreamOwned<ClientConnection, Bounded>>),
}

impl Connection {
    /// Connects, without TLS for now.
    pub(crate) fn open(target: &Target, limits: Limits) -> Result<Self, DeliveryError> {
        Bounded::open(target, limits).map(Self::Plain)
    }

    /// Puts TLS on it; the handshake is done when this returns.
    pub(crate) fn secure(self, tls: &Tls) -> Result<Self, DeliveryError> {
        let Self::Plain(mut bounded) = self else { return Ok(self) };
        let mut connection = tls.begin()?;
        while connection.is_handshaking() {
            connection.complete_io(&mut bounded).map_err(|error| explain_io(&error))?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, bounded))))
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl From<AddressRefused> for DeliveryError {
    fn from(refused: AddressRefused) -> Self {
        match refused {
            AddressRefused::Private => Self::PrivateAddress,
            AddressRefused::PlainHttp => Self::PlainHttp,
        }
    }
}

/// The system's error in the words of this crate.
pub(crate) fn explain_io(error: &io::Error) -> DeliveryError {
    let inner = error.get_ref();
    if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<AddressRefused>()) {
        return DeliveryError::from(*refused);
    }
    if inner.is_some_and(|inner| inner.is::<TooLong>()) {
        return DeliveryError::Broken(TooLong.to_string());
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => DeliveryError::Timeout,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => DeliveryError::Connect(error.kind().to_string()),
        // rustls reports through I/O errors of this kind.
        io::ErrorKind::InvalidData => DeliveryError::Tls(shorten(&error.to_string())),
        kind => DeliveryError::Broken(kind.to_string()),
    }
}

/// The other side may choose words that end up in an error: no more than a line of them.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::{PATIENCE, QUICK, nobody, peer, timed};

    fn target(address: SocketAddr) -> Target {
        Target { host: address.ip().to_string(), port: address.port(), allow_private: true, plain: true }
    }

    /// Everything that a peer sends, or why it ended.
    fn read_all(address: SocketAddr, limits: Limits) -> Result<usize, DeliveryError> {
        let mut connection = Connection::open(&target(address), limits)?;
        let mut bytes = Vec::new();
        connection.read_to_end(&mut bytes).map_err(|error| explain_io(&error))
    }

    #[test]
    fn no_more_is_read_than_the_budget() {
        let patient = Limits { connect: PATIENCE, whole: PATIENCE * 4 };
        let exactly = |size: usize| {
            peer(move |_, mut stream| {
                let _hung_up = stream.write_all(&vec![b'x'; size]);
            })
        };
        assert_eq!(read_all(exactly(ALARM_ANSWER_BYTES_MAX - 1), patient), Ok(ALARM_ANSWER_BYTES_MAX - 1));
        let too_long = Err(DeliveryError::Broken("the answer is too long".into()));
        assert_eq!(read_all(exactly(ALARM_ANSWER_BYTES_MAX + 1), patient), too_long);
    }

    #[test]
    fn the_whole_is_bounded_however_short_each_read() {
        let dripping = peer(|_, mut stream| {
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let (result, took) = timed(|| read_all(dripping, QUICK));
        assert_eq!(result, Err(DeliveryError::Timeout));
        assert!(took < PATIENCE, "{took:?}");
        let deaf = peer(|_, _stream| std::thread::sleep(PATIENCE * 2));
        let (result, took) = timed(|| {
            let mut connection = Connection::open(&target(deaf), QUICK).unwrap();
            let endless = connection.write_all(&vec![b'x'; 64 * 1024 * 1024]);
            endless.map_err(|error| explain_io(&error))
        });
        assert_eq!(result, Err(DeliveryError::Timeout));
        assert!(took < PATIENCE, "{took:?}");
    }

    #[test]
    fn a_handshake_that_is_none_ends() {
        let tls = Tls::new("localhost", None).unwrap();
        let nonsense =
            peer(|_, mut stream| while stream.write_all(b"HTTP/1.1 400 Bad Request\r\n").is_ok() {});
        let hangs_up = peer(|_, stream| drop(stream));
        for (address, is_tls) in [(nonsense, true), (hangs_up, false)] {
            let opened = Connection::open(&target(address), QUICK).unwrap().secure(&tls);
            let error = opened.err().unwrap();
            assert_eq!(matches!(error, DeliveryError::Tls(_)), is_tls, "{error:?}");
            assert_eq!(error.is_permanent(), is_tls);
        }
    }

    #[test]
    fn names_are_resolved_and_every_address_is_checked() {
        let there = |host: &str, allow_private, plain| {
            let target = Target { host: host.into(), port: nobody().port(), allow_private, plain };
            resolve(&target, PATIENCE).map(|found| found.len())
        };
        assert!(there("localhost", true, true).is_ok_and(|found| found > 0));
        assert_eq!(there("[::1]", true, true), Ok(1));
        for host in ["localhost", "127.0.0.1", "::ffff:10.0.0.1", "[fe80::1]", "169.254.169.254"] {
            assert_eq!(there(host, false, false), Err(DeliveryError::PrivateAddress), "{host}");
        }
        assert_eq!(there("192.168.1.1", true, true), Err(DeliveryError::PlainHttp));
        assert_eq!(there("192.168.1.1", true, false), Ok(1));
        assert_eq!(there("no-such-host.invalid", true, false), Err(DeliveryError::HostNotFound));
    }
}
