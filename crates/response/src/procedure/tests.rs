//! What must hold of every checklist, built in or from a file.

use std::collections::BTreeSet;

use expect_test::expect;
use proptest::prelude::*;

use super::file::is_step_id;
use super::*;
use crate::Language;

fn ids(kind: Kind, level: Level) -> Vec<String> {
    Procedures::default().checklist(kind, level).into_iter().map(|step| step.id).collect()
}

#[test]
fn every_built_in_step_has_a_stable_id_and_words_in_both_languages() {
    for kind in Kind::ALL {
        let steps = Procedures::default().checklist(kind, Level::Verify);
        let ids: BTreeSet<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids.len(), steps.len(), "{kind}: an id stands twice");
        assert!(steps.len() >= 8 && steps.len() <= PROCEDURE_STEPS_MAX, "{kind}");
        for step in &steps {
            assert!(is_step_id(&step.id), "{}", step.id);
            for words in [&step.en, &step.fr] {
                for text in [&words.text, &words.why] {
                    assert!(!text.is_empty() && text.len() <= STEP_TEXT_BYTES_MAX, "{}: {text}", step.id);
                    assert!(!text.ends_with('.'), "{}: {text}", step.id);
                }
            }
            assert_ne!(step.en.text, step.fr.text);
        }
    }
}

/// Journals hold these ids: one that is dropped or renamed turns a tick into nothing.
#[test]
fn the_ids_are_for_good() {
    let all: BTreeSet<String> = Kind::ALL.into_iter().flat_map(|kind| ids(kind, Level::Verify)).collect();
    let all: Vec<String> = all.into_iter().collect();
    expect!["call-back call-police care-first check-accounts check-others clear closed-channel danger-now decide-level do-not-answer do-not-ring file-complaint freeze-destinations give-medical keep-messages keep-traces last-seen learn leave-bargaining-to-police look-after-family mend-cause new-credentials offer-support one-telephone open-dossier other-relatives phones-and-vehicles plan-relief police-pack police-say-safe private-call-back proof-of-life protect-home quiet-or-stop raise-posture reach-quietly right-door-next say-nothing-outside screen-is-seen share-out speak-privately stay-on-line strangers-first sure-twice take-charge tell-of-dossier thank-whoever-called two-scenes watch-attempts write-down-demands"].assert_eq(&all.join(" "));
}

#[test]
fn where_it_may_be_a_slip_the_call_back_comes_before_the_police() {
    for kind in Kind::ALL {
        let verify = ids(kind, Level::Verify);
        assert_eq!(verify[..3], ["take-charge", "call-back", "decide-level"], "{kind}");
        let confirmed = ids(kind, Level::Confirmed);
        assert!(!confirmed.iter().any(|id| id == "call-back" || id == "decide-level"), "{kind}");
    }
    let steps = Procedures::default().checklist(Kind::HomeInvasion, Level::Verify);
    let minute = |id: &str| steps.iter().find(|step| step.id == id).unwrap().when;
    assert_eq!(minute("call-police"), When::Minute(12));
    assert_eq!(minute("take-charge"), When::Minute(0));
    assert_eq!(minute("clear"), When::After);
}

#[test]
fn where_somebody_is_held_nobody_rings_and_the_police_come_first() {
    for kind in [Kind::HomeInvasion, Kind::Abduction, Kind::RelativeTaken] {
        let ids = ids(kind, Level::Confirmed);
        assert_eq!(ids[..3], ["take-charge", "do-not-ring", "call-police"], "{kind}");
        for needed in
            ["stay-on-line", "quiet-or-stop", "leave-bargaining-to-police", "give-medical", "police-pack"]
        {
            assert!(ids.iter().any(|id| id == needed), "{kind} lacks {needed}");
        }
    }
}

#[test]
fn every_procedure_ends_with_a_private_call_back_before_the_clear() {
    for kind in Kind::ALL {
        let ids = ids(kind, Level::Confirmed);
        let at = |id: &str| ids.iter().position(|known| known == id).unwrap();
        assert!(at("private-call-back") < at("clear"), "{kind}");
    }
    assert!(ids(Kind::WrongAddress, Level::Confirmed).iter().any(|id| id == "thank-whoever-called"));
}

#[test]
fn kinds_have_names_that_parse() {
    for kind in Kind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        assert_ne!(kind.title(Language::En), kind.title(Language::Fr));
        assert!(!kind.when(Language::Fr).is_empty());
    }
    assert!("home".parse::<Kind>().is_err());
}

const OWN: &str = r#"
[[step]]
kind = "home-invasion"
id = "call-guard"
minute = 4
who = "second"
en = { text = "Call the guard service on the card", why = "they hold the keys" }
fr = { text = "Appelez le gardiennage, numéro sur la carte", why = "ils ont les clés" }

