//! G5: a change is judged by its consequences. A table of edits and the direction of each; every witness is replayed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use policy::{Comparison, Direction, Language, Policy, compare, load};
use support::{replayed, shown, source};

const BASE: &str = include_str!("cases/compared.toml");

fn parsed(text: &str) -> Policy {
    let loaded = load(&[source("policy.toml", text)]);
    let found = shown(&loaded.diagnostics);
    loaded.policy.unwrap_or_else(|| panic!("{found}"))
}

/// The base with each of some texts replaced; each must be there exactly once.
fn edited(edits: &[(&str, &str)]) -> String {
    let mut text = BASE.to_owned();
    for (from, to) in edits {
        assert_eq!(text.matches(from).count(), 1, "`{from}` must be there once");
        text = text.replacen(from, to, 1);
    }
    text
}

fn compared(old: &str, new: &str) -> Comparison {
    let (old, new) = (parsed(old), parsed(new));
    let comparison = compare(&old, &new);
    replayed(&old, &new, &comparison);
    comparison
}

/// Checks an edit, and the same edit backwards.
#[track_caller]
fn check(edits: &[(&str, &str)], there: Direction, back: Direction) {
    let new = edited(edits);
    let comparison = compared(BASE, &new);
    let text = comparison.text(Language::En);
    assert_eq!(comparison.direction, there, "{edits:?}\n{text}");
    let comparison = compared(&new, BASE);
    assert_eq!(comparison.direction, back, "back: {edits:?}\n{}", comparison.text(Language::En));
}

#[track_caller]
fn tightens(edits: &[(&str, &str)]) {
    check(edits, Direction::Tightens, Direction::Loosens);
}

#[track_caller]
fn equal(edits: &[(&str, &str)]) {
    check(edits, Direction::Equal, Direction::Equal);
}

#[track_caller]
fn mixed(edits: &[(&str, &str)]) {
    check(edits, Direction::Mixed, Direction::Mixed);
}

#[test]
fn names_order_and_what_nobody_uses_count_for_nothing() {
    equal(&[("id = \"top-up\"", "id = \"aaa\""), ("id = \"hot-day\"", "id = \"bbb\"")]);
    equal(&[("id = \"sanctions\"\ndest", "id = \"ccc\"\ndest"), ("id = \"kraken\"", "id = \"ddd\"")]);
    equal(&[("name = \"Test\"", "name = \"Other\"")]);
    equal(&[("balance = \"300000 EUR\"", "balance = \"1 EUR\"")]);
    equal(&[("groups = [\"choir\"]", "groups = [\"band\", \"choir\"]")]);
    equal(&[("[[person]]\nid = \"guest\"\ngroups = [\"choir\"]\nplaces = [\"home-k1\"]\n", "")]);
    equal(&[("reaction = \"2h\"", "reaction = \"3h\"")]);
    equal(&[("operations\", \"finance\"", "finance\", \"operations\"")]);
    let (before, after) = BASE.split_once("[[permit]]\nid = \"small\"").unwrap();
    let (first, rest) = after.split_once("[[permit]]").unwrap();
    let (second, rest) = rest.split_once("[[permit]]").unwrap();
    let swapped = format!("{before}[[permit]]{second}[[permit]]\nid = \"small\"{first}[[permit]]{rest}");
    assert_eq!(compared(BASE, &swapped).direction, Direction::Equal);
}

#[test]
fn groups_and_lists_and_places_may_be_renamed() {
    let renamed = BASE
        .replace("\"finance\"", "\"treasury-team\"")
        .replace("\"partners\"\n", "\"friends\"\n")
        .replace("\"home-f1\"", "\"home-xyz\"")
        .replace("\"b1-hw\"", "\"b1-ledger\"");
    assert_eq!(compared(BASE, &renamed).direction, Direction::Equal);
}

