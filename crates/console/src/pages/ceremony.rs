//! The private ceremony in which a new phrase is shown: are you alone, shown once, typed back once, gone (G9).
//!
//! Part of the pages that bring a new phrase: `/me` (another phrase) and `/enrol` (the first one). What was drawn is in the page for as
//! long as it is shown, then in a variable of `assets/ceremony.js` until it was typed back, and is compared there, with nobody.

use maud::{Markup, html};

use crate::ask::Ask;
use crate::parts::phrase::{drawn_words, phrase_field};
use crate::parts::{Tone, notice};
use crate::t;
use crate::words::{Language, tag};

/// The question that comes before: the form is not sent until it was answered.
pub fn alone(ask: &Ask) -> Markup {
    html! {
        (notice(Tone::Warn, &html! { p { (t!(ask, "ceremony-warning")) } }))
        label.choice { input type="checkbox" id="alone" required autocomplete="off"; span { (t!(ask, "ceremony-alone")) } }
    }
}

/// From which list the words are drawn.
pub fn list_choice(ask: &Ask) -> Markup {
    html! {
        fieldset {
            legend { (t!(ask, "ceremony-list")) }
            @for (language, name) in [(Language::English, "English"), (Language::French, "Français")] {
                label.choice {
                    input type="radio" name="list" value=(tag(language)) data-field="language" autocomplete="off" checked[ask.language == language];
                    span lang=(tag(language)) { (name) }
                }
            }
        }
    }
}

/// Shown, typed back, done.
pub fn steps(ask: &Ask, back: &str) -> Markup {
    html! { (shown(ask)) (typed_back(ask)) (done(ask, back)) }
}

fn shown(ask: &Ask) -> Markup {
    html! {
        section.card id="shown" data-stage data-keep hidden {
            h2 tabindex="-1" { (t!(ask, "ceremony-shown")) }
            (drawn_words("drawn"))
            p { (t!(ask, "ceremony-learn")) }
            div.row { button type="button" id="know" { (t!(ask, "ceremony-know")) } }
        }
    }
}

fn typed_back(ask: &Ask) -> Markup {
    html! {
        section.card id="typed-back" data-stage data-keep hidden {
            h2 tabindex="-1" { (t!(ask, "ceremony-type-back")) }
            p { (t!(ask, "ceremony-compared-here")) }
            (phrase_field(ask, "back-words", &t!(ask, "ceremony-new-words")))
            p.status role="status" {}
            div.row {
                button type="button" id="typed" { (t!(ask, "ceremony-compare")) }
                button.quiet type="button" id="give-up" { (t!(ask, "ceremony-give-up")) }
            }
        }
    }
}

fn done(ask: &Ask, back: &str) -> Markup {
    html! {
        section.card id="done" data-stage data-keep hidden {
            h2 tabindex="-1" { (t!(ask, "ceremony-done")) }
            p id="done-known" { (t!(ask, "ceremony-known")) }
            p id="done-lost" hidden { (t!(ask, "ceremony-lost")) }
            p { (t!(ask, "ceremony-read-out")) }
            p { strong.mono id="fingerprint" {} }
            p id="motion" hidden { a { (t!(ask, "ceremony-motion")) } }
            p { (t!(ask, "ceremony-practise")) " " a href="/practice" { (t!(ask, "practice-title")) } }
            p { a href=(back) { (t!(ask, "ceremony-back")) } }
        }
    }
}
