//! What a coalition gets when free people approve in good faith, against exhaustive search on small random organisations.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that goes wrong stops")]

mod small;

use exposure::{Adversary, Holdings, Mode, Question, Taken, bound, deceived};
use small::brute::worst;
use small::{Chance, Leaf, Small};
use types::Span;

const CASES: u64 = 1_500;

#[test]
fn deceived_people_give_what_exhaustive_search_finds() {
    let (mut exact, mut loose, mut more) = (0, 0, 0);
    for seed in 0..CASES {
        let mut small = Small { deceived: true, ..Small::random(seed) };
        let chance = &mut Chance::new(seed ^ 0xdece);
        // Every permit asks somebody, so that there is somebody to deceive.
        for permit in small.permits.iter_mut().filter(|permit| permit.approve.is_empty()) {
            let apart = chance.percent(50);
            permit.approve.push(Leaf { at_least: 1 + chance.below(2), group: chance.below(3), apart });
        }
        let (k, horizon, mode) = (1, chance.below(6) as u32, chance.of(&Mode::ALL));
        let Some(expected) = worst(&small, k, horizon, mode) else { continue };
        let policy = small.policy();
        let taken = Taken::K(u8::try_from(k).unwrap());
        let horizon = Span::from_hours(u64::from(horizon));
        let question = Question { adversary: Adversary::Homes, taken, horizon, mode };
        let holdings = Holdings::from_policy(&policy);
        let found = deceived(&policy, &holdings, std::slice::from_ref(&question)).unwrap();
        let (upper, lower) = (found[0].amount.minor(), found[0].reached.minor());
        let expected = u128::from(expected);
        assert!(
            upper >= expected && lower <= expected,
            "seed {seed}: {lower}..{upper}, exhaustive {expected}, {question:?}\n{small:#?}"
        );
        let alone = bound(&policy, &holdings, &question).unwrap();
        assert!(upper >= alone.reached.minor(), "seed {seed}");
        more += usize::from(expected > alone.amount.minor());
        if upper == lower { exact += 1 } else { loose += 1 }
    }
    println!("exact {exact}, loose {loose}, more than without deceit {more}");
    assert!(loose * 50 <= exact && more * 40 >= exact, "exact {exact}, loose {loose}, more {more}");
}

/// Two of beta must approve; only the initiator and one other are of it, so even deceived people cannot.
#[test]
fn who_asks_does_not_approve_even_then() {
    let rules = |members: &str| {
        format!(
            "[organisation]\nname = \"S\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Paris\"\n\
             [[vault]]\nid = \"v\"\nchain = \"gate-only\"\naddresses = [\"a\"]\nbalance = \"900 EUR\"\n\
             [[permit]]\nid = \"p\"\nvaults = [\"v\"]\ninitiators = [\"beta\"]\ndestination = \"any\"\nhold = \"0h\"\nexpires = \"1d\"\n\
             approve = {{ at_least = 2, of = \"beta\" }}\n\
             [change]\napprove = {{ at_least = 2, of = \"beta\" }}\nhold = \"7d\"\ntighten = {{ at_least = 1, of = \"beta\" }}\n\
             [stop]\nlift = {{ at_least = 2, of = \"beta\" }}\nafter = \"1h\"\n\
             [response]\nresponders = \"beta\"\nquiet = \"24h\"\nreaction = \"2h\"\nclear = {{ at_least = 2, of = \"beta\" }}\n{members}"
        )
    };
    let person = |id: &str| {
        format!(
            "[[place]]\nid = \"home-{id}\"\nkind = \"home\"\n[[person]]\nid = \"{id}\"\ngroups = [\"beta\"]\nplaces = [\"home-{id}\"]\n"
        )
    };
    let lost = |people: &[&str]| {
        let text = rules(&people.iter().map(|id| person(id)).collect::<String>());
        let loaded = policy::load(&[policy::Source { name: "s.toml".into(), text }]);
        let policy = loaded.policy.unwrap();
        let (taken, horizon) = (Taken::K(1), Span::from_hours(1));
        let question = Question { adversary: Adversary::Homes, taken, horizon, mode: Mode::Silent };
        let holdings = Holdings::from_policy(&policy);
        assert_eq!(bound(&policy, &holdings, &question).unwrap().amount.minor(), 0);
        deceived(&policy, &holdings, &[question]).unwrap()[0].amount.minor()
    };
    assert_eq!(lost(&["ann", "ben"]), 0);
    assert_eq!(lost(&["ann", "ben", "cem"]), 90_000);
}
