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

    /// Where the words stand on their list.
    pub(crate) const fn positions(&self) -> &[u16; PHRASE_WORDS] {
        self.positions.reveal()
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Result<String, PhraseError> {
        Phrase::parse(text).map(|phrase| String::from_utf8(phrase.canonical().to_vec()).unwrap())
    }

    #[test]
    fn typing_is_forgiven() {
        for text in [
            "orange zebra stone",
            "  Orange\tZEBRA  stone\n",
            "orange-zebra-stone",
            "orange, zebra, stone",
            "ｏｒａｎｇｅ zebra stone",
            "orange\u{a0}zebra\u{2013}stone",
            "Oránge zebra stone",
        ] {
            assert_eq!(canonical(text).as_deref(), Ok("orange zebra stone"), "{text:?}");
        }
    }

    #[test]
    fn french_accents_may_be_left_out_or_written_either_way() {
        let word = Language::French.words().iter().find(|w| !w.is_ascii()).unwrap();
        let bare: String = normal_chars(word).collect();
        let composed: String = unicode_normalization::UnicodeNormalization::nfc(*word).collect();
        let expected = format!("{bare} zoologie zoologie");
        for first in [*word, bare.as_str(), composed.as_str(), &composed.to_uppercase()] {
            assert_eq!(canonical(&format!("{first} zoologie zoologie")), Ok(expected.clone()), "{first}");
        }
    }

    #[test]
    fn words_of_both_lists_have_one_canonical_form() {
        let shared: Vec<&str> = Language::English
            .words()
            .iter()
            .copied()
            .filter(|word| Language::French.position(word).is_some())
            .collect();
        assert_eq!(shared.len(), 123);
        let text = format!("{} {} {}", shared[0], shared[60], shared[122]);
        let phrase = Phrase::parse(&text).unwrap();
        assert_eq!(phrase.canonical(), text.as_bytes());
        let position = |word: &str| Language::French.position(word).unwrap();
        let french = Phrase::at(Language::French, [shared[0], shared[60], shared[122]].map(position));
        assert_eq!(french.canonical(), phrase.canonical());
    }

    #[test]
    fn what_is_wrong_is_said_by_position_only() {
        assert_eq!(canonical(""), Err(PhraseError::WordCount { given: 0 }));
        assert_eq!(canonical("orange zebra"), Err(PhraseError::WordCount { given: 2 }));
        assert_eq!(canonical("orange zebra stone stone"), Err(PhraseError::WordCount { given: 4 }));
        assert_eq!(canonical("orange rempart stone"), Err(PhraseError::UnknownWord { position: 2 }));
        assert_eq!(canonical("orange zebra zoologie"), Err(PhraseError::MixedLists { position: 3 }));
        assert_eq!(canonical("zebra zoologie zoologie"), Err(PhraseError::MixedLists { position: 1 }));
        let error = canonical("orange secretive stone").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secretive"));
    }

    #[test]
    fn length_is_limited_before_any_work() {
        assert_eq!(canonical(&"a ".repeat(PHRASE_INPUT_BYTES_MAX)), Err(PhraseError::TooLong));
        // This ligature becomes eighteen letters.
        assert_eq!(canonical(&"\u{fdfa}".repeat(PHRASE_INPUT_BYTES_MAX / 3)), Err(PhraseError::TooLong));
        assert!(canonical(&format!("orange{}zebra stone", " ".repeat(200))).is_ok());
    }

    #[test]
    fn a_phrase_cannot_be_printed() {
        let phrase = Phrase::parse("orange zebra stone").unwrap();
        assert_eq!(format!("{phrase:?}"), "Phrase(…)");
    }

    #[test]
    fn each_bit_that_is_drawn_counts_and_all_words_are_reached() {
        // The map from 33 bits to phrases is one to one, so uniform entropy gives uniform phrases.
        let drawn = |bits: u64| {
            let mut entropy = [0xa5; 32];
            entropy[..8].copy_from_slice(&bits.to_be_bytes());
            Phrase::draw(Language::English, &entropy)
        };
        for bit in 0..33 {
            assert_ne!(drawn(0).canonical(), drawn(1 << bit).canonical(), "bit {bit}");
        }
        for (word, index) in [(0, 0), (2047, 2047), (1024, 1024)] {
            let phrase = drawn(word << 22 | word << 11 | word);
            assert_eq!(phrase.reveal_words(), [Language::English.words()[index]; 3]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_drawn_phrase_reads_back(entropy: [u8; 32], french: bool) {
            let language = if french { Language::French } else { Language::English };
            let phrase = Phrase::draw(language, &entropy);
            let typed = phrase.reveal_words().join(" ");
            let read = Phrase::parse(&typed).unwrap();
            prop_assert_eq!(read.canonical(), phrase.canonical());
            prop_assert!(phrase.canonical().is_ascii());
        }

        #[test]
        fn any_text_is_answered_and_normal_forms_are_stable(text in "\\PC{0,80}") {
            if let Ok(phrase) = Phrase::parse(&text) {
                let again = canonical(std::str::from_utf8(phrase.canonical()).unwrap()).unwrap();
                prop_assert_eq!(again.as_bytes(), phrase.canonical());
            }
        }

        #[test]
        fn case_spaces_and_separators_do_not_matter(entropy: [u8; 32], upper: [bool; 3], gap in "[ ,\\-\t]{1,5}") {
            let phrase = Phrase::draw(Language::French, &entropy);
            let words = phrase.reveal_words();
            let typed: Vec<String> = words.iter().zip(upper)
                .map(|(word, upper)| if upper { word.to_uppercase() } else { (*word).to_owned() }).collect();
            let read = Phrase::parse(&typed.join(&gap)).unwrap();
            prop_assert_eq!(read.canonical(), phrase.canonical());
        }
    }
}
