//! Tests of the drill: the mapping of incidents, what is counted and named, and that rules are found by trying.

use policy::{Language, Source};

use super::*;
use crate::incidents::BUILT_IN;

const RULES: &str = include_str!("../../../../examples/startup/rules.toml");
const REGISTER: &str = include_str!("../../../../examples/startup/register.toml");
const HEADER: &str = "id,kind,relative_held,persons_held,duration_hours";

fn load(rules: &str, register: &str) -> Policy {
    let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
    let loaded = policy::load(&[source("rules.toml", rules), source("register.toml", register)]);
    loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn startup() -> Policy {
    load(RULES, REGISTER)
}

/// The register of the start-up, if nobody administered the co-signer's host.
fn nobody_hosts() -> String {
    REGISTER.replace("hosts = [\"cosigner\"]", "")
}

fn record(rows: &str) -> Incidents {
    Incidents::parse(&format!("{HEADER}\n{rows}\n")).unwrap()
}

fn run(policy: &Policy, rows: &str) -> Drill {
    drill(policy, &Holdings::from_policy(policy), record(rows)).unwrap()
}

fn euros(value: u64) -> Value {
    Value::from_minor(u128::from(value) * 100)
}

#[test]
fn incidents_take_whom_the_design_says() {
    let of = |row: &str| record(row).incidents[0].subject();
    assert_eq!(of("A,home_invasion,1,,"), Some(Subject::Home));
    assert_eq!(of("A,home_invasion,,2,"), Some(Subject::Home));
    assert_eq!(of("A,abduction,1,1,"), Some(Subject::Home));
    assert_eq!(of("A,abduction,0,3,"), Some(Subject::Home));
    assert_eq!(of("A,abduction,0,1,"), Some(Subject::Person));
    assert_eq!(of("A,home_invasion,,,"), Some(Subject::Person));
    assert_eq!(of("A,office_or_shop_raid,1,9,"), Some(Subject::Office));
    assert_eq!(of("A,in_person_trade,,2,"), Some(Subject::Person));
    assert_eq!(of("A,street_robbery,1,,"), Some(Subject::Person));
    for kind in ["remote_extortion", "burglary_absent", "swatting", "murder", "other"] {
        assert_eq!(of(&format!("A,{kind},1,2,")), None);
    }
}

#[test]
fn what_is_left_open_is_named() {
    let of = |row: &str| record(row).incidents[0].company_is_open();
    assert!(of("A,abduction,,1,") && of("A,abduction,0,,") && of("A,home_invasion,,,"));
    assert!(
        !of("A,abduction,1,,")
            && !of("A,abduction,,2,")
            && !of("A,abduction,0,1,")
            && !of("A,street_robbery,,,")
    );
}

#[test]
fn horizons_are_the_record_s_or_the_stated_assumption() {
    let drill = run(
        &startup(),
        "A,home_invasion,0,1,9\nB,home_invasion,0,1,\nC,abduction,1,,\nD,office_or_shop_raid,,,\nE,street_robbery,,,\nF,in_person_trade,,,",
    );
    let horizons: Vec<u64> =
        drill.replays.iter().map(|replay| drill.answers[replay.answer].horizon.seconds() / 3600).collect();
    assert_eq!(horizons, [9, 6, 96, 2, 2, 2]);
    let stated: Vec<bool> = drill.replays.iter().map(|replay| replay.duration_stated).collect();
    assert_eq!(stated, [true, false, false, false, false, false]);
    // The last two ask the same question.
    assert_eq!(drill.answers.len(), 5);
    let text = drill.text("X", false, Language::En);
    assert!(text.contains("assumed: 96\u{a0}h for 1 abductions whose duration is not on record"), "{text}");
}

#[test]
fn every_row_of_the_record_is_replayed_or_accounted_for() {
    let policy = startup();
    let drill = drill(&policy, &Holdings::from_policy(&policy), Incidents::parse(BUILT_IN).unwrap()).unwrap();
    let left_out: usize = drill.not_replayed.values().sum();
    assert_eq!((drill.replays.len(), left_out), (220, 71));
    assert_eq!(drill.replays.len() + left_out + drill.without_subject.len() + drill.record.bad_rows(), 291);
    assert_eq!(drill.answers.iter().map(|answer| answer.count).sum::<usize>(), 220);
    assert_eq!(drill.held, euros(3_040_000));
    assert_eq!(drill.wallet_total, euros(3_040_000 * 220));
    assert!(drill.totals.silent < drill.wallet_total && drill.totals.signalled <= drill.totals.silent);
    assert_eq!(drill.json()["incidents"].as_array().unwrap().len(), 220);
    assert_eq!(
        drill.text("X", true, Language::Fr).lines().filter(|line| line.starts_with("INC-")).count(),
        220
    );
}

#[test]
fn a_register_without_an_office_replays_no_raid_and_says_so() {
    let drill = run(
        &load(RULES, &REGISTER.replace("kind = \"office\"", "kind = \"other\"")),
        "A,office_or_shop_raid,,,\nB,abduction,1,,",
    );
    assert_eq!((drill.replays.len(), drill.without_subject.as_slice()), (1, ["A".to_owned()].as_slice()));
}

#[test]
fn the_rule_that_counts_is_found_by_trying() {
    // One person of operations for two hours: the hot account is theirs, up to its limit of a day.
    let drill = run(&load(RULES, &nobody_hosts()), "A,street_robbery,,,");
    let answer = &drill.answers[0];
    assert_eq!(answer.losses.silent, euros(3000));
    assert_eq!(answer.difference.enough, [], "{:?}", answer.difference);
    let (rule, without) = &answer.difference.depends[0];
    assert_eq!((rule.text(Language::En), answer.difference.depends.len()), ("limit `hot-day`".to_owned(), 1));
    // Without it the limit of a week holds.
    assert_eq!(*without, euros(8000));
    // With a smaller limit of three hours it is that one that counts, and this is noticed.
    let rules = RULES.replace(
        "per = \"1h\"\ncount = 6\nby = \"initiator\"",
        "per = \"3h\"\namount = \"2000 EUR\"\nby = \"vault\"",
    );
    let drill = run(&load(&rules, &nobody_hosts()), "A,street_robbery,,,");
    assert_eq!(drill.answers[0].losses.silent, euros(2000));
    assert_eq!(drill.answers[0].difference.depends[0].0.text(Language::En), "limit `hot-pace`");
}

#[test]
fn opened_rules_lose_more_and_closed_ones_hold() {
    let policy = startup();
    let holdings = Holdings::from_policy(&policy);
    let ask = |policy: &Policy| {
        worst(policy, &holdings, Subject::Home, Span::from_hours(6), Mode::Silent).unwrap().unwrap().amount
    };
    let loss = ask(&policy);
    assert_eq!(ask(&opened::all_but(&policy, None).unwrap()), euros(3_040_000));
    for barrier in [Barrier::Waits, Barrier::Approvals, Barrier::Caps, Barrier::Keys] {
        let kept = ask(&opened::all_but(&policy, Some(barrier)).unwrap());
        assert!(loss <= kept && kept <= euros(3_040_000), "{barrier:?}");
    }
}

#[test]
fn a_vault_whose_balance_nobody_says_is_named() {
    let rules = RULES.replace("balance = \"3000000 EUR\"\n", "");
    assert_ne!(rules, RULES);
    match drill(
        &load(&rules, REGISTER),
        &Holdings::from_policy(&load(&rules, REGISTER)),
        record("A,street_robbery,,,"),
    ) {
        Ok(drill) => {
            assert!(drill.text("X", false, Language::En).contains("vault `treasury` has no `balance`"))
        }
        Err(error) => assert!(error.to_string().contains("treasury"), "{error}"),
    }
}

#[test]
fn a_register_without_homes_is_drawn_as_it_is() {
    let policy = load(RULES, &REGISTER.replace("kind = \"home\"", "kind = \"other\""));
    let holdings = Holdings::from_policy(&policy);
    let drill = drill(&policy, &holdings, record("A,home_invasion,1,,\nB,street_robbery,,,")).unwrap();
    assert_eq!((drill.replays.len(), drill.without_subject.len()), (1, 1));
    assert!(draw(&policy, &holdings, &drill, Language::En).unwrap().contains("one home"));
}

const FAMILY: &str = include_str!("../../../../examples/family/policy.toml");

#[test]
fn each_family_of_rules_is_tried_alone() {
    let source = Source { name: "policy.toml".to_owned(), text: FAMILY.to_owned() };
    let family = policy::load(&[source]).policy.unwrap();
    let drill = run(&family, "A,street_robbery,,,2\nB,abduction,0,1,96");
    let alone = |at: usize| drill.answers[at].difference.alone.clone();
    // Savings of 400 000 and 1 500 in the pocket; what leaves the savings waits for 24 h, 48 h or 7 d.
    let (pocket, all) = (euros(1500), euros(401_500));
    let capped = (Barrier::Caps, euros(60_600));
    assert_eq!(
        alone(0),
        [
            (Barrier::Waits, pocket),
            (Barrier::Approvals, pocket),
            (Barrier::Keys, pocket),
            capped,
            (Barrier::Reach, all)
        ]
    );
    assert_eq!(
        alone(1),
        [
            (Barrier::Approvals, pocket),
            (Barrier::Keys, pocket),
            capped,
            (Barrier::Waits, all),
            (Barrier::Reach, all)
        ]
    );
    assert_eq!(drill.answers[0].difference.enough, []);
    let without_limit = load(RULES, REGISTER);
    assert_eq!(run(&without_limit, "A,street_robbery,,,2").answers[0].difference.enough, [Barrier::Keys]);
    let office = run(&without_limit, "A,office_or_shop_raid,,,");
    assert_eq!(
        (office.answers[0].losses.silent, office.answers[0].difference.enough.len()),
        (office.held, 0)
    );
}
