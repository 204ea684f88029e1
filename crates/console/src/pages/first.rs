//! `/first`: from nothing to a first protected vault: what to understand, what to copy, what to type, and how far this organisation is.
//!
//! What is explained is for anyone; what is done is shown to who is signed in, from what they see anyway (G9). Every command stands in
//! `assets/first/commands.txt`, where a test of the binary runs it, with the policy that is to be copied.

use api::{Exposure, Me, VaultDetail, VaultList};
use maud::{Markup, html};

use crate::ask::{Api, Ask, Pending, Shown, read};
use crate::parts::money::value;
use crate::parts::{Tone, badge, notice};
use crate::t;
use crate::words::{Language, tag};

const COMMANDS: &str = include_str!("../../assets/first/commands.txt");
/// Of which figure the page speaks: one home, two days, nobody signals.
const FIGURE: (u8, u64, &str) = (1, 48 * 3600, "silent");

/// The page.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let facts = facts(ask, api).await;
        let content = html! {
            p { (t!(ask, "first-intro")) }
            ol.timeline.first {
                (why(ask)) (keys(ask)) (policy(ask)) (server(ask)) (people(ask, &facts)) (vault(ask, &facts))
                (sign_in(ask, &facts)) (figure(ask, &facts)) (drill(ask)) (then(ask))
            }
        };
        Ok(Shown::still(t!(ask, "first-title"), content))
    })
}

/// How far it is, as far as whoever asks may see.
#[derive(Default)]
struct Facts {
    is_in: bool,
    has_passkey: bool,
    has_vault: bool,
    is_funded: bool,
    exposure: Option<Exposure>,
}

async fn facts(ask: &Ask, api: &dyn Api) -> Facts {
    if ask.who.is_none() {
        return Facts::default();
    }
    let me = read::<Me>(api, "/v1/me").await.ok();
    let vaults = read::<VaultList>(api, "/v1/vaults").await.map(|list| list.vaults).unwrap_or_default();
    let mut facts = Facts {
        is_in: true,
        has_passkey: me.is_some_and(|me| me.devices.iter().any(|device| device.kind == "passkey")),
        is_funded: vaults.iter().any(|vault| vault.balance.is_some_and(|balance| balance.units > 0)),
        exposure: read(api, "/v1/exposure").await.ok(),
        has_vault: false,
    };
    // The first is enough to say that there is one.
    if let Some(vault) = vaults.iter().find(|vault| vault.chain.starts_with("bitcoin:")) {
        let detail = read::<VaultDetail>(api, &format!("/v1/vaults/{}", vault.id)).await;
        facts.has_vault = detail.is_ok_and(|detail| detail.descriptor.is_some());
    }
    facts
}

/// The commands of a part.
fn commands(part: &str) -> &'static str {
    let parts = COMMANDS.split("\n\n").filter_map(|text| text.split_once('\n'));
    let mut named = parts.filter(|(head, _)| head.trim_matches(['[', ']']) == part);
    named.next().map_or("", |(_, lines)| lines.trim_end())
}

fn typed(part: &str) -> Markup {
    html! { pre tabindex="0" translate="no" { code { (commands(part)) } } }
}

/// One step. `done` where that can be known.
fn step(ask: &Ask, title: &str, done: bool, content: &Markup) -> Markup {
    html! {
        li.done[done] {
            h2 { (title) " " @if done { (badge(Tone::Good, &t!(ask, "first-done"))) } }
            (content)
        }
    }
}

fn why(ask: &Ask) -> Markup {
    step(
        ask,
        &t!(ask, "first-why"),
        false,
        &html! {
            ul {
                li { (t!(ask, "first-why-several")) }
                li { (t!(ask, "first-why-words")) }
                li { (t!(ask, "first-why-stop")) }
                li { (t!(ask, "first-why-key")) }
            }
            p { (t!(ask, "first-why-not")) }
            p { a href="/practice" { (t!(ask, "first-why-practise")) } }
        },
    )
}

fn keys(ask: &Ask) -> Markup {
    step(
        ask,
        &t!(ask, "first-keys"),
        false,
        &html! {
            p { (t!(ask, "first-keys-device")) }
            p { (t!(ask, "first-keys-software")) }
            (typed("keys"))
        },
    )
}

fn policy(ask: &Ask) -> Markup {
    // This page comes from a server, and none runs without a policy.
    step(
        ask,
        &t!(ask, "first-policy"),
        true,
        &html! {
            p { (t!(ask, "first-policy-copy")) }
            (example(ask, "rules"))
            (example(ask, "register"))
            p { (t!(ask, "first-policy-check")) }
            (typed("check"))
        },
    )
}

