//! A vault on its chain: where it stands, its outputs with age and distance to recovery, fresh addresses, transactions to sign (G6, G10).

use std::collections::HashMap;

use api::{
    Accepted, AddressList, Code, CoinList, CurrencyMinor, Envelope, NewAddress, Problem, RefreshDraft,
    VaultDetail,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use types::{Amount, Currency, Value, VaultId};
use vault::bitcoin::{Address, FeeRate, Network};
use vault::{Branch, Built, GAP_LIMIT, Holdings};

use super::vaults::{self, sees};
use super::{Answer, Done, done};
use crate::drafts::{self, Draft, DraftError};
use crate::engine::Engine;
use crate::http::act::Act;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::Http;

/// The most outputs in one answer.
const COINS_SHOWN_MAX: usize = 1000;
/// The most satoshis for a virtual byte that can be asked for.
const FEE_RATE_MAX: f64 = 10_000.0;

fn vault_of(http: &Http, headers: &HeaderMap, id: &str) -> Result<VaultId, Failure> {
    let reader = http.reader(headers)?;
    let vault = VaultId::parse(id).map_err(|_| Failure::not_found())?;
    let seen = http.engine.read(|state| sees(state, &reader, &vault));
    if seen { Ok(vault) } else { Err(Failure::not_found()) }
}

/// Where a vault stands.
#[utoipa::path(get, path = "/v1/vaults/{id}", tag = "vaults", params(("id" = String, Path)),
    responses((status = 200, body = VaultDetail), (status = "4XX", body = Problem)))]
pub async fn show(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer<VaultDetail> {
    let id = vault_of(&http, &headers, &id)?;
    let now = http.engine.now();
    let descriptor = http.engine.book(|book| book.descriptor(&id).map(|found| found.text().to_owned()));
    let detail = http.engine.read(|state| {
        let overt = state.overt();
        let policy = overt.policy()?;
        let vault = policy.vault(&id)?;
        let tip = match vault.chain {
            policy::Chain::Bitcoin(network) => overt.tip(network),
            policy::Chain::GateOnly => None,
        };
        let money = |value: Value| CurrencyMinor { currency: policy.organisation().currency, minor: value };
        Some(VaultDetail {
            vault: vaults::shown(state, vault),
            descriptor,
            height: tip.map(|tip| tip.height).filter(|height| *height > 0),
            median_time: tip.map(|tip| tip.median_time),
            trouble: tip.and_then(|tip| tip.trouble.clone()),
            afloat: money(overt.afloat(&id)),
            outstanding: vault.outstanding.map(money),
            refresh_due: overt.refresh_due(&id, now),
        })
    });
    detail.map(Json).ok_or_else(Failure::not_found)
}

/// A vault's outputs, the oldest first.
#[utoipa::path(get, path = "/v1/vaults/{id}/coins", tag = "vaults", params(("id" = String, Path)),
    responses((status = 200, body = CoinList), (status = "4XX", body = Problem)))]
pub async fn coins(State(http): State<Http>, headers: HeaderMap, Path(id): Path<String>) -> Answer<CoinList> {
    let id = vault_of(&http, &headers, &id)?;
    let now = http.engine.now();
    let coins = http.engine.read(|state| {
        let overt = state.overt();
        let vault = overt.policy()?.vault(&id)?;
        let asset = vault.asset()?;
        let lock = vault.recovery.as_ref().map_or(u64::MAX, |recovery| u64::from(recovery.after_blocks));
        let coin = |(outpoint, coin): (&types::OutPoint, &overt::Coin)| {
            let age_blocks = overt.age_blocks(coin, now);
            api::Coin {
                outpoint: format!("{}:{}", crate::http::shown::txid_text(outpoint.txid), outpoint.index),
                amount: Amount::new(asset, coin.units),
                height: coin.height,
                age_blocks,
                blocks_to_recovery: lock.saturating_sub(age_blocks),
                refresh_due: overt.nears_recovery(coin, now),
                reserved: overt.reserved_for(outpoint).is_some(),
            }
        };
        Some(overt.coins(&id).map(coin).collect::<Vec<_>>())
    });
    let mut coins = coins.ok_or_else(|| Failure::new(Code::NotOnChain))?;
    coins.sort_by_key(|coin| coin.blocks_to_recovery);
    let count = coins.len();
    coins.truncate(COINS_SHOWN_MAX);
    Ok(Json(CoinList { coins, count }))
}

