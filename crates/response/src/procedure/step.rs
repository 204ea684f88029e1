//! One step of a checklist, and who does it.

use serde::{Deserialize, Serialize};

use crate::Language;

/// Who does a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever took charge first.
    First,
    /// Whoever took charge second.
    Second,
    /// Whoever leads.
    Lead,
    /// A free colleague who runs the vaults.
    Treasury,
    /// Whoever looks after the relatives.
    Liaison,
    /// Everyone who knows.
    Everyone,
}

impl Role {
    /// For people.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        match self {
            Self::First => language.pick("whoever took charge first", "le premier à prendre en charge"),
            Self::Second => language.pick("whoever took charge second", "le deuxième à prendre en charge"),
            Self::Lead => language.pick("whoever leads", "qui dirige"),
            Self::Treasury => language
                .pick("a free colleague who runs the vaults", "un collègue libre qui gère les coffres"),
            Self::Liaison => language.pick("whoever looks after the family", "qui s'occupe des proches"),
            Self::Everyone => language.pick("everyone who knows", "tous ceux qui savent"),
        }
    }
}

/// When a step is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum When {
    /// So many minutes after the first signal.
    Minute(u32),
    /// Once the person is safe.
    After,
}

impl When {
    /// For people: `+05 min`, `+2 h`, `after`.
    #[must_use]
    pub fn text(self, language: Language) -> String {
        match self {
            Self::After => language.pick("after", "après").to_owned(),
            Self::Minute(minute) if minute >= 60 && minute % 60 == 0 => format!("+{} h", minute / 60),
            Self::Minute(minute) => format!("+{minute} min"),
        }
    }
}

/// What to do, and why in one line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Words {
    /// A short imperative.
    pub text: String,
    /// In one line.
    pub why: String,
}

/// A step of a procedure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its id, for good: journals hold it.
    pub id: String,
    /// When it is due.
    pub when: When,
    /// Whether it is only for an incident that may be a slip.
    pub verify: bool,
    /// Who does it.
    pub who: Role,
    /// In English.
    pub en: Words,
    /// In French.
    pub fr: Words,
}

impl Step {
    /// In one language.
    #[must_use]
    pub const fn words(&self, language: Language) -> &Words {
        match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        }
    }
}
