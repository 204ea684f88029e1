//! The words of an alarm in English and French: a title, the first three steps, and a line short enough for an SMS or a lock screen (G8, G9).
//!
//! Called by [`Message::body`], by the mail channel, and by those that carry short texts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Kind, Level, Message, News, Status};

/// A language that people are told in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// The text of this language.
    pub(crate) const fn pick<T: Copy>(self, english: T, french: T) -> T {
        match self {
            Self::En => english,
            Self::Fr => french,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.pick("en", "fr"))
    }
}

impl Message {
    /// What it is about, in one line without address, amount or real name.
    #[must_use]
    pub fn title(&self, language: Language) -> String {
        let drill = match self.status {
            Status::Actual => "",
            Status::Exercise => language.pick("EXERCISE: ", "EXERCICE : "),
        };
        let news = match self.news {
            News::First => "",
            News::Again => language.pick("Again: ", "Rappel : "),
            News::Update => language.pick("New sign: ", "Nouveau signe : "),
        };
        let level = match self.level {
            Level::Verify if self.kind.is_about_a_person() => {
                language.pick(" (may be a slip: verify first)", " (peut-être une erreur : vérifier d'abord)")
            }
            Level::Verify | Level::Confirmed => "",
        };
        let colon = language.pick(":", " :");
        format!("{drill}{news}{}{level}{colon} {}", self.kind.describe(language), self.who)
    }

    /// What to do first.
    #[must_use]
    pub const fn steps(&self, language: Language) -> [&'static str; 3] {
        let (english, french) = match (self.kind, self.level) {
            (Kind::Channel, _) => (&CHANNEL_EN, &CHANNEL_FR),
            (Kind::Pause, _) => (&PAUSE_EN, &PAUSE_FR),
            (_, Level::Verify) => (&VERIFY_EN, &VERIFY_FR),
            (_, Level::Confirmed) => (&CONFIRMED_EN, &CONFIRMED_FR),
        };
        *match language {
            Language::En => english,
            Language::Fr => french,
        }
    }

    /// Pseudonym, kind and code: all that a lock screen may show.
    #[must_use]
    pub fn line(&self, language: Language) -> String {
        let drill = match self.status {
            Status::Actual => "",
            Status::Exercise => language.pick("EXERCISE ", "EXERCICE "),
        };
        let call = match self.level {
            _ if !self.kind.is_about_a_person() => "REMPART",
            Level::Verify => language.pick("VERIFY", "VÉRIFIER"),
            Level::Confirmed => language.pick("ALARM", "ALERTE"),
        };
        let news = match self.news {
            News::First => "",
            News::Again => language.pick(" (again)", " (rappel)"),
            News::Update => language.pick(" (new sign)", " (nouveau signe)"),
        };
        let kind = self.kind.shortly(language);
        format!("{drill}{call}{news} {}: {kind}. Code {}.", self.who, self.code)
    }

    /// The text of an SMS: [`Message::line`] and the link. One SMS of 160 GSM-7 characters unless names, code or link are long.
    #[must_use]
    pub fn short(&self, language: Language) -> String {
        format!("{} {}", self.line(language), self.link)
    }
}

impl Kind {
    /// Whether somebody may be in danger; otherwise it is about the alarm itself, or about a stop that was asked for.
    const fn is_about_a_person(self) -> bool {
        !matches!(self, Self::Channel | Self::Pause)
    }

