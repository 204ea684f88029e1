//! Words of people, made inert before they are shown: no control characters, nothing that turns the direction of writing.
//!
//! What stands in the journal may be the captors' words; the JSON keeps them as they are.

/// The text without what a terminal or a page would obey. Line ends become spaces.
#[must_use]
pub fn inert(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => Some(' '),
        // Marks, embeddings, overrides and isolates of the direction of writing; separators of lines and paragraphs; the byte order mark.
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        '\u{2028}' | '\u{2029}' | '\u{feff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_or_a_page_obeys() {
        let hostile = "a\u{1b}[2Jb\r\nc\u{202e}d\u{2066}e\u{7f}\u{9b}f\u{feff}";
        assert_eq!(inert(hostile), "a[2Jb  cdef");
        assert_eq!(inert("élan · 12,5 « vite »"), "élan · 12,5 « vite »");
    }
}
