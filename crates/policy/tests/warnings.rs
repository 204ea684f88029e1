//! G2, G5, G8: what is legal but dangerous or useless is said, the gravest first. Each warning has a case that calls for it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use expect_test::{Expect, expect};
use policy::{CODES, Severity};
use support::{found, shown};

fn check(more: &str, expected: &Expect) {
    expected.assert_eq(&shown(&found(more)));
}

const VAULTS: &str = "[[vault]]\nid = \"hot\"\nchain = \"gate-only\"\nbalance = \"9000 EUR\"\n";

fn permit(id: &str, keys: &str) -> String {
    format!("[[permit]]\nid = \"{id}\"\nvaults = [\"hot\"]\n{keys}\n")
}

const SLOW: &str = "initiators = [\"board\"]\ndestination = \"any\"\napprove = { at_least = 1, of = \"board\" }\nhold = \"48h\"\nexpires = \"7d\"";
const QUICK: &str = "initiators = [\"board\"]\ndestination = \"any\"\namount = { up_to = \"100 EUR\" }\nhold = \"0h\"\nexpires = \"1d\"";

fn limit(keys: &str) -> String {
    format!("[[limit]]\nid = \"l\"\nvaults = [\"hot\"]\n{keys}\n")
}

#[test]
fn a_sound_policy_has_no_warning() {
    check(&format!("{VAULTS}{}", permit("slow", SLOW)), &expect![[""]]);
}

