//! G1: what is not understood never becomes a rule. Every error with its place and fix, all of them in one run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use expect_test::{Expect, expect};
use policy::{CODES, Severity, load};
use support::{FRAME, found, policy, shown, source};

fn check(more: &str, expected: &Expect) {
    expected.assert_eq(&shown(&found(more)));
}

const VAULT: &str = "[[vault]]\nid = \"hot\"\nchain = \"gate-only\"\n";

/// Text with one permit whose keys are given, on top of a vault.
fn permit(keys: &str) -> String {
    format!(
        "{VAULT}[[permit]]\nid = \"p\"\nvaults = [\"hot\"]\ninitiators = [\"board\"]\nexpires = \"7d\"\n{keys}"
    )
}

#[test]
fn syntax_errors_of_several_places() {
    check(
        "[[vault]\nid = \"a\"\n[[place]]\nid = \"p\nkind = home\n",
        &expect![[r#"
        more.toml:1:9: error[syntax]: unclosed array table, expected `]`
        more.toml:4:8: error[syntax]: invalid basic string, expected `"`
        more.toml:5:8: error[syntax]: string values must be quoted, expected literal string
    "#]],
    );
}

#[test]
fn unknown_tables_and_keys_are_named_with_the_nearest() {
    check(
        "[organization]\nname = \"x\"\n[[vaults]]\n[[place]]\nid = \"x\"\nkind = \"home\"\ncolour = 1\nidd = 2\n",
        &expect![[r#"
            more.toml:1:2: error[unknown-table]: unknown table `organization`: did you mean `organisation`?
            more.toml:3:3: error[unknown-table]: unknown table `vaults`: did you mean `vault`?
            more.toml:7:1: error[unknown-key]: unknown key `colour`: use one of id, kind
            more.toml:8:1: error[unknown-key]: unknown key `idd`: did you mean `id`?
        "#]],
    );
}

#[test]
fn missing_tables_and_keys() {
    let diagnostics =
        load(&[source("a.toml", "[organisation]\nname = \"A\"\n"), source("b.toml", "[change]\n")]);
    expect![[r#"
        a.toml:1:1: error[missing-key]: [organisation] needs `currency`: the currency of every amount in the policy
        a.toml:1:1: error[missing-key]: [organisation] needs `time_zone`: the IANA time zone in which calendars are read
        a.toml:1:1: error[missing-table]: the table [response] is missing: add it; it gives the covert side's people and waits
        b.toml:1:1: error[missing-key]: [change] needs `approve`: who may change rules and register, replace a credential, enrol
        b.toml:1:1: error[missing-key]: [change] needs `hold`: the least wait of a change; never shorter than the longest hold of any permit
    "#]].assert_eq(&shown(&diagnostics.diagnostics));
    check(
        "[[permit]]\nid = \"p\"\n[[limit]]\n",
        &expect![[r#"
        more.toml:1:1: error[missing-key]: [[permit]] needs `vaults`: from which vaults
        more.toml:1:1: error[missing-key]: [[permit]] needs `initiators`: submitted by members of which groups
        more.toml:1:1: error[missing-key]: [[permit]] needs `destination`: what every output's target must be: `listed`, `list:NAME`, `known`, `vault:ID` or `any`
        more.toml:1:1: error[missing-key]: [[permit]] needs `hold`: how long to wait once the quorum is met
        more.toml:1:1: error[missing-key]: [[permit]] needs `expires`: how long after submission a request that is not ready dies
        more.toml:3:1: error[missing-key]: [[limit]] needs `id`: the limit's name
        more.toml:3:1: error[missing-key]: [[limit]] needs `vaults`: for which vaults
        more.toml:3:1: error[missing-key]: [[limit]] needs `per`: the length of the sliding window
        more.toml:3:1: error[missing-key]: [[limit]] needs `by`: what has its own counter; `organisation` has one for all
        more.toml:3:1: error[empty-limit]: a limit needs `amount`, `count` or both: without them it limits nothing
    "#]],
    );
}

#[test]
fn a_key_given_twice_is_an_error_in_one_file_or_across_files() {
    check(
        "[organisation]\nname = \"Other\"\n[prices]\nwindow = \"7d\"\nwindow = \"8d\"\n",
        &expect![[r#"
        more.toml:2:8: error[duplicate-key]: `organisation.name` is given in another file too: keep one of them
        more.toml:5:1: error[duplicate-key]: duplicate key: it is given before, remove one
    "#]],
    );
    let split = format!("{FRAME}[prices]\nwindow = \"3d\"\n");
    let two = load(&[source("a.toml", &split), source("b.toml", "[prices]\nmax_age = \"2h\"\n")]);
    let prices = two.policy.unwrap().prices();
    assert_eq!((prices.window.to_string(), prices.max_age.to_string()), ("3d".into(), "2h".into()));
}

#[test]
fn names_clash_and_dangle() {
    check(
        r#"
[[vault]]
id = "hot"
chain = "gate-only"
[[vault]]
id = "hot"
chain = "gate-only"
[[service]]
id = "b1"
operated_by = ["b2", "b2", "engine", "nobody"]
[[service]]
id = "engine"
[[protected]]
id = "engine"
of = ["b11"]
places = ["home-b4"]
[[person]]
id = "an"
of = ["an"]
[[person]]
id = "not a name"
[[key]]
id = "b1-hw"
xpub = "tpub"
[[limit]]
id = "l"
vaults = ["hott"]
per = "24h"
count = 1
by = "vault"
[[forbid]]
id = "f"
destination = "list:sanctions"
"#,
        &expect![[r#"
            more.toml:6:6: error[duplicate-id]: `hot` is already a vault at more.toml:3: choose another name
            more.toml:9:6: error[duplicate-id]: `b1` is already a person at frame.toml:30: choose another name
            more.toml:10:22: error[duplicate-item]: `b2` is in this list twice: remove one
            more.toml:10:28: error[unknown-reference]: no person `engine`: only people can stand here; it is the name of a service or a protected person
            more.toml:10:38: error[unknown-reference]: no person `nobody`: add a [[person]]
            more.toml:12:6: error[duplicate-id]: `engine` is already a protected person at more.toml:14: choose another name
            more.toml:15:7: error[unknown-reference]: no person `b11`: did you mean `b1`?
            more.toml:16:11: error[unknown-reference]: no place `home-b4`: did you mean `home-b1`?
            more.toml:19:7: error[self-reference]: `an` cannot be `of` the same person: name someone else
            more.toml:21:6: error[bad-name]: `not a name` is not a name: use 1 to 64 letters, digits, `-`, `_` or `.`, starting with a letter or digit
            more.toml:23:6: error[unknown-reference]: no signing key `b1-hw`: a signing key exists when a person has it in `keys`
            more.toml:27:11: error[unknown-reference]: no vault `hott`: did you mean `hot`?
            more.toml:33:15: error[unknown-reference]: no list `sanctions`: a list exists when a destination has it as `list`
        "#]],
    );
}

#[test]
fn values_of_the_wrong_type_or_form() {
    check(
        &format!(
            "{VAULT}balance = 12\noldest_output = \"30 days\"\naddresses = \"x\"\n\
             [[limit]]\nid = \"l\"\nvaults = [\"hot\"]\nper = \"0s\"\ncount = -1\nby = \"person\"\namount = \"10.001 EUR\"\n\
             [[limit]]\nid = \"m\"\nvaults = [\"hot\"]\nper = \"36501d\"\ncount = 1.5\nby = \"vault\"\namount = \"10 BTC\"\n\
             [[limit]]\nid = \"n\"\nvaults = [\"hot\"]\nper = \"1h\"\nby = \"vault\"\n\
             [cosigner]\nplaces = [1, \"home-b1\"]\n[stop]\nafter = 2026-11-20\n[[key]]\nid = \"k\"\nxpub = \"\"\n"
        ),
        &expect![[r#"
            more.toml:4:11: error[wrong-type]: `balance` must be text in quotes, such as "10000 EUR", not a whole number
            more.toml:5:17: error[bad-duration]: `30 days` is not a duration: write a whole number and a unit, such as `90s`, `30m`, `48h` or `7d`
            more.toml:6:13: error[wrong-type]: `addresses` must be a list in brackets, not a text
            more.toml:10:7: error[bad-duration]: `per` must be longer than nothing
            more.toml:11:9: error[bad-count]: `count` is -1: give a whole number from 0 to 1000000
            more.toml:12:6: error[bad-choice]: `person` is not known here: use one of vault, initiator, destination, organisation
            more.toml:13:10: error[bad-money]: `10.001 EUR` has too many decimals: EUR has 2
            more.toml:17:7: error[bad-duration]: `36501d` is too long: the longest duration is 36500d
            more.toml:18:9: error[wrong-type]: `count` must be a whole number, not a number with a fraction
            more.toml:20:10: error[wrong-currency]: `10 BTC` is not in the organisation's currency: give it in EUR, as every sum in a policy
            more.toml:21:1: error[empty-limit]: a limit needs `amount`, `count` or both: without them it limits nothing
            more.toml:27:11: error[wrong-type]: `places` must be a list of texts in quotes, not a whole number
            more.toml:29:9: error[wrong-type]: `after` must be text in quotes, such as "48h", not a date or time
            more.toml:31:6: error[unknown-reference]: no signing key `k`: a signing key exists when a person has it in `keys`
            more.toml:32:8: error[bad-text]: the text is empty
        "#]],
    );
}

#[test]
fn the_organisation_is_checked() {
    let diagnostics = load(&[
        source(
            "o.toml",
            "[organisation]\nname = \"A\\u0007\"\ncurrency = \"EURO\"\ntime_zone = \"Europe/Pari\"\n",
        ),
        source("f.toml", FRAME),
    ]);
    expect![[r#"
        o.toml:2:8: error[bad-text]: the text has control characters: remove them
        o.toml:3:12: error[bad-money]: unknown currency `EURO`: did you mean `EUR`?
        o.toml:4:13: error[bad-time-zone]: unknown time zone `Europe/Pari`: give an IANA name such as `Europe/Paris`
        f.toml:3:8: error[duplicate-key]: `organisation.name` is given in another file too: keep one of them
        f.toml:4:12: error[duplicate-key]: `organisation.currency` is given in another file too: keep one of them
        f.toml:5:13: error[duplicate-key]: `organisation.time_zone` is given in another file too: keep one of them
    "#]].assert_eq(&shown(&diagnostics.diagnostics));
}

#[test]
fn quorums_have_one_of_three_forms() {
    for (quorum, expected) in [
        (
            "{}",
            expect![[r#"
            more.toml:2:8: error[bad-quorum]: a quorum has `at_least` and `of`, or `all`, or `any`: give exactly one of the three
        "#]],
        ),
        (
            "3",
            expect![[r#"
            more.toml:2:8: error[bad-quorum]: a quorum is a table such as `{ at_least = 2, of = "board", apart = "home" }`
        "#]],
        ),
        (
            "{ at_least = 0, of = \"board\" }",
            expect![[r#"
            more.toml:2:21: error[bad-count]: `at_least` is 0: give a whole number from 1 to 1024
        "#]],
        ),
        (
            "{ at_least = 2 }",
            expect![[r#"
            more.toml:2:8: error[missing-key]: a quorum needs `of`
        "#]],
        ),
        (
            "{ at_least = 1, of = \"bord\", apart = \"house\" }",
            expect![[r#"
            more.toml:2:29: error[unknown-reference]: no group `bord`: did you mean `board`?
            more.toml:2:45: error[bad-choice]: `house` is not known here: did you mean `home`?
        "#]],
        ),
        (
            "{ all = [], any = [] }",
            expect![[r#"
            more.toml:2:8: error[bad-quorum]: a quorum has `at_least` and `of`, or `all`, or `any`: give exactly one of the three
        "#]],
        ),
        (
            "{ all = [] }",
            expect![[r#"
            more.toml:2:16: error[bad-quorum]: `all` is empty: give at least one part
        "#]],
        ),
        (
            "{ any = [{ at_least = 1, of = \"board\", off = 1 }, 7] }",
            expect![[r#"
            more.toml:2:47: error[unknown-key]: unknown key `off`: did you mean `of`?
            more.toml:2:58: error[bad-quorum]: a quorum is a table such as `{ at_least = 2, of = "board", apart = "home" }`
        "#]],
        ),
    ] {
        check(&format!("[stop]\nlift = {quorum}\n"), &expected);
    }
}

#[test]
fn quorums_are_bounded_in_depth_and_size() {
    let deep = format!("{}{{ at_least = 1, of = \"board\" }}{}", "{ all = [".repeat(16), "] }".repeat(16));
    check(
        &format!("[stop]\nlift = {deep}\n"),
        &expect![[r#"
        more.toml:2:152: error[too-large]: a quorum has at most 16 levels and 64 parts
    "#]],
    );
    let wide = vec!["{ at_least = 1, of = \"board\" }"; 64].join(", ");
    check(
        &format!("[stop]\nlift = {{ any = [{wide}] }}\n"),
        &expect![[r#"
        more.toml:2:2033: error[too-large]: a quorum has at most 16 levels and 64 parts
    "#]],
    );
}

#[test]
fn permits_that_contradict_themselves() {
    check(
        &permit(
            "destination = \"any\"\nhold = \"1h\"\nknown_for = \"7d\"\namount = { over = \"5 EUR\", up_to = \"5 EUR\" }\ncalendar = { days = [\"mon\", \"mon\", \"lun\"], from = \"18:00\", to = \"08:00\" }\n",
        ),
        &expect![[r#"
            more.toml:11:13: error[bad-permit]: `known_for` needs `destination = "known"`: change one of them
            more.toml:12:19: error[bad-amount-range]: no amount is over 5 EUR and up to 5 EUR: swap or widen them
            more.toml:13:29: error[duplicate-item]: `mon` is in this list twice: remove one
            more.toml:13:36: error[bad-choice]: `lun` is not known here: did you mean `sun`?
            more.toml:13:51: error[bad-time]: the hours are empty: `from` must be before `to`; for a night write two permits, to `24:00` and from `00:00`
        "#]],
    );
    check(
        &permit(
            "destination = \"everywhere\"\nhold = \"1h\"\namount = {}\ncalendar = { days = [], from = \"8:00\", to = \"24:01\" }\n",
        ),
        &expect![[r#"
            more.toml:9:15: error[bad-destination]: `everywhere` is not a destination rule here: use `listed`, `list:NAME`, `known`, `vault:ID` or `any`
            more.toml:11:10: error[bad-amount-range]: `amount` needs `up_to`, `over` or both
            more.toml:12:21: error[empty-list]: `days` is empty: name at least one day
            more.toml:12:32: error[bad-time]: `8:00` is not a time of day: write `08:00`, from `00:00` to `24:00`
            more.toml:12:45: error[bad-time]: `24:01` is not a time of day: write `08:00`, from `00:00` to `24:00`
        "#]],
    );
    check(
        "[[forbid]]\nid = \"f\"\n[[forbid]]\nid = \"g\"\ndestination = \"known\"\n",
        &expect![[r#"
        more.toml:1:1: error[empty-forbid]: a forbid needs `vaults`, `initiators`, `destination` or `amount`: without them it forbids everything
        more.toml:5:15: error[bad-destination]: `known` is not a destination rule here: use `listed`, `list:NAME`, `vault:ID` or `any`
    "#]],
    );
}

#[test]
fn vaults_fit_their_chain() {
    check(
        r#"
[[vault]]
id = "a"
chain = "bitcoin:regtest"
[[vault]]
id = "b"
chain = "gate-only"
keys = { at_least = 1, of = ["k1"] }
script = "tr"
addresses = ["x", "y"]
[[vault]]
id = "c"
chain = "bitcoin:mainet"
addresses = ["y"]
[[vault]]
id = "d"
chain = "bitcoin:mainnet"
keys = { at_least = 3, of = ["k1", "k2"] }
recovery = { at_least = 1, of = ["k1"], after_blocks = 65536 }
[[destination]]
id = "one"
address = "x"
list = "l"
[[destination]]
id = "two"
address = "z"
list = "l"
[[destination]]
id = "three"
address = "z"
list = "l"
[[person]]
id = "keeper"
keys = ["k1", "k2"]
"#,
        &expect![[r#"
            more.toml:8:8: error[bad-vault]: a gate-only vault has no `keys`: someone else signs; remove it
            more.toml:9:10: error[bad-vault]: a gate-only vault has no `script`: someone else signs; remove it
            more.toml:13:9: error[bad-choice]: `bitcoin:mainet` is not known here: did you mean `bitcoin:mainnet`?
            more.toml:14:14: error[duplicate-address]: the address belongs to vault `b` already: remove one
            more.toml:18:21: error[bad-vault]: 3 of 2 keys can never sign: lower `at_least` or add keys
            more.toml:19:56: error[bad-count]: `after_blocks` is 65536: give a whole number from 1 to 65535
            more.toml:22:11: error[duplicate-address]: the address belongs to vault `b`: use `vault:b` in rules instead
            more.toml:30:11: error[duplicate-address]: the address is in this list already: remove one of the destinations
        "#]],
    );
}

#[test]
fn too_much_is_said_and_not_tried() {
    let large = load(&[source("large.toml", &"#".repeat(policy::FILE_BYTES_MAX + 1))]);
    assert!(shown(&large.diagnostics).starts_with("large.toml:1:1: error[too-large]"));
    let many: Vec<_> = (0..policy::FILES_MAX + 1).map(|n| source(&format!("{n}.toml"), "")).collect();
    assert!(shown(&load(&many).diagnostics).contains("error[too-large]: more than 64 files"));
    let people: String = (0..policy::PEOPLE_MAX).map(|n| format!("[[person]]\nid = \"n{n}\"\n")).collect();
    assert!(shown(&found(&people)).contains("error[too-large]: more than 1024 [[person]]"));
    let names: Vec<String> = (0..1001).map(|n| format!("\"x{n}\"")).collect();
    let names = format!("[cosigner]\nplaces = [{}]\n", names.join(","));
    assert!(shown(&found(&names)).contains("error[too-large]: `places` has more than 1000 entries"));
}

/// Deep nesting and long dotted keys must not exhaust the stack.
#[test]
fn hostile_files_are_errors() {
    for text in [
        format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a = {}", "{b=".repeat(100_000)),
        format!("{} = 1", vec!["a"; 300_000].join(".")),
        format!("[{}]", vec!["a"; 300_000].join(".")),
        "\0".into(),
        "[[permit]]\n".repeat(20_000),
    ] {
        let loaded = load(&[source("hostile.toml", &text)]);
        assert!(loaded.policy.is_none() && loaded.has_errors());
    }
}

#[test]
fn a_thousand_rules_load() {
    let mut text = String::from(VAULT);
    for n in 0..1000 {
        text += &permit(&format!("hold = \"{n}s\"\ndestination = \"any\"\n"))[VAULT.len()..]
            .replace("\"p\"", &format!("\"p{n}\""));
    }
    assert_eq!(policy(&text).permits().len(), 1000);
}

/// Whatever a line of a valid file is cut to, loading ends with a policy or an error, never with neither and never by panic.
#[test]
fn damaged_files_are_policies_or_errors() {
    let text = format!("{FRAME}{}", permit("destination = \"any\"\nhold = \"48h\"\n"));
    for cut in (0..text.len()).step_by(3) {
        for damaged in [text[..cut].to_owned(), format!("{}{}", &text[..cut], &text[cut + 1..])] {
            let loaded = load(&[source("damaged.toml", &damaged)]);
            assert_eq!(loaded.policy.is_none(), loaded.has_errors(), "{damaged}");
        }
    }
}

#[test]
fn codes_are_unique_and_every_one_is_documented() {
    let guide = include_str!("../../../docs/policy.md");
    let listed: Vec<&str> = guide
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| `")?
                .split_once("` | error |")
                .or_else(|| line.strip_prefix("| `")?.split_once("` | warning |"))
        })
        .map(|(code, _)| code)
        .collect();
    let known: Vec<&str> = CODES.iter().map(|code| code.name).collect();
    assert_eq!(listed, known, "the table of codes in docs/policy.md must follow `codes.rs`");
    for code in CODES {
        let word = if code.severity == Severity::Error { "error" } else { "warning" };
        let line = format!("| `{}` | {word} | {} |", code.name, code.meaning);
        assert!(guide.contains(&line), "docs/policy.md needs the line\n{line}");
    }
    let mut unique = known.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), known.len());
}

#[test]
fn recipients_are_checked_without_being_shown() {
    let person = |recipients: &str| {
        format!(
            "[[person]]\nid = \"r\"\ngroups = [\"watch\"]\nplaces = [\"home-w1\"]\nrecipients = [{recipients}]\n"
        )
    };
    check(&person("\"age1r5fzkjlvreprv9gaultr90dyaxtaqqptct4thcsmt6urjc897eqsmhjm4p\""), &expect![[""]]);
    check(
        &person(
            "\"AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33\", \"age1x\", \"bob\", 7",
        ),
        &expect![[r#"
            more.toml:5:15: error[bad-recipient]: this is a secret identity, not a recipient: whoever has seen this file can read with it; make a new one with `rempart dossier identity new` and write its `age1…` line here
            more.toml:5:93: error[bad-recipient]: the checksum is wrong: copy the whole `age1…` line again
            more.toml:5:102: error[bad-recipient]: not an age recipient: write the `age1…` line that `rempart dossier identity new` prints
            more.toml:5:109: error[wrong-type]: `recipients` must be a list of texts in quotes, not a whole number
        "#]],
    );
    check(
        &person("\"a\", \"b\", \"c\", \"d\", \"e\""),
        &expect![[r#"
            more.toml:5:14: error[too-large]: `recipients` has more than 4 entries: keep those in use
        "#]],
    );
}
