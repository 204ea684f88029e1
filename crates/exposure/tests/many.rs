//! The bound where there are too many ways to take to look at them one by one, against exhaustive search (G2): many homes that differ
//! from each other, of which only a few can do anything.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that goes wrong stops")]

mod small;

use std::fmt::Write as _;

use exposure::{Adversary, Holdings, Mode, Question, Taken, bound};
use policy::Source;
use small::brute::worst;
use small::{Chance, Small};
use types::Span;

const CASES: u64 = 250;
/// With the three homes of the organisation more than 300 pairs, and 13 000 triples.
const STRANGERS: usize = 40;

fn cases() -> u64 {
    std::env::var("REMPART_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES)
}

/// Homes of people whom no rule names, each in a group of its own.
fn strangers() -> Source {
    let mut text = String::new();
    for number in 0..STRANGERS {
        _ = writeln!(text, "[[place]]\nid = \"far{number}\"\nkind = \"home\"");
        _ = writeln!(
            text,
            "[[person]]\nid = \"stranger{number}\"\ngroups = [\"club{number}\"]\nplaces = [\"far{number}\"]"
        );
    }
    Source { name: "strangers.toml".into(), text }
}

#[test]
fn among_many_homes_the_few_that_matter_are_found() {
    let (mut exact, mut loose, mut lossy) = (0, 0, 0);
    for seed in 0..cases() {
        let small = Small::random(seed);
        let chance = &mut Chance::new(seed ^ 0xfade);
        let (k, horizon, mode) = (2 + chance.below(2), chance.below(6) as u32, chance.of(&Mode::ALL));
        let Some(expected) = worst(&small, k, horizon, mode) else { continue };
        let mut sources = small.policy().sources().to_vec();
        sources.push(strangers());
        let policy = policy::load(&sources).policy.unwrap();
        let question = Question {
            adversary: Adversary::Homes,
            taken: Taken::K(u8::try_from(k).unwrap()),
            horizon: Span::from_hours(u64::from(horizon)),
            mode,
        };
        let found = bound(&policy, &Holdings::from_policy(&policy), &question).unwrap();
        let (upper, lower, expected) = (found.amount.minor(), found.reached.minor(), u128::from(expected));
        assert!(
            upper >= expected && lower <= expected,
            "seed {seed}: {lower}..{upper}, exhaustive {expected}, k {k}, {horizon}h {mode:?}\n{small:#?}"
        );
        lossy += usize::from(expected > 0);
        *(if upper == lower { &mut exact } else { &mut loose }) += 1;
    }
    println!("exact {exact}, loose {loose}, with a loss {lossy}");
    assert!(loose * 50 <= exact, "{loose} of {exact} are not tight");
    assert!(lossy * 4 >= exact);
}

/// What the worst three people lose, where two of the board from two homes approve what a clerk submits. These are the homes of the
/// board, the first of its members first; nobody stands for having none.
fn three_people(homes: &[&str]) -> u128 {
    let mut text = String::from(
        "[organisation]\nname = \"Homes\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n\
         [[vault]]\nid = \"v\"\nchain = \"gate-only\"\naddresses = [\"v\"]\nbalance = \"9 EUR\"\n\
         [[permit]]\nid = \"p\"\nvaults = [\"v\"]\ninitiators = [\"clerks\"]\ndestination = \"any\"\nhold = \"0h\"\nexpires = \"1d\"\n\
         approve = { at_least = 2, of = \"board\", apart = \"home\" }\n\
         [change]\napprove = { at_least = 9, of = \"board\", apart = \"home\" }\nhold = \"9d\"\n\
         tighten = { at_least = 1, of = \"board\" }\n\
         [response]\nresponders = \"board\"\n\
         [[person]]\nid = \"clerk\"\ngroups = [\"clerks\"]\n",
    );
    for home in ["near", "far"] {
        _ = writeln!(text, "[[place]]\nid = \"{home}\"\nkind = \"home\"");
    }
    for (number, home) in homes.iter().enumerate() {
        let places = if *home == "none" { String::new() } else { format!("\"{home}\"") };
        _ = writeln!(text, "[[person]]\nid = \"b{number}\"\ngroups = [\"board\"]\nplaces = [{places}]");
    }
    let loaded = policy::load(&[Source { name: "homes.toml".into(), text }]);
    let policy = loaded.policy.unwrap_or_else(|| unreachable!("{:?}", loaded.diagnostics));
    let question = Question {
        adversary: Adversary::People,
        taken: Taken::K(3),
        horizon: Span::from_hours(1),
        mode: Mode::Silent,
    };
    let found = bound(&policy, &Holdings::from_policy(&policy), &question).unwrap();
    assert!(found.is_exact(), "{found:?}");
    found.amount.minor() / 100
}

#[test]
fn of_people_who_live_together_those_from_other_homes_are_looked_at() {
    assert_eq!(three_people(&["near", "near", "near", "near"]), 0);
    assert_eq!(three_people(&["near", "near", "near", "far"]), 9);
    assert_eq!(three_people(&["far", "near", "near", "near"]), 9);
    assert_eq!(three_people(&["none", "none", "none", "near"]), 0);
    assert_eq!(three_people(&["none", "none", "none", "near", "far"]), 9);
}
