//! The pieces that pages are made of: sums and times as a language writes them, states, forms, the three words (G1, G3).
//!
//! What a device signs is a [`act::Act`]: its form carries the command, `assets/console.js` has it signed and sent.

pub mod act;
pub mod chart;
pub mod money;
pub mod phrase;
pub mod time;

use maud::{Markup, html};

use crate::ask::Ask;

/// How something stands, as a colour beside its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Nothing to do.
    Quiet,
    /// Under way.
    Going,
    /// Done and well.
    Good,
    /// Look at it.
    Warn,
    /// Held up or ended.
    Bad,
}

impl Tone {
    /// The class of the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Going => "going",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A state: a word with a colour that does not say more than the word.
#[must_use]
pub fn badge(tone: Tone, word: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (word) } }
}

/// Something that everybody who sees the page must read.
#[must_use]
pub fn notice(tone: Tone, text: &Markup) -> Markup {
    html! { div class={ "notice " (tone.class()) } { (text) } }
}

/// What stands where a list is empty.
#[must_use]
pub fn nothing(text: &str) -> Markup {
    html! { p.nothing { (text) } }
}

/// A form that is posted to this server without a script: settings, signing out, previews. Never an act that a device signs.
#[must_use]
pub fn posted(ask: &Ask, action: &str, content: Markup) -> Markup {
    let token = ask.who.as_ref().map(|who| who.token.as_str());
    html! {
        form method="post" action=(action) autocomplete="off" {
            @if let Some(token) = token { input type="hidden" name="token" value=(token); }
            (content)
        }
    }
}

/// A line of a list of facts: `dt`, `dd`.
#[must_use]
pub fn fact(name: &str, value: &Markup) -> Markup {
    html! { div.fact { dt { (name) } dd { (value) } } }
}

/// A table that scrolls by itself on a narrow screen; the caption is for those who do not see it.
#[must_use]
pub fn table(caption: &str, heads: &[String], rows: &Markup) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.visually-hidden { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}
