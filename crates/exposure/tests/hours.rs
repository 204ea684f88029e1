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

/// Permits with hours that follow one another, most of them for everybody and without approval, so that when to begin decides.
fn with_hours(seed: u64) -> Small {
    let mut small = Small::random(seed);
    let chance = &mut Chance::new(seed ^ 0xca1e);
    let easy = chance.percent(80);
    for person in small.people.iter_mut().filter(|_| easy) {
        person.groups = vec![0, 1, 2];
    }
    let mut from = 8;
    for permit in &mut small.permits {
        let to = from + 1 + chance.below(3) as u32;
        permit.hours = chance.percent(80).then_some((from, to));
        from = (to + chance.below(3) as u32).saturating_sub(chance.below(2) as u32);
        if easy {
            permit.approve.clear();
            permit.up_to = permit.up_to.or(Some(permit.over.unwrap_or(0) + 1 + chance.below(2) as u32));
        }
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
    assert!(loose * 50 <= exact && skipped * 2 <= exact && lossy * 6 >= exact);
}

fn limit(id: &str, vaults: &str, per: u32, count: u32) -> String {
    format!(
        "[[limit]]\nid = \"{id}\"\nvaults = [{vaults}]\nper = \"{per}h\"\ncount = {count}\nby = \"organisation\"\n"
    )
}

/// Whole euros that Ann's home loses, out of two vaults that pay 1 EUR at a time within these hours.
fn euros(early: (u32, u32), late: (u32, u32), limits: &str, hours: u64) -> u128 {
    let vault = |id: &str, (from, to): (u32, u32)| {
        format!(
            "[[vault]]\nid = \"{id}\"\nchain = \"gate-only\"\naddresses = [\"{id}\"]\nbalance = \"9 EUR\"\n\
             [[permit]]\nid = \"{id}\"\nvaults = [\"{id}\"]\ninitiators = [\"all\"]\namount = {{ up_to = \"1 EUR\" }}\n\
             destination = \"any\"\nhold = \"0h\"\nexpires = \"1d\"\n\
             calendar = {{ days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"], from = \"{from:02}:00\", to = \"{to:02}:00\" }}\n"
        )
    };
    let two = "{ at_least = 2, of = \"all\" }";
    let text = format!(
        "[organisation]\nname = \"Hours\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Paris\"\n{}{}{limits}\
         [change]\napprove = {two}\nhold = \"7d\"\ntighten = {two}\n[stop]\nlift = {two}\nafter = \"1h\"\n\
         [response]\nresponders = \"all\"\nquiet = \"24h\"\nreaction = \"2h\"\nclear = {two}\n\
         [[place]]\nid = \"home\"\nkind = \"home\"\n[[person]]\nid = \"ann\"\ngroups = [\"all\"]\nplaces = [\"home\"]\n",
        vault("early", early),
        vault("late", late),
    );
    let policy = policy::load(&[policy::Source { name: "hours.toml".into(), text }]).policy.unwrap();
    let (taken, horizon) = (Taken::K(1), Span::from_hours(hours));
    let question = Question { adversary: Adversary::Homes, taken, horizon, mode: Mode::Silent };
    let found = bound(&policy, &Holdings::from_policy(&policy), &question).unwrap();
    assert!(found.is_exact(), "{found:?}");
    found.amount.minor() / 100
}

/// One transfer a day out of each. In 3 h both are reached by who begins at 9:59:59, and by nobody who begins at 8:00; in 2 h by nobody.
#[test]
fn the_worst_beginning_may_be_the_last_second_of_some_hours() {
    let limits = limit("a", "\"early\"", 24, 1) + &limit("b", "\"late\"", 24, 1);
    assert_eq!([2, 3].map(|hours| euros((8, 10), (12, 14), &limits, hours)), [1, 2]);
}

/// Two transfers in any five hours; out of `late` one in two hours, from 10 to 13; out of `early` from 4 to 9. Within five hours only who
/// begins at 7:59:59 gets three out: the first then, the second from 10 on, the third at 12:59:59, five hours after the first and two after
/// the second. A later beginning leaves the third outside of the hours, an earlier one beyond the horizon.
#[test]
fn the_worst_beginning_may_be_at_no_edge_of_the_hours() {
    let limits = limit("late-pace", "\"late\"", 2, 1) + &limit("pace", "\"early\", \"late\"", 5, 2);
    assert_eq!([4, 5].map(|hours| euros((4, 9), (10, 13), &limits, hours)), [2, 3]);
}
