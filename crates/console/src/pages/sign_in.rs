//! `/sign-in`: the name, the three words and the device; then where the person wanted to go (G3, G9).
//!
//! The page says the same whatever the words are. Only a page of this console is gone to afterwards, decided here and again by the script.

use maud::{Markup, html};

use super::find;
use crate::ask::{Api, Ask, Pending, Shown, Who};
use crate::parts::act::{Act, open};
use crate::parts::{Tone, notice, posted};
use crate::t;

/// The longest address that is gone to, in bytes.
const NEXT_BYTES_MAX: usize = 512;
const HOME: &str = "/";
/// This page for who has signed out.
const LEFT: &str = "/sign-in?left=1";

/// The page.
pub fn show<'a>(ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let next = plain_path(ask.query("next")).unwrap_or(HOME);
        let content = match &ask.who {
            Some(who) => inside(ask, who, next),
            None => html! { (form(ask, next)) (key_file(ask)) (trouble(ask)) (ways(ask)) },
        };
        Ok(Shown::still(t!(ask, "sign-in-title"), content).with_scripts(&["sign-in.js"]))
    })
}

/// The way out. The server ends the session and takes the cookie away; the script of the page that follows forgets a kept device key.
pub fn leave<'a>(_ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move { Ok(Shown::Go(LEFT.to_owned())) })
}

/// The address if it is that of a page of this console, and cannot be read as anything else by a browser.
fn plain_path(next: &str) -> Option<&str> {
    let path = next.split_once('?').map_or(next, |(path, _)| path);
    let plain = next.len() <= NEXT_BYTES_MAX
        && next.starts_with('/')
        && !next.contains("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'{' | b'}'));
    (plain && path != "/sign-in" && find("GET", path).is_some()).then_some(next)
}

fn form(ask: &Ask, next: &str) -> Markup {
    let label = t!(ask, "sign-in-enter");
    let act = Act {
        id: "sign-in",
        path: "/v1/session",
        command: serde_json::json!({ "cookie": true }),
        label: &label,
        tone: Tone::Going,
        then: None,
        held: None,
    };
    html! {
        @if !ask.query("left").is_empty() { p role="status" data-left { (t!(ask, "sign-in-left")) } }
        section.card data-next=(next) { (open(ask, &act, &name_field(ask, "sign-in-name"))) }
    }
}

/// For who has a key file from `rempart enrol` and no passkey yet: the browser keeps a key that it never gives out, until sign-out.
fn key_file(ask: &Ask) -> Markup {
    html! {
        details {
            summary { (t!(ask, "sign-in-key")) }
            p { (t!(ask, "sign-in-key-explained")) }
            label for="key-file" { (t!(ask, "sign-in-key-file")) }
            input type="file" id="key-file" autocomplete="off";
            label for="key-text" { (t!(ask, "sign-in-key-paste")) }
            textarea id="key-text" rows="3" autocomplete="off" spellcheck="false" translate="no" {}
            p.status id="key-status" role="status" {}
        }
    }
}

fn ways(ask: &Ask) -> Markup {
    html! {
        ul {
            li { a href="/practice" { (t!(ask, "sign-in-practice")) } }
            li { a href="/enrol" { (t!(ask, "sign-in-enrol")) } }
            li { a href="/first" { (t!(ask, "sign-in-first")) } }
        }
    }
}

/// What to do when it fails: the same for every phrase, because no phrase is refused.
fn trouble(ask: &Ask) -> Markup {
    html! {
        details {
            summary { (t!(ask, "sign-in-trouble")) }
            ul {
                li { (t!(ask, "sign-in-trouble-words")) }
                li { (t!(ask, "sign-in-trouble-device")) }
                li { (t!(ask, "sign-in-trouble-name")) }
                li { (t!(ask, "sign-in-trouble-often")) }
                li { (t!(ask, "sign-in-trouble-lost")) }
            }
        }
    }
}

/// Who it is: a name that the browser neither completes nor keeps. Scripts take it from `data-by`.
pub fn name_field(ask: &Ask, id: &str) -> Markup {
    html! {
        label for=(id) { (t!(ask, "sign-in-name")) }
        (plain_input(id, true))
        p.hint { (t!(ask, "sign-in-name-hint")) }
    }
}

/// One line of text that the browser neither completes nor keeps.
pub fn plain_input(id: &str, is_name: bool) -> Markup {
    html! {
        input type="text" id=(id) required maxlength="128" data-by[is_name] autocomplete="off" autocapitalize="none" autocorrect="off"
            spellcheck="false" translate="no" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other";
    }
}

/// Somebody is signed in already.
fn inside(ask: &Ask, who: &Who, next: &str) -> Markup {
    html! {
        (notice(Tone::Quiet, &html! { p { (t!(ask, "sign-in-already", person = who.person.to_string())) } }))
        div.row {
            a.button href=(next) { (t!(ask, "sign-in-go-on")) }
            (posted(ask, "/sign-out", html! { button.quiet { (t!(ask, "sign-in-other")) } }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_console_are_gone_to() {
        for good in ["/settings", "/me?lang=fr", "/practice"] {
            assert_eq!(plain_path(good), Some(good), "{good}");
        }
        let bad = [
            "",
            "settings",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "/settings//x",
            "/settings?x=//evil.example",
            "/sign-in",
            "/sign-in?next=/me",
            "/nothing-here",
            "/me?{token}",
            "/me ",
            "/mé",
            "/\n/evil.example",
        ];
        for bad in bad {
            assert_eq!(plain_path(bad), None, "{bad:?}");
        }
        assert_eq!(plain_path(&format!("/me?{}", "x".repeat(NEXT_BYTES_MAX))), None);
    }
}
