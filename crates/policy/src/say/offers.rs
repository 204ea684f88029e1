//! What the permits of a vault would ask of a transfer that nobody has proposed yet, and which of them match (G1's words before the act).
//!
//! Called by `server` when somebody fills in a transfer.

use types::{PermitId, Span};

use crate::evaluate::{Facts, History};
use crate::explain::{Condition, ConditionReport, Language, conditions};
use crate::model::{Permit, Posture};
use crate::policy::Policy;

/// The most permits that are shown for one transfer.
const OFFERS_MAX: usize = 200;

/// A permit that a transfer could pass under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Which permit.
    pub permit: PermitId,
    /// Whether it matches, and works under the posture.
    pub matches: bool,
    /// How long it waits once its quorum is met.
    pub hold: Span,
    /// Who must approve when it matches, else what does not fit.
    pub why: String,
}

impl Policy {
    /// The permits of a transfer's vault, those that match first, otherwise in the order of the files.
    #[must_use]
    pub fn offers(
        &self,
        facts: &Facts<'_>,
        history: &impl History,
        posture: Posture,
        language: Language,
    ) -> Vec<Offer> {
        // The index finds those that match; of the others no more are looked at than are shown.
        let matching = self.matching(facts, history);
        let is_new = |permit: &&Permit| !matching.iter().any(|known| known.id == permit.id);
        let others =
            self.permits().iter().filter(|permit| permit.vaults.contains(facts.vault)).filter(is_new);
        let offer = |permit: &Permit| {
            let reports = conditions(self, permit, facts, history);
            let works = permit.works_under(posture);
            let lacks =
                |condition| reports.iter().any(|report| report.condition == condition && !report.holds);
            // Who was never paid was not paid long enough ago either: said once.
            let twice = lacks(Condition::KnownFor).then_some(Condition::Destination);
            let unmet = reports.iter().filter(|report| !report.holds && Some(report.condition) != twice);
            let mut unmet: Vec<String> = unmet.map(|report| self.unmet(permit, report, language)).collect();
            if !works {
                unmet.push(below(permit.posture, language));
            }
            let matches = unmet.is_empty();
            let why = if matches { asks(permit, language) } else { unmet.join(" ") };
            Offer { permit: permit.id.clone(), matches, hold: permit.hold, why }
        };
        let shown = matching.iter().copied().chain(others).take(OFFERS_MAX);
        let mut offers: Vec<Offer> = shown.map(offer).collect();
        offers.sort_by_key(|offer| !offer.matches);
        offers
    }

    /// What does not fit, as the rule that it does not fit.
    fn unmet(&self, permit: &Permit, report: &ConditionReport, l: Language) -> String {
        let either = ("or", "ou");
        match (report.condition, l) {
            (Condition::Vault, Language::En) => "It is for another vault.".to_owned(),
            (Condition::Vault, Language::Fr) => "Elle vaut pour un autre coffre.".to_owned(),
            (Condition::Initiator, Language::En) => {
                format!("Only members of {} may ask.", l.list(&permit.initiators, either))
            }
            (Condition::Initiator, Language::Fr) => {
                format!("Seuls les membres de {} peuvent demander.", l.list(&permit.initiators, either))
            }
            (Condition::Amount, Language::En) => format!(
                "It is for {}; this is {} with the highest fee.",
                l.range(self, &permit.amount),
                self.given_sum(report, l)
            ),
            (Condition::Amount, Language::Fr) => format!(
                "Elle vaut pour {} ; ceci fait {} avec les frais maximaux.",
                l.range(self, &permit.amount),
                self.given_sum(report, l)
            ),
            (Condition::Destination, Language::En) => {
                format!("It pays only {}.", l.destination(&permit.destination, None))
            }
            (Condition::Destination, Language::Fr) => {
                format!("Elle ne paie que {}.", l.destination(&permit.destination, None))
            }
            (Condition::KnownFor, Language::En) => {
                format!("It pays only {}.", l.destination(&permit.destination, permit.known_for))
            }
            (Condition::KnownFor, Language::Fr) => {
                format!("Elle ne paie que {}.", l.destination(&permit.destination, permit.known_for))
            }
            (Condition::Calendar, _) => {
                let hours = permit.calendar.as_ref().map(|calendar| l.hours(calendar)).unwrap_or_default();
                match l {
                    Language::En => format!("It works at these hours: {hours}."),
                    Language::Fr => format!("Elle vaut à ces heures : {hours}."),
                }
            }
        }
    }

    /// The report has it as the policy's files would.
    fn given_sum(&self, report: &ConditionReport, l: Language) -> String {
        types::Amount::parse(&report.given).map_or_else(|_| report.given.clone(), |sum| l.amount(sum))
    }
}

fn asks(permit: &Permit, l: Language) -> String {
    let hold = l.span(permit.hold);
    match (&permit.approve, permit.hold == Span::ZERO, l) {
        (None, true, Language::En) => "Nobody has to approve, and it does not wait.".to_owned(),
        (None, true, Language::Fr) => "Personne n'a à approuver, et rien n'attend.".to_owned(),
        (None, false, Language::En) => format!("Nobody has to approve; it waits {hold}."),
        (None, false, Language::Fr) => format!("Personne n'a à approuver ; il faut attendre {hold}."),
        (Some(quorum), true, Language::En) => {
            format!("{} must approve; it goes then.", first_up(l.quorum(quorum)))
        }
        (Some(quorum), true, Language::Fr) => {
            format!("Il faut l'accord {} ; cela part alors.", l.of_quorum(quorum))
        }
        (Some(quorum), false, Language::En) => {
            format!("{} must approve; from then on it waits {hold}.", first_up(l.quorum(quorum)))
        }
        (Some(quorum), false, Language::Fr) => {
            format!("Il faut l'accord {}, puis attendre {hold}.", l.of_quorum(quorum))
        }
    }
}

fn below(highest: Posture, l: Language) -> String {
    let posture = l.quoted(l.posture(highest));
    match l {
        Language::En => format!("It works up to the posture {posture}."),
        Language::Fr => format!("Elle ne vaut que jusqu'à la posture {posture}."),
    }
}

fn first_up(text: String) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
