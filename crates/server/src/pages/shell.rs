//! What every page has around its content: head, language switch, content policy. Which language a request asks for.
//!
//! Called by every page. Nothing here depends on a person (G9); headers and bytes follow from the path and the language alone (G3).

use std::convert::Infallible;

use api::Language;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::http::Http;

/// Scripts, styles and connections to this server alone, none of them inline; no form leaves, nobody frames the page.
pub const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
/// The same for a page whose form is posted to this server without a script.
const CONTENT_POLICY_POSTED: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// For a page that reaches nobody: once its files are there, the browser itself sees to it that nothing leaves.
const CONTENT_POLICY_LOCAL: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'none'; \
     img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Besides the content policy. That nothing is kept (`no-store`) is said by `edge` on every answer.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), clipboard-read=()"),
    ),
];

/// In which language a page was asked for, and whether that was chosen by the switch (`?lang=fr`) rather than by the browser's settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// English or French.
    pub language: Language,
    chosen: bool,
}

impl Asked {
    fn read(query: &str, accepted: &str) -> Self {
        let chosen = query.split('&').find_map(|pair| match pair {
            "lang=en" => Some(Language::English),
            "lang=fr" => Some(Language::French),
            _ => None,
        });
        let language = chosen.unwrap_or_else(|| Language::preferred(accepted));
        Self { language, chosen: chosen.is_some() }
    }

    /// The text in the language that was asked for.
    pub const fn pick(&self, english: &'static str, french: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::French => french,
        }
    }

    /// A link to another page, which keeps a language that was chosen.
    pub fn link(&self, path: &str) -> String {
        if self.chosen { format!("{path}?lang={}", self.pick("en", "fr")) } else { path.to_owned() }
    }
}

impl FromRequestParts<Http> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _http: &Http) -> Result<Self, Infallible> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok());
        Ok(Self::read(parts.uri.query().unwrap_or_default(), accepted.unwrap_or_default()))
    }
}

/// Where what is typed on a page may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// None: what is typed is sent by the page's script, or not at all.
    None,
    /// To this server.
    Posted,
    /// None, and the page's script reaches nobody either.
    Local,
}

/// What is around a page's content.
#[derive(Clone, Copy, Debug)]
pub struct Shell<'a> {
    /// The page's own path, for the language switch.
    pub path: &'a str,
    /// In the language that was asked for.
    pub title: &'a str,
    /// Paths of the scripts, each a module.
    pub scripts: &'a [&'a str],
    /// Whether the browser posts a form.
    pub form: Form,
}

impl Shell<'_> {
    /// The whole page.
    pub fn page(&self, asked: &Asked, content: Markup) -> Page {
        let markup = html! {
            (DOCTYPE)
            html lang=(asked.pick("en", "fr")) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href="/assets/page.css";
                    @for script in self.scripts {
                        script type="module" src=(script) {}
                    }
                }
                body {
                    header {
                        p.brand { "Rempart" }
                        nav aria-label=(asked.pick("Language", "Langue")) {
                            (self.switch(asked, "en", "English"))
                            (self.switch(asked, "fr", "Français"))
                        }
                    }
                    main { h1 { (self.title) } (content) }
                }
            }
        };
        Page::new(markup, self.form)
    }

    fn switch(&self, asked: &Asked, tag: &str, name: &str) -> Markup {
        let current = (asked.pick("en", "fr") == tag).then_some("true");
        html! { a href=(format!("{}?lang={tag}", self.path)) lang=(tag) hreflang=(tag) aria-current=[current] { (name) } }
    }
}

/// A page as it leaves.
pub struct Page {
    markup: Markup,
    form: Form,
}

impl Page {
    /// A page with a frame of its own.
    pub const fn new(markup: Markup, form: Form) -> Self {
        Self { markup, form }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.markup.into_string().into_response();
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, value);
        }
        let policy = match self.form {
            Form::None => CONTENT_POLICY,
            Form::Posted => CONTENT_POLICY_POSTED,
            Form::Local => CONTENT_POLICY_LOCAL,
        };
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_wins_over_the_browser_and_is_kept_in_links() {
        let asked = Asked::read("x=1&lang=fr", "en");
        assert_eq!((asked.language, asked.link("/entry")), (Language::French, "/entry?lang=fr".to_owned()));
        let asked = Asked::read("lang=de", "fr-CH, en;q=0.5");
        assert_eq!((asked.language, asked.link("/entry")), (Language::French, "/entry".to_owned()));
        assert_eq!(Asked::read("", "").language, Language::English);
    }

    #[test]
    fn only_a_page_that_posts_may_post() {
        let asked = Asked::read("", "");
        let policy = |form| {
            let shell = Shell { path: "/x", title: "X", scripts: &[], form };
            let response = shell.page(&asked, html! {}).into_response();
            response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert!(policy(Form::None).contains("form-action 'none'"));
        assert_eq!(
            policy(Form::Posted),
            policy(Form::None).replace("form-action 'none'", "form-action 'self'")
        );
        assert!(!policy(Form::None).contains("unsafe"));
        assert!(
            policy(Form::Local).contains("connect-src 'none'")
                && policy(Form::Local).contains("form-action 'none'")
        );
    }
}
