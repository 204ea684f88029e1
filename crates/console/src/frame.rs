//! What every page has around its content: head, sections, language, the way out; and pages that say what went wrong (G9).
//!
//! The same for everybody of one role: nothing here depends on what waits or on what happened (G3).

use api::Problem;
use maud::{DOCTYPE, Markup, html};

use crate::ask::{Ask, Who};
use crate::parts::posted;
use crate::t;
use crate::words::tag;

/// A place that people go to from anywhere.
struct Section {
    path: &'static str,
    name: String,
    shown: bool,
}

/// The places, in order. Those of responders and auditors are facts of the policy, not of what happened.
fn sections(ask: &Ask) -> Vec<Section> {
    let of = |path, name, shown| Section { path, name, shown };
    let auditor = ask.who.as_ref().is_some_and(|who| who.auditor);
    vec![
        of("/", t!(ask, "frame-overview"), true),
        of("/transfers", t!(ask, "frame-transfers"), true),
        of("/vaults", t!(ask, "frame-vaults"), true),
        of("/stops", t!(ask, "frame-stops"), true),
        of("/policy", t!(ask, "frame-policy"), true),
        of("/motions", t!(ask, "frame-motions"), true),
        of("/exposure", t!(ask, "frame-exposure"), true),
        of("/response", t!(ask, "frame-response"), ask.is_responder()),
        of("/register", t!(ask, "frame-register"), ask.sees_names()),
        of("/audit", t!(ask, "frame-audit"), auditor),
        of("/me", t!(ask, "frame-me"), true),
        of("/settings", t!(ask, "frame-settings"), true),
    ]
}

/// A whole page.
#[must_use]
pub fn whole_page(ask: &Ask, title: &str, content: &Markup, scripts: &[&str], live: bool) -> Markup {
    let language = tag(ask.language);
    let by = ask.who.as_ref().map(|who| who.person.as_str());
    html! {
        (DOCTYPE)
        html lang=(language) data-look=[ask.look.word()] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="htmx-config" content="{\"history\":false,\"includeIndicatorCSS\":false,\"morphSkip\":\"[data-keep]\",\"morphIgnore\":[\"data-htmx-powered\",\"open\"]}";
                title { (title) " · Rempart" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="manifest" href="/assets/manifest.webmanifest" crossorigin="use-credentials";
                link rel="stylesheet" href="/assets/console.css";
                @if live { script src="/assets/htmx.js" defer {} }
                script type="module" src="/assets/console.js" {}
                @for script in scripts { script type="module" src={ "/assets/" (script) } {} }
            }
            body data-by=[by] data-live[live] {
                a.skip href="#main" { (t!(ask, "frame-skip")) }
                (head(ask))
                div.body {
                    @if ask.who.is_some() { (menu(ask)) }
                    main id="main" tabindex="-1" { h1 { (title) } (content) }
                }
                p.visually-hidden id="said" role="status" aria-live="polite" {}
            }
        }
    }
}

fn head(ask: &Ask) -> Markup {
    html! {
        header.top {
            p.brand { a href="/" { "Rempart" } @if let Some(who) = &ask.who { " " span.soft { (who.organisation) } } }
            @match &ask.who {
                Some(who) => (leaving(ask, who)),
                None => (languages(ask)),
            }
        }
    }
}

fn leaving(ask: &Ask, who: &Who) -> Markup {
    html! {
        div.own {
            a.soft href="/me" { (who.person) }
            (posted(ask, "/sign-out", html! { button.quiet.small { (t!(ask, "frame-sign-out")) } }))
        }
    }
}

/// For pages without a session: with one, the language is in the settings.
fn languages(ask: &Ask) -> Markup {
    html! {
        nav.languages aria-label=(t!(ask, "frame-language")) {
            @for (language, name) in [(api::Language::English, "English"), (api::Language::French, "Français")] {
                a href={ (ask.path) "?lang=" (tag(language)) } lang=(tag(language)) hreflang=(tag(language))
                    aria-current=[(language == ask.language).then_some("true")] { (name) }
            }
        }
    }
}

fn menu(ask: &Ask) -> Markup {
    let is_here = |path: &str| match path {
        "/" => ask.path == "/",
        _ => ask.path == path || ask.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')),
    };
    let items = sections(ask).into_iter().filter(|section| section.shown);
    html! {
        nav.side aria-label=(t!(ask, "frame-sections")) {
            details.menu {
                summary { (t!(ask, "frame-menu")) }
            }
            ul {
                @for section in items {
                    li { a href=(section.path) aria-current=[is_here(section.path).then_some("page")] { (section.name) } }
                }
            }
        }
    }
}

/// A page that says what went wrong and what to do next. The same for a page that does not exist and for one that is not for this person.
#[must_use]
pub fn error_page(ask: &Ask, problem: &Problem) -> Markup {
    let (title, next) = match problem.status {
        401 => (t!(ask, "frame-error-session"), t!(ask, "frame-error-session-next")),
        403 => (t!(ask, "frame-error-refused"), t!(ask, "frame-error-refused-next")),
        404 | 405 => (t!(ask, "frame-error-missing"), t!(ask, "frame-error-missing-next")),
        429 => (t!(ask, "frame-error-often"), t!(ask, "frame-error-often-next")),
        400..=499 => (t!(ask, "frame-error-wrong"), t!(ask, "frame-error-wrong-next")),
        _ => (t!(ask, "frame-error-ours"), t!(ask, "frame-error-ours-next")),
    };
    let content = html! {
        @if problem.status != 404 && problem.status != 405 { p { (problem.detail) } }
        p { (next) }
        p { a.button href="/" { (t!(ask, "frame-error-home")) } }
        p.soft { (t!(ask, "frame-error-code")) " " code { (problem.code) } }
    };
    whole_page(ask, &title, &content, &[], false)
}
