//! How many looks at proposed policies there may be: they cost whole seconds, and answer about a register that the asker may not see (G9).
//!
//! One at a time, so that a look never takes the processors from commands; a few may wait. Each person has so many an hour: what a look says of
//! homes in amounts must not be asked ten thousand times. Called by `routes::preview`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::Code;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use types::{PersonId, Span, Timestamp};

use super::failure::{Failure, RETRY_AFTER_BUSY_SECONDS};

/// How many looks are worked on at a time.
const AT_ONCE_MAX: usize = 1;
/// How many more may wait for their turn.
const WAITING_MAX: usize = 8;
/// How long one waits for its turn.
const TURN_MAX: Duration = Duration::from_secs(15);
/// How many looks one person has within [`WINDOW`].
pub const PREVIEWS_PER_PERSON_MAX: u32 = 60;
const WINDOW: Span = Span::from_hours(1);
/// How many people are counted before those whose window is over are forgotten.
const COUNTED_MAX: usize = 1024;

/// The looks.
pub struct Previews {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    counted: Mutex<BTreeMap<PersonId, (Timestamp, u32)>>,
}

/// A turn; it ends when this is dropped.
pub struct Turn {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Default for Previews {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            admitted: Arc::new(Semaphore::new(AT_ONCE_MAX + WAITING_MAX)),
            counted: Mutex::default(),
        }
    }
}

impl Previews {
    /// Counts a look of a person.
    ///
    /// # Errors
    /// [`Code::TooManyAttempts`] until the hour is over.
    pub fn count(&self, person: &PersonId, now: Timestamp) -> Result<(), Failure> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= COUNTED_MAX {
            counted.retain(|_, (begun, _)| begun.after(WINDOW) > now);
        }
        let (begun, count) = counted.entry(person.clone()).or_insert((now, 0));
        if begun.after(WINDOW) <= now {
            (*begun, *count) = (now, 0);
        }
        if *count >= PREVIEWS_PER_PERSON_MAX {
            let left = begun.after(WINDOW).as_millis().saturating_sub(now.as_millis()) / 1000;
            return Err(Failure::later(Code::TooManyAttempts, u32::try_from(left).unwrap_or(1).max(1)));
        }
        *count += 1;
        Ok(())
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Code::Overloaded`] when too many wait, or it takes too long.
    pub async fn turn(&self) -> Result<Turn, Failure> {
        let busy = || Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS);
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| busy())?;
        let running = tokio::time::timeout(TURN_MAX, Arc::clone(&self.running).acquire_owned()).await;
        let running = running.map_err(|_| busy())?.map_err(|_| busy())?;
        Ok(Turn { _running: running, _admitted: admitted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_so_many_looks_an_hour_and_others_have_their_own() {
        let (previews, begun) = (Previews::default(), Timestamp::from_millis(0));
        let [alice, bob] = ["alice", "bob"].map(|name| PersonId::parse(name).unwrap());
        for _ in 0..PREVIEWS_PER_PERSON_MAX {
            previews.count(&alice, begun).unwrap();
        }
        let refused = previews.count(&alice, begun.after(Span::from_seconds(60))).unwrap_err();
        assert_eq!(refused.code(), Code::TooManyAttempts);
        previews.count(&bob, begun).unwrap();
        previews.count(&alice, begun.after(WINDOW)).unwrap();
    }

    #[tokio::test]
    async fn one_look_runs_a_few_wait_and_the_next_is_turned_away() {
        let previews = Arc::new(Previews::default());
        let first = previews.turn().await.unwrap();
        let waiting = |_| {
            let previews = Arc::clone(&previews);
            tokio::spawn(async move { previews.turn().await.map(drop) })
        };
        let waiting: Vec<_> = (0..WAITING_MAX).map(waiting).collect();
        while previews.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(previews.turn().await.err().map(|failure| failure.code()), Some(Code::Overloaded));
        assert!(waiting.iter().all(|one| !one.is_finished()), "one at a time");
        drop(first);
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        previews.turn().await.unwrap();
    }
}
