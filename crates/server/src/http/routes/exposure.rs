//! How much could anyone be forced to move: amounts for everybody, names and history for auditors and responders (G2, G9).

use api::{
    CurrencyMinor, ExposureAdvice, ExposureFigure, ExposurePast, ExposureRise, ExposureRisen, Problem,
};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use exposure::{Advice, Bound, Mode};
use policy::Policy;
use types::{ActorId, Currency, PersonId, Timestamp, Value};

use super::Answer;
use crate::exposure::{Entry, History, Rise, inputs, rises};
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// The loss bound of the policy in force with what the vaults hold now.
#[utoipa::path(get, path = "/v1/exposure", tag = "exposure",
    responses((status = 200, body = api::Exposure), (status = 401, body = Problem)))]
pub async fn show(State(http): State<Http>, headers: HeaderMap) -> Answer<api::Exposure> {
    let reader = http.reader(&headers)?;
    let engine = http.engine.clone();
    // Outside of the engine's lock: a large policy takes a second.
    let work = move || {
        let now = engine.now();
        let (policy, holdings) = engine.read(|state| inputs(state.overt(), now))?;
        let history = engine.exposure_history();
        let figures = history.figures(&policy, holdings);
        let names = may_see_names(&policy, &reader);
        let bounds = figures.bounds.as_deref().unwrap_or_default();
        let of = |at: usize| figures.advice.as_ref().and_then(|advice| advice.get(at)?.as_ref());
        let shown = bounds.iter().enumerate().map(|(at, bound)| figure(bound, names.then(|| of(at))));
        let mut answer = api::Exposure {
            figures: shown.collect(),
            unbounded: figures.bounds.is_err(),
            rises: Vec::new(),
            history: Vec::new(),
        };
        if names {
            warned(&mut answer, history, (policy.organisation().currency, now));
        }
        Some(answer)
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(api::Code::Internal))?;
    found.map(Json).ok_or_else(Failure::not_found)
}

/// What auditors and responders see besides the names.
fn warned(answer: &mut api::Exposure, history: &History, (currency, now): (Currency, Timestamp)) {
    let entries = history.entries();
    answer.rises = rises(&entries, now).iter().rev().map(|one| rise(one, currency)).collect();
    answer.history = past(entries, currency);
}

pub fn may_see_names(policy: &Policy, reader: &PersonId) -> bool {
    let response = policy.response();
    let Ok(actor) = ActorId::parse(reader.as_str()) else { return false };
    let groups = std::iter::once(&response.responders).chain(response.auditors.as_ref());
    groups.into_iter().any(|group| policy.in_group(&actor, group))
}

pub const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Silent => "silent",
        Mode::Signalled => "signalled",
        Mode::Stopped => "stopped",
    }
}

/// With names, what would lower it is shown too.
pub fn figure(bound: &Bound, named: Option<Option<&Advice>>) -> ExposureFigure {
    let names = named.is_some();
    ExposureFigure {
        k: bound.k,
        horizon_seconds: bound.horizon.seconds(),
        mode: mode(bound.mode).to_owned(),
        amount: CurrencyMinor { currency: bound.currency, minor: bound.amount },
        exact: bound.is_exact(),
        taken: if names { bound.taken.clone() } else { Vec::new() },
        coalition: if names { bound.coalition.clone() } else { Vec::new() },
        advice: named.flatten().map(|advice| ExposureAdvice {
            change_en: advice.edit.english.clone(),
            change_fr: advice.edit.french.clone(),
            amount: CurrencyMinor { currency: bound.currency, minor: advice.amount },
            added_wait_seconds: advice.added_wait.seconds(),
            blocked_transfers: advice.blocked,
            edited_values: advice.edited,
        }),
    }
}

fn rise(rise: &Rise, currency: Currency) -> ExposureRise {
    let money = |minor: Value| CurrencyMinor { currency, minor };
    let figures = rise.figures.iter().map(|risen| ExposureRisen {
        k: risen.k,
        horizon_seconds: risen.horizon.seconds(),
        mode: mode(risen.mode).to_owned(),
        before: money(risen.before),
        now: risen.now.map(money),
    });
    ExposureRise {
        since: rise.since,
        policy: rise.policy,
        figures: figures.collect(),
        standing: rise.standing,
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
