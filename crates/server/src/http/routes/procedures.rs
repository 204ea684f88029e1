//! The responders' checklists, and what a caller reads to the police (G8). For everybody else nothing is here (G3, G9).

use std::collections::HashMap;

use api::{Code, Problem, Procedure, ProcedureStep, Procedures, Script};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use gate::IncidentView;
use response::{Kind, Language, Level, Number, ScriptFacts, Step, When, script};

use super::response::{in_room, incident_id, responder};
use super::{Answer, language};
use crate::http::facts;
use crate::http::failure::Failure;
use crate::http::shared::Http;

const NUMBERS: [(Number, &str); 2] = [(Number::Police17, "17"), (Number::Europe112, "112")];

/// The checklists in force: the built-in ones with the organisation's own words over them. With an incident, as they are for it, and the scripts.
#[utoipa::path(get, path = "/v1/response/procedures", tag = "response",
    params(("incident" = Option<u32>, Query, description = "an incident that you see")),
    responses((status = 200, body = Procedures), (status = "4XX", body = Problem)))]
pub async fn show(
    State(http): State<Http>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<Procedures> {
    responder(&http, &headers)?;
    let known = match query.get("incident") {
        Some(number) => Some(of_incident(&http, &headers, number)?),
        None => None,
    };
    let language = as_response(language(&headers));
    let engine = http.engine.clone();
    let read = tokio::task::spawn_blocking(move || engine.procedures());
    let (procedures, problem) = match read.await.map_err(|_| Failure::new(Code::Internal))? {
        Ok(procedures) => (procedures, None),
        // Somebody is in danger: the built-in ones serve until the file is mended.
        Err(problem) => (response::Procedures::default(), Some(problem.to_string())),
    };
    let level = known.as_ref().map_or(Level::Confirmed, |known| known.level);
    let procedure = |kind: Kind| Procedure {
        id: kind.as_str().to_owned(),
        name: kind.title(language).to_owned(),
        steps: procedures.checklist(kind, level).into_iter().map(|one| step(&one, language)).collect(),
    };
    Ok(Json(Procedures {
        procedures: Kind::ALL.into_iter().map(procedure).collect(),
        scripts: known.map(|known| scripts(&known, language)).unwrap_or_default(),
        problem,
    }))
}

const fn as_response(language: api::Language) -> Language {
    match language {
        api::Language::English => Language::En,
        api::Language::French => Language::Fr,
    }
}

fn step(step: &Step, language: Language) -> ProcedureStep {
    let words = step.words(language);
    let within_seconds = match step.when {
        When::Minute(minute) => Some(u64::from(minute) * 60),
        When::After => None,
    };
    ProcedureStep {
        id: step.id.clone(),
        text: words.text.clone(),
        why: words.why.clone(),
        who: step.who.title(language).to_owned(),
        within_seconds,
    }
}

/// What the scripts say of an incident. A responder who is not free sees none.
fn of_incident(http: &Http, headers: &HeaderMap, number: &str) -> Result<ScriptFacts, Failure> {
    let id = incident_id(http, number);
    let found = in_room(http, headers, |state, views: Vec<IncidentView>| {
        let view = views.into_iter().find(|view| view.id == id)?;
        let organisation = state.overt().policy()?.organisation();
        Some(facts::for_script(&view, organisation))
    })?;
    found.ok_or(Failure::not_found())
}

fn scripts(known: &ScriptFacts, language: Language) -> Vec<Script> {
    let all = Kind::ALL.into_iter().flat_map(|kind| NUMBERS.map(|(number, word)| (kind, number, word)));
    let one = |(kind, number, word): (Kind, Number, &str)| Script {
        procedure: kind.as_str().to_owned(),
        number: word.to_owned(),
        name: format!("{word}, {}", kind.title(language)),
        text: script(kind, language, number, known),
    };
    all.map(one).collect()
}
