//! The inbox: a sign without a phrase is durable before its tick, is delivered once, and leaves one cell of noise (G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod world;

use std::sync::Arc;

use covert::Sign;
use gate::{Ask, Command};
use journal::sqlite::Options;
use journal::{Batch, Journal, SqliteJournal};
use overt::Command as Overt;
use server::clock::SimulatedClock;
use server::engine::{Engine, StartError};
use types::{Hash, ProtectedId};
use world::{Site, clock, pass_slot};

struct Scene {
    folder: tempfile::TempDir,
    site: Site,
    clock: Arc<SimulatedClock>,
    engine: Engine,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let (site, clock) = (Site::new(folder.path()), clock());
    let engine = Engine::start(site.parts(site.journal(Options::default()), &clock)).unwrap();
    let mut sources = world::sources();
    let register = sources.iter_mut().find(|source| source.name.contains("register")).unwrap();
    register.text +=
        "[[protected]]\nid = \"mathilde\"\nof = [\"alice\"]\n[[protected]]\nid = \"oscar\"\nof = [\"bob\"]\n";
    engine.run_blocking(Command::system(Ask::Overt(Overt::Found { sources }))).unwrap().unwrap();
    Scene { folder, site, clock, engine }
}

fn sign(engine: &Engine, sign: Sign) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(engine.signal(sign)).unwrap();
}

fn alarm(name: &str) -> Sign {
    Sign::Relative { protected: ProtectedId::parse(name).unwrap(), alarm: true, seed: Hash([4; 32]) }
}

fn signals(engine: &Engine) -> usize {
    engine.read(|state| state.covert().signals().count())
}

fn cell(site: &Site) -> Option<Vec<u8>> {
    let mut journal = SqliteJournal::open_read_only(&site.path()).unwrap();
    journal.inbox().unwrap().map(|cell| cell.to_vec())
}

/// What the disk holds at this moment, as a crash leaves it: with the write-ahead log.
fn as_if_killed(from: &std::path::Path, site: &Site) -> (tempfile::TempDir, Site) {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_string_lossy().contains("lock") {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
    }
    let site = Site { folder: folder.path().to_owned(), secrets: Arc::clone(&site.secrets) };
    (folder, site)
}

fn starts(site: &Site, clock: &Arc<SimulatedClock>) -> Result<Engine, StartError> {
    Engine::start(site.parts(site.journal(Options::default()), clock))
}

#[test]
fn a_sign_is_durable_before_its_tick_and_is_noted_once() {
    let scene = scene();
    pass_slot(&scene.engine, &scene.clock);
    sign(&scene.engine, alarm("mathilde"));
    assert_eq!(signals(&scene.engine), 1, "before any slot");
    let (_folder, killed) = as_if_killed(scene.folder.path(), &scene.site);
    let clock = clock();
    let engine = starts(&killed, &clock).unwrap();
    assert_eq!(signals(&engine), 1, "after a crash");
    let (_folder, again) = as_if_killed(&killed.folder, &killed);
    for _ in 0..3 {
        pass_slot(&engine, &clock);
    }
    assert_eq!(signals(&engine), 1, "the slot takes it over, once");
    let (_folder, after) = as_if_killed(&killed.folder, &killed);
    engine.stop_blocking().unwrap();
    for (site, what) in
        [(&again, "two crashes"), (&after, "a crash after the slot"), (&killed, "a clean end")]
    {
        let engine = starts(site, &world::clock()).unwrap();
        assert_eq!(signals(&engine), 1, "after {what}");
        engine.stop_blocking().unwrap();
    }
}

#[test]
fn many_signs_within_one_tick_are_all_there_whatever_has_room() {
    let scene = scene();
    let threads: Vec<_> = (0..40)
        .map(|number| {
            let engine = scene.engine.clone();
            std::thread::spawn(move || {
                sign(&engine, if number % 2 == 0 { alarm("mathilde") } else { alarm("oscar") });
                sign(&engine, Sign::Nobody { seed: Hash([number; 32]) });
            })
        })
        .collect();
    while !threads.iter().all(std::thread::JoinHandle::is_finished) {
        pass_slot(&scene.engine, &scene.clock);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let subjects = scene.engine.read(|state| state.covert().incidents().count());
    assert_eq!(subjects, 2, "one for each person in danger");
}

#[test]
fn the_cell_is_written_over_by_every_sign_and_every_tick_and_has_one_size() {
    let scene = scene();
    pass_slot(&scene.engine, &scene.clock);
    let mut cells = vec![cell(&scene.site).unwrap()];
    sign(&scene.engine, Sign::Nobody { seed: Hash([1; 32]) });
    cells.push(cell(&scene.site).unwrap());
    sign(&scene.engine, alarm("mathilde"));
    cells.push(cell(&scene.site).unwrap());
    pass_slot(&scene.engine, &scene.clock);
    cells.push(cell(&scene.site).unwrap());
    pass_slot(&scene.engine, &scene.clock);
    cells.push(cell(&scene.site).unwrap());
    assert!(cells.iter().all(|cell| cell.len() == 1024));
    for pair in cells.windows(2) {
        let same = pair[0].iter().zip(&pair[1]).filter(|(one, other)| one == other).count();
        assert!(same < 40, "{same} of 1024 bytes stayed as they were");
    }
}

#[test]
fn an_old_cell_put_back_does_not_open() {
    let scene = scene();
    pass_slot(&scene.engine, &scene.clock);
    sign(&scene.engine, alarm("mathilde"));
    let old = cell(&scene.site).unwrap();
    pass_slot(&scene.engine, &scene.clock);
    scene.engine.stop_blocking().unwrap();
    let Scene { site, clock, engine, .. } = &scene;
    let mut journal = site.journal(Options::default());
    journal.append(&Batch { inbox: Some(old.try_into().unwrap()), ..Batch::default() }).unwrap();
    drop(journal);
    let refused = starts(site, clock).err().map(|error| error.code().to_owned());
    assert_eq!(refused.as_deref(), Some("start-inbox"));
    assert_eq!(signals(engine), 1);
}
