//! Motions: what only a quorum may do, after a wait that one person can end (G5).

use api::{Accepted, Code, EndMotion, EndorseMotion, Envelope, MotionList, NewChange, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use overt::{MotionId, Proposal};
use types::Hash;

use super::{Answer, Done, done};
use crate::http::act::Act;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::Http;
use crate::http::shown;

/// What is no id finds no motion.
fn motion_id(text: &str) -> MotionId {
    MotionId(Hash::parse(text).unwrap_or_default())
}

/// Proposes another policy: all its files, or with `keep_others` those that change, the others being as they are at that moment.
#[utoipa::path(post, path = "/v1/changes", tag = "motions", request_body = Envelope<NewChange>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn change(State(http): State<Http>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<NewChange> = own.person_act(incoming, Size::Large, Lane::Ordinary).await?;
        let Act { command, stamp, person, .. } = act;
        let person = person.ok_or(Failure::new(Code::NotAllowed))?;
        let sources = match own.whole_change(command, &person).await {
            Ok(sources) => sources,
            Err(failure) => return Err(own.unheard_overt(&stamp, failure).await),
        };
        let proposal = Box::new(Proposal::Change(sources));
        own.run_overt(&stamp, overt::Command::Propose(proposal)).await.map(done)
    };
    http.detached(work).await
}

/// All motions, in the order in which they were proposed.
#[utoipa::path(get, path = "/v1/motions", tag = "motions", responses((status = 200, body = MotionList), (status = 401, body = Problem)))]
pub async fn list(State(http): State<Http>, headers: HeaderMap) -> Answer<MotionList> {
    let reader = http.reader(&headers)?;
    let overview = http.engine.read(|state| state.overt().view_overview(&reader));
    Ok(Json(MotionList { motions: overview.motions.into_iter().map(shown::motion).collect() }))
}

/// Endorses a motion.
#[utoipa::path(post, path = "/v1/motions/{id}/endorse", tag = "motions", request_body = Envelope<EndorseMotion>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn endorse(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<EndorseMotion> = own.person_act(incoming, Size::Usual, Lane::Ordinary).await?;
        let motion = motion_id(&id);
        own.run_overt(&act.stamp, overt::Command::Endorse { motion }).await.map(done)
    };
    http.detached(work).await
}

/// Ends a motion.
#[utoipa::path(post, path = "/v1/motions/{id}/end", tag = "motions", request_body = Envelope<EndMotion>,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn end(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let own = http.clone();
    let work = async move {
        let act: Act<EndMotion> = own.person_act(incoming, Size::Usual, Lane::Urgent).await?;
        let motion = motion_id(&id);
        own.run_overt(&act.stamp, overt::Command::End { motion }).await.map(done)
    };
    http.detached(work).await
}
