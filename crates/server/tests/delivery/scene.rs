//! An engine with scripted channels and a call plan.

use std::sync::Arc;
use std::time::Duration;

use covert::{Command as Covert, IncidentId};
use credentials::Class;
use gate::{Ask, Command};
use journal::sqlite::Options;
use overt::Command as Overt;
use server::clock::SimulatedClock;
use server::dispatch::AlarmPace;
use server::engine::{Engine, SLOT_PERIOD};
use server::entropy::{Entropy, SystemEntropy};
use server::keys::Secrets;
use types::Span;

use crate::siren::{Siren, Tape};
use crate::world::{self, People, Site};

/// How long a second lasts here.
const SECOND: Duration = Duration::from_millis(10);

/// gina lives with alice, hugo is related to bob, fred is a stranger.
const MORE: &str = r#"
[[place]]
id = "home-fred"
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
"#;

pub struct Scene {
    pub engine: Engine,
    pub clock: Arc<SimulatedClock>,
    pub folder: tempfile::TempDir,
    pace: Duration,
    site: Site,
}

/// So many more people with homes of their own.
pub fn crowd(count: usize) -> String {
    let one = |nth: usize| {
        format!(
            "[[place]]\nid = \"home-crowd-{nth}\"\nkind = \"home\"\n\
             [[person]]\nid = \"crowd-{nth}\"\ngroups = [\"finance\"]\nplaces = [\"home-crowd-{nth}\"]\nkeys = []\n"
        )
    };
    (0..count).map(one).collect()
}

/// `calls.toml` with these steps, and everybody reachable by text and mail.
pub fn plan(steps: &[(&str, &str, &str)]) -> String {
    let mut text = "[chain]\nrepeat = 2\n".to_owned();
    for (tell, by, wait) in steps {
        text += &format!("[[chain.steps]]\ntell = [\"{tell}\"]\nwait = \"{wait}\"\n");
        if !by.is_empty() {
            text += &format!("by = [\"{by}\"]\n");
        }
    }
    for name in ["dora", "emil", "fred", "gina"] {
        text += &format!(
            "[[contact]]\nperson = \"{name}\"\nlanguage = \"fr\"\nways = {{ sms = \"+33-{name}\", mail = \"{name}@example.org\" }}\n"
        );
    }
    text
}

pub fn signal(engine: &Engine, secrets: &Arc<Secrets>, who: &str) {
    let people = People { secrets: Arc::clone(secrets) };
    let mut command = people.act(who, Class::Duress, Ask::Overt(Overt::Attend));
    command.idempotency = Some(types::Hash(SystemEntropy.draw()));
    engine.run_blocking(command).unwrap().unwrap();
}

impl Scene {
    pub fn new(tapes: &[&Arc<Tape>], register: &str) -> Self {
        Self::open(tapes, register, None, SECOND)
    }

    pub fn with_plan(tapes: &[&Arc<Tape>], plan: &str) -> Self {
        Self::open(tapes, "", Some(plan), SECOND)
    }

    pub fn with_pace(tapes: &[&Arc<Tape>], register: &str, second: Duration) -> Self {
        Self::open(tapes, register, None, second)
    }

    fn open(tapes: &[&Arc<Tape>], register: &str, plan: Option<&str>, pace: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        if let Some(plan) = plan {
            std::fs::write(folder.path().join("calls.toml"), plan).unwrap();
        }
        let clock = world::clock();
        let engine = start(&site, &clock, tapes, pace);
        let mut sources = world::sources();
        sources[1].text += MORE;
        sources[1].text += register;
        engine.run_blocking(Command::system(Ask::Overt(Overt::Found { sources }))).unwrap().unwrap();
        Self { engine, clock, folder, pace, site }
    }

    pub fn restart(&mut self, tapes: &[&Arc<Tape>]) {
        self.engine.stop_blocking().unwrap();
        self.engine = start(&self.site, &self.clock, tapes, self.pace);
    }

    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.site.secrets)
    }

    pub fn signal(&self, who: &str) {
        signal(&self.engine, &self.site.secrets, who);
    }

    pub fn pass(&self, span: Span) {
        world::pass(&self.engine, &self.clock, span);
    }

    /// One slot, and a moment for the threads.
    pub fn pass_slot(&self) {
        self.pass(SLOT_PERIOD);
        std::thread::sleep(Duration::from_millis(5));
    }

    /// A moment for the threads to do what they should not, or what must be written down.
    pub fn settle(&self) {
        for _ in 0..10 {
            self.pass_slot();
        }
    }

    pub fn incident(&self) -> IncidentId {
        self.engine.read(|state| state.covert().incidents().next().unwrap().0)
    }

    /// A responder acknowledges; time moves by slots until that is written down.
    pub fn acknowledge(&self, who: &str) {
        let people = People { secrets: self.secrets() };
        let ask = Covert::Acknowledge { incident: self.incident(), from: None };
        let command = people.act(who, Class::Free, Ask::Covert(ask));
        let engine = self.engine.clone();
        let acting = std::thread::spawn(move || engine.run_blocking(command));
        while !acting.is_finished() {
            self.pass_slot();
        }
        acting.join().unwrap().unwrap().unwrap();
    }
}

fn start(site: &Site, clock: &Arc<SimulatedClock>, tapes: &[&Arc<Tape>], second: Duration) -> Engine {
    let mut parts = site.parts(site.journal(Options::default()), clock);
    parts.channels = tapes.iter().map(|tape| Siren::on(tape)).collect();
    parts.settings.calls_file = Some(site.folder.join("calls.toml"));
    parts.settings.alarm_pace = AlarmPace { look: Duration::from_millis(5), second };
    Engine::start(parts).unwrap()
}
