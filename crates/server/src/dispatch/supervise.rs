//! Whether the channels live: a heartbeat for each, on a thread of its own; a channel that is dead is itself an alarm (G8).
//!
//! INVARIANT (G3, G9): what comes of deliveries is covert, so responders alone see it. The log tells of heartbeats and of nothing else: it
//! says the same whether or not anybody has signalled. Called by `alarms`.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use alarm::{DeliveryError, Reach};
use types::{ChannelId, PersonId, Timestamp, hash_parts};

use super::deliver::Lane;
use crate::engine::Shared;

/// The time between two heartbeats, in seconds, up to a tenth more or less.
pub const PROBE_EVERY_SECONDS: u32 = 20;
/// So many missed heartbeats one after another: dead.
pub const PROBE_MISSES_MAX: u32 = 3;
/// So many seconds without a success: dead, whatever a hanging heartbeat waits for.
pub const SILENCE_MAX_SECONDS: u32 = 60;
/// While a channel is dead, responders are told again after so many seconds.
pub const DEAD_AGAIN_SECONDS: u32 = 3600;

/// What is wrong, or was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Trouble {
    /// A channel is dead.
    Channel(ChannelId),
    /// The call plan cannot be read.
    Plan,
}

/// A message about what carries the messages.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Notice {
    pub about: Trouble,
    /// When it was found.
    pub since: Timestamp,
    pub change: Change,
    /// None for a channel whose other end knows by itself.
    pub to: Option<PersonId>,
}

/// What has become of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Change {
    /// It has just failed.
    Died,
    /// It still fails: for the so-manieth time that this is said.
    StillDead(u32),
    /// It works again.
    Back,
}

/// How one channel does, for responders only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelHealth {
    /// Which.
    pub id: ChannelId,
    /// Who decides whom it reaches.
    pub reach: Reach,
    /// Whether it is held to be alive.
    pub alive: bool,
    /// When it last took a message or a heartbeat in this run.
    pub last_success: Option<Timestamp>,
    /// Why it last failed, if it has not worked since.
    pub last_error: Option<DeliveryError>,
}

/// A pulse, from successes and misses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pulse {
    last_good: Duration,
    misses: u32,
    /// When it was last said that it is dead, and how often.
    dead: Option<(Duration, u32)>,
}

impl Pulse {
    pub const fn good(&mut self, now: Duration) {
        self.last_good = now;
        self.misses = 0;
    }

    pub const fn missed(&mut self) {
        self.misses = self.misses.saturating_add(1);
    }

    pub const fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// What there is to say now. `failing`: it is known to fail for another reason.
    pub fn look(&mut self, now: Duration, second: Duration, failing: bool) -> Option<Change> {
        let silent = now.saturating_sub(self.last_good) >= second.saturating_mul(SILENCE_MAX_SECONDS);
        let is_dead = failing || silent || self.misses >= PROBE_MISSES_MAX;
        match (self.dead, is_dead) {
            (None, true) => {
                self.dead = Some((now, 0));
                Some(Change::Died)
            }
            (Some(_), false) => {
                self.dead = None;
                Some(Change::Back)
            }
            (Some((said, times)), true)
                if now.saturating_sub(said) >= second.saturating_mul(DEAD_AGAIN_SECONDS) =>
            {
                self.dead = Some((now, times.saturating_add(1)));
                Some(Change::StillDead(times.saturating_add(1)))
            }
            _ => None,
        }
    }
}

/// How a channel does: as its heartbeats say, and as everything says.
#[derive(Default, Debug)]
pub struct Health {
    probes: Pulse,
    whole: Pulse,
    last_success: Option<Timestamp>,
    probe_error: Option<DeliveryError>,
    delivery_error: Option<DeliveryError>,
    /// Since when, and how often, it takes heartbeats and no message.
    refusing: Option<(Duration, u32)>,
}

impl Health {
    pub fn delivered(&mut self, now: Duration, at: Timestamp) {
        self.whole.good(now);
        (self.last_success, self.delivery_error, self.refusing) = (Some(at), None, None);
    }

