//! The pool in which phrases are checked: few at a time, a bounded number waiting, off the threads that serve connections (G3).
//!
//! Each check is exactly one Argon2id and one comparison (`credentials::check`). What it found leaves only as a [`Class`], which nothing
//! on this side looks at. Stops, cancels and objections have a permit and a queue of their own, so that a flood cannot keep them out (G5).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::Code;
use credentials::{Class, Pepper, Phrase, Verifier};
use tokio::sync::Semaphore;

use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};

/// How many ordinary checks run at a time: each takes 64 MiB and one core.
pub const CHECKS_ORDINARY_MAX: usize = 2;
/// How many checks of stops, cancels and objections run at a time.
pub const CHECKS_URGENT_MAX: usize = 1;
/// How many checks wait on each lane; beyond, the server says that it is busy.
pub const CHECKS_WAITING_MAX: usize = 64;

/// Which pool an act is checked in. Depends on what is asked alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lane {
    /// Everything else.
    Ordinary,
    /// Stops, cancels, objections, and what ends a motion.
    Urgent,
}

struct Pool {
    permits: Semaphore,
    waiting: AtomicUsize,
}

impl Pool {
    fn new(permits: usize) -> Self {
        Self { permits: Semaphore::new(permits), waiting: AtomicUsize::new(0) }
    }
}

/// One who waits; leaves the queue when dropped, also when the wait is given up.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let taken = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < CHECKS_WAITING_MAX).then_some(waiting + 1)
        });
        taken.ok().map(|_| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The pools.
pub struct PhraseChecks {
    ordinary: Pool,
    urgent: Pool,
    pepper: Arc<Pepper>,
}

impl PhraseChecks {
    /// Pools that check with this pepper.
    pub fn new(pepper: Pepper) -> Self {
        let (ordinary, urgent) = (Pool::new(CHECKS_ORDINARY_MAX), Pool::new(CHECKS_URGENT_MAX));
        Self { ordinary, urgent, pepper: Arc::new(pepper) }
    }

    /// Checks a phrase; it is wiped when the check has ended.
    ///
    /// # Errors
    /// The pool is full, or there was no memory: the same whatever the phrase.
    pub async fn check(&self, lane: Lane, phrase: Phrase, verifier: Verifier) -> Result<Class, Failure> {
        let busy = || Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS);
        let pool = match lane {
            Lane::Ordinary => &self.ordinary,
            Lane::Urgent => &self.urgent,
        };
        let place = Place::take(&pool.waiting).ok_or_else(busy)?;
        let _permit = pool.permits.acquire().await.map_err(|_| busy())?;
        drop(place);
        let pepper = Arc::clone(&self.pepper);
        let checked =
            tokio::task::spawn_blocking(move || credentials::check(&phrase, &verifier, &pepper)).await;
        match checked {
            Ok(Ok(class)) => Ok(class),
            Ok(Err(_)) => Err(busy()),
            Err(_) => Err(Failure::new(Code::Internal)),
        }
    }
}
