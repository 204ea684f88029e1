//! What a caller reads to the police, word for word. A human makes the call; this gives them the words (G8).
//!
//! What is not known here is marked in brackets, to be read from the dossier or asked. Called by `rempart alarm script`.

use std::fmt::Write as _;
use std::str::FromStr;

use thiserror::Error;
use types::Timestamp;

use crate::Language;
use crate::civil::Zone;
use crate::facts::{Level, Sign, Status};
use crate::first_screen::spaced;
use crate::pack::PersonData;
use crate::procedure::Kind;

/// Which number is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Number {
    /// The police in France.
    #[default]
    Police17,
    /// The European number, for everything.
    Europe112,
}

/// Not a number that there is a script for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("use `17` (police in France) or `112` (everywhere in the European Union)")]
pub struct ParseNumberError;

impl FromStr for Number {
    type Err = ParseNumberError;
    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        match text {
            "17" => Ok(Self::Police17),
            "112" => Ok(Self::Europe112),
            _ => Err(ParseNumberError),
        }
    }
}

/// What is known when the call is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptFacts {
    /// The organisation's name.
    pub organisation: String,
    /// Its time zone.
    pub time_zone: String,
    /// The incident's number.
    pub incident: u32,
    /// Real or a drill.
    pub status: Status,
    /// How sure it is.
    pub level: Level,
    /// What kind of sign came last.
    pub sign: Option<Sign>,
    /// When the first one came.
    pub since: Timestamp,
    /// The code by which a caller and a responder know each other.
    pub call_back: String,
    /// What an opened dossier says, if one was opened.
    pub person: Option<PersonData>,
}

/// A line to be read, or to be done.
enum Line {
    /// Read aloud.
    Say(String),
    /// Do, not read.
    Do(String),
}

/// The script, ready to be read.
#[must_use]
pub fn script(kind: Kind, language: Language, number: Number, facts: &ScriptFacts) -> String {
    let lines = lines(kind, language, number, facts);
    let mut text = String::new();
    // Writing to a String cannot fail.
    for line in lines {
        let _ = match line {
            Line::Say(words) => match language {
                Language::En => writeln!(text, "  “{words}”"),
                Language::Fr => writeln!(text, "  « {words} »"),
            },
            Line::Do(words) => writeln!(text, "\n[{words}]"),
        };
    }
    text.trim_start().to_owned()
}

fn lines(kind: Kind, language: Language, number: Number, facts: &ScriptFacts) -> Vec<Line> {
    let mut lines = before(language, number, facts);
    let mut say = |words: String| lines.push(Line::Say(words));
    if language == Language::En && number == Number::Police17 {
        say("Bonjour, je parle mal français. Do you speak English? C'est une prise d'otage.".to_owned());
    }
    say(opening(kind, language, number));
    say(place(kind, language, facts));
    say(person(language, facts));
    say(known(language, facts));
    say(caution(kind, language).to_owned());
    say(motive(language, facts));
    lines.extend(questions(language, facts));
    lines
}

fn before(language: Language, number: Number, facts: &ScriptFacts) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut do_this = |words: String| lines.push(Line::Do(words));
    if facts.status == Status::Exercise {
        do_this(
            language
                .pick(
                    "EXERCISE: DO NOT CALL. Read it aloud to a colleague who plays the police",
                    "EXERCICE : N'APPELEZ PAS. Lisez à voix haute à un collègue qui joue la police",
                )
                .to_owned(),
        );
    } else {
        let call = match number {
            Number::Police17 => language.pick("Call 17", "Appelez le 17"),
            Number::Europe112 => language.pick(
                "Call 112; ask for the police and, if you need one, for an interpreter",
                "Appelez le 112 ; demandez la police et, au besoin, un interprète",
            ),
        };
        do_this(call.to_owned());
    }
    do_this(
        language
            .pick(
                "Speak slowly. Say that you are safe and not at the scene. If the police registered you for priority handling, say so first",
                "Parlez lentement. Dites que vous êtes en sûreté et pas sur les lieux. Si la police vous a inscrits pour un traitement prioritaire, dites-le d'abord",
            )
            .to_owned(),
    );
    lines
}

