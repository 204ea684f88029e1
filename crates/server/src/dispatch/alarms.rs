//! Alarms: what the covert side wants said is found at a fixed pace and handed to each channel's own threads, until it is said (G8).
//!
//! INVARIANT (G3, G9): nothing here is woken by a command. The scheduler looks at its own pace, and what it finds leaves at its next look,
//! so that no work for an alarm stands beside the answer to whoever signalled; that can be measured. Nothing that it does is logged, counted
//! or written on the overt side. That a channel took a call goes into the next slot. After a crash in between it is said again, with the
//! same id.
//!
//! Where to find things: what is said, `calls`; a channel's errands and threads, `deliver`; heartbeats, `supervise`; the call plan's file,
//! `call_plan`; who could be reached, `reach`.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use alarm::{Channel, DeliveryError};
use covert::{About, Call, News, Reachable};
use gate::State;
use rota::CallPlan;
use types::{ChannelId, PersonId, Timestamp};

use super::call_plan::PlanFile;
use super::calls::{Composing, responders};
use super::deliver::{Errand, Lane, Task, WORKERS, report, work};
use super::reach::{AlarmWarning, plan_warnings, unheard_homes};
use super::supervise::{Change, ChannelHealth, Notice, Trouble, Watch, probe};
use crate::clock::Stopwatch;
use crate::engine::{Bell, Shared};

/// The most messages that are composed at one look, so that nobody waits for the state meanwhile.
const NEW_AT_ONCE_MAX: usize = 1024;
/// How often, in seconds, the state is looked at even if nothing was written: time alone brings calls.
const LOOK_SECONDS: u32 = 1;
/// How often, in seconds, the call plan's file is looked at.
const PLAN_SECONDS: u32 = 5;
/// A look that took long is followed by a pause so many times as long.
const PAUSE_FACTOR: u32 = 4;

/// How fast the delivery of alarms goes about its work. Never a setting: other values than the default are for tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlarmPace {
    /// The time between two looks.
    pub look: Duration,
    /// How long a second of all waits lasts: before another attempt, between heartbeats, until a channel is dead.
    pub second: Duration,
}

impl Default for AlarmPace {
    fn default() -> Self {
        Self { look: Duration::from_millis(50), second: Duration::from_secs(1) }
    }
}

/// The channels, what waits for them, and the plan.
pub struct Deliveries {
    pub pace: AlarmPace,
    /// Ends all waiting.
    pub over: Bell,
    lanes: Vec<Arc<Lane>>,
    plan: PlanFile,
    /// How many of the channels fail independently of one another.
    independent: usize,
}

impl Deliveries {
    pub fn new(
        channels: Vec<Box<dyn Channel>>,
        calls_file: Option<PathBuf>,
        pace: AlarmPace,
        independent: Option<usize>,
    ) -> Self {
        let independent = independent.unwrap_or(channels.len());
        let lanes = channels.into_iter().map(|channel| Arc::new(Lane::new(channel, pace.second))).collect();
        Self { pace, over: Bell::default(), lanes, plan: PlanFile::open(calls_file), independent }
    }

    /// Channels of which the last message failed, with the reason.
    pub fn failing(&self) -> Vec<(ChannelId, DeliveryError)> {
        let failing = |lane: &Arc<Lane>| Some((lane.id().clone(), lane.health().failing()?));
        self.lanes.iter().filter_map(failing).collect()
    }

    pub fn health(&self) -> Vec<ChannelHealth> {
        let health = |lane: &Arc<Lane>| lane.health().report(lane.id(), lane.channel.reach());
        self.lanes.iter().map(health).collect()
    }

    pub fn plan(&self) -> Arc<CallPlan> {
        self.plan.plan()
    }

    pub const fn independent(&self) -> usize {
        self.independent
    }

    pub fn ways(&self) -> Reachable {
        let (wide, personal): (Vec<_>, Vec<_>) = self.lanes.iter().partition(|lane| lane.is_wide());
        let ids = |lanes: Vec<&Arc<Lane>>| lanes.into_iter().map(|lane| lane.id().clone()).collect();
        Reachable { wide: ids(wide), personal: ids(personal) }
    }

    /// What a person should repair before anything happens.
    pub fn warnings(&self, state: &State, wanted: usize, now: Timestamp) -> Vec<AlarmWarning> {
        let mut warnings = Vec::new();
        if self.independent < wanted {
            warnings.push(AlarmWarning::Channels { independent: self.independent });
        }
        warnings.extend(self.plan.trouble().map(|why| AlarmWarning::PlanUnusable { why }));
        if let Some(policy) = state.overt().policy() {
            let (plan, ways) = (self.plan(), self.ways());
            let turns = state.covert().standing_overrides(policy);
            warnings.extend(plan_warnings(policy, &plan, &ways, (&turns, now)));
            warnings.extend(unheard_homes(policy, &plan, &ways));
        }
        warnings
    }