fn example(ask: &Ask, name: &str) -> Markup {
    let file = format!("{name}.toml");
    let text = match (name, ask.language) {
        ("rules", Language::English) => include_str!("../../assets/first/rules.en.toml"),
        ("rules", Language::French) => include_str!("../../assets/first/rules.fr.toml"),
        (_, Language::English) => include_str!("../../assets/first/register.en.toml"),
        (_, Language::French) => include_str!("../../assets/first/register.fr.toml"),
    };
    html! {
        details {
            summary { code { (file) } }
            p { a href=(format!("/assets/first/{name}.{}.toml", tag(ask.language))) download=(file) { (t!(ask, "first-policy-save", file = file.clone())) } }
            pre tabindex="0" translate="no" { code { (text) } }
        }
    }
}

fn server(ask: &Ask) -> Markup {
    step(ask, &t!(ask, "first-server"), true, &html! { p { (t!(ask, "first-server-init")) } (typed("init")) })
}

fn people(ask: &Ask, facts: &Facts) -> Markup {
    step(
        ask,
        &t!(ask, "first-people"),
        facts.is_in,
        &html! {
            p { (t!(ask, "first-people-how")) }
            (typed("enrol"))
            (notice(Tone::Warn, &html! { p { (t!(ask, "first-people-before")) } }))
        },
    )
}

fn vault(ask: &Ask, facts: &Facts) -> Markup {
    step(
        ask,
        &t!(ask, "first-vault"),
        facts.has_vault,
        &html! {
            p { (t!(ask, "first-vault-code")) }
            (typed("code"))
            p { (t!(ask, "first-vault-create")) }
            (typed("create"))
            p { (t!(ask, "first-vault-confirm")) }
            (typed("confirm"))
            @if facts.is_funded { p { a href="/vaults" { (t!(ask, "first-vault-funded")) } } }
        },
    )
}

fn sign_in(ask: &Ask, facts: &Facts) -> Markup {
    step(
        ask,
        &t!(ask, "first-sign-in"),
        facts.is_in && facts.has_passkey,
        &html! {
            p { (t!(ask, "first-sign-in-serve")) }
            (typed("serve"))
            p { (t!(ask, "first-sign-in-how")) }
            p { @if facts.is_in { a href="/me" { (t!(ask, "first-sign-in-passkey")) } } @else { a href="/sign-in?next=/first" { (t!(ask, "sign-in-title")) } } }
            p.hint { (t!(ask, "first-sign-in-site")) }
        },
    )
}

fn figure(ask: &Ask, facts: &Facts) -> Markup {
    let (homes, seconds, mode) = FIGURE;
    let figure = facts.exposure.as_ref().and_then(|exposure| {
        exposure
            .figures
            .iter()
            .find(|one| (one.k, one.horizon_seconds, one.mode.as_str()) == (homes, seconds, mode))
    });
    step(
        ask,
        &t!(ask, "first-figure"),
        figure.is_some(),
        &html! {
            p { (t!(ask, "first-figure-what")) }
            @if let Some(figure) = figure {
                p.big { (value(ask, figure.amount)) }
                p { a href="/exposure" { (t!(ask, "first-figure-all")) } }
            } @else if facts.exposure.is_some() {
                p { (t!(ask, "first-figure-unbounded")) }
            } @else {
                p.soft { (t!(ask, "first-figure-sign-in")) }
            }
        },
    )
}

fn drill(ask: &Ask) -> Markup {
    step(
        ask,
        &t!(ask, "first-drill"),
        false,
        &html! {
            p { (t!(ask, "first-drill-record")) }
            (typed("drill"))
            p { (t!(ask, "first-drill-alarm")) }
            (typed("alarm"))
        },
    )
}

fn then(ask: &Ask) -> Markup {
    step(
        ask,
        &t!(ask, "first-then"),
        false,
        &html! {
            ul {
                li { (t!(ask, "first-then-channels")) }
                li { (t!(ask, "first-then-dossiers")) }
                li { (t!(ask, "first-then-backup")) }
                li { (t!(ask, "first-then-rehearse")) }
            }
            (typed("backup"))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_commands() {
        for part in [
            "keys", "check", "init", "enrol", "code", "create", "confirm", "serve", "drill", "alarm",
            "backup",
        ] {
            let lines = commands(part);
            assert!(
                !lines.is_empty()
                    && lines.lines().all(|line| line.starts_with("rempart ") || line.starts_with("    --")),
                "{part}: {lines}"
            );
        }
        assert_eq!(commands("nothing"), "");
    }
}
