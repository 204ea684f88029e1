//! One channel's errands and the threads that run them: a slow channel delays no other, and nothing that is to be said is given up (G8).
//!
//! INVARIANT: an errand that the channel took stays known until that is written down, or it is not asked for any more; so this run hands it
//! over once. Called by the scheduler in `alarms`, which alone brings errands; the workers wait here.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alarm::{Channel, DeliveryError, Message, Reach, Recipient, retry_after};
use covert::{About, Call, Delivery, News};
use gate::{Ask, Command};
use types::{ChannelId, PersonId, Timestamp};

use super::supervise::{Health, Notice};
use crate::clock::Stopwatch;
use crate::engine::{Request, Shared};

/// Threads for each channel: its messages go out beside one another, those about one matter to one receiver in their order.
pub const WORKERS: usize = 4;
/// The most errands of one channel that are kept ready with their messages; more wait where they come from, in the state.
pub const ERRANDS_MAX: usize = 4096;
/// The most deliveries of one channel that are reported at a time.
const REPORTS_MAX: usize = 64;
/// From so many failures one after another a channel is tried only once a pause.
const FAILURES_IN_A_ROW: u32 = 3;
/// How long that pause is, in seconds.
const PAUSE_SECONDS: u32 = 1;
/// How long, in seconds, nothing more is said about a matter to a receiver that has just heard of it: until that is written down, a second
/// sign looks like the first, and many signs at once must not become as many messages.
const HEARD_SECONDS: u32 = 6;
/// How long a worker sleeps when nothing waits.
const IDLE: Duration = Duration::from_secs(60);

/// What is to be said, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Errand {
    /// A call of the covert side, which hears of its end.
    Call(Call),
    /// Something about the channels themselves.
    Notice(Notice),
}

/// An errand that is ready to go.
#[derive(Clone, Debug)]
pub struct Task {
    pub errand: Errand,
    /// For a call that takes the place of one on a failing channel: that one.
    pub instead_of: Option<Call>,
    pub message: Message,
    pub to: Option<Recipient>,
}

impl Errand {
    /// Two calls that differ in nothing but why they are made say the same: one takes the other's place.
    fn said(&self) -> Self {
        match self {
            Self::Call(call) => Self::Call(Call { news: News::First, ..call.clone() }),
            Self::Notice(notice) => Self::Notice(notice.clone()),
        }
    }
}

/// Messages about one matter to one receiver go one after another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Call(About, Option<PersonId>),
    Notice(Option<PersonId>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    Due,
    Sent,
    Done,
}

enum Stage {
    Ready(Rank),
    Waiting(Duration),
    Sending,
    Taken { at: Timestamp, report: Report },
}

/// What was never tried goes first; of that, what tells of something for the first time.
type Rank = (bool, bool, u64);

struct Job {
    errand: Errand,
    /// What must be asked for so that this is.
    asked: Option<Call>,
    task: Option<Arc<Task>>,
    attempts: u32,
    stage: Stage,
    unwanted: bool,
}

impl Line {
    fn of(errand: &Errand) -> Self {
        match errand {
            Errand::Call(call) => Self::of_call(call),
            Errand::Notice(notice) => Self::Notice(notice.to.clone()),
        }
    }

    fn of_call(call: &Call) -> Self {
        Self::Call(call.about.clone(), call.to.clone())
    }
}

impl Job {
    fn line(&self) -> Line {
        Line::of(&self.errand)
    }

    fn rank(&self, number: u64) -> Rank {
        let is_first = matches!(&self.errand, Errand::Call(call) if call.news == News::First);
        (self.attempts > 0, !is_first, number)
    }
}

#[derive(Default)]
struct Jobs {
    all: BTreeMap<u64, Job>,
    /// By what is said.
    numbers: BTreeMap<Errand, u64>,
    ready: BTreeSet<Rank>,
    waiting: BTreeSet<(Duration, u64)>,
    unreported: BTreeSet<u64>,
    busy: BTreeSet<Line>,
    /// Until when nothing more is said there.
    heard: BTreeMap<Line, Duration>,
    fallen: Vec<Call>,
    next: u64,
    failures_in_a_row: u32,
    resume: Duration,
    over: bool,
}