    /// Ends all threads; what they have on the wire ends first.
    pub fn end(&self) {
        self.over.end();
        self.lanes.iter().for_each(|lane| lane.end());
    }

    fn lane(&self, id: &ChannelId) -> Option<&Arc<Lane>> {
        self.lanes.iter().find(|lane| lane.id() == id)
    }
}

/// Starts the scheduler, and for each channel its workers and its heartbeat.
pub fn start(shared: &Arc<Shared>) -> io::Result<Vec<JoinHandle<()>>> {
    let mut threads = Vec::new();
    let scheduler = Arc::clone(shared);
    threads.push(Builder::new().name("alarms".into()).spawn(move || schedule(&scheduler))?);
    for lane in &shared.deliveries.lanes {
        for _ in 0..WORKERS {
            let (shared, lane) = (Arc::clone(shared), Arc::clone(lane));
            threads.push(Builder::new().name("alarm".into()).spawn(move || work(&shared, &lane))?);
        }
        let (shared, lane) = (Arc::clone(shared), Arc::clone(lane));
        threads.push(Builder::new().name("heartbeat".into()).spawn(move || probe(&shared, &lane))?);
    }
    Ok(threads)
}

fn schedule(shared: &Arc<Shared>) {
    let mut scheduler = Scheduler::new();
    if shared.deliveries.plan.trouble().is_some() {
        scheduler.tell(shared, &Trouble::Plan, Change::Died);
    }
    while !shared.deliveries.over.rest(shared.deliveries.pace.look) {
        scheduler.look(shared);
    }
}

/// What is found at one look leaves at the next.
struct Scheduler {
    /// How many commits there were at the last look into the state.
    seen: Option<u64>,
    looked: Stopwatch,
    pause: Duration,
    plan_read: Stopwatch,
    watched: Stopwatch,
    watch: Watch,
    found: Vec<(Arc<Lane>, Vec<Task>)>,
}

impl Scheduler {
    fn new() -> Self {
        Self {
            seen: None,
            looked: Stopwatch::start(),
            pause: Duration::ZERO,
            plan_read: Stopwatch::start(),
            watched: Stopwatch::start(),
            watch: Watch::default(),
            found: Vec::new(),
        }
    }

    fn look(&mut self, shared: &Arc<Shared>) {
        for (lane, tasks) in std::mem::take(&mut self.found) {
            lane.add(tasks);
        }
        let second = shared.deliveries.pace.second;
        let commits = shared.bell.count();
        let is_news =
            self.seen != Some(commits) || self.looked.elapsed() >= second.saturating_mul(LOOK_SECONDS);
        if is_news && self.looked.elapsed() >= self.pause {
            self.look_into_state(shared, commits);
        }
        self.use_other_ways(shared);
        shared.deliveries.lanes.iter().for_each(|lane| report(shared, lane));
        if self.watched.elapsed() >= second {
            self.watched = Stopwatch::start();
            self.watch_channels(shared, second);
        }
        if self.plan_read.elapsed() >= second.saturating_mul(PLAN_SECONDS) {
            self.plan_read = Stopwatch::start();
            if let Some(change) = shared.deliveries.plan.look() {
                self.tell(shared, &Trouble::Plan, change);
            }
            self.seen = None;
        }
    }

    fn look_into_state(&mut self, shared: &Shared, commits: u64) {
        let watch = Stopwatch::start();
        let plan = shared.deliveries.plan();
        let ways = shared.deliveries.ways();
        let moment = shared.moment([0; 32]);
        let complete = shared.read(|state| {
            let now = state.overt().clock().read(&moment);
            let Some(policy) = state.overt().policy() else { return true };
            let calls = state.covert().calls(policy, &plan, &ways, now);
            let new = sift(shared, &calls);
            if new.is_empty() {
                return true;
            }
            let each = NEW_AT_ONCE_MAX / new.len();
            let Some(composing) = Composing::new(shared, &plan, state, now) else { return true };
            let complete = new.iter().all(|(_, calls)| calls.len() <= each);
            self.found.extend(compose(&composing.with_signals(), new, each));
            complete
        });
        // What did not fit into this look is found at the next one.
        self.seen = complete.then_some(commits);
        self.pause = watch.elapsed().saturating_mul(PAUSE_FACTOR);
        self.looked = Stopwatch::start();
    }

