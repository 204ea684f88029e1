//! A form that was posted: that it comes from one of our own pages, and what stands in it. The three words leave it at once (G3).

use api::{Code, PhraseText};
use axum::http::HeaderMap;
use console::Fields;
use subtle::ConstantTimeEq;
use types::hash_parts;
use zeroize::Zeroize;

use super::asked::fields;
use crate::http::Failure;

/// The field of the token.
const TOKEN: &str = "token";
/// The fields of the three words, in forms for browsers without scripts.
const WORDS: [&str; 3] = ["word1", "word2", "word3"];

/// What goes with every form of a session, so that no other site can post it. Follows from the session's token and says nothing of it.
pub fn token_for(session_token: &str) -> String {
    hash_parts("rempart/form/v1", &[session_token.as_bytes()]).to_string()
}

/// Whether a form comes from our own page: the browser says so where it can, and the token says so.
pub fn is_own(headers: &HeaderMap, posted: &Fields, expected: &str) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let given = posted.get(TOKEN).map_or("", String::as_str);
    matches!(site, None | Some("same-origin")) && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}

/// The fields of a form without the words and the token, and the words.
pub fn read(body: &[u8]) -> (Fields, Option<PhraseText>) {
    let mut fields = fields(body);
    let mut words: Vec<String> = WORDS.iter().filter_map(|name| fields.remove(*name)).collect();
    let phrase = (words.len() == WORDS.len()).then(|| PhraseText::new(words.join(" ")));
    words.iter_mut().for_each(Zeroize::zeroize);
    (fields, phrase)
}

/// A form that did not come from here.
pub fn refused() -> Failure {
    Failure::new(Code::NotAllowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_form_of_our_own_page_counts() {
        let expected = token_for("abc");
        let form = |token: &str| Fields::from([("token".to_owned(), token.to_owned())]);
        let site = |site: &'static str| {
            HeaderMap::from_iter([("sec-fetch-site".parse().unwrap(), site.parse().unwrap())])
        };
        assert!(is_own(&HeaderMap::new(), &form(&expected), &expected));
        assert!(is_own(&site("same-origin"), &form(&expected), &expected));
        assert!(!is_own(&site("cross-site"), &form(&expected), &expected));
        assert!(!is_own(&site("same-site"), &form(&expected), &expected));
        assert!(!is_own(&HeaderMap::new(), &form(&token_for("abd")), &expected));
        assert!(!is_own(&HeaderMap::new(), &Fields::new(), &expected));
    }

    #[test]
    fn the_words_leave_the_form() {
        let (fields, phrase) = read(b"reason=x&word1=one&word2=two&word3=three");
        assert_eq!(phrase.unwrap().reveal(), "one two three");
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["reason"]);
        assert!(read(b"word1=one&word2=two").1.is_none());
    }
}