fn opening(kind: Kind, language: Language, number: Number) -> String {
    let by_kind = match kind {
        Kind::HomeInvasion => language.pick(
            "I report a hostage taking in a private home, going on right now, with extortion.",
            "Je signale une séquestration à domicile, en cours, avec extorsion.",
        ),
        Kind::Abduction => language.pick(
            "I report the abduction of a person, going on right now, with extortion.",
            "Je signale l'enlèvement d'une personne, en cours, avec extorsion.",
        ),
        Kind::RelativeTaken => language.pick(
            "I report that somebody is held to force a relative of theirs to pay. There are two places.",
            "Je signale qu'une personne est retenue pour forcer un de ses proches à payer. Il y a deux lieux.",
        ),
        Kind::RemoteExtortion => language.pick(
            "I report threats of violence with extortion. Nobody is held as far as we know.",
            "Je signale des menaces de violence avec extorsion. À notre connaissance, personne n'est retenu.",
        ),
        Kind::WrongAddress => language.pick(
            "I report an attack on people who were, we think, mistaken for somebody else.",
            "Je signale une agression contre des personnes prises, pensons-nous, pour d'autres.",
        ),
    };
    // 112 may reach the fire brigade or the ambulance: the wish for the police comes with the first words.
    match number {
        Number::Police17 => by_kind.to_owned(),
        Number::Europe112 => {
            format!("{} {by_kind}", language.pick("Police, please.", "La police, s'il vous plaît."))
        }
    }
}

fn unknown(language: Language, en: &str, fr: &str) -> String {
    match language {
        Language::En => format!("[READ FROM THE DOSSIER: {en}]"),
        Language::Fr => format!("[À LIRE DANS LE DOSSIER : {fr}]"),
    }
}

fn listed(values: &[String], language: Language, en: &str, fr: &str) -> String {
    if values.is_empty() { unknown(language, en, fr) } else { values.join("; ") }
}

fn place(kind: Kind, language: Language, facts: &ScriptFacts) -> String {
    let addresses = facts.person.as_ref().map(|person| person.addresses.as_slice()).unwrap_or_default();
    let address = listed(
        addresses,
        language,
        "street, number, floor, door code, town",
        "rue, numéro, étage, code d'entrée, commune",
    );
    match (kind, language) {
        (Kind::WrongAddress, Language::En) => {
            "The address of the attack is: [SAY THE ADDRESS OF THE ATTACK].".to_owned()
        }
        (Kind::WrongAddress, Language::Fr) => {
            "L'adresse de l'agression est : [DITES L'ADRESSE DE L'AGRESSION].".to_owned()
        }
        (Kind::Abduction, Language::En) => format!(
            "Where the person is now we do not know. Last seen: [SAY WHEN AND WHERE]. Home address: {address}."
        ),
        (Kind::Abduction, Language::Fr) => format!(
            "Nous ignorons où se trouve la personne. Vue pour la dernière fois : [DITES QUAND ET OÙ]. Domicile : {address}."
        ),
        (Kind::RelativeTaken, Language::En) => format!(
            "The person who gets the orders is at: [SAY WHERE]. The relative may be held at: [SAY WHERE, OR THAT WE DO NOT KNOW]. Home address: {address}."
        ),
        (Kind::RelativeTaken, Language::Fr) => format!(
            "La personne qui reçoit les ordres est à : [DITES OÙ]. Le proche est peut-être retenu à : [DITES OÙ, OU QUE NOUS L'IGNORONS]. Domicile : {address}."
        ),
        (_, Language::En) => format!("The address is: {address}."),
        (_, Language::Fr) => format!("L'adresse est : {address}."),
    }
}

fn person(language: Language, facts: &ScriptFacts) -> String {
    let known = facts.person.as_ref();
    let name = known.and_then(|person| person.name.clone());
    let name = name.unwrap_or_else(|| unknown(language, "name, age", "nom, âge"));
    let telephones = known.map(|person| person.telephones.as_slice()).unwrap_or_default();
    let vehicles = known.map(|person| person.vehicles.as_slice()).unwrap_or_default();
    let telephones = listed(telephones, language, "telephone numbers", "numéros de téléphone");
    let vehicles = listed(vehicles, language, "vehicles with plates", "véhicules avec immatriculation");
    match language {
        Language::En => format!(
            "The person is {name}. Others who live there: {}. Telephones: {telephones}. Vehicles: {vehicles}.",
            unknown(language, "adults, children, animals", "")
        ),
        Language::Fr => format!(
            "La personne est {name}. Autres occupants : {}. Téléphones : {telephones}. Véhicules : {vehicles}.",
            unknown(language, "", "adultes, enfants, animaux")
        ),
    }
}

