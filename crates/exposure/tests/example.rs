//! The bound on a complete example, each figure derived by hand (G2), and what odd policies lead to.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that goes wrong stops"
)]

use exposure::{
    Action, Adversary, Assumption, Bound, BoundError, Holdings, Mode, Question, Taken, Usage, Way, advice,
    bound,
};
use policy::{Policy, Source};
use types::{Span, VaultId};

const RULES: &str = include_str!("data/rules.toml");
const REGISTER: &str = include_str!("data/register.toml");

fn loaded(rules: &str, register: &str) -> Policy {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    let loaded = policy::load(&[source("rules.toml", rules), source("register.toml", register)]);
    loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn ask_of(policy: &Policy, adversary: Adversary, taken: &str, horizon: &str, mode: Mode) -> Bound {
    let taken = match taken.parse() {
        Ok(k) => Taken::K(k),
        Err(_) => Taken::Ids(taken.split(',').map(str::to_owned).collect()),
    };
    let question = Question { adversary, taken, horizon: Span::parse(horizon).unwrap(), mode };
    let found = bound(policy, &Holdings::from_policy(policy), &question).unwrap();
    assert!(found.is_exact(), "{found:?}");
    found
}

fn euros(taken: &str, horizon: &str, mode: Mode) -> u128 {
    let found = ask_of(&loaded(RULES, REGISTER), Adversary::Homes, taken, horizon, mode);
    assert_eq!(found.amount.minor() % 100, 0);
    found.amount.minor() / 100
}

/// Elise and her payroll service are `operations`: payments from `hot` of up to 5 000 EUR without approval or hold. Of the limits the
/// day's 20 000 EUR binds, not the four payments an hour of each of the two. A window `(t - 24h, t]` that was filled at 0 is empty
/// again at 24 h, and what is released at the last instant counts: 1 window in 1 h, 2 in 24 h, 3 in 48 h, 4 in 72 h, 8 in 7 d.
#[test]
fn a_home_of_operations_loses_the_hot_wallets_windows() {
    for (horizon, expected) in
        [("1h", 20_000), ("24h", 40_000), ("48h", 60_000), ("72h", 80_000), ("7d", 160_000)]
    {
        assert_eq!(euros("home-elise", horizon, Mode::Silent), expected, "{horizon}");
        // The permit is quick: a silent alarm does not hold it.
        assert_eq!(euros("home-elise", horizon, Mode::Signalled), expected, "{horizon}");
        // Everything is stopped after 2 h: one window.
        assert_eq!(euros("home-elise", horizon, Mode::Stopped), 20_000, "{horizon}");
    }
}

/// Alice has one of two keys, is one of three of the board, and nobody else of finance is there to approve what she submits.
#[test]
fn a_home_of_finance_alone_loses_nothing() {
    assert_eq!(euros("home-alice", "7d", Mode::Silent), 0);
}

/// Farid administers the co-signer's host, and `hot` is gate-only: its 300 000 EUR at once, in every mode. The treasury's keys are
/// elsewhere. No other home loses more, so this is one home's figure.
#[test]
fn who_hosts_the_cosigner_has_every_gate_only_vault() {
    for mode in Mode::ALL {
        assert_eq!(euros("home-farid", "1h", mode), 300_000);
        assert_eq!(euros("1", "48h", mode), 300_000);
    }
    let found = ask_of(&loaded(RULES, REGISTER), Adversary::Homes, "1", "48h", Mode::Silent);
    assert_eq!(
        (found.taken.as_slice(), found.ways.as_slice()),
        (&["home-farid".to_owned()][..], &[Way::Keys][..])
    );
}

/// Alice submits to a partner, Carol approves for finance and David for the board: 1 000 000 EUR a transfer, 2 000 000 EUR a week, ready
/// after 48 h when it begins in office hours. Two of three keys are there. Two of the board from different homes lift stops, so
/// stopping does not help; a silent alarm does, for the permit is slow. After 7 d they have changed the policy (David's housemate
/// Lea proposes): 8 000 000 EUR of the treasury and 300 000 EUR of `hot`.
#[test]
fn three_homes_of_finance_and_board() {
    let taken = "home-alice,home-carol,home-david";
    assert_eq!(euros(taken, "47h", Mode::Silent), 0);
    assert_eq!(euros(taken, "48h", Mode::Silent), 2_000_000);
    assert_eq!(euros(taken, "48h", Mode::Stopped), 2_000_000);
    assert_eq!(euros(taken, "48h", Mode::Signalled), 0);
    assert_eq!(euros(taken, "6d", Mode::Silent), 2_000_000);
    assert_eq!(euros(taken, "7d", Mode::Silent), 8_300_000);
    assert_eq!(euros(taken, "7d", Mode::Signalled), 0);
    let found = ask_of(&loaded(RULES, REGISTER), Adversary::Homes, taken, "48h", Mode::Silent);
    assert!(found.begins.is_some() && found.witness.iter().any(|step| step.action == Action::Approve));
}

/// The office holds the co-signer and everyone but responders, auditors and Lea: everything, at once.
#[test]
fn the_office_is_everything() {
    let policy = loaded(RULES, REGISTER);
    let found = ask_of(&policy, Adversary::Places, "1", "1h", Mode::Signalled);
    assert_eq!((found.taken.as_slice(), found.amount.minor()), (&["office".to_owned()][..], 830_000_000));
    // Elise alone, as a person, has her payroll service with her.
    let found = ask_of(&policy, Adversary::People, "elise", "1h", Mode::Silent);
    assert_eq!(found.amount.minor(), 2_000_000);
    // A relative is worth the holder.
    let found = ask_of(&policy, Adversary::People, "papa", "1h", Mode::Silent);
    assert_eq!(found.coalition, [types::ActorId::parse("bob").unwrap()]);
}

#[test]
fn the_advice_lowers_the_figure() {
    let policy = loaded(RULES, &REGISTER.replace("hosts = [\"cosigner\"]\n", ""));
    let holdings = Holdings::from_policy(&policy);
    let found = ask_of(&policy, Adversary::Homes, "1", "48h", Mode::Silent);
    assert_eq!(found.amount.minor(), 6_000_000);
    let question = Question {
        adversary: Adversary::Homes,
        taken: Taken::K(1),
        horizon: found.horizon,
        mode: found.mode,
    };
    let advice = advice(&policy, &holdings, &Usage::example(&policy), &question, &found);
    assert!(advice.iter().all(|advice| advice.amount < found.amount) && !advice.is_empty());
    assert!(advice.iter().any(|advice| advice.edit.english.contains("hot-day")), "{advice:?}");
    assert!(advice.is_sorted_by_key(|advice| (advice.blocked, advice.added_wait, advice.edited)));
}

/// A name that is not a home; a vault that nothing bounds; outputs of unknown age.
#[test]
fn odd_input_is_named() {
    let policy = loaded(RULES, REGISTER);
    let ask = |policy: &Policy, taken: Taken| {
        let question =
            Question { adversary: Adversary::Homes, taken, horizon: Span::from_hours(1), mode: Mode::Silent };
        bound(policy, &Holdings::from_policy(policy), &question)
    };
    let nowhere = Taken::Ids(vec!["nowhere".into()]);
    assert!(matches!(ask(&policy, nowhere), Err(BoundError::Unknown { given, .. }) if given == "nowhere"));
    let unknown = loaded(&RULES.replace("balance = \"300000 EUR\"\n", ""), REGISTER);
    assert_eq!(
        ask(&unknown, Taken::K(1)).unwrap_err(),
        BoundError::Unbounded(VaultId::parse("hot").unwrap())
    );
    // Limits still bound whoever has only them.
    assert_eq!(ask(&unknown, Taken::Ids(vec!["home-elise".into()])).unwrap().amount.minor(), 2_000_000);
    let fresh = loaded(&RULES.replace("oldest_output = \"30d\"\n", ""), REGISTER);
    let assumes = ask(&fresh, Taken::K(1)).unwrap().assumes;
    assert_eq!(assumes, [Assumption::JustRefreshed(VaultId::parse("treasury").unwrap())]);
    // More homes than there are.
    assert_eq!(ask(&policy, Taken::K(200)).unwrap().amount.minor(), 830_000_000);
}

/// Quorums that nobody can meet, permits that wait longer than they live, holds beyond the horizon, an empty group: nothing is lost
/// by them, and nothing breaks.
#[test]
fn what_can_never_be_met_loses_nothing() {
    let unmet = RULES
        .replace("hold = \"0h\"\nexpires = \"1d\"", "hold = \"2d\"\nexpires = \"1d\"")
        .replace("{ at_least = 1, of = \"finance\", apart = \"home\" }", "{ at_least = 9, of = \"finance\" }")
        .replace("{ at_least = 2, of = \"board\", apart = \"home\" }", "{ at_least = 9, of = \"board\" }");
    let policy = loaded(&unmet, &REGISTER.replace("hosts = [\"cosigner\"]\n", ""));
    for mode in Mode::ALL {
        let found = ask_of(&policy, Adversary::Homes, "3", "7d", mode);
        assert_eq!((found.amount.minor(), found.witness.len()), (0, 0), "{mode:?}");
    }
}
