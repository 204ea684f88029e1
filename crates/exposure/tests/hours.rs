//! The bound where permits have calendars, against exhaustive search over every hour at which to begin (G2).
//!
//! `REMPART_CASES` sets how many.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that goes wrong stops")]

mod small;

use exposure::{Adversary, Holdings, Mode, Question, Taken, bound};
use small::brute::worst;
use small::{Chance, Small};
use types::Span;

const CASES: u64 = 400;

fn with_hours(seed: u64) -> Small {
    let mut small = Small::random(seed);
    let chance = &mut Chance::new(seed ^ 0xca1e);
    for permit in &mut small.permits {
        let from = 8 + chance.below(4) as u32;
        let to = from + 1 + chance.below(3) as u32;
        permit.hours = chance.percent(70).then_some((from, to));
    }
    small
}

#[test]
fn the_worst_hour_to_begin_is_found() {
    let cases = std::env::var("REMPART_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let only: Option<u64> = std::env::var("REMPART_SEED").ok().and_then(|text| text.parse().ok());
    let (mut exact, mut loose, mut skipped, mut lossy) = (0, 0, 0, 0);
    for seed in only.map_or(0..cases, |seed| seed..seed + 1) {
        let small = with_hours(seed);
        let chance = &mut Chance::new(seed ^ 0xfeed);
        let (k, horizon, mode) = (1 + chance.below(3), 1 + chance.below(5) as u32, chance.of(&Mode::ALL));
        let Some(expected) = worst(&small, k, horizon, mode) else {
            skipped += 1;
            continue;
        };
        let policy = small.policy();
        let (taken, hours) = (Taken::K(u8::try_from(k).unwrap()), Span::from_hours(u64::from(horizon)));
        let question = Question { adversary: Adversary::Homes, taken, horizon: hours, mode };
        let found = bound(&policy, &Holdings::from_policy(&policy), &question).unwrap();
        let (upper, lower, expected) = (found.amount.minor(), found.reached.minor(), u128::from(expected));
        assert!(
            upper >= expected && lower <= expected,
            "seed {seed}: {lower}..{upper}, exhaustive {expected}, k {k}, {horizon}h {mode:?}\n{small:#?}\n{:?}",
            found.witness
        );
        lossy += usize::from(expected > 0 && found.begins.is_some());
        if upper == expected && lower == expected {
            exact += 1;
        } else {
            loose += 1;
            println!("seed {seed}: {lower}..{upper}, exhaustive {expected}, k {k}, {horizon}h {mode:?}");
        }
    }
    println!("exact {exact}, loose {loose}, skipped {skipped}, lost within hours {lossy}");
    assert!(loose * 50 <= exact && skipped * 10 <= exact && lossy * 12 >= exact);
}
