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

use credentials::Cost;
use gate::{Ask, Command};
use journal::sqlite::Options;
use overt::Command as Overt;
use serde_json::{Value, json};
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

/// The rules with an auditor, and what the desk holds.
fn watched(desk: &str) -> Vec<policy::Source> {
    let mut sources = world::sources();
    sources[0].text = sources[0]
        .text
        .replace("addresses = []", &format!("addresses = []\nbalance = \"{desk}\""))
        .replace("responders = \"responders\"", "responders = \"responders\"\nauditors = \"auditors\"")
        .replace("clear = { at_least = 2", "clear = { at_least = 1");
    let emil = "id = \"emil\"\ngroups = [\"responders\"]";
    sources[1].text = sources[1].text.replace(emil, "id = \"emil\"\ngroups = [\"auditors\"]");
    sources[1].text += "[[service]]\nid = \"payroll\"\ngroups = [\"finance\"]\noperated_by = [\"bob\"]\n";
    sources
}

fn stage_with_history() -> Stage {
    let mut sources = watched("2 BTC");
    sources[1].text = sources[1].text.split("[[service]]").next().unwrap().to_owned();
    Stage::on(
        |_| Cost::CHEAP,
        sources,
        |parts, folder| {
            parts.settings.exposure_file = Some(folder.join("exposure.jsonl"));
        },
    )
}

fn exposure_of(stage: &Stage, who: &str) -> Value {
    let answer = stage.get("/v1/exposure", Some(&stage.token(who, &own(who))));
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer.json()
}

/// Alice sets the desk's balance; no right changes, so it holds at once.
fn set_desk(stage: &Stage, balance: &str) {
    let sources: Vec<Value> =
        watched(balance).into_iter().map(|s| json!({ "name": s.name, "text": s.text })).collect();
    let answer = stage.post("alice", "/v1/changes", json!({ "sources": sources }));
    assert_eq!(answer.status(), 202, "{answer:?}");
}

#[test]
fn auditors_and_responders_see_names_and_everybody_else_amounts() {
    let stage = stage_with_history();
    wait_until("the first figures", || stage.engine.exposure().len() == 1);
    // One session for all looks: signing in each time would end at the bound of attempts.
    let token = stage.token("emil", &own("emil"));
    let advised = || {
        let seen = stage.get("/v1/exposure", Some(&token)).json();
        seen["figures"].as_array().unwrap().iter().any(|figure| figure.get("advice").is_some())
    };
    wait_until("what would lower them", advised);
    let (auditor, responder) = (exposure_of(&stage, "emil"), exposure_of(&stage, "dora"));
    assert_eq!(auditor, responder);
    assert_eq!(auditor["history"].as_array().unwrap().len(), 1);
    let member = exposure_of(&stage, "alice");
    let bare = |figure: &Value| {
        let mut bare = figure.clone();
        bare.as_object_mut()
            .unwrap()
            .retain(|key, _| !["taken", "coalition", "advice"].contains(&key.as_str()));
        bare
    };
    let figures = auditor["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 45);
    assert!(figures[0]["amount"]["minor"] != 0 && figures[0]["taken"].is_array(), "{}", figures[0]);
    assert_eq!(member["figures"], Value::Array(figures.iter().map(bare).collect()));
    let keys: Vec<&String> = member.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["figures", "unbounded"], "no history and no warnings for others");
    let text = member.to_string();
    assert!(["home-", "alice", "bob", "carol"].iter().all(|name| !text.contains(name)), "{text}");
}

#[test]
fn auditors_are_warned_when_exposure_rises_until_it_falls_back() {
    let stage = stage_with_history();
    wait_until("the first figures", || stage.engine.exposure().len() == 1);
    let warnings = || stage.get("/health", None).json()["warnings"].as_u64().unwrap();
    let quiet = warnings();
    assert!(exposure_of(&stage, "emil").get("rises").is_none());
    set_desk(&stage, "5 BTC");
    wait_until("the higher figures", || stage.engine.exposure().len() == 2);
    for who in ["emil", "dora"] {
        let seen = exposure_of(&stage, who);
        let rise = &seen["rises"][0];
        assert_eq!(
            (rise["standing"].as_bool(), seen["history"][1]["rose"].as_bool()),
            (Some(true), Some(true))
        );
        assert_eq!(rise["since"], seen["history"][1]["at"]);
        let first = &rise["figures"][0];
        assert_eq!((first["k"].as_u64(), first["mode"].as_str()), (Some(1), Some("silent")), "{rise}");
        assert_eq!(first["now"], seen["figures"][0]["amount"]);
        assert_eq!(first["before"], seen["history"][0]["amounts"][0]);
    }
    assert!(exposure_of(&stage, "alice").get("rises").is_none());
    assert_eq!(warnings(), quiet + 1);
    // Back where it was: the warning ends by itself, and stays on record.
    set_desk(&stage, "2 BTC");
    wait_until("the old figures", || stage.engine.exposure().len() == 3);
    assert_eq!(exposure_of(&stage, "emil")["rises"][0]["standing"], false);
    assert_eq!(warnings(), quiet);
}