fn known(language: Language, facts: &ScriptFacts) -> String {
    let zone = Zone::named(&facts.time_zone);
    let at = zone.short(facts.since, language);
    let sign = facts.sign.map_or_else(String::new, |sign| format!(": {}", sign.spoken(language)));
    let sign = if language == Language::Fr { sign.replacen(": ", " : ", 1) } else { sign };
    let sure = match facts.level {
        Level::Verify => language.pick(
            "It is one sign, and a call-back did not dispel it.",
            "C'est un seul signe, et un rappel ne l'a pas levé.",
        ),
        Level::Confirmed => language.pick("We take it as certain.", "Nous le tenons pour certain."),
    };
    match language {
        Language::En => format!(
            "We know it without their noticing{sign}; the first sign came on {at}. {sure} We do not know how many attackers there are, nor whether they are armed: expect several, and weapons."
        ),
        Language::Fr => format!(
            "Nous le savons sans qu'ils s'en doutent{sign} ; le premier signe est du {at}. {sure} Nous ignorons combien sont les agresseurs et s'ils sont armés : attendez-vous à plusieurs, et à des armes."
        ),
    }
}

const fn caution(kind: Kind, language: Language) -> &'static str {
    match kind {
        Kind::RemoteExtortion => language.pick(
            "The sender does not know that you were called. We have answered nothing and paid nothing.",
            "L'expéditeur ne sait pas que vous êtes prévenus. Nous n'avons rien répondu et rien payé.",
        ),
        Kind::WrongAddress => language.pick(
            "The attackers may set out for the right address next; we are bringing our people to safety.",
            "Les agresseurs peuvent ensuite se rendre à la bonne adresse ; nous mettons les nôtres à l'abri.",
        ),
        _ => language.pick(
            "The attackers do not know that help was called. Please do not call the person or the household. How to approach is for you to decide.",
            "Les agresseurs ne savent pas que des secours sont prévenus. Merci de n'appeler ni la personne ni le foyer. L'approche, c'est vous qui en décidez.",
        ),
    }
}

fn motive(language: Language, facts: &ScriptFacts) -> String {
    match language {
        Language::En => format!(
            "The person works with {} and has to do with digital assets. Large payments wait for a long time and for other people's consent: time is on our side, no need to hurry for the money.",
            facts.organisation
        ),
        Language::Fr => format!(
            "La personne travaille avec {} et touche aux actifs numériques. Les gros paiements attendent longtemps et exigent l'accord d'autres personnes : le temps joue pour nous, rien ne presse pour l'argent.",
            facts.organisation
        ),
    }
}