/// One channel with what waits for it.
pub struct Lane {
    pub channel: Box<dyn Channel>,
    pub health: Mutex<Health>,
    jobs: Mutex<Jobs>,
    wake: Condvar,
    started: Stopwatch,
    second: Duration,
}

impl Lane {
    /// `second`: how long a second of its waits lasts.
    pub fn new(channel: Box<dyn Channel>, second: Duration) -> Self {
        Self {
            channel,
            health: Mutex::default(),
            jobs: Mutex::default(),
            wake: Condvar::new(),
            started: Stopwatch::start(),
            second,
        }
    }

    pub fn id(&self) -> &ChannelId {
        self.channel.id()
    }

    pub fn is_wide(&self) -> bool {
        self.channel.reach() == Reach::Wide
    }

    /// Time on this channel's own watch.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// A thread that panicked under this lock left whole jobs: each change moves one of them.
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the waiting of all workers.
    pub fn end(&self) {
        self.lock().over = true;
        self.wake.notify_all();
    }

    /// Adds what is not known yet.
    pub fn add(&self, tasks: Vec<Task>) {
        if tasks.is_empty() {
            return;
        }
        let mut jobs = self.lock();
        for task in tasks {
            jobs.add(task);
        }
        drop(jobs);
        self.wake.notify_all();
    }

