//! The connection to the provider: TCP, with TLS unless the configuration says otherwise, every step within a deadline. One thread
//! listens while others write. Called by `session`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::ClientConnection;

use super::deadline::Deadline;
use crate::DeliveryError;
use crate::connection::{Target, Tls, explain_io, resolve, shorten};

const ADDRESSES_MAX: usize = 4;
const READ_BYTES: usize = 4096;

/// Where the provider is and how it is spoken to.
pub(super) struct Peer {
    pub(super) target: Target,
    /// Nothing for plain TCP.
    pub(super) tls: Option<Tls>,
}

/// What listening brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    Bytes,
    Nothing,
    End,
}

pub(super) struct Wire {
    stream: TcpStream,
    encrypted: bool,
    /// Also keeps two writers apart.
    tls: Mutex<Option<ClientConnection>>,
}

impl Wire {
    pub(super) fn connect(peer: &Peer, deadline: Deadline) -> Result<Self, DeliveryError> {
        let within = deadline.left().ok_or(DeliveryError::Timeout)?;
        let stream = open(&resolve(&peer.target, within)?, deadline)?;
        // A short message waits for nothing.
        stream.set_nodelay(true).map_err(|error| explain_io(&error))?;
        let tls = match &peer.tls {
            None => None,
            Some(tls) => Some(shake_hands(&stream, tls, deadline)?),
        };
        Ok(Self { stream, encrypted: tls.is_some(), tls: Mutex::new(tls) })
    }

    fn tls(&self) -> MutexGuard<'_, Option<ClientConnection>> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all of it until the deadline.
    pub(super) fn write(&self, bytes: &[u8], deadline: Deadline) -> io::Result<()> {
        let mut tls = self.tls();
        let mut out = Outward { stream: &self.stream, deadline };
        match tls.as_mut() {
            None => out.write_all(bytes),
            Some(tls) => {
                tls.writer().write_all(bytes)?;
                flush(tls, &mut out)
            }
        }
    }

    /// Appends what comes within `patience`, at most a few kilobytes. What TLS has to say to it is said by then, too.
    pub(super) fn read(&self, into: &mut Vec<u8>, patience: Duration) -> io::Result<Heard> {
        self.stream.set_read_timeout(Some(patience))?;
        let mut raw = [0; READ_BYTES];
        let count = match (&self.stream).read(&mut raw) {
            Ok(0) => return Ok(Heard::End),
            Ok(count) => count,
            Err(error) if is_patience(&error) => return Ok(Heard::Nothing),
            Err(error) => return Err(error),
        };
        let raw = raw.get(..count).unwrap_or_default();
        if !self.encrypted {
            into.extend_from_slice(raw);
            return Ok(Heard::Bytes);
        }
        let mut tls = self.tls();
        let Some(tls) = tls.as_mut() else { return Ok(Heard::End) };
        let heard = decrypt(tls, raw, into)?;
        flush(tls, &mut Outward { stream: &self.stream, deadline: Deadline::after(patience) })?;
        Ok(heard)
    }

    /// Ends it for whoever reads or writes.
    pub(super) fn close(&self) {
        let _already_closed = self.stream.shutdown(Shutdown::Both);
    }
}

/// The way out, until a deadline: a peer that takes one octet at a time gains nothing by it.
struct Outward<'a> {
    stream: &'a TcpStream,
    deadline: Deadline,
}

impl Write for Outward<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.deadline.left().ok_or(ErrorKind::TimedOut)?;
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn decrypt(tls: &mut ClientConnection, mut raw: &[u8], into: &mut Vec<u8>) -> io::Result<Heard> {
    let mut heard = Heard::Nothing;
    while !raw.is_empty() {
        if tls.read_tls(&mut raw)? == 0 {
            return Err(ErrorKind::InvalidData.into());
        }
        let state =
            tls.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        let plain = state.plaintext_bytes_to_read();
        if plain > 0 {
            let begin = into.len();
            into.resize(begin + plain, 0);
            tls.reader().read_exact(into.get_mut(begin..).unwrap_or_default())?;
            heard = Heard::Bytes;
        }
        if state.peer_has_closed() && heard == Heard::Nothing {
            return Ok(Heard::End);
        }
    }
    Ok(heard)
}

fn flush(tls: &mut ClientConnection, out: &mut Outward<'_>) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(out)?;
    }
    Ok(())
}

fn shake_hands(stream: &TcpStream, tls: &Tls, deadline: Deadline) -> Result<ClientConnection, DeliveryError> {
    let mut tls = tls.begin()?;
    let mut out = Outward { stream, deadline };
    loop {
        flush(&mut tls, &mut out).map_err(|error| explain_io(&error))?;
        if !tls.is_handshaking() {
            return Ok(tls);
        }
        let left = deadline.left().ok_or(DeliveryError::Timeout)?;
        let read = stream.set_read_timeout(Some(left)).and_then(|()| tls.read_tls(&mut &*stream));
        if read.map_err(|error| explain_io(&error))? == 0 {
            return Err(DeliveryError::Tls("the receiver hung up".into()));
        }
        tls.process_new_packets().map_err(|error| DeliveryError::Tls(shorten(&error.to_string())))?;
    }
}

/// The first address that answers.
fn open(addresses: &[SocketAddr], deadline: Deadline) -> Result<TcpStream, DeliveryError> {
    let mut failed = DeliveryError::HostNotFound;
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let left = deadline.left().ok_or(DeliveryError::Timeout)?;
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = explain_io(&error),
        }
    }
    Err(failed)
}
