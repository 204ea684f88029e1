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
