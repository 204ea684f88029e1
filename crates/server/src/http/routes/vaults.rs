//! Vaults: what they hold, and addresses to receive at.

use std::collections::HashMap;

use api::{Code, Problem, VaultAddress, VaultList};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use policy::{Chain, Network, Policy};
use types::{Amount, PersonId, VaultId};

use super::Answer;
use crate::coins::CoinError;
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// The vaults that you have to do with.
#[utoipa::path(get, path = "/v1/vaults", tag = "vaults", responses((status = 200, body = VaultList), (status = 401, body = Problem)))]
pub async fn list(State(http): State<Http>, headers: HeaderMap) -> Answer<VaultList> {
    let reader = http.reader(&headers)?;
    let vaults = http.engine.read(|state| {
        let policy = state.overt().policy();
        let vaults = policy.map(Policy::vaults).unwrap_or_default();
        let seen = vaults.iter().filter(|vault| sees(state, &reader, &vault.id));
        seen.map(|vault| shown(state, vault)).collect()
    });
    Ok(Json(VaultList { vaults }))
}

pub fn sees(state: &gate::State, reader: &PersonId, vault: &VaultId) -> bool {
    state.overt().policies().current().is_some_and(|version| version.sees(reader, vault))
}

pub fn shown(state: &gate::State, vault: &policy::Vault) -> api::Vault {
    let of = |only_reserved: bool| {
        let coins = state.overt().coins(&vault.id);
        let counted =
            coins.filter(|(outpoint, _)| !only_reserved || state.overt().reserved_for(outpoint).is_some());
        let units = counted.fold(0u128, |sum, (_, coin)| sum.saturating_add(coin.units));
        vault.asset().map(|asset| Amount::new(asset, units))
    };
    api::Vault { id: vault.id.clone(), chain: chain(vault.chain), balance: of(false), reserved: of(true) }
}

fn chain(chain: Chain) -> String {
    match chain {
        Chain::GateOnly => "gate-only".to_owned(),
        Chain::Bitcoin(network) => {
            let name =
                Network::NAMES.iter().find(|(_, known)| *known == network).map_or("", |(name, _)| name);
            format!("bitcoin:{name}")
        }
    }
}

/// An address to receive at: the first unused one, or the one with a number.
#[utoipa::path(get, path = "/v1/vaults/{id}/address", tag = "vaults",
    params(("id" = String, Path), ("index" = Option<u32>, Query)),
    responses((status = 200, body = VaultAddress), (status = "4XX", body = Problem)))]
pub async fn address(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<VaultAddress> {
    let reader = http.reader(&headers)?;
    let vault = VaultId::parse(&id).map_err(|_| Failure::not_found())?;
    let wrong = |_| Failure::because(Code::QueryInvalid, "`index` is not a number of an address");
    let index = query.get("index").map(|text| text.parse::<u32>()).transpose().map_err(wrong)?;
    if !http.engine.read(|state| sees(state, &reader, &vault)) {
        return Err(Failure::not_found());
    }
    let found = http.engine.book(|book| match index {
        Some(index) => book.address(&vault, index).map(|address| (index, address)),
        None => book.unused_address(&vault),
    });
    let (index, address) = found.map_err(|error| failure(&error))?;
    Ok(Json(VaultAddress { index, address }))
}

/// A vault that is there but not on a chain has no addresses of ours.
pub fn failure(error: &CoinError) -> Failure {
    match error {
        CoinError::NotFound(_) => Failure::new(Code::NotOnChain),
        error => Failure::because(Code::find(error.code()).unwrap_or(Code::Internal), error.to_string()),
    }
}
