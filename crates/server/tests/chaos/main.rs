//! G8 when everything fails at once: seeded lives of a real engine on real storage, with channels that are down, slow, half-open, lying or
//! broken, with kills before and after any write, panic phrases, relatives, panels and acknowledgements.
//!
//! For every seed: each signal that was acknowledged went out over every channel that works in the end, at least two; nobody near anybody
//! concerned was told; a message was taken at most once more than there were kills and lies; the escalation went on after a restart, and
//! ended when people in two places had acknowledged. `cargo xtask chaos --seeds N` plays more of them than this test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod life;
mod settle;
#[path = "../siren/mod.rs"]
mod siren;
#[path = "../world/mod.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many lives, and from which seed.
const SEEDS: &str = "REMPART_CHAOS_SEEDS";
const FIRST_SEED: &str = "REMPART_CHAOS_SEED";
const SEEDS_IN_TESTS: u64 = 60;
/// Lives at a time: most of a life is waiting.
const AT_A_TIME: usize = 6;

fn wanted(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a whole number"))
}

/// What all lives together saw, so that a silent loss of variety is noticed.
#[derive(Default, Debug)]
pub(crate) struct Sum {
    signals: AtomicU64,
    kills: AtomicU64,
    repeats: AtomicU64,
    taken: AtomicU64,
    again: AtomicU64,
    personal: AtomicU64,
}

#[test]
fn whatever_fails_every_signal_reaches_people_over_two_channels() {
    let (first, count) = (wanted(FIRST_SEED, 0), wanted(SEEDS, SEEDS_IN_TESTS));
    let (next, failed, sum) = (AtomicU64::new(first), Mutex::new(Vec::new()), Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= first + count {
                        return;
                    }
                    if catch_unwind(AssertUnwindSafe(|| life::live(seed, &sum))).is_err() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    println!("{count} lives from seed {first}: {} failed {failed:?}; {sum:?}", failed.len());
    assert!(failed.is_empty(), "seeds {failed:?}: play one with {FIRST_SEED}=… {SEEDS}=1");
    let all = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    if count >= SEEDS_IN_TESTS {
        let seen = [&sum.signals, &sum.kills, &sum.repeats, &sum.again, &sum.personal].map(all);
        assert!(seen.iter().all(|seen| *seen > count / 4), "something hardly ever happens: {sum:?}");
    }
}
