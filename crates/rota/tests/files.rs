//! What a `calls.toml` may say and what it may not: each mistake with its place and what to do next, and no address repeated (G8, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rota::{
    ADDRESS_BYTES_MAX, CONTACTS_MAX, CallPlan, Chain, FILE_BYTES_MAX, LAYER_PEOPLE_MAX, Language,
    SCHEDULE_LAYERS_MAX, SCHEDULES_MAX, STEP_TELLS_MAX, STEPS_MAX, Step, Tell, WAYS_MAX,
};
use support::{channels, person, plan, schedule};
use types::Span;

const DOCUMENT: &str = include_str!("../../../docs/calls.md");

/// Two contacts and a schedule: seven lines.
const HEAD: &str = "time_zone = 'Europe/Paris'
[[contact]]
person = 'a'
ways = { sms = '+33a' }
[[contact]]
person = 'b'
ways = { email = 'b@example.org' }
";

fn error(text: &str) -> rota::PlanError {
    let error = CallPlan::parse("calls.toml", text).expect_err("it was taken");
    assert!(DOCUMENT.contains(&format!("`{}`", error.code)), "docs/calls.md does not list `{}`", error.code);
    error
}

fn check(more: &str, expected: &Expect) {
    expected.assert_eq(&error(&format!("{HEAD}{more}")).to_string());
}

fn layer(keys: &str) -> String {
    format!("[[schedule]]\nid = 'duty'\n[[schedule.layers]]\n{keys}\n")
}

fn step(keys: &str) -> String {
    format!("[chain]\n[[chain.steps]]\n{keys}\n")
}

#[test]
fn an_empty_file_is_the_default_plan() {
    let plan = CallPlan::parse("calls.toml", "# nothing yet\n").unwrap();
    assert_eq!(plan, CallPlan::default());
    let minutes = |minutes: u64| Span::from_seconds(minutes * 60);
    let step = Step { tell: vec![Tell::Everyone], by: BTreeSet::new(), wait: minutes(5) };
    assert_eq!(*plan.chain(), Chain { steps: vec![step], repeat: 3, progress: minutes(30) });
    assert_eq!(plan.contacts().count() + plan.schedules().count(), 0);
}

#[test]
fn every_key_is_read() {
    let text = format!(
        "{HEAD}[[contact]]\nperson = 'c'\nlanguage = 'fr'\nways = {{ sms = '+33c', email = 'c@example.org' }}\n{}{}",
        layer("people = ['a', 'b']\nfrom = 2026-11-23T09:00:00\nevery = '12h'"),
        "[chain]\nrepeat = 2\nprogress = '1h'\n[[chain.steps]]\ntell = ['schedule:duty', 'person:c', 'everyone']\n\
         by = ['email']\nwait = '90s'\n"
    );
    let plan = CallPlan::parse("calls.toml", &text).unwrap();
    let contact = plan.contact(&person("c")).unwrap();
    assert_eq!((contact.language, contact.ways.len()), (Language::Fr, 2));
    assert_eq!(plan.contact(&person("a")).unwrap().language, Language::En);
    let chain = plan.chain();
    assert_eq!((chain.repeat, chain.progress.seconds(), chain.steps.len()), (2, 3600, 1));
    let step = &chain.steps[0];
    assert_eq!(step.tell, [Tell::Schedule(schedule()), Tell::Person(person("c")), Tell::Everyone]);
    assert_eq!(step.wait.seconds(), 90);
    let ways: Vec<_> = step.ways(contact).map(|(channel, address)| format!("{channel} {address}")).collect();
    assert_eq!(ways, ["email c@example.org"]);
    let all = Step { by: BTreeSet::new(), ..step.clone() };
    assert_eq!(
        all.ways(contact).map(|(channel, _)| channel.clone()).collect::<Vec<_>>(),
        channels(&["email", "sms"])
    );
    let duty = plan.schedule(&schedule()).unwrap();
    assert_eq!((&duty.id, duty.time_zone(), duty.layers().len()), (&schedule(), "Europe/Paris", 1));
    assert_eq!(
        (duty.layers()[0].from.to_string().as_str(), duty.layers()[0].every.seconds()),
        ("2026-11-23T09:00:00", 43_200)
    );
}