#[test]
fn permits() {
    tightens(&[("hold = \"48h\"", "hold = \"72h\"")]);
    tightens(&[("hold = \"0h\"", "hold = \"25h\""), ("expires = \"1d\"", "expires = \"3d\"")]);
    tightens(&[("amount = { up_to = \"5000 EUR\" }", "amount = { up_to = \"4000 EUR\" }")]);
    tightens(&[("expires = \"7d\"", "expires = \"6d\"")]);
    tightens(&[
        ("destination = \"known\"", "destination = \"known\"\nposture = \"normal\""),
        ("known_for = \"30d\"", "known_for = \"31d\""),
    ]);
    tightens(&[("from = \"08:00\"", "from = \"09:00\"")]);
    tightens(&[("\"thu\", \"fri\"", "\"thu\"")]);
    equal(&[("destination = \"listed\"", "destination = \"list:partners\"")]);
    mixed(&[("destination = \"listed\"", "destination = \"vault:hot\"")]);
    tightens(&[(
        "approve = { at_least = 1, of = \"finance\" }",
        "approve = { at_least = 2, of = \"finance\" }",
    )]);
    tightens(&[(
        "approve = { at_least = 1, of = \"finance\", apart = \"home\" }\nhold = \"4h\"",
        "approve = { all = [{ at_least = 1, of = \"finance\", apart = \"home\" }, { at_least = 1, of = \"board\" }] }\nhold = \"4h\"",
    )]);
    mixed(&[("hold = \"48h\"", "hold = \"72h\""), ("hold = \"4h\"", "hold = \"3h\"")]);
    check(
        &[("destination = \"known\"", "posture = \"elevated\"\ndestination = \"known\"")],
        Direction::Loosens,
        Direction::Tightens,
    );
}

/// The board would not see what is in the vault any more, but for its other roles; operations would not.
#[test]
fn a_permit_taken_away_tightens_unless_someone_can_no_longer_cancel() {
    let without = |name: &str| {
        let (before, rest) = BASE.split_once(&format!("[[permit]]\nid = \"{name}\"")).unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        format!("{before}{after}")
    };
    for name in ["partners", "anywhere"] {
        assert_eq!(compared(BASE, &without(name)).direction, Direction::Tightens, "{name}");
        assert_eq!(compared(&without(name), BASE).direction, Direction::Loosens, "{name}");
    }
    for name in ["small", "suppliers", "top-up"] {
        assert_eq!(compared(BASE, &without(name)).direction, Direction::Mixed, "{name}");
        assert_eq!(compared(&without(name), BASE).direction, Direction::Loosens, "{name}");
    }
}

const IMPLIED: &str = r#"
[[permit]]
id = "implied"
vaults = ["hot"]
initiators = ["operations"]
amount = { up_to = "4000 EUR" }
destination = "known"
known_for = "1d"
approve = { at_least = 1, of = "board" }
hold = "1h"
expires = "2h"
[change]
"#;

#[test]
fn what_is_implied_by_another_rule_is_equal() {
    equal(&[("[change]\n", IMPLIED)]);
    equal(&[(
        "[change]\n",
        "[[limit]]\nid = \"more\"\nvaults = [\"hot\"]\nper = \"12h\"\namount = \"30000 EUR\"\nby = \"initiator\"\n[change]\n",
    )]);
    equal(&[(
        "[change]\n",
        "[[forbid]]\nid = \"more\"\nvaults = [\"hot\"]\ndestination = \"list:sanctions\"\n[change]\n",
    )]);
    let two = "approve = { any = [{ at_least = 1, of = \"finance\" }, { all = [{ at_least = 1, of = \"finance\" }, { at_least = 1, of = \"board\" }] }] }";
    equal(&[("approve = { at_least = 1, of = \"finance\" }", two)]);
    // Two of finance apart from one another are one and one of finance, and the reverse does not hold where two live together.
    equal(&[(
        "approve = { at_least = 3, of = \"board\", apart = \"home\" }",
        "approve = { all = [{ at_least = 3, of = \"board\" }] }",
    )]);
}

