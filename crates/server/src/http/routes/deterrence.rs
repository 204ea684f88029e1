//! What a deterrence certificate would say, and the attacks on record replayed: for auditors and responders alone (G2, G9).

use api::{CertificateDraft, CertificateFigure, Code, CurrencyMinor, DrillReplay, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use exposure::{Adversary, CertificateKey, Holdings, LIFETIME_USUAL, Making, Thresholds, Unit, make};
use policy::{Language, Policy};
use types::{Timestamp, Value};

use super::exposure::may_see_names;
use super::witness::as_policy;
use super::{Answer, language};
use crate::exposure::inputs;
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// What a certificate would say that is made now. It is signed elsewhere: the key is not on this server.
#[utoipa::path(get, path = "/v1/exposure/certificate", tag = "exposure",
    responses((status = 200, body = CertificateDraft), (status = "4XX", body = Problem)))]
pub async fn certificate(State(http): State<Http>, headers: HeaderMap) -> Answer<CertificateDraft> {
    let reader = http.reader(&headers)?;
    let language = as_policy(language(&headers));
    // One at a time, for the machine's sake: the answer takes as long as twelve figures.
    let turn = http.engine.exposure_history().replays().await;
    let engine = http.engine.clone();
    let work = move || {
        let _turn = turn;
        let now = engine.now();
        let (policy, _) = engine.read(|state| inputs(state.overt(), now))?;
        may_see_names(&policy, &reader).then(|| Json(draft(&policy, now, language)))
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(Code::Internal))?;
    found.ok_or(Failure::not_found())
}

fn draft(policy: &Policy, at: Timestamp, language: Language) -> CertificateDraft {
    // As the command reads it: from the files alone.
    let holdings = Holdings::from_policy(policy);
    let making = Making {
        policy,
        holdings: &holdings,
        adversary: Adversary::Homes,
        unit: Unit::Share,
        thresholds: Thresholds::default(),
        at,
        lifetime: LIFETIME_USUAL,
        program: env!("CARGO_PKG_VERSION"),
        salt: [0; 32],
    };
    // Signed with a key of nobody's and thrown away: what is asked is what it would say.
    let made = make(&making, &CertificateKey::from_entropy([0; 32]));
    let (figures, refused) = match made {
        Ok(made) => (made.statement.bounds, None),
        Err(refusal) => (Vec::new(), Some(refusal.text(language))),
    };
    let figure = |figure: exposure::Figure| CertificateFigure {
        k: figure.k,
        horizon_seconds: figure.horizon.seconds(),
        at_most: figure.at_most.text(language),
    };
    let files: Vec<&str> = policy.sources().iter().map(|source| source.name.as_str()).collect();
    CertificateDraft {
        figures: figures.into_iter().map(figure).collect(),
        refused,
        policy: policy.hash(),
        lifetime_seconds: LIFETIME_USUAL.seconds(),
        command: format!(
            "rempart certificate make {} --key certificate.key --out certificate.jws",
            files.join(" ")
        ),
    }
}

/// The attacks on record, replayed against the policy in force with what the vaults hold now.
#[utoipa::path(get, path = "/v1/exposure/drill", tag = "exposure",
    responses((status = 200, body = DrillReplay), (status = "4XX", body = Problem)))]
pub async fn drill(State(http): State<Http>, headers: HeaderMap) -> Answer<DrillReplay> {
    let reader = http.reader(&headers)?;
    let language = as_policy(language(&headers));
    let mut replays = http.engine.exposure_history().replays().await;
    let engine = http.engine.clone();
    let work = move || {
        let now = engine.now();
        let (policy, holdings) = engine.read(|state| inputs(state.overt(), now))?;
        if !may_see_names(&policy, &reader) {
            return None;
        }
        let replayed = replays.of(&policy, holdings, language).ok()?;
        let drill = &replayed.drill;
        let money = |minor: Value| CurrencyMinor { currency: drill.currency, minor };
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Some(Json(DrillReplay {
            replayed: count(drill.replays.len()),
            rows: count(drill.record.rows),
            held: money(drill.held),
            wallet_total: money(drill.wallet_total),
            silent: money(drill.totals.silent),
            signalled: money(drill.totals.signalled),
            stopped: money(drill.totals.stopped),
            svg: replayed.svg.clone(),
            text: drill.text(&policy.organisation().name, false, language),
        }))
    };
    let found = tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(Code::Internal))?;
    found.ok_or(Failure::not_found())
}
