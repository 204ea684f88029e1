//! How much is measured, and the pieces in which it is: each piece is a file, so that an interrupted run goes on where it stopped.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use types::hash_parts;

use crate::failure::Failure;

/// Pairs of one chunk of sessions.
pub const PAIRS_OF_A_CHUNK: u32 = 100;
/// Games of one chunk of forced attempts.
pub const GAMES_OF_A_CHUNK: u32 = 50;
/// Pairs of one piece of cheap checks.
pub const CHEAP_OF_A_PIECE: u32 = 50_000;
/// Pairs of one piece of production checks.
pub const PRODUCTION_OF_A_PIECE: u32 = 250;
/// Pairs in which each fault of the recording is planted.
pub const PAIRS_OF_A_CONTROL: u32 = 10;

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Everything that is drawn follows from it.
    pub seed: u64,
    /// Whether the verdict is the published one: with all its bounds.
    pub full: bool,
    /// Paired sessions.
    pub pairs: u32,
    /// Games of ten forced attempts.
    pub games: u32,
    /// Pairs of checks at the cheap cost.
    pub cheap: u32,
    /// Pairs of checks at the production cost.
    pub production: u32,
}

impl Plan {
    /// What is published.
    #[must_use]
    pub const fn full(seed: u64) -> Self {
        Self { seed, full: true, pairs: 22_200, games: 3_000, cheap: 1_000_000, production: 20_000 }
    }

    /// What every run of the tests has: bytes exactly, times only for a gross alarm.
    #[must_use]
    pub const fn short(seed: u64, pairs: u32) -> Self {
        Self { seed, full: false, pairs, games: pairs / 20, cheap: pairs * 10, production: 0 }
    }

    /// The sizes of the chunks of sessions.
    pub fn chunks(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        pieces(self.pairs, PAIRS_OF_A_CHUNK)
    }

    /// Of games.
    pub fn game_chunks(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        pieces(self.games, GAMES_OF_A_CHUNK)
    }

    /// Of cheap checks.
    pub fn cheap_pieces(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        pieces(self.cheap, CHEAP_OF_A_PIECE)
    }

    /// Of production checks.
    pub fn production_pieces(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        pieces(self.production, PRODUCTION_OF_A_PIECE)
    }
}

/// Numbers and sizes of the pieces of a whole.
fn pieces(whole: u32, size: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..whole.div_ceil(size)).map(move |number| (number, size.min(whole - number * size)))
}

/// Where the pieces lie.
pub struct Store {
    folder: PathBuf,
    /// Whether pieces of the check alone are of an earlier build.
    pub mixed: bool,
}

/// What no change of the server touches: pieces of these kinds outlive another build.
const OF_THE_CHECK_ALONE: [&str; 2] = ["cheap-", "production-"];

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    plan: Plan,
    /// The hash of this program: what another build has measured of the server is another measurement.
    program: String,
    mixed: bool,
}

impl Store {
    /// Opens the folder of a plan. Without `resume`, what lies there is forgotten; with it, what another build has measured of the server.
    ///
    /// # Errors
    /// When it cannot be written, or what lies there is of another plan.
    pub fn open(folder: &Path, plan: &Plan, resume: bool) -> Result<Self, Failure> {
        let folder =
            folder.join(format!("{}-{}-{}", if plan.full { "full" } else { "short" }, plan.pairs, plan.seed));
        let program = std::fs::read(std::env::current_exe()?)?;
        let program = hash_parts("indistinguishable/program", &[&program]).to_string();
        let mut store = Self { folder, mixed: false };
        let earlier = if resume { store.read::<Made>("plan")? } else { None };
        match earlier {
            Some(earlier) if earlier.plan != *plan => {
                let why = "what was measured so far is of another plan: run without `--resume`";
                return Err(Failure::State(why.to_owned()));
            }
            Some(earlier) => {
                let same = earlier.program == program;
                store.mixed = earlier.mixed || !same;
                if !same {
                    store.forget(|name| !OF_THE_CHECK_ALONE.iter().any(|kind| name.starts_with(kind)))?;
                }
            }
            None => store.forget(|_| true)?,
        }
        store.write("plan", &Made { plan: *plan, program, mixed: store.mixed })?;
        Ok(store)
    }

    fn forget(&self, which: impl Fn(&str) -> bool) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.folder)?;
        for file in std::fs::read_dir(&self.folder)? {
            let file = file?;
            if which(&file.file_name().to_string_lossy()) {
                std::fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.bin"))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let path = self.path(name);
        if !path.exists() {
            return Ok(None);
        }
        let read = postcard::from_bytes(&std::fs::read(path)?);
        read.map(Some).map_err(|error| Failure::State(format!("`{name}` cannot be read: {error}")))
    }

    fn write<T: Serialize>(&self, name: &str, piece: &T) -> Result<(), Failure> {
        let bytes = postcard::to_stdvec(piece).map_err(|error| Failure::State(error.to_string()))?;
        let fresh = self.folder.join(format!("{name}.new"));
        std::fs::write(&fresh, bytes)?;
        Ok(std::fs::rename(fresh, self.path(name))?)
    }

    /// A piece: as it was measured before, or measured now and kept.
    ///
    /// # Errors
    /// What the measurement gives.
    pub fn piece<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        measure: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(piece) = self.read(name)? {
            return Ok(piece);
        }
        let piece = measure()?;
        self.write(name, &piece)?;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_whole() {
        assert_eq!(pieces(250, 100).collect::<Vec<_>>(), [(0, 100), (1, 100), (2, 50)]);
        assert_eq!(pieces(0, 100).count(), 0);
        assert_eq!(Plan::full(1).chunks().map(|(_, size)| size).sum::<u32>(), 22_200);
    }

    #[test]
    fn a_piece_is_measured_once_and_a_fresh_run_forgets() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::short(1, 10);
        let measured = |store: &Store, value: u32| store.piece("a", || Ok(value)).unwrap();
        let store = Store::open(folder.path(), &plan, false).unwrap();
        assert_eq!(measured(&store, 1), 1);
        assert_eq!(measured(&Store::open(folder.path(), &plan, true).unwrap(), 2), 1);
        assert_eq!(measured(&Store::open(folder.path(), &plan, false).unwrap(), 3), 3);
    }

    #[test]
    fn another_build_keeps_the_check_alone_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::short(1, 10);
        let store = Store::open(folder.path(), &plan, false).unwrap();
        let names = ["sessions-00000", "production-00000"];
        let measured = |store: &Store, value: i32| names.map(|name| store.piece(name, || Ok(value)).unwrap());
        assert_eq!(measured(&store, 1), [1, 1]);
        store.write("plan", &Made { plan, program: "another".into(), mixed: false }).unwrap();
        let store = Store::open(folder.path(), &plan, true).unwrap();
        assert!(store.mixed);
        assert_eq!(measured(&store, 2), [2, 1]);
    }

    #[test]
    fn another_plan_in_the_same_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), &Plan::short(1, 10), false).unwrap());
        std::fs::rename(folder.path().join("short-10-1"), folder.path().join("short-11-1")).unwrap();
        let other = Plan { pairs: 11, ..Plan::short(1, 10) };
        assert!(Store::open(folder.path(), &other, true).is_err());
    }
}
