//! Connections have bounds: how many there are, and how long one may say nothing. A client that opens them and waits keeps nobody out for long.
//!
//! Called by `serve`; the peer's address goes to the handlers that count by source.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// The most connections at once; more wait to be accepted.
pub const CONNECTIONS_MAX: usize = 1024;
/// How long a connection may bring nothing while something is expected of it. Longer than any answer takes.
pub const SILENCE_MAX: Duration = Duration::from_secs(60);

/// A listener whose connections are bounded.
pub struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    silence_max: Duration,
}

impl Bounded {
    pub fn new(listener: TcpListener) -> Self {
        Self::with(listener, CONNECTIONS_MAX, SILENCE_MAX)
    }

    fn with(listener: TcpListener, connections_max: usize, silence_max: Duration) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(connections_max)), silence_max }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed; without a place the connection is only not counted.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let (silence_max, silence) = (self.silence_max, Box::pin(sleep(self.silence_max)));
        (Connection { stream, silence_max, silence, _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// A connection that ends when it says nothing for too long.
pub struct Connection {
    stream: TcpStream,
    silence_max: Duration,
    silence: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_read(context, into) {
            Poll::Ready(result) => {
                // The one place where real time is meant: a network's silence is not simulated.
                this.silence.as_mut().reset(Instant::now() + this.silence_max);
                Poll::Ready(result)
            }
            Poll::Pending => {
                ready!(this.silence.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::io::Write;

    const SILENCE: Duration = Duration::from_millis(300);

    async fn bounded(connections_max: usize) -> (Bounded, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Bounded::with(listener, connections_max, SILENCE), address)
    }

    async fn read(connection: &mut Connection) -> io::Result<Vec<u8>> {
        let mut room = [0; 16];
        let mut into = ReadBuf::new(&mut room);
        poll_fn(|context| Pin::new(&mut *connection).poll_read(context, &mut into)).await?;
        Ok(into.filled().to_vec())
    }

    #[tokio::test]
    async fn a_silent_connection_ends_and_a_speaking_one_does_not() {
        let (mut bounded, address) = bounded(9).await;
        let mut client = std::net::TcpStream::connect(address).unwrap();
        let (mut connection, _) = bounded.accept().await;
        for _ in 0..3 {
            sleep(SILENCE / 2).await;
            client.write_all(b"x").unwrap();
            assert_eq!(read(&mut connection).await.unwrap(), b"x");
        }
        assert_eq!(read(&mut connection).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn one_more_than_there_are_places_waits() {
        let (mut bounded, address) = bounded(1).await;
        let connect = || std::net::TcpStream::connect(address).unwrap();
        let _clients = (connect(), connect());
        let (first, _) = bounded.accept().await;
        assert!(tokio::time::timeout(SILENCE, bounded.accept()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(SILENCE, bounded.accept()).await.is_ok());
    }
}
