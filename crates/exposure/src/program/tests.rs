//! A program made small says what the whole one says, and coarse instants never say less than all that matter (G2).
#![allow(clippy::float_cmp, reason = "what is compared is rounded")]

use policy::Policy;

use super::*;
use crate::bound::{Adversary, Holdings, Mode};
use crate::candidates::Field;
use crate::plan::{Start, plan};
use crate::small::{Chance, Small};
use crate::windows::{coarse, instants, windows, without_idle};

const CASES: u64 = 400;

/// Every game of a random organisation, of one home and of two.
fn games(seed: u64, each: impl Fn(&Ground<'_>, &Game)) {
    let policy: Policy = Small::random(seed).policy();
    let holdings = Holdings::from_policy(&policy);
    let ground = Ground::of(&policy, &holdings);
    let field = Field::of(&policy, Adversary::Homes);
    let chance = &mut Chance::new(seed ^ 0xbeef);
    for k in 1..=2 {
        for taken in field.takings(k, usize::MAX).unwrap() {
            let hours = chance.below(15) as u64;
            let game = ground.game(&field.candidate(taken).power, hours * 3600, Mode::Silent);
            if !game.moves.is_empty() {
                each(&ground, &game);
            }
        }
    }
}

const START: Start<'_> = Start { at: None, openings: &[] };

fn gain(program: &Program) -> Option<f64> {
    let proposal = program.propose(&[])?;
    let values = proposal.values?;
    Some(values.iter().zip(&program.gain).filter(|(_, gain)| **gain).map(|(value, _)| *value).sum())
}

#[test]
fn a_small_program_is_worth_what_the_whole_one_is() {
    let mut smaller = 0;
    for seed in 0..CASES {
        games(seed, |ground, game| {
            let all = windows(ground, game);
            let open = |one: usize, from: u64, to: u64| START.may_open(ground, game, one, (from, to));
            for times in [instants(game, &all, &[]), coarse(game, &all, 3)] {
                let whole = Program::whole(ground, game, &all, &times, &open);
                let small = Program::of(ground, game, &all, &times, &open);
                assert!(small.variables.len() <= whole.variables.len());
                let (whole, small) = (gain(&whole), gain(&small));
                let close = |whole: f64, small: f64| (whole - small).abs() < 1e-4;
                let agree = whole.zip(small).map_or(whole.is_none() == small.is_none(), |(a, b)| close(a, b));
                assert!(agree, "seed {seed}: whole {whole:?}, small {small:?}\n{game:#?}");
            }
        });
        smaller += 1;
    }
    assert_eq!(smaller, CASES);
}

#[test]
fn coarse_instants_never_say_less() {
    let coarser = std::cell::Cell::new(0);
    for seed in 0..CASES {
        games(seed, |ground, game| {
            let all = windows(ground, game);
            let tight = without_idle(ground, game, &all, false);
            let fine = instants(game, &tight, &[]);
            let lost = plan(ground, game, START).strategy.lost;
            let open = |one: usize, from: u64, to: u64| START.may_open(ground, game, one, (from, to));
            for most in 1..5 {
                let times = coarse(game, &tight, most);
                assert!(times.times.len() <= most.max(1));
                coarser.set(coarser.get() + usize::from(times.times.len() < fine.times.len()));
                let upper = Program::of(ground, game, &tight, &times, &open).propose(&[]).unwrap().upper;
                assert!(upper >= lost, "seed {seed}, {times:?}: {upper} under {lost}\n{game:#?}");
            }
        });
    }
    assert!(coarser.get() > CASES as usize, "too few are coarser: {}", coarser.get());
}
