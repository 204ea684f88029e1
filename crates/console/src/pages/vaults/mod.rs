//! `/vaults` and `/vaults/{id}`: what each vault holds, where it stands on its chain, its coins and addresses; to stop it, to refresh it, to
//! print what it is recovered from (G5, G10).

mod addresses;
mod backup;
mod coins;
mod qr;
mod refresh;

pub use coins::grouped;

use api::{AddressList, Code, CoinList, Problem, Scope, Stop, StopList, Vault, VaultDetail, VaultList};
use maud::{Markup, html};
use serde::de::DeserializeOwned;
use serde_json::json;
use types::VaultId;

use crate::ask::{Api, Ask, Pending, Shown, problem, read};
use crate::parts::act::{Act, Kind, field, folded};
use crate::parts::{Tone, badge, fact, money, nothing, notice, time};
use crate::t;

/// The list.
pub fn show<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let VaultList { vaults } = read(api, "/v1/vaults").await?;
        let content = html! {
            p { (t!(ask, "vaults-explained")) }
            @if vaults.is_empty() { (nothing(&t!(ask, "vaults-none"))) p { a href="/first" { (t!(ask, "vaults-first")) } } }
            h2.visually-hidden { (t!(ask, "overview-vaults-all")) }
            (cards(ask, &vaults))
        };
        Ok(Shown::page(t!(ask, "vaults-title"), content))
    })
}

/// Vaults side by side; the overview has them too.
pub fn cards(ask: &Ask, vaults: &[Vault]) -> Markup {
    html! {
        @if !vaults.is_empty() {
            ul.cards {
                @for vault in vaults {
                    li.card {
                        h3 { a href={ "/vaults/" (vault.id) } { (vault.id) } }
                        (balance(ask, vault))
                        p.soft { (chain(ask, &vault.chain)) }
                    }
                }
            }
        }
    }
}

fn balance(ask: &Ask, vault: &Vault) -> Markup {
    let reserved = vault.reserved.filter(|reserved| reserved.units > 0);
    html! {
        @match vault.balance {
            Some(balance) => p.big { (money::amount(ask, balance)) },
            None => p { (t!(ask, "vaults-balance-elsewhere")) },
        }
        @if let Some(reserved) = reserved { p.soft { (t!(ask, "vaults-of-it-reserved")) " " (money::amount(ask, reserved)) } }
    }
}

/// A chain in words.
fn chain(ask: &Ask, chain: &str) -> String {
    match chain.split_once(':') {
        Some(("bitcoin", "mainnet" | "bitcoin" | "main")) => t!(ask, "vaults-chain-bitcoin"),
        Some(("bitcoin", network)) => t!(ask, "vaults-chain-test", network = network),
        _ => t!(ask, "vaults-chain-gate-only"),
    }
}

/// One vault; `do=refresh` and `do=backup` are views of it.
pub fn one<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let vault = vault_of(ask).ok_or_else(|| problem(Code::NotFound))?;
        let detail: VaultDetail = read(api, &format!("/v1/vaults/{vault}")).await?;
        match ask.query("do") {
            "refresh" => refresh::show(ask, api, &vault).await,
            "backup" => backup::show(ask, api, &detail).await,
            _ => Ok(Shown::page(
                t!(ask, "vaults-title-one", vault = vault.as_str()),
                whole(ask, api, &detail).await?,
            )),
        }
    })
}

fn vault_of(ask: &Ask) -> Option<VaultId> {
    VaultId::parse(ask.parameter("id")).ok()
}

async fn whole(ask: &Ask, api: &dyn Api, detail: &VaultDetail) -> Result<Markup, Problem> {
    let vault = &detail.vault.id;
    let stops: StopList = read(api, "/v1/stops").await?;
    let coins: Option<CoinList> = unless_elsewhere(api, &format!("/v1/vaults/{vault}/coins")).await?;
    let addresses: Option<AddressList> =
        unless_elsewhere(api, &format!("/v1/vaults/{vault}/addresses")).await?;
    let from = ask.query("coins").parse().unwrap_or(0);
    Ok(html! {
        (stopped(ask, vault, &stops.stops))
        (trouble(ask, detail))
        (due(ask, detail))
        (standing(ask, detail))
        div.row {
            a.button href={ "/transfers/new?vault=" (vault) } { (t!(ask, "vaults-propose")) }
            a.button.quiet href={ "/transfers?vault=" (vault) } { (t!(ask, "vaults-transfers")) }
            (stop_act(ask, vault))
        }
        @if let Some(list) = &addresses { (addresses::section(ask, vault, list)) }
        @if let Some(list) = &coins { (coins::section(ask, list, from)) }
        @if addresses.is_none() && coins.is_some() { (notice(Tone::Warn, &html! { p { (t!(ask, "vaults-not-made")) " " code { (t!(ask, "vaults-not-made-program")) } } })) }
        @if addresses.is_none() && coins.is_none() { p { (t!(ask, "vaults-gate-only-explained")) } }
        @if detail.descriptor.is_some() { (descriptor(ask)) }
    })
}