[[step]]
kind = "home-invasion"
id = "call-police"
minute = 1
fr = { text = "Appelez le 17 par la ligne dédiée" }

[[step]]
kind = "home-invasion"
id = "freeze-destinations"
omit = true
"#;

#[test]
fn a_file_rewords_adds_and_leaves_out() {
    let procedures = Procedures::parse(OWN).unwrap();
    let steps = procedures.checklist(Kind::HomeInvasion, Level::Confirmed);
    let find = |id: &str| steps.iter().find(|step| step.id == id);
    assert_eq!(find("call-guard").unwrap().words(Language::Fr).why, "ils ont les clés");
    let police = find("call-police").unwrap();
    assert_eq!(police.when, When::Minute(1));
    assert_eq!(police.fr.text, "Appelez le 17 par la ligne dédiée");
    // What the file does not name stays built in.
    assert!(police.en.text.starts_with("Call 17"));
    assert!(find("freeze-destinations").is_none());
    assert!(procedures.has(Kind::HomeInvasion, "call-guard"));
    assert!(!procedures.has(Kind::Abduction, "call-guard"));
    assert_eq!(Procedures::parse("").unwrap(), Procedures::default());
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let said = |text: &str| Procedures::parse(text).unwrap_err().to_string();
    let step = |rest: &str| said(&format!("[[step]]\nkind = \"abduction\"\n{rest}"));
    let mut messages = vec![
        said("[[stp]]\n"),
        said("[[step]]\nkind = \"abducton\"\nid = \"x\"\n"),
        step("id = \"call-police\"\nminutes = 3\n"),
        step("id = \"Call Police\"\n"),
        step("id = \"call--police\"\n"),
        step("id = \"call-police\"\nminute = 3\nafter = true\n"),
        step("id = \"call-police\"\nminute = 99999\n"),
        step("id = \"call-police\"\nen = { text = \"\" }\n"),
        step("id = \"call-police\"\nen = { text = \"a\\nb\" }\n"),
        step("id = \"own\"\nminute = 3\nwho = \"lead\"\nen = { text = \"a\", why = \"b\" }\n"),
        step("id = \"own\"\nomit = true\n"),
        said(&format!("{OWN}\n{OWN}")),
    ];
    messages.push(said(&"#".repeat(PROCEDURES_BYTES_MAX + 1)));
    let many: String = (0..PROCEDURE_STEPS_MAX)
        .map(|n| OWN.split("\n\n").next().unwrap().replace("call-guard", &format!("own-{n}")))
        .collect();
    messages.push(said(&many));
    expect![[r#"
        `procedures.toml` is not valid at line 1, column 3: unknown field `stp`, expected `step`
        `procedures.toml` is not valid at line 2, column 8: unknown variant `abducton`, expected one of `home-invasion`, `abduction`, `relative-taken`, `remote-extortion`, `wrong-address`
        `procedures.toml` is not valid at line 4, column 1: unknown field `minutes`, expected one of `kind`, `id`, `minute`, `after`, `who`, `en`, `fr`, `omit`
        step `Call Police` of `abduction`: an id is 1 to 40 lower-case letters, digits and single `-`
        step `call--police` of `abduction`: an id is 1 to 40 lower-case letters, digits and single `-`
        step `call-police` of `abduction`: it has both `minute` and `after`: keep one
        step `call-police` of `abduction`: `minute` is at most 10080; use `after = true` for what follows once the person is safe
        step `call-police` of `abduction`: a text is empty, longer than 400 bytes or has control characters: write one plain line
        step `call-police` of `abduction`: a text is empty, longer than 400 bytes or has control characters: write one plain line
        step `own` of `abduction`: it is not built in, so it needs `who`, `minute` or `after`, and `en` and `fr` with `text` and `why`
        step `own` of `abduction`: it is not built in, so there is nothing to leave out: check its id
        step `call-guard` of `home-invasion`: it stands twice in the file: keep one
        `procedures.toml` is larger than 262144 bytes: shorten its texts
        `home-invasion` has more than 64 steps: nobody works through so many"#]].assert_eq(&messages.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = Procedures::parse(&text);
    }

    #[test]
    fn ids_are_lower_case_words(id in "[a-zA-Z0-9-]{0,44}") {
        let good = id.len() <= STEP_ID_BYTES_MAX
            && !id.is_empty()
            && !id.starts_with('-')
            && !id.ends_with('-')
            && !id.contains("--")
            && id == id.to_lowercase();
        prop_assert_eq!(is_step_id(&id), good);
    }
}
