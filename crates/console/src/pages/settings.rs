//! `/settings`: language and look. What is chosen is kept in a cookie that says nothing else.

use maud::{Markup, html};

use crate::ask::{Api, Ask, Look, Pending, Shown};
use crate::parts::posted;
use crate::t;
use crate::words::{Language, tag};

/// The page.
pub fn show<'a>(ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move { Ok(Shown::still(t!(ask, "settings-title"), html! { (look(ask)) })) })
}

/// What was chosen.
pub fn keep<'a>(ask: &'a Ask, _api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let language = match ask.field("language") {
            "en" => Language::English,
            "fr" => Language::French,
            _ => ask.language,
        };
        let look = match ask.field("look") {
            "light" => Look::Light,
            "dark" => Look::Dark,
            _ => Look::System,
        };
        Ok(Shown::Keep { language, look, then: "/settings".to_owned() })
    })
}

fn look(ask: &Ask) -> Markup {
    let looks = [
        ("", Look::System, t!(ask, "settings-look-system")),
        ("light", Look::Light, t!(ask, "settings-look-light")),
        ("dark", Look::Dark, t!(ask, "settings-look-dark")),
    ];
    posted(ask, "/settings", html! {
        fieldset {
            legend { (t!(ask, "settings-language")) }
            @for (language, name) in [(Language::English, "English"), (Language::French, "Français")] {
                label.choice { input type="radio" name="language" value=(tag(language)) checked[ask.language == language];
                    span lang=(tag(language)) { (name) } }
            }
        }
        fieldset {
            legend { (t!(ask, "settings-look")) }
            @for (word, look, name) in looks {
                label.choice { input type="radio" name="look" value=(word) checked[ask.look == look]; span { (name) } }
            }
        }
        div.row { button { (t!(ask, "settings-keep")) } }
    })
}
