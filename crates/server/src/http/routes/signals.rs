//! Check-ins: everybody's own, on the covert lane, judged with their phrase like any act (G3, G8).
//!
//! What comes back says what its author did and when, and nothing of what was missed or found.

use api::{Accepted, CheckIn, CheckIns, EndSchedule, Envelope, NewSchedule, Problem, Schedule};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use covert::Command;
use gate::Ask;
use types::Hash;

use super::{Answer, Done, done};
use crate::http::act::Act;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::Http;

/// Your own schedule.
#[utoipa::path(get, path = "/v1/check-ins", tag = "check-ins",
    responses((status = 200, body = CheckIns), (status = 401, body = Problem)))]
pub async fn own(State(http): State<Http>, headers: HeaderMap) -> Answer<CheckIns> {
    let reader = http.reader(&headers)?;
    let found = http.engine.read(|state| state.covert().appointments(&reader));
    let schedule = found.map(|found| Schedule {
        every: found.every,
        next: found.next,
        grace: found.grace,
        last: found.last,
    });
    Ok(Json(CheckIns { schedule }))
}

/// Sets your schedule: whoever responds is told when you do not check in.
#[utoipa::path(post, path = "/v1/check-ins", tag = "check-ins", request_body = Envelope<NewSchedule>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn schedule(State(http): State<Http>, incoming: Incoming) -> Done {
    let command = |new: NewSchedule, seed| {
        let NewSchedule { every, next, grace } = new;
        Command::Schedule { every, next, grace, seed }
    };
    act(&http, incoming, command).await
}

/// Checks in.
#[utoipa::path(post, path = "/v1/check-ins/now", tag = "check-ins", request_body = Envelope<CheckIn>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn check_in(State(http): State<Http>, incoming: Incoming) -> Done {
    act(&http, incoming, |_: CheckIn, _| Command::CheckIn).await
}

/// Ends your schedule.
#[utoipa::path(post, path = "/v1/check-ins/end", tag = "check-ins", request_body = Envelope<EndSchedule>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn end(State(http): State<Http>, incoming: Incoming) -> Done {
    act(&http, incoming, |_: EndSchedule, _| Command::EndSchedule).await
}

/// An act of any person on the covert lane; answered at its tick, as an objection is.
async fn act<C, F>(http: &Http, incoming: Incoming, command: F) -> Done
where
    C: serde::de::DeserializeOwned + Send + 'static,
    F: FnOnce(C, Hash) -> Command + Send + 'static,
{
    let own = http.clone();
    let work = async move {
        let act: Act<C> = own.person_act(incoming, Size::Usual, Lane::Urgent).await?;
        let command = command(act.command, Hash(own.entropy.draw()));
        own.run(&act.stamp, Ask::Covert(command), Vec::new()).await.map(done)
    };
    http.detached(work).await
}
