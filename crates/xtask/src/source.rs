//! Rust source split into code, comments and string literals, so that a house rule looks where it means to look.
//!
//! Called by the checks in `tidy`. A small lexer, not a parser: it knows comments (nested), strings (raw and byte ones
//! too), characters and lifetimes, which is all that the rules need.

/// What a character belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Code,
    Comment,
    Literal,
}

/// A function in a source file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    pub name: String,
    /// Line of the word `fn`, from 1.
    pub line: usize,
    /// Lines from the word `fn` to the closing brace, both counted; lines inside a literal (an expected text) are not.
    pub length: usize,
}

/// The text with everything but the given parts turned into spaces; lines and columns stay.
pub fn only(text: &str, wanted: &[Part]) -> String {
    let keep = |(c, part): (char, Part)| if c == '\n' || wanted.contains(&part) { c } else { ' ' };
    text.chars().zip(parts(text)).map(keep).collect()
}

/// Every function with a body, in the order of the text; nested ones too.
pub fn functions(text: &str) -> Vec<Function> {
    let code: Vec<char> = only(text, &[Part::Code]).chars().collect();
    let inside_literals = lines_inside_literals(text);
    let mut found = Vec::new();
    let mut line = 1;
    for (at, &c) in code.iter().enumerate() {
        line += usize::from(c == '\n');
        let Some((name, after)) = function_name(&code, at) else { continue };
        if let Some(end) = end_of_body(&code, after) {
            let lines = 1 + code.iter().take(end).skip(at).filter(|c| **c == '\n').count();
            let expected_text = inside_literals.iter().filter(|at| (line..line + lines).contains(at)).count();
            found.push(Function { name, line, length: lines - expected_text });
        }
    }
    found
}

/// Lines, from 1, that hold nothing but a part of a literal.
fn lines_inside_literals(text: &str) -> Vec<usize> {
    let rest = only(text, &[Part::Code, Part::Comment]);
    let is_inside = |(line, rest): (&str, &str)| !line.trim().is_empty() && rest.trim().is_empty();
    let lines = text.lines().zip(rest.lines()).enumerate();
    lines.filter(|(_, pair)| is_inside(*pair)).map(|(at, _)| at + 1).collect()
}

/// Whether the word stands in the text with no letter, digit or underscore beside it.
pub fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name after a word `fn` that starts here, and where the name ends.
fn function_name(code: &[char], at: usize) -> Option<(String, usize)> {
    let before = at.checked_sub(1).and_then(|i| code.get(i));
    let is_fn = code.get(at..at + 2)? == ['f', 'n'] && !before.is_some_and(|c| is_word(*c));
    if !is_fn || !code.get(at + 2)?.is_whitespace() {
        return None;
    }
    let name: String =
        code.iter().skip(at + 2).skip_while(|c| c.is_whitespace()).take_while(|c| is_word(**c)).collect();
    let spaces = code.iter().skip(at + 2).take_while(|c| c.is_whitespace()).count();
    let end = at + 2 + spaces + name.chars().count();
    (!name.is_empty()).then_some((name, end))
}

/// Where the body's closing brace is; none for a declaration that ends with `;`.
fn end_of_body(code: &[char], from: usize) -> Option<usize> {
    let mut brackets = 0_i64;
    let mut braces = 0_i64;
    for (at, &c) in code.iter().enumerate().skip(from) {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            ';' if brackets == 0 && braces == 0 => return None,
            _ => {}
        }
        if c == '}' && braces == 0 {
            return Some(at);
        }
    }
    None
}

/// The part of every character.
fn parts(text: &str) -> Vec<Part> {
    let text: Vec<char> = text.chars().collect();
    let mut parts = Vec::with_capacity(text.len());
    while parts.len() < text.len() {
        let (length, part) = next_piece(&text, parts.len());
        let until = (parts.len() + length.max(1)).min(text.len());
        parts.resize(until, part);
    }
    parts
}