/// The addresses that were handed out.
#[utoipa::path(get, path = "/v1/vaults/{id}/addresses", tag = "vaults", params(("id" = String, Path)),
    responses((status = 200, body = AddressList), (status = "4XX", body = Problem)))]
pub async fn addresses(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer<AddressList> {
    let id = vault_of(&http, &headers, &id)?;
    let shown = http.engine.read(|state| {
        state.overt().addresses(&id).map(|(index, shown)| (index, shown.clone())).collect::<Vec<_>>()
    });
    let addresses = http.engine.book(|book| {
        let descriptor = book.descriptor(&id)?;
        let address = |(index, shown): (u32, overt::ShownAddress)| {
            let script = descriptor.derive(vault::Position { branch: Branch::Receive, index }).ok()?;
            let keys = script.keys().iter();
            Some(api::ShownAddress {
                index,
                address: descriptor.address(Branch::Receive, index).ok()?.to_string(),
                label: shown.label,
                shown_at: shown.at,
                derivation: keys.map(|key| format!("{}/{}", key.source.0, key.source.1)).collect(),
            })
        };
        Some(shown.into_iter().filter_map(address).collect())
    });
    let addresses = addresses.ok_or_else(|| Failure::new(Code::NotOnChain))?;
    Ok(Json(AddressList { addresses }))
}

/// Hands out an address that nobody has seen. The list of addresses shows it.
#[utoipa::path(post, path = "/v1/vaults/{id}/addresses", tag = "vaults", request_body = Envelope<NewAddress>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn new_address(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewAddress> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let known = VaultId::parse(&id).ok();
        let next = known.as_ref().and_then(|vault| next_address(&own.engine, vault));
        // What is no vault here has no next address: the gate says so, in the same words as to anybody.
        let (vault, index) = match (known, next) {
            (Some(vault), Some(Ok(index))) => (vault, index),
            (Some(vault), None) => (vault, 0),
            (_, Some(Err(failure))) => return own.refuse(&act.stamp, None, failure).await,
            (None, _) => return own.refuse(&act.stamp, None, Failure::not_found()).await,
        };
        let label = act.command.label;
        let show = overt::Command::ShowAddress { vault, index, label };
        own.run_overt(&act.stamp, show).await.map(done)
    };
    http.detached(work).await
}

/// One after the last that was shown or paid, within what other wallets look at.
fn next_address(engine: &Engine, vault: &VaultId) -> Option<Result<u32, Failure>> {
    let unused =
        engine.book(|book| book.holdings(vault).map(|holdings| holdings.unused(Branch::Receive).index))?;
    let shown = engine.read(|state| state.overt().addresses(vault).last().map(|(index, _)| index));
    let next = shown.map_or(unused, |shown| unused.max(shown.saturating_add(1)));
    Some(if next < unused.saturating_add(GAP_LIMIT) { Ok(next) } else { Err(Failure::new(Code::AddressGap)) })
}

/// A transaction for a transfer, to be signed by members. `kind` is `payment`, `child` or `return`; `fee_rate` in satoshis for a virtual
/// byte, otherwise as the chain's sources estimate it.
#[utoipa::path(get, path = "/v1/transfers/{id}/draft", tag = "transfers",
    params(("id" = String, Path), ("kind" = Option<String>, Query), ("fee_rate" = Option<String>, Query)),
    responses((status = 200, body = api::Draft), (status = "4XX", body = Problem)))]
