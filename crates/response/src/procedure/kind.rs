//! What happens to somebody, as far as responders can tell: by it the checklist is chosen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Language;

/// A kind of procedure. The names are for good: journals hold them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Attackers are in the person's home, or in another place with them.
    HomeInvasion,
    /// The person was taken away.
    Abduction,
    /// Somebody else is held, and the person is given orders.
    RelativeTaken,
    /// Threats from afar.
    RemoteExtortion,
    /// Nobody of ours is in danger here: attackers at a stranger's door, or an alarm that was none.
    WrongAddress,
}

/// Not the name of a procedure.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "`{0}` is not a procedure: use `home-invasion`, `abduction`, `relative-taken`, `remote-extortion` or `wrong-address`"
)]
pub struct ParseKindError(String);

/// The longest part of a wrong name that is repeated, in characters.
const SHOWN_CHARS_MAX: usize = 40;

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::HomeInvasion, Self::Abduction, Self::RelativeTaken, Self::RemoteExtortion, Self::WrongAddress];

    /// The name in journals, files and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HomeInvasion => "home-invasion",
            Self::Abduction => "abduction",
            Self::RelativeTaken => "relative-taken",
            Self::RemoteExtortion => "remote-extortion",
            Self::WrongAddress => "wrong-address",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        match self {
            Self::HomeInvasion => language.pick("home invasion", "séquestration à domicile"),
            Self::Abduction => language.pick("abduction", "enlèvement"),
            Self::RelativeTaken => language.pick("a relative is held", "un proche est retenu"),
            Self::RemoteExtortion => language.pick("extortion from afar", "extorsion à distance"),
            Self::WrongAddress => {
                language.pick("wrong address or false alarm", "mauvaise adresse ou fausse alerte")
            }
        }
    }

    /// When this is the right one, in one line.
    #[must_use]
    pub const fn when(self, language: Language) -> &'static str {
        match self {
            Self::HomeInvasion => language.pick(
                "attackers are, or may be, with the person at home or in an office",
                "des agresseurs sont, ou pourraient être, avec la personne chez elle ou dans un bureau",
            ),
            Self::Abduction => language.pick(
                "the person was taken away, or cannot be found where they should be",
                "la personne a été emmenée, ou n'est pas là où elle devrait être",
            ),
            Self::RelativeTaken => language.pick(
                "somebody close is held, and the person acts on orders though free to move",
                "un proche est retenu, et la personne agit sur ordre tout en étant libre de ses mouvements",
            ),
            Self::RemoteExtortion => language.pick(
                "threats by message or call; nobody is held",
                "menaces par message ou par appel ; personne n'est retenu",
            ),
            Self::WrongAddress => language.pick(
                "attackers came to a stranger's door, or the alarm turns out to be none",
                "des agresseurs se sont trompés de porte, ou l'alerte n'en était pas une",
            ),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = ParseKindError;
    fn from_str(text: &str) -> Result<Self, ParseKindError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| ParseKindError(text.chars().take(SHOWN_CHARS_MAX).collect()))
    }
}