#[test]
fn the_way_to_a_figure_is_shown_with_names_to_those_who_may_see_them() {
    let stage = stage_with_history();
    let path = "/v1/exposure/witness?k=1&horizon_seconds=604800&mode=silent";
    let of = |who: &str, path: &str| stage.get(path, Some(&stage.token(who, &own(who))));
    assert_eq!(of("alice", path).status(), 404);
    assert_eq!(stage.get(path, None).status(), 401);
    for who in ["dora", "emil"] {
        let found = of(who, path).json();
        let figures = exposure_of(&stage, who)["figures"].as_array().unwrap().clone();
        let same = |figure: &&Value| {
            (figure["k"].as_u64(), figure["horizon_seconds"].as_u64(), figure["mode"].as_str())
                == (Some(1), Some(604_800), Some("silent"))
        };
        let figure = figures.iter().find(same).unwrap();
        assert_eq!(found["figure"]["amount"], figure["amount"]);
        let steps = found["steps"].as_array().unwrap();
        assert!(!steps.is_empty());
        let times: Vec<u64> = steps.iter().map(|step| step["at_seconds"].as_u64().unwrap()).collect();
        assert!(times.is_sorted() && times.iter().all(|at| *at <= 604_800), "{times:?}");
        let coalition = found["figure"]["coalition"].as_array().unwrap();
        let names =
            |step: &Value, name: &Value| step["text"].as_str().unwrap().contains(name.as_str().unwrap());
        let is_named = |step: &Value| coalition.iter().any(|name| names(step, name));
        assert!(steps.iter().all(is_named), "{found:#}");
        let lost: u64 = steps.iter().map(|step| step["amount"]["minor"].as_u64().unwrap()).sum();
        assert_eq!(Some(lost), figure["amount"]["minor"].as_u64(), "the steps add up");
    }
    for bad in ["k=0", "k=4", "k=x", "k=1&horizon_seconds=1&mode=silent", "k=1&horizon_seconds=3600&mode=x"] {
        let answer = of("emil", &format!("/v1/exposure/witness?{bad}"));
        assert!(["query-invalid", "not-found"].contains(&answer.code().as_str()), "{bad}: {answer:?}");
    }
}

#[test]
fn a_certificate_and_a_drill_are_shown_to_those_who_may_see_names() {
    let stage = stage_with_history();
    for path in ["/v1/exposure/certificate", "/v1/exposure/drill"] {
        assert_eq!(stage.get(path, None).status(), 401);
        assert_eq!(stage.get(path, Some(&stage.token("alice", &own("alice")))).status(), 404, "{path}");
    }
    let token = stage.token("emil", &own("emil"));
    let draft = stage.get("/v1/exposure/certificate", Some(&token)).json();
    // The treasury's balance is the chain's to say; the files that a certificate is made of do not.
    assert!(draft["refused"].as_str().unwrap().contains("treasury"), "{draft:#}");
    assert_eq!(draft["figures"].as_array().unwrap().len(), 0);
    assert_eq!(
        draft["command"],
        "rempart certificate make rules.toml register.toml --key certificate.key --out certificate.jws"
    );
    let begun = server::clock::Stopwatch::start();
    let drill = stage.get("/v1/exposure/drill", Some(&token));
    println!("a drill takes {:?}", begun.elapsed());
    let drill = drill.json();
    assert!(drill["replayed"].as_u64().unwrap() > 200, "{}", drill["text"]);
    assert!(drill["svg"].as_str().unwrap().starts_with("<svg"));
    let minor = |field: &str| drill[field]["minor"].to_string().trim_matches('"').parse::<u128>().unwrap();
    assert!(minor("silent") >= minor("signalled") && minor("wallet_total") >= minor("silent"));
    assert_eq!(stage.get("/v1/exposure/drill", Some(&token)).json(), drill);
}
