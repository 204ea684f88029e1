//! Odd policies (G2): what they lose is what the gate would let out, and nothing breaks.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that goes wrong stops"
)]

use exposure::{Adversary, Holdings, Mode, Question, Taken, Usage, bound, cheapest, deceived, table};
use policy::{Policy, Source};
use types::Span;

/// Ann may pay out of a vault of 900 EUR; what is written between the marks differs.
fn policy(permit: &str, more: &str) -> Policy {
    let loaded = load(permit, more);
    loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn load(permit: &str, more: &str) -> policy::Loaded {
    let text = format!(
        "[organisation]\nname = \"Odd\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Paris\"\n\
         [[vault]]\nid = \"v\"\nchain = \"gate-only\"\naddresses = [\"a\"]\nbalance = \"900 EUR\"\n\
         [[permit]]\nid = \"p\"\nvaults = [\"v\"]\ndestination = \"any\"\n{permit}\n\
         [change]\napprove = {{ at_least = 1, of = \"all\" }}\nhold = \"7d\"\ntighten = {{ at_least = 1, of = \"all\" }}\n\
         [stop]\nlift = {{ at_least = 2, of = \"all\" }}\nafter = \"1h\"\n\
         [response]\nresponders = \"all\"\nquiet = \"24h\"\nreaction = \"2h\"\nclear = {{ at_least = 2, of = \"all\" }}\n\
         [[place]]\nid = \"home-ann\"\nkind = \"home\"\n[[place]]\nid = \"home-ben\"\nkind = \"home\"\n\
         [[person]]\nid = \"ann\"\ngroups = [\"all\"]\nplaces = [\"home-ann\"]\n\
         [[person]]\nid = \"ben\"\ngroups = [\"all\"]\nplaces = [\"home-ben\"]\n\
         [[service]]\nid = \"robot\"\ngroups = [\"programs\"]\noperated_by = []\n{more}"
    );
    policy::load(&[Source { name: "odd.toml".into(), text }])
}

fn euros(policy: &Policy, k: u8, hours: u64) -> u128 {
    let (taken, horizon) = (Taken::K(k), Span::from_hours(hours));
    let question = Question { adversary: Adversary::Homes, taken, horizon, mode: Mode::Silent };
    let found = bound(policy, &Holdings::from_policy(policy), &question).unwrap();
    assert!(found.is_exact(), "{found:?}");
    found.amount.minor() / 100
}

const AT_ONCE: &str = "initiators = [\"all\"]\nhold = \"0h\"\nexpires = \"1d\"";

#[test]
fn a_quorum_that_nobody_meets_loses_nothing_and_deceives_nobody() {
    let policy = policy(&format!("{AT_ONCE}\napprove = {{ at_least = 9, of = \"all\" }}"), "");
    assert_eq!([euros(&policy, 1, 1), euros(&policy, 2, 48)], [0, 0]);
    let (taken, horizon) = (Taken::K(2), Span::from_hours(48));
    let question = Question { adversary: Adversary::Homes, taken, horizon, mode: Mode::Silent };
    let found = deceived(&policy, &Holdings::from_policy(&policy), &[question]).unwrap();
    assert_eq!(found[0].amount.minor(), 0);
}

/// No person is of the group, only a program that nobody operates.
#[test]
fn a_group_without_people_starts_and_approves_nothing() {
    let approving = policy(&format!("{AT_ONCE}\napprove = {{ at_least = 1, of = \"programs\" }}"), "");
    let starting = policy("initiators = [\"programs\"]\nhold = \"0h\"\nexpires = \"1d\"", "");
    assert_eq!([euros(&approving, 2, 48), euros(&starting, 2, 48)], [0, 0]);
    // A group that nobody is of is no group: the files are refused.
    let nobody = load("initiators = [\"nobody\"]\nhold = \"0h\"\nexpires = \"1d\"", "");
    assert!(nobody.policy.is_none() && format!("{:?}", nobody.diagnostics).contains("nobody"));
}

#[test]
fn a_window_of_zero_is_refused_with_its_place() {
    let zero = load(
        AT_ONCE,
        "[[limit]]\nid = \"zero\"\nvaults = [\"v\"]\nper = \"0h\"\namount = \"10 EUR\"\nby = \"vault\"\n",
    );
    assert!(
        zero.policy.is_none() && format!("{:?}", zero.diagnostics).contains("per"),
        "{:?}",
        zero.diagnostics
    );
}

#[test]
fn a_hold_beyond_the_horizon_loses_nothing_until_then() {
    let policy = policy("initiators = [\"all\"]\nhold = \"72h\"\nexpires = \"7d\"", "");
    assert_eq!([euros(&policy, 1, 71), euros(&policy, 1, 72)], [0, 900]);
    let never = self::policy("initiators = [\"all\"]\nhold = \"72h\"\nexpires = \"71h\"", "");
    assert_eq!(euros(&never, 1, 160), 0);
}

#[test]
fn a_horizon_of_nothing_and_vaults_without_anything_are_answered() {
    let policy =
        policy(AT_ONCE, "[[limit]]\nid = \"l\"\nvaults = [\"v\"]\nper = \"1h\"\ncount = 0\nby = \"vault\"\n");
    assert_eq!([euros(&policy, 1, 0), euros(&policy, 2, 100)], [0, 0]);
    let holdings = Holdings::from_policy(&policy);
    let found = table(&policy, &holdings, Adversary::Homes).unwrap();
    let ask = |b: &exposure::Bound| Question {
        adversary: b.adversary,
        taken: Taken::K(b.k),
        horizon: b.horizon,
        mode: b.mode,
    };
    let questions: Vec<Question> = found.iter().map(ask).collect();
    // After a week two of two have changed the rules.
    let late =
        |b: &&exposure::Bound| b.k >= 2 && b.horizon == Span::from_hours(168) && b.amount.minor() == 90_000;
    assert_eq!(found.iter().filter(late).count(), 6);
    let best = cheapest(&policy, &holdings, &Usage::example(&policy), &questions, &found);
    for (bound, best) in found.iter().zip(&best) {
        assert_eq!(best.is_some(), bound.amount.minor() > 0, "{bound:?}");
    }
}
