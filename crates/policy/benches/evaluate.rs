//! How long evaluation takes as rules grow: forbids, charges and matching for one transfer; quorums; windows.
//!
//! `cargo bench -p policy`. The aim: under 1 µs for 10 rules, under 5 µs for 1 000; cost grows with the rules that match.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a benchmark may stop")]

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use policy::{Facts, NoHistory, OutputFacts, Policy, Quorum, Source, load};
use types::{ActorId, PersonId, Target, Timestamp, Value, VaultId};

fn main() {
    divan::main();
}

const FRAME: &str = r#"
[organisation]
name = "Bench"
currency = "EUR"
time_zone = "UTC"
[change]
approve = { at_least = 2, of = "board", apart = "home" }
hold = "7d"
[response]
responders = "board"
"#;

/// Rules in the proportions of a real policy: eight permits in ten, one forbid, one limit, over vaults, groups and lists.
fn rules(count: usize) -> Policy {
    let mut text = String::from(FRAME);
    let vaults = (count / 50).max(2);
    for n in 0..vaults {
        let _ = writeln!(text, "[[vault]]\nid = \"v{n}\"\nchain = \"gate-only\"");
    }
    for n in 0..20 {
        let _ = writeln!(
            text,
            "[[destination]]\nid = \"d{n}\"\naddress = \"addr{n}\"\nlist = \"list{}\"",
            n % 10
        );
        let home = n / 2;
        let _ = writeln!(text, "[[place]]\nid = \"home{n}\"\nkind = \"home\"");
        let _ = writeln!(
            text,
            "[[person]]\nid = \"p{n}\"\ngroups = [\"board\", \"g{}\"]\nplaces = [\"home{home}\"]",
            n % 5
        );
    }
    for n in 0..count {
        match n % 10 {
            8 => {
                let _ = writeln!(
                    text,
                    "[[forbid]]\nid = \"r{n}\"\ndestination = \"list:list{}\"\namount = {{ over = \"{n}000000 EUR\" }}",
                    n / 10 % 10
                );
            }
            9 => {
                let _ = writeln!(
                    text,
                    "[[limit]]\nid = \"r{n}\"\nvaults = [\"v{}\"]\nper = \"24h\"\namount = \"1000000 EUR\"\nby = \"vault\"",
                    n / 10 % vaults
                );
            }
            _ => {
                let destination = ["any", "listed", "list:list1", "vault:v0"][n % 4];
                let _ = writeln!(
                    text,
                    "[[permit]]\nid = \"r{n}\"\nvaults = [\"v{}\"]\ninitiators = [\"g{}\"]\namount = {{ up_to = \"{} EUR\" }}\ndestination = \"{destination}\"\napprove = {{ at_least = 2, of = \"board\", apart = \"home\" }}\nhold = \"48h\"\nexpires = \"7d\"",
                    n % vaults,
                    n / 2 % 5,
                    (n + 1) * 100
                );
            }
        }
    }
    let loaded = load(&[Source { name: "bench.toml".into(), text }]);
    loaded.policy.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

fn id<T>(text: &str, parse: impl Fn(&str) -> Result<T, types::ParseIdError>) -> T {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[divan::bench(args = [10, 100, 1000])]
fn evaluate(bencher: Bencher<'_, '_>, count: usize) {
    let policy = rules(count);
    let (vault, initiator) = (id("v0", VaultId::parse), id("p0", ActorId::parse));
    let outputs = [OutputFacts { target: Target::Address("addr1".into()), value: Value::from_minor(50_000) }];
    let facts = Facts {
        vault: &vault,
        initiator: &initiator,
        at: Timestamp::from_millis(1_790_000_000_000),
        value: Value::from_minor(50_100),
        outputs: &outputs,
        fee: Value::from_minor(100),
    };
    bencher.bench_local(|| {
        let facts = black_box(&facts);
        (policy.forbidden(facts).is_some(), policy.charges(facts), policy.matching(facts, &NoHistory))
    });
}

#[divan::bench(args = [10, 100, 1000])]
fn matching_only(bencher: Bencher<'_, '_>, count: usize) {
    let policy = rules(count);
    let (vault, initiator) = (id("v0", VaultId::parse), id("p0", ActorId::parse));
    let outputs = [OutputFacts { target: Target::Address("addr1".into()), value: Value::from_minor(50_000) }];
    let facts = Facts {
        vault: &vault,
        initiator: &initiator,
        at: Timestamp::from_millis(1_790_000_000_000),
        value: Value::from_minor(50_100),
        outputs: &outputs,
        fee: Value::from_minor(100),
    };
    bencher.bench_local(|| policy.matching(black_box(&facts), &NoHistory));
}

fn quorum(policy: &Policy, which: &str) -> Quorum {
    let board = policy.change().approve.clone();
    match which {
        "apart" => board,
        _ => Quorum::All(vec![board.clone(), board]),
    }
}

#[divan::bench(args = ["apart", "all of two"])]
fn quorums(bencher: Bencher<'_, '_>, which: &str) {
    let policy = rules(10);
    let quorum = quorum(&policy, which);
    let people: Vec<PersonId> = (0..6).map(|n| id(&format!("p{n}"), PersonId::parse)).collect();
    let people: Vec<&PersonId> = people.iter().collect();
    bencher.bench_local(|| policy.met(black_box(&quorum), black_box(&people), &[]));
}

#[divan::bench(args = [10, 1000])]
fn windows(bencher: Bencher<'_, '_>, entries: i64) {
    let policy = rules(10);
    let limit = &policy.limits()[0];
    let hour = 3_600_000;
    let now = Timestamp::from_millis(1_790_000_000_000);
    let past: Vec<(Timestamp, Value)> = (0..entries)
        .map(|n| {
            (Timestamp::from_millis(now.as_millis() - (entries - n) * hour / 100), Value::from_minor(100))
        })
        .collect();
    bencher.bench_local(|| limit.fits(black_box(&past).iter().copied(), now, Value::from_minor(1)));
}
