//! Who could be reached: what the server warns of at its start, and shows to responders and auditors (G8).
//!
//! Called by the engine. Nothing here depends on a signal.

use covert::{Reachable, is_kin};
use policy::{PlaceKind, Policy};
use rota::{CallPlan, Language, Override, Warning};
use types::{PersonId, PlaceId, Timestamp};

use super::calls::responders;

/// How many responders a home should have who could be reached.
pub const RESPONDERS_WANTED: usize = 2;

/// Something about the way out of the building that a person should repair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlarmWarning {
    /// Too few channels that do not fail together.
    Channels {
        /// So many there are.
        independent: usize,
    },
    /// The call plan cannot be used.
    PlanUnusable {
        /// Why, with the place in the file.
        why: String,
    },
    /// The call plan says something that cannot work.
    Plan(Warning),
    /// Too few people would hear of an attack on this home.
    Home {
        /// Which.
        home: PlaceId,
        /// Who would.
        reachable: Vec<PersonId>,
    },
}

impl AlarmWarning {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Channels { .. } => "channels-few",
            Self::PlanUnusable { .. } => "calls-unusable",
            Self::Plan(warning) => warning.code(),
            Self::Home { .. } => "home-unheard",
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Fr => self.french(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Channels { independent } => format!(
                "{independent} independent alarm channels, two are needed: if one fails, nobody is told; add one with another host to rempart.toml"
            ),
            Self::PlanUnusable { why } => format!("the call plan cannot be used: {why}"),
            Self::Plan(warning) => warning.text(Language::En),
            Self::Home { home, reachable } => format!(
                "an attack on `{home}` would reach {} responders, two are needed: add responders of other homes and their addresses to calls.toml",
                reachable.len()
            ),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Channels { independent } => format!(
                "{independent} canal d'alerte indépendant ou moins, il en faut deux : si un seul tombe, personne n'est prévenu ; ajoutez-en un sur un autre hôte dans rempart.toml"
            ),
            Self::PlanUnusable { why } => format!("le plan d'appel est inutilisable : {why}"),
            Self::Plan(warning) => warning.text(Language::Fr),
            Self::Home { home, reachable } => format!(
                "une attaque contre « {home} » ne serait connue que de {} intervenant(s), il en faut deux : ajoutez des intervenants d'autres foyers et leurs adresses dans calls.toml",
                reachable.len()
            ),
        }
    }
}

/// Responders who would hear of an attack on a home: no kin of anybody there, and reached by some channel.
#[must_use]
pub fn reachable_for(policy: &Policy, plan: &CallPlan, ways: &Reachable, home: &PlaceId) -> Vec<PersonId> {
    let lives_there: Vec<&PersonId> =
        policy.people().filter(|person| person.homes.contains(home)).map(|person| &person.id).collect();
    let is_kin = |person: &PersonId| lives_there.iter().any(|subject| is_kin(policy, subject, person));
    let strangers: Vec<PersonId> = responders(policy).filter(|person| !is_kin(person)).cloned().collect();
    // A channel whose other end knows by itself whom to tell is handed the names of all who may be told.
    if ways.wide.is_empty() { plan.reachable(&strangers, &ways.personal) } else { strangers }
}

/// What the call plan itself says that cannot work. Who has no channel that needs addresses and no address needs no plan.
#[must_use]
pub fn plan_warnings(
    policy: &Policy,
    plan: &CallPlan,
    ways: &Reachable,
    (overrides, now): (&[Override], Timestamp),
) -> Vec<AlarmWarning> {
    if ways.personal.is_empty() && plan.contacts().next().is_none() {
        return Vec::new();
    }
    let all: Vec<PersonId> = responders(policy).cloned().collect();
    plan.check(&all, &ways.personal, overrides, now).into_iter().map(AlarmWarning::Plan).collect()
}

/// Homes of which fewer than two reachable responders would hear.
#[must_use]
pub fn unheard_homes(policy: &Policy, plan: &CallPlan, ways: &Reachable) -> Vec<AlarmWarning> {
    let homes = policy.places().iter().filter(|place| place.kind == PlaceKind::Home);
    let heard = homes.map(|home| (home.id.clone(), reachable_for(policy, plan, ways, &home.id)));
    heard
        .filter(|(_, reachable)| reachable.len() < RESPONDERS_WANTED)
        .map(|(home, reachable)| AlarmWarning::Home { home, reachable })
        .collect()
}
