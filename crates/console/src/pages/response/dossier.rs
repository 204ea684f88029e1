//! `/response/dossiers/{person}`: a sealed packet, opened in the browser of the responder (G9).
//!
//! The act asks for the sealed bytes, which is recorded before they come; `assets/dossier.js` opens them with an identity that never leaves the
//! page. What the page says meanwhile, and the forms of what will be shown, stand in it, so that its script has no texts.

use api::{Incident, IncidentList};
use maud::{Markup, html};
use serde_json::json;

use super::incident::{level_badge, since};
use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::act::{self, Act};
use crate::parts::{Tone, notice};
use crate::t;

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let person = ask.parameter("person");
        let list: IncidentList = read(api, "/v1/response/incidents").await?;
        let concerns = |one: &&Incident| {
            one.closed.is_none() && one.subjects.iter().any(|subject| subject.person.as_str() == person)
        };
        let incidents: Vec<&Incident> = list.incidents.iter().filter(concerns).collect();
        let asked = incidents.iter().find(|one| one.id.to_string() == ask.query("incident"));
        let content = match asked.or(incidents.last()) {
            Some(incident) => html! {
                (of_which(ask, incident))
                (identity(ask)) (opening(ask, person, incident)) (shown(ask)) (texts(ask))
            },
            None => notice(
                Tone::Warn,
                &html! {
                    p { (t!(ask, "dossier-no-incident")) }
                    p { a href="/response" { (t!(ask, "frame-response")) } }
                },
            ),
        };
        let title = t!(ask, "dossier-title", person = person.to_owned());
        Ok(Shown::still(title, content).with_scripts(&["response.js", "dossier.js"]))
    })
}

fn of_which(ask: &Ask, incident: &Incident) -> Markup {
    html! {
        div.unprinted {
            p { a href={ "/response/incidents/" (incident.id) } { (t!(ask, "dossier-incident", id = incident.id.to_string())) } " "
                (level_badge(ask, incident)) " " (since(ask, incident.opened)) }
            p { (t!(ask, "dossier-why")) }
        }
    }
}