    /// Forgets what is not asked for any more, and gives those calls that are news here, at most as many as there is room for.
    pub fn sift<'a>(&self, asked: &BTreeSet<&'a Call>, in_order: &[&'a Call]) -> Vec<&'a Call> {
        let (mut jobs, now) = (self.lock(), self.now());
        jobs.keep(asked);
        jobs.heard.retain(|_, until| *until > now);
        let room = ERRANDS_MAX.saturating_sub(jobs.ready.len() + jobs.waiting.len());
        let is_new = |call: &&&Call| {
            !jobs.numbers.contains_key(&Errand::Call(Call::clone(call)).said())
                && (jobs.heard.is_empty() || !jobs.heard.contains_key(&Line::of_call(call)))
        };
        in_order.iter().filter(is_new).take(room).copied().collect()
    }

    /// Forgets notices that are out of date.
    pub fn withdraw(&self, is_stale: impl Fn(&Notice) -> bool) {
        let mut jobs = self.lock();
        let stale = |job: &Job| matches!(&job.errand, Errand::Notice(notice) if is_stale(notice));
        let numbers: Vec<u64> =
            jobs.all.iter().filter(|(_, job)| stale(job)).map(|(number, _)| *number).collect();
        numbers.into_iter().for_each(|number| jobs.drop_open(number));
    }

    /// Personal calls that have failed here for the first time since this was asked last.
    pub fn fallen(&self) -> Vec<Call> {
        std::mem::take(&mut self.lock().fallen)
    }

    /// What was taken and is not written down, at most so many; they count as on their way until [`Lane::reported`].
    pub fn unreported(&self, most: usize) -> Vec<(u64, Delivery)> {
        let mut jobs = self.lock();
        let numbers: Vec<u64> = jobs.unreported.iter().take(most).copied().collect();
        let mut due = Vec::with_capacity(numbers.len());
        for number in numbers {
            jobs.unreported.remove(&number);
            if let Some(Job { errand: Errand::Call(call), stage: Stage::Taken { at, report }, .. }) =
                jobs.all.get_mut(&number)
            {
                *report = Report::Sent;
                due.push((number, Delivery { call: call.clone(), at: *at }));
            }
        }
        due
    }

    /// Whether a report is durable now; otherwise it is due again.
    pub fn reported(&self, number: u64, durable: bool) {
        let mut jobs = self.lock();
        if let Some(Job { stage: Stage::Taken { report, .. }, .. }) = jobs.all.get_mut(&number) {
            *report = if durable { Report::Done } else { Report::Due };
            if !durable {
                jobs.unreported.insert(number);
            }
        }
    }

    /// Whether anything that was tried still waits.
    pub fn has_failures(&self) -> bool {
        let jobs = self.lock();
        !jobs.waiting.is_empty() || jobs.ready.last().is_some_and(|(tried, ..)| *tried)
    }

    /// Waits for an errand that may go now. `None` when it is over.
    fn next(&self) -> Option<(u64, Arc<Task>)> {
        let mut jobs = self.lock();
        loop {
            if jobs.over {
                return None;
            }
            let now = self.now();
            jobs.wake_up(now);
            if jobs.resume <= now
                && let Some(found) = jobs.take()
            {
                return Some(found);
            }
            let longest = jobs.until_something(now);
            jobs = self.wake.wait_timeout(jobs, longest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn finish(&self, number: u64, task: &Task, outcome: Result<(), DeliveryError>, at: Timestamp) {
        let now = self.now();
        let is_personal = !self.is_wide();
        match &outcome {
            Ok(()) => self.health().delivered(now, at),
            Err(error) => self.health().refused(now, error, is_personal),
        }
        let mut jobs = self.lock();
        jobs.free(number);
        if outcome.is_ok() {
            let until = now.saturating_add(self.second.saturating_mul(HEARD_SECONDS));
            jobs.heard.insert(Line::of(&task.errand), until);
            jobs.taken(number, at);
        } else {
            let attempts = jobs.all.get(&number).map_or(0, |job| job.attempts).saturating_add(1);
            let seconds = retry_after(&task.message.id, attempts).seconds();
            let wait = self.second.saturating_mul(u32::try_from(seconds).unwrap_or(u32::MAX));
            jobs.failed(number, attempts, now.saturating_add(wait));
            if jobs.failures_in_a_row >= FAILURES_IN_A_ROW {
                jobs.resume = now.saturating_add(self.second.saturating_mul(PAUSE_SECONDS));
            }
        }
        drop(jobs);
        self.wake.notify_all();
    }
}

/// Runs a channel's errands until it is over.
pub fn work(shared: &Shared, lane: &Arc<Lane>) {
    while let Some((number, task)) = lane.next() {
        let (wall, _, _) = shared.clock.moment_parts();
        let sending = || lane.channel.deliver(&task.message, task.to.as_ref(), wall);
        // A channel whose code panics has failed, like one whose wire is cut: the thread lives on.
        let outcome = catch_unwind(AssertUnwindSafe(sending))
            .unwrap_or_else(|_| Err(DeliveryError::Broken("its own code failed".into())));
        let (at, _, _) = shared.clock.moment_parts();
        lane.finish(number, &task, outcome.map(drop), at);
        report(shared, lane);
    }
}

/// Puts what a channel took into the next slots.
pub fn report(shared: &Shared, lane: &Arc<Lane>) {
    for (number, delivery) in lane.unreported(REPORTS_MAX) {
        let to = Arc::clone(lane);
        let reply = Box::new(move |outcome: Result<_, _>| to.reported(number, outcome.is_ok()));
        let request = Request::from(Command::system(Ask::Delivered(delivery)));
        if shared.submit(request, reply).is_err() {
            lane.reported(number, false);
        }
    }
}

impl Jobs {
    fn add(&mut self, task: Task) {
        if self.numbers.contains_key(&task.errand.said()) {
            return;
        }
        let number = self.next;
        self.next += 1;
        let errand = task.errand.clone();
        let asked = match (&task.instead_of, &errand) {
            (Some(call), _) | (None, Errand::Call(call)) => Some(call.clone()),
            (None, Errand::Notice(_)) => None,
        };
        self.numbers.insert(errand.said(), number);
        let stage = Stage::Sending;
        let job = Job { errand, asked, task: Some(Arc::new(task)), attempts: 0, stage, unwanted: false };
        self.all.insert(number, job);
        self.make_ready(number);
    }

    fn make_ready(&mut self, number: u64) {
        if let Some(job) = self.all.get_mut(&number) {
            let rank = job.rank(number);
            job.stage = Stage::Ready(rank);
            self.ready.insert(rank);
        }
    }

    fn keep(&mut self, asked: &BTreeSet<&Call>) {
        let is_stale = |job: &Job| job.asked.as_ref().is_some_and(|call| !asked.contains(call));
        let stale: Vec<u64> =
            self.all.iter().filter(|(_, job)| is_stale(job)).map(|(number, _)| *number).collect();
        for number in stale {
            let is_written = matches!(
                self.all.get(&number),
                Some(Job { stage: Stage::Taken { report: Report::Done, .. }, .. })
            );
            if is_written { self.forget(number) } else { self.drop_open(number) }
        }
    }

    /// Drops what has not gone out; what is on its way ends there, and what was taken is still written down.
    fn drop_open(&mut self, number: u64) {
        match self.all.get_mut(&number) {
            Some(Job { stage: Stage::Ready(_) | Stage::Waiting(_), .. }) => self.forget(number),
            Some(job) => job.unwanted = true,
            None => {}
        }
    }

    fn forget(&mut self, number: u64) {
        let Some(job) = self.all.remove(&number) else { return };
        self.numbers.remove(&job.errand.said());
        self.unreported.remove(&number);
        match job.stage {
            Stage::Ready(rank) => self.ready.remove(&rank),
            Stage::Waiting(until) => self.waiting.remove(&(until, number)),
            Stage::Sending | Stage::Taken { .. } => false,
        };
    }

    fn wake_up(&mut self, now: Duration) {
        while let Some((until, number)) = self.waiting.first().copied()
            && until <= now
        {
            self.waiting.remove(&(until, number));
            self.make_ready(number);
        }
    }

    fn take(&mut self) -> Option<(u64, Arc<Task>)> {
        let is_free =
            |rank: &&Rank| self.all.get(&rank.2).is_some_and(|job| !self.busy.contains(&job.line()));
        let rank = *self.ready.iter().find(is_free)?;
        self.ready.remove(&rank);
        let job = self.all.get_mut(&rank.2)?;
        job.stage = Stage::Sending;
        self.busy.insert(job.line());
        Some((rank.2, Arc::clone(job.task.as_ref()?)))
    }

    fn free(&mut self, number: u64) {
        if let Some(line) = self.all.get(&number).map(Job::line) {
            self.busy.remove(&line);
        }
    }

    fn taken(&mut self, number: u64, at: Timestamp) {
        let Some(job) = self.all.get_mut(&number) else { return };
        if let Errand::Notice(_) = job.errand {
            self.forget(number);
        } else {
            job.task = None;
            job.stage = Stage::Taken { at, report: Report::Due };
            self.unreported.insert(number);
        }
        // It works again: everything that failed meanwhile goes now, and not when its own wait is over.
        if self.failures_in_a_row >= FAILURES_IN_A_ROW {
            let held: Vec<(Duration, u64)> = std::mem::take(&mut self.waiting).into_iter().collect();
            held.into_iter().for_each(|(_, number)| self.make_ready(number));
        }
        (self.failures_in_a_row, self.resume) = (0, Duration::ZERO);
    }

    fn failed(&mut self, number: u64, attempts: u32, until: Duration) {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let Some(job) = self.all.get_mut(&number) else { return };
        if let Errand::Call(call) = &job.errand
            && call.to.is_some()
            && attempts == 1
            && job.asked.as_ref() == Some(call)
        {
            self.fallen.push(call.clone());
        }
        job.attempts = attempts;
        job.stage = Stage::Waiting(until);
        if job.unwanted {
            self.forget(number);
        } else {
            self.waiting.insert((until, number));
        }
    }

    fn until_something(&self, now: Duration) -> Duration {
        let resume = (!self.ready.is_empty() && self.resume > now).then(|| self.resume.saturating_sub(now));
        let waiting = self.waiting.first().map(|(until, _)| until.saturating_sub(now));
        [resume, waiting].into_iter().flatten().min().unwrap_or(IDLE).max(Duration::from_millis(1))
    }
}
