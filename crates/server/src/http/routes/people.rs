//! Challenge, sign-in, own entry, rules (G9: one's own entry and nobody else's).

use api::{Challenge, ChallengeRequest, Code, Envelope, Me, Problem, Rules, SessionGrant, SignIn};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::Answer;
use crate::http::entry::decode_entry;
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::phrases::Lane;
use crate::http::shared::{Http, bearer};
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
pub async fn sign_in(
    State(http): State<Http>,
    incoming: Incoming,
) -> Result<(StatusCode, Json<SessionGrant>), Failure> {
    let own = http.clone();
    let work = async move {
        let act = own.person_act::<SignIn>(incoming, Size::Usual, Lane::Ordinary).await?;
        own.run_overt(&act.stamp, overt::Command::Attend).await?;
        own.begin_session(act)
    };
    let grant = http.detached(work).await?;
    Ok((StatusCode::CREATED, Json(grant)))
}

/// Signs out.
#[utoipa::path(delete, path = "/v1/session", tag = "people", responses((status = 204), (status = 401, body = Problem)))]
pub async fn sign_out(State(http): State<Http>, headers: HeaderMap) -> Result<StatusCode, Failure> {
    http.reader(&headers)?;
    if let Some(token) = bearer(&headers) {
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
        let person = state.overt().policy().and_then(|policy| policy.person(&reader));
        let person = person.ok_or(Failure::new(Code::SessionInvalid))?;
        let devices = entry.map(|entry| entry.devices).unwrap_or_default();
        Ok(Json(Me {
            person: reader,
            groups: person.groups.clone(),
            places: person.places.clone(),
            devices: devices.iter().map(shown::device).collect(),
        }))
    })
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
