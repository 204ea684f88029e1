//! Takes every piece of a plan, in order; what was taken before is read.

use std::sync::Mutex;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::credential::{self, Sample, Setting};
use crate::failure::Failure;
use crate::plan::{PAIRS_OF_A_CONTROL, Plan, Store};
use crate::random::Chance;
use crate::session::forced::{self, Game};
use crate::session::observed::Fault;
use crate::session::play::{self, Chunk};
use crate::stopwatch::Watch;

/// The faults of the recording, each in its own chunk.
pub const FAULTS: [(Fault, &str); 3] = [
    (Fault::Padding, "64 bytes more in one body"),
    (Fault::Field, "one more field"),
    (Fault::LogLine, "one more log line"),
];

/// Everything that was measured.
pub struct Measured {
    /// The plan.
    pub plan: Plan,
    /// Sessions.
    pub chunks: Vec<Chunk>,
    /// Forced attempts.
    pub games: Vec<Game>,
    /// Checks at the cheap cost.
    pub cheap: Vec<Sample>,
    /// Checks at the production cost.
    pub production: Vec<Sample>,
    /// A chunk for each of [`FAULTS`].
    pub planted: Vec<Chunk>,
    /// Whether pieces of the check alone are of an earlier build.
    pub mixed: bool,
}

/// Hears how far it is.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Takes all of it.
///
/// # Errors
/// When a piece cannot be measured.
pub fn measure(plan: &Plan, store: &Store, progress: Progress<'_>) -> Result<Measured, Failure> {
    let seed = plan.seed;
    let taking = Taking { store, progress };
    let planted = FAULTS.iter().enumerate().map(|(number, (fault, _))| (number as u32, *fault));
    let planted: Vec<(u32, Fault)> = planted.collect();
    let planted = taking.each("control", planted, |(number, fault)| {
        play::chunk(seed, 1_000_000 + number, PAIRS_OF_A_CONTROL, Some(fault))
    })?;
    let chunks = taking.each("sessions", plan.chunks().collect(), |(number, pairs)| {
        play::chunk(seed, number, pairs, None)
    })?;
    let games = taking
        .each("forced", plan.game_chunks().collect(), |(number, count)| forced::games(seed, number, count))?;
    let [cheap, production] = checks(plan, store, progress)?;
    Ok(Measured {
        plan: *plan,
        chunks,
        games: games.concat(),
        cheap,
        production,
        planted,
        mixed: store.mixed,
    })
}

/// The phrase check alone: at the cheap cost, at the production cost.
///
/// # Errors
/// When a piece cannot be measured.
pub fn checks(plan: &Plan, store: &Store, progress: Progress<'_>) -> Result<[Vec<Sample>; 2], Failure> {
    let (seed, taking) = (plan.seed, Taking { store, progress });
    let check = |setting, (number, pairs): (u32, u32)| {
        let stream = 0x0C4E_C000_0000 + (u64::from(setting == Setting::Production) << 32) + u64::from(number);
        Ok(credential::measure(setting, pairs as usize, &mut Chance::new(seed, stream))?)
    };
    let cheap = taking.each("cheap", plan.cheap_pieces().collect(), |piece| check(Setting::Cheap, piece))?;
    let production = plan.production_pieces().collect();
    let production =
        taking.each_on_two_cores("production", production, |piece| check(Setting::Production, piece))?;
    Ok([cheap.concat(), production.concat()])
}

struct Taking<'a> {
    store: &'a Store,
    progress: Progress<'a>,
}

impl Taking<'_> {
    fn each<T: Serialize + DeserializeOwned, P>(
        &self,
        kind: &str,
        pieces: Vec<P>,
        measure: impl Fn(P) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let (count, watch) = (pieces.len(), Watch::start());
        let taken = pieces.into_iter().enumerate().map(|(number, piece)| {
            let taken = self.store.piece(&format!("{kind}-{number:05}"), || measure(piece));
            self.say(kind, number + 1, count, watch);
            taken
        });
        taken.collect()
    }

    /// The same on two threads: only for what takes so long and so much memory that the other core does not change its time by the class.
    fn each_on_two_cores<T: Serialize + DeserializeOwned + Send, P: Copy + Sync>(
        &self,
        kind: &str,
        pieces: Vec<P>,
        measure: impl Fn(P) -> Result<T, Failure> + Sync,
    ) -> Result<Vec<T>, Failure> {
        let (count, watch) = (pieces.len(), Watch::start());
        let done = Mutex::new(0);
        let half = |first: usize| -> Result<Vec<(usize, T)>, Failure> {
            let own = pieces.iter().enumerate().filter(|(number, _)| number % 2 == first);
            own.map(|(number, piece)| {
                let taken = self.store.piece(&format!("{kind}-{number:05}"), || measure(*piece))?;
                if let Ok(mut done) = done.lock() {
                    *done += 1;
                    self.say(kind, *done, count, watch);
                }
                Ok((number, taken))
            })
            .collect()
        };
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| half(1));
            (half(0), other.join())
        });
        let other = other.unwrap_or_else(|_| Err(Failure::server(kind, "a thread has ended")));
        let mut taken = one?;
        taken.extend(other?);
        taken.sort_by_key(|(number, _)| *number);
        Ok(taken.into_iter().map(|(_, piece)| piece).collect())
    }

    fn say(&self, kind: &str, done: usize, count: usize, watch: Watch) {
        let step = (count / 20).max(1);
        if done.is_multiple_of(step) || done == count {
            let left = watch.seconds() / done as f64 * (count - done) as f64;
            (self.progress)(&format!("{kind}: {done} of {count}, about {left:.0} s left"));
        }
    }
}
