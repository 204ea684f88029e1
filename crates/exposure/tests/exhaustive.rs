//! The bound against exhaustive search on small random organisations: never below, and reached (G2).
//!
//! `REMPART_CASES` sets how many; the full run takes 20 000.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that goes wrong stops")]

mod small;

use exposure::{Adversary, Holdings, Mode, Question, Taken, bound};
use small::brute::worst;
use small::{Chance, Small};
use types::Span;

const CASES: u64 = 1_000;

fn cases() -> u64 {
    std::env::var("REMPART_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES)
}

#[test]
fn the_bound_is_what_exhaustive_search_finds() {
    let (mut exact, mut loose, mut skipped, mut lossy) = (0, 0, 0, 0);
    let only: Option<u64> = std::env::var("REMPART_SEED").ok().and_then(|text| text.parse().ok());
    for seed in only.map_or(0..cases(), |seed| seed..seed + 1) {
        let small = Small::random(seed);
        let chance = &mut Chance::new(seed ^ 0xfeed);
        let (k, horizon, mode) = (1 + chance.below(2), chance.below(6) as u32, chance.of(&Mode::ALL));
        let Some(expected) = worst(&small, k, horizon, mode) else {
            skipped += 1;
            continue;
        };
        let policy = small.policy();
        let question = Question {
            adversary: Adversary::Homes,
            taken: Taken::K(u8::try_from(k).unwrap()),
            horizon: Span::from_hours(u64::from(horizon)),
            mode,
        };
        let found = bound(&policy, &Holdings::from_policy(&policy), &question).unwrap();
        let (upper, lower) = (found.amount.minor(), found.reached.minor());
        let expected = u128::from(expected);
        assert!(
            upper >= expected && lower <= expected,
            "seed {seed}: {lower}..{upper}, exhaustive {expected}, k {k}, {horizon}h {mode:?}\n{small:#?}\n{:?}",
            found.witness
        );
        lossy += usize::from(expected > 0);
        if upper == expected && lower == expected {
            exact += 1;
        } else {
            loose += 1;
            if only.is_some() {
                println!("{small:#?}\n{:?}", found.witness);
            }
            println!("seed {seed}: {lower}..{upper}, exhaustive {expected}, k {k}, {horizon}h {mode:?}");
        }
    }
    println!("exact {exact}, loose {loose}, skipped {skipped}, with a loss {lossy}");
    assert!(loose * 100 <= exact, "{loose} of {exact} are not tight");
    assert!(skipped * 20 <= exact && lossy * 4 >= exact);
}
