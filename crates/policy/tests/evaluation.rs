//! G1: forbids, permits, limits, prices and calendars decide as the design says. The index is compared with the plain definition.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use policy::{Counter, Facts, History, NoHistory, OutputFacts, Policy, PriceEntry, PriceProblem};
use proptest::prelude::*;
use support::{actor, address, at, euros, policy, vault};
use types::{ActorId, Amount, Currency, Rate, Target, Timestamp, Value, VaultId};

const RULES: &str = r#"
[[vault]]
id = "hot"
chain = "gate-only"
addresses = ["hot-1"]
[[vault]]
id = "cold"
chain = "gate-only"
addresses = ["cold-1", "cold-2"]
[[destination]]
id = "a"
address = "addr-a"
list = "partners"
[[destination]]
id = "b"
address = "addr-b"
list = "sanctions"
[[destination]]
id = "both-1"
address = "addr-both"
list = "partners"
[[destination]]
id = "both-2"
address = "addr-both"
list = "sanctions"
[[permit]]
id = "small"
vaults = ["hot"]
initiators = ["staff"]
amount = { up_to = "100 EUR" }
destination = "any"
hold = "1h"
expires = "1d"
[[permit]]
id = "listed"
vaults = ["hot", "cold"]
initiators = ["staff"]
amount = { over = "50 EUR" }
destination = "listed"
hold = "48h"
expires = "7d"
[[permit]]
id = "refill"
vaults = ["cold"]
initiators = ["staff", "robots"]
destination = "vault:hot"
hold = "24h"
expires = "2d"
[[permit]]
id = "known"
vaults = ["hot"]
initiators = ["robots"]
destination = "known"
known_for = "7d"
hold = "48h"
expires = "7d"
[[forbid]]
id = "sanctions"
destination = "list:sanctions"
[[forbid]]
id = "robots-large"
initiators = ["robots"]
amount = { over = "1000 EUR" }
[[forbid]]
id = "cold-small"
vaults = ["cold"]
amount = { up_to = "1 EUR" }
[[limit]]
id = "per-vault"
vaults = ["hot", "cold"]
per = "24h"
amount = "1000 EUR"
by = "vault"
[[limit]]
id = "per-destination"
vaults = ["hot"]
per = "24h"
amount = "1000 EUR"
by = "destination"
[[limit]]
id = "per-initiator"
vaults = ["cold"]
per = "24h"
count = 3
by = "initiator"
[[limit]]
id = "all"
vaults = ["hot", "cold"]
per = "7d"
amount = "5000 EUR"
by = "organisation"
[[person]]
id = "s"
groups = ["staff"]
places = ["home-b1"]
[[service]]
id = "r"
groups = ["robots"]
"#;

/// A transfer with its values, for facts.
struct Transfer {
    vault: VaultId,
    initiator: ActorId,
    outputs: Vec<OutputFacts>,
    fee: Value,
    at: Timestamp,
}

impl Transfer {
    fn new(from: &str, by: &str, outputs: &[(Target, u128)]) -> Self {
        let outputs = outputs
            .iter()
            .map(|(target, value)| OutputFacts { target: target.clone(), value: euros(*value) })
            .collect();
        Self {
            vault: vault(from),
            initiator: actor(by),
            outputs,
            fee: euros(0),
            at: at("2026-11-20T12:00:00Z"),
        }
    }

    fn facts(&self) -> Facts<'_> {
        let sum: u128 = self.outputs.iter().map(|output| output.value.minor()).sum();
        Facts {
            vault: &self.vault,
            initiator: &self.initiator,
            at: self.at,
            value: Value::from_minor(sum + self.fee.minor()),
            outputs: &self.outputs,
            fee: self.fee,
        }
    }
}

fn matching(policy: &Policy, transfer: &Transfer, history: &impl History) -> Vec<String> {
    policy.matching(&transfer.facts(), history).into_iter().map(|permit| permit.id.to_string()).collect()
}