#[test]
fn a_permit_split_in_two_is_equal() {
    let (before, rest) = BASE.split_once("[[permit]]\nid = \"small\"").unwrap();
    let (small, after) = rest.split_once("\n\n").unwrap();
    let low = small.replace("up_to = \"5000 EUR\"", "up_to = \"1000 EUR\"");
    let high = small.replace("up_to = \"5000 EUR\"", "over = \"1000 EUR\", up_to = \"5000 EUR\"");
    let split = |low: &str, high: &str| {
        format!("{before}[[permit]]\nid = \"low\"{low}\n\n[[permit]]\nid = \"high\"{high}\n\n{after}")
    };
    assert_eq!(compared(BASE, &split(&low, &high)).direction, Direction::Equal);
    let gap = high.replace("over = \"1000 EUR\"", "over = \"1000.01 EUR\"");
    assert_eq!(compared(BASE, &split(&low, &gap)).direction, Direction::Tightens);
    // One permit to listed, one to the others: a transfer to both at once is lost.
    let listed = small.replace("destination = \"any\"", "destination = \"listed\"");
    assert_eq!(compared(BASE, &split(&listed, small)).direction, Direction::Equal);
}

/// Two lists, one permit each, do not make one permit for both: a transfer to an address of each is lost.
#[test]
fn targets_count_together() {
    let two = edited(&[(
        "[[forbid]]\n",
        "[[destination]]\nid = \"n\"\naddress = \"addr-friend\"\nlist = \"friends\"\n[[forbid]]\n",
    )]);
    let (before, rest) = two.split_once("[[permit]]\nid = \"partners\"").unwrap();
    let (partners, after) = rest.split_once("\n\n").unwrap();
    let only = |list: &str| {
        let permit = partners.replace("\"listed\"", &format!("\"list:{list}\""));
        format!("[[permit]]\nid = \"{list}\"{permit}\n\n")
    };
    let apart = format!("{before}{}{}{after}", only("partners"), only("friends"));
    let comparison = compared(&two, &apart);
    assert_eq!(comparison.direction, Direction::Tightens);
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["witness"]["transfer"]["outputs"].as_array().unwrap().len(), 2, "{json:#}");
    assert_eq!(compared(&apart, &two).direction, Direction::Loosens);
}

#[test]
fn limits() {
    tightens(&[("amount = \"20000 EUR\"", "amount = \"19000 EUR\"")]);
    tightens(&[("count = 4", "count = 3")]);
    tightens(&[("per = \"24h\"", "per = \"25h\"")]);
    tightens(&[("by = \"initiator\"", "by = \"organisation\"")]);
    tightens(&[("vaults = [\"hot\"]\nper = \"24h\"", "vaults = [\"hot\", \"cold\"]\nper = \"24h\"")]);
    tightens(&[("per = \"24h\"\namount", "per = \"24h\"\ncount = 9\namount")]);
    mixed(&[("per = \"24h\"\namount = \"20000 EUR\"", "per = \"48h\"\namount = \"20001 EUR\"")]);
    mixed(&[("count = 4\nby = \"initiator\"", "count = 4\nby = \"destination\"")]);
    // A permit above what any limit lets pass, to other people, adds nothing but what stays in the vault.
    check(
        &[("outstanding = \"900000 EUR\"", "outstanding = \"800000 EUR\"")],
        Direction::Tightens,
        Direction::Loosens,
    );
    check(&[("outstanding = \"900000 EUR\"\n", "")], Direction::Loosens, Direction::Tightens);
}

#[test]
fn forbids_and_lists() {
    tightens(&[(
        "[change]\n",
        "[[forbid]]\nid = \"big\"\nvaults = [\"cold\"]\namount = { over = \"900000 EUR\" }\n[change]\n",
    )]);
    tightens(&[(
        "[[forbid]]\n",
        "[[destination]]\nid = \"n\"\naddress = \"addr-new\"\nlist = \"sanctions\"\n[[forbid]]\n",
    )]);
    check(
        &[(
            "[[forbid]]\n",
            "[[destination]]\nid = \"n\"\naddress = \"addr-new\"\nlist = \"partners\"\n[[forbid]]\n",
        )],
        Direction::Loosens,
        Direction::Tightens,
    );
    mixed(&[("addr-kraken", "addr-other")]);
    check(
        &[("addresses = [\"hot-1\"]", "addresses = [\"hot-1\", \"hot-2\"]")],
        Direction::Mixed,
        Direction::Mixed,
    );
}

