//! One life: random steps from a seed, on an engine that is killed and started again.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use alarm::Reach;
use covert::{Command as Covert, IncidentId, Sign, Whom};
use credentials::Class;
use gate::{Ask, Command};
use journal::sqlite::Options;
use journal::{
    Batch, CovertEntry, Head, Journal, JournalError, LatestSnapshot, Origin, OutboxId, OutboxItem,
    OvertEntry, SLOT_BYTES, Snapshot, SqliteJournal, VerifyOptions, VerifyReport,
};
use overt::Command as Overt;
use server::clock::{Clock, SimulatedClock, Stopwatch};
use server::dispatch::AlarmPace;
use server::engine::{Engine, SLOT_PERIOD};
use server::entropy::{Entropy, SystemEntropy};
use types::{Hash, PanelId, PersonId, PlaceId, ProtectedId, Span, hash_parts};

use crate::Sum;
use crate::siren::{Mood, Siren, Tape};
use crate::world::{self, People, Site};

pub const PACE: AlarmPace = AlarmPace { look: Duration::from_millis(2), second: Duration::from_millis(2) };
const STEPS: u64 = 24;
const RESPONDERS: [&str; 5] = ["dora", "emil", "fred", "gina", "hugo"];
const SUBJECTS: [&str; 4] = ["alice", "bob", "carol", "dora"];

/// gina lives with alice, hugo is related to bob.
const MORE: &str = r#"
[[place]]
id = "home-fred"
kind = "home"
[[place]]
id = "home-hugo"
kind = "home"
[[person]]
id = "fred"
groups = ["responders"]
places = ["home-fred"]
keys = []
[[person]]
id = "gina"
groups = ["responders"]
places = ["home-alice"]
keys = []
[[person]]
id = "hugo"
groups = ["responders"]
places = ["home-hugo"]
of = ["bob"]
keys = []
[[protected]]
id = "mathilde"
of = ["alice"]
places = ["home-alice"]
[[protected]]
id = "oscar"
of = ["bob"]
"#;

/// Numbers from a seed.
pub struct Draw(u64);

impl Draw {
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    pub fn mood(&mut self) -> Mood {
        let some = Duration::from_millis(1 + self.below(20));
        let moods = [
            Mood::Up,
            Mood::Down,
            Mood::Slow(some),
            Mood::HalfOpen(some),
            Mood::Lying,
            Mood::SecondTime,
            Mood::Flapping,
            Mood::HeartbeatsOnly,
            Mood::Panics,
        ];
        self.pick(&moods)
    }
}

/// A journal whose process is killed before or after one of its writes.
struct Mortal {
    inner: SqliteJournal,
    killed: Arc<AtomicBool>,
    /// Writes until then; negative: never.
    fuse: Arc<AtomicI64>,
    /// Whether that write is still done.
    after: bool,
}

