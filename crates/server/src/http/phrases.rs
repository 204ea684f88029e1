//! The pools in which phrases are checked: few at a time, a bounded number waiting, fair among people, off the threads that serve
//! connections (G3, G5).
//!
//! Each check is exactly one Argon2id and one comparison (`credentials::check`). What it found leaves only as a [`Class`], which nothing
//! on this side looks at. Stops, cancels and objections have a pool of their own, so that a flood cannot keep them out.
//!
//! Whoever waits is served in turn, person after person, whatever each of them has waiting. When a pool is full, the one with the most
//! waiting gives up its last place to one with less; the answer of a full pool is the same for everybody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::Code;
use credentials::{Class, Pepper, Phrase, Verifier};
use tokio::sync::oneshot;
use types::ActorId;

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

/// Tells one who waits that the turn has come. Dropped unsent: the place was given to another.
type Turn = oneshot::Sender<()>;

/// Who waits, and how many checks run.
#[derive(Default)]
struct Line {
    running: usize,
    waiting: usize,
    /// Those of one person, oldest first, each with its number.
    people: BTreeMap<ActorId, VecDeque<(u64, Turn)>>,
    /// People who have somebody waiting, in the order of their turns.
    turns: VecDeque<ActorId>,
    taken: u64,
}

impl Line {
    /// A place at the end of one's own queue.
    fn join(&mut self, who: &ActorId) -> Option<(u64, oneshot::Receiver<()>)> {
        if self.waiting >= CHECKS_WAITING_MAX && !self.make_room(who) {
            return None;
        }
        let (turn, coming) = oneshot::channel();
        self.taken += 1;
        self.waiting += 1;
        let own = self.people.entry(who.clone()).or_default();
        own.push_back((self.taken, turn));
        if own.len() == 1 {
            self.turns.push_back(who.clone());
        }
        Some((self.taken, coming))
    }

    /// Whoever has most waiting gives up the last place, if that is more than the newcomer would have.
    fn make_room(&mut self, newcomer: &ActorId) -> bool {
        let own = self.people.get(newcomer).map_or(0, VecDeque::len);
        let longest = self.people.iter().max_by_key(|(_, queue)| queue.len());
        let Some((who, length)) = longest.map(|(who, queue)| (who.clone(), queue.len())) else {
            return false;
        };
        if length <= own + 1 {
            return false;
        }
        let last = self.people.get(&who).and_then(VecDeque::back).map(|(number, _)| *number);
        last.is_some_and(|number| self.leave(&who, number))
    }

    /// Takes one out of the line; `false` when it is not there any more.
    fn leave(&mut self, who: &ActorId, number: u64) -> bool {
        let Some(own) = self.people.get_mut(who) else { return false };
        let before = own.len();
        own.retain(|(waiting, _)| *waiting != number);
        let left = own.len() < before;
        if own.is_empty() {
            self.people.remove(who);
            self.turns.retain(|person| person != who);
        }
        self.waiting -= usize::from(left);
        left
    }

    /// A check has ended: its permit goes to the next in turn.
    fn pass_on(&mut self) {
        while let Some(who) = self.turns.pop_front() {
            let next = self.people.get_mut(&who).and_then(VecDeque::pop_front);
            if self.people.get(&who).is_some_and(VecDeque::is_empty) {
                self.people.remove(&who);
            } else {
                self.turns.push_back(who);
            }
            let Some((_, turn)) = next else { continue };
            self.waiting -= 1;
            if turn.send(()).is_ok() {
                return;
            }
        }
        self.running -= 1;
    }
}

/// One lane.
struct Pool {
    at_a_time: usize,
    line: Mutex<Line>,
}

impl Pool {
    fn new(at_a_time: usize) -> Arc<Self> {
        Arc::new(Self { at_a_time, line: Mutex::default() })
    }

    /// Every change under this lock is whole before anything can panic.
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this person's turn. `None`: the pool is full.
    async fn enter(self: &Arc<Self>, who: &ActorId) -> Option<Permit> {
        let (number, turn) = {
            let mut line = self.line();
            if line.running < self.at_a_time {
                line.running += 1;
                return Some(Permit(Arc::clone(self)));
            }
            line.join(who)?
        };
        let mut place = Place { pool: Some(Arc::clone(self)), who: who.clone(), number, turn };
        let came = (&mut place.turn).await;
        let pool = place.pool.take()?;
        came.ok().map(|()| Permit(pool))
    }
}

/// The right to run one check; passed on when dropped.
struct Permit(Arc<Pool>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.line().pass_on();
    }
}

