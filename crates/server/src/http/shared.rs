//! What all handlers share: the engine, the nonces, the pools, the sessions, and the work that must not end with its connection (G8).

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use api::Code;
use axum::http::{HeaderMap, header};
use credentials::{DeviceKey, DevicePublic};
use passkey::RelyingParty;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;
use types::{ActorId, PersonId, Timestamp, hash_parts};

use super::Settings;
use super::attempts::Attempts;
use super::counters::Counters;
use super::enrolments::Enrolments;
use super::entry::{DEVICES_MAX, DeviceCredential, Entry, encode_entry};
use super::failure::Failure;
use super::incoming::LARGE_BODIES_MAX;
use super::nonces::Nonces;
use super::phrases::PhraseChecks;
use super::previews::Previews;
use super::sessions::{Session, Sessions};
use crate::engine::Engine;
use crate::entropy::Entropy;
use crate::pages::{AlarmPage, STREAMS_MAX};

/// The step in which answers to commands leave. Long against what the class of a command costs (microseconds), short against one phrase
/// check (a tenth of a second); measured by `cargo xtask indistinguishable`.
const ANSWER_STEP: Duration = Duration::from_millis(1);

/// A handle on what is shared.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

/// See [`Http`].
pub struct Shared {
    pub engine: Engine,
    pub entropy: Arc<dyn Entropy>,
    pub feeds: BTreeMap<ActorId, DevicePublic>,
    pub nonces: Nonces,
    pub attempts: Attempts,
    pub checks: PhraseChecks,
    pub sessions: Sessions,
    pub enrolments: Enrolments,
    pub counters: Counters,
    pub large_bodies: Semaphore,
    pub previews: Previews,
    /// Places of pages that renew themselves.
    pub streams: Arc<Semaphore>,
    pub alarm_page: AlarmPage,
    /// An entry of nobody, so that an unknown name costs what a known one does.
    pub decoy: overt::Entry,
    /// A key of nobody, so that a person without keys costs what one with keys does.
    pub nobody: DevicePublic,
    /// The site for which passkeys hold.
    pub relying_party: RelyingParty,
    blur: Blur,
    running: AtomicUsize,
    idle: Notify,
    stopping: watch::Sender<bool>,
}

/// How long answers are kept back, drawn anew for each: what state the machine was left in by the command before (its caches, its other
/// threads) moves answers by up to a microsecond, and this hides it (G3; ADR 0032). Has a stream of its own, so that it takes nothing from other draws.
struct Blur {
    seed: [u8; 32],
    drawn: AtomicU64,
}

/// The longest that an answer is kept back.
pub const BLUR_MAX: Duration = Duration::from_micros(250);

impl Blur {
    const fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }

    /// Up to [`BLUR_MAX`], every length as likely.
    fn next(&self) -> Duration {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let drawn = hash_parts("rempart/blur/v1", &[&self.seed, &number]);
        let part = u64::from(u32::from_be_bytes([drawn.0[0], drawn.0[1], drawn.0[2], drawn.0[3]]));
        let longest = u64::try_from(BLUR_MAX.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos((part * longest) >> u32::BITS)
    }
}

impl Deref for Http {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Counts work that runs; says so when the last has ended.
struct Running(Http);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

/// Waits until an answer may leave. On a thread that sleeps: the runtime's own timer wakes whole milliseconds after it went idle, and when it
/// goes idle tells how long the command took.
async fn depart(begun: Instant) {
    let waited = tokio::task::spawn_blocking(move || {
        let now = Instant::now();
        std::thread::sleep(next_departure(begun, now).saturating_duration_since(now));
    });
    // It fails only when the runtime ends, and then nobody is left to be answered.
    let _ended = waited.await;
}

/// When an answer may leave: a whole number of steps after its request came. What the class of a command costs, a few microseconds more
/// or less, does not move it to another step (G3).
fn next_departure(begun: Instant, now: Instant) -> Instant {
    let step = ANSWER_STEP.as_nanos().max(1);
    let steps = now.saturating_duration_since(begun).as_nanos() / step + 1;
    begun + ANSWER_STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

impl Http {
    pub fn new(engine: Engine, settings: Settings) -> Self {
        let Settings { feeds, entropy, alarm_page, phrase_cost, relying_party } = settings;
        let nobody = DeviceKey::from_entropy(entropy.draw()).public();
        let devices = vec![DeviceCredential::Key(nobody); DEVICES_MAX];
        let decoy = encode_entry(&Entry { devices, verifier: None });
        let checks = PhraseChecks::new(engine.secrets().pepper().clone());
        Self(Arc::new(Shared {
            nonces: Nonces::new(entropy.draw()),
            attempts: Attempts::default(),
            checks,
            sessions: Sessions::default(),
            enrolments: Enrolments::new(engine.secrets().pepper().clone(), phrase_cost),
            counters: Counters::default(),
            large_bodies: Semaphore::new(LARGE_BODIES_MAX),
            previews: Previews::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            blur: Blur::new(entropy.draw()),
            alarm_page,
            decoy: decoy.as_ref().map(overt::Entry::from).unwrap_or_default(),
            running: AtomicUsize::new(0),
            idle: Notify::new(),
            stopping: watch::Sender::new(false),
            engine,
            entropy,
            feeds,
            nobody,
            relying_party,
        }))
    }

    /// Runs work to its end even if whoever asked has gone: a phrase that was typed is judged, a command that was taken is answered
    /// for (G8).
    ///
    /// # Errors
    /// What the work gives.
    pub async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        self.running.fetch_add(1, Ordering::AcqRel);
        let running = Running(self.clone());
        let task = tokio::spawn(async move {
            let _running = running;
            work.await
        });
        let result = task.await.unwrap_or_else(|_| Err(Failure::new(Code::Internal)));
        depart(begun).await;
        result
    }

    /// Keeps an answer back for a while that has nothing to do with it.
    pub async fn blur(&self) {
        let longer = self.blur.next();
        // On a thread that sleeps, for the reason given at `depart`.
        let waited = tokio::task::spawn_blocking(move || std::thread::sleep(longer));
        let _ended = waited.await;
    }

    /// Whether a stop was asked for.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    pub fn begin_stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Completes so long after a stop was asked for.
    pub async fn stopped_for(&self, longest: Duration) {
        let mut stopping = self.stopping.subscribe();
        // An error would mean that the sender is gone, and it is ours.
        drop(stopping.wait_for(|stopping| *stopping).await);
        tokio::time::sleep(longest).await;
    }

    /// Waits until no work runs, at most so long.
    pub async fn finish(&self, longest: Duration) {
        let idle = async {
            loop {
                let notified = self.idle.notified();
                if self.running.load(Ordering::Acquire) == 0 {
                    return;
                }
                notified.await;
            }
        };
        let _timed_out = tokio::time::timeout(longest, idle).await;
    }
}

impl Shared {
    /// The gate's time: never goes back, and stands still with a simulated clock.
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The session that a request names, if its person is still in the register.
    ///
    /// # Errors
    /// [`Code::SessionInvalid`].
    pub fn session(&self, headers: &HeaderMap) -> Result<Session, Failure> {
        let invalid = || Failure::new(Code::SessionInvalid);
        let session = token(headers).and_then(|token| self.sessions.find(token, self.now()));
        let session = session.ok_or_else(invalid)?;
        if self.is_person(&session.person) && self.has_device(&session) {
            Ok(session)
        } else {
            Err(invalid())
        }
    }

