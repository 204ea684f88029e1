//! `/practice`: learning to enter the own words and any others, with words that are made up on the page and mean nothing (G3).
//!
//! The true phrase is never asked for. The page is `local`: its content policy lets it connect to nobody, so the browser itself sees to
//! it that nothing that is typed here leaves; a browser test counts the requests.

use maud::{Markup, html};

use crate::ask::{Api, Ask, Pending, Shown};
use crate::parts::phrase::{drawn_words, phrase_field};
use crate::parts::{Tone, notice};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let content = html! {
            (begin(ask)) (learn(ask)) (own(ask)) (others(ask)) (end(ask))
            p { a href="/" { (t!(ask, "practice-back")) } }
            noscript { (notice(Tone::Warn, &html! { p { (t!(ask, "practice-needs-script")) } })) }
        };
        Ok(Shown::still(t!(ask, "practice-title"), content).with_scripts(&["practice.js"]))
    })
}

fn begin(ask: &Ask) -> Markup {
    html! {
        section.card id="begin" data-stage {
            (notice(Tone::Warn, &html! { p { strong { (t!(ask, "practice-never")) } " " (t!(ask, "practice-local")) } }))
            p { (t!(ask, "practice-why")) }
            div.row { button type="button" data-go="learn" { (t!(ask, "practice-begin")) } }
        }
    }
}

fn learn(ask: &Ask) -> Markup {
    html! {
        section.card id="learn" data-stage hidden {
            h2 tabindex="-1" { (t!(ask, "practice-pretend")) }
            (drawn_words("made-up"))
            p { (t!(ask, "practice-picture")) }
            div.row {
                button type="button" data-go="own" { (t!(ask, "practice-have-them")) }
                button.quiet type="button" id="redraw" { (t!(ask, "practice-other-words")) }
            }
        }
    }
}

fn own(ask: &Ask) -> Markup {
    html! {
        section.card id="own" data-stage hidden {
            h2 tabindex="-1" { (t!(ask, "practice-ordinary")) }
            p { (t!(ask, "practice-ordinary-do")) }
            (phrase_field(ask, "own-words", &t!(ask, "practice-made-up")))
            p.status role="status" {}
            div.row {
                button type="button" id="try-own" { (t!(ask, "practice-enter")) }
                button.quiet type="button" data-go="learn" { (t!(ask, "practice-again")) }
            }
        }
    }
}

fn others(ask: &Ask) -> Markup {
    html! {
        section.card id="others" data-stage hidden {
            h2 tabindex="-1" { (t!(ask, "practice-forced")) }
            p { (t!(ask, "practice-forced-do")) }
            (phrase_field(ask, "other-words", &t!(ask, "practice-any-words")))
            p.status role="status" {}
            div.row { button type="button" id="try-others" { (t!(ask, "practice-enter")) } }
        }
    }
}

fn end(ask: &Ask) -> Markup {
    html! {
        section.card id="end" data-stage hidden {
            h2 tabindex="-1" { (t!(ask, "practice-end")) }
            p.status role="status" {}
            ul {
                li { (t!(ask, "practice-end-same")) }
                li { (t!(ask, "practice-end-help")) }
                li { (t!(ask, "practice-end-time")) }
                li { (t!(ask, "practice-end-go-on")) }
                li { (t!(ask, "practice-end-slip")) }
            }
            p { (t!(ask, "practice-end-nothing-sent")) }
            div.row { button type="button" data-go="learn" { (t!(ask, "practice-once-more")) } }
        }
    }
}
