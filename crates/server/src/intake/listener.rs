//! The sockets of panels: bounded connections, bounded silence, one frame after the other, and an answer only when it is durable.
//!
//! Called by `rempart serve`, once for each address of `[intake]`.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dc09::{FRAME_BYTES_MAX, Splitter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use types::{Hash, Timestamp};

use super::frames::Verdict;
use crate::engine::Engine;
use crate::entropy::Entropy;

/// The most connections of panels at once.
pub const INTAKE_CONNECTIONS_MAX: usize = 256;
/// The most connections from one address.
pub const INTAKE_CONNECTIONS_PER_SOURCE_MAX: usize = 16;
/// How long a connection may say nothing that is believed, in seconds.
pub const FIRST_FRAME_SECONDS: u64 = 10;
/// How long a panel's connection may be quiet after that, in seconds.
pub const QUIET_CONNECTION_SECONDS: u64 = 300;
/// How long an answer may take to leave, in seconds.
const ANSWER_SECONDS: u64 = 10;
/// A pause after the system could not accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 2048;

/// What every connection needs.
struct Intake {
    engine: Engine,
    entropy: Arc<dyn Entropy>,
    places: Arc<Semaphore>,
    sources: Mutex<BTreeMap<IpAddr, usize>>,
}

/// Takes frames over TCP until `shutdown` completes. What was begun is finished: a frame that was taken is written down.
pub async fn serve_tcp(
    engine: Engine,
    entropy: Arc<dyn Entropy>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let intake = Intake::new(engine, entropy);
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => intake.connected(stream, peer.ip().to_canonical()),
            // Too many open files, or a connection that went away: neither ends the listener.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Takes frames over UDP, one in each datagram, until `shutdown` completes.
pub async fn serve_udp(
    engine: Engine,
    entropy: Arc<dyn Entropy>,
    socket: UdpSocket,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (intake, socket) = (Intake::new(engine, entropy), Arc::new(socket));
    tokio::pin!(shutdown);
    let mut buffer = vec![0; FRAME_BYTES_MAX + 1];
    loop {
        let received = tokio::select! {
            () = &mut shutdown => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        let Ok((length, peer)) = received else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Without a place the datagram is dropped, as networks do; the panel repeats it.
        let Ok(place) = Arc::clone(&intake.places).try_acquire_owned() else { continue };
        let frame = buffer.get(..length).unwrap_or_default().to_vec();
        let (intake, socket) = (Arc::clone(&intake), Arc::clone(&socket));
        tokio::spawn(async move {
            let _place = place;
            if let Some(answer) = intake.take(&frame).await.1 {
                // Nobody hears a lost answer; the panel repeats.
                let _lost = socket.send_to(&answer, peer).await;
            }
        });
    }
}

impl Intake {
    fn new(engine: Engine, entropy: Arc<dyn Entropy>) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(INTAKE_CONNECTIONS_MAX));
        Arc::new(Self { engine, entropy, places, sources: Mutex::default() })
    }

    /// A connection too many is closed at once: to wait would keep the listener from the next.
    fn connected(self: &Arc<Self>, stream: TcpStream, source: IpAddr) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        let Some(counted) = Counted::new(self, source) else { return };
        let intake = Arc::clone(self);
        tokio::spawn(async move {
            let _bounds = (place, counted);
            // How a connection ended matters to nobody.
            let _ended = intake.converse(stream).await;
        });
    }

    async fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut splitter, mut believed) = (Splitter::default(), false);
        let mut buffer = [0; READ_BYTES];
        loop {
            while let Some(frame) = splitter.next_frame().map_err(io::Error::other)? {
                let (is_believed, answer) = self.take(&frame).await;
                believed |= is_believed;
                if let Some(answer) = answer {
                    timeout(Duration::from_secs(ANSWER_SECONDS), stream.write_all(&answer)).await??;
                }
            }
            let patience = if believed { QUIET_CONNECTION_SECONDS } else { FIRST_FRAME_SECONDS };
            let read = timeout(Duration::from_secs(patience), stream.read(&mut buffer)).await??;
            if read == 0 {
                return Ok(());
            }
            splitter.push(buffer.get(..read).unwrap_or_default());
        }
    }

    /// One frame: whether it was believed, and the answer. An alarm is durable when this returns, or is not answered.
    async fn take(&self, frame: &[u8]) -> (bool, Option<Vec<u8>>) {
        let verdict = self.engine.panels().judge(frame, self.wall());
        let is_believed = verdict.is_believed();
        let answer = match verdict {
            Verdict::Silence => None,
            Verdict::Answer(answer) => Some(answer),
            Verdict::Alarm(press, head) => {
                match self.engine.signal(press.sign(Hash(self.entropy.draw()))).await {
                    Ok(()) => self.engine.panels().acknowledge(&press, &head, self.wall()),
                    // Not written down, so not acknowledged: the panel repeats it, and tries its other ways.
                    Err(error) => {
                        tracing::error!("a frame could not be written down: {error}");
                        None
                    }
                }
            }
        };
        (is_believed, answer)
    }

    /// Panels tell civil time.
    fn wall(&self) -> Timestamp {
        self.engine.clock().moment_parts().0
    }
}

/// One of the connections of an address.
struct Counted {
    intake: Arc<Intake>,
    source: IpAddr,
}

impl Counted {
    fn new(intake: &Arc<Intake>, source: IpAddr) -> Option<Self> {
        let mut sources = intake.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sources.entry(source).or_insert(0);
        if *count >= INTAKE_CONNECTIONS_PER_SOURCE_MAX {
            return None;
        }
        *count += 1;
        drop(sources);
        Some(Self { intake: Arc::clone(intake), source })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut sources = self.intake.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = sources.get_mut(&self.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                sources.remove(&self.source);
            }
        }
    }
}
