//! Stops and posture: one person blocks at once; lifting and lowering are motions (G5).

use api::{
    Accepted, Envelope, LiftStop, NewStop, Posture, PostureWord, Problem, Scope, SetPosture, StopList,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use overt::{Proposal, StopId};
use types::TransferId;

use super::{Answer, Done, done};
use crate::http::act::Act;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::Http;
use crate::http::shown;

/// All stops, oldest first.
#[utoipa::path(get, path = "/v1/stops", tag = "stops", responses((status = 200, body = StopList), (status = 401, body = Problem)))]
pub async fn list(State(http): State<Http>, headers: HeaderMap) -> Answer<StopList> {
    let reader = http.reader(&headers)?;
    let overview = http.engine.read(|state| state.overt().view_overview(&reader));
    Ok(Json(StopList { stops: overview.stops.into_iter().map(shown::stop).collect() }))
}

/// Blocks at once, visibly, until a quorum lifts it.
#[utoipa::path(post, path = "/v1/stops", tag = "stops", request_body = Envelope<NewStop>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn stop(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewStop> = own.person_act(incoming, Size::Usual, Lane::Urgent).await?;
        let NewStop { scope, reason } = act.command;
        let scope = match scope {
            Scope::Transfer(id) => overt::Scope::Transfer(TransferId(id)),
            Scope::Vault(vault) => overt::Scope::Vault(vault),
            Scope::Person(actor) => overt::Scope::Person(actor),
            Scope::Organisation => overt::Scope::Organisation,
        };
        own.run_overt(&act.stamp, overt::Command::Stop { scope, reason }).await.map(done)
    };
    http.detached(work).await
}

/// Proposes to lift a stop.
#[utoipa::path(post, path = "/v1/stops/{id}/lift", tag = "stops", request_body = Envelope<LiftStop>,
    params(("id" = u64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn lift(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<LiftStop> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        // No record has the number 0: what is no number finds no stop.
        let stop = StopId(id.parse().unwrap_or_default());
        let proposal = Box::new(Proposal::Lift(stop));
        own.run_overt(&act.stamp, overt::Command::Propose(proposal)).await.map(done)
    };
    http.detached(work).await
}

/// The posture now.
#[utoipa::path(get, path = "/v1/posture", tag = "stops", responses((status = 200, body = Posture), (status = 401, body = Problem)))]
pub async fn posture(State(http): State<Http>, headers: HeaderMap) -> Answer<Posture> {
    http.reader(&headers)?;
    let posture = http.engine.read(|state| state.overt().posture());
    Ok(Json(Posture { posture: shown::posture(posture) }))
}

const fn core_posture(word: PostureWord) -> policy::Posture {
    match word {
        PostureWord::Normal => policy::Posture::Normal,
        PostureWord::Elevated => policy::Posture::Elevated,
        PostureWord::Lockdown => policy::Posture::Lockdown,
    }
}

/// Raises the posture at once.
#[utoipa::path(post, path = "/v1/posture/raise", tag = "stops", request_body = Envelope<SetPosture>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn raise(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<SetPosture> = own.person_act(incoming, Size::Usual, Lane::Urgent).await?;
        let to = core_posture(act.command.to);
        own.run_overt(&act.stamp, overt::Command::Raise { to }).await.map(done)
    };
    http.detached(work).await
}

/// Proposes to lower the posture.
#[utoipa::path(post, path = "/v1/posture/lower", tag = "stops", request_body = Envelope<SetPosture>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn lower(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<SetPosture> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let proposal = Box::new(Proposal::Lower(core_posture(act.command.to)));
        own.run_overt(&act.stamp, overt::Command::Propose(proposal)).await.map(done)
    };
    http.detached(work).await
}
