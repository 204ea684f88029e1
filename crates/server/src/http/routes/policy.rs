//! The policy in force: its rules in words for everybody, its register for auditors and responders (G9).

use std::sync::Arc;

use api::{PolicySection, PolicyText, Problem, Register, RegisterPerson, RegisterProtected, SourceText};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use policy::Policy;

use super::{Answer, spoken};
use crate::http::failure::Failure;
use crate::http::shared::Http;

fn in_force(http: &Http) -> Result<Arc<Policy>, Failure> {
    http.engine.read(|state| {
        let version = state.overt().policies().current();
        version.map(|version| Arc::clone(&version.policy)).ok_or(Failure::not_found())
    })
}

/// The rules in force as sentences, in the language asked for: groups only, no person and no place.
#[utoipa::path(get, path = "/v1/policy/explained", tag = "policy",
    responses((status = 200, body = PolicyText), (status = 401, body = Problem)))]
pub async fn explained(State(http): State<Http>, headers: HeaderMap) -> Answer<PolicyText> {
    http.reader(&headers)?;
    let policy = in_force(&http)?;
    let sections = policy.sentences(spoken(&headers)).into_iter();
    let section =
        |said: policy::Section| PolicySection { title: said.title.to_owned(), sentences: said.sentences };
    Ok(Json(PolicyText { hash: policy.hash(), sections: sections.map(section).collect() }))
}

/// The register in force, and all files of the policy. Auditors and responders only; for everybody else it does not exist.
#[utoipa::path(get, path = "/v1/policy/register", tag = "policy",
    responses((status = 200, body = Register), (status = "4XX", body = Problem)))]
pub async fn register(State(http): State<Http>, headers: HeaderMap) -> Answer<Register> {
    let reader = http.reader(&headers)?;
    let policy = in_force(&http)?;
    if !policy.may_see_names(&reader) {
        return Err(Failure::not_found());
    }
    let person = |person: &policy::Person| RegisterPerson {
        person: person.id.clone(),
        groups: texts(&person.groups),
        places: texts(&person.places),
        keys: texts(&person.keys),
    };
    let protected =
        |one: &policy::Protected| RegisterProtected { id: one.id.to_string(), of: one.of.clone() };
    let source =
        |source: &policy::Source| SourceText { name: source.name.clone(), text: source.text.clone() };
    Ok(Json(Register {
        sources: policy.sources().iter().map(source).collect(),
        people: policy.people().map(person).collect(),
        places: policy.places().iter().map(|place| place.id.to_string()).collect(),
        services: policy.services().iter().map(|service| service.id.to_string()).collect(),
        protected: policy.protected_people().iter().map(protected).collect(),
    }))
}

fn texts<T: ToString>(names: &[T]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
