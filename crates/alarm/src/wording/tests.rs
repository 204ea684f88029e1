//! Every kind of alarm has words in both languages, and they fit where they are shown.

use std::collections::BTreeSet;

use super::*;
use crate::message::tests::message;
use types::PersonId;

const LANGUAGES: [Language; 2] = [Language::En, Language::Fr];
const KINDS: [Kind; 9] = [
    Kind::Act,
    Kind::CodeWord,
    Kind::SignIn,
    Kind::ProtectedPerson,
    Kind::MissedCheckIn,
    Kind::Panel,
    Kind::Judgement,
    Kind::Pause,
    Kind::Channel,
];
/// GSM 03.38: the characters that take one place, then those that take two.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWICE: &str = "^{}\\[~]|€";

/// How many of an SMS's 160 places a text takes; nothing when it needs another alphabet.
fn places(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match (GSM.contains(c), GSM_TWICE.contains(c)) {
            (true, _) => Some(1),
            (_, true) => Some(2),
            _ => None,
        })
        .sum()
}

fn variants() -> impl Iterator<Item = Message> {
    let each = |kind| {
        let of = move |level| {
            let told = move |news| {
                let with = move |status| Message { kind, level, news, status, ..message() };
                [Status::Actual, Status::Exercise].map(with)
            };
            [News::First, News::Again, News::Update].map(told)
        };
        [Level::Verify, Level::Confirmed].map(of)
    };
    KINDS.into_iter().flat_map(each).flatten().flatten()
}

#[test]
fn every_kind_has_words_in_both_languages() {
    for words in [Kind::describe, Kind::shortly] {
        let all: BTreeSet<&str> =
            KINDS.iter().flat_map(|kind| LANGUAGES.map(|language| words(*kind, language))).collect();
        assert_eq!(all.len(), 2 * KINDS.len());
        assert!(all.iter().all(|text| !text.is_empty()));
    }
}

#[test]
fn titles_say_what_how_sure_and_whether_it_is_a_drill() {
    let title = |message: &Message| LANGUAGES.map(|language| message.title(language));
    assert_eq!(title(&message()), ["Acting under duress: alice", "Agit sous la contrainte : alice"]);
    let verify = Message { kind: Kind::SignIn, level: Level::Verify, ..message() };
    assert_eq!(
        title(&verify),
        [
            "Panic phrase at sign-in (may be a slip: verify first): alice",
            "Phrase de détresse à la connexion (peut-être une erreur : vérifier d'abord) : alice"
        ]
    );
    let drill = Message { status: Status::Exercise, news: News::Again, ..message() };
    assert_eq!(
        title(&drill),
        [
            "EXERCISE: Again: Acting under duress: alice",
            "EXERCICE : Rappel : Agit sous la contrainte : alice"
        ]
    );
    let broken = Message { kind: Kind::Channel, who: PersonId::parse("sms").unwrap(), ..message() };
    assert_eq!(
        title(&broken),
        ["An alarm channel does not work: sms", "Un canal d'alerte ne fonctionne pas : sms"]
    );
}

#[test]
fn all_that_differs_is_told_apart() {
    for language in LANGUAGES {
        let lines: BTreeSet<String> = variants().map(|message| message.line(language)).collect();
        // The level is not said of what is about nobody: two kinds of nine.
        assert_eq!(lines.len(), variants().count() - 2 * 6);
    }
}

#[test]
fn a_short_text_fits_one_sms() {
    let link = "https://rempart.example.com/v1/response/incidents/123456789";
    let who = PersonId::parse("maximilienne").unwrap();
    for message in variants() {
        let message =
            Message { who: who.clone(), code: "4821-9936".into(), link: link.into(), ..message.clone() };
        for language in LANGUAGES {
            let text = message.short(language);
            let places = places(&text);
            assert!(places.is_some_and(|places| places <= 160), "{places:?}: {text}");
            assert!(text.contains("maximilienne") && text.contains("4821-9936") && text.ends_with(link));
        }
    }
}

#[test]
fn a_lock_screen_shows_pseudonym_kind_and_code_and_nothing_else() {
    let message = Message { incident: "incident-482193".into(), ..message() };
    assert_eq!(message.line(Language::En), "ALARM alice: acts under duress. Code zebra-17.");
    assert_eq!(message.line(Language::Fr), "ALERTE alice: agit sous la contrainte. Code zebra-17.");
    for private in [message.link.as_str(), &message.incident, "bob"] {
        assert!(!message.line(Language::En).contains(private), "{private}");
    }
}

#[test]
fn the_first_steps_never_send_anybody_to_the_victim() {
    for message in variants() {
        for language in LANGUAGES {
            let [first, second, third] = message.steps(language);
            assert!(!first.is_empty() && !second.is_empty() && !third.is_empty());
            let warns = ["Do not call", "N'appelez pas", "Ne rappelez pas"];
            let is_about_the_channel = message.kind == Kind::Channel;
            assert_eq!(warns.iter().any(|words| first.starts_with(words)), !is_about_the_channel, "{first}");
        }
    }
}
