//! Challenge, sign-in, own entry, rules (G9: one's own entry and nobody else's).

use api::{
    Challenge, ChallengeRequest, Code, Envelope, Me, Problem, Rules, SessionEntry, SessionGrant, SessionList,
    SignIn,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use policy::Policy;
use types::{ActorId, Hash, PersonId};

use super::Answer;
use crate::http::entry::decode_entry;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::sessions::{SESSION_LIFE, Session};
use crate::http::shared::{Http, SESSION_COOKIE, token};
use crate::http::shown;

/// A nonce to sign. The same answer for any name.
#[utoipa::path(post, path = "/v1/challenge", tag = "people", request_body = ChallengeRequest,
    responses((status = 200, body = Challenge), (status = "4XX", body = Problem)))]
pub async fn challenge(State(http): State<Http>, incoming: Incoming) -> Answer<Challenge> {
    let body = incoming.read(&http, Size::Usual).await?;
    let asked: ChallengeRequest = serde_json::from_slice(&body)
        .map_err(|_| Failure::because(Code::Malformed, "the body is not `{\"by\": \"name\"}`"))?;
    let (nonce, expires_at) = http.nonces.issue(&asked.by, http.now(), &http.entropy.draw());
    Ok(Json(Challenge { nonce, expires_at }))
}

/// Signs in, for reading. Acts need device and phrase each time.
#[utoipa::path(post, path = "/v1/session", tag = "people", request_body = Envelope<SignIn>,
    params(("Idempotency-Key" = String, Header, description = "1 to 128 visible characters")),
    responses((status = 201, body = SessionGrant), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn sign_in(State(http): State<Http>, incoming: Incoming) -> Result<Response, Failure> {
    let own = http.clone();
    let work = async move {
        let act = own.person_act::<SignIn>(incoming, Size::Usual, Lane::Ordinary).await?;
        own.run_overt(&act.stamp, overt::Command::Attend).await?;
        let as_cookie = act.command.cookie;
        own.begin_session(act).map(|grant| (as_cookie, grant))
    };
    let (as_cookie, mut grant) = http.detached(work).await?;
    if !as_cookie {
        return Ok((StatusCode::CREATED, Json(grant)).into_response());
    }
    let cookie = session_cookie(&std::mem::take(&mut grant.token), SESSION_LIFE.seconds())?;
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(grant)).into_response())
}

/// The cookie of a session: no script reads it, no other site's request carries it, no plain connection to another host.
pub fn session_cookie(token: &str, seconds: u64) -> Result<HeaderValue, Failure> {
    let text =
        format!("{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    HeaderValue::from_str(&text).map_err(|_| Failure::new(Code::Internal))
}

/// Your sessions.
#[utoipa::path(get, path = "/v1/sessions", tag = "people",
    responses((status = 200, body = SessionList), (status = 401, body = Problem)))]
pub async fn sessions(State(http): State<Http>, headers: HeaderMap) -> Answer<SessionList> {
    let asking = http.session(&headers)?;
    let entry = |session: Session| SessionEntry {
        id: session.id,
        begun_at: session.begun,
        expires_at: session.expires,
        device: session.device,
        current: session.id == asking.id,
    };
    let sessions = http.sessions.of(&asking.person, http.now()).into_iter().map(entry).collect();
    Ok(Json(SessionList { sessions }))
}

/// Ends one of your sessions.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn end_session(
    State(http): State<Http>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let reader = http.reader(&headers)?;
    let id = Hash::parse(&id).map_err(|_| Failure::not_found())?;
    if http.sessions.end_own(&reader, &id) { Ok(StatusCode::NO_CONTENT) } else { Err(Failure::not_found()) }
}

/// Signs out.
#[utoipa::path(delete, path = "/v1/session", tag = "people", responses((status = 204), (status = 401, body = Problem)))]
pub async fn sign_out(State(http): State<Http>, headers: HeaderMap) -> Result<StatusCode, Failure> {
    http.reader(&headers)?;
    if let Some(token) = token(&headers) {
        http.sessions.end(token);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Your own entry.
#[utoipa::path(get, path = "/v1/me", tag = "people", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn me(State(http): State<Http>, headers: HeaderMap) -> Answer<Me> {
    let reader = http.reader(&headers)?;
    http.engine.read(|state| {
        let entry = state.overt().entry(reader.as_str()).and_then(|entry| decode_entry(entry).ok());
        let policy = state.overt().policy().ok_or(Failure::new(Code::SessionInvalid))?;
        let person = policy.person(&reader).ok_or(Failure::new(Code::SessionInvalid))?;
        let devices = entry.map(|entry| entry.devices).unwrap_or_default();
        let organisation = policy.organisation();
        Ok(Json(Me {
            organisation: organisation.name.clone(),
            currency: organisation.currency,
            time_zone: organisation.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            responder: covert::State::is_responder(policy, &reader),
            auditor: is_auditor(policy, &reader),
            person: reader,
            groups: person.groups.clone(),
            places: person.places.clone(),
            devices: devices.iter().map(shown::device).collect(),
        }))
    })
}

/// Whether a person is of the group that may read register, journal and exposure with names.
pub fn is_auditor(policy: &Policy, person: &PersonId) -> bool {
    let auditors = policy.response().auditors.as_ref();
    ActorId::parse(person.as_str())
        .is_ok_and(|actor| auditors.is_some_and(|group| policy.in_group(&actor, group)))
}

/// The rules as they were written, of those files that hold nothing of the register.
#[utoipa::path(get, path = "/v1/policy/rules", tag = "people",
    responses((status = 200, body = Rules), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub async fn rules(State(http): State<Http>, headers: HeaderMap) -> Answer<Rules> {
    http.reader(&headers)?;
    let sources = http.engine.read(|state| {
        let policy = state.overt().policy();
        policy.map(|policy| policy.sources().to_vec()).unwrap_or_default()
    });
    let shown = shown::rules_only(sources);
    if shown.is_empty() {
        Err(Failure::new(Code::RulesNotSeparate))
    } else {
        Ok(Json(Rules { sources: shown }))
    }
}