/// A vault that has nothing on a chain has neither coins nor addresses.
async fn unless_elsewhere<T: DeserializeOwned>(api: &dyn Api, path: &str) -> Result<Option<T>, Problem> {
    match read(api, path).await {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.code == Code::NotOnChain.as_str() => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn stopped(ask: &Ask, vault: &VaultId, stops: &[Stop]) -> Markup {
    let reaches = |stop: &&Stop| match &stop.scope {
        Scope::Organisation => true,
        Scope::Vault(stopped) => stopped == vault,
        Scope::Transfer(_) | Scope::Person(_) => false,
    };
    let mut in_force = stops.iter().filter(|stop| stop.lifted_at.is_none()).filter(reaches);
    html! {
        @if in_force.next().is_some() {
            (notice(Tone::Bad, &html! { p { strong { (t!(ask, "vaults-stopped")) } " " a href="/stops" { (t!(ask, "vaults-stopped-see")) } } }))
        }
    }
}

fn trouble(ask: &Ask, detail: &VaultDetail) -> Markup {
    html! {
        @if let Some(code) = &detail.trouble {
            (notice(Tone::Warn, &html! {
                p { strong { (t!(ask, "vaults-trouble")) } " " (trouble_words(ask, code)) }
                p.soft { (t!(ask, "vaults-trouble-code")) " " code { (code) } }
            }))
        }
    }
}

/// What is wrong with the sources of the chain, in words.
fn trouble_words(ask: &Ask, code: &str) -> String {
    match code {
        "chain-unreachable" | "chain-timeout" => t!(ask, "vaults-trouble-unreachable"),
        "chain-unauthorized" | "chain-secret-unreadable" => t!(ask, "vaults-trouble-login"),
        "chain-wrong-network" => t!(ask, "vaults-trouble-network"),
        "chain-not-ready" => t!(ask, "vaults-trouble-not-ready"),
        "chain-pruned" | "chain-too-old" => t!(ask, "vaults-trouble-node"),
        _ => t!(ask, "vaults-trouble-other"),
    }
}

fn due(ask: &Ask, detail: &VaultDetail) -> Markup {
    html! {
        @if detail.refresh_due > 0 {
            (notice(Tone::Warn, &html! {
                p { (t!(ask, "vaults-due", n = detail.refresh_due)) " " a href={ (ask.path) "?do=refresh" } { (t!(ask, "vaults-due-refresh")) } }
            }))
        }
    }
}

fn standing(ask: &Ask, detail: &VaultDetail) -> Markup {
    let word = if detail.trouble.is_some() {
        badge(Tone::Warn, &t!(ask, "vaults-waits"))
    } else {
        badge(Tone::Good, &t!(ask, "vaults-follows"))
    };
    let on_chain = detail.vault.balance.is_some();
    html! {
        section.card {
            (balance(ask, &detail.vault))
            dl {
                (fact(&t!(ask, "vaults-chain"), &html! { (chain(ask, &detail.vault.chain)) @if on_chain { " " (word) } }))
                @if let Some(height) = detail.height {
                    (fact(&t!(ask, "vaults-height"), &html! { (grouped(ask, u64::from(height))) }))
                }
                @if let Some(at) = detail.median_time { (fact(&t!(ask, "vaults-chain-time"), &time::moment(ask, at))) }
                @if on_chain { (fact(&t!(ask, "vaults-afloat"), &money::value(ask, detail.afloat))) }
                @if let Some(most) = detail.outstanding { (fact(&t!(ask, "vaults-outstanding"), &money::value(ask, most))) }
            }
        }
    }
}

fn stop_act(ask: &Ask, vault: &VaultId) -> Markup {
    let held = format!("/vaults/{vault}/stop");
    let act = Act {
        id: "stop",
        path: "/v1/stops",
        command: json!({ "scope": { "vault": vault } }),
        label: &t!(ask, "vaults-stop"),
        tone: Tone::Bad,
        then: None,
        held: Some(&held),
    };
    let reason = field("reason", Kind::Text, &t!(ask, "stops-reason"), "", &t!(ask, "stops-reason-hint"));
    folded(ask, &act, &t!(ask, "vaults-stop-explained"), &reason)
}

fn descriptor(ask: &Ask) -> Markup {
    html! {
        section {
            h2 { (t!(ask, "vaults-backup")) }
            p { (t!(ask, "vaults-backup-explained")) }
            div.row { a.button.quiet href={ (ask.path) "?do=backup" } { (t!(ask, "vaults-backup-open")) } }
        }
    }
}

/// Stops a vault at once, also without a script.
pub fn stop<'a>(ask: &'a Ask, api: &'a dyn Api) -> Pending<'a, Shown> {
    Box::pin(async move {
        let vault = vault_of(ask).ok_or_else(|| problem(Code::NotFound))?;
        let command = json!({ "scope": { "vault": vault }, "reason": ask.field("reason") });
        api.hold("/v1/stops", command).await?;
        Ok(Shown::Go(format!("/vaults/{vault}")))
    })
}
