//! `/settings`: language and look, kept in a cookie that says nothing else; the own sessions, each of which ends by one press (G5, G9).

use api::{Me, SessionEntry, SessionList};
use maud::{Markup, html};
use types::Hash;

use super::me::{kind, short};
use crate::ask::{Api, Ask, Look, Pending, Shown, problem, read};
use crate::parts::time::{moment, until};
use crate::parts::{Tone, badge, posted, table};
use crate::t;
use crate::words::{Language, tag};

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let me = read::<Me>(api, "/v1/me").await?;
        let open = read::<SessionList>(api, "/v1/sessions").await?;
        let content = html! {
            section.card { (look(ask)) }
            section.card id="sessions" {
                h2 { (t!(ask, "settings-sessions")) }
                p { (t!(ask, "settings-sessions-explained")) }
                (sessions(ask, &me, &open.sessions))
            }
        };
        Ok(Shown::still(t!(ask, "settings-title"), content))
    })
}

/// Ends a session of one's own. It takes nothing that anybody could lose: acts never rest on a session.
pub fn end_session<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let id = Hash::parse(ask.field("session")).map_err(|_| problem(api::Code::NotFound))?;
        api.delete(&format!("/v1/sessions/{id}")).await?;
        Ok(Shown::Go("/settings".to_owned()))
    })
}

fn sessions(ask: &Ask, me: &Me, sessions: &[SessionEntry]) -> Markup {
    let heads = [
        t!(ask, "settings-sessions-begun"),
        t!(ask, "settings-sessions-until"),
        t!(ask, "settings-sessions-device"),
        t!(ask, "settings-sessions-end"),
    ];
    let rows = html! {
        @for one in sessions.iter().rev() {
            tr {
                td { (moment(ask, one.begun_at)) " " @if one.current { (badge(Tone::Going, &t!(ask, "settings-sessions-current"))) } }
                td { (until(ask, one.expires_at)) }
                td { (device(ask, me, &one.device)) }
                td { (end(ask, one)) }
            }
        }
    };
    table(&t!(ask, "settings-sessions"), &heads, &rows)
}

/// Devices that were taken away are no longer in the entry.
fn device(ask: &Ask, me: &Me, id: &Hash) -> Markup {
    let known = me.devices.iter().find(|device| device.id == *id);
    html! { @if let Some(device) = known { (kind(ask, &device.kind)) " " } span.mono { (short(id)) } }
}

fn end(ask: &Ask, one: &SessionEntry) -> Markup {
    let begun = crate::parts::time::text(ask, one.begun_at);
    posted(
        ask,
        "/settings/end-session",
        html! {
            input type="hidden" name="session" value=(one.id);
            button.quiet.small aria-label=(t!(ask, "settings-sessions-end-one", begun = begun)) { (t!(ask, "settings-sessions-end")) }
        },
    )
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
    posted(
        ask,
        "/settings",
        html! {
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
        },
    )
}
