//! What a change of the policy would do, before it is proposed: problems with their places, its direction and what shows it, exposure before
//! and after (G2, G5). Works outside of the engine's lock, one at a time; names only for who may read the register (G9).

use api::{Code, Difference, Exposure, NewChange, PolicyPreview, Problem};
use axum::Json;
use axum::extract::State;
use exposure::{Adversary, Bound, table};
use policy::{Comparison, Language, Naming, Policy, compare};
use types::PersonId;

use super::exposure::figure;
use super::{Answer, spoken};
use crate::engine::Engine;
use crate::exposure::{holdings, inputs};
use crate::http::draft::{Draft, Judged};
use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::shared::Http;

/// The most permits, limits and forbids of a policy that is looked at: more would keep others waiting for minutes.
const RULES_MAX: usize = 2000;

/// What a change would do. Nothing is proposed.
#[utoipa::path(post, path = "/v1/policy/preview", tag = "policy", request_body = NewChange,
    responses((status = 200, body = PolicyPreview), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn preview(State(http): State<Http>, incoming: Incoming) -> Answer<PolicyPreview> {
    let reader = http.reader(&incoming.headers)?;
    http.previews.count(&reader, http.now())?;
    let language = spoken(&incoming.headers);
    let body = incoming.read(&http, Size::Large).await?;
    let invalid = |error: serde_json::Error| Failure::because(Code::CommandInvalid, error.to_string());
    let change: NewChange = serde_json::from_slice(&body).map_err(invalid)?;
    drop(body);
    let turn = http.previews.turn().await?;
    let engine = http.engine.clone();
    // The turn goes with the work: whoever asked may be gone before it ends.
    let work = move || {
        let _turn = turn;
        look(&engine, &reader, change, language)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(Code::Internal))?.map(Json)
}

fn look(
    engine: &Engine,
    reader: &PersonId,
    change: NewChange,
    language: Language,
) -> Result<PolicyPreview, Failure> {
    let now = engine.now();
    let (in_force, held) = engine.read(|state| inputs(state.overt(), now)).ok_or(Failure::not_found())?;
    let names = in_force.may_see_names(reader);
    let Judged { policy: proposed, findings } =
        Draft::of(change, &in_force, names)?.judge(&in_force, language)?;
    let figures = engine.exposure_history().figures(&in_force, held);
    let before = shown(figures.bounds.as_deref().ok(), names);
    let Some(proposed) = proposed else {
        return Ok(PolicyPreview { findings, direction: None, differences: Vec::new(), before, after: None });
    };
    let rules = proposed.permits().len() + proposed.limits().len() + proposed.forbids().len();
    if rules > RULES_MAX {
        let detail = format!(
            "a policy with more than {RULES_MAX} rules is not looked at here: use `rempart policy diff`"
        );
        return Err(Failure::because(Code::CommandInvalid, detail));
    }
    let held = engine.read(|state| holdings(state.overt(), &proposed, now));
    let bounds = table(&proposed, &held, Adversary::Homes);
    let naming = if names { Naming::Names } else { Naming::Numbers };
    let (direction, differences) = differences(&in_force, &proposed, language, naming);
    let after = Some(shown(bounds.as_deref().ok(), names));
    Ok(PolicyPreview { findings, direction: Some(direction), differences, before, after })
}

fn shown(bounds: Option<&[Bound]>, names: bool) -> Exposure {
    let figures = bounds.unwrap_or_default().iter().map(|bound| figure(bound, names.then_some(None)));
    Exposure {
        figures: figures.collect(),
        unbounded: bounds.is_none(),
        rises: Vec::new(),
        history: Vec::new(),
    }
}

fn differences(
    in_force: &Policy,
    proposed: &Policy,
    language: Language,
    naming: Naming,
) -> (String, Vec<Difference>) {
    let Comparison { direction, witness, other } = compare(in_force, proposed);
    let difference = |witness: policy::Witness| Difference {
        text: witness.sentence(language, naming),
        direction: if witness.loosens() { "loosens" } else { "tightens" }.to_owned(),
    };
    (direction.word().to_owned(), witness.into_iter().chain(other).map(difference).collect())
}
