//! Live exposure: worked out from what the vaults hold, again when that changes, with names for those who may see them (G2, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use gate::{Ask, Command};
use journal::sqlite::Options;
use overt::Command as Overt;
use server::engine::{Engine, Settings};
use stage::{Stage, own};
use world::{Site, fund, wait_until};

fn started(site: &Site, file: &std::path::Path, balances: bool) -> Engine {
    let clock = world::clock();
    let mut parts = site.parts(site.journal(Options::default()), &clock);
    parts.settings = Settings { exposure_file: Some(file.to_owned()), ..parts.settings };
    let engine = Engine::start(parts).unwrap();
    let mut sources = world::sources();
    if balances {
        sources[0].text =
            sources[0].text.replace("addresses = []", "addresses = []\nbalance = \"2 BTC\"").replace(
                "after_blocks = 144 }",
                "after_blocks = 144 }\nbalance = \"3 BTC\"\noldest_output = \"1h\"",
            );
    }
    if engine.read(|state| state.overt().policy().is_none()) {
        engine.run_blocking(Command::system(Ask::Overt(Overt::Found { sources }))).unwrap().unwrap();
    }
    engine
}

#[test]
fn exposure_follows_what_the_vaults_hold_and_keeps_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let (site, file) = (Site::new(folder.path()), folder.path().join("exposure.jsonl"));
    let engine = started(&site, &file, true);
    wait_until("the first figures", || engine.exposure().len() == 1);
    let said = engine.exposure()[0].amounts.clone().unwrap();
    assert_eq!(said.len(), 45, "three counts of homes, five horizons, three modes");
    // What the policy says stands in until the chain shows coins; then those count.
    fund(&engine);
    wait_until("the chain's figures", || engine.exposure().len() == 2);
    let entries = engine.exposure();
    let held = engine.book(|book| book.holdings(&world::treasury()).unwrap().balance().to_sat());
    assert_ne!(held, 300_000_000, "the chain says something else than the policy");
    let rises = held > 300_000_000;
    assert_eq!(entries[1].is_above(&entries[0]), rises, "{entries:?}");
    assert_eq!(entries[0].is_above(&entries[1]), !rises, "{entries:?}");
    engine.stop_blocking().unwrap();
    drop(engine);
    let engine = started(&site, &file, true);
    assert_eq!(engine.exposure(), entries, "the history outlives the server");
    engine.stop_blocking().unwrap();
}

#[test]
fn a_loss_without_bound_is_said_and_strangers_see_nothing() {
    let stage = Stage::new();
    let shown = |who: &str| {
        let answer = stage.get("/v1/exposure", Some(&stage.token(who, &own(who))));
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer.json()
    };
    assert_eq!(stage.get("/v1/exposure", None).status(), 401);
    // The desk's balance is nobody's to say, and no limit holds it.
    assert_eq!(shown("alice")["unbounded"], true);
    assert_eq!(shown("dora")["figures"].as_array().unwrap().len(), 0);
    assert!(shown("alice").get("history").is_none());
}