#[test]
fn authority() {
    tightens(&[("[change]\napprove = { at_least = 2", "[change]\napprove = { at_least = 3")]);
    tightens(&[("hold = \"7d\"\ntighten", "hold = \"8d\"\ntighten")]);
    tightens(&[("tighten = { at_least = 1", "tighten = { at_least = 2")]);
    tightens(&[("lift = { at_least = 2", "lift = { at_least = 3")]);
    tightens(&[("after = \"24h\"", "after = \"25h\"")]);
    tightens(&[("clear = { at_least = 2", "clear = { at_least = 3")]);
    tightens(&[("clear_hold = \"24h\"", "clear_hold = \"30h\"")]);
    tightens(&[("look_back = \"7d\"", "look_back = \"8d\"")]);
    tightens(&[("relative_expires = \"12h\"", "relative_expires = \"13h\"")]);
    tightens(&[("quiet = \"24h\"", "quiet = \"2h\"")]);
    tightens(&[("max_age = \"1h\"", "max_age = \"30m\"")]);
    mixed(&[("window = \"7d\"", "window = \"8d\"")]);
    mixed(&[
        ("currency = \"EUR\"", "currency = \"EUR\""),
        ("time_zone = \"Europe/Paris\"", "time_zone = \"Asia/Tokyo\""),
    ]);
}

/// The wait of a change is at least the longest hold of any permit: taking that permit away lets changes in sooner.
#[test]
fn the_longest_hold_is_a_wait_of_changes() {
    let edits = [("hold = \"7d\"\ntighten", "hold = \"1d\"\ntighten")];
    equal(&edits);
    let short = edited(&edits);
    let without = short.replacen("hold = \"7d\"\nexpires = \"14d\"", "hold = \"8d\"\nexpires = \"14d\"", 1);
    assert_eq!(compared(&short, &without).direction, Direction::Tightens);
    let (before, rest) = short.split_once("[[permit]]\nid = \"anywhere\"").unwrap();
    let gone = format!("{before}{}", rest.split_once("\n\n").unwrap().1);
    let comparison = compared(&short, &gone);
    assert_eq!(comparison.direction, Direction::Mixed);
    assert_eq!(serde_json::to_value(&comparison).unwrap()["witness"]["kind"], "change");
}