#[test]
fn a_schedule_has_its_own_zone_or_that_of_the_file() {
    let own = layer("people = ['a']\nfrom = '2026-11-23T09:00'\nevery = '1d'")
        .replace("id =", "time_zone = 'asia/tokyo'\nid =");
    let plan = CallPlan::parse("calls.toml", &format!("{HEAD}{own}")).unwrap();
    assert_eq!(plan.schedule(&schedule()).unwrap().time_zone(), "Asia/Tokyo");
    let headless = format!("{HEAD}{own}").replace("time_zone = 'Europe/Paris'\n", "");
    assert!(CallPlan::parse("calls.toml", &headless).is_ok());
}

#[test]
fn what_is_no_toml_or_has_other_keys() {
    check(
        "[[contact]\n",
        &expect!["calls.toml:8:11: error[syntax]: this is not TOML: unclosed array table, expected `]`"],
    );
    check(
        "[[contacts]]\n",
        &expect![
            "calls.toml:8:3: error[unknown-key]: unknown key `contacts`: use one of `time_zone`, `contact`, `schedule`, `chain`"
        ],
    );
    check(
        "[[contact]]\nname = 'c'\n",
        &expect![
            "calls.toml:9:1: error[unknown-key]: unknown key `name`: use one of `person`, `language`, `ways`"
        ],
    );
    check(
        "[[contact]]\nperson = 'c'\n",
        &expect!["calls.toml:8:1: error[missing-key]: the key `ways` is missing: add it"],
    );
    check(
        "[[contact]]\nperson = 3\n",
        &expect!["calls.toml:9:10: error[wrong-type]: this must be text in quotes"],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = '+33612345678'\n",
        &expect![[r#"calls.toml:10:8: error[wrong-type]: this must be a table, such as { sms = "+33…" }"#]],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = { sms = 33612345678 }\n",
        &expect!["calls.toml:10:16: error[wrong-type]: this must be text in quotes"],
    );
    check(
        "[[contact]]\nperson = 'c'\nperson = 'd'\n",
        &expect!["calls.toml:10:1: error[duplicate-key]: this key is given before: remove one of them"],
    );
    check(
        "[contact]\nperson = 'c'\n",
        &expect!["calls.toml:8:2: error[duplicate-key]: this key is given before: remove one of them"],
    );
    check(
        "[chain]\nrepeat = '3'\n",
        &expect!["calls.toml:9:10: error[wrong-type]: this must be a whole number"],
    );
    check(
        "[chain]\nrepeat = 3\n",
        &expect!["calls.toml:8:1: error[missing-key]: the key `steps` is missing: add it"],
    );
    check(
        &step("tell = 'everyone'"),
        &expect!["calls.toml:10:8: error[wrong-type]: this must be a list in brackets"],
    );
    check(
        &step("tell = ['everyone']\nuntil = '5m'"),
        &expect!["calls.toml:11:1: error[unknown-key]: unknown key `until`: use one of `tell`, `by`, `wait`"],
    );
    check(
        &layer("people = ['a']\nfrom = '2026-11-23T09:00'\nevery = '1d'\nhours = { from = '08:00' }"),
        &expect!["calls.toml:14:9: error[missing-key]: the key `to` is missing: add it"],
    );
}

#[test]
fn contacts() {
    check(
        "[[contact]]\nperson = 'a'\nways = { sms = '+33c' }\n",
        &expect!["calls.toml:9:10: error[duplicate]: `a` has a contact already: put all ways into one"],
    );
    check(
        "[[contact]]\nperson = 'a b'\nways = { sms = '+33c' }\n",
        &expect![
            "calls.toml:9:10: error[bad-name]: `a b` is not a name: use 1 to 64 letters, digits, `-`, `_` or `.`, starting with a letter or digit"
        ],
    );
    check(
        "[[contact]]\nperson = 'c'\nlanguage = 'de'\nways = { sms = '+33c' }\n",
        &expect!["calls.toml:10:12: error[bad-language]: `de` is no language here: use `en` or `fr`"],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = {}\n",
        &expect!["calls.toml:10:8: error[empty]: no ways here: give at least one"],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = { sms = '' }\n",
        &expect![
            "calls.toml:10:16: error[bad-address]: the address for `sms` is empty: give it, or remove the channel"
        ],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = { sms = '+33612345678 ' }\n",
        &expect![
            "calls.toml:10:16: error[bad-address]: the address for `sms` begins or ends with a space: remove it"
        ],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = { sms = \"+336\\n12345678\" }\n",
        &expect![
            "calls.toml:10:16: error[bad-address]: the address for `sms` has control characters: remove them"
        ],
    );
    check(
        "[[contact]]\nperson = 'c'\nways = { 'two words' = '+33c' }\n",
        &expect![
            "calls.toml:10:10: error[bad-name]: `two words` is not a name: use 1 to 64 letters, digits, `-`, `_` or `.`, starting with a letter or digit"
        ],
    );
}

/// A schedule of one layer.
fn keys(people: &str, from: &str, every: &str) -> String {
    layer(&format!("people = {people}\nfrom = {from}\nevery = {every}"))
}

#[test]
fn layers() {
    check(
        &keys("['a', 'zoe']", "'2026-11-23T09:00'", "'7d'"),
        &expect![
            "calls.toml:11:16: error[unknown-person]: `zoe` has no contact: add a [[contact]] with this person, or correct the name"
        ],
    );
    check(
        &keys("[]", "'2026-11-23T09:00'", "'7d'"),
        &expect!["calls.toml:11:10: error[empty]: no people here: give at least one"],
    );
    check(
        &keys("['a']", "'2026-11-23T09:00+01:00'", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "2026-11-23T09:00:00Z", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "2026-11-23", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "'2026-11-23T09:00:30'", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "'2026-02-30T09:00'", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "'1900-02-03T09:00'", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "9", "'7d'"),
        &expect![[
            r#"calls.toml:12:8: error[bad-time]: this is not the date and time of a first hand-over: write "2026-11-23T09:00", in whole minutes and without an offset; it is read in the schedule's time zone"#
        ]],
    );
    check(
        &keys("['a']", "'2026-11-23T09:00'", "'1w'"),
        &expect![
            "calls.toml:13:9: error[bad-duration]: `1w` is not a duration: write a whole number and a unit, such as `90s`, `30m`, `48h` or `7d`"
        ],
    );
    check(
        &keys("['a']", "'2026-11-23T09:00'", "'30m'"),
        &expect!["calls.toml:13:9: error[bad-duration]: `every` is 30m: give from 1h to 366d"],
    );
    check(
        &keys("['a']", "'2026-11-23T09:00'", "'367d'"),
        &expect!["calls.toml:13:9: error[bad-duration]: `every` is 367d: give from 1h to 366d"],
    );
}

#[test]
fn schedules() {
    let good = keys("['a']", "'2026-11-23T09:00'", "'7d'");
    check(
        &format!("{good}{good}"),
        &expect![
            "calls.toml:15:6: error[duplicate]: there is a schedule `duty` already: choose another name"
        ],
    );
    check(
        &good.replace("id =", "time_zone = 'Europe/Pari'\nid ="),
        &expect![
            "calls.toml:9:13: error[bad-time-zone]: unknown time zone `Europe/Pari`: give an IANA name such as `Europe/Paris`"
        ],
    );
    check(
        "[[schedule]]\nid = 'duty'\nlayers = []\n",
        &expect!["calls.toml:10:10: error[empty]: no layers here: give at least one"],
    );
    let text = format!("{HEAD}{good}").replace("time_zone = 'Europe/Paris'\n", "");
    expect!["calls.toml:8:6: error[missing-key]: `duty` has no time zone: put `time_zone` here or at the top of the file"].assert_eq(&error(&text).to_string());
}

#[test]
fn hours() {
    let hours = |hours: &str| {
        layer(&format!("people = ['a']\nfrom = '2026-11-23T09:00'\nevery = '7d'\nhours = {{ {hours} }}"))
    };
    check(
        &hours("days = [], from = '08:00', to = '18:00'"),
        &expect!["calls.toml:14:18: error[empty]: no days here: give at least one"],
    );
    check(
        &hours("days = ['mon', 'lundi'], from = '08:00', to = '18:00'"),
        &expect![
            "calls.toml:14:26: error[bad-time]: `lundi` is no day here: use `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`"
        ],
    );
    check(
        &hours("days = ['mon', 'mon'], from = '08:00', to = '18:00'"),
        &expect!["calls.toml:14:26: error[duplicate]: `mon` is in this list twice: remove one"],
    );
    check(
        &hours("from = '8:00', to = '18:00'"),
        &expect![
            "calls.toml:14:18: error[bad-time]: `8:00` is not a time of day: write `08:00`, from `00:00` to `24:00`"
        ],
    );
    check(
        &hours("from = '24:00', to = '18:00'"),
        &expect![
            "calls.toml:14:18: error[bad-time]: `24:00` is not a time of day: write `08:00`, from `00:00` to `24:00`"
        ],
    );
    check(
        &hours("from = '08:00', to = '25:00'"),
        &expect![
            "calls.toml:14:32: error[bad-time]: `25:00` is not a time of day: write `08:00`, from `00:00` to `24:00`"
        ],
    );
}

#[test]
fn chains() {
    check(
        "[chain]\nsteps = []\n",
        &expect!["calls.toml:9:9: error[empty]: no steps here: give at least one"],
    );
    check(&step("tell = []"), &expect!["calls.toml:10:8: error[empty]: no names here: give at least one"]);
    check(
        &step("tell = ['a']"),
        &expect![
            "calls.toml:10:9: error[bad-tell]: `a` is nobody: use `everyone`, `person:NAME` or `schedule:NAME`"
        ],
    );
    check(
        &step("tell = ['group:a']"),
        &expect![
            "calls.toml:10:9: error[bad-tell]: `group:a` is nobody: use `everyone`, `person:NAME` or `schedule:NAME`"
        ],
    );
    check(
        &step("tell = ['person:zoe']"),
        &expect![
            "calls.toml:10:9: error[unknown-person]: `zoe` has no contact: add a [[contact]] with this person, or correct the name"
        ],
    );
    check(
        &step("tell = ['person:']"),
        &expect![
            "calls.toml:10:9: error[bad-name]: `` is not a name: use 1 to 64 letters, digits, `-`, `_` or `.`, starting with a letter or digit"
        ],
    );
    check(
        &step("tell = ['schedule:duty']"),
        &expect![
            "calls.toml:10:9: error[unknown-schedule]: there is no schedule `duty`: add it, or correct the name"
        ],
    );
    check(
        &step("tell = ['everyone', 'everyone']"),
        &expect!["calls.toml:10:21: error[duplicate]: `everyone` is in this list twice: remove one"],
    );
    check(
        &step("tell = ['everyone']\nby = []"),
        &expect!["calls.toml:11:6: error[empty]: no channels here: give at least one"],
    );
    check(
        &step("tell = ['everyone']\nby = ['sms', 'pager']"),
        &expect![
            "calls.toml:11:14: error[unknown-channel]: no contact has a way over `pager`: add one, or correct the name"
        ],
    );
    check(
        &step("tell = ['everyone']\nby = ['sms', 'sms']"),
        &expect!["calls.toml:11:14: error[duplicate]: `sms` is in this list twice: remove one"],
    );
    check(
        &step("tell = ['everyone']\nwait = '9s'"),
        &expect!["calls.toml:11:8: error[bad-duration]: `wait` is 9s: give from 10s to 1d"],
    );
    check(
        &step("tell = ['everyone']\nwait = '25h'"),
        &expect!["calls.toml:11:8: error[bad-duration]: `wait` is 25h: give from 10s to 1d"],
    );
    let chain = |keys: &str| format!("[chain]\n{keys}\nsteps = [{{ tell = ['everyone'] }}]\n");
    check(
        &chain("repeat = 0"),
        &expect!["calls.toml:9:10: error[bad-count]: `repeat` is 0: give from 1 to 20"],
    );
    check(
        &chain("repeat = 21"),
        &expect!["calls.toml:9:10: error[bad-count]: `repeat` is 21: give from 1 to 20"],
    );
    check(
        &chain("progress = '59s'"),
        &expect!["calls.toml:9:12: error[bad-duration]: `progress` is 59s: give from 1m to 7d"],
    );
}

/// A file with as many things as allowed is taken, and one with one more is not.
fn bound(most: usize, text: impl Fn(usize) -> String) {
    let taken = CallPlan::parse("calls.toml", &text(most));
    assert!(taken.is_ok(), "{}", taken.unwrap_err());
    assert_eq!(error(&text(most + 1)).code, "too-large");
}

#[test]
fn everything_has_a_limit() {
    let contact = |n: usize| format!("[[contact]]\nperson = 'p{n}'\nways = {{ sms = '+33{n}' }}\n");
    let many = |count: usize, of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<String>();
    bound(CONTACTS_MAX, |count| many(count, &contact));
    let ways = |count| many(count, &|n| format!("c{n} = '+33', "));
    bound(WAYS_MAX, |count| {
        format!("[[contact]]\nperson = 'a'\nways = {{ {} }}\n", ways(count).trim_end_matches(", "))
    });
    let good = "people = ['a']\nfrom = '2026-11-23T09:00'\nevery = '7d'\n";
    let schedule = |n: usize| format!("[[schedule]]\nid = 's{n}'\n[[schedule.layers]]\n{good}");
    bound(SCHEDULES_MAX, |count| format!("{HEAD}{}", many(count, &schedule)));
    let layers = |count| many(count, &|_| format!("[[schedule.layers]]\n{good}"));
    bound(SCHEDULE_LAYERS_MAX, |count| format!("{HEAD}[[schedule]]\nid = 's'\n{}", layers(count)));
    let people = |count| good.replace("['a']", &format!("[{}]", "'a', ".repeat(count)));
    bound(LAYER_PEOPLE_MAX, |count| {
        format!("{HEAD}[[schedule]]\nid = 's'\n[[schedule.layers]]\n{}", people(count))
    });
    let steps = |count| "[[chain.steps]]\ntell = ['everyone']\n".repeat(count);
    bound(STEPS_MAX, |count| format!("[chain]\n{}", steps(count)));
    let told = |count| many(count, &|n| format!("'person:p{n}', "));
    bound(STEP_TELLS_MAX, |count| {
        format!("{}[chain]\nsteps = [{{ tell = [{}] }}]\n", many(STEP_TELLS_MAX + 1, &contact), told(count))
    });
    bound(FILE_BYTES_MAX, |count| "#".repeat(count));
    let addressed =
        |bytes: usize| format!("[[contact]]\nperson = 'a'\nways = {{ sms = '{}' }}\n", "0".repeat(bytes));
    assert!(CallPlan::parse("calls.toml", &addressed(ADDRESS_BYTES_MAX)).is_ok());
    assert_eq!(error(&addressed(ADDRESS_BYTES_MAX + 1)).code, "bad-address");
}

#[test]
fn no_address_is_ever_printed() {
    let secret = "+33612345678";
    let text = format!("{HEAD}[[contact]]\nperson = 'c'\nways = {{ sms = '{secret}' }}\n");
    let plan = CallPlan::parse("calls.toml", &text).unwrap();
    let printed = format!("{plan:?}");
    assert!(printed.contains("sms") && !printed.contains(secret), "{printed}");
    let spoilt = [
        text.replace("ways = {", "ways = ["),
        text.replace("{ sms = ", "").replace(" }", ""),
        text.replace(&format!("'{secret}'"), &format!("'{secret}\t'")),
        text.replace(&format!("'{secret}'"), &format!("['{secret}']")),
        text.replace(&format!("'{secret}'"), &format!("'{secret}")),
        text.replace(&format!("'{secret}'"), secret),
        text.replace("ways", "way"),
    ];
    for text in spoilt {
        let error = CallPlan::parse("calls.toml", &text).expect_err(&text);
        assert!(!format!("{error} {error:?}").contains("612345678"), "{error}");
    }
}

#[test]
fn plans_are_plain_values() {
    let one = plan("Europe/Paris", "people = ['a']\nfrom = '2026-11-16T09:00'\nevery = '7d'");
    let other = plan("Europe/Paris", "people = ['a']\nfrom = '2026-11-16T09:01'\nevery = '7d'");
    assert!(one == one.clone() && one != other);
    let over = support::over("b", "2026-11-20T18:00:00Z", "2026-11-21T08:00:00Z");
    let json = serde_json::to_string(&over).unwrap();
    let expected =
        r#"{"schedule":"duty","person":"b","from":"2026-11-20T18:00:00Z","until":"2026-11-21T08:00:00Z"}"#;
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<rota::Override>(&json).unwrap(), over);
    let bytes = postcard::to_allocvec(&over).unwrap();
    assert_eq!(postcard::from_bytes::<rota::Override>(&bytes).unwrap(), over);
    assert_eq!(serde_json::to_string(&Language::Fr).unwrap(), "\"fr\"");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes, there is a plan or an error with a place within the file; never a panic.
    #[test]
    fn spoilt_files_have_an_error_with_a_place(at in 0usize..1500, cut in 0usize..40, put in "[ -~\\n]{0,12}") {
        const CALLS: &str = include_str!("../../../examples/startup/calls.toml");
        let characters: Vec<char> = CALLS.chars().skip(600).collect();
        let (before, after) = characters.split_at(at.min(characters.len()));
        let after = after.get(cut..).unwrap_or_default();
        let text: String = before.iter().copied().chain(put.chars()).chain(after.iter().copied()).collect();
        if let Err(error) = CallPlan::parse("calls.toml", &text) {
            prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1, "{}", error);
            prop_assert!(error.column >= 1 && !error.message.is_empty());
            prop_assert!(DOCUMENT.contains(&format!("`{}`", error.code)), "{}", error.code);
        }
    }
}
