//! The strategy behind a figure of exposure, as a timeline: names, so for auditors and responders alone (G2, G9).

use std::collections::HashMap;

use api::{Code, CurrencyMinor, Problem, Witness, WitnessStep};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use exposure::{Action, Bound, Mode, Step, Way};
use policy::Language;
use types::{ActorId, Span};

use super::exposure::{figure, may_see_names, mode};
use super::{Answer, language};
use crate::exposure::inputs;
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// How many steps are shown.
const STEPS_MAX: usize = 200;
/// How many names of a step are shown.
const NAMES_MAX: usize = 8;

/// How an attacker would reach a figure of `/v1/exposure`.
#[utoipa::path(get, path = "/v1/exposure/witness", tag = "exposure",
    params(("k" = u8, Query, description = "how many homes are taken"), ("horizon_seconds" = u64, Query, description = "for how long"),
        ("mode" = String, Query, description = "`silent`, `signalled` or `stopped`")),
    responses((status = 200, body = Witness), (status = "4XX", body = Problem)))]
pub async fn show(
    State(http): State<Http>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<Witness> {
    let reader = http.reader(&headers)?;
    let (asked, language) = (Asked::read(&query), as_policy(language(&headers)));
    let engine = http.engine.clone();
    // Outside of the engine's lock: a large policy takes a second.
    let work = move || {
        let now = engine.now();
        let found = engine.read(|state| inputs(state.overt(), now));
        let (policy, holdings) =
            found.filter(|(policy, _)| may_see_names(policy, &reader)).ok_or(Failure::not_found())?;
        let asked = asked?;
        let figures = engine.exposure_history().figures(&policy, holdings);
        let bounds = figures.bounds.as_deref().unwrap_or_default();
        let at = bounds.iter().position(|bound| asked.is_of(bound));
        let advice = figures.advice.as_ref().zip(at).and_then(|(advice, at)| advice.get(at)?.as_ref());
        let bound = at.and_then(|at| bounds.get(at)).ok_or(Failure::not_found())?;
        Ok(Json(witness(bound, advice, language)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Failure::new(Code::Internal))?
}

/// The same language for those who write about policies.
pub const fn as_policy(language: api::Language) -> Language {
    match language {
        api::Language::English => Language::En,
        api::Language::French => Language::Fr,
    }
}

struct Asked {
    k: u8,
    horizon: Span,
    mode: String,
}

impl Asked {
    fn read(query: &HashMap<String, String>) -> Result<Self, Failure> {
        let wrong = |name: &str| Failure::because(Code::QueryInvalid, format!("`{name}` is not understood"));
        let known = ["k", "horizon_seconds", "mode"];
        if let Some(name) = query.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(wrong(&name.chars().take(32).collect::<String>()));
        }
        let k = query.get("k").and_then(|text| text.parse().ok()).ok_or_else(|| wrong("k"))?;
        let seconds: Option<u64> = query.get("horizon_seconds").and_then(|text| text.parse().ok());
        let horizon = seconds.map(Span::from_seconds).ok_or_else(|| wrong("horizon_seconds"))?;
        let named = |word: &&String| Mode::ALL.iter().any(|own| mode(*own) == word.as_str());
        let mode = query.get("mode").filter(named).cloned().ok_or_else(|| wrong("mode"))?;
        Ok(Self { k, horizon, mode })
    }

    fn is_of(&self, bound: &Bound) -> bool {
        (bound.k, bound.horizon, mode(bound.mode)) == (self.k, self.horizon, self.mode.as_str())
    }
}

fn witness(bound: &Bound, advice: Option<&exposure::Advice>, language: Language) -> Witness {
    let step = |step: &Step| WitnessStep {
        at_seconds: step.at.seconds(),
        text: sentence(step, bound.holds_cosigner, language),
        amount: step.amount.map(|minor| CurrencyMinor { currency: bound.currency, minor }),
        effect_seconds: step.effect.seconds(),
    };
    let more = bound.witness.len().saturating_sub(STEPS_MAX);
    Witness {
        figure: figure(bound, Some(advice)),
        steps: bound.witness.iter().take(STEPS_MAX).map(step).collect(),
        begins: bound.begins,
        assumes: bound.assumes.iter().map(|assumption| assumption.sentence(language)).collect(),
        more: u64::try_from(more).unwrap_or(u64::MAX),
    }
}

fn names(by: &[ActorId], language: Language) -> String {
    let mut names: Vec<String> = by.iter().take(NAMES_MAX).map(|actor| format!("`{actor}`")).collect();
    if by.len() > NAMES_MAX {
        names.push(format!("+ {}", by.len() - NAMES_MAX));
    }
    match (names.is_empty(), language) {
        (true, Language::En) => "nobody".to_owned(),
        (true, Language::Fr) => "personne".to_owned(),
        (false, _) => names.join(", "),
    }
}

/// Where something goes: the attacker's own addresses have numbers.
fn place(to: Option<&String>, language: Language) -> String {
    let to = to.map(String::as_str).unwrap_or_default();
    let own = to.strip_prefix("new-").and_then(|number| number.parse::<u32>().ok());
    // People count from one.
    match (own.map(|number| number.saturating_add(1)), to.strip_prefix("vault:"), language) {
        (Some(number), _, Language::En) => format!("an address of the attacker’s own (no. {number})"),
        (Some(number), _, Language::Fr) => format!("une adresse de l’attaquant (n°\u{a0}{number})"),
        (_, Some(vault), Language::En) => format!("vault `{vault}`"),
        (_, Some(vault), Language::Fr) => format!("le coffre `{vault}`"),
        (None, None, _) => format!("`{to}`"),
    }
}

fn sentence(step: &Step, holds_cosigner: bool, language: Language) -> String {
    let who = names(&step.by, language);
    let vault = step.vault.as_ref().map(ToString::to_string).unwrap_or_default();
    let to = place(step.to.as_ref(), language);
    match (step.action, step.way, language) {
        (Action::Submit, _, Language::En) => {
            format!("{who} made to propose a transfer from vault `{vault}` to {to}{}", permit(step, language))
        }
        (Action::Submit, _, Language::Fr) => {
            format!(
                "{who}\u{a0}: proposition forcée d’un transfert du coffre `{vault}` vers {to}{}",
                permit(step, language)
            )
        }
        (Action::Approve, Way::Change, Language::En) => format!("{who} made to approve the change"),
        (Action::Approve, Way::Change, Language::Fr) => {
            format!("{who}\u{a0}: approbation forcée du changement")
        }
        (Action::Approve, _, Language::En) => format!("{who} made to approve it"),
        (Action::Approve, _, Language::Fr) => format!("{who}\u{a0}: approbation forcée de ce transfert"),
        (Action::Change, _, Language::En) => format!("{who} made to propose other rules"),
        (Action::Change, _, Language::Fr) => format!("{who}\u{a0}: proposition forcée d’autres règles"),
        (Action::Sign, way, _) => signed(way, (&who, &vault, &to), holds_cosigner, language),
    }
}

fn permit(step: &Step, language: Language) -> String {
    match (&step.permit, language) {
        (Some(permit), Language::En) => format!(", under permit `{permit}`"),
        (Some(permit), Language::Fr) => format!(", par l’autorisation `{permit}`"),
        (None, _) => String::new(),
    }
}

fn signed(
    way: Way,
    (who, vault, to): (&str, &str, &str),
    holds_cosigner: bool,
    language: Language,
) -> String {
    match (way, language) {
        (Way::Policy, Language::En) => format!("Rempart signs the transfer from vault `{vault}` to {to}"),
        (Way::Policy, Language::Fr) => format!("Rempart signe le transfert du coffre `{vault}` vers {to}"),
        (Way::Change, Language::En) => {
            format!("the other rules are in force: everything goes from vault `{vault}` to {to}")
        }
        (Way::Change, Language::Fr) => {
            format!("les autres règles sont en vigueur\u{a0}: tout part du coffre `{vault}` vers {to}")
        }
        (Way::Keys, Language::En) if holds_cosigner => {
            format!("keys of {who} and the co-signer, which is in hand: vault `{vault}` to {to}")
        }
        (Way::Keys, Language::Fr) if holds_cosigner => {
            format!("clés de {who} et cosignataire, déjà en main\u{a0}: coffre `{vault}` vers {to}")
        }
        (Way::Keys, Language::En) => format!("keys of {who} alone: vault `{vault}` to {to}"),
        (Way::Keys, Language::Fr) => format!("seules clés de {who}\u{a0}: coffre `{vault}` vers {to}"),
        (Way::Recovery, Language::En) => {
            format!("the recovery lock has run out: keys of {who}, vault `{vault}` to {to}")
        }
        (Way::Recovery, Language::Fr) => {
            format!("le verrou de secours a expiré\u{a0}: clés de {who}, coffre `{vault}` vers {to}")
        }
    }
}
