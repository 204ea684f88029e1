//! Where requests wait for the writer: bounded lanes, and the one condition that wakes it.
//!
//! INVARIANT (G3): nothing that arrives on the covert lane wakes the writer. It looks at that lane at the tick, and only then.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gate::Outcome;
use types::Hash;

use super::error::EngineError;
use super::request::{Lane, Request};

/// The most commands that wait on the lane of stops.
pub const URGENT_QUEUE_MAX: usize = 1024;
/// The most commands that wait on the ordinary lane.
pub const ORDINARY_QUEUE_MAX: usize = 4096;
/// The most objections that wait for the covert tick.
pub const OBJECTION_QUEUE_MAX: usize = 1024;
/// The most other commands that wait for the covert tick.
pub const COVERT_QUEUE_MAX: usize = 1024;
/// The most deliveries that wait for the covert tick.
pub const DELIVERY_QUEUE_MAX: usize = 1024;
/// The most reads of contents that wait.
pub const FETCH_QUEUE_MAX: usize = 256;

/// Hears the outcome.
pub type Reply = Box<dyn FnOnce(Result<Outcome, EngineError>) + Send>;
/// Hears the content: none or one with an address, all that a wallet learnt.
pub type FetchReply = Box<dyn FnOnce(Result<Vec<Vec<u8>>, EngineError>) + Send>;

/// What is read from the journal.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// The content with this address.
    Content(Hash),
    /// What this wallet learnt.
    Wallet(Hash),
}

/// A request and who waits for it.
pub struct Job {
    pub request: Request,
    pub reply: Reply,
}

/// A read of a content and who waits for it.
pub struct Fetch {
    pub wanted: Wanted,
    pub reply: FetchReply,
}

/// What the writer found when it woke.
#[derive(Default)]
pub struct Work {
    pub jobs: Vec<Job>,
    pub fetches: Vec<Fetch>,
    /// How many ticks have been asked for.
    pub ticks: u64,
    pub stopping: bool,
}

#[derive(Default)]
struct Waiting {
    urgent: VecDeque<Job>,
    ordinary: VecDeque<Job>,
    objections: VecDeque<Job>,
    covert: VecDeque<Job>,
    deliveries: VecDeque<Job>,
    fetches: VecDeque<Fetch>,
    ticks_asked: u64,
    ticks_done: u64,
    stopping: bool,
    /// Why nothing is taken any more.
    closed: Option<EngineError>,
}

impl Waiting {
    fn is_quiet(&self) -> bool {
        self.urgent.is_empty()
            && self.ordinary.is_empty()
            && self.fetches.is_empty()
            && self.ticks_asked == self.ticks_done
            && !self.stopping
    }

    fn accepts(&self) -> Result<(), EngineError> {
        match self.closed {
            Some(error) => Err(error),
            None if self.stopping => Err(EngineError::Stopping),
            None => Ok(()),
        }
    }
}

/// The queue.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    ticked: Condvar,
}

