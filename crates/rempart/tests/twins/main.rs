//! G3 on the command line: every subcommand that asks a server or reads a journal is run against a history of free people and against one
//! of people who are held, and prints the same bytes with the same status.
//!
//! The list of subcommands is the binary's own; one without a step, and a step without one, fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod folders;
mod remote;
mod responders;
mod run;
#[path = "../../../server/tests/stage/mod.rs"]
mod stage;
#[path = "../../../server/tests/world/mod.rs"]
mod world;

use std::collections::BTreeSet;

use run::{leaves, masked};

/// Subcommands that neither ask a server nor read a journal.
const LOCAL: [(&str, &str); 30] = [
    ("demo", "plays both histories itself, and says which is which"),
    ("init", "makes a folder in which nothing has happened"),
    ("enrol", "works only while nobody has acted"),
    ("feed", "makes a key"),
    ("policy check", "reads policy files"),
    ("policy explain", "reads policy files"),
    ("policy bound", "reads policy files"),
    ("policy diff", "reads policy files"),
    ("policy schema", "prints a constant"),
    ("vault key", "reads a key"),
    ("vault create", "reads policy files and a public key"),
    ("vault confirm", "reads a vault's record"),
    ("vault show", "reads a vault's record"),
    ("vault export", "reads a vault's record"),
    ("vault sheet", "reads a vault's record"),
    ("vault rotate", "reads a vault's record and policy files"),
    ("cosigner public", "reads a public key"),
    ("cosigner token", "reads a key"),
    ("sign new", "makes a key"),
    ("sign public", "reads a public key"),
    ("sign reveal", "reads a key"),
    ("dossier new", "prints a constant"),
    ("dossier open", "a responder's: it says what became of an incident, or opens a file"),
    ("dossier identity new", "makes a key"),
    ("alarm pack-key", "reads a key"),
    ("alarm pack-verify", "reads a police pack"),
    ("drill", "reads policy files and recorded attacks"),
    ("certificate key", "makes a key"),
    ("certificate make", "reads policy files"),
    ("certificate verify", "reads a certificate"),
];

/// What is wrong with the table and the steps.
fn gaps(leaves: &BTreeSet<String>, stepped: &[String]) -> Vec<String> {
    let local: BTreeSet<&str> = LOCAL.iter().map(|(name, _)| *name).collect();
    let mut gaps = Vec::new();
    for leaf in leaves {
        match (local.contains(leaf.as_str()), stepped.contains(leaf)) {
            (false, false) => gaps.push(format!("`rempart {leaf}` has no step")),
            (true, true) => gaps.push(format!("`rempart {leaf}` has a step and is called local")),
            _ => {}
        }
    }
    let named = local.iter().copied().chain(stepped.iter().map(String::as_str));
    gaps.extend(
        named.filter(|name| !leaves.contains(*name)).map(|name| format!("`rempart {name}` does not exist")),
    );
    gaps
}

/// One after the other: a journal's lock is for a moment that of a program that is being started beside it, too.
#[test]
fn every_subcommand_prints_the_same_in_both_histories() {
    let stages = [stage::Stage::new(), stage::Stage::new()];
    every_subcommand_has_a_step_or_a_reason();
    subcommands_that_ask_a_server_print_the_same(stages);
    subcommands_that_read_a_journal_and_the_log_say_the_same();
}

fn every_subcommand_has_a_step_or_a_reason() {
    let steps = [remote::STEPS, responders::STEPS, folders::STEPS].concat();
    let stepped: Vec<String> = steps.iter().map(|name| (*name).to_owned()).collect();
    let leaves = leaves();
    assert!(leaves.len() > 30, "{leaves:?}");
    assert_eq!(gaps(&leaves, &stepped), Vec::<String>::new());
    // The check can fail, in each way.
    let mut more = leaves.clone();
    more.insert("transfer undo".into());
    assert_eq!(gaps(&more, &stepped), ["`rempart transfer undo` has no step"]);
    more.remove("transfer undo");
    more.remove("transfer show");
    assert_eq!(gaps(&more, &stepped), ["`rempart transfer show` does not exist"]);
}

fn subcommands_that_ask_a_server_print_the_same([free, held]: [stage::Stage; 2]) {
    let runs = [(free, false), (held, true)];
    let runs = runs.map(|(stage, held)| std::thread::spawn(move || remote::play(&stage, held)));
    let [free, held] = runs.map(|run| run.join().unwrap());
    let tried: BTreeSet<&str> = free.iter().map(|printed| printed.step.as_str()).collect();
    let both = [remote::STEPS, responders::STEPS].concat();
    assert_eq!(tried, both.into_iter().collect::<BTreeSet<_>>());
    for step in responders::STEPS {
        let refused = free.iter().filter(|printed| printed.step == *step).all(|printed| printed.status == 1);
        assert!(refused, "`rempart {step}` is for responders, and alice is none");
    }
    for step in remote::STEPS {
        let statuses: BTreeSet<i32> =
            free.iter().filter(|printed| printed.step == *step).map(|printed| printed.status).collect();
        assert_eq!(statuses, BTreeSet::from([0, 1]), "`rempart {step}` succeeds and is refused");
    }
    assert_eq!(free.len(), held.len());
    for (free, held) in free.iter().zip(&held) {
        assert_eq!(free, held);
    }
}

fn subcommands_that_read_a_journal_and_the_log_say_the_same() {
    let [free, held] = folders::play();
    let tried: BTreeSet<&str> = free.iter().map(|printed| printed.step.as_str()).collect();
    assert_eq!(tried, folders::STEPS.iter().copied().collect::<BTreeSet<_>>());
    assert_eq!(free.len(), held.len());
    for (free, held) in free.iter().zip(&held) {
        assert_eq!(free, held);
    }
}

#[test]
fn masking_keeps_what_is_the_same_and_what_is_not() {
    let hash = |byte: &str| byte.repeat(32);
    let text = format!("done: {} and {} and {}, 7f", hash("ab"), hash("cd"), hash("ab"));
    assert_eq!(masked(&text), "done: <1> and <2> and <1>, 7f");
    assert_eq!(masked("at 2026-03-02T08:00:00Z on 127.0.0.1:4711"), "at <time> on <address>");
}