/// How long the comment, literal or single character of code is that starts here.
fn next_piece(text: &[char], at: usize) -> (usize, Part) {
    let rest = text.get(at..).unwrap_or_default();
    let inside_word = at.checked_sub(1).and_then(|i| text.get(i)).is_some_and(|c| is_word(*c));
    if rest.starts_with(&['/', '/']) {
        return (rest.iter().take_while(|c| **c != '\n').count(), Part::Comment);
    }
    if rest.starts_with(&['/', '*']) {
        return (block_comment(rest), Part::Comment);
    }
    if rest.first() == Some(&'\'') {
        return character(rest);
    }
    if rest.first() == Some(&'"') {
        return (quoted(rest), Part::Literal);
    }
    match raw_string(rest) {
        Some(length) if !inside_word => (length, Part::Literal),
        _ => (1, Part::Code),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < rest.len() {
        let pair = rest.get(at..at + 2).unwrap_or_default();
        match pair {
            ['/', '*'] => depth += 1,
            ['*', '/'] => depth = depth.saturating_sub(1),
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A character literal, or the quote of a lifetime, which is code.
fn character(rest: &[char]) -> (usize, Part) {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => {
            let inside = rest.iter().skip(3).take_while(|c| **c != '\'').count();
            (inside + 4, Part::Literal)
        }
        (Some(_), Some('\'')) => (3, Part::Literal),
        _ => (1, Part::Code),
    }
}

/// From an opening quote to the closing one, over escapes.
fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#`, `br"…"` and so on; not the raw identifier `r#name`.
fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = match rest {
        ['b' | 'c', 'r', ..] => 2,
        ['r', ..] => 1,
        _ => return None,
    };
    let hashes = rest.iter().skip(prefix).take_while(|c| **c == '#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        rest.get(*at) == Some(&'"')
            && rest.iter().skip(at + 1).take(hashes).filter(|c| **c == '#').count() == hashes
    };
    let end = (open + 1..rest.len()).find(closes);
    Some(end.map_or(rest.len(), |at| at + 1 + hashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r####"//! Doc.
fn one(bytes: [u8; 4]) -> char {
    let text = "fn hidden() { // no";
    let raw = r#"a " } fn"#; /* outer /* fn inner() {} */ still */
    '}' // end {
}
trait T<'a> {
    fn declared(&self, f: fn(u8) -> u8);
    fn with_body() { let c = '\''; let r#fn = b"\"}"; }
}
"####;

    #[test]
    fn comments_and_literals_are_not_code() {
        let code = only(SOURCE, &[Part::Code]);
        for hidden in ["hidden", "inner", "still", "end", "Doc", "no"] {
            assert!(!has_word(&code, hidden), "{hidden}: {code}");
        }
        assert!(code.contains("trait T<'a>"));
        assert_eq!(code.lines().count(), SOURCE.lines().count());
        let comments = only(SOURCE, &[Part::Comment]);
        assert!(comments.contains("/* outer /* fn inner() {} */ still */"));
        assert!(!comments.contains("hidden"));
        assert!(only(SOURCE, &[Part::Literal]).contains("\"fn hidden() { // no\""));
    }

    #[test]
    fn functions_are_found_with_their_length() {
        let found: Vec<_> = functions(SOURCE).into_iter().map(|f| (f.name, f.line, f.length)).collect();
        assert_eq!(found, [("one".to_owned(), 2, 5), ("with_body".to_owned(), 9, 1)]);
    }

    #[test]
    fn lines_of_an_expected_text_do_not_count() {
        let source = "fn f() {\n    check(\n        r#\"{\n  1\n  2\n}\"#,\n    );\n}\n";
        assert_eq!(functions(source).into_iter().map(|f| f.length).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn words_have_edges() {
        assert!(has_word("a todo here", "todo"));
        assert!(!has_word("method", "todo"));
        assert!(!has_word("todo_list", "todo"));
    }

    #[test]
    fn an_unfinished_literal_or_comment_does_not_hang() {
        for text in ["\"abc", "/* abc", "r#\"abc", "'", "'\\", "\"abc\\"] {
            assert_eq!(only(text, &[]).trim(), "", "{text}");
        }
    }
}
