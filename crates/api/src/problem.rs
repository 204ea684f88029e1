//! The one form of every error: a problem document (RFC 9457) with a stable code.
//!
//! It says what the caller can act on and nothing of who else is involved (G9). Made in one place of the server; read by the command line.

use serde::{Deserialize, Serialize};
use types::{LimitId, Timestamp};
use utoipa::ToSchema;

use crate::code::{Code, Language};

/// Where the page that lists the codes is, in the repository and in the package.
const PAGE: &str = "docs/errors.md#";

/// What went wrong. Content type `application/problem+json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's meaning, in English, always the same.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code. Programs decide by this alone.
    pub code: String,
    /// What happened this time, in the language of `Accept-Language` (English or French).
    pub detail: String,
    /// `limit-reached`: which limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub limit: Option<LimitId>,
    /// `limit-reached`: from when the transfer would fit; absent when it never will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub fits_at: Option<Timestamp>,
}

impl Problem {
    /// A problem with a code. `english` is what happened this time; without it, and in French, the code's own text is given.
    #[must_use]
    pub fn new(code: Code, language: Language, english: Option<&str>) -> Self {
        let detail = match (language, english) {
            (Language::English, Some(detail)) => detail,
            _ => code.text(language),
        };
        Self {
            kind: format!("{PAGE}{}", code.as_str()),
            title: code.text(Language::English).to_owned(),
            status: code.status(),
            code: code.as_str().to_owned(),
            detail: detail.to_owned(),
            limit: None,
            fits_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_picks_the_detail_and_nothing_else() {
        let english = Problem::new(Code::NoPermit, Language::English, None);
        let french = Problem::new(Code::NoPermit, Language::French, Some("only in English"));
        assert_eq!(english.title, french.title);
        assert_ne!(english.detail, french.detail);
        assert_eq!(french.detail, Code::NoPermit.text(Language::French));
        let special = Problem::new(Code::NoPermit, Language::English, Some("this time"));
        assert_eq!(special.detail, "this time");
        assert_eq!(special.kind, "docs/errors.md#no-permit");
    }
}
