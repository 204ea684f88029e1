//! Many seeds on several threads: each a random story in a random world, checked and twinned. Called by `cargo xtask simulate`,
//! by the simulation layer of `cargo xtask test`, and by this crate's own test with fewer seeds.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::check::check;
use crate::coverage::Coverage;
use crate::generate::generate;
use crate::shrink::{shrink, tell};
use crate::twin;
use crate::world::World;

/// So many histories share a world: its policy is loaded and its quorums are enumerated once.
pub const HISTORIES_PER_WORLD: u64 = 64;
/// From so many histories on, every kind of thing must have happened.
pub const COMPLETE_FROM: u64 = 100_000;

/// What a simulation found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The first seed.
    pub first_seed: u64,
    /// How many histories were played, twins apart.
    pub histories: u64,
    /// How often each thing happened.
    pub coverage: Coverage,
    /// The shortest story of the first failing seed found.
    pub failure: Option<String>,
}

impl Report {
    /// Whether nothing failed and, in a long run, nothing was left untried.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let complete = self.histories < COMPLETE_FROM || self.coverage.missing().is_empty();
        self.failure.is_none() && complete
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.coverage)?;
        let last = self.first_seed + self.histories.saturating_sub(1);
        writeln!(f, "{} histories, seeds {} to {last}", self.histories, self.first_seed)?;
        if let Some(failure) = &self.failure {
            write!(f, "\nfailed:\n{failure}")?;
        }
        let missing = self.coverage.missing();
        if self.histories >= COMPLETE_FROM && !missing.is_empty() {
            writeln!(f, "never happened: {}", missing.join(", "))?;
        }
        Ok(())
    }
}

/// Plays `count` seeds from `first_seed` on `threads` threads, until one fails.
#[must_use]
pub fn run(first_seed: u64, count: u64, threads: usize) -> Report {
    let total = Mutex::new(Coverage::default());
    let failed: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    let first_world = first_seed / HISTORIES_PER_WORLD;
    let last_world = (first_seed + count).div_ceil(HISTORIES_PER_WORLD);
    std::thread::scope(|scope| {
        for thread in 0..threads.max(1) as u64 {
            let (total, failed, stop) = (&total, &failed, &stop);
            scope.spawn(move || {
                let mut coverage = Coverage::default();
                for number in (first_world + thread..last_world).step_by(threads.max(1)) {
                    let world = World::new(number);
                    let seeds = number * HISTORIES_PER_WORLD..(number + 1) * HISTORIES_PER_WORLD;
                    let wanted = |seed: &u64| (first_seed..first_seed + count).contains(seed);
                    for seed in seeds.filter(wanted) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        if let Err(story) = one(&world, seed, &mut coverage) {
                            stop.store(true, Ordering::Relaxed);
                            let mut failed = failed.lock().expect("no thread panics");
                            if failed.as_ref().is_none_or(|(earlier, _)| seed < *earlier) {
                                *failed = Some((seed, story));
                            }
                        }
                    }
                }
                total.lock().expect("no thread panics").merge(&coverage);
            });
        }
    });
    let coverage = total.into_inner().expect("no thread panics");
    let failure = failed.into_inner().expect("no thread panics").map(|(_, story)| story);
    let histories = coverage.count(crate::coverage::Seen::Histories);
    Report { first_seed, histories, coverage, failure }
}

/// One seed.
///
/// # Errors
/// The shortest story that still fails, told.
pub fn one(world: &World, seed: u64, coverage: &mut Coverage) -> Result<(), String> {
    let (story, trace) = generate(world, seed);
    let found = check(world, &story, &trace, coverage)
        .and_then(|slow| twin::compare(world, &story, (&trace, &slow), seed, coverage));
    found.map_err(|broken| {
        let shortest = shrink(world, &story, seed);
        format!("{}\n(first found: {})", tell(world, &shortest, seed), broken.what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Seen;

    #[test]
    fn a_few_hundred_histories_hold_every_guarantee() {
        let report = run(0, 600, 2);
        assert_eq!(report.failure, None);
        assert_eq!(report.histories, 600);
    }

    #[test]
    fn a_seed_is_the_same_history_every_time() {
        let (one, other) = (run(77, 3, 1), run(77, 3, 2));
        assert_eq!(one.coverage, other.coverage);
        assert!(one.coverage.count(Seen::Commands) > 0);
    }

    #[test]
    fn a_long_run_in_which_something_never_happened_is_not_good() {
        let empty = Coverage::default();
        let report = |histories| Report { first_seed: 0, histories, coverage: empty.clone(), failure: None };
        assert!(report(10).is_good());
        assert!(!report(COMPLETE_FROM).is_good());
    }
}
