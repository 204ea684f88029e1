//! English or French. Called by everything here that makes a text.

use serde::{Deserialize, Serialize};

/// The languages of the product.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// One of two texts.
    #[must_use]
    pub const fn pick<T: Copy>(self, en: T, fr: T) -> T {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }

    /// `en` or `fr`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick("en", "fr")
    }
}
