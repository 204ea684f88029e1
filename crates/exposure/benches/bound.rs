//! How long the loss bound takes as an organisation grows, and how much less that is than trying everything (G2).
//!
//! `cargo bench -p exposure` prints the figures; `docs/measurements.md` keeps them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that goes wrong stops, and prints"
)]

#[path = "../tests/small/mod.rs"]
mod small;

mod large;

use std::time::Instant;

use divan::Bencher;
use exposure::{Adversary, Bound, Holdings, Mode, Question, Taken, bound, table};
use large::Large;
use small::brute::worst;
use small::{Chance, Small};
use types::Span;

fn main() {
    figures();
    brute_force();
    divan::main();
}

/// Others use the machine too: of a few runs the shortest counts.
const RUNS: usize = 3;

fn shortest<T>(run: impl Fn() -> T) -> (f64, T) {
    let timed = || {
        let begun = Instant::now();
        let found = run();
        (begun.elapsed().as_secs_f64(), found)
    };
    (0..RUNS).map(|_| timed()).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
}

fn full_table(large: &Large, adversary: Adversary) -> (f64, Vec<Bound>) {
    let policy = large.policy();
    let holdings = Holdings::from_policy(&policy);
    shortest(|| table(&policy, &holdings, adversary).unwrap())
}

fn show(name: &str, large: &Large, adversary: Adversary) {
    let (seconds, bounds) = full_table(large, adversary);
    let exact = bounds.iter().filter(|bound| bound.is_exact()).count();
    let gap = |bound: &Bound| {
        let amount = bound.amount.minor().max(1);
        (bound.gap().minor() * 1000 / amount) as f64 / 10.0
    };
    let worst = bounds.iter().map(gap).fold(0.0, f64::max);
    println!(
        "{name:<44} people {:>5} homes {:>4} classes {:>4} rules {:>4} vaults {:>3}: {seconds:>8.3} s, exact {exact} of {}, largest gap {worst} %",
        large.homes * large.per_home + large.homes / 3,
        large.homes,
        large.classes,
        large.permits + large.limits,
        large.vaults,
        bounds.len()
    );
}

/// The full table (k = 1 to 3, five horizons, three modes) on one core.
fn figures() {
    let usual = Large::default();
    let homes = |name: &str, large: &Large| show(name, large, Adversary::Homes);
    homes("target", &usual);
    for per_home in [1, 2, 3] {
        homes("people", &Large { per_home, ..usual.clone() });
    }
    for permits in [20, 70, 140, 280] {
        homes("rules", &Large { permits, limits: permits * 3 / 7, ..usual.clone() });
    }
    for classes in [5, 10, 20, 35] {
        homes("classes", &Large { classes, ..usual.clone() });
    }
    let strangers = Large { classes: 300, distinct: true, ..usual.clone() };
    homes("nobody is interchangeable", &strangers);
    show("taken by person", &usual, Adversary::People);
    show("taken by person, nobody interchangeable", &strangers, Adversary::People);
    for (name, large) in [("target", &usual), ("nobody is interchangeable", &strangers)] {
        (1..=6).for_each(|k| one_figure(name, large, k));
    }
}

/// How one figure grows with the number of homes taken.
fn one_figure(name: &str, large: &Large, k: u8) {
    let policy = large.policy();
    let holdings = Holdings::from_policy(&policy);
    let horizon = Span::from_hours(72);
    let question = Question { adversary: Adversary::Homes, taken: Taken::K(k), horizon, mode: Mode::Silent };
    let (seconds, found) = shortest(|| bound(&policy, &holdings, &question).unwrap());
    let exact = if found.is_exact() { "exact" } else { "not exact" };
    println!("{name:<44} {k} homes for three days: {seconds:>8.3} s, {exact}");
}

/// The same small organisations by the bound and by trying every strategy.
fn brute_force() {
    let (mut mine, mut theirs, mut count) = (0.0, 0.0, 0);
    for seed in 0..300 {
        let small = Small::random(seed);
        let begun = Instant::now();
        if worst(&small, 2, 5, Mode::Silent).is_none() {
            continue;
        }
        theirs += begun.elapsed().as_secs_f64();
        let policy = small.policy();
        let holdings = Holdings::from_policy(&policy);
        let question = Question {
            adversary: Adversary::Homes,
            taken: Taken::K(2),
            horizon: Span::from_hours(5),
            mode: Mode::Silent,
        };
        let begun = Instant::now();
        bound(&policy, &holdings, &question).unwrap();
        mine += begun.elapsed().as_secs_f64();
        count += 1;
    }
    let _ = Chance::new(0).next();
    println!(
        "brute force on {count} small organisations: {theirs:.3} s, the bound {mine:.3} s, ratio {:.0}",
        theirs / mine
    );
}

#[divan::bench]
fn one_home_two_days(bencher: Bencher<'_, '_>) {
    let policy = Large::default().policy();
    let holdings = Holdings::from_policy(&policy);
    let question = Question {
        adversary: Adversary::Homes,
        taken: Taken::K(1),
        horizon: Span::from_hours(48),
        mode: Mode::Silent,
    };
    bencher.bench(|| bound(&policy, &holdings, &question).unwrap());
}
