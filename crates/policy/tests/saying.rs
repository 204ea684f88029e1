//! The policy in words: every rule is said, in both languages, and nothing of the register is (G9).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may stop")]

mod support;

use expect_test::{Expect, expect};
use policy::{
    CODES, Facts, Language, Naming, NoHistory, OutputFacts, Policy, Posture, SENTENCES_MAX, Source, compare,
    load,
};
use support::{FRAME, source};
use types::{ActorId, Target, Timestamp, Value, VaultId};

const LANGUAGES: [Language; 2] = [Language::En, Language::Fr];

const EXAMPLES: [&[(&str, &str)]; 3] = [
    &[("policy.toml", include_str!("../../../examples/family/policy.toml"))],
    &[
        ("rules.toml", include_str!("../../../examples/startup/rules.toml")),
        ("register.toml", include_str!("../../../examples/startup/register.toml")),
    ],
    &[
        ("rules.toml", include_str!("../../../examples/exchange/rules.toml")),
        ("register.toml", include_str!("../../../examples/exchange/register.toml")),
    ],
];

fn example(at: usize) -> Policy {
    let sources: Vec<Source> = EXAMPLES[at]
        .iter()
        .map(|(name, text)| Source { name: (*name).into(), text: (*text).into() })
        .collect();
    load(&sources).policy.unwrap()
}

fn said(policy: &Policy, language: Language) -> String {
    let sections = policy.sentences(language).into_iter();
    let text: Vec<String> = sections
        .map(|section| format!("{}\n  {}\n", section.title, section.sentences.join("\n  ")))
        .collect();
    text.concat().replace('\u{a0}', " ")
}

/// Every name of the register that the rules do not use themselves, as a word of its own.
fn register_names(policy: &Policy) -> Vec<String> {
    let people = policy.people().flat_map(|person| {
        std::iter::once(person.id.to_string())
            .chain(person.places.iter().map(ToString::to_string))
            .chain(person.keys.iter().map(ToString::to_string))
    });
    let rest = policy.protected_people().iter().map(|person| person.id.to_string());
    let places = policy.places().iter().map(|place| place.id.to_string());
    people.chain(rest).chain(places).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|own| own == word)
}

#[track_caller]
fn check(policy: &Policy, language: Language, expected: Expect) {
    expected.assert_eq(&said(policy, language));
}

#[test]
fn every_example_is_said_without_anybody_of_its_register() {
    for at in 0..EXAMPLES.len() {
        let policy = example(at);
        let [english, french] = LANGUAGES.map(|language| said(&policy, language));
        assert_ne!(english, french);
        for text in [&english, &french] {
            let names = register_names(&policy);
            let named: Vec<&String> = names.iter().filter(|name| has_word(text, name)).collect();
            assert!(!names.is_empty() && named.is_empty(), "{named:?} in\n{text}");
            for permit in policy.permits() {
                assert!(has_word(text, permit.id.as_str()), "{} is not said", permit.id);
            }
            for limit in policy.limits() {
                assert!(has_word(text, limit.id.as_str()), "{} is not said", limit.id);
            }
            let ends = text.lines().filter(|line| line.starts_with("  ")).all(|line| line.ends_with('.'));
            assert!(ends, "{text}");
        }
    }
}