#[test]
fn permits_match_by_vault_initiator_amount_and_every_output() {
    let policy = policy(RULES);
    let ids = |from, by, outputs: &[(Target, u128)]| {
        matching(&policy, &Transfer::new(from, by, outputs), &NoHistory)
    };
    assert_eq!(ids("hot", "s", &[(address("x"), 100)]), ["small"]);
    assert!(ids("hot", "s", &[(address("x"), 101)]).is_empty(), "up_to is inclusive and not more");
    assert_eq!(ids("hot", "s", &[(address("addr-a"), 51)]), ["small", "listed"]);
    assert_eq!(ids("hot", "s", &[(address("addr-a"), 50)]), ["small"], "over is exclusive");
    assert!(ids("hot", "r", &[(address("x"), 1)]).is_empty());
    assert!(ids("nowhere", "s", &[(address("x"), 1)]).is_empty());
    assert!(ids("hot", "nobody", &[(address("x"), 1)]).is_empty());
    assert!(ids("hot", "s", &[]).is_empty());
    // One odd output is enough to fail.
    assert!(ids("cold", "s", &[(address("addr-a"), 500), (address("x"), 1)]).is_empty());
    // `listed` = in some list that no forbid names.
    assert_eq!(ids("cold", "s", &[(address("addr-both"), 500)]), ["listed"]);
    assert!(ids("cold", "s", &[(address("addr-b"), 500)]).is_empty());
}

#[test]
fn an_address_of_a_vault_is_that_vault() {
    let policy = policy(RULES);
    for target in [address("hot-1"), Target::Vault(vault("hot"))] {
        assert_eq!(matching(&policy, &Transfer::new("cold", "r", &[(target, 10)]), &NoHistory), ["refill"]);
    }
    assert_eq!(policy.resolve(&address("cold-2")), Target::Vault(vault("cold")));
    assert_eq!(policy.resolve(&address("x")), address("x"));
}

#[test]
fn the_fee_is_part_of_the_amount() {
    let policy = policy(RULES);
    let mut transfer = Transfer::new("hot", "s", &[(address("x"), 100)]);
    transfer.fee = Value::from_minor(1);
    assert!(matching(&policy, &transfer, &NoHistory).is_empty());
}

