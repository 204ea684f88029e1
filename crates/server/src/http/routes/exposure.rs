//! How much could anyone be forced to move: amounts for everybody, names and history for auditors and responders (G2, G9).

use api::{CurrencyMinor, ExposureFigure, ExposurePast, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use exposure::{Bound, Mode};
use policy::Policy;
use types::{ActorId, Currency, PersonId, Value};

use super::Answer;
use crate::exposure::{Entry, worst};
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// The loss bound of the policy in force with what the vaults hold now.
#[utoipa::path(get, path = "/v1/exposure", tag = "exposure",
    responses((status = 200, body = api::Exposure), (status = 401, body = Problem)))]
pub async fn show(State(http): State<Http>, headers: HeaderMap) -> Answer<api::Exposure> {
    let reader = http.reader(&headers)?;
    let engine = http.engine.clone();
    let work = move || {
        let now = engine.now();
        engine.read(|state| {
            let policy = state.overt().policy()?;
            let names = may_see_names(policy, &reader);
            let currency = policy.organisation().currency;
            let worst = worst(state.overt(), now)?;
            let unbounded = worst.is_err();
            let bounds = worst.unwrap_or_default();
            let figures = bounds.iter().map(|bound| figure(bound, names)).collect();
            let history = if names { past(engine.exposure(), currency) } else { Vec::new() };
            Some(api::Exposure { figures, unbounded, history })
        })
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(api::Code::Internal))?;
    found.map(Json).ok_or_else(Failure::not_found)
}

fn may_see_names(policy: &Policy, reader: &PersonId) -> bool {
    let response = policy.response();
    let Ok(actor) = ActorId::parse(reader.as_str()) else { return false };
    let groups = std::iter::once(&response.responders).chain(response.auditors.as_ref());
    groups.into_iter().any(|group| policy.in_group(&actor, group))
}

fn figure(bound: &Bound, names: bool) -> ExposureFigure {
    ExposureFigure {
        k: bound.k,
        horizon_seconds: bound.horizon.seconds(),
        mode: match bound.mode {
            Mode::Silent => "silent",
            Mode::Signalled => "signalled",
            Mode::Stopped => "stopped",
        }
        .to_owned(),
        amount: CurrencyMinor { currency: bound.currency, minor: bound.amount },
        exact: bound.is_exact(),
        taken: if names { bound.taken.clone() } else { Vec::new() },
        coalition: if names { bound.coalition.clone() } else { Vec::new() },
    }
}

fn past(entries: Vec<Entry>, currency: Currency) -> Vec<ExposurePast> {
    let money = |minor: &Value| CurrencyMinor { currency, minor: *minor };
    let mut shown: Vec<ExposurePast> = Vec::with_capacity(entries.len());
    let mut earlier: Option<Entry> = None;
    for entry in entries {
        shown.push(ExposurePast {
            at: entry.at,
            policy: entry.policy,
            amounts: entry.amounts.as_ref().map(|amounts| amounts.iter().map(money).collect()),
            rose: earlier.is_some_and(|earlier| entry.is_above(&earlier)),
        });
        earlier = Some(entry);
    }
    shown
}
