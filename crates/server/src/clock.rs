//! Time from outside: the only file that reads the machine's clocks. Keeps the core pure; `gate` sees a jump of one clock against the other.
//!
//! Called by the engine at every batch, and by executors that wait before a retry.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use types::{Span, Timestamp};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Civil time, nanoseconds by a clock that never goes back, and which run of that clock it is.
    fn moment_parts(&self) -> (Timestamp, u64, u64);
}

/// The machine's clocks. A new one is a new run.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    boot: u64,
}

impl SystemClock {
    /// Starts a run; `entropy` tells it apart from every other run.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn new(entropy: [u8; 32]) -> Self {
        Self { started: Instant::now(), boot: run_number(entropy) }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn moment_parts(&self) -> (Timestamp, u64, u64) {
        let nanos = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
        };
        let steady = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        (Timestamp::from_nanos(nanos), steady, self.boot)
    }
}

/// A clock that stands still until it is moved: the demo's, clearly not real. Tests use it too.
#[derive(Debug)]
pub struct SimulatedClock {
    boot: u64,
    now: Mutex<(Timestamp, u64)>,
}

impl SimulatedClock {
    /// Starts a run at an instant.
    #[must_use]
    pub fn new(start: Timestamp, entropy: [u8; 32]) -> Self {
        Self { boot: run_number(entropy), now: Mutex::new((start, 0)) }
    }

    /// Moves civil time and the steady clock together. Tell the engine with [`crate::engine::Engine::tick`].
    pub fn advance(&self, span: Span) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall, steady) = *now;
        *now = (wall.after(span), steady.saturating_add(span.nanos().unsigned_abs()));
    }

    /// Sets civil time alone, as an operator or an attacker might.
    pub fn set_wall(&self, wall: Timestamp) {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).0 = wall;
    }
}

impl Clock for SimulatedClock {
    fn moment_parts(&self) -> (Timestamp, u64, u64) {
        let (wall, steady) = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        (wall, steady, self.boot)
    }
}

/// Real time since an instant of this process: for waits before another attempt over a network, which no simulated clock shortens.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long ago that was.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

fn run_number(entropy: [u8; 32]) -> u64 {
    entropy.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulated_clock_moves_both_clocks_or_civil_time_alone() {
        let clock = SimulatedClock::new(Timestamp::from_millis(1000), [1; 32]);
        let (wall, steady, boot) = clock.moment_parts();
        clock.advance(Span::from_seconds(2));
        let moved = (Timestamp::from_millis(3000), steady + 2_000_000_000, boot);
        assert_eq!(clock.moment_parts(), moved);
        clock.set_wall(wall);
        assert_eq!(clock.moment_parts(), (wall, moved.1, boot));
    }

    #[test]
    fn runs_of_the_system_clock_differ_and_do_not_go_back() {
        let clock = SystemClock::new([7; 32]);
        let (first, second) = (clock.moment_parts(), clock.moment_parts());
        assert!(second.1 >= first.1 && second.2 == first.2);
        assert_ne!(SystemClock::new([8; 32]).moment_parts().2, first.2);
        assert!(first.0 > Timestamp::from_millis(1_600_000_000_000));
    }
}