    /// A personal call that failed for the first time goes over the person's other ways at once.
    fn use_other_ways(&mut self, shared: &Shared) {
        let fallen: Vec<Call> = shared.deliveries.lanes.iter().flat_map(|lane| lane.fallen()).collect();
        if fallen.is_empty() {
            return;
        }
        let plan = shared.deliveries.plan();
        let ways = shared.deliveries.ways();
        let now = shared.now();
        let tasks = shared.read(|state| {
            let Some(composing) = Composing::new(shared, &plan, state, now) else { return Vec::new() };
            let composing = composing.with_signals();
            let others = fallen.iter().flat_map(|call| {
                let others = others(&plan, &ways, call).filter(|other| !was_told(state, other));
                others.map(move |other| (other, call))
            });
            others.filter_map(|(other, call)| composing.call(&other, Some(call.clone()))).collect::<Vec<_>>()
        });
        for task in tasks {
            if let Errand::Call(call) = &task.errand
                && let Some(lane) = shared.deliveries.lane(&call.channel)
            {
                lane.add(vec![task]);
            }
        }
    }

    fn watch_channels(&mut self, shared: &Shared, second: Duration) {
        for (id, change) in self.watch.look(&shared.deliveries.lanes, second) {
            self.tell(shared, &Trouble::Channel(id), change);
        }
    }

    /// Tells of trouble over all channels but the one concerned: whom the first step of the plan means, if they have an address there.
    fn tell(&mut self, shared: &Shared, trouble: &Trouble, change: Change) {
        let (plan, now) = (shared.deliveries.plan(), shared.now());
        let lanes = &shared.deliveries.lanes;
        lanes.iter().for_each(|lane| lane.withdraw(|notice| notice.about == *trouble));
        let others = lanes.iter().filter(|lane| *trouble != Trouble::Channel(lane.id().clone()));
        shared.read(|state| {
            let Some(composing) = Composing::new(shared, &plan, state, now) else { return };
            for lane in others {
                let to = if lane.is_wide() { vec![None] } else { on_call(state, &plan, lane.id(), now) };
                let notices =
                    to.into_iter().map(|to| Notice { about: trouble.clone(), since: now, change, to });
                let tasks = notices.filter_map(|notice| composing.notice(&notice, lane.id())).collect();
                self.found.push((Arc::clone(lane), tasks));
            }
        });
    }
}

/// For each channel what is new of the calls, in their order.
fn sift<'a>(shared: &Shared, calls: &'a [Call]) -> Vec<(Arc<Lane>, Vec<&'a Call>)> {
    let new = shared.deliveries.lanes.iter().map(|lane| {
        let own: Vec<&Call> = calls.iter().filter(|call| call.channel == *lane.id()).collect();
        // A call that takes another's place is asked for with it, and that may be another channel's.
        let asked: BTreeSet<&Call> = calls.iter().collect();
        (Arc::clone(lane), lane.sift(&asked, &own))
    });
    new.filter(|(_, calls)| !calls.is_empty()).collect()
}

fn compose(
    composing: &Composing<'_>,
    new: Vec<(Arc<Lane>, Vec<&Call>)>,
    each: usize,
) -> Vec<(Arc<Lane>, Vec<Task>)> {
    let composed = new.into_iter().map(|(lane, calls)| {
        let tasks = calls.into_iter().take(each).filter_map(|call| composing.call(call, None)).collect();
        (lane, tasks)
    });
    composed.collect()
}

/// The same call over the person's other ways.
fn others<'a>(plan: &'a CallPlan, ways: &'a Reachable, call: &'a Call) -> impl Iterator<Item = Call> + 'a {
    let contact = call.to.as_ref().and_then(|person| plan.contact(person));
    let channels = contact.into_iter().flat_map(|contact| contact.ways.keys());
    let others = channels.filter(|channel| **channel != call.channel && ways.personal.contains(channel));
    others.map(|channel| Call { channel: channel.clone(), ..call.clone() })
}

fn was_told(state: &State, call: &Call) -> bool {
    let About::Incident(id) = &call.about else { return false };
    let mut told = state.covert().told(*id);
    told.any(|(channel, to, told)| {
        *channel == call.channel
            && to == call.to.as_ref()
            && told.page >= (call.round, call.step)
            && (told.signals >= call.signals || call.news == News::Again)
    })
}

/// Whom the first step of the chain means now, as far as they have an address on a channel; everybody who has one if that is nobody.
fn on_call(state: &State, plan: &CallPlan, channel: &ChannelId, now: Timestamp) -> Vec<Option<PersonId>> {
    let Some(policy) = state.overt().policy() else { return Vec::new() };
    let all: Vec<PersonId> = responders(policy).cloned().collect();
    let tells = plan.chain().steps.first().map(|step| step.tell.as_slice()).unwrap_or_default();
    let overrides = state.covert().standing_overrides(policy);
    let meant: BTreeSet<PersonId> = tells
        .iter()
        .flat_map(|tell| plan.on_call(tell, &overrides, &all, now))
        .filter(|person| all.contains(person))
        .collect();
    let has_way =
        |person: &&PersonId| plan.contact(person).is_some_and(|contact| contact.ways.contains_key(channel));
    let found: Vec<_> = meant.iter().filter(has_way).cloned().map(Some).collect();
    if found.is_empty() { all.iter().filter(has_way).cloned().map(Some).collect() } else { found }
}