/// One payment to one address.
struct PaidAt(&'static str, Timestamp);

impl History for PaidAt {
    fn first_paid(&self, vault: &VaultId, address: &str, not_after: Timestamp) -> Option<Timestamp> {
        (vault.as_str() == "hot" && address == self.0 && self.1 <= not_after).then_some(self.1)
    }
}

#[test]
fn known_is_paid_by_this_vault_long_enough_ago() {
    let policy = policy(RULES);
    let transfer = Transfer::new("hot", "r", &[(address("x"), 5)]);
    let week_ago = at("2026-11-13T12:00:00Z");
    assert_eq!(matching(&policy, &transfer, &PaidAt("x", week_ago)), ["known"]);
    let later = Timestamp::from_nanos(week_ago.as_nanos() + 1);
    assert!(matching(&policy, &transfer, &PaidAt("x", later)).is_empty());
    assert!(matching(&policy, &transfer, &PaidAt("y", week_ago)).is_empty());
}

#[test]
fn any_output_and_all_conditions_forbid() {
    let policy = policy(RULES);
    let forbidden = |from, by, outputs: &[(Target, u128)]| {
        policy.forbidden(&Transfer::new(from, by, outputs).facts()).map(ToString::to_string)
    };
    assert_eq!(
        forbidden("hot", "s", &[(address("x"), 1), (address("addr-b"), 1)]).as_deref(),
        Some("sanctions")
    );
    assert_eq!(forbidden("hot", "s", &[(address("addr-both"), 1)]).as_deref(), Some("sanctions"));
    assert_eq!(forbidden("hot", "s", &[(address("x"), 5000)]), None);
    assert_eq!(forbidden("hot", "r", &[(address("x"), 1001)]).as_deref(), Some("robots-large"));
    assert_eq!(forbidden("hot", "r", &[(address("x"), 1000)]), None);
    assert_eq!(forbidden("cold", "s", &[(address("x"), 1)]).as_deref(), Some("cold-small"));
}

#[test]
fn limits_are_charged_by_their_counters() {
    let policy = policy(RULES);
    let mut transfer = Transfer::new(
        "hot",
        "s",
        &[(address("x"), 10), (address("y"), 20), (address("x"), 5), (address("hot-1"), 7)],
    );
    transfer.fee = euros(1);
    let charges = policy.charges(&transfer.facts()).unwrap();
    let shown: Vec<(String, Counter, Value)> =
        charges.into_iter().map(|charge| (charge.limit.to_string(), charge.counter, charge.value)).collect();
    let destination =
        |target: Target, value| ("per-destination".to_owned(), Counter::Destination(target), euros(value));
    assert_eq!(
        shown,
        [
            ("per-vault".to_owned(), Counter::Vault(vault("hot")), euros(36)),
            destination(address("x"), 15),
            destination(address("y"), 20),
            destination(Target::Vault(vault("hot")), 1),
            ("all".to_owned(), Counter::Organisation, euros(36)),
        ]
    );
}

#[test]
fn a_self_transfer_counts_its_fee_only() {
    let policy = policy(RULES);
    for target in [address("cold-1"), Target::Vault(vault("cold"))] {
        let mut transfer = Transfer::new("cold", "s", &[(target, 900)]);
        transfer.fee = euros(2);
        let charges = policy.charges(&transfer.facts()).unwrap();
        assert!(charges.iter().all(|charge| charge.value == euros(2)), "{charges:?}");
        assert!(charges.iter().any(|charge| charge.counter == Counter::Initiator(actor("s"))));
    }
}

#[test]
fn quick_is_shorter_than_quiet() {
    let policy = policy(RULES);
    let quick: Vec<bool> = policy.permits().iter().map(|permit| policy.is_quick(permit)).collect();
    assert_eq!(quick, [true, false, false, false], "24h is not shorter than quiet = 24h");
}

#[test]
fn an_overflow_is_an_error() {
    let policy = policy(RULES);
    let output = |value| OutputFacts { target: address("x"), value: Value::from_minor(value) };
    let outputs = [output(u128::MAX), output(1)];
    let (hot, s) = (vault("hot"), actor("s"));
    let facts = Facts {
        vault: &hot,
        initiator: &s,
        at: at("2026-11-20T12:00:00Z"),
        value: Value::from_minor(u128::MAX),
        outputs: &outputs,
        fee: Value::ZERO,
    };
    assert!(policy.charges(&facts).is_err());
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        proptest::sample::select(vec!["addr-a", "addr-b", "addr-both", "x", "hot-1", "cold-2"])
            .prop_map(|text| Target::Address(text.into())),
        prop_oneof![Just("hot"), Just("cold"), Just("none")].prop_map(|name| Target::Vault(vault(name))),
    ]
}

proptest! {
    /// The indexed answers are those of each rule's own definition.
    #[test]
    fn the_index_changes_no_answer(
        from in prop_oneof![Just("hot"), Just("cold"), Just("none")],
        by in prop_oneof![Just("s"), Just("r"), Just("b1"), Just("none")],
        outputs in proptest::collection::vec((target(), prop_oneof![0u128..3, 49u128..52, 99u128..102, 999u128..1002]), 0..4),
        paid in prop_oneof![Just("addr-a"), Just("x")],
        days in 0i64..10,
    ) {
        let policy = policy_once();
        let transfer = Transfer::new(from, by, &outputs);
        let first = Timestamp::from_nanos(transfer.at.as_nanos() - days * 86_400_000_000_000);

        let history = PaidAt(paid, first);
        let facts = transfer.facts();
        let plain: Vec<String> = policy
            .permits().iter().filter(|permit| permit.matches(policy, &facts, &history)).map(|permit| permit.id.to_string()).collect();
        prop_assert_eq!(matching(policy, &transfer, &history), plain);
        let forbid = policy.forbids().iter().find(|forbid| policy.forbids_it(forbid, &facts)).map(|forbid| &forbid.id);
        prop_assert_eq!(policy.forbidden(&facts), forbid);
    }
}

