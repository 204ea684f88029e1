//! The words for kinds of signs and levels. Called by the first screen, the script, the pack and the drill report.

use crate::Language;
use crate::facts::{Level, Sign};

impl Sign {
    /// What it is, for people.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        match self {
            Self::SignIn => language.pick(
                "phrase of distress at sign-in (may be a slip)",
                "phrase de détresse à la connexion (peut-être une erreur)",
            ),
            Self::Act => language.pick("phrase of distress on an act", "phrase de détresse lors d'un acte"),
            Self::Judgement => language.pick("a responder's judgement", "jugement d'un intervenant"),
            Self::CodeWord => language.pick("code word heard", "mot convenu entendu"),
            Self::ProtectedPerson => {
                language.pick("alarm of a protected person", "alerte d'une personne protégée")
            }
            Self::MissedCheckIn => {
                language.pick("missed check-in (may be a slip)", "signe de vie manqué (peut-être un oubli)")
            }
            Self::Panel => language.pick("hold-up button pressed", "bouton d'agression actionné"),
            Self::Drill => {
                language.pick("drill: nobody gave a sign", "exercice : personne n'a donné de signe")
            }
        }
    }
}

impl Sign {
    /// How it is said to somebody who has never heard of the program.
    #[must_use]
    pub const fn spoken(self, language: Language) -> &'static str {
        match self {
            Self::SignIn | Self::Act => language.pick(
                "the person gave a secret sign of distress in our payment system",
                "la personne a donné un signe de détresse secret dans notre système de paiement",
            ),
            Self::Judgement => language.pick("one of us saw or heard it", "l'un de nous l'a vu ou entendu"),
            Self::CodeWord => language.pick(
                "the person said the agreed word of distress on the telephone",
                "la personne a dit au téléphone le mot de détresse convenu",
            ),
            Self::ProtectedPerson => language.pick(
                "a relative of theirs raised our silent alarm",
                "un proche a déclenché notre alarme silencieuse",
            ),
            Self::MissedCheckIn => language.pick(
                "the person missed an agreed sign of life",
                "la personne n'a pas donné le signe de vie convenu",
            ),
            Self::Panel => language
                .pick("the hold-up button was pressed there", "le bouton d'agression y a été actionné"),
            Self::Drill => language.pick("this is a drill", "ceci est un exercice"),
        }
    }
}

impl Level {
    /// For people.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        match self {
            Self::Verify => language.pick("to be verified: call back first", "à vérifier : rappeler d'abord"),
            Self::Confirmed => language.pick("confirmed", "confirmé"),
        }
    }
}