#[test]
fn a_startups_rules_in_words() {
    check(
        &example(1),
        Language::En,
        expect![[r#"
            The organisation
              “Atelier Nuage SAS” counts in EUR; hours are those of Europe/Paris.
              What is in another currency counts at the highest price of the last 7 days; without a price younger than 1 hour nothing is taken.
            Vaults
              “hot”: somebody else signs, on Rempart's word that a transfer was released.
              “treasury” is on bitcoin (regtest): 2 of 3 keys spend from it, always together with Rempart's own. Without Rempart, 2 of 3 keys recover what has not moved for 52,560 blocks, about 365 days. At most 600,000 EUR are on their way at once.
            Who may send what
              “everyday”: members of “operations” send up to 1,000 EUR from “hot” to any address, without anybody's approval. It does not wait; what is not ready 24 hours after it was asked for lapses.
              “top-up”: members of “operations” or “finance” send up to 10,000 EUR from “treasury” to the vault “hot”, approved by one of “finance”. From the last approval on it waits 24 hours; what is not ready 4 days after it was asked for lapses.
              “partners”: members of “finance” send up to 300,000 EUR from “treasury” to listed addresses (Monday to Friday, 08:00 to 19:00), approved by one of “finance” and one of “board”, all of them different people. From the last approval on it waits 48 hours; what is not ready 7 days after it was asked for lapses.
              “known-supplier”: members of “finance” send up to 50,000 EUR from “treasury” to addresses that it first paid at least 30 days ago, approved by 2 of “board” from different homes. From the last approval on it waits 3 days; what is not ready 10 days after it was asked for lapses.
              “anywhere”: members of “finance” send any sum from “treasury” to any address, approved by 3 of “board” from different homes. From the last approval on it waits 7 days; what is not ready 21 days after it was asked for lapses.
            Limits
              “hot-day”: at most 3,000 EUR from “hot” within any 24 hours, counted for each vault.
              “hot-week”: at most 8,000 EUR from “hot” within any 7 days, counted for each vault.
              “hot-pace”: at most 6 transfers from “hot” within any 1 hour, counted for each person who asks.
              “treasury-week”: at most 800,000 EUR from “treasury” within any 7 days, counted together.
            What is forbidden
              “sanctions”: no transfer to addresses of the list “sanctions”.
            Known addresses
              List “partners”: “exchange” (bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969) and “payroll-provider” (bcrt1qqdwm9x90lxytw7774rzr3dauh6a6t5850cse0g).
              List “suppliers”: “chip-supplier” (bcrt1q0ekk39ydhgysepzqzagxwgqlenfgm2tfl39ma0).
              List “sanctions”: “reported-mixer” (bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew).
            Changing the policy
              To change the policy takes 2 of “board” from different homes, whoever proposes it not counted, and then 7 days, during which anybody can end it.
              What only tightens holds at once with one of “board”, whoever proposes it included.
              Anybody can propose a change.
            Stops
              Anybody can stop a transfer, a vault, a person or everything at once, and raise the posture.
              To lift a stop or lower the posture takes 2 of “board” from different homes, and then 24 hours.
              A stop that a protected relative asked for ends by itself after 12 hours.
            When something is wrong
              Members of “responders” step in when somebody is in danger.
              What waits less than 24 hours is quick: only a cancel, a stop or the posture holds it up.
              To close an incident takes 2 of “responders” from different homes, nobody concerned among them, and then 24 hours.
              Members of “auditors” read the register, the record and the figures with names.
        "#]],
    );
    check(
        &example(1),
        Language::Fr,
        expect![[r#"
            L'organisation
              « Atelier Nuage SAS » compte en EUR ; les heures sont celles du fuseau Europe/Paris.
              Ce qui est dans une autre monnaie compte au cours le plus haut des derniers 7 jours ; sans cours datant de moins de 1 heure, rien n'est accepté.
            Coffres
              « hot » : quelqu'un d'autre signe, sur la parole de Rempart qu'un transfert est libéré.
              « treasury » est sur bitcoin (regtest) : 2 clés sur 3 dépensent, toujours avec celle de Rempart. Sans Rempart, 2 clés sur 3 récupèrent ce qui n'a pas bougé depuis 52 560 blocs, environ 365 jours. Au plus 600 000 EUR sont en route à la fois.
            Qui peut envoyer quoi
              « everyday » : les membres de « operations » envoient jusqu'à 1 000 EUR depuis « hot » vers n'importe quelle adresse, sans l'accord de personne. Cela n'attend pas ; ce qui n'est pas prêt 24 heures après la demande est périmé.
              « top-up » : les membres de « operations » ou « finance » envoient jusqu'à 10 000 EUR depuis « treasury » vers le coffre « hot », avec l'accord d'une personne de « finance ». À partir du dernier accord, cela attend 24 heures ; ce qui n'est pas prêt 4 jours après la demande est périmé.
              « partners » : les membres de « finance » envoient jusqu'à 300 000 EUR depuis « treasury » vers des adresses inscrites sur une liste (du lundi au vendredi, de 08:00 à 19:00), avec l'accord d'une personne de « finance » et une personne de « board », toutes différentes. À partir du dernier accord, cela attend 48 heures ; ce qui n'est pas prêt 7 jours après la demande est périmé.
              « known-supplier » : les membres de « finance » envoient jusqu'à 50 000 EUR depuis « treasury » vers des adresses qu'il a payées pour la première fois il y a au moins 30 jours, avec l'accord de 2 personnes de « board » de domiciles différents. À partir du dernier accord, cela attend 3 jours ; ce qui n'est pas prêt 10 jours après la demande est périmé.
              « anywhere » : les membres de « finance » envoient n'importe quelle somme depuis « treasury » vers n'importe quelle adresse, avec l'accord de 3 personnes de « board » de domiciles différents. À partir du dernier accord, cela attend 7 jours ; ce qui n'est pas prêt 21 jours après la demande est périmé.
            Plafonds
              « hot-day » : au plus 3 000 EUR depuis « hot » sur toute période de 24 heures, comptés par coffre.
              « hot-week » : au plus 8 000 EUR depuis « hot » sur toute période de 7 jours, comptés par coffre.
              « hot-pace » : au plus 6 transferts depuis « hot » sur toute période de 1 heure, comptés par personne qui demande.
              « treasury-week » : au plus 800 000 EUR depuis « treasury » sur toute période de 7 jours, comptés ensemble.
            Ce qui est interdit
              « sanctions » : aucun transfert vers des adresses de la liste « sanctions ».
            Adresses connues
              Liste « partners » : « exchange » (bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969) et « payroll-provider » (bcrt1qqdwm9x90lxytw7774rzr3dauh6a6t5850cse0g).
              Liste « suppliers » : « chip-supplier » (bcrt1q0ekk39ydhgysepzqzagxwgqlenfgm2tfl39ma0).
              Liste « sanctions » : « reported-mixer » (bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew).
            Changer la politique
              Changer la politique demande l'accord de 2 personnes de « board » de domiciles différents, sans compter qui propose, puis 7 jours, pendant lesquels n'importe qui peut y mettre fin.
              Ce qui ne fait que resserrer vaut aussitôt avec une personne de « board », qui propose compris.
              Toute personne peut proposer un changement.
            Arrêts
              Toute personne peut arrêter aussitôt un transfert, un coffre, une personne ou tout, et relever la posture.
              Lever un arrêt ou abaisser la posture demande 2 personnes de « board » de domiciles différents, puis 24 heures.
              Un arrêt demandé par un proche protégé prend fin de lui-même après 12 heures.
            Quand quelque chose ne va pas
              Les membres de « responders » interviennent quand quelqu'un est en danger.
              Ce qui attend moins de 24 heures est rapide : seuls une annulation, un arrêt ou la posture le retiennent.
              Clore un incident demande 2 personnes de « responders » de domiciles différents, sans les personnes concernées, puis 24 heures.
              Les membres de « auditors » lisent le registre, le journal et les chiffres avec les noms.
        "#]],
    );
}

#[test]
fn many_rules_are_bounded_and_the_rest_is_counted() {
    let limits: Vec<String> = (0..SENTENCES_MAX + 3)
        .map(|at| {
            format!("[[limit]]\nid = \"l{at}\"\nvaults = [\"v\"]\nper = \"24h\"\ncount = 1\nby = \"vault\"\n")
        })
        .collect();
    let text =
        format!("{FRAME}[[vault]]\nid = \"v\"\nchain = \"gate-only\"\naddresses = []\n{}", limits.concat());
    let policy = load(&[source("policy.toml", &text)]).policy.unwrap();
    let sections = policy.sentences(Language::En);
    let limits = sections.iter().find(|section| section.title == "Limits").unwrap();
    assert_eq!(limits.sentences.len(), SENTENCES_MAX + 1);
    assert_eq!(limits.sentences.last().unwrap(), "And 3 more: they stand in the files.");
}

#[test]
fn permits_say_what_they_ask_or_what_does_not_fit() {
    let policy = example(1);
    let offers = |minor: u128, address: &str, by: &str, posture| {
        let target = policy.resolve(&Target::Address(address.to_owned()));
        let outputs = [OutputFacts { target, value: Value::from_minor(minor) }];
        let (vault, initiator) = (VaultId::parse("treasury").unwrap(), ActorId::parse(by).unwrap());
        let facts = Facts {
            vault: &vault,
            initiator: &initiator,
            at: "2026-11-18T10:00:00Z".parse::<Timestamp>().unwrap(),
            value: Value::from_minor(minor),
            outputs: &outputs,
            fee: Value::ZERO,
        };
        let offers = policy.offers(&facts, &NoHistory, posture, Language::En);
        let line = |offer: &policy::Offer| {
            let mark = if offer.matches { "+" } else { "-" };
            format!("{mark} {} {}: {}\n", offer.permit, offer.hold, offer.why)
        };
        offers.iter().map(line).collect::<String>().replace('\u{a0}', " ")
    };
    let supplier = "bcrt1q0ekk39ydhgysepzqzagxwgqlenfgm2tfl39ma0";
    let finance =
        policy.people().find(|person| person.groups.iter().any(|g| g.as_str() == "finance")).unwrap();
    let expected = expect![[r#"
        + anywhere 7d: 3 of “board” from different homes must approve; from then on it waits 7 days.
        - top-up 1d: It pays only the vault “hot”. It is for up to 10,000 EUR; this is 400,000 EUR with the highest fee.
        - partners 2d: It is for up to 300,000 EUR; this is 400,000 EUR with the highest fee.
        - known-supplier 3d: It is for up to 50,000 EUR; this is 400,000 EUR with the highest fee. It pays only addresses that it first paid at least 30 days ago.
    "#]];
    expected.assert_eq(&offers(40_000_000, supplier, finance.id.as_str(), Posture::Normal));
    let expected = expect![[r#"
        - partners 2d: It works up to the posture “normal”.
        - anywhere 7d: It works up to the posture “normal”.
        - top-up 1d: It pays only the vault “hot”. It works up to the posture “normal”.
        - known-supplier 3d: It pays only addresses that it first paid at least 30 days ago. It works up to the posture “normal”.
    "#]];
    expected.assert_eq(&offers(100_000, supplier, finance.id.as_str(), Posture::Elevated));
}

/// One edit of the start-up's files and what it comes to, with and without names.
#[track_caller]
fn differs(file: usize, from: &str, to: &str, expected: Expect) {
    let old = example(1);
    let mut sources = old.sources().to_vec();
    assert!(sources[file].text.contains(from), "{from}");
    sources[file].text = sources[file].text.replacen(from, to, 1);
    let new = load(&sources).policy.unwrap();
    let comparison = compare(&old, &new);
    let mut text = format!("{}\n", comparison.direction.word());
    for witness in comparison.witness.iter().chain(&comparison.other) {
        for language in LANGUAGES {
            let unnamed = witness.sentence(language, Naming::Numbers);
            for name in register_names(&old) {
                assert!(!has_word(&unnamed, &name), "{name} in {unnamed}");
            }
            for naming in [Naming::Names, Naming::Numbers] {
                let loosens = if witness.loosens() { "loosens" } else { "tightens" };
                text += &format!("{loosens}: {}\n", witness.sentence(language, naming));
            }
        }
    }
    expected.assert_eq(&text.replace('\u{a0}', " "));
}

#[test]
fn differences_are_said_with_names_and_without() {
    differs(
        0,
        "hold = \"48h\"",
        "hold = \"47h\"",
        expect![[r#"
        loosens
        loosens: Only with the change: this transfer goes, or goes sooner, or goes whatever is objected: 300,000 EUR to an address from “treasury”, asked for by “omar”, approved by “nora” and “paula”.
        loosens: Only with the change: this transfer goes, or goes sooner, or goes whatever is objected: 300,000 EUR to an address from “treasury”, asked for by somebody, approved by 2 people.
        loosens: Seulement avec le changement : ce transfert part, ou part plus tôt, ou part malgré toute objection : 300 000 EUR vers une adresse depuis « treasury », demandé par « omar », avec l'accord de « nora » et « paula ».
        loosens: Seulement avec le changement : ce transfert part, ou part plus tôt, ou part malgré toute objection : 300 000 EUR vers une adresse depuis « treasury », demandé par quelqu'un, avec l'accord de 2 personnes.
    "#]],
    );
    differs(
        0,
        "tighten = { at_least = 1",
        "tighten = { at_least = 2",
        expect![[r#"
        tightens
        tightens: Only as it is now: “nora” can tighten the policy at once.
        tightens: Only as it is now: one person can tighten the policy at once.
        tightens: Seulement aujourd'hui : « nora » : resserrer la politique aussitôt.
        tightens: Seulement aujourd'hui : une personne : resserrer la politique aussitôt.
    "#]],
    );
    differs(
        0,
        "after = \"24h\"",
        "after = \"12h\"",
        expect![[r#"
        loosens
        loosens: Only with the change: “nora” and “paula” can lift a stop after 12 hours.
        loosens: Only with the change: 2 people can lift a stop after 12 hours.
        loosens: Seulement avec le changement : « nora » et « paula » : lever un arrêt après 12 heures.
        loosens: Seulement avec le changement : 2 personnes : lever un arrêt après 12 heures.
    "#]],
    );
    differs(
        0,
        "responders = \"responders\"",
        "responders = \"board\"",
        expect![[r#"
        mixed
        loosens: Only with the change: “nora” is a responder.
        loosens: Only with the change: somebody is a responder.
        loosens: Seulement avec le changement : « nora » est intervenant.
        loosens: Seulement avec le changement : quelqu'un est intervenant.
        tightens: Only as it is now: “vera” is a responder.
        tightens: Only as it is now: somebody is a responder.
        tightens: Seulement aujourd'hui : « vera » est intervenant.
        tightens: Seulement aujourd'hui : quelqu'un est intervenant.
    "#]],
    );
}

#[test]
fn every_code_means_something_in_both_languages() {
    for code in CODES {
        assert_ne!(code.meaning, code.meaning_fr, "{}", code.name);
        for text in [code.meaning, code.meaning_fr] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
        }
    }
}