#[test]
fn people_places_and_keys() {
    // A new approver; one who leaves loses rights and stops.
    check(
        &[("id = \"guest\"\ngroups = [\"choir\"]", "id = \"guest\"\ngroups = [\"board\"]")],
        Direction::Loosens,
        Direction::Mixed,
    );
    check(
        &[("id = \"guest\"\ngroups = [\"choir\"]", "id = \"guest\"\ngroups = [\"watch\"]")],
        Direction::Loosens,
        Direction::Mixed,
    );
    check(
        &[("id = \"guest\"\ngroups = [\"choir\"]", "id = \"guest\"\ngroups = [\"audit\"]")],
        Direction::Loosens,
        Direction::Mixed,
    );
    // Who moves in with a colleague no longer counts beside that one.
    tightens(&[("places = [\"home-b3\"]", "places = [\"home-b2\"]")]);
    // A responder who moves in with someone of the board is not told of that one any more, and counts for fewer clears.
    check(
        &[("places = [\"home-w3\"]", "places = [\"home-w3\", \"home-b3\"]")],
        Direction::Mixed,
        Direction::Loosens,
    );
    tightens(&[("keys = { at_least = 2", "keys = { at_least = 3")]);
    tightens(&[("recovery = { at_least = 2", "recovery = { at_least = 3")]);
    tightens(&[("after_blocks = 52560", "after_blocks = 52561")]);
    mixed(&[
        ("of = [\"f1-hw\", \"f2-hw\", \"b1-hw\"], after_blocks", "of = [\"f1-hw\", \"f2-hw\"], after_blocks"),
        ("after_blocks = 52560", "after_blocks = 4000"),
    ]);
    check(
        &[(
            "id = \"f3\"\ngroups = [\"finance\"]\nplaces = [\"home-f3\"]",
            "id = \"f3\"\ngroups = [\"finance\"]\nplaces = [\"home-f3\"]\nkeys = [\"f1-hw\"]",
        )],
        Direction::Loosens,
        Direction::Tightens,
    );
    mixed(&[("tpub-b1", "tpub-other")]);
    check(&[("places = [\"office\"]", "places = []")], Direction::Tightens, Direction::Loosens);
    check(
        &[("id = \"f2\"\n", "id = \"f2\"\nhosts = [\"cosigner\"]\n")],
        Direction::Loosens,
        Direction::Tightens,
    );
    check(
        &[("operated_by = [\"o1\"]", "operated_by = [\"o1\", \"f1\"]")],
        Direction::Loosens,
        Direction::Tightens,
    );
    mixed(&[("chain = \"bitcoin:regtest\"", "script = \"tr\"\nchain = \"bitcoin:regtest\"")]);
}

/// Semantics 7 to the letter: the same rights with a stop lost loosen; with a stop gained they are none of the other three.
#[test]
fn stops_alone() {
    let ann = "[[protected]]\nid = \"ann\"\nof = [\"f1\"]\nplaces = [\"home-f1\"]\n";
    check(&[(ann, "")], Direction::Loosens, Direction::Mixed);
    check(
        &[("of = [\"f1\"]\nplaces", "of = [\"f1\", \"w1\"]\nplaces")],
        Direction::Loosens,
        Direction::Mixed,
    );
}

#[test]
fn a_tightening_that_blinds_someone_is_mixed() {
    let comparison = compared(
        BASE,
        &edited(&[("initiators = [\"operations\", \"finance\"]", "initiators = [\"finance\"]")]),
    );
    assert_eq!(comparison.direction, Direction::Mixed);
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!((&json["witness"]["kind"], &json["witness"]["vault"]), (&"cancel".into(), &"cold".into()));
    assert_eq!(json["other"]["kind"], "transfer");
}

#[test]
fn the_json_is_stable() {
    let json = |new: &str| serde_json::to_value(compared(BASE, new)).unwrap();
    let equal = json(&edited(&[("name = \"Test\"", "name = \"Other\"")]));
    assert_eq!(equal, serde_json::json!({ "direction": "equal", "witness": null }));
    let loosens =
        json(&edited(&[("amount = { up_to = \"5000 EUR\" }", "amount = { up_to = \"6000 EUR\" }")]));
    let transfer = serde_json::json!({
        "vault": "hot", "initiator": "o1", "at": "2027-01-04T11:00:00Z",
        "outputs": [{ "address": "an-address-on-no-list", "amount": "6000 EUR" }], "approvals": [],
    });
    let witness = serde_json::json!({
        "allowed_by": "new", "kind": "transfer", "transfer": transfer, "history": [],
    });
    assert_eq!(loosens, serde_json::json!({ "direction": "loosens", "witness": witness }));
}

