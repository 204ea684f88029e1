//! A request as it came in: read with bounds, and wiped where it may hold a phrase.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

use api::{Code, IDEMPOTENCY_KEY_BYTES_MAX, IDEMPOTENCY_KEY_HEADER};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use zeroize::{Zeroize, Zeroizing};

use super::connections::Peer;
use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};
use super::sessions::Session;
use super::shared::Http;

/// The longest body of most commands, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest body that may hold a PSBT or a policy, in bytes.
pub const BODY_LARGE_BYTES_MAX: usize = 6 * 1024 * 1024;
/// How many bodies above [`BODY_BYTES_MAX`] are read at a time.
pub const LARGE_BODIES_MAX: usize = 32;

/// How long a body may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// [`BODY_BYTES_MAX`].
    Usual,
    /// [`BODY_LARGE_BYTES_MAX`].
    Large,
}

impl Size {
    const fn bytes_max(self) -> usize {
        match self {
            Self::Usual => BODY_BYTES_MAX,
            Self::Large => BODY_LARGE_BYTES_MAX,
        }
    }
}

/// A request whose body has not been read yet.
pub struct Incoming {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub peer: IpAddr,
    /// Comes from a form of our own page instead of from outside: the session speaks for the device, to hold something up (ADR 0029).
    pub held: Option<Holding>,
    body: Body,
}

/// A form without a script that holds something up. Only `pages` makes one, after it has checked session and token.
#[derive(Clone)]
pub struct Holding(pub Session);

impl FromRequest<Http> for Incoming {
    type Rejection = Infallible;

    async fn from_request(request: Request, _http: &Http) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().map(|info| info.0.0.ip());
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            held: parts.extensions.get::<Holding>().cloned(),
            body,
        })
    }
}

impl Incoming {
    /// The idempotency key: 1 to [`IDEMPOTENCY_KEY_BYTES_MAX`] visible ASCII characters.
    ///
    /// # Errors
    /// When there is none, or it has another form.
    pub fn key(&self) -> Result<String, Failure> {
        let key = self.headers.get(IDEMPOTENCY_KEY_HEADER).and_then(|key| key.to_str().ok());
        let visible = |key: &&str| key.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = |key: &&str| (1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len());
        let key = key.filter(fits).filter(visible).ok_or(Failure::new(Code::IdempotencyKeyMissing))?;
        Ok(key.to_owned())
    }

    /// Reads the body.
    ///
    /// # Errors
    /// When it is too large, ends early, or too many large ones are being read.
    pub async fn read(self, http: &Http, size: Size) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let announced = self.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let announced: Option<usize> = announced.and_then(|length| length.parse().ok());
        if announced.is_some_and(|announced| announced > size.bytes_max()) {
            return Err(Failure::new(Code::BodyTooLarge));
        }
        // What announces no length counts as large where large is allowed.
        let large = size == Size::Large && announced.is_none_or(|announced| announced > BODY_BYTES_MAX);
        let busy = |_| Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS);
        let _permit = if large { Some(http.large_bodies.try_acquire().map_err(busy)?) } else { None };
        // Room for all of it beforehand: growing would leave a copy behind that nobody wipes.
        let room = announced.unwrap_or(BODY_BYTES_MAX).min(size.bytes_max());
        collect(self.body, room, size.bytes_max()).await
    }
}

async fn collect(mut body: Body, room: usize, bytes_max: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    loop {
        match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => return Ok(text),
            Some(Err(_)) => return Err(Failure::new(Code::Malformed)),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if text.len().saturating_add(data.len()) > bytes_max {
                    wipe(data);
                    return Err(Failure::new(Code::BodyTooLarge));
                }
                text.extend_from_slice(&data);
                wipe(data);
            }
        }
    }
}

/// Wipes a piece of a body where nobody else holds it.
fn wipe(data: Bytes) {
    if let Ok(mut own) = data.try_into_mut() {
        own.as_mut().zeroize();
    }
}