    /// One person's address that is wrong does not make a channel dead.
    pub fn refused(&mut self, now: Duration, error: &DeliveryError, is_personal: bool) {
        self.delivery_error = Some(error.clone());
        if !(is_personal && error.is_permanent()) {
            let (since, times) = self.refusing.unwrap_or((now, 0));
            self.refusing = Some((since, times.saturating_add(1)));
        }
    }

    pub fn probed(&mut self, now: Duration, outcome: Result<(), DeliveryError>, at: Timestamp) {
        match outcome {
            Ok(()) => {
                self.probes.good(now);
                self.whole.good(now);
                (self.last_success, self.probe_error) = (Some(at), None);
            }
            Err(error) => {
                self.probes.missed();
                self.whole.missed();
                self.probe_error = Some(error);
            }
        }
    }

    /// Whether deliveries failed, and the last reason.
    pub fn failing(&self) -> Option<DeliveryError> {
        self.delivery_error.clone()
    }

    /// As heartbeats alone say it: what the log may know.
    fn look_at_probes(&mut self, now: Duration, second: Duration) -> Option<Change> {
        self.probes.look(now, second, false)
    }

    /// `waits`: whether something that failed still waits to go out.
    fn look(&mut self, now: Duration, second: Duration, waits: bool) -> Option<Change> {
        if !waits {
            self.refusing = None;
        }
        let refuses = self.refusing.is_some_and(|(since, times)| {
            times >= PROBE_MISSES_MAX
                && now.saturating_sub(since) >= second.saturating_mul(SILENCE_MAX_SECONDS)
        });
        self.whole.look(now, second, refuses)
    }

    pub fn report(&self, id: &ChannelId, reach: Reach) -> ChannelHealth {
        ChannelHealth {
            id: id.clone(),
            reach,
            alive: !self.whole.is_dead(),
            last_success: self.last_success,
            last_error: self.delivery_error.clone().or_else(|| self.probe_error.clone()),
        }
    }
}

/// Sends heartbeats through one channel until the engine ends.
pub fn probe(shared: &Shared, lane: &Lane) {
    let second = shared.deliveries.pace.second;
    // Not all at once at the start, nor in step later.
    let mut wait = second.mul_f64(fraction(lane.id(), 0));
    let mut count = 0;
    while !shared.deliveries.over.rest(wait) {
        let (wall, _, _) = shared.clock.moment_parts();
        let outcome = catch_unwind(AssertUnwindSafe(|| lane.channel.probe(wall)))
            .unwrap_or_else(|_| Err(DeliveryError::Broken("its own code failed".into())));
        let (at, _, _) = shared.clock.moment_parts();
        lane.health().probed(lane.now(), outcome, at);
        count += 1;
        let jitter = 0.9 + 0.2 * fraction(lane.id(), count);
        wait = second.saturating_mul(PROBE_EVERY_SECONDS).mul_f64(jitter);
    }
}

/// From 0 to 1, another one each time.
fn fraction(id: &ChannelId, count: u64) -> f64 {
    let hash = hash_parts("rempart/probe/v1", &[id.as_str().as_bytes(), &count.to_be_bytes()]);
    f64::from(hash.0[0]) / 256.0
}

/// What the channels' pulses say, and what was said of it.
#[derive(Default)]
pub struct Watch {
    all_dead_said: Option<Duration>,
}

impl Watch {
    /// What is new since the last look; writes to the log what heartbeats alone say.
    pub fn look(&mut self, lanes: &[std::sync::Arc<Lane>], second: Duration) -> Vec<(ChannelId, Change)> {
        let mut news = Vec::new();
        let mut dead = BTreeSet::new();
        for lane in lanes {
            let (waits, now) = (lane.has_failures(), lane.now());
            let mut health = lane.health();
            log(lane.id(), health.look_at_probes(now, second), health.probe_error.as_ref());
            if health.probes.is_dead() {
                dead.insert(lane.id());
            }
            news.extend(health.look(now, second, waits).map(|change| (lane.id().clone(), change)));
        }
        if let Some(first) = lanes.first() {
            self.cry(first.now(), second, dead.len() == lanes.len());
        }
        news
    }