/// An edit of every key that a policy can have. Only those that mean nothing for rights and stops may be equal: a key that
/// `compare` does not look at would let anything through as a change that nobody need approve.
const EVERY_KEY: &[(&str, &str, &str, bool)] = &[
    ("change.approve", "[change]\napprove = { at_least = 2", "[change]\napprove = { at_least = 1", false),
    ("change.hold", "hold = \"7d\"\ntighten", "hold = \"8d\"\ntighten", false),
    ("change.tighten", "tighten = { at_least = 1", "tighten = { at_least = 2", false),
    ("cosigner.places", "places = [\"office\"]", "places = [\"home-b2\"]", false),
    ("destination.address", "addr-kraken", "addr-other", false),
    ("destination.id", "id = \"kraken\"", "id = \"other\"", true),
    ("destination.list", "addr-kraken\"\nlist = \"partners\"", "addr-kraken\"\nlist = \"sanctions\"", false),
    (
        "forbid.amount",
        "destination = \"list:sanctions\"",
        "destination = \"list:sanctions\"\namount = { over = \"1 EUR\" }",
        false,
    ),
    ("forbid.destination", "destination = \"list:sanctions\"", "destination = \"list:partners\"", false),
    ("forbid.id", "id = \"sanctions\"", "id = \"other\"", true),
    (
        "forbid.initiators",
        "destination = \"list:sanctions\"",
        "destination = \"list:sanctions\"\ninitiators = [\"finance\"]",
        false,
    ),
    (
        "forbid.vaults",
        "destination = \"list:sanctions\"",
        "destination = \"list:sanctions\"\nvaults = [\"hot\"]",
        false,
    ),
    ("key.id", "[[key]]\nid = \"b1-hw\"", "[[key]]\nid = \"f1-hw\"", false),
    ("key.xpub", "tpub-b1", "tpub-other", false),
    ("limit.amount", "amount = \"20000 EUR\"", "amount = \"20001 EUR\"", false),
    ("limit.by", "by = \"initiator\"", "by = \"vault\"", false),
    ("limit.count", "count = 4", "count = 5", false),
    ("limit.id", "id = \"hot-day\"", "id = \"other\"", true),
    ("limit.per", "per = \"1h\"", "per = \"2h\"", false),
    ("limit.vaults", "vaults = [\"hot\", \"cold\"]\nper", "vaults = [\"cold\"]\nper", false),
    ("organisation.currency", "", "", false),
    ("organisation.name", "name = \"Test\"", "name = \"Other\"", true),
    ("organisation.time_zone", "Europe/Paris", "Asia/Tokyo", false),
    ("permit.amount", "up_to = \"5000 EUR\"", "up_to = \"5001 EUR\"", false),
    (
        "permit.approve",
        "approve = { at_least = 3, of = \"board\", apart = \"home\" }",
        "approve = { at_least = 3, of = \"board\" }",
        true,
    ),
    ("permit.calendar", "from = \"08:00\"", "from = \"07:00\"", false),
    ("permit.destination", "destination = \"known\"\nknown_for = \"30d\"", "destination = \"listed\"", false),
    ("permit.expires", "expires = \"3d\"", "expires = \"4d\"", false),
    ("permit.hold", "hold = \"24h\"\nexpires", "hold = \"25h\"\nexpires", false),
    ("permit.id", "id = \"small\"", "id = \"other\"", true),
    ("permit.initiators", "initiators = [\"operations\"]", "initiators = [\"finance\"]", false),
    ("permit.known_for", "known_for = \"30d\"", "known_for = \"29d\"", false),
    ("permit.posture", "destination = \"known\"", "posture = \"lockdown\"\ndestination = \"known\"", false),
    (
        "permit.vaults",
        "vaults = [\"hot\"]\ninitiators = [\"finance\"]",
        "vaults = [\"hot\", \"cold\"]\ninitiators = [\"finance\"]",
        false,
    ),
    ("person.groups", "groups = [\"choir\"]", "groups = [\"finance\"]", false),
    ("person.hosts", "id = \"f2\"\n", "id = \"f2\"\nhosts = [\"cosigner\"]\n", false),
    ("person.id", "id = \"f3\"", "id = \"other\"", false),
    ("person.keys", "keys = [\"f1-hw\"]", "keys = [\"f1-hw\", \"b1-hw\"]", false),
    ("person.of", "id = \"w1\"\n", "id = \"w1\"\nof = [\"b2\"]\n", false),
    ("person.places", "places = [\"home-b3\"]", "places = [\"home-b2\"]", false),
    (
        "person.recipients",
        "id = \"w1\"\n",
        "id = \"w1\"\nrecipients = [\"age1r5fzkjlvreprv9gaultr90dyaxtaqqptct4thcsmt6urjc897eqsmhjm4p\"]\n",
        false,
    ),
    ("place.id", "", "", true),
    ("place.kind", "id = \"home-b2\"\nkind = \"home\"", "id = \"home-b2\"\nkind = \"other\"", false),
    ("prices.max_age", "max_age = \"1h\"", "max_age = \"2h\"", false),
    ("prices.window", "window = \"7d\"", "window = \"6d\"", false),
    ("protected.id", "id = \"ann\"", "id = \"other\"", false),
    ("protected.of", "of = [\"f1\"]\nplaces", "of = [\"w1\"]\nplaces", false),
    (
        "protected.places",
        "of = [\"f1\"]\nplaces = [\"home-f1\"]",
        "of = [\"f1\"]\nplaces = [\"home-w1\"]",
        false,
    ),
    ("response.auditors", "auditors = \"audit\"", "auditors = \"board\"", false),
    ("response.clear", "clear = { at_least = 2", "clear = { at_least = 1", false),
    ("response.clear_hold", "clear_hold = \"24h\"", "clear_hold = \"23h\"", false),
    ("response.look_back", "look_back = \"7d\"", "look_back = \"6d\"", false),
    ("response.quiet", "quiet = \"24h\"", "quiet = \"25h\"", false),
    ("response.reaction", "reaction = \"2h\"", "reaction = \"3h\"", true),
    ("response.responders", "responders = \"watch\"", "responders = \"board\"", false),
    (
        "service.groups",
        "id = \"payroll\"\ngroups = [\"operations\"]",
        "id = \"payroll\"\ngroups = [\"finance\"]",
        false,
    ),
    ("service.id", "id = \"payroll\"", "id = \"other\"", false),
    ("service.operated_by", "operated_by = [\"o1\"]", "operated_by = [\"f1\"]", false),
    ("stop.after", "after = \"24h\"", "after = \"23h\"", false),
    ("stop.lift", "lift = { at_least = 2", "lift = { at_least = 1", false),
    ("stop.relative_expires", "relative_expires = \"12h\"", "relative_expires = \"11h\"", false),
    ("vault.addresses", "addresses = [\"hot-1\"]", "addresses = [\"hot-1\", \"hot-2\"]", false),
    ("vault.balance", "balance = \"300000 EUR\"", "balance = \"1 EUR\"", true),
    ("vault.chain", "bitcoin:regtest", "bitcoin:mainnet", false),
    ("vault.id", "", "", false),
    ("vault.keys", "keys = { at_least = 2", "keys = { at_least = 1", false),
    ("vault.oldest_output", "outstanding =", "oldest_output = \"30d\"\noutstanding =", true),
    ("vault.outstanding", "900000 EUR", "900001 EUR", false),
    ("vault.recovery", "recovery = { at_least = 2", "recovery = { at_least = 1", false),
    ("vault.script", "chain = \"bitcoin:regtest\"", "script = \"tr\"\nchain = \"bitcoin:regtest\"", false),
];

