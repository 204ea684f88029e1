//! Until when something is waited for. Only sockets and locks are waited for by it; no decision depends on this clock.

use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "how long a peer is waited for is real time; nothing else is read from it"
)]
fn now() -> Instant {
    Instant::now()
}

/// A moment after which nothing is waited for any more.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(wait: Duration) -> Self {
        Self(now() + wait)
    }

    /// What is left, never zero; nothing once it has passed.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(now()).filter(|left| !left.is_zero())
    }

    /// The same, but no later than so long from now.
    pub(super) fn within(self, wait: Duration) -> Self {
        Self(self.0.min(now() + wait))
    }
}
