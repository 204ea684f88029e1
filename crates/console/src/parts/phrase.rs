//! The field of three words, and the place where drawn words are shown.
//!
//! The field has neither a name nor a type that a password manager knows, and asks not to be kept; a browser test looks for the words in
//! the browser's folder afterwards. Its script (`phrase-field.js`) is loaded when the field is first used.

use maud::{Markup, html};

use crate::ask::Ask;
use crate::t;

/// The field of three words; `id` is unique on its page.
#[must_use]
pub fn phrase_field(ask: &Ask, id: &str, legend: &str) -> Markup {
    html! {
        fieldset.phrase id=(id) {
            legend { (legend) }
            div.line {
                div.words { @for number in 1..=credentials::PHRASE_WORDS { (word(ask, id, number)) } }
                div.picture role="img" aria-label=(t!(ask, "js-no-picture")) {}
            }
            p.hint aria-live="polite" { (t!(ask, "js-three-words")) }
        }
    }
}

fn word(ask: &Ask, id: &str, number: usize) -> Markup {
    let list = format!("{id}-list-{number}");
    html! {
        div.word {
            label {
                (t!(ask, "phrase-word")) " " (number)
                input type="text" role="combobox" autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false"
                    translate="no" aria-autocomplete="list" aria-expanded="false" aria-controls=(list)
                    data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other";
            }
            ul id=(list) role="listbox" translate="no" aria-label=(t!(ask, "phrase-completions")) hidden {}
        }
    }
}

/// Where words that were drawn are shown, with their picture. Empty until then.
#[must_use]
pub fn drawn_words(id: &str) -> Markup {
    html! { div.drawn-words id=(id) translate="no" { ol {} div.picture role="img" {} } }
}

/// Three plain fields for a browser without scripts. Inside `noscript`, so that a browser with scripts never has them.
#[must_use]
pub fn plain_words(ask: &Ask) -> Markup {
    html! {
        fieldset.phrase {
            legend { (t!(ask, "phrase-yours")) }
            div.words {
                @for number in 1..=credentials::PHRASE_WORDS {
                    label { (t!(ask, "phrase-word")) " " (number)
                        input type="text" name={ "word" (number) } required autocomplete="off" autocapitalize="none" autocorrect="off"
                            spellcheck="false" translate="no" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other"; }
                }
            }
        }
    }
}
