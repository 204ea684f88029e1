//! The gate's clock: moves only forward, and notices when civil time jumps against the steady clock (semantics 3).

use serde::{Deserialize, Serialize};
use types::{Moment, Span, Timestamp};

/// How far civil time may run away from the steady clock within one run of the server before releases stop.
pub const CLOCK_JUMP_MAX: Span = Span::from_seconds(60);

/// Where the clock stands, and by what it was set.
///
/// Within one run of the server (one `boot`), time is the anchor plus what the steady clock has counted since: setting
/// the machine's civil time moves nothing. Across runs, time is the later of civil time and the last time recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Clock {
    now: Timestamp,
    boot: u64,
    anchor: Timestamp,
    anchor_wall: Timestamp,
    anchor_steady: u64,
    started: bool,
}

impl Clock {
    /// The latest time recorded.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether this moment belongs to another run than the one that the clock was set in.
    #[must_use]
    pub const fn needs_anchor(&self, moment: &Moment) -> bool {
        !self.started || moment.boot != self.boot
    }

    /// The gate's time at a moment; never earlier than any time before.
    #[must_use]
    pub fn read(&self, moment: &Moment) -> Timestamp {
        if self.needs_anchor(moment) {
            return self.now.max(moment.wall);
        }
        self.now.max(self.steady_time(moment))
    }

    fn steady_time(&self, moment: &Moment) -> Timestamp {
        let elapsed = moment.steady.saturating_sub(self.anchor_steady);
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        Timestamp::from_nanos(self.anchor.as_nanos().saturating_add(elapsed))
    }

    /// How far civil time has run away from the steady clock in this run, if further than is allowed.
    #[must_use]
    pub fn jump(&self, moment: &Moment) -> Option<Span> {
        if self.needs_anchor(moment) {
            return None;
        }
        let elapsed = moment.steady.saturating_sub(self.anchor_steady);
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let expected = self.anchor_wall.as_nanos().saturating_add(elapsed);
        let apart = moment.wall.as_nanos().abs_diff(expected);
        let limit = CLOCK_JUMP_MAX.nanos().unsigned_abs();
        (apart > limit).then(|| Span::from_seconds(apart / 1_000_000_000))
    }

    /// Time has been recorded.
    pub(crate) fn advance(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }

    /// A run begins, or a jump was noticed and dealt with: measure from here.
    pub(crate) fn anchor(&mut self, at: Timestamp, moment: (Timestamp, u64, u64)) {
        let (wall, steady, boot) = moment;
        self.advance(at);
        self.anchor = self.now;
        self.anchor_wall = wall;
        self.anchor_steady = steady;
        self.boot = boot;
        self.started = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: i64, steady: u64, boot: u64) -> Moment {
        Moment {
            wall: Timestamp::from_millis(wall * 1000),
            steady: steady * 1_000_000_000,
            boot,
            entropy: [0; 32],
        }
    }

    fn started() -> Clock {
        let mut clock = Clock::default();
        let first = moment(1000, 5, 1);
        clock.anchor(clock.read(&first), (first.wall, first.steady, first.boot));
        clock
    }

    #[test]
    fn setting_civil_time_moves_nothing() {
        let clock = started();
        let ahead = moment(1000 + 7 * 86_400, 15, 1);
        assert_eq!(clock.read(&ahead), Timestamp::from_millis(1_010_000));
        assert!(clock.jump(&ahead).is_some());
        let back = moment(1, 15, 1);
        assert_eq!(clock.read(&back), Timestamp::from_millis(1_010_000));
        assert!(clock.jump(&back).is_some());
    }

    #[test]
    fn sixty_seconds_are_not_a_jump() {
        let clock = started();
        assert_eq!(clock.jump(&moment(1000 + 10 + 60, 15, 1)), None);
        assert_eq!(clock.jump(&moment(1000 + 10 + 61, 15, 1)), Some(Span::from_seconds(61)));
    }

    #[test]
    fn time_never_goes_back_across_runs() {
        let clock = started();
        assert_eq!(clock.read(&moment(10, 0, 2)), clock.now());
        assert_eq!(clock.read(&moment(5000, 0, 2)), Timestamp::from_millis(5_000_000));
        assert_eq!(clock.jump(&moment(5000, 0, 2)), None);
    }
}
