//! The phrase: three words of a public list, drawn by the system and typed by a person at each act.
//!
//! Reading one uses no secret, so "not on the list" may be said (G3). What is on the list is a phrase, the person's own or
//! not, and from here on the two look alike until [`crate::check`].

use std::fmt;

use thiserror::Error;
use types::Secret;
use zeroize::Zeroizing;

use crate::words::{Language, normal_chars};

/// How many words a phrase has.
pub const PHRASE_WORDS: usize = 3;
/// The longest text that is looked at, in bytes. Anything longer is refused before any work.
pub const PHRASE_INPUT_BYTES_MAX: usize = 256;
/// The longest normal form that is kept while reading, in bytes; some characters grow when they are taken apart.
const NORMAL_BYTES_MAX: usize = 512;
/// Each word is one of 2^11.
const WORD_BITS: u32 = 11;
const WORD_MASK: u64 = (1 << WORD_BITS) - 1;

/// Why a text is not a phrase. Says which word, never what it was: it may be one letter from the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhraseError {
    /// Longer than any phrase.
    #[error("that is too long to be a phrase: type three words from the list")]
    TooLong,
    /// Fewer or more than three words.
    #[error("a phrase has three words: {given} were given")]
    WordCount {
        /// How many there were.
        given: usize,
    },
    /// A word that is on neither list, or not on the list of the others.
    #[error("word {position} is not on the list: choose it from the completions")]
    UnknownWord {
        /// Which word, from 1.
        position: usize,
    },
    /// Each word is on a list, but not all on one.
    #[error("word {position} is of the other language's list: all three words come from one list")]
    MixedLists {
        /// Which word, from 1.
        position: usize,
    },
}

/// Three words of one list. Wiped when dropped; cannot be printed or serialised.
#[derive(Clone)]
pub struct Phrase {
    language: Language,
    positions: Secret<[u16; PHRASE_WORDS]>,
    canonical: Secret<String>,
}

impl Phrase {
    /// Draws a phrase. Every one of the 2048^3 is equally likely if the entropy is uniform: 33 of its bits are used as they are.
    #[must_use]
    pub fn draw(language: Language, entropy: &[u8; 32]) -> Self {
        let bits = entropy.iter().take(8).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        let word = |shift: u32| u16::try_from((bits >> (shift * WORD_BITS)) & WORD_MASK).unwrap_or_default();
        Self::at(language, [word(0), word(1), word(2)])
    }

    /// Reads what a person typed: case, accents and extra spaces do not matter, `-` and `,` separate like spaces.
    ///
    /// # Errors
    /// What keeps it from being a phrase, decided from public lists alone.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        let normal = normal_text(text)?;
        let given = normal.split_ascii_whitespace().count();
        let mut words = normal.split_ascii_whitespace();
        let (Some(first), Some(second), Some(third), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(PhraseError::WordCount { given });
        };
        let words = [first, second, third];
        let complete = Language::ALL.into_iter().find_map(|language| {
            let [a, b, c] = words.map(|word| language.position(word));
            Some((language, [a?, b?, c?]))
        });
        match complete {
            Some((language, positions)) => Ok(Self::at(language, positions)),
            None => Err(explain_unknown(words)),
        }
    }

    fn at(language: Language, positions: [u16; PHRASE_WORDS]) -> Self {
        let mut canonical = String::with_capacity(64);
        for position in positions {
            if !canonical.is_empty() {
                canonical.push(' ');
            }
            canonical.extend(normal_chars(language.word_at(position)));
        }
        Self { language, positions: Secret::new(positions), canonical: Secret::new(canonical) }
    }

    /// Of which list it is. A phrase whose words are all on both lists counts as English; nothing depends on it but how the words are written.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The words as the list writes them, for showing them once to their owner when they are drawn.
    #[must_use]
    pub fn reveal_words(&self) -> [&'static str; PHRASE_WORDS] {
        self.positions.reveal().map(|position| self.language.word_at(position))
    }

    /// What is hashed: lower case, no accents, one space between words.
    pub(crate) fn canonical(&self) -> &[u8] {
        self.canonical.reveal().as_bytes()
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(…)")
    }
}

/// Lower case, no accents, separators as spaces. Written into one allocation, which is wiped.
fn normal_text(text: &str) -> Result<Zeroizing<String>, PhraseError> {
    if text.len() > PHRASE_INPUT_BYTES_MAX {
        return Err(PhraseError::TooLong);
    }
    // Room for one more character than is kept: growing would leave a copy behind that nobody wipes.
    let mut normal = Zeroizing::new(String::with_capacity(NORMAL_BYTES_MAX + 4));
    for c in normal_chars(text) {
        if normal.len() >= NORMAL_BYTES_MAX {
            return Err(PhraseError::TooLong);
        }
        normal.push(if is_separator(c) { ' ' } else { c });
    }
    Ok(normal)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | ',' | ';' | '.' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Names the first word that is not on the list which most of the three are on.
fn explain_unknown(words: [&str; PHRASE_WORDS]) -> PhraseError {
    let known_in = |language: Language| words.iter().filter(|word| language.position(word).is_some()).count();
    let [first, second] = Language::ALL;
    let language = if known_in(second) > known_in(first) { second } else { first };
    let nowhere = |word: &&str| Language::ALL.into_iter().all(|l| l.position(word).is_none());
    if let Some(index) = words.iter().position(nowhere) {
        return PhraseError::UnknownWord { position: index + 1 };
    }
    let stray = words.iter().position(|word| language.position(word).is_none());
    PhraseError::MixedLists { position: stray.map_or(1, |index| index + 1) }
}
