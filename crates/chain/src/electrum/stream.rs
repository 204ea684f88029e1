//! The connection to an Electrum server: TCP or TLS by rustls, with an end to waiting and to reading.
//!
//! Called by `electrum`. The client library reads a line however long it is; here the bytes and seconds of a question are counted.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::http::Uri;

use crate::config::ConfigError;
use crate::error::{ChainError, words};

const CONNECT_SECONDS_MAX: u64 = 10;
/// Between two pieces of an answer.
const READ_SECONDS_MAX: u64 = 30;
/// For one question with all that belongs to it, such as a whole scan.
const QUESTION_SECONDS_MAX: u64 = 600;
/// Above the histories and transactions of the largest vault.
const QUESTION_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// A certificate.
const CERTIFICATE_BYTES_MAX: u64 = 256 * 1024;
const EXAMPLE: &str = "ssl://electrum.example:50002";

/// Where the server is and how it is known.
pub struct Address {
    host: String,
    port: u16,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Address {
    pub fn new(text: &str, certificate: Option<&Path>) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::Url(text.chars().take(200).collect(), EXAMPLE);
        let url: Uri = text.parse().map_err(|_| wrong())?;
        let is_bare = url.query().is_none() && matches!(url.path(), "" | "/");
        let (scheme, authority) = url.scheme_str().zip(url.authority()).ok_or_else(wrong)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().ok_or_else(wrong)?;
        let is_plain = scheme == "tcp" && certificate.is_none();
        if !is_bare || authority.as_str().contains('@') || host.is_empty() || !(is_plain || scheme == "ssl") {
            return Err(wrong());
        }
        let tls = match scheme {
            "ssl" => {
                let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
                Some((client_config(certificate)?, name))
            }
            _ => None,
        };
        Ok(Self { host, port, tls })
    }
}

fn client_config(certificate: Option<&Path>) -> Result<Arc<ClientConfig>, ConfigError> {
    let mut roots = RootCertStore::empty();
    match certificate {
        Some(path) => {
            let unusable = |why: String| ConfigError::Certificate(path.to_owned(), why);
            for der in read_certificates(path).map_err(&unusable)? {
                roots.add(der).map_err(|error| unusable(error.to_string()))?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Url(error.to_string(), EXAMPLE))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > CERTIFICATE_BYTES_MAX {
        return Err("it is too large for a certificate".to_owned());
    }
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err("there is no certificate in it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What is left of the time and the bytes for one question.
#[derive(Default)]
pub struct Budget {
    bytes: AtomicU64,
    until: Mutex<Option<Instant>>,
}

impl Budget {
    /// A new question begins.
    pub fn renew(&self) {
        self.bytes.store(QUESTION_BYTES_MAX, Ordering::Relaxed);
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = now().checked_add(Duration::from_secs(QUESTION_SECONDS_MAX));
    }

    fn check_time(&self) -> io::Result<()> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if now() > until => Err(ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }

    fn spend(&self, bytes: usize) -> io::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let take = |left: u64| left.checked_sub(bytes);
        let spent = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        spent.map(drop).map_err(|_| ErrorKind::FileTooLarge.into())
    }
}

#[expect(clippy::disallowed_methods, reason = "the end of a wait for a connection, nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

/// A connection.
pub struct Stream {
    channel: Channel,
    budget: Arc<Budget>,
}

enum Channel {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    pub fn open(source_name: &str, address: &Address, budget: Arc<Budget>) -> Result<Self, ChainError> {
        let unreachable = |why: &dyn fmt::Display| ChainError::Unreachable {
            source_name: source_name.to_owned(),
            why: words(&why.to_string()),
        };
        let socket = connect(address).map_err(|error| unreachable(&error))?;
        let channel = match &address.tls {
            None => Channel::Plain(socket),
            Some((config, name)) => {
                let session = ClientConnection::new(Arc::clone(config), name.clone());
                let session = session.map_err(|error| unreachable(&error))?;
                Channel::Tls(Box::new(StreamOwned::new(session, socket)))
            }
        };
        Ok(Self { channel, budget })
    }
}

fn connect(address: &Address) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::NotFound);
    for candidate in (address.host.as_str(), address.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&candidate, Duration::from_secs(CONNECT_SECONDS_MAX)) {
            Ok(socket) => {
                socket.set_read_timeout(Some(Duration::from_secs(READ_SECONDS_MAX)))?;
                socket.set_write_timeout(Some(Duration::from_secs(READ_SECONDS_MAX)))?;
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.budget.check_time()?;
        let read = match &mut self.channel {
            Channel::Plain(socket) => socket.read(buffer)?,
            Channel::Tls(session) => session.read(buffer)?,
        };
        self.budget.spend(read)?;
        Ok(read)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.budget.check_time()?;
        match &mut self.channel {
            Channel::Plain(socket) => socket.write(bytes),
            Channel::Tls(session) => session.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.channel {
            Channel::Plain(socket) => socket.flush(),
            Channel::Tls(session) => session.flush(),
        }
    }
}

/// A broken connection in the words of this crate.
pub fn explain(source_name: &str, error: &io::Error) -> ChainError {
    let source_name = source_name.to_owned();
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ChainError::Timeout(source_name),
        ErrorKind::FileTooLarge => ChainError::TooLarge(source_name, QUESTION_BYTES_MAX),
        _ => ChainError::Unreachable { source_name, why: words(&error.to_string()) },
    }
}