#[test]
fn every_key_of_a_policy_is_looked_at() {
    let schema = policy::schema();
    let keys = schema["properties"].as_object().unwrap().iter().flat_map(|(table, section)| {
        let section = section.get("items").unwrap_or(section);
        let keys = section["properties"].as_object().unwrap().keys();
        keys.map(|key| format!("{table}.{key}")).collect::<Vec<_>>()
    });
    let keys: std::collections::BTreeSet<String> = keys.collect();
    let listed = EVERY_KEY.iter().map(|(key, ..)| (*key).to_owned()).collect();
    assert_eq!(keys, listed, "a key was added or taken away: say here what changing it does");
    for (key, from, to, is_equal) in EVERY_KEY {
        let new = match *key {
            "organisation.currency" => BASE.replace("EUR", "USD"),
            "place.id" => BASE.replace("\"home-b1\"", "\"elsewhere\""),
            "vault.id" => BASE.replace("\"hot\"", "\"warm\"").replace("vault:hot", "vault:warm"),
            _ => edited(&[(from, to)]),
        };
        for (old, new) in [(BASE, new.as_str()), (new.as_str(), BASE)] {
            let comparison = compared(old, new);
            let text = comparison.text(Language::Fr);
            assert_eq!(comparison.direction == Direction::Equal, *is_equal, "{key}\n{text}");
        }
    }
}