pub async fn draft(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<api::Draft> {
    let reader = http.reader(&headers)?;
    let id = super::transfers::transfer_id(&id)?;
    let vault = http.engine.read(|state| {
        let seen = state.overt().view_transfer(&reader, id);
        seen.map(|transfer| transfer.payload.vault)
    });
    let vault = vault.ok_or_else(Failure::not_found)?;
    let kind = match query.get("kind").map(String::as_str) {
        None | Some("payment") => Draft::Payment,
        Some("child") => Draft::Child,
        Some("return") => Draft::Return,
        Some(_) => return Err(wrong("`kind` is `payment`, `child` or `return`")),
    };
    let rate = rate(&query)?;
    let engine = http.engine.clone();
    let built = blocking(move || {
        let rate = drafts::fee_rate(&engine, &vault, rate)?;
        let built = drafts::transfer(&engine, id, kind, rate)?;
        Ok((built, network(&engine, &vault)))
    });
    let (built, network) = built.await?;
    Ok(Json(shown(&built, network)?))
}

/// A refresh of the outputs that are due, to be proposed and signed. `outputs` says into how many, 1 if absent.
#[utoipa::path(get, path = "/v1/vaults/{id}/refresh", tag = "vaults",
    params(("id" = String, Path), ("outputs" = Option<u32>, Query), ("fee_rate" = Option<String>, Query)),
    responses((status = 200, body = RefreshDraft), (status = "4XX", body = Problem)))]
pub async fn refresh(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<RefreshDraft> {
    let vault = vault_of(&http, &headers, &id)?;
    let outputs = query.get("outputs").map_or(Ok(1), |text| text.parse::<u32>());
    let outputs = outputs.map_err(|_| wrong("`outputs` is not a number"))?;
    let rate = rate(&query)?;
    let engine = http.engine.clone();
    let built = blocking(move || {
        let rate = drafts::fee_rate(&engine, &vault, rate)?;
        let refresh = drafts::refresh(&engine, &vault, outputs, rate)?;
        Ok((refresh, network(&engine, &vault)))
    });
    let (refresh, network) = built.await?;
    Ok(Json(RefreshDraft {
        values: refresh.values.iter().map(|value| btc(*value)).collect::<Result<_, _>>()?,
        max_fee: btc(refresh.max_fee)?,
        draft: shown(&refresh.built, network)?,
        left: refresh.left,
    }))
}

fn network(engine: &Engine, vault: &VaultId) -> Option<Network> {
    engine.book(|book| book.holdings(vault).map(Holdings::descriptor).map(|descriptor| descriptor.network()))
}

fn wrong(what: &'static str) -> Failure {
    Failure::because(Code::QueryInvalid, what)
}

fn rate(query: &HashMap<String, String>) -> Result<Option<FeeRate>, Failure> {
    let Some(text) = query.get("fee_rate") else { return Ok(None) };
    let rate: f64 = text.parse().map_err(|_| wrong("`fee_rate` is not a number"))?;
    if !(0.1..=FEE_RATE_MAX).contains(&rate) {
        return Err(wrong("`fee_rate` is between 0.1 and 10000 satoshis for a virtual byte"));
    }
    // Satoshis for 1000 weight units, the unit of the library; whole and small, so that the conversion is exact.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 25 and 2 500 000")]
    let per_kwu = (rate * 250.0).ceil() as u64;
    Ok(Some(FeeRate::from_sat_per_kwu(per_kwu)))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DraftError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(Code::Internal))?;
    done.map_err(|error| match error {
        DraftError::Spend(error) => error.into(),
        DraftError::Engine(error) => error.into(),
        DraftError::NoRate | DraftError::Chain(_) => {
            Failure::because(Code::FeeRateUnknown, error.to_string())
        }
        DraftError::NotNow(_) => Failure::because(Code::TooLate, error.to_string()),
        DraftError::Build(_) => Failure::because(Code::DraftImpossible, error.to_string()),
    })
}

fn btc(amount: vault::bitcoin::Amount) -> Result<Amount, Failure> {
    let asset = Currency::parse("BTC").map_err(|_| Failure::new(Code::Internal))?;
    Ok(Amount::new(asset, u128::from(amount.to_sat())))
}

fn shown(built: &Built, network: Option<Network>) -> Result<api::Draft, Failure> {
    let change = built.change.and_then(|(index, _)| {
        let script = &built.psbt.unsigned_tx.output.get(index)?.script_pubkey;
        Address::from_script(script, network?).ok().map(|address| address.to_string())
    });
    let psbt = BASE64.encode(built.psbt.serialize());
    Ok(api::Draft { psbt, fee: btc(built.fee)?, vsize: built.vsize, change })
}