    pub(crate) const fn describe(self, language: Language) -> &'static str {
        let (english, french) = match self {
            Self::SignIn => ("Panic phrase at sign-in", "Phrase de détresse à la connexion"),
            Self::Act => ("Acting under duress", "Agit sous la contrainte"),
            Self::CodeWord => ("Code word heard", "Mot convenu entendu"),
            Self::ProtectedPerson => {
                ("Alarm raised by a protected person", "Alerte donnée par une personne protégée")
            }
            Self::MissedCheckIn => ("Missed a check-in", "N'a pas donné signe de vie à l'heure prévue"),
            Self::Panel => ("Hold-up button pressed", "Bouton d'agression actionné"),
            Self::Judgement => ("Reported by a responder", "Signalement d'un intervenant"),
            Self::Pause => ("A protected person asks for a stop", "Une personne protégée demande un blocage"),
            Self::Channel => ("An alarm channel does not work", "Un canal d'alerte ne fonctionne pas"),
        };
        language.pick(english, french)
    }

    /// In characters of the GSM alphabet only (no `ê`, `ç`, `’`), so that an SMS keeps its 160.
    const fn shortly(self, language: Language) -> &'static str {
        let (english, french) = match self {
            Self::SignIn => ("panic phrase at sign-in", "phrase de détresse à la connexion"),
            Self::Act => ("acts under duress", "agit sous la contrainte"),
            Self::CodeWord => ("code word heard", "mot convenu entendu"),
            Self::ProtectedPerson => ("alarm by a relative", "alerte d'un proche"),
            Self::MissedCheckIn => ("missed a check-in", "signe de vie manqué"),
            Self::Panel => ("hold-up button", "bouton d'agression"),
            Self::Judgement => ("reported by a responder", "signalement"),
            Self::Pause => ("asks for a stop", "demande un blocage"),
            Self::Channel => ("alarm channel not working", "canal d'alerte en panne"),
        };
        language.pick(english, french)
    }
}

const CONFIRMED_EN: [&str; 3] = [
    "Do not call, text or visit the person concerned or their home unless the procedure says so: an attacker may be listening.",
    "Open the link, sign in and acknowledge; whoever calls you must give the call-back code first.",
    "Follow the procedure shown there; call the police unless it says otherwise.",
];
const CONFIRMED_FR: [&str; 3] = [
    "N'appelez pas la personne concernée ni ses proches, n'écrivez pas, n'y allez pas, sauf si la procédure le demande : un agresseur écoute peut-être.",
    "Ouvrez le lien, identifiez-vous et accusez réception ; qui vous appelle doit d'abord donner le code de rappel.",
    "Suivez la procédure affichée ; appelez la police, sauf si elle dit autre chose.",
];
const VERIFY_EN: [&str; 3] = [
    "Do not call, text or visit the person concerned or their home on your own: it may be real, and an attacker may be listening.",
    "Open the link, sign in and acknowledge; whoever calls you must give the call-back code first.",
    "Follow the procedure shown there: one of you calls back as it says; if anything is odd, it becomes an alarm and the police are called.",
];
const VERIFY_FR: [&str; 3] = [
    "N'appelez pas de vous-même la personne concernée ni ses proches, n'écrivez pas, n'y allez pas : c'est peut-être vrai, et un agresseur écoute peut-être.",
    "Ouvrez le lien, identifiez-vous et accusez réception ; qui vous appelle doit d'abord donner le code de rappel.",
    "Suivez la procédure affichée : l'un de vous rappelle comme elle le dit ; au moindre doute, c'est une alerte et la police est appelée.",
];
const PAUSE_EN: [&str; 3] = [
    "Do not call back the person who asked: somebody may be listening.",
    "Open the link and sign in; whoever calls you must give the call-back code first.",
    "See what is stopped and until when; if you think that somebody is in danger, raise an alarm there.",
];
const PAUSE_FR: [&str; 3] = [
    "Ne rappelez pas la personne qui l'a demandé : quelqu'un écoute peut-être.",
    "Ouvrez le lien et identifiez-vous ; qui vous appelle doit d'abord donner le code de rappel.",
    "Voyez ce qui est bloqué et jusqu'à quand ; si vous pensez que quelqu'un est en danger, donnez-y l'alerte.",
];
const CHANNEL_EN: [&str; 3] = [
    "Nobody has raised an alarm: a way by which alarms leave the building does not work. The others still do.",
    "Open the link and sign in: it says what is wrong with the channel.",
    "Have the channel repaired now (network, certificate, password, the provider); a second failure could silence everything.",
];
const CHANNEL_FR: [&str; 3] = [
    "Personne n'a donné l'alerte : une voie par laquelle les alertes sortent ne fonctionne plus. Les autres marchent.",
    "Ouvrez le lien et identifiez-vous : il dit ce qui manque au canal.",
    "Faites réparer le canal maintenant (réseau, certificat, mot de passe, fournisseur) ; une seconde panne pourrait tout réduire au silence.",
];

#[cfg(test)]
mod tests;
