//! The public word lists (BIP-39, English and French): normal form, look-up, completion, suggestion.
//!
//! Everything here is public and uses no secret (G3): whether a word is on a list may be said to anybody.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

/// The longest word that is looked at, in bytes of its normal form; the longest on a list has 8.
pub const WORD_BYTES_MAX: usize = 32;
/// A suggestion differs from what was typed by at most this many letters.
pub const SUGGEST_EDITS_MAX: usize = 2;

/// Which word list. JSON: `en`, `fr`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Language {
    /// The English list.
    #[serde(rename = "en")]
    English,
    /// The French list.
    #[serde(rename = "fr")]
    French,
}

impl Language {
    /// Both lists, in the order in which a phrase is looked for.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// The words as the list writes them, accents included, in the list's order.
    #[must_use]
    pub fn words(self) -> &'static [&'static str; 2048] {
        match self {
            Self::English => bip39::Language::English.word_list(),
            Self::French => bip39::Language::French.word_list(),
        }
    }

    fn index(self) -> &'static WordIndex {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }

    /// Where a word in normal form stands on the list.
    pub(crate) fn position(self, normal: &str) -> Option<u16> {
        let index = self.index();
        let found = index.binary_search_by(|entry| entry.normal.as_str().cmp(normal)).ok()?;
        index.get(found).map(|entry| entry.position)
    }

    /// The word at a position, as the list writes it.
    pub(crate) fn word_at(self, position: u16) -> &'static str {
        self.words().get(usize::from(position)).copied().unwrap_or_default()
    }
}

struct WordEntry {
    normal: String,
    position: u16,
}

type WordIndex = Vec<WordEntry>;

static ENGLISH: LazyLock<WordIndex> = LazyLock::new(|| build_index(Language::English));
static FRENCH: LazyLock<WordIndex> = LazyLock::new(|| build_index(Language::French));

fn build_index(language: Language) -> WordIndex {
    let entry = |(position, word): (u16, &&str)| WordEntry { normal: normal_chars(word).collect(), position };
    let mut index: WordIndex = (0_u16..).zip(language.words()).map(entry).collect();
    // French accents put some words elsewhere than their normal form belongs.
    index.sort_by(|a, b| a.normal.cmp(&b.normal));
    index
}

/// Lower case without accents, ligatures and full-width forms resolved.
pub(crate) fn normal_chars(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).flat_map(|c| {
        let pair = match c {
            'œ' => ['o', 'e'],
            'æ' => ['a', 'e'],
            other => [other, '\0'],
        };
        pair.into_iter().filter(|c| *c != '\0')
    })
}

/// A word's normal form, or nothing if it is too long to be one.
fn normal_word(text: &str) -> Option<Zeroizing<String>> {
    if text.len() > 4 * WORD_BYTES_MAX {
        return None;
    }
    let mut normal = Zeroizing::new(String::with_capacity(2 * WORD_BYTES_MAX));
    for c in normal_chars(text.trim()) {
        if normal.len() >= WORD_BYTES_MAX {
            return None;
        }
        normal.push(c);
    }
    Some(normal)
}

/// The words of a list that begin so, in alphabetical order. All of them for an empty prefix.
#[must_use]
pub fn completions(prefix: &str, language: Language) -> Vec<&'static str> {
    let Some(prefix) = normal_word(prefix) else { return Vec::new() };
    let index = language.index();
    let start = index.partition_point(|entry| entry.normal.as_str() < prefix.as_str());
    let matching = index.iter().skip(start).take_while(|entry| entry.normal.starts_with(prefix.as_str()));
    matching.map(|entry| language.word_at(entry.position)).collect()
}

/// The word of a list nearest to one that is not on it, if one is near enough. For showing beside a refused word.
#[must_use]
pub fn suggest(word: &str, language: Language) -> Option<&'static str> {
    let typed = normal_word(word)?;
    let near = language.index().iter().map(|entry| (edit_distance(&typed, &entry.normal), entry.position));
    let (distance, position) = near.min()?;
    (distance <= SUGGEST_EDITS_MAX).then(|| language.word_at(position))
}

/// How many letters were left out, added, changed or swapped with their neighbour (optimal string alignment), over bytes:
/// normal forms are ASCII wherever a word matches at all.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let width = b.len() + 1;
    let mut table = vec![0; (a.len() + 1) * width];
    for (cell, to) in table.iter_mut().enumerate().take(width) {
        *to = cell;
    }
    let at =
        |table: &[usize], row: usize, column: usize| table.get(row * width + column).copied().unwrap_or(0);
    let letter = |text: &[u8], place: usize| place.checked_sub(1).and_then(|index| text.get(index).copied());
    for row in 1..=a.len() {
        for column in 0..width {
            let (from, to) = (letter(a, row), letter(b, column));
            let mut best = at(&table, row - 1, column) + 1;
            if column > 0 {
                let change = usize::from(from != to);
                best =
                    best.min(at(&table, row, column - 1) + 1).min(at(&table, row - 1, column - 1) + change);
            }
            let swapped = row > 1 && column > 1 && from == letter(b, column - 1) && letter(a, row - 1) == to;
            if swapped {
                best = best.min(at(&table, row - 2, column - 2) + 1);
            }
            if let Some(cell) = table.get_mut(row * width + column) {
                *cell = best;
            }
        }
    }
    at(&table, a.len(), b.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_lists_stay_distinct_in_normal_form() {
        for language in Language::ALL {
            let normal: BTreeSet<String> =
                language.words().iter().map(|w| normal_chars(w).collect()).collect();
            assert_eq!(normal.len(), 2048);
            assert!(normal.iter().all(|w| w.bytes().all(|b| b.is_ascii_lowercase()) && w.len() <= 8));
        }
    }

    #[test]
    fn every_word_is_found_where_it_stands() {
        for language in Language::ALL {
            for (position, word) in (0_u16..).zip(language.words()) {
                let normal: String = normal_chars(word).collect();
                assert_eq!(language.position(&normal), Some(position), "{word}");
            }
        }
        assert_eq!(Language::English.position("rempart"), None);
    }

    #[test]
    fn completion_forgives_accents_and_case() {
        let found = completions("ÉCL", Language::French);
        assert!(found.len() > 1);
        assert!(found.iter().all(|w| normal_chars(w).collect::<String>().starts_with("ecl")));
        assert_eq!(completions("zoo", Language::English), ["zoo"]);
        assert_eq!(completions("", Language::English).len(), 2048);
        assert!(completions("qqq", Language::English).is_empty());
        assert!(completions(&"a".repeat(10_000), Language::English).is_empty());
    }

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(suggest("oragne", Language::English), Some("orange"));
        assert_eq!(suggest("zebr", Language::English), Some("zebra"));
        assert_eq!(suggest("xxxxxxxx", Language::English), None);
        assert_eq!(suggest(&"é".repeat(1000), Language::French), None);
    }

    #[test]
    fn distances_count_slips_of_the_finger() {
        for (a, b, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("abc", "abc", 0),
            ("ab", "ba", 1),
            ("oragne", "orange", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
            assert_eq!(edit_distance(b, a), distance, "{b} {a}");
        }
    }
}
