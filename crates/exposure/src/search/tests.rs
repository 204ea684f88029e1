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
            let takings = inquiry.field.takings(k).unwrap();
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
