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