impl Journal for Mortal {
    fn origin(&self) -> &Origin {
        self.inner.origin()
    }
    fn head(&self) -> Head {
        self.inner.head()
    }
    fn append(&mut self, batch: &Batch) -> Result<Head, JournalError> {
        if self.killed.load(Ordering::SeqCst) {
            return Err(JournalError::Stopped);
        }
        if self.fuse.fetch_sub(1, Ordering::SeqCst) != 0 {
            return self.inner.append(batch);
        }
        if self.after {
            self.inner.append(batch)?;
        }
        self.killed.store(true, Ordering::SeqCst);
        Err(JournalError::Stopped)
    }
    fn replay_overt(
        &mut self,
        after: u64,
        each: &mut dyn FnMut(OvertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        self.inner.replay_overt(after, each)
    }
    fn replay_covert(
        &mut self,
        after: u64,
        each: &mut dyn FnMut(CovertEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        self.inner.replay_covert(after, each)
    }
    fn outbox(&mut self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxItem>, JournalError> {
        self.inner.outbox(after, limit)
    }
    fn blob(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, JournalError> {
        self.inner.blob(hash)
    }
    fn inbox(&mut self) -> Result<Option<[u8; SLOT_BYTES]>, JournalError> {
        self.inner.inbox()
    }
    fn wallet(&mut self, wallet: &Hash) -> Result<Vec<Vec<u8>>, JournalError> {
        self.inner.wallet(wallet)
    }
    fn save_snapshot(
        &mut self,
        snapshot: &Snapshot,
        key: &ed25519_dalek::SigningKey,
    ) -> Result<(), JournalError> {
        self.inner.save_snapshot(snapshot, key)
    }
    fn latest_snapshot(&mut self, key: &ed25519_dalek::VerifyingKey) -> Result<LatestSnapshot, JournalError> {
        self.inner.latest_snapshot(key)
    }
    fn verify(&mut self, options: &VerifyOptions) -> Result<VerifyReport, JournalError> {
        self.inner.verify(options)
    }
    fn backup_to(&mut self, path: &Path) -> Result<VerifyReport, JournalError> {
        self.inner.backup_to(path)
    }
}

/// One run of a server, from a start to its end.
pub struct Run {
    pub engine: Engine,
    pub clock: Arc<SimulatedClock>,
    killed: Arc<AtomicBool>,
    fuse: Arc<AtomicI64>,
}

pub struct Life {
    pub seed: u64,
    pub draw: Draw,
    pub tapes: Vec<Arc<Tape>>,
    pub run: Option<Run>,
    pub kills: u64,
    /// Signals that the engine has acknowledged.
    pub given: u64,
    people: People,
    site: Site,
    count: u64,
    _folder: tempfile::TempDir,
}

fn contacts() -> String {
    let mut text = String::from(
        "[chain]\nrepeat = 3\n[[chain.steps]]\ntell = [\"person:dora\"]\nby = [\"sms\"]\nwait = \"1m\"\n\
         [[chain.steps]]\ntell = [\"everyone\"]\nwait = \"2m\"\n",
    );
    for name in RESPONDERS {
        text += &format!(
            "[[contact]]\nperson = \"{name}\"\nways = {{ sms = \"sms-{name}\", mail = \"mail-{name}\" }}\n"
        );
    }
    text
}

pub fn person(name: &str) -> PersonId {
    PersonId::parse(name).unwrap()
}

impl Life {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        std::fs::write(folder.path().join("calls.toml"), contacts()).unwrap();
        let mut draw = Draw(seed);
        let tapes = [
            ("centre", Reach::Wide),
            ("hook", Reach::Wide),
            ("sms", Reach::Personal),
            ("mail", Reach::Personal),
        ];
        let tapes = tapes.map(|(id, reach)| Tape::new(id, reach, draw.mood())).to_vec();
        let people = People { secrets: Arc::clone(&site.secrets) };
        let (run, kills, given, count) = (None, 0, 0, 0);
        let mut life = Self { seed, draw, tapes, run, kills, given, people, site, count, _folder: folder };
        life.start(world::start_time());
        let mut sources = world::sources();
        sources[1].text += MORE;
        let found = Command::system(Ask::Overt(Overt::Found { sources }));
        life.engine().run_blocking(found).unwrap().unwrap();
        life
    }

    pub fn engine(&self) -> &Engine {
        &self.run.as_ref().unwrap().engine
    }

    fn start(&mut self, at: types::Timestamp) {
        let (killed, fuse) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(-1)));
        let journal = self.journal();
        let journal = Mortal {
            inner: journal,
            killed: Arc::clone(&killed),
            fuse: Arc::clone(&fuse),
            after: self.draw.below(2) == 0,
        };
        let clock = Arc::new(SimulatedClock::new(at, SystemEntropy.draw()));
        let mut parts = self.site.parts(journal, &clock);
        parts.channels = self.tapes.iter().map(|tape| Siren::of_run(tape, &killed)).collect();
        parts.settings.calls_file = Some(self.site.folder.join("calls.toml"));
        parts.settings.alarm_pace = PACE;
        let engine = Engine::start(parts).unwrap();
        self.run = Some(Run { engine, clock, killed, fuse });
    }

    /// The threads of an engine that was dropped end by themselves, a moment later.
    fn journal(&self) -> SqliteJournal {
        if !self.site.path().exists() {
            return self.site.journal(Options::default());
        }
        for _ in 0..2_000 {
            match SqliteJournal::open(&self.site.path(), Options::default()) {
                Ok(journal) => return journal,
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        panic!("seed {}: the journal stays locked", self.seed);
    }

    /// Ends the run without any goodbye, and starts again.
    pub fn kill(&mut self) {
        let Run { engine, clock, killed, .. } = self.run.take().unwrap();
        killed.store(true, Ordering::SeqCst);
        let at = clock.moment_parts().0;
        drop(engine);
        self.kills += 1;
        self.start(at);
    }

    fn restart(&mut self) {
        let Run { engine, clock, killed, .. } = self.run.take().unwrap();
        let at = clock.moment_parts().0;
        let stopped = engine.stop_blocking();
        drop(engine);
        // A stop that could not write is a kill; so is one beside which a channel took something.
        self.kills += 1;
        assert!(stopped.is_ok() || killed.load(Ordering::SeqCst));
        self.start(at);
    }

    /// Starts again if the fuse has burnt down.
    fn revive(&mut self) {
        if self.run.as_ref().unwrap().killed.load(Ordering::SeqCst) {
            self.kill();
        }
    }

    pub fn pass(&mut self, span: Span) {
        let run = self.run.as_ref().unwrap();
        world::pass(&run.engine, &run.clock, span);
        self.revive();
    }

    fn give(&mut self, command: Command) {
        if self.engine().run_blocking(command).is_ok() {
            self.given += 1;
        }
        self.revive();
    }

    fn seed_of(&mut self) -> Hash {
        self.count += 1;
        hash_parts("chaos", &[&self.seed.to_be_bytes(), &self.count.to_be_bytes()])
    }

    /// A responder's act: it waits for its slot.
    pub fn respond(&mut self, who: &str, ask: Covert) {
        let command = self.people.act(who, Class::Free, Ask::Covert(ask));
        let engine = self.engine().clone();
        let acting = std::thread::spawn(move || drop(engine.run_blocking(command)));
        let started = Stopwatch::start();
        while !acting.is_finished() {
            assert!(started.elapsed() < Duration::from_secs(20), "seed {}: no slot", self.seed);
            std::thread::sleep(Duration::from_millis(1));
            let run = self.run.as_ref().unwrap();
            world::pass(&run.engine, &run.clock, SLOT_PERIOD);
        }
        acting.join().unwrap();
        self.revive();
    }

    pub fn acknowledge(&mut self, who: &str, incident: IncidentId) {
        self.respond(who, Covert::Acknowledge { incident, from: None });
    }

    fn sign(&mut self) {
        let seed = self.seed_of();
        let sign = match self.draw.below(4) {
            0 => Sign::Relative { protected: ProtectedId::parse("mathilde").unwrap(), alarm: true, seed },
            1 => Sign::Relative { protected: ProtectedId::parse("oscar").unwrap(), alarm: true, seed },
            2 => {
                let whom = Whom::Place(PlaceId::parse("home-alice").unwrap());
                Sign::Panel { panel: PanelId::parse("hall").unwrap(), whom, seed }
            }
            _ => Sign::Panel {
                panel: PanelId::parse("desk").unwrap(),
                whom: Whom::Person(person("carol")),
                seed,
            },
        };
        self.give(Command::system(Ask::Sign(sign)));
    }

    fn step(&mut self) {
        match self.draw.below(12) {
            0..=2 => {
                let who = self.draw.pick(&SUBJECTS);
                let seed = self.seed_of();
                let mut command = self.people.act(who, Class::Duress, Ask::Overt(Overt::Attend));
                command.idempotency = Some(seed);
                self.give(command);
            }
            3 | 4 => self.sign(),
            5 => {
                let incidents: Vec<IncidentId> =
                    self.engine().read(|state| state.covert().incidents().map(|(id, _)| id).collect());
                if !incidents.is_empty() {
                    let (who, which) = (self.draw.pick(&RESPONDERS), self.draw.pick(&incidents));
                    self.acknowledge(who, which);
                }
            }
            6 => self.kill(),
            7 => {
                let writes = i64::try_from(self.draw.below(6)).unwrap();
                self.run.as_ref().unwrap().fuse.store(writes, Ordering::SeqCst);
            }
            8 => self.restart(),
            9 => {
                let minutes = Span::from_seconds(60 * (1 + self.draw.below(4)));
                self.pass(minutes);
            }
            _ => {
                let mood = self.draw.mood();
                let tape = usize::try_from(self.draw.below(4)).unwrap();
                self.tapes[tape].set(mood);
            }
        }
        if self.draw.below(2) == 0 {
            self.pass(SLOT_PERIOD);
        }
        std::thread::sleep(Duration::from_millis(self.draw.below(6)));
    }
}

/// Plays one life and checks it.
pub fn live(seed: u64, sum: &Sum) {
    let mut life = Life::new(seed);
    for _ in 0..STEPS {
        life.step();
    }
    life.settle(sum);
    let Run { engine, .. } = life.run.take().unwrap();
    engine.stop_blocking().unwrap();
}
