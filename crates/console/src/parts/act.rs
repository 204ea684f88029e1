//! What somebody does: a form whose command the device signs exactly as it stands there, together with the three words (G1).
//!
//! `assets/console.js` reads the form: the command is `data-command`, into which every field with a `data-field` puts its value; it is sent
//! to `data-act`, and then the browser goes to `data-then`, or stays and renews the page. Acts that hold something up also work without a
//! script ([`Act::held`]).

use maud::{Markup, html};
use serde_json::Value;

use super::Tone;
use super::phrase::{phrase_field, plain_words};
use super::posted;
use crate::ask::Ask;
use crate::t;

/// One act.
pub struct Act<'a> {
    /// Unique on its page; the ids of its fields follow from it.
    pub id: &'a str,
    /// The operation: `POST` to this path under `/v1`.
    pub path: &'a str,
    /// The command; fields of the form are put into it.
    pub command: Value,
    /// What the button says.
    pub label: &'a str,
    /// Its weight: [`Tone::Bad`] for what holds up or takes away, [`Tone::Going`] for the usual, [`Tone::Quiet`] for what few need.
    pub tone: Tone,
    /// Where to go afterwards; `{transfer}`, `{motion}` and `{stop}` stand for what was made. The same page if `None`.
    pub then: Option<&'a str>,
    /// Where the same is posted without a script, for what holds something up.
    pub held: Option<&'a str>,
}

/// The form, open: for a page whose purpose it is. `fields` are inputs with `data-field`, see [`text_field`].
#[must_use]
pub fn open(ask: &Ask, act: &Act<'_>, fields: &Markup) -> Markup {
    html! {
        form.act id=(act.id) data-act=(act.path) data-command=(act.command) data-then=[act.then] autocomplete="off" {
            (fields)
            (phrase_field(ask, &format!("{}-words", act.id), &t!(ask, "phrase-yours")))
            p.status role="status" {}
            div.row { button class=(act.tone.class()) disabled { (act.label) } }
        }
        noscript {
            @match act.held {
                Some(action) => (posted(ask, action, html! { (fields) (plain_words(ask)) div.row { button class=(act.tone.class()) { (act.label) } } })),
                None => p.notice.warn { (t!(ask, "act-needs-script")) },
            }
        }
    }
}

/// The form behind its button: for one of several things that a page can do.
#[must_use]
pub fn folded(ask: &Ask, act: &Act<'_>, explained: &str, fields: &Markup) -> Markup {
    html! {
        details.act-fold {
            summary class={ "button " (act.tone.class()) } { (act.label) }
            div.card {
                @if !explained.is_empty() { p { (explained) } }
                (open(ask, act, fields))
            }
        }
    }
}

/// How the text of a field becomes a value of the command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// As it stands, without spaces around it; left out when it is empty.
    Text,
    /// A moment, from `datetime-local` in the browser's own zone.
    Moment,
    /// A checkbox.
    Yes,
    /// Several lines as they stand.
    Lines,
    /// Names with commas or spaces between them.
    Names,
    /// A file, in base64.
    File,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Moment => "moment",
            Self::Yes => "yes",
            Self::Lines => "lines",
            Self::Names => "names",
            Self::File => "file",
        }
    }

    const fn input(self) -> &'static str {
        match self {
            Self::Moment => "datetime-local",
            Self::Yes => "checkbox",
            Self::File => "file",
            Self::Text | Self::Lines | Self::Names => "text",
        }
    }
}

/// A field that is put into the command under `name`, which may be a way such as `outputs.0.amount`.
#[must_use]
pub fn field(name: &str, kind: Kind, label: &str, value: &str, hint: &str) -> Markup {
    let hint_id = format!("hint-{}", name.replace('.', "-"));
    let described = (!hint.is_empty()).then_some(hint_id.as_str());
    html! {
        @if kind == Kind::Yes {
            label.choice { input type="checkbox" name=(name) data-field=(name) data-kind="yes" autocomplete="off"; span { (label) } }
        } @else if kind == Kind::Lines {
            label { (label) textarea name=(name) data-field=(name) data-kind="lines" rows="4" autocomplete="off" aria-describedby=[described] { (value) } }
        } @else {
            label { (label)
                input type=(kind.input()) name=(name) data-field=(name) data-kind=(kind.word()) value=(value) autocomplete="off" aria-describedby=[described]; }
        }
        @if !hint.is_empty() { p.hint id=(hint_id) { (hint) } }
    }
}

/// A choice of one among several: value and label of each.
#[must_use]
pub fn choice(name: &str, label: &str, options: &[(String, String)], chosen: &str) -> Markup {
    html! {
        label { (label)
            select name=(name) data-field=(name) data-kind="text" autocomplete="off" {
                @for (value, label) in options { option value=(value) selected[value == chosen] { (label) } }
            }
        }
    }
}