const W1: &str = "age1r5fzkjlvreprv9gaultr90dyaxtaqqptct4thcsmt6urjc897eqsmhjm4p";
const W2: &str = "age17qyxyjf3jn58nctyy4lcf2q40x6zqtd7qdz5zy3jnt4mx04tupps3e3krx";

/// A responder with these recipients, written where the base has none.
fn reading(person: &str, recipients: &str) -> (String, String) {
    let from = format!("groups = [\"watch\"]\nplaces = [\"home-{person}\"]\n");
    let to = format!("{from}recipients = [{recipients}]\n");
    (from, to)
}

fn with_readers(of_w1: &str, more: &[(&str, &str)]) -> String {
    let (from, to) = reading("w1", of_w1);
    let mut edits = vec![(from.as_str(), to.as_str())];
    edits.extend(more);
    edited(&edits)
}

#[test]
fn a_new_reader_of_dossiers_is_a_right_gained() {
    let (none, one, other, both) = (
        BASE.to_owned(),
        with_readers(&format!("\"{W1}\""), &[]),
        with_readers(&format!("\"{W2}\""), &[]),
        with_readers(&format!("\"{W1}\", \"{W2}\""), &[]),
    );
    // The last key of a responder taken away: help that would arrive blind.
    assert_eq!(compared(&none, &one).direction, Direction::Loosens);
    assert_eq!(compared(&one, &none).direction, Direction::Mixed);
    assert_eq!(compared(&one, &both).direction, Direction::Loosens);
    assert_eq!(compared(&both, &one).direction, Direction::Tightens);
    assert_eq!(compared(&one, &other).direction, Direction::Mixed);
    let comparison = compared(&none, &one);
    let text = comparison.text(Language::En);
    assert!(text.contains("`w1` reads the dossier of `b1` with age1r5f"), "{text}");
    assert!(comparison.text(Language::Fr).contains("lit le dossier de `b1`"));
}

#[test]
fn keys_of_others_than_responders_and_of_those_near_read_nothing() {
    let idle = ("places = [\"home-b2\"]\n", "places = [\"home-b2\"]\nrecipients = [\"KEY\"]\n");
    equal(&[(idle.0, &idle.1.replace("KEY", W1))]);
    // A responder who moves out of b1's home becomes a reader of b1's dossier, and is alarmed for b1.
    let near = with_readers(&format!("\"{W1}\""), &[]).replace(
        "groups = [\"watch\"]\nplaces = [\"home-w1\"]",
        "groups = [\"watch\"]\nplaces = [\"home-w1\", \"home-b1\"]",
    );
    let far = with_readers(&format!("\"{W1}\""), &[]);
    assert_eq!(compared(&near, &far).direction, Direction::Loosens);
    assert_ne!(compared(&far, &near).direction, Direction::Tightens);
    // The same key in the hands of somebody near does not count either.
    let shared = far.replace(idle.0, &idle.1.replace("KEY", W1));
    let readers = |text: &str, of: &str| {
        let policy = parsed(text);
        let of = policy::Policy::dossier_recipients(&policy, &support::person(of));
        of.into_iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(readers(&far, "b2"), [W1]);
    assert!(readers(&shared, "b2").is_empty(), "b2 would read b2's own dossier with w1's key");
    assert_eq!(readers(&shared, "b1"), [W1]);
    assert!(readers(&far, "w1").is_empty() && readers(&near, "b1").is_empty());
    assert!(readers(&far, "nobody").is_empty());
    assert_eq!(compared(&shared, &far).direction, Direction::Loosens);
}
