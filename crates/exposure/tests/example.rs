//! The bound on a complete example, each figure derived by hand (G2).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that goes wrong stops")]

use exposure::{Adversary, Bound, Holdings, Mode, Question, Taken, bound, table};
use policy::{Policy, Source};
use types::Span;

fn example() -> Policy {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    let loaded = policy::load(&[
        source("rules.toml", include_str!("data/rules.toml")),
        source("register.toml", include_str!("data/register.toml")),
    ]);
    loaded.policy.unwrap()
}

fn ask(taken: Taken, hours: u64, mode: Mode) -> Bound {
    let policy = example();
    let question = Question { adversary: Adversary::Homes, taken, horizon: Span::from_hours(hours), mode };
    bound(&policy, &Holdings::from_policy(&policy), &question).unwrap()
}

#[test]
fn print_table() {
    let policy = example();
    let t = std::time::Instant::now();
    for b in table(&policy, &Holdings::from_policy(&policy), Adversary::Homes).unwrap() {
        println!(
            "{} {} {:?} {:?} {} {} {:?} {}",
            b.k,
            b.horizon,
            b.mode,
            b.taken,
            b.amount.minor() as f64 / 100.,
            b.reached.minor() as f64 / 100.,
            b.ways,
            b.witness.len()
        );
    }
    println!("{:?}", t.elapsed());
    let b = ask(Taken::K(2), 72, Mode::Silent);
    for s in b.witness {
        println!("{s:?}");
    }
}