    /// Whose session a request names.
    ///
    /// # Errors
    /// [`Code::SessionInvalid`].
    pub fn reader(&self, headers: &HeaderMap) -> Result<PersonId, Failure> {
        self.session(headers).map(|session| session.person)
    }

    /// A device that was taken away looks as if it had signed out.
    fn has_device(&self, session: &Session) -> bool {
        let is_it = |device: &overt::Device| device.id == session.device && !device.muted;
        self.engine.read(|state| {
            let entry = state.overt().entry(session.person.as_str());
            entry.is_some_and(|entry| entry.devices.iter().any(is_it))
        })
    }

    fn is_person(&self, person: &PersonId) -> bool {
        self.engine.read(|state| state.overt().policy().is_some_and(|policy| policy.person(person).is_some()))
    }

    /// Whether a person is a responder: a fact of the policy.
    pub fn is_responder(&self, person: &PersonId) -> bool {
        self.engine.read(|state| {
            let policy = state.overt().policy();
            policy.is_some_and(|policy| covert::State::is_responder(policy, person))
        })
    }
}

/// The cookie of a session. Its prefix binds it to this host and to a secure connection (RFC 6265bis).
pub const SESSION_COOKIE: &str = "__Host-rempart";

/// The token of a session: of an `Authorization: Bearer …` header, or of the cookie where no other site sent the request.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let is_own = || {
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        matches!(site, None | Some("same-origin" | "none"))
    };
    bearer(headers).or_else(|| cookie(headers, SESSION_COOKIE).filter(|_| is_own()))
}

/// The value of a cookie. Of two of one name the first counts.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(own, _)| *own == name).map(|(_, value)| value).next()
}

/// The token of an `Authorization: Bearer …` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_back_evenly_and_never_long() {
        let blur = Blur::new([7; 32]);
        let drawn: Vec<_> = (0..1000).map(|_| blur.next()).collect();
        assert!(drawn.iter().all(|drawn| *drawn < BLUR_MAX));
        let mean = drawn.iter().sum::<Duration>() / 1000;
        assert!(mean > BLUR_MAX * 45 / 100 && mean < BLUR_MAX * 55 / 100, "{mean:?}");
    }

    #[test]
    fn a_cookie_counts_unless_another_site_sent_the_request() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let cookie = ("cookie", "look=fr; __Host-rempart=abc");
        for site in [None, Some(("sec-fetch-site", "same-origin")), Some(("sec-fetch-site", "none"))] {
            let all: Vec<_> = [Some(cookie), site].into_iter().flatten().collect();
            assert_eq!(token(&headers(&all)), Some("abc"), "{site:?}");
        }
        for site in ["cross-site", "same-site", "anything"] {
            assert_eq!(token(&headers(&[cookie, ("sec-fetch-site", site)])), None, "{site}");
        }
        assert_eq!(token(&headers(&[cookie, ("authorization", "Bearer xyz")])), Some("xyz"));
        assert_eq!(token(&headers(&[("cookie", "x__Host-rempart=abc")])), None);
    }

    #[test]
    fn answers_leave_after_whole_steps_and_microseconds_do_not_move_them() {
        let begun = Instant::now();
        let leaves = |micros| next_departure(begun, begun + Duration::from_micros(micros)) - begun;
        assert_eq!([leaves(0), leaves(300), leaves(312)], [ANSWER_STEP; 3]);
        assert_eq!([leaves(100_300), leaves(100_312)], [ANSWER_STEP * 101; 2]);
    }
}