fn policy_once() -> &'static Policy {
    static POLICY: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
    POLICY.get_or_init(|| policy(RULES))
}

fn price(time: &str, rate: &str) -> PriceEntry {
    PriceEntry {
        asset: Currency::parse("BTC").unwrap(),
        at: at(time),
        rate: Rate::parse(rate).unwrap(),
        source: String::new(),
    }
}

#[test]
fn the_highest_price_in_the_window_counts() {
    let policy = policy(RULES);
    let now = at("2026-11-20T12:00:00Z");
    let one = Amount::parse("1 BTC").unwrap();
    let value = |prices: &[PriceEntry]| policy.value(one, prices, now);
    let fresh = price("2026-11-20T11:00:00Z", "90000");
    assert_eq!(
        value(std::slice::from_ref(&fresh)).unwrap(),
        euros(90_000),
        "an hour old is not older than an hour"
    );
    let high = price("2026-11-14T12:00:00Z", "95000");
    assert_eq!(value(&[high.clone(), fresh.clone()]).unwrap(), euros(95_000));
    // The window is half open: exactly seven days ago is outside, and the future is not used.
    let outside = price("2026-11-13T12:00:00Z", "99000");
    let future = price("2026-11-20T12:00:01Z", "99000");
    assert_eq!(value(&[outside.clone(), fresh.clone(), future.clone()]).unwrap(), euros(90_000));
    assert!(matches!(value(&[outside, future]), Err(PriceProblem::Missing { .. })));
    assert!(matches!(value(&[price("2026-11-20T10:59:59Z", "90000")]), Err(PriceProblem::Stale { .. })));
    // A fall of exactly 20 % is not more than 20 %.
    let highest = price("2026-11-19T12:00:00Z", "100000");
    assert_eq!(value(&[highest.clone(), price("2026-11-20T11:59:00Z", "80000")]).unwrap(), euros(100_000));
    let fallen = value(&[highest, price("2026-11-20T11:59:00Z", "79999.99")]);
    assert!(matches!(fallen, Err(PriceProblem::Fall { .. })));
    assert_eq!(policy.value(Amount::parse("7 EUR").unwrap(), &[], now).unwrap(), euros(7));
}

#[test]
fn calendars_follow_the_clock_on_the_wall() {
    let text = "[[vault]]\nid = \"hot\"\nchain = \"gate-only\"\n[[permit]]\nid = \"p\"\nvaults = [\"hot\"]\ninitiators = [\"board\"]\ndestination = \"any\"\nhold = \"0h\"\nexpires = \"1d\"\ncalendar = { days = [\"sun\"], from = \"02:30\", to = \"24:00\" }\n";
    let policy = policy(text);
    let calendar = policy.permits()[0].calendar.clone().unwrap();
    let open = |time: &str| calendar.contains(at(time), &policy.organisation().time_zone);
    // Winter: UTC+1. Sunday 2026-11-22.
    assert!(!open("2026-11-22T01:29:59.999999999Z"));
    assert!(open("2026-11-22T01:30:00Z"));
    assert!(open("2026-11-22T22:59:59.999999999Z"));
    assert!(!open("2026-11-22T23:00:00Z"), "Monday by local date");
    // Spring, 2026-03-29: 02:00 becomes 03:00; the hour with 02:30 has no instants.
    assert!(!open("2026-03-29T00:59:59Z"));
    assert!(open("2026-03-29T01:00:00Z"));
    // Autumn, 2026-10-25: 02:00 to 03:00 happens twice, and 02:30 counts both times.
    assert!(!open("2026-10-25T00:29:59Z"));
    assert!(open("2026-10-25T00:30:00Z"));
    assert!(!open("2026-10-25T01:00:00Z"), "the clock is back at 02:00");
    assert!(open("2026-10-25T01:30:00Z"));
}
