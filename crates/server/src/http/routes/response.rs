//! The responders' side. For everybody else nothing is here, whatever they send; a responder who is not free finds an empty room (G3, G9).

use api::{
    Accepted, Clear, Code, Cover, EndClear, EndPause, Envelope, Implicate, Incident, IncidentList, Narrow,
    PauseList, Problem, Report,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use covert::{Command, IncidentId, SignalKind};
use gate::{Ask, IncidentView, View, Viewer};
use types::{Hash, ProtectedId};

use super::{Answer, Done, done};
use crate::http::act::Act;
use crate::http::failure::Failure;
use crate::http::incoming::Incoming;
use crate::http::room;
use crate::http::sessions::Session;
use crate::http::shared::Http;

/// An incident that there is not.
pub const NO_INCIDENT: IncidentId = IncidentId(u32::MAX);

/// The room as this responder sees it.
pub fn in_room<R>(
    http: &Http,
    headers: &HeaderMap,
    show: impl FnOnce(&gate::State, Vec<IncidentView>) -> R,
) -> Result<R, Failure> {
    let session = responder(http, headers)?;
    let viewer = Viewer::Responder(&session.person, session.class);
    Ok(http.engine.read(|state| match gate::view(state, viewer) {
        View::Room(incidents) => show(state, incidents),
        View::Overt(_) => show(state, Vec::new()),
    }))
}

/// A responder's session. For everybody else there is nothing here.
pub fn responder(http: &Http, headers: &HeaderMap) -> Result<Session, Failure> {
    let session = http.session(headers).map_err(|_| Failure::not_found())?;
    if http.is_responder(&session.person) { Ok(session) } else { Err(Failure::not_found()) }
}

/// The incident with this number. What is no number finds none.
pub fn incident_id(http: &Http, text: &str) -> IncidentId {
    let number = text.parse().unwrap_or(u32::MAX);
    http.engine.read(|state| state.covert().numbered(number)).unwrap_or(NO_INCIDENT)
}

/// Incidents that you see.
#[utoipa::path(get, path = "/v1/response/incidents", tag = "response",
    responses((status = 200, body = IncidentList), (status = 404, body = Problem)))]
pub async fn list(State(http): State<Http>, headers: HeaderMap) -> Answer<IncidentList> {
    let (now, plan) = (http.now(), http.engine.call_plan());
    let incidents = in_room(&http, &headers, |state, views| {
        views.into_iter().map(|view| room::incident(state, &plan, now, view)).collect()
    })?;
    Ok(Json(IncidentList { incidents }))
}

/// One incident.
#[utoipa::path(get, path = "/v1/response/incidents/{id}", tag = "response", params(("id" = u32, Path)),
    responses((status = 200, body = Incident), (status = 404, body = Problem)))]
pub async fn show(State(http): State<Http>, headers: HeaderMap, Path(id): Path<String>) -> Answer<Incident> {
    let id = incident_id(&http, &id);
    let (now, plan) = (http.now(), http.engine.call_plan());
    let found = in_room(&http, &headers, |state, views| {
        let found = views.into_iter().find(|view| view.id == id);
        found.map(|view| room::incident(state, &plan, now, view))
    })?;
    found.map(Json).ok_or(Failure::not_found())
}

/// Endorses a narrower cover.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/narrow", tag = "response", request_body = Envelope<Narrow>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn narrow(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command = move |narrow: Narrow, _| {
        let cover = match narrow.cover {
            Cover::Organisation => covert::Cover::Organisation,
            Cover::Narrowed { vaults, people } => covert::Cover::Narrowed {
                vaults: vaults.into_iter().collect(),
                people: people.into_iter().collect(),
            },
        };
        Ok(Command::Narrow { incident, cover })
    };
    act(&http, incoming, command).await
}

/// Adds a person who was found not to have been free.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/implicate", tag = "response",
    request_body = Envelope<Implicate>, params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn implicate(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    let command = move |implicate: Implicate, _| {
        let Implicate { person, since } = implicate;
        Ok(Command::Implicate { incident, person, since })
    };
    act(&http, incoming, command).await
}

/// Opens an incident by judgement, or for a code word heard.
#[utoipa::path(post, path = "/v1/response/reports", tag = "response", request_body = Envelope<Report>,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn report(State(http): State<Http>, incoming: Incoming) -> Done {
    let now = http.now();
    let command = move |report: Report, seed| {
        let kind = match report.kind.as_str() {
            "judgement" => SignalKind::Judgement,
            "code-word" => SignalKind::CodeWord,
            _ => return Err(Failure::new(Code::WrongKind)),
        };
        Ok(Command::Report { who: report.who, kind, heard: report.heard.unwrap_or(now), seed })
    };
    act(&http, incoming, command).await
}

/// Endorses closing an incident, after a call-back with the person.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/clear", tag = "response", request_body = Envelope<Clear>,
    params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn clear(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    act(&http, incoming, move |_: Clear, _| Ok(Command::Clear { incident })).await
}

/// Ends a clear that is under way.
#[utoipa::path(post, path = "/v1/response/incidents/{id}/end-clear", tag = "response",
    request_body = Envelope<EndClear>, params(("id" = u32, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn end_clear(State(http): State<Http>, Path(id): Path<String>, incoming: Incoming) -> Done {
    let incident = incident_id(&http, &id);
    act(&http, incoming, move |_: EndClear, _| Ok(Command::EndClear { incident })).await
}

/// Stops that protected people asked for and that are in force.
#[utoipa::path(get, path = "/v1/response/pauses", tag = "response",
    responses((status = 200, body = PauseList), (status = 404, body = Problem)))]
pub async fn pauses(State(http): State<Http>, headers: HeaderMap) -> Answer<PauseList> {
    let session = responder(&http, &headers)?;
    let now = http.now();
    let pauses = http.engine.read(|state| {
        let Some(policy) = state.overt().policy() else { return Vec::new() };
        let pauses = state.covert().pauses(policy, (&session.person, session.class), now);
        pauses.into_iter().map(room::pause).collect()
    });
    Ok(Json(PauseList { pauses }))
}

/// Endorses that a protected person's stop ends before its time.
#[utoipa::path(post, path = "/v1/response/pauses/{protected}/end", tag = "response",
    request_body = Envelope<EndPause>,
    params(("protected" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = Accepted), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn end_pause(State(http): State<Http>, Path(protected): Path<String>, incoming: Incoming) -> Done {
    let command = move |_: EndPause, _| {
        let protected = ProtectedId::parse(&protected).map_err(|_| Failure::not_found())?;
        Ok(Command::EndPause { protected })
    };
    act(&http, incoming, command).await
}

/// One act on the covert lane: judged, sealed, and answered once its slot is durable.
pub async fn act<C, F>(http: &Http, incoming: Incoming, command: F) -> Done
where
    C: serde::de::DeserializeOwned + Send + 'static,
    F: FnOnce(C, Hash) -> Result<Command, Failure> + Send + 'static,
{
    let own = http.clone();
    let work = async move {
        let act: Act<C> = own.responder_act(incoming).await?;
        let seed = Hash(own.entropy.draw());
        match command(act.command, seed) {
            Ok(command) => own.run(&act.stamp, Ask::Covert(command), Vec::new()).await.map(done),
            Err(failure) => {
                // The gate gets a command that finds nothing, so that what the phrase check found is noted all the same (G8).
                let nothing = Command::Acknowledge { incident: NO_INCIDENT, from: None };
                own.run(&act.stamp, Ask::Covert(nothing), Vec::new())
                    .await
                    .and(Err(failure.clone()))
                    .or(Err(failure))
            }
        }
    };
    http.detached(work).await
}
