//! A tree of branches finds what looking at every candidate finds (G2).

use super::*;
use crate::small::{Chance, Small};

const CASES: u64 = 400;

#[test]
fn a_tree_finds_what_looking_at_everything_finds() {
    let (mut same, mut other) = (0, 0);
    for seed in 0..CASES {
        let policy = Small::random(seed).policy();
        let holdings = Holdings::from_policy(&policy);
        for adversary in [Adversary::Homes, Adversary::People] {
            let inquiry = Inquiry::of(&policy, &holdings, adversary);
            let chance = &mut Chance::new(seed ^ 0xace);
            let (k, hours) = (1 + chance.below(3), chance.below(12) as u64);
            let asked = (u8::try_from(k).unwrap(), Span::from_hours(hours), chance.of(&Mode::ALL));
            let takings = inquiry.field.takings(k, usize::MAX).unwrap();
            let each = takings.into_iter().map(|taken| inquiry.field.candidate(taken)).collect();
            let each = inquiry.worst(&Tree::of(&inquiry.ground, each), asked);
            let tree = Tree::whole(&inquiry.ground, inquiry.field.tally(k));
            let tree = inquiry.worst(&tree, asked);
            let (Ok(each), Ok(tree)) = (each, tree) else { continue };
            assert!(tree.amount >= each.reached, "seed {seed} {adversary} {asked:?}: {tree:#?}\n{each:#?}");
            assert!(tree.reached <= each.amount, "seed {seed} {adversary} {asked:?}: {tree:#?}\n{each:#?}");
            if (tree.amount, tree.reached) == (each.amount, each.reached) {
                same += 1;
            } else {
                other += 1;
            }
        }
    }
    assert!(other * 100 <= same, "{other} of {same} are not the same");
}

/// Every choice of so many names.
fn choices(names: &[String], k: usize) -> Vec<Vec<String>> {
    let Some((first, rest)) = names.split_first().filter(|_| k > 0) else { return vec![Vec::new()] };
    let mut found = if rest.len() >= k { choices(rest, k) } else { Vec::new() };
    found.extend(choices(rest, k - 1).into_iter().map(|mut chosen| {
        chosen.push(first.clone());
        chosen
    }));
    found
}

#[test]
fn the_worst_people_are_as_bad_as_those_taken_by_name() {
    let (mut lossy, mut compared) = (0, 0);
    for seed in 0..CASES {
        let small = Small::random(seed);
        let policy = small.policy();
        let holdings = Holdings::from_policy(&policy);
        let chance = &mut Chance::new(seed ^ 0xcafe);
        let (k, hours, mode) = (1 + chance.below(3), chance.below(10) as u64, chance.of(&Mode::ALL));
        let ask = |taken: Taken| {
            let horizon = Span::from_hours(hours);
            let question = Question { adversary: Adversary::People, taken, horizon, mode };
            answers(&policy, &holdings, &[question]).map(|found| found[0].clone())
        };
        let mut names: Vec<String> = policy.people().map(|person| person.id.to_string()).collect();
        names.extend(policy.protected_people().iter().map(|protected| protected.id.to_string()));
        let named: Result<Vec<Bound>, _> =
            choices(&names, k.min(names.len())).into_iter().map(|ids| ask(Taken::Ids(ids))).collect();
        let (Ok(named), Ok(worst)) = (named, ask(Taken::K(u8::try_from(k).unwrap()))) else { continue };
        let reached = named.iter().map(|bound| bound.reached).max().unwrap();
        let amount = named.iter().map(|bound| bound.amount).max().unwrap();
        assert!(worst.amount >= reached && worst.reached <= amount, "seed {seed}: {worst:#?}\n{small:#?}");
        compared += 1;
        lossy += usize::from(reached > Value::ZERO);
    }
    assert!(compared * 10 > CASES as usize * 9 && lossy * 4 > compared, "{compared}, with a loss {lossy}");
}