    fn cry(&mut self, now: Duration, second: Duration, all_dead: bool) {
        if !all_dead {
            self.all_dead_said = None;
        } else if self.all_dead_said.is_none_or(|said| now.saturating_sub(said) >= second.saturating_mul(60))
        {
            self.all_dead_said = Some(now);
            tracing::error!(
                "no alarm channel answers: if somebody needs help, nobody will be told; check the network, then each channel"
            );
        }
    }
}

fn log(id: &ChannelId, change: Option<Change>, error: Option<&DeliveryError>) {
    match change {
        Some(Change::Died | Change::StillDead(_)) => {
            let why = error.map(ToString::to_string).unwrap_or_default();
            tracing::error!(channel = id.as_str(), why, "an alarm channel does not answer its heartbeats");
        }
        Some(Change::Back) => tracing::info!(channel = id.as_str(), "an alarm channel answers again"),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn id() -> ChannelId {
        ChannelId::parse("centre").unwrap()
    }

    #[test]
    fn three_misses_or_a_minute_of_silence_and_then_once_an_hour() {
        let mut pulse = Pulse::default();
        pulse.good(at(1));
        for _ in 0..2 {
            pulse.missed();
            assert_eq!(pulse.look(at(50), SECOND, false), None);
        }
        pulse.missed();
        assert_eq!(pulse.look(at(51), SECOND, false), Some(Change::Died));
        assert_eq!(pulse.look(at(52), SECOND, false), None, "said once");
        assert_eq!(pulse.look(at(51 + 3600), SECOND, false), Some(Change::StillDead(1)));
        assert_eq!(pulse.look(at(51 + 7199), SECOND, false), None);
        assert_eq!(pulse.look(at(51 + 7200), SECOND, false), Some(Change::StillDead(2)));
        pulse.good(at(9000));
        assert_eq!(pulse.look(at(9001), SECOND, false), Some(Change::Back));
        assert_eq!(pulse.look(at(9059), SECOND, false), None);
        assert_eq!(pulse.look(at(9060), SECOND, false), Some(Change::Died), "a heartbeat that hangs");
    }

    #[test]
    fn heartbeats_that_are_answered_do_not_hide_messages_that_are_refused() {
        let mut health = Health::default();
        let now = Timestamp::from_millis(0);
        for second in 0..59 {
            health.refused(at(second), &DeliveryError::Refused(403), false);
            health.probed(at(second), Ok(()), now);
            assert_eq!(health.look(at(second), SECOND, true), None);
        }
        assert_eq!(health.look(at(60), SECOND, true), Some(Change::Died));
        assert!(!health.report(&id(), Reach::Wide).alive);
        assert_eq!(health.look_at_probes(at(60), SECOND), None, "the log does not know");
        health.delivered(at(61), now);
        assert_eq!(health.look(at(61), SECOND, false), Some(Change::Back));
    }

    #[test]
    fn one_wrong_address_is_not_a_dead_channel() {
        let mut health = Health::default();
        for second in 0..200 {
            health.refused(at(second), &DeliveryError::Refused(550), true);
            health.probed(at(second), Ok(()), Timestamp::from_millis(0));
            assert_eq!(health.look(at(second), SECOND, true), None);
        }
        let report = health.report(&id(), Reach::Personal);
        assert!(report.alive && report.last_error == Some(DeliveryError::Refused(550)));
    }

    #[test]
    fn the_time_between_heartbeats_varies_and_stays_near() {
        let all: Vec<f64> = (0..50).map(|count| fraction(&id(), count)).collect();
        assert!(all.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        let different: BTreeSet<u64> = all.iter().map(|fraction| fraction.to_bits()).collect();
        assert!(different.len() > 20);
    }
}