#[test]
fn the_quick_tier_is_counted_in_windows() {
    let text = |limits: &str| format!("{VAULTS}{}{}", permit("quick", QUICK), limit(limits));
    // Windows at 0h and 24h: two in 24 h (inclusive), eight in 7 d.
    check(
        &text("per = \"24h\"\namount = \"300 EUR\"\nby = \"vault\""),
        &expect![[r#"
            frame.toml:9:1: warning[quick-tier]: the home `home-b1` can be made to send up to 600 EUR in 24h and 2400 EUR in 7d through permits with a short hold: make sure that you can afford to lose it, or tighten limits
        "#]],
    );
    // Five of at most 100 EUR in each 12 h: three windows in 24 h.
    check(
        &text("per = \"12h\"\ncount = 5\nby = \"organisation\""),
        &expect![[r#"
            frame.toml:9:1: warning[quick-tier]: the home `home-b1` can be made to send up to 1500 EUR in 24h and 7500 EUR in 7d through permits with a short hold: make sure that you can afford to lose it, or tighten limits
        "#]],
    );
    // Nothing bounds but the balance.
    check(
        &text("per = \"24h\"\namount = \"300 EUR\"\nby = \"destination\""),
        &expect![[r#"
            frame.toml:9:1: warning[quick-tier]: the home `home-b1` can be made to send up to 9000 EUR in 24h and 9000 EUR in 7d through permits with a short hold: make sure that you can afford to lose it, or tighten limits
            more.toml:7:10: warning[unlimited-quick]: quick permit `quick` can empty vault `hot`: add a [[limit]] with an amount
        "#]],
    );
    // A limit of nothing.
    check(&text("per = \"24h\"\ncount = 0\nby = \"vault\""), &expect![[""]]);
}

#[test]
fn a_home_is_everyone_there_whom_they_can_be_made_to_coerce_and_their_services() {
    let quick = "initiators = [\"robots\"]\ndestination = \"any\"\napprove = { at_least = 1, of = \"pair\" }\nhold = \"0h\"\nexpires = \"1d\"";
    let people = "[[person]]\nid = \"far\"\ngroups = [\"pair\"]\n[[person]]\nid = \"near\"\nplaces = [\"home-b1\"]\nof = [\"far\"]\n[[service]]\nid = \"robot\"\ngroups = [\"robots\"]\noperated_by = [\"near\"]\n";
    let text = format!(
        "{VAULTS}{}{}{people}",
        permit("quick", quick),
        limit("per = \"1d\"\namount = \"50 EUR\"\nby = \"vault\"")
    );
    check(
        &text,
        &expect![[r#"
        frame.toml:9:1: warning[quick-tier]: the home `home-b1` can be made to send up to 100 EUR in 24h and 400 EUR in 7d through permits with a short hold: make sure that you can afford to lose it, or tighten limits
    "#]],
    );
}

#[test]
fn keys_that_a_home_lacks_bound_it() {
    let text = |holder: &str| {
        format!(
            "[[vault]]\nid = \"hot\"\nchain = \"bitcoin:regtest\"\nkeys = {{ at_least = 1, of = [\"k\"] }}\n{}{}[[place]]\nid = \"home-k\"\nkind = \"home\"\n[[person]]\nid = \"holder\"\nplaces = [\"{holder}\"]\nkeys = [\"k\"]\n",
            permit("quick", QUICK),
            limit("per = \"24h\"\namount = \"300 EUR\"\nby = \"vault\"")
        )
    };
    assert!(!shown(&found(&text("home-k"))).contains("quick-tier"));
    assert!(
        shown(&found(&text("home-b1")))
            .contains("the home `home-b1` can be made to send up to 600 EUR in 24h")
    );
}

#[test]
fn one_home_must_not_change_lift_or_clear() {
    check(
        r#"
[stop]
lift = { any = [{ at_least = 1, of = "board" }, { at_least = 2, of = "watch" }] }
[[person]]
id = "b1-spouse"
groups = ["watch"]
places = ["home-b1"]
[[person]]
id = "b1-child"
groups = ["watch"]
places = ["home-b1"]
"#,
        &expect![[r#"
            more.toml:3:8: warning[lift-by-one-home]: `stop.lift` can be met by one home (the home `home-b1`, the home `home-b2`, the home `home-b3`), which can then lift a stop: ask for people from different homes
        "#]],
    );
    let text = support::FRAME
        .replace("at_least = 2, of = \"board\", apart = \"home\"", "at_least = 1, of = \"board\"")
        .replace(
            "responders = \"watch\"",
            "responders = \"watch\"\nclear = { at_least = 1, of = \"watch\" }",
        );
    let loaded = policy::load(&[support::source("frame.toml", &text)]);
    expect![[r#"
        frame.toml:7:11: warning[change-by-one-home]: `change.approve` can be met by one home (the home `home-b1`, the home `home-b2`, the home `home-b3`), which can then change the policy: ask for people from different homes
        frame.toml:1:1: warning[lift-by-one-home]: `stop.lift` can be met by one home (the home `home-b1`, the home `home-b2`, the home `home-b3`), which can then lift a stop: ask for people from different homes
        frame.toml:11:9: warning[clear-by-one-home]: `response.clear` can be met by one home (the home `home-w1`, the home `home-w2`, the home `home-w3`), which can then close an incident: ask for people from different homes
    "#]].assert_eq(&shown(&loaded.diagnostics));
}

#[test]
fn every_home_needs_two_responders_who_are_elsewhere_and_unrelated() {
    let text = support::FRAME
        .replace("id = \"w1\"\ngroups = [\"watch\"]", "id = \"w1\"\nof = [\"b1\"]\ngroups = [\"watch\"]")
        .replace(
            "id = \"w2\"\ngroups = [\"watch\"]\nplaces = [\"home-w2\"]",
            "id = \"w2\"\ngroups = [\"watch\"]\nplaces = [\"home-w2\", \"home-b1\"]",
        );
    let text = format!(
        "{text}[[protected]]\nid = \"niece\"\nof = [\"w3\"]\nplaces = [\"home-b2\"]\n[[person]]\nid = \"w4\"\nplaces = [\"home-b2\"]\nof = [\"w1\"]\n"
    );
    let loaded = policy::load(&[support::source("frame.toml", &text)]);
    expect![[r#"
        frame.toml:9:1: warning[clear-by-one-home]: `response.clear` can be met by one home (the home `home-b2`), which can then close an incident: ask for people from different homes
        frame.toml:12:6: warning[few-responders]: an alarm from the home `home-b1` would reach 1 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:15:6: warning[few-responders]: an alarm from the home `home-b2` would reach 1 responder(s) who neither live there nor are related: add responders, two at least
    "#]].assert_eq(&shown(&loaded.diagnostics));
}

#[test]
fn the_cosigner_and_auditors_stand_apart() {
    check(
        r#"
[cosigner]
places = ["home-b1"]
[[person]]
id = "clerk"
groups = ["audit", "watch"]
places = ["home-b3"]
"#,
        &expect![[r#"
            more.toml:3:10: warning[cosigner-at-home]: the co-signer stands in a home (`home-b1`): whoever takes that home holds it; move it elsewhere
            more.toml:6:11: warning[unused-group]: group `audit` is used by no rule: name it in a rule or remove it
        "#]],
    );
    let text =
        support::FRAME.replace("responders = \"watch\"", "responders = \"watch\"\nauditors = \"audit\"");
    let text = format!(
        "{text}[[person]]\nid = \"clerk\"\ngroups = [\"audit\", \"board\"]\nplaces = [\"home-b3\"]\n[[person]]\nid = \"keeper\"\ngroups = [\"audit\"]\nplaces = [\"home-b3\"]\nkeys = [\"k\"]\n[[vault]]\nid = \"v\"\nchain = \"bitcoin:regtest\"\nkeys = {{ at_least = 1, of = [\"k\"] }}\nrecovery = {{ at_least = 1, of = [\"k\"], after_blocks = 144 }}\n"
    );
    let loaded = policy::load(&[support::source("frame.toml", &text)]);
    expect![[r#"
        frame.toml:56:10: warning[auditor-with-authority]: auditor `clerk` is also in `board`, and who is taken with authority should not also read every name: take one of them away
        frame.toml:60:10: warning[auditor-with-authority]: auditor `keeper` also holds a vault's key, and who is taken with authority should not also read every name: take one of them away
        frame.toml:66:8: warning[keys-in-one-home]: `keys` of vault `v` can be signed by one home (the home `home-b3`): spread the keys over homes
        frame.toml:67:12: warning[keys-in-one-home]: `recovery` of vault `v` can be signed by one home (the home `home-b3`): spread the keys over homes
        frame.toml:67:12: warning[recovery-soon]: the recovery path of vault `v` opens within a week of a refresh, without the co-signer: lengthen `after_blocks` to 1008 at least
        frame.toml:64:6: warning[idle-vault]: no permit allows anything from vault `v`: add one or remove the vault
    "#]].assert_eq(&shown(&loaded.diagnostics));
}

#[test]
fn one_person_must_not_move_more_than_the_quick_tier() {
    let alone = SLOW.replace("approve = { at_least = 1, of = \"board\" }\n", "");
    check(
        &format!("{VAULTS}{}", permit("slow", &alone)),
        &expect![[r#"
        frame.toml:30:6: warning[moves-alone]: `b1` alone can send up to 9000 EUR in 7d, more than the quick tier's 0 EUR: ask for an approval by someone else
        frame.toml:34:6: warning[moves-alone]: `b2` alone can send up to 9000 EUR in 7d, more than the quick tier's 0 EUR: ask for an approval by someone else
        frame.toml:38:6: warning[moves-alone]: `b3` alone can send up to 9000 EUR in 7d, more than the quick tier's 0 EUR: ask for an approval by someone else
    "#]],
    );
}

#[test]
fn quorums_that_cannot_be_met() {
    let slow = |quorum: &str| SLOW.replace("{ at_least = 1, of = \"board\" }", quorum);
    check(
        &format!(
            "{VAULTS}{}{}{}",
            permit("never", &slow("{ at_least = 4, of = \"board\" }")),
            permit(
                "twice",
                &slow("{ all = [{ at_least = 2, of = \"board\" }, { at_least = 2, of = \"board\" }] }")
            ),
            permit("stuck", &slow("{ at_least = 3, of = \"board\" }")),
        ),
        &expect![[r#"
            more.toml:10:11: warning[quorum-unmet]: the quorum of permit `never` cannot be met by the people of the register: lower it or add people
            more.toml:18:11: warning[quorum-unmet]: the quorum of permit `twice` cannot be met by the people of the register: lower it or add people
            more.toml:26:11: warning[quorum-unmet-by-initiator]: the quorum of permit `stuck` cannot be met when `b1`, `b2`, `b3` submits, because who submits never counts: lower it or add people
        "#]],
    );
    let text = support::FRAME.replace("at_least = 2, of = \"board\"", "at_least = 3, of = \"board\"");
    let loaded = policy::load(&[support::source("frame.toml", &text)]);
    expect![[""]].assert_eq(&shown(&loaded.diagnostics));
}

#[test]
fn rules_without_effect() {
    check(
        &format!(
            "{VAULTS}{}[[vault]]\nid = \"idle\"\nchain = \"bitcoin:regtest\"\n\
             [[limit]]\nid = \"l\"\nvaults = [\"idle\"]\nper = \"1h\"\ncount = 1\nby = \"vault\"\n\
             [[destination]]\nid = \"d\"\naddress = \"x\"\nlist = \"spare\"\n[[destination]]\nid = \"e\"\naddress = \"y\"\n\
             [[person]]\nid = \"nomad\"\ngroups = [\"board\", \"spare\"]\n",
            permit("late", &SLOW.replace("7d", "47h"))
        ),
        &expect![[r#"
            more.toml:14:6: warning[vault-without-keys]: vault `idle` has no `keys` and cannot be created: add `keys = { at_least = 2, of = ["alice-hw", …] }`
            more.toml:11:8: warning[hold-beyond-expires]: permit `late` never releases: its requests expire after 47h, before the hold of 2d is over; lengthen `expires`
            more.toml:18:10: warning[idle-limit]: limit `l` limits nothing: no permit allows anything from its vaults
            more.toml:14:6: warning[idle-vault]: no permit allows anything from vault `idle`: add one or remove the vault
            more.toml:25:8: warning[unused-list]: list `spare` is used by no rule: name it in a rule or remove it
            more.toml:26:1: warning[unused-list]: destination `e` is in no list: name it in a rule or remove it
            more.toml:31:20: warning[unused-group]: group `spare` is used by no rule: name it in a rule or remove it
            more.toml:29:1: warning[person-without-home]: `nomad` has no home and never counts where `apart` is asked: add the home to `places`
        "#]],
    );
}

#[test]
fn a_quick_permit_needs_a_limit() {
    check(
        &format!("{VAULTS}{}", permit("quick", QUICK)),
        &expect![[r#"
            frame.toml:9:1: warning[quick-tier]: the home `home-b1` can be made to send up to 9000 EUR in 24h and 9000 EUR in 7d through permits with a short hold: make sure that you can afford to lose it, or tighten limits
            more.toml:7:10: warning[unlimited-quick]: quick permit `quick` can empty vault `hot`: add a [[limit]] with an amount
        "#]],
    );
}

#[test]
fn keys_of_one_home_and_of_nobody() {
    check(
        &format!(
            "[[vault]]\nid = \"hot\"\nchain = \"bitcoin:regtest\"\nkeys = {{ at_least = 2, of = [\"k1\", \"k2\", \"k3\"] }}\n{}\
             [[person]]\nid = \"k\"\nplaces = [\"home-b1\"]\nkeys = [\"k1\", \"k2\"]\n[[person]]\nid = \"nomad\"\nkeys = [\"k3\"]\n",
            permit("slow", SLOW)
        ),
        &expect![[r#"
            more.toml:4:8: warning[keys-in-one-home]: `keys` of vault `hot` can be signed by one home (the home `home-b1`): spread the keys over homes
            more.toml:4:8: warning[key-without-home]: nobody can say who falls with `k3`: give its owner a home
        "#]],
    );
}

#[test]
fn responders_are_people() {
    let text = support::FRAME.replace(
        "responders = \"watch\"",
        "responders = \"robots\"\nclear = { at_least = 2, of = \"board\", apart = \"home\" }",
    );
    let text = format!("{text}[[service]]\nid = \"robot\"\ngroups = [\"robots\"]\n")
        .replace("groups = [\"watch\"]\n", "");
    let loaded = policy::load(&[support::source("frame.toml", &text)]);
    expect![[r#"
        frame.toml:13:6: warning[few-responders]: an alarm from the home `home-b1` would reach 0 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:16:6: warning[few-responders]: an alarm from the home `home-b2` would reach 0 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:19:6: warning[few-responders]: an alarm from the home `home-b3` would reach 0 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:22:6: warning[few-responders]: an alarm from the home `home-w1` would reach 0 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:25:6: warning[few-responders]: an alarm from the home `home-w2` would reach 0 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:28:6: warning[few-responders]: an alarm from the home `home-w3` would reach 0 responder(s) who neither live there nor are related: add responders, two at least
        frame.toml:10:14: warning[group-without-people]: group `robots` of `response.responders` has no people, only services: add people
    "#]].assert_eq(&shown(&loaded.diagnostics));
}

/// People of a dense web of shared homes: deciding such a quorum is bounded, and beyond the bound it counts as not met.
#[test]
fn a_quorum_that_is_too_tangled_is_said() {
    let mut text = String::new();
    let mut places = vec![Vec::new(); 160];
    let mut state = 7u64;
    for home in 0..900 {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % 160
        };
        let (one, other) = (next(), next());
        text += &format!("[[place]]\nid = \"q{home}\"\nkind = \"other\"\n");
        places[one].push(home);
        if one != other {
            places[other].push(home);
        }
    }
    for (n, homes) in places.iter().enumerate() {
        let homes: Vec<String> = homes.iter().map(|home| format!("\"q{home}\"")).collect();
        text += &format!("[[person]]\nid = \"t{n}\"\ngroups = [\"web\"]\nplaces = [{}]\n", homes.join(", "));
    }
    text += "[stop]\nlift = { at_least = 52, of = \"web\", apart = \"place\" }\n";
    assert!(shown(&found(&text)).contains("quorum-too-hard"), "{}", shown(&found(&text)));
}

/// Every warning has a case above: the file itself is the list.
#[test]
fn every_warning_is_called_for_by_a_case() {
    let cases = include_str!("warnings.rs");
    for code in CODES.iter().filter(|code| code.severity == Severity::Warning) {
        let expected = format!("[{}]", code.name);
        assert!(
            cases.contains(&expected) || cases.contains(&format!("\"{}\"", code.name)),
            "no case for {expected}"
        );
    }
}

#[test]
fn keys_for_dossiers_that_do_nothing_or_are_shared() {
    let person = |id: &str, group: &str| {
        format!(
            "[[person]]\nid = \"{id}\"\ngroups = [\"{group}\"]\nplaces = [\"home-w1\"]\nrecipients = [\"age1r5fzkjlvreprv9gaultr90dyaxtaqqptct4thcsmt6urjc897eqsmhjm4p\"]\n"
        )
    };
    check(&person("w4", "watch"), &expect![[""]]);
    check(
        &format!("{}{}", person("w4", "watch"), person("b4", "board")),
        &expect![[r#"
            more.toml:10:14: warning[idle-recipient]: `b4` is no responder and reads no dossier: remove `recipients`, or add the group `watch`
            more.toml:10:14: warning[shared-recipient]: a recipient of `b4` is another person's as well: give everyone a key of their own, or what may not be sealed to one is not sealed to the other
        "#]],
    );
}