/// The identity: outside every form, without names, so that nothing of it can be sent or kept.
fn identity(ask: &Ask) -> Markup {
    html! {
        section.card.unprinted id="identity" data-keep {
            h2 { (t!(ask, "dossier-key")) }
            p { (t!(ask, "dossier-key-why")) }
            label { (t!(ask, "dossier-key-file")) input id="identity-file" type="file" autocomplete="off"; }
            div id="identity-locked" hidden {
                label { (t!(ask, "dossier-key-passphrase"))
                    input.masked id="identity-passphrase" type="text" autocomplete="off" autocapitalize="none" autocorrect="off"
                        spellcheck="false" translate="no" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other"; }
            }
            details {
                summary { (t!(ask, "dossier-key-paste")) }
                label { (t!(ask, "dossier-key-text"))
                    textarea.masked id="identity-text" rows="3" autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false"
                        translate="no" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other" {} }
            }
            p.status role="status" {}
            div.row {
                button type="button" id="identity-use" disabled { (t!(ask, "dossier-key-use")) }
                button.quiet type="button" id="identity-passkey" disabled { (t!(ask, "dossier-key-passkey")) }
            }
        }
        noscript { p.notice.warn { (t!(ask, "act-needs-script")) } }
    }
}

fn opening(ask: &Ask, person: &str, incident: &Incident) -> Markup {
    let path = format!("/v1/response/incidents/{}/dossiers/{person}", incident.id);
    let act = Act {
        id: "open-dossier",
        path: &path,
        command: json!({}),
        label: &t!(ask, "dossier-open"),
        tone: Tone::Going,
        then: None,
        held: None,
    };
    html! {
        section.card.unprinted {
            h2 { (t!(ask, "dossier-open")) }
            p { (t!(ask, "dossier-open-why")) }
            (act::open(ask, &act, &html! {}))
        }
    }
}

/// Where it is shown, and taken away again.
fn shown(ask: &Ask) -> Markup {
    html! {
        section aria-label=(t!(ask, "dossier-opened")) {
            p.status id="opening" role="status" {}
            div id="opened" tabindex="-1" translate="no" {}
            div.row.unprinted id="away" hidden {
                button.bad type="button" id="put-away" { (t!(ask, "dossier-put-away")) }
                p.hint { (t!(ask, "dossier-put-away-why")) }
            }
        }
    }
}

fn texts(ask: &Ask) -> Markup {
    html! {
        div id="dossier-texts" hidden { @for (code, text) in said(ask) { span data-text=(code) { (text) } } }
        template id="revision-sheet" { (revision(ask)) }
        template id="packet-sheet" { (packet(ask)) }
    }
}

/// What the script says, by the codes of `age.js` and its own.
fn said(ask: &Ask) -> Vec<(&'static str, String)> {
    vec![
        ("reading", t!(ask, "dossier-reading")),
        ("ready", t!(ask, "dossier-ready")),
        ("key-first", t!(ask, "dossier-key-first")),
        ("none-chosen", t!(ask, "dossier-none-chosen")),
        ("no-key", t!(ask, "dossier-no-key")),
        ("hardware", t!(ask, "dossier-hardware")),
        ("locked", t!(ask, "dossier-locked")),
        ("passphrase", t!(ask, "dossier-passphrase-wrong")),
        ("work", t!(ask, "dossier-work")),
        ("no-prf", t!(ask, "dossier-no-prf")),
        ("no-passkey", t!(ask, "dossier-no-passkey")),
        ("browser", t!(ask, "dossier-browser")),
        ("damaged", t!(ask, "dossier-damaged")),
        ("too-large", t!(ask, "dossier-damaged")),
        ("not-for-you", t!(ask, "dossier-not-for-you")),
        ("newer", t!(ask, "dossier-newer")),
        ("no-packet", t!(ask, "dossier-no-packet")),
        ("doubt-organisation", t!(ask, "dossier-doubt-organisation")),
        ("doubt-person", t!(ask, "dossier-doubt-person")),
        ("doubt-revision", t!(ask, "dossier-doubt-revision")),
        ("doubt-time", t!(ask, "dossier-doubt-time")),
        ("despite", t!(ask, "dossier-despite")),
        ("photo", t!(ask, "dossier-photo")),
    ]
}

/// A line that the script fills in, or leaves out.
fn way(name: &str, label: &str) -> Markup {
    html! { div.fact data-way=(name) { dt { (label) } dd.passage {} } }
}

fn revision(ask: &Ask) -> Markup {
    html! {
        article.card {
            dl {
                (way("revision", &t!(ask, "dossier-revision")))
                (way("kept_at", &t!(ask, "dossier-kept-at")))
                (way("sealed_at", &t!(ask, "dossier-sealed-at")))
            }
            p.notice.warn data-forced hidden { (t!(ask, "dossier-forced")) }
            div data-packet {}
        }
    }
}

/// The packet: what is needed first stands first, as on the command line.
fn packet(ask: &Ask) -> Markup {
    html! {
        div.packet {
            dl {
                (way("name", &t!(ask, "dossier-name")))
                (way("born", &t!(ask, "dossier-born")))
                (way("appearance", &t!(ask, "dossier-appearance")))
            }
            (each("telephone", &t!(ask, "dossier-telephone"), &[
                ("what", t!(ask, "dossier-what")), ("number", t!(ask, "dossier-number")),
            ]))
            (each("words", &t!(ask, "dossier-words"), &[
                ("all_clear", t!(ask, "dossier-all-clear")), ("distress", t!(ask, "dossier-distress")),
                ("question", t!(ask, "dossier-question")), ("answer", t!(ask, "dossier-answer")),
            ]))
            (each("address", &t!(ask, "dossier-address"), &[
                ("what", t!(ask, "dossier-what")), ("lines", t!(ask, "dossier-lines")), ("access", t!(ask, "dossier-access")),
            ]))
            dl { (way("police", &t!(ask, "dossier-police"))) }
            (each("medical", &t!(ask, "dossier-medical"), &[
                ("blood_group", t!(ask, "dossier-blood-group")), ("allergies", t!(ask, "dossier-allergies")),
                ("conditions", t!(ask, "dossier-conditions")), ("medicines", t!(ask, "dossier-medicines")),
                ("doctor", t!(ask, "dossier-doctor")),
            ]))
            (each("relative", &t!(ask, "dossier-relative"), &[
                ("name", t!(ask, "dossier-name")), ("relation", t!(ask, "dossier-relation")),
                ("telephone", t!(ask, "dossier-number")), ("note", t!(ask, "dossier-note")),
            ]))
            (each("vehicle", &t!(ask, "dossier-vehicle"), &[
                ("what", t!(ask, "dossier-what")), ("plate", t!(ask, "dossier-plate")),
            ]))
            dl { (way("notes", &t!(ask, "dossier-notes"))) }
        }
    }
}

fn each(name: &str, title: &str, ways: &[(&str, String)]) -> Markup {
    html! { section data-each=(name) { h3 { (title) } dl { @for (name, label) in ways { (way(name, label)) } } } }
}
