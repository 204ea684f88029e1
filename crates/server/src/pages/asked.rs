//! In which language and look a request asks for a page. Called by `show`, `live` and the page of protected people.

use std::convert::Infallible;

use api::Language;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use console::{Fields, Look};

use crate::http::{Http, cookie};

/// The cookie that keeps language and look, such as `fr.dark`. It says nothing else and no script needs it.
const LOOK_COOKIE: &str = "look";
/// How long they are kept.
const LOOK_SECONDS: u32 = 365 * 24 * 3600;
/// The most fields of a query or a form that are looked at.
const FIELDS_MAX: usize = 512;

/// Language and look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    pub language: Language,
    pub look: Look,
    /// The language was chosen by a link and is to be kept.
    pub chosen: bool,
}

impl Asked {
    /// The query wins over what was kept, and that over the browser's settings.
    pub fn read(query: &str, headers: &HeaderMap) -> Self {
        let query = fields(query.as_bytes());
        let kept = cookie(headers, LOOK_COOKIE).unwrap_or_default();
        let (kept, look) = kept.split_once('.').unwrap_or((kept, ""));
        let chosen = query.get("lang").and_then(|word| language(word));
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok());
        let preferred = || Language::preferred(accepted.unwrap_or_default());
        let look = match look {
            "light" => Look::Light,
            "dark" => Look::Dark,
            _ => Look::System,
        };
        Self {
            language: chosen.or_else(|| language(kept)).unwrap_or_else(preferred),
            look,
            chosen: chosen.is_some(),
        }
    }
}

fn language(word: &str) -> Option<Language> {
    match word {
        "en" => Some(Language::English),
        "fr" => Some(Language::French),
        _ => None,
    }
}

/// The tag of a language.
pub const fn tag(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::French => "fr",
    }
}

/// The cookie that keeps language and look.
pub fn kept(language: Language, look: Look) -> Option<HeaderValue> {
    let look = look.word().map(|word| format!(".{word}")).unwrap_or_default();
    let text = format!(
        "{LOOK_COOKIE}={}{look}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LOOK_SECONDS}",
        tag(language)
    );
    HeaderValue::from_str(&text).ok()
}

/// The fields of a query or a form. The first of a name counts.
pub fn fields(text: &[u8]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in form_urlencoded::parse(text).take(FIELDS_MAX) {
        fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    fields
}

impl FromRequestParts<Http> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _http: &Http) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default(), &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &'static str, accepted: &'static str) -> HeaderMap {
        HeaderMap::from_iter([
            (header::COOKIE, HeaderValue::from_static(cookie)),
            (header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted)),
        ])
    }

    #[test]
    fn the_link_wins_over_what_was_kept_and_that_over_the_browser() {
        let read = |query, cookie, accepted| Asked::read(query, &headers(cookie, accepted));
        assert_eq!(read("x=1&lang=fr", "look=en.dark", "en").language, Language::French);
        assert_eq!(
            read("", "look=fr.dark", "en"),
            Asked { language: Language::French, look: Look::Dark, chosen: false }
        );
        assert_eq!(read("lang=de", "look=", "fr-CH, en;q=0.5").language, Language::French);
        assert_eq!(read("", "", "").language, Language::English);
        let kept = kept(Language::French, Look::Light).unwrap();
        assert!(kept.to_str().unwrap().starts_with("look=fr.light; "));
    }

    #[test]
    fn of_two_fields_of_one_name_the_first_counts() {
        assert_eq!(fields(b"a=1&a=2&b=%C3%A9+e")["a"], "1");
        assert_eq!(fields(b"b=%C3%A9+e")["b"], "é e");
    }
}