impl Queue {
    /// A thread that panicked while holding the lock left whole lanes: every change is one push or one pop.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, job: Job) -> Result<(), EngineError> {
        let lane = job.request.lane();
        let mut waiting = self.lock();
        waiting.accepts()?;
        let (queue, longest) = match lane {
            Lane::Urgent => (&mut waiting.urgent, URGENT_QUEUE_MAX),
            Lane::Ordinary => (&mut waiting.ordinary, ORDINARY_QUEUE_MAX),
            Lane::Objection => (&mut waiting.objections, OBJECTION_QUEUE_MAX),
            Lane::Covert => (&mut waiting.covert, COVERT_QUEUE_MAX),
            Lane::Delivery => (&mut waiting.deliveries, DELIVERY_QUEUE_MAX),
        };
        if queue.len() >= longest {
            return Err(EngineError::Overloaded);
        }
        queue.push_back(job);
        drop(waiting);
        if !matches!(lane, Lane::Objection | Lane::Covert | Lane::Delivery) {
            self.wake.notify_one();
        }
        Ok(())
    }

    pub fn fetch(&self, fetch: Fetch) -> Result<(), EngineError> {
        let mut waiting = self.lock();
        waiting.accepts()?;
        if waiting.fetches.len() >= FETCH_QUEUE_MAX {
            return Err(EngineError::Overloaded);
        }
        waiting.fetches.push_back(fetch);
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// Asks for a tick and waits until the writer has done it, or has ended.
    pub fn tick(&self) {
        let mut waiting = self.lock();
        waiting.ticks_asked += 1;
        let mine = waiting.ticks_asked;
        self.wake.notify_one();
        while waiting.ticks_done < mine && waiting.closed.is_none() {
            waiting = self.ticked.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The writer has done all ticks up to this one.
    pub fn ticks_done(&self, ticks: u64) {
        let mut waiting = self.lock();
        waiting.ticks_done = waiting.ticks_done.max(ticks);
        drop(waiting);
        self.ticked.notify_all();
    }

    pub fn begin_stop(&self) {
        self.lock().stopping = true;
        self.wake.notify_one();
    }

    /// Takes no more, and answers everybody who waits.
    pub fn close(&self, error: EngineError) {
        let mut waiting = self.lock();
        let error = *waiting.closed.get_or_insert(error);
        let mut jobs: Vec<Job> = waiting.urgent.drain(..).collect();
        jobs.extend(waiting.ordinary.drain(..));
        jobs.extend(waiting.objections.drain(..));
        jobs.extend(waiting.covert.drain(..));
        jobs.extend(waiting.deliveries.drain(..));
        let fetches: Vec<Fetch> = waiting.fetches.drain(..).collect();
        drop(waiting);
        self.ticked.notify_all();
        self.wake.notify_one();
        jobs.into_iter().for_each(|job| (job.reply)(Err(error)));
        fetches.into_iter().for_each(|fetch| (fetch.reply)(Err(error)));
    }

    /// Waits for work, at most so long, and takes at most so many commands: stops first.
    pub fn wait(&self, longest: Duration, most: usize) -> Work {
        let waiting = self.lock();
        let (mut waiting, _) = self
            .wake
            .wait_timeout_while(waiting, longest, |waiting| waiting.is_quiet())
            .unwrap_or_else(PoisonError::into_inner);
        let urgent = waiting.urgent.len().min(most);
        let ordinary = waiting.ordinary.len().min(most - urgent);
        let mut jobs: Vec<Job> = waiting.urgent.drain(..urgent).collect();
        jobs.extend(waiting.ordinary.drain(..ordinary));
        Work {
            jobs,
            fetches: waiting.fetches.drain(..).collect(),
            ticks: waiting.ticks_asked,
            stopping: waiting.stopping,
        }
    }

    /// The next command for the covert chain: objections first, deliveries last. For the tick only.
    pub fn next_covert(&self) -> Option<Job> {
        let mut waiting = self.lock();
        let objection = waiting.objections.pop_front();
        objection.or_else(|| waiting.covert.pop_front()).or_else(|| waiting.deliveries.pop_front())
    }

    /// Puts back what did not fit into the slot, at the front. The lane may be one longer than its bound for that moment.
    pub fn return_covert(&self, job: Job) {
        let mut waiting = self.lock();
        match job.request.lane() {
            Lane::Objection => waiting.objections.push_front(job),
            Lane::Delivery => waiting.deliveries.push_front(job),
            _ => waiting.covert.push_front(job),
        }
    }

    /// How many commands of the overt side wait.
    pub fn overt_length(&self) -> usize {
        let waiting = self.lock();
        waiting.urgent.len() + waiting.ordinary.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use covert::{About, Call, Delivery, IncidentId, News};
    use gate::{Ask, Command};
    use types::{ChannelId, Timestamp, TransferId};

    fn job(ask: Ask) -> Job {
        Job { request: Request::from(Command::system(ask)), reply: Box::new(|_| {}) }
    }

    fn delivered() -> Job {
        let call = Call {
            news: News::First,
            about: About::Incident(IncidentId(1)),
            channel: ChannelId::parse("centre").unwrap(),
            to: None,
            round: 0,
            step: 0,
            signals: 1,
        };
        job(Ask::Delivered(Delivery { call, at: Timestamp::from_millis(0) }))
    }

    fn acknowledgement() -> Job {
        let incident = IncidentId(1);
        job(Ask::Covert(covert::Command::Acknowledge { incident, from: None }))
    }

    fn objection() -> Job {
        job(Ask::Covert(covert::Command::Object { transfer: TransferId(Hash::default()) }))
    }

    fn next_is_objection(queue: &Queue) -> bool {
        queue.next_covert().is_some_and(|job| job.request.lane() == Lane::Objection)
    }

    #[test]
    fn an_objection_does_not_wait_for_what_the_covert_side_has_to_write() {
        let queue = Queue::default();
        while queue.push(delivered()).is_ok() {}
        assert!(queue.push(objection()).is_ok(), "a full covert lane keeps no objection out");
        assert!(next_is_objection(&queue), "and none waits behind it");
        assert!(!next_is_objection(&queue));
        queue.return_covert(objection());
        queue.return_covert(delivered());
        assert!(next_is_objection(&queue), "what did not fit keeps its place");
    }

    #[test]
    fn a_responder_does_not_wait_for_deliveries() {
        let queue = Queue::default();
        while queue.push(delivered()).is_ok() {}
        assert!(queue.push(acknowledgement()).is_ok(), "a full lane of deliveries keeps no responder out");
        let lane = queue.next_covert().map(|job| job.request.lane());
        assert_eq!(lane, Some(Lane::Covert), "and none waits behind it");
    }
}
