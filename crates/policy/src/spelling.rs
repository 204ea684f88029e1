//! "Did you mean": the nearest known word to one that was misspelt. Used by every message about an unknown name.

/// The most edits between a word and what it was meant to be.
const EDITS_MAX: usize = 2;
/// Longer words are not compared.
const WORD_CHARS_MAX: usize = 64;

/// The nearest of some words, if one is near enough.
pub(crate) fn nearest<'w>(given: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if given.chars().count() > WORD_CHARS_MAX {
        return None;
    }
    let allowed = EDITS_MAX.min(given.chars().count() / 2);
    let near = words.map(|word| (edits(given, word), word)).filter(|(edits, _)| *edits <= allowed);
    near.min_by_key(|(edits, _)| *edits).map(|(_, word)| word)
}

/// Levenshtein distance, case aside.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.to_lowercase().chars().enumerate() {
        let mut next = vec![at + 1];
        for (column, theirs) in other.iter().enumerate() {
            let above_left = row.get(column).copied().unwrap_or(usize::MAX);
            let above = row.get(column + 1).copied().unwrap_or(usize::MAX);
            let left = next.last().copied().unwrap_or(usize::MAX);
            let changed = above_left.saturating_add(usize::from(letter != *theirs));
            next.push(changed.min(above.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["approve", "expires", "hold"];
        assert_eq!(nearest("expire", words.into_iter()), Some("expires"));
        assert_eq!(nearest("aprove", words.into_iter()), Some("approve"));
        assert_eq!(nearest("Hold", words.into_iter()), Some("hold"));
        assert_eq!(nearest("memo", words.into_iter()), None);
        assert_eq!(nearest("x", words.into_iter()), None);
    }
}
