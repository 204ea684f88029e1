//! What pages that deal with phrases share: the field of three words and the place where drawn words are shown.
//!
//! The field is no part of a form, has neither a name nor a type that a password manager knows, and asks not to be kept; a browser test
//! looks for the words in the browser's folder afterwards.

use maud::{Markup, html};

use super::shell::Asked;

/// The field of three words; `id` is unique on its page.
pub fn phrase_field(asked: &Asked, id: &str, legend: &str) -> Markup {
    html! {
        fieldset.phrase id=(id) {
            legend { (legend) }
            div.line {
                div.words { @for number in 1..=credentials::PHRASE_WORDS { (word(asked, id, number)) } }
                div.picture role="img" {}
            }
            p.hint aria-live="polite" {}
        }
    }
}

fn word(asked: &Asked, id: &str, number: usize) -> Markup {
    let list = format!("{id}-list-{number}");
    html! {
        div.word {
            label {
                (asked.pick("Word", "Mot")) " " (number)
                input type="text" role="combobox" autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false"
                    translate="no" aria-autocomplete="list" aria-expanded="false" aria-controls=(list)
                    data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other";
            }
            ul id=(list) role="listbox" translate="no" aria-label=(asked.pick("Words that begin so", "Mots qui commencent ainsi")) hidden {}
        }
    }
}

/// Where words that were drawn are shown, with their picture. Empty until then.
pub fn drawn_words(id: &str) -> Markup {
    html! {
        div.drawn-words id=(id) translate="no" {
            ol {}
            div.picture role="img" {}
        }
    }
}