/// One who waits; leaves the line when the wait is given up, or passes on the turn that has just come.
struct Place {
    pool: Option<Arc<Pool>>,
    who: ActorId,
    number: u64,
    turn: oneshot::Receiver<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        let mut line = pool.line();
        // Whoever had to make room was not in the line any more either, and no turn came.
        if !line.leave(&self.who, self.number) && self.turn.try_recv().is_ok() {
            line.pass_on();
        }
    }
}

/// The pools.
pub struct PhraseChecks {
    ordinary: Arc<Pool>,
    urgent: Arc<Pool>,
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
    pub async fn check(
        &self,
        lane: Lane,
        who: &ActorId,
        phrase: Phrase,
        verifier: Verifier,
    ) -> Result<Class, Failure> {
        let busy = || Failure::later(Code::Overloaded, RETRY_AFTER_BUSY_SECONDS);
        let pool = match lane {
            Lane::Ordinary => &self.ordinary,
            Lane::Urgent => &self.urgent,
        };
        let _permit = pool.enter(who).await.ok_or_else(busy)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ActorId {
        ActorId::parse(text).unwrap()
    }

    fn waiting(pool: &Arc<Pool>) -> usize {
        pool.line().waiting
    }

    /// Enters in the background; says who was let in, or that the pool was full.
    fn knock(pool: &Arc<Pool>, who: &str, heard: &tokio::sync::mpsc::UnboundedSender<String>) {
        let (pool, who, heard) = (Arc::clone(pool), name(who), heard.clone());
        tokio::spawn(async move {
            let permit = pool.enter(&who).await;
            let word = if permit.is_some() { who.to_string() } else { format!("{who} busy") };
            heard.send(word).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        });
    }

    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn people_are_served_in_turn_whatever_one_of_them_has_waiting() {
        let (pool, (sender, mut heard)) = (Pool::new(1), tokio::sync::mpsc::unbounded_channel());
        let held = pool.enter(&name("mallory")).await.unwrap();
        for _ in 0..20 {
            knock(&pool, "mallory", &sender);
        }
        settle().await;
        knock(&pool, "alice", &sender);
        settle().await;
        knock(&pool, "bob", &sender);
        settle().await;
        assert_eq!(waiting(&pool), 22);
        drop(held);
        let mut order = Vec::new();
        for _ in 0..22 {
            order.push(heard.recv().await.unwrap());
        }
        assert_eq!(order[..4], ["mallory", "alice", "bob", "mallory"]);
        settle().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let line = pool.line();
        assert_eq!((line.running, line.waiting, line.people.len(), line.turns.len()), (0, 0, 0, 0));
    }

    #[tokio::test]
    async fn a_full_pool_has_room_for_whoever_has_less_waiting() {
        let (pool, (sender, mut heard)) = (Pool::new(1), tokio::sync::mpsc::unbounded_channel());
        let held = pool.enter(&name("mallory")).await.unwrap();
        for _ in 0..CHECKS_WAITING_MAX {
            knock(&pool, "mallory", &sender);
        }
        settle().await;
        assert_eq!(waiting(&pool), CHECKS_WAITING_MAX);
        knock(&pool, "alice", &sender);
        assert_eq!(heard.recv().await.unwrap(), "mallory busy");
        settle().await;
        assert_eq!(waiting(&pool), CHECKS_WAITING_MAX);
        knock(&pool, "mallory", &sender);
        assert_eq!(heard.recv().await.unwrap(), "mallory busy");
        drop(held);
        assert_eq!(heard.recv().await.unwrap(), "mallory");
        assert_eq!(heard.recv().await.unwrap(), "alice");
    }

    #[tokio::test]
    async fn whoever_gives_up_leaves_no_place_and_no_permit_behind() {
        let pool = Pool::new(1);
        let held = pool.enter(&name("alice")).await.unwrap();
        let (own, bob) = (Arc::clone(&pool), name("bob"));
        let waits = tokio::spawn(async move { own.enter(&bob).await });
        settle().await;
        assert_eq!(waiting(&pool), 1);
        waits.abort();
        settle().await;
        assert_eq!(waiting(&pool), 0);
        // Given up in the moment when the turn comes.
        let (own, bob) = (Arc::clone(&pool), name("bob"));
        let waits = tokio::spawn(async move { own.enter(&bob).await.is_some() });
        settle().await;
        drop(held);
        waits.abort();
        settle().await;
        assert_eq!(pool.line().running, 0);
        assert!(pool.enter(&name("carol")).await.is_some());
    }
}
