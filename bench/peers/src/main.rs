//! The same rules in four engines: our policy, zen-engine, cedar-policy and regorus. First every decision must be the same on random
//! requests, then each engine is timed on them. Called by `cargo xtask peers`; nothing here is shipped.
//!
//! The rules are limited to what all four can express: permits by vault, group, amount and list of destinations; forbids by list. What
//! only ours has (quorums, holds, windows, calendar) is left out. Requests are in each engine's own form before the clock starts. Our
//! policy, Cedar and Rego look up the group of a person and the list of an address themselves; zen-engine, which has no
//! data of its own, is given both.

mod cedar;
mod ours;
mod rego;
mod rules;
mod zen;

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::rules::{Request, RuleSet};

const RULES: &[usize] = &[10, 100, 1_000];
const REQUESTS: usize = 2_000;
const ROUNDS: usize = 7;
const ROUND_TIME: Duration = Duration::from_millis(300);

/// An engine with one rule set loaded and the requests in its own form.
pub trait Engine {
    /// Whether the request with this number is allowed.
    fn allows(&mut self, request: usize) -> anyhow::Result<bool>;
}

type Load = fn(&RuleSet, &[Request]) -> anyhow::Result<Box<dyn Engine>>;

const ENGINES: &[(&str, Load)] = &[
    ("rempart", ours::load),
    ("zen-engine", zen::load),
    ("cedar-policy", cedar::load),
    ("regorus", rego::load),
];

fn main() -> anyhow::Result<()> {
    println!("{:<14} {:>6} {:>14} {:>10} {:>9}", "engine", "rules", "ns/evaluation", "ratio", "allowed");
    for rules in RULES {
        compare(*rules)?;
    }
    println!(
        "decisions identical: {REQUESTS} requests for each of {RULES:?} rules; ratio: time relative to rempart's"
    );
    Ok(())
}

fn compare(rules: usize) -> anyhow::Result<()> {
    let set = RuleSet::generate(rules, 1);
    let requests = set.requests(REQUESTS, 2);
    let expected: Vec<bool> = requests.iter().map(|request| set.allows(request)).collect();
    let allowed = expected.iter().filter(|allowed| **allowed).count();
    ensure!(
        allowed > REQUESTS / 10 && allowed < REQUESTS * 9 / 10,
        "the requests are too much alike: {allowed} allowed"
    );
    let mut base = None;
    for (name, load) in ENGINES {
        let mut engine =
            load(&set, &requests).with_context(|| format!("{name} cannot load {rules} rules"))?;
        check(engine.as_mut(), &expected, &requests).with_context(|| format!("{name} with {rules} rules"))?;
        let nanos = time(engine.as_mut())?;
        let ratio = nanos / *base.get_or_insert(nanos);
        println!("{name:<14} {rules:>6} {nanos:>14.0} {ratio:>10.1} {allowed:>9}");
    }
    whole(&set, &requests, &expected, base.context("no engine")?)
}

/// Ours with quorums and windows. Quorum and room are there in every request, so that the decisions are the same again.
fn whole(set: &RuleSet, requests: &[Request], expected: &[bool], base: f64) -> anyhow::Result<()> {
    let mut engine = ours::load_whole(set, requests)?;
    check(engine.as_mut(), expected, requests).context("rempart, whole")?;
    let nanos = time(engine.as_mut())?;
    let rules = set.permits.len() + set.forbidden_lists;
    println!("{:<14} {rules:>6} {nanos:>14.0} {:>10.1}", "rempart, whole", nanos / base);
    Ok(())
}

fn check(engine: &mut dyn Engine, expected: &[bool], requests: &[Request]) -> anyhow::Result<()> {
    for (at, (expected, request)) in expected.iter().zip(requests).enumerate() {
        let found = engine.allows(at)?;
        ensure!(found == *expected, "decides {found} instead of {expected} on {request:?}");
    }
    Ok(())
}

/// The median over the rounds of the mean time of one evaluation, in nanoseconds.
fn time(engine: &mut dyn Engine) -> anyhow::Result<f64> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut evaluations = 0_u64;
        while start.elapsed() < ROUND_TIME {
            for request in 0..REQUESTS {
                black_box(engine.allows(black_box(request))?);
            }
            evaluations += REQUESTS as u64;
        }
        rounds.push(start.elapsed().as_nanos() as f64 / evaluations as f64);
    }
    rounds.sort_by(f64::total_cmp);
    rounds.get(ROUNDS / 2).copied().context("no rounds")
}