fn questions(language: Language, facts: &ScriptFacts) -> [Line; 4] {
    let (incident, code) = (facts.incident, spaced(&facts.call_back));
    match language {
        Language::En => [
            Line::Say(format!(
                "My name is [YOUR NAME], my number is [YOUR NUMBER]. Our reference is incident {incident}; whoever calls me says the code {code} first."
            )),
            Line::Say(
                "I stay on the line. I have a file with facts, addresses and transactions for you: where do I send it?"
                    .to_owned(),
            ),
            Line::Do("Write down: name and service, number to call back, file number, what they ask you to do or not to do".to_owned()),
            Line::Do(format!("Then record the call: rempart alarm called {incident} police --note \"…\"")),
        ],
        Language::Fr => [
            Line::Say(format!(
                "Je m'appelle [VOTRE NOM], mon numéro est le [VOTRE NUMÉRO]. Notre référence est l'incident {incident} ; qui m'appelle donne d'abord le code {code}."
            )),
            Line::Say(
                "Je reste en ligne. J'ai pour vous un dossier avec faits, adresses et transactions : où l'envoyer ?"
                    .to_owned(),
            ),
            Line::Do("Notez : nom et service, numéro de rappel, numéro de dossier, ce qu'on vous demande de faire ou de ne pas faire".to_owned()),
            Line::Do(format!("Puis consignez l'appel : rempart alarm called {incident} police --note \"…\"")),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{at, person as named};
    use expect_test::expect;

    fn facts() -> ScriptFacts {
        ScriptFacts {
            organisation: "Exemple SAS".into(),
            time_zone: "Europe/Paris".into(),
            incident: 40213,
            status: Status::Actual,
            level: Level::Confirmed,
            sign: Some(Sign::Act),
            since: at("09:30:05"),
            call_back: "731204".into(),
            person: None,
        }
    }

    fn opened() -> ScriptFacts {
        let person = PersonData {
            person: named("alice"),
            name: Some("Alice Exemple".into()),
            addresses: vec!["3 rue des Lilas, Bourges".into()],
            telephones: vec!["06 00 00 00 01".into()],
            vehicles: vec![],
        };
        ScriptFacts { person: Some(person), ..facts() }
    }

    #[test]
    fn what_is_unknown_is_marked_to_be_read() {
        let text = script(Kind::HomeInvasion, Language::Fr, Number::Police17, &facts());
        expect![[r#"
            [Appelez le 17]

            [Parlez lentement. Dites que vous êtes en sûreté et pas sur les lieux. Si la police vous a inscrits pour un traitement prioritaire, dites-le d'abord]
              « Je signale une séquestration à domicile, en cours, avec extorsion. »
              « L'adresse est : [À LIRE DANS LE DOSSIER : rue, numéro, étage, code d'entrée, commune]. »
              « La personne est [À LIRE DANS LE DOSSIER : nom, âge]. Autres occupants : [À LIRE DANS LE DOSSIER : adultes, enfants, animaux]. Téléphones : [À LIRE DANS LE DOSSIER : numéros de téléphone]. Véhicules : [À LIRE DANS LE DOSSIER : véhicules avec immatriculation]. »
              « Nous le savons sans qu'ils s'en doutent : la personne a donné un signe de détresse secret dans notre système de paiement ; le premier signe est du 20/11/2026 10:30. Nous le tenons pour certain. Nous ignorons combien sont les agresseurs et s'ils sont armés : attendez-vous à plusieurs, et à des armes. »
              « Les agresseurs ne savent pas que des secours sont prévenus. Merci de n'appeler ni la personne ni le foyer. L'approche, c'est vous qui en décidez. »
              « La personne travaille avec Exemple SAS et touche aux actifs numériques. Les gros paiements attendent longtemps et exigent l'accord d'autres personnes : le temps joue pour nous, rien ne presse pour l'argent. »
              « Je m'appelle [VOTRE NOM], mon numéro est le [VOTRE NUMÉRO]. Notre référence est l'incident 40213 ; qui m'appelle donne d'abord le code 731 204. »
              « Je reste en ligne. J'ai pour vous un dossier avec faits, adresses et transactions : où l'envoyer ? »

            [Notez : nom et service, numéro de rappel, numéro de dossier, ce qu'on vous demande de faire ou de ne pas faire]

            [Puis consignez l'appel : rempart alarm called 40213 police --note "…"]
        "#]].assert_eq(&text);
    }

    #[test]
    fn what_an_opened_dossier_says_is_in_the_text() {
        let text = script(Kind::HomeInvasion, Language::En, Number::Europe112, &opened());
        expect![[r#"
            [Call 112; ask for the police and, if you need one, for an interpreter]

            [Speak slowly. Say that you are safe and not at the scene. If the police registered you for priority handling, say so first]
              “Police, please. I report a hostage taking in a private home, going on right now, with extortion.”
              “The address is: 3 rue des Lilas, Bourges.”
              “The person is Alice Exemple. Others who live there: [READ FROM THE DOSSIER: adults, children, animals]. Telephones: 06 00 00 00 01. Vehicles: [READ FROM THE DOSSIER: vehicles with plates].”
              “We know it without their noticing: the person gave a secret sign of distress in our payment system; the first sign came on 20 November 2026 10:30. We take it as certain. We do not know how many attackers there are, nor whether they are armed: expect several, and weapons.”
              “The attackers do not know that help was called. Please do not call the person or the household. How to approach is for you to decide.”
              “The person works with Exemple SAS and has to do with digital assets. Large payments wait for a long time and for other people's consent: time is on our side, no need to hurry for the money.”
              “My name is [YOUR NAME], my number is [YOUR NUMBER]. Our reference is incident 40213; whoever calls me says the code 731 204 first.”
              “I stay on the line. I have a file with facts, addresses and transactions for you: where do I send it?”

            [Write down: name and service, number to call back, file number, what they ask you to do or not to do]

            [Then record the call: rempart alarm called 40213 police --note "…"]
        "#]].assert_eq(&text);
    }

    #[test]
    fn every_kind_has_its_own_words_in_both_languages() {
        let mut texts = std::collections::BTreeSet::new();
        for kind in Kind::ALL {
            for language in Language::ALL {
                for number in [Number::Police17, Number::Europe112] {
                    let text = script(kind, language, number, &facts());
                    assert!(text.contains("731 204") && text.contains("40213"), "{kind}");
                    texts.insert(text);
                }
            }
        }
        assert_eq!(texts.len(), 20);
    }

    #[test]
    fn nobody_calls_the_police_for_a_drill() {
        let drill = ScriptFacts { status: Status::Exercise, ..facts() };
        let text = script(Kind::Abduction, Language::En, Number::Police17, &drill);
        assert!(text.starts_with("[EXERCISE: DO NOT CALL"));
        assert!(!text.contains("[Call 17]"));
    }

    #[test]
    fn numbers_are_17_and_112() {
        assert_eq!("17".parse(), Ok(Number::Police17));
        assert_eq!("112".parse(), Ok(Number::Europe112));
        assert_eq!("18".parse::<Number>(), Err(ParseNumberError));
    }
}
