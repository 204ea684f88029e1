//! Real time in nanoseconds: the only file of this crate that reads the machine's clock. What it gives is a figure and decides nothing of the product.

use std::time::Instant;

/// A running watch.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Instant);

impl Watch {
    /// Starts it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a measurement of time has to read the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since the start, at most some four seconds.
    #[must_use]
    pub fn nanos(&self) -> u32 {
        u32::try_from(self.0.elapsed().as_nanos()).unwrap_or(u32::MAX)
    }

    /// Seconds since the start.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    /// Keeps the processor busy until so many nanoseconds have passed since the start.
    pub fn spin_until(&self, nanos: u32) {
        while self.nanos() < nanos {
            std::hint::spin_loop();
        }
    }
}
